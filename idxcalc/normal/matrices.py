"""Inverses and determinants of matrices.

A scalar factor is taken out, the inverse of an inverse is the matrix, of the identity the identity; a product
of two square matrices has the product of the determinants, and of the inverses in the other order. A matrix
and its transpose share one determinant and, with row and column exchanged, one inverse.

Invariant: a base `Inverse` or `Det` has a matrix in normal form that none of these rules applies to.
"""

from __future__ import annotations

from idxcalc.expr import (
    Delta, Det, Expr, Index, Inverse, Lambda, Mul, Sum, at, free, fresh, names, own_slots, substitute,
)  # fmt: skip
from idxcalc.normal.canonical import components, placeholders
from idxcalc.normal.contract import values
from idxcalc.normal.powers import power, reciprocal
from idxcalc.normal.product import delta, multiply, multiply_all, ordered
from idxcalc.normal.signs import nonzero
from idxcalc.normal.terms import (
    Poly, Scope, content, exact, key, number, poly_expr, single, term_expr,
)  # fmt: skip


def argument(scope: Scope, node: Lambda) -> Lambda:
    """A tensor-valued argument in normal form, its indices named in order."""
    indices = placeholders(node.indices, free(node))
    body = substitute(node.body, dict(zip(node.indices, indices, strict=True)))
    return Lambda(indices, poly_expr(scope.normal(scope, body)))


def inverse(scope: Scope, node: Inverse) -> Poly:
    scalar, body = _factored(scope, node.matrix)
    return multiply(scope, reciprocal(scope, scalar), _inverse(scope, body, node))


def _inverse(scope: Scope, body: Poly, node: Inverse) -> Poly:
    one, other = node.matrix.indices
    match [*body]:
        case [((Delta(a, b), _),)] if {a, b} == {one, other}:
            return delta(scope, node.row, node.column)
        case [((Inverse(inner, a, b), _),)] if {a, b} == {one, other}:
            scope.evidence.rule("inverse")
            return scope.normal(scope, at(inner, (node.row, node.column)[:: 1 if a is one else -1]))
    pair = _product(scope, body, one, other)
    if pair is not None:
        left, right = pair
        k = fresh(one, names(left) | names(right) | {s.name for s in own_slots(node) if isinstance(s, Index)})
        parts = Mul((Inverse(right, node.row, k), Inverse(left, k, node.column)))
        return scope.normal(scope, Sum(k, parts))
    plain, turned = _both(scope, body, node.matrix.indices)
    row, column = node.row, node.column
    if plain is turned:
        row, column = ordered(row, column)
    elif key(turned) < key(plain):
        plain, row, column = turned, column, row
    return single(Inverse(plain, row, column))


def determinant(scope: Scope, matrix: Lambda) -> Poly:
    scalar, body = _factored(scope, matrix)
    factor = power(scope, scalar, values(scope, matrix.indices[0].dim))
    match [*body]:
        case [((Delta(a, b), _),)] if {a, b} == set(matrix.indices):
            return factor
        case [((Inverse(inner, a, b), _),)] if {a, b} == set(matrix.indices):
            scope.evidence.rule("inverse")
            return multiply(scope, factor, reciprocal(scope, scope.normal(scope, Det(inner))))
    pair = _product(scope, body, *matrix.indices)
    if pair is not None:
        return multiply_all(scope, [factor, *(scope.normal(scope, Det(part)) for part in pair)])
    return multiply(scope, factor, single(Det(min(_both(scope, body, matrix.indices), key=key))))


def _both(scope: Scope, body: Poly, indices: tuple[Index, ...]) -> tuple[Lambda, Lambda]:
    """A matrix in normal form, and its transpose."""
    made = poly_expr(body)
    return argument(scope, Lambda(indices, made)), argument(scope, Lambda(indices[::-1], made))


def _factored(scope: Scope, matrix: Lambda) -> tuple[Poly, Poly]:
    """A matrix as a scalar that is not 0, times a matrix."""
    body = scope.normal(scope, matrix.body)
    scalar: Poly = number(exact(content(body))) if body else number(1)
    if len(body) == 1:
        ((term, c),) = body.items()
        powers = ((b, e) for b, e in term if free(b).isdisjoint(matrix.indices) and nonzero(scope, b))
        scalar = {tuple(powers): c}
    return scalar, multiply(scope, body, reciprocal(scope, scalar))


def _product(scope: Scope, body: Poly, row: Index, column: Index) -> tuple[Lambda, Lambda] | None:
    """A matrix as a product of two square ones, if one dummy alone connects its row with its column."""
    match [*body.items()]:
        case [(((Sum() as base, 1),), 1)] if base in scope.inside and row.dim is column.dim:
            indices, term = scope.inside[base]
        case _:
            return None
    for k in indices:
        others = tuple(i for i in indices if i is not k)
        sides: dict[bool, list[Expr]] = {True: [], False: []}
        for members, factors in components((*others, row, column), term):
            part = term_expr(tuple(factors))
            for index in members:
                part = part if index in (row, column) else Sum(index, part)
            sides[column in members].append(part)
            if {row, column} <= set(members):
                break
        else:
            left, right = (Mul(tuple(sides[side])) for side in (False, True))
            if k.dim is row.dim and {row, k} <= free(left) and {column, k} <= free(right):
                scope.evidence.rule("product of matrices")
                return Lambda((row, k), left), Lambda((k, column), right)
    return None
