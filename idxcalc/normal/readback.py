"""The normal form read back as an expression that people can read.

A number and the powers common to all terms are taken out; contractions that differ in some factors only
become one sum with a bracket, ``2 \\sum_i (\\hat y_i - y_i) t_i``; dummies get letters.
"""

from __future__ import annotations

from functools import reduce
from itertools import permutations
from math import prod
from weakref import WeakKeyDictionary

from idxcalc.errors import IdxcalcError
from idxcalc.expr import (
    MINUS_ONE, Add, Component, Constant, Elementary, Expr, Index, Mul, Num, Part, Pow, Ref, Size, Sum,
    bound_here, changed, children, free, fresh, names, own_slots, said, transform, walk,
)  # fmt: skip
from idxcalc.normal.canonical import renamed
from idxcalc.normal.fold import definitions, folded, solved, spread, weight
from idxcalc.normal.normalise import normal
from idxcalc.normal.terms import (
    Base, Number, Poly, Scope, Term, Undefined, content, key, number, poly_expr, power_expr, scale,
    sorted_term, term_expr,
)  # fmt: skip

Powers = dict[Base, Number]
SOME, MANY = 4, 12  # so many terms multiplied out: first try without; never try with
LITTLE, SHORT = 20, 100  # parts of an expression
DUMMIES = 4  # contractions with more dummies are not compared


_nonzero: WeakKeyDictionary[Expr, bool] = WeakKeyDictionary()  # no condition plays a part in this
_simple: WeakKeyDictionary[Expr, dict[Expr, Expr]] = WeakKeyDictionary()  # results, and what names meant


def simplify(expr: Expr, source: Expr | None = None) -> Expr:
    """The normal form of a differentiated expression, factored where that is plain, with dummies i, j, k, ...

    Defined names stay closed, and those that ``source`` stands on are written where that is shorter. Products
    of sums are multiplied out, or left where that is shorter or would take too many terms. An expression
    that has no value comes back as it was.

    >>> from idxcalc.expr import Component, Delta, Dim, Index, Mul, Sum, Variable
    >>> n = Dim("n"); i, j = Index("i", n), Index("j", n); x = Variable("x", (n,))
    >>> simplify(Sum(j, Mul((Delta(i, j), Component(x, (j,)))))) is Component(x, (i,))
    True
    """
    meant = definitions(source) if source is not None else {}
    if _simple.get(expr) == meant:
        return expr
    found: list[tuple[Number, bool, Expr]] = []
    many = term_count(expr)
    for whole in (many >= SOME, many < SOME) if many <= MANY else (True,):
        scope = Scope(normal, closed=True, whole=whole, safe=_nonzero)
        try:
            known = [r for each in meant.items() for kept in {False, whole} for r in solved(*each, kept)]
            poly = folded(scope, normal(scope, transform(expr, spread)), known, expr)
            made = factored(scope, poly)
        except (Undefined, IdxcalcError, RecursionError):
            continue
        found.append((weight(made), whole, made))
        if weight(made) <= SHORT / 2 and (_product_of_differences(made) if whole else len(poly) <= 2):
            break
    if not found:
        return expr
    best = min(found)[2]
    hints = _hints(source, *meant.values()) if source is not None else {}
    used = {n for n in names(best) if n[0] not in "#~$"}
    used |= {said(p)[0].name for p in walk(best) if isinstance(p, Component | Ref)}
    written: Expr = _lettered(_positive(transform(best, _arranged)), {}, used, hints)  # type: ignore[assignment]
    _simple[written] = meant
    return written


def _product_of_differences(node: Expr) -> bool:
    """Whether nothing is gained by multiplying out: no sum has more than two terms, or a sum in a term."""
    sums = [part for part in walk(node) if isinstance(part, Add)]
    return node not in sums and all([*map(type, walk(s))].count(Add) == 1 == len(s.terms) - 1 for s in sums)


def term_count(node: Part) -> int:
    """How many terms an expression has, its products multiplied out."""
    counts = map(term_count, children(node) if isinstance(node, Add | Mul | Sum) else ())
    return sum(counts) if isinstance(node, Add) else prod(counts)


def neat(found: Expr, source: Expr) -> Expr:
    """`simplify`, unless ``found`` is short anyway, or so long that it is better left to the end."""
    return simplify(found, source) if LITTLE < weight(found) <= SHORT else found


