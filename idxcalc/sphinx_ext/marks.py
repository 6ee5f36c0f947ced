"""The mark of a statement: one icon and one or two words, computed from its results alone.

Each icon has a shape of its own: a reader who sees no colour, or hears the page, loses nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docutils import nodes

from idxcalc.verify.result import ICONS

if TYPE_CHECKING:
    from idxcalc.sphinx_ext.domain import Entry

_RANK = ("malformed", "refuted", "claimed", "tested", "proved", "defined")
_WORDS = {"claimed": "shown by a computation"}
_LATEX = {
    "proved": r"\checkmark",
    "tested": r"\approx",
    "refuted": r"\times",
    "malformed": r"\boldsymbol{!}",
    "claimed": r"\triangleright",
    "defined": r":=",
}


@dataclass(frozen=True)
class Mark:
    """``verdict`` is the weakest one, which gives the icon; ``words`` say all of them."""

    verdict: str
    words: str

    def latex(self) -> str:
        """Icon and words for a page of paper."""
        return rf"\({_LATEX[self.verdict]}\)~{self.words}"

    def text(self) -> str:
        """The same in plain characters."""
        return f"{ICONS[self.verdict]} {self.words}"

    def shown(self, *classes: str) -> list[nodes.Node]:
        """Icon and words for a screen; with the class ``idx-heard`` the words are there for who hears it."""
        icon = nodes.inline("", ICONS[self.verdict], classes=["idx-icon"])
        return [icon, nodes.Text(" "), nodes.inline("", self.words, classes=["idx-word", *classes])]


def mark(entry: Entry) -> Mark | None:
    """The mark of a statement; declarations that are in order have none."""
    results = [result for result in entry.results if not result] or list(entry.results)
    good = all(results)
    if not results or entry.kind in ("given", "define") and good:
        return None
    counts = Counter(result.verdict for result in results)
    ordered = sorted(counts, key=_RANK.index, reverse=True)
    several = len(results) > 1 or (entry.kind == "derive" and good)
    said = [f"{counts[each]} " * several + _WORDS.get(each, each) for each in ordered]
    expected = "expect" in entry.options and all(entry.fine)
    return Mark(ordered[-1], "wrong on purpose: " * expected + ", ".join(said))
