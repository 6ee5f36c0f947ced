"""The context that each statement of a chapter stands in.

A statement sees what stands above it and nothing below: the context is forked at each ``{given}`` and
``{define}``, and every other statement keeps the fork it stood in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from idxcalc.chapters.statement import Statement
from idxcalc.errors import IdxcalcError, Span
from idxcalc.verify.result import Result

if TYPE_CHECKING:
    from idxcalc.chapters.verdicts import Chapter

DECLARING = ("given", "define")


class Contexts:
    """``of[name]`` is the context of the statement with that name, ``results[name]`` what entering it gave,
    ``trail[k]`` the context after the first ``k`` statements."""

    def __init__(self, source: Chapter, new: Callable[[], Any]) -> None:
        context = new()
        taken = {source.path}  # the chapters whose names are in this context
        self.of: dict[str, Any] = {}
        self.results: dict[str, tuple[Result, ...]] = {}
        self.trail = [context]
        for each in source.statements:
            if each.kind in DECLARING:
                fresh = "fresh" in each.options
                context, taken = (new(), {source.path}) if fresh else (context.fork(), taken)
                self.results[each.name] = tuple(_enter(context, source, each, taken))
            self.of[each.name] = context
            self.trail.append(context)


def _enter(context: Any, source: Chapter, each: Statement, taken: set[str], of: str = "") -> list[Result]:
    """Declare or define; what goes wrong is a result. ``of`` says whose lines they are, if another's."""
    found = _take(context, source, each, taken)
    start = 0
    # Definitions are read as a whole; of declarations, a fault in one line leaves the others standing.
    for text in [each.body] if each.kind == "define" else each.body.split("\n"):
        where = f"{each.place(start).line}{of}"
        try:
            if each.kind == "define":
                found += context.define(text, each.option("wrt"), where)
            elif text.strip():
                context.given(text, where)
        except IdxcalcError as error:
            whole, span = error.source or text, error.span or Span(0, len(text))
            if whole == text or each.kind == "given":
                whole, span = each.body, Span(start + span.start, start + span.stop)
            found.append(Result("malformed", error=error.message, source=whole, span=span))
        start += len(text) + 1
    return found


def _take(context: Any, source: Chapter, each: Statement, taken: set[str]) -> list[Result]:
    """Take over another chapter's declarations and definitions, from its last fresh start on, once."""
    other = source.other(name) if (name := each.option("from")) else None
    if other is None or not other.readable or other.path in taken:
        return []  # a fault of the structure, reported there; or here already
    taken.add(other.path)
    inner = [one for one in other.statements if one.kind in DECLARING and not one.expect]
    fresh = [number for number, one in enumerate(inner) if "fresh" in one.options]
    line, column = each.options["from"].place()
    return [
        Result("malformed", error=f"`:from: {name}` fails at {where}: {bad.error}", line=line, column=column)
        for one in inner[fresh[-1] if fresh else 0 :]
        for bad in _enter(context, other, one, taken, f" of {other.path}")
        if not bad and (where := f"{other.path}:{one.line}")
    ]
