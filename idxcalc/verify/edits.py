"""One edit of a formula's text: what an author is likely to have slipped on.

Each edit keeps the author's own text but for one place. The same list serves the hints, which look
for an edit that makes a false relation true, and the mutants, which make true ones false.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from fractions import Fraction
from itertools import combinations, pairwise

from idxcalc.errors import Span
from idxcalc.notation.syntax import Item, Name, Number, Product, Side, SumOf
from idxcalc.notation.tokens import IndexToken, Subscript
from idxcalc.notation.tree import Bracket, Chain, Fraction_, Power, Sign, Test, Word, Written


@dataclass(frozen=True, slots=True)
class Edit:
    """``says`` tells the edit ("m and n swapped"), ``text`` is the whole text after it, ``span`` its place
    in the text before."""

    says: str
    text: str
    span: Span


def edits(
    source: str,
    side: Side,
    letters: frozenset[str],
    scalars: frozenset[str],
    functions: frozenset[str] = frozenset(),
) -> Iterator[Edit]:
    """The edits of one side. ``letters`` are the index letters of the relation, ``scalars`` the names of
    functions of one real (their primes may be off), ``functions`` those of all that may have a comma."""
    indices = [token for token in _indices(side) if isinstance(token.value, str)]
    places = list(_places(source, side))
    products = [node for node in places if isinstance(node, Product)]
    yield from _swaps(source, indices)
    yield from _signs(source, side, places)
    yield from _coefficients(source, products)
    yield from _renamed(source, indices, letters)
    yield from _dropped(source, products, scalars | functions)
    yield from _terms(source, places)
    yield from _derivatives(source, side, letters, scalars, functions)
    yield from _groups(source, side)


def added_factors(source: str, side: Side, texts: Iterable[str]) -> Iterator[Edit]:
    """Each of ``texts`` put at the front of each product, behind its number."""
    shown = list(dict.fromkeys(texts))
    for node in _places(source, side):
        if isinstance(node, Product):
            for text in shown:
                at = _behind_numbers(node)
                yield Edit(f"a factor {text}", _put(source, (Span(at, at), f"{text} ")), node.span)


def factors(source: str, sides: Sequence[Side], functions: frozenset[str]) -> list[str]:
    """The factors of the sides as they are written, one or two at a time; they may be missing elsewhere."""
    found = []
    for node in (n for side in sides for n in _places(source, side) if isinstance(n, Product)):
        units = _units(node, functions)
        found += [source[s.start : s.stop] for s in (*units, *(a | b for a, b in pairwise(units)))]
    whole = {source[side.span.start : side.span.stop].strip() for side in sides}
    plain = (f for f in dict.fromkeys(found) if f.strip() not in whole and "partial" not in f)
    return [f for f in plain if len(f) < 60 and not re.fullmatch(r"[\d\s]*", f)]


def remarks(source: str, chain: Chain, letters: Iterable[str]) -> Iterator[Edit]:
    """The remark "(no sum)" of a chain with a letter more or less."""
    end = source.find(r"\\", chain.span.stop)
    found = _REMARK.search(source, chain.span.start, len(source) if end < 0 else end)
    for letter in sorted(letters):
        if letter in chain.no_sum and found:
            kept = [f"${x}$" for x in chain.no_sum if x != letter]
            text = rf"\text{{(no sum on {', '.join(kept)})}}" if kept else ""
            span = Span(*found.span())
            yield Edit(f"{letter} summed", _put(source, (span, text)), span)
        elif letter not in chain.no_sum:
            says = f'"(no sum on ${letter}$)"'
            at = found.end() - 2 if found else chain.span.stop
            text = f", ${letter}$" if found else rf" \quad \text{{(no sum on ${letter}$)}}"
            yield Edit(says, _put(source, (Span(at, at), text)), Span(at - 1, at))


_REMARK = re.compile(r"\\text\{\s*\(no sum on [^{}]*\)\}")


def _put(source: str, *changes: tuple[Span, str]) -> str:
    """The source with stretches replaced."""
    for span, text in sorted(changes, key=lambda c: (-c[0].start, -c[0].stop)):
        before = source[: span.start]
        gap = " " if text[:1].isalpha() and before[-1:].isalpha() and _in_command(before) else ""
        behind = " " if _in_command(text) and source[span.stop :][:1].isalpha() else ""
        source = f"{before}{gap}{text}{behind}{source[span.stop :]}"
    return source


def _in_command(before: str) -> bool:
    """Whether a letter put here would lengthen a command, ``\\hat`` to ``\\hatx``."""
    word = before.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return word.endswith("\\") and len(word) < len(before)


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
            first, second = sorted((str(one.value), str(two.value)))
            yield Edit(f"{first} and {second} swapped", text, one.span)


def _renamed(source: str, tokens: list[IndexToken], letters: frozenset[str]) -> Iterator[Edit]:
    for token in tokens:
        for letter in sorted(letters - {str(token.value)}):
            yield Edit(f"{letter} for {token.value}", _put(source, (token.span, letter)), token.span)


def _places(source: str, side: Side) -> Iterator[object]:
    """The records in which terms and factors may come and go: no derivative's fraction, no bare ``^n``."""

    def within(node: object) -> Iterator[object]:
        if isinstance(node, Written) or (isinstance(node, Test) and node.op in ("=", "!=")):
            return  # bounds of a sum, conditions on indices
        if _derivative(node) or (isinstance(node, Power | Fraction_) and not _braced(source, node)):
            return
        yield node
        if isinstance(node, tuple):
            for part in node:
                yield from within(part)
        elif is_dataclass(node) and not isinstance(node, Span | IndexToken):
            for each in fields(node):
                value = getattr(node, each.name)
                if isinstance(value, tuple) or is_dataclass(value):
                    yield from within(value)

    return within(side)


