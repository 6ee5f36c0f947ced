"""What the names of a formula mean: the table that declarations and definitions fill.

A scope is plain data. `Reader` looks names up in it, `declare` adds to it; `settle` makes an
expression self-contained, every size variable replaced by the one that stands for its class.
"""

from __future__ import annotations

import difflib
import operator
from copy import copy
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, TypeAlias, TypeVar

from idxcalc.expr import Component, Definition, Deriv, Dim, Function, Lambda, Part, Sum, Variable, at
from idxcalc.expr.intern import Interned
from idxcalc.expr.remember import Remembered
from idxcalc.notation.parts import dims_of
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

    def taken(self, name: str) -> str:
        """What to say when a name that has a meaning is to get another."""
        return f"{name} is declared already, in line {self.lines.get(name, '?')}"

    def stands_alone(self, name: str) -> bool:
        """Whether ``name`` may be a number by itself, so that it is no index letter in a condition."""
        symbol = self.symbols.get(name)
        if symbol is None:
            return name in self.size_names
        return isinstance(symbol, Function) or not dims_of(symbol)

    def nearest(self, name: str) -> str | None:
        """A declared name that looks like ``name``."""
        close = difflib.get_close_matches(name, [*self.symbols, *self.size_names], 1, 0.75)
        return close[0] if close else None


def settle(part: P, scope: Scope) -> P:
    """A node or symbol (or several, in a tuple) with the sizes of the scope, its fixed components and its
    aliases filled in."""
    made: P = _Settler(scope).part(part)
    return made


class _Settler:
    """One pass with memory: nodes and symbols are rebuilt from their fields, and so are those in them."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.known = Remembered(self.made)

    def part(self, part: Any) -> Any:
        if isinstance(part, tuple):
            return tuple(map(self.part, part)) if part else part
        return self.known(part) if isinstance(type(part), Interned) else part

    def made(self, part: Any) -> Any:
        if isinstance(part, Dim):
            return self.scope.sizes.settled(part)
        fields = [getattr(part, name) for name in part.__match_args__]
        settled = [self.part(each) for each in fields]
        made = part if all(map(operator.is_, fields, settled)) else type(part)(*settled)
        aliases = self.scope.aliases
        match made:
            case Variable(name, _, traits, differential, _):
                declared = self.scope.symbols.get(name)
                if isinstance(declared, Variable) and not differential:
                    traits = declared.traits
                fixed = self.scope.fixed.get(name, ())
                values = tuple((slots, Fraction(0) if differential else value) for slots, value in fixed)
                return replace(made, traits=traits, fixed=values)
            case Function(name, _, _, traits):
                declared = self.scope.symbols.get(name)
                return replace(made, traits=declared.traits if isinstance(declared, Function) else traits)
            case Sum(index, body, first) if first is not None and first <= index.dim.start:
                return Sum(index, body)
            case Component(variable, slots) if variable.name in aliases and not variable.differential:
                return at(self.part(aliases[variable.name]), slots)
            case Deriv(body, Variable() as target, slots) if target.name in aliases:
                # b_i is another name for w_{i0}: its derivative is the one by that component.
                whole = at(self.part(aliases[target.name]), slots)
                assert isinstance(whole, Component)
                return Deriv(body, whole.variable, whole.slots)
        return made
