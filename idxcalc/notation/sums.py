"""Written sums: their letters are fixed in their scope, the product that follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idxcalc.expr import Index, Num, Size, Sum
from idxcalc.notation.parts import Factor, Place
from idxcalc.notation.tree import Item, Sign, Written

if TYPE_CHECKING:
    from idxcalc.notation.reader import Reader


def written(reader: Reader, atom: Written, items: tuple[Item | Sign, ...], at: int) -> tuple[Factor, int]:
    """``\\sum_{i=1}^n`` and its scope, the product that follows."""
    for name, span in atom.letters:
        if name in reader.fixed and reader.fixed[name].owner == r"\sum":
            raise reader.fail(f"{name} is already summed here", span)
        reader.letters_used.setdefault(name, span)
    sizes = reader.scope.sizes
    last = None
    if atom.upper is not None:
        match reader.sum(atom.upper).expr:
            case Size(dim):
                last = sizes.last[sizes.find(dim)]
            case Num(value) if value.denominator == 1 and value > 0:
                last = str(value)
            case _:
                raise reader.fail("the upper bound of a sum is a declared size or a number", atom.upper.span)
    start = 0 if atom.lower == 0 else None
    places = {name: Place(sizes.fresh(last, start), r"\sum", span) for name, span in atom.letters}
    rest = items[at + 1 :]
    while rest and isinstance(rest[0], Sign):
        raise reader.fail("an operator where a term was expected", rest[0].span)
    if not rest:
        raise reader.fail("a sum of nothing: the product that follows is its scope", atom.span)
    with reader.fixing(places):
        inner = reader.closed(reader.factors(rest), rest[0].span | rest[-1].span)
    expr = inner.expr
    for name, place in reversed(places.items()):
        if name not in inner.letters and last is None:
            raise reader.fail(f"nothing ties the size of {name}: it does not stand in the sum", place.span)
        expr = Sum(Index(name, place.dim), expr, atom.lower)
    left = {name: place for name, place in inner.letters.items() if name not in places}
    return Factor(expr, tuple(left.items()), atom.span | inner.span), len(items)
