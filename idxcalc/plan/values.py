"""From an expression to arrays, by one rule for each node.

Every expression becomes an array with named axes, its free indices: a product broadcasts, a `Sum` adds along
an axis, a function with a body is the body at the arrays of its arguments. An index that a value does not
depend on has no axis.

``make`` carries the operations out or writes them down as Python, by the same lines: so the text that is
shown is the computation that is run. Here a product is one contraction, so that its order can be chosen
when the sizes are known, and no derivative is left; the judge by numbers adds to these rules what it needs
(`autodiff.values`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any, Self, assert_never

from idxcalc.errors import IdxcalcError
from idxcalc.expr import (
    Add, All, Call, Cases, Compare, Component, Constant, Definition, Delta, Deriv, Det, Diff, Elementary,
    Expr, Function, Index, Inverse, Iverson, Lambda, Match, Mul, Num, Part, Pow, Ref, Size, Slot, Sum,
    Symbol, Variable, hidden, own, python_name, unlifted,
)  # fmt: skip
from idxcalc.expr.remember import Remembered
from idxcalc.functions import KNOWN
from idxcalc.plan.arrays import Arrays, Axes, Tensor, spelled, union, without
from idxcalc.plan.symbols import Need, argument, slots

By = tuple[Symbol, Axes, tuple[Slot, ...]]
"""A derivative by a component: the symbol, its axes, which of them."""
COMPARE = {
    "=": "equal", "!=": "not_equal", "<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal"
}  # fmt: skip


class Values(Arrays):
    """Where a formula or a function is being computed: what is known there, and what was computed so far.

    ``held`` has the symbols with values of their own here. ``level`` counts the places around this one, so
    that axes made here get names of their own.
    """

    def __init__(self, make: Any, held: Mapping[Symbol, Tensor] | None = None) -> None:
        super().__init__(make)
        self.held, self.level = held or {}, 0
        self.opened: dict[Definition, Tensor] = {}
        self.value: Remembered[Part, Tensor] = Remembered(self.compute)

    def within(self, held: Mapping[Symbol, Tensor], **changes: Any) -> Self:
        """A place inside this one, where some symbols have other values."""
        made = copy(self)
        vars(made).update(held={**self.held, **held}, level=self.level + 1, **changes)
        made.value = Remembered(made.compute)
        return made

    def compute(self, node: Part) -> Tensor:
        """The array of an expression or a condition."""
        value, join = self.value, self.join
        match node:
            case Num(number):
                return Tensor(real(number))
            case Constant(name):
                return Tensor(getattr(math, name))
            case Size(dim):
                return Tensor(self.make.last(dim) * 1.0)
            case Component() | Ref():
                return self.diagonal(self.component(node))
            case Delta(left, right):
                return self.choose(value(Match(left, right)))
            case Add(terms):
                return join("add", *map(value, terms))
            case Mul() | Sum():
                return self.total(node)
            case Pow(base, exponent):
                return join("power", value(base), self.exponent(exponent))
            case Elementary(name, args):
                return join(KNOWN[name].array, *map(value, args))
            case Call():
                return self.call(node)
            case Inverse(matrix, row, column):
                places = dict(zip(matrix.indices, (row, column), strict=True))
                return self.pick(self.matrix("inverse", matrix), places)
            case Det(matrix):
                return self.matrix("determinant", matrix)
            case Iverson(condition):
                return self.choose(value(condition))
            case Cases(branches, otherwise):
                found = value(otherwise)
                for condition, branch in reversed(branches):
                    found = self.choose(value(condition), value(branch), found)
                return found
            case Match(left, right, equal):
                return join(COMPARE["=" if equal else "!="], self.position(left), self.position(right))
            case Compare(op, left, right):
                return join(COMPARE[op], value(left), value(right))
            case All(conditions):
                return join("logical_and", *map(value, conditions))
            case Deriv() | Diff() | Lambda():
                raise AssertionError("refused before, or part of what is applied")
            case _:
                assert_never(node)

    def exponent(self, node: Expr) -> Tensor:
        """A whole number stays one: libraries are faster and more exact with it."""
        if isinstance(node, Num) and node.value.denominator == 1 and abs(node.value) < 100:
            return Tensor(int(node.value))
        return self.value(node)

    def component(self, node: Component | Ref) -> Tensor:
        """The components of a symbol at some slots; an index may stand for several axes."""
        symbol = node.variable if isinstance(node, Component) else node.definition
        return self.at(self.find(symbol), dict(zip(slots(symbol), node.slots, strict=True)))

    def matrix(self, name: str, matrix: Lambda) -> Tensor:
        """The inverse or the determinant, at each value of the outer indices."""
        value = self.value(matrix.body)
        outer = tuple(axis for axis in value.axes if axis not in matrix.indices)
        full = self.full(value, (*outer, *matrix.indices))
        return self.let(self.make.matrix(name, full.array), full.axes if name == "inverse" else outer)

    # Products and sums.

    def total(self, node: Mul | Sum) -> Tensor:
        """A product, and the sums over it."""
        bound: dict[Index, int] = {}
        body: Expr = node
        while isinstance(body, Sum) and body.index not in bound:
            bound[body.index] = max(0, (body.first or 0) - body.index.dim.start)
            body = body.body
        return self.product(body.factors if isinstance(body, Mul) else (body,), bound)

    def product(self, factors: tuple[Expr, ...], bound: Mapping[Index, int]) -> Tensor:
        """A product summed over indices, of which so many first components are left out: one contraction."""
        found = [self.component(f) if isinstance(f, Component | Ref) else self.value(f) for f in factors]
        missing = [index for index in bound if not any(index in t.axes for t in found)]
        found += [self.empty(index, bound[index]) for index in missing]
        numbers, arrays = [t for t in found if not t.axes], [without(t, bound) for t in found if t.axes]
        out = tuple(axis for axis in dict.fromkeys(a for t in arrays for a in t.axes) if axis not in bound)
        if any(t.axes != out for t in arrays):
            best = {"optimize": True} if len(arrays) > 2 else {}
            spec = spelled(*(t.axes for t in arrays), out)
            made = self.make.np.einsum(spec, *(t.array for t in arrays), **best)
            arrays = [Tensor(made, out) if numbers else self.let(made, out)]
        return self.join("multiply", *numbers, *arrays)

    def empty(self, index: Index, cut: int) -> Tensor:
        """The sum of ones; there are none beyond the last."""
        count = self.count(index.dim) + -cut
        return Tensor((self.make.np.maximum(count, 0) if cut > 1 else count) * 1.0)

    # Symbols and functions.

    def find(self, symbol: Symbol) -> Tensor:
        """The array that stands for a symbol here."""
        if symbol in self.held:
            return self.held[symbol]
        if isinstance(symbol, Variable):
            return self.variable(symbol)
        if symbol not in self.opened:
            body = self.value(symbol.body)
            named = self.let(body.array, body.axes, python_name(symbol.name))
            self.opened[symbol] = self.pick(named, dict(zip(symbol.indices, slots(symbol), strict=True)))
        return self.opened[symbol]

    def variable(self, variable: Variable) -> Tensor:
        """The array that is given for a variable."""
        return Tensor(self.make.argument(argument(variable)), slots(variable))

    def function(self, function: Function) -> Function:
        """A function with the body that it has here."""
        return own(function)

    def call(self, node: Call) -> Tensor:
        """A function at its arguments: its body, in which the arguments are held.

        Their outer indices get names that the body does not know; a lifted function's own are among those.
        """
        function = self.function(node.function)
        node = unlifted(node) if function.body is None else node
        places: dict[Index, Slot] = {} if node.lifted else dict(zip(function.indices, node.out, strict=True))
        given: dict[Symbol, Tensor] = {}
        axes: list[Axes] = []
        values = [self.value(each.body) for each in node.args]
        for placeholder, each, value in zip(function.placeholders, node.args, values, strict=True):
            inner = each.indices
            where: dict[Index, Slot] = {a: a for a in value.axes if a not in inner and not hidden(a.name)}
            where |= zip(inner, node.out, strict=True) if node.lifted else ()
            new = {axis: Index(f"?{self.level}.{axis.name}", axis.dim) for axis in where}
            places |= {new[axis]: slot for axis, slot in where.items()}
            axes.append(tuple(new[a] for a in inner) if node.lifted else slots(placeholder))
            renamed: dict[Index, Slot] = {**new, **dict(zip(inner, axes[-1], strict=True))}
            given[placeholder] = self.pick(self.let(value.array, value.axes), renamed)
        by = [(function.placeholders[n], axes[n], taken) for n, taken in node.derivs]
        if function.body is None:
            return self.applied(node, list(given.values()), axes, by, places)
        return self.entered(node.function, given).derived(function.body, by, places)

    def entered(self, function: Function, given: Mapping[Symbol, Tensor]) -> Self:
        """The place where the body of a function is computed."""
        return self.within(given)

    def derived(self, body: Expr, by: Sequence[By], places: Mapping[Index, Slot]) -> Tensor:
        """The derivative of a body by components of symbols, at ``places``; here there are none."""
        assert not by
        return self.pick(self.value(body), places)

    def applied(
        self, node: Call, given: list[Tensor], axes: list[Axes], by: Sequence[By], places: dict[Index, Slot]
    ) -> Tensor:
        """A function that is given, or its derivative, at each value of its arguments' outer indices."""
        need = Need(node.function, tuple(n for n, _ in node.derivs))
        batch = tuple(axis for axis in union(*given) if not any(axis in inner for inner in axes))
        arrays = [self.full(t, (*batch, *inner)).array for t, inner in zip(given, axes, strict=True)]
        new = tuple(Index(f"?d{n}", dim) for n, dim in enumerate(need.dims))
        found = self.let(self.make.apply(need, arrays, len(batch)), (*batch, *new))
        taken = (*node.out, *(slot for _, _, slots in by for slot in slots))
        return self.pick(found, places | dict(zip(new, taken, strict=True)))


def real(number: Any) -> float:
    """A number as float64."""
    try:
        return float(number)
    except OverflowError:
        raise IdxcalcError("a number is too large to be tested in float64") from None
