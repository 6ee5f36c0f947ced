r"""Power series in a small differential, for equality up to a total order in it.

Every component of dx counts as first order. With ``dx = t dx`` the part of order k is Taylor's:
``\frac{1}{k!} \frac{d^k}{dt^k}`` at ``t = 0``, by the rules for derivatives and by no others.
"""

from __future__ import annotations

from fractions import Fraction
from math import factorial

from idxcalc.calculus.derive import differentiate
from idxcalc.expr import (
    ZERO, Call, Component, Deriv, Expr, Index, Lambda, Mul, Num, Ref, Variable, called, opened, plug,
    transform, unlifted,
)  # fmt: skip


def series(expr: Expr, small: Variable, count: int) -> tuple[Expr, ...]:
    """The parts of a differentiated expression of order 0 to ``count - 1`` in the components of ``small``."""
    t, slots = Variable("#t"), tuple(Index(f"#{n}", dim) for n, dim in enumerate(small.dims))
    scaled = Lambda(slots, Mul((Component(t), Component(small, slots))))
    at_t = plug(_opened(expr), {small: scaled})
    parts = []
    for k in range(count):
        at_zero = plug(at_t, {t: Lambda((), ZERO)})
        parts.append(Mul((Num(Fraction(1, factorial(k))), at_zero)))
        at_t = differentiate(Deriv(at_t, t))
    return tuple(parts)


def _opened(expr: Expr) -> Expr:
    """``expr`` with definitions and bodies of functions in place of their names."""

    def open_(node: Expr) -> Expr:
        match node:
            case Ref():
                return _opened(opened(node))
            case Call(function, _, (), _) if function.body is not None:
                return _opened(called(unlifted(node)))
        return node

    return transform(expr, open_)
