"""Equality of two sides: their difference has the empty normal form.

Fractions are compared by multiplying the difference with all denominators that occur, which are not
identically zero. A second attempt writes hyperbolic functions with exponentials.

An equality is claimed where both sides have a value, and a side that has none on a set with a volume
where the other has one is a counterexample. So `domain` collects what each side takes roots and logarithms
of, and what it divides by that may vanish; a proof stands only if both sides ask for the same.

Soundness: True means that the sides agree for all sizes, almost everywhere on their common domain.
"""

from __future__ import annotations

from collections.abc import Callable
from math import floor

from idxcalc.calculus import series, stepped
from idxcalc.errors import IdxcalcError
from idxcalc.evidence import Evidence
from idxcalc.expr import (
    All, Call, Cases, Compare, Condition, Det, Elementary, Expr, Index, Inverse, Match,
    Part, Pow, Ref, Sum, Variable, bound_here, called, children, free, opened, substitute, unlifted,
)  # fmt: skip
from idxcalc.normal.canonical import head
from idxcalc.normal.normalise import normal
from idxcalc.normal.product import multiply
from idxcalc.normal.primitive import primitive
from idxcalc.normal.reduce import invertible
from idxcalc.normal.signs import expression_nonzero, integral, nonzero, sign, strictly
from idxcalc.normal.trigonometry import vanishes_as_angles
from idxcalc.normal.terms import (
    WORK, Poly, Scope, Undefined, as_number, denominators, key, minus, poly_expr, scale, single,
)  # fmt: skip

Order = tuple[Variable, int] | None
Bound = frozenset[tuple[Index, int | None]]  # and from where on, if components are left out


def equal(
    left: Expr, right: Expr, evidence: Evidence | None = None, condition: Condition | None = None,
    order: Order = None, most: int = WORK,
) -> bool:  # fmt: skip
    """Whether two differentiated expressions are proved equal, for all sizes and almost all values.

    ``condition`` restricts the claim: indices that are equal or differ, values of a known sign. With
    ``order = (dx, n)`` terms of total degree n and more in dx do not count. False means "not proved".
    Raises `IdxcalcError` when an expansion gets too large, at ``most`` products of terms. Rules and
    assumptions go to ``evidence``.

    >>> from idxcalc.expr import Component, Dim, Index, Mul, Sum, Variable
    >>> n = Dim("n"); i, j = Index("i", n), Index("j", n); x = Variable("x", (n,))
    >>> def norm(i): return Sum(i, Mul((Component(x, (i,)), Component(x, (i,)))))
    >>> equal(norm(i), norm(j)), equal(norm(i), Component(x, (i,)))
    (True, False)
    """
    for way, applies in WAYS.items():
        if way and not any(map(applies, _everything(left, right))):
            continue
        found = Evidence()
        scope = Scope(normal, found, exponential=way == "exponential", written=way == "written", most=most)
        if _attempt(left, right, condition, order, scope):
            if evidence is not None:
                evidence.rules |= found.rules
                evidence.assumptions |= found.assumptions
            return True
    return False


# Other ways of writing an expression that are tried where there is something to be written so.
WAYS: dict[str, Callable[[Part], bool]] = {
    "": lambda part: True,
    "exponential": lambda part: isinstance(part, Elementary) and part.name in ("tanh", "sinh", "cosh"),
    "written": lambda part: isinstance(part, Sum) and part.index.dim.number is not None,
}


def _attempt(left: Expr, right: Expr, condition: Condition | None, order: Order, scope: Scope) -> bool:
    try:
        if condition is not None:  # nothing bound has the names of its indices
            own = {i: Index(f"{i.name}*", i.dim) for i in free(condition)}
            merged = assume(scope, substitute(condition, own))
            left, right = (substitute(substitute(side, own), merged) for side in (left, right))
        if order is not None:
            lefts, rights = series(left, *order), series(right, *order)
        else:
            suppose_invertible(scope, left, right)
            lefts, rights = (left,), (right,)
        gaps = (minus(normal(scope, a), normal(scope, b)) for a, b in zip(lefts, rights, strict=True))
        same = domain(scope, lefts[0]) == domain(scope, rights[0])
        return same and all(vanishes(scope, gap) for gap in gaps)
    except Undefined:
        return False
    except RecursionError as error:
        raise IdxcalcError("the expression is nested too deeply to be proved") from error


def suppose_invertible(scope: Scope, *sides: Expr) -> None:
    """A matrix that a side inverts has an inverse; so its determinant is not 0."""
    apart, parts = Scope(normal), _everything(*sides)
    cases = _everything(*(p for part in parts if isinstance(part, Cases | Compare) for p in children(part)))
    for part in parts:
        if isinstance(part, Inverse) and not free(part.matrix) and part not in cases and not stepped(part):
            for base in (base for term in normal(apart, Det(part.matrix)) for base, _ in term):
                if isinstance(base, Det) and not nonzero(apart, base):
                    scope.evidence.assume(*invertible(part.matrix))
                    scope.safe[base] = True
                    scope.memo.clear()


