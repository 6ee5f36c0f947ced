"""The ground that each statement of a chapter stands on: a context, and the texts that made it.

A statement sees what stands above it and nothing below: the ground is forked at each ``{given}`` and
``{define}``, and every other statement keeps the fork it stood on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from idxcalc.chapters.statement import DECLARING, Statement
from idxcalc.errors import IdxcalcError, Span
from idxcalc.verify.result import Result

if TYPE_CHECKING:
    from idxcalc.chapters.verdicts import Chapter


@dataclass(frozen=True)
class Ground:
    """A context, the texts that were entered into it, and the chapters whose names are in it; ``results`` are
    those of the declarations or definitions that were entered last."""

    context: Any
    taken: frozenset[str]
    texts: tuple[tuple[str, str, str], ...] = ()
    results: tuple[Result, ...] = ()


def grounds(source: Chapter, new: Callable[[], Any]) -> dict[str, Ground]:
    """What each part of a chapter stands on, by its name; a definition on its own names, too."""
    found: dict[str, Ground] = {}
    ground = Ground(new(), frozenset({source.path}))
    for each in source.parts:
        if each.kind in DECLARING:
            fresh = "fresh" in each.options
            kept = Ground(new(), frozenset({source.path})) if fresh else ground
            ground = _entered(replace(kept, context=kept.context.fork(), results=()), source, each)
        found[each.name] = ground
    return found


def _entered(ground: Ground, source: Chapter, each: Statement, of: str = "") -> Ground:
    """Declare or define; what goes wrong is a result. ``of`` says whose lines they are, if another's."""
    ground = _taken(ground, source, each)
    found: list[Result] = []
    start = 0
    # Definitions are read as a whole; of declarations, a fault in one line leaves the others standing.
    for text in [each.body] if each.kind == "define" else each.body.split("\n"):
        where = f"{each.place(start).line}{of}"
        try:
            if each.kind == "define":
                found += ground.context.define(text, each.option("wrt"), where)
            elif text.strip():
                ground.context.given(text, where)
        except IdxcalcError as error:
            whole, span = error.source or text, error.span or Span(0, len(text))
            if whole == text or each.kind == "given":
                whole, span = each.body, Span(start + span.start, start + span.stop)
            found.append(Result("malformed", error=error.message, source=whole, span=span))
        start += len(text) + 1
    texts = *ground.texts, (each.kind, each.body, each.option("wrt"))
    return replace(ground, texts=texts, results=(*ground.results, *found))


def _taken(ground: Ground, source: Chapter, each: Statement) -> Ground:
    """Take over another chapter's declarations and definitions, from its last fresh start on, once."""
    other = source.other(name) if (name := each.option("from")) else None
    if other is None or not other.readable or other.path in ground.taken:
        return ground  # a fault of the structure, reported there; or here already
    ground, before = replace(ground, taken=ground.taken | {other.path}), ground.results
    inner = [one for one in other.statements if one.kind in DECLARING and not one.expect]
    fresh = [number for number, one in enumerate(inner) if "fresh" in one.options]
    line, column = each.options["from"].place()
    for one in inner[fresh[-1] if fresh else 0 :]:
        ground = _entered(replace(ground, results=()), other, one, f" of {other.path}")
        for bad in (each for each in ground.results if not each):
            message = f"`:from: {name}` fails at {other.path}:{one.line}: {bad.error}"
            before += (Result("malformed", error=message, line=line, column=column),)
    return replace(ground, results=before)
