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
    if mode == "halves":
        return np.where(np.round(2 * normal) == 0, 0.5, np.round(2 * normal) / 2)
    scale = np.array([1.0, 1.5, 0.6, 2.5, 1.0, 0.8, 1.2, 1.0]).reshape(-1, 1)
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


def compare(np: Any, lefts: Any, rights: Any, terms: Any, where: Any, margins: Any) -> tuple[Any, ...]:
    """Per sample: its error relative to the largest term, if it counts, if one side alone is finite."""
    rows = len(lefts[0])
    error, counts, lone = np.zeros(rows), np.ones(rows, bool), np.zeros(rows, bool)
    for margin in leaves(margins):
        counts = counts & (np.min(np.abs(margin).reshape(rows, -1), -1) > 1e-3)
    away = counts
    for left, right, added in zip(lefts, rights, terms, strict=True):
        scale = np.zeros(rows)
        for term in (left, right, *leaves(added)):
            size = np.abs(term).reshape(rows, -1)
            scale = np.maximum(scale, np.max(np.where(np.isfinite(size), size, 0.0), -1))
        left, right = left.reshape(rows, -1), right.reshape(rows, -1)
        allowed = np.ones(left.shape, bool) if where is None else where.reshape(rows, -1)
        one, other = np.isfinite(left), np.isfinite(right)
        both = one & other & allowed
        gap = np.max(np.where(both, np.abs(np.where(both, left - right, 0.0)), 0.0), -1)
        error = np.maximum(error, gap / np.where(scale == 0.0, 1.0, scale))
        lone = lone | (np.any((one != other) & allowed, -1) & away)
        counts = counts & np.any(both, -1)
    return np.where(counts, error, 0.0), counts, lone


def summary(np: Any, compared: Any) -> tuple[float, float, int]:
    """Over all batches: the largest error; the same, but infinite if more than a set of measure zero has only
    one side finite; how many samples count."""
    errors, counts, alone = (np.stack(each) for each in zip(*compared, strict=True))
    error, trials, lone = float(np.max(errors)), int(np.sum(counts)), int(np.sum(alone))
    return error, float("inf") if lone >= 2 and 10 * lone >= trials else error, trials
