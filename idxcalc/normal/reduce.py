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

from fractions import Fraction

from idxcalc.expr import Component, Delta, Expr, Index, Inverse, Lambda, Slot, free, own_slots, substitute
from idxcalc.normal.canonical import canonical, components
from idxcalc.normal.product import cancelled, multiply, multiply_all
from idxcalc.normal.signs import nonzero
from idxcalc.normal.terms import (
    Base, Poly, Scope, Term, key, number, poly_expr, scale, single, sorted_term, symbols, term_expr,
)  # fmt: skip

Sums = list[tuple[tuple[Index, ...], Poly]]  # sums of polynomials over indices


def reduced(scope: Scope, bound: tuple[Index, ...], term: Term) -> Sums | None:
    """A term under a sum rewritten by one of the rules, or None."""
    for base, e in term:
        if isinstance(base, Inverse) and e == 1:
            found = _inverse(scope, bound, term, base)
        elif e < 0 and not free(base).isdisjoint(bound):
            found = _denominator(scope, bound, term, base, e)
        else:
            continue
        if found is not None:
            return found
    return None


def leading(poly: Poly, *, names: bool = False) -> Term | None:
    """The term of the highest degree, then of most factors of the first kind.

    None if index names would decide, and they may not (those of a matrix are always the same).
    """
    if not poly:
        return None
    kinds = sorted({_kind(b) for term in poly for b, _ in term})

    def weight(term: Term) -> tuple[Fraction, ...]:
        degrees = [sum((e for b, e in term if _kind(b) == kind), Fraction(0)) for kind in kinds]
        return (sum(degrees, Fraction(0)), *degrees)

    best = max(map(weight, poly))
    first = [t for t in poly if weight(t) == best]
    return min(first, key=lambda t: key(term_expr(t))) if names or len(first) == 1 else None


def _kind(base: Base) -> tuple[str, ...]:
    return tuple(sorted(symbols(base)))


def extract(
    scope: Scope, bound: tuple[Index, ...], term: Term, wanted: Term
) -> tuple[tuple[Index, ...], Term, Fraction] | None:
    """``\\sum_bound term`` as ``wanted`` times a sum: its indices, its term, a sign; None if it is not so."""
    sign = Fraction(1)
    for base, e in wanted:
        powers = dict(term)
        if powers.get(base, Fraction(0)) >= e > 0:
            powers[base] -= e
            term = sorted_term(powers)
            continue
        if e != 1 or base not in scope.inside:
            return None
        held = tuple(i for i in bound if i not in free(base))
        for members, factors in components(held, term):
            if not (members and factors) or len(members) != len(scope.inside[base][0]):
                continue
            made = canonical(scope, members, factors)
            match [*made.items()]:
                case [(((found, power),), c)] if found is base and power == 1:
                    bound = tuple(i for i in bound if i not in members)
                    term = tuple(p for p in term if p not in factors)
                    sign *= c
                    break
        else:
            return None
    return bound, term, sign


def _inverse(scope: Scope, bound: tuple[Index, ...], term: Term, base: Inverse) -> Sums | None:
    one, other = base.matrix.indices
    matrix = scope.normal(scope, base.matrix.body)
    symmetric = matrix == scope.normal(scope, substitute(base.matrix.body, {one: other, other: one}))
    rest = tuple(p for p in term if p[0] is not base)
    slots = {s: None for b, _ in rest for s in _slots(b)}
    generic = {t: c for t, c in matrix.items() if not any(isinstance(b, Delta) for b, _ in t)}
    lead = leading(generic, names=True)
    if lead is None or not {one, other} <= {i for b, _ in lead for i in free(b)}:
        return None
    if len(matrix) == 1 and not any({one, other} <= free(b) for b, _ in lead):
        return None  # x_i x_j has no inverse
    for k, c, transposed in ((base.row, base.column, False), (base.column, base.row, not symmetric)):
        if k not in bound or not isinstance(k, Index) or c is k:
            continue
        for a in slots:
            if a is k or (isinstance(a, Index) and a.dim is not k.dim):
                continue
            pair: tuple[Slot, Slot] = (k, a) if transposed else (a, k)
            places = dict(zip((one, other), pair, strict=True))
            top = tuple((b, e) for b, e in lead if free(b) & {one, other})
            wanted = scope.normal(scope, substitute(poly_expr({top: Fraction(1)}), places))
            if len(wanted) != 1:
                continue
            ((instance, sign),) = wanted.items()
            found = extract(scope, bound, rest, instance)
            if found is None or any(k in free(b) for b, _ in found[1]):
                continue  # the index stands elsewhere too, so that this is no product of matrices
            left, remaining, turn = found
            scalars = tuple((b, -e) for b, e in lead if not free(b) & {one, other})
            if not all(nonzero(scope, b) for b, _ in scalars):
                continue
            scope.evidence.rule("inverse")
            scope.evidence.assume(*invertible(base.matrix))
            outside: Poly = {sorted_term(dict(scalars)): 1 / (matrix[lead] * sign * turn)}
            outside = multiply(scope, outside, {remaining: Fraction(1)})
            others = poly_expr({t: x for t, x in matrix.items() if t != lead})
            lower = multiply(scope, scope.normal(scope, substitute(others, places)), single(base))
            same = scope.normal(scope, Delta(a, c))
            without = tuple(i for i in left if i is not k)
            return [
                (without, multiply(scope, outside, same)),
                (left, scale(multiply(scope, outside, lower), -1)),
            ]
    return None


def invertible(matrix: Lambda) -> tuple[str, Expr | None]:
    """The assumption that a matrix has an inverse."""
    body = matrix.body
    if isinstance(body, Component):
        return f"{body.variable.name} invertible", None
    return "the matrix $%s$ invertible", body


def _slots(base: Base) -> list[Slot]:
    return [*free(base), *(s for s in own_slots(base) if isinstance(s, int))]


def _denominator(scope: Scope, bound: tuple[Index, ...], term: Term, base: Base, e: Fraction) -> Sums | None:
    if base in scope.inside:
        poly: Poly = single(base)
    else:
        poly = scope.normal(scope, base)
    lead = leading(poly)
    if not lead or (len(poly) == 1 and base not in scope.inside):
        return None
    rest = tuple(p for p in term if p[0] is not base)
    found = extract(scope, bound, rest, lead)
    if found is None:
        return None
    left, remaining, turn = found
    cancelled(scope, base)
    outside: Poly = {remaining: turn / poly[lead]}
    up = multiply_all(scope, [outside, single(base, e + 1) if e + 1 else number(1)])
    others = {t: c for t, c in poly.items() if t != lead}
    return [
        (left, up),
        (left, scale(multiply_all(scope, [outside, others, single(base, e)]), -1)),
    ]
