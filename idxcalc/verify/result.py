"""The verdict on one relation, with its evidence and the one text that says it.

Build, pytest, shell and ``print`` all show ``str(result)``; none of them words a verdict itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from idxcalc.autodiff import Example
from idxcalc.errors import Span, caret

Counterexample = Example
Verdict = Literal["proved", "tested", "refuted", "malformed", "defined", "claimed"]


ICONS = {"proved": "✓", "tested": "≈", "refuted": "✗", "malformed": "!", "defined": ":=", "claimed": "▷"}
"""What stands before a verdict where no picture can."""


@dataclass(frozen=True)
class Result:
    """What is known about one relation.

    ``verdict``: proved, tested, refuted or malformed (and ``defined`` for a definition, ``claimed`` for a
    claim). ``max_error`` is the largest error of the samples, relative to the largest term, and None where
    the sides are to differ; ``trials`` is their number. ``sizes`` lists the sizes they had. ``rules`` and
    ``assumptions`` are what the proof rested on. ``notes`` are remarks such as "this makes w square".
    ``snippet`` is a program that imports only jax and prints the error of the same samples (``str(snippet)``;
    it is written when asked for). ``span`` is the part of ``source`` that the verdict is about.
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

    def _repr_markdown_(self) -> str:
        """How a notebook shows it: the formula typeset, icon, word and samples; a wrong one as `str` does."""
        said = f"{ICONS[self.verdict]} **{self.verdict}**"
        if self.chain[1:]:
            return "\n\n".join(each._repr_markdown_() for each in self.chain)
        if not self:
            return f"{said}\n\n```text\n{self}\n```"
        formula = self.latex if self.answer is None else self.latex.replace("?", self.answer)
        aligned = formula.replace("&", " ")
        details = "; ".join(filter(None, [self._found(), *self.assumptions]))
        return f"$$\n{aligned}\n$$\n\n{said}" + (f": {details}" if details else "")

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
        said = [self.answer and f"? = {self.answer}", self.error, self._found(), self.hint]
        return lines + [f"    {line}" for text in said if text for line in text.splitlines()]

    def _found(self) -> str:
        """The notes, and the samples or the counterexample."""
        found, said = self.counterexample, ""
        if found is not None:
            scalars = {n: f"{v:g}" for n, v in found.values.items() if isinstance(v, int | float)}
            where = [sizes(found.sizes), component(found.component)]
            at = ", ".join(filter(None, where)) or (f"at {_listed(scalars)}" if scalars else "")
            texts = [(f"{found.left:.{n}f}", f"{found.right:.{n}f}") for n in (4, 8, 12)]
            left, right = next((pair for pair in texts if pair[0] != pair[1]), texts[0])
            said = (f"{at}: " if at else "") + f"left {left}, right {right}"
        elif self and self.trials:
            error = "" if self.max_error is None else f", largest error {self.max_error:.1e}"
            said = f"{self.trials} samples{error}"
        return "; ".join(filter(None, [*self.notes, said]))


Results = tuple[Result, ...]


def _listed(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in values.items())


def sizes(found: dict[str, int]) -> str:
    """An assignment of sizes in words."""
    if len(set(found.values())) > 1:
        return f"sizes {_listed(found)}"
    return "".join(f"size {value}" for value in list(found.values())[:1])


def component(place: Mapping[str, int]) -> str:
    """A component by its letters; nothing for a number."""
    names, values = ",".join(place), ",".join(map(str, place.values()))
    if not place:
        return ""
    return f"component ({names}) = ({values})" if len(place) > 1 else f"component {names} = {values}"
