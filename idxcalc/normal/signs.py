"""What is known of the sign of a value, and whether it can vanish identically.

Nothing is assumed that was not declared: a variable is positive by its trait or by a condition, an
exponential always, an even power almost everywhere, a sum when all its terms are. `nonzero` asks for less:
that no component of the expression is 0 for *all* values, so that dividing by it means something almost
everywhere. It must hold for every identification of the free indices (``x_i - x_j`` vanishes at i = j), and
nothing piecewise may stand in it (a step vanishes on a set that has a volume), nor an integer that may
be 0. It need not hold at the least sizes: where what is divided by is always 0, nothing is claimed. What
is compared with 0 has a value there too, and for that there is a stricter scope (`strictly`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import count, islice, product
from math import floor, prod
from typing import Any

from idxcalc.expr import (
    ZERO, Add, Call, Compare, Component, Constant, Delta, Det, Elementary, Expr, Index, Inverse, Iverson,
    Lambda, Mul, Num, Part, Pow, Ref, Size, Slot, Sum, Variable, bound_here, children, free, hidden, opened,
    own_slots, substitute, walk,
)  # fmt: skip
from idxcalc.normal.terms import (
    Base, Poly, Scope, Term, Undefined, add, content, denominators, key, poly_expr, power_expr, scale, single,
    sorted_term, term_expr,
)  # fmt: skip

BRACKETS = 2  # a sum with more has more cases than are worth to be told apart
UNKNOWN = (0, False)
PATTERNS = 120  # more ways than this to identify free indices: take it that it may vanish


def base_sign(scope: Scope, base: Base) -> int:
    """1 or -1 if the base has that sign almost everywhere, 0 if that is not known."""
    found, certain = sign(scope, base)
    return found if certain else 0


def poly_sign(scope: Scope, poly: Poly) -> int:
    """The same for a polynomial."""
    return base_sign(scope, poly_expr(poly))


def sign(scope: Scope, node: Expr) -> tuple[int, bool]:
    """1 or -1 if a value is never of the other sign (0 if that is not known), and whether it is certain that
    it does not vanish either.

    It is asked of the expression as it is built, before a square is lost in an expansion, then of its normal
    form.
    """
    declared = scope.signs.get(node)
    if declared:
        return declared, True
    found = UNKNOWN
    match node:
        case Num(value):
            return (-1 if value < 0 else 1), value != 0
        case Constant() | Size() | Elementary("exp" | "cosh", _):
            return 1, True
        case Elementary("log", (Num(value),)):
            return (1 if value > 1 else -1), value != 1
        case Component(owner, _) | Call(owner, _, (), _):
            declared = ("positive" in owner.traits) - ("negative" in owner.traits)
            found = declared, declared != 0
        case Ref():
            return sign(opening(scope), opened(node))
        case Mul((_,)):  # the mark of a reciprocal of what may vanish
            return UNKNOWN
        case Add(parts) | Mul(parts):
            signs = [sign(scope, part) for part in parts]
            certain = [c for _, c in signs]
            if isinstance(node, Mul):
                found = prod(s for s, _ in signs), all(certain)
            elif len({s for s, _ in signs}) == 1:
                found = signs[0][0], any(certain)
        case Sum(index, body, first):  # it is enough that one of its terms is not 0
            taken = {i.name for i in free(body)}
            name = next(n for k in count(1) if (n := "?" * k + index.name) not in taken)
            inner, strict = sign(scope, substitute(body, {index: Index(name, index.dim)}))
            found = inner, strict and first is None
        case Pow(base, Num(value)) if value.denominator == 1 and value.numerator % 2:
            return sign(scope, base)
        case Pow(base, Num()):  # a root is not negative where it has a value
            return 1, sign(scope, base)[1] or expression_nonzero(scope, scope.normal(scope, base))
        case Pow(base, _):
            return (1, True) if sign(scope, base) == (1, True) else UNKNOWN
    if not found[1]:
        known = _of_normal(scope, node)
        found = known if known[1] else found
    return found


def _of_normal(scope: Scope, node: Expr) -> tuple[int, bool]:
    """The sign by the normal form; if that is a sum that says nothing, of it times its positive denominators,
    or for each value of a bracket."""
    poly = scope.normal(scope, node)
    tree = poly_expr(poly)
    if tree is not node:
        return sign(scope, tree)
    if len(poly) < 2:
        return UNKNOWN
    for s in (1, -1):
        declared = scope.signs.get(poly_expr(scale(poly, s / content(poly))))
        if declared:
            return declared * s, True
    below = {base: e for base, e in denominators(poly).items() if base_sign(scope, base) > 0}
    if below:
        above = (power_expr(base, -e) for base, e in below.items())
        return sign(scope, poly_expr(scope.normal(scope, Mul((node, *above)))))
    by_cases = _sign_by_cases(scope, poly)
    return by_cases, by_cases != 0


def opening(scope: Scope) -> Scope:
    """The scope in which definitions are opened."""
    if not scope.closed:
        return scope
    if scope.opening is None:
        scope.opening = Scope(scope.normal, strict=scope.strict)
    return scope.opening


def _sign_by_cases(scope: Scope, poly: Poly) -> int:
    cases = branches(poly)
    if cases is None:
        return 0
    ((((bracket, _),), _),) = cases[0].items()
    match getattr(bracket, "condition", None):
        case Compare(">", Component() | Det() as value, _) if nonzero(scope, value):
            known = [_anew(scope, signs={**scope.signs, value: sign}, stricter=None) for sign in (1, -1)]
            signs = {poly_sign(*each) for each in zip(known, cases[1:], strict=True)}
            return signs.pop() if len(signs) == 1 else 0
    return 0


def _named(part: Part) -> bool:
    """Whether a closed scope keeps a part for what it is called."""
    return isinstance(part, Ref) or (isinstance(part, Call) and part.function.body is not None)


def nonzero(scope: Scope, base: Base) -> bool:
    """Whether no component of ``base`` is 0 on a set that has a volume."""
    known = scope.safe.get(base)
    if known is None:
        scope.safe[base] = False  # while it is being found out
        try:
            if scope.closed and any(map(_named, walk(base))):
                inner = opening(scope)
                known = expression_nonzero(inner, inner.normal(inner, base))
            else:
                dims = [i.dim for i in free(base) if not hidden(i.name)]
                parts = _numbers(base) or len({*dims}) < len(dims)  # else all components are alike
                generic = not base_sign(scope, base) and (_lasting(base) or not (parts or scope.strict))
                known = _generic(scope, base) if generic else bool(base_sign(scope, base))
        finally:
            del scope.safe[base]
        scope.safe[base] = known
    return known


def _generic(scope: Scope, base: Base) -> bool:
    if isinstance(base, Pow) and not isinstance(base.exponent, Num):
        return expression_nonzero(scope, scope.normal(scope, base.base))
    if _constant(base):
        return False  # n - 1 is 0 at one size, the sine of pi always
    for part in walk(base):
        match part:
            case Iverson() | Delta() | Pow(Mul((_,)), _):  # the last may cancel with what it divides by
                return False
            case Component() if "integer" in _traits(part):
                return False
            case Component(variable, slots) if variable.fixed and any(s in free(base) for s in slots):
                return False
            case Det(matrix) | Inverse(matrix, _, _) if not _full_rank(scope, matrix):
                return False
    if not _independent(scope, base):
        return False
    # Free indices may be equal, or be one of the numbers that are written.
    frees, numbers = sorted(free(base), key=lambda i: i.name), _numbers(base)
    apart = scope.distinct
    alike = [[k for k in frees[:n] if k.dim is i.dim and {i, k} not in apart] for n, i in enumerate(frees)]
    values: list[tuple[Slot, ...]] = [(i, *same, *numbers) for i, same in zip(frees, alike, strict=True)]
    if prod(map(len, values)) > PATTERNS:
        return False
    try:
        ways = (dict(zip(frees, choice, strict=True)) for choice in islice(product(*values), 1, None))
        return all(scope.normal(scope, substitute(base, way)) for way in ways)
    except Undefined:
        return False


def _numbers(base: Expr) -> set[int]:
    """The numbers that stand as indices."""
    return {s for part in walk(base) for s in own_slots(part) if isinstance(s, int)}


def _independent(scope: Scope, base: Expr) -> bool:
    """Whether no identity that the normal form does not know can make a sum in an expression vanish. Where a
    size is a number there are more of them, as that of Cayley and Hamilton."""
    fixed = any(i.dim.number is not None for p in walk(base) for i in bound_here(p))
    if fixed and (_numbers(base) or any("antisymmetric" in _traits(part) for part in walk(base))):
        return False
    sums = (_cleared(opening(scope), part) for part in walk(base) if isinstance(part, Add))
    return all(s != ZERO and _unrelated(s, fixed) for s in sums)


def _cleared(scope: Scope, node: Expr) -> Expr:
    """A sum times its denominators, in normal form; 0 if they do not come to an end."""
    for _ in range(4):
        terms = node.terms if isinstance(node, Add) else ()
        if not any(_divides(part) for term in terms for part in _factors(term)):
            return node
        poly = scope.normal(scope, node)
        above = {base: -floor(e) for base, e in denominators(poly).items()}
        whole = ({**above, **{b: e + above.get(b, 0) for b, e in term}} for term in poly)
        made = (term_expr(sorted_term(p), c) for p, c in zip(whole, poly.values(), strict=True))
        node = poly_expr(scope.normal(scope, Add(tuple(made))))
    return ZERO


def _factors(term: Expr) -> tuple[Expr, ...]:
    return term.factors if isinstance(term, Mul) else (term,)


def _divides(part: Part) -> bool:
    """Whether a part is a power with a negative exponent."""
    return isinstance(part, Pow) and isinstance(part.exponent, Num) and part.exponent.value < 0


def _unrelated(node: Expr, fixed: bool) -> bool:
    """Whether a term has a tensor of its own that stands in no function; or no size is ``fixed`` and the
    functions have no relations: none inside of another, or of constants; sines and cosines of one argument,
    one hyperbolic function without exponentials, one inverse function; one logarithm of a sum, or a single
    one of a product; the same for roots, but of no power; one function, or sum, with a fraction inside.
    """
    if not isinstance(node, Add):
        return True
    products = [frozenset(_factors(term)) for term in node.terms]
    apart = frozenset().union(*products) - products[0].intersection(*products)  # but for what all have
    inner = [part for factor in apart for part in walk(factor)]
    kernels = [part for part in inner if _kernel(part)]
    if any(isinstance(k, Elementary) and FAMILIES.get(k.name) and _constant(k) for k in kernels):
        return False
    if _own(node.terms) - _tensors(*kernels):
        return True
    known: dict[str, set[Part]] = {}
    for part in kernels:
        if any(map(_kernel, islice(walk(part), 1, None))) or _constant(part):
            return False
        match part:
            case Elementary("log", (of,)):
                known.setdefault("log", set()).add(of)
            case Elementary(name, args):
                family = FAMILIES.get(name, name)
                known.setdefault(family, set()).add(args[0] if family == "circular" else part)
            case Pow(Add(terms), Num()) if not any(_linear(term, _own(terms)) for term in terms):
                return False
            case Pow(of, Num()):
                known.setdefault("root", set()).add(of)
            case Pow():
                known.setdefault("power", set()).add(part)
    for family in ("log", "root"):  # those of products are related to those of their factors
        found = known.pop(family, set())
        known[family] = {of for of in found if isinstance(of, Add | Mul | Pow)}
        if len(found) > 1 and any(isinstance(of, Mul | Pow) for of in found):
            return False
    below = {part for part in inner if _divides(part) and isinstance(children(part)[0], Add)}
    around = [part for part in inner if _kernel(part) or isinstance(part, Sum)]
    known["fraction"] = {part for part in around if not below.isdisjoint(walk(part))}
    if fixed or ("exp" in known and known.keys() & {"hyperbolic", "power"}):
        return False
    return all(len(found) <= 1 for family, found in known.items() if family != "exp")


def _traits(part: Part) -> frozenset[str]:
    owner = part.variable if isinstance(part, Component) else getattr(part, "function", None)
    return owner.traits if owner else frozenset()


def _kernel(part: Part) -> bool:
    """Whether a part is a function, or a power that is no product."""
    whole = isinstance(part, Pow) and isinstance(by := part.exponent, Num) and by.value.denominator == 1
    return isinstance(part, Elementary | Call | Pow) and not whole


def _constant(base: Part) -> bool:
    """Whether nothing declared or defined stands in it: a number, a size, a function of these."""
    return not any(isinstance(p, Component | Call | Ref) for p in walk(base))


def _linear(term: Expr, tensors: set[Variable]) -> bool:
    """Whether one of the tensors is a factor of a term."""
    return any(isinstance(p, Component) and p.variable in tensors for p in (term, *children(term)))


def _tensors(*parts: Part) -> set[Variable]:
    return {p.variable for part in parts for p in walk(part) if isinstance(p, Component)}


def _own(terms: Sequence[Expr]) -> set[Variable]:
    """The tensors that stand in one of the terms only."""
    counts = Counter(variable for term in terms for variable in _tensors(term))
    return {variable for variable, count in counts.items() if count == 1}


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
        return all(expression_nonzero(strictly(scope), case) for case in cases[1:])
    return bool(poly) and nonzero(scope, poly_expr(poly))


def strictly(scope: Scope) -> Scope:
    """The scope in which a value counts as nonzero if there is no size at which it always is 0."""
    if not (scope.strict or scope.stricter):
        scope.stricter = _anew(scope, strict=True, opening=None)
    return scope.stricter or scope


def _anew(scope: Scope, **changes: Any) -> Scope:
    """The scope with changes, for which nothing is worked out yet."""
    return replace(scope, safe={}, memo={}, **changes)


def _lasting(base: Base) -> bool:
    """Whether there is no size at which a base is always 0 that is not so at large ones: in no sum, or if one
    of its terms is positive at positive values and has a tensor of its own."""
    if any("antisymmetric" in _traits(part) for part in walk(base)):
        return False
    sized = any(bound_here(p) or isinstance(p, Size) for p in walk(base))
    if not sized or isinstance(base, Det | Inverse | Call):
        return True
    terms = base.terms if isinstance(base, Add) else (base,)
    own = _own(terms)
    return any(own & _tensors(term) and all(map(_plain, walk(term))) for term in terms)


def _plain(part: Part) -> bool:
    """Whether a part may stand in a product that is positive where all values are."""
    if isinstance(part, Component | Sum):
        return not part.variable.fixed if isinstance(part, Component) else part.first is None
    return isinstance(part, Num | Size | Constant | Mul | Pow) and not _kernel(part)


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
    """Whether a product is known to be an integer (sizes, deltas, brackets, what is declared so)."""
    whole = (isinstance(b, Size | Delta | Iverson) or "integer" in _traits(b) for b, _ in term)
    return all(e.denominator == 1 and e > 0 for _, e in term) and all(whole)
