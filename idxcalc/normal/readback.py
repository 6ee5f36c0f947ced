"""The normal form read back as an expression that people can read.

A number and the powers common to all terms are taken out; contractions that differ in some factors only
become one sum with a bracket, ``2 \\sum_i (\\hat y_i - y_i) t_i``; dummies get letters.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations

from idxcalc.errors import IdxcalcError
from idxcalc.expr import (
    Add, Expr, Index, Lambda, Mul, Num, Part, Sum, bound_here, children, fresh, names, rebuild, substitute,
)  # fmt: skip
from idxcalc.normal.canonical import rename
from idxcalc.normal.normalise import normal
from idxcalc.normal.terms import (
    Base, Poly, Scope, Term, Undefined, content, key, poly_expr, power_expr, sorted_term, term_expr,
)  # fmt: skip

Powers = dict[Base, Fraction]
DUMMIES = 4  # contractions with more dummies are not compared


def simplify(expr: Expr) -> Expr:
    """The normal form of a differentiated expression, factored where that is plain, with dummies i, j, k, ...

    Defined names stay closed. An expression that gets too large, or has no value, comes back as it was.

    >>> from idxcalc.expr import Component, Delta, Dim, Index, Mul, Sum, Variable
    >>> n = Dim("n"); i, j = Index("i", n), Index("j", n); x = Variable("x", (n,))
    >>> simplify(Sum(j, Mul((Delta(i, j), Component(x, (j,)))))) is Component(x, (i,))
    True
    """
    scope = Scope(normal, closed=True)
    try:
        made = factored(scope, normal(scope, expr))
    except (Undefined, IdxcalcError, RecursionError):
        return expr
    return letters(made, {n for n in names(made) if n[0] not in "#~$"})


def factored(scope: Scope, poly: Poly) -> Expr:
    """A polynomial as a number times common powers times a sum."""
    if len(poly) < 2:
        return poly_expr(poly)
    common = _common(list(poly))
    size = content(poly) * (-1 if all(c < 0 for c in poly.values()) else 1)
    rest = {_without(t, common): c / size for t, c in poly.items()}
    terms = sorted(_collected(scope, rest), key=lambda p: (p[0] < 0, key(p[1])))
    body = [e if c == 1 else _product(Num(c), e) for c, e in terms]
    whole = body[0] if len(body) == 1 else Add(tuple(body))
    powers = [power_expr(b, e) for b, e in sorted_term(common)]
    return _product(*([Num(size)] if size != 1 else []), *powers, whole)


def _product(*factors: Expr) -> Expr:
    flat = tuple(
        f for e in factors for f in (e.factors if isinstance(e, Mul) and len(e.factors) > 1 else (e,))
    )
    return flat[0] if len(flat) == 1 else Mul(flat)


def _common(terms: list[Term]) -> Powers:
    """The powers that divide all terms: of the same sign in each, the smallest."""
    found: Powers = {}
    for base, first in terms[0]:
        powers = [dict(t).get(base, Fraction(0)) for t in terms]
        if all(e * first > 0 for e in powers):
            found[base] = min(powers, key=abs)
    return found


def _without(term: Term, common: Powers) -> Term:
    return sorted_term({b: e - common.get(b, 0) for b, e in term})


def _collected(scope: Scope, poly: Poly) -> list[tuple[Fraction, Expr]]:
    """The terms with their numbers, contractions that share factors made one."""
    rest = dict(sorted(poly.items(), key=lambda p: key(term_expr(p[0]))))
    found: list[tuple[Fraction, Expr]] = []
    while rest:
        term = next(iter(rest))
        c = rest.pop(term)
        base = next((b for b, e in term if b in scope.inside and e == 1), None)
        if base is None or len(scope.inside[base][0]) > DUMMIES:
            found.append((c, term_expr(term)))
            continue
        outside = tuple(p for p in term if p[0] is not base)
        indices, inner = scope.inside[base]
        shared, parts = None, {inner: c}
        for other, d in list(rest.items()):
            added = set(other) - set(outside)
            if len(other) != len(term) or len(added) != 1:
                continue
            ((candidate, e),) = added
            if candidate not in scope.inside or e != 1:
                continue
            aligned = _aligned(scope, indices, inner, candidate, shared)
            if aligned is not None:
                shared, turn, moved = aligned
                parts[moved] = d * turn
                del rest[other]
        if shared is None:
            found.append((c, term_expr(term)))
            continue
        body = factored(scope, {_without(t, shared): x for t, x in parts.items()})
        whole: Expr = _product(*(power_expr(b, e) for b, e in sorted_term(shared)), body)
        for index in reversed(indices):
            whole = Sum(index, whole)
        found.append((Fraction(1), _product(*(power_expr(b, e) for b, e in outside), whole)))
    return found


def _aligned(
    scope: Scope, indices: tuple[Index, ...], inner: Term, other: Base, shared: Powers | None
) -> tuple[Powers, Fraction, Term] | None:
    """Another contraction written with the same dummies, most factors (or ``shared``) in common."""
    others, term = scope.inside[other]
    best: tuple[Powers, Fraction, Term] | None = None
    for order in permutations(indices) if len(others) == len(indices) else ():
        if any(a.dim is not b.dim for a, b in zip(others, order, strict=True)):
            continue
        sign, powers = Fraction(1), Powers()
        for base, e in term:
            c, made, x = rename(scope, base, e, dict(zip(others, order, strict=True)))
            sign, powers[made] = sign * c, powers.get(made, Fraction(0)) + x
        moved = sorted_term(powers)
        common = _common([inner, moved])
        fits = moved != inner and (common == shared if shared is not None else bool(common))
        if fits and (best is None or len(common) > len(best[0])):
            best = common, sign, moved
    return best


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
