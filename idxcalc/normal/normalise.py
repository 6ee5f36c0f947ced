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
    Expr, Index, Inverse, Iverson, Lambda, Match, Mul, Num, Pow, Ref, Size, Slot, Sum, at, called, free,
    fresh, names, opened, own_slots, substitute,
)  # fmt: skip
from idxcalc.normal.canonical import components, placeholders
from idxcalc.normal.contract import total, values
from idxcalc.normal.powers import power, reciprocal
from idxcalc.normal.product import merge, multiply, multiply_all, ordered, slot_order
from idxcalc.normal.primitive import compared, primitive
from idxcalc.normal.scalar import elementary
from idxcalc.normal.signs import nonzero
from idxcalc.normal.terms import (
    ORDERED, Base, Number, Poly, Scope, add, besides, content, exact, key, number, poly_expr, scale, single,
    sorted_term, spelt, term_expr,
)  # fmt: skip


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
    if not variable.traits & ORDERED or len(slots) < 2:
        return single(node)
    order = sorted(range(len(slots)), key=lambda n: slot_order(slots[n]))
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
    few = _few(scope, node)
    if few:
        return add(*(normal(scope, substitute(node.body, {node.index: n})) for n in few))
    if node.first is not None:
        result = summed(scope, Sum(node.index, node.body))
        for n in range(node.index.dim.start, node.first):
            result = add(result, scale(normal(scope, substitute(node.body, {node.index: n})), -1))
        return result
    indices: list[Index] = []
    factors: list[Expr] = []
    taken = free(node) | scope.reserved  # a condition may speak of a free index of the same name
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
    apart = [_split(f) for f in factors]
    polys = [normal(scope, base) for base, _ in apart]
    divides = any(e < 0 for p, (_, e) in zip(polys, apart, strict=True) if len(p) > 1) or any(
        isinstance(b, Add) and e < 0 for p in polys for term in p for b, e in term
    )
    if not (scope.whole or divides) or len(factors) < 2 or all(len(p) == 1 for p in polys):
        return [normal(scope, f) for f in factors]
    return [
        _held(scope, p, e) if len(p) > 1 else normal(scope, f)
        for p, (_, e), f in zip(polys, apart, factors, strict=True)
    ]


def _split(factor: Expr) -> tuple[Expr, int]:
    """A factor as a base and a whole exponent."""
    match factor:
        case Pow(base, Num(value)) if value.denominator == 1:
            return base, value.numerator
    return factor, 1


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


def argument(scope: Scope, node: Lambda) -> Lambda:
    """A tensor-valued argument in normal form, its indices named in order."""
    indices = placeholders(node.indices, free(node))
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
        ranked = tuple(sorted(derivs, key=lambda d: (d[0], [spelt(s) for s in d[1]])))
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
    scalar: Poly = number(exact(content(body))) if body else number(1)
    if len(body) == 1:
        ((term, c),) = body.items()
        powers = ((b, e) for b, e in term if free(b).isdisjoint(matrix.indices) and nonzero(scope, b))
        scalar = {tuple(powers): c}
    return scalar, multiply(scope, body, reciprocal(scope, scalar))


def inverse(scope: Scope, node: Inverse) -> Poly:
    scalar, body = _factored(scope, node.matrix)
    factor = reciprocal(scope, scalar)
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
    pair_of = _product(scope, body, one, other)
    if pair_of is not None:
        left, right = pair_of
        k = fresh(one, names(left) | names(right) | {s.name for s in own_slots(node) if isinstance(s, Index)})
        parts = Mul((Inverse(right, node.row, k), Inverse(left, k, node.column)))
        return multiply(scope, factor, normal(scope, Sum(k, parts)))
    return multiply(scope, factor, single(Inverse(matrix, row, column)))


def determinant(scope: Scope, matrix: Lambda) -> Poly:
    scalar, body = _factored(scope, matrix)
    factor = power(scope, scalar, values(scope, matrix.indices[0].dim))
    match [*body]:
        case [((Delta(), _),)]:
            return factor
        case [((Inverse(inner, a, b), _),)] if {a, b} == set(matrix.indices):
            scope.evidence.rule("inverse")
            return multiply(scope, factor, reciprocal(scope, normal(scope, Det(inner))))
    pair = _product(scope, body, *matrix.indices)
    if pair is not None:
        return multiply_all(scope, [factor, *(normal(scope, Det(part)) for part in pair)])
    made, _, _ = _matrix(scope, Lambda(matrix.indices, poly_expr(body)))
    return multiply(scope, factor, single(Det(made)))


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
