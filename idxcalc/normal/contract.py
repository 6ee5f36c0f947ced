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

from fractions import Fraction
from math import floor

from idxcalc.expr import Delta, Dim, Index, Size, Slot, free
from idxcalc.normal.canonical import canonical, components
from idxcalc.normal.product import multiply_all, replaced
from idxcalc.normal.reduce import reduced
from idxcalc.normal.terms import Poly, Scope, Term, accumulate, add, number, scale, single, sorted_term


def total(scope: Scope, indices: tuple[Index, ...], body: Poly) -> Poly:
    """The sum of ``body`` over all values of ``indices``."""
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
        return _each(scope, bound, opened)
    for base, _ in term:
        if isinstance(base, Delta):
            gone, kept = _ends(base, bound)
            if gone is not None:
                scope.evidence.rule("delta")
                rest = [replaced(scope, b, e, {gone: kept}) for b, e in term if b is not base]
                return _each(scope, tuple(b for b in bound if b is not gone), multiply_all(scope, rest))
    simpler = reduced(scope, bound, term)
    if simpler is not None:
        return add(*(_each(scope, left, poly) for left, poly in simpler))
    parts: list[Poly] = []
    for members, factors in components(bound, term):
        if not factors:
            parts.append(values(scope, members[0].dim))
        elif not members:
            parts.append({sorted_term(dict(factors)): Fraction(1)})
        else:
            parts.append(canonical(scope, members, factors))
    return multiply_all(scope, parts)


def _each(scope: Scope, bound: tuple[Index, ...], poly: Poly) -> Poly:
    if not bound:
        return poly
    return add(*(scale(contract(scope, bound, t), c) for t, c in poly.items()))


def _ends(delta: Delta, bound: tuple[Index, ...]) -> tuple[Index | None, Slot]:
    """A dummy that a delta removes, and what takes its place."""
    for one, other in ((delta.left, delta.right), (delta.right, delta.left)):
        if one in bound and isinstance(one, Index) and (isinstance(other, int) or other.dim is one.dim):
            return one, other
    return None, delta.left


def _open(scope: Scope, bound: tuple[Index, ...], term: Term) -> tuple[tuple[Index, ...], Poly | None]:
    """Finished contractions that contain one of ``bound`` are written out, with dummies of their own."""
    taken = {i.name for base, _ in term for i in free(base)} | {b.name for b in bound}
    parts: list[Poly] = []
    whole = []
    for base, e in term:
        if e < 1 or base not in scope.inside or free(base).isdisjoint(bound):
            whole.append((base, e))
            continue
        for _ in range(floor(e)):
            indices, inner = scope.inside[base]
            new = {}
            for index in indices:
                k = len(taken)
                while f"~{k}" in taken:
                    k += 1
                taken.add(f"~{k}")
                new[index] = Index(f"~{k}", index.dim)
            bound += tuple(new.values())
            parts += [replaced(scope, b, x, new) for b, x in inner]
        if e % 1:
            whole.append((base, e % 1))
    if not parts:
        return bound, None
    return bound, multiply_all(scope, [{tuple(whole): Fraction(1)}, *parts])
