"""Carries the rules of `values` out with JAX, which traces them and takes every derivative, in float64.

NumPy does the steps of the trace: sums, products, sines of arrays. JAX would compile each step for each
shape, 20 ms apiece. Tests hold this against JAX's own evaluation. Both are imported here, on first use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from idxcalc.autodiff.samples import BLOCK
from idxcalc.autodiff.symbols import WAVES
from idxcalc.expr import Dim, Slot, Variable

Array = Any
NAMES = {
    "add_any": "add", "sub": "subtract", "mul": "multiply", "div": "divide", "neg": "negative",
    "pow": "power", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "max": "maximum",
    "min": "minimum", "eq": "equal", "ne": "not_equal", "lt": "less", "le": "less_equal", "gt": "greater",
    "ge": "greater_equal", "and": "bitwise_and", "or": "bitwise_or", "not": "invert",
    "is_finite": "isfinite", "round": "rint",
}  # fmt: skip


@lru_cache(maxsize=1)
def tools() -> Any:
    """The modules, and the context in which JAX computes in float64."""
    import jax
    import numpy as np
    from jax import experimental

    from idxcalc.autodiff import helpers

    # Older versions of JAX have it elsewhere.
    home: Any = jax if hasattr(jax, "enable_x64") else experimental
    return SimpleNamespace(jax=jax, np=np, helpers=helpers, x64=home.enable_x64)


class Arrays:
    """The rules with JAX, for given arrays at given sizes."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.np: Any = tools().jax.numpy
        self.sizes = {**WAVES, **sizes}
        self.arrays: dict[Variable, Array] = {}

    def helper(self, name: str) -> Any:
        """A function of `helpers`."""
        return getattr(tools().helpers, name)

    def meet(self, dim: Dim, *slots: Slot) -> None:
        """Takes note of a range and of slots in it."""

    def last(self, dim: Dim) -> Any:
        """The last value of a range."""
        return self.sizes[dim.last] if dim.number is None else dim.number

    def variable(self, variable: Variable) -> Array:
        return self.arrays[variable]

    def let(self, array: Array, hint: str) -> Array:
        """The array under a name of its own."""
        return array

    def function(self, array: Array, run: Callable[[Array], Any]) -> Any:
        """``run`` as a function of such an array."""
        return run

    def unpack(self, result: Any) -> Any:
        """What a function of such a function gives: ``(value, terms), margins``."""
        return result


@lru_cache(maxsize=1)
def steps() -> dict[str, Callable[..., Array]]:
    """One row per primitive of JAX: a function of its operands and its parameters."""
    np = tools().np

    def broadcast(x: Array, *, shape: Any, broadcast_dimensions: Any, **_: Any) -> Array:
        kept = [1] * len(shape)
        for axis, length in zip(broadcast_dimensions, np.shape(x), strict=True):
            kept[axis] = length
        return np.broadcast_to(np.reshape(x, kept), shape)

    return {
        "broadcast_in_dim": broadcast,
        "reduce_sum": lambda x, *, axes, **_: np.sum(x, tuple(axes)),
        "integer_pow": lambda x, *, y: x**y,
        "convert_element_type": lambda x, *, new_dtype, **_: np.asarray(x).astype(new_dtype),
        "reshape": lambda x, *, new_sizes, **_: np.reshape(x, new_sizes),
        "transpose": lambda x, *, permutation: np.transpose(x, permutation),
        "squeeze": lambda x, *, dimensions: np.squeeze(x, tuple(dimensions)),
        "copy": lambda x, **_: x,
        "rsqrt": lambda x, **_: 1 / np.sqrt(x),
        "select_n": lambda which, *cases: np.where(which, cases[1], cases[0]),
        "iota": lambda *, dtype, shape, dimension, **_: np.indices(shape)[dimension].astype(dtype),
        "slice": lambda x, *, start_indices, limit_indices, **_: (
            x[tuple(map(slice, start_indices, limit_indices))]
        ),
    }  # fmt: skip


def interpret(jaxpr: Any, consts: Any, args: Any) -> list[Array]:
    """The values of a traced program."""
    env = dict(zip((*jaxpr.constvars, *jaxpr.invars), (*consts, *args), strict=True))
    for eqn in jaxpr.eqns:
        operands = [v.val if hasattr(v, "val") else env[v] for v in eqn.invars]
        env.update(zip(eqn.outvars, step(eqn, operands), strict=True))
    return [v.val if hasattr(v, "val") else env[v] for v in jaxpr.outvars]


def step(eqn: Any, operands: list[Array]) -> list[Array]:
    """By its row; of the same name in NumPy, number by number; or else by JAX's own evaluation."""
    name, primitive = eqn.primitive.name, eqn.primitive
    if name in steps():
        return [steps()[name](*operands, **eqn.params)]
    if isinstance(function := getattr(tools().np, NAMES.get(name, name), None), tools().np.ufunc):
        return [function(*operands)]
    if name in ("jit", "pjit", "closed_call", "custom_jvp_call"):
        inner = eqn.params.get("jaxpr") or eqn.params["call_jaxpr"]
        return interpret(inner.jaxpr, inner.consts, operands)
    found = primitive.bind(*operands, **eqn.params)
    return list(found) if primitive.multiple_results else [found]


@lru_cache(maxsize=256)
def normals(seed: int) -> Array:
    """Standard normal values, a row per sample; always as many, for another shape costs JAX a compilation."""
    random = tools().jax.random
    with tools().x64(True):
        return tools().np.asarray(random.normal(random.key(seed), BLOCK))
