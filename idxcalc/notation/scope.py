"""What the names of a formula mean: the table that declarations and definitions fill.

A scope is plain data. `Reader` looks names up in it, `declare` adds to it; `settle` makes an
expression self-contained, every size variable replaced by the one that stands for its class.
"""

from __future__ import annotations

import difflib
import operator
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, TypeAlias, TypeVar

from idxcalc.expr import Component, Definition, Deriv, Diff, Dim, Function, Lambda, Part, Sum, Variable, at
from idxcalc.expr.intern import Interned
from idxcalc.expr.remember import Remembered
from idxcalc.notation.parts import dims_of, variables
from idxcalc.notation.sizes import Sizes

Symbol: TypeAlias = Variable | Function | Definition
P = TypeVar("P", bound=Part | Symbol | tuple[Any, ...])


@dataclass(slots=True)
class Scope:
    """``symbols`` by name; ``defaults``: what a bare function is meant at; ``soft``: variables that came
    as the argument of a function of one real and may be declared anew; ``lines``: where each name was
    declared; ``arguments``: the names that a plain definition was written with, ``\\text{loss}(\\hat y_i)``;
    ``aliases``: ``w_{i0} = b_i`` makes b_i another name of a component of w; ``fixed``: ``x_0 = 1``."""

    symbols: dict[str, Symbol] = field(default_factory=dict)
    defaults: dict[str, tuple[Lambda, ...]] = field(default_factory=dict)
    soft: set[str] = field(default_factory=set)
    lines: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, Lambda] = field(default_factory=dict)
    fixed: dict[str, tuple[tuple[tuple[int, ...], Fraction], ...]] = field(default_factory=dict)
    size_names: dict[str, Dim] = field(default_factory=dict)
    sizes: Sizes = field(default_factory=Sizes)

    def fork(self) -> Scope:
        """A copy that a relation may tie sizes in, and a chapter may go on from."""
        return Scope(*(copy(getattr(self, name)) for name in self.__match_args__))

    def add(self, name: str, symbol: Symbol, where: str, soft: bool = False) -> None:
        """A name gets its meaning."""
        self.symbols[name], self.lines[name] = symbol, where
        (self.soft.add if soft else self.soft.discard)(name)

    def line(self, name: str, before: str = " ") -> str:
        """Where a name was declared, if that is known."""
        return f"{before}in line {self.lines[name]}" if self.lines.get(name) else ""

    def taken(self, name: str) -> str:
        """What to say when a name that has a meaning is to get another."""
        return f"{name} is declared already{self.line(name, ', ')}"

    def kept(self, name: str, indices: Sequence[object], argument: bool = False) -> str:
        """What to say when a name that has a meaning undeclared is to get another; nothing of other names."""
        if name == "d" and not indices:
            return "d is the differential; use another letter"
        if name in self.size_names:
            return f"{name} is a size; a name is another letter"
        number = argument and not indices and name in ("e", r"\pi") and name not in self.symbols
        return f"{name} is a number; an argument is another letter" if number else ""

    def derived(self) -> str:
        """What to say when a name with a prime has a meaning, and is the derivative of another name: of a
        function of one real, or of what was defined by one number."""
        for name in (each for each in self.symbols if each.endswith("'")):
            base = self.symbols.get(root := name.rstrip("'"))
            by: Any = self.symbols.get(self.arguments.get(root, ""))
            of = () if not isinstance(base, Definition) else variables(base.body) if by is None else (by,)
            params = base.params if isinstance(base, Function) else tuple(map(dims_of, of))
            if params == ((),):
                return f"`{name}` is the derivative of {root}, and no name of its own"
        return ""

    def nearest(self, name: str) -> str | None:
        """A declared name that looks like ``name``."""
        close = difflib.get_close_matches(name, [*self.symbols, *self.size_names], 1, 0.75)
        return close[0] if close else None


def settle(part: P, scope: Scope) -> P:
    """A node or symbol (or several, in a tuple) with the sizes of the scope, its fixed components and its
    aliases filled in: all are rebuilt from their fields, and so are those in them, each once."""

    def settled(part: Any) -> Any:
        if isinstance(part, tuple):
            return tuple(map(settled, part)) if part else part
        return known(part) if isinstance(type(part), Interned) else part

    def rebuilt(part: Any) -> Any:
        if isinstance(part, Dim):
            return scope.sizes.settled(part)
        before = [getattr(part, name) for name in part.__match_args__]
        after = [settled(each) for each in before]
        return _filled(part if all(map(operator.is_, before, after)) else type(part)(*after), scope, settled)

    known = Remembered(rebuilt)
    made: P = settled(part)
    return made


def _filled(made: Any, scope: Scope, settled: Callable[[Any], Any]) -> Any:
    """What a scope knows of a symbol or a component besides its sizes."""
    aliases, declared = scope.aliases, scope.symbols.get(getattr(made, "name", ""))
    match made:
        case Variable(name, _, traits, differential, _):
            if isinstance(declared, Variable) and not differential:
                traits = declared.traits
            fixed = scope.fixed.get(name, ())
            values = tuple((slots, Fraction(0) if differential else value) for slots, value in fixed)
            return replace(made, traits=traits, fixed=values)
        case Function() if isinstance(declared, Function):
            return replace(made, traits=declared.traits)
        case Sum(index, body, first) if first is not None and first <= index.dim.start:
            return Sum(index, body)
        case Component(variable, slots) if variable.name in aliases and not variable.differential:
            return at(settled(aliases[variable.name]), slots)
        case Deriv(body, Variable() as target, slots) if target.name in aliases:
            # b_i is another name for w_{i0}: its derivative is the one by that component.
            whole = at(settled(aliases[target.name]), slots)
            assert isinstance(whole, Component)
            return Deriv(body, whole.variable, whole.slots)
        case Diff(body, variables) if aliases.keys() & {v.name for v in variables}:
            named = {settled(aliases[v.name]).body.variable if v.name in aliases else v for v in variables}
            return Diff(body, tuple(sorted(named, key=lambda v: v.name)))
    return made
