"""The sizes at which a relation is tested.

Different sizes get different numbers, so that a transposition cannot pass unseen, and in one of three
assignments each is at least the number of letters that run over it (at most 5), so that all of them can
differ. Where that would make arrays of more than `ELEMENTS` values for a sample, sizes shrink, and only
then may two be equal.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from idxcalc.autodiff.symbols import WAVES, hidden, slots
from idxcalc.errors import IdxcalcError
from idxcalc.expr import (
    Call, Component, Delta, Deriv, Dim, Index, Inverse, Match, Part, Ref, Size, Slot, bound_here,
    own_slots,
)  # fmt: skip

ELEMENTS = 20_000
HARD_LIMIT = 400_000
MOST_LETTERS = 5
LARGEST = 12

Sizes = dict[str, int]
Fits = Callable[[Sizes, int], bool]
"""Whether no array has more than so many values for a sample."""


@dataclass(slots=True)
class Range:
    """One size: the letters of its indices, its least value, and its number if it is one."""

    number: int | None
    letters: dict[str, None] = field(default_factory=dict)
    least: int = 1

    def meet(self, dim: Dim, slot: Slot) -> None:
        """Notes what stands in a slot; refuses what no size can have."""
        self.least = max(self.least, dim.start, slot if isinstance(slot, int) else 1)
        if isinstance(slot, Index):
            self.letters |= {} if hidden(slot.name) else {slot.name: None}
        elif slot < dim.start:
            raise IdxcalcError(f"there is no component {slot}: the slot runs from {dim.start}")
        if self.number is not None and self.number < self.least:
            raise IdxcalcError(f"there is no component {self.least}: the slot runs to {self.number}")
        if self.number is not None and self.number > LARGEST:
            raise IdxcalcError(f"a size of {self.number} is too large to be tested; {LARGEST} is the most")


def ranges(letters: tuple[Index, ...], found: tuple[Part, ...]) -> dict[str, Range]:
    """The sizes that a relation's free letters and its parts mention, by name."""
    met: dict[str, Range] = {}
    pairs: list[tuple[Dim, Slot]] = [(letter.dim, letter) for letter in letters]
    for part in found:
        pairs += zip(dims(part), own_slots(part), strict=False)
        pairs += [(part.dim, 1)] if isinstance(part, Size) else [(i.dim, i) for i in bound_here(part)]
    for dim, slot in pairs:
        if dim.last not in WAVES:
            met.setdefault(dim.last, Range(dim.number)).meet(dim, slot)
    return met


def dims(part: Part) -> tuple[Dim, ...]:
    """The range of each slot of a part."""
    match part:
        case Component(symbol, _) | Ref(symbol, _) | Deriv(_, symbol, _):
            return tuple(i.dim for i in slots(symbol))
        case Delta(left, right) | Match(left, right, _):
            known = tuple(slot.dim for slot in (left, right) if isinstance(slot, Index))
            return known[:1] + known[-1:]
        case Inverse(matrix, _, _):
            return tuple(i.dim for i in matrix.indices)
        case Call(_, _, derivs, args) if part.lifted:
            return tuple(i.dim for i in args[0].indices) * (1 + len(derivs))
        case Call(function, _, derivs, _):
            return (*function.out, *(dim for n, _ in derivs for dim in function.params[n]))
        case _:
            return ()


def assignments(ranges: Mapping[str, Range], fits: Callable[[int], Fits]) -> list[Sizes]:
    """Up to three different assignments of sizes."""
    names = [name for name, size in ranges.items() if size.number is None]
    one = len(names) == 1
    letters = {n: max(min(len(ranges[n].letters), MOST_LETTERS), 3 + one) for n in names}
    found: list[Sizes] = []
    for wish in (dict.fromkeys(names, 2), dict.fromkeys(reversed(names), 2 + one), letters):
        fit = fits(len(found))
        sizes = next((s for s, limit in candidates(wish, ranges) if fit(s, limit)), None)
        if sizes is None:
            raise IdxcalcError(f"too many indices to be tested: an array would have over {HARD_LIMIT} values")
        if sizes not in found:
            found.append(sizes)
    return found


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
