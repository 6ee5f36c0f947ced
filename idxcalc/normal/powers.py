"""Powers of polynomials, with rational and with symbolic exponents.

``(x^a)^b = x^{ab}`` and ``(xy)^b = x^b y^b`` for every integer b; for another b only for factors whose sign
is known. ``\\sqrt{z}^2`` is z where it is defined (`equality.domain` sees to it that both sides of a claim
are defined on the same set); ``\\sqrt{z^2}`` is the absolute value. ``e^{a+b}`` is a product with one factor
for each term of the exponent, and ``x^{n+1}`` is ``x^n x``, so that exponents stay rational numbers.

Invariant: a base of several terms is primitive; a negative exponent stands only at a base that is not
identically zero (`signs.nonzero`), otherwise the reciprocal is a base of its own, which cancels nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from fractions import Fraction

from idxcalc.expr import MINUS_ONE, Constant, Elementary, Expr, Mul, Num, Pow
from idxcalc.normal.primitive import greater, primitive
from idxcalc.normal.product import expand, expandable, multiply, multiply_all
from idxcalc.normal.signs import base_sign, branches, expression_nonzero, integral, nonzero, poly_sign
from idxcalc.normal.terms import (
    UNIT, Base, Poly, Scope, Term, Undefined, add, as_number, key, number, poly_expr, scale,
    single, term_expr,
)  # fmt: skip


def power(scope: Scope, poly: Poly, exponent: Fraction) -> Poly:
    if not exponent:
        return number(1)
    if not poly:
        if exponent < 0:
            raise Undefined
        return {}
    whole = exponent.denominator == 1
    if whole and exponent > 0 and (len(poly) == 1 or expandable(poly, exponent.numerator)):
        return expand(scope, poly, exponent.numerator)
    if len(poly) == 1:
        ((term, c),) = poly.items()
        return _power_of_term(scope, term, c, exponent)
    cases = branches(poly) if whole and expression_nonzero(scope, poly) else None
    if cases is not None:
        return by_cases(scope, cases, lambda case: power(scope, case, exponent))
    size, common, rest = primitive(scope, poly, positive=not whole)
    factors = [number_power(size, exponent), *(raised(scope, b, e * exponent) for b, e in common.items())]
    if len(rest) == 1:
        return multiply_all(scope, [*factors, power(scope, rest, exponent)])
    return multiply_all(scope, [*factors, raised(scope, poly_expr(rest), exponent)])


def by_cases(scope: Scope, cases: tuple[Poly, Poly, Poly], value: Callable[[Poly], Poly]) -> Poly:
    """A function of a sum that contains a bracket: its value where the bracket is 1, and where it is 0."""
    scope.evidence.rule("by cases")
    bracket, on, off = cases
    beside = add(number(1), scale(bracket, -1))
    return add(multiply(scope, bracket, value(on)), multiply(scope, beside, value(off)))


def raised(scope: Scope, base: Base, exponent: Fraction) -> Poly:
    """A power of one base. The reciprocal of what may vanish identically is kept out of all merging."""
    if exponent < 0 and not nonzero(scope, base):
        return single(Pow(Mul((base,)), MINUS_ONE), -exponent)
    return single(base, exponent)


def number_power(value: Fraction, exponent: Fraction) -> Poly:
    """A power of a rational number: roots only of primes, ``\\sqrt 8 = 2 \\sqrt 2``."""
    if exponent.denominator == 1:
        return number(value**exponent.numerator)
    if value < 0:
        raise Undefined
    outside, term = Fraction(1), list[tuple[Expr, Fraction]]()
    for prime, times in sorted(factorised(value).items()):
        e = times * exponent
        outside *= Fraction(prime) ** (e.numerator // e.denominator)
        if e % 1:
            term.append((Num(Fraction(prime)), e % 1))
    return {tuple(sorted(term, key=lambda p: key(p[0]))): outside}


def factorised(value: Fraction) -> dict[int, int]:
    """Prime factors (below 1000; a larger rest counts as one) with their multiplicities."""
    found: Counter[int] = Counter()
    for rest, step in ((value.numerator, 1), (value.denominator, -1)):
        for p in range(2, 1000):
            while rest % p == 0:
                found[p] += step
                rest //= p
        if rest > 1:
            found[rest] += step
    return {p: n for p, n in found.items() if n}


def _power_of_term(scope: Scope, term: Term, c: Fraction, exponent: Fraction) -> Poly:
    if exponent.denominator == 1:
        factors = [raised(scope, b, e * exponent) for b, e in term]
        return multiply_all(scope, [number(c**exponent.numerator), *factors])
    size, common, rest = split(scope, term, c)
    done = [number_power(size, exponent), *(raised(scope, b, e * exponent) for b, e in common.items())]
    match [*rest.items()]:
        case [((), sign)]:
            done.append(number_power(sign, exponent))
        case [(((base, e),), sign)] if sign == 1 and (e.denominator != 1 or e % 2):
            done.append(raised(scope, base, e * exponent))
        case [(((base, e),), sign)] if sign == 1 and nonzero(scope, base):
            done.append(absolute_power(scope, base, e * exponent))
        case _:
            whole = exponent.numerator // exponent.denominator
            done += [power(scope, rest, Fraction(whole)), single(poly_expr(rest), exponent - whole)]
    return multiply_all(scope, done)


def split(scope: Scope, term: Term, c: Fraction) -> tuple[Fraction, dict[Base, Fraction], Poly]:
    """A term as a positive number, the powers of positive bases, and the rest (with its sign)."""
    common = {b: e for b, e in term if base_sign(scope, b) > 0}
    rest = tuple((b, e) for b, e in term if b not in common)
    return abs(c), common, {rest: Fraction(1 if c > 0 else -1)}


def absolute_power(scope: Scope, base: Base, exponent: Fraction) -> Poly:
    """``|b|^e``, b of unknown sign and not identically zero: for an integer e through the sign of b."""
    if exponent.denominator != 1:
        whole = exponent / 2 // 1
        square = single(Pow(base, Num(Fraction(2))), exponent / 2 - whole)
        return multiply(scope, raised(scope, base, 2 * Fraction(whole)), square) if whole else square
    scope.evidence.rule("absolute value")
    plain = raised(scope, base, exponent)
    if exponent % 2 == 0:
        return plain
    step = greater(scope, single(base), number(0))
    return multiply(scope, plain, add(scale(step, 2), number(-1)))


def symbolic_power(scope: Scope, base: Poly, exponent: Poly) -> Poly:
    """A power with an exponent that is not a number; ``x^{n+1} = x^n x``."""
    constant = as_number(exponent)
    if constant is not None:
        return power(scope, base, constant)
    if not base:
        raise Undefined
    if base == single(Constant("e")):
        return exponential(scope, exponent)
    value = as_number(base)
    if value == 1:
        return base
    known = poly_sign(scope, base) > 0
    parts = [power(scope, base, exponent[UNIT])] if UNIT in exponent else []
    for term, c in exponent.items():
        if term == UNIT:
            continue
        whole = integral(term) and c.denominator == 1
        if len(base) == 1:
            parts.append(_term_to_the(scope, base, term, c, whole=whole, known=known))
        elif known or whole or not integral(term):
            parts.append(raised(scope, Pow(poly_expr(base), term_expr(term)), c))
        else:
            parts.append(single(Pow(poly_expr(base), term_expr(term, c))))
    return multiply_all(scope, parts)


def _term_to_the(scope: Scope, base: Poly, term: Term, c: Fraction, *, whole: bool, known: bool) -> Poly:
    ((factors, size),) = base.items()
    lone = len(factors) == 1 and size == 1 and factors[0][1] == 1
    if not (known or whole or (lone and not integral(term))):
        return single(Pow(poly_expr(base), term_expr(term, c)))
    signs = [base_sign(scope, b) for b, _ in factors]
    if known and not whole and any(s <= 0 for s in signs):
        return single(Pow(poly_expr(base), term_expr(term, c)))
    done = [
        raised(scope, Pow(Num(Fraction(p)), term_expr(term)), n * c) for p, n in factorised(abs(size)).items()
    ]
    if size < 0:
        done.append(single(Pow(MINUS_ONE, term_expr(term)), c))
    for b, e in factors:
        match b:
            case Constant("e"):
                done.append(exponential(scope, {term: c * e}))
            case Elementary("exp", (inner,)):
                grown = multiply(scope, scope.normal(scope, inner), {term: c * e})
                done.append(exponential(scope, grown))
            case Pow(inner, raise_to) if not isinstance(raise_to, Num) and (known or whole):
                grown = multiply(scope, scope.normal(scope, raise_to), {term: c * e})
                done.append(symbolic_power(scope, scope.normal(scope, inner), grown))
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
            rest = tuple(p for p in term if p[0] is not logs[0])
            parts.append(symbolic_power(scope, inner, {rest: c}))
        else:
            parts.append(single(Elementary("exp", (term_expr(term),)), c))
    if len(poly) > 1:
        scope.evidence.rule("exponentials merge")
    return multiply_all(scope, parts)
