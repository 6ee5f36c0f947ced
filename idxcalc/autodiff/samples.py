"""How values are drawn and how two sides are compared; snippets carry this source too.

The functions take the array module as ``np``: NumPy here, `jax.numpy` in a snippet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Array = Any
BATCH = 8
NEAR = 1e-3


def spread(np: Any, normal: Array, mode: str) -> Array:
    """Rows of independent values from rows of normal ones, at four scales.

    ``plain`` has both signs, ``positive`` one; ``small`` stays between -0.8 and 0.8; ``halves`` are multiples
    of 1/2 other than 0, to be read by people.
    """
    if mode == "halves":
        return np.where(np.round(2 * normal) == 0, 0.5, np.round(2 * normal) / 2)
    scale = np.array([1.0, 1.5, 0.6, 2.5, 1.0, 0.8, 1.2, 1.0]).reshape(-1, 1)
    if mode in ("small", "small positive"):
        normal, scale = 0.8 * np.tanh(normal), 1.0
    return scale * (np.abs(normal) + 0.05 if "positive" in mode else normal)


def drawer(row: Array) -> Callable[..., Array]:
    """A function that hands out the values of a row, array after array."""
    start = 0

    def draw(*shape: int) -> Array:
        nonlocal start
        count = 1
        for size in shape:
            count *= size
        start += count
        return row[start - count : start].reshape(shape)

    return draw


def compare(np: Any, lefts: Any, rights: Any, scales: Any, where: Any, nearest: Any) -> tuple[Array, Array, Array]:
    """Per sample: the error relative to the largest term, whether it counts, and whether only one side is finite."""
    away = True if nearest is None else nearest > 1e-3
    error, counts, lone = 0.0, True, False
    for left, right, scale in zip(lefts, rights, scales):
        flat = (len(scale), -1)
        allowed = np.ones(left.shape, bool) if where is None else where
        allowed, left, right = allowed.reshape(flat), left.reshape(flat), right.reshape(flat)
        one, other = np.isfinite(left), np.isfinite(right)
        both = one & other & allowed
        size = np.maximum(np.max(np.where(both, np.abs(left) + np.abs(right), 0.0), -1) / 2, scale)
        gap = np.max(np.where(both, np.abs(np.where(both, left - right, 0.0)), 0.0), -1)
        error = np.maximum(error, gap / np.where(size == 0.0, 1.0, size))
        lone = lone | (np.any((one != other) & allowed, -1) & away)
        counts = counts & np.any(both, -1) & away
    return np.where(counts, error, 0.0), counts, lone
