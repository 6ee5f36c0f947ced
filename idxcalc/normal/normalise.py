"""The normal form: one rule for each kind of node, from the inside out.

A definition is opened (or, for reading back, kept as a name), a function with a body is called. The
arguments of an unknown function are brought to normal form with their indices named in order, so that two
calls are the same base exactly when their arguments are equal; the derivatives of one call commute and are
sorted. Cases and comparisons become sums with brackets, a condition on indices a delta.

Invariant: `normal` gives the same polynomial for expressions that differ by names of bound indices, by
order, by brackets, or by the rules listed in `product`, `scalar` and `contract`; it is idempotent.
"""

from __future__ import annotations

from fractions import Fraction
from typing import assert_never

from idxcalc.expr import (
    Add, All, Call, Cases, Compare, Component, Condition, Constant, Delta, Deriv, Det, Diff, Elementary,
    Expr, Index, Inverse, Iverson, Lambda, Match, Mul, Num, Pow, Ref, Size, Slot, Sum, at, called, free,
    opened, substitute,
)  # fmt: skip
from idxcalc.normal.canonical import placeholders
from idxcalc.normal.contract import total, values
from idxcalc.normal.product import multiply, multiply_all, ordered
from idxcalc.normal.powers import power, symbolic_power
from idxcalc.normal.primitive import compared
from idxcalc.normal.scalar import elementary
from idxcalc.normal.signs import nonzero
from idxcalc.normal.terms import (
    Poly, Scope, add, content, key, number, poly_expr, scale, single, slot_key,
)  # fmt: skip


def normal(scope: Scope, node: Expr) -> Poly:
    known = scope.memo.get(node)
    if known is None:
        known = scope.memo[node] = _normal(scope, node)
    return known


def _normal(scope: Scope, node: Expr) -> Poly:
    match node:
        case Num(value):
            return number(value)
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
            return multiply_all(scope, [normal(scope, f) for f in factors])
        case Pow(base, by):
            return symbolic_power(scope, normal(scope, base), normal(scope, by))
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
                rest = multiply(scope, rest, add(number(1), scale(here, -1)))
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
            return number(Fraction(str(value)))
    if not variable.traits & {"symmetric", "antisymmetric"} or len(slots) < 2:
        return single(node)
    order = sorted(range(len(slots)), key=lambda n: (isinstance(slots[n], Index), slot_key(slots[n])))
    made = Component(variable, tuple(slots[n] for n in order))
    if made is not node:
        scope.evidence.rule("symmetry")
    if "symmetric" in variable.traits:
        return single(made)
    if len(set(slots)) < len(slots):
        return {}
    turns = sum(order[a] > order[b] for b in range(len(order)) for a in range(b))
    return single(made, 1, -1 if turns % 2 else 1)


def delta(scope: Scope, left: Slot, right: Slot) -> Poly:
    left, right = ordered(left, right)
    if left == right:
        return number(1)
    if isinstance(right, int) or frozenset((left, right)) in scope.distinct:
        return {}
    if isinstance(left, int) and not right.dim.start <= left <= (right.dim.number or left):
        return {}
    return single(Delta(left, right))


def summed(scope: Scope, node: Sum) -> Poly:
    """A sum; one that leaves components out is the full sum minus those. Nested sums go together."""
    if node.first is not None:
        result = summed(scope, Sum(node.index, node.body))
        for n in range(node.index.dim.start, node.first):
            result = add(result, scale(normal(scope, substitute(node.body, {node.index: n})), -1))
        return result
    indices: list[Index] = []
    body: Expr = node
    while isinstance(body, Sum) and body.first is None:
        index, body = body.index, body.body
        if index in scope.reserved or index in indices:  # a condition speaks of a free index of this name
            index, body = _apart(index, body, indices)
        indices.append(index)
    return total(scope, tuple(indices), normal(scope, body))


def _apart(index: Index, body: Expr, taken: list[Index]) -> tuple[Index, Expr]:
    made = Index(f"~{index.name}", index.dim)
    while made in taken:
        made = Index(f"~{made.name}", index.dim)
    return made, substitute(body, {index: made})


