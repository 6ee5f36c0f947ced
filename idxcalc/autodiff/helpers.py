"""Functions that the programs call; a snippet carries the source of those it needs.

This module alone imports JAX when it is imported, and only `backend` imports it, lazily.
"""

from __future__ import annotations

import math
from itertools import permutations
from typing import Any

import jax
import jax.numpy as jnp

Array = Any


def symmetrised(x):
    """The mean over all orders of the slots."""
    orders = list(permutations(range(x.ndim)))
    return sum(jnp.transpose(x, order) for order in orders) / len(orders)


def antisymmetrised(x):
    """The mean over all orders of the slots, odd orders with a minus."""
    orders = list(permutations(range(x.ndim)))
    signs = [(-1) ** sum(a > b for n, b in enumerate(o) for a in o[:n]) for o in orders]
    return sum(s * jnp.transpose(x, o) for s, o in zip(signs, orders)) / len(orders)


def invertible(x):
    """A well-conditioned square matrix; its determinant has either sign."""
    return 0.25 * x + 1.5 * jnp.eye(len(x)) * jnp.sign(x)


def smooth(draw, kind, out, *shapes):
    """A random smooth function of arrays of the given shapes, with values of shape ``out``."""
    count = sum(math.prod(shape) for shape in shapes)
    waves = min(count, 10) + 2
    weight, phase, level = draw(*out, waves), draw(*out, waves), draw(*out)
    slopes = [draw(*out, waves, *shape) for shape in shapes]

    def function(*args):
        angle = phase
        for slope, shape, arg in zip(slopes, shapes, args):
            product = slope * arg / math.prod(shape) ** 0.5
            angle = angle + jnp.sum(product, tuple(range(-len(shape), 0)))
        value = level + jnp.sum(weight * jnp.sin(angle), -1)
        if "antisymmetric" in kind:
            value = antisymmetrised(value)
        elif "symmetric" in kind:
            value = symmetrised(value)
        return jnp.exp(value) if "positive" in kind else -jnp.exp(value) if "negative" in kind else value

    return function


def diagonal(x, a, b):
    """The entries with equal positions along the axes a < b; axis b goes."""
    shape = [1] * x.ndim
    shape[a] = shape[b] = x.shape[a]
    return jnp.sum(jnp.where(jnp.eye(x.shape[a], dtype=bool).reshape(shape), x, 0.0), b)


def put(x, at, value):
    """``x`` with one component set."""
    place = True
    for axis, position in enumerate(at):
        shape = [-1 if n == axis else 1 for n in range(x.ndim)]
        place = place & (jnp.arange(x.shape[axis]) == position).reshape(shape)
    return jnp.where(place, value, x)


def hadamard(x):
    """A bound of the determinant, and of the terms it adds up."""
    return jnp.prod(jnp.sum(jnp.abs(x), -1), -1)


def largest(sides, terms):
    """The largest finite magnitude of the sides and terms."""
    sizes = [jnp.max(jnp.abs(x)) for x in jax.tree.leaves((sides, terms))]
    return jnp.max(jnp.stack([jnp.where(jnp.isfinite(s), s, 0.0) for s in sizes]))


def nearest(margins):
    """The least distance to a kink."""
    return jnp.min(jnp.stack([jnp.min(jnp.abs(m)) for m in jax.tree.leaves(margins)]))
