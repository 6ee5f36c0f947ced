"""One edit of a formula's text: what an author is likely to have slipped on.

Each edit keeps the author's own text but for one place. The same table serves the hints, which look
for an edit that makes a false relation true, and the mutants, which make true ones false.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from fractions import Fraction
from itertools import combinations, pairwise

from idxcalc.errors import Span
from idxcalc.notation.tree import (
    Bracket, Chain, Fraction_, IndexToken, Item, Name, Number, Power, Product, Side, Sign, Subscript, SumOf,
    Test, Word, Written,
)  # fmt: skip

Names = frozenset[str]
NONE: Names = frozenset()
Change = tuple[Span, str]
Made = Iterator[tuple[str, Span, list[Change]]]
"""What an edit says, its place, and the stretches of the text that it replaces."""


@dataclass(frozen=True, slots=True)
class Edit:
    """``says`` tells the edit ("m and n swapped"), ``text`` is the whole text after it, ``span`` its place
    in the text before; ``sort`` is its row in the table `SORTS`."""

    says: str
    text: str
    span: Span
    sort: str = ""


@dataclass
class Formula:
    """One side of a formula as edits see it: its indices, and the sums and products in which terms and
    factors may come and go. ``scalars`` are the names of functions of one real (their primes may be off),
    ``functions`` those of all that may have a comma; ``letters`` are the index letters of the relation,
    ``shared`` those of both sides, ``groups`` its groups."""

    source: str
    side: Side
    scalars: Names = NONE
    functions: Names = NONE
    letters: Names = NONE
    shared: Names = NONE
    groups: Names = NONE

    def __post_init__(self) -> None:
        self.nodes = list(_walk(self.side, lambda node: True))
        self.indices = [n for n in self.nodes if isinstance(n, IndexToken) and isinstance(n.value, str)]
        places = list(_walk(self.side, self.is_place))
        self.sums = [node for node in places if isinstance(node, SumOf)]
        self.products = [node for node in places if isinstance(node, Product)]

    def shown(self, span: Span) -> str:
        return self.source[span.start : span.stop]

    def is_place(self, node: object) -> bool:
        """No bounds of a sum, no condition on indices, no derivative's fraction, no bare ``^n``."""
        match node:
            case Written():
                return False
            case Test(op):
                return op not in ("=", "!=")
            case Power(exponent):
                return self.braced(exponent)
            case Fraction_(numerator, denominator):
                return not _derivative(node) and self.braced(numerator) and self.braced(denominator)
        return True

    def braced(self, node: SumOf) -> bool:
        return self.source[: node.span.start].rstrip().endswith("{")

    def units(self, node: Product) -> list[Span]:
        """Factors as a reader sees them: a function with its argument, ``d`` and a sum with what follows."""
        found: list[Span] = []
        opened = False
        for item, following in pairwise((*node.items, None)):
            if not isinstance(item, Item):
                continue
            found[-1:] = [found[-1] | item.span] if opened else [*found[-1:], item.span]
            opened = isinstance(item.atom, Word | Written) or _derivative(item.atom)
            if isinstance(item.atom, Name):
                argument = isinstance(following, Item) and isinstance(following.atom, Bracket)
                called = item.atom.text in self.scalars | self.functions | {"O"}
                opened = (called and argument) or (item.atom.text == "d" and item.sub is None)
        return found

    def terms(self, node: SumOf) -> Iterator[tuple[Span, Span]]:
        """Each term's written sign, which the first may not have, and the term."""
        begin = node.span.start
        for _, product in node.terms:
            signs = list(_SIGN.finditer(self.source, begin, product.span.start))
            start, begin = product.span.start, product.span.stop
            yield Span(*signs[-1].span()) if signs else Span(start, start), product.span


