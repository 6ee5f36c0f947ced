"""Known functions of real numbers.

A logarithm of a product is a sum as far as the factors are known to be positive, and no further. The tangent
is sine over cosine; even and odd functions take the argument of positive orientation; a maximum, a minimum,
an absolute value are polynomials in brackets. Hyperbolic functions are written with exponentials when
the scope asks for it.
"""

from __future__ import annotations

from fractions import Fraction

from idxcalc.expr import ZERO, Constant, Elementary, Expr, Num, Pow
from idxcalc.normal.powers import exponential, factorised, reciprocal
from idxcalc.normal.primitive import greater, orientation, primitive
from idxcalc.normal.product import by_cases, multiply
from idxcalc.normal.signs import branches, nonzero, poly_sign
from idxcalc.normal.terms import (
    Base, Poly, Scope, Undefined, add, exact, key, minus, number, poly_expr, scale, single,
)  # fmt: skip

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
    size, common, rest = primitive(scope, poly, positive=True)
    total = [single(_log(Num(Fraction(prime))), 1, times) for prime, times in factorised(size).items()]
    total += [scale(_log_of(scope, base), e) for base, e in common.items()]
    if common:
        scope.evidence.rule("logarithm of a product")
    match [*rest.items()]:
        case [((), 1)]:
            return add(*total)
        case [(((base, e),), 1)] if e.denominator != 1 or e % 2:
            return add(*total, single(_log(base), 1, e))
        case [(((base, e),), 1)] if nonzero(scope, base):
            return add(*total, single(_log(Pow(base, Num(Fraction(2)))), 1, exact(e * HALF)))
    return add(*total, single(_log(poly_expr(rest))))


def _log(inner: Expr) -> Expr:
    return Elementary("log", (inner,))


def _log_of(scope: Scope, base: Base) -> Poly:
    match base:
        case Constant("e"):
            return number(1)
        case Elementary("exp", (inner,)):
            scope.evidence.rule("log of exp")
            return scope.normal(scope, inner)
        case Pow(inner, exponent) if not isinstance(exponent, Num):
            below = logarithm(scope, scope.normal(scope, inner))
            return multiply(scope, scope.normal(scope, exponent), below)
    return single(_log(base))


def larger(scope: Scope, a: Poly, b: Poly) -> Poly:
    """``max(a, b) = b + (a - b)[a > b]``."""
    scope.evidence.rule("cases")
    gap = minus(a, b)
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
            return minus(add(z, args[1]), larger(scope, z, args[1]))
        case "abs":
            return larger(scope, z, scale(z, -1))
        case "tan" | "tanh" if name == "tan" or scope.exponential:
            above, below = (elementary(scope, name.replace("tan", part), [z]) for part in ("sin", "cos"))
            return multiply(scope, above, reciprocal(scope, below))
        case "sinh" | "cosh" if scope.exponential:
            scope.evidence.rule("hyperbolic functions as exponentials")
            up, down = exponential(scope, z), exponential(scope, scale(z, -1))
            return scale(add(up, down) if name == "cosh" else minus(up, down), HALF)
    odd, even = name in ODD, name in EVEN
    if not z:
        return number(0) if odd else number(1) if even else single(Elementary(name, (ZERO,)))
    if (odd or even) and orientation(z) < 0:
        inner = Elementary(name, (poly_expr(scale(z, -1)),))
        return single(inner, 1, -1 if odd else 1)
    return single(Elementary(name, tuple(map(poly_expr, args))))
