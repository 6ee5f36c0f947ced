"""The roles and formulas inside one paragraph, heading or table cell, each with its place.

The tokenizer gives an inline token no column; but its tokens come in the order of the text, so each is found
by searching on from where the last one ended. Code spans are passed over by the same search.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it.token import Token

from idxcalc.chapters.text import Text

_MARKS = {"math_inline": "$", "math_inline_double": "$$"}


def pieces(token: Token, text: Text) -> Iterator[tuple[str, Text, Text]]:
    """All roles and formulas of an inline ``token``, whose source is ``text``: the role's name, or ``$`` or
    ``$$`` for a formula, or ``open`` for a role without end; the opening mark; what is inside."""
    start = 0
    for child in token.children or []:
        if child.type == "myst_role":
            lead = re.compile(rf"\{{{re.escape(child.meta['name'])}\}}`+").search(text, start)
            if lead is None:
                continue
            start = lead.end() + len(child.content)
            yield child.meta["name"], text.group(lead), text[lead.end() : start]
        elif child.content and (begin := text.find(child.content, start)) >= 0:
            start = begin + len(child.content)
            inner = text[begin:start]
            if mark := _MARKS.get(child.type):
                yield mark, text[begin - len(mark) : begin], inner
            elif child.type == "text":
                for left in inner.parts(r"\{[\w-]+\}`+"):
                    yield "open", left, left
