"""Determinants and inverses of square tensors."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from idxcalc.errors import Span
from idxcalc.expr import Definition, Det, Inverse, Lambda, Variable
from idxcalc.notation.arguments import rank_of, tensor_word, whole, whole_item
from idxcalc.notation.parts import Factor, Place, Term
from idxcalc.notation.tokens import Group
from idxcalc.notation.tree import Bracket, Item, Name, Number, Sign

if TYPE_CHECKING:
    from idxcalc.notation.reader import Reader

Items = tuple[Item | Sign, ...]


def determinant(reader: Reader, item: Item, items: Items, at: int) -> tuple[Factor, int]:
    following = items[at + 1] if at + 1 < len(items) else None
    if not isinstance(following, Item):
        raise reader.fail(r"\det has nothing to act on", item.span)
    if isinstance(following.atom, Bracket) and len(following.atom.items) == 1:
        matrix, term = whole(reader, following.atom.items[0], 2, r"\det")
    else:
        bare = Item(following.atom, following.sub, following.primes, None, following.span)
        matrix, term = whole_item(reader, bare, 2, r"\det")
    _square(reader, matrix, following.span)
    factor = reader.powered(reader.once(Det(matrix), [term], item.span | following.span), following)
    return reader.powered(factor, item), at + 2


def _square(reader: Reader, matrix: Lambda, span: Span) -> None:
    row, column = matrix.indices
    place = Place(row.dim, "the rows", span), Place(column.dim, "the columns", span)
    reader.tie("a square matrix", *place)


def is_inverse(item: Item) -> bool:
    """``X^{-1}_{ij}``, the power standing before the slots."""
    return (
        item.sub is not None
        and item.power is not None
        and item.power.span.start < item.sub.span.start
        and minus_one(item)
    )


def minus_one(item: Item) -> bool:
    if item.power is None or len(item.power.exponent.terms) != 1:
        return False
    sign, product = item.power.exponent.terms[0]
    only = product.items[0]
    return (
        sign < 0
        and len(product.items) == 1
        and isinstance(only, Item)
        and isinstance(only.atom, Number)
        and only.atom.value == Fraction(1)
    )


def inverse(reader: Reader, symbol: Variable | Definition, item: Item) -> Factor:
    """A component of the inverse of a square tensor; ``item`` carries the slots."""
    assert item.sub is not None
    if rank_of(symbol) != 2:
        raise reader.fail(
            f"only a matrix has an inverse; {symbol.name} is {tensor_word(rank_of(symbol))}", item.span
        )
    bare = Item(Name(symbol.name, item.span), None, 0, None, item.span)
    matrix, term = whole_item(reader, bare, 2, "the inverse")
    return inverse_of(reader, matrix, term, item.sub.before, item.span)


def inverse_of(reader: Reader, matrix: Lambda, inner: Term, groups: tuple[Group, ...], span: Span) -> Factor:
    """A component of the inverse of ``matrix``; ``inner`` has the letters that stay free in it."""
    _square(reader, matrix, span)
    dims = (matrix.indices[0].dim, matrix.indices[1].dim)
    (row, column), places = reader.slots(groups, dims, "the inverse", span)
    return Factor(Inverse(matrix, row, column), (*places, *inner.letters.items()), span)


def bracket_inverse(reader: Reader, bracket: Bracket) -> tuple[Lambda, Term] | None:
    """The matrix in ``(X^{-1})``, if the bracket holds just that."""
    product = (
        bracket.items[0].terms[0][1].items
        if len(bracket.items) == 1 and len(bracket.items[0].terms) == 1
        else ()
    )
    only = product[0] if len(product) == 1 else None
    if not isinstance(only, Item) or not minus_one(only) or only.sub is not None:
        return None
    if isinstance(only.atom, Name):
        return whole_item(reader, Item(only.atom, None, 0, None, only.span), 2, "the inverse")
    if isinstance(only.atom, Bracket) and len(only.atom.items) == 1:
        return whole(reader, only.atom.items[0], 2, "the inverse")
    return None
