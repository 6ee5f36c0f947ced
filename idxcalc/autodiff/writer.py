"""Writes the rules of `values` down as Python, for sizes that stay names."""

from __future__ import annotations

import keyword
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from idxcalc.autodiff import samples
from idxcalc.autodiff.backend import Arrays, tools
from idxcalc.autodiff.symbols import WAVES, hidden
from idxcalc.autodiff.values import count, prepared, sides
from idxcalc.errors import IdxcalcError
from idxcalc.expr import Dim, Index, Relation, Slot, Variable, python_name

Array = Any
Sizes = dict[str, int]
LARGEST = 12
SIGNS = {"add": "+", "sub": "-", "mul": "*", "pow": "**", "and": "&"}


class Text:
    """Python's text of a value: what is done with it is written down."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text

    def __call__(self, *args: object) -> Text:
        return Text(f"{self}({', '.join(map(repr, args))})")

    def __getattr__(self, name: str) -> Text:
        return Text(f"{self}.{name}")

    def __getitem__(self, key: object) -> Text:
        keys = key if isinstance(key, tuple) else (key,)
        shown = [f"{k.start or ''}:" if isinstance(k, slice) else repr(k) for k in keys]
        return Text(f"{self}[{', '.join(shown)}]")


for _name, _sign in SIGNS.items():
    setattr(Text, f"__{_name}__", lambda a, b, sign=_sign: Text(f"({a!r} {sign} {b!r})"))
    setattr(Text, f"__r{_name}__", lambda a, b, sign=_sign: Text(f"({b!r} {sign} {a!r})"))


@dataclass(slots=True)
class Range:
    """One size: the letters of its indices, its least value, and its number if it is one."""

    number: int | None
    letters: dict[str, None] = field(default_factory=dict)
    least: int = 1


class Writer(Arrays):
    """Takes down what a relation computes; on the way it meets all sizes, shapes and variables."""

    def __init__(self, relation: Relation) -> None:
        self.np, self.relation = Text("jnp"), relation
        self.used = {"draw", "sides", "float", *keyword.kwlist, *dir(tools().helpers), *dir(samples)}
        self.lines: list[str] = []
        self.ranges: dict[str, Range] = {}
        self.names: dict[str, str] = {}
        self.variables: dict[Variable, Text] = {}
        self.result = sides(self, relation)

    def unique(self, hint: str) -> str:
        """A name that nothing else has; ``t`` always gets a number."""
        name, number = hint if hint != "t" else "t1", 1
        while name in self.used:
            number += 1
            name = f"{hint}{number}" if hint[-1].isalpha() else f"{hint}_{number}"
        self.used.add(name)
        return name

    def helper(self, name: str) -> Text:
        return Text(name)

    def meet(self, dim: Dim, *slots: Slot) -> None:
        """Notes a range and what stands in its slots; refuses what no size can have."""
        if dim.last in WAVES:
            return
        size = self.ranges.setdefault(dim.last, Range(dim.number))
        size.least = max(size.least, dim.start, *(s for s in slots if isinstance(s, int)))
        for slot in slots:
            if isinstance(slot, Index):
                size.letters |= {} if hidden(slot.name) else {slot.name: None}
            elif slot < dim.start:
                raise IdxcalcError(f"there is no component {slot}: the slot runs from {dim.start}")
        if size.number is not None and size.number < size.least:
            raise IdxcalcError(f"there is no component {size.least}: the slot runs to {size.number}")
        if size.number is not None and size.number > LARGEST:
            raise IdxcalcError(f"a size of {size.number} is too large to be tested; {LARGEST} is the most")

    def last(self, dim: Dim) -> Any:
        self.meet(dim)
        if dim.number is not None or dim.last in WAVES:
            return WAVES.get(dim.last, dim.number)
        if dim.last not in self.names:
            letter = next(iter(self.ranges[dim.last].letters), "")
            hint = f"size_{python_name(letter)}" if dim.last.startswith("?") else python_name(dim.last)
            self.names[dim.last] = self.unique(hint)
        return Text(self.names[dim.last])

    def variable(self, variable: Variable) -> Text:
        if variable not in self.variables:
            hint = ("d" if variable.differential else "") + python_name(variable.name)
            self.variables[variable] = Text(self.unique(hint))
        return self.variables[variable]

    def let(self, array: Any, hint: str) -> Text:
        if hint == "t" and repr(array) in self.used:
            return Text(repr(array))
        name = self.unique(hint)
        self.lines.append(f"{name} = {array!r}")
        return Text(name)

    def function(self, array: Text, run: Callable[[Array], Any]) -> Text:
        name = self.unique(f"by_{array}")
        outer, self.lines = self.lines, []
        result = run(array)
        inner, self.lines = self.lines, outer
        self.lines += [f"def {name}({array}):", *(f"    {line}" for line in (*inner, f"return {result!r}"))]
        return Text(name)

    def unpack(self, result: Any) -> Any:
        value, terms, margins = (Text(self.unique(hint)) for hint in ("t", "terms", "margins"))
        self.lines.append(f"({value}, {terms}), {margins} = {result!r}")
        return (value, terms), margins

    def source(self) -> str:
        """The function that draws all values for the given sizes, and computes both sides."""
        head = []
        for variable, name in self.variables.items():
            drawn = Text("draw")(*(count(self, dim) for dim in variable.dims))
            head.append(f"{name} = {prepared(self, variable, drawn)!r}")
        lines = (*head, *self.lines, f"return {self.result!r}")
        return f"def sides({', '.join(('draw', *self.names.values()))}):\n    " + "\n    ".join(lines)

    def named(self, sizes: Sizes) -> Sizes:
        """Sizes by name: as declared, or for one without a name a letter that runs over it."""
        shown = {n: next(iter(self.ranges[n].letters), n) if n.startswith("?") else n for n in sizes}
        return {shown[n]: size for n, size in sizes.items()}

    def blocks(self, sizes: Sizes) -> int:
        """How many blocks of values are drawn for all variables."""
        make = Arrays(sizes)
        drawn: int = sum(math.prod(count(make, dim) for dim in v.dims) for v in self.variables)
        return max(1, -(-drawn // samples.BLOCK[1]))
