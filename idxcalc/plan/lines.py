"""The lines of a plan: plain data that prints as the code it stands for.

A value is an array with one axis per label. A line makes one value out of others; its labels are
letters in order of appearance, so two lines that differ only in the names of indices are equal.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from string import ascii_letters
from typing import Any

from idxcalc.errors import IdxcalcError

MOST_LABELS = len(ascii_letters)


@dataclass(frozen=True, slots=True)
class Line:
    """``name = op(args)``. ``axes`` has the letters of each argument, and then those of the value.

    ``op`` is einsum, an elementwise operation, or one of: call, apply, inv, det, range, ones, index.
    ``detail`` is what the operation needs besides: a coefficient, a function's name, positions.
    """

    op: str
    args: tuple[str, ...]
    axes: tuple[str, ...] = ()
    detail: Any = None
    shown: str = ""

    @property
    def spec(self) -> str:
        """The labels in the way of einsum: ``ij,j->i``."""
        return f"{','.join(self.axes[:-1])}->{self.axes[-1]}"

    def __str__(self) -> str:
        if self.op == "index":
            return f"{self.args[0]}{self.shown}"
        if not self.args:
            return self.shown
        aligned = all(axes in ("", self.axes[-1]) for axes in self.axes[:-1])
        spec = [] if self.op != "einsum" and aligned else [f'"{self.spec}"'] if self.axes else []
        text = f"{self.shown or self.op}({', '.join([*spec, *self.args])})"
        return f"{self.detail} * {text}" if self.op == "einsum" and self.detail != 1 else text


def letters(groups: Sequence[Sequence[Hashable]]) -> tuple[str, ...]:
    """Labels as letters, named by first appearance.

    >>> letters([("x", "y"), ("y",), ("x",)])
    ('ij', 'j', 'i')
    """
    known: dict[Hashable, str] = {}
    alphabet = ascii_letters[8:26] + ascii_letters[:8] + ascii_letters[26:]
    for group in groups:
        for label in group:
            if label not in known:
                if len(known) == MOST_LABELS:
                    raise IdxcalcError(f"more than {MOST_LABELS} indices in one product")
                known[label] = alphabet[len(known)]
    return tuple("".join(known[label] for label in group) for group in groups)
