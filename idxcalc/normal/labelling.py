"""Canonical labelling of a contraction: the graph part of the normal form.

A product of tensors summed over dummies is a coloured hypergraph: the dummies are the vertices, each
factor is an edge with ordered slots. Renaming dummies, reordering factors and the symmetries of the
slots (with a sign, for antisymmetric ones) do not change the value. *Colour refinement* on the dummies
separates most of them; where colours stay tied, one dummy of the smallest tied cell after the other is
*individualised*, and the least certificate is kept. Two leaves with the same certificate differ by an
automorphism, which prunes the search; if their signs differ, the term equals its own negative: it is 0.

Invariant: the certificate depends only on the class of the contraction under renaming. (Refinement
alone would not do: K(3,3) and the prism have the same refined colours.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from idxcalc.errors import IdxcalcError

Permutation = tuple[tuple[int, ...], int]  # the order in which to read the slots, and its sign
Certificate = tuple[tuple[str, tuple[int, ...]], ...]
LEAVES = 3000  # more leaves than this in one search: give up rather than hang


@dataclass(frozen=True, slots=True)
class Edge:
    """A factor: ``head`` tells factors of different kind apart, ``ends`` are vertices (slot by slot)."""

    head: str
    ends: tuple[int, ...]
    group: tuple[Permutation, ...]


def labelling(kinds: Sequence[str], edges: Sequence[Edge]) -> tuple[list[int], int]:
    """The canonical position of each vertex, and a sign: 0 if the contraction equals its negative.

    ``kinds`` has the initial colour of each vertex (the range of the dummy).
    """
    return _Search(kinds, edges).run()


@dataclass(slots=True)
class _Search:
    kinds: Sequence[str]
    edges: Sequence[Edge]
    touching: list[list[Edge]] = field(default_factory=list)
    seen: dict[Certificate, list[int]] = field(default_factory=dict)
    signs: dict[Certificate, int] = field(default_factory=dict)
    automorphisms: list[list[int]] = field(default_factory=list)
    zero: bool = False

    def run(self) -> tuple[list[int], int]:
        self.touching = [[] for _ in self.kinds]
        for edge in self.edges:
            for vertex in set(edge.ends):
                self.touching[vertex].append(edge)
        order = sorted(set(self.kinds))
        self.search(self.refine([order.index(k) for k in self.kinds]), ())
        if self.zero:
            return list(range(len(self.kinds))), 0
        best = min(self.seen)
        return self.seen[best], self.signs[best]

    def signature(self, vertex: int, colour: list[int]) -> list[tuple[str, tuple[tuple[int, bool], ...]]]:
        found = []
        for edge in self.touching[vertex]:
            slots = [(colour[e], e == vertex) for e in edge.ends]
            found.append((edge.head, min([tuple([slots[p] for p in order]) for order, _ in edge.group])))
        found.sort()
        return found

    def refine(self, colour: list[int]) -> list[int]:
        """Colours split by signatures until nothing changes; each colour is the number of smaller ones."""
        while True:
            count = Counter(colour)
            if len(count) == len(colour):
                return colour
            keys = [(c, self.signature(v, colour) if count[c] > 1 else []) for v, c in enumerate(colour)]
            ranked = sorted(range(len(keys)), key=keys.__getitem__)
            made = list(colour)
            for place, vertex in enumerate(ranked):
                before = ranked[place - 1]
                made[vertex] = made[before] if place and keys[vertex] == keys[before] else place
            if len(set(made)) == len(count):
                return made
            colour = made

    def search(self, colour: list[int], path: tuple[int, ...]) -> None:
        cells: dict[int, list[int]] = {}
        for vertex, c in enumerate(colour):
            cells.setdefault(c, []).append(vertex)
        tied = [cell for cell in cells.values() if len(cell) > 1]
        if not tied:
            self.leaf(colour)
            return
        cell = min(tied, key=lambda cell: (len(cell), colour[cell[0]]))
        tried: list[int] = []
        for vertex in cell:
            if self.zero or self.equivalent(vertex, tried, path):
                continue
            tried.append(vertex)
            # The chosen vertex keeps the colour, the others of its cell come after it.
            split = [c + 1 if v in cell and v != vertex else c for v, c in enumerate(colour)]
            self.search(self.refine(split), (*path, vertex))

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
            labels = [colour[e] for e in edge.ends]
            choices = sorted({(tuple([labels[p] for p in order]), s) for order, s in edge.group})
            least, s = choices[0]
            if len(choices) > 1 and choices[1][0] == least:
                self.zero = True  # one reading with both signs: A_{ii} of an antisymmetric A
            sign *= s
            parts.append((edge.head, least))
        certificate = tuple(sorted(parts))
        other = self.seen.get(certificate)
        if other is None:
            if len(self.seen) >= LEAVES:
                raise IdxcalcError(f"too many equivalent indices in one product (limit {LEAVES} orderings)")
            self.seen[certificate], self.signs[certificate] = colour, sign
            return
        if self.signs[certificate] != sign:
            self.zero = True
        vertex_at = {c: v for v, c in enumerate(colour)}
        move = [vertex_at[c] for c in other]
        back = sorted(range(len(move)), key=move.__getitem__)
        self.automorphisms += [move, back]
