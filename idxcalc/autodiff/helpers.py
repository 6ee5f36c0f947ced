"""What both the judge and its snippets call; a snippet carries the source of those it needs.

This module alone imports JAX when it is imported, and only `backend` imports it, lazily.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp


def jacobian(f: Any, outer: int) -> Any:
    """The derivative of what f returns first by all components of an array, but for its first axes, which f
    treats point by point; what f returns second stays."""

    def derivative(x: Any) -> Any:
        x = jnp.asarray(x)
        own = x.shape[outer:]

        def along(e: Any) -> Any:
            return jax.jvp(f, (x,), (jnp.broadcast_to(e, x.shape),), has_aux=True)[1:]

        basis = jnp.eye(x[(0,) * outer].size).reshape(-1, *own)
        moved, rest = jax.vmap(along, out_axes=(-1, None))(basis)
        return jax.tree.map(lambda v: v.reshape(*v.shape[:-1], *own), moved), rest

    return derivative


def symmetrised(x: Any, sign: int) -> Any:
    """The mean over all orders of the slots, with sign -1 odd orders with a minus.

    Slot by slot, so that then a component with two equal indices is 0, not what rounding leaves of it.
    """
    for n in range(1, x.ndim):
        x = (x + sign * sum(jnp.swapaxes(x, m, n) for m in range(n))) / (n + 1)
    return x


def invertible(x: Any) -> Any:
    """A well-conditioned square matrix; its determinant has either sign."""
    return 0.25 * x + 1.5 * jnp.eye(len(x)) * jnp.where(x < 0, -1.0, 1.0)


def times(a: Any, b: Any) -> Any:
    """The product of matrices."""
    return jnp.sum(a[..., :, :, None] * b[..., None, :, :], -2)


def adjugate(x: Any) -> tuple[Any, Any]:
    """The adjugate and the determinant of matrices (Faddeev and LeVerrier): products and sums alone."""
    one = jnp.eye(x.shape[-1])
    found = one
    for k in range(1, len(one) + 1):
        moved = times(x, found)
        trace = jnp.sum(moved * one, (-2, -1)) / k
        if k < len(one):
            found = trace[..., None, None] * one - moved
    return found, trace


def determinant(x: Any) -> Any:
    """The determinant of matrices."""
    return adjugate(x)[1]


def inverse(x: Any) -> Any:
    """The inverse of matrices, with one step of Newton's for the last digits."""
    found, scale = adjugate(x)
    found = found / scale[..., None, None]
    return 2.0 * found - times(found, times(x, found))


def hadamard(x: Any) -> Any:
    """A bound of the determinant, and of the terms that it adds up."""
    rows = jnp.sum(jnp.abs(x), -1)
    found = rows[..., 0]
    for k in range(1, x.shape[-1]):
        found = found * rows[..., k]
    return found


def diagonal(x: Any, a: int, b: int) -> Any:
    """The entries with equal positions along the axes a < b; axis b goes."""
    shape = [x.shape[n] if n in (a, b) else 1 for n in range(x.ndim)]
    return jnp.sum(jnp.where(jnp.eye(x.shape[a]).reshape(shape) > 0, x, 0.0), b)


def put(x: Any, at: tuple[int, ...], value: float) -> Any:
    """``x`` with one component set."""
    place = jnp.ones(x.shape, bool)
    for axis, position in enumerate(at):
        shape = [-1 if n == axis else 1 for n in range(x.ndim)]
        place = place & (jnp.arange(x.shape[axis]) == position).reshape(shape)
    return jnp.where(place, value, x)
