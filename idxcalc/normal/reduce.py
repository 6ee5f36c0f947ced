"""Under a sum: an inverse meets its matrix, and a denominator what it divides.

With ``M_{ik} = c T_{ik} + R_{ik}`` the rule is

    \\sum_k T_{ik} M^{-1}_{kj} = (\\delta_{ij} - \\sum_k R_{ik} M^{-1}_{kj}) / c

(for ``R = 0``: ``X_{ik} X^{-1}_{kj} = \\delta_{ij}``), and likewise with ``D = c T + R`` for a denominator D
that contains dummies, ``T D^{-1} = (1 - R D^{-1}) / c``. T is the *leading* term of M or D, the same one
whatever the indices are called. T may be a contraction itself (``X_{ki} X_{kj}``, ``\\sum_k e^{w_{ik}}``);
it is found in the product as the part that is connected when the other indices are held.

Invariant: a rule replaces a term by ones with fewer leading terms, so that it ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import NamedTuple

from idxcalc.expr import Component, Delta, Expr, Index, Inverse, Lambda, Slot, free, own_slots, substitute
from idxcalc.normal.canonical import Bound, canonical, components
from idxcalc.normal.product import cancelled, multiply_all
from idxcalc.normal.signs import nonzero
from idxcalc.normal.terms import (
    Base, Number, Poly, Scope, Term, key, number, poly_expr, scale, single, sorted_term, symbols, term_expr,
)  # fmt: skip

Sums = list[tuple[Bound, Poly]]  # sums of polynomials over indices


class Way(NamedTuple):
    """``(c T + R) B = one``: T, 1/c, R and one; where ``one`` stands, ``gone`` is summed over no more."""

    top: Term
    factor: Poly
    others: Poly
    one: Poly
    gone: Index | None = None


def reduced(scope: Scope, bound: Bound, term: Term) -> Sums | None:
    """A term under a sum rewritten by one of the rules, or None."""
    for base, e in term:
        rest = tuple(p for p in term if p[0] is not base)
        if isinstance(base, Inverse) and e == 1:
            ways = _rows(scope, bound, rest, base)
        elif e < 0 and not free(base).isdisjoint(bound):
            ways = _quotient(scope, base, e)
        else:
            continue
        for way in ways:
            found = extract(scope, bound, rest, way.top)
            # An index that stands elsewhere too makes no product of matrices.
            if found is None or any(way.gone in free(b) for b, _ in found[1]):
                continue
            left, remaining, turn = found
            if isinstance(base, Inverse):
                scope.evidence.rule("inverse")
                scope.evidence.assume(*invertible(base.matrix))
            else:
                cancelled(scope, base)
            outside: list[Poly] = [{remaining: turn}, way.factor]
            lower = multiply_all(scope, [*outside, way.others, single(base, e)])
            kept = tuple(i for i in left if i is not way.gone)
            return [(kept, multiply_all(scope, [*outside, way.one])), (left, scale(lower, -1))]
    return None


def leading(poly: Poly, *, names: bool = False) -> Term | None:
    """The term of the highest degree, then of most factors of the first kind.

    None if index names would decide, and they may not (those of a matrix are always the same).
    """
    kind = {b: tuple(sorted(symbols(b))) for term in poly for b, _ in term}
    kinds = sorted(set(kind.values()))

    def weight(term: Term) -> tuple[Number, ...]:
        degrees = [sum(e for b, e in term if kind[b] == one) for one in kinds]
        return (sum(degrees), *degrees)

    best = max(map(weight, poly), default=())
    first = [t for t in poly if weight(t) == best]
    return min(first, key=lambda t: key(term_expr(t))) if len(first) == 1 or (first and names) else None


def extract(scope: Scope, bound: Bound, term: Term, wanted: Term) -> tuple[Bound, Term, Number] | None:
    """``\\sum_bound term`` as ``wanted`` times a sum: its indices, its term, a sign; None if it is not so."""
    sign: Number = 1
    for base, e in wanted:
        powers = dict(term)
        if powers.get(base, 0) >= e > 0:
            powers[base] -= e
            term = sorted_term(powers)
            continue
        held = tuple(i for i in bound if i not in free(base))
        size = len(scope.inside[base][0]) if e == 1 and base in scope.inside else 0
        for members, factors in components(held, term):
            made = canonical(scope, members, factors) if factors and members and len(members) == size else {}
            match [*made.items()]:
                case [(((found, 1),), c)] if found is base:
                    bound = tuple(i for i in bound if i not in members)
                    term = tuple(p for p in term if p not in factors)
                    sign *= c
                    break
        else:
            return None
    return bound, term, sign


def _rows(scope: Scope, bound: Bound, rest: Term, base: Inverse) -> Iterator[Way]:
    """The ways in which a matrix and its inverse may meet: by the row or by the column of the inverse, the
    matrix standing with any other slot."""
    one, other = base.matrix.indices
    matrix = scope.normal(scope, base.matrix.body)
    symmetric = matrix == scope.normal(scope, substitute(base.matrix.body, {one: other, other: one}))
    plain = {t: c for t, c in matrix.items() if not any(isinstance(b, Delta) for b, _ in t)}
    lead = leading(plain, names=True)
    if lead is None:
        return
    places = [free(b) & {one, other} for b, _ in lead]
    scalars = tuple((b, -e) for (b, e), at in zip(lead, places, strict=True) if not at)
    top = tuple(p for p, at in zip(lead, places, strict=True) if at)
    if len(frozenset().union(*places)) < 2 or not all(nonzero(scope, b) for b, _ in scalars):
        return
    if len(matrix) == 1 and all(len(at) < 2 for at in places):
        return  # x_i x_j has no inverse
    others = poly_expr({t: x for t, x in matrix.items() if t != lead})
    slots: dict[Slot, None] = {s: None for b, _ in rest for s in (*own_slots(b), *sorted(free(b), key=key))}
    ways = ((base.row, base.column, False), (base.column, base.row, not symmetric))
    for (k, c, turned), a in product(ways, slots):
        if isinstance(k, Index) and k in bound and c is not k and a is not k:
            if isinstance(a, Index) and a.dim is not k.dim:
                continue
            pair = dict(zip((one, other), (k, a) if turned else (a, k), strict=True))
            match [*scope.normal(scope, substitute(poly_expr({top: 1}), pair)).items()]:
                case [(instance, sign)]:
                    factor: Poly = {sorted_term(dict(scalars)): 1 / Fraction(matrix[lead] * sign)}
                    lower = scope.normal(scope, substitute(others, pair))
                    yield Way(instance, factor, lower, scope.normal(scope, Delta(a, c)), k)


def _quotient(scope: Scope, base: Base, e: Number) -> Iterator[Way]:
    whole = base in scope.inside
    poly = single(base) if whole else scope.normal(scope, base)
    lead = leading(poly)
    if lead and (len(poly) > 1 or whole):
        others = {t: c for t, c in poly.items() if t != lead}
        one = single(base, e + 1) if e + 1 else number(1)
        yield Way(lead, number(1 / Fraction(poly[lead])), others, one)


def invertible(matrix: Lambda) -> tuple[str, Expr | None]:
    """The assumption that a matrix has an inverse."""
    body = matrix.body
    if isinstance(body, Component):
        return f"{body.variable.name} invertible", None
    return "the matrix $%s$ invertible", body
