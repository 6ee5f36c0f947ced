"""Subscripts: index letters, fixed components, groups, the comma of a derivative; and the bounds of a sum."""

from __future__ import annotations

import re

from idxcalc.errors import Span
from idxcalc.notation.tokens import GREEK, LETTER, MAX_INDICES, Bound, Group, IndexToken, fail

_INDEX = re.compile(
    rf"(?P<space>\s+|\\[,;:! ])|(?P<letter>{LETTER})|(?P<digit>\d)|(?P<comma>,)|(?P<open>\()|(?P<close>\))"
    r"|(?P<other>.)",
    re.DOTALL,
)
_BOUND = re.compile(rf"\s*((?:{LETTER}[\s,]*)+)(?:=\s*(\d+)\s*)?")


def closing(source: str, at: int, stop: int) -> int:
    """Where the brace opened at ``at`` is closed."""
    depth = 0
    for end in range(at, stop):
        depth += (source[end] == "{") - (source[end] == "}")
        if not depth:
            return end
    raise fail("`{` opened here is never closed", source, at)


def _is_letter(text: str) -> bool:
    return text[0] != "\\" or text.rstrip("'").split("_")[0] in GREEK


def indices(source: str, begin: int, end: int) -> tuple[tuple[Group, ...], tuple[Group, ...] | None]:
    """The groups before the comma, and those behind it (None without a comma)."""
    parts: list[list[Group]] = [[]]
    group: list[IndexToken] | None = None
    opened = begin
    count = 0
    for found in _INDEX.finditer(source, begin, end):
        kind, text, span = found.lastgroup, found[0], Span(*found.span())
        wrong = ""
        count += kind in ("letter", "digit")
        match kind, group:
            case _ if count > MAX_INDICES:
                wrong = f"more than {MAX_INDICES} indices"
            case "space", _:
                pass
            case "letter", _ if not _is_letter(text):
                raise fail(f"{text} is no index", source, span.start, span.stop)
            case "letter" | "digit", _:
                token = IndexToken(int(text) if kind == "digit" else text, span)
                if group is None:
                    parts[-1].append(Group((token,), False, span))
                else:
                    group.append(token)
            case "comma", None if len(parts) > 1:
                wrong = "a second comma; all indices after the first one differentiate"
            case "comma", None:
                parts.append([])
            case "open", None:
                group, opened = [], span.start
            case "close", [_, *_]:
                parts[-1].append(Group(tuple(group or ()), True, Span(opened, span.stop)))
                group = None
            case "close", []:
                empty = "no index to differentiate by" if len(parts) > 1 else "an empty group"
                raise fail(empty, source, opened, span.stop)
            case "other", _ if text in "+-*/":
                wrong = "arithmetic on indices is not part of the notation"
            case "other", _:
                wrong = f"{text} in a subscript; expected index letters"
            case _:
                inside = {"comma": "a comma inside a group of indices", "close": "`)` closes nothing"}
                wrong = inside.get(kind or "", "a group of indices inside a group")
        if wrong:
            raise fail(wrong, source, span.start)
    if group is not None:
        raise fail("`(` opened here is never closed", source, opened)
    if not parts[-1]:
        empty = "no index to differentiate by" if len(parts) > 1 else "an empty subscript"
        raise fail(empty, source, begin, max(end, begin + 1))
    return tuple(parts[0]), tuple(parts[1]) if len(parts) > 1 else None


def bound(source: str, begin: int, end: int) -> Bound:
    """The letters below a written sum, and its first value."""
    found = _BOUND.fullmatch(source, begin, end)
    letters = list(re.compile(LETTER).finditer(source, *found.span(1))) if found else []
    if not found or not all(_is_letter(m[0]) for m in letters) or (found[2] and len(letters) > 1):
        what = r"a written sum names its letters and perhaps a first value: \sum_{i=1}^n"
        raise fail(what, source, begin, end)
    places = tuple((m[0], Span(*m.span())) for m in letters)
    return Bound(places, int(found[2]) if found[2] else None)
