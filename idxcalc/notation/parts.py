"""What the reader passes around while it counts: places, factors, the items that come next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from idxcalc.errors import Span
from idxcalc.expr import (
    Component, Definition, Dim, Expr, Function, Index, Part, Ref, Slot, Variable, fresh, hidden, symbols,
)  # fmt: skip
from idxcalc.notation.tree import Bracket, Item, Sign, SumOf

Target: TypeAlias = Variable | Definition


@dataclass(frozen=True, slots=True)
class Place:
    """One occurrence of a letter: the size of its slot, whose slot it is, where it stands; ``mark`` is the
    word for a power, a root or a denominator that it stands in: repeating it outside is ambiguous."""

    dim: Dim
    owner: str
    span: Span
    mark: str = ""


Places: TypeAlias = tuple[tuple[str, Place], ...]


@dataclass(frozen=True, slots=True)
class Factor:
    """An expression with every occurrence of a letter that counts in the product around it.

    Of a *finished* expression (a sum, an argument, a power) each free letter counts once.
    """

    expr: Expr
    places: Places
    span: Span

    @property
    def letters(self) -> dict[str, Place]:
        """The letters of a finished expression, in order of appearance."""
        return dict(self.places)


def encloses(item: Item | Sign | None) -> bool:
    """Whether it is a bracket, of those that change nothing: no bars, no root, no braces."""
    return isinstance(item, Item) and isinstance(item.atom, Bracket) and item.atom.kind in "(["


def printed(items: Iterable[Item | Sign]) -> Iterator[Item | Sign]:
    """The items of a product without the braces, which nobody sees: ``\\sigma{(z)}``, ``{x_i}^2``."""
    for item in items:
        match item:
            case Item(Bracket("{", (inside,))) if item.alone and inside.items:
                yield from printed(inside.items)
            case Item(Bracket("{", (SumOf(only=Item() as only),)), sub, primes, power) if not (
                (only.sub and sub) or (only.power and (power or primes))
            ):
                sub, power, primes = only.sub or sub, only.power or power, only.primes + primes
                yield from printed((replace(only, sub=sub, power=power, primes=primes, span=item.span),))
            case _:
                yield item


def sole(tree: SumOf) -> Item | None:
    """The one item that a sum consists of, in braces or not."""
    items = tuple(printed(tree.items))
    return items[0] if len(items) == 1 and isinstance(items[0], Item) else None


class Row:
    """The items of a product, from the one that comes next."""

    def __init__(self, items: Iterable[Item | Sign]) -> None:
        self.items, self.at = tuple(printed(items)), 0

    def peek(self, ahead: int = 0) -> Item | Sign | None:
        """The item that comes next; with -1 the one before it."""
        at = self.at + ahead
        return self.items[at] if 0 <= at < len(self.items) else None

    def next(self) -> Item | Sign | None:
        self.at += 1
        return self.peek(-1)

    def bracket(self) -> Item | None:
        """The bracket that comes next, as the argument of a function; the row goes on behind it."""
        item = self.next() if encloses(self.peek()) else None
        return item if isinstance(item, Item) else None


def dims_of(target: Target) -> tuple[Dim, ...]:
    """The sizes of the slots of a variable or a defined name."""
    return target.dims if isinstance(target, Variable) else tuple(i.dim for i in target.indices)


def component(target: Target, slots: tuple[Slot, ...]) -> Expr:
    return Component(target, slots) if isinstance(target, Variable) else Ref(target, slots)


def names_in(part: Part) -> set[Target]:
    """Every variable and defined name that a value depends on, through definitions and bodies."""
    return {name for name in symbols(part) if not isinstance(name, Function) and not hidden(name.name)}


def variables(part: Part) -> set[Variable]:
    """Every variable that a value depends on."""
    return {name for name in names_in(part) if isinstance(name, Variable)}


def slots_for(dims: tuple[Dim, ...]) -> tuple[Index, ...]:
    """Letters for the slots of a tensor that is named without them."""
    used: set[str] = set()
    return tuple(fresh(Index("i", dim), used) for dim in dims)
