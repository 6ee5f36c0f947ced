"""The words of the notation, and the records that the lexer makes of a text.

A table per kind of word: a new accent, Greek letter or space is a new entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import dataclass_transform

from idxcalc.errors import IdxcalcError, Span

MAX_LENGTH = 4000
MAX_DEPTH = 40
MAX_RELATIONS = 100  # of one statement
MAX_INDICES = 100  # of one subscript
MAX_ORDER = 20  # of one derivative

LETTER = r"(?:\\[A-Za-z]+|[A-Za-z])(?:_(?:\w|\{\w+\}))?'*"
"""The pattern of an index letter."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


GREEK = _words(
    r"""\alpha \beta \gamma \delta \epsilon \varepsilon \zeta \eta \theta \vartheta \iota \kappa \lambda \mu
    \nu \xi \pi \rho \varrho \sigma \tau \upsilon \phi \varphi \chi \psi \omega \Gamma \Delta \Theta \Lambda
    \Xi \Pi \Sigma \Phi \Psi \Omega \ell"""
)
ACCENTS = _words(r"\hat \widehat \bar \overline \tilde \widetilde \vec \dot \ddot \check \breve")
FONTS = _words(r"\mathbf \mathcal \mathsf \mathit \boldsymbol \mathbb \mathfrak")
WORDS = _words(r"\text \mathrm \operatorname \textrm \textit")
SPACES = _words(
    r"""\, \; \: \! \quad \qquad \left \right \big \Big \bigl \bigr \Bigl \Bigr \bigg \biggl \biggr
    \displaystyle \textstyle \limits \nolimits \nonumber \notag \middle \enspace \thinspace"""
) | {"\\ "}
_SYMBOLS = {
    "MULT": r"\cdot \times *", "CIRC": r"\circ", "PLUS": "+", "MINUS": "- −", "SLASH": "/", "PM": r"\pm",
    "MP": r"\mp", "REL": r"= \neq \ne", "CMP": r"< > \le \leq \ge \geq \lt \gt",
    "FRAC": r"\frac \dfrac \tfrac", "SQRT": r"\sqrt", "SUM": r"\sum", "PARTIAL": r"\partial", "DET": r"\det",
    "DOTS": r"\dots \ldots \cdots", "LPAR": r"( \{ \lbrace", "RPAR": r") \} \rbrace", "LSQ": "[", "RSQ": "]",
    "LBRACE": "{", "RBRACE": "}", "LBAR": r"\lvert \left|", "RBAR": r"\rvert \right|", "COMMA": ", ;",
    "PRIME": "'", "QUESTION": "?", "SUP": "^",
}  # fmt: skip
KINDS = {
    **dict.fromkeys(GREEK, "NAME"), **dict.fromkeys(SPACES, ""),
    **{word: kind for kind, words in _SYMBOLS.items() for word in words.split()},
}  # fmt: skip
"""The kind of token of each command and character; none for what is only a space."""
OPENING = ("LPAR", "LSQ", "LBRACE", "LBAR")
CLOSING = ("RPAR", "RSQ", "RBRACE", "RBAR")
KEYWORDS = {
    **dict.fromkeys(("if", "for", "when", "where"), "IF"),
    **{word: word.upper() for word in ("and", "else", "otherwise")},
}
COMPARISONS = {r"\neq": "!=", r"\ne": "!=", r"\le": "<=", r"\leq": "<=", r"\ge": ">=", r"\geq": ">=",
               r"\lt": "<", r"\gt": ">"}  # fmt: skip


@dataclass_transform(frozen_default=True)
class Record:
    """What the lexer and the parser make: frozen, compared by value; ``span`` is its place in the source."""

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True)(cls)


class IndexToken(Record):
    """An index letter or a fixed component in a subscript."""

    value: str | int
    span: Span


class Group(Record):
    """One index, or several in brackets."""

    indices: tuple[IndexToken, ...]
    bracketed: bool
    span: Span


class Subscript(Record):
    """``_{ij,(kl)m}``: ``before`` the comma and ``after`` it (None without comma), each a tuple of groups.

    A plain index is a group of one that is not ``bracketed``.
    """

    before: tuple[Group, ...]
    after: tuple[Group, ...] | None
    span: Span
    braced: bool

    @property
    def tokens(self) -> tuple[IndexToken, ...]:
        """All indices, before and behind the comma."""
        return tuple(token for group in (*self.before, *(self.after or ())) for token in group.indices)


class Bound(Record):
    """What stands below a written sum: the letters with their spans, the first value."""

    letters: tuple[tuple[str, Span], ...]
    lower: int | None


class Tok(Record):
    """A token: its kind, its value, and where it stands."""

    kind: str
    value: object
    span: Span

    def __str__(self) -> str:  # what the parser takes for its text; never shown
        return self.kind


def fail(message: str, source: str, start: int, stop: int | None = None) -> IdxcalcError:
    """An error about a stretch of the source."""
    return IdxcalcError(message, source, Span(start, start + 1 if stop is None else stop))
