"""The sizes at which a relation is tested.

Different sizes get different numbers, so that a transposition cannot pass unseen, and in one of three
assignments each is at least the number of letters that run over it (at most 5), so that all of them can
differ. Where that would make arrays of more than `ELEMENTS` values for a sample, sizes shrink, and only
then may two be equal.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from idxcalc.autodiff.symbols import WAVES
from idxcalc.errors import IdxcalcError
from idxcalc.expr import Index, Part, hidden
from idxcalc.plan.symbols import ranged

ELEMENTS = 20_000
HARD_LIMIT = 400_000
MOST_LETTERS = 5
LARGEST = 12

Sizes = dict[str, int]


@dataclass(slots=True)
class Range:
    """One size: the letters of its indices, its least value, and its number if it is one."""

    number: int | None
    letters: dict[str, None] = field(default_factory=dict)
    least: int = 1


def ranges(letters: tuple[Index, ...], found: tuple[Part, ...]) -> dict[str, Range]:
    """The sizes that a relation's free letters and its parts mention, by name; refuses what none can be."""
    met: dict[str, Range] = {}
    for dim, slot in itertools.chain(((letter.dim, letter) for letter in letters), *map(ranged, found)):
        if dim.last in WAVES:
            continue
        size = met.setdefault(dim.last, Range(dim.number))
        size.least = max(size.least, dim.start, slot if isinstance(slot, int) else 1)
        if isinstance(slot, Index) and not hidden(slot.name):
            size.letters[slot.name] = None
        if dim.number is not None and dim.number < size.least:
            raise IdxcalcError(f"there is no component {size.least}: the slot runs to {dim.number}")
        if dim.number is not None and dim.number > LARGEST:
            raise IdxcalcError(f"a size of {dim.number} is too large to be tested; {LARGEST} is the most")
    return met


def wishes(ranges: Mapping[str, Range]) -> tuple[Sizes, ...]:
    """Three assignments of sizes, the last with one for each letter."""
    names = [name for name, size in ranges.items() if size.number is None]
    one = len(names) == 1
    letters = {n: max(min(len(ranges[n].letters), MOST_LETTERS), 3 + one) for n in names}
    return dict.fromkeys(names, 2), dict.fromkeys(reversed(names), 2 + one), letters


def candidates(wish: Sizes, ranges: Mapping[str, Range]) -> Iterator[tuple[Sizes, int]]:
    """Sizes as wished, each the least number that no other has; then smaller ones, and equal ones; and how
    many values an array may have there."""
    for less in range(max(wish.values(), default=1)):
        taken, sizes = {size.number for size in ranges.values()}, {}
        for name in sorted(wish, key=lambda n: wish[n]):
            least = max(wish[name] - less, ranges[name].least, 2)
            sizes[name] = next(n for n in itertools.count(least) if n not in taken)
            taken.add(sizes[name])
        yield sizes, ELEMENTS
    for floor, limit in ((2, ELEMENTS), (1, HARD_LIMIT)):
        yield {name: max(ranges[name].least, floor) for name in wish}, limit


def growing(ranges: Mapping[str, Range]) -> Iterator[Sizes]:
    """Small assignments, least first, for counterexamples: all equal 1, 2, 3, then mixed ones up to 3."""
    opened = {name: size.least for name, size in ranges.items() if size.number is None}
    choices = [tuple(max(least, k) for least in opened.values()) for k in (1, 2, 3)]
    if len(opened) <= 3:
        every = itertools.product(*(range(least, max(least, 3) + 1) for least in opened.values()))
        choices = sorted(every, key=lambda c: (max(c, default=0), len(set(c)), sum(c)))
    for choice in choices:
        yield dict(zip(opened, choice, strict=True))
