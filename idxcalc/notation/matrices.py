"""Determinants and inverses of square tensors."""

from __future__ import annotations

from dataclasses import replace

from idxcalc.errors import Span
from idxcalc.expr import Det, Inverse, Lambda
from idxcalc.notation import calls, reader as reading
from idxcalc.notation.parts import Factor, Place, Row, Target, dims_of, encloses, sole
from idxcalc.notation.tree import Bracket, Group, Item, Name, Number, Power, Product, SumOf


def determinant(reader: reading.Reader, item: Item, row: Row) -> Factor:
    following = reader.next_item(row, item.span, r"\det")
    matrix, term = _matrix(reader, following, r"\det", following.span)
    calls.one_factor(reader, item, following, row)
    factor = reader.once(Det(matrix), [term], item.span | following.span)
    return reader.powered(reader.powered(factor, following), item)


def _matrix(reader: reading.Reader, item: Item, owner: str, span: Span) -> tuple[Lambda, Factor]:
    """The square matrix that an item is, by its name or in brackets, and what stays free in it."""
    if isinstance(item.atom, Bracket) and encloses(item) and len(item.atom.items) == 1:
        reader.unprimed(item)
        reader.refuse(item.sub, "a subscript belongs to a name", item.place)
        tree = item.atom.items[0]
    else:
        tree = SumOf.of(replace(item, power=None))
    matrix, term = calls.whole(reader, tree, 2, owner)
    rows, columns = (index.dim for index in matrix.indices)
    reader.tie("a square matrix", Place(rows, "the rows", span), Place(columns, "the columns", span))
    return matrix, term


def powered_first(item: Item) -> bool:
    """``X^2_{ij}``, the power standing before the slots."""
    return bool(item.sub and item.power and item.power.span.start < item.sub.span.start)


def unclear(reader: reading.Reader, item: Item, name: str, rank: int) -> None:
    """Refuse ``X^2_{ij}`` of a matrix, and ``f^2_{,i}``."""
    ways = r"write f_{,i}^2 or (f^2)_{,i}"
    message = f"a power of the derivative, or the derivative of a power? {ways}"
    reader.refuse(powered_first(item) and item.after is not None, message, item.span)
    ways = f"write `{name}_{{ij}}^2` or `{name}_{{ik}}{name}_{{kj}}`"
    message = f"a power of the component, or of the matrix? {ways}"
    reader.refuse(rank == 2 and powered_first(item), message, item.span)


def is_inverse(item: Item) -> bool:
    """``X^{-1}_{ij}``."""
    return powered_first(item) and minus_one(item)


def minus_one(item: Item) -> bool:
    match item.power:
        case Power(SumOf(((-1, Product((Item(Number(value)) as one,))),))):
            return value == 1 and one.alone
    return False


def inverse(reader: reading.Reader, symbol: Target, item: Item) -> Factor:
    """A component of the inverse of a square tensor; ``item`` carries the slots."""
    rank = len(dims_of(symbol))
    message = f"only a matrix has an inverse; {symbol.name} is {calls.tensor_word(rank)}"
    reader.refuse(rank != 2, message, item.span)
    bare = Item(Name(symbol.name, item.span), None, 0, None, item.span)
    return inverse_of(reader, bare, item.before, item.span)


def inverse_of(reader: reading.Reader, item: Item, groups: tuple[Group, ...], span: Span) -> Factor:
    """A component of the inverse of the matrix that ``item`` is."""
    matrix, inner = _matrix(reader, item, "the inverse", span)
    dims = (matrix.indices[0].dim, matrix.indices[1].dim)
    (row, column), places = reader.slots(groups, dims, "the inverse", span)
    return Factor(Inverse(matrix, row, column), (*places, *inner.places), span)


def inverted(bracket: Item) -> Item | None:
    """The ``X`` of ``(X^{-1})``, if the bracket holds just that."""
    match bracket.atom:
        case Bracket(_, (SumOf() as body,)) if encloses(bracket) and (only := sole(body)) and minus_one(only):
            return only if only.sub is None and (only.name or encloses(only)) else None
    return None
