"""What the names of a formula mean: the table that declarations and definitions fill.

A scope is plain data. `Reader` looks names up in it, `declare` adds to it; `settle` makes an
expression self-contained, every size variable replaced by the one that stands for its class.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, replace
from fractions import Fraction

from idxcalc.expr import (
    Call, Component, Definition, Delta, Deriv, Diff, Dim, Expr, Function, Index, Inverse, Lambda, Match,
    Part, Ref, Size, Slot, Sum, Variable, children, plug, rebuild,
)  # fmt: skip
from idxcalc.notation.sizes import Sizes

Symbol = Variable | Function | Definition


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
        return Scope(
            dict(self.symbols), dict(self.defaults), set(self.soft), dict(self.lines), dict(self.arguments),
            dict(self.aliases), dict(self.fixed), dict(self.size_names), self.sizes.fork(),
        )  # fmt: skip

    def stands_alone(self, name: str) -> bool:
        """Whether ``name`` may be a number by itself, so that it is no index letter in a condition."""
        match self.symbols.get(name):
            case Variable(_, dims) if dims:
                return False
            case Definition(_, indices) if indices:
                return False
            case None:
                return name in self.size_names
        return True

    def nearest(self, name: str) -> str | None:
        """A declared name that looks like ``name``."""
        close = difflib.get_close_matches(name, [*self.symbols, *self.size_names], 1, 0.75)
        return close[0] if close else None


def settle(node: Part, scope: Scope) -> Part:
    """``node`` with the sizes of the scope, its fixed components and its aliases filled in."""
    settled = _Settler(scope).part(node)
    known = {
        v: a
        for v in _variables(settled)
        if (a := scope.aliases.get(v.name)) is not None and not v.differential
    }
    return plug(settled, {v: _Settler(scope).part(a) for v, a in known.items()}) if known else settled  # type: ignore[misc]


def _variables(node: Part) -> set[Variable]:
    from_here = {node.variable} if isinstance(node, Component) else set()
    return from_here.union(*map(_variables, children(node)))


class _Settler:
    """One pass with memory: the same raw part gives the same settled part."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.memo: dict[object, object] = {}

    def dim(self, dim: Dim) -> Dim:
        return self.scope.sizes.settled(dim)

    def slot(self, slot: Slot) -> Slot:
        return Index(slot.name, self.dim(slot.dim)) if isinstance(slot, Index) else slot

    def slots(self, slots: tuple[Slot, ...]) -> tuple[Slot, ...]:
        return tuple(map(self.slot, slots))

    def index(self, index: Index) -> Index:
        return Index(index.name, self.dim(index.dim))

    def variable(self, variable: Variable) -> Variable:
        fixed = self.scope.fixed.get(variable.name, ())
        known = self.scope.symbols.get(variable.name)
        traits = (
            known.traits if isinstance(known, Variable) and not variable.differential else variable.traits
        )
        made = replace(variable, dims=tuple(map(self.dim, variable.dims)), traits=traits)
        if not fixed:
            return made
        return replace(made, fixed=tuple((s, Fraction(0) if made.differential else v) for s, v in fixed))

    def function(self, function: Function) -> Function:
        if function not in self.memo:
            body = None if function.body is None else self.expr(function.body)
            known = self.scope.symbols.get(function.name)
            self.memo[function] = Function(
                function.name,
                tuple(map(self.dim, function.out)),
                tuple(tuple(map(self.dim, dims)) for dims in function.params),
                known.traits if isinstance(known, Function) else function.traits,
                tuple(map(self.variable, function.placeholders)),
                tuple(map(self.index, function.indices)),
                body,
            )
        return self.memo[function]  # type: ignore[return-value]

    def definition(self, definition: Definition) -> Definition:
        if definition not in self.memo:
            body = settle(definition.body, self.scope) if self.scope.aliases else self.expr(definition.body)
            made = Definition(definition.name, tuple(map(self.index, definition.indices)), body)  # type: ignore[arg-type]
            self.memo[definition] = made
        return self.memo[definition]  # type: ignore[return-value]

    def target(self, target: Variable | Definition) -> Variable | Definition:
        return self.variable(target) if isinstance(target, Variable) else self.definition(target)

    def expr(self, node: Expr) -> Expr:
        return self.part(node)  # type: ignore[return-value]

    def part(self, node: Part) -> Part:
        if node not in self.memo:
            self.memo[node] = self.own(rebuild(node, tuple(map(self.part, children(node)))))
        return self.memo[node]  # type: ignore[return-value]

    def own(self, node: Part) -> Part:
        """``node`` with what stands in it itself settled; its children are already."""
        match node:
            case Component(variable, slots):
                return Component(self.variable(variable), self.slots(slots))
            case Ref(definition, slots):
                return Ref(self.definition(definition), self.slots(slots))
            case Delta(left, right):
                return Delta(self.slot(left), self.slot(right))
            case Match(left, right, equal):
                return Match(self.slot(left), self.slot(right), equal)
            case Size(dim):
                return Size(self.dim(dim))
            case Sum(index, body, first):
                made = self.index(index)
                return Sum(made, body, first if first is not None and first > made.dim.start else None)
            case Lambda(indices, body):
                return Lambda(tuple(map(self.index, indices)), body)
            case Inverse(matrix, row, column):
                return Inverse(matrix, self.slot(row), self.slot(column))
            case Call(function, out, derivs, args):
                moved = tuple((n, self.slots(s)) for n, s in derivs)
                return Call(self.function(function), self.slots(out), moved, args)
            case Deriv(body, target, slots):
                settled = self.target(target)
                alias = self.scope.aliases.get(settled.name) if isinstance(settled, Variable) else None
                if alias is None:
                    return Deriv(body, settled, self.slots(slots))
                # b_i is another name for w_{i0}: its derivative is the one by that component.
                whole: Component = self.part(alias.body)  # type: ignore[assignment]
                letters = dict(zip((i.name for i in alias.indices), self.slots(slots), strict=True))
                put = tuple(letters[s.name] if isinstance(s, Index) else s for s in whole.slots)
                return Deriv(body, whole.variable, put)
            case Diff(body, variables):
                return Diff(body, tuple(map(self.variable, variables)))
            case _:
                return node


def settled_symbol(symbol: Variable | Definition, scope: Scope) -> Variable | Definition:
    """A variable or definition with the sizes of the scope."""
    return _Settler(scope).target(symbol)
