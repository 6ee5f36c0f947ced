"""What the reader passes around while it counts: places, factors, terms."""

from __future__ import annotations

from dataclasses import dataclass

from idxcalc.errors import Span
from idxcalc.expr import Dim, Expr, Index, fresh


@dataclass(frozen=True, slots=True)
class Place:
    """One occurrence of a letter: the size of its slot, whose slot it is, where it stands."""

    dim: Dim
    owner: str
    span: Span


@dataclass(frozen=True, slots=True)
class Factor:
    """An expression with every occurrence of a letter that counts in the product around it.

    ``finished`` maps the letters of a power (or a quotient) to the word for it: repeating one of
    them outside is ambiguous.
    """

    expr: Expr
    places: tuple[tuple[str, Place], ...]
    span: Span
    finished: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """A finished expression and its free letters in order of appearance."""

    expr: Expr
    letters: dict[str, Place]
    span: Span


def slots_for(dims: tuple[Dim, ...]) -> tuple[Index, ...]:
    """Letters for the slots of a tensor that is named without them."""
    used: set[str] = set()
    return tuple(fresh(Index("i", dim), used) for dim in dims)
