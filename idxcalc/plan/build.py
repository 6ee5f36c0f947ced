r"""From an expression to the lines of a plan.

A node's value is an array over (some of) its free indices; an index that is missing does not matter
to the value. Products and sums that are nested in each other become one contraction,

    \sum_k A_{ik} (\sum_j B_{kj} x_j)   ->   einsum("ik,kj,j->i", A, B, x),

so that the order of contraction can be chosen for all of it, when the sizes are known. A part that
several others need is a value of its own and is computed once; so is each definition. As lines do
not contain the names of indices, parts that differ only in those are computed once, too.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import assert_never

from idxcalc.errors import IdxcalcError
from idxcalc.expr import (
    Add, All, Call, Cases, Compare, Component, Condition, Constant, Definition, Delta, Deriv, Det, Diff,
    Elementary, Expr, Index, Inverse, Iverson, Lambda, Match, Mul, Num, Part, Pow, Ref, Size, Slot, Sum,
    at, called, children, free, python_name,
)  # fmt: skip
from idxcalc.plan.contract import Product, contracted
from idxcalc.plan.emit import Emitter, Need, Plan, Value
from idxcalc.plan.lines import MOST_LABELS, Line


def plan(expr: Expr, order: tuple[Index, ...] = ()) -> Plan:
    """The plan for ``expr`` as an array over ``order``, which names its free indices.

    Raises IdxcalcError where derivatives are left to be worked out, or ``order`` lacks a free index.

    >>> from idxcalc.expr import Component, Dim, Index, Mul, Sum, Variable
    >>> n, m = Dim("n"), Dim("m")
    >>> i, j = Index("i", n), Index("j", m)
    >>> w, x = Variable("w", (n, m)), Variable("x", (m,))
    >>> print(plan(Sum(j, Mul((Component(w, (i, j)), Component(x, (j,))))), (i,)))
    t1 = einsum("ij,j->i", w, x)
    return t1
    """
    missing = sorted(index.name for index in free(expr) - set(order))
    if missing:
        raise IdxcalcError(f"the order of the axes does not name the free index {', '.join(missing)}")
    builder = _Builder(Plan(order), _uses(expr))
    builder.plan.result = builder.spread(builder.value(expr), order)
    return builder.plan


def _uses(expr: Expr) -> Counter[Part]:
    """How many others need each part."""
    uses: Counter[Part] = Counter()
    stack: list[Part] = [expr]
    while stack:
        part = stack.pop()
        uses[part] += 1
        if uses[part] == 1:
            stack.extend(children(part))
    return uses


class _Builder(Emitter):
    def __init__(self, plan: Plan, uses: Counter[Part]) -> None:
        super().__init__(plan)
        self.uses = uses
        self._values: dict[Part, Value] = {}
        self._definitions: dict[Definition, str] = {}

    def value(self, node: Expr) -> Value:
        if node not in self._values:
            name, axes = self._value(node)
            once = tuple(dict.fromkeys(axes))
            if once != axes:  # a diagonal
                name = self.einsum(Fraction(1), [(name, axes)], once)
            self._values[node] = name, once
        return self._values[node]

    def new(self, node: Expr) -> Value:
        """The value of a node that stood nowhere before."""
        for part, count in _uses(node).items():
            self.uses.setdefault(part, count)
        return self.value(node)

    def _value(self, node: Expr) -> Value:
        match node:
            case Num(value):
                return self.literal(value), ()
            case Constant(name):
                self.plan.literals[name] = {"pi": 3.141592653589793, "e": 2.718281828459045}[name]
                return name, ()
            case Size(dim):
                number = dim.number
                return (self.range("last", dim) if number is None else self.literal(Fraction(number))), ()
            case Component(variable, slots):
                name = ("d" if variable.differential else "") + python_name(variable.name)
                return self.pick(self.argument(name, variable), slots, variable.dims)
            case Ref():
                return self.definition(node)
            case Delta() | Mul() | Sum():
                return self.contraction(node)
            case Add(terms):
                return self.elementwise("add", *map(self.value, terms))
            case Pow(base, exponent):
                return self.elementwise("power", self.value(base), self.value(exponent))
            case Elementary(name, args):
                return self.elementwise(name, *map(self.value, args))
            case Call():
                return self.call(node)
            case Inverse(matrix, row, column):
                name, batch = self.matrix("inv", matrix)
                row_dim, column_dim = (index.dim for index in matrix.indices)
                return self.pick(name, (*batch, row, column), (*(b.dim for b in batch), column_dim, row_dim))
            case Det(matrix):
                return self.matrix("det", matrix)
            case Iverson(condition):
                one, zero = self.literal(Fraction(1)), self.literal(Fraction(0))
                return self.elementwise("where", self.condition(condition), (one, ()), (zero, ()))
            case Cases(branches, otherwise):
                chosen = self.value(otherwise)
                for condition, branch in reversed(branches):
                    chosen = self.elementwise("where", self.condition(condition), self.value(branch), chosen)
                return chosen
            case Deriv() | Diff():
                raise IdxcalcError(
                    "a derivative is left in the expression: work it out with differentiate first"
                )
            case _:
                assert_never(node)

    def condition(self, condition: Condition) -> Value:
        match condition:
            case Compare(op, left, right):
                return self.elementwise(op, self.value(left), self.value(right))
            case Match(left, right, equal):
                return self.elementwise("=" if equal else "!=", self.position(left), self.position(right))
            case All(conditions):
                return self.elementwise("and", *map(self.condition, conditions))
            case _:
                assert_never(condition)

    def definition(self, ref: Ref) -> Value:
        definition = ref.definition
        if definition not in self._definitions:
            self.uses.update(_uses(definition.body))
            self._definitions[definition] = self.spread(self.value(definition.body), definition.indices)
        dims = tuple(index.dim for index in definition.indices)
        return self.pick(self._definitions[definition], ref.slots, dims)

    def matrix(self, op: str, matrix: Lambda) -> Value:
        value = self.value(matrix.body)
        batch = tuple(axis for axis in value[1] if axis not in matrix.indices)
        return self.line(Line(op, (self.spread(value, (*batch, *matrix.indices)),))), batch

    # functions --------------------------------------------------------------------------
    def call(self, call: Call) -> Value:
        function, by = call.function, tuple(n for n, _ in call.derivs)
        if call.derivs and (call.lifted or function.body is not None):
            raise IdxcalcError(
                f"a derivative of {function.name} is left: work it out with differentiate first"
            )
        if call.lifted:
            plain = tuple(Lambda((), at(a, call.out)) for a in call.args)
            return self.new(Call(function, (), (), plain))
        if function.body is not None:
            return self.new(called(call))
        need = Need(function, by)
        name = self.argument(need.name, need)
        values = [self.value(argument.body) for argument in call.args]
        if not function.out and not any(function.params):
            return self.elementwise("call", *values, detail=name, shown=name)
        bound = [argument.indices for argument in call.args]
        batch = tuple(dict.fromkeys(
            axis for (_, axes), own in zip(values, bound, strict=True) for axis in axes if axis not in own
        ))  # fmt: skip
        arrays = tuple(self.spread(v, (*batch, *own)) for v, own in zip(values, bound, strict=True))
        result = self.line(Line("apply", arrays, (), (name, len(batch)), name))
        slots = (*batch, *call.out, *(slot for _, own in call.derivs for slot in own))
        by_dims = (index.dim for n in by for index in bound[n])
        return self.pick(result, slots, (*(b.dim for b in batch), *function.out, *by_dims))

    # products ---------------------------------------------------------------------------
    def contraction(self, node: Expr) -> Value:
        product = Product()
        self.collect(node, {}, product, top=True)
        return self.distributed(product)

    def distributed(self, product: Product) -> Value:
        """The value of a product; over a factor that is a sum with deltas, it is multiplied out.

        So the deltas of a derivative rename indices instead of becoming arrays.
        """
        if product.choice is None:
            return contracted(self, product)
        terms, scope = product.choice
        values = []
        for term in terms:
            one = product.copy()
            self.collect(term, scope, one)
            values.append(self.distributed(one))
        return self.elementwise("add", *values)

    def deltas_inside(self, node: Expr) -> bool:
        """Whether deltas would join the product that ``node`` is a factor of."""
        match node:
            case Delta():
                return True
            case Mul() | Sum() | Add() if self.joins(node):
                return any(map(self.deltas_inside, children(node)))  # type: ignore[arg-type]
            case _:
                return False

    def joins(self, node: Expr) -> bool:
        """Whether ``node`` becomes part of the product it stands in, instead of an array of its own."""

        def only_deltas(part: Part) -> bool:
            return isinstance(part, Delta | Num) or (
                isinstance(part, Mul | Add) and all(map(only_deltas, children(part)))
            )

        return self.uses[node] == 1 or only_deltas(node)

    def collect(self, node: Expr, scope: dict[Index, Index], into: Product, top: bool = False) -> None:
        """Put the factors of ``node`` into a product, ``scope`` naming the labels of bound indices."""

        def here(slot: Slot) -> Slot:
            return scope.get(slot, slot) if isinstance(slot, Index) else slot

        room = len(into.operands) + len(into.summed) < MOST_LABELS // 2
        match node:
            case Num(value):
                into.coefficient *= value
            case Delta(left, right):
                into.deltas.append((here(left), here(right)))
            case Mul(factors) if top or (room and self.joins(node)):
                for factor in factors:
                    self.collect(factor, scope, into)
            case Sum(index, body, first) if top or (room and self.joins(node)):
                label = Index(f"#{len(into.summed)}", index.dim)
                into.summed[label] = first
                self.collect(body, scope | {index: label}, into, top=top and isinstance(body, Mul | Sum))
            case Add(terms) if into.choice is None and room and self.deltas_inside(node):
                into.choice = terms, scope
            case _:
                # a diagonal needs no line of its own here, so not `value` for what has slots
                raw = isinstance(node, Component | Ref)
                name, axes = self._value(node) if raw else self.value(node)
                into.operands.append((name, tuple(here(axis) for axis in axes)))  # type: ignore[misc]
