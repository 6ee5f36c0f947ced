"""Running a plan: arguments checked and named in the messages, then one line after the other.

All checks are about shapes and names, never about values, so that the function can be traced (``jax.jit``).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import reduce
from typing import Any

from idxcalc.errors import IdxcalcError
from idxcalc.expr import Dim, Expr, Index, python_name
from idxcalc.functions import KNOWN
from idxcalc.plan.backends import Array, Backend, Operation, backend, contraction_path
from idxcalc.plan.build import plan
from idxcalc.plan.emit import Need, Plan
from idxcalc.plan.lines import Line

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


class Compiled:
    """A plan on a backend: call it with keyword arguments, print it to see the plan."""

    def __init__(self, plan: Plan, name: str) -> None:
        self.plan = plan
        self.backend = name
        self._paths: dict[tuple[Any, ...], Any] = {}
        sizes = {python_name(dim.last): dim for dim in plan.dims.values() if dim.named}
        self.sizes = {n: dim for n, dim in sizes.items() if n not in plan.variables and n not in plan.needs}

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of the arguments, without the sizes that may be given besides."""
        return (*self.plan.variables, *self.plan.needs)

    def __str__(self) -> str:
        return str(self.plan)

    def __call__(self, **given: Any) -> Array:
        return _Run(self, backend(self.backend), given).result()

    def path(self, line: Line, shapes: tuple[tuple[int, ...], ...]) -> Any:
        """The order of contraction of a line, found once for arrays of these shapes."""
        key = (line, shapes)
        if key not in self._paths:
            self._paths[key] = contraction_path(line.spec, shapes) if len(shapes) > 2 else False
        return self._paths[key]


