"""From an expression to arrays, by one rule for each node.

Every expression becomes an array whose axes are its free indices: a product broadcasts, a `Sum` adds along
an axis, a `Deriv` is JAX's derivative of its body as a function of one array, of which the slots are then
picked; a `Diff` is the one along ``dx``. A function is its body at the arrays of its arguments. No derivative
rule stands here and none is looked up; the table of known functions is asked only for JAX's names.

The rules are carried out with JAX (`backend.Arrays`) or written down as Python (`writer.Writer`), by the
same lines, so that the snippet a reader runs is the computation the judge made.

They also collect the *terms* that were added up and the *margins* to kinks. Errors are relative to the
largest term, so that cancellation neither looks like an error nor hides one; under a derivative the terms
are differentiated along. Samples too near to a kink are left out.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, assert_never

from idxcalc.autodiff.backend import Arrays
from idxcalc.autodiff.symbols import Symbol, integral, signs, symbols, waves
from idxcalc.errors import IdxcalcError
from idxcalc.expr import (
    Add, All, Call, Cases, Compare, Component, Condition, Constant, Definition, Delta, Deriv, Det, Diff, Dim,
    Elementary, Expr, Index, Inverse, Iverson, Lambda, Match, Mul, Num, Pow, Ref, Relation, Size, Slot, Sum,
    Variable, free, python_name, substitute, transform,
)  # fmt: skip
from idxcalc.functions import KNOWN

Array = Any
COMPARE = {
    "=": "equal", "!=": "not_equal", "<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal"
}  # fmt: skip
HIGHEST_ORDER = 6
OPERATORS = (operator.add, operator.mul, operator.and_)


@dataclass(frozen=True, slots=True)
class Tensor:
    """An array with named axes. An index that it does not depend on has no axis."""

    array: Array
    axes: tuple[Index, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """The array of a symbol, an axis per slot; what is computed is point by point in the first ``outer``."""

    array: Array
    dims: tuple[Dim, ...]
    outer: int = 0


@dataclass(slots=True)
class Values:
    """Where a function is being computed: what is known there, and what was computed so far.

    ``held`` has the variables that are moved, and the definitions that are held independent. A
    ``quiet`` place counts no terms.
    """

    make: Arrays
    held: dict[Symbol, Held] = field(default_factory=dict)
    quiet: bool = False
    terms: list[Any] = field(default_factory=list)
    margins: list[Any] = field(default_factory=list)
    opened: dict[Definition, Held] = field(default_factory=dict)
    done: dict[Expr, Tensor] = field(default_factory=dict)

    def value(self, node: Expr) -> Tensor:
        """The array of an expression; the same expression is computed once."""
        if node not in self.done:
            self.done[node] = self.compute(node)
        return self.done[node]

    def compute(self, node: Expr) -> Tensor:
        np = self.make.np
        match node:
            case Num(number):
                return Tensor(real(number))
            case Constant(name):
                return Tensor(getattr(np, name))
            case Size(dim):
                return Tensor(np.asarray(self.make.last(dim) * 1.0))
            case Component(symbol, slots) | Ref(symbol, slots):
                known = self.find(symbol)
                return self.take(known.array, slots, known.dims)
            case Delta(left, right):
                return self.choose(self.truth(Match(left, right)), Tensor(1.0), Tensor(0.0))
            case Add(terms):
                tensors = [self.value(t) for t in terms]
                self.track(*tensors)
                return self.join(operator.add, tensors)
            case Mul(factors):
                return self.join(operator.mul, [self.value(f) for f in factors])
            case Pow(base, exponent):
                below, power = self.value(base), self.value(exponent)
                if not (isinstance(exponent, Num) and exponent.value > 0):
                    self.solid(base, below)
                if isinstance(exponent, Num) and whole(exponent) and not isinstance(below.array, float):
                    return self.let(below.array ** int(exponent.value), below.axes)
                return self.join(np.power, [below, power])
            case Sum():
                return self.total(node)
            case Elementary(name, args):
                tensors = [self.value(a) for a in args]
                if KNOWN[name].kink:
                    self.margin(*tensors)
                if name == "log":
                    self.solid(args[0], tensors[0])
                if name in ("sin", "cos", "tan") and not self.quiet:  # sin(pi) is 0 up to the rounding of pi
                    self.track(Tensor(np.minimum(np.abs(tensors[0].array), 1.0), tensors[0].axes))
                return self.join(getattr(np, KNOWN[name].jax), tensors)
            case Call():
                return self.call(node)
            case Inverse(matrix, row, column):
                full, outer = self.argument(matrix)
                self.solid(Det(matrix), Tensor(self.make.helper("determinant")(full.array), outer))
                found = self.let(self.make.helper("inverse")(full.array), full.axes)
                return self.take(found.array, (*outer, row, column), dims_of(full.axes))
            case Det(matrix):
                full, outer = self.argument(matrix)
                self.track(Tensor(self.make.helper("hadamard")(full.array), outer))
                return self.let(self.make.helper("determinant")(full.array), outer)
            case Iverson(condition):
                return self.choose(self.truth(condition), Tensor(1.0), Tensor(0.0))
            case Cases(branches, otherwise):
                found = self.value(otherwise)
                for condition, branch in reversed(branches):
                    found = self.choose(self.truth(condition), self.value(branch), found)
                return found
            case Deriv(body, target, slots):
                return self.partial(body, target, slots)
            case Diff(body, variables):
                moving = [v for v in variables if v in symbols(body)]
                return self.along(body, {v: (self.find(v).array, self.find(v.d()).array) for v in moving})
            case _:
                assert_never(node)

    def truth(self, condition: Condition) -> Tensor:
        match condition:
            case Match(left, right, equal):
                for slot in (left, right):
                    if isinstance(slot, Index):
                        self.make.meet(slot.dim, left, right)
                return self.join(getattr(self.make.np, COMPARE["=" if equal else "!="]),
                                 [self.position(left), self.position(right)])  # fmt: skip
            case Compare(op, left, right):
                sides = [self.value(left), self.value(right)]
                if op not in ("=", "!=") and not (integral(left) and integral(right)):
                    self.margin(*sides)
                return self.join(getattr(self.make.np, COMPARE[op]), sides)
            case All(conditions):
                return self.join(operator.and_, [self.truth(c) for c in conditions])
            case _:
                assert_never(condition)

    def position(self, slot: Slot) -> Tensor:
        """The value of a slot."""
        if isinstance(slot, int):
            return Tensor(slot)
        return Tensor(self.make.np.arange(slot.dim.start, self.make.last(slot.dim) + 1), (slot,))

    # Arrays.

    def let(self, array: Array, axes: tuple[Index, ...], hint: str = "t") -> Tensor:
        return Tensor(self.make.let(array, hint), axes)

    def track(self, *tensors: Tensor) -> None:
        """Counts the tensors among the terms."""
        self.terms += [] if self.quiet else [t.array for t in tensors]

    def margin(self, *tensors: Tensor) -> None:
        """The distance of one tensor from 0, or of two from each other."""
        axes = union(*tensors)
        self.margins.append(reduce(operator.sub, (self.align(t, axes) for t in tensors)))

    def solid(self, node: Expr, found: Tensor) -> None:
        """Keeps away from where a sum or a determinant, to be divided by, is what rounding leaves of it."""
        sizes: list[Tensor] = []
        match node:
            case Add(terms):
                sizes = [self.join(self.make.np.abs, [self.value(t)]) for t in terms]
            case Det(matrix):
                full, outer = self.argument(matrix)
                sizes = [Tensor(self.make.helper("hadamard")(full.array), outer)]
        if sizes:
            size = reduce(lambda a, b: self.join(operator.add, [a, b]), sizes)
            over = self.let(size.array**-1, size.axes)
            self.margin(self.join(operator.mul, [Tensor(1e3), found, over]))

    def join(self, function: Callable[..., Any], tensors: list[Tensor]) -> Tensor:
        """A function of numbers, one by one."""
        axes = union(*tensors)
        if len(tensors) == 1 and function in OPERATORS:
            return tensors[0]
        arrays = [self.align(t, axes) for t in tensors]
        found = reduce(function, arrays) if function in OPERATORS else function(*arrays)
        return Tensor(found) if isinstance(found, float) else self.let(found, axes)

    def choose(self, truth: Tensor, yes: Tensor, no: Tensor) -> Tensor:
        return self.join(self.make.np.where, [truth, yes, no])

    def align(self, tensor: Tensor, axes: tuple[Index, ...]) -> Array:
        """The array with its axes in the order of ``axes``; those that it lacks have length 1, or are left
        out in front."""
        array, have = tensor.array, [axis for axis in axes if axis in tensor.axes]
        order = tuple(map(tensor.axes.index, have))
        if order != tuple(range(len(order))):
            array = self.make.np.transpose(array, order)
        key = tuple(slice(None) if a in have else None for a in (axes[axes.index(have[0]) :] if have else ()))
        return array[key] if None in key else array

    def full(self, tensor: Tensor, axes: tuple[Index, ...]) -> Tensor:
        """The tensor with exactly these axes."""
        array = self.align(tensor, axes)
        if set(tensor.axes) != set(axes) or not axes:
            array = self.make.np.broadcast_to(array, tuple(count(self.make, a.dim) for a in axes))
        return Tensor(array, axes)

    def take(self, array: Array, slots: tuple[Slot, ...], dims: tuple[Dim, ...]) -> Tensor:
        """The components ``slots`` of an array with one axis per slot; repeated indices take the diagonal."""
        for slot, dim in zip(slots, dims, strict=True):
            self.make.meet(dim, slot)
        key = tuple(
            s - d.start if isinstance(s, int) else slice(None) for s, d in zip(slots, dims, strict=True)
        )
        array = array[key] if any(isinstance(slot, int) for slot in slots) else array
        kept = [slot for slot in slots if isinstance(slot, Index)]
        for axis in reversed(range(len(kept))):
            if kept[axis] in kept[:axis]:
                array = self.make.helper("diagonal")(array, kept.index(kept[axis]), axis)
                del kept[axis]
        return Tensor(array, tuple(kept))

    # Symbols and functions.

    def find(self, symbol: Symbol) -> Held:
        """The array that stands for a symbol here."""
        if symbol in self.held:
            return self.held[symbol]
        if isinstance(symbol, Variable):
            return Held(self.make.variable(symbol), symbol.dims)
        if symbol not in self.opened:
            full = self.full(self.value(symbol.body), symbol.indices)
            named = self.let(full.array, full.axes, python_name(symbol.name))
            self.opened[symbol] = Held(named.array, dims_of(symbol.indices))
        return self.opened[symbol]

    def argument(self, argument: Lambda) -> tuple[Tensor, tuple[Index, ...]]:
        """The tensor of an argument: its outer free indices first, then its own; all axes in full."""
        value = self.value(argument.body)
        outer = tuple(a for a in value.axes if a not in argument.indices)
        return self.full(value, (*outer, *argument.indices)), outer

    def total(self, node: Sum) -> Tensor:
        """Sums over sums: one index after the other, each over the product of the factors that carry it."""
        bound: dict[Index, int | None] = {}
        body: Expr = node
        while isinstance(body, Sum) and body.index not in bound:
            bound[body.index] = body.first
            body = body.body
        tensors = [self.value(f) for f in (body.factors if isinstance(body, Mul) else (body,))]
        while bound:
            index = min(bound, key=lambda i: len(union(*(t for t in tensors if i in t.axes))))
            first = bound.pop(index)
            self.make.meet(index.dim, index)
            ones = Tensor(self.make.np.ones(count(self.make, index.dim)), (index,))
            product = self.join(operator.mul, [t for t in tensors if index in t.axes] or [ones])
            tensors = [t for t in tensors if index not in t.axes]
            array, axis = product.array, product.axes.index(index)
            if first is not None:
                array = array[(*(slice(None),) * axis, slice(first - index.dim.start, None))]
            self.track(Tensor(array))
            rest = product.axes[:axis] + product.axes[axis + 1 :]
            tensors.append(self.let(self.make.np.sum(array, axis), rest))
        return self.join(operator.mul, tensors)

    def call(self, node: Call) -> Tensor:
        """A function at its arguments: its body, in which the array of each argument is held.

        That array has the outer indices of the argument as axes besides; a lifted function is point by point.
        """
        function = waves(node.function) if node.function.body is None else node.function
        assert function.body is not None
        outside: dict[Index, Slot] = {} if node.lifted else dict(zip(function.indices, node.out, strict=True))
        given: dict[Symbol, tuple[Variable, tuple[Slot, ...], tuple[Slot, ...]]] = {}
        for placeholder, argument in zip(function.placeholders, node.args, strict=True):
            full, outer = self.argument(argument)
            slots = (*outer, *(node.out if node.lifted else ()))
            inside = tuple(
                Index(f"?{len(outside) + n}", i.dim) for n, i in enumerate(full.axes[: len(slots)])
            )
            outside.update(zip(inside, slots, strict=True))
            symbol = Variable(f"?{placeholder.name}{len(self.held)}", dims_of(full.axes))
            self.held[symbol] = Held(self.let(full.array, full.axes).array, symbol.dims, len(outer))
            given[placeholder] = symbol, inside, outer

        def put(part: Expr) -> Expr:
            match part:
                case Component(variable, slots) if variable in given:
                    return Component(given[variable][0], (*given[variable][1], *slots))
                case Deriv(body, target, slots) if target in given:
                    return Deriv(body, given[target][0], (*given[target][1], *slots))
                case _:
                    return part

        body = substitute(transform(function.body, put), outside)
        for number, slots in node.derivs:
            symbol, _, placed = given[function.placeholders[number]]
            body = Deriv(body, symbol, (*placed, *slots))
        quiet = node.function.body is None and not signs(function.traits)  # their terms may cancel
        return replace(self, quiet=quiet).value(body)

    def moved(
        self,
        body: Expr,
        array: Array,
        put: Callable[[Array], Mapping[Symbol, Held]],
        outer: int = 0,
        times: int = 1,
    ) -> Tensor:
        """The derivative of ``body`` by an array that is put in; its terms and margins join the ones here."""
        found: list[Tensor] = []

        def function(array: Array) -> Any:
            inner = Values(self.make, {**self.held, **put(array)}, self.quiet)
            found.append(inner.value(body))
            return (found[-1].array, inner.terms), inner.margins

        derivative = self.make.function(array, function)
        for _ in range(times):
            derivative = self.make.helper("jacobian")(derivative, outer)
        (value, terms), margins = self.make.unpack(derivative(array))
        self.track(Tensor(terms))
        self.margins.append(margins)
        return Tensor(value, found[-1].axes)

    def along(self, body: Expr, change: Mapping[Symbol, tuple[Array, Array]], times: int = 1) -> Tensor:
        """The derivatives by s at s = 0 where for each (a, b) a variable is a + s b."""
        put = lambda s: {v: Held(a + s * b, self.find(v).dims) for v, (a, b) in change.items()}  # noqa: E731
        return self.moved(body, self.make.let(0.0, "s"), put, times=times) if change else Tensor(0.0)

    def partial(self, body: Expr, target: Symbol, slots: tuple[Slot, ...]) -> Tensor:
        """The derivative by the whole array of a symbol, of which ``slots`` are picked."""
        if target not in symbols(body):
            return Tensor(0.0)
        known = self.find(target)
        put = lambda array: {target: replace(known, array=within(self.make, target, array))}  # noqa: E731
        value = self.moved(body, known.array, put, known.outer)
        dims = (*dims_of(value.axes), *known.dims[known.outer :])
        return self.take(value.array, (*value.axes, *slots[known.outer :]), dims)


def sides(make: Arrays, relation: Relation) -> tuple[Any, ...]:
    """Left sides, right sides, the terms they add up, where it is claimed, the distances from kinks.

    Equality up to an order is that of the derivatives by s at 0 of all lower orders, at s times the variable.
    """
    scope, order, found = Values(make), letters(relation), []
    for index in order:
        make.meet(index.dim, index)
    variable, power = relation.order or (None, 1)
    if not 1 <= power <= HIGHEST_ORDER:
        raise IdxcalcError(f"equality up to order {power} cannot be tested; {HIGHEST_ORDER} is the most")
    for times in range(power):
        known = len(scope.terms)
        pair = [
            scope.along(side, {variable: (0.0, scope.find(variable).array)}, times)
            if variable
            else scope.value(side)
            for side in (relation.left, relation.right)
        ]
        found.append([scope.full(side, order).array for side in pair] + [scope.terms[known:]])
    where = relation.condition and scope.full(scope.truth(relation.condition), order).array
    lefts, rights, terms = (list(each) for each in zip(*found, strict=True))
    return lefts, rights, terms, where, scope.margins


def letters(relation: Relation) -> tuple[Index, ...]:
    """The free indices of a relation: as it lists them, then all others."""
    parts = [p for p in (relation.left, relation.right, relation.condition) if p is not None]
    others = frozenset().union(*map(free, parts)) - set(relation.free)
    return (*relation.free, *sorted(others, key=lambda i: (i.name, i.dim.last)))


def count(make: Arrays, dim: Dim) -> Any:
    """The number of values of a range, which starts at 0 or 1."""
    return make.last(dim) if dim.start == 1 else make.last(dim) + 1


def dims_of(axes: tuple[Index, ...]) -> tuple[Dim, ...]:
    return tuple(axis.dim for axis in axes)


def union(*tensors: Tensor) -> tuple[Index, ...]:
    """All axes of the tensors, in order of first appearance; the longest tensor goes first."""
    ordered = sorted(tensors, key=lambda t: -len(t.axes))
    return tuple(dict.fromkeys(axis for tensor in ordered for axis in tensor.axes))


def whole(number: Num) -> bool:
    """Whether a power is one of repeated multiplication."""
    return number.value.denominator == 1 and abs(number.value) < 1000


def real(number: Any) -> float:
    """A number as float64."""
    try:
        return float(number)
    except OverflowError:
        raise IdxcalcError("a number is too large to be tested in float64") from None


def within(make: Arrays, symbol: Symbol, array: Array) -> Array:
    """The projection of an array onto the tensors of the symbol's symmetry."""
    if isinstance(symbol, Variable):
        for sign in signs(symbol.traits):
            array = make.helper("symmetrised")(array, sign)
    return array


def prepared(make: Arrays, variable: Variable, array: Array) -> Array:
    """A drawn array with the traits of its variable."""
    array, traits = within(make, variable, array), variable.traits
    if "integer" in traits:
        array = make.np.round(2.0 * array)
    if traits & {"positive", "negative"}:
        array = make.np.abs(array) + (1.0 if "integer" in traits else 0.25)
    if "negative" in traits:
        array = -1.0 * array
    if "invertible" in traits:
        array = make.helper("invertible")(array)
    for slots, value in variable.fixed:
        at = tuple(s - d.start for s, d in zip(slots, variable.dims, strict=True))
        array = make.helper("put")(array, at, real(value))
    return array
