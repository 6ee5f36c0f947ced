"""Runs programs: traced by JAX, which takes every derivative, in float64; the steps are done by NumPy.

JAX would compile each step for each shape, 20 ms apiece; a trace costs a tenth of a millisecond a step
and NumPy a microsecond. Tests hold this against JAX's own evaluation. JAX and NumPy are imported here, on
first use.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, reduce
from typing import Any

from idxcalc.autodiff.program import Apply, Assign, Extent, Name, Program, Term
from idxcalc.autodiff.samples import BATCH, spread

Array = Any
Env = dict[str, Any]


class Tools:
    """What the names in a program mean."""

    def __init__(self) -> None:
        import jax
        import jax.numpy as jnp
        import numpy as np

        from idxcalc.autodiff import helpers

        self.jax, self.jnp, self.np, self.helpers = jax, jnp, np, helpers
        lax = jax.lax
        self.table: dict[str, Callable[..., Any]] = {
            "+": lambda *a: reduce(operator.add, a),
            "-": operator.sub,
            "*": lambda *a: reduce(operator.mul, a),
            "**": operator.pow,
            "&": lambda *a: reduce(operator.and_, a),
            "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
            "==": operator.eq, "!=": operator.ne,
            "float": float,
            "call": lambda f, *a: f(*a),
            "pick": lambda x, axis, at: lax.index_in_dim(x, at, axis, keepdims=False),
            "after": lambda x, axis, first: lax.slice_in_dim(x, first, None, axis=axis),
            "part": operator.getitem,
            "jax.jacfwd": lambda f, number, aux: jax.jacfwd(f, number, has_aux=aux),
            "jax.jvp": self.pushed,
            "jnp.eye": np.eye,
            "jnp.arange": np.arange,
            "jnp.pi": lambda: np.pi,
            "jnp.e": lambda: np.e,
            "jnp.where": lambda c, a, b: (np if isinstance(c, np.ndarray) and isinstance(a, float) else jnp).where(c, a, b),
        }  # fmt: skip

    def pushed(self, f: Callable[..., Any], at: Any, along: Any, aux: bool) -> Any:
        pushed = self.jax.jvp(f, tuple(at), tuple(along), has_aux=aux)
        return (pushed[1], pushed[2]) if aux else pushed[1]

    def named(self, function: str) -> Callable[..., Any]:
        if function not in self.table:
            start: Any = {"jnp": self.jnp, "jax": self.jax}.get(function.split(".")[0], self.helpers)
            self.table[function] = reduce(getattr, function.removeprefix("jnp.").removeprefix("jax.").split("."), start)
        return self.table[function]


@lru_cache(maxsize=1)
def tools() -> Tools:
    return Tools()


class Run:
    """One run of a program at given sizes."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.sizes = dict(sizes)
        self.tools = tools()

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
                return self.tools.named(function)(*[self.term(a, env) for a in args])
            case Extent():
                return term.at(self.sizes)
            case tuple() | list():
                return type(term)(self.term(t, env) for t in term)
            case _:
                return term


class Traced:
    """The program at one assignment of sizes, ready for any number of batches of samples."""

    def __init__(self, draws: Program, program: Program, sizes: Mapping[str, int]) -> None:
        self.tools = tools()
        self.run = Run(sizes)
        self.main = program
        self.shapes: list[tuple[int, ...]] = []
        self.run.program(draws, {"draw": self.note})
        self.columns = sum(map(self.tools.np.prod, self.shapes)) if self.shapes else 0
        self.closed: Any = None

    def note(self, *shape: int) -> Array:
        self.shapes.append(shape)
        return None

    def __call__(self, seed: int, mode: str) -> Any:
        """Both sides and what belongs to them, one row per sample."""
        tools, np = self.tools, self.tools.np
        rows = spread(np, normals(seed, width(int(self.columns))), mode)
        arrays, start = [], 0
        for shape in self.shapes:
            count = int(np.prod(shape))
            arrays.append(rows[:, start : start + count].reshape(BATCH, *shape))
            start += count
        arrays.append(np.zeros(BATCH))  # so that there is something to batch over
        if self.closed is None:
            with tools.jax.enable_x64(True):
                batched = tools.jax.vmap(self.one, axis_size=BATCH)
                self.closed, self.tree = tools.jax.make_jaxpr(batched, return_shape=True)(arrays)
        from idxcalc.autodiff.interpret import interpret

        with tools.jax.enable_x64(True), np.errstate(all="ignore"):
            flat = interpret(self.closed.jaxpr, self.closed.consts, arrays)
        return tools.jax.tree.unflatten(tools.jax.tree.structure(self.tree), flat)

    def one(self, arrays: list[Array]) -> Any:
        drawn: Iterator[Array] = iter(arrays)
        return self.run.program(self.main, {"draw": lambda *shape: next(drawn)})


def width(columns: int) -> int:
    """Columns to draw: few different numbers, for each costs JAX a compilation."""
    wide = 256
    while wide < columns:
        wide *= 4
    return wide


@lru_cache(maxsize=64)
def normals(seed: int, columns: int) -> Array:
    """Standard normal values, a row per sample."""
    jax = tools().jax
    with jax.enable_x64(True):
        return tools().np.asarray(jax.random.normal(jax.random.key(seed), (BATCH, columns), "float64"))
