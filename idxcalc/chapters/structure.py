"""Faults that concern the chapter among its neighbours: inventories beside it, chapters it takes over."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from idxcalc.chapters.read import Reading
from idxcalc.chapters.statement import meant
from idxcalc.chapters.text import Place
from idxcalc.verify.result import Result


def structure(reading: Reading, path: Path, other: Callable[[str], Any]) -> list[Result]:
    """Unknown identifiers in ``:covers:``; ``:from:`` a chapter that is not there or comes back here; front
    matter that keeps the cells from running."""
    _front_matter(reading)
    return _covers(reading, path) + _sources(reading, path, other)


def _covers(reading: Reading, path: Path) -> list[Result]:
    if not any(each.covers for each in reading.statements):
        return []
    known, found = inventory(path.parent)
    for each in reading.statements:
        for identifier in each.covers if known else ():
            if identifier not in known:
                line, column = each.places["covers"]
                shift = re.search(rf"(?<![^\s,]){re.escape(identifier)}(?![^\s,])", each.options["covers"])
                place = Place(line, column + (shift.start() if shift else 0))
                close = meant(identifier, known) or "; add it to the inventory or leave it out"
                message = f"`:covers:` names {identifier}, which no inventory lists{close}"
                found.append(reading.faults.result(place, message, each.label, len(identifier)))
    return found


def inventory(folder: Path) -> tuple[set[str], list[Result]]:
    """The identifiers of all ``[[item]]`` tables with an ``id`` in the TOML files of ``folder``."""
    known: set[str] = set()
    found = []
    for file in sorted(folder.glob("*.toml")):
        try:
            items = tomllib.loads(file.read_text("utf-8")).get("item", [])
        except (ValueError, OSError) as error:
            at = re.search(r"at line (\d+), column (\d+)", str(error))
            line, column = (int(at[1]), int(at[2])) if at else (1, 1)
            message = f"this inventory is not TOML: {error}"
            found.append(Result("malformed", error=message, file=str(file), line=line, column=column))
            continue
        known |= {str(item["id"]) for item in items if isinstance(item, dict) and "id" in item}
    return known, found


def _sources(reading: Reading, path: Path, other: Callable[[str], Any]) -> list[Result]:
    found = []
    for each in reading.statements:
        name = each.options.get("from", "").strip()
        if not name:
            continue
        names = sorted(file.stem for file in path.parent.glob("*.md") if file.resolve() != path.resolve())
        taken = other(name) if re.fullmatch(r"[\w.-]+", name) else None
        cycle = _cycle(path, taken, other) if taken else []
        if taken is None:
            message = f"`:from: {name}`: there is no chapter {name}.md beside this one{meant(name, names)}"
        elif not taken.readable:
            message = f"`:from: {name}`: {taken.problems[0].error}"
        elif cycle:
            message = f"`:from: {name}` goes in a circle: {' -> '.join([path.stem, *cycle])}"
        else:
            continue
        found.append(reading.faults.result(each.places["from"], message, each.label, len(name)))
    return found


def _cycle(path: Path, taken: Any, other: Callable[[str], Any]) -> list[str]:
    """The names from ``taken`` back to ``path``, or nothing."""
    waiting, seen = [[taken]], set()
    while waiting:
        way = waiting.pop()
        if way[-1].file.resolve() == path.resolve():
            return [each.file.stem for each in way]
        if way[-1].path in seen:
            continue
        seen.add(way[-1].path)
        names = (each.options.get("from", "").strip() for each in way[-1].statements)
        waiting += [[*way, nxt] for nxt in map(other, filter(None, names)) if nxt is not None]
    return []


def _front_matter(reading: Reading) -> None:
    """A chapter with cells must say that it is a notebook, or they never run and no one is told."""
    if not reading.cells:
        return
    first = reading.cells[0].opened
    if not re.search(r"(?m)^file_format:\s*[\"']?mystnb\b|^\s+format_name:\s*[\"']?myst\b", reading.front):
        lead = "its front matter lacks" if reading.front else "the file must begin with"
        way = "`file_format: mystnb`" if reading.front else "--- / file_format: mystnb / ---"
        message = f"the chapter has code cells (the first in line {first}) that would never run; {lead} {way}"
        reading.faults.add(Place(1, 1), message, "cells")
    if off := re.search(r"(?m)^\s+execution_mode:\s*[\"']?(off|never|false)\b", reading.front):
        line = reading.front.count("\n", 0, off.start()) + 2
        reading.faults.add(Place(line, 1), f"`execution_mode: {off[1]}` leaves the code cells unrun", "cells")
