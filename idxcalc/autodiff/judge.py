"""The numerical judge: both sides of a relation at random sizes, values and smooth functions.

An equality is upheld by at least 20 samples that agree to 1e-9 of the largest term, and refuted by one
that does not, or by a part of the domain with a volume where only one side is finite. The judge uses no
rule of `calculus` and no rewriting of `normal`; it imports neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from idxcalc.autodiff.backend import Arrays, interpret, normals, tools
from idxcalc.autodiff.samples import BLOCK, NEXT, compare, drawer, spread, summary
from idxcalc.autodiff.sizes import assignments, growing
from idxcalc.autodiff.symbols import forked, hidden
from idxcalc.autodiff.values import count, letters, prepared, sides
from idxcalc.autodiff.writer import Sizes, Writer
from idxcalc.expr import Relation

Array = Any
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


class Case(Writer):
    """A relation, written down, and traced once for each assignment of sizes."""

    def __init__(self, relation: Relation) -> None:
        super().__init__(relation)
        self.traced: dict[tuple[tuple[str, int], ...], Any] = {}

    def run(self, batch: Round) -> tuple[Any, Any, Any]:
        """Both sides and so on, the drawn values, and how the sides compare, a row per sample."""
        np = tools().np
        normal = np.concatenate([normals(batch.seed + NEXT * n) for n in range(self.blocks(batch.sizes))], 1)
        closed, structure = self.trace(batch.sizes)
        with tools().x64(True), np.errstate(all="ignore"):
            found = map(np.asarray, interpret(closed.jaxpr, closed.consts, [spread(np, normal, batch.mode)]))
            given, values = tools().jax.tree.unflatten(structure, found)
            return given, values, compare(np, *given)

    def trace(self, sizes: Sizes) -> Any:
        """What the relation computes from rows of values, and the structure of the result."""
        key, jax = tuple(sorted(sizes.items())), tools().jax
        make = Arrays(sizes)

        def one(row: Array) -> Any:
            draw = drawer(row)
            with jax.disable_jit():  # or else the steps of jax.numpy would be traced apart, each for itself
                for variable in self.variables:
                    shape = [count(make, dim) for dim in variable.dims]
                    make.arrays[variable] = prepared(make, variable, draw(*shape))
                return sides(make, self.relation), list(make.arrays.values())

        if key not in self.traced:
            rows = tools().np.zeros((BLOCK[0], BLOCK[1] * self.blocks(sizes)))
            with tools().x64(True):
                closed, shapes = jax.make_jaxpr(jax.vmap(one), return_shape=True)(rows)
            self.traced[key] = closed, jax.tree.structure(shapes)
        return self.traced[key]

    def elements(self, sizes: Sizes) -> int:
        """The number of values of the largest array for a sample."""
        made = (v.aval.size for eqn in self.trace(sizes)[0].jaxpr.eqns for v in eqn.outvars)
        return max(made, default=0) // BLOCK[0]


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
    least = 7 if forked(relation.left) or forked(relation.right) else 3
    rounds: list[Round] = []
    compared = []
    error, largest, trials = 0.0, 0.0, 0
    for batch in batches(case, seed):
        enough = trials >= ENOUGH and len(rounds) >= least
        if relation.op == "=" and error > TOLERANCE:
            break
        if len(rounds) >= 3 and (largest > TOLERANCE or enough or len(rounds) >= 15 and not trials):
            break
        rounds.append(batch)
        compared.append(case.run(batch)[2])
        error, largest, trials = summary(tools().np, compared)
    sizes = [case.named(batch.sizes) for batch in rounds]
    shown = tuple(s for n, s in enumerate(sizes) if s not in sizes[:n])
    found = Judgement(True, largest, trials, shown, rounds=tuple(rounds))
    if largest > TOLERANCE:
        reason = "the sides differ" if error > TOLERANCE else "only one side is finite"
        where = smallest(case, rounds, error > TOLERANCE) if example else None
        return replace(found, agrees=False, reason=reason, counterexample=where)
    if trials < ENOUGH:
        reason = f"only {trials} samples in the domain" if trials else "no sample in the domain"
        return replace(found, agrees=None, reason=reason)
    return found


def batches(case: Case, seed: int) -> Iterator[Round]:
    """Three plain batches at different sizes; the later ones look for a narrow domain."""
    sizes = assignments(case.ranges, case.elements)
    for number in range(ROUNDS):
        mode, at = ("plain", number) if number < 3 else (WIDER[number % len(WIDER)], number // len(WIDER))
        yield Round(seed + 1000 * number, mode, sizes[at % len(sizes)])


def smallest(case: Case, rounds: list[Round], finite: bool) -> Example | None:
    """A counterexample of the least sizes and the simplest values that show one.

    With ``finite`` both sides are finite there; else values are generic, for at simple ones lie poles.
    """
    modes = ("halves", "plain") if finite else ("plain",)
    tried = (
        Round(rounds[0].seed, mode, sizes) for sizes in growing(case.ranges, case.elements) for mode in modes
    )
    found = (worst(case, batch, finite) for some in (tried, rounds) for batch in some)
    return next((each for each in found if each is not None), None)


def worst(case: Case, batch: Round, finite: bool) -> Example | None:
    """The component in which the sides differ most, in the first sample that shows it."""
    np = tools().np
    (lefts, rights, *_), values, errors = case.run(batch)
    bad = np.where(np.isfinite(errors), errors, 0.0) if finite else np.isinf(errors)
    samples = np.flatnonzero(np.max(bad, (1, 2)) > TOLERANCE)
    if not len(samples):
        return None
    n = int(samples[0])
    order, place = np.unravel_index(int(bad[n].argmax()), bad[n].shape)
    left, right = lefts[order][n], rights[order][n]
    at = np.unravel_index(int(place), left.shape)
    drawn = {v: array[n].tolist() for v, array in zip(case.variables, values, strict=True)}
    return Example(
        case.named(batch.sizes),
        {i.name: int(p) + i.dim.start for i, p in zip(letters(case.relation), at, strict=True)},
        float(left[at]),
        float(right[at]),
        {("d" if v.differential else "") + v.name: a for v, a in drawn.items() if not hidden(v.name)},
    )
