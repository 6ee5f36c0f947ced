"""Sums over an index: deltas go, inverses cancel, connected parts separate.

For ``\\sum_B t`` with a set B of dummies and a term t:

1. a finished contraction in t that contains one of B is opened, its own dummies joining B;
2. a delta with an end in B removes it, the other end taking its place in all factors;
3. an inverse meets its matrix, a denominator what it divides (`reduce`);
4. a dummy in no factor leaves the number of its values;
5. what remains falls into connected parts, each of which becomes one base (`canonical`).

Invariant: the result has no dummy outside its bases.
"""

from __future__ import annotations

from itertools import count
from math import floor

from idxcalc.expr import Add, Delta, Dim, Index, Size, Slot, free, walk
from idxcalc.normal.canonical import canonical, components
from idxcalc.normal.product import multiply, multiply_all, replaced
from idxcalc.normal.reduce import reduced
from idxcalc.normal.terms import Base, Number, Poly, Scope, Term, accumulate, add, number, single, sorted_term


def total(scope: Scope, indices: tuple[Index, ...], body: Poly) -> Poly:
    """The sum of ``body`` over all values of ``indices``."""
    if not indices:
        return body
    result: Poly = {}
    for term, c in body.items():
        for t, d in contract(scope, indices, term).items():
            accumulate(result, t, c * d)
    return result


def values(scope: Scope, dim: Dim) -> Poly:
    """The number of values of an index."""
    scope.evidence.rule("size of an index")
    last = number(dim.number) if dim.number is not None else single(Size(dim))
    return add(last, number(1 - dim.start))


def contract(scope: Scope, bound: tuple[Index, ...], term: Term) -> Poly:
    scope.spend(1)
    bound, opened = _open(scope, bound, term)
    if opened is not None:
        return total(scope, bound, opened)
    for base, e in term:
        if isinstance(base, Delta):
            gone, kept = _ends(base, bound)
            if gone is not None:
                scope.evidence.rule("delta")
                rest = [replaced(scope, b, x, {gone: kept}) for b, x in term if b is not base]
                return total(scope, tuple(b for b in bound if b is not gone), multiply_all(scope, rest))
        elif scope.whole and isinstance(base, Add) and e == 1 and _holds(base, bound, term):
            beside: Poly = {tuple(p for p in term if p[0] is not base): 1}
            return total(scope, bound, multiply(scope, beside, scope.normal(scope, base)))
    simpler = reduced(scope, bound, term)
    if simpler is not None:
        return add(*(total(scope, left, poly) for left, poly in simpler))
    parts: list[Poly] = []
    for members, factors in components(bound, term):
        if not factors:
            parts.append(values(scope, members[0].dim))
        elif not members:
            parts.append({sorted_term(dict(factors)): 1})
        else:
            parts.append(canonical(scope, members, factors))
    return multiply_all(scope, parts)


def _ends(delta: Delta, bound: tuple[Index, ...]) -> tuple[Index | None, Slot]:
    """A dummy that a delta removes, and what takes its place."""
    for one, other in ((delta.left, delta.right), (delta.right, delta.left)):
        if one in bound and isinstance(one, Index) and (isinstance(other, int) or other.dim is one.dim):
            return one, other
    return None, delta.left


def _holds(base: Add, bound: tuple[Index, ...], term: Term) -> bool:
    """Whether a sum that is kept whole must be multiplied out under a sum: for a delta in it, or as it stands
    alone there."""
    members = free(base).intersection(bound)
    deltas = (p for p in walk(base) if isinstance(p, Delta))
    alone = members and not any(members & free(b) for b, _ in term if b is not base)
    return alone or any(_ends(delta, tuple(members))[0] for delta in deltas)


def _open(scope: Scope, bound: tuple[Index, ...], term: Term) -> tuple[tuple[Index, ...], Poly | None]:
    """Finished contractions that contain one of ``bound`` are written out, with dummies of their own."""
    wanted = frozenset(bound)
    opened = [(b, e) for b, e in term if e >= 1 and b in scope.inside and not wanted.isdisjoint(free(b))]
    if not opened:
        return bound, None
    taken = {i.name for base, _ in term for i in free(base)} | {b.name for b in bound}
    names = (name for name in map("~{}".format, count(len(taken))) if name not in taken)
    parts: list[Poly] = []
    powers: dict[Base, Number] = dict(term)
    for base, e in opened:
        powers[base] = e % 1
        for _ in range(floor(e)):
            indices, inner = scope.inside[base]
            new = {i: Index(next(names), i.dim) for i in indices}
            bound += tuple(new.values())
            parts += [replaced(scope, b, x, new) for b, x in inner]
    return bound, multiply_all(scope, [{sorted_term(powers): 1}, *parts])
