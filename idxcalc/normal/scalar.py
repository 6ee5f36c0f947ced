"""Known functions of real numbers.

A logarithm of a product is a sum as far as the factors are known to be positive, and no further. The tangent
is sine over cosine; even and odd functions take the argument of positive orientation; a maximum, a minimum,
an absolute value are polynomials in brackets. Hyperbolic functions are written with exponentials when
the scope asks for it.
"""

from __future__ import annotations

from fractions import Fraction

from idxcalc.expr import ZERO, Constant, Elementary, Num, Pow
from idxcalc.normal.powers import by_cases, exponential, factorised, reciprocal, split
from idxcalc.normal.primitive import greater, orientation, primitive
from idxcalc.normal.product import multiply
from idxcalc.normal.signs import branches, nonzero, poly_sign
from idxcalc.normal.terms import (
    Base,
    Poly,
    Scope,
    Undefined,
    add,
    exact,
    key,
    number,
    poly_expr,
    scale,
    single,
)

HALF = Fraction(1, 2)
ODD = ("sin", "tanh", "sinh", "arcsin", "arctan")
EVEN = ("cos", "cosh")
TOTAL = ("exp", "sin", "cos", "tanh", "sinh", "cosh", "arctan")


def logarithm(scope: Scope, poly: Poly) -> Poly:
    """``\\log p``; factors that are known to be positive become terms. ``\\log|z|`` is ``\\log(z^2)/2``."""
    if not poly:
        raise Undefined
    if branches(poly) and poly_sign(scope, poly) > 0:
        square = multiply(scope, poly, poly)
        if not branches(square):
            return scale(logarithm(scope, square), HALF)
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
        case [(((base, e),), sign)] if sign == 1 and nonzero(scope, base):
            return add(total, single(Elementary("log", (Pow(base, Num(Fraction(2))),)), 1, exact(e * HALF)))
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
    cases = branches(z) if name in TOTAL else None
    if cases is not None:
        return by_cases(scope, cases, lambda case: elementary(scope, name, [case]))
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
            below = reciprocal(scope, elementary(scope, "cos", [z]))
            return multiply(scope, elementary(scope, "sin", [z]), below)
        case "tanh" if scope.exponential:
            plus, minus = elementary(scope, "cosh", [z]), elementary(scope, "sinh", [z])
            return multiply(scope, minus, reciprocal(scope, plus))
        case "sinh" | "cosh" if scope.exponential:
            scope.evidence.rule("hyperbolic functions as exponentials")
            turned = exponential(scope, scale(z, -1))
            return scale(add(exponential(scope, z), scale(turned, 1 if name == "cosh" else -1)), HALF)
    odd, even = name in ODD, name in EVEN
    if not z:
        return number(0) if odd else number(1) if even else single(Elementary(name, (ZERO,)))
    if (odd or even) and orientation(z) < 0:
        inner = Elementary(name, (poly_expr(scale(z, -1)),))
        return single(inner, 1, -1 if odd else 1)
    return single(Elementary(name, tuple(map(poly_expr, args))))
