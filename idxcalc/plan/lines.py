"""The lines of a plan: plain data that prints as the code it stands for.

A line makes one array out of others. Its text tells it apart: two lines with one text are one line. As the
labels of axes are letters in order of appearance, parts that differ only in the names of indices are one.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from string import ascii_letters
from typing import Any

from idxcalc.errors import IdxcalcError
from idxcalc.expr import Dim, Function, Index, Slot, Variable, python_name

MOST_LABELS = len(ascii_letters)
Axes = tuple[Index, ...]
Value = tuple[str, Axes]
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
        which = "_" + "".join(map(str, self.by)) if len(self.function.params) > 1 else ""
        return f"{name}_prime{order if order > 1 else ''}{which}" if order else name

    @property
    def scalar(self) -> bool:
        """Whether it is a function of reals, which is applied to whole arrays."""
        return not self.function.out and not any(self.function.params)

    @property
    def dims(self) -> tuple[Dim, ...]:
        """The sizes of the value's axes: those of the function, then of each argument it is derived by."""
        return (*self.function.out, *(dim for n in self.by for dim in self.function.params[n]))


@dataclass(frozen=True, slots=True)
class Line:
    """``name = op(args)``: einsum, an elementwise operation, or one of apply, inv, det, range, ones,
    last, index. ``spec`` has the letters of the axes, ``ij,j->i``. ``detail`` is what
    the operation needs besides: a coefficient, a function's name, positions."""

    name: str
    op: str
    args: tuple[str, ...]
    spec: str = ""
    detail: Any = None


@dataclass(slots=True)
class Plan:
    """The lines that compute an expression, by their texts; ``str`` shows them.

    Each method below that writes adds one operation and gives the array's name back.
    """

    lines: dict[str, Line] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    needs: dict[str, Need] = field(default_factory=dict)
    dims: dict[str, Dim] = field(default_factory=dict)
    literals: dict[str, int | float] = field(default_factory=dict)
    result: str = ""

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of the arguments, without the sizes that may be given besides."""
        return (*self.variables, *self.needs)

    @property
    def sizes(self) -> dict[str, Dim]:
        """The sizes that may be given."""
        named = {python_name(dim.last): dim for dim in self.dims.values() if dim.named and dim.number is None}
        return {name: dim for name, dim in named.items() if name not in self.arguments}

    def __str__(self) -> str:
        return "\n".join(
            [*(f"{line.name} = {text}" for text, line in self.lines.items()), f"return {self.result}"]
        )

    # writing ----------------------------------------------------------------------------
    def line(self, text: str, op: str, *args: str, spec: str = "", detail: Any = None) -> str:
        made = Line(f"t{len(self.lines) + 1}", op, args, spec, detail)
        return self.lines.setdefault(text, made).name

    def literal(self, value: Fraction | float, name: str = "") -> Value:
        self.literals[name or str(value)] = int(value) if value == int(value) else float(value)
        return name or str(value), ()

    def argument(self, name: str, what: Variable | Need) -> str:
        known = self.variables.get(name) or self.needs.get(name)
        if known not in (None, what):
            raise IdxcalcError(f"two things in the formula would both be the argument {name}")
        table: dict[str, Any] = self.variables if isinstance(what, Variable) else self.needs
        table[name] = what
        self.note(*what.dims)
        return name

    def note(self, *dims: Dim) -> None:
        self.dims.update((dim.last, dim) for dim in dims)

    def range(self, op: str, dim: Dim) -> str:
        """``range``: the values of an index; ``ones``: as many ones; ``last``: the size itself."""
        self.note(dim)
        return self.line(f"{op}({dim.start}..{dim.last})", op, detail=dim)

    def elementwise(self, op: str, *values: Value) -> Value:
        """An operation on arrays that are brought to the axes of all of them."""
        axes = tuple(dict.fromkeys(axis for _, own in values for axis in own))
        args, groups = tuple(array for array, _ in values), [own for _, own in values]
        spec = spelled(groups, axes, first=axes)
        shown = [] if all(own in ((), axes) for own in groups) else [f'"{spec}"']
        return self.line(f"{op}({', '.join([*shown, *args])})", op, *args, spec=spec), axes

    def einsum(self, operands: Sequence[Value], out: Axes, coefficient: Fraction = Fraction(1)) -> str:
        """The product of arrays, summed over the axes that are not in ``out``."""
        args, spec = [name for name, _ in operands], spelled([own for _, own in operands], out)
        text = f'einsum("{spec}", {", ".join(args)})'
        text = text if coefficient == 1 else f"{coefficient} * {text}"
        return self.line(text, "einsum", *args, spec=spec, detail=coefficient)

    def spread(self, value: Value, wanted: Axes) -> str:
        """The array with exactly the axes ``wanted``."""
        missing = [(self.range("ones", index.dim), (index,)) for index in wanted if index not in value[1]]
        return value[0] if value[1] == wanted else self.einsum([value, *missing], wanted)

    def at(self, name: str, where: Sequence[int | slice]) -> str:
        """An array at some positions along its axes."""
        if all(position == slice(None) for position in where):
            return name
        shown = (f"{'' if p.start is None else p.start}:" if isinstance(p, slice) else str(p) for p in where)
        return self.line(f"{name}[{', '.join(shown)}]", "index", name, detail=tuple(where))

    def pick(self, name: str, slots: tuple[Slot, ...], dims: Sequence[Dim]) -> Value:
        """An array at ``slots``: fixed components are taken out; an index may stand twice."""
        for slot, dim in zip(slots, dims, strict=True):
            if isinstance(slot, int) and slot < dim.start:
                raise IdxcalcError(f"component {slot} of a slot that counts from {dim.start}")
        where = [s - d.start if isinstance(s, int) else slice(None) for s, d in zip(slots, dims, strict=True)]
        return self.at(name, where), tuple(slot for slot in slots if isinstance(slot, Index))

    def position(self, slot: Slot) -> Value:
        """The value of an index."""
        return self.literal(slot) if isinstance(slot, int) else (self.range("range", slot.dim), (slot,))


def spelled(
    groups: Sequence[Sequence[Hashable]], out: Sequence[Hashable], first: Sequence[Hashable] = ()
) -> str:
    """Labels of axes as letters, in order of appearance, those of ``first`` before.

    >>> spelled([("x", "y"), ("y",)], ("x",))
    'ij,j->i'
    """
    labels = dict.fromkeys(label for group in (first, *groups) for label in group)
    if len(labels) > MOST_LABELS:
        raise IdxcalcError(f"more than {MOST_LABELS} indices in one product")
    known = dict(zip(labels, ascii_letters[8:26] + ascii_letters[:8] + ascii_letters[26:], strict=False))
    words = ["".join(known[label] for label in group) for group in (*groups, out)]
    return f"{','.join(words[:-1])}->{words[-1]}"