def factored(scope: Scope, poly: Poly) -> Expr:
    """A polynomial as a number times common powers times a sum, or two: ``ac - ad - bc + bd``."""
    if len(poly) < 2:
        return poly_expr(poly)
    size, rest = _divided(poly)
    outside = [poly_expr(size)] if size != number(1) else []
    for base in {b: None for term in rest for b, _ in term}:
        parts = [{t: c for t, c in rest.items() if (base in dict(t)) is having} for having in (False, True)]
        if min(map(len, parts)) > 1:
            (one, inner), (other, same) = map(_divided, parts)
            if same in (inner, scale(inner, -1)):
                outer = {**one, **(other if same == inner else scale(other, -1))}
                return _product(*outside, factored(scope, outer), factored(scope, inner))
    return _product(*outside, _collected(scope, rest))


def _divided(poly: Poly) -> tuple[Poly, Poly]:
    """A number times the powers common to all terms, and the sum that it leaves."""
    common = _common(list(poly))
    size = content(poly) * (-1 if all(c < 0 for c in poly.values()) else 1)
    return {sorted_term(common): size}, {_without(t, common): c / size for t, c in poly.items()}


def _product(*factors: Expr) -> Expr:
    flat = tuple(f for e in factors for f in (e.factors if isinstance(e, Mul) and e.factors[1:] else (e,)))
    return flat[0] if len(flat) == 1 else Mul(flat)


def _over(body: Expr, index: Index) -> Expr:
    return Sum(index, body)


def _common(terms: list[Term]) -> Powers:
    """The powers that divide all terms: of the same sign in each, the smallest."""
    powers = {base: [dict(t).get(base, 0) for t in terms] for base, _ in terms[0]}
    return {base: min(es, key=abs) for base, es in powers.items() if min(es) > 0 or max(es) < 0}  # type: ignore[arg-type]


def _without(term: Term, common: Powers) -> Term:
    return sorted_term({b: e - common.get(b, 0) for b, e in term})


def _collected(scope: Scope, poly: Poly) -> Expr:
    """The terms with their numbers, contractions that share factors made one."""

    def order(each: tuple[Term, Number]) -> tuple[int, str]:
        return sum(len(scope.inside[b][0]) for b, _ in each[0] if b in scope.inside), key(term_expr(each[0]))

    rest = dict(sorted(poly.items(), key=order))
    found: list[Expr] = []
    while rest:
        term = next(iter(rest))
        c = rest.pop(term)
        made = term_expr(term, c)
        base = next((b for b, e in term if b in scope.inside and e == 1), None)
        if base is not None and len(scope.inside[base][0]) <= DUMMIES:
            outside = tuple(p for p in term if p[0] is not base)
            indices, inner = scope.inside[base]
            shared, parts = None, {inner: c}
            for other, d in list(rest.items()):
                added = [p for p in other if p not in outside]
                fits = len(other) == len(term) and len(added) == 1 == added[0][1]
                aligned = _aligned(scope, indices, inner, added[0][0], shared) if fits else None
                if aligned is not None:
                    shared, turn, moved = aligned
                    parts[moved] = d * turn
                    del rest[other]
            if shared is not None:
                made = reduce(_over, reversed(indices), factored(scope, parts))
                made = _product(*(power_expr(b, e) for b, e in outside), made)
        found.append(made)
    return found[0] if len(found) == 1 else Add(tuple(found))


def _aligned(
    scope: Scope, indices: tuple[Index, ...], inner: Term, other: Base, shared: Powers | None
) -> tuple[Powers, Number, Term] | None:
    """Another contraction written with the same dummies, most factors (or ``shared``) in common; over those
    that it has besides, the rest of it is summed."""
    others, term = scope.inside.get(other, ((), ()))
    best: tuple[Powers, Number, Term] | None = None
    for chosen in permutations(others, len(indices)) if len(indices) <= len(others) <= DUMMIES else ():
        if any(a.dim is not b.dim for a, b in zip(chosen, indices, strict=True)):
            continue
        # Numbers that nested placeholders do not reach.
        more = {i: Index(f"#9{n}", i.dim) for n, i in enumerate(others) if i not in chosen}
        sign, moved = renamed(scope, term, dict(zip(chosen, indices, strict=True)) | more)
        common = _common([inner, moved])
        fits = moved != inner and (common == shared if shared is not None else bool(common))
        if not fits or any(free(b) & set(more.values()) for b in common):
            continue
        if more:
            left = reduce(_over, more.values(), term_expr(_without(moved, common)))
            moved = sorted_term({**common, left: 1})
        if best is None or len(common) > len(best[0]):
            best = common, sign, moved
    return best