def edits(
    source: str, sides: Sequence[Side], number: int, scalars: Names, functions: Names = NONE
) -> Iterator[Edit]:
    """The edits of one of the ``sides`` of a relation, sort after sort; the names are those of `Formula`."""
    nodes = (node for side in sides for node in Formula(source, side).nodes)
    behind = (group for node in nodes if isinstance(node, Subscript) for group in node.after or ())
    groups = frozenset(source[g.span.start : g.span.stop] for g in behind if g.bracketed)
    shared = frozenset.intersection(*map(used_letters, sides))
    formula = Formula(source, sides[number], scalars, functions, used_letters(*sides), shared, groups)
    for sort, made in SORTS.items():
        for says, span, changes in made(formula):
            yield Edit(says, put(source, *changes), span, sort)


def _swapped(formula: Formula) -> Made:
    for one, two in combinations(formula.indices, 2):
        if one.value != two.value:
            first, second = sorted((str(one.value), str(two.value)))
            changes = [(one.span, str(two.value)), (two.span, str(one.value))]
            yield f"{first} and {second} swapped", one.span, changes


def _exchanged(formula: Formula) -> Made:
    for one, two in combinations(sorted(formula.shared), 2):
        places = [token.span for token in formula.indices if token.value in (one, two)]
        if len(places) > 2:
            changes = [(at, two if formula.shown(at) == one else one) for at in places]
            yield f"{one} and {two} swapped throughout", places[0], changes


def _renamed(formula: Formula) -> Made:
    for token in formula.indices:
        for letter in sorted(formula.letters):
            if letter != token.value:
                yield f"{letter} for {token.value}", token.span, [(token.span, letter)]


def _terms(formula: Formula) -> Made:
    for node in formula.sums:
        terms = list(formula.terms(node))
        for number, (sign, span) in enumerate(terms):
            shown, written = formula.shown(span), formula.shown(sign)
            # In a bracket a term alone is no place for a sign.
            if written or terms[1:] or node is formula.side.body:
                place = sign if written else span
                yield f"the sign of {shown} flipped", place, [(sign, FLIPPED[written])]
            if terms[1:]:
                gone = Span(sign.start, span.stop)
                if number == 0:
                    following, second = terms[1]
                    less = formula.shown(following) != "+"
                    gone = Span(node.span.start, following.start if less else second.start)
                yield f"the term {shown} dropped", span, [(gone, "")]
            end = node.span.stop
            yield f"a term {shown}", span, [(Span(end, end), f" + {shown}")]


def _doubled(formula: Formula) -> Made:
    for node in formula.products:
        first = node.items[0]
        value = _number(first)
        for factor in (Fraction(2), Fraction(1, 2)) if value != 0 else ():
            new = (value or 1) * factor
            shown = str(new) if new.denominator == 1 else rf"\frac{{{new.numerator}}}{{{new.denominator}}}"
            if value is None:
                start = node.span.start
                yield f"a factor {factor}", node.span, [(Span(start, start), f"{shown} ")]
            elif new != 1:
                yield f"{new} for {value}", first.span, [(first.span, shown)]
            elif len(node.items) > 1:
                yield f"the {value} dropped", first.span, [(first.span, "")]
            else:
                yield f"1 for {value}", first.span, [(first.span, "1")]


def _dropped(formula: Formula) -> Made:
    for node in formula.products:
        units = formula.units(node)
        composed = any(isinstance(item, Sign) and item.kind == "o" for item in node.items)
        for span in units if len(units) > 1 and not composed else ():
            yield f"the factor {formula.shown(span)} dropped", span, [(_with_dot(formula.source, span), "")]


def _with_dot(source: str, span: Span) -> Span:
    """A factor to be dropped, with the size of its opening bracket and the dot beside it."""
    size = re.search(r"\\(left|[bB]igg?l?)\s*$", source[: span.start])
    start = size.start() if size else span.start
    if behind := re.match(rf"\s*{_DOT}", source[span.stop :]):
        return Span(start, span.stop + behind.end())
    before = re.search(rf"{_DOT}\s*$", source[:start])
    return Span(before.start() if before else start, span.stop)


