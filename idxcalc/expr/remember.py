"""Recursive functions of expressions that compute each value once and go as deep as they must.

A formula is rarely nested deep, but definitions build on each other without end, and Python gives up at
about a thousand nested calls. So the nesting stops at `DEEPEST`; what is asked for there is computed
first, from the outermost call, and then everything again, which meets the values it already has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")
DEEPEST = 30


class _Deeper(Exception):
    """Raised with an owner and a key that must be known to it first."""


class Remembered(Generic[K, V]):
    """``rule`` with its values remembered; it calls this object for the values of the parts.

    >>> total = Remembered(lambda n: n and n + total(n - 1))
    >>> total(100_000)
    5000050000
    """

    def __init__(self, rule: Callable[[K], V]) -> None:
        self.rule = rule
        self.known: dict[K, V] = {}
        self.nesting = 0

    def __call__(self, key: K) -> V:
        if key in self.known:
            return self.known[key]
        if self.nesting == DEEPEST:
            raise _Deeper(self, key)
        if self.nesting:
            return self._compute(key)
        waiting = [key]
        while waiting:
            try:
                self._compute(waiting[-1])
                waiting.pop()
            except _Deeper as deeper:
                owner, needed = deeper.args
                if owner is not self:
                    raise
                waiting.append(needed)
        return self.known[key]

    def _compute(self, key: K) -> V:
        self.nesting += 1
        try:
            value = self.known[key] = self.rule(key)
        finally:
            self.nesting -= 1
        return value
