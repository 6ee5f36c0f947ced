"""What is being written: the lines of one function of a program, and how arrays are put together there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Self

from idxcalc.autodiff.program import (
    Apply, Assign, Extent, Name, Program, Tensor, Term, align, apply, take, union,
)  # fmt: skip
from idxcalc.errors import IdxcalcError
from idxcalc.expr import Definition, Dim, Expr, Function, Index, Slot, Variable

if TYPE_CHECKING:
    from idxcalc.autodiff.emit import Root

Symbol = Variable | Definition


@dataclass(frozen=True, slots=True)
class Written:
    """A local function: its name, and whether it returns terms and margins besides its value."""

    name: Name
    terms: bool
    margins: bool


class Scope:
    """The body of one function of the program, while it is written.

    ``inputs`` tells the name under which a variable, or a definition held independent, is known here;
    ``local`` the same for the placeholders of a function's body, which definitions do not see.
    ``load`` has the ranges that every array here is repeated over by the derivatives around it.
    """

    def __init__(
        self, root: Root, program: Program, parent: Scope | None = None, load: tuple[Dim, ...] = ()
    ) -> None:
        self.root = root
        self.program = program
        self.inputs: dict[Symbol, Name] = dict(parent.inputs) if parent else {}
        self.local: dict[Variable, Name] = dict(parent.local) if parent else {}
        self.load: tuple[Dim, ...] = (*parent.load, *load) if parent else load
        self.done: dict[Expr, Tensor] = {}
        self.opened: dict[Definition, Tensor] = {}
        self.bodies: dict[Function, Written] = {}
        self.terms: list[Term] = []
        self.margins: list[Term] = []

    def lookup(self, variable: Variable) -> Name:
        """The name of a variable's array."""
        return self.local.get(variable) or self.inputs.get(variable) or self.root.variable(variable)

    def let(self, tensor: Tensor, hint: str = "t") -> Tensor:
        """``tensor`` under a name of its own."""
        name = self.root.unique(hint)
        self.program.lines.append(Assign(name, tensor.term))
        self.root.shapes.add((*(i.dim for i in tensor.axes), *self.load))
        return Tensor(name, tensor.axes)

    def track(self, *tensors: Tensor) -> None:
        """Counts the tensors among the terms."""
        self.terms += [t.term if not t.constant else apply("jnp.asarray", t.term) for t in tensors]

    def join(self, function: str, tensors: list[Tensor]) -> Tensor:
        axes = union(*tensors)
        if len(tensors) == 1 and function in "+*":
            return tensors[0]
        if all(t.constant for t in tensors) and function in "+*":
            numbers = [t.term for t in tensors if isinstance(t.term, float)]
            return Tensor(math.fsum(numbers) if function == "+" else math.prod(numbers))
        return self.let(Tensor(Apply(function, tuple(align(t, axes) for t in tensors)), axes))

    def difference(self, left: Tensor, right: Tensor) -> Tensor:
        axes = union(left, right)
        return Tensor(apply("-", align(left, axes), align(right, axes)), axes)

    def reslot(self, tensor: Tensor, indices: tuple[Index, ...], slots: tuple[Slot, ...]) -> Tensor:
        """``tensor`` with ``slots`` for its axes ``indices``; its other axes stay."""
        put = dict(zip(indices, slots, strict=True))
        return take(tensor.term, tuple(put.get(a, a) for a in tensor.axes), tuple(a.dim for a in tensor.axes))

    def full(self, value: Tensor, axes: tuple[Index, ...]) -> Tensor:
        if value.axes == axes and not value.constant:
            return value
        if set(value.axes) == set(axes) and axes:
            return Tensor(align(value, axes), axes)
        shape = tuple(Extent(a.dim) for a in axes)
        return Tensor(apply("jnp.broadcast_to", align(value, axes), shape), axes)

    def child(self, hint: str, load: tuple[Dim, ...]) -> Self:
        """The scope of a local function, whose arrays are repeated over ``load``."""
        return type(self)(self.root, Program(self.root.unique(hint)), self, load)

    def finish(self, value: Term) -> None:
        """States what the function returns."""
        result: Term = apply("jnp.asarray", value) if isinstance(value, int | float) else value
        if self.terms:
            result = (result, list(self.terms))
        if self.margins:
            result = (result, list(self.margins))
        self.program.result = result

    def close(self, inner: Scope) -> Written:
        """Puts a finished local function here."""
        self.program.lines.append(inner.program)
        return Written(inner.program.name, bool(inner.terms), bool(inner.margins))

    def unpack(self, result: Term, written: Written | None) -> Term:
        """Names for what a local function returns: its value; its terms and margins join the ones here."""
        value = self.root.unique("t")
        if written is None or not (written.terms or written.margins):
            self.program.lines.append(Assign(value, result))
            return value
        target: Term = value
        if written.terms:
            terms = self.root.unique("terms")
            self.terms.append(terms)
            target = (value, terms)
        if written.margins:
            margins = self.root.unique("margins")
            self.margins.append(margins)
            target = (target, margins)
        self.program.lines.append(Assign(target, result))
        return value


def within(variable: Variable, name: Name) -> list[Assign | Program]:
    """The projection of an array onto the tensors of the variable's symmetry."""
    traits = sorted(variable.traits & {"symmetric", "antisymmetric"})
    return [Assign(name, symmetry(trait, name, len(variable.dims))) for trait in traits]


def symmetry(trait: str, value: Term, rank: int) -> Term:
    """The part of ``value`` that has the symmetry."""
    orders = list(permutations(range(rank)))
    signs = [(-1) ** sum(a > b for n, b in enumerate(order) for a in order[:n]) for order in orders]
    helper = {"symmetric": "symmetrised", "antisymmetric": "antisymmetrised"}[trait]
    return apply(helper, value, tuple(zip(signs, orders, strict=True)))


def real(number: object) -> float:
    """A number as float64."""
    try:
        return float(number)  # type: ignore[arg-type]
    except OverflowError:
        raise IdxcalcError("a number is too large to be tested in float64") from None
