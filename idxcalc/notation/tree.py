"""The syntax tree: what stands where in a formula, before any name has a meaning."""

from __future__ import annotations

from fractions import Fraction
from typing import TypeAlias

from idxcalc.errors import Span
from idxcalc.notation.tokens import Group, Record, Subscript


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
    """Round, square or curly brackets around one or more sums; ``ignored`` for "ignored higher powers of"."""

    kind: str
    items: tuple[SumOf, ...]
    span: Span
    ignored: bool = False


class Test(Record):
    op: str
    left: SumOf
    right: SumOf
    span: Span


class Tests(Record):
    """Iverson's bracket."""

    tests: tuple[Test, ...]
    span: Span


class Bars(Record):
    body: SumOf
    span: Span


class Fraction_(Record):
    numerator: SumOf
    denominator: SumOf
    span: Span


class Root(Record):
    body: SumOf
    degree: SumOf | None
    span: Span


class Choice(Record):
    """By cases: (value, tests) pairs; the tests of the last are empty for "else"."""

    branches: tuple[Branch, ...]
    span: Span


class Argument(Record):
    """What stands in braces, perhaps nothing, or one character; the span has the braces."""

    body: SumOf | None
    span: Span


class Power(Record):
    """``sign`` is where the ``^`` stands."""

    exponent: SumOf
    span: Span
    sign: Span


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
    def bare(self) -> bool:
        """Whether it has neither subscript nor power."""
        return self.sub is None and self.power is None


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

    @property
    def items(self) -> tuple[Item | Sign, ...]:
        """What a sum of one product without a minus consists of."""
        return self.terms[0][1].items if len(self.terms) == 1 and self.terms[0][0] > 0 else ()

    @property
    def only(self) -> Item | None:
        """The one item that a sum consists of."""
        only = self.items[0] if len(self.items) == 1 else None
        return only if isinstance(only, Item) else None


class Side(Record):
    """A side of a relation: a formula, possibly with a condition or by cases; None is a ``?``."""

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


Atom: TypeAlias = (
    Name | Number | Word | Written | Bracket | Tests | Bars | Fraction_ | Root | Choice
)  # fmt: skip
Branch: TypeAlias = tuple[SumOf, tuple[Test, ...]]
