"""Subscripts: index letters, fixed components, groups, the comma of a derivative; and the bounds of a sum."""

from __future__ import annotations

import re

from idxcalc.errors import Span
from idxcalc.notation.tokens import GREEK, LETTER, MAX_INDICES
from idxcalc.notation.tree import Group, IndexToken, Subscript, Written, fail
from idxcalc.notation.ways import SIGNS, way

_INDEX = re.compile(
    rf"(?P<space>\s+|\\[,;:! ])|(?P<letter>{LETTER})|(?P<digit>[0-9])|(?P<comma>,)|(?P<open>\()|(?P<close>\))"
    r"|(?P<sign>[-+*/])|(?P<other>.)",
    re.DOTALL,
)
_BOUND = re.compile(rf"\s*((?:{LETTER}[\s,]*)+)(?:=\s*([0-9]+)\s*)?")
# What a mark of this kind is, outside a group and inside one.
_MISPLACED = {
    ("comma", True): "a comma inside a group of indices",
    ("open", True): "a group of indices inside a group",
    ("close", False): "`)` closes nothing",
    **dict.fromkeys((("sign", False), ("sign", True)), "arithmetic on indices is not part of the notation"),
}


def _is_letter(text: str) -> bool:
    return text[0] != "\\" or text.rstrip("'").split("_")[0] in GREEK


def plain(letter: str) -> str:
    """An index letter as it is compared: braces around one character change nothing."""
    return re.sub(r"\{(\w)\}", r"\1", letter)


def indices(source: str, begin: int, end: int, span: Span) -> Subscript:
    """The indices that stand between two places: groups before a comma, and those behind it."""
    parts: list[list[Group]] = [[]]
    group: list[IndexToken] | None = None  # the indices of a bracket that is still open, at ``opened``
    opened = count = 0
    for found in _INDEX.finditer(source, begin, end):
        kind, text, place = found.lastgroup or "", found[0], Span(*found.span())
        wrong = _MISPLACED.get((kind, group is not None), "")
        missing = "no index to differentiate by" if len(parts) > 1 else "an empty group"
        count += kind in ("letter", "digit")
        if count > MAX_INDICES:
            wrong = f"more than {MAX_INDICES} indices"
        elif kind == "other":
            wrong = f"{text} in a subscript; expected index letters" + r", or \sum_{i=1}^n" * (text == "=")
        elif kind == "comma" and len(parts) > 1 and group is None:
            wrong = "a second comma; all indices after the first one differentiate"
        elif kind == "letter" and not _is_letter(text):
            raise fail(f"{text} is no index{way(SIGNS, text)}", source, place.start, place.stop)
        elif kind == "close" and group == []:
            raise fail(missing, source, opened, place.stop)
        if wrong:
            raise fail(wrong, source, place.start)
        if kind in ("letter", "digit"):
            token = IndexToken(int(text) if kind == "digit" else plain(text), place)
            if group is None:
                parts[-1].append(Group((token,), False, place))
            else:
                group.append(token)
        elif kind == "comma":
            parts.append([])
        elif kind == "open":
            group, opened = [], place.start
        elif kind == "close":
            parts[-1].append(Group(tuple(group or ()), True, Span(opened, place.stop)))
            group = None
    if group is not None:
        raise fail("`(` opened here is never closed", source, opened)
    if not parts[-1]:
        empty = "no index to differentiate by" if len(parts) > 1 else "an empty subscript"
        raise fail(empty, source, begin, max(end, begin + 1))
    return Subscript(tuple(parts[0]), tuple(parts[1]) if len(parts) > 1 else None, span)


def bound(source: str, begin: int, end: int, span: Span) -> Written:
    """The letters below a written sum, and its first value."""
    found = _BOUND.fullmatch(source, begin, end)
    letters = list(re.compile(LETTER).finditer(source, *found.span(1))) if found else []
    if not found or not all(_is_letter(m[0]) for m in letters):
        what = r"a written sum names its letters and perhaps a first value: \sum_{i=1}^n"
        raise fail(what, source, begin, end)
    places = tuple((plain(m[0]), Span(*m.span())) for m in letters)
    return Written(places, int(found[2]) if found[2] else None, None, span)
