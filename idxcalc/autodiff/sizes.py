"""The sizes at which a relation is tested.

Different sizes get different numbers, so that a transposition cannot pass unseen, and in one of three
assignments each is at least the number of letters that run over it (at most 5), so that all of them can
differ. Where that would make arrays of more than `ELEMENTS` values for a sample, sizes shrink, and only
then may two be equal.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import product

from idxcalc.autodiff.survey import Range
from idxcalc.errors import IdxcalcError
from idxcalc.expr import Dim

ELEMENTS = 20_000
HARD_LIMIT = 400_000
MOST_LETTERS = 5

Shapes = set[tuple[Dim, ...]]


def elements(shapes: Shapes, sizes: Mapping[str, int]) -> int:
    """The number of values of the largest array."""
    return max((math.prod(sizes[d.last] - d.start + 1 for d in shape) for shape in shapes), default=1)


def assignments(ranges: Mapping[str, Range], shapes: Shapes) -> list[dict[str, int]]:
    """Up to three different assignments of sizes."""
    numbers = {name: r.number for name, r in ranges.items() if r.number is not None}
    open_ = [name for name, r in ranges.items() if r.number is None]
    if not open_:
        return [check(numbers, shapes)]
    letters = {name: min(len(ranges[name].letters), MOST_LETTERS) for name in open_}
    single = len(open_) == 1
    wishes = [
        (open_, dict.fromkeys(open_, 2)),
        (open_[::-1], dict.fromkeys(open_, 3 if single else 2)),
        (open_, {name: max(letters[name], 4 if single else 3) for name in open_}),
    ]
    found: list[dict[str, int]] = []
    for order, wish in wishes:
        sizes = shrunk(order, wish, ranges, numbers, shapes)
        if sizes not in found:
            found.append(sizes)
    return found


def distinct(order: list[str], wish: Mapping[str, int], numbers: Mapping[str, int]) -> dict[str, int]:
    """Each size the least free number from what is wished."""
    sizes = dict(numbers)
    for name in sorted(order, key=lambda n: wish[n]):
        sizes[name] = next(n for n in range(wish[name], 1000) if n not in sizes.values())
    return sizes


def shrunk(
    order: list[str],
    wish: Mapping[str, int],
    ranges: Mapping[str, Range],
    numbers: Mapping[str, int],
    shapes: Shapes,
) -> dict[str, int]:
    """Different sizes as wished, or smaller where the arrays would be too large."""
    least = {name: max(ranges[name].least, 2) for name in order}
    for less in range(max(wish.values())):
        sizes = distinct(order, {n: max(wish[n] - less, least[n]) for n in order}, numbers)
        if elements(shapes, sizes) <= ELEMENTS:
            return sizes
    for floor in (2, 1):
        sizes = {**numbers, **{name: max(ranges[name].least, floor) for name in order}}
        if elements(shapes, sizes) <= ELEMENTS:
            return sizes
    return check(sizes, shapes)


def check(sizes: dict[str, int], shapes: Shapes) -> dict[str, int]:
    if elements(shapes, sizes) > HARD_LIMIT:
        raise IdxcalcError("too many indices to be tested: an array would have over 400000 values")
    return sizes


def growing(ranges: Mapping[str, Range], shapes: Shapes) -> Iterator[dict[str, int]]:
    """Small assignments, least first, for counterexamples: all equal 1, 2, 3, then mixed ones up to 3."""
    numbers = {name: r.number for name, r in ranges.items() if r.number is not None}
    open_ = [name for name, r in ranges.items() if r.number is None]
    every = {name: range(ranges[name].least, max(ranges[name].least, 3) + 1) for name in open_}
    if math.prod(map(len, every.values())) <= 27:
        choices = sorted(product(*every.values()), key=lambda c: (max(c, default=0), len(set(c)), sum(c)))
    else:
        choices = [tuple(max(ranges[n].least, k) for n in open_) for k in (1, 2, 3)]
    for choice in choices:
        sizes = {**numbers, **dict(zip(open_, choice, strict=True))}
        if elements(shapes, sizes) <= ELEMENTS:
            yield sizes
