"""The context that each statement of a chapter stands in.

A statement sees what stands above it and nothing below: the context is forked at each ``{given}`` and
``{define}``, and every other statement keeps the fork it stood in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from idxcalc.chapters.statement import Statement
from idxcalc.errors import IdxcalcError, Span
from idxcalc.verify.result import Result

DECLARING = ("given", "define")


class Source(Protocol):
    """A chapter as another one sees it, that takes over its declarations."""

    path: str
    readable: bool

    @property
    def statements(self) -> tuple[Statement, ...]: ...

    def other(self, name: str) -> Source | None: ...


class Contexts:
    """``of[name]`` is the context of the statement with that name, ``results[name]`` what entering it gave,
    ``trail[k]`` the context after the first ``k`` statements."""

    def __init__(self, source: Source, new: Callable[[], Any]) -> None:
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


def _enter(context: Any, source: Source, each: Statement, taken: set[str], of: str = "") -> list[Result]:
    """Declare or define; what goes wrong is a result. ``of`` says whose lines they are, if another's."""
    found: list[Result] = []
    if each.kind == "define":
        try:
            found += context.define(each.body, each.options.get("wrt", ""), f"{each.line}{of}")
        except IdxcalcError as error:
            found.append(Result("malformed", error=error.message, source=error.source, span=error.span))
        return found
    if name := each.options.get("from", "").strip():
        found += _take(context, source, name, each, taken)
    start = 0
    for line in each.body.split("\n"):  # each line by itself: a fault in one leaves the others standing
        try:
            if line.strip():
                context.given(line, f"{each.place(start).line}{of}")
        except IdxcalcError as error:
            span = error.span or Span(0, len(line))
            span = Span(span.start + start, span.stop + start)
            found.append(Result("malformed", error=error.message, source=each.body, span=span))
        start += len(line) + 1
    return found


def _take(context: Any, source: Source, name: str, each: Statement, taken: set[str]) -> list[Result]:
    """Take over another chapter's declarations and definitions, from its last fresh start on, once."""
    other = source.other(name)
    if other is None or not other.readable or other.path in taken:
        return []  # a fault of the structure, reported there; or here already
    taken.add(other.path)
    inner = [one for one in other.statements if one.kind in DECLARING and not one.expect]
    fresh = [number for number, one in enumerate(inner) if "fresh" in one.options]
    place = each.places["from"]
    return [
        Result(
            "malformed", error=f"`:from: {name}` fails at {other.path}:{one.line}: {result.error}",
            line=place.line, column=place.column,
        )
        for one in inner[fresh[-1] if fresh else 0 :]
        for result in _enter(context, other, one, taken, f" of {other.path}")
        if not result
    ]  # fmt: skip