def _braced(source: str, node: Power | Fraction_) -> bool:
    inner = (node.exponent,) if isinstance(node, Power) else (node.numerator, node.denominator)
    return all(source[: part.span.start].rstrip().endswith("{") for part in inner)


def _derivative(node: object) -> bool:
    """Whether a fraction is a derivative."""
    if not isinstance(node, Fraction_):
        return False
    first = node.denominator.terms[0][1].items[0]
    return isinstance(first, Item) and isinstance(first.atom, Word) and first.atom.text == r"\partial"


def _signs(source: str, side: Side, places: list[object]) -> Iterator[Edit]:
    for node in places:
        if not isinstance(node, SumOf):
            continue
        for number, (sign, product) in enumerate(node.terms):
            at = _sign_place(source, node, number)
            start = product.span.start
            change = (at, "+" if sign < 0 else "-") if at else (Span(start, start), "-")
            alone = number == 0 and sign > 0 and len(node.terms) == 1 and node is not side.body
            if not alone and (at or number == 0):  # a bracket with one term is no place for a sign
                shown = source[start : product.span.stop]
                yield Edit(f"the sign of {shown} flipped", _put(source, change), at or product.span)


def _sign_place(source: str, node: SumOf, number: int) -> Span | None:
    begin = node.span.start if number == 0 else node.terms[number - 1][1].span.stop
    stop = node.terms[number][1].span.start
    places = [at for at in range(begin, stop) if source[at] in "+-"]
    return Span(places[-1], places[-1] + 1) if places else None


def _coefficients(source: str, products: list[Product]) -> Iterator[Edit]:
    for node in products:
        first = node.items[0]
        value = _number(first)
        for factor, word in ((Fraction(2), "a factor 2"), (Fraction(1, 2), "a factor 1/2")):
            if value == 0:
                continue
            new = (value or 1) * factor
            shown = str(new) if new.denominator == 1 else rf"\frac{{{new.numerator}}}{{{new.denominator}}}"
            if value is None:
                yield Edit(
                    word, _put(source, (Span(node.span.start, node.span.start), f"{shown} ")), node.span
                )
            elif len(node.items) > 1 or new != 1:
                says = f"the {value} dropped" if new == 1 else f"{new} for {value}"
                yield Edit(says, _put(source, (first.span, "" if new == 1 else shown)), first.span)


def _number(item: object) -> Fraction | None:
    """The value of a written number, ``\\frac12`` too."""
    if not isinstance(item, Item) or item.power is not None:
        return None
    if isinstance(item.atom, Number):
        return item.atom.value
    parts = [_alone(getattr(item.atom, name, None)) for name in ("numerator", "denominator")]
    top, bottom = (_number(part) for part in parts)
    return top / bottom if top is not None and bottom else None


def _alone(node: object) -> object:
    """The only item of a sum."""
    items = node.terms[0][1].items if isinstance(node, SumOf) and len(node.terms) == 1 else ()
    return items[0] if len(items) == 1 else None


def _behind_numbers(node: Product) -> int:
    first = node.items[0]
    return first.span.stop if _number(first) is not None and len(node.items) > 1 else node.span.start


def _dropped(source: str, products: list[Product], functions: frozenset[str]) -> Iterator[Edit]:
    for node in products:
        units = (
            [] if any(isinstance(i, Sign) and i.kind == "o" for i in node.items) else _units(node, functions)
        )
        for span in units if len(units) > 1 else ():
            shown = source[span.start : span.stop]
            whole = _with_dot(source, node, span)
            yield Edit(f"the factor {shown} dropped", _put(source, (whole, "")), span)


