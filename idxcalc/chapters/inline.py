"""The roles and formulas inside one paragraph, heading or table cell, each with its place.

The tokenizer gives an inline token no column; but its tokens come in the order of the text, so each is found
by searching on from where the last one ended. Code spans are passed over by the same search.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from markdown_it.token import Token

from idxcalc.chapters.text import Line, Place, Text


@dataclass(frozen=True, slots=True)
class Piece:
    """``kind`` is a role's name, or ``$`` (a formula), ``$$`` (a displayed one), or ``open`` (a role without
    end); ``place`` is where it begins, its marks included."""

    kind: str
    text: Text
    place: Place


def pieces(token: Token, text: Text) -> Iterator[Piece]:
    """All roles and formulas of an inline ``token``, whose source is ``text``."""
    source, start = str(text), 0
    for child in token.children or []:
        begin = source.find(child.content, start) if child.content else -1
        if child.type == "myst_role":
            lead = re.compile(rf"\{{{re.escape(child.meta['name'])}\}}`+").search(source, start)
            if lead is None:
                continue
            shown = source[lead.end() :].replace("\n", " ")  # as the tokenizer does
            size = len(child.content)
            if not shown.startswith(child.content):  # in a table, where \| stands for |
                size = len(child.content) + child.content.count("|")
            start = lead.end() + size
            yield Piece(child.meta["name"], cut(text, lead.end(), start), text.place(lead.start()))
        elif begin < 0:
            continue
        elif child.type in ("math_inline", "math_inline_double"):
            start = begin + len(child.content)
            mark = "$" if child.type == "math_inline" else "$$"
            yield Piece(mark, cut(text, begin, start), text.place(begin - len(mark)))
        else:
            if child.type == "text" and (left := re.search(r"\{[\w-]+\}`+", child.content)):
                at = begin + left.start()
                yield Piece("open", cut(text, at, at + len(left[0])), text.place(at))
            start = begin + len(child.content)


def cut(text: Text, start: int, stop: int) -> Text:
    """The part of ``text`` between two offsets.

    >>> part = cut(Text.of("ab\\ncd"), 1, 4)
    >>> str(part), part.place(2)
    ('b\\nc', Place(line=2, column=1))
    """
    place, parts, number = text.place(start), str(text)[start:stop].split("\n"), 0
    while text.lines[number].number < place.line:
        number += 1
    rest = (replace(text.lines[number + k], text=part) for k, part in enumerate(parts) if k)
    return Text((Line(parts[0], place.line, place.column - 1), *rest))
