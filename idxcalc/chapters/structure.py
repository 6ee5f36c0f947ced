"""Faults that concern the chapter among its neighbours: inventories beside it, chapters it takes over."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from idxcalc.chapters.read import Reading
from idxcalc.chapters.record import Found, fault, found
from idxcalc.chapters.statement import IDENTIFIER, meant
from idxcalc.verify.result import Result

if TYPE_CHECKING:
    from idxcalc.chapters.verdicts import Chapter


def structure(reading: Reading, chapter: Chapter) -> Iterator[Found]:
    """Unknown identifiers in ``:covers:``; ``:from:`` a chapter that is not there or comes back here; front
    matter that keeps the cells from running."""
    if reading.cells:
        yield from _front_matter(chapter.path, reading)
    if any(each.covers for each in chapter.statements):
        yield from _covers(chapter)
    for each in chapter.statements:
        if (name := each.option("from")) and (message := _unfit(chapter, name)):
            where = each.options["from"].stripped()
            yield fault(chapter.path, where, f"`:from: {name}`{message}", each.label)


def _covers(chapter: Chapter) -> Iterator[Found]:
    """An identifier must stand in an ``[[item]]`` of a TOML file beside the chapter, where there is any."""
    known: set[str] = set()
    for file in sorted(chapter.file.parent.glob("*.toml")):
        try:
            items = tomllib.loads(file.read_text("utf-8")).get("item", [])
            known |= {str(item["id"]) for item in items if isinstance(item, dict) and "id" in item}
        except (ValueError, OSError) as error:
            at = re.search(r"at line (\d+), column (\d+)", str(error))
            line, column = (int(at[1]), int(at[2])) if at else (1, 1)
            message = f"this inventory is not TOML: {error}"
            wrong = Result("malformed", error=message, file=str(file), line=line, column=column)
            yield found(wrong, "fault")
    for each in (each for each in chapter.statements if known and each.covers):
        for name in each.options["covers"].parts(IDENTIFIER):
            if name not in known:
                close = meant(name, known) or "; add it to the inventory or leave it out"
                said = f"`:covers:` names {name}, which no inventory lists{close}"
                yield fault(chapter.path, name, said, each.label)


def _unfit(chapter: Chapter, name: str) -> str:
    """Why a chapter cannot take from the one called ``name``, or nothing."""
    taken = chapter.other(name) if re.fullmatch(r"[\w.-]+", name) else None
    if taken is None:
        names = sorted(file.stem for file in chapter.file.parent.glob("*.md") if file != chapter.file)
        return f": there is no chapter {name}.md beside this one{meant(name, names)}"
    if not taken.readable:
        return f": {taken.problems[0].error}"
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


def _front_matter(path: str, reading: Reading) -> Iterator[Found]:
    """A chapter with cells must say that it is a notebook, or they never run and no one is told."""
    first, front = reading.cells[0].opened, reading.front
    if not re.search(r"(?m)^file_format:\s*[\"']?mystnb\b|^\s+format_name:\s*[\"']?myst\b", front):
        lead = "its front matter lacks" if front else "the file must begin with"
        way = "`file_format: mystnb`" if front else "--- / file_format: mystnb / ---"
        message = f"the chapter has code cells (the first in line {first}) that would never run; {lead} {way}"
        yield fault(path, reading.source[:1], message, "cells")
    if off := re.search(r"(?m)^[ \t]+execution_mode:\s*[\"']?(off|never|false)\b", front):
        message = f"`execution_mode: {off[1]}` leaves the code cells unrun"
        yield fault(path, front.group(off)[:1], message, "cells")
