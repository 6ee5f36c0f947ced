"""Products of polynomials, and the rules that see only the factors of one product.

Merging adds exponents: ``x^a x^b = x^{a+b}``. Where a positive and a negative exponent meet, something is
cancelled; `scalar.power` gives a negative exponent only to what is not identically zero, so that this holds
almost everywhere, and the assumption is noted. Inside one product an Iverson bracket and a delta are
idempotent, a delta carries its smaller index into the other factors, ``sin^2`` is ``1 - cos^2``, and a
power of a sum is expanded.

Invariant: what `multiply` returns has no base that one of these rules still applies to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sized
from fractions import Fraction
from math import comb, floor

from idxcalc.expr import (
    MINUS_ONE, ZERO, Add, Compare, Delta, Elementary, Expr, Index, Iverson, Mul, Num, Pow, Slot, free,
    substitute,
)  # fmt: skip
from idxcalc.normal.signs import base_sign
from idxcalc.normal.terms import (
    LIMIT, UNIT, Base, Poly, Scope, Term, accumulate, add, number, scale, single, slot_key, sorted_term,
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
            for term, e in product(scope, t, u).items():
                accumulate(total, term, c * d * e)
    if len(total) > LIMIT:
        scope.spend(50 * LIMIT + 1)
    return total


def multiply_all(scope: Scope, polys: list[Poly]) -> Poly:
    total = number(1)
    for poly in polys:
        total = multiply(scope, total, poly)
    return total


def expand(scope: Scope, poly: Poly, exponent: int) -> Poly:
    """A positive integer power, multiplied out."""
    if len(poly) == 1:
        ((term, c),) = poly.items()
        return scale(settle(scope, {b: e * exponent for b, e in term}), c**exponent)
    if len(poly) > 1 and exponent > 1:
        scope.evidence.rule("distribute")
    return multiply_all(scope, [poly] * exponent)


def expandable(poly: Sized, exponent: int) -> bool:
    return comb(len(poly) + exponent - 1, exponent) <= EXPANDED


def product(scope: Scope, left: Term, right: Term) -> Poly:
    powers = dict(left)
    for base, e in right:
        before = powers.get(base)
        if before is not None and before * e < 0:
            cancelled(scope, base)
        powers[base] = e if before is None else before + e
    return settle(scope, powers)


def cancelled(scope: Scope, base: Base) -> None:
    if not base_sign(scope, base):
        scope.evidence.rule("common denominator")
        scope.evidence.assume("away from $%s = 0$", base)


def settle(scope: Scope, powers: dict[Base, Fraction]) -> Poly:
    """The product of ``powers`` with the rules of this module applied."""
    for base, e in powers.items():
        if not e:
            continue
        replaced = local(scope, base, e)
        if replaced is None and isinstance(base, Delta):
            replaced = carried(scope, base, powers)
            if replaced is not None:
                return replaced
        if replaced is None and isinstance(base, Iverson) and opposite(scope, base) in powers:
            return {}
        if replaced is not None:
            rest = settle(scope, {b: x for b, x in powers.items() if b is not base})
            return multiply(scope, rest, replaced)
    return {sorted_term(powers): Fraction(1)}


def local(scope: Scope, base: Base, e: Fraction) -> Poly | None:
    """The rewriting of one power, or None if it stays as it is."""
    match base:
        case Iverson() | Delta() if e != 1:
            return single(base)
        case Num(value) if not 0 < e < 1:
            root = single(base, e - floor(e)) if e > floor(e) else number(1)
            return scale(root, value ** floor(e))
        case Elementary("sin", args) if e >= 2:
            scope.evidence.rule("sin^2 + cos^2 = 1")
            square = add(number(1), single(Elementary("cos", args), 2, -1))
            rest = single(base, e - 2) if e > 2 else number(1)
            return multiply(scope, square, rest)
        case Add(terms) if e >= 1 and expandable(terms, floor(e)):
            whole = expand(scope, scope.normal(scope, base), floor(e))
            return multiply(scope, whole, single(base, e - floor(e))) if e > floor(e) else whole
        case Mul() | Pow(_, Num()) if not 0 < e < 1 and not guarded(base):
            whole = scope.normal(scope, Pow(base, Num(Fraction(floor(e)))))
            return multiply(scope, whole, single(base, e - floor(e))) if e > floor(e) else whole
    return None


def guarded(base: Base) -> bool:
    """Whether the base is the reciprocal of something that may be identically zero somewhere."""
    match base:
        case Pow(Mul((_,)), Num()):
            return True
    return False


def opposite(scope: Scope, base: Iverson) -> Expr | None:
    """The bracket of the opposite strict inequality, in normal form."""
    match base.condition:
        case Compare(">", left, right) if right is ZERO:
            turned = scope.normal(scope, Iverson(Compare(">", Mul((MINUS_ONE, left)), ZERO)))
            match [*turned]:
                case [((Iverson() as other, _),)] if other is not base:
                    return other
    return None


def carried(scope: Scope, delta: Delta, powers: dict[Base, Fraction]) -> Poly | None:
    """The product with the larger index of a delta replaced by the smaller one in the other factors."""
    small, large = delta.left, delta.right
    if not isinstance(large, Index) or (isinstance(small, Index) and small.dim is not large.dim):
        return None
    touched = [b for b in powers if b is not delta and large in free(b)]
    if not touched:
        return None
    scope.evidence.rule("delta")
    rest = settle(scope, {b: e for b, e in powers.items() if b not in touched})
    moved = [replaced(scope, b, powers[b], {large: small}) for b in touched]
    return multiply_all(scope, [rest, *moved])


def replaced(scope: Scope, base: Base, exponent: Fraction, mapping: Mapping[Index, Slot]) -> Poly:
    """A power with indices replaced (perhaps identified), in normal form again."""
    return scope.normal(scope, Pow(substitute(base, mapping), Num(exponent)))


def ordered(left: Slot, right: Slot) -> tuple[Slot, Slot]:
    """Two slots in the order of a delta: a number first, then by name."""
    one = (isinstance(left, Index), slot_key(left))
    other = (isinstance(right, Index), slot_key(right))
    return (left, right) if one <= other else (right, left)
