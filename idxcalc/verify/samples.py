"""Values for every name that a formula or its context has: what the author's own function is run on.

Sizes are distinct, and others in each trial, so that a transposition cannot pass unseen. An unknown
function is drawn as a smooth one whose derivatives are known; it computes in whatever library its
argument belongs to, so that a NumPy, a JAX and a PyTorch program may call it alike.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from idxcalc import plan
from idxcalc.autodiff.backend import tools
from idxcalc.calculus import differentiate
from idxcalc.expr import (
    Call, Component, Definition, Dim, Expr, Function, Index, Ref, Size, Variable, free, opened, python_name,
    walk,
)  # fmt: skip
from idxcalc.notation.scope import Scope, settle, settled_symbol
from idxcalc.notation.sizes import Sizes
from idxcalc.plan.backends import backend

ORDERS = 4
"""So many derivatives of a drawn function are at hand."""


@dataclass(frozen=True)
class Names:
    """What has a value: the names of the ``formula``, as it was read and as it was ``worked`` out (which may
    bring in a dx), and those of its ``scope``, by their Python names."""

    formula: Expr
    worked: Expr
    order: tuple[Index, ...]
    scope: Scope

    @cached_property
    def parts(self) -> list[Any]:
        return [*_parts(self.formula), *_parts(self.worked)]

    @cached_property
    def variables(self) -> dict[str, Variable]:
        """The formula's own variables, then the context's."""
        hidden = {v for p in self.parts if isinstance(p, Call) for v in p.function.placeholders}
        own = {
            _name(v): v for p in self.parts if isinstance(p, Component) and (v := p.variable) not in hidden
        }
        others = {
            python_name(name): settled_symbol(symbol, self.scope)
            for name, symbol in self.scope.symbols.items()
            if isinstance(symbol, Variable) and name not in {*self.scope.soft, *self.scope.aliases}
        }
        return {**others, **own}  # type: ignore[dict-item]

    @cached_property
    def functions(self) -> dict[str, Function]:
        """The unknown functions of the formula."""
        found = (p.function for p in self.parts if isinstance(p, Call))
        return {python_name(f.name): f for f in found if f.body is None}

    @cached_property
    def bodies(self) -> dict[str, tuple[tuple[Index, ...], Expr]]:
        """Defined names, as an author's function may take them: ``hat_y`` as the forward pass left it."""
        found: dict[str, tuple[tuple[Index, ...], Expr]] = {}
        for name, symbol in self.scope.symbols.items():
            if isinstance(symbol, Definition):
                known = settled_symbol(symbol, self.scope)
                found[python_name(name)] = known.indices, known.body  # type: ignore[union-attr]
        for name, alias in self.scope.aliases.items():
            whole = settle(alias, self.scope)
            found[python_name(name)] = whole.indices, whole.body  # type: ignore[union-attr]
        return found

    @cached_property
    def dims(self) -> list[Dim]:
        """All sizes that have to be chosen."""
        found = [d for v in self.variables.values() for d in v.dims]
        found += [d for f in self.functions.values() for dims in (f.out, *f.params) for d in dims]
        found += [i.dim for p in self.parts for i in free(p)] + [i.dim for i in self.order]
        found += [
            d for indices, body in self.bodies.values() for i in (*indices, *free(body)) for d in [i.dim]
        ]
        return list(dict.fromkeys(found))

    @cached_property
    def tied(self) -> dict[str, str]:
        """Sizes that differ in the context and that the formula itself makes one."""
        pairs: dict[str, str] = {}
        for name, symbol in self.scope.symbols.items():
            if isinstance(symbol, Variable) and python_name(name) in self.variables:
                before = settled_symbol(symbol, self.scope).dims  # type: ignore[union-attr]
                after = self.variables[python_name(name)].dims
                pairs |= {a.last: b.last for a, b in zip(before, after, strict=True)}
        return pairs

    def placed(self, order: tuple[Index, ...]) -> Iterator[Expr]:
        """Each variable, definition and named size, with indices of ``order`` that have its sizes."""
        shown = [(Component, v, v.dims) for v in self.variables.values()]
        known = (
            settled_symbol(s, self.scope) for s in self.scope.symbols.values() if isinstance(s, Definition)
        )
        for make, symbol, dims in [*shown, *((Ref, d, [i.dim for i in d.indices]) for d in known)]:  # type: ignore[union-attr]
            for slots in itertools.permutations(order, len(dims)):
                if all(self.same(i.dim, d) for i, d in zip(slots, dims, strict=True)):
                    yield make(symbol, tuple(Index(i.name, d) for i, d in zip(slots, dims, strict=True)))
        yield from (Size(dim) for dim in self.dims if dim.named)

    def same(self, one: Dim, other: Dim) -> bool:
        return (
            self.tied.get(one.last, one.last) == self.tied.get(other.last, other.last)
            and one.start == other.start
        )

    def sizes(self, trial: int) -> dict[str, int]:
        """The last value of each range, by the name of the range."""
        lasts = list(dict.fromkeys(self.tied.get(d.last, d.last) for d in self.dims if d.number is None))
        taken = {d.number for d in self.dims}
        numbers = [n for n in range(2, 3 + len(lasts) + len(taken) + 2) if n not in taken]
        chosen = {last: numbers[(n + trial) % len(numbers)] for n, last in enumerate(lasts)}
        return chosen | {last: chosen[other] for last, other in self.tied.items() if other in chosen}


