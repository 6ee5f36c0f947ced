"""What is wrong with an array that should have been another one, in words.

Each function gives explanations, the simplest first; what really is the matter explains every trial, so
the caller keeps those that all trials share.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from idxcalc.plan.backends import numpy
from idxcalc.verify.result import component

Array = Any
TOLERANCE = 1e-7
"""Relative to the largest component; single precision is given more (`close`)."""


def wrong(found: Array, expected: Array, tolerance: float = TOLERANCE) -> Array:
    """In which components arrays of one shape differ by more than rounding."""
    np = numpy()
    return ~(np.abs(found - expected) <= tolerance * (np.max(np.abs(expected), initial=0.0) or 1.0))


def close(found: Array, expected: Array, tolerance: float = TOLERANCE) -> bool:
    """Whether two arrays have one shape, and the same values up to rounding."""
    return found.shape == expected.shape and not wrong(found, expected, tolerance).any()


def explanations(
    found: Array, expected: Array, letters: tuple[str, ...], factors: Mapping[str, Array], tolerance: float
) -> Iterator[str]:
    """What, done to ``found``, gives ``expected``: a transposition, a factor, a sum.

    ``letters`` name the axes; ``factors`` are arrays that broadcast against ``expected``, by their LaTeX.
    """
    np, rank = numpy(), expected.ndim
    if not np.all(np.isfinite(found)):
        return
    if found.ndim > rank and close(np.squeeze(found), expected, tolerance):
        yield "the values are right, but the result has an axis of length 1 too many"
    for axis in range(found.ndim if found.ndim == rank + 1 else 0):
        if close(found.sum(axis), expected, tolerance):
            yield f"the result has an axis too many: its sum over axis {axis + 1} would be right"
    if not np.any(found) and found.shape == expected.shape:
        yield "the result is 0 everywhere"
    turns = [turn for turn in itertools.permutations(range(rank)) if found.ndim == rank]
    for name, factor in (("", np.ones(())), *factors.items()):
        for turn in turns:
            back = np.transpose(found, np.argsort(turn))
            if back.shape != expected.shape:
                continue
            for other, wanted, said in (
                (back * factor, expected, f"lacks the factor {name}"),
                (back, expected * factor, f"has the factor {name} too many"),
            ):
                number = _number(np, other, wanted, tolerance)
                if number is not None:
                    yield f"the result {_listed([_turned(turn, letters), *number, said if name else ''])}"


def _turned(turn: tuple[int, ...], letters: tuple[str, ...]) -> str:
    """What a permutation of axes is called; nothing for none."""
    if list(turn) == sorted(turn):
        return ""
    if len(turn) == 2:
        return "is transposed"
    return f"has its axes in the order {','.join(letters[axis] for axis in turn)}"


def _listed(parts: list[str]) -> str:
    parts = [part for part in parts if part]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _number(np: Any, found: Array, expected: Array, tolerance: float) -> list[str] | None:
    """The one number that ``found`` must be multiplied by, in words, none for 1; None if there is no such."""
    square = float(np.sum(found * found))
    near = Fraction(float(np.sum(found * expected)) / (square or 1.0)).limit_denominator(24)
    if not near or not close(float(near) * found, expected, tolerance):
        return None
    size, sign = abs(near), ["has the wrong sign"] if near < 0 else []
    if size == 1:
        return sign
    return [*sign, f"has a factor {1 / size} too many" if size < 1 else f"lacks a factor {size}"]


def largest(
    found: Array, expected: Array, letters: tuple[str, ...], starts: tuple[int, ...], tolerance: float
) -> str:
    """The component that differs most, both its values, and how many differ at all."""
    np = numpy()
    gap = np.abs(found - expected)
    at = np.unravel_index(int(np.argmax(np.where(np.isfinite(gap), gap, np.inf))), gap.shape)
    said = f"your function gives {float(found[at]):.6g}, the formula {float(expected[at]):.6g}"
    if not letters:
        return said
    where = component(dict(zip(letters, (int(a) + s for a, s in zip(at, starts, strict=True)), strict=True)))
    count = int(np.sum(wrong(found, expected, tolerance)))
    return f"{where}: {said}; {count} of {gap.size} components {'differs' if count == 1 else 'differ'}"
