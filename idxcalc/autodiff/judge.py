"""The numerical judge: both sides of a relation at random sizes, values and smooth functions.

An equality is upheld by at least 20 samples that agree to 1e-9 of the largest term, and refuted by one
that does not, or by a part of the domain with a volume where only one side is finite. The judge uses no
rule of `calculus` and no rewriting of `normal`; it imports neither.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from idxcalc.autodiff.backend import Traced, tools
from idxcalc.autodiff.emit import Root
from idxcalc.autodiff.samples import compare, summary
from idxcalc.autodiff.sizes import assignments, growing
from idxcalc.autodiff.survey import Range, survey
from idxcalc.expr import Relation, Variable

TOLERANCE = 1e-9
ENOUGH = 20
ROUNDS = 30
WIDER = ("plain", "positive", "small", "small positive")


@dataclass(frozen=True)
class Example:
    """Where two sides differ: sizes and the component by name, both values, the drawn inputs by name."""

    sizes: dict[str, int]
    component: dict[str, int]
    left: float
    right: float
    values: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Round:
    """A batch of samples: the seed, the kind of values, the sizes."""

    seed: int
    mode: str
    sizes: dict[str, int]


@dataclass(frozen=True)
class Judgement:
    """What the samples say.

    ``agrees`` is None when there are too few of them to tell; ``reason`` says why, or why it is False.
    ``max_error`` is relative to the largest term; ``trials`` counts the samples with both sides finite
    and the condition met; ``sizes`` lists the assignments they had. ``rounds`` are the batches drawn.
    """

    agrees: bool | None
    max_error: float
    trials: int
    sizes: tuple[dict[str, int], ...]
    counterexample: Example | None = None
    reason: str = ""
    rounds: tuple[Round, ...] = ()


class Case:
    """A relation with its program, traced once for each assignment of sizes."""

    def __init__(self, relation: Relation) -> None:
        self.relation = relation
        self.root = Root(relation)
        self.ranges: dict[str, Range] = survey(relation)
        self.traced: dict[tuple[tuple[str, int], ...], Traced] = {}

    def at(self, sizes: dict[str, int]) -> Traced:
        key = tuple(sorted(sizes.items()))
        if key not in self.traced:
            self.traced[key] = Traced(self.root.draws, self.root.program, sizes)
        return self.traced[key]

    def run(self, batch: Round) -> Any:
        return self.at(batch.sizes)(batch.seed, batch.mode)

    def columns(self, sizes: dict[str, int]) -> int:
        """How many values are drawn for a sample, some of them in vain."""
        return self.at(sizes).columns


def judge(relation: Relation, seed: int = 0, example: bool = True) -> Judgement:
    """Whether the samples uphold a relation; the same for the same seed.

    With ``example=False`` no small counterexample is looked for. Raises `IdxcalcError` where a size is too
    large to be tested.

    >>> from idxcalc.expr import Component, Mul, Num, Add, Variable
    >>> x = Component(Variable("x"))
    >>> judge(Relation(Add((x, x)), Mul((Num(2), x)))).agrees
    True
    """
    found = _judge(relation, seed, example)
    if relation.op == "!=" and found.agrees is not None:
        reason = "" if found.agrees is False else "no sample in which the sides differ"
        return replace(found, agrees=not found.agrees, reason=reason)
    return found


@lru_cache(maxsize=256)
def _judge(relation: Relation, seed: int, example: bool) -> Judgement:
    case = Case(relation)
    return sampled(case, seed).judgement(case, example)


def judged(relation: Relation, seed: int) -> tuple[Case, tuple[Round, ...]]:
    """The program of a relation and the batches of samples that `judge` draws for it."""
    return Case(relation), _judge(relation, seed, False).rounds


def sampled(case: Case, seed: int) -> Tally:
    """At least `ENOUGH` samples, if they can be had; the later batches look for a narrow domain."""
    tally = Tally()
    sizes = assignments(case.ranges, case.root.shapes)
    for number in range(ROUNDS):
        plain = number < 3
        mode = "plain" if plain else WIDER[number % len(WIDER)]
        at = number if plain else number // len(WIDER)
        hopeless = number >= ROUNDS // 2 and not tally.trials
        if not plain and (tally.refuted or tally.trials >= ENOUGH or hopeless):
            break
        tally.add(case, Round(seed + 1000 * number, mode, sizes[at % len(sizes)]))
    return tally


class Tally:
    """The samples so far."""

    def __init__(self) -> None:
        self.rounds: list[Round] = []
        self.error = 0.0
        self.trials = 0
        self.lone = 0

    def add(self, case: Case, batch: Round) -> None:
        found, _ = case.run(batch)
        np = tools().np
        with np.errstate(all="ignore"):
            error, counts, lone = compare(np, *found)
        self.rounds.append(batch)
        self.error = max(self.error, float(error.max()))
        self.trials += int(counts.sum())
        self.lone += int(lone.sum())

    @property
    def largest(self) -> float:
        return summary(self.error, self.trials, self.lone)

    @property
    def refuted(self) -> bool:
        return self.largest > TOLERANCE

    def judgement(self, case: Case, example: bool) -> Judgement:
        sizes = []
        for batch in self.rounds:
            if batch.sizes not in sizes:
                sizes.append(batch.sizes)
        shown = tuple({name_of(case, n): s for n, s in each.items()} for each in sizes)
        found = Judgement(True, self.largest, self.trials, shown, rounds=tuple(self.rounds))
        if self.refuted:
            reason = "the sides differ" if self.error > TOLERANCE else "only one side is finite"
            where = smallest(case, self.rounds, self.error > TOLERANCE) if example else None
            return replace(found, agrees=False, reason=reason, counterexample=where)
        if self.trials == 0:
            return replace(found, agrees=None, reason="no sample in the domain")
        if self.trials < ENOUGH:
            return replace(found, agrees=None, reason=f"only {self.trials} samples in the domain")
        return found


def name_of(case: Case, last: str) -> str:
    """The name of a size: as declared, or for one without a name a letter that runs over it."""
    return last if not last.startswith("?") else next(iter(case.ranges[last].letters), last)


def smallest(case: Case, rounds: list[Round], finite: bool) -> Example | None:
    """A counterexample of the least sizes and the simplest values that show one.

    With ``finite`` both sides are finite there; else values are generic, for at simple ones lie poles.
    """
    start = rounds[0].seed
    tried = [Round(start, m, n) for n in growing(case.ranges, case.root.shapes) for m in ("halves", "plain")]
    for batch in [*(b for b in tried if finite or b.mode == "plain"), *rounds]:
        found = worst(case, batch, finite)
        if found is not None:
            return found
    return None


def worst(case: Case, batch: Round, finite: bool) -> Example | None:
    """The component in which the sides differ most, in the first sample that shows it."""
    np = tools().np
    found, values = case.run(batch)
    lefts, rights, _, where, _ = found
    with np.errstate(all="ignore"):
        error, counts, lone = compare(np, *found)
        bad = np.flatnonzero(counts & (error > TOLERANCE) if finite else lone)
        if not len(bad):
            return None
        sample = int(bad[0])
        for left, right in zip(lefts, rights, strict=True):
            gap = np.abs(left[sample] - right[sample])
            one, other = np.isfinite(left[sample]), np.isfinite(right[sample])
            gap = np.where(one & other, gap, np.where((one != other) & (not finite), np.inf, -1.0))
            gap = gap if where is None else np.where(where[sample], gap, -1.0)
            if gap.max() > 0:
                break
    at = np.unravel_index(int(gap.argmax()), gap.shape)
    indices = case.root.order
    return Example(
        {name_of(case, n): s for n, s in batch.sizes.items() if case.ranges[n].number is None},
        {index.name: int(position) + index.dim.start for index, position in zip(indices, at, strict=True)},
        float(left[sample][at]),
        float(right[sample][at]),
        {label(v): values[name][sample].tolist() for v, name in case.root.variables.items()},
    )


def label(variable: Variable) -> str:
    return ("d" if variable.differential else "") + variable.name
