"""One edit of a formula's text: what an author is likely to have slipped on.

Each edit keeps the author's own text but for one place. The same list serves the hints, which look
for an edit that makes a false relation true, and the mutants, which make true ones false.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from fractions import Fraction
from itertools import combinations

from idxcalc.errors import Span
from idxcalc.notation.lexer import IndexToken
from idxcalc.notation.syntax import Item, Name, Number, Product, Side, SumOf


@dataclass(frozen=True, slots=True)
class Edit:
    """``says`` tells the edit ("m and n swapped"), ``text`` is the whole text after it, ``span`` its place
    in the text before."""

    says: str
    text: str
    span: Span


def edits(source: str, side: Side, letters: frozenset[str], scalars: frozenset[str]) -> Iterator[Edit]:
    """The edits of one side. ``letters`` are the index letters of the relation, ``scalars`` the names of
    functions of one real (their primes may be off)."""
    indices = [token for token in _indices(side) if isinstance(token.value, str)]
    yield from _swaps(source, indices)
    yield from _signs(source, side)
    yield from _coefficients(source, side)
    yield from _renamed(source, indices, letters)
    yield from _factors(source, side)
    yield from _terms(source, side)
    yield from _primes(source, side, scalars)


def _put(source: str, *changes: tuple[Span, str]) -> str:
    """The source with stretches replaced."""
    for span, text in sorted(changes, key=lambda c: (-c[0].start, -c[0].stop)):
        before = source[: span.start]
        gap = " " if text[:1].isalpha() and before[-1:].isalpha() and _in_command(before) else ""
        source = f"{before}{gap}{text}{source[span.stop :]}"
    return source


def _in_command(before: str) -> bool:
    """Whether a letter put here would lengthen a command, ``\\hat`` to ``\\hatx``."""
    word = before.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return word.endswith("\\")


def _nodes(node: object) -> Iterator[object]:
    """Every record of the syntax tree, in order of writing."""
    yield node
    if isinstance(node, tuple):
        for part in node:
            yield from _nodes(part)
    elif is_dataclass(node) and not isinstance(node, Span | IndexToken):
        for each in fields(node):
            value = getattr(node, each.name)
            if isinstance(value, tuple) or is_dataclass(value):
                yield from _nodes(value)


def _indices(side: Side) -> list[IndexToken]:
    return [node for node in _nodes(side) if isinstance(node, IndexToken)]


def _swaps(source: str, tokens: list[IndexToken]) -> Iterator[Edit]:
    for one, two in combinations(tokens, 2):
        if one.value != two.value:
            text = _put(source, (one.span, str(two.value)), (two.span, str(one.value)))
            yield Edit(f"{one.value} and {two.value} swapped", text, one.span)


def _renamed(source: str, tokens: list[IndexToken], letters: frozenset[str]) -> Iterator[Edit]:
    for token in tokens:
        for letter in sorted(letters - {str(token.value)}):
            yield Edit(f"{letter} for {token.value}", _put(source, (token.span, letter)), token.span)


def _signs(source: str, side: Side) -> Iterator[Edit]:
    for node in _nodes(side):
        if not isinstance(node, SumOf):
            continue
        for number, (sign, product) in enumerate(node.terms):
            at = _sign_place(source, node, number)
            shown = source[product.span.start : product.span.stop]
            if at is not None:
                text = _put(source, (at, "+" if sign < 0 else "-"))
            elif sign > 0 and number == 0:
                text = _put(source, (Span(product.span.start, product.span.start), "-"))
            else:
                continue
            if number or node.terms[0][0] < 0 or not isinstance(product.items[0], Item) or len(node.terms) > 1 or node is side.body:
                yield Edit(f"the sign of {shown} flipped", text, at or product.span)


def _sign_place(source: str, node: SumOf, number: int) -> Span | None:
    begin = node.span.start if number == 0 else node.terms[number - 1][1].span.stop
    stop = node.terms[number][1].span.start
    for at in range(stop - 1, begin - 1, -1):
        if source[at] in "+-":
            return Span(at, at + 1)
    return None


def _coefficients(source: str, side: Side) -> Iterator[Edit]:
    for node in _nodes(side):
        if not isinstance(node, Product):
            continue
        first = node.items[0]
        assert isinstance(first, Item)
        value = first.atom.value if isinstance(first.atom, Number) and first.power is None else None
        for factor, word in ((Fraction(2), "a factor 2"), (Fraction(1, 2), "a factor 1/2")):
            new = (value or 1) * factor
            shown = str(new) if new.denominator == 1 else rf"\frac{{{new.numerator}}}{{{new.denominator}}}"
            if value is None:
                yield Edit(word, _put(source, (Span(node.span.start, node.span.start), f"{shown} ")), node.span)
            elif len(node.items) > 1 or new != 1:
                dropped = new == 1
                yield Edit(f"{'no' if dropped else new} for {value}" if not dropped else f"the {value} dropped",
                           _put(source, (first.span, "" if dropped else shown)), first.span)  # fmt: skip


def _factors(source: str, side: Side) -> Iterator[Edit]:
    for node in _nodes(side):
        if not isinstance(node, Product) or len(node.items) < 2:
            continue
        for span in _factor_spans(node):
            if span != node.span:
                shown = source[span.start : span.stop]
                yield Edit(f"the factor {shown} dropped", _put(source, (span, "")), span)


def _factor_spans(node: Product) -> Iterator[Span]:
    """Factors as a reader sees them: a name together with the bracket behind it."""
    items = node.items
    for number, item in enumerate(items):
        if not isinstance(item, Item):
            continue
        yield item.span
        following = items[number + 1] if number + 1 < len(items) else None
        if isinstance(item.atom, Name) and isinstance(following, Item):
            yield item.span | following.span


def _terms(source: str, side: Side) -> Iterator[Edit]:
    for node in _nodes(side):
        if not isinstance(node, SumOf) or len(node.terms) < 2:
            continue
        for number, (_, product) in enumerate(node.terms):
            shown = source[product.span.start : product.span.stop]
            at = _sign_place(source, node, number)
            if number == 0:
                follow = _sign_place(source, node, 1)
                keep = follow is not None and source[follow.start] == "-"
                stop = follow.stop if follow is not None and not keep else node.terms[1][1].span.start if not keep else follow.start  # type: ignore[union-attr]
                yield Edit(f"the term {shown} dropped", _put(source, (Span(node.span.start, stop), "")), product.span)
            elif at is not None:
                yield Edit(f"the term {shown} dropped", _put(source, (Span(at.start, product.span.stop), "")), product.span)


def _primes(source: str, side: Side, scalars: frozenset[str]) -> Iterator[Edit]:
    for node in _nodes(side):
        if not isinstance(node, Item) or not isinstance(node.atom, Name) or node.atom.text not in scalars:
            continue
        name = node.atom.text
        end = node.atom.span.stop
        if node.sub is None:
            yield Edit(f"{name}{chr(39) * (node.primes + 1)} for {name}{chr(39) * node.primes}",
                       _put(source, (Span(end, end), "'")), node.span)  # fmt: skip
            if node.primes:
                at = source.index("'", end)
                yield Edit(f"{name}{chr(39) * (node.primes - 1)} for {name}{chr(39) * node.primes}",
                           _put(source, (Span(at, at + 1), "")), node.span)  # fmt: skip


def used_letters(*sides: Side) -> frozenset[str]:
    """The index letters that stand in the sides."""
    return frozenset(str(t.value) for side in sides for t in _indices(side) if isinstance(t.value, str))


__all__ = ["Edit", "edits", "used_letters"]
