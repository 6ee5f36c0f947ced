"""The axes of a symbol's array, the ranges of slots, and what things are called in Python."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from idxcalc.errors import IdxcalcError
from idxcalc.expr import (
    Call, Component, Delta, Deriv, Dim, Function, Index, Inverse, Match, Part, Ref, Size, Slot, Sum, Symbol,
    Variable, bound_here, own_slots, python_name,
)  # fmt: skip


@lru_cache(maxsize=4096)
def slots(symbol: Symbol) -> tuple[Index, ...]:
    """The indices that stand for a symbol's slots, in the order of the axes of its array."""
    dims = symbol.dims if isinstance(symbol, Variable) else tuple(i.dim for i in symbol.indices)
    return tuple(Index(f"?{n}", dim) for n, dim in enumerate(dims))


def ranged(part: Part) -> Iterator[tuple[Dim, Slot]]:
    """The range of each slot of a part, with what stands in it; then all others that it mentions.

    Raises IdxcalcError where a slot starts behind what stands in it.
    """
    for dim, slot in zip(_dims(part), own_slots(part), strict=False):
        if isinstance(slot, int) and slot < dim.start:
            raise IdxcalcError(f"there is no component {slot}: the slot runs from {dim.start}")
        yield dim, slot
    yield from ((index.dim, index) for index in bound_here(part))
    match part:
        case Size(dim):
            yield dim, 1
        case Sum(index, _, int(first)):  # n - 2 counts the terms from 3 to n where n is 2 or more
            yield index.dim, first - 1


def _dims(part: Part) -> tuple[Dim, ...]:
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


@dataclass(frozen=True, slots=True)
class Need:
    """An unknown function, or its derivative by its arguments ``by``, as it is asked for by keyword."""

    function: Function
    by: tuple[int, ...] = ()

    @property
    def scalar(self) -> bool:
        """Whether it is a function of reals, which is applied to whole arrays."""
        return not self.function.out and not any(self.function.params)

    @property
    def dims(self) -> tuple[Dim, ...]:
        """The sizes of the value's axes: those of the function, then of each argument it is derived by."""
        return (*self.function.out, *(dim for n in self.by for dim in self.function.params[n]))


def argument(what: Variable | Need) -> str:
    """What an array or a function is called in Python: ``x``, ``dx``, ``sigma``, ``sigma_prime``,
    ``sigma_prime2``; with several arguments ``f_prime2_01``."""
    if isinstance(what, Variable):
        return ("d" if what.differential else "") + python_name(what.name)
    name, order = python_name(what.function.name), len(what.by)
    which = "_" + "".join(map(str, what.by)) if len(what.function.params) > 1 else ""
    return f"{name}_prime{order if order > 1 else ''}{which}" if order else name
