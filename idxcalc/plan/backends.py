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
    """``derivative(f, n, scalar)`` differentiates by argument n; ``scalar`` ones act on each component."""

    name: str
    xp: Any
    derivative: Callable[[Operation, int, bool], Operation] | None = None


def _numpy() -> Backend:
    import numpy

    return Backend("numpy", numpy)


def _jax() -> Backend:
    import jax

    def derivative(f: Operation, n: int, scalar: bool) -> Operation:
        jacobian: Operation = jax.jacfwd(f, n)
        return jax.numpy.vectorize(jacobian) if scalar else jacobian

    return Backend("jax", jax.numpy, derivative)


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


@cache
def contraction(spec: str, shapes: tuple[tuple[int, ...], ...]) -> Operation | None:
    """A contraction of several arrays of any library in a good order, found once for these shapes."""
    try:
        import opt_einsum  # type: ignore[import-untyped]
    except ImportError:  # the libraries' own search is slower for many arrays, and right
        return None
    return opt_einsum.contract_expression(spec, *shapes)  # type: ignore[no-any-return]
