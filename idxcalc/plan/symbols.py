"""What an expression mentions, through definitions and bodies, and what it is called in Python."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from idxcalc.errors import IdxcalcError
from idxcalc.expr import (
    Call, Component, Definition, Delta, Deriv, Dim, Expr, Function, Index, Inverse, Match, Part, Ref, Size,
    Slot, Variable, bound_here, children, own_slots, python_name, transform,
)  # fmt: skip

Symbol = Variable | Definition


def parts(*nodes: Part) -> tuple[Part, ...]:
    """All that stands in the nodes and in the definitions and bodies used there; each once, inner first."""
    found: dict[Part, None] = {}
    stack = list(reversed(nodes))
    while stack:
        top = stack[-1]
        symbol = (
            top.definition if isinstance(top, Ref) else own(top.function) if isinstance(top, Call) else None
        )
        body = () if symbol is None or symbol.body is None else (symbol.body,)
        inner = [part for part in (*children(top), *body) if part not in found]
        if inner:
            stack.extend(reversed(inner))
        else:
            found[stack.pop()] = None
    return tuple(found)


@lru_cache(maxsize=4096)
def symbols(node: Part) -> frozenset[Symbol | Function]:
    """Variables, definitions and functions that stand in ``node``, through definitions and bodies."""
    found = parts(node)
    variables = {p.variable for p in found if isinstance(p, Component)}
    definitions = {p.definition for p in found if isinstance(p, Ref)}
    return frozenset(variables | definitions | {p.function for p in found if isinstance(p, Call)})


@lru_cache(maxsize=4096)
def slots(symbol: Symbol) -> tuple[Index, ...]:
    """The indices that stand for a symbol's slots, in the order of the axes of its array."""
    dims = symbol.dims if isinstance(symbol, Variable) else tuple(i.dim for i in symbol.indices)
    return tuple(Index(f"?{n}", dim) for n, dim in enumerate(dims))


def hidden(name: str) -> bool:
    """Whether a name was made here."""
    return name.startswith("?")


@lru_cache(maxsize=1024)
def own(function: Function) -> Function:
    """A function with placeholders of its own: what has their names elsewhere is not meant."""
    if function.body is None:
        given = tuple(Variable(f"?u{n}", dims) for n, dims in enumerate(function.params))
        out = tuple(Index(f"?o{n}", dim) for n, dim in enumerate(function.out))
        return replace(function, placeholders=given, indices=out)
    names = {p: replace(p, name=f"?{function.name} {p.name}") for p in function.placeholders}

    def put(part: Expr) -> Expr:
        match part:
            case Component(variable, at) if variable in names:
                return Component(names[variable], at)
            case Deriv(body, target, at) if target in names:
                return Deriv(body, names[target], at)
            case _:
                return part

    return replace(function, placeholders=tuple(names.values()), body=transform(function.body, put))


def ranged(part: Part) -> Iterator[tuple[Dim, Slot]]:
    """The range of each slot of a part, with what stands in it; then all others that it mentions.

    Raises IdxcalcError where a slot starts behind what stands in it.
    """
    for dim, slot in zip(_dims(part), own_slots(part), strict=False):
        if isinstance(slot, int) and slot < dim.start:
            raise IdxcalcError(f"there is no component {slot}: the slot runs from {dim.start}")
        yield dim, slot
    yield from ((index.dim, index) for index in bound_here(part))
    if isinstance(part, Size):
        yield part.dim, 1


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
