"""A formula and what it asks for: arrays, functions, sizes."""

from __future__ import annotations

from typing import Any

from idxcalc.errors import IdxcalcError
from idxcalc.expr import (
    Call, Component, Deriv, Diff, Expr, Index, Variable, free, python_name,
)  # fmt: skip
from idxcalc.plan.arrays import Array
from idxcalc.plan.symbols import Need, argument, own, parts, ranged
from idxcalc.plan.values import Values

WORK = ": work it out with differentiate first"


class Formula:
    """An expression as an array over ``order``.

    It takes ``variables``, functions (``needs``) and named ``sizes``, by their Python names.

    Raises IdxcalcError where derivatives are left to be worked out, or ``order`` lacks a free index.
    """

    def __init__(self, expr: Expr, order: tuple[Index, ...] = ()) -> None:
        self.expr, self.order = expr, order
        self.variables: dict[str, Variable] = {}
        self.needs: dict[str, Need] = {}
        dims = {index.dim.last: index.dim for index in order}
        missing = sorted(index.name for index in free(expr) - set(order))
        if missing:
            raise IdxcalcError(f"the order of the axes does not name the free index {', '.join(missing)}")
        found = parts(expr)
        inner = {p for call in found if isinstance(call, Call) for p in own(call.function).placeholders}
        for part in found:
            match part:
                case Deriv() | Diff():
                    raise IdxcalcError(f"a derivative is left in the expression{WORK}")
                case Call(function, _, derivs, _) if derivs and (function.body is not None or part.lifted):
                    raise IdxcalcError(f"a derivative of {function.name} is left{WORK}")
                case Call(function, _, derivs, _) if function.body is None:
                    need = Need(function, tuple(n for n, _ in derivs))
                    self._take(self.needs, need.name, need)
                    dims |= {dim.last: dim for dim in need.dims}
                case Component(variable, _) if variable not in inner:
                    self._take(self.variables, argument(variable), variable)
            for dim, _ in ranged(part):
                dims[dim.last] = dim
        self.arguments = (*self.variables, *self.needs)
        self.numbers = {dim.number for dim in dims.values() if dim.number is not None}
        named = {python_name(dim.last): dim for dim in dims.values() if dim.named and dim.number is None}
        self.sizes = {name: dim for name, dim in named.items() if name not in self.arguments}

    def _take(self, table: dict[str, Any], name: str, what: Variable | Need) -> None:
        if (self.variables.get(name) or self.needs.get(name)) not in (None, what):
            raise IdxcalcError(f"two things in the formula would both be the argument {name}")
        table[name] = what

    def result(self, make: Any) -> Array:
        """The array, as ``make`` computes it."""
        values = Values(make)
        return values.full(values.value(self.expr), self.order).array
