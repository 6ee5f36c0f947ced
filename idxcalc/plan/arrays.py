"""Arrays whose axes are indices.

Operations on them are carried out, or written down, by ``make``: its ``np`` has NumPy's names, ``last`` the
sizes, ``let`` gives an array a name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from string import ascii_letters
from typing import Any

from idxcalc.errors import IdxcalcError
from idxcalc.expr import Dim, Index, Slot

Array = Any
Axes = tuple[Index, ...]
FOLDED = ("add", "multiply", "subtract", "logical_and")
LETTERS = ascii_letters[8:26] + ascii_letters[:8] + ascii_letters[26:]
SAMPLES = Index("?samples", Dim("?samples"))
"""The axis of a batch, always the first."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """An array with named axes. An index that it does not depend on has no axis."""

    array: Array
    axes: Axes = ()


class Arrays:
    """What can be done with arrays."""

    def __init__(self, make: Any) -> None:
        self.make = make

    def position(self, slot: Slot) -> Tensor:
        """The value of a slot."""
        if isinstance(slot, int):
            return Tensor(slot)
        return Tensor(self.make.np.arange(slot.dim.start, self.make.last(slot.dim) + 1), (slot,))

    def count(self, dim: Dim) -> Any:
        """The number of values of a range, which starts at 0 or 1."""
        return self.make.last(dim) if dim.start == 1 else self.make.last(dim) + 1

    def let(self, array: Array, axes: Axes, hint: str = "t") -> Tensor:
        """The array under a name of its own; what is a number stays one, of no precision."""
        return Tensor(float(array) if isinstance(array, float) else self.make.let(array, hint), axes)

    def join(self, name: str, *tensors: Tensor) -> Tensor:
        """A function of numbers, one by one."""
        if len(tensors) == 1 and name in FOLDED:
            return tensors[0]
        axes = union(*tensors)
        self.make.room(axes)
        function, arrays = getattr(self.make.np, name), [self.align(t, axes) for t in tensors]
        return self.let(reduce(function, arrays) if name in FOLDED else function(*arrays), axes)

    def choose(self, truth: Tensor, yes: Tensor = Tensor(1.0), no: Tensor = Tensor(0.0)) -> Tensor:
        return self.join("where", truth, yes, no)

    def align(self, tensor: Tensor, axes: Axes) -> Array:
        """The array with its axes in the order of ``axes``; those that it lacks have length 1."""
        array = tensor.array
        if tensor.axes == axes or not tensor.axes:
            return array
        order = tuple(tensor.axes.index(axis) for axis in axes if axis in tensor.axes)
        if order != tuple(range(len(order))):
            array = self.make.np.transpose(array, order)
        return array[tuple(slice(None) if axis in tensor.axes else None for axis in axes)]

    def full(self, tensor: Tensor, axes: Axes) -> Tensor:
        """The tensor with exactly these axes."""
        array = self.align(tensor, axes)
        if len(tensor.axes) < len(axes):
            array = self.make.np.broadcast_to(array, tuple(self.count(axis.dim) for axis in axes))
        return Tensor(array, axes)

    def at(self, tensor: Tensor, places: Mapping[Index, Slot]) -> Tensor:
        """The components at which some axes have a fixed place; others may become one index."""
        found, keys = [places.get(axis, axis) for axis in tensor.axes], []
        for slot, axis in zip(found, tensor.axes, strict=True):
            keys.append(slot - axis.dim.start if isinstance(slot, int) else slice(None))
            if isinstance(slot, int) and isinstance(last := self.make.last(axis.dim), int) and slot > last:
                raise IdxcalcError(f"there is no component {slot}: the slot runs to {last}")
        array = tensor.array if all(type(key) is slice for key in keys) else tensor.array[tuple(keys)]
        return Tensor(array, tuple(slot for slot in found if isinstance(slot, Index)))

    def pick(self, tensor: Tensor, places: Mapping[Index, Slot]) -> Tensor:
        """The components at which some axes have a fixed place, or are another index."""
        return self.diagonal(self.at(tensor, places))

    def diagonal(self, tensor: Tensor) -> Tensor:
        """The components at which axes of one index agree."""
        once = tuple(dict.fromkeys(tensor.axes))
        if once == tensor.axes:
            return tensor
        return Tensor(self.make.np.einsum(spelled(tensor.axes, once), tensor.array), once)


def without(tensor: Tensor, bound: Mapping[Index, int]) -> Tensor:
    """The tensor without the components that sums leave out."""
    keys = tuple(slice(bound.get(axis) or None, None) for axis in tensor.axes)
    return tensor if all(key.start is None for key in keys) else Tensor(tensor.array[keys], tensor.axes)


def union(*tensors: Tensor) -> Axes:
    """All axes of the tensors in order of appearance, the samples first, then those of the longest tensor."""
    longest = max((t.axes for t in tensors), key=len, default=())
    if all(t.axes == longest or not t.axes for t in tensors):
        return longest
    ordered = sorted((t.axes for t in tensors), key=len, reverse=True)
    found = dict.fromkeys(axis for axes in ordered for axis in axes)
    return (SAMPLES, *(a for a in found if a is not SAMPLES)) if SAMPLES in found else tuple(found)


def spelled(*groups: Axes) -> str:
    """Axes as letters, in order of appearance; the last group is the result's.

    >>> i, j = Index("x", Dim("n")), Index("y", Dim("m"))
    >>> spelled((i, j), (j,), (i,))
    'ij,j->i'
    """
    labels = dict.fromkeys(axis for group in groups for axis in group)
    if len(labels) > len(LETTERS):
        raise IdxcalcError(f"more than {len(LETTERS)} indices in one product")
    known = dict(zip(labels, LETTERS, strict=False))
    *words, out = ("".join(known[axis] for axis in group) for group in groups)
    return f"{','.join(words)}->{out}"
