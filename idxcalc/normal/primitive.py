"""Primitive polynomials, their orientation, and the brackets of comparisons.

A polynomial that stays whole (a denominator, what is compared with 0) is a number times powers of bases
times a *primitive* sum: integer coefficients without common divisor, no power common to all terms, no
negative exponent. So ``1/(1+e^{-z})`` and ``e^z/(e^z+1)`` have one denominator. Of ``p`` and ``-p`` the
*orientation* picks one, by the kinds of the factors, so that renaming indices does not change the choice.

Invariant: brackets are ``[p > 0]`` with a primitive p; of two opposite brackets one is 1 minus the other
where p is not identically zero.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil

from idxcalc.expr import ZERO, Compare, Iverson
from idxcalc.normal.product import by_cases, multiply
from idxcalc.normal.signs import (
    base_sign, branches, expression_nonzero, integral, nonzero, poly_sign, strictly,
)  # fmt: skip
from idxcalc.normal.terms import (
    UNIT, Base, Number, Poly, Scope, Undefined, add, as_number, besides, content, exact, key, minus, number,
    poly_expr, scale, single, symbols, term_expr,
)  # fmt: skip


def orientation(poly: Poly) -> int:
    """A sign, such that that of -p is the opposite; 0 if only the names of indices could decide it.

    It looks at the kinds of the factors only.
    """
    classes: dict[tuple[str, ...], list[Number]] = {}
    for term, c in poly.items():
        kind = tuple(sorted((*(s for b, _ in term for s in symbols(b)), *(str(e) for _, e in term))))
        classes.setdefault(kind, []).append(c)
    for kind in sorted(classes):
        values, turned = sorted(classes[kind]), sorted(-c for c in classes[kind])
        if values != turned:
            return 1 if values > turned else -1
    return 0


def shared(scope: Scope, poly: Poly, *, positive: bool) -> dict[Base, Number]:
    """The powers common to all terms, such that what remains has no negative ones."""
    found: dict[Base, Number] = {}
    for base in {b: None for term in poly for b, _ in term}:
        powers = [dict(term).get(base, 0) for term in poly]
        least = min(powers)
        fits = least.denominator == 1 or len({e % 1 for e in powers}) == 1
        if least and fits and (base_sign(scope, base) > 0 or (not positive and nonzero(scope, base))):
            found[base] = least
    return found


def primitive(scope: Scope, poly: Poly, *, positive: bool) -> tuple[Number, dict[Base, Number], Poly]:
    """``poly`` as a number, times common powers, times a primitive sum.

    With ``positive`` the number is positive, and the powers are of bases known to be positive.
    """
    common = shared(scope, poly, positive=positive)
    if len(poly) == 1:
        rest = {tuple(p for p in term if p[0] not in common): c for term, c in poly.items()}
    else:
        rest = poly
        for base, e in common.items():
            rest = multiply(scope, rest, single(base, -e))
    if not rest:  # 0, which its denominators hid
        raise Undefined
    size: Number = content(rest)
    if not positive:
        first = min(rest, key=lambda t: key(term_expr(t)))
        size *= orientation(rest) or (1 if rest[first] > 0 else -1)
    return size, common, scale(rest, exact(1 / Fraction(size)))


def greater(scope: Scope, left: Poly, right: Poly) -> Poly:
    """The bracket ``[left > right]``; of two opposite ones the second is 1 minus the first."""
    gap = minus(left, right)
    constant = as_number(gap)
    if constant is not None:
        return number(int(constant > 0))
    if all(integral(term) and c.denominator == 1 for term, c in gap.items() if term):
        gap = {**gap, UNIT: ceil(gap.get(UNIT, 0))}  # a whole number is above 1/2 if it is above 0
        gap = {term: c for term, c in gap.items() if c}
    scope = strictly(scope)
    sign = poly_sign(scope, gap)
    if sign:
        return number(int(sign > 0))
    if cases := branches(gap):
        return by_cases(scope, cases, lambda case: greater(scope, case, {}))
    size, common, rest = primitive(scope, gap, positive=False)
    odd = [single(b) for b, e in common.items() if e % 2 == 1]
    odd += [rest] * (rest != number(1))
    if len(odd) == 2 and expression_nonzero(scope, rest) and not scope.closed:  # of one sign, or of two
        one, other = (greater(scope, factor, {}) for factor in odd)
        differ = minus(add(one, other), scale(multiply(scope, one, other), 2))
        scope.evidence.assume("away from $%s = 0$", poly_expr(gap))
        return besides(differ) if size > 0 else differ
    _, _, gap = primitive(scope, gap, positive=True)
    turn = orientation(gap) < 0 and expression_nonzero(scope, gap)
    bracket = single(Iverson(Compare(">", poly_expr(scale(gap, -1 if turn else 1)), ZERO)))
    if not turn:
        return bracket
    scope.evidence.rule("opposite brackets")
    scope.evidence.assume("away from $%s = 0$", poly_expr(scale(gap, -1)))
    return besides(bracket)


def compared(scope: Scope, op: str, left: Poly, right: Poly) -> Poly:
    """The bracket of a comparison; an equality of values that are not the same holds almost nowhere."""
    if op in ("<", ">="):
        op, left, right = {"<": ">", ">=": "<="}[op], right, left
    if op in (">", "<="):
        above = greater(scope, left, right)
        return above if op == ">" else besides(above)
    gap = minus(left, right)
    constant = as_number(gap)
    if constant is not None:
        same = number(int(constant == 0))
    elif expression_nonzero(strictly(scope), gap):
        same = number(0)
    else:
        same = minus(besides(greater(scope, left, right)), greater(scope, right, left))
    return same if op == "=" else besides(same)
