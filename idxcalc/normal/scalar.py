"""Powers and known functions of polynomials.

``(x^a)^b = x^{ab}`` and ``(xy)^b = x^b y^b`` for every integer b; for another b only for factors whose sign
is known. ``\\sqrt{z}^2`` is z where it is defined; `domain` sees to it that the sides of an equality are defined on
the same set. ``\\sqrt{z^2}`` is the absolute value. ``e^{a+b}`` is a product with one factor
for each term of the exponent, and ``x^{n+1}`` is ``x^n x``, so that exponents stay rational numbers. A sum
in a denominator is made *primitive* first: its common factors and its content are taken out, so that
``1/(1+e^{-z})`` and ``e^z/(e^z+1)`` are the same.

Invariant: a base of several terms is primitive; a negative exponent stands only at a base that is not
identically zero (`signs.nonzero`), otherwise the reciprocal is a base of its own, which cancels nothing.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from idxcalc.expr import (
    MINUS_ONE, ZERO, Compare, Constant, Elementary, Iverson, Mul, Num, Pow,
)  # fmt: skip
from idxcalc.normal.latex import latex
from idxcalc.normal.product import expand, expandable, multiply, multiply_all
from idxcalc.normal.signs import base_sign, expression_nonzero, integral, nonzero, poly_sign
from idxcalc.normal.terms import (
    UNIT, Base, Poly, Scope, Term, Undefined, add, as_number, content, key, number, poly_expr, scale, single, symbols,
    term_expr,
)  # fmt: skip

HALF = Fraction(1, 2)


def orientation(poly: Poly) -> int:
    """A sign, -1 for about every second polynomial: that of -p is the opposite; 0 if renaming could decide it.

    It looks at the kinds of the factors only, never at index names.
    """
    classes: dict[tuple, list[Fraction]] = {}
    for term, c in poly.items():
        kind = tuple(sorted((*(s for b, _ in term for s in symbols(b)), *(str(e) for _, e in term))))
        classes.setdefault(kind, []).append(c)
    for kind in sorted(classes):
        values, turned = sorted(classes[kind]), sorted(-c for c in classes[kind])
        if values != turned:
            return 1 if values > turned else -1
    return 0


def shared(scope: Scope, poly: Poly, *, positive: bool) -> dict[Base, Fraction]:
    """The powers common to all terms, such that what remains has no negative ones."""
    found: dict[Base, Fraction] = {}
    for base in {b: None for term in poly for b, _ in term}:
        least = min(dict(term).get(base, Fraction(0)) for term in poly)
        fits = least.denominator == 1 or len({dict(t).get(base, Fraction(0)) % 1 for t in poly}) == 1
        if least and fits and (base_sign(scope, base) > 0 or (not positive and nonzero(scope, base))):
            found[base] = least
    return found


def primitive(scope: Scope, poly: Poly, *, positive: bool) -> tuple[Fraction, dict[Base, Fraction], Poly]:
    """``poly`` as a number, times common powers, times a primitive sum.

    With ``positive`` the number is positive, and the powers are of bases known to be positive.
    """
    common = shared(scope, poly, positive=positive)
    rest = poly
    for base, e in common.items():
        rest = multiply(scope, rest, single(base, -e))
    size = content(rest)
    if not positive and orientation(rest) < 0:
        size = -size
    return size, common, scale(rest, 1 / size)


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
    size, common, rest = primitive(scope, poly, positive=not whole)
    factors = [number_power(size, exponent), *(raised(scope, b, e * exponent) for b, e in common.items())]
    if len(rest) == 1:
        return multiply_all(scope, [*factors, power(scope, rest, exponent)])
    return multiply_all(scope, [*factors, raised(scope, poly_expr(rest), exponent)])


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
    outside, term = Fraction(1), []
    for prime, times in sorted(factorised(value).items()):
        e = times * exponent
        outside *= Fraction(prime) ** (e.numerator // e.denominator)
        if e % 1:
            term.append((Num(Fraction(prime)), e % 1))
    return {tuple(sorted(term, key=lambda p: str(p[0].value))): outside}


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
        return multiply_all(
            scope, [number(c**exponent.numerator), *(raised(scope, b, e * exponent) for b, e in term)]
        )
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


def logarithm(scope: Scope, poly: Poly) -> Poly:
    """``\\log p``; factors that are known to be positive become terms."""
    if not poly:
        raise Undefined
    if len(poly) == 1:
        ((term, c),) = poly.items()
        size, common, rest = split(scope, term, c)
    else:
        size, common, rest = primitive(scope, poly, positive=True)
    total = number(0)
    for prime, times in factorised(size).items():
        total = add(total, single(Elementary("log", (Num(Fraction(prime)),)), 1, times))
    for base, e in common.items():
        total = add(total, scale(_log_of(scope, base), e))
    if common:
        scope.evidence.rule("logarithm of a product")
    match [*rest.items()]:
        case [((), sign)] if sign == 1:
            return total
        case [(((base, e),), sign)] if sign == 1 and (e.denominator != 1 or e % 2):
            return add(total, single(Elementary("log", (base,)), 1, e))
    return add(total, single(Elementary("log", (poly_expr(rest),))))


def _log_of(scope: Scope, base: Base) -> Poly:
    match base:
        case Constant("e"):
            return number(1)
        case Elementary("exp", (inner,)):
            scope.evidence.rule("log of exp")
            return scope.normal(scope, inner)
        case Pow(inner, exponent) if not isinstance(exponent, Num):
            return multiply(
                scope, scope.normal(scope, exponent), logarithm(scope, scope.normal(scope, inner))
            )
    return single(Elementary("log", (base,)))


def greater(scope: Scope, left: Poly, right: Poly) -> Poly:
    """The bracket ``[left > right]``; of two opposite ones the second is 1 minus the first."""
    gap = add(left, scale(right, -1))
    constant = as_number(gap)
    if constant is not None:
        return number(int(constant > 0))
    sign = poly_sign(scope, gap)
    if sign:
        return number(int(sign > 0))
    _, _, gap = primitive(scope, gap, positive=True)
    turn = orientation(gap) < 0 and expression_nonzero(scope, gap)
    bracket = single(Iverson(Compare(">", poly_expr(scale(gap, -1 if turn else 1)), ZERO)))
    if not turn:
        return bracket
    scope.evidence.rule("opposite brackets")
    scope.evidence.assume(f"away from ${latex(poly_expr(scale(gap, -1)))} = 0$")
    return add(number(1), scale(bracket, -1))


def compared(scope: Scope, op: str, left: Poly, right: Poly) -> Poly:
    """The bracket of a comparison; an equality of values that are not the same holds almost nowhere."""
    match op:
        case ">":
            return greater(scope, left, right)
        case "<":
            return greater(scope, right, left)
        case ">=":
            return add(number(1), scale(greater(scope, right, left), -1))
        case "<=":
            return add(number(1), scale(greater(scope, left, right), -1))
    gap = add(left, scale(right, -1))
    constant = as_number(gap)
    if constant is not None:
        same = number(int(constant == 0))
    elif expression_nonzero(scope, gap):
        same = number(0)
    else:
        same = add(
            number(1), scale(greater(scope, left, right), -1), scale(greater(scope, right, left), -1)
        )
    return same if op == "=" else add(number(1), scale(same, -1))


def larger(scope: Scope, a: Poly, b: Poly) -> Poly:
    """``max(a, b) = b + (a - b)[a > b]``."""
    scope.evidence.rule("cases")
    gap = add(a, scale(b, -1))
    turn = orientation(gap)
    if turn < 0 or (not turn and key(poly_expr(a)) > key(poly_expr(b))):
        a, b, gap = b, a, scale(gap, -1)
    return add(b, multiply(scope, gap, greater(scope, a, b)))


def elementary(scope: Scope, name: str, args: list[Poly]) -> Poly:
    """A known function of normalised arguments."""
    z = args[0]
    match name:
        case "exp":
            return exponential(scope, z)
        case "log":
            return logarithm(scope, z)
        case "max":
            return larger(scope, z, args[1])
        case "min":
            return add(z, args[1], scale(larger(scope, z, args[1]), -1))
        case "abs":
            return larger(scope, z, scale(z, -1))
        case "tan":
            return multiply(
                scope, elementary(scope, "sin", [z]), power(scope, elementary(scope, "cos", [z]), Fraction(-1))
            )
        case "tanh" if scope.exponential:
            plus, minus = elementary(scope, "cosh", [z]), elementary(scope, "sinh", [z])
            return multiply(scope, minus, power(scope, plus, Fraction(-1)))
        case "sinh" | "cosh" if scope.exponential:
            scope.evidence.rule("hyperbolic functions as exponentials")
            turned = exponential(scope, scale(z, -1))
            return scale(add(exponential(scope, z), scale(turned, 1 if name == "cosh" else -1)), HALF)
    odd = name in ("sin", "tanh", "sinh", "arcsin", "arctan")
    even = name in ("cos", "cosh")
    if not z:
        return number(0) if odd else number(1) if even else single(Elementary(name, (ZERO,)))
    if (odd or even) and orientation(z) < 0:
        inner = Elementary(name, (poly_expr(scale(z, -1)),))
        return single(inner, 1, -1 if odd else 1)
    return single(Elementary(name, tuple(map(poly_expr, args))))

