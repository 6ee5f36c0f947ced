"""How values are drawn and how two sides are compared; snippets carry this source too.

The functions take the array module as ``np``: NumPy here, `jax.numpy` in a snippet.
"""

from __future__ import annotations

from typing import Any

BLOCK = (8, 256)  # samples, and values that are drawn for one; more are drawn with the next seed
NEXT = 10**6


def spread(np: Any, normal: Any, mode: str) -> Any:
    """Rows of independent values from rows of normal ones, at several scales.

    ``plain`` has both signs, ``positive`` one; ``small`` stays between -0.8 and 0.8; ``halves`` are
    multiples of 1/2 other than 0, to be read by people.
    """
    if "halves" in mode:
        halves = np.where(np.round(2 * normal) == 0, 0.5, np.round(2 * normal) / 2)
        return np.abs(halves) if "positive" in mode else halves
    # Small enough that rounding does not grow to the tolerance through eight layers of unknown functions.
    scale = np.array([0.7, 0.9, 0.5, 1.1, 0.7, 0.6, 0.8, 0.7]).reshape(-1, 1)
    if "small" in mode:
        normal, scale = 0.8 * np.tanh(normal), 1.0
    return scale * (np.abs(normal) + 0.05 if "positive" in mode else normal)


def drawer(row: Any) -> Any:
    """A function that hands out the values of a row, array after array."""
    start = 0

    def draw(*shape: int) -> Any:
        nonlocal start
        count = 1
        for size in shape:
            count *= size
        start += count
        return row[start - count : start].reshape(shape)

    return draw


def leaves(tree: Any) -> list[Any]:
    """The arrays in nested lists."""
    return [x for part in tree for x in leaves(part)] if isinstance(tree, (list, tuple)) else [tree]


def columns(np: Any, rows: int, arrays: Any) -> Any:
    """All values of a sample, in a row of their own, as absolute values."""
    flat = [np.reshape(x, (rows, x.size // rows)) for x in leaves(arrays)]
    return np.abs(np.concatenate([np.zeros((rows, 0)), *flat], 1))


def compare(np: Any, lefts: Any, rights: Any, terms: Any, where: Any, margins: Any) -> Any:
    """The error of each component relative to the largest term, a row per sample and a column per order.

    It is infinite where one side alone is finite, and nan where nothing is claimed or told.
    """
    rows = len(lefts[0])
    told = np.min(columns(np, rows, margins), 1, keepdims=True, initial=np.inf) > 1e-3
    told = told if where is None else told & np.reshape(where, (rows, -1))
    errors = []
    for left, right, added in zip(lefts, rights, terms, strict=True):
        sizes = columns(np, rows, [left, right, added])
        scale = np.max(np.where(np.isfinite(sizes), sizes, 0.0), 1, keepdims=True)
        left, right = left.reshape(rows, -1), right.reshape(rows, -1)
        one, other = np.isfinite(left), np.isfinite(right)
        gap = np.abs(np.where(one & other, left - right, 0.0)) / np.where(scale == 0.0, 1.0, scale)
        error = np.where(one & other, gap, np.where(one | other, np.inf, np.nan))
        errors.append(np.where(told, error, np.nan))
    return np.stack(errors, 1)


def inside(np: Any, compared: Any) -> set[Any]:
    """The sizes at which both sides have a value somewhere; the others lie outside of the domain."""
    return {sizes for sizes, errors in compared if np.any(np.isfinite(errors))}


def summary(np: Any, compared: Any) -> tuple[float, float, int]:
    """Over all batches, pairs of sizes and errors: the largest error; the same, but infinite if more than a
    set of measure zero of the domain has only one side finite; how many samples tell something in all orders.
    """
    error, trials, alone = 0.0, 0, False
    for sizes in inside(np, compared):
        errors = np.concatenate([each for at, each in compared if at == sizes])
        finite = np.where(np.isfinite(errors), errors, -1.0)
        told = int(np.sum(np.all(np.max(finite, -1) >= 0.0, -1)))
        lone = int(np.sum(np.any(np.isinf(errors), (1, 2))))
        error, trials = max(error, float(np.max(finite))), trials + told
        alone |= 2 <= lone >= told / 20
    return error, float("inf") if alone else error, trials
