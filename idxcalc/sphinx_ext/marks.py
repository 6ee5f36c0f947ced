"""The mark of a statement: one icon and one or two words, computed from its results alone.

Each icon has a shape of its own: a reader who sees no colour, or hears the page, loses nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from docutils import nodes

from idxcalc.sphinx_ext.domain import Entry
from idxcalc.verify.result import ICONS

_RANK = ("malformed", "refuted", "claimed", "tested", "proved", "defined")
LATEX = {
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

    def shown(self, *classes: str) -> list[nodes.Node]:
        """Icon and words for a screen; with the class ``idx-heard`` the words are there for who hears it."""
        icon = nodes.inline("", ICONS[self.verdict], classes=["idx-icon"])
        return [icon, nodes.Text(" "), nodes.inline("", self.words, classes=["idx-word", *classes])]


def mark(entry: Entry, ran: bool | None = True) -> Mark | None:
    """The mark of a statement, whose cell ``ran`` if it is a claim; declarations in order have none."""
    results = [result for result in entry.results if not result] or list(entry.results)
    good = all(results)
    if not results or entry.kind in ("given", "define") and good:
        return None
    if entry.kind == "claim" and good:
        words = "shown by a computation" if ran else "not shown: its cell did not run through"
        return Mark("claimed" if ran else "malformed", words)
    counts = Counter(result.verdict for result in results)
    ordered = sorted(counts, key=_RANK.index, reverse=True)
    several = len(results) > 1 or (entry.kind == "derive" and good)
    said = ", ".join(f"{counts[each]} " * several + each for each in ordered)
    expected = any(each.expect for each in entry.results) and all(each.ok for each in entry.results)
    return Mark(ordered[-1], "wrong on purpose: " * expected + said)
