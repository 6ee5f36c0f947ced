"""The normal form: one rule for each kind of node, from the inside out.

A definition is opened (or, for reading back, kept as a name), a function with a body is called. The
arguments of an unknown function are brought to normal form with their indices named in order, so that two
calls are the same base exactly when their arguments are equal; the derivatives of one call commute and are
sorted. Cases and comparisons become sums with brackets, a condition on indices a delta.

Invariant: `normal` gives the same polynomial for expressions that differ by names of bound indices, by
order, by brackets, or by the rules listed in `product`, `scalar` and `contract`; it is idempotent.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from typing import assert_never

from idxcalc.expr import (
    Add, All, Call, Cases, Compare, Component, Condition, Constant, Delta, Deriv, Det, Diff, Elementary,
    Expr, Index, Inverse, Iverson, Match, Mul, Num, Pow, Ref, Size, Slot, Sum, called, free,
    opened, substitute, unlifted,
)  # fmt: skip
from idxcalc.normal.contract import total
from idxcalc.normal.matrices import argument, determinant, inverse
from idxcalc.normal.powers import power
from idxcalc.normal.primitive import compared, primitive
from idxcalc.normal.product import delta, merge, multiply, multiply_all, slot_order
from idxcalc.normal.scalar import elementary
from idxcalc.normal.signs import nonzero
from idxcalc.normal.terms import (
    ORDERED, Base, Number, Poly, Scope, add, besides, exact, minus, number, poly_expr, single,
    sorted_term, spelt,
)  # fmt: skip

Slots = tuple[Slot, ...]
FEW = 8  # sums over fewer values may be written out


def normal(scope: Scope, node: Expr) -> Poly:
    known = scope.memo.get(node)
    if known is None:
        known = scope.memo[node] = _normal(scope, node)
    return known


def _normal(scope: Scope, node: Expr) -> Poly:
    match node:
        case Num(value):
            return number(exact(value))
        case Size(dim):
            return single(node) if dim.number is None else number(dim.number)
        case Constant():
            return single(node)
        case Component():
            return component(scope, node)
        case Delta(left, right):
            return delta(scope, left, right)
        case Ref():
            return single(node) if scope.closed else normal(scope, opened(node))
        case Add(terms):
            return add(*(normal(scope, t) for t in terms))
        case Mul(factors):
            return multiply_all(scope, _factors(scope, factors))
        case Pow(base, by):
            return power(scope, normal(scope, base), normal(scope, by))
        case Sum():
            return summed(scope, node)
        case Elementary(name, args):
            return elementary(scope, name, [normal(scope, a) for a in args])
        case Call():
            return call(scope, node)
        case Inverse():
            return inverse(scope, node)
        case Det(matrix):
            return determinant(scope, matrix)
        case Iverson(condition):
            return bracket(scope, condition)
        case Cases(branches, otherwise):
            scope.evidence.rule("cases")
            rest, result = number(1), number(0)
            for condition, branch in branches:
                here = bracket(scope, condition)
                if rest and here:
                    result = add(result, multiply_all(scope, [rest, here, normal(scope, branch)]))
                rest = multiply(scope, rest, besides(here))
            return add(result, multiply(scope, rest, normal(scope, otherwise))) if rest else result
        case Deriv() | Diff():
            return single(node)  # not worked out: left whole, which proves only what is the same
        case _:
            assert_never(node)


def component(scope: Scope, node: Component) -> Poly:
    """A component; fixed ones are numbers, slots of a (anti)symmetric tensor are sorted."""
    variable, slots = node.variable, node.slots
    for where, value in variable.fixed:
        if where == slots:
            return number(exact(Fraction(str(value))))
    slots, sign = in_order(scope, variable.traits, slots)
    return single(Component(variable, slots), 1, sign) if sign else {}


def in_order(scope: Scope, traits: frozenset[str], slots: Slots) -> tuple[Slots, int]:
    """The slots of a tensor, sorted if it is (anti)symmetric, and the sign of that: 0 if it vanishes."""
    if not traits & ORDERED or len(slots) < 2:
        return slots, 1
    order = sorted(range(len(slots)), key=lambda n: slot_order(slots[n]))
    if order != sorted(order):
        scope.evidence.rule("symmetry")
    turns = sum(order[a] > order[b] for b in range(len(order)) for a in range(b))
    sign = 1 if "symmetric" in traits else -(turns % 2) or 1
    repeated = "antisymmetric" in traits and len(set(slots)) < len(slots)
    return tuple(slots[n] for n in order), 0 if repeated else sign


def summed(scope: Scope, node: Sum) -> Poly:
    """A sum; one that leaves components out is the full sum minus those. Nested sums go together."""
    few = _few(scope, node)
    if few:
        return add(*(normal(scope, substitute(node.body, {node.index: n})) for n in few))
    if node.first is not None:
        left_out = [substitute(node.body, {node.index: n}) for n in range(node.index.dim.start, node.first)]
        return minus(summed(scope, Sum(node.index, node.body)), add(*(normal(scope, e) for e in left_out)))
    indices: list[Index] = []
    factors: list[Expr] = []
    taken = free(node)
    waiting: list[tuple[Expr, dict[Index, Slot]]] = [(node, {})]
    while waiting:
        part, names = waiting.pop()
        if isinstance(part, Mul):
            waiting += [(f, names) for f in reversed(part.factors)]
        elif isinstance(part, Sum) and part.first is None and not _few(scope, part):
            made = index = part.index
            while made in taken:
                made = Index(f"~{made.name}", index.dim)
            taken |= {made}
            indices.append(made)
            waiting.append((part.body, {**names, index: made} if names or made is not index else names))
        else:
            factors.append(substitute(part, names))
    return total(scope, tuple(indices), multiply_all(scope, _factors(scope, factors)))


def _few(scope: Scope, node: Sum) -> range:
    """The values of an index that a sum is written out over; none if it is not."""
    dim = node.index.dim
    first = dim.start if node.first is None else node.first
    return range(first, (dim.number or 0) + 1 if scope.written and (dim.number or FEW) < FEW else first)


def _factors(scope: Scope, factors: Sequence[Expr]) -> list[Poly]:
    """The factors of a product: if one divides, sums stay whole, to cancel before they are expanded."""
    apart = [
        (f.base, f.exponent.value.numerator)
        if isinstance(f, Pow) and isinstance(f.exponent, Num) and f.exponent.value.denominator == 1
        else (f, 1)
        for f in factors
    ]
    powers = [(normal(scope, base), e) for base, e in apart]
    below = any(isinstance(b, Add) and e < 0 for p, _ in powers for term in p for b, e in term)
    divides = below or any(e < 0 for p, e in powers if len(p) > 1)
    if not (scope.whole or divides) or len(factors) < 2 or all(len(p) == 1 for p, _ in powers):
        return [normal(scope, f) for f in factors]
    both = zip(powers, factors, strict=True)
    return [_held(scope, p, e) if len(p) > 1 else normal(scope, f) for (p, e), f in both]


def _held(scope: Scope, poly: Poly, exponent: int) -> Poly:
    """A power of a sum kept whole, in one term."""
    size, common, rest = primitive(scope, poly, positive=False)
    if exponent < 0 and not all(map(partial(nonzero, scope), [*common, poly_expr(rest)])):
        return power(scope, poly, number(exponent))
    powers: dict[Base, Number] = {b: e * exponent for b, e in common.items()}
    left: Poly = rest if len(rest) == 1 else single(poly_expr(rest))
    ((term, c),) = left.items()
    merge(scope, powers, tuple((b, e * exponent) for b, e in term))
    return {sorted_term(powers): exact(size * c, exponent)}


def call(scope: Scope, node: Call) -> Poly:
    function, out, derivs, args = node.function, node.out, node.derivs, node.args
    if not derivs and (node.lifted or (function.body is not None and not scope.closed)):
        plain = unlifted(node)
        return normal(scope, plain if function.body is None or scope.closed else called(plain))
    made = tuple(argument(scope, a) for a in args)
    if len(derivs) > 1:
        ranked = tuple(sorted(derivs, key=lambda d: (d[0], [spelt(s) for s in d[1]])))
        if ranked != derivs:
            scope.evidence.rule("derivatives commute")
        derivs = ranked
    out, sign = in_order(scope, function.traits, out)
    return single(Call(function, out, derivs, made), 1, sign) if sign else {}


def bracket(scope: Scope, condition: Condition) -> Poly:
    """Iverson's bracket as a polynomial in brackets ``[p > 0]`` and deltas."""
    match condition:
        case All(conditions):
            return multiply_all(scope, [bracket(scope, c) for c in conditions])
        case Match(left, right, equal):
            same = delta(scope, left, right)
            return same if equal else besides(same)
        case Compare(op, left, right):
            return compared(scope, op, normal(scope, left), normal(scope, right))
        case _:
            assert_never(condition)
