"""Computations written down as Python, instead of carried out."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterable
from itertools import dropwhile
from typing import Any

from idxcalc.plan.arrays import Axes

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

    def __call__(self, *args: object, **options: object) -> Text:
        named = (f"{name}={value!r}" for name, value in options.items())
        return Text(f"{self}({', '.join((*map(repr, args), *named))})")

    def __getattr__(self, name: str) -> Any:
        if name in SIGNS:
            return lambda a, b: Text(f"({a!r} {SIGNS[name]} {b!r})")
        return Text(f"{self}.{name}")

    def __getitem__(self, keys: tuple[Any, ...]) -> Text:
        shown = [f"{k.start or ''}:" if isinstance(k, slice) else repr(k) for k in keys]
        shown = list(dropwhile("None".__eq__, shown))  # first axes of length 1 need not be written
        return self if set(shown) <= {":"} else Text(f"{self}[{', '.join(shown)}]")

    def __add__(self, other: int) -> Text:
        return Text(f"({self} + {other})")

    def __mul__(self, other: float) -> Text:
        return Text(f"({self} * {other})")


class Written:
    """The lines of a function, each with a name of its own."""

    def __init__(self, np: str, used: Iterable[str]) -> None:
        self.np = Text(np)
        self.lines: list[str] = []
        self.given = frozenset({*keyword.kwlist, np, *used})
        self.used = set(self.given)
        self.named: dict[str, str] = {}  # numbered names that turned out to be those of definitions

    def unique(self, hint: str) -> str:
        """A name that nothing else has; ``t`` always gets a number."""
        name, number = hint if hint != "t" else "t1", 1
        while name in self.used:
            number += 1
            name = f"{hint}{number}" if hint[-1].isalpha() else f"{hint}_{number}"
        self.used.add(name)
        return name

    def let(self, array: Any, hint: str) -> Text:
        text = repr(array)
        if hint != "t" and text not in self.given and re.fullmatch(r"t\d+", text):
            self.named.setdefault(text, self.unique(hint))
        if text in self.used:
            return Text(text)
        name = self.unique(hint)
        self.lines.append(f"{name} = {text}")
        return Text(name)

    def function(self, name: str, parameters: Iterable[str], *lines: str) -> str:
        """The Python text of a function."""
        text = f"def {name}({', '.join(parameters)}):\n    " + "\n    ".join(lines)
        text = re.sub(r"\bt\d+\b", lambda found: self.named.get(found[0], found[0]), text)
        return ast.unparse(ast.parse(text)).replace("'", '"')

    def room(self, axes: Axes) -> None:
        """Whether an array is small enough is nothing to ask of a text."""
