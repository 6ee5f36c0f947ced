"""Functions that programs call; a snippet carries the source of those it needs.

This module alone imports JAX when it is imported, and only `backend` imports it, lazily.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

Array = Any


def symmetrised(x: Array, orders: Any) -> Array:
    """The mean over all orders of the slots."""
    return sum(jnp.transpose(x, order) for _, order in orders) / len(orders)


def antisymmetrised(x: Array, orders: Any) -> Array:
    """The mean over all orders of the slots, odd orders with a minus.

    Slot by slot, so that a component with two equal indices is 0, not what rounding leaves of it.
    """
    for n in range(1, len(orders[0][1])):
        x = (x - sum(jnp.swapaxes(x, m, n) for m in range(n))) / (n + 1)
    return x


def invertible(x: Array) -> Array:
    """A well-conditioned square matrix; its determinant has either sign."""
    return 0.25 * x + 1.5 * jnp.eye(len(x)) * jnp.where(x < 0, -1.0, 1.0)


def diagonal(x: Array, a: int, b: int) -> Array:
    """The entries with equal positions along the axes a < b; axis b goes."""
    shape = [1] * x.ndim
    shape[a] = shape[b] = x.shape[a]
    return jnp.sum(jnp.where(jnp.eye(x.shape[a], dtype=bool).reshape(shape), x, 0.0), b)


def put(x: Array, at: tuple[int, ...], value: float) -> Array:
    """``x`` with one component set."""
    place: Any = True
    for axis, position in enumerate(at):
        shape = [-1 if n == axis else 1 for n in range(x.ndim)]
        place = place & (jnp.arange(x.shape[axis]) == position).reshape(shape)
    return jnp.where(place, value, x)


def hadamard(x: Array) -> Array:
    """A bound of the determinant, and of the terms that it adds up."""
    return jnp.prod(jnp.sum(jnp.abs(x), -1), -1)
