"""What an expression mentions, through definitions and bodies of functions: symbols, sizes, letters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from idxcalc.errors import IdxcalcError
from idxcalc.expr import (
    Call, Component, Definition, Delta, Deriv, Diff, Dim, Expr, Function, Index, Inverse, Match, Part, Ref,
    Relation, Size, Slot, Variable, bound_here, own_slots, walk,
)  # fmt: skip

LARGEST = 12


@lru_cache(maxsize=4096)
def symbols(node: Part) -> frozenset[Variable | Definition | Function]:
    """Variables, definitions and functions that stand in ``node``, through definitions and bodies."""
    found: set[Variable | Definition | Function] = set()
    for part in walk(node):
        match part:
            case Component(variable, _):
                found.add(variable)
            case Ref(definition, _):
                found |= {definition} | symbols(definition.body)
            case Call(function, _, _, _):
                found |= {function} | (symbols(function.body) if function.body is not None else set())
    return frozenset(found)


def depends(node: Part, symbol: Variable | Definition) -> bool:
    """Whether ``symbol`` stands anywhere in ``node``; if not, the derivative by it is 0."""
    return symbol in symbols(node)


def integral(node: Expr) -> bool:
    """Whether the value is built from integers alone, so that a tie has a probability."""
    return all("integer" in s.traits for s in symbols(node) if not isinstance(s, Definition))


@dataclass(slots=True)
class Range:
    """One size: the letters of its indices, its least value, and its number if it is one."""

    letters: dict[str, None] = field(default_factory=dict)
    least: int = 1
    number: int | None = None


def survey(relation: Relation) -> dict[str, Range]:
    """Every size of the relation, by the `Dim.last` that names it, in order of first appearance."""
    found: dict[str, Range] = {}

    def meet(dim: Dim, slot: Slot | None = None) -> None:
        size = found.setdefault(dim.last, Range(number=dim.number))
        size.least = max(size.least, dim.start)
        if isinstance(slot, Index):
            size.letters[slot.name] = None
        elif slot is not None:
            size.least = max(size.least, slot)
            if slot < dim.start:
                raise IdxcalcError(f"there is no component {slot}: the slot runs from {dim.start}")
        if size.number is not None and size.number < size.least:
            raise IdxcalcError(f"there is no component {size.least}: the slot runs to {size.number}")
        if size.number is not None and size.number > LARGEST:
            raise IdxcalcError(f"a size of {size.number} is too large to be tested; {LARGEST} is the most")

    for part in everything(relation):
        for index in (*bound_here(part), *(s for s in own_slots(part) if isinstance(s, Index))):
            meet(index.dim, index)
        if isinstance(part, Size):
            meet(part.dim)
        for slot, dim in slots(part):
            meet(dim, slot)
    for index in relation.free:
        meet(index.dim, index)
    return found


def slots(node: Part) -> Iterator[tuple[Slot | None, Dim]]:
    """The slots that stand in a node with their ranges, and the ranges that it mentions besides."""
    match node:
        case Component(variable, filled):
            yield from zip(filled, variable.dims, strict=True)
        case Ref(definition, filled):
            yield from zip(filled, (i.dim for i in definition.indices), strict=True)
        case Delta(left, right) | Match(left, right, _):
            for one, other in ((left, right), (right, left)):
                if isinstance(other, Index):
                    yield one, other.dim
        case Inverse(matrix, row, column):
            yield from zip((row, column), (i.dim for i in matrix.indices), strict=True)
        case Deriv(_, target, filled):
            dims = target.dims if isinstance(target, Variable) else tuple(i.dim for i in target.indices)
            yield from zip(filled, dims, strict=True)
        case Diff(_, variables):
            yield from ((None, dim) for v in variables for dim in v.dims)
        case Call(function, out, derivs, args):
            yield from ((None, dim) for group in (function.out, *function.params) for dim in group)
            lifted = tuple(i.dim for i in args[0].indices) if node.lifted else ()
            yield from zip(out, lifted or function.out, strict=True)
            for number, filled in derivs:
                yield from zip(filled, lifted or function.params[number], strict=True)


def everything(relation: Relation) -> Iterator[Part]:
    """Every part of a relation; the bodies of definitions and functions once each."""
    stack: list[Part] = [relation.left, relation.right]
    stack += [relation.condition] if relation.condition is not None else []
    seen: set[object] = set()
    while stack:
        for part in walk(stack.pop()):
            yield part
            symbol: object = None
            body: Expr | None = None
            match part:
                case Ref(definition, _):
                    symbol, body = definition, definition.body
                case Call(function, _, _, _):
                    symbol, body = function, function.body
                case Deriv(_, Definition() as definition, _):
                    symbol, body = definition, definition.body
            if body is not None and symbol not in seen:
                seen.add(symbol)
                stack.append(body)
