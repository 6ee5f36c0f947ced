"""Compiled formulas: arguments checked and named in the messages, then the rules of `values` carried out.

All checks are about shapes and names, never about values, so that the function can be traced (``jax.jit``).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from idxcalc.errors import IdxcalcError
from idxcalc.expr import Dim, Expr, Index
from idxcalc.plan.arrays import Array, Axes
from idxcalc.plan.backends import backend, jax
from idxcalc.plan.formula import LINALG, Formula
from idxcalc.plan.symbols import Need, argument


def compile(expr: Expr, backend: str = "numpy", order: tuple[Index, ...] = ()) -> Compiled:
    """A function that computes ``expr`` as an array over ``order``, which names its free indices.

    Its keyword arguments are the names in ``expr`` in Python's spelling (`python_name`): arrays with one
    axis per slot (a slot that counts from 0 has one component more), ``dx`` for a differential, Python
    functions for unknown functions, and, where no array tells it, a named size. A function of one real is
    applied to a whole array, component by component; any other gets one array per argument.
    Its derivatives are ``sigma_prime``, ``sigma_prime2``; JAX finds those that are not given.
    Raises IdxcalcError, also when called: what is missing, unknown, or of the wrong shape.

    >>> from idxcalc.expr import Component, Dim, Index, Mul, Sum, Variable
    >>> i = Index("i", Dim("n"))
    >>> x, y = (Component(Variable(name, (i.dim,)), (i,)) for name in "xy")
    >>> dot = compile(Sum(i, Mul((x, y))))
    >>> float(dot(x=[1, 2], y=[3, 4]))
    11.0
    """
    return Compiled(expr, order, backend)


class Compiled(Formula):
    """A formula for a backend: call it with keyword arguments, print it to see what it does."""

    def __init__(self, expr: Expr, order: tuple[Index, ...], backend: str) -> None:
        super().__init__(expr, order)
        self.backend = backend

    def __call__(self, **given: Any) -> Array:
        return self.at({}, given)

    def at(self, sizes: dict[str, int], given: dict[str, Any]) -> Array:
        """The value at some arguments and further sizes."""
        run = Run(self, backend(self.backend), given, sizes)
        return run.np.asarray(self.result(run))


class Run:
    """Carries the rules out on arguments."""

    def __init__(self, formula: Compiled, np: Any, given: dict[str, Any], sizes: dict[str, int]) -> None:
        self.formula, self.np, self.given = formula, np, given
        self.listed = ", ".join(formula.arguments) or "none"
        # The last value of a range, and who said so.
        numbers = {last: dim.number for last, dim in formula.dims.items() if dim.number is not None}
        self.known = {last: (n, "the formula") for last, n in {**numbers, **sizes}.items()}
        lower = (Need(n.function, n.by[:k]) for n in formula.needs.values() for k in range(len(n.by)))
        known = {*formula.arguments, *formula.sizes, *map(argument, lower)}
        for name in given:
            if name not in known:
                raise IdxcalcError(f"no argument is called {name}; the arguments are: {self.listed}")
        named = formula.sizes.items()
        self.known |= {dim.last: (int(given[name]), name) for name, dim in named if name in given}
        self.arrays: dict[str, Array] = {}
        for name, variable in formula.variables.items():
            array = self.np.asarray(self.wanted(name))
            whole = not self.np.issubdtype(array.dtype, self.np.inexact)
            self.arrays[name] = array.astype(float) if whole else array
            self.check(array.shape, variable.dims, f"{name} has", name)
        self.functions = {name: self.function(need) for name, need in formula.needs.items()}

    # Arguments.

    def wanted(self, name: str) -> Any:
        if name not in self.given:
            raise IdxcalcError(f"the argument {name} is missing; the arguments are: {self.listed}")
        return self.given[name]

    def check(self, shape: tuple[int, ...], dims: Sequence[Dim], found: str, name: str) -> None:
        """Compare a shape with the sizes that are known, and learn those that are not."""
        if len(shape) != len(dims):
            raise IdxcalcError(f"{found} the shape {shape}; expected {_count(len(dims), 'axis', 'axes')}")
        for n, (dim, length) in enumerate(zip(dims, shape, strict=True), 1):
            last, source = self.known.setdefault(dim.last, (length + dim.start - 1, name))
            if last - dim.start + 1 != length:
                start = f" (from {dim.start} to {last})" if dim.start != 1 else ""
                raise IdxcalcError(
                    f"{name} has {_count(length, 'component', 'components')} along axis {n};"
                    f" expected {last - dim.start + 1}{start}, as {source} says"
                )

    def function(self, need: Need) -> Callable[..., Array]:
        name = argument(need)
        if name in self.given or not need.by:
            if not callable(self.wanted(name)):
                raise IdxcalcError(f"{name} is {type(self.given[name]).__name__}; expected a function")
            return self.given[name]  # type: ignore[no-any-return]
        if self.formula.backend != "jax":
            raise IdxcalcError(
                f"the argument {name} is missing: {self.formula.backend} does not differentiate functions,"
                f" so give the derivative of {argument(Need(need.function))} as {name}"
            )
        derivative = jax().jacfwd(self.function(Need(need.function, need.by[:-1])), need.by[-1])
        return self.np.vectorize(derivative) if need.scalar else derivative  # type: ignore[no-any-return]

    # Rules.

    def last(self, dim: Dim) -> int:
        """The last value of a range."""
        if dim.last not in self.known:
            name = next((n for n, d in self.formula.sizes.items() if d.last == dim.last), None)
            how = f"give {name}=..." if name else "no argument has it"
            raise IdxcalcError(f"the size {dim.last if dim.named else 'of an index'} is not known: {how}")
        return self.known[dim.last][0]

    def argument(self, name: str) -> Array:
        return self.arrays[name]

    def room(self, axes: Axes) -> None:
        pass

    def let(self, array: Array, hint: str) -> Array:
        return array

    def matrix(self, name: str, array: Array) -> Array:
        return getattr(self.np.linalg, LINALG[name])(array)

    def apply(self, need: Need, arrays: Sequence[Array], depth: int) -> Array:
        """A function of reals on whole arrays; any other at each value of the first ``depth`` axes."""
        name, np, function = argument(need), self.np, self.functions[argument(need)]
        args = [np.asarray(a) * 1.0 for a in arrays]
        if need.scalar:
            value, shape = np.asarray(function(*args)), args[0].shape
            if value.shape not in (shape, ()):
                raise IdxcalcError(f"{name} returned the shape {value.shape} for arguments of shape {shape}")
            return np.broadcast_to(value, shape)

        def one(*parts: Array) -> Array:
            value = np.asarray(function(*parts))
            self.check(value.shape, need.dims, f"{name} returned", f"the value of {name}")
            return value

        axes, ranks = map(str, itertools.count()), [*(a.ndim - depth for a in args), len(need.dims)]
        *inner, out = (f"({','.join(itertools.islice(axes, rank))})" for rank in ranks)
        return np.vectorize(one, signature=f"{','.join(inner)}->{out}")(*args)


def _count(number: int, one: str, several: str) -> str:
    return f"{number or 'no'} {one if number == 1 else several}"
