"""Powers of polynomials, with rational and with symbolic exponents.

``(x^a)^b = x^{ab}`` and ``(xy)^b = x^b y^b`` for every integer b; for another b only for factors whose sign
is known. ``\\sqrt{z}^2`` is z where it is defined (`equality.domain` sees to it that both sides of a claim
are defined on the same set); ``\\sqrt{z^2}`` is the absolute value. A sum in the exponent gives a product,
``e^{a+b} = e^a e^b`` and ``x^{n+1} = x^n x``, so that the exponents of bases stay rational numbers.

Invariant: a base of several terms is primitive; a negative exponent stands only at a base that is not
identically zero (`signs.nonzero`), otherwise the reciprocal is a base of its own, which cancels nothing.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from idxcalc.expr import MINUS_ONE, Constant, Elementary, Mul, Num, Pow
from idxcalc.normal.primitive import greater, primitive
from idxcalc.normal.product import by_cases, expand, expandable, multiply, multiply_all
from idxcalc.normal.signs import base_sign, branches, expression_nonzero, integral, nonzero, poly_sign
from idxcalc.normal.terms import (
    UNIT, Base, Number, Poly, Scope, Term, Undefined, add, as_number, exact, number, poly_expr,
    scale, single, sorted_term, term_expr,
)  # fmt: skip


def power(scope: Scope, base: Poly, exponent: Poly) -> Poly:
    if not base:
        if (as_number(exponent) or 0) > 0 or not exponent:
            return number(int(not exponent))
        raise Undefined
    if as_number(base) == 1:
        return base
    if base == single(Constant("e")):
        return exponential(scope, exponent)
    return multiply_all(scope, [_to_the(scope, base, term, c) for term, c in exponent.items()])


def reciprocal(scope: Scope, poly: Poly) -> Poly:
    return power(scope, poly, number(-1))


def _to_the(scope: Scope, base: Poly, term: Term, c: Number) -> Poly:
    """``base ** (c term)``."""
    if term:
        return _symbolic(scope, base, term, c)
    whole = c.denominator == 1
    if whole and c > 0 and (len(base) == 1 or expandable(base, int(c))):
        return expand(scope, base, int(c))
    cases = branches(base) if whole and expression_nonzero(scope, base) else None
    if cases is not None:
        return by_cases(scope, cases, lambda case: _to_the(scope, case, UNIT, c))
    size, common, rest = primitive(scope, base, positive=not whole)
    done = [number_power(size, c), *_each(scope, common, c)]
    match [*rest.items()]:
        case [(factors, sign)] if whole or not factors:
            done += [number_power(sign, c), *_each(scope, dict(factors), c)]
        case [(((b, e),), 1)] if e.denominator != 1 or e % 2:
            done.append(raised(scope, b, e * c))
        case [(((b, e),), 1)] if nonzero(scope, b):
            done.append(absolute_power(scope, b, e * c))
        case [_]:
            done.append(single(poly_expr(rest), c))
        case _:
            done.append(raised(scope, poly_expr(rest), c))
    return multiply_all(scope, done)


def _each(scope: Scope, powers: dict[Base, Number], by: Number) -> list[Poly]:
    return [raised(scope, b, exact(e * by)) for b, e in powers.items()]


def raised(scope: Scope, base: Base, exponent: Number) -> Poly:
    """A power of one base. The reciprocal of what may vanish identically is kept out of all merging."""
    if exponent < 0 and not nonzero(scope, base):
        return single(Pow(Mul((base,)), MINUS_ONE), -exponent)
    return single(base, exponent)


def number_power(value: Number, exponent: Number) -> Poly:
    """A power of a rational number: roots only of primes, ``\\sqrt 8 = 2 \\sqrt 2``."""
    if exponent.denominator == 1:
        return number(exact(value, exponent.numerator))
    if value < 0:
        raise Undefined
    outside, roots = Fraction(1), dict[Base, Number]()
    for prime, times in factorised(value).items():
        e = times * exponent
        outside *= exact(prime, e.numerator // e.denominator)
        roots[Num(Fraction(prime))] = e % 1
    return {sorted_term(roots): outside}


def factorised(value: Number) -> dict[int, int]:
    """Prime factors (below 1000; a larger rest counts as one) with their multiplicities."""
    found: Counter[int] = Counter()
    for rest, step in ((value.numerator, 1), (value.denominator, -1)):
        for p in range(2, 1000 if rest > 1 else 2):
            while rest % p == 0:
                found[p] += step
                rest //= p
        if rest > 1:
            found[rest] += step
    return {p: n for p, n in found.items() if n}


def absolute_power(scope: Scope, base: Base, exponent: Number) -> Poly:
    """``|b|^e``, b of unknown sign and not identically zero: for an integer e through the sign of b."""
    if exponent.denominator != 1:
        return single(Pow(base, Num(Fraction(2))), Fraction(exponent) / 2)
    scope.evidence.rule("absolute value")
    plain = raised(scope, base, exponent)
    if exponent % 2 == 0:
        return plain
    step = greater(scope, single(base), number(0))
    return multiply(scope, plain, add(scale(step, 2), number(-1)))


def _symbolic(scope: Scope, base: Poly, term: Term, c: Number) -> Poly:
    """A sum or product to the power of ``c term``, which is not a number."""
    ((factors, size),) = base.items() if len(base) == 1 else single(poly_expr(base)).items()
    whole, known = c.denominator == 1 and integral(term), poly_sign(scope, base) > 0
    lone = size == 1 and len(factors) == 1 and factors[0][1] == 1
    signed = whole or not known or all(base_sign(scope, b) > 0 for b, _ in factors)
    if not signed or not (known or whole or (lone and not integral(term))):
        return single(Pow(poly_expr(base), term_expr(term, c)))
    primes = factorised(max(size, -size))
    done = [raised(scope, Pow(Num(Fraction(p)), term_expr(term)), n * c) for p, n in primes.items()]
    if size < 0:
        done.append(single(Pow(MINUS_ONE, term_expr(term)), c))
    for b, e in factors:
        match b:
            case Constant("e"):
                done.append(exponential(scope, {term: c * e}))
            case Elementary("exp", (inner,)):
                done.append(exponential(scope, multiply(scope, scope.normal(scope, inner), {term: c * e})))
            case Pow(inner, by) if not isinstance(by, Num) and (known or whole):
                grown = multiply(scope, scope.normal(scope, by), {term: c * e})
                done.append(power(scope, scope.normal(scope, inner), grown))
            case _:
                done.append(raised(scope, Pow(b, term_expr(term)), c * e))
    return multiply_all(scope, done)


def exponential(scope: Scope, poly: Poly) -> Poly:
    """``e^p``: one factor for each term of p; a logarithm in it is undone."""
    parts = []
    for term, c in poly.items():
        logs = [b for b, e in term if isinstance(b, Elementary) and b.name == "log" and e == 1]
        if term == UNIT:
            parts.append(single(Constant("e"), c))
        elif len(logs) == 1:
            scope.evidence.rule("exp of log")
            inner = scope.normal(scope, logs[0].args[0])
            parts.append(power(scope, inner, {tuple(p for p in term if p[0] is not logs[0]): c}))
        else:
            parts.append(single(Elementary("exp", (term_expr(term),)), c))
    if len(poly) > 1:
        scope.evidence.rule("exponentials merge")
    return multiply_all(scope, parts)
