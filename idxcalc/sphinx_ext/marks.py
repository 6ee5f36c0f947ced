"""The mark of a statement: one icon and one or two words, computed from its results alone.

Icons are drawn in the page itself, each with a shape of its own: a reader who sees no colour, or hears
the page, loses nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from idxcalc.sphinx_ext.domain import Entry
    from idxcalc.verify.result import Result

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
_TEXT = {"proved": "✓", "tested": "≈", "refuted": "✗", "malformed": "!", "claimed": "▷", "defined": ":="}
_CIRCLE = '<circle cx="8" cy="8" r="6.6"/>'
_PATHS = {
    "proved": _CIRCLE + '<path d="M4.9 8.3l2.1 2.2 4.1-4.8"/>',
    "tested": '<circle cx="8" cy="8" r="6.6" stroke-dasharray="2.6 2"/><path d="M4.9 8.3l2.1 2.2 4.1-4.8"/>',
    "refuted": _CIRCLE + '<path d="M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8"/>',
    "malformed": '<path d="M8 1.9L14.6 13.6H1.4z"/><path d="M8 6.2v3.6M8 11.4v.4"/>',
    "claimed": _CIRCLE + '<path d="M6.4 5.2v5.6L11 8z"/>',
    "defined": '<path d="M3 5.8v.2M3 10.8v.2M6.6 6h7M6.6 10.6h7"/>',
}


@dataclass(frozen=True)
class Mark:
    """``verdict`` is the weakest one, which gives the icon; ``words`` say all of them."""

    verdict: str
    words: str

    def html(self, words_shown: bool = True) -> str:
        """The icon and the words; hidden words are there for who hears the page."""
        icon = (
            '<svg class="idx-icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">'
            f"{_PATHS[self.verdict]}</svg>"
        )
        kind = "idx-word" if words_shown else "idx-word idx-heard"
        return f'{icon}<span class="{kind}">{escape(self.words)}</span>'

    def latex(self) -> str:
        """The same for a page of paper."""
        return rf"\({_LATEX[self.verdict]}\)~{self.words}"

    def text(self) -> str:
        """The same in plain characters."""
        return f"{_TEXT[self.verdict]} {self.words}"


def mark(entry: Entry) -> Mark | None:
    """The mark of a statement; declarations that are in order have none."""
    shown = _wrong(entry) or list(entry.results)
    if not shown or entry.kind in ("given", "define") and all(entry.results):
        return None
    return Mark(weakest(shown), _said(shown, entry))


def weakest(results: Sequence[Result]) -> str:
    """The verdict that the mark's icon shows."""
    return min((result.verdict for result in results), key=_RANK.index)


def _wrong(entry: Entry) -> list[Result]:
    return [result for result in entry.results if not result]


def _said(shown: Sequence[Result], entry: Entry) -> str:
    counts = Counter(result.verdict for result in shown)
    several = len(shown) > 1 or (entry.kind == "derive" and all(shown))
    ordered = sorted(counts.items(), key=lambda item: _RANK.index(item[0]), reverse=True)
    words = ", ".join(
        f"{count} {_WORDS.get(verdict, verdict)}" if several else _WORDS.get(verdict, verdict)
        for verdict, count in ordered
    )
    expected = "expect" in entry.options and all(entry.fine)
    return f"wrong on purpose: {words}" if expected else words
