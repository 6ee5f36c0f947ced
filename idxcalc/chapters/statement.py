"""A statement of a chapter: its kind, label, options and body, each with its place.

The tables below are the directives of the language; the Sphinx extension registers these same names and
options, so that what one face reads no other refuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from idxcalc.chapters.text import Place, Text
from idxcalc.errors import Span
from idxcalc.verify.result import Result

OPTIONS: dict[str, tuple[str, ...]] = {
    "given": ("from", "fresh"),
    "define": ("wrt", "covers", "expect"),
    "derive": ("wrt", "covers", "expect"),
    "claim": ("covers", "cell"),
    "math": ("unchecked", "label", "name", "class", "nowrap", "no-wrap", "number"),
}
CHECKED = ("derive", "check")  # the kinds whose relations are checked, one by one
ROLES = ("check",)
# Directives whose body is not MyST text, so that nothing in it is a statement.
LITERAL = frozenset(
    {"code", "code-block", "sourcecode", "raw", "raw-cell", "eval-rst", "literalinclude", "include"}
    | {"csv-table", "toctree", "parsed-literal", "graphviz", "mermaid", "doctest", "testcode", "highlight"}
    | {"plot", "image", "bibliography", "contents", "prompt"}
)


@dataclass(frozen=True)
class Option:
    """An option's value, the place where it starts, and the place of its key."""

    value: str
    place: Place
    key: Place


@dataclass(frozen=True)
class Statement:
    """One directive or role. ``line`` and ``column`` are those of the body's first character, ``opened`` is
    the line of the opening fence; ``name`` tells it from every other statement of its chapter."""

    kind: str
    label: str
    options: Mapping[str, str]
    body: str
    file: str
    line: int
    column: int
    opened: int
    name: str
    text: Text
    places: Mapping[str, Place]

    def place(self, offset: int) -> Place:
        """The line and column in the file of an offset into ``body``."""
        return self.text.place(offset) if self.text.lines else Place(self.line, self.column)

    @property
    def covers(self) -> tuple[str, ...]:
        """The identifiers that the statement covers."""
        return tuple(re.findall(r"[^\s,]+", self.options.get("covers", "")))

    @property
    def expect(self) -> tuple[str, str] | None:
        """The verdict and the words that the author expects, where the statement is shown as wrong."""
        verdict, _, words = self.options.get("expect", "").strip().partition(" ")
        return (verdict, words.strip()) if verdict in ("refuted", "malformed") else None


class Faults:
    """Collects what is wrong with a chapter's structure, as results with a place."""

    def __init__(self, file: str, source: Text) -> None:
        self.file = file
        self.source = source
        self.found: list[Result] = []

    def add(self, place: Place, message: str, label: str = "", width: int = 1) -> None:
        """Note a fault; ``message`` says what was found and what to do."""
        self.found.append(self.result(place, message, label, width))

    def result(self, place: Place, message: str, label: str = "", width: int = 1) -> Result:
        """The same, not noted: for what only shows itself later."""
        line = self.source.lines[min(place.line, len(self.source.lines)) - 1].text
        span = Span(place.column - 1, place.column - 1 + width)
        return Result(
            "malformed", error=message, source=line, span=span if line.strip() else None,
            file=self.file, line=place.line, column=place.column, label=label,
        )  # fmt: skip


def meant(word: str, known: Iterable[str], shape: str = "{}") -> str:
    """``; did you mean :wrt:?`` or nothing.

    >>> meant("wtr", ["wrt", "covers"], ":{}:")
    '; did you mean :wrt:?'
    """
    names = {each.lower(): each for each in known}
    close = get_close_matches(word.lower(), names, 1, 0.6)
    return f"; did you mean {shape.format(names[close[0]])}?" if close else ""


def read_options(text: Text, faults: Faults | None, label: str = "") -> tuple[dict[str, Option], Text]:
    """Take the options off a directive's content, as MyST does: ``:key: value`` lines, or a ``---`` block."""
    found: dict[str, Option] = {}
    lines = text.lines
    dashes = bool(lines) and lines[0].text.startswith("---")
    pattern = r"\s*([\w-]+)\s*:(?:\s+(.*?))?\s*$" if dashes else r"\s*:([\w-]+):\s*(.*?)\s*$"
    count, key = int(dashes), ""
    while count < len(lines):
        line = lines[count].text
        if dashes and line.startswith("---"):
            return found, text.part(count + 1)
        if not dashes and (not line.lstrip().startswith(":") or line.lstrip().startswith(":::")):
            break
        at = Place(lines[count].number, lines[count].margin + len(line) - len(line.lstrip()) + 1)
        if match := re.match(pattern, line):
            key, value = match[1], match[2] or ""
            if key in found and faults:
                faults.add(at, f"the option :{key}: stands here twice; keep one", label, len(line.strip()))
            column = match.start(2) if match[2] else match.start(1)
            if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
                value, column = value[1:-1], column + 1
            start = lines[count].margin + 1
            places = Place(at.line, start + column), Place(at.line, start + match.start(1))
            found.setdefault(key, Option(value, *places))
        elif dashes and key and line.strip():  # a value that goes on: a list, a folded line
            found[key] = replace(found[key], value=f"{found[key].value} {line.strip()}".strip())
        elif line.strip() and faults:
            faults.add(at, "not an option; one is written `:wrt: w_{ij}`", label, len(line.strip()))
        count += 1
    if dashes and faults:
        place = Place(lines[0].number, lines[0].margin + 1)
        faults.add(place, "the options opened by --- are never closed by ---", label, 3)
    return found, text.part(count)


_WORDS = re.compile(
    r"\\(?:text|mathrm|textrm|label|tag|operatorname)\s*\{[^{}]*\}|[_^]\s*\{(?:[^{}]|\{[^{}]*\})*\}"
)
_MARKS = re.compile(r"[()=]|\\neq?(?![a-zA-Z])")


def states_relation(latex: str) -> bool:
    r"""Whether a formula has an ``=`` or ``\neq`` of its own: not in words, bounds or brackets.

    >>> states_relation(r"x_i \quad (i = 1, \dots, n)"), states_relation(r"s = \sum_{i=1}^n x_i")
    (False, True)
    """
    depth = 0
    for mark in _MARKS.finditer(_WORDS.sub(" ", latex)):
        if mark[0] in ("(", ")"):
            depth = max(depth + (1 if mark[0] == "(" else -1), 0)
        elif depth == 0:
            return True
    return False
