"""The numerical judge: both sides of a relation at random sizes, values and smooth functions.

An equality is upheld by at least 20 samples that agree to 1e-9 of the largest term, and refuted by one
that does not, or by a part of the domain with a volume where only one side is finite. The judge uses no
rule of `calculus` and no rewriting of `normal`; it imports neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from idxcalc.autodiff.backend import tools
from idxcalc.autodiff.numbers import Numbers, TooLarge
from idxcalc.autodiff.samples import inside, summary
from idxcalc.autodiff.sizes import ELEMENTS, HARD_LIMIT, Sizes, candidates, growing, ranges, wishes
from idxcalc.autodiff.symbols import forked
from idxcalc.autodiff.values import letters
from idxcalc.errors import IdxcalcError
from idxcalc.expr import Component, Relation, Variable, hidden, parts
from idxcalc.plan.symbols import slots

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
    and the condition met; ``sizes`` lists the assignments they had, ``never`` those at which no sample had
    that. ``rounds`` are the batches drawn.
    """

    agrees: bool | None
    max_error: float
    trials: int
    sizes: tuple[dict[str, int], ...]
    counterexample: Example | None = None
    reason: str = ""
    rounds: tuple[Round, ...] = ()
    never: tuple[dict[str, int], ...] = ()


class Case:
    """A relation, and what came of each batch of samples."""

    def __init__(self, relation: Relation) -> None:
        self.relation = relation
        sides = (relation.left, relation.right, relation.condition)
        small = (Component(v, slots(v)) for v, _ in [relation.order or (None, 0)] if v is not None)
        self.parts = parts(*(part for part in sides if part is not None), *small)
        self.ranges = ranges(letters(relation), self.parts)
        self.least = next(growing(self.ranges))
        self.done: dict[tuple[Any, ...], Numbers] = {}

    def run(self, batch: Round, limit: int = HARD_LIMIT) -> Numbers:
        """Both sides and how they compare; raises `TooLarge`."""
        key = (batch.seed, batch.mode, *batch.sizes.items())
        if key not in self.done:
            self.done[key] = Numbers(self.relation, batch.seed, batch.mode, batch.sizes, limit)
        return self.done[key]

    def fitting(self, seed: int, wish: Sizes) -> Sizes:
        """The first sizes near to those wished at which no array is too large."""
        for sizes, limit in candidates(wish, self.ranges):
            with suppress(TooLarge):
                self.run(Round(seed, "plain", sizes), limit)
                return sizes
        raise IdxcalcError(f"too many indices to be tested: an array would have over {HARD_LIMIT} values")

    def named(self, sizes: Sizes) -> Sizes:
        """Sizes by name: as declared, or for one without a name a letter that runs over it."""
        shown = {n: next(iter(self.ranges[n].letters), n) if n.startswith("?") else n for n in sizes}
        return {shown[n]: size for n, size in sizes.items()}


def judge(relation: Relation, seed: int = 0, example: bool = True) -> Judgement:
    """Whether the samples uphold a relation; the same for the same seed.

    With ``example=False`` no small counterexample is looked for. Raises `IdxcalcError` where a size is too
    large to be tested.

    >>> from idxcalc.expr import Component, Mul, Num, Add, Variable
    >>> x = Component(Variable("x"))
    >>> judge(Relation(Add((x, x)), Mul((Num(2), x)))).agrees
    True
    """
    found = judged(relation, seed, example)
    if relation.op == "!=" and found.agrees is not None:
        reason = "" if found.agrees is False else "no sample in which the sides differ"
        return replace(found, agrees=not found.agrees, reason=reason)
    return found


@lru_cache(maxsize=256)
def judged(relation: Relation, seed: int, example: bool) -> Judgement:
    """The judgement on the equality: from `ENOUGH` samples, if they can be had."""
    case = Case(relation)
    least = 3 + bool(case.least) + 4 * any(map(forked, case.parts))
    rounds: list[Round] = []
    compared: list[Any] = []
    error, largest, trials = 0.0, 0.0, 0
    for batch in batches(case, seed):
        enough = trials >= ENOUGH and len(rounds) >= least
        if relation.op == "=" and error > TOLERANCE:
            break
        nothing = len(rounds) >= 15 and not trials
        if len(rounds) >= min(least, 4) and (largest > TOLERANCE or enough or nothing):
            break
        rounds.append(batch)
        compared.append((tuple(sorted(batch.sizes.items())), case.run(batch).errors))
        error, largest, trials = summary(tools().np, compared)
    np, names = tools().np, {tuple(sorted(batch.sizes.items())): case.named(batch.sizes) for batch in rounds}
    domain = inside(np, compared)
    shown, never = (tuple(s for at, s in names.items() if (at in domain) is told) for told in (True, False))
    found = Judgement(True, largest, trials, shown, rounds=tuple(rounds), never=never)
    if largest > TOLERANCE:
        reason = "the sides differ" if error > TOLERANCE else "only one side is finite"
        where = smallest(case, rounds, error > TOLERANCE) if example else None
        return replace(found, agrees=False, reason=reason, counterexample=where)
    if trials < ENOUGH:
        reason = f"only {trials} samples in the domain" if trials else "no sample in the domain"
        return replace(found, agrees=None, reason=reason)
    return found


def batches(case: Case, seed: int) -> Iterator[Round]:
    """Plain batches at three different sizes and at the least; the later ones look for a narrow domain."""
    sizes: list[Sizes] = []
    for wish in wishes(case.ranges):
        found = case.fitting(seed + 1000 * len(sizes), wish)
        sizes += [] if found in sizes else [found]
    for number in range(ROUNDS):
        if number == 3 and case.least:
            yield Round(seed, "plain", case.least)  # where every vector is a number
        mode, at = ("plain", number) if number < 3 else (WIDER[number % len(WIDER)], number // len(WIDER))
        yield Round(seed + 1000 * number, mode, sizes[at % len(sizes)])


def smallest(case: Case, rounds: list[Round], finite: bool) -> Example | None:
    """A counterexample of the least sizes and the simplest values that show one.

    With ``finite`` both sides are finite there; else values are generic, for at simple ones lie poles.
    """
    modes = ("halves", "positive halves", "plain") if finite else ("plain",)
    seed = rounds[0].seed
    small = [(Round(seed, mode, sizes), ELEMENTS) for sizes in growing(case.ranges) for mode in modes]
    for batch, limit in (*small, *((each, HARD_LIMIT) for each in rounds)):
        with suppress(TooLarge):
            if found := worst(case, batch, finite, limit):
                return found
    return None


def worst(case: Case, batch: Round, finite: bool, limit: int) -> Example | None:
    """The component in which the sides differ most, in the first sample that shows it."""
    np, run = tools().np, case.run(batch, limit)
    known = np.isfinite(run.errors)
    bad = np.where(known, run.errors, 0.0) if finite else np.isinf(run.errors) * known.any()
    samples = np.flatnonzero(np.max(bad, (1, 2)) > TOLERANCE)
    if not len(samples):
        return None
    n = int(samples[0])
    order, place = np.unravel_index(int(bad[n].argmax()), bad[n].shape)
    left, right = run.lefts[order][n], run.rights[order][n]
    at = np.unravel_index(int(place), left.shape)
    drawn = {v: t.array for v, t in run.known.items() if isinstance(v, Variable) and not hidden(v.name)}
    values = {("d" if v.differential else "") + v.name: array[n].tolist() for v, array in drawn.items()}
    where = {i.name: int(p) + i.dim.start for i, p in zip(letters(case.relation), at, strict=True)}
    return Example(case.named(batch.sizes), where, float(left[at]), float(right[at]), values)
