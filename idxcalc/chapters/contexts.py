"""The ground that each statement of a chapter stands on: a context, and the texts that made it.

A statement sees what stands above it and nothing below: the ground is forked at each ``{given}`` and
``{define}``, and every other statement keeps the fork it stood on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from idxcalc.chapters.statement import Statement
from idxcalc.errors import IdxcalcError, Span
from idxcalc.verify.result import Result

if TYPE_CHECKING:
    from idxcalc.chapters.verdicts import Chapter

DECLARING = ("given", "define")


@dataclass(frozen=True)
class Ground:
    """A context, the texts that were entered into it, and the chapters whose names are in it."""

    context: Any
    texts: tuple[tuple[str, str, str], ...] = ()
    taken: frozenset[str] = frozenset()


class Contexts:
    """``grounds[k]`` is what a statement after the first ``k`` stands on, ``results[name]`` what entering the
    declarations or definitions of that name gave."""

    def __init__(self, source: Chapter, new: Callable[[], Any]) -> None:
        first = Ground(new(), taken=frozenset({source.path}))
        self.grounds = [first]
        self.results: dict[str, tuple[Result, ...]] = {}
        for each in source.statements:
            ground = self.grounds[-1]
            if each.kind in DECLARING:
                fresh = "fresh" in each.options
                ground = (
                    replace(first, context=new()) if fresh else replace(ground, context=ground.context.fork())
                )
                ground, results = _entered(ground, source, each)
                self.results[each.name] = tuple(results)
            self.grounds.append(ground)


def _entered(ground: Ground, source: Chapter, each: Statement, of: str = "") -> tuple[Ground, list[Result]]:
    """Declare or define; what goes wrong is a result. ``of`` says whose lines they are, if another's."""
    ground, found = _taken(ground, source, each)
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
    return replace(ground, texts=texts), found


def _taken(ground: Ground, source: Chapter, each: Statement) -> tuple[Ground, list[Result]]:
    """Take over another chapter's declarations and definitions, from its last fresh start on, once."""
    found: list[Result] = []
    other = source.other(name) if (name := each.option("from")) else None
    if other is None or not other.readable or other.path in ground.taken:
        return ground, found  # a fault of the structure, reported there; or here already
    ground = replace(ground, taken=ground.taken | {other.path})
    inner = [one for one in other.statements if one.kind in DECLARING and not one.expect]
    fresh = [number for number, one in enumerate(inner) if "fresh" in one.options]
    line, column = each.options["from"].place()
    for one in inner[fresh[-1] if fresh else 0 :]:
        ground, results = _entered(ground, other, one, f" of {other.path}")
        for bad in (each for each in results if not each):
            message = f"`:from: {name}` fails at {other.path}:{one.line}: {bad.error}"
            found.append(Result("malformed", error=message, line=line, column=column))
    return ground, found
