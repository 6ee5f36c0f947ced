"""The rules of `plan.values`, and what a judge needs besides: derivatives, terms, margins.

For a derivative the body is computed where a symbol moves, by a delta for a `Deriv`, by ``dx`` for a `Diff`;
how fast that makes the value move is asked of JAX. An unknown function is a random smooth body. No derivative
rule stands here and none is looked up; the table of known functions is asked only for names and kinks.

The rules are carried out with NumPy and JAX (`numbers.Numbers`) or written down as Python (`snippet.Writer`).

The *terms* that were added up and the *margins* to kinks are collected. Errors are relative to the
largest term, so that cancellation neither looks like an error nor hides one; under a derivative the terms
are differentiated along. Samples too near to a kink are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from typing import Any, Self

from idxcalc.autodiff.symbols import drawn, integral, prepared, shaped, signs
from idxcalc.errors import IdxcalcError
from idxcalc.expr import (
    ONE, Add, Compare, Definition, Delta, Deriv, Det, Diff, Elementary, Expr, Function, Index, Inverse, Mul,
    Num, Part, Pow, Ref, Relation, Slot, Sum, Symbol, Variable, free, hidden, opened, symbols,
)  # fmt: skip
from idxcalc.functions import KNOWN
from idxcalc.plan.arrays import Array, Tensor, union, without
from idxcalc.plan.symbols import argument, slots
from idxcalc.plan.values import By, Values

SYMMETRIES = frozenset({"symmetric", "antisymmetric"})
HIGHEST_ORDER = 6
FEW = 20  # a power so low is no overflow

Shift = Callable[[Array, Array], Array]
Parts = tuple[Tensor, list[Tensor], list[Tensor]]
"""A value, the terms and the margins met on the way."""
Change = dict[Symbol, Tensor]


class Judged(Values):
    """A place that counts terms, unless it is ``quiet``, and margins."""

    def __init__(self, make: Any, held: Mapping[Symbol, Tensor] | None = None, quiet: bool = False) -> None:
        super().__init__(make, held)
        self.quiet, self.moving = quiet, False
        self.terms: list[Tensor] = []
        self.margins: list[Tensor] = []

    def compute(self, node: Part) -> Tensor:
        match node:
            case Deriv(body, target, taken):
                known = target in symbols(body)
                return self.derived(body, [(target, slots(target), taken)], {}) if known else Tensor(0.0)
            case Diff(body, variables):
                along: Change = {v: self.find(v.d()) for v in variables if v in symbols(body)}
                return self.moved(body, [along]) if along else Tensor(0.0)
        found = super().compute(node)
        self.watch(node)
        match node:  # nan where there is no value: of 1/0 = inf there is an arctangent, of nan a power 0
            case Pow(base, by) if not isinstance(by, Num) or by.value <= 0:
                return self.join("add", found, self.nothing(found, self.value(base), self.value(by)))
            case Elementary("log", _):
                return self.join("add", found, self.nothing(found))
        return found

    def nothing(self, *tensors: Tensor) -> Tensor:
        """0 where all have a value."""
        return self.join("multiply", Tensor(0.0), *tensors)

    def watch(self, node: Part) -> None:
        """Counts the terms of a node, and how near it is to where it is not smooth."""
        value = self.value
        match node:
            case Pow(base, by) if not isinstance(by, Num) or abs(by.value) > FEW:
                self.held_in(value(by), self.join("log", self.join("abs", value(base))))
            case Elementary("exp" | "sinh" | "cosh", (arg,)):
                self.held_in(value(arg))
        match node:
            case Add(terms):
                self.track(*map(value, terms))
            case Pow(base, by) if not isinstance(by, Num) or by.value.denominator > 1 or by.value < 0:
                self.solid(base)
            case Elementary("log", (arg,)):
                self.solid(arg)
                if self.moving:  # what has no value has no derivative, though 1/z has a value
                    nothing = self.nothing(self.join("log", value(arg)))
                    self.margins.append(self.join("add", Tensor(1.0), nothing))
            case Elementary("sin" | "cos" | "tan", (angle,)) if not self.quiet:
                # sin(pi) is 0 up to the rounding of pi.
                self.track(self.join("minimum", self.join("abs", value(angle)), Tensor(1.0)))
            case Elementary(name, args) if KNOWN[name].kink:
                self.margin(*map(value, args))
            case Inverse(matrix, _, _):
                self.solid(Det(matrix))
            case Det(matrix):
                self.track(self.matrix("hadamard", matrix))
            case Compare(_, left, right) if not (integral(left) and integral(right)):
                self.margin(value(left), value(right))

    def track(self, *tensors: Tensor) -> None:
        """Counts the tensors among the terms."""
        self.terms += () if self.quiet else tensors

    def margin(self, *tensors: Tensor) -> None:
        """The distance of one tensor from 0, or of two from each other; what is exactly the same is no tie by
        rounding, but has no derivative."""
        gap = self.join("subtract", *tensors)
        if not self.moving and "halves" not in self.make.mode:  # where a tie may be an accident
            gap = self.choose(self.join("equal", gap, Tensor(0.0)), no=gap)
        self.margins.append(gap)

    def held_in(self, *exponent: Tensor) -> None:
        """Keeps away from where a power of e is too large or too small for float64, or two of them are."""
        size = self.join("abs", self.join("multiply", *exponent))
        lost = (self.join("greater", size, Tensor(300.0)), self.join("less", size, Tensor(1e300)))
        self.margins.append(self.choose(self.join("logical_and", *lost), Tensor(1e-9), Tensor(1.0)))

    def solid(self, node: Expr) -> None:
        """Keeps away from where a sum or a determinant, to be divided by, is what rounding leaves of it."""
        match node:
            case Mul(factors):
                for factor in factors:
                    self.solid(factor)
                return
            case Ref(Definition(_, _, body), _) | Pow(body, _):
                return self.solid(body)
            case Sum():
                found, sizes = self.value(node), [self.value(absolute(node))]
            case Add(terms):
                found, sizes = self.value(node), [self.join("abs", self.value(t)) for t in terms]
            case Det(matrix):
                found, sizes = self.matrix("determinant", matrix), [self.matrix("hadamard", matrix)]
            case _:
                return
        whole = self.join("power", self.join("add", *sizes), Tensor(-1.0))
        share = self.join("multiply", Tensor(1e3), found, whole)
        self.margins.append(self.choose(self.join("equal", found, Tensor(0.0)), no=share))

    def product(self, factors: tuple[Expr, ...], bound: Mapping[Index, int]) -> Tensor:
        """One index after the other, each over the product of the factors that carry it."""
        tensors, left = list(map(self.value, factors)), dict(bound)
        numbers = [t for t in tensors if not t.axes]
        for factor in factors if numbers and not self.quiet else ():
            # A number that multiplies a sum multiplies what rounding left in it.
            inside = isinstance(factor, Ref) and factor.definition not in self.held
            added = opened(factor) if inside else factor  # type: ignore[arg-type]
            while isinstance(added, Sum):
                added = added.body
            for term in added.terms if isinstance(added, Add) else ():
                self.track(self.join("multiply", *numbers, self.value(term)))
        while left:
            index = min(left, key=lambda i: len(union(*(t for t in tensors if i in t.axes))))
            carrying = [t for t in tensors if index in t.axes]
            tensors = [t for t in tensors if index not in t.axes]
            if carrying:
                product = self.join("multiply", *carrying)
                self.track(product)
                axes = list(product.axes)
                array = without(product, {index: left.pop(index)}).array
                array = self.make.np.sum(array, axes.index(index))
                axes.remove(index)
                tensors.append(self.let(array, tuple(axes)))
            else:
                tensors.append(self.empty(index, left.pop(index)))
        return self.join("multiply", *tensors)

    # Symbols and functions.

    def variable(self, variable: Variable) -> Tensor:
        return self.make.once(variable, partial(self.drawn, variable))  # type: ignore[no-any-return]

    def drawn(self, variable: Variable) -> Tensor:
        """Values for a variable."""
        if not hidden(variable.name) and (variable.traits or variable.fixed):
            return self.still(prepared(variable))
        array, np = self.make.draw(*(self.count(dim) for dim in variable.dims)), self.make.np
        array = np.round(np.multiply(2.0, array)) if "integer" in variable.traits else array
        return self.let(array, (*self.make.batch, *slots(variable)), argument(variable))

    def still(self, node: Expr) -> Tensor:
        """What moves nowhere and is no term."""
        return Judged(self.make, quiet=True).value(node)

    def function(self, function: Function) -> Function:
        return drawn(function)

    def entered(self, function: Function, given: Mapping[Symbol, Tensor]) -> Self:
        # The terms of a drawn body may cancel.
        quiet = function.body is None and not signs(function.traits)
        return self.within(given, quiet=self.quiet or quiet)

    def derived(self, body: Expr, by: Sequence[By], places: Mapping[Index, Slot]) -> Tensor:
        """The derivative by components of symbols, one after the other; their slots join the ``places``."""
        moves: list[Change] = []
        for symbol, axes, taken in by:
            new = [Index(f"?{self.level}:{len(moves)}.{n}", axis.dim) for n, axis in enumerate(axes)]
            places = {**places, **dict(zip(new, taken, strict=True))}
            symmetry = symbol.traits & SYMMETRIES if isinstance(symbol, Variable) else frozenset()
            deltas = shaped(Mul(tuple(map(Delta, axes, new))) if axes else ONE, axes, symmetry)
            moves.append({symbol: self.make.once(deltas, partial(self.still, deltas))})
        return self.pick(self.moved(body, moves), places)

    def moved(self, body: Expr, moves: Sequence[Change]) -> Tensor:
        """The derivative along the changes of some symbols, one after the other."""
        if not moves:
            return self.value(body)
        known = {symbol: self.find(symbol) for symbol in moves[0]}

        def run(shift: Shift) -> Parts:
            held: Change = {}
            for symbol, change in moves[0].items():
                axes = union(known[symbol], change)
                held[symbol] = Tensor(shift(*(self.align(t, axes) for t in (known[symbol], change))), axes)
            inside = self.within(held, opened={}, terms=[], margins=[], moving=True)
            return inside.moved(body, moves[1:]), inside.terms, inside.margins

        value, terms, margins = self.make.change(run)
        self.track(*terms)
        self.margins += margins
        return value  # type: ignore[no-any-return]


def absolute(node: Expr) -> Expr:
    """A sum with each term as it is without its sign; not by \\lvert, which has a kink."""
    if isinstance(node, Sum):
        return Sum(node.index, absolute(node.body), node.first)
    return Pow(Pow(node, Num(Fraction(2))), Num(Fraction(1, 2)))


def sides(make: Any, relation: Relation) -> tuple[Any, ...]:
    """Left sides, right sides, the terms they add up, where it is claimed, the distances from kinks.

    Equality up to an order is that of the derivatives by s at 0 of all lower orders, at s times the variable;
    the derivative of that order has to exist, for it bounds the rest.
    """
    scope, order = Judged(make), letters(relation)

    def full(tensor: Tensor, *axes: Index) -> Array:
        return scope.full(tensor, (*make.batch, *axes)).array

    def whole(tensors: list[Tensor]) -> list[Array]:
        return [full(t, *(axis for axis in t.axes if axis not in make.batch)) for t in tensors]

    variable, power = relation.order or (None, 1)
    if not 1 <= power <= HIGHEST_ORDER:
        raise IdxcalcError(f"equality up to order {power} cannot be tested; {HIGHEST_ORDER} is the most")
    small, along = scope, Change()
    if variable is not None:
        small, along = Judged(make, {variable: Tensor(0.0)}), {variable: scope.find(variable)}
    lefts: list[Array] = []
    rights: list[Array] = []
    terms = []
    for times in range(power):
        before = len(small.terms)
        for side, found in ((relation.left, lefts), (relation.right, rights)):
            found.append(full(small.moved(side, [along] * times), *order))
        terms.append(whole(small.terms[before:]))
    for side, found in ((relation.left, lefts), (relation.right, rights)) if along else ():
        rest = full(small.moved(side, [along] * power), *order)
        found[0] = make.np.add(found[0], make.np.multiply(0.0, rest))
    where = relation.condition and full(scope.value(relation.condition), *order)
    margins = scope.margins if small is scope else [*scope.margins, *small.margins]
    if relation.condition:  # where it does not hold, nothing is claimed
        margins = [scope.choose(scope.value(relation.condition), m, Tensor(1.0)) for m in margins]
    return lefts, rights, terms, where, whole(margins)


def letters(relation: Relation) -> tuple[Index, ...]:
    """The free indices of a relation: as it lists them, then all others."""
    parts = [p for p in (relation.left, relation.right, relation.condition) if p is not None]
    others = frozenset().union(*map(free, parts)) - set(relation.free)
    return (*relation.free, *sorted(others, key=lambda i: (i.name, i.dim.last)))
