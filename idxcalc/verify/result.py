"""The verdict on one relation, with its evidence and the one text that says it.

Build, pytest, shell and ``print`` all show ``str(result)``; none of them words a verdict itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from idxcalc.errors import Span, caret, place

Verdict = Literal["proved", "tested", "refuted", "malformed", "defined", "claimed"]


@dataclass(frozen=True)
class Counterexample:
    """Sizes, the component, and both sides' values there; ``values`` are the drawn inputs by name."""

    sizes: dict[str, int]
    component: dict[str, int]
    left: float
    right: float
    values: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """What is known about one relation.

    ``verdict``: proved, tested, refuted or malformed (and ``defined`` for a definition, ``claimed`` for a
    claim). ``max_error`` is the largest error of the samples, relative to the largest term; ``trials`` their
    number. ``sizes`` lists the sizes they had. ``rules`` and ``assumptions`` are what the proof rested on.
    ``notes`` are remarks such as "this makes w square". ``snippet`` is a program that imports only jax and
    prints the error of the same samples (``str(snippet)``; it is written when asked for). ``span`` is the part of ``source`` that the verdict is about.
    ``answer`` is what a ``?`` stands for. ``steps`` are (rule, LaTeX) pairs.
    """

    verdict: Verdict
    latex: str = ""
    max_error: float | None = None
    trials: int = 0
    counterexample: Counterexample | None = None
    hint: str | None = None
    error: str | None = None
    trivial: bool = False
    rules: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sizes: tuple[dict[str, int], ...] = ()
    snippet: object = ""
    answer: str | None = None
    steps: tuple[tuple[str, str], ...] = ()
    source: str = ""
    span: Span | None = None
    file: str = ""
    line: int = 0
    column: int = 0
    label: str = ""
    relation: int = 0
    covers: tuple[str, ...] = ()
    chain: tuple[Result, ...] = ()

    def __bool__(self) -> bool:
        return self.verdict in ("proved", "tested", "defined", "claimed")

    def __str__(self) -> str:
        return "\n".join([self.head(), *self.body()])

    def head(self) -> str:
        """The first line: where, verdict, which relation."""
        where = f"{self.file}:{self.line}:{self.column}: " if self.file else ""
        which = self.label + (f", relation {self.relation}" if self.relation and self.label else "")
        return f"{where}{self.verdict}" + (f"  {which}" if which else "")

    def body(self) -> list[str]:
        """The lines below the first, indented."""
        lines = []
        if self.span is not None and self.source and not self:
            lines.append(caret(self.source, self.span))
        elif self.latex:
            lines.append(f"    {self.latex}")
        said = [self.error] if self.error else []
        said += [self._found()] if self._found() else []
        said += [self.hint] if self.hint else []
        return lines + [f"    {line}" for text in said for line in text.splitlines()]

    def _found(self) -> str:
        if self.counterexample is None:
            if not self:
                return "; ".join(self.notes)
            trials = f"{self.trials} samples, largest error {self.max_error:.1e}" if self.trials else ""
            return "; ".join([*self.notes, *([trials] if trials else [])])
        found = self.counterexample
        sizes = sorted(set(found.sizes.values()))
        text = f"size {sizes[0]}" if len(sizes) == 1 else _assignments(found.sizes, "sizes")
        if found.component:
            names, values = ",".join(found.component), ",".join(map(str, found.component.values()))
            many = len(found.component) > 1
            text += f", component ({names}) = ({values})" if many else f", component {names} = {values}"
        text = text.removeprefix(", ").removeprefix("sizes , ")
        return "; ".join([*self.notes, f"{text}: left {found.left:.4f}, right {found.right:.4f}"])


def _assignments(values: dict[str, int], word: str) -> str:
    return f"{word} " + ", ".join(f"{name} = {value}" for name, value in values.items()) if values else ""


def located(span: Span, source: str) -> tuple[int, int]:
    """Line and column of a span in a multi-line formula."""
    return place(source, span.start)
