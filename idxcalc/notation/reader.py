"""The syntax tree to an index expression: here, and only here, repeated indices are counted.

A *factor* knows each occurrence of an index letter in it. When a product ends, a letter that
stands in two slots is bound by a `Sum`, one that stands in one is free, three are refused. A sum of
terms, an argument, a power, a fraction, a derivative is *finished*: it counts once for each of its
own free letters. Letters *fixed* from outside ("no sum", a written sum, a condition) are never bound.

Sizes are tied as letters meet; the nodes carry unsettled size variables until `settle`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from idxcalc.errors import IdxcalcError, Span
from idxcalc.expr import (
    MINUS_ONE, ONE, ZERO, Add, Call, Deriv, Dim, Elementary, Expr, Function, Index, Iverson, Mul, Num,
    Pow, Size, Slot, Sum, Variable, walk,
)  # fmt: skip
from idxcalc.notation import calls, conditions, derivatives, names
from idxcalc.notation.parts import Factor, Place, Places, Row, Target, sole, variables
from idxcalc.notation.scope import Scope
from idxcalc.notation.sizes import SizesDiffer
from idxcalc.notation.tokens import MAX_DEPTH, MAX_ORDER
from idxcalc.notation.tree import (
    Bracket, Choice, Fraction_, Group, Item, Name, Number, Power, Product, Side, Sign, SumOf, Tests, Word,
    Written,
)  # fmt: skip

SIZELESS = (r"\delta", r"\sum", "the condition", "(no sum)")  # owners of slots that have no size of their own
ARGUMENT = "an argument, or a factor? an argument stands behind the function's own name, a factor in front"
NUMERALS = ("no", "one", "two", "three", "four", "five", "six")


def numeral(count: int) -> str:
    return NUMERALS[count] if count < len(NUMERALS) else str(count)


@dataclass(slots=True)
class Reader:
    """Reads the formulas of one statement; ``wrt`` are what commas on expressions differentiate by."""

    scope: Scope
    source: str
    wrt: tuple[Target, ...] | None = None
    fixed: dict[str, Place] = field(default_factory=dict)
    letters_used: dict[str, list[Place]] = field(default_factory=dict)
    sizes_used: dict[str, Span] = field(default_factory=dict)
    components: list[tuple[Dim, int, Span]] = field(default_factory=list)
    inside: dict[str, tuple[str, Span]] = field(default_factory=dict)
    summed: dict[str, Span] = field(default_factory=dict)
    spared: set[str] = field(default_factory=set)  # letters that would be summed, were they not fixed
    order: tuple[Variable, int, Span] | None = None
    stand: set[Variable] = field(default_factory=set)  # the variables of the sides
    depth: int = 0
    ties: list[tuple[str, Span, Span]] = field(default_factory=list)  # where two letters are one index
    implied: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)  # the sums that stand nowhere

    # errors and sizes

    def fail(self, message: str, span: Span) -> IdxcalcError:
        return IdxcalcError(message, self.source, span)

    def refuse(self, wrong: object, message: str, span: Span) -> None:
        """If something is wrong, say so."""
        if wrong:
            raise self.fail(message, span)

    def tie(self, name: str, left: Place, right: Place) -> None:
        """The letter ``name`` stands in two slots: their sizes are one."""
        self.ties.append((name, left.span, right.span))
        try:
            self.scope.sizes.tie(left.dim, right.dim)
        except SizesDiffer as differ:
            one, two = differ.args
            message = f"the size of {name}: {one} in {left.owner}, {two} in {right.owner}"
            raise self.fail(message, right.span) from None

    def together(self, places: Places) -> dict[str, Place]:
        """The letters, each at its first place; the sizes of its places are one."""
        letters: dict[str, Place] = {}
        for name, place in places:
            if name in letters:
                self.tie(name, letters[name], place)
            letters.setdefault(name, place)
        return letters

    def slot(self, token: str | int, dim: Dim, owner: str, span: Span) -> tuple[Slot, Places]:
        """A subscript's index in a slot of size ``dim``: the slot and its occurrence."""
        if isinstance(token, int):
            self.components.append((dim, token, span))
            return token, ()
        place = Place(dim, owner, span)
        self.letters_used.setdefault(token, []).append(place)
        if token in self.fixed:
            self.tie(token, self.fixed[token], place)
        return Index(token, dim), ((token, place),)

    def slots(
        self, groups: tuple[Group, ...], dims: tuple[Dim, ...], owner: str, span: Span
    ) -> tuple[tuple[Slot, ...], Places]:
        """The indices of a tensor, one per slot."""
        tokens = [t for g in groups for t in g.indices]
        if len(tokens) != len(dims):
            count = f"{len(dims) or 'no'} {'indices' if len(dims) > 1 else 'index'}"
            known = self.scope.symbols.get(owner) if not dims else None
            field = isinstance(known, Function) and len(known.params) == 1
            comma = f"; a derivative has a comma, `{owner}_{{,{(by := tokens[0].value)}}}`" if field else ""
            if field and str(by).partition("_")[0] in self.scope.symbols:
                comma = rf"; a derivative is written \frac{{\partial {owner}}}{{\partial {by}}}"
            raise self.fail(f"{owner} has {count}, not {len(tokens)}{comma}", span)
        found = [self.slot(t.value, dim, owner, t.span) for t, dim in zip(tokens, dims, strict=True)]
        return tuple(slot for slot, _ in found), tuple(pair for _, places in found for pair in places)

    def size_of_deltas(self) -> None:
        """A letter that stands in deltas only, ``\\delta_{ii}``, has the size that it has elsewhere."""
        sizes = self.scope.sizes
        places = [place for found in self.letters_used.values() for place in found]
        known = {sizes.find(p.dim) for p in places if p.owner not in SIZELESS} | sizes.last.keys()
        for found in self.letters_used.values():
            own = {sizes.find(place.dim) for place in found}
            loose = own - known
            if len(own) - len(loose) <= 1:
                first, *others = sorted(own, key=lambda root: root in loose)
                for other in others:
                    sizes.tie(first, other)

    def check_components(self) -> None:
        """A fixed component must be one of its slot; no letter is a size and an index."""
        self.size_of_deltas()
        if self.order and self.order[0].dims and self.order[0] not in self.stand:
            what = f"an order in d{self.order[0].name}, and {self.order[0].name} stands in neither side"
            raise self.fail(what, self.order[2])
        sizes = self.scope.sizes
        for dim, value, span in self.components:
            root = sizes.find(dim)
            start, last = sizes.start.get(root, 1), sizes.last.get(root, "n")
            beyond = value < start or (last.isdigit() and value > int(last))
            self.refuse(beyond, f"component {value} of {start}..{last}", span)
        for letter, places in self.letters_used.items():
            self.refuse(letter in self.sizes_used, f"{letter} is a size and an index", places[0].span)

    # sides and sums

    def side(self, side: Side) -> Factor:
        """A side without its order; the sides of a choice have none."""
        if side.body is None:  # a `?`
            return Factor(ZERO, (), side.span)
        body = side.body
        tree = body if isinstance(body, SumOf) else SumOf.of(Item(body, None, 0, None, side.span))
        left = ((sign, p if self.depth else derivatives.ignored(self, p)) for sign, p in tree.terms)
        term = self.sum(SumOf(tuple((sign, p) for sign, p in left if p), tree.span))
        self.stand |= variables(term.expr)
        return term

    def sum(self, tree: SumOf) -> Factor:
        """Terms with the same free letters; one with none counts for every component."""
        terms: list[Factor] = []
        parts: list[Expr] = []
        for sign, product in tree.terms:
            terms.append(self.closed(self.factors(self.row(product, sign)), product.span))
            parts.append(_negative(terms[-1].expr) if sign < 0 else terms[-1].expr)
        expr = parts[0] if len(parts) == 1 else Add(tuple(parts)) if parts else ZERO
        made = Factor(expr, self.joined(terms), tree.span)
        return made if len(terms) == 1 else self.once(expr, [made], tree.span)

    def joined(self, terms: Sequence[Factor]) -> Places:
        """The letters of a sum of terms; refuses terms whose letters differ."""
        lettered = [(own, t) for t in terms if (own := {name for name, _ in t.places} - self.fixed.keys())]
        for own, term in lettered:
            seen, first = lettered[0]
            if own != seen:
                why = self.remark(own ^ seen, first.span | term.span)
                message = f"the terms have free indices {braces(seen)} and {braces(own)}"
                raise self.fail(message + why, term.span)
        return tuple(self.together(tuple(pair for t in terms for pair in t.places)).items())

    def remark(self, letters: set[str], within: Span) -> str:
        """Why a letter may be missing: it is bound inside a function that stands there."""
        for name in sorted(letters):
            owner, span = self.inside.get(name, ("", Span(0, 0)))
            if owner and within.start <= span.start and span.stop <= within.stop:
                return f"; the {name} inside {owner} is bound there"
        return ""

    # products

    def row(self, product: Product, sign: int = 1) -> Row:
        """The items of a product. Braces are not seen: a sum in them is a whole term, no number in front."""
        row = Row(product.items)
        for before, item in zip((None, *row.items), row.items, strict=False):
            match before, item:
                case None, Item(Bracket("{"), None, 0, None) if sign > 0 and len(row.items) == 1:
                    pass
                case (_, Item(Bracket("{", (_,)))) | (Item(Number(), None, 0, None), Item(Number())):
                    raise self.fail("braces are not printed: write brackets", item.span)
                case Item(Number(), power=None), Item(Fraction_(SumOf(only=Item(Number())), below)) if (
                    below.only and isinstance(below.only.atom, Number)
                ):
                    raise self.fail(r"a mixed number, or a product? write \cdot", item.span)
                case Item(span=Span(start, stop)), Item(Number()) if stop == item.span.start:
                    one, two = self.source[start:stop], self.source[stop : item.atom.span.stop]
                    what = {"_": "subscript", "^": "superscript"}.get(one[-2:-1], "argument")
                    mended = f"only {one[-1]} is the {what}; write `{one[:-1]}{{{one[-1]}{two}}}`"
                    self.refuse(one[-1].isdigit(), mended, item.span)
        return row

    def factors(self, row: Row) -> list[Factor]:
        """The factors of a product, from its items; a slash turns the one behind it over."""
        found: list[Factor] = []
        slash = None
        while (item := row.next()) is not None:
            if isinstance(item, Sign):
                self.refuse(not found, "an operator where a term was expected", item.span)
                composed = "a composition is written (f \\circ g)_{j}, in brackets"
                self.refuse(item.kind == "o", composed, item.span)
                slash = item if item.kind == "/" else slash
                continue
            factor = self.factor(item, row)
            if row.peek(-1) is item and self.applied(item, factor.expr, behind := row.peek()):
                raise self.fail(ARGUMENT, behind.span)  # type: ignore[union-attr]
            if slash is not None:
                unclear = "what does the slash cover? write \\frac or brackets"
                self.refuse(isinstance(row.peek(), Item), unclear, slash.span)
                above = self.closed(found, found[0].span | found[-1].span)
                which = r"a derivative, or a quotient? write \frac, or (dx)(dy)^{-1}"
                self.refuse(derivatives.mixed(above.expr, factor.expr), which, slash.span)
                factor = self.divided(above, self.closed([factor], factor.span), above.span | factor.span)
                found, slash = [], None
            found.append(factor)
        return found

    def divided(self, top: Factor, bottom: Factor, span: Span) -> Factor:
        """A fraction; a letter both above and below it is ambiguous."""
        below = bottom.letters
        for name in top.letters:
            if name in below and name not in self.fixed:
                raise self.fail(f"{name} repeats across a fraction: {_which(name)}", below[name].span)
        expr: Expr = Pow(bottom.expr, MINUS_ONE)
        if isinstance(top.expr, Num) and isinstance(bottom.expr, Num) and bottom.expr is not ZERO:
            expr = Num(top.expr.value / bottom.expr.value)
        elif top.expr is not ONE:
            expr = Mul((top.expr, expr))
        both = self.together((*top.places, *self.once(expr, [bottom], span, "a denominator").places))
        return Factor(expr, tuple(both.items()), span)

    def once(self, expr: Expr, inner: Sequence[Factor], span: Span, finished: str = "") -> Factor:
        """A finished part: it counts once for each of its own free letters, each marked ``finished``."""
        letters = self.together(tuple(pair for part in inner for pair in part.places))
        return Factor(expr, tuple((n, replace(p, mark=finished)) for n, p in letters.items()), span)

    def closed(self, factors: Sequence[Factor], span: Span) -> Factor:
        """The product of the factors: letters that stand twice are summed."""
        places: dict[str, list[tuple[Factor, Place]]] = {}
        for factor in factors:
            for name, place in factor.places:
                places.setdefault(name, []).append((factor, place))
        bound: list[Index] = []
        for name, found in places.items():
            for _, place in found[1:]:
                self.tie(name, found[0][1], place)
            if name in self.fixed or len(found) == 1:
                self.spared.update([name] if len(found) > 1 else ())
                continue
            power = next((place.mark for _, place in found if place.mark), "")
            self.refuse(power, f"{power} and a repeated index: {_which(name)}", found[-1][1].span)
            times = f"{name} stands {numeral(len(found))} times in one product; {_ways(name)}"
            self.refuse(len(found) > 2, times, found[min(2, len(found) - 1)][1].span)
            bound.append(Index(name, found[0][1].dim))
            self.summed.setdefault(name, found[1][1].span)
        expr = factors[0].expr if len(factors) == 1 else Mul(tuple(f.expr for f in factors))
        for index in reversed(bound):
            expr = Sum(index, expr)
        summed = tuple(index.name for index in bound)
        if summed:
            first = next(f for f in factors if any(name in summed for name, _ in f.places))
            self.implied.append((first.span.start, summed))
        free = tuple((name, found[0][1]) for name, found in places.items() if name not in summed)
        return Factor(expr, free, span)

    def applied(self, item: Item, expr: Expr, behind: Item | Sign | None) -> bool:
        """Whether a bracket behind a fraction or a bracket may be the argument of the function in it."""
        last: Item | Sign | None
        match item.atom, behind:
            case Fraction_(SumOf((*_, (_, Product((*_, last)))))), Item(Bracket("(" | "[", (first, *_))):
                pass
            case Bracket(kind, (SumOf() as body, *_)), Item(Bracket("(" | "[", (first, *_))):
                last = sole(body) if kind in "([" else None
            case _:
                return False
        name = last.name if isinstance(last, Item) else ""
        while isinstance(expr, Deriv | Pow):
            expr = expr.base if isinstance(expr, Pow) else expr.body
        held = any(isinstance(p, Call | Deriv) for p in walk(expr)) or name in self.scope.arguments
        return bool(name and isinstance(expr, Call)) or (held and first.lone)

    # factors

    def factor(self, item: Item, row: Row) -> Factor:
        """The factor that ``item`` starts; what belongs to it is taken from the row behind it."""
        self.refuse(self.depth == MAX_DEPTH, f"nested more than {MAX_DEPTH} deep", item.span)
        self.depth += 1
        match item.atom:
            case Bracket("O") | Name("O") if item.sub is None and item.name not in self.scope.symbols:
                raise self.fail(derivatives.ORDER, item.span)
            case Written():
                more = "a sum has its letters below, its bound above, and no more"
                self.refuse(not item.alone, more, item.span)
                made = self.written(item.atom, row)
            case Word(r"\partial", _):
                made = derivatives.partial_prefix(self, item, row)
            case Word():
                made = calls.word(self, item, row)
            case Name():
                made = names.named(self, item, row)
            case Fraction_():
                made = derivatives.fraction(self, item, item.atom, row)
            case _:
                made = self.powered(self.base(item), item)
        self.depth -= 1
        return made

    def unprimed(self, item: Item) -> None:
        """Refuse a prime where it has no meaning; none is ever dropped."""
        self.refuse(item.primes, "a prime belongs to a function's name", item.span)

    def next_item(self, row: Row, after: Span, what: str) -> Item:
        """The item that belongs to a prefix such as ``d``, ``\\partial_i``, ``\\log``."""
        item = row.next()
        if not isinstance(item, Item):
            raise self.fail(f"{what} has nothing to act on", after)
        return item

    def next_factor(self, row: Row, after: Span, what: str) -> Factor:
        return self.factor(self.next_item(row, after, what), row)

    def base(self, item: Item) -> Factor:
        """An item without its power, if it is no name and no command."""
        self.unprimed(item)
        if item.sub is not None:
            if isinstance(item.atom, Bracket):
                return derivatives.bracket(self, item, item.atom, item.sub)
            raise self.fail("a subscript belongs to a name or a bracket", item.sub.span)
        match item.atom:
            case Number(value, span):
                return Factor(Num(value), (), span)
            case Tests(tests, span):
                condition, terms = conditions.tested(self, tests)
                return self.once(Iverson(condition), terms, span)
            case Choice():
                return conditions.choice(self, item.atom)
            case Bracket("√", (body, *degree), span):
                exponents = [1 / self.number(each, "the degree of a root") for each in degree]
                term = self.sum(body)
                root = Pow(term.expr, Num((*exponents, Fraction(1, 2))[0]))
                return self.once(root, [term], span, "a root")
            case Bracket(kind, items, span):
                self.refuse(not items, "an empty bracket", span)
                comma = "a comma inside brackets that are no argument"
                self.refuse(len(items) > 1, comma, items[:2][-1].span)
                term = replace(self.sum(items[0]), span=span)
                return self.once(Elementary("abs", (term.expr,)), [term], span) if kind == "|" else term
            case _:
                raise AssertionError(item.atom)

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
        wrong = value.denominator != 1 or value > MAX_ORDER
        self.refuse(wrong, f"{what} is a number from 1 to {MAX_ORDER}", power.span)
        return int(value)

    def powered(self, factor: Factor, item: Item) -> Factor:
        """The factor raised to the item's power, if it has one."""
        if item.power is None:
            return factor
        base = self.closed([factor], factor.span)
        exponent = self.sum(item.power.exponent)
        return self.once(Pow(base.expr, exponent.expr), [base, exponent], item.span, "a power")

    def written(self, atom: Written, row: Row) -> Factor:
        """``\\sum_{i=1}^n`` and its scope, the product that follows, in which its letters are fixed."""
        for name, span in atom.letters:
            outer = self.fixed.get(name)
            self.refuse(outer and outer.owner == r"\sum", f"{name} is already summed here", span)
        sizes, last = self.scope.sizes, None
        if atom.upper is not None:
            match self.sum(atom.upper).expr:
                case Size(dim):
                    last = sizes.last[sizes.find(dim)]
                case Num(value) if value.denominator == 1 and value > 0:
                    last = str(value)
                case _:
                    what = "the upper bound of a sum is a declared size or a number"
                    raise self.fail(what, atom.upper.span)
        start = 0 if atom.lower == 0 else None
        places = {name: Place(sizes.fresh(last, start), r"\sum", span) for name, span in atom.letters}
        for name, place in places.items():
            self.letters_used.setdefault(name, []).append(place)
        first = row.peek()
        if first is None:
            raise self.fail("a sum of nothing: the product that follows is its scope", atom.span)
        outside, self.fixed = self.fixed, self.fixed | places
        inner = self.closed(self.factors(row), first.span | row.items[-1].span)
        self.fixed = outside
        expr, letters = inner.expr, inner.letters
        for name, place in reversed(places.items()):
            loose = name not in letters and last is None
            self.refuse(loose, f"nothing ties the size of {name}: it does not stand in the sum", place.span)
            expr = Sum(Index(name, place.dim), expr, atom.lower)
        left = tuple(pair for pair in inner.places if pair[0] not in places)
        return self.once(expr, [replace(inner, places=left)], atom.span | inner.span)


def _negative(expr: Expr) -> Expr:
    match expr:
        case Num(value):
            return Num(-value)
        case Mul((Num(value), *rest)):
            return Mul((Num(-value), *rest))
        case _:
            return Mul((MINUS_ONE, *(expr.factors if isinstance(expr, Mul) else (expr,))))


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
