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
# what an edit says, its place, and the stretches of the text that it replaces


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
    ``functions`` those of other functions, ``defined`` of what else may have a comma; ``letters`` are the
    index letters of the relation, ``shared`` those of both sides, ``groups`` its groups."""

    source: str
    side: Side
    scalars: Names = NONE
    functions: Names = NONE
    defined: Names = NONE
    letters: Names = NONE
    shared: Names = NONE
    groups: Names = NONE

    def __post_init__(self) -> None:
        self.nodes = list(_walk(self.side, lambda node: True))
        self.indices = [n for n in self.nodes if isinstance(n, IndexToken) and isinstance(n.value, str)]
        self.places = list(_walk(self.side, self.is_place))
        self.sums = [node for node in self.places if isinstance(node, SumOf)]
        self.products = [node for node in self.places if isinstance(node, Product)]

    def shown(self, span: Span) -> str:
        return self.source[sized(self.source, span.start) : span.stop]

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
            start, begin = sized(self.source, product.span.start), product.span.stop
            yield Span(*signs[-1].span()) if signs else Span(start, start), Span(start, begin)


def edits(source: str, sides: Sequence[Side], number: int, scalars: Names, *names: Names) -> Iterator[Edit]:
    """The edits of one of the ``sides`` of a relation, sort after sort; the names are those of `Formula`."""
    nodes = (node for side in sides for node in Formula(source, side).nodes)
    behind = (group for node in nodes if isinstance(node, Subscript) for group in node.after or ())
    groups = frozenset(source[g.span.start : g.span.stop] for g in behind if g.bracketed)
    shared = frozenset.intersection(*map(used_letters, sides))
    formula = Formula(source, sides[number], scalars, *names)
    formula.letters, formula.shared, formula.groups = used_letters(*sides), shared, groups
    for sort, made in SORTS.items():
        for says, span, changes in made(formula):
            yield Edit(says, put(source, *changes), span, sort)


def _swapped(formula: Formula) -> Made:
    pairs = combinations(formula.indices, 2)
    for one, two in sorted(pairs, key=lambda pair: pair[1].span.start - pair[0].span.start):
        if one.value != two.value:  # first those of one tensor
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
                    sign, second = terms[1]
                    stop = second.start if formula.shown(sign) == "+" else sign.start
                    gone = Span(node.span.start, stop)
                yield f"the term {shown} dropped", span, [(gone, "")]
            end = node.span.stop
            yield f"a term {shown}", span, [(Span(end, end), f" + {shown}")]


def _doubled(formula: Formula) -> Made:
    for node in formula.products:
        first, value = node.items[0], _number(node.items[0])
        place = Span(node.span.start, node.span.start) if value is None else first.span
        for factor in (Fraction(2), Fraction(1, 2)) if value != 0 else ():
            new = (value or 1) * factor
            shown = str(new) if new.denominator == 1 else rf"\frac{{{new.numerator}}}{{{new.denominator}}}"
            gone = new == 1 and len(node.items) > 1
            says = f"the {value} dropped" if gone else f"{new} for {value}" if value else f"a factor {factor}"
            text = f"{shown} " if value is None else "" if gone else shown
            yield says, first.span if value else node.span, [(place, text)]


def _dropped(formula: Formula) -> Made:
    for node in formula.products:
        units = formula.units(node)
        composed = any(isinstance(item, Sign) and item.kind == "o" for item in node.items)
        for span in units if len(units) > 1 and not composed else ():
            yield f"the factor {formula.shown(span)} dropped", span, [(_with_dot(formula.source, span), "")]


def _with_dot(source: str, span: Span) -> Span:
    """A factor to be dropped, with the dot beside it."""
    if behind := re.match(rf"\s*{_DOT}", source[span.stop :]):
        return Span(span.start, span.stop + behind.end())
    before = re.search(rf"{_DOT}\s*$", source[: sized(source, span.start)])
    return Span(before.start() if before else span.start, span.stop)


def _powers(formula: Formula) -> Made:
    """A power one more or one less, a root more or less."""
    called = formula.scalars | formula.functions | {"d"}
    for node in formula.places:
        match node:
            case Item(Name() | Bracket("("), power=power) if not ({node.name} & called or "^" in node.name):
                number = (_number(power.exponent.only) if power else 1) or Fraction(1, 2)
                place = power.span if power else Span(node.span.stop, node.span.stop)
                base = formula.shown(Span(node.span.start, place.start))
                for new in (number - 1 or 2, number + 1) if number in range(1 + bool(node.sub), 9) else ():
                    text = f"^{new}" * (new > 1)
                    yield f"{base}{text} for {formula.shown(node.span)}", node.span, [(place, text)]
            case Item(Bracket("√", (inside,)), power=None):
                shown = formula.shown(inside.span)
                yield f"({shown}) for its root", node.span, [(node.span, f"({shown})")]
            case Fraction_(_, below):
                root = rf"\sqrt{{{formula.shown(below.span)}}}"
                yield f"{root} for {formula.shown(below.span)}", below.span, [(below.span, root)]


def _derivatives(formula: Formula) -> Made:
    """A prime or a letter behind the comma more or less."""
    commas = formula.functions | formula.defined
    for node in formula.nodes:
        match node:
            case Item(Name(name, at), None, primes) if name in formula.scalars:
                more, same, less = (f"{name}{chr(39) * (primes + n)}" for n in (1, 0, -1))
                yield f"{more} for {same}", node.span, [(Span(at.stop, at.stop), "'")]
                if primes:
                    prime = formula.source.index("'", at.stop)
                    yield f"{less} for {same}", node.span, [(Span(prime, prime + 1), "")]
            case Item(Name(name, at), sub) if name in commas and not (sub and sub.after):
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
    "a power more or less": _powers,
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
    """Each term put behind each sum, each factor in front of each product, behind its number and its sum, and
    of a whole side; the outermost places first. A lone 0 or 1 makes room."""
    formula, body, factors = Formula(source, side), side.body, dict.fromkeys(factors)
    top = [node for _, node in body.terms] if isinstance(body, SumOf) else []
    for outer in (True, False):
        sums = [node for node in formula.sums if (node is body) is outer]
        for text, node in ((text, node) for text in dict.fromkeys(terms) for node in sums):
            start, end = node.span.start, node.span.stop
            if _number(node.only) == 0:
                yield Edit(f"{text} for 0", put(source, (node.span, text)), node.span)
                continue
            term = f" {text}" if text.startswith("-") else f" + {text}"
            yield Edit(f"a term {text} added", put(source, (Span(end, end), term)), Span(end - 1, end))
        for text in factors if outer and top[1:] else ():
            start, end = side.span.start, top[-1].span.stop
            changes = (Span(start, start), f"{text} ("), (Span(end, end), ")")
            yield Edit(f"a factor {text}", put(source, *changes), Span(start, end))
        fronts = [_front(node) for node in formula.products if (node in top) is outer]
        for text, (place, gap, span) in ((text, each) for text in factors for each in fronts if each):
            says = f"a factor {text}" if gap is not None else f"{text} for 1"
            yield Edit(says, put(source, (place, text if gap is None else f"{gap}{text} ")), span)


def _front(node: Product) -> tuple[Span, str | None, Span] | None:
    """Where a factor goes: in the place of a lone 1, else behind a number and a sum, with a gap."""
    first = _number(node.items[0])
    if first == 0:  # it would change nothing
        return None
    if first == 1 and len(node.items) == 1:
        return node.span, None, node.span
    before = [item for item in node.items[:-1] if _number(item) is not None or _summed(item)]
    at = before[-1].span.stop if before else node.span.start
    return Span(at, at), " " if before and _summed(before[-1]) else "", node.span


def written(source: str, sides: Sequence[Side], *names: Names) -> tuple[list[str], list[str]]:
    """The factors of the sides as they are written, one or two at a time, and the terms with their signs;
    they may be missing elsewhere."""
    formulas = [Formula(source, side, *names) for side in sides]
    factors = [formula.units(node) for formula in formulas for node in formula.products]
    each = [span for units in factors for span in (*units, *(a | b for a, b in pairwise(units)))]
    found = [source[sized(source, span.start) : span.stop] for span in each]
    signed = [each for formula in formulas for node in formula.sums for each in formula.terms(node)]
    terms = ["- " * (source[s.start : s.stop] == "-") + source[t.start : t.stop] for s, t in signed]
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
        start = sized(source, span.start)
        before, rest = source[:start], source[span.stop if span.stop > span.start else start :]
        gap = " " if text[:1].isalpha() and before[-1:].isalpha() and _in_command(before) else ""
        behind = " " if _in_command(text) and rest[:1].isalpha() else ""
        source = f"{before}{gap}{text}{behind}{rest}"
    return source


def sized(source: str, start: int) -> int:
    r"""Where what starts here starts with the size of its bracket, ``\left``."""
    return re.search(r"(\\(left|[bB]igg?l?)\s*)?\Z", source[:start]).start()  # type: ignore[union-attr]


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