# Factors are written in this order, powers of a thing where the thing is; what is not here stands in between.
ORDER: dict[type, int] = {Num: 0, Constant: 1, Size: 1, Add: 3, Component: 5, Sum: 6}


def _arranged(node: Expr) -> Expr:
    """Factors in the order of `ORDER`, matrices before vectors, named parts before a bracket; of terms the
    positive ones first, then the short ones; free indices before bound ones."""
    match node:
        case Mul((factor,)):  # the mark of a reciprocal that cancels nothing
            return factor
        case Mul(factors):
            names = 2 if any(isinstance(f, Add) for f in factors) else 5

            def place(factor: Expr) -> tuple[int, int, str]:
                if isinstance(factor, Pow) and isinstance(factor.exponent, Num):
                    return place(factor.base)
                rank = names if isinstance(factor, Ref) else ORDER.get(type(factor), 4)
                return rank, -len(own_slots(factor)), _free_first(factor)

            return Mul(tuple(sorted(factors, key=place)))
        case Add(terms):
            terms = tuple(t for term in terms for t in (term.terms if isinstance(term, Add) else (term,)))
            return Add(tuple(sorted(terms, key=lambda t: (_negative(t), len(children(t)), _free_first(t)))))
        case Pow(Elementary("exp", (inner,)), Num(by)) if by != -1:
            return Elementary("exp", (_product(Num(by), inner),))
        case Pow(base, Num(by)) if by < 0 and by != -1:
            return Pow(_arranged(Pow(base, Num(-by))), MINUS_ONE)
    return node


def _positive(node: Expr) -> Expr:
    """``-2(a - b)`` as ``2(b - a)``."""
    other = _turned(_product(*_negated(node))) if _negative(node) else None
    return node if other is None else transform(other, _arranged)


def _turned(node: Expr) -> Expr | None:
    """The negative of an expression, by turning a sum in it with a difference, if it is not ``1 - p``."""
    match node:
        case Add(terms) if any(map(_negative, terms)) and (terms[2:] or Num not in map(type, terms)):
            return Add(tuple(_product(*_negated(t)) for t in terms))
        case Mul(factors):
            turned = enumerate(map(_turned, factors))
            made = [_product(*factors[:n], e, *factors[n + 1 :]) for n, e in turned if e is not None]
            return min(made, key=lambda e: sum(map(_negative, walk(e))), default=None)  # type: ignore[arg-type]
        case Sum(index, body, first) if (other := _turned(body)) is not None:
            return Sum(index, other, first)
    return None


def _negated(term: Expr) -> list[Expr]:
    """The factors of the negative of a term."""
    first, *rest = term.factors if isinstance(term, Mul) else (term,)
    if not isinstance(first, Num):
        return [MINUS_ONE, first, *rest]
    return rest if first is MINUS_ONE and rest else [Num(-first.value), *rest]


def _negative(term: Expr) -> bool:
    first = term.factors[0] if isinstance(term, Mul) else term
    return isinstance(first, Num) and first.value < 0


def _free_first(node: Expr) -> str:
    return key(node).replace("#", "~")


Hints = dict[tuple[object, int], list[str]]


def _hints(*formulas: Expr) -> Hints:
    """The letters that a formula and its definitions use in each slot."""
    found: Hints = {}
    for part in (part for node in formulas for part in walk(node)):
        for place, slot in enumerate(part.slots if isinstance(part, Component | Ref) else ()):
            if isinstance(slot, Index):
                found.setdefault((said(part)[0], place), []).append(slot.name)
    return found


def _lettered(node: Part, names: dict[Index, Index], used: set[str], hints: Hints) -> Part:
    """Canonical names of dummies replaced by letters, those of the source where it has some; scopes side by
    side use the same ones."""
    if bound_here(node):
        used = set(used)
        names = {**names, **{i: _letter(i, node, used, hints) for i in bound_here(node)}}
    inside, new = (lambda p: _lettered(p, names, used, hints)), (lambda i: names.get(i, i))
    return changed(node, inside, new, new)


def _letter(index: Index, node: Part, used: set[str], hints: Hints) -> Index:
    having = (p for p in walk(node) if hints and isinstance(p, Component | Ref) and index in p.slots)
    found = (n for p in having for n in hints.get((said(p)[0], p.slots.index(index)), ()) if n not in used)
    name = next(found, None) or fresh(index, used).name
    used.add(name)
    return Index(name, index.dim)
