"""Carries the rules of `values` out on arrays of NumPy, at given sizes, for a batch of samples."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from idxcalc.autodiff import helpers
from idxcalc.autodiff.backend import Moving, drawn, module, tools
from idxcalc.autodiff.samples import BLOCK, NEXT, compare
from idxcalc.autodiff.sizes import Sizes
from idxcalc.autodiff.symbols import WAVES
from idxcalc.autodiff.values import Parts, Shift, sides
from idxcalc.expr import Dim, Index, Relation
from idxcalc.plan.arrays import SAMPLES, Array, Tensor


class TooLarge(Exception):
    """An array would have more values than allowed."""


class Numbers:
    """What a relation gives at given sizes, for the samples of one batch.

    ``lefts`` and ``rights`` have an array for each order, ``errors`` how they compare, ``known`` the values.
    """

    np = module
    batch = (SAMPLES,)

    def __init__(self, relation: Relation, seed: int, mode: str, sizes: Sizes, limit: int) -> None:
        self.sizes = {**WAVES, **sizes, SAMPLES.dim.last: BLOCK[0]}
        self.seed, self.mode, self.limit = seed, mode, limit
        self.drawn, self.depth = 0, 0
        self.known: dict[Any, Tensor] = {}
        with tools().np.errstate(all="ignore"):
            self.lefts, self.rights, *others = sides(self, relation)
            self.errors = compare(tools().np, self.lefts, self.rights, *others)

    def last(self, dim: Dim) -> int:
        return self.sizes[dim.last] if dim.number is None else dim.number

    def room(self, axes: tuple[Index, ...]) -> None:
        if math.prod(self.last(axis.dim) + 1 - axis.dim.start for axis in axes) > self.limit * BLOCK[0]:
            raise TooLarge

    def draw(self, *counts: int) -> Array:
        number = math.prod(counts)
        if number > self.limit:
            raise TooLarge
        start, width, self.drawn = self.drawn, BLOCK[1], self.drawn + number
        blocks = [drawn(self.seed + NEXT * n, self.mode) for n in range(start // width, self.blocks)]
        row = tools().np.concatenate(blocks, 1) if len(blocks) > 1 else blocks[0]
        return row[:, start % width :][:, :number].reshape(BLOCK[0], *counts)

    @property
    def blocks(self) -> int:
        """How many blocks of values were drawn."""
        return max(1, -(-self.drawn // BLOCK[1]))

    def once(self, key: Any, found: Callable[[], Tensor]) -> Tensor:
        if key not in self.known:
            self.known[key] = found()
        return self.known[key]

    def let(self, array: Array, hint: str) -> Array:
        return array

    def matrix(self, name: str, array: Array) -> Array:
        if math.prod(array.shape) * array.shape[-1] > self.limit * BLOCK[0]:  # what a product of two takes
            raise TooLarge
        return getattr(helpers, name)(module, array)

    def change(self, run: Callable[[Shift], Parts]) -> Parts:
        self.depth = tag = self.depth + 1
        value, terms, margins = run(partial(Moving, tag))
        self.depth -= 1

        def parts(tensor: Tensor) -> tuple[Tensor, Tensor]:
            array, axes = tensor.array, tensor.axes
            if type(array) is not Moving or array.tag != tag:
                return tensor, Tensor(0.0)
            return Tensor(array.value, axes), Tensor(module.broadcast_to(array.change, array.shape), axes)

        moved = [change for _, change in map(parts, terms) if change.axes]
        apart = [Tensor(helpers.untied(module, a.array, b.array), a.axes) for a, b in map(parts, margins)]
        return parts(value)[1], moved, apart
