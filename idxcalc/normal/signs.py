"""What is known of the sign of a value, and whether it can vanish identically.

Nothing is assumed that was not declared: a variable is positive by its trait or by a condition, an
exponential always, an even power almost everywhere, a sum when all its terms are. `nonzero` asks for less:
that no component of the expression is 0 for *all* values, so that dividing by it means something almost
everywhere. It must hold for every identification of the free indices (``x_i - x_j`` vanishes at i = j), and
nothing piecewise may stand in it (a step vanishes on a set that has a volume), nor an integer that may
be 0.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice, product
from math import prod

from idxcalc.expr import (
    Add, Call, Compare, Component, Constant, Delta, Det, Elementary, Expr, Inverse, Iverson, Lambda,
    Mul, Num, Part, Pow, Ref, Size, Slot, Sum, bound_here, free, opened, own_slots, substitute, walk,
)  # fmt: skip
from idxcalc.normal.terms import (
    Base, Poly, Scope, Term, Undefined, add, content, denominators, key, poly_expr, power_expr, scale, single,
)  # fmt: skip

BRACKETS = 2  # a sum with more has more cases than are worth to be told apart
PATTERNS = 120  # more ways than this to identify free indices: take it that it may vanish


def base_sign(scope: Scope, base: Base) -> int:
    """1 or -1 if the base has that sign almost everywhere, 0 if that is not known."""
    declared = scope.signs.get(base)
    if declared is not None:
        return declared
    match base:
        case Ref():
            inner = opening(scope)
            return poly_sign(inner, inner.normal(inner, base))
        case Component(variable, _):
            return _trait(variable.traits)
        case Call(function, _, (), _):
            return _trait(function.traits)
        case Num() | Constant() | Size() | Elementary("exp" | "cosh", _):
            return 1
        case Pow(Mul((_,)), Num()):
            return 0
        case Pow(inner, _):
            return int(poly_sign(scope, scope.normal(scope, inner)) > 0)
        case Sum() if base in scope.inside:
            return poly_sign(scope, {scope.inside[base][1]: 1})
        case Add():
            return poly_sign(scope, scope.normal(scope, base))
    return 0


def opening(scope: Scope) -> Scope:
    """The scope in which definitions are opened."""
    if not scope.closed:
        return scope
    if scope.opening is None:
        scope.opening = Scope(scope.normal)
    return scope.opening


def _trait(traits: frozenset[str]) -> int:
    return 1 if "positive" in traits else -1 if "negative" in traits else 0


def poly_sign(scope: Scope, poly: Poly) -> int:
    """The sign of a sum: 1 or -1 if all its terms agree and one of them is never 0.

    If they do not, the same is asked after multiplying with denominators that are known to be positive, and
    for each value of a bracket, where what it compares has a sign.
    """
    if len(poly) > 1 and scope.signs:
        for s in (1, -1):
            declared = scope.signs.get(poly_expr(scale(poly, s / content(poly))))
            if declared:
                return declared * s
    found, strict = set(), False
    for term, c in poly.items():
        sign, certain = term_sign(scope, term)
        found.add(sign if c > 0 else -sign)
        strict = strict or certain
    if len(found) == 1 and strict:
        return found.pop()
    if len(poly) < 2:
        return 0
    below = {base: e for base, e in denominators(poly).items() if base_sign(scope, base) > 0}
    if below:
        factors = (power_expr(base, -e) for base, e in below.items())
        return poly_sign(scope, scope.normal(scope, Mul((poly_expr(poly), *factors))))
    return _sign_by_cases(scope, poly)


def _sign_by_cases(scope: Scope, poly: Poly) -> int:
    cases = branches(poly)
    if cases is None:
        return 0
    ((((bracket, _),), _),) = cases[0].items()
    match getattr(bracket, "condition", None):
        case Compare(">", Component() | Det() as value, _) if nonzero(scope, value):
            signs = {
                poly_sign(replace(scope, signs={**scope.signs, value: sign}, safe={}, memo={}), case)
                for sign, case in zip((1, -1), cases[1:], strict=True)
            }
            return signs.pop() if len(signs) == 1 else 0
    return 0


def definite(scope: Scope, node: Expr) -> int:
    """What the way in which an expression is built says, before a square is lost in an expansion.

    It is 2 if the expression is positive almost everywhere, 1 if it is not negative, 0 if that is not known.
    """
    match node:
        case Ref():
            return definite(scope, opened(node))
        case Add(parts) | Mul(parts):
            signs = [definite(scope, part) for part in parts]
            found = 0 if 0 in signs else max(signs) if isinstance(node, Add) else min(signs)
        case Sum(_, body, first):
            found = min(definite(scope, body), 2 if first is None else 1)
        case Pow(base, Num(value)) if value.denominator == 1 and value % 2 == 0:
            return 2 if expression_nonzero(scope, scope.normal(scope, base)) else 1
        case Pow(base, _):
            found = definite(scope, base)
        case _:
            found = 0
    return 2 if found == 2 or poly_sign(scope, scope.normal(scope, node)) > 0 else found


def term_sign(scope: Scope, term: Term) -> tuple[int, bool]:
    """The sign of a product (0 if unknown), and whether it is certain not to be 0."""
    total, certain = 1, True
    for base, e in term:
        sign = base_sign(scope, base)
        odd = e.denominator == 1 and e.numerator % 2
        if sign < 0 and odd:
            total = -total
        elif not sign:
            if odd:
                return 0, False
            certain = certain and nonzero(scope, base)  # an even power; or a root, which is not negative
    return total, certain


def nonzero(scope: Scope, base: Base) -> bool:
    """Whether no component of ``base`` is 0 on a set that has a volume."""
    known = scope.safe.get(base)
    if known is None:
        scope.safe[base] = False  # while it is being found out
        try:
            if scope.closed and any(isinstance(p, Ref) for p in walk(base)):
                inner = opening(scope)
                known = expression_nonzero(inner, inner.normal(inner, base))
            else:
                known = bool(base_sign(scope, base)) or _generic(scope, base)
        finally:
            del scope.safe[base]
        scope.safe[base] = known
    return known


def _generic(scope: Scope, base: Base) -> bool:
    if isinstance(base, Pow) and not isinstance(base.exponent, Num):
        return expression_nonzero(scope, scope.normal(scope, base.base))
    if all(isinstance(p, Num | Size | Add | Mul | Pow) for p in walk(base)):
        return False  # n - 1 is 0 at one size
    for part in walk(base):
        match part:
            case Iverson() | Delta():
                return False
            case Component(variable, _) if "integer" in variable.traits and not base_sign(scope, part):
                return False
            case Component(variable, slots) if variable.fixed and any(s in free(base) for s in slots):
                return False
            case Det(matrix) | Inverse(matrix, _, _) if not _full_rank(scope, matrix):
                return False
    if isinstance(base, Add) and not _independent(base):
        return False
    # Free indices may be equal, or be one of the numbers that are written.
    frees = sorted(free(base), key=lambda i: i.name)
    numbers = {s for part in walk(base) for s in own_slots(part) if isinstance(s, int)}
    values: list[tuple[Slot, ...]] = [
        (i, *(k for k in frees[:n] if k.dim is i.dim), *numbers) for n, i in enumerate(frees)
    ]
    if prod(map(len, values)) > PATTERNS:
        return False
    try:
        ways = (dict(zip(frees, choice, strict=True)) for choice in islice(product(*values), 1, None))
        return all(scope.normal(scope, substitute(base, way)) for way in ways)
    except Undefined:
        return False


def _independent(base: Expr) -> bool:
    """Whether no identity that the normal form does not know can make a sum vanish.

    Its known functions must have no relations: sines and cosines of one argument, one hyperbolic function
    without exponentials, one inverse function, one logarithm of a sum; one root of a product or sum.
    """
    parts = set(walk(base))
    known: dict[str, set[Part]] = {}
    for part in parts:
        match part:
            case Elementary(name, args):
                families = FAMILIES.get(name, name)
                if families == "log" and not isinstance(args[0], Add | Mul | Pow):
                    continue
                known.setdefault(families, set()).add(args[0] if families == "circular" else part)
            case Pow(Add() | Mul() | Pow() as inner, Num(value)) if value.denominator != 1:
                known.setdefault("root", set()).add(inner)
    fixed = any(isinstance(s, int) for p in parts for s in own_slots(p))
    numeric = any(i.dim.number is not None for p in parts for i in bound_here(p))
    if (fixed and numeric) or ("hyperbolic" in known and "exp" in known):
        return False
    return all(len(found) <= 1 for family, found in known.items() if family != "exp")


FAMILIES = {
    "sin": "circular", "cos": "circular", "tanh": "hyperbolic", "sinh": "hyperbolic", "cosh": "hyperbolic",
    "arcsin": "arc", "arccos": "arc", "arctan": "arc",
}  # fmt: skip


def _full_rank(scope: Scope, matrix: Lambda) -> bool:
    """Whether one term of a matrix is a tensor with all entries independent, which no other term contains."""
    poly = scope.normal(scope, matrix.body)
    for term in poly:
        match term:
            case ((Component(variable, slots), 1),) if set(slots) == set(matrix.indices):
                others = (p for t in poly if t is not term for b, _ in t for p in walk(b))
                alone = all(getattr(p, "variable", None) is not variable for p in others)
                if "antisymmetric" not in variable.traits and not variable.fixed and alone:
                    return True
    return False


def expression_nonzero(scope: Scope, poly: Poly) -> bool:
    """The same for a polynomial."""
    if len(poly) == 1:
        return all(nonzero(scope, base) for term in poly for base, _ in term)
    cases = branches(poly)
    if cases is not None:
        return all(expression_nonzero(scope, case) for case in cases[1:])
    return bool(poly) and nonzero(scope, poly_expr(poly))


def branches(poly: Poly) -> tuple[Poly, Poly, Poly] | None:
    """A bracket of a sum, and what the sum is where it is 1 and where it is 0; None without, or with many."""
    brackets = {base for term in poly for base, _ in term if isinstance(base, Iverson)}
    if not 0 < len(brackets) <= BRACKETS:
        return None
    first = min(brackets, key=key)
    off = {term: c for term, c in poly.items() if all(base is not first for base, _ in term)}
    on = add(*({tuple(p for p in term if p[0] is not first): c} for term, c in poly.items()))
    return single(first), on, off


def integral(term: Term) -> bool:
    """Whether a product is known to be an integer (indices of a sum, sizes, what is declared so)."""
    return all(
        e.denominator == 1 and e > 0
        and (isinstance(b, Size) or (isinstance(b, Component) and "integer" in b.variable.traits))
        for b, e in term
    )  # fmt: skip
