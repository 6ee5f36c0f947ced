"""Canonical labelling of a contraction: the graph part of the normal form.

A product of tensors summed over dummies is a coloured hypergraph: the dummies are the vertices, each
factor is an edge with ordered slots. Renaming dummies, reordering factors and the symmetries of the
slots (with a sign, for antisymmetric ones) do not change the value. *Colour refinement* on the dummies
separates most of them; where colours stay tied, one dummy of the smallest tied cell after the other is
*individualised*, and the least certificate is kept. Two leaves with the same certificate differ by an
automorphism, which prunes the search; so do *twins*, which may be exchanged. Where the signs of an
automorphism's two sides differ, the term equals its own negative: it is 0.

Invariant: the certificate depends only on the class of the contraction under renaming. (Refinement
alone would not do: K(3,3) and the prism have the same refined colours.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from idxcalc.errors import IdxcalcError

Permutation = tuple[tuple[int, ...], int]  # the order in which to read the slots, and its sign
Certificate = tuple[tuple[str, tuple[int, ...]], ...]
LEAVES = 3000  # more leaves than this in one search: give up rather than hang


@dataclass(frozen=True, slots=True)
class Edge:
    """A factor: ``head`` tells factors of different kind apart, ``ends`` are vertices (slot by slot).

    ``group`` lists the orders in which the slots may be read; it is 1 where they may be read in any order,
    -1 where every exchange of two turns the sign.
    """

    head: str
    ends: tuple[int, ...]
    group: tuple[Permutation, ...] | int

    def read(self, labels: Sequence[Any]) -> tuple[tuple[Any, ...], int]:
        """The least reading of what stands at the ends, and its sign; 0 if it has both."""
        if isinstance(self.group, int):
            least = tuple(sorted(labels))
            if self.group > 0:
                return least, 1
            odd = sum(a > b for n, b in enumerate(labels) for a in labels[:n]) % 2
            return least, 0 if len(set(least)) < len(least) else -1 if odd else 1
        if len(self.group) == 1:
            return tuple(labels), 1
        readings = {(tuple([labels[p] for p in order]), sign) for order, sign in self.group}
        least, sign = min(readings)
        return least, 0 if (least, -sign) in readings else sign


def labelling(kinds: Sequence[str], edges: Sequence[Edge]) -> tuple[list[int], int]:
    """The canonical position of each vertex, and a sign: 0 if the contraction equals its negative.

    ``kinds`` has the initial colour of each vertex (the range of the dummy).
    """
    search = _Search(edges, [[] for _ in kinds])
    for edge in edges:
        for vertex in set(edge.ends):
            search.touching[vertex].append(edge)
    order = sorted(set(kinds))
    search.run(search.refine([order.index(k) for k in kinds]), ())
    if search.zero:
        return list(range(len(kinds))), 0
    best = min(search.seen)
    return search.seen[best], search.signs[best]


@dataclass(slots=True)
class _Search:
    edges: Sequence[Edge]
    touching: list[list[Edge]]
    seen: dict[Certificate, list[int]] = field(default_factory=dict)
    signs: dict[Certificate, int] = field(default_factory=dict)
    automorphisms: list[list[int]] = field(default_factory=list)
    zero: bool = False

    def refine(self, colour: list[int]) -> list[int]:
        """Colours split by signatures until nothing changes; each colour is the number of smaller ones."""
        while True:
            count = Counter(colour)
            if len(count) == len(colour):
                return colour
            keys = [
                (c, sorted(self.seen_from(v, e, colour) for e in self.touching[v]) if count[c] > 1 else [])
                for v, c in enumerate(colour)
            ]
            ranked = sorted(range(len(keys)), key=keys.__getitem__)
            made = list(colour)
            for place, vertex in enumerate(ranked):
                before = ranked[place - 1]
                made[vertex] = made[before] if place and keys[vertex] == keys[before] else place
            if len(set(made)) == len(count):
                return made
            colour = made

    def seen_from(self, vertex: int, edge: Edge, colour: list[int]) -> tuple[str, tuple[Any, ...]]:
        return edge.head, edge.read([(colour[e], e == vertex) for e in edge.ends])[0]

    def run(self, colour: list[int], path: tuple[int, ...]) -> None:
        cells: dict[int, list[int]] = {}
        for vertex, c in enumerate(colour):
            cells.setdefault(c, []).append(vertex)
        tied = [cell for cell in cells.values() if len(cell) > 1]
        if not tied:
            self.leaf(colour)
            return
        cell = min(tied, key=lambda cell: (len(cell), colour[cell[0]]))
        exchanged = [self.twins(cell[0], vertex, len(colour)) for vertex in cell[1:]]
        if all(exchanged):
            split = [c + cell.index(v) if v in cell else c for v, c in enumerate(colour)]
            self.run(self.refine(split), (*path, *cell))
            return
        tried: list[int] = []
        for vertex in cell:
            if self.zero or self.equivalent(vertex, tried, path):
                continue
            tried.append(vertex)
            # The chosen vertex keeps the colour, the others of its cell come after it.
            split = [c + 1 if v in cell and v != vertex else c for v, c in enumerate(colour)]
            self.run(self.refine(split), (*path, vertex))

    def twins(self, one: int, other: int, count: int) -> bool:
        """Whether the exchange of two vertices is an automorphism; it is noted."""
        swap = {one: other, other: one}
        near = {id(edge): edge for vertex in swap for edge in self.touching[vertex]}.values()
        before = [(edge.head, *edge.read(edge.ends)) for edge in near]
        after = [(edge.head, *edge.read([swap.get(e, e) for e in edge.ends])) for edge in near]
        if Counter(b[:2] for b in before) != Counter(a[:2] for a in after):
            return False
        turned = sum(b[2] != a[2] for b, a in zip(before, after, strict=True))
        self.zero = self.zero or turned % 2 == 1
        self.automorphisms.append([swap.get(v, v) for v in range(count)])
        return True

    def equivalent(self, vertex: int, tried: list[int], path: tuple[int, ...]) -> bool:
        """Whether an automorphism that keeps the path takes ``vertex`` to one tried before."""
        if not tried:
            return False
        fixing = [a for a in self.automorphisms if all(a[p] == p for p in path)]
        orbit, queue = {vertex}, [vertex]
        while queue:
            at = queue.pop()
            for move in fixing:
                if move[at] not in orbit:
                    orbit.add(move[at])
                    queue.append(move[at])
        return not orbit.isdisjoint(tried)

    def leaf(self, colour: list[int]) -> None:
        sign, parts = 1, []
        for edge in self.edges:
            labels, s = edge.read([colour[e] for e in edge.ends])
            sign *= s
            parts.append((edge.head, labels))
        certificate = tuple(sorted(parts))
        other = self.seen.get(certificate)
        if not sign:
            self.zero = True  # one reading with both signs: A_{ii} of an antisymmetric A
        elif other is None:
            if len(self.seen) >= LEAVES:
                raise IdxcalcError(f"too many equivalent indices in one product (limit {LEAVES} orderings)")
            self.seen[certificate], self.signs[certificate] = colour, sign
        else:
            self.zero = self.zero or self.signs[certificate] != sign
            vertex_at = {c: v for v, c in enumerate(colour)}
            move = [vertex_at[c] for c in other]
            self.automorphisms += [move, sorted(range(len(move)), key=move.__getitem__)]
