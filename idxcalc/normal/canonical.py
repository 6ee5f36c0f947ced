"""Connected parts of a contraction, and the canonical form of each.

The factors of ``\\sum_B t`` fall into parts connected through the dummies B; twice the same part is its
square, so that ``(x_i x_i)^8`` costs nothing. A part's dummies are named by `labelling`. For that a factor
is taken as a tensor: its *head* is the factor with its dummies taken out, its slots are those dummies;
permutations of the slots that leave the head alone (with a sign) are its symmetries. So a function's
argument takes part like any tensor.

Invariant: two contractions that differ by names of dummies and order of factors become the same base.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations, product
from math import factorial, prod

from idxcalc.errors import IdxcalcError
from idxcalc.expr import Component, Expr, Index, Sum, free, own_slots, said, substitute
from idxcalc.normal.labelling import Edge, Permutation, labelling
from idxcalc.normal.product import plain, replaced
from idxcalc.normal.terms import (
    ORDERED, Base, Number, Poly, Scope, Term, key, single, sorted_term, spelt, term_expr,
)  # fmt: skip

Factors = list[tuple[Base, Number]]
Bound = tuple[Index, ...]
Head = tuple[str, Bound, tuple[Permutation, ...] | int]
ORDERS = 720  # orders of the indices of one factor that are compared


def components(bound: Bound, term: Term) -> list[tuple[Bound, Factors]]:
    """The connected parts of a product: their dummies and their factors."""
    wanted = frozenset(bound)
    home: dict[Index, Factors] = {}  # the part that each dummy belongs to
    outside: Factors = []
    for base, e in term:
        members = free(base) & wanted
        parts = {id(home[i]): home[i] for i in members if i in home}
        part = max(parts.values(), key=len, default=[]) if members else outside
        for other in parts.values():
            if other is not part:
                part += other
                home.update((i, part) for i, at in home.items() if at is other)
        part.append((base, e))
        home.update(dict.fromkeys(members, part))
    dummies: dict[int, list[Index]] = {}
    for index in bound:
        dummies.setdefault(id(home.get(index, index)), []).append(index)
    found = [(tuple(indices), home.get(indices[0], [])) for indices in dummies.values()]
    return [*found, ((), outside)] if outside else found


def canonical(scope: Scope, bound: Bound, factors: Factors) -> Poly:
    """A connected contraction with its dummies named and its factors sorted, as one base."""
    place = {index: v for v, index in enumerate(bound)}
    edges = []
    for base, e in factors:
        name, ends, group = head(scope, base, e, free(base).intersection(place))
        edges.append(Edge(name, tuple([place[i] for i in ends]), group))
    colour, sign = labelling([key(i.dim) for i in bound], edges)
    if not sign:
        scope.evidence.rule("antisymmetry")
        return {}
    outer = {i for base, _ in factors for i in free(base)}.difference(bound)
    in_order = [bound[v] for v in sorted(range(len(bound)), key=colour.__getitem__)]
    indices = placeholders(in_order, outer)
    coefficient, term = renamed(scope, factors, dict(zip(in_order, indices, strict=True)))
    body: Expr = term_expr(term)
    for index in reversed(indices):
        body = Sum(index, body)
    scope.inside[body] = (indices, term)
    scope.memo[body] = single(body)
    return single(body, 1, coefficient)


def placeholders(indices: Iterable[Index], outer: Iterable[Index]) -> Bound:
    """The canonical names of indices that a binder lists in order: numbers above the dummies around."""
    level = 1 + max((int(i.name[1:]) for i in outer if i.name[0] == "#"), default=-1)
    return tuple(Index(f"#{n}", i.dim) for n, i in enumerate(indices, level))


def renamed(scope: Scope, factors: Factors | Term, names: dict[Index, Index]) -> tuple[Number, Term]:
    """A product under a renaming that identifies nothing, with the sign that sorting may bring."""
    coefficient: Number = 1
    powers: dict[Base, Number] = {}
    for base, exponent in factors:
        made, e = substitute(base, names), exponent
        if not plain(base):
            match [*replaced(scope, base, exponent, names).items()]:
                case [(((found, x),), c)]:
                    made, e, coefficient = found, x, coefficient * c
        powers[made] = powers.get(made, 0) + e
    return coefficient, sorted_term(powers)


def head(scope: Scope, base: Base, exponent: Number, members: frozenset[Index]) -> Head:
    """A power as a tensor in some of its indices: a text for what it is, its slots, and their symmetries."""
    known = scope.heads.get((base, exponent, members))
    if known is None:
        known = scope.heads[base, exponent, members] = _head(scope, base, exponent, members)
    return known


def _head(scope: Scope, base: Base, exponent: Number, members: frozenset[Index]) -> Head:
    own = own_slots(base)
    ends = tuple([s for s in own if isinstance(s, Index) and s in members])
    if plain(base):
        rest = ["*" if s in members else spelt(s) for s in own]
        return f"{key(said(base)[0])}{rest}^{exponent}", ends, ((tuple(range(len(ends))), 1),)
    once = exponent.denominator == 1 and len(ends) == len(members)
    if isinstance(base, Component) and base.variable.traits & ORDERED and once:
        rest = sorted(spelt(s) for s in own if s not in members)
        turns = "antisymmetric" in base.variable.traits and exponent % 2
        return f"{key(base.variable)}{rest}^{exponent}", ends, -1 if turns else 1
    cells: dict[str, list[Index]] = {}
    for index in sorted(members, key=key):
        cells.setdefault(key(index.dim), []).append(index)
    if prod(factorial(len(c)) for c in cells.values()) > ORDERS:
        raise IdxcalcError(f"too many indices in one factor under a sum (limit {ORDERS} orders of them)")
    readings, level = [], 1 + max((int(i.name[1:]) for i in free(base) if i.name[0] == "$"), default=-1)
    for choice in product(*(permutations(cells[dim]) for dim in sorted(cells))):
        order = tuple(i for cell in choice for i in cell)
        names = {i: Index(f"${n}", i.dim) for n, i in enumerate(order, level)}
        c, term = renamed(scope, [(base, exponent)], names)
        readings.append((f"{abs(c)}{key(term_expr(term))}^", 1 if c > 0 else -1, order))
    least = min(text for text, _, _ in readings)
    equal = [(order, sign) for text, sign, order in readings if text == least]
    ends, turn = equal[0]
    group = tuple((tuple(ends.index(i) for i in order), sign * turn) for order, sign in equal)
    return least, ends, group
