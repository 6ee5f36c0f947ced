"""The syntax tree: what stands where in a formula, before any name has a meaning.

Invariant: every record knows its place, ``span``, and a tree is compared by value.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias, dataclass_transform

from idxcalc.errors import IdxcalcError, Span


@dataclass_transform(frozen_default=True)
class Record:
    """What the lexer and the parser make: frozen, compared by value; ``span`` is its place in the source."""

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True)(cls)


class Tok(Record):
    """A token: its kind, its value, and where it stands."""

    kind: str
    value: object
    span: Span

    def __str__(self) -> str:  # what the parser takes for its text; never shown
        return self.kind


class IndexToken(Record):
    """An index letter or a fixed component in a subscript."""

    value: str | int
    span: Span


class Group(Record):
    """One index, or several in brackets."""

    indices: tuple[IndexToken, ...]
    bracketed: bool
    span: Span


class Subscript(Record):
    """``_{ij,(kl)m}``: ``before`` the comma and ``after`` it (None without comma), each a tuple of groups.

    A plain index is a group of one that is not ``bracketed``.
    """

    before: tuple[Group, ...]
    after: tuple[Group, ...] | None
    span: Span

    @property
    def tokens(self) -> tuple[IndexToken, ...]:
        """All indices, before and behind the comma."""
        return tuple(token for group in (*self.before, *(self.after or ())) for token in group.indices)


class Name(Record):
    text: str
    span: Span


class Number(Record):
    value: Fraction
    span: Span


class Word(Record):
    """A command that takes what follows: a known function, ``\\partial``, ``\\det``, ``\\dots``."""

    text: str
    span: Span


class Written(Record):
    """``\\sum_{i=1}^n``: the letters with their spans, the lower bound, the upper."""

    letters: tuple[tuple[str, Span], ...]
    lower: int | None
    upper: SumOf | None
    span: Span


class Bracket(Record):
    """What encloses one or more sums: brackets ``( [ {``, bars ``|``, a root ``√`` (of the first, the second
    being its degree), "ignored higher powers of" (``O``)."""

    kind: str
    items: tuple[SumOf, ...]
    span: Span


class Test(Record):
    op: str
    left: SumOf
    right: SumOf
    span: Span


class Tests(Record):
    """Iverson's bracket."""

    tests: tuple[Test, ...]
    span: Span


class Fraction_(Record):
    numerator: SumOf
    denominator: SumOf
    span: Span


class Choice(Record):
    """By cases: values with their tests; the last has none for "else"."""

    branches: tuple[Side, ...]
    span: Span


class Power(Record):
    exponent: SumOf
    span: Span


class Item(Record):
    """An atom with its scripts; labels have become part of the name, primes are counted."""

    atom: Atom
    sub: Subscript | None
    primes: int
    power: Power | None
    span: Span

    @property
    def name(self) -> str:
        """The text of a name, else nothing."""
        return self.atom.text if isinstance(self.atom, Name) else ""

    @property
    def primed(self) -> str:
        return self.name + "'" * self.primes

    @property
    def before(self) -> tuple[Group, ...]:
        """The indices of its own, not behind a comma."""
        return self.sub.before if self.sub is not None else ()

    @property
    def after(self) -> tuple[Group, ...] | None:
        return self.sub.after if self.sub is not None else None

    @property
    def place(self) -> Span:
        """Where its subscript stands, if it has one."""
        return self.sub.span if self.sub is not None else self.span

    @property
    def bare(self) -> bool:
        """Whether it has neither subscript nor power."""
        return self.sub is None and self.power is None

    @property
    def alone(self) -> bool:
        """Whether nothing at all hangs on it."""
        return self.bare and not self.primes


class Sign(Record):
    """A mark between the items of a product: ``*``, ``/`` or ``o`` (composition)."""

    kind: str
    span: Span


class Product(Record):
    items: tuple[Item | Sign, ...]
    span: Span


class SumOf(Record):
    """Signed products: the sign is 1 or -1."""

    terms: tuple[tuple[int, Product], ...]
    span: Span

    @staticmethod
    def of(item: Item) -> SumOf:
        """One item alone."""
        return SumOf(((1, Product((item,), item.span)),), item.span)

    @property
    def items(self) -> tuple[Item | Sign, ...]:
        """What a sum of one product without a minus consists of."""
        return self.terms[0][1].items if len(self.terms) == 1 and self.terms[0][0] > 0 else ()

    @property
    def only(self) -> Item | None:
        """The one item that a sum consists of."""
        only = self.items[0] if len(self.items) == 1 else None
        return only if isinstance(only, Item) else None

    @property
    def lone(self) -> bool:
        """Whether it is one name or number, without a power."""
        return (only := self.only) is not None and isinstance(only.atom, Name | Number) and not only.power


class Side(Record):
    """A side of a relation, or a case: a formula, possibly with a condition or by cases; None is a ``?``."""

    body: SumOf | Choice | None
    tests: tuple[Test, ...]
    span: Span


class Chain(Record):
    """``a = b = c``: the sides, the signs between them (``=`` or ``!=``), the letters of "(no sum)"."""

    sides: tuple[Side, ...]
    ops: tuple[str, ...]
    op_spans: tuple[Span, ...]
    no_sum: tuple[str, ...]
    span: Span


Atom: TypeAlias = Name | Number | Word | Written | Bracket | Tests | Fraction_ | Choice


def fail(message: str, source: str, start: int, stop: int | None = None) -> IdxcalcError:
    """An error about a stretch of the source."""
    return IdxcalcError(message, source, Span(start, start + 1 if stop is None else stop))
