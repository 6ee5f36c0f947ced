"""From an expression to arrays, by one rule for each node.

Every expression becomes an array with named axes, its free indices: a product broadcasts, a `Sum` adds along
an axis. For a derivative the body is computed where a symbol moves, by a delta for a `Deriv`, by ``dx`` for a
`Diff`; how fast that makes the value move is asked of JAX. A function is its body at the arrays of its
arguments. No derivative rule stands here and none is looked up; the table of known functions is asked only
for names.

The rules are carried out with NumPy and JAX (`numbers.Numbers`) or written down as Python (`writer.Writer`),
by the same lines, so that the snippet a reader runs is the computation the judge made.

They also collect the *terms* that were added up and the *margins* to kinks. Errors are relative to the
largest term, so that cancellation neither looks like an error nor hides one; under a derivative the terms
are differentiated along. Samples too near to a kink are left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial, reduce
from typing import Any, assert_never

from idxcalc.autodiff.symbols import Symbol, hidden, integral, opened, prepared, shaped, signs, slots, symbols
from idxcalc.errors import IdxcalcError
from idxcalc.expr import (
    ONE, Add, All, Call, Cases, Compare, Component, Condition, Constant, Definition, Delta, Deriv, Det, Diff,
    Dim, Elementary, Expr, Index, Inverse, Iverson, Lambda, Match, Mul, Num, Pow, Ref, Relation, Size, Slot,
    Sum,
    Variable, free, python_name,
)  # fmt: skip
from idxcalc.functions import KNOWN

Array = Any
COMPARE = {
    "=": "equal", "!=": "not_equal", "<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal"
}  # fmt: skip
FOLDED = ("add", "multiply", "subtract", "logical_and")
SYMMETRIES = frozenset({"symmetric", "antisymmetric"})
SAMPLES = Index("?samples", Dim("?samples"))
HIGHEST_ORDER = 6


@dataclass(frozen=True, slots=True)
class Tensor:
    """An array with named axes. An index that it does not depend on has no axis."""

    array: Array
    axes: tuple[Index, ...] = ()


Shift = Callable[[Array, Array], Array]
Parts = tuple[Tensor, list[Tensor], list[Tensor]]
"""A value, the terms and the margins met on the way."""
Change = dict[Symbol, Tensor]
By = tuple[Symbol, tuple[Index, ...], tuple[Slot, ...]]
"""A derivative by a component: the symbol, its axes, which of them."""


@dataclass(slots=True)
class Values:
    """Where a function is being computed: what is known there, and what was computed so far.

    ``make`` carries the operations out. ``held`` has the symbols that move and the arguments of the function.
    A ``quiet`` place counts no terms. ``level`` counts the places around this one, so that axes made here
    get names of their own.
    """

    make: Any
    held: Mapping[Symbol, Tensor] = field(default_factory=dict)
    level: int = 0
    quiet: bool = False
    terms: list[Tensor] = field(default_factory=list)
    margins: list[Tensor] = field(default_factory=list)
    opened: dict[Definition, Tensor] = field(default_factory=dict)
    done: dict[Expr, Tensor] = field(default_factory=dict)

    def value(self, node: Expr) -> Tensor:
        """The array of an expression; the same expression is computed once."""
        if node not in self.done:
            self.done[node] = self.compute(node)
        return self.done[node]

    def compute(self, node: Expr) -> Tensor:
        match node:
            case Num(number):
                return Tensor(real(number))
            case Constant(name):
                return Tensor(getattr(math, name))
            case Size(dim):
                return Tensor(self.make.last(dim) * 1.0)
            case Component(symbol, own) | Ref(symbol, own):
                return self.pick(self.find(symbol), dict(zip(slots(symbol), own, strict=True)))
            case Delta(left, right):
                return self.choose(self.truth(Match(left, right)))
            case Add(terms):
                return self.join("add", *self.track(*map(self.value, terms)))
            case Mul(factors):
                return self.join("multiply", *map(self.value, factors))
            case Pow(base, exponent):
                below, power = self.value(base), self.value(exponent)
                if not (isinstance(exponent, Num) and exponent.value > 0):
                    self.solid(base, below)
                return self.join("power", below, power)
            case Sum():
                return self.total(node)
            case Elementary(name, args):
                tensors = [self.value(a) for a in args]
                if KNOWN[name].kink:
                    self.margin(*tensors)
                if name == "log":
                    self.solid(args[0], tensors[0])
                if name in ("sin", "cos", "tan") and not self.quiet:  # sin(pi) is 0 up to the rounding of pi
                    self.track(self.join("minimum", self.join("abs", *tensors), Tensor(1.0)))
                return self.join(KNOWN[name].jax, *tensors)
            case Call():
                return self.call(node)
            case Inverse(matrix, row, column):
                self.solid(Det(matrix), self.matrix(matrix, "determinant"))
                places = dict(zip(matrix.indices, (row, column), strict=True))
                return self.pick(self.matrix(matrix, "inverse"), places)
            case Det(matrix):
                self.track(self.matrix(matrix, "hadamard"))
                return self.matrix(matrix, "determinant")
            case Iverson(condition):
                return self.choose(self.truth(condition))
            case Cases(branches, otherwise):
                found = self.value(otherwise)
                for condition, branch in reversed(branches):
                    found = self.choose(self.truth(condition), self.value(branch), found)
                return found
            case Deriv(body, target, own):
                by = [(target, slots(target), own)]
                return self.derived(body, by, {}) if target in symbols(body) else Tensor(0.0)
            case Diff(body, variables):
                along: Change = {v: self.find(v.d()) for v in variables if v in symbols(body)}
                return self.moved(body, [along]) if along else Tensor(0.0)
            case _:
                assert_never(node)

    def truth(self, condition: Condition) -> Tensor:
        match condition:
            case Match(left, right, equal):
                return self.join(COMPARE["=" if equal else "!="], self.position(left), self.position(right))
            case Compare(op, left, right):
                sides = [self.value(left), self.value(right)]
                if op not in ("=", "!=") and not (integral(left) and integral(right)):
                    self.margin(*sides)
                return self.join(COMPARE[op], *sides)
            case All(conditions):
                return self.join("logical_and", *map(self.truth, conditions))
            case _:
                assert_never(condition)

    # Arrays.

    def position(self, slot: Slot) -> Tensor:
        """The value of a slot."""
        if isinstance(slot, int):
            return Tensor(slot)
        return Tensor(self.make.np.arange(slot.dim.start, self.make.last(slot.dim) + 1), (slot,))

    def count(self, dim: Dim) -> Any:
        """The number of values of a range, which starts at 0 or 1."""
        return self.make.last(dim) if dim.start == 1 else self.make.last(dim) + 1

    def let(self, array: Array, axes: tuple[Index, ...], hint: str = "t") -> Tensor:
        """The array under a name of its own."""
        return Tensor(array if isinstance(array, float) else self.make.let(array, hint), axes)

    def track(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """Counts the tensors among the terms."""
        self.terms += () if self.quiet else tensors
        return tensors

    def margin(self, *tensors: Tensor) -> None:
        """The distance of one tensor from 0, or of two from each other."""
        self.margins.append(self.join("subtract", *tensors))

    def solid(self, node: Expr, found: Tensor) -> None:
        """Keeps away from where a sum or a determinant, to be divided by, is what rounding leaves of it."""
        match node:
            case Add(terms):
                size = self.join("add", *(self.join("abs", self.value(t)) for t in terms))
            case Det(matrix):
                size = self.matrix(matrix, "hadamard")
            case _:
                return
        self.margin(self.join("multiply", Tensor(1e3), found, self.join("power", size, Tensor(-1.0))))

    def join(self, name: str, *tensors: Tensor) -> Tensor:
        """A function of numbers, one by one."""
        if len(tensors) == 1 and name in FOLDED:
            return tensors[0]
        axes = union(*tensors)
        self.make.room(axes)
        function, arrays = getattr(self.make.np, name), [self.align(t, axes) for t in tensors]
        return self.let(reduce(function, arrays) if name in FOLDED else function(*arrays), axes)

    def choose(self, truth: Tensor, yes: Tensor = Tensor(1.0), no: Tensor = Tensor(0.0)) -> Tensor:
        return self.join("where", truth, yes, no)

    def align(self, tensor: Tensor, axes: tuple[Index, ...]) -> Array:
        """The array with its axes in the order of ``axes``; those that it lacks have length 1."""
        array = tensor.array
        if tensor.axes == axes or not tensor.axes:
            return array
        order = tuple(tensor.axes.index(axis) for axis in axes if axis in tensor.axes)
        if order != tuple(range(len(order))):
            array = self.make.np.transpose(array, order)
        return array[tuple(slice(None) if axis in tensor.axes else None for axis in axes)]

    def full(self, tensor: Tensor, axes: tuple[Index, ...]) -> Tensor:
        """The tensor with exactly these axes."""
        array = self.align(tensor, axes)
        if len(tensor.axes) < len(axes):
            array = self.make.np.broadcast_to(array, tuple(self.count(axis.dim) for axis in axes))
        return Tensor(array, axes)

    def pick(self, tensor: Tensor, places: Mapping[Index, Slot]) -> Tensor:
        """The components at which some axes have a fixed place, or are another index; where two become the
        same index, the diagonal."""
        array, slots = tensor.array, [places.get(axis, axis) for axis in tensor.axes]
        if any(isinstance(slot, int) for slot in slots):
            pairs = zip(slots, tensor.axes, strict=True)
            array = array[tuple(s - a.dim.start if isinstance(s, int) else slice(None) for s, a in pairs)]
        axes = [slot for slot in slots if isinstance(slot, Index)]
        while twice := next((a for n, a in enumerate(axes) if a in axes[:n]), None):
            one, two = (n for n, a in enumerate(axes) if a is twice)
            array = self.make.np.diagonal(array, 0, one, two)
            axes = [*(a for a in axes if a is not twice), twice]
        return Tensor(array, tuple(axes))

    def matrix(self, matrix: Lambda, name: str) -> Tensor:
        """A function of `helpers`, at each value of the outer indices."""
        value = self.value(matrix.body)
        outer = tuple(axis for axis in value.axes if axis not in matrix.indices)
        full = self.full(value, (*outer, *matrix.indices))
        return self.let(self.make.helper(name, full.array), full.axes if name == "inverse" else outer)

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
            left_out = max(0, (bound.pop(index) or 0) - index.dim.start)
            carrying = [t for t in tensors if index in t.axes]
            tensors = [t for t in tensors if index not in t.axes]
            if carrying:
                (product,) = self.track(self.join("multiply", *carrying))
                array, axis = product.array, product.axes.index(index)
                if left_out:
                    array = array[(*(slice(None),) * axis, slice(left_out, None))]
                rest = product.axes[:axis] + product.axes[axis + 1 :]
                tensors.append(self.let(self.make.np.sum(array, axis), rest))
            else:
                tensors.append(Tensor((self.count(index.dim) + -left_out) * 1.0))
        return self.join("multiply", *tensors)

    # Symbols and functions.

    def find(self, symbol: Symbol) -> Tensor:
        """The array that stands for a symbol here."""
        if symbol in self.held:
            return self.held[symbol]
        if isinstance(symbol, Variable):
            return self.make.once(symbol, partial(self.drawn, symbol))  # type: ignore[no-any-return]
        if symbol not in self.opened:
            body = self.value(symbol.body)
            named = self.let(body.array, body.axes, python_name(symbol.name))
            self.opened[symbol] = self.pick(named, dict(zip(symbol.indices, slots(symbol), strict=True)))
        return self.opened[symbol]

    def drawn(self, variable: Variable) -> Tensor:
        """Values for a variable."""
        if not hidden(variable.name) and (variable.traits or variable.fixed):
            return self.still(prepared(variable))
        array = self.make.draw(variable, [self.count(dim) for dim in variable.dims])
        return Tensor(array, (*self.make.batch, *slots(variable)))

    def still(self, node: Expr) -> Tensor:
        """What moves nowhere and is no term."""
        return Values(self.make, quiet=True).value(node)

    def call(self, node: Call) -> Tensor:
        """A function at its arguments: its body, in which the arguments are held.

        Their outer indices get names that the body does not know; a lifted function's own are among those.
        """
        function = opened(node.function)
        assert function.body is not None
        places: dict[Index, Slot] = {} if node.lifted else dict(zip(function.indices, node.out, strict=True))
        given: Change = {}
        axes: dict[Symbol, tuple[Index, ...]] = {}
        for placeholder, argument in zip(function.placeholders, node.args, strict=True):
            value, own = self.value(argument.body), argument.indices
            where: dict[Index, Slot] = {a: a for a in value.axes if a not in own and not hidden(a.name)}
            where |= zip(own, node.out, strict=True) if node.lifted else ()
            new = {axis: Index(f"?{self.level}.{axis.name}", axis.dim) for axis in where}
            places |= {new[axis]: slot for axis, slot in where.items()}
            axes[placeholder] = tuple(new[a] for a in own) if node.lifted else slots(placeholder)
            renamed: dict[Index, Slot] = {**new, **dict(zip(own, axes[placeholder], strict=True))}
            given[placeholder] = self.pick(self.let(value.array, value.axes), renamed)
        quiet = node.function.body is None and not signs(function.traits)  # their terms may cancel
        quiet, held = self.quiet or quiet, {**self.held, **given}
        inside = replace(self, held=held, level=self.level + 1, quiet=quiet, done={})
        by = [(function.placeholders[n], own) for n, own in node.derivs]
        return inside.derived(function.body, [(p, axes[p], own) for p, own in by], places)

    def derived(self, body: Expr, by: list[By], places: dict[Index, Slot]) -> Tensor:
        """The derivative by components of symbols, one after the other; their slots join the ``places``."""
        moves: list[Change] = []
        for symbol, axes, own in by:
            new = [Index(f"?{self.level}:{len(moves)}.{n}", axis.dim) for n, axis in enumerate(axes)]
            places |= zip(new, own, strict=True)
            symmetry = symbol.traits & SYMMETRIES if isinstance(symbol, Variable) else frozenset()
            deltas = shaped(Mul(tuple(map(Delta, axes, new))) if axes else ONE, axes, symmetry)
            moves.append({symbol: self.make.once(deltas, partial(self.still, deltas))})
        return self.pick(self.moved(body, moves), places)

    def moved(self, body: Expr, moves: Sequence[Change]) -> Tensor:
        """The derivative along the changes of some symbols, one after the other."""
        if not moves:
            return self.value(body)

        def run(shift: Shift) -> Parts:
            held = dict(self.held)
            for symbol, change in moves[0].items():
                known = self.find(symbol)
                axes = union(known, change)
                held[symbol] = Tensor(shift(self.align(known, axes), self.align(change, axes)), axes)
            inside = Values(self.make, held, self.level + 1, self.quiet)
            return inside.moved(body, moves[1:]), inside.terms, inside.margins

        found: Parts = self.make.change(run)
        value, terms, margins = found
        self.track(*terms)
        self.margins += margins
        return value


def sides(make: Any, relation: Relation) -> tuple[Any, ...]:
    """Left sides, right sides, the terms they add up, where it is claimed, the distances from kinks.

    Equality up to an order is that of the derivatives by s at 0 of all lower orders, at s times the variable.
    """
    scope, order = Values(make), letters(relation)

    def full(tensor: Tensor, *axes: Index) -> Array:
        return scope.full(tensor, (*make.batch, *axes)).array

    def whole(tensors: list[Tensor]) -> list[Array]:
        return [full(t, *(axis for axis in t.axes if axis not in make.batch)) for t in tensors]

    variable, power = relation.order or (None, 1)
    if not 1 <= power <= HIGHEST_ORDER:
        raise IdxcalcError(f"equality up to order {power} cannot be tested; {HIGHEST_ORDER} is the most")
    small, along = scope, Change()
    if variable is not None:
        small, along = Values(make, {variable: Tensor(0.0)}), {variable: scope.find(variable)}
    lefts: list[Array] = []
    rights: list[Array] = []
    terms = []
    for times in range(power):
        before = len(small.terms)
        for side, found in ((relation.left, lefts), (relation.right, rights)):
            found.append(full(small.moved(side, [along] * times), *order))
        terms.append(whole(small.terms[before:]))
    where = relation.condition and full(scope.truth(relation.condition), *order)
    margins = scope.margins if small is scope else [*scope.margins, *small.margins]
    return lefts, rights, terms, where, whole(margins)


def letters(relation: Relation) -> tuple[Index, ...]:
    """The free indices of a relation: as it lists them, then all others."""
    parts = [p for p in (relation.left, relation.right, relation.condition) if p is not None]
    others = frozenset().union(*map(free, parts)) - set(relation.free)
    return (*relation.free, *sorted(others, key=lambda i: (i.name, i.dim.last)))


def union(*tensors: Tensor) -> tuple[Index, ...]:
    """All axes of the tensors in order of appearance, the samples first, then those of the longest tensor."""
    longest = max((t.axes for t in tensors), key=len, default=())
    if all(t.axes == longest or not t.axes for t in tensors):
        return longest
    ordered = sorted((t.axes for t in tensors), key=len, reverse=True)
    found = dict.fromkeys(axis for axes in ordered for axis in axes)
    return (SAMPLES, *(a for a in found if a is not SAMPLES)) if SAMPLES in found else tuple(found)


def real(number: Any) -> float:
    """A number as float64."""
    try:
        return float(number)
    except OverflowError:
        raise IdxcalcError("a number is too large to be tested in float64") from None
