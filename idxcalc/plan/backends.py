"""The array libraries a plan runs on, each imported when it is first asked for.

A new one is a new row of `BACKENDS`. It has to offer NumPy's names under ``xp``; ``derivative`` may
be missing, and then derivatives of unknown functions are arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from idxcalc.errors import IdxcalcError

Array = Any
Operation = Callable[..., Array]


@dataclass(frozen=True, slots=True)
class Backend:
    """``derivative(f, n, scalar)`` differentiates by argument n; ``scalar`` ones act on each component.

    ``vectorize(f, count, depth)`` maps a function of ``count`` arrays over their first ``depth`` axes.
    """

    name: str
    xp: Any
    vectorize: Callable[[Operation, int, int], Operation]
    derivative: Callable[[Operation, int, bool], Operation] | None = None


def _numpy() -> Backend:
    import numpy

    def vectorize(f: Operation, count: int, depth: int) -> Operation:
        def mapped(*arrays: Array) -> Array:
            shape = arrays[0].shape[:depth]
            values = [numpy.asarray(f(*(a[at] for a in arrays))) for at in numpy.ndindex(shape)]
            return numpy.stack(values).reshape(*shape, *values[0].shape)

        return mapped if depth else f

    return Backend("numpy", numpy, vectorize)


def _jax() -> Backend:
    import jax

    def vectorize(f: Operation, count: int, depth: int) -> Operation:
        for _ in range(depth):
            f = jax.vmap(f)
        return f

    def derivative(f: Operation, n: int, scalar: bool) -> Operation:
        if not scalar:
            return jax.jacfwd(f, n)

        def componentwise(*args: Array) -> Array:
            moving = [
                (jax.numpy.ones_like if k == n else jax.numpy.zeros_like)(a) for k, a in enumerate(args)
            ]
            return jax.jvp(f, args, tuple(moving))[1]

        return componentwise

    return Backend("jax", jax.numpy, vectorize, derivative)


BACKENDS: dict[str, Callable[[], Backend]] = {"numpy": _numpy, "jax": _jax}


@cache
def backend(name: str) -> Backend:
    """The backend of this name; raises IdxcalcError if there is none."""
    if name not in BACKENDS:
        raise IdxcalcError(f"no backend is called {name!r}; there are {', '.join(BACKENDS)}")
    try:
        return BACKENDS[name]()
    except ImportError as error:
        raise IdxcalcError(f"the backend {name} is not installed ({error})") from error


def contraction_path(spec: str, shapes: tuple[tuple[int, ...], ...]) -> Any:
    """The order of contracting several arrays, for ``optimize`` of einsum."""
    try:
        import opt_einsum  # type: ignore[import-untyped]
    except ImportError:  # the libraries' own search is slower for many arrays, and right
        return True
    path = opt_einsum.contract_path(spec, *shapes, shapes=True)[0]
    return ["einsum_path", *path]