def _derivatives(formula: Formula) -> Made:
    """A prime or a letter behind the comma more or less."""
    for node in formula.nodes:
        match node:
            case Item(Name(name, at), None, primes) if name in formula.scalars:
                more, same, less = (f"{name}{chr(39) * (primes + n)}" for n in (1, 0, -1))
                yield f"{more} for {same}", node.span, [(Span(at.stop, at.stop), "'")]
                if primes:
                    prime = formula.source.index("'", at.stop)
                    yield f"{less} for {same}", node.span, [(Span(prime, prime + 1), "")]
            case Item(Name(name, at), sub) if name in formula.functions and not (sub and sub.after):
                before = "".join(formula.shown(g.span) for g in sub.before) if sub else ""
                place = sub.span if sub else Span(at.stop, at.stop)
                for by in sorted(formula.letters | formula.groups):
                    yield f"a derivative of {name} by {by}", node.span, [(place, f"_{{{before},{by}}}")]
            case Subscript(before, after) if after:
                comma = formula.source.rindex(",", node.span.start, after[0].span.start)
                last = Span(comma, after[0].span.stop) if before else node.span  # the comma goes with it
                for span in (group.span for group in after):
                    gone = span if len(after) > 1 else last
                    yield f"the derivative by {formula.shown(span)} dropped", span, [(gone, "")]
                end = after[-1].span.stop
                for letters in sorted(formula.groups if after[0].bracketed else formula.letters):
                    yield f"one more derivative by {letters}", node.span, [(Span(end, end), letters)]


def _groups(formula: Formula) -> Made:
    for node in formula.nodes:
        if isinstance(node, Subscript):
            groups = [g.span for g in (*node.before, *(node.after or ())) if g.bracketed]
            for one, two in combinations(groups, 2):
                first, second = formula.shown(one), formula.shown(two)
                yield f"{first} and {second} swapped", one, [(one, second), (two, first)]


SORTS: dict[str, Callable[[Formula], Made]] = {
    "two indices swapped": _swapped,  # the slots of one tensor and the letters of one group too
    "two letters swapped throughout": _exchanged,
    "a number doubled or halved": _doubled,
    "a term negated, dropped or added": _terms,
    "an index renamed": _renamed,
    "a factor dropped": _dropped,
    "a derivative more or less": _derivatives,
    "two groups swapped": _groups,
}
FLIPPED = {"": "-", "+": "-", "-": "+", "−": "+", r"\pm": r"\mp", r"\mp": r"\pm"}
_DOT = r"(\*|\\cdot\b|\\times\b)"
_SIGN = re.compile(r"[-+−]|\\[pm][pm]\b")
REMARKS = '"(no sum)" added or dropped'
_REMARK = re.compile(r"\\text\{\s*\(no sum on [^{}]*\)\}")


def remarks(source: str, chain: Chain, letters: Iterable[str]) -> Iterator[Edit]:
    """The remark "(no sum)" of a chain with a letter more or less."""
    end = source.find(r"\\", chain.span.stop)
    found = _REMARK.search(source, chain.span.start, len(source) if end < 0 else end)
    for letter in sorted(letters):
        if letter in chain.no_sum and found:
            kept = [f"${x}$" for x in chain.no_sum if x != letter]
            text = rf"\text{{(no sum on {', '.join(kept)})}}" if kept else ""
            span = Span(*found.span())
            yield Edit(f"{letter} summed", put(source, (span, text)), span, REMARKS)
        elif letter not in chain.no_sum:
            at = found.end() - 2 if found else chain.span.stop
            text = f", ${letter}$" if found else rf" \quad \text{{(no sum on ${letter}$)}}"
            edited = put(source, (Span(at, at), text))
            yield Edit(f'"(no sum on ${letter}$)"', edited, Span(at - 1, at), REMARKS)


