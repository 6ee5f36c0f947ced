"""The array libraries that formulas are computed with, each imported when it is first asked for.

A new one is a new row of `BACKENDS`, and has to offer NumPy's names.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from idxcalc.errors import IdxcalcError


@cache
def numpy() -> Any:
    import numpy

    return numpy


@cache
def jax() -> Any:
    import jax
    import jax.experimental

    return jax


BACKENDS: dict[str, Callable[[], Any]] = {"numpy": numpy, "jax": lambda: jax().numpy}


def backend(name: str) -> Any:
    """The library of this name; raises IdxcalcError if there is none."""
    if name not in BACKENDS:
        raise IdxcalcError(f"no backend is called {name!r}; there are {', '.join(BACKENDS)}")
    try:
        return BACKENDS[name]()
    except ImportError as error:
        raise IdxcalcError(f"the backend {name} is not installed ({error})") from error
