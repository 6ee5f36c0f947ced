"""Faults that concern the chapter among its neighbours: inventories beside it, chapters it takes over."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from idxcalc.chapters.record import found
from idxcalc.chapters.statement import IDENTIFIER, meant
from idxcalc.chapters.text import Text
from idxcalc.verify.result import Result

if TYPE_CHECKING:
    from idxcalc.chapters.verdicts import Chapter


def structure(chapter: Chapter) -> None:
    """Note unknown identifiers in ``:covers:``; ``:from:`` a chapter that is not there or comes back here;
    front matter that keeps the cells from running."""
    if chapter.cells:
        _front_matter(chapter)
    known = _inventory(chapter) if any(each.covers for each in chapter.statements) else set()
    for each in chapter.statements:
        for name in each.options.get("covers", Text("")).parts(IDENTIFIER) if known else ():
            if name not in known:
                close = meant(name, known) or "; add it to the inventory or leave it out"
                said = f"`:covers:` names {name}, which no inventory lists{close}"
                chapter.fault(name, said, each.label)
        if (source := each.option("from")) and (message := _unfit(chapter, source)):
            chapter.fault(each.options["from"].stripped(), f"`:from: {source}`{message}", each.label)


def _inventory(chapter: Chapter) -> set[str]:
    """The identifiers of every ``[[item]]`` in a TOML file beside the chapter."""
    known: set[str] = set()
    for file in sorted(chapter.file.parent.glob("*.toml")):
        try:
            items = tomllib.loads(file.read_text("utf-8")).get("item", [])
            known |= {str(item["id"]) for item in items if isinstance(item, dict) and "id" in item}
        except (ValueError, OSError) as error:
            at = re.search(r"at line (\d+), column (\d+)", str(error)) or (0, 1, 1)
            message = f"this inventory is not TOML: {error}"
            wrong = Result("malformed", error=message, file=str(file), line=int(at[1]), column=int(at[2]))
            chapter.faults.append(found(wrong, "fault"))
    return known


def _unfit(chapter: Chapter, name: str) -> str:
    """Why a chapter cannot take from the one called ``name``, or nothing."""
    taken = chapter.other(name) if re.fullmatch(r"[\w.-]+", name) else None
    if taken is None:
        names = sorted(file.stem for file in chapter.file.parent.glob("*.md") if file != chapter.file)
        return f": there is no chapter {name}.md beside this one{meant(name, names)}"
    if not taken.readable:
        return f": {taken.faults[0].error}"
    back = next(_ways(taken, chapter), None)
    return f" goes in a circle: {' -> '.join(each.file.stem for each in (chapter, *back))}" if back else ""


def _ways(chapter: Chapter, goal: Chapter, *before: Chapter) -> Iterator[tuple[Chapter, ...]]:
    """The chapters that lead from one to another, both included."""
    if chapter is goal:
        yield (*before, chapter)
    elif chapter not in before:
        names = filter(None, (each.option("from") for each in chapter.statements))
        for other in filter(None, map(chapter.other, names)):
            yield from _ways(other, goal, *before, chapter)


def _front_matter(chapter: Chapter) -> None:
    """A chapter with cells must say that it is a notebook, or they never run and no one is told."""
    first, front = chapter.cells[0], chapter.front
    if not re.search(r"(?m)^file_format:\s*[\"']?mystnb\b|^\s+format_name:\s*[\"']?myst\b", front):
        lead = "its front matter lacks" if front else "the file must begin with"
        way = "`file_format: mystnb`" if front else "--- / file_format: mystnb / ---"
        which = f"code cells (the first in line {first.opened}) that would never run"
        said = f"the chapter has {which}; {lead} {way}"
        chapter.fault(Text(first.text.source)[:1], said, "cells")
    if off := re.search(r"(?m)^[ \t]+execution_mode:\s*[\"']?(off|never|false)\b", front):
        chapter.fault(
            front.group(off)[:1], f"`execution_mode: {off[1]}` leaves the code cells unrun", "cells"
        )
