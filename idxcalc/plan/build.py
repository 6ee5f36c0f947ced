r"""From an expression to the lines of a plan.

A node's value is an array over (some of) its free indices; an index that is missing does not matter
to the value. Products and sums that are nested in each other become one contraction,

    \sum_k A_{ik} (\sum_j B_{kj} x_j)   ->   einsum("ik,kj,j->i", A, B, x),

so that the order of contraction can be chosen for all of it, when the sizes are known. A part that
several others need is a value of its own and is computed once; so is each definition.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import assert_never

from idxcalc.errors import IdxcalcError
from idxcalc.expr import (
    Add, All, Call, Cases, Compare, Component, Constant, Definition, Delta, Deriv, Det, Diff, Elementary,
    Expr, Index, Inverse, Iverson, Lambda, Match, Mul, Num, Part, Pow, Ref, Size, Sum,
    called, children, free, python_name, transform, unlifted, walk,
)  # fmt: skip
from idxcalc.expr.remember import Remembered
from idxcalc.plan.contract import Product
from idxcalc.plan.lines import MOST_LABELS, Need, Plan, Value


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
    expr = transform(expr, _opened)
    builder = _Builder(expr)
    builder.plan.result = builder.plan.spread(builder.value(expr), order)
    for line in builder.plan.lines.values():
        if line.name in builder.plan.arguments:
            raise IdxcalcError(f"an argument may not be called {line.name}, as a line of the plan is")
    return builder.plan


def _opened(node: Expr) -> Expr:
    """Functions with a body opened, lifted ones at their component."""
    match node:
        case Deriv() | Diff():
            raise IdxcalcError("a derivative is left in the expression: work it out with differentiate first")
        case Call(function, _, derivs, _) if function.body is not None or node.lifted:
            if derivs:
                raise IdxcalcError(
                    f"a derivative of {function.name} is left: work it out with differentiate first"
                )
            plain = unlifted(node)
            return plain if function.body is None else transform(called(plain), _opened)
        case _:
            return node


_NAMES: dict[type, str] = {Add: "add", Pow: "power", All: "and"}


class _Builder:
    def __init__(self, expr: Expr) -> None:
        self.plan = Plan()
        self.value = Remembered(self._value)
        self.uses: Counter[Part] = Counter()  # how many others need each part
        self.bodies: dict[Definition, Expr] = {}
        self.labels = 0
        stack: list[Part] = [expr]
        while stack:
            part = stack.pop()
            self.uses[part] += 1
            if isinstance(part, Ref) and part.definition not in self.bodies:
                self.bodies[part.definition] = transform(part.definition.body, _opened)
                stack.append(self.bodies[part.definition])
            if self.uses[part] == 1:
                stack.extend(children(part))

    def _value(self, node: Part) -> Value:
        name, axes = self.array(node)
        once = tuple(dict.fromkeys(axes))
        return (name, axes) if once == axes else (self.plan.einsum([(name, axes)], once), once)  # a diagonal

    def array(self, node: Part) -> Value:
        """The array of a node; one index may stand for several axes."""
        plan, value = self.plan, self.value
        match node:
            case Num(number):
                return plan.literal(number)
            case Constant(name):
                return plan.literal({"pi": math.pi, "e": math.e}[name], f"math.{name}")
            case Size(dim):
                return (plan.range("last", dim), ()) if dim.number is None else plan.literal(dim.number)
            case Component(variable, slots):
                name = ("d" if variable.differential else "") + python_name(variable.name)
                return plan.pick(plan.argument(name, variable), slots, variable.dims)
            case Ref(definition, slots):
                whole = plan.spread(value(self.bodies[definition]), definition.indices)
                return plan.pick(whole, slots, [index.dim for index in definition.indices])
            case Delta() | Mul() | Sum():
                values = [product.contracted(plan) for product in self.products(node, True)]
                return values[0] if len(values) == 1 else plan.elementwise("add", *values)
            case Elementary(op, _) | Compare(op, _, _):
                return plan.elementwise(op, *map(value, children(node)))
            case Add() | Pow() | All():
                return plan.elementwise(_NAMES[type(node)], *map(value, children(node)))
            case Match(left, right, equal):
                return plan.elementwise("=" if equal else "!=", plan.position(left), plan.position(right))
            case Iverson(condition):
                return plan.elementwise("where", value(condition), plan.literal(1), plan.literal(0))
            case Cases(branches, otherwise):
                chosen = value(otherwise)
                for condition, branch in reversed(branches):
                    chosen = plan.elementwise("where", value(condition), value(branch), chosen)
                return chosen
            case Call(function, out, derivs, args):
                need = Need(function, tuple(n for n, _ in derivs))
                name, batch = self.applied("apply", plan.argument(need.name, need), *args)
                slots = (*batch, *out, *(slot for _, by in derivs for slot in by))
                return plan.pick(name, slots, [*(index.dim for index in batch), *need.dims])
            case Inverse(matrix, row, column):
                name, batch = self.applied("inv", "inv", matrix)
                dims = [index.dim for index in (*batch, *matrix.indices[::-1])]
                return plan.pick(name, (*batch, row, column), dims)
            case Det(matrix):
                return self.applied("det", "det", matrix)
            case Deriv() | Diff() | Lambda():
                raise AssertionError("refused before, or part of what is applied")
            case _:
                assert_never(node)

    def applied(self, op: str, name: str, *args: Lambda) -> Value:
        """A function of tensors at arguments with further axes, which come first: at each of their values."""
        values = [(self.value(argument.body), argument.indices) for argument in args]
        batch = tuple(dict.fromkeys(axis for (_, axes), own in values for axis in axes if axis not in own))
        arrays = [self.plan.spread(value, (*batch, *own)) for value, own in values]
        return self.plan.line(f"{name}({', '.join(arrays)})", op, *arrays, detail=(name, len(batch))), batch

    # products ---------------------------------------------------------------------------
    def products(self, node: Expr, whole: bool = False) -> list[Product]:
        """The products whose sum is ``node``; not one but a few where a factor is a sum with deltas.

        So the deltas of a derivative rename indices instead of becoming arrays. A node that others need, too,
        is a factor as it is, unless this is about the ``whole`` of it.
        """
        joins = whole or self.joins(node)
        match node:
            case Num(value):
                return [Product(value)]
            case Delta(left, right):
                return [Product(deltas=() if left is right else (frozenset((left, right)),))]
            case Mul(factors) if joins:
                made = [Product()]
                for factor in factors:
                    more = self.products(factor)
                    room = len(made[0].operands) + len(more[0].operands) < MOST_LABELS // 3
                    if not room or (len(made) > 1 and len(more) > 1):
                        more = [Product(operands=(self.value(factor),))]
                    made = [one * other for one in made for other in more]
                return made
            case Sum(index, body, first) if joins:
                self.labels += 1
                label, cut = Index(f"#{self.labels}", index.dim), max(0, (first or 0) - index.dim.start)
                return [
                    one.over(index, cut, label) for one in self.products(body, isinstance(body, Mul | Sum))
                ]
            case Add(terms) if self.deltas_inside(node):
                return [one for term in terms for one in self.products(term)]
            case Component() | Ref():  # a diagonal needs no line of its own here
                return [Product(operands=(self.array(node),))]
            case _:
                return [Product(operands=(self.value(node),))]

    def deltas_inside(self, node: Part) -> bool:
        """Whether deltas would join the product that ``node`` is a factor of."""
        if isinstance(node, Mul | Sum | Add) and self.joins(node):
            return any(map(self.deltas_inside, children(node)))
        return isinstance(node, Delta)

    def joins(self, node: Part) -> bool:
        """Whether ``node`` becomes part of the product it stands in, instead of an array of its own."""
        return self.uses[node] == 1 or all(isinstance(part, Delta | Num | Mul | Add) for part in walk(node))
