"""The sizes at which a relation is tested.

Different sizes get different numbers, so that a transposition cannot pass unseen, and in one of three
assignments each is at least the number of letters that run over it (at most 5), so that all of them can
differ. Where that would make arrays of more than `ELEMENTS` values for a sample, sizes shrink, and only
then may two be equal.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping

from idxcalc.autodiff.writer import Range, Sizes
from idxcalc.errors import IdxcalcError

ELEMENTS = 20_000
HARD_LIMIT = 400_000
MOST_LETTERS = 5

Elements = Callable[[Sizes], int]
"""The number of values of the largest array for a sample."""


def assignments(ranges: Mapping[str, Range], elements: Elements) -> list[Sizes]:
    """Up to three different assignments of sizes."""
    names = [name for name, size in ranges.items() if size.number is None]
    one = len(names) == 1
    letters = {n: max(min(len(ranges[n].letters), MOST_LETTERS), 3 + one) for n in names}
    found: list[Sizes] = []
    for wish in (dict.fromkeys(names, 2), dict.fromkeys(reversed(names), 2 + one), letters):
        sizes = shrunk(wish, ranges, elements)
        if sizes not in found:
            found.append(sizes)
    return found


def candidates(wish: Sizes, ranges: Mapping[str, Range]) -> Iterator[Sizes]:
    """Sizes as wished, each the least number that no other has; then smaller ones, and equal ones."""
    for less in range(max(wish.values(), default=1)):
        taken, sizes = {size.number for size in ranges.values()}, {}
        for name in sorted(wish, key=lambda n: wish[n]):
            least = max(wish[name] - less, ranges[name].least, 2)
            sizes[name] = next(n for n in itertools.count(least) if n not in taken)
            taken.add(sizes[name])
        yield sizes
    for floor in (2, 1):
        yield {name: max(ranges[name].least, floor) for name in wish}


def shrunk(wish: Sizes, ranges: Mapping[str, Range], elements: Elements) -> Sizes:
    """The first candidate whose arrays are not too large."""
    for sizes in candidates(wish, ranges):
        if elements(sizes) <= ELEMENTS:
            return sizes
    if elements(sizes) > HARD_LIMIT:
        raise IdxcalcError("too many indices to be tested: an array would have over 400000 values")
    return sizes


def growing(ranges: Mapping[str, Range], elements: Elements) -> Iterator[Sizes]:
    """Small assignments, least first, for counterexamples: all equal 1, 2, 3, then mixed ones up to 3."""
    opened = {name: size.least for name, size in ranges.items() if size.number is None}
    choices = [tuple(max(least, k) for least in opened.values()) for k in (1, 2, 3)]
    if len(opened) <= 3:
        every = itertools.product(*(range(least, max(least, 3) + 1) for least in opened.values()))
        choices = sorted(every, key=lambda c: (max(c, default=0), len(set(c)), sum(c)))
    for choice in choices:
        sizes = dict(zip(opened, choice, strict=True))
        if elements(sizes) <= ELEMENTS:
            yield sizes