def added(source: str, side: Side, factors: Iterable[str], terms: Iterable[str]) -> Iterator[Edit]:
    """Each term put behind each sum, each factor in front of each product, behind its number and its sum."""
    formula, places = Formula(source, side), []
    for node in formula.products:
        if _number(node.items[0]) == 0:  # it would change nothing
            continue
        before = [item for item in node.items[:-1] if _number(item) is not None or _summed(item)]
        gap = " " if before and _summed(before[-1]) else ""
        places.append((before[-1].span.stop if before else node.span.start, gap, node.span))
    for text in dict.fromkeys(terms):
        term = f" {text}" if text.startswith("-") else f" + {text}"
        for at in (node.span.stop for node in formula.sums):
            yield Edit(f"a term {text} added", put(source, (Span(at, at), term)), Span(at - 1, at))
    for text in dict.fromkeys(factors):
        for at, gap, span in places if text != "d" else ():
            yield Edit(f"a factor {text}", put(source, (Span(at, at), f"{gap}{text} ")), span)


def written(source: str, sides: Sequence[Side], functions: Names) -> tuple[list[str], list[str]]:
    """The factors of the sides as they are written, one or two at a time, and the terms with their signs;
    they may be missing elsewhere."""
    found: list[str] = []
    terms: list[str] = []
    for formula in (Formula(source, side, functions=functions) for side in sides):
        for units in map(formula.units, formula.products):
            found += map(formula.shown, (*units, *(a | b for a, b in pairwise(units))))
        for node in formula.sums:
            signed = [(formula.shown(sign), formula.shown(span)) for sign, span in formula.terms(node)]
            terms += [f"- {term}" if sign == "-" else term for sign, term in signed]
    whole = {source[side.span.start : side.span.stop].strip() for side in sides}
    plain = (f for f in dict.fromkeys(found) if f.strip() not in whole and "partial" not in f)
    return [f for f in plain if len(f) < 60], [t for t in dict.fromkeys(terms) if t not in whole]


def used_letters(*sides: Side) -> Names:
    """The index letters that stand in the sides: in subscripts, under sums, in conditions."""
    found: set[str] = set()
    for node in (node for side in sides for node in Formula("", side).nodes):
        match node:
            case IndexToken(str(letter)):
                found.add(letter)
            case Written(letters):
                found.update(letter for letter, _ in letters)
            case Test("=" | "!=", left, right):
                tested = (part for each in (left, right) for part in _walk(each, lambda node: True))
                found.update(part.text for part in tested if isinstance(part, Name) and part.text.isalpha())
    return frozenset(found)


def put(source: str, *changes: Change) -> str:
    """The source with stretches replaced."""
    for span, text in sorted(changes, key=lambda c: (-c[0].start, -c[0].stop)):
        before = source[: span.start]
        gap = " " if text[:1].isalpha() and before[-1:].isalpha() and _in_command(before) else ""
        behind = " " if _in_command(text) and source[span.stop :][:1].isalpha() else ""
        source = f"{before}{gap}{text}{behind}{source[span.stop :]}"
    return source


def _in_command(before: str) -> bool:
    """Whether a letter put here would lengthen a command, ``\\hat`` to ``\\hatx``."""
    return re.search(r"\\[a-zA-Z]+$", before) is not None


def _walk(node: object, enters: Callable[[object], bool]) -> Iterator[object]:
    """Every record of the syntax tree in order of writing, but for those not entered and what is in them."""
    if not enters(node):
        return
    yield node
    parts: Iterable[object] = node if isinstance(node, tuple) else ()
    if is_dataclass(node) and not isinstance(node, Span | IndexToken):
        parts = (getattr(node, each.name) for each in fields(node))
    for part in parts:
        if isinstance(part, tuple) or is_dataclass(part):
            yield from _walk(part, enters)


def _derivative(node: object) -> bool:
    """Whether a fraction is a derivative."""
    match node:
        case Fraction_(_, SumOf(((_, Product((Item(Word(r"\partial")), *_))), *_))):
            return True
    return False


def _summed(item: object) -> bool:
    """Whether an item is a written sum."""
    return isinstance(item, Item) and isinstance(item.atom, Written)


def _number(item: object) -> Fraction | None:
    """The value of a written number, ``\\frac12`` too."""
    match item:
        case Item(Number(value), power=None):
            return value
        case Item(Fraction_(SumOf(((_, Product((one,))),)), SumOf(((_, Product((two,))),))), power=None):
            top, bottom = _number(one), _number(two)
            return top / bottom if top is not None and bottom else None
    return None
