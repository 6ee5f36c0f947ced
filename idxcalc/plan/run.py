"""Running a plan: arguments checked and named in the messages, then one line after the other.

All checks are about shapes and names, never about values, so that the function can be traced (``jax.jit``).
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from idxcalc.errors import IdxcalcError
from idxcalc.expr import Dim, Expr, Index
from idxcalc.functions import KNOWN
from idxcalc.plan.backends import Array, Backend, Operation, backend, contraction
from idxcalc.plan.build import plan
from idxcalc.plan.lines import Line, Need, Plan
from idxcalc.plan.source import source

ELEMENTWISE: dict[str, Callable[..., Array]] = {
    "add": lambda xp, *terms: reduce(operator.add, terms),
    "power": lambda xp, base, exponent: base**exponent,
    "where": lambda xp, condition, yes, no: xp.where(condition, yes, no) * 1.0,
    "delta": lambda xp, a, b: xp.where(a == b, 1.0, 0.0),
    "and": lambda xp, *conditions: reduce(xp.logical_and, conditions),
    "<": lambda xp, a, b: a < b, "<=": lambda xp, a, b: a <= b,
    ">": lambda xp, a, b: a > b, ">=": lambda xp, a, b: a >= b,
    "=": lambda xp, a, b: a == b, "!=": lambda xp, a, b: a != b,
}  # fmt: skip


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
    return Compiled(plan(expr, order), backend)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A plan on a backend: call it with keyword arguments, print it to see the plan."""

    plan: Plan
    backend: str

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of the arguments, without the sizes that may be given besides."""
        return self.plan.arguments

    def __str__(self) -> str:
        return str(self.plan)

    def source(self, name: str = "formula") -> str:
        """The same as the text of a NumPy function."""
        return source(self.plan, name)

    def __call__(self, **given: Any) -> Array:
        return _Run(self.plan, backend(self.backend), given).result()


class _Run:
    def __init__(self, plan: Plan, library: Backend, given: dict[str, Any]) -> None:
        self.plan, self.library, self.xp, self.given = plan, library, library.xp, given
        self.listed = ", ".join(plan.arguments) or "none"
        self.last: dict[str, tuple[int, str]] = {  # the last value of a range, and who said so
            dim.last: (dim.number, "the formula") for dim in plan.dims.values() if dim.number is not None
        }
        lower = {Need(n.function, n.by[:k]).name for n in plan.needs.values() for k in range(len(n.by))}
        for name in given:
            if name not in {*plan.arguments, *plan.sizes, *lower}:
                raise IdxcalcError(f"no argument is called {name}; the arguments are: {self.listed}")
        self.last.update((dim.last, (int(given[n]), n)) for n, dim in plan.sizes.items() if n in given)
        self.values: dict[str, Any] = dict(plan.literals)
        for name, variable in plan.variables.items():
            array = self.xp.asarray(self.wanted(name))
            whole = not self.xp.issubdtype(array.dtype, self.xp.inexact)
            self.values[name] = array.astype(float) if whole else array
            self.check(array.shape, variable.dims, f"{name} has", name)
        for name, need in plan.needs.items():
            self.values[name] = self.function(need)

    # arguments --------------------------------------------------------------------------
    def wanted(self, name: str) -> Any:
        if name not in self.given:
            raise IdxcalcError(f"the argument {name} is missing; the arguments are: {self.listed}")
        return self.given[name]

    def check(self, shape: tuple[int, ...], dims: Sequence[Dim], found: str, name: str) -> None:
        """Compare a shape with the sizes that are known, and learn those that are not."""
        if len(shape) != len(dims):
            raise IdxcalcError(f"{found} the shape {shape}; expected {_count(len(dims), 'axis', 'axes')}")
        for n, (dim, length) in enumerate(zip(dims, shape, strict=True), 1):
            last, source = self.last.setdefault(dim.last, (length + dim.start - 1, name))
            if last - dim.start + 1 != length:
                start = f" (from {dim.start} to {last})" if dim.start != 1 else ""
                raise IdxcalcError(
                    f"{name} has {_count(length, 'component', 'components')} along axis {n};"
                    f" expected {last - dim.start + 1}{start}, as {source} says"
                )

    def function(self, need: Need) -> Operation:
        name, derivative = need.name, self.library.derivative
        if name in self.given or not need.by:
            if not callable(self.wanted(name)):
                raise IdxcalcError(f"{name} is {type(self.given[name]).__name__}; expected a function")
            return self.given[name]  # type: ignore[no-any-return]
        if derivative is None:
            raise IdxcalcError(
                f"the argument {name} is missing: {self.library.name} does not differentiate functions,"
                f" so give the derivative of {Need(need.function).name} as {name}"
            )
        return derivative(self.function(Need(need.function, need.by[:-1])), need.by[-1], need.scalar)

    # lines ------------------------------------------------------------------------------
    def result(self) -> Array:
        for text, line in self.plan.lines.items():
            self.values[line.name] = self.run(text, line, [self.values[name] for name in line.args])
        return self.xp.asarray(self.values[self.plan.result])

    def run(self, text: str, line: Line, args: list[Any]) -> Any:
        xp = self.xp
        match line.op:
            case "einsum":
                arrays = [xp.asarray(a) for a in args]
                ordered = contraction(line.spec, tuple(a.shape for a in arrays)) if len(arrays) > 2 else None
                value = ordered(*arrays) if ordered else xp.einsum(line.spec, *arrays, optimize=True)
                return value if line.detail == 1 else float(line.detail) * value
            case "index":
                for where, length in zip(line.detail, args[0].shape, strict=True):
                    if isinstance(where, int) and where >= length:
                        raise IdxcalcError(
                            f"{text} picks a component beyond the {length} that {line.args[0]} has there"
                        )
                return args[0][line.detail]
            case "range" | "ones" | "last":
                start, last = line.detail.start, self.size(line.detail)
                steps = xp.arange(start, last + 1)
                return {"range": steps, "ones": xp.ones(len(steps)), "last": float(last)}[line.op]
            case "inv" | "det":
                return getattr(xp.linalg, line.op)(args[0])
            case "apply":
                return self.applied(line, [xp.asarray(a) * 1.0 for a in args])
            case op if op in ELEMENTWISE:
                return ELEMENTWISE[op](xp, *self.aligned(line, args))
            case op:
                name = getattr(KNOWN[op], self.library.name)  # the table has a column per library
                return getattr(xp, name)(*self.aligned(line, args))

    def aligned(self, line: Line, args: list[Any]) -> list[Any]:
        """The arguments with their axes in the places where the value has them."""
        given, out = line.spec.split("->")

        def place(axes: str, value: Any) -> Any:
            if axes in ("", out):
                return value
            turned = self.xp.transpose(value, [axes.index(a) for a in out if a in axes])
            return turned[tuple(slice(None) if a in axes else None for a in out)]

        return list(map(place, given.split(","), args))

    def applied(self, line: Line, args: list[Array]) -> Array:
        """A function of reals on whole arrays; any other at each value of its first ``depth`` axes."""
        name, depth = line.detail
        xp, need, function = self.xp, self.plan.needs[name], self.values[name]
        if need.scalar:
            value, shape = xp.asarray(function(*args)), args[0].shape
            if value.shape not in (shape, ()):
                raise IdxcalcError(f"{name} returned the shape {value.shape} for arguments of shape {shape}")
            return xp.broadcast_to(value, shape)

        def one(*parts: Array) -> Array:
            value = xp.asarray(function(*parts))
            self.check(value.shape, need.dims, f"{name} returned", f"the value of {name}")
            return value

        axes = map(str, itertools.count())
        *given, out = (
            f"({','.join(itertools.islice(axes, rank))})"
            for rank in [*(a.ndim - depth for a in args), len(need.dims)]
        )
        return xp.vectorize(one, signature=f"{','.join(given)}->{out}")(*args)

    def size(self, dim: Dim) -> int:
        """The last value of a range."""
        if dim.last not in self.last:
            name = next((n for n, d in self.plan.sizes.items() if d.last == dim.last), None)
            how = f"give {name}=..." if name else "no argument has it"
            raise IdxcalcError(f"the size {dim.last if dim.named else 'of an index'} is not known: {how}")
        return self.last[dim.last][0]


def _count(number: int, one: str, several: str) -> str:
    return f"{number or 'no'} {one if number == 1 else several}"
