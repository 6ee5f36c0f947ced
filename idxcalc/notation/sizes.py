"""Sizes by unification: one letter in two slots makes their sizes equal.

Every slot of every symbol has a size variable (a `Dim`); `tie` makes two of them one, like a
type inferencer. Declarations and definitions tie sizes for the whole context, a relation for
itself alone: it works on a copy.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field

from idxcalc.expr import Dim


class SizesDiffer(Exception):
    """Two sizes carry different names, numbers or first values: its two arguments."""


@dataclass(slots=True)
class Sizes:
    """A union-find over size variables; a class may know its last value and its first."""

    parent: dict[Dim, Dim] = field(default_factory=dict)
    last: dict[Dim, str] = field(default_factory=dict)
    start: dict[Dim, int] = field(default_factory=dict)
    made: int = 0

    def __copy__(self) -> Sizes:
        return Sizes(*(copy(getattr(self, name)) for name in self.__match_args__))

    def fresh(self, last: str | None = None, start: int | None = None) -> Dim:
        """A new size variable, perhaps with a known end and start."""
        self.made += 1
        dim = Dim(f"?{self.made}")
        if last is not None:
            self.last[dim] = last
        if start is not None:
            self.start[dim] = start
        return dim

    def find(self, dim: Dim) -> Dim:
        while dim in self.parent:
            dim = self.parent[dim]
        return dim

    def tie(self, left: Dim, right: Dim) -> None:
        """Make two sizes one; raises `SizesDiffer` when what is known of them differs."""
        a, b = self.find(left), self.find(right)
        if a is b:
            return
        for known in (self.last, self.start):
            if a in known and b in known and known[a] != known[b]:
                raise SizesDiffer(self.describe(a), self.describe(b))
        self.parent[b] = a
        self.last.update({a: self.last[b]} if b in self.last else {})
        self.start.update({a: self.start[b]} if b in self.start else {})

    def describe(self, dim: Dim) -> str:
        """The known name of a size, with its start if that is not 1."""
        root = self.find(dim)
        last, start = self.last.get(root, "?"), self.start.get(root, 1)
        return last if start == 1 else f"{start}..{last}"

    def settled(self, dim: Dim) -> Dim:
        """The `Dim` that stands for the whole class."""
        root = self.find(dim)
        return Dim(self.last.get(root, root.last), self.start.get(root, 1))
