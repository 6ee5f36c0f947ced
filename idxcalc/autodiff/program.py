"""A small program: what both sides of a relation compute, as data.

The program is written once from the expression (`emit`), run with JAX (`backend`) and printed as Python
(`snippet`), so that the snippet a reader runs is the computation the judge made. Its terms are names,
numbers, tuples, lists and applications of functions of `jax`, `jax.numpy` and `helpers`; sizes stay
symbols, so one program serves all sizes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from idxcalc.expr import Dim, Index


class Name(str):
    """A variable or a local function of the program."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Extent:
    """The number of values of a range; with ``last`` the last value itself."""

    dim: Dim
    last: bool = False

    def at(self, sizes: dict[str, int]) -> int:
        last = sizes[self.dim.last]
        return last if self.last else last - self.dim.start + 1


@dataclass(frozen=True, slots=True)
class Apply:
    """``function(*args)``; ``function`` is a dotted name, an operator sign, or a form of `backend.Tools`."""

    function: str
    args: tuple[Term, ...]


Term: TypeAlias = "Name | str | float | int | None | tuple[Term, ...] | list[Term] | Extent | Apply"


@dataclass(frozen=True, slots=True)
class Assign:
    """``target = value``; the target is a name or a nested tuple of names."""

    target: Term
    value: Term


@dataclass(slots=True)
class Program:
    """A function ``name(*params)``; its lines see the names of the program around it."""

    name: Name
    params: tuple[Name, ...] = ()
    lines: list[Assign | Program] = field(default_factory=list)
    result: Term = None


@dataclass(frozen=True, slots=True)
class Tensor:
    """An array with named axes. An index that it does not depend on has no axis."""

    term: Term
    axes: tuple[Index, ...] = ()

    @property
    def constant(self) -> bool:
        """Whether this is a plain number."""
        return isinstance(self.term, int | float)


def apply(function: str, *args: Term) -> Apply:
    """Short for `Apply`."""
    return Apply(function, args)


def align(tensor: Tensor, axes: tuple[Index, ...]) -> Term:
    """The array of ``tensor`` with its axes in the order of ``axes``, and length 1 for those it lacks."""
    have = [axis for axis in axes if axis in tensor.axes]
    order = tuple(tensor.axes.index(axis) for axis in have)
    term = tensor.term
    if order != tuple(range(len(order))):
        term = apply("jnp.transpose", term, order)
    new = tuple(n for n, axis in enumerate(axes) if axis not in tensor.axes)
    # Axes missing in front are added by broadcasting.
    if tensor.axes and any(n >= axes.index(have[0]) for n in new):
        term = apply("spaced", term, new, len(axes))
    return term


def union(*tensors: Tensor) -> tuple[Index, ...]:
    """All axes of the tensors, in order of first appearance; the longest tensor goes first."""
    ordered = sorted(tensors, key=lambda t: -len(t.axes))
    return tuple(dict.fromkeys(axis for tensor in ordered for axis in tensor.axes))


def take(term: Term, slots: tuple[Index | int, ...], dims: tuple[Dim, ...]) -> Tensor:
    """The components ``slots`` of an array with one axis per slot; repeated indices take the diagonal."""
    kept: list[Index | int] = list(slots)
    for axis in reversed(range(len(kept))):
        slot = kept[axis]
        if isinstance(slot, int):
            term = apply("pick", term, axis, slot - dims[axis].start)
            del kept[axis]
    axis = 0
    while axis < len(kept):
        if kept[axis] in kept[:axis]:
            term = apply("diagonal", term, kept.index(kept[axis]), axis)
            del kept[axis]
        else:
            axis += 1
    return Tensor(term, tuple(i for i in kept if isinstance(i, Index)))
