"""Writing the lines of a plan: each method adds one operation and gives the array's name back.

Invariant: two equal lines have one name.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from idxcalc.errors import IdxcalcError
from idxcalc.expr import Dim, Function, Index, Slot, Variable, python_name
from idxcalc.plan.lines import Line, letters

Value = tuple[str, tuple[Index, ...]]
"""The name of an array and the index of each of its axes."""


@dataclass(frozen=True, slots=True)
class Need:
    """An unknown function, or its derivative by its arguments ``by``, as a keyword argument."""

    function: Function
    by: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """``sigma``, ``sigma_prime``, ``sigma_prime2``; with several arguments ``f_prime2_01``."""
        name, order = python_name(self.function.name), len(self.by)
        if not order:
            return name
        several = len(self.function.params) > 1
        which = "_" + "".join(map(str, self.by)) if several else ""
        return f"{name}_prime{order if order > 1 else ''}{which}"


@dataclass(slots=True)
class Plan:
    """The lines that compute an expression; ``str`` shows them."""

    order: tuple[Index, ...]
    lines: dict[Line, str] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    needs: dict[str, Need] = field(default_factory=dict)
    dims: dict[str, Dim] = field(default_factory=dict)
    literals: dict[str, int | float] = field(default_factory=dict)
    result: str = ""

    def __str__(self) -> str:
        return "\n".join(
            [*(f"{name} = {line}" for line, name in self.lines.items()), f"return {self.result}"]
        )


class Emitter:
    """Writes into a plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def line(self, line: Line) -> str:
        return self.plan.lines.setdefault(line, f"t{len(self.plan.lines) + 1}")

    def literal(self, value: Fraction | float) -> str:
        number = value if isinstance(value, float) else int(value) if value == int(value) else float(value)
        name = str(value)
        self.plan.literals[name] = number
        return name

    def argument(self, name: str, what: Variable | Need) -> str:
        known = self.plan.variables.get(name) or self.plan.needs.get(name)
        if known not in (None, what):
            raise IdxcalcError(f"two things in the formula would both be the argument {name}")
        table: dict[str, Any] = self.plan.variables if isinstance(what, Variable) else self.plan.needs
        table[name] = what
        self.note(what.dims if isinstance(what, Variable) else what.function.out)
        return name

    def note(self, dims: Iterable[Dim]) -> None:
        self.plan.dims.update((dim.last, dim) for dim in dims if dim.number is None)

    def range(self, op: str, dim: Dim) -> str:
        """``range``: the values of an index; ``ones``: as many ones; ``last``: the size itself."""
        self.note((dim,))
        return self.line(Line(op, (), (), dim, f"{op}({dim.start}..{dim.last})"))

    def elementwise(self, op: str, *values: Value, detail: Hashable = None, shown: str = "") -> Value:
        axes = tuple(dict.fromkeys(axis for _, own in values for axis in own))
        named = letters([axes, *(own for _, own in values)])
        line = Line(op, tuple(name for name, _ in values), (*named[1:], named[0]), detail, shown)
        return self.line(line), axes

    def spread(self, value: Value, wanted: tuple[Index, ...]) -> str:
        """The array with exactly the axes ``wanted``."""
        name, axes = value
        if axes == wanted and name not in self.plan.literals:
            return name
        missing = [index for index in wanted if index not in axes]
        return self.einsum(
            Fraction(1), [value, *((self.range("ones", m.dim), (m,)) for m in missing)], wanted
        )

    def einsum(self, coefficient: Fraction, operands: list[Value], out: tuple[Index, ...]) -> str:
        named = letters([*(own for _, own in operands), out])
        return self.line(Line("einsum", tuple(name for name, _ in operands), named, coefficient))

    def pick(self, name: str, slots: tuple[Slot, ...], dims: tuple[Dim, ...]) -> Value:
        """An array at ``slots``: fixed components are taken out; an index may stand twice."""
        if any(isinstance(slot, int) for slot in slots):
            where: list[int | None] = []
            for slot, dim in zip(slots, dims, strict=True):
                if isinstance(slot, int) and slot < dim.start:
                    raise IdxcalcError(f"component {slot} of a slot that counts from {dim.start}")
                where.append(slot - dim.start if isinstance(slot, int) else None)
            shown = f"[{', '.join(':' if w is None else str(w) for w in where)}]"
            name = self.line(Line("index", (name,), (), tuple(where), shown))
        return name, tuple(slot for slot in slots if isinstance(slot, Index))

    def position(self, slot: Slot) -> Value:
        """The value of an index."""
        if isinstance(slot, int):
            return self.literal(Fraction(slot)), ()
        return self.range("range", slot.dim), (slot,)

    def cut(self, value: Value, cut: dict[Index, int]) -> Value:
        """The array without the first components along the axes of ``cut``."""
        name, axes = value
        if not any(axis in cut for axis in axes):
            return value
        where = tuple(("from", cut[axis]) if axis in cut else None for axis in axes)
        shown = f"[{', '.join(':' if w is None else f'{w[1]}:' for w in where)}]"
        return self.line(Line("index", (name,), (), where, shown)), axes
