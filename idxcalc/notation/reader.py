"""The syntax tree to an index expression: here, and only here, repeated indices are counted.

A *factor* knows each occurrence of an index letter in it. When a product ends, a letter that
stands in two slots is bound by a `Sum`, one that stands in one is free, three are refused. A sum of
terms, an argument, a power, a fraction, a derivative is *finished*: it counts once for each of its
own free letters. Letters *fixed* from outside ("no sum", a written sum, a condition) are never bound.

Sizes are tied as letters meet; the nodes carry unsettled size variables until `settle`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction

from idxcalc.errors import IdxcalcError, Span
from idxcalc.expr import (
    MINUS_ONE, ZERO, Add, Definition, Dim, Elementary, Expr, Index, Mul, Num, Pow, Slot, Sum, Variable,
)  # fmt: skip
from idxcalc.notation import calls, conditions, derivatives, names, sums
from idxcalc.notation.parts import Factor, Place, Term
from idxcalc.notation.scope import Scope
from idxcalc.notation.sizes import SizesDiffer
from idxcalc.notation.tokens import MAX_DEPTH, MAX_ORDER, Group
from idxcalc.notation.tree import (
    Bars, Bracket, Choice, Fraction_, Item, Name, Number, Power, Product, Root, Sign, SumOf, Tests, Word,
    Written,
)  # fmt: skip

NUMERALS = ("no", "one", "two", "three", "four", "five", "six")


@dataclass(slots=True)
class Reader:
    """Reads the formulas of one statement; ``wrt`` are what commas on expressions differentiate by."""

    scope: Scope
    source: str
    wrt: tuple[Variable | Definition, ...] | None = None
    fixed: dict[str, Place] = field(default_factory=dict)
    letters_used: dict[str, Span] = field(default_factory=dict)
    sizes_used: dict[str, Span] = field(default_factory=dict)
    components: list[tuple[Dim, int, Span]] = field(default_factory=list)
    inside: dict[str, tuple[str, Span]] = field(default_factory=dict)
    summed: dict[str, Span] = field(default_factory=dict)
    order: tuple[Variable, int] | None = None
    depth: int = 0
    ties: list[tuple[str, Span, Span]] = field(default_factory=list)  # where two letters are one index
    implied: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)  # the sums that stand nowhere

    # errors and sizes

    def fail(self, message: str, span: Span) -> IdxcalcError:
        return IdxcalcError(message, self.source, span)

    def tie(self, name: str, left: Place, right: Place) -> None:
        """The letter ``name`` stands in two slots: their sizes are one."""
        self.ties.append((name, left.span, right.span))
        try:
            self.scope.sizes.tie(left.dim, right.dim)
        except SizesDiffer as differ:
            message = f"the size of {name}: {differ.left} in {left.owner}, {differ.right} in {right.owner}"
            raise self.fail(message, right.span) from None

    @contextmanager
    def fixing(self, letters: dict[str, Place]) -> Iterator[None]:
        """The letters are fixed inside the block."""
        before = self.fixed
        self.fixed = before | letters
        try:
            yield
        finally:
            self.fixed = before

    def slot(
        self, token: str | int, dim: Dim, owner: str, span: Span
    ) -> tuple[Slot, tuple[tuple[str, Place], ...]]:
        """A subscript's index in a slot of size ``dim``: the slot and its occurrence."""
        if isinstance(token, int):
            self.components.append((dim, token, span))
            return token, ()
        self.letters_used.setdefault(token, span)
        place = Place(dim, owner, span)
        if token in self.fixed:
            self.tie(token, self.fixed[token], place)
        return Index(token, dim), ((token, place),)

    def check_components(self) -> None:
        """A fixed component must be one of its slot."""
        sizes = self.scope.sizes
        for dim, value, span in self.components:
            root = sizes.find(dim)
            start, last = sizes.start.get(root, 1), sizes.last.get(root, "")
            if value < start or (last.isdigit() and value > int(last)):
                raise self.fail(f"component {value} of {start}..{last or 'n'}", span)
        for letter, span in self.letters_used.items():
            if letter in self.sizes_used:
                raise self.fail(f"{letter} is a size and an index", span)

    # sums and products

    def sum(self, tree: SumOf) -> Term:
        """Terms with the same free letters; one with none counts for every component."""
        terms: list[tuple[int, Term]] = []
        for sign, product in tree.terms:
            if not derivatives.ignored(self, product):
                terms.append((sign, self.product(product)))
        if not terms:
            return Term(ZERO, {}, tree.span)
        letters = self.joined([term for _, term in terms])
        parts = tuple(_negative(t.expr) if sign < 0 else t.expr for sign, t in terms)
        return Term(parts[0] if len(parts) == 1 else Add(parts), letters, tree.span)

    def joined(self, terms: list[Term]) -> dict[str, Place]:
        """The letters of a sum of terms; refuses terms whose letters differ."""
        letters: dict[str, Place] = {}
        seen: tuple[set[str], Term] | None = None
        for term in terms:
            own = {name for name in term.letters if name not in self.fixed}
            if own and seen is None:
                seen = own, term
            elif own and seen is not None and own != seen[0]:
                message = f"the terms have free indices {braces(seen[0])} and {braces(own)}"
                why = self.remark(own ^ seen[0], seen[1].span | term.span)
                raise self.fail(message + why, term.span)
            for name, place in term.letters.items():
                if name in letters:
                    self.tie(name, letters[name], place)
                letters.setdefault(name, place)
        return letters

    def remark(self, letters: set[str], within: Span) -> str:
        """Why a letter may be missing: it is bound inside a function that stands there."""
        for name in sorted(letters):
            owner, span = self.inside.get(name, ("", Span(0, 0)))
            if owner and within.start <= span.start and span.stop <= within.stop:
                return f"; the {name} inside {owner} is bound there"
        return ""

    def product(self, tree: Product) -> Term:
        return self.closed(self.factors(tree.items), tree.span)

    def factors(self, items: tuple[Item | Sign, ...]) -> list[Factor]:
        """The factors of a product, from its items; a slash turns the one behind it over."""
        found: list[Factor] = []
        at, slash = 0, None
        while at < len(items):
            item = items[at]
            if isinstance(item, Sign):
                if item.kind == "/":
                    slash = item
                elif item.kind == "o":
                    raise self.fail("a composition is written (f \\circ g)_{j}, in brackets", item.span)
                at += 1
                continue
            factor, at = self.factor(items, at)
            if slash is not None:
                if at < len(items) and not isinstance(items[at], Sign):
                    raise self.fail("what does the slash cover? write \\frac or brackets", slash.span)
                factor = self.quotient(found, factor, slash.span)
                found, slash = [], None
            found.append(factor)
        return found

    def quotient(self, above: list[Factor], below: Factor, span: Span) -> Factor:
        top = self.closed(above, above[0].span | above[-1].span)
        return self.divided(top, self.closed([below], below.span), top.span | below.span)

    def divided(self, top: Term, bottom: Term, span: Span) -> Factor:
        """A fraction; a letter both above and below it is ambiguous."""
        shared = [name for name in top.letters if name in bottom.letters and name not in self.fixed]
        if shared:
            message = f"{shared[0]} repeats across a fraction: {_which(shared[0])}"
            raise self.fail(message, bottom.letters[shared[0]].span)
        expr: Expr = Pow(bottom.expr, MINUS_ONE)
        match top.expr, bottom.expr:
            case Num(above), Num(below) if below:
                expr = Num(above / below)
            case Num(above), _ if above == 1:
                pass
            case _:
                expr = Mul((top.expr, expr))
        return self.once(expr, [top, bottom], span)

    def once(self, expr: Expr, inner: list[Term], span: Span, finished: str = "") -> Factor:
        """A finished part: it counts once for each of its own free letters."""
        letters: dict[str, Place] = {}
        for term in inner:
            for name, place in term.letters.items():
                if name in letters:
                    self.tie(name, letters[name], place)
                letters.setdefault(name, place)
        return Factor(expr, tuple(letters.items()), span, finished)

    def closed(self, factors: list[Factor], span: Span) -> Term:
        """The product of the factors: letters that stand twice are summed."""
        places: dict[str, list[tuple[Factor, Place]]] = {}
        for factor in factors:
            for name, place in factor.places:
                places.setdefault(name, []).append((factor, place))
        bound: list[Index] = []
        letters: dict[str, Place] = {}
        for name, found in places.items():
            for _, place in found[1:]:
                self.tie(name, found[0][1], place)
            if name in self.fixed or len(found) == 1:
                letters[name] = found[0][1]
                continue
            ambiguous = [f for f, _ in found if f.finished]
            if ambiguous:
                message = f"{ambiguous[0].finished} and a repeated index: {_which(name)}"
                raise self.fail(message, found[-1][1].span)
            if len(found) > 2:
                count = NUMERALS[len(found)] if len(found) < len(NUMERALS) else str(len(found))
                message = f"{name} stands {count} times in one product; {_ways(name)}"
                raise self.fail(message, found[2][1].span)
            bound.append(Index(name, found[0][1].dim))
            self.summed.setdefault(name, found[1][1].span)
        expr = factors[0].expr if len(factors) == 1 else Mul(tuple(f.expr for f in factors))
        for index in reversed(bound):
            expr = Sum(index, expr)
        if bound:
            first = next(f for f in factors if any(name not in letters for name, _ in f.places))
            self.implied.append((first.span.start, tuple(index.name for index in bound)))
        return Term(expr, letters, span)

    # factors

    def factor(self, items: tuple[Item | Sign, ...], at: int) -> tuple[Factor, int]:
        """The factor that starts at ``items[at]``, and where the next one starts."""
        item = items[at]
        assert isinstance(item, Item)
        if self.depth == MAX_DEPTH:
            raise self.fail(f"nested more than {MAX_DEPTH} deep", item.span)
        self.depth += 1
        try:
            return self.kind_of_factor(item, items, at)
        finally:
            self.depth -= 1

    def kind_of_factor(self, item: Item, items: tuple[Item | Sign, ...], at: int) -> tuple[Factor, int]:
        match item.atom:
            case Written():
                return sums.written(self, item.atom, items, at)
            case Word(r"\partial", _):
                return derivatives.partial_prefix(self, item, items, at)
            case Word():
                return calls.word(self, items, at)
            case Name():
                return names.named(self, item, item.atom, items, at)
            case Fraction_():
                return derivatives.fraction(self, item, item.atom, items, at)
            case _:
                return self.powered(self.base(item), item), at + 1

    def next_factor(
        self, items: tuple[Item | Sign, ...], at: int, after: Span, what: str
    ) -> tuple[Factor, int]:
        """The factor that belongs to a prefix such as ``d``, ``\\partial_i``, ``\\log``."""
        if at >= len(items) or isinstance(items[at], Sign):
            raise self.fail(f"{what} has nothing to act on", after)
        return self.factor(items, at)

    def base(self, item: Item) -> Factor:
        """An item without its power."""
        atom = item.atom
        if item.primes and not isinstance(atom, Name):
            raise self.fail("a prime belongs to a function's name", item.span)
        if item.sub is not None and isinstance(atom, Bracket):
            return derivatives.bracket(self, item, atom, item.sub)
        if item.sub is not None and not isinstance(atom, Name):
            raise self.fail("a subscript belongs to a name or a bracket", item.sub.span)
        match atom:
            case Number(value, span):
                return Factor(Num(value), (), span)
            case Bracket(_, parts, span):
                if not parts:
                    raise self.fail("an empty bracket", span)
                if len(parts) > 1:
                    raise self.fail("a comma inside brackets that are no argument", parts[1].span)
                term = self.sum(parts[0])
                return self.once(term.expr, [term], span)
            case Bars(body, span):
                term = self.sum(body)
                return self.once(Elementary("abs", (term.expr,)), [term], span)
            case Root(body, degree, span):
                term = self.sum(body)
                power = Fraction(1, 2) if degree is None else 1 / self.number(degree, "the degree of a root")
                return self.once(Pow(term.expr, Num(power)), [term], span, "a root")
            case Tests(tests, span):
                return conditions.iverson(self, tests, span)
            case Choice():
                return conditions.choice(self, atom)
            case _:
                raise AssertionError(atom)

    def number(self, tree: SumOf, what: str) -> Fraction:
        term = self.sum(tree).expr
        if not isinstance(term, Num) or term.value <= 0:
            raise self.fail(f"{what} is a positive number", tree.span)
        return term.value

    def times(self, power: Power | None, what: str) -> int:
        """The order of a derivative."""
        if power is None:
            return 1
        value = self.number(power.exponent, what)
        if value.denominator != 1 or value > MAX_ORDER:
            raise self.fail(f"{what} is a number from 1 to {MAX_ORDER}", power.span)
        return int(value)

    def powered(self, factor: Factor, item: Item) -> Factor:
        """The factor raised to the item's power, if it has one."""
        if item.power is None:
            return factor
        base = self.closed([factor], factor.span)
        exponent = self.sum(item.power.exponent)
        expr = Pow(base.expr, exponent.expr)
        return self.once(expr, [base, exponent], item.span, "a power")

    def slots(
        self, groups: tuple[Group, ...], dims: tuple[Dim, ...], owner: str, span: Span
    ) -> tuple[tuple[Slot, ...], tuple[tuple[str, Place], ...]]:
        """The indices of a tensor, one per slot."""
        tokens = [t for g in groups for t in g.indices]
        if len(tokens) != len(dims):
            count = f"{len(dims)} {'index' if len(dims) == 1 else 'indices'}" if dims else "no index"
            raise self.fail(f"{owner} has {count}, not {len(tokens)}", span)
        slots: list[Slot] = []
        places: list[tuple[str, Place]] = []
        for token, dim in zip(tokens, dims, strict=True):
            slot, found = self.slot(token.value, dim, owner, token.span)
            slots.append(slot)
            places += found
        return tuple(slots), tuple(places)


def _negative(expr: Expr) -> Expr:
    match expr:
        case Num(value):
            return Num(-value)
        case Mul((Num(value), *rest)):
            return Mul((Num(-value), *rest))
        case Mul(factors):
            return Mul((MINUS_ONE, *factors))
        case _:
            return Mul((MINUS_ONE, expr))


def _which(name: str) -> str:
    return f"sum, or component by component? {_ways(name)}"


def _ways(name: str) -> str:
    return f'write the sum out, or "(no sum on ${name}$)"'


def braces(letters: set[str]) -> str:
    """A set of letters as the messages write it.

    >>> braces({"j", "i"}), braces(set())
    ('{i, j}', '{}')
    """
    return "{" + ", ".join(sorted(letters)) + "}"
