"""The words of the notation, and the records that the lexer makes of a text.

A table per kind of word: a new accent, Greek letter or space is a new entry.
"""

from __future__ import annotations

from dataclasses import dataclass

from idxcalc.errors import IdxcalcError, Span

MAX_LENGTH = 4000
MAX_DEPTH = 40
MAX_RELATIONS = 100  # of one statement
MAX_ORDER = 20  # of one derivative


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
COMMANDS = {
    r"\cdot": "MULT", r"\times": "MULT", r"\circ": "CIRC", r"\pm": "PM", r"\mp": "MP", r"\neq": "REL",
    r"\ne": "REL", r"\le": "CMP", r"\leq": "CMP", r"\ge": "CMP", r"\geq": "CMP", r"\lt": "CMP", r"\gt": "CMP",
    r"\frac": "FRAC", r"\dfrac": "FRAC", r"\tfrac": "FRAC", r"\sqrt": "SQRT", r"\sum": "SUM",
    r"\partial": "PARTIAL", r"\lvert": "LBAR", r"\rvert": "RBAR", r"\det": "DET", r"\{": "LPAR",
    r"\}": "RPAR", r"\lbrace": "LPAR", r"\rbrace": "RPAR", r"\dots": "DOTS", r"\ldots": "DOTS",
    r"\cdots": "DOTS",
}  # fmt: skip
CHARACTERS = {
    "+": "PLUS", "-": "MINUS", "−": "MINUS", "*": "MULT", "/": "SLASH", "=": "REL", "<": "CMP", ">": "CMP",
    "(": "LPAR", ")": "RPAR", "[": "LSQ", "]": "RSQ", "{": "LBRACE", "}": "RBRACE",
    ",": "COMMA", ";": "COMMA", "'": "PRIME", "?": "QUESTION", "^": "SUP",
}  # fmt: skip
OPEN = {"LPAR": "RPAR", "LSQ": "RSQ", "LBRACE": "RBRACE", "LBAR": "RBAR"}
KEYWORDS = {
    "if": "IF",
    "for": "IF",
    "when": "IF",
    "where": "IF",
    "and": "AND",
    "else": "ELSE",
    "otherwise": "OTHERWISE",
}
COMPARISONS = {"=": "=", r"\neq": "!=", r"\ne": "!=", "<": "<", ">": ">", r"\le": "<=", r"\leq": "<=",
               r"\ge": ">=", r"\geq": ">=", r"\lt": "<", r"\gt": ">"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class IndexToken:
    """An index letter or a fixed component in a subscript."""

    value: str | int
    span: Span


@dataclass(frozen=True, slots=True)
class Subscript:
    """``_{ij,(kl)m}``: ``before`` the comma and ``after`` it (None without comma), each a tuple of groups.

    A plain index is a group of one that is not ``bracketed``.
    """

    before: tuple[Group, ...]
    after: tuple[Group, ...] | None
    span: Span
    braced: bool


@dataclass(frozen=True, slots=True)
class Group:
    """One index, or several in brackets."""

    indices: tuple[IndexToken, ...]
    bracketed: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Tok:
    """A token: its kind for the grammar, its value, and where it stands."""

    kind: str
    value: object
    span: Span


def fail(message: str, source: str, start: int, stop: int | None = None) -> IdxcalcError:
    """An error about a stretch of the source."""
    return IdxcalcError(message, source, Span(start, start + 1 if stop is None else stop))