def _units(node: Product, functions: frozenset[str]) -> list[Span]:
    """Factors as a reader sees them: a function with its argument, ``d`` and a sum with what follows."""
    found: list[Span] = []
    opened = False
    for number, item in enumerate(node.items):
        if not isinstance(item, Item):
            continue
        found[-1:] = [found[-1] | item.span] if opened else [*found[-1:], item.span]
        following = node.items[number + 1] if number + 1 < len(node.items) else None
        opened = isinstance(item.atom, Word | Written) or _derivative(item.atom)
        if isinstance(item.atom, Name):
            argument = isinstance(following, Item) and isinstance(following.atom, Bracket)
            called = item.atom.text in functions or item.atom.text == "O"
            opened = (called and argument) or (item.atom.text == "d" and item.sub is None)
    return found


def _with_dot(source: str, node: Product, span: Span) -> Span:
    """A factor to be dropped, with the dot beside it and the size of its opening bracket."""
    size = re.search(r"\\(left|[bB]igg?l?)\s*$", source[: span.start])
    span = Span(size.start(), span.stop) if size else span
    for sign in node.items:
        if isinstance(sign, Sign) and sign.kind == "*":
            if sign.span.start >= span.stop and not source[span.stop : sign.span.start].strip():
                return Span(span.start, sign.span.stop)
            if sign.span.stop <= span.start and not source[sign.span.stop : span.start].strip():
                return Span(sign.span.start, span.stop)
    return span


def _terms(source: str, places: list[object]) -> Iterator[Edit]:
    for node in places:
        if not isinstance(node, SumOf):
            continue
        for number, (_, product) in enumerate(node.terms):
            shown = source[product.span.start : product.span.stop]
            yield Edit(
                f"a term {shown}",
                _put(source, (Span(node.span.stop, node.span.stop), f" + {shown}")),
                product.span,
            )
            at = _sign_place(source, node, number)
            if len(node.terms) < 2:
                continue
            if number == 0:
                follow = _sign_place(source, node, 1)
                stop = follow.start if follow and node.terms[1][0] < 0 else node.terms[1][1].span.start
                yield Edit(
                    f"the term {shown} dropped", _put(source, (Span(node.span.start, stop), "")), product.span
                )
            elif at is not None:
                span = Span(at.start, product.span.stop)
                yield Edit(f"the term {shown} dropped", _put(source, (span, "")), product.span)


def _derivatives(
    source: str, side: Side, letters: frozenset[str], scalars: frozenset[str], functions: frozenset[str]
) -> Iterator[Edit]:
    """A prime or a letter behind the comma more or less."""
    for node in _nodes(side):
        if isinstance(node, Item) and isinstance(node.atom, Name):
            name, end = node.atom.text, node.atom.span.stop
            if name in scalars and not node.sub:
                more, same, less = (f"{name}{chr(39) * (node.primes + n)}" for n in (1, 0, -1))
                yield Edit(f"{more} for {same}", _put(source, (Span(end, end), "'")), node.span)
                if node.primes:
                    at = source.index("'", end)
                    yield Edit(f"{less} for {same}", _put(source, (Span(at, at + 1), "")), node.span)
            elif name in functions and not (node.sub and node.sub.after):
                before = (
                    "".join(source[g.span.start : g.span.stop] for g in node.sub.before) if node.sub else ""
                )
                at_sub = node.sub.span if node.sub else Span(end, end)
                for letter in sorted(letters):
                    text = _put(source, (at_sub, f"_{{{before},{letter}}}"))
                    yield Edit(f"a derivative of {name} by {letter}", text, node.span)
        if isinstance(node, Subscript) and node.after:
            for group in node.after:
                shown = source[group.span.start : group.span.stop]
                gone = _with_comma(source, node, group.span)
                yield Edit(f"the derivative by {shown} dropped", _put(source, (gone, "")), group.span)
            for letter in sorted(letters) if all(not g.bracketed for g in node.after) else ():
                at = node.after[-1].span.stop
                yield Edit(
                    f"one more derivative by {letter}", _put(source, (Span(at, at), letter)), node.span
                )


def _with_comma(source: str, node: Subscript, span: Span) -> Span:
    """The stretch of a derivative index; the comma goes with the last one."""
    if node.after is None or len(node.after) > 1:
        return span
    comma = source.rindex(",", node.span.start, span.start)
    if node.before:
        return Span(comma, span.stop)
    return node.span  # _{,i} goes as a whole


def _groups(source: str, side: Side) -> Iterator[Edit]:
    for node in _nodes(side):
        if isinstance(node, Subscript):
            groups = [g for g in (*node.before, *(node.after or ())) if g.bracketed]
            for one, two in combinations(groups, 2):
                texts = [source[g.span.start : g.span.stop] for g in (one, two)]
                text = _put(source, (one.span, texts[1]), (two.span, texts[0]))
                yield Edit(f"{texts[0]} and {texts[1]} swapped", text, one.span)


def used_letters(*sides: Side) -> frozenset[str]:
    """The index letters that stand in the sides."""
    return frozenset(str(t.value) for side in sides for t in _indices(side) if isinstance(t.value, str))


__all__ = ["Edit", "added_factors", "edits", "factors", "remarks", "used_letters"]
