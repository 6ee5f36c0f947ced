"""Trigonometric polynomials, by SymPy: sums of angles, and values at known angles.

Written with exponentials of imaginary angles, a polynomial in sines and cosines is a polynomial again, and
it is identically 0 exactly when that expands to nothing. All else in the terms is a real symbol.

Soundness: only exact rewriting of entire functions is used, none of SymPy's guesses about domains.
"""

from __future__ import annotations

from typing import Any

from idxcalc.expr import Add, Constant, Elementary, Expr, Mul, Num, walk
from idxcalc.normal.terms import Poly, key

CIRCULAR = {"sin": "sin", "cos": "cos", "arctan": "atan", "arcsin": "asin", "arccos": "acos"}
MOST = 60
"""How many terms a polynomial may have to be tried."""


def vanishes_as_angles(poly: Poly) -> bool:
    """Whether a polynomial with integer powers of sines and cosines is identically 0."""
    bases = [base for term in poly for base, _ in term]
    circular = any(isinstance(p, Elementary) and p.name in CIRCULAR for base in bases for p in walk(base))
    whole = all(e.denominator == 1 and e > 0 for term in poly for _, e in term)
    if not circular or not whole or len(poly) > MOST:
        return False
    import sympy

    total = sympy.Integer(0)
    for term, c in poly.items():
        factors = [_value(sympy, base) ** int(e) for base, e in term]
        total += sympy.Mul(sympy.Rational(c.numerator, c.denominator), *factors)
    return bool(sympy.expand(total.rewrite((sympy.sin, sympy.cos), sympy.exp)) == 0)


def _value(sympy: Any, node: Expr) -> Any:
    """A part as SymPy sees it; what is no angle is a real symbol of its own."""
    match node:
        case Num(value):
            return sympy.Rational(value.numerator, value.denominator)
        case Constant("pi"):
            return sympy.pi
        case Add(terms):
            return sympy.Add(*(_value(sympy, t) for t in terms))
        case Mul(factors):
            return sympy.Mul(*(_value(sympy, f) for f in factors))
        case Elementary(name, (inner,)) if name in CIRCULAR:
            return getattr(sympy, CIRCULAR[name])(_value(sympy, inner))
    return sympy.Symbol(key(node), real=True)