def _parts(expr: Expr) -> Iterator[Any]:
    """All parts of an expression, those of its definitions and function bodies included."""
    for part in walk(expr):
        yield part
        if isinstance(part, Ref):
            yield from _parts(opened(part))
        if isinstance(part, Call) and part.function.body is not None:
            yield from _parts(part.function.body)


def _name(variable: Variable) -> str:
    return ("d" if variable.differential else "") + python_name(variable.name)


@dataclass
class Sample:
    """One set of sizes and values. ``inputs`` are arrays, functions and named sizes by their Python names."""

    names: Names
    last: dict[str, int]
    rng: Any
    inputs: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        start = {dim: dim.start for dim in self.names.dims}
        known = {dim: str(self.last[dim.last]) for dim in self.names.dims if dim.last in self.last}
        self.scope = Scope(sizes=Sizes(last=known, start=start))
        named = {
            python_name(d.last): self.last[d.last] for d in self.names.dims if d.named and d.last in self.last
        }
        self.inputs |= named
        for name, variable in sorted(self.names.variables.items()):
            self.inputs[name] = self.array(variable)
        for name, function in sorted(self.names.functions.items()):
            shift = 2.0 if "positive" in function.traits else 0.0
            weights = [self.rng.normal(size=self.shape((*function.out, *p))) for p in function.params]
            scalar = function.params == ((),) and not function.out
            for order in range(ORDERS if scalar else 1):
                prime = f"_prime{order if order > 1 else ''}" if order else ""
                self.inputs[name + prime] = smooth(weights, list(map(len, function.params)), shift, order)

    def shape(self, dims: Sequence[Dim]) -> tuple[int, ...]:
        return tuple((self.last[d.last] if d.number is None else d.number) - d.start + 1 for d in dims)

    def array(self, variable: Variable) -> Any:
        """Values of a variable that have its traits."""
        np, traits = backend("numpy").xp, variable.traits
        values = self.rng.normal(size=self.shape(variable.dims))
        if "integer" in traits:
            values = np.round(3 * values)
        if traits & {"positive", "negative"}:
            values = (np.abs(values) + (1 if "integer" in traits else 0.3)) * (
                1 if "positive" in traits else -1
            )
        if traits & {"symmetric", "antisymmetric"}:
            turns = list(itertools.permutations(range(values.ndim)))
            signs = [1 if "symmetric" in traits else _parity(turn) for turn in turns]
            values = sum(s * np.transpose(values, t) for s, t in zip(signs, turns, strict=True)) / len(turns)
        if "invertible" in traits:
            values = values + 3 * np.eye(len(values))
        values = np.asarray(values)
        for slots, number in variable.fixed:
            values[tuple(s - d.start for s, d in zip(slots, variable.dims, strict=True))] = float(number)  # type: ignore[arg-type]
        return values

    def value(self, expr: Expr, order: tuple[Index, ...]) -> Any:
        """An expression's array over ``order``, at these values."""
        np = backend("numpy").xp
        axes = tuple(Index(i.name, self.scope.sizes.settled(i.dim)) for i in order)
        plain = all(f.params == ((),) and not f.out for f in self.names.functions.values())
        compiled = plan.compile(settle(expr, self.scope), "numpy" if plain else "jax", axes)  # type: ignore[arg-type]
        with np.errstate(all="ignore"), double(not plain):
            wanted = {
                *compiled.arguments,
                *(python_name(n.function.name) for n in compiled.plan.needs.values()),
            }
            return np.asarray(compiled(**{name: self.inputs[name] for name in wanted if name in self.inputs}))

    def named(self, name: str) -> Any:
        """The input of this name; a definition is computed when it is asked for."""
        if name not in self.inputs and name in self.names.bodies:
            indices, body = self.names.bodies[name]
            self.inputs[name] = self.value(differentiate(body), indices)
        return self.inputs[name]


def _parity(permutation: tuple[int, ...]) -> int:
    return 1 - 2 * (sum(a > b for a, b in itertools.combinations(permutation, 2)) % 2)


def double(wanted: bool = True) -> Any:
    """JAX in double precision, where it is there at all."""
    return tools().x64(True) if wanted or "jax" in sys.modules else contextlib.nullcontext()


def smooth(weights: list[Any], ranks: list[int], shift: float, order: int) -> Callable[..., Any]:
    """A drawn function, ``shift + sin(u) + sin(0.6 u + 1) / 2`` with u linear in the arguments; for one real,
    its derivative of this ``order``."""

    def call(*arguments: Any) -> Any:
        xp, total = library(*arguments), 0
        for weight, rank, argument in zip(weights, ranks, arguments, strict=True):
            weight = xp.asarray(weight) if weight.ndim else float(weight)
            total = total + (xp.tensordot(weight, argument, rank) if rank else weight * argument)
        turn, steep = order * math.pi / 2, float(weights[0]) ** order if order else 1.0
        value = xp.sin(total + turn) + 0.5 * 0.6**order * xp.sin(0.6 * total + 1 + turn)
        return steep * value + (0.0 if order else shift)

    return call


def library(*values: Any) -> Any:
    """The array library that values belong to; a number belongs to NumPy."""
    torch, jax = sys.modules.get("torch"), sys.modules.get("jax")
    if torch is not None and any(isinstance(v, torch.Tensor) for v in values):
        return torch
    if jax is not None and any(isinstance(v, jax.Array) for v in values):
        return backend("jax").xp
    return backend("numpy").xp
