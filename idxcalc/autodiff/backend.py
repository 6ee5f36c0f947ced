"""Runs programs: JAX traces them and takes every derivative, in float64; NumPy does the steps of the trace.

JAX would compile each step for each shape, 20 ms apiece; to trace a step takes 0.1 ms, and NumPy does it in a
microsecond. Tests hold this against JAX's own evaluation. JAX and NumPy are imported here, on first use.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from functools import lru_cache, reduce
from typing import Any

from idxcalc.autodiff.interpret import interpret
from idxcalc.autodiff.program import Apply, Extent, Name, Program, Term
from idxcalc.autodiff.samples import BATCH, spread

Array = Any
Env = dict[str, Any]
Shapes = list[tuple[Name, tuple[Term, ...]]]


class Tools:
    """What the names in a program mean. Where `jax.numpy` is slow to trace, `jax.lax` does the same."""

    def __init__(self) -> None:
        import jax
        import jax.numpy as jnp
        import numpy as np
        from jax import experimental

        from idxcalc.autodiff import helpers

        self.jax, self.jnp, self.np, self.helpers = jax, jnp, np, helpers
        # Older versions of JAX have it elsewhere.
        home: Any = jax if hasattr(jax, "enable_x64") else experimental
        self.x64 = home.enable_x64
        lax = jax.lax
        signs = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne", "-": "sub",
                 "jnp.maximum": "max", "jnp.minimum": "min", "jnp.power": "pow"}  # fmt: skip
        many = {"+": "add", "*": "mul", "&": "bitwise_and"}
        same = ("sin", "cos", "tan", "exp", "log", "tanh", "sinh", "cosh", "abs")
        self.table: dict[str, Callable[..., Any]] = {
            **{sign: self.elementwise(getattr(lax, name)) for sign, name in signs.items()},
            **{sign: self.chained(getattr(lax, name)) for sign, name in many.items()},
            **{f"jnp.{name}": self.elementwise(getattr(lax, name)) for name in same if hasattr(lax, name)},
            "**": lambda x, n: lax.integer_pow(x, n),
            "jnp.where": self.elementwise(lax.select),
            "float": float,
            "call": lambda f, *a: f(*a),
            "pick": lambda x, axis, at: lax.index_in_dim(x, at, axis, keepdims=False),
            "after": lambda x, axis, first: lax.slice_in_dim(x, first, None, axis=axis),
            "part": operator.getitem,
            "jnp.transpose": lax.transpose,
            "spaced": lambda x, new, rank: lax.expand_dims(x, new),
            "jnp.sum": lambda x, axes: lax.reduce_sum(x, self.positive(x, axes)),
            "jnp.broadcast_to": self.broadcast,
            "jax.jacfwd": self.jacobian,
            "jax.jvp": self.pushed,
            "jnp.eye": np.eye,
            "jnp.arange": lambda n: np.arange(float(n)),
            "jnp.asarray": lambda x: x if isinstance(x, jax.Array) else np.asarray(x),
            "jnp.pi": lambda: np.pi,
            "jnp.e": lambda: np.e,
        }  # fmt: skip
        self.table["jnp.round"] = lambda x: lax.round(x, lax.RoundingMethod.TO_NEAREST_EVEN)

    def positive(self, x: Array, axes: Any) -> tuple[int, ...]:
        return tuple(a % len(x.shape) for a in (axes if isinstance(axes, tuple) else (axes,)))

    def broadcast(self, x: Array, shape: tuple[int, ...]) -> Array:
        have = self.np.shape(x)
        if have == shape:
            return x
        if not isinstance(x, self.jax.Array):
            return self.np.broadcast_to(x, shape)
        return self.jax.lax.broadcast_in_dim(x, shape, range(len(shape) - len(have), len(shape)))

    def elementwise(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function of arrays of one shape and type, made to take any that broadcast."""

        def applied(*args: Any) -> Any:
            shape = self.np.broadcast_shapes(*map(self.np.shape, args))
            return function(*(self.broadcast(self.number(a), shape) for a in args))

        return applied

    def chained(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same for any number of arguments, two by two."""
        return lambda *args: reduce(self.elementwise(function), args)

    def number(self, x: Any) -> Any:
        return self.np.float64(x) if type(x) in (int, float) else x

    def jacobian(self, f: Callable[..., Any], number: int, aux: bool) -> Callable[..., Any]:
        """`jax.jacfwd`, with fewer steps in its trace."""

        def derivative(*args: Any) -> Any:
            x = self.jnp.asarray(args[number], "float64")

            def push(along: Array) -> Any:
                held = lambda v: f(*args[:number], v, *args[number + 1 :])  # noqa: E731
                pushed = self.jax.jvp(held, (x,), (along,), has_aux=aux)
                return (pushed[1], pushed[2]) if aux else pushed[1]

            if not x.shape:
                return push(self.np.float64(1.0))
            basis = self.np.eye(x.size).reshape(x.size, *x.shape)
            pushed = self.jax.vmap(push, out_axes=(-1, None) if aux else -1)(basis)
            value, rest = pushed if aux else (pushed, None)
            if len(x.shape) > 1:
                value = self.jax.tree.map(lambda v: self.jax.lax.reshape(v, (*v.shape[:-1], *x.shape)), value)
            return (value, rest) if aux else value

        return derivative

    def pushed(self, f: Callable[..., Any], at: Any, along: Any, aux: bool) -> Any:
        pushed = self.jax.jvp(f, tuple(at), tuple(along), has_aux=aux)
        return (pushed[1], pushed[2]) if aux else pushed[1]

    def named(self, function: str) -> Callable[..., Any]:
        if function not in self.table:
            first, *rest = function.split(".")
            start: Any = {"jnp": self.jnp, "jax": self.jax}.get(first, self.helpers)
            self.table[function] = reduce(getattr, rest or [first], start)
        return self.table[function]


@lru_cache(maxsize=1)
def tools() -> Tools:
    return Tools()


class Run:
    """Programs at given sizes."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.sizes = dict(sizes)
        self.named = tools().named

    def program(self, program: Program, env: Env) -> Any:
        for line in program.lines:
            if isinstance(line, Program):
                env[line.name] = self.closure(line, env)
            else:
                self.bind(env, line.target, self.term(line.value, env))
        return self.term(program.result, env)

    def closure(self, program: Program, env: Env) -> Callable[..., Any]:
        return lambda *args: self.program(program, {**env, **dict(zip(program.params, args, strict=True))})

    def bind(self, env: Env, target: Term, value: Any) -> None:
        if isinstance(target, tuple):
            for part, item in zip(target, value, strict=True):
                self.bind(env, part, item)
        else:
            assert isinstance(target, Name)
            env[target] = value

    def term(self, term: Term, env: Env) -> Any:
        match term:
            case Name():
                return env[term]
            case Apply(function, args):
                return self.named(function)(*[self.term(a, env) for a in args])
            case Extent():
                return term.at(self.sizes)
            case tuple() | list():
                return type(term)(self.term(t, env) for t in term)
            case _:
                return term


class Traced:
    """A program at one assignment of sizes, ready for any number of batches of samples."""

    def __init__(self, draws: Shapes, program: Program, sizes: Mapping[str, int]) -> None:
        self.main = program
        self.run = Run(sizes)
        self.draws: list[tuple[Name, tuple[int, ...]]] = [(n, self.run.term(s, {})) for n, s in draws]
        self.columns = width(sum(math.prod(shape) for _, shape in self.draws))
        self.trace: Any = None

    def __call__(self, seed: int, mode: str) -> tuple[Any, dict[Name, Array]]:
        """What the program returns, one row per sample; and the drawn values by name."""
        jax, np = tools().jax, tools().np
        rows = spread(np, normals(seed, self.columns), mode)
        drawn, start = [np.zeros(BATCH)], 0  # the first is unused: there must be something to batch over
        for _, shape in self.draws:
            drawn.append(rows[:, start : start + math.prod(shape)].reshape(BATCH, *shape))
            start += math.prod(shape)
        with tools().x64(True), np.errstate(all="ignore"):
            if self.trace is None:
                closed, shapes = jax.make_jaxpr(jax.vmap(self.one), return_shape=True)(drawn)
                self.trace = closed, jax.tree.structure(shapes)
            closed, structure = self.trace
            found = interpret(closed.jaxpr, closed.consts, drawn)
        return jax.tree.unflatten(structure, found)  # type: ignore[no-any-return]

    def one(self, drawn: list[Array]) -> Any:
        """The program for one sample."""
        values = iter(drawn[1:])
        env: Env = {"draw": lambda *shape: next(values)}
        found = self.run.program(self.main, env)
        return found, {name: env[name] for name, _ in self.draws}


def width(columns: int) -> int:
    """How many columns to draw: few different numbers, for each costs JAX a compilation."""
    wide = 256
    while wide < columns:
        wide *= 4
    return wide


@lru_cache(maxsize=64)
def normals(seed: int, columns: int) -> Array:
    """Standard normal values, a row per sample."""
    jax = tools().jax
    with tools().x64(True):
        return tools().np.asarray(jax.random.normal(jax.random.key(seed), (BATCH, columns), "float64"))