def assume(scope: Scope, condition: Condition) -> dict[Index, Index | int]:
    """Puts a condition into the scope; returns the indices that it makes equal to others."""
    same: dict[Index, Index | int] = {}
    match condition:
        case All(conditions):
            for one in conditions:
                same |= assume(scope, one)
        case Match(left, right, equal):
            index, other = (left, right) if isinstance(left, Index) else (right, left)
            if not equal:
                scope.distinct.add(frozenset((left, right)))
            elif isinstance(index, Index) and index is not other:
                same[index] = other
        case Compare(op, left, right) if op not in ("=", "!="):
            gap = minus(normal(scope, left), normal(scope, right))
            if as_number(gap) is None and (len(op) == 1 or expression_nonzero(strictly(scope), gap)):
                _, _, rest = primitive(strictly(scope), gap, positive=True)
                turn = -1 if len(rest) == 1 and min(rest.values()) < 0 else 1
                scope.signs[poly_expr(scale(rest, turn))] = turn if op[0] == ">" else -turn
    scope.stricter = None
    for known in (scope.memo, scope.safe, scope.heads):
        known.clear()  # worked out without the condition
    return same


def vanishes(scope: Scope, poly: Poly) -> bool:
    """Whether a polynomial is 0, after multiplying with its denominators."""
    poly = cleared(scope, poly)
    return not poly or vanishes_as_angles(poly)


def cleared(scope: Scope, poly: Poly) -> Poly:
    """A polynomial times its denominators, so that it has none."""
    for _ in range(8):
        below_line = denominators(poly)
        if not below_line:
            break
        scope.evidence.rule("common denominator")
        for base, e in below_line.items():
            poly = multiply(scope, poly, single(base, -floor(e)))
    return poly


def _everything(*nodes: Part) -> list[Part]:
    """All parts of expressions with their definitions opened, each once."""
    seen: dict[Part, None] = {}
    stack = list(nodes)
    while stack:
        node = stack.pop()
        if node not in seen:
            seen[node] = None
            stack.extend(_inside(node))
    return list(seen)


def _inside(node: Part) -> tuple[Part, ...]:
    match node:
        case Ref():
            return (opened(node),)
        case Call(function, _, (), args) if node.lifted or function.body is not None:
            return (unlifted(node) if node.lifted else called(node), *args)
    return children(node)


def domain(scope: Scope, node: Expr) -> frozenset[tuple[str, str]]:
    """What ``node`` needs to be positive to have a value: canonical texts, with the case it stands in."""
    found: set[tuple[str, str]] = set()
    seen: set[tuple[Part, Bound, str]] = set()

    def need(kind: str, part: Expr, bound: Bound, case: str, whole: str = "") -> None:
        poly = normal(scope, part)
        wide = strictly(scope) if case else scope  # one branch of several is asked for at every size
        fine = sign(wide, part) == (1, True) if kind != "reciprocal" else expression_nonzero(wide, poly)
        if not fine or kind == "unit":
            if poly and kind != "unit":
                _, _, poly = primitive(scope, poly, positive=kind == "positive")
            made, first = poly_expr(poly), dict(bound)
            text, ends, _ = head(scope, made, 1, free(made).intersection(first))
            ranges = [(ends.index(i), key(i.dim), first[i]) for i in ends]
            found.add((f"{kind} {text} {ranges} {whole}", case))

    def visit(part: Part, bound: Bound, case: str) -> None:
        if (part, bound, case) in seen:
            return
        seen.add((part, bound, case))
        match part:
            case Elementary("log", (inner,)):
                need("positive", inner, bound, case)
                need("reciprocal", inner, bound, case)
            case Inverse(matrix, _, _) if stepped(matrix):
                need("reciprocal", Det(matrix), bound, case)
            case Elementary("tan", (inner,)):
                need("reciprocal", Elementary("cos", (inner,)), bound, case)
            case Elementary("arcsin" | "arccos", (inner,)):
                need("unit", inner, bound, case)
            case Pow(base, exponent):
                power = normal(scope, exponent)
                if not all(c.denominator == 1 and (integral(t) or not t) for t, c in power.items()):
                    whole = any(power) and all(map(integral, power))  # and has a root for some values only
                    need("positive", base, bound, case, key(poly_expr(power)) * whole)
                if any(c < 0 or t for t, c in power.items()):
                    need("reciprocal", base, bound, case + key(poly_expr(power)) * any(power))
            case Cases() | Compare():  # what has no value there may do no harm, or decide a condition
                case = f"{case} {key(part)}"
        for child in _inside(part):
            visit(child, bound | {(i, getattr(part, "first", None)) for i in bound_here(part)}, case)

    visit(node, frozenset(), "")
    return frozenset(found)
