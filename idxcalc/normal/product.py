"""Products of polynomials, and the rules that see only the factors of one product.

Merging adds exponents: ``x^a x^b = x^{a+b}``. Where a positive and a negative exponent meet, something is
cancelled; `powers.raised` gives a negative exponent only to what is not identically zero, so that this holds
almost everywhere, and the assumption is noted. Inside one product an Iverson bracket and a delta are
idempotent, a delta carries its smaller index into the other factors, ``sin^2`` is ``1 - cos^2``, and a
power of a sum is expanded (unless the scope keeps sums whole).

Invariant: what `multiply` returns has no base that one of these rules still applies to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sized
from fractions import Fraction
from itertools import combinations
from math import comb, floor

from idxcalc.expr import (
    MINUS_ONE, ZERO, Add, Compare, Component, Delta, Elementary, Index, Iverson, Mul, Num, Pow, Ref,
    Slot, free, substitute,
)  # fmt: skip
from idxcalc.normal.signs import base_sign, poly_sign, strictly
from idxcalc.normal.terms import (
    LIMIT, ORDERED, UNIT, Base, Number, Poly, Scope, Term, accumulate, add, besides, exact, number, poly_expr,
    power_expr, scale, single, sorted_term, spelt,
)  # fmt: skip

EXPANDED = 2000  # a power of a sum that would give more terms than this stays a power


def multiply(scope: Scope, left: Poly, right: Poly) -> Poly:
    if not left or not right:
        return {}
    for one, other in ((left, right), (right, left)):
        if len(one) == 1 and UNIT in one:
            return scale(other, one[UNIT])
    scope.spend(len(left) * len(right))
    total: Poly = {}
    for t, c in left.items():
        for u, d in right.items():
            powers = dict(t)
            merge(scope, powers, u)
            for term, e in settle(scope, powers).items():
                accumulate(total, term, c * d * e)
    if len(total) > LIMIT:
        scope.spend(50 * LIMIT + 1)
    return total


def multiply_all(scope: Scope, polys: Iterable[Poly]) -> Poly:
    """The product of all; those of one term at once, then each sum."""
    powers: dict[Base, Number] = {}
    factor: Number = 1
    sums = []
    for poly in polys:
        if len(poly) == 1:
            ((term, c),) = poly.items()
            factor *= c
            merge(scope, powers, term)
        else:
            sums.append(poly)
    total = scale(settle(scope, powers), factor)
    for poly in sums:
        total = multiply(scope, total, poly)
    return total


def expand(scope: Scope, poly: Poly, exponent: int) -> Poly:
    """A positive integer power, multiplied out."""
    if len(poly) == 1:
        ((term, c),) = poly.items()
        return scale(settle(scope, {b: e * exponent for b, e in term}), exact(c, exponent))
    if len(poly) > 1 and exponent > 1:
        scope.evidence.rule("distribute")
    return multiply_all(scope, [poly] * exponent)


def expandable(poly: Sized, exponent: int) -> bool:
    return comb(len(poly) + exponent - 1, exponent) <= EXPANDED


def by_cases(scope: Scope, cases: tuple[Poly, Poly, Poly], value: Callable[[Poly], Poly]) -> Poly:
    """A function of a sum that contains a bracket: its value where the bracket is 1, and where it is 0."""
    scope.evidence.rule("by cases")
    bracket, on, off = cases
    return add(multiply(scope, bracket, value(on)), multiply(scope, besides(bracket), value(off)))


def merge(scope: Scope, powers: dict[Base, Number], term: Term) -> None:
    """Multiplies ``powers`` by a term."""
    for base, e in term:
        before = powers.get(base)
        if before is None:
            powers[base] = e
            continue
        if before * e < 0:
            cancelled(scope, base)
        powers[base] = exact(before + e)


def cancelled(scope: Scope, base: Base) -> None:
    if not base_sign(scope, base):
        scope.evidence.rule("common denominator")
        scope.evidence.assume("away from $%s = 0$", base)


def settle(scope: Scope, powers: dict[Base, Number]) -> Poly:
    """The product of ``powers`` with the rules of this module applied."""
    for one, other in combinations([b for b, e in powers.items() if e and isinstance(b, Iverson)], 2):
        both = together(scope, one, other)
        if both is not None:
            rest = settle(scope, {b: x for b, x in powers.items() if b not in (one, other)})
            return multiply(scope, rest, both)
    for base, e in powers.items():
        if not e or isinstance(base, Component):
            continue
        made = local(scope, base, e)
        if made is not None:
            rest = settle(scope, {b: x for b, x in powers.items() if b is not base})
            return multiply(scope, rest, made)
        if isinstance(base, Delta):
            moved = carried(scope, base, powers)
            if moved is not None:
                return moved
    return {sorted_term(powers): 1}


def local(scope: Scope, base: Base, e: Number) -> Poly | None:
    """The rewriting of one power, or None if it stays as it is."""
    whole = floor(e)
    match base:
        case Iverson() | Delta() if e != 1:
            return single(base)
        case Num(value) if not 0 < e < 1:
            made = number(exact(value, whole))
        case Elementary("sin", args) if e >= 2:
            scope.evidence.rule("sin^2 + cos^2 = 1")
            rest = single(base, e - 2) if e > 2 else number(1)
            return multiply(scope, besides(single(Elementary("cos", args), 2)), rest)
        case Add(terms) if e >= 1 and not scope.whole and expandable(terms, whole):
            made = expand(scope, scope.normal(scope, base), whole)
        case Pow(Mul((_,)), Num()):
            return None  # the reciprocal of something that may be identically zero somewhere
        case Mul() | Pow(_, Num()) if not 0 < e < 1:
            made = scope.normal(scope, Pow(base, Num(Fraction(whole))))
        case _:
            return None
    return multiply(scope, made, single(base, e - whole)) if e > whole else made


def together(scope: Scope, one: Base, other: Base) -> Poly | None:
    """The product of two brackets ``[p > 0]`` and ``[q > 0]``, where the sign of ``p + q`` or ``p - q`` is
    known."""
    match one, other:
        case Iverson(Compare(">", p, left)), Iverson(Compare(">", q, right)) if left is right is ZERO:
            scope.spend(100)
            wide, both = strictly(scope), scope.normal(scope, Add((p, q)))
            if not both or (known := poly_sign(wide, both)) < 0:
                return {}
            if known > 0:
                return add(single(one), single(other), number(-1))
            if known := poly_sign(wide, scope.normal(scope, Add((p, Mul((MINUS_ONE, q)))))):
                return single(other if known > 0 else one)
    return None


def carried(scope: Scope, delta: Delta, powers: dict[Base, Number]) -> Poly | None:
    """The product with the larger index of a delta replaced by the smaller one in the other factors."""
    small, large = delta.left, delta.right
    if not isinstance(large, Index) or (isinstance(small, Index) and small.dim is not large.dim):
        return None
    touched = [b for b in powers if b is not delta and large in free(b)]
    if not touched:
        return None
    scope.evidence.rule("delta")
    rest = settle(scope, {b: e for b, e in powers.items() if b not in touched})
    return multiply_all(scope, [rest, *(replaced(scope, b, powers[b], {large: small}) for b in touched)])


def plain(base: Base) -> bool:
    """Whether a base is a name with slots that no order of them rewrites."""
    if isinstance(base, Component):
        return not (base.variable.traits & ORDERED or base.variable.fixed)
    return isinstance(base, Ref)


def replaced(scope: Scope, base: Base, exponent: Number, mapping: Mapping[Index, Slot]) -> Poly:
    """A power with indices replaced (perhaps identified), in normal form again."""
    made = substitute(base, mapping)
    if plain(base):
        return single(made, exponent)
    poly = scope.normal(scope, power_expr(made, exponent))
    kept = scope.whole and isinstance(base, Add) and exponent == 1 and len(poly) > 1
    return single(poly_expr(poly)) if kept else poly


def ordered(left: Slot, right: Slot) -> tuple[Slot, Slot]:
    """Two slots in the order of a delta: a number first, then by name."""
    return (left, right) if slot_order(left) <= slot_order(right) else (right, left)


def slot_order(slot: Slot) -> tuple[bool, str]:
    return isinstance(slot, Index), spelt(slot)


def delta(scope: Scope, left: Slot, right: Slot) -> Poly:
    left, right = ordered(left, right)
    if left == right:
        return number(1)
    if isinstance(right, int) or frozenset((left, right)) in scope.distinct:
        return {}
    if isinstance(left, int) and not right.dim.start <= left <= (right.dim.number or left):
        return {}
    return single(Delta(left, right))
