"""Errors with a place: what was found, what was expected, and a caret under it.

Every refusal of the package is an :class:`IdxcalcError`. Its ``message`` is one
sentence; its ``span`` marks the part of the formula that the sentence is about.
``str(error)`` shows both, so that the same text serves the shell and a traceback.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a source text: offsets ``start`` (included) to ``stop`` (excluded)."""

    start: int
    stop: int

    def __or__(self, other: Span) -> Span:
        return Span(min(self.start, other.start), max(self.stop, other.stop))


class IdxcalcError(Exception):
    """A formula, declaration or chapter that cannot be understood.

    >>> print(IdxcalcError("a term is missing", "x_i +", Span(5, 5)))
    a term is missing
        x_i +
             ^
    """

    def __init__(self, message: str, source: str = "", span: Span | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.source = source
        self.span = span

    def __str__(self) -> str:
        if self.span is None or not self.source:
            return self.message
        return f"{self.message}\n{caret(self.source, self.span)}"


class JudgesDisagree(Exception):
    """The normal form proved what autodiff refutes: a defect of the package, never of the text.

    The message holds a reproducer: the statements, the sizes and the seed.
    """


def width(text: str) -> int:
    """The number of terminal columns of ``text``; combining marks take none, wide letters two."""
    seen = (c for c in text if not unicodedata.combining(c))
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in seen)


def place(source: str, offset: int) -> tuple[int, int]:
    """Line and column, both from 1, of an offset into ``source``.

    >>> place("ab\\ncd", 4)
    (2, 2)
    """
    before = source[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def caret(source: str, span: Span, indent: str = "    ") -> str:
    """The line of ``source`` where ``span`` starts, with a caret (or several) under it."""
    start = min(span.start, len(source))
    begin = source.rfind("\n", 0, start) + 1
    end = source.find("\n", start)
    end = len(source) if end < 0 else end
    line = source[begin:end].replace("\t", " ")
    lead = width(line[: start - begin])
    marks = max(1, width(line[start - begin : max(start, min(span.stop, end)) - begin]))
    shown = "".join(c if c.isprintable() else "�" for c in line)
    if len(shown) > 400:  # a long line is cut around the caret, never printed whole
        cut = max(0, start - begin - 60)
        shown, lead, marks = shown[cut : cut + 160], min(lead - cut, 160), min(marks, 60)
    return f"{indent}{shown}\n{indent}{' ' * lead}{'^' * marks}"
