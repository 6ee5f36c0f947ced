"""Text that remembers where in the file each of its characters stands.

A directive's body is the file's text with a margin taken off (a list's indentation, a quote's ``>``).
Invariant: ``text.place(k)`` is the line and column, in the file, of character ``k`` of ``str(text)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Place(NamedTuple):
    """A line and a column of the file, both from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line's text, its number in the file (from 1) and the columns cut off at its left."""

    text: str
    number: int
    margin: int = 0


@dataclass(frozen=True, slots=True)
class Text:
    """Some lines of the file, each without its margin.

    >>> inner = Text.of("> a\\n> b").inner(["a", "b"], 0)
    >>> str(inner), inner.place(2)
    ('a\\nb', Place(line=2, column=3))
    """

    lines: tuple[Line, ...]

    @classmethod
    def of(cls, source: str) -> Text:
        """A whole file."""
        return cls(tuple(Line(text, number) for number, text in enumerate(source.split("\n"), 1)))

    def __str__(self) -> str:
        return "\n".join(line.text for line in self.lines)

    def place(self, offset: int) -> Place:
        """Where the character at ``offset`` stands; past the end, where the next one would."""
        for line in self.lines[:-1]:
            if offset <= len(line.text):
                return Place(line.number, line.margin + offset + 1)
            offset -= len(line.text) + 1
        last = self.lines[-1]
        return Place(last.number, last.margin + min(offset, len(last.text)) + 1)

    def inner(self, texts: Sequence[str], first: int, start: int = 0) -> Text:
        """The lines from number ``first`` on as the tokenizer gives them, margins taken off."""
        return Text(
            tuple(
                Line(text, outer.number, outer.margin + _margin(outer.text, text, start))
                for text, outer in zip(texts, self.lines[first:], strict=False)
            )
        )

    def part(self, first: int, stop: int | None = None) -> Text:
        """Lines ``first`` to ``stop``, as they are."""
        return Text(self.lines[first:stop])

    def trimmed(self) -> Text:
        """Without the empty lines at both ends."""
        lines = list(self.lines)
        while lines and not lines[0].text.strip():
            lines.pop(0)
        while lines and not lines[-1].text.strip():
            lines.pop()
        return Text(tuple(lines))


def _margin(outer: str, inner: str, start: int) -> int:
    if not start and outer.endswith(inner):
        return len(outer) - len(inner)
    text = inner.strip()
    found = max(
        outer.find(text, start), outer.find(text.replace("|", "\\|"), start)
    )  # a cell, a paragraph's line
    return found if found >= 0 else len(outer) - len(outer.lstrip())
