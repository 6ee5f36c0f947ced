"""The words of the notation, and its limits.

A table per kind of word: a new accent, Greek letter or space is a new entry.
"""

from __future__ import annotations

MAX_LENGTH = 4000
MAX_DEPTH = 40
MAX_RELATIONS = 100  # of one statement
MAX_INDICES = 100  # of one subscript
MAX_ORDER = 20  # of one derivative

LETTER = r"(?:\\[A-Za-z]+|[A-Za-z])(?:_(?:\w|\{\w+\}))?'*"
"""The pattern of an index letter."""
_GREEK = r"""
    \alpha \beta \gamma \delta \epsilon \varepsilon \zeta \eta \theta \vartheta \iota \kappa \lambda \mu
    \nu \xi \pi \rho \varrho \sigma \tau \upsilon \phi \varphi \chi \psi \omega \Gamma \Delta \Theta \Lambda
    \Xi \Pi \Sigma \Phi \Psi \Omega \ell"""
GREEK = frozenset(_GREEK.split())
# Alternatives of a pattern.
ACCENTS = (
    "hat|widehat|bar|overline|tilde|widetilde|vec|dot|ddot|check|breve"
    "|mathbf|mathcal|mathsf|mathit|boldsymbol|mathbb|mathfrak"
)
WORDS = "text|mathrm|operatorname|textrm|textit"
ENVIRONMENTS = ("cases", "aligned", "align", "align*", "split", "gathered")
_SPACES = r"""\, \; \: \! \quad \qquad \left \right \big \Big \bigl \bigr \Bigl \Bigr \bigg \biggl \biggr
    \displaystyle \textstyle \limits \nolimits \nonumber \notag \middle \enspace \thinspace"""
_SYMBOLS = {
    "MULT": r"\cdot \times *", "CIRC": r"\circ", "PLUS": "+", "MINUS": "- −", "SLASH": "/", "PM": r"\pm",
    "MP": r"\mp", "REL": r"= \neq \ne", "CMP": r"< > \le \leq \ge \geq \lt \gt",
    "FRAC": r"\frac \dfrac \tfrac", "SQRT": r"\sqrt", "SUM": r"\sum", "PARTIAL": r"\partial", "DET": r"\det",
    "DOTS": r"\dots \ldots \cdots", "LPAR": r"( \{ \lbrace", "RPAR": r") \} \rbrace", "LSQ": "[", "RSQ": "]",
    "LBRACE": "{", "RBRACE": "}", "LBAR": r"\lvert \left| \bigl| \Bigl| \biggl| \Biggl|",
    "RBAR": r"\rvert \right| \bigr| \Bigr| \biggr| \Biggr|", "BAR": r"| \big| \Big| \bigg| \Bigg|",
    "AMP": "&", "COMMA": ", ;", "PRIME": "'", "QUESTION": "?", "SUP": "^", "NAME": _GREEK, "": _SPACES,
}  # fmt: skip
KINDS = {word: kind for kind, words in _SYMBOLS.items() for word in words.split()} | {"\\ ": ""}
"""The kind of token of each command and character; none for what is only a space."""
BRACKETS = {"LPAR": "RPAR", "LSQ": "RSQ", "LBRACE": "RBRACE", "LBAR": "RBAR", "BEGIN": "END"}
KEYWORDS = {word: word.upper() for word in ("and", "else", "otherwise")}
KEYWORDS |= dict.fromkeys(("if", "for", "when", "where"), "IF") | dict.fromkeys(",.;:", "COMMA")
COMPARISONS = {r"\neq": "!=", r"\ne": "!=", r"\le": "<=", r"\leq": "<=", r"\ge": ">=", r"\geq": ">=",
               r"\lt": "<", r"\gt": ">"}  # fmt: skip
