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
from math import prod
from typing import Any

from idxcalc.errors import IdxcalcError

Permutation = tuple[tuple[int, ...], int]  # the order in which to read the slots, and its sign
Certificate = tuple[tuple[int, tuple[int, ...]], ...]
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
    if len(kinds) == 1:
        return [0], prod(edge.read([0] * len(edge.ends))[1] for edge in edges)
    heads = sorted({edge.head for edge in edges})
    search = _Search(edges, [heads.index(edge.head) for edge in edges], [[] for _ in kinds])
    for n, edge in enumerate(edges):
        for vertex in set(edge.ends):
            search.touching[vertex].append(n)
    colour = [sum(other < kind for other in kinds) for kind in kinds]
    search.run(search.refine(colour, range(len(kinds))), ())
    if search.zero:
        return list(range(len(kinds))), 0
    best, sign, _ = search.seen[min(search.seen)]
    return best, sign


def tied(colour: Sequence[int]) -> list[list[int]]:
    """The cells of two and more vertices of one colour."""
    cells: dict[int, list[int]] = {}
    for vertex, c in enumerate(colour):
        cells.setdefault(c, []).append(vertex)
    return [cell for cell in cells.values() if len(cell) > 1]


@dataclass(slots=True)
class _Search:
    """``heads`` are the edges' heads by number; of each certificate ``seen`` keeps a labelling, its sign and
    the vertices that were individualised on the way to it. ``back`` is how many of those the two leaves of an
    automorphism have in common: below that, the second is an image of what has been searched."""

    edges: Sequence[Edge]
    heads: list[int]
    touching: list[list[int]]
    seen: dict[Certificate, tuple[list[int], int, tuple[int, ...]]] = field(default_factory=dict)
    automorphisms: list[list[int]] = field(default_factory=list)
    zero: bool = False
    back: int | None = None

    def refine(self, colour: list[int], moved: Sequence[int]) -> list[int]:
        """Colours split by signatures until nothing changes; each colour is the number of smaller ones.

        ``moved`` are the vertices whose colours are new, and no vertex had those before: only beside one can
        a cell fall apart, and those of its vertices that stand beside none still look the same.
        """
        while moved:
            near = {n for v in moved for n in self.touching[v]}
            beside = {v for n in near for v in self.edges[n].ends}
            made, moved = list(colour), []
            known: dict[int, list[int]] = {}
            for cell in tied(colour):
                if beside.isdisjoint(cell):
                    continue
                keys = sorted((self.signature(v, colour, known) if v in beside else [], v) for v in cell)
                for place, (key, v) in enumerate(keys[1:], 1):
                    before, u = keys[place - 1]
                    made[v] = made[u] if key == before else colour[v] + place
                    moved += [v] if made[v] != colour[v] else []
            colour = made
        return colour

    def signature(self, vertex: int, colour: list[int], known: dict[int, list[int]]) -> list[tuple[Any, ...]]:
        """Of each factor at a vertex, the colours at its ends and where the vertex stands."""
        seen: list[tuple[Any, ...]] = []
        for n in self.touching[vertex]:
            ends, group = self.edges[n].ends, self.edges[n].group
            if isinstance(group, int):
                if n not in known:
                    known[n] = sorted([colour[e] for e in ends])
                seen.append((self.heads[n], known[n], ends.count(vertex)))
            else:
                labels = self.edges[n].read([(colour[e], e == vertex) for e in ends])[0]
                seen.append((self.heads[n], labels))
        return sorted(seen)

    def run(self, colour: list[int], path: tuple[int, ...]) -> None:
        cell = min(tied(colour), key=lambda cell: (len(cell), colour[cell[0]]), default=[])
        if not cell:
            self.leaf(colour, path)
            return
        exchanged = [self.twins(cell[0], vertex, len(colour)) for vertex in cell[1:]]
        if all(exchanged):
            split = [c + cell.index(v) if v in cell else c for v, c in enumerate(colour)]
            self.run(self.refine(split, cell[1:]), (*path, *cell))
            return
        tried: list[int] = []
        for vertex in cell:
            if self.zero or self.equivalent(vertex, tried, path):
                continue
            tried.append(vertex)
            split = list(colour)
            split[vertex] += len(cell) - 1  # the chosen vertex comes after the others of its cell
            self.run(self.refine(split, (vertex,)), (*path, vertex))
            if self.back is not None and self.back < len(path):
                return
            self.back = None

    def twins(self, one: int, other: int, count: int) -> bool:
        """Whether the exchange of two vertices is an automorphism; it is noted."""
        swap = {one: other, other: one}
        near = {n: self.edges[n] for vertex in swap for n in self.touching[vertex]}.items()
        before = [(self.heads[n], *edge.read(edge.ends)) for n, edge in near]
        after = [(self.heads[n], *edge.read([swap.get(e, e) for e in edge.ends])) for n, edge in near]
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

    def leaf(self, colour: list[int], path: tuple[int, ...]) -> None:
        sign, parts = 1, []
        for head, edge in zip(self.heads, self.edges, strict=True):
            labels, s = edge.read([colour[e] for e in edge.ends])
            sign *= s
            parts.append((head, labels))
        certificate = tuple(sorted(parts))
        if not sign:
            self.zero = True  # one reading with both signs: A_{ii} of an antisymmetric A
        elif certificate not in self.seen:
            if len(self.seen) >= LEAVES:
                raise IdxcalcError(f"too many equivalent indices in one product (limit {LEAVES} orderings)")
            self.seen[certificate] = colour, sign, path
        else:
            other, before, way = self.seen[certificate]
            self.zero = self.zero or before != sign
            vertex_at = {c: v for v, c in enumerate(colour)}
            move = [vertex_at[c] for c in other]
            self.automorphisms += [move, sorted(range(len(move)), key=move.__getitem__)]
            self.back = next((n for n, (a, b) in enumerate(zip(path, way, strict=False)) if a != b), None)