def argument(scope: Scope, node: Lambda) -> Lambda:
    """A tensor-valued argument in normal form, its indices named in order."""
    indices = placeholders(node.indices, set(free(node)))
    body = substitute(node.body, dict(zip(node.indices, indices, strict=True)))
    return Lambda(indices, poly_expr(normal(scope, body)))


def call(scope: Scope, node: Call) -> Poly:
    function, out, derivs, args = node.function, node.out, node.derivs, node.args
    if node.lifted and not derivs:
        inner = at(args[0], out)
        return normal(scope, Call(function, (), (), (Lambda((), inner),)))
    if function.body is not None and not derivs and not node.lifted:
        return normal(scope, called(node))
    made = tuple(argument(scope, a) for a in args)
    if len(derivs) > 1:
        ranked = tuple(sorted(derivs, key=lambda d: (d[0], [slot_key(s) for s in d[1]])))
        if ranked != derivs:
            scope.evidence.rule("derivatives commute")
        derivs = ranked
    return single(Call(function, out, derivs, made))


def _matrix(scope: Scope, matrix: Lambda) -> tuple[Lambda, bool, bool]:
    """A matrix in normal form or transposed, whichever comes first; whether it was transposed; symmetric."""
    plain = argument(scope, matrix)
    turned = argument(scope, Lambda(matrix.indices[::-1], matrix.body))
    return min(plain, turned, key=key), key(turned) < key(plain), plain is turned


def _factored(scope: Scope, matrix: Lambda) -> tuple[Poly, Poly]:
    """A matrix as a scalar that is not 0, times a matrix."""
    body = normal(scope, matrix.body)
    scalar: Poly = number(content(body)) if body else number(1)
    if len(body) == 1:
        ((term, c),) = body.items()
        powers = ((b, e) for b, e in term if free(b).isdisjoint(matrix.indices) and nonzero(scope, b))
        scalar = {tuple(powers): c}
    return scalar, multiply(scope, body, power(scope, scalar, Fraction(-1)))


def inverse(scope: Scope, node: Inverse) -> Poly:
    scalar, body = _factored(scope, node.matrix)
    factor = power(scope, scalar, Fraction(-1))
    plain = Lambda(node.matrix.indices, poly_expr(body))
    matrix, turned, symmetric = _matrix(scope, plain)
    row, column = (node.column, node.row) if turned else (node.row, node.column)
    if symmetric:
        row, column = ordered(row, column)
    one, other = plain.indices
    match [*body]:
        case [((Delta(), _),)]:
            return multiply(scope, factor, delta(scope, row, column))
        case [((Inverse(inner, a, b), _),)] if {a, b} == {one, other}:
            scope.evidence.rule("inverse")
            pair = (node.row, node.column) if a is one else (node.column, node.row)
            return multiply(scope, factor, normal(scope, at(inner, pair)))
    return multiply(scope, factor, single(Inverse(matrix, row, column)))


def determinant(scope: Scope, matrix: Lambda) -> Poly:
    scalar, body = _factored(scope, matrix)
    size = values(scope, matrix.indices[0].dim)
    factor = symbolic_power(scope, scalar, size)
    match [*body]:
        case [((Delta(), _),)]:
            return factor
        case [((Inverse(inner, a, b), _),)] if {a, b} == set(matrix.indices):
            scope.evidence.rule("inverse")
            return multiply(scope, factor, power(scope, normal(scope, Det(inner)), Fraction(-1)))
    made, _, _ = _matrix(scope, Lambda(matrix.indices, poly_expr(body)))
    return multiply(scope, factor, single(Det(made)))


def bracket(scope: Scope, condition: Condition) -> Poly:
    """Iverson's bracket as a polynomial in brackets ``[p > 0]`` and deltas."""
    match condition:
        case All(conditions):
            return multiply_all(scope, [bracket(scope, c) for c in conditions])
        case Match(left, right, equal):
            same = delta(scope, left, right)
            return same if equal else add(number(1), scale(same, -1))
        case Compare(op, left, right):
            return compared(scope, op, normal(scope, left), normal(scope, right))
        case _:
            assert_never(condition)
