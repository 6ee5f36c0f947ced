"""Text that remembers where in the file each of its characters stands.

A directive's body is the file's text with a margin taken off (a list's indentation, a quote's ``>``); in a
table's cell the bars lose their backslash. Any part of a text is a slice, which knows its place.
Invariant: ``text.place(k)`` is the line and column, in the file, of character ``k`` of ``text``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from os.path import relpath
from pathlib import Path
from typing import Any, NamedTuple

from idxcalc.errors import IdxcalcError, place


class Place(NamedTuple):
    """A line and a column of the file, both from 1."""

    line: int
    column: int


class Text(str):
    """``at[k]`` is the offset in the file ``source`` of character ``k``, the last one that of the end.

    >>> inner = located("a\\nb", Text("> a\\n> b").parts())
    >>> inner, inner.place(2), inner[2:].place()
    ('a\\nb', Place(line=2, column=3), Place(line=2, column=3))
    """

    source: str
    at: Sequence[int]

    def __new__(cls, text: str, source: str | None = None, at: Sequence[int] = ()) -> Text:
        self = super().__new__(cls, text)
        self.source = text if source is None else source
        self.at = at or range(len(text) + 1)
        return self

    def __getitem__(self, key: Any) -> Text:
        start, stop, _ = key.indices(len(self)) if isinstance(key, slice) else (key, key + 1, 1)
        stop = max(start, stop)
        return Text(super().__getitem__(slice(start, stop)), self.source, self.at[start : stop + 1])

    def place(self, offset: int = 0) -> Place:
        """Where the character at ``offset`` stands; past the end, where the next one would."""
        return Place(*place(self.source, self.at[min(offset, len(self.at) - 1)]))

    def group(self, match: re.Match[str], number: int | str = 0) -> Text:
        """What a group of a match in this text has matched."""
        return self[slice(*match.span(number))]

    def parts(self, pattern: str = r"(?m)^.*") -> list[Text]:
        """All that matches a pattern: the lines, unless another one is given."""
        return [self.group(match) for match in re.finditer(pattern, self)]

    def stripped(self) -> Text:
        """Without white space at both ends."""
        return self[len(self) - len(self.lstrip()) : len(self.rstrip())]


def located(content: str, lines: Sequence[Text], start: int = 0) -> Text:
    r"""What the tokenizer made of some lines, found in them again; in the first from ``start`` on.

    >>> located("a|b", Text("| c | a\\|b |").parts(), 3).at
    (6, 8, 9, 10)
    """
    at: list[int] = []
    for text, outer in zip(content.split("\n"), lines, strict=False):
        # A table's \| stands for |.
        match = re.compile(re.escape(text).replace(r"\|", r"\\?\|")).search(outer, start)
        suffix = not start and outer.endswith(text)
        begin = len(outer) - len(text) if suffix else match.start() if match else 0
        for char in text + "\n":
            begin = max(begin, outer.find(char, begin, begin + 2))
            at.append(outer.at[min(begin, len(outer))])
            begin += 1
        start = 0
    return Text(content, lines[0].source, tuple(at))


def named(path: Path) -> str:
    """How messages name a file: from the current folder, where it lies there."""
    return relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def load(path: Path) -> Text:
    """The text of a file, line ends as ``\\n``; raises IdxcalcError when it is none."""
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except FileNotFoundError:
        raise IdxcalcError("no such file") from None
    except OSError as error:
        raise IdxcalcError(f"cannot be read: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise IdxcalcError(f"not a text in UTF-8: byte 0x{data[error.start]:02x} in line {line}") from None
    if "\0" in text:
        raise IdxcalcError(f"not a text: a NUL byte in line {text[: text.index(chr(0))].count(chr(10)) + 1}")
    return Text(text)
