"""Writes the rules of `values` down as Python, for sizes that stay names."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Mapping
from typing import Any

from idxcalc.autodiff import helpers, samples
from idxcalc.autodiff.sizes import Range
from idxcalc.autodiff.symbols import WAVES
from idxcalc.autodiff.values import Parts, Shift, Tensor, sides
from idxcalc.expr import Dim, Index, Relation, Variable, python_name

Array = Any
SIGNS = {
    "add": "+", "subtract": "-", "multiply": "*", "power": "**", "logical_and": "&", "equal": "==",
    "not_equal": "!=", "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=",
}  # fmt: skip


class Text:
    """Python's text of a value: what is done with it is written down."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text

    def __call__(self, *args: object) -> Text:
        return Text(f"{self}({', '.join(map(repr, args))})")

    def __getattr__(self, name: str) -> Any:
        if name in SIGNS:
            return lambda a, b: Text(f"({a!r} {SIGNS[name]} {b!r})")
        return Text(f"{self}.{name}")

    def __getitem__(self, keys: tuple[Any, ...]) -> Text:
        shown = [f"{k.start or ''}:" if isinstance(k, slice) else repr(k) for k in keys]
        return Text(f"{self}[{', '.join(shown)}]")

    def __add__(self, other: int) -> Text:
        return Text(f"({self} + {other})")

    def __mul__(self, other: float) -> Text:
        return Text(f"({self} * {other})")


class Writer:
    """Takes down what a relation computes. ``names`` are those of the sizes."""

    np = Text("jnp")
    batch = ()

    def __init__(self, relation: Relation, ranges: Mapping[str, Range]) -> None:
        self.ranges = ranges
        self.used = {"draw", "sides", "float", *keyword.kwlist, *dir(helpers), *dir(samples)}
        self.head: list[str] = []
        self.lines: list[str] = []
        self.names: dict[str, str] = {}
        self.known: dict[Any, Tensor] = {}
        result = sides(self, relation)
        lines = (*self.head, *self.lines, f"return {result!r}")
        self.source = f"def sides({', '.join(('draw', *self.names.values()))}):\n    " + "\n    ".join(lines)

    def unique(self, hint: str) -> str:
        """A name that nothing else has; ``t`` always gets a number."""
        name, number = hint if hint != "t" else "t1", 1
        while name in self.used:
            number += 1
            name = f"{hint}{number}" if hint[-1].isalpha() else f"{hint}_{number}"
        self.used.add(name)
        return name

    def last(self, dim: Dim) -> Any:
        if dim.number is not None or dim.last in WAVES:
            return WAVES.get(dim.last, dim.number)
        if dim.last not in self.names:
            letter = next(iter(self.ranges[dim.last].letters), "")
            hint = f"size_{python_name(letter)}" if dim.last.startswith("?") else python_name(dim.last)
            self.names[dim.last] = self.unique(hint)
        return Text(self.names[dim.last])

    def room(self, axes: tuple[Index, ...]) -> None:
        pass

    def draw(self, variable: Variable, lengths: list[Any]) -> Text:
        drawn = Text("draw")(*lengths)
        drawn = self.np.round(self.np.multiply(2.0, drawn)) if "integer" in variable.traits else drawn
        return self.let(drawn, ("d" if variable.differential else "") + python_name(variable.name))

    def once(self, key: Any, found: Callable[[], Tensor]) -> Tensor:
        if key not in self.known:
            # It belongs to the whole function, wherever it is met.
            outer, self.lines = self.lines, self.head
            self.known[key] = found()
            self.lines = outer
        return self.known[key]

    def let(self, array: Any, hint: str) -> Text:
        if hint == "t" and repr(array) in self.used:
            return Text(repr(array))
        name = self.unique(hint)
        self.lines.append(f"{name} = {array!r}")
        return Text(name)

    def helper(self, name: str, array: Array) -> Text:
        return Text(name)(self.np, array)

    def change(self, run: Callable[[Shift], Parts]) -> Parts:
        name, s = self.unique("moved"), Text(self.unique("s"))
        outer, self.lines = self.lines, []
        found = run(lambda a, b: self.let(self.np.add(a, self.np.multiply(s, b)), "t"))
        added, near = ([t.array for t in each] for each in found[1:])
        inner, self.lines = [*self.lines, f"return ({found[0].array!r}, {added!r}), {near!r}"], outer
        value, terms, margins = (Text(self.unique(hint)) for hint in ("t", "terms", "margins"))
        self.lines += [
            f"def {name}({s}):",
            *(f"    {line}" for line in inner),
            f"_, ({value}, {terms}), {margins} = jax.jvp({name}, (0.0,), (1.0,), has_aux=True)",
        ]
        return Tensor(value, found[0].axes), [Tensor(terms)], [Tensor(margins)]
