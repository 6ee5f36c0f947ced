"""What a chapter stands on: the ground of each statement, the chapters and inventories beside it.

The ground is a context, and the texts that made it. A statement sees what stands above it and nothing below:
each ``{given}`` and ``{define}`` makes a new ground, and every other statement keeps the one it stood on.
Another chapter is taken over by entering the texts of its last ground.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from idxcalc.chapters.record import found as as_found
from idxcalc.chapters.statement import DECLARING, IDENTIFIER, Statement, meant
from idxcalc.chapters.text import Text
from idxcalc.errors import IdxcalcError, Span
from idxcalc.verify.result import Result

if TYPE_CHECKING:
    from idxcalc.chapters.verdicts import Chapter

Entered = tuple[str, str, str, int, str]
"""A text of a context: given or define, the text, what derivatives are by; the line and file it stands in."""


@dataclass(frozen=True)
class Ground:
    """A context, the texts that were entered into it, and what came of the last statement that did so."""

    context: Any
    texts: tuple[Entered, ...] = ()
    results: tuple[Result, ...] = ()


def grounds(source: Chapter, new: Callable[[], Any]) -> dict[str, Ground]:
    """What each part of a chapter stands on, by its name; a definition on its own names, too; and without a
    name, what there is at the end. A definition that is meant to be wrong leaves nothing behind."""
    ground = Ground(new())
    found = {"": ground}
    for each in source.parts:
        if each.kind in DECLARING:
            found[each.name] = _entered(Ground(new()) if "fresh" in each.options else ground, source, each)
            ground = ground if each.expect else found[each.name]
        found.setdefault(each.name, ground)
    return {**found, "": ground}


def _entered(ground: Ground, source: Chapter, each: Statement) -> Ground:
    """Declare or define, what another chapter has first; what goes wrong is a result."""
    context, texts, results = ground.context.fork(), [*ground.texts], []
    other = source.other(name) if (name := each.option("from")) and not _unfit(source, name) else None
    for entered in other.grounds[""].texts if other else ():
        *_, line, file = entered
        try:
            if entered not in texts:  # by way of a third chapter
                _enter(context, entered, f" of {file}")
        except IdxcalcError as error:
            message = f"`:from: {name}` fails at {file}:{line}: {error.message}"
            line, column = each.options["from"].place()
            results.append(Result("malformed", error=message, line=line, column=column))
        texts.append(entered)
    # Definitions are read as a whole; of declarations, a fault in one line leaves the others standing.
    for text in [each.text] if each.kind == "define" else each.text.parts():
        texts.append((each.kind, str(text), each.option("wrt"), text.place().line, source.path))
        try:
            results += _enter(context, texts[-1])
        except IdxcalcError as error:
            whole, span = error.source or text, error.span or Span(0, len(text))
            if whole == text or each.kind == "given":
                start = each.text.at.index(text.at[0])
                whole, span = each.body, Span(start + span.start, start + span.stop)
            results.append(Result("malformed", error=error.message, source=whole, span=span))
    return Ground(context, tuple(texts), tuple(results))


def _enter(context: Any, entered: Entered, of: str = "") -> tuple[Result, ...]:
    kind, text, wrt, line, _ = entered
    if kind == "define":
        return tuple(context.define(text, wrt, f"{line}{of}"))
    return context.given(text, f"{line}{of}") or () if text.strip() else ()


# Faults that concern the chapter among its neighbours


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
            chapter.faults.append(as_found(wrong, "fault"))
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
        said = f"`execution_mode: {off[1]}` leaves the code cells unrun"
        chapter.fault(front.group(off)[:1], said, "cells")
