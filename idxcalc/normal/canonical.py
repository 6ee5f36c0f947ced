"""Connected parts of a contraction, and the canonical form of each.

The factors of ``\\sum_B t`` fall into parts connected through the dummies B; twice the same part is its
square, so that ``(x_i x_i)^8`` costs nothing. A part's dummies are named by `labelling`. For that a factor
is taken as a tensor: its *head* is the factor with its dummies taken out, its slots are those dummies;
permutations of the slots that leave the head alone (with a sign) are its symmetries. So a function's
argument takes part like any tensor.

Invariant: two contractions that differ by names of dummies and order of factors become the same base.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations, product
from math import factorial, prod

from idxcalc.errors import IdxcalcError
from idxcalc.expr import Component, Expr, Index, Sum, free, substitute
from idxcalc.normal.labelling import Edge, Permutation, labelling
from idxcalc.normal.product import replaced
from idxcalc.normal.terms import (
    Base, Poly, Scope, Term, dim_key, key, power_expr, single, slot_key, sorted_term, term_expr, variable_key,
)  # fmt: skip

Factors = list[tuple[Base, Fraction]]
ORDERS = 720  # orders of the indices of one factor that are compared


def components(bound: tuple[Index, ...], term: Term) -> list[tuple[tuple[Index, ...], Factors]]:
    """The connected parts of a product: their dummies and their factors."""
    groups: list[tuple[set[Index], Factors]] = []
    outside: Factors = []
    for base, e in term:
        members = free(base) & set(bound)
        if not members:
            outside.append((base, e))
            continue
        joined = (set(members), [(base, e)])
        apart = []
        for group in groups:
            if group[0] & joined[0]:
                joined[0].update(group[0])
                joined[1].extend(group[1])
            else:
                apart.append(group)
        groups = [*apart, joined]
    used = set().union(*(g[0] for g in groups))
    found = [(tuple(i for i in bound if i in members), factors) for members, factors in groups]
    found += [((i,), []) for i in bound if i not in used]
    return [*found, ((), outside)] if outside else found


def canonical(scope: Scope, bound: tuple[Index, ...], factors: Factors) -> Poly:
    """A connected contraction with its dummies named and its factors sorted, as one base."""
    place = {index: v for v, index in enumerate(bound)}
    edges = []
    for base, e in factors:
        name, ends, group = head(scope, base, e, frozenset(bound) & free(base))
        edges.append(Edge(name, tuple(place[i] for i in ends), group))
    colour, sign = labelling([dim_key(i.dim) for i in bound], edges)
    if not sign:
        scope.evidence.rule("antisymmetry")
        return {}
    outer = {i for base, _ in factors for i in free(base)} - set(bound)
    named = {i: Index(f"#{n}", i.dim) for n, i in enumerate(_in_order(bound, colour), _level(outer))}
    coefficient, powers = Fraction(1), dict[Base, Fraction]()
    for base, e in factors:
        c, moved, x = rename(scope, base, e, named)
        coefficient *= c
        powers[moved] = powers.get(moved, Fraction(0)) + x
    term = sorted_term(powers)
    body: Expr = term_expr(term)
    indices = tuple(named[i] for i in _in_order(bound, colour))
    for index in reversed(indices):
        body = Sum(index, body)
    scope.inside[body] = (indices, term)
    scope.memo[body] = single(body)
    return single(body, 1, coefficient)


def _in_order(bound: tuple[Index, ...], colour: list[int]) -> list[Index]:
    return [bound[v] for v in sorted(range(len(bound)), key=colour.__getitem__)]


def _level(outer: set[Index]) -> int:
    """The first number for dummies that are not the dummies around."""
    return 1 + max((int(i.name[1:]) for i in outer if i.name[0] == "#"), default=-1)


def placeholders(indices: tuple[Index, ...], outer: set[Index]) -> tuple[Index, ...]:
    """The canonical names of indices that a binder lists in order."""
    return tuple(Index(f"#{n}", i.dim) for n, i in enumerate(indices, _level(outer)))


def rename(
    scope: Scope, base: Base, exponent: Fraction, mapping: dict[Index, Index]
) -> tuple[Fraction, Base, Fraction]:
    """A power under a renaming that identifies nothing, with the sign that sorting may bring."""
    match base:
        case Component(variable, _) if not variable.traits & {"symmetric", "antisymmetric"}:
            return Fraction(1), substitute(base, mapping), exponent
    match [*replaced(scope, base, exponent, mapping).items()]:
        case [(((made, e),), c)]:
            return c, made, e
    return Fraction(1), substitute(base, mapping), exponent  # equal in value, if not in canonical form


def head(
    scope: Scope, base: Base, exponent: Fraction, members: frozenset[Index]
) -> tuple[str, tuple[Index, ...], tuple[Permutation, ...]]:
    """A power as a tensor in some of its indices: a text for what it is, its slots, and their symmetries."""
    known = scope.heads.get((base, exponent, members))
    if known is None:
        known = scope.heads[base, exponent, members] = _head(scope, base, exponent, members)
    return known


def _head(
    scope: Scope, base: Base, exponent: Fraction, members: frozenset[Index]
) -> tuple[str, tuple[Index, ...], tuple[Permutation, ...]]:
    if isinstance(base, Component) and not base.variable.traits & {"symmetric", "antisymmetric"}:
        ends = tuple(s for s in base.slots if s in members and isinstance(s, Index))
        rest = ",".join("*" if s in members else slot_key(s) for s in base.slots)
        return f"{variable_key(base.variable)}[{rest}]^{exponent}", ends, ((tuple(range(len(ends))), 1),)
    cells: dict[str, list[Index]] = {}
    for index in sorted(members, key=lambda i: (dim_key(i.dim), i.name)):
        cells.setdefault(dim_key(index.dim), []).append(index)
    if prod(factorial(len(c)) for c in cells.values()) > ORDERS:
        raise IdxcalcError(f"too many indices in one factor under a sum (limit {ORDERS} orders of them)")
    readings = []
    for choice in product(*(permutations(cell) for cell in cells.values())):
        order = tuple(i for cell in choice for i in cell)
        named = {i: Index(f"${n}", i.dim) for n, i in enumerate(order)}
        c, made, e = rename(scope, base, exponent, named)
        readings.append((f"{abs(c)}{key(power_expr(made, e))}^", 1 if c > 0 else -1, order))
    least = min(text for text, _, _ in readings)
    equal = [(order, sign) for text, sign, order in readings if text == least]
    ends, turn = equal[0]
    group = tuple((tuple(ends.index(i) for i in order), sign * turn) for order, sign in equal)
    return least, ends, group
