"""Matrices by products and sums alone, so that they can be differentiated; snippets carry this source too.

The functions take the array module as ``np``, and a matrix in the last two axes of an array.
"""

from __future__ import annotations

from typing import Any


def times(np: Any, a: Any, b: Any) -> Any:
    """The product of matrices."""
    return np.sum(a[..., :, :, None] * b[..., None, :, :], -2)


def adjugate(np: Any, x: Any) -> tuple[Any, Any]:
    """The adjugate and the determinant of matrices (Faddeev and LeVerrier)."""
    one = np.eye(x.shape[-1])
    found = one
    for k in range(1, len(one) + 1):
        moved = times(np, x, found)
        trace = np.sum(moved * one, (-2, -1)) / k
        if k < len(one):
            found = trace[..., None, None] * one - moved
    return found, trace


def determinant(np: Any, x: Any) -> Any:
    """The determinant of matrices."""
    return adjugate(np, x)[1]


def inverse(np: Any, x: Any) -> Any:
    """The inverse of matrices, with one step of Newton's for the last digits."""
    found, scale = adjugate(np, x)
    found = found / scale[..., None, None]
    return 2.0 * found - times(np, found, times(np, x, found))


def hadamard(np: Any, x: Any) -> Any:
    """A bound of the determinant, and of the terms that it adds up."""
    rows = np.sum(np.abs(x), -1)
    found = rows[..., 0]
    for k in range(1, x.shape[-1]):
        found = found * rows[..., k]
    return found


def untied(np: Any, gap: Any, change: Any) -> Any:
    """A distance from a kink, but for where it is 0 and stays so: what is the same is no tie."""
    return np.where(np.logical_and(np.equal(gap, 0.0), np.equal(change, 0.0)), 1.0, gap)
