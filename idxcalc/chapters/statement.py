"""A statement of a chapter: its kind, label, options and body, each with its place.

The tables below are the directives of the language; the Sphinx extension registers these same names and
options, so that what one face reads no other refuses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from idxcalc.chapters.text import Place, Text

OPTIONS: dict[str, tuple[str, ...]] = {
    "given": ("from", "fresh"),
    "define": ("wrt", "covers", "expect"),
    "derive": ("wrt", "covers", "expect"),
    "steps": ("wrt", "covers"),
    "claim": ("covers", "cell"),
    "math": ("unchecked", "label", "name", "class", "nowrap", "no-wrap", "number"),
}
CHECKED = ("derive", "check", "steps")  # the kinds whose relations are checked, one by one
DECLARING = ("given", "define")
ROLES = ("check",)
# Directives whose body is not MyST text, so that nothing in it is a statement.
LITERAL = frozenset(
    {"code", "code-block", "sourcecode", "raw", "raw-cell", "eval-rst", "literalinclude", "include"}
    | {"csv-table", "toctree", "parsed-literal", "graphviz", "mermaid", "doctest", "testcode", "highlight"}
    | {"plot", "image", "bibliography", "contents", "prompt"}
)


@dataclass(frozen=True)
class Statement:
    """One directive or role; or what is none and yet looked at: a ``code-cell``, an ``inline`` formula.

    ``text`` is its body, in its place; ``opened`` is the line of the opening fence; ``name`` tells it from
    all others of its chapter; the names and values of ``options`` are parts of the file, too.
    """

    kind: str
    label: str
    options: Mapping[Any, Text]
    text: Text
    file: str
    opened: int
    name: str

    @property
    def body(self) -> str:
        """What is typeset and checked."""
        return str(self.text)

    @property
    def line(self) -> int:
        """The line of the body's first character."""
        return self.place(0).line

    @property
    def column(self) -> int:
        """The column of the body's first character."""
        return self.place(0).column

    def place(self, offset: int) -> Place:
        """The line and column in the file of an offset into ``body``."""
        return self.text.place(offset)

    def option(self, name: str) -> str:
        """The value of an option, empty where it is not given."""
        return str(self.options.get(name, "")).strip()

    @property
    def tags(self) -> list[str]:
        """The tags of a code cell."""
        return re.findall(r"\w[\w.:-]*", self.option("tags"))

    @property
    def covers(self) -> tuple[str, ...]:
        """The identifiers that the statement covers."""
        return tuple(re.findall(IDENTIFIER, self.option("covers")))

    @property
    def expect(self) -> tuple[str, str] | None:
        """The verdict and the words that the author expects, where the statement is shown as wrong."""
        verdict, _, words = self.option("expect").partition(" ")
        return (verdict, words.strip()) if verdict in ("refuted", "malformed") else None


@dataclass(frozen=True)
class Exercise:
    """A question and its solution, MyST texts; the ``statements`` of the solution, the first of which has a
    label by which the exercise is known."""

    name: str
    question: Text
    solution: Text
    statements: tuple[Statement, ...]


IDENTIFIER = r"[^\s,]+"
"""One of those that ``:covers:`` lists."""


def meant(word: str, known: Iterable[str], shape: str = "{}") -> str:
    """``; did you mean :wrt:?`` or nothing.

    >>> meant("wtr", ["wrt", "covers"], ":{}:")
    '; did you mean :wrt:?'
    """
    names = {each.lower(): each for each in known}
    close = get_close_matches(word.lower(), names, 1, 0.6)
    return f"; did you mean {shape.format(names[close[0]])}?" if close else ""


_OPTION = re.compile(r"\s*:?(?P<key>[\w-]+)\s*:\s*(?P<quote>[\"']?)(?P<value>.*?)(?P=quote)\s*")


def read_options(text: Text, fault: Callable[[Text, str], object]) -> tuple[dict[Any, Text], Text]:
    """Take the options off a directive's content, as MyST does: ``:key: value`` lines, or a ``---`` block."""
    found: dict[Any, Text] = {}
    dashes = text.startswith("---")
    start, key = 4 * dashes, text[:0]
    for line in text[start:].parts():
        if dashes and line.startswith("---"):
            return found, text[start + len(line) + 1 :]
        if not dashes and not re.match(r"\s*:(?!::)", line):
            break
        if match := _OPTION.fullmatch(line):
            key = line.group(match, "key")
            if key in found:
                fault(line.stripped(), f"the option :{key}: stands here twice; keep one")
            found.setdefault(key, line.group(match, "value"))
        elif dashes and key and line.strip():  # a value that goes on: a list, a folded line
            found[key] = text[text.at.index(found[key].at[0]) : start + len(line)]
        elif line.strip():
            fault(line.stripped(), "not an option; one is written `:wrt: w_{ij}`")
        start += len(line) + 1
    if dashes:
        fault(text[:3], "the options opened by --- are never closed by ---")
    return found, text[start:]


_WORDS = re.compile(
    r"\\(?:text\w*|mathrm|label|tag|operatorname)\s*\{[^{}]*\}|[_^]\s*\{(?:[^{}]|\{[^{}]*\})*\}"
)
_RELATION = re.compile(r"=|\\neq?(?![a-zA-Z])")


def states_relation(latex: str) -> bool:
    r"""Whether a formula has an ``=`` or ``\neq`` of its own: not in words, bounds or brackets.

    >>> states_relation(r"x_i \quad (i = 1, \dots, n)"), states_relation(r"s = \sum_{i=1}^n x_i")
    (False, True)
    """
    before, text = "", _WORDS.sub(" ", latex)
    while before != text:
        before, text = text, re.sub(r"\([^()]*\)", " ", text)
    return bool(_RELATION.search(text.partition("(")[0]))
