"""Pieces of LaTeX with the index letters that the reader would count in them, and how they make products.

The rule of the convention stands in `product`: a bound letter needs no written sum exactly if it stands twice
in the factors of its product, in no power and no denominator, and need not be fixed for another reason.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from idxcalc.expr import Index, Slot, Sum

# May carry a power; is a factor; takes everything behind it; needs brackets as a factor; as a term, too.
ATOM, FACTOR, OPEN, PRODUCT, SUM = range(5)
NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Product:
    """Factors, divisors and a number; ``bound`` are the letters that the convention sums."""

    number: Fraction
    above: tuple[Piece, ...]
    below: tuple[Piece, ...]
    bound: frozenset[str]


@dataclass(frozen=True, slots=True)
class Piece:
    """``places``: letters, perhaps repeated, as the product around counts them; ``demands``: free letters
    that must be fixed; ``finished``: a power, a product with one; ``bare``: ends with a function, a bracket
    behind it would be its argument; ``product``: what it consists of, if it is a product without written
    sums; ``size``: the size of an index."""

    text: str
    places: tuple[str, ...] = ()
    demands: frozenset[str] = NONE
    level: int = ATOM
    negative: bool = False
    finished: bool = False
    bare: bool = False
    product: Product | None = None
    size: bool = False

    @property
    def signed(self) -> str:
        return "-" + self.text if self.negative else self.text

    def closed(self) -> Piece:
        """The piece as a product by itself: what stands twice in it must be fixed, or it would be summed."""
        again = {name for name in self.places if self.places.count(name) > 1}
        return replace(self, places=once(self.places), demands=self.demands | again) if again else self

    def inside(self, text: str, level: int = ATOM) -> Piece:
        """This piece as the only content of something: each letter counts once."""
        return Piece(text, once(self.places), self.demands, level)


def once(letters: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(letters))


def together(pieces: Iterable[Piece], text: str, level: int = ATOM) -> Piece:
    """Several pieces in one: each letter counts once, all demands stay."""
    pieces = list(pieces)
    places = once(name for p in pieces for name in p.places)
    return Piece(text, places, NONE.union(*(p.demands for p in pieces)), level)


def alike(pieces: Sequence[Piece], made: Piece) -> Piece:
    """What is made of terms: the letters that not all of them have must be fixed; a term with none counts
    for every component."""
    some = [frozenset(p.places) for p in pieces if p.places]
    mixed = NONE.union(*some) - frozenset.intersection(*some) if some else NONE
    return replace(made, demands=made.demands | mixed)


def letters(slots: Iterable[Slot]) -> tuple[str, ...]:
    return tuple(s.name for s in slots if isinstance(s, Index))


def run(slots: Iterable[Slot]) -> str:
    """Index letters next to each other; a command needs a space before a letter."""
    text = ""
    for slot in slots:
        new = slot.name if isinstance(slot, Index) else str(slot)
        text += " " + new if re.search(r"\\[A-Za-z]+$", text) and new[0].isalpha() else new
    return text


def groups(slots: Iterable[tuple[Slot, ...]]) -> str:
    """Derivative indices behind a comma, in brackets where one derivative has several."""
    return "," + "".join(f"({run(s)})" if len(s) > 1 else run(s) for s in slots)


def sub(text: str) -> str:
    single = len(text) == 1 or re.fullmatch(r"\\[A-Za-z]+", text)
    return "" if not text else f"_{text}" if single else f"_{{{text}}}"


def power(text: str) -> str:
    return f"^{text}" if len(text) == 1 else f"^{{{text}}}"


def times(order: int) -> str:
    """How often a differential is taken, once being left out."""
    return power(str(order)) if order > 1 else ""


def tall(text: str) -> bool:
    return re.search(r"\\(frac|sum|begin)", text) is not None


def applied(head: str, inner: str) -> str:
    """Something in brackets, behind a name or nothing."""
    return rf"{head}\left({inner}\right)" if tall(inner) else f"{head}({inner})"


def bracket(piece: Piece, from_level: int = 0) -> Piece:
    """The piece in brackets, if it is of that level or has a minus."""
    return piece.inside(applied("", piece.signed)) if piece.level >= from_level or piece.negative else piece


def join(pieces: Iterable[Piece]) -> str:
    """Factors next to each other, a dot where they would run into one."""
    text, bare = "", False
    for piece in pieces:
        apart = piece.text[0].isdigit() or (bare and re.match(r"[(\[]|\\left", piece.text))
        tight = not text or (text[-1].isdigit() and not re.search(r"[_^]\d$", text))
        text += (r" \cdot " if text and apart else "" if tight else " ") + piece.text
        bare = piece.bare
    return text


def product(bound: list[Sum], number: Fraction, factors: list[Piece], below: list[Piece]) -> Piece:
    """The sums ``bound``, outermost first, of a product of a number, factors and reciprocals.

    A factor that is itself a product without written sums is taken apart: its sums may stand further out.
    """
    above: list[Piece] = []
    summed = frozenset(s.index.name for s in bound)
    for factor in factors:
        inner = factor.product or Product(Fraction(1), (factor,), (), NONE)
        above += inner.above
        below = [*below, *inner.below]
        number *= inner.number
        summed |= inner.bound
    above.sort(key=lambda p: p.level == OPEN)  # what takes all behind it comes last
    above = [bracket(p, OPEN) for p in above[:-1]] + [bracket(p, PRODUCT) for p in above[-1:]]
    every = (*above, *below)
    count = Counter(name for p in every for name in p.places)
    demands = NONE.union(*(p.demands for p in every))
    never = demands.union(*(p.places for p in (*below, *(p for p in above if p.finished))))
    written = [s for s in bound if s.first is not None or count[s.index.name] != 2 or s.index.name in never]
    text = "".join(_written(s, count[s.index.name]) for s in written) + _quotient(abs(number), above, below)
    return Piece(
        text,
        tuple(name for name in count if name not in summed),
        (demands | {name for name, times in count.items() if times > 1}) - summed,
        OPEN if written else PRODUCT,
        negative=number < 0,
        finished=not written and any(p.finished for p in above) | any(p.places for p in below),
        bare=bool(above) and above[-1].bare,
        product=None if written else Product(number, tuple(above), tuple(below), summed),
    )


def _written(node: Sum, times: int) -> str:
    """``\\sum_i``, with bounds where nothing in its scope has its letter or component 0 is left out."""
    dim, name = node.index.dim, node.index.name
    if node.first is None and times:
        return rf"\sum{sub(name)} "
    if not dim.named and not times:
        return rf"\delta_{{{name}{name}}} "  # as many as i has values
    upper = power(dim.last) if dim.named else ""
    return rf"\sum_{{{name}={dim.start if node.first is None else node.first}}}{upper} "


def _quotient(number: Fraction, above: list[Piece], below: list[Piece]) -> str:
    """Factors and divisors; the factors stand above if they are few and short, and not over sizes alone."""
    coefficient, divisor = ([Piece(str(n))] if n != 1 else [] for n in number.as_integer_ratio())
    divisors = divisor + below
    if not divisors:
        return join(coefficient + above) or "1"
    short = [p for p in above if p.level < OPEN and p.text[0] not in "([" and not p.text.startswith(r"\left")]
    if all(p.size for p in below) or sum(len(p.text) for p in short) > 24 or tall(join(short)):
        short = []
    bottom = divisors[0].signed if len(divisors) == 1 else join(bracket(p, OPEN) for p in divisors)
    top = join(coefficient + short) or "1"
    if all(any(p.text[0] == "d" for p in some) for some in (short, divisors)):  # no derivative is meant
        top, short = join(coefficient) or "1", []
    return join([Piece(rf"\frac{{{top}}}{{{bottom}}}"), *(p for p in above if p not in short)])
