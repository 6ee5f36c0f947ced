"""Subscripts: index letters, fixed components, groups, and the comma of a derivative."""

from __future__ import annotations

import re

from idxcalc.errors import Span
from idxcalc.notation.tokens import GREEK, Group, IndexToken, fail

_INDEX = re.compile(
    r"(?P<space>\s+|\\[,;:! ])|(?P<letter>(\\[A-Za-z]+|[A-Za-z])(_(\d|[A-Za-z]|\{\w+\}))?'*)"
    r"|(?P<digit>\d)|(?P<comma>,)|(?P<open>\()|(?P<close>\))|(?P<other>.)",
    re.DOTALL,
)


def closing(source: str, at: int, stop: int) -> int:
    depth = 0
    for end in range(at, stop):
        depth += (source[end] == "{") - (source[end] == "}")
        if not depth:
            return end
    raise fail("`{` opened here is never closed", source, at)


def indices(source: str, begin: int, end: int) -> tuple[tuple[Group, ...], tuple[Group, ...] | None]:
    before: list[Group] = []
    after: list[Group] | None = None
    group: list[IndexToken] | None = None
    opened = begin
    for match in _INDEX.finditer(source, begin, end):
        span = Span(match.start(), match.end())
        if match["space"]:
            continue
        if match["letter"] and match[0].startswith("\\") and match[0].rstrip("'").split("_")[0] not in GREEK:
            raise fail(f"{match[0]} is no index", source, span.start, span.stop)
        if match["comma"]:
            if group is not None:
                raise fail("a comma inside a group of indices", source, span.start)
            if after is not None:
                raise fail(
                    "a second comma; all indices after the first one differentiate", source, span.start
                )
            after = []
        elif match["open"]:
            if group is not None:
                raise fail("a group of indices inside a group", source, span.start)
            group, opened = [], span.start
        elif match["close"]:
            if group is None:
                raise fail("`)` closes nothing", source, span.start)
            if not group:
                raise fail(
                    "no index to differentiate by" if after is not None else "an empty group",
                    source,
                    opened,
                    span.stop,
                )
            (before if after is None else after).append(Group(tuple(group), True, Span(opened, span.stop)))
            group = None
        elif match["letter"] or match["digit"]:
            token = IndexToken(int(match[0]) if match["digit"] else match[0], span)
            if group is None:
                (before if after is None else after).append(Group((token,), False, span))
            else:
                group.append(token)
        elif match[0] in "+-*/":
            raise fail("arithmetic on indices is not part of the notation", source, span.start)
        else:
            raise fail(f"{match[0]} in a subscript; expected index letters", source, span.start)
    if group is not None:
        raise fail("`(` opened here is never closed", source, opened)
    if after == []:
        raise fail("no index to differentiate by", source, begin, max(end, begin + 1))
    if not before and after is None:
        raise fail("an empty subscript", source, begin, max(end, begin + 1))
    return tuple(before), None if after is None else tuple(after)
