"""Values for every name that a formula or its context has: what the author's own function is run on.

Sizes are distinct, and others in each trial, so that a transposition cannot pass unseen. Arrays get their
traits as the numerical judge gives them. An unknown function is drawn as a smooth one whose derivatives are
known; it computes in whatever library its argument belongs to, so that a NumPy, a JAX and a PyTorch program
may call it alike.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from idxcalc import plan
from idxcalc.autodiff.backend import tools
from idxcalc.autodiff.symbols import prepared
from idxcalc.calculus import differentiate
from idxcalc.expr import (
    Definition, Dim, Expr, Function, Index, Lambda, Size, Symbol, Variable, hidden, python_name, symbols,
)  # fmt: skip
from idxcalc.notation.parts import component, dims_of
from idxcalc.notation.scope import Scope, settle
from idxcalc.plan.backends import jax, numpy
from idxcalc.plan.symbols import argument, slots

ORDERS = 4
"""So many derivatives of a drawn function are at hand."""


class World:
    """One set of sizes and values. ``inputs`` are arrays, functions and named sizes by their Python names.

    The ``formulas`` are one as it was read and as it was worked out (which may bring in a dx); ``scope`` is
    the one it was read in, so that the sizes that it makes equal are equal in all its context.
    """

    def __init__(self, formulas: Sequence[Expr], scope: Scope, trial: int, rng: Any) -> None:
        self.rng, parts = rng, sorted(frozenset().union(*map(symbols, formulas)), key=lambda s: s.name)
        known = (s for n, s in scope.symbols.items() if n not in scope.soft and n not in scope.aliases)
        settled = [settle(s, scope) for s in known if not isinstance(s, Function)]
        own = {v: None for v in (*settled, *parts) if isinstance(v, Variable) and not hidden(v.name)}
        self.variables = {argument(v): v for v in own}
        self.definitions = [each for each in settled if isinstance(each, Definition)]
        self.bodies = {python_name(d.name): Lambda(d.indices, d.body) for d in self.definitions}
        self.bodies |= {python_name(n): settle(a, scope) for n, a in scope.aliases.items()}
        taken = {dim.number for v in own for dim in v.dims}
        self.sizes: dict[str, int] = {}
        self.free = (n for n in itertools.count(2 + trial) if n not in taken)
        shapes = {name: self.shape(v.dims) for name, v in self.variables.items()}
        self.inputs: dict[str, Any] = {n: self.array(self.variables[n], shapes[n]) for n in sorted(shapes)}
        self.functions = [s for s in parts if isinstance(s, Function) and s.body is None]
        for function in self.functions:
            self.inputs |= self.drawn(function)
        self.named_sizes = {python_name(n): scope.sizes.settled(d) for n, d in scope.size_names.items()}
        self.inputs |= {name: self.last(dim) for name, dim in self.named_sizes.items()}

    def last(self, dim: Dim) -> int:
        """The size, chosen when it is first asked for."""
        if dim.number is None and dim.last not in self.sizes:
            self.sizes[dim.last] = next(self.free)
        return self.sizes[dim.last] if dim.number is None else dim.number

    def shape(self, dims: Sequence[Dim]) -> tuple[int, ...]:
        return tuple(self.last(dim) - dim.start + 1 for dim in dims)

    def array(self, variable: Variable, shape: tuple[int, ...]) -> Any:
        """Values of a variable that have its traits."""
        drawn = self.rng.normal(size=shape)
        whole = numpy().round(2.0 * drawn) if "integer" in variable.traits else drawn
        compiled = plan.compile(prepared(variable), "numpy", slots(variable))
        return compiled(**{compiled.arguments[0]: whole})

    def drawn(self, function: Function) -> Iterator[tuple[str, Any]]:
        """A function, and the derivatives of one real."""
        shift = 2.0 if "positive" in function.traits else 0.0
        weights = [self.rng.normal(size=self.shape((*function.out, *p))) for p in function.params]
        scalar = function.params == ((),) and not function.out
        for order in range(ORDERS if scalar else 1):
            name = python_name(function.name) + (f"_prime{order if order > 1 else ''}" if order else "")
            yield name, smooth(weights, list(map(len, function.params)), shift, order)

    def value(self, expr: Expr, order: tuple[Index, ...]) -> Any:
        """An expression's array over ``order``, at these values."""
        np = numpy()
        plain = all(f.params == ((),) and not f.out for f in self.functions)
        compiled = plan.compile(expr, "numpy" if plain else "jax", order)
        needs = (python_name(need.function.name) for need in compiled.needs.values())
        wanted = {*compiled.arguments, *needs}.intersection(self.inputs)
        sizes = {dim.last: self.last(dim) for dim in compiled.dims.values()}
        with np.errstate(all="ignore"), double(not plain):
            return np.asarray(compiled.at(sizes, {name: self.inputs[name] for name in wanted}))

    def named(self, name: str) -> Any:
        """The input of this name; a definition is computed when it is asked for."""
        if name not in self.inputs:
            body = self.bodies[name]
            self.inputs[name] = self.value(differentiate(body.body), body.indices)
        return self.inputs[name]

    def placed(self, order: tuple[Index, ...]) -> Iterator[Expr]:
        """Each variable, definition and named size, with indices of ``order`` that have its sizes."""
        known: list[Symbol] = [*self.variables.values(), *self.definitions]
        for symbol in known:
            for letters in itertools.permutations(order, len(dims_of(symbol))):
                if tuple(i.dim for i in letters) == dims_of(symbol):
                    yield component(symbol, letters)
        yield from map(Size, self.named_sizes.values())


def double(wanted: bool = True) -> Any:
    """JAX in double precision, where it is there at all."""
    return tools().x64(True) if wanted or "jax" in sys.modules else contextlib.nullcontext()


def smooth(weights: list[Any], ranks: list[int], shift: float, order: int) -> Callable[..., Any]:
    """A drawn function, ``shift + sin(u) + sin(0.6 u + 1) / 2`` with u linear in the arguments; for one real,
    its derivative of this ``order``."""

    def call(*arguments: Any) -> Any:
        xp, total = library(*arguments), 0
        for weight, rank, given in zip(weights, ranks, arguments, strict=True):
            weight = xp.asarray(weight) if weight.ndim else float(weight)
            total = total + (xp.tensordot(weight, given, rank) if rank else weight * given)
        turn, steep = order * math.pi / 2, float(weights[0]) ** order if order else 1.0
        value = xp.sin(total + turn) + 0.5 * 0.6**order * xp.sin(0.6 * total + 1 + turn)
        return steep * value + (0.0 if order else shift)

    return call


def library(*values: Any) -> Any:
    """The array library that values belong to; a number belongs to NumPy."""
    torch, loaded = sys.modules.get("torch"), sys.modules.get("jax")
    if torch is not None and any(isinstance(v, torch.Tensor) for v in values):
        return torch
    if loaded is not None and any(isinstance(v, loaded.Array) for v in values):
        return jax().numpy
    return numpy()