class _Run:
    def __init__(self, compiled: Compiled, library: Backend, given: dict[str, Any]) -> None:
        self.compiled, self.plan, self.library, self.xp = compiled, compiled.plan, library, library.xp
        self.sizes: dict[str, tuple[int, str]] = {}  # the last value of a range, and who said so
        self.values: dict[str, Any] = dict(self.plan.literals)
        self._known_names(given)
        for name, dim in compiled.sizes.items():
            if name in given:
                self._size(dim, int(given[name]) - dim.start + 1, name, "")
        for name, variable in self.plan.variables.items():
            self.values[name] = self._array(name, self._wanted(given, name), variable.dims)
        self.given = given
        for need in self.plan.needs.values():
            self.values[need.name] = self._function(need)

    # arguments --------------------------------------------------------------------------
    def _known_names(self, given: dict[str, Any]) -> None:
        functions = {
            Need(need.function, need.by[:order]).name
            for need in self.plan.needs.values()
            for order in range(len(need.by) + 1)
        }
        known = {*self.plan.variables, *functions, *self.compiled.sizes}
        for name in given:
            if name not in known:
                listed = ", ".join(self.compiled.arguments) or "none"
                raise IdxcalcError(f"no argument is called {name}; the arguments are: {listed}")

    def _wanted(self, given: dict[str, Any], name: str) -> Any:
        if name not in given:
            listed = ", ".join(self.compiled.arguments)
            raise IdxcalcError(f"the argument {name} is missing; the arguments are: {listed}")
        return given[name]

    def _array(self, name: str, value: Any, dims: tuple[Dim, ...]) -> Array:
        array = self.xp.asarray(value)
        if not self.xp.issubdtype(array.dtype, self.xp.inexact):
            array = array.astype(float)
        if array.ndim != len(dims):
            raise IdxcalcError(f"{name} has the shape {array.shape}; expected {_count(len(dims), 'axis')}")
        for n, (dim, length) in enumerate(zip(dims, array.shape, strict=True), 1):
            self._size(dim, length, name, f" along axis {n}")
        return array

    def _size(self, dim: Dim, length: int, name: str, where: str) -> None:
        last = length + dim.start - 1
        number = dim.number
        expected, source = (
            self.sizes.get(dim.last, (last, name)) if number is None else (number, "the formula")
        )
        if last != expected:
            found = f"{name} has {_count(length, 'component')}{where}" if where else f"{name} is {last}"
            wanted = expected - dim.start + 1 if where else expected
            start = f" (from {dim.start} to {expected})" if where and dim.start != 1 else ""
            raise IdxcalcError(f"{found}; expected {wanted}{start}, as {source} says")
        if number is None:
            self.sizes.setdefault(dim.last, (last, name))

    def _function(self, need: Need) -> Operation:
        name = need.name
        if name in self.given:
            if not callable(self.given[name]):
                raise IdxcalcError(f"{name} is {type(self.given[name]).__name__}; expected a function")
            return self.given[name]  # type: ignore[no-any-return]
        if not need.by:
            return self._wanted(self.given, name)  # type: ignore[no-any-return]
        derivative = self.library.derivative
        if derivative is None:
            raise IdxcalcError(
                f"the argument {name} is missing: {self.library.name} does not differentiate functions,"
                f" so give the derivative of {Need(need.function).name} as {name}"
            )
        scalar = not need.function.out and not any(need.function.params)
        return derivative(self._function(Need(need.function, need.by[:-1])), need.by[-1], scalar)

    # lines ------------------------------------------------------------------------------
    def result(self) -> Array:
        for line, name in self.plan.lines.items():
            self.values[name] = self._run(line, [self.values[a] for a in line.args])
        return self.xp.asarray(self.values[self.plan.result])

    def _run(self, line: Line, args: list[Any]) -> Any:
        xp = self.xp
        match line.op:
            case "einsum":
                arrays = [xp.asarray(a) for a in args]
                path = self.compiled.path(line, tuple(a.shape for a in arrays))
                value = xp.einsum(line.spec, *arrays, optimize=self._path(path))
                return value if line.detail == 1 else float(line.detail) * value
            case "index":
                return args[0][self._positions(line, args[0])]
            case "range" | "ones" | "last":
                return self._range(line.op, line.detail)
            case "inv" | "det":
                return getattr(xp.linalg, line.op)(args[0])
            case "apply":
                return self._applied(line, args)
            case "call":
                return self._called(line.detail, self._aligned(line, args))
            case op if op in ELEMENTWISE:
                return ELEMENTWISE[op](xp, *self._aligned(line, args))
            case op:
                name = getattr(KNOWN[op], self.library.name)  # the table has a column per library
                return getattr(xp, name)(*self._aligned(line, args))

    def _path(self, path: Any) -> Any:
        return path[1:] if self.library.name == "jax" and isinstance(path, list) else path

    def _aligned(self, line: Line, args: list[Any]) -> list[Any]:
        """The arguments with their axes in the places where the value has them."""
        out, aligned = line.axes[-1], []
        for axes, value in zip(line.axes, args, strict=False):
            if axes and axes != out:
                order = sorted(range(len(axes)), key=lambda n: out.index(axes[n]))
                value = self.xp.transpose(value, order)
                value = value[tuple(slice(None) if a in axes else None for a in out)]
            aligned.append(value)
        return aligned

    def _called(self, name: str, args: list[Any]) -> Array:
        """A function of reals, on whole arrays."""
        xp = self.xp
        shape = xp.broadcast_shapes(*(xp.shape(a) for a in args))
        value = xp.asarray(self.values[name](*(xp.broadcast_to(xp.asarray(a) * 1.0, shape) for a in args)))
        if value.shape not in (shape, ()):
            raise IdxcalcError(f"{name} returned the shape {value.shape} for arguments of shape {shape}")
        return xp.broadcast_to(value, shape)

    def _positions(self, line: Line, array: Array) -> tuple[Any, ...]:
        positions: list[Any] = []
        for where, length in zip(line.detail, array.shape, strict=True):
            if isinstance(where, int) and where >= length:
                raise IdxcalcError(
                    f"{line} picks a component beyond the {length} that {line.args[0]} has there"
                )
            positions.append(where if isinstance(where, int) else slice(where and where[1], None))
        return tuple(positions)

    def _range(self, op: str, dim: Dim) -> Any:
        if dim.number is None and dim.last not in self.sizes:
            name = next((n for n, d in self.compiled.sizes.items() if d.last == dim.last), None)
            how = f"give {name}=..." if name else "no argument has it"
            raise IdxcalcError(f"the size {dim.last if dim.named else 'of an index'} is not known: {how}")
        last = dim.number if dim.number is not None else self.sizes[dim.last][0]
        if op == "last":
            return float(last)
        return self.xp.arange(dim.start, last + 1) if op == "range" else self.xp.ones(last + 1 - dim.start)

    def _applied(self, line: Line, args: list[Any]) -> Array:
        name, depth = line.detail
        need = self.plan.needs[name]
        mapped = self.library.vectorize(self.values[name], len(args), depth)
        value = self.xp.asarray(mapped(*args))
        dims = (*need.function.out, *(dim for n in need.by for dim in need.function.params[n]))
        if value.ndim - depth != len(dims):
            raise IdxcalcError(
                f"{name} returned the shape {value.shape[depth:]}; expected {_count(len(dims), 'axis')}"
            )
        for n, (dim, length) in enumerate(zip(dims, value.shape[depth:], strict=True), 1):
            self._size(dim, length, f"the value of {name}", f" along axis {n}")
        return value


def _count(number: int, what: str) -> str:
    plural = {"axis": "axes"}.get(what, f"{what}s")
    return f"{number or 'no'} {what if number == 1 else plural}"
