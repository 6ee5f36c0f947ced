"""The normal form read back as an expression that people can read."""

from __future__ import annotations

from idxcalc.errors import IdxcalcError
from idxcalc.expr import (
    Expr, Index, Lambda, Mul, Part, Sum, bound_here, children, fresh, names, rebuild, substitute,
)  # fmt: skip
from idxcalc.normal.normalise import normal
from idxcalc.normal.terms import Scope, Undefined, poly_expr


def simplify(expr: Expr) -> Expr:
    """The normal form of a differentiated expression, with dummies named i, j, k, ...

    Defined names stay closed. An expression that gets too large, or has no value, comes back as it was.

    >>> from idxcalc.expr import Component, Delta, Dim, Index, Mul, Sum, Variable
    >>> n = Dim("n"); i, j = Index("i", n), Index("j", n); x = Variable("x", (n,))
    >>> simplify(Sum(j, Mul((Delta(i, j), Component(x, (j,)))))) is Component(x, (i,))
    True
    """
    try:
        made = poly_expr(normal(Scope(normal, closed=True), expr))
    except (Undefined, IdxcalcError, RecursionError):
        return expr
    return letters(made, {n for n in names(made) if n[0] not in "#~$"})


def letters(node: Part, used: set[str]) -> Expr:
    """Canonical names of dummies replaced by letters; scopes side by side use the same ones."""
    if isinstance(node, Sum | Lambda):
        inner = set(used)
        new = {i: fresh(Index(i.name, i.dim), inner) for i in bound_here(node)}
        body = letters(substitute(node.body, new), inner)
        bound = tuple(new.values())
        return Sum(bound[0], body) if isinstance(node, Sum) else Lambda(bound, body)  # type: ignore[return-value]
    if isinstance(node, Mul) and len(node.factors) == 1:  # the mark of a reciprocal that cancels nothing
        return letters(node.factors[0], used)
    return rebuild(node, tuple(letters(c, used) for c in children(node)))  # type: ignore[return-value]
