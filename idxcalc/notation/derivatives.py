"""Derivatives as they are written: commas, brackets with a comma, fractions of differentials, ``d``.

All become `Deriv` and `Diff` nodes; nothing is worked out here. A comma on a defined name or a
bracket differentiates by the statement's variables (`wrt`); its letters are only a pattern: how many indices
a derivative has decides by which variable it is. (A declared function's own comma is by its slot and belongs
to `calls`; only the check of its groups is here.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from idxcalc.errors import Span
from idxcalc.expr import (
    Add, Call, Component, Deriv, Diff, Expr, Function, Lambda, Mul, Num, Part, Pow, Slot, Sum, Variable,
    children, walk,
)  # fmt: skip
from idxcalc.notation import matrices, names, reader as reading
from idxcalc.notation.parts import (
    Factor, Place, Places, Row, Target, dims_of, encloses, names_in, printed, slots_for, variables,
)  # fmt: skip
from idxcalc.notation.tokens import MAX_ORDER
from idxcalc.notation.tree import (
    Bracket, Fraction_, Group, Item, Name, Number, Power, Product, Sign, Subscript, SumOf, Word, Written,
)  # fmt: skip

Component_: TypeAlias = tuple[Target, tuple[Slot, ...], Places]
"""What a derivative is taken by: a variable or a defined name, its slots, and where their letters stand."""

# the comma


def check_group(reader: reading.Reader, group: Group, size: int, groups: Sequence[Group]) -> None:
    """One of the derivative indices ``groups``, in a place of ``size`` slots."""
    count, bracketed, place = len(group.indices), group.bracketed, group.span
    several = bracketed and size not in (1, count)
    reader.refuse(several, f"one derivative here has {size} indices, not {count}", place)
    many = {2: "two derivatives", 3: "three derivatives"}.get(len(groups), "a derivative")
    entry = f"by a matrix entry it is `f_{{,({_letters(groups)})}}`"
    reader.refuse(not bracketed and size > 1, f"{many} by a vector; {entry}", place)
    instead = r"write a prime or \frac{\partial ...}{\partial ...}"
    reader.refuse(size == 0, f"by a number there is no index: {instead}", place)


def commas(reader: reading.Reader, factor: Factor, item: Item) -> Factor:
    """The derivatives behind the comma of ``item``, each by the `wrt` variable that it fits."""
    return factor if item.after is None else differentiated(reader, factor, item.after, item)


def behind_call(reader: reading.Reader, factor: Factor, bracket: Item) -> Factor:
    """The comma and the power behind an argument belong to the value."""
    reader.refuse(bracket.before, "a bracket has no indices of its own", bracket.place)
    matrices.unclear(reader, bracket, "", 0)
    return reader.powered(commas(reader, factor, bracket), bracket)


def differentiated(reader: reading.Reader, factor: Factor, groups: Sequence[Group], item: Item) -> Factor:
    """The derivatives of a factor by the indices ``groups`` that ``item`` carries."""
    reader.refuse(len(groups) > MAX_ORDER, f"more than {MAX_ORDER} derivatives", item.place)
    inner = reader.closed([factor], factor.span)
    no_names(reader, groups, (inner.expr,))
    both = zip([_chosen(reader, group, groups, item) for group in groups], groups, strict=True)
    found = [(target, *reader.slots((g,), dims_of(target), target.name, g.span)) for target, g in both]
    return by(found, inner, factor.span | item.place)


def by(targets: Iterable[Component_], inner: Factor, span: Span) -> Factor:
    """The derivatives of a factor by components, one after the other."""
    expr, places = inner.expr, inner.places
    for target, slots, found in targets:
        expr, places = Deriv(expr, target, slots), places + found
    return Factor(expr, places, span)


def _chosen(reader: reading.Reader, group: Group, groups: Sequence[Group], item: Item) -> Target:
    """The variable that a derivative index (or group) differentiates by."""
    if not reader.wrt:
        raise reader.fail("no variable to differentiate by: name it with `wrt`", item.place)
    size = len(group.indices)
    fitting = [t for t in reader.wrt if len(dims_of(t)) == size and (group.bracketed or size == 1)]
    if not fitting:
        check_group(reader, group, len(dims_of(reader.wrt[0])), groups)
        raise reader.fail("no variable of the statement has that many indices", group.span)
    if len(fitting) > 1:
        names, letters = " or by ".join(t.name for t in fitting), _letters([group])
        bottom = f"{fitting[0].name}_{letters if size == 1 else f'{{{letters}}}'}"
        instead = rf"`\frac{{\partial {item.name or '...'}}}{{\partial {bottom}}}`"
        raise reader.fail(f"by {names}? write {instead}", group.span)
    return fitting[0]


def no_names(reader: reading.Reader, groups: Sequence[Group], inside: Iterable[Part]) -> None:
    """Refuse ``f_{,t}`` and ``\\partial_x f``: a declared number, and the variable itself, are no index."""
    for token in (group.indices[0] for group in groups if not group.bracketed):
        name, _, index = str(token.value).partition("_")
        symbol = reader.scope.symbols.get(name)
        declared = isinstance(symbol, Target) and (index or not dims_of(symbol))
        if declared or any(symbol in names_in(part) for part in inside if symbol):
            instead = rf"write \frac{{\partial f}}{{\partial {token.value}}}"
            raise reader.fail(f"{name} is declared, and no index: {instead}", token.span)


def _letters(groups: Sequence[Group]) -> str:
    return "".join(str(t.value) for group in groups for t in group.indices)


# brackets


def bracket(reader: reading.Reader, item: Item, atom: Bracket, sub: Subscript) -> Factor:
    """``(X^{-1})_{ij}``, ``(f \\circ g)_{j,i}``, ``(fg)_{,i}``."""
    matrices.unclear(reader, item, reader.source[atom.span.start : atom.span.stop], len(sub.before))
    if matrix := matrices.inverted(item):
        return commas(reader, matrices.inverse_of(reader, matrix, sub.before, item.span), item)
    match atom.items:
        case (SumOf(((1, inside),)),) if encloses(item) and any(map(_composes, inside.items)):
            return composition(reader, inside, sub, item)
        case (SumOf() as body,) if sub.before and body.only and body.only.name:
            names.label_or_power(reader, body.only)
    reader.refuse(sub.before, "a bracket has no indices of its own", sub.span)
    return commas(reader, reader.base(replace(item, sub=None)), item)


def _composes(part: Item | Sign) -> bool:
    return isinstance(part, Sign) and part.kind == "o"


def composition(reader: reading.Reader, product: Product, sub: Subscript, item: Item) -> Factor:
    """``(f \\circ g)_{j,i}``: f at the value of g, differentiated by g's own argument."""
    functions: list[Function] = []
    for number, part in enumerate(product.items):
        symbol = reader.scope.symbols.get(part.name) if isinstance(part, Item) and part.alone else None
        if number % 2 == 0 and isinstance(symbol, Function) and len(symbol.params) == 1:
            functions.append(symbol)
        elif number % 2 == 0 or not _composes(part):
            raise reader.fail("a composition is a row of function names", part.span)
    outer, *between, innermost = functions
    (argument,) = reader.scope.defaults.get(innermost.name, (None,))
    if argument is None or not isinstance(argument.body, Component):
        raise reader.fail(f"{innermost.name} has no variable to differentiate by", item.span)
    variable = argument.body.variable
    for function in (innermost, *reversed(between)):
        indices = slots_for(function.out)
        argument = Lambda(indices, Call(function, indices, (), (argument,)))
    for one, two in zip(argument.indices, outer.params[0], strict=False):
        reader.tie(one.name, Place(two, outer.name, item.span), Place(one.dim, "its argument", item.span))
    differ = f"{outer.name} cannot be applied to the value of {functions[1].name}"
    reader.refuse(len(argument.indices) != len(outer.params[0]), differ, item.span)
    slots, places = reader.slots(sub.before, outer.out, "the composition", item.span)
    factor = Factor(Call(outer, slots, (), (argument,)), places, item.span)
    return commas(replace(reader, wrt=(variable,)), factor, item)


# the usual writing


def _is_d(item: Item | Sign | None, text: str) -> bool:
    """Whether it is the letter of a derivative; with an index it is a name of its own."""
    named = isinstance(item, Item) and (item.name == text or item.atom == Word(text, item.atom.span))
    return named and not item.primes and item.sub is None  # type: ignore[union-attr]


_ALONE = r"a derivative, or a quotient? write \frac{df}{dx} alone and the rest in front, or (df)(dx)^{-1}"


def mixed(top: Expr, bottom: Expr) -> bool:
    """Whether differentials stand below and others above: who wrote this meant a derivative."""
    return bool((below := _differentials(bottom)) and _differentials(top) - below)


def _differentials(expr: Part) -> set[Part]:
    """The differentials that a value is a sum or a product of."""
    match expr:
        case Diff() | Pow(Diff()):
            return {getattr(expr, "base", expr)}
        case Add() | Mul() | Sum():
            return set().union(*map(_differentials, children(expr)))
    return set()


def fraction(reader: reading.Reader, item: Item, atom: Fraction_, row: Row) -> Factor:
    """A quotient, or ``\\frac{\\partial f}{\\partial x_i}``, perhaps waiting for what it acts on."""
    above, below = (Row(part.items).peek() for part in (atom.numerator, atom.denominator))
    for letter in (r"\partial", "d"):
        if _is_d(above, letter) and _is_d(below, letter):
            return _derivative(reader, item, atom, letter, row)
    top, bottom = reader.sum(atom.numerator), reader.sum(atom.denominator)
    reader.refuse(mixed(top.expr, bottom.expr), _ALONE, atom.span)
    factor = reader.divided(top, bottom, atom.span)
    reader.refuse(item.sub or item.primes, "a subscript belongs to a name or a bracket", item.span)
    return reader.powered(factor, item)


def _derivative(reader: reading.Reader, item: Item, atom: Fraction_, letter: str, row: Row) -> Factor:
    """One derivative per differential below; the order above, if written, must agree."""
    reader.refuse(not item.alone, "brackets around a derivative before a power or subscript", item.span)
    above = reader.row(atom.numerator.terms[0][1])
    first = above.next()
    assert isinstance(first, Item)
    order = reader.times(first.power, "the order of a derivative")
    targets = list(_targets(reader, Row(atom.denominator.items), letter))
    reader.refuse(len(targets) != order, f"order {order} above, {len(targets)} below", atom.span)
    waiting = above.peek() is None  # for what stands behind the fraction
    bracket = encloses(row.peek())
    acted = [reader.next_factor(row, atom.span, "the derivative")] if waiting else reader.factors(above)
    if waiting and not bracket and (further := row.peek()) is not None:
        raise reader.fail("one factor belongs to the derivative: write brackets", atom.span | further.span)
    inner = reader.closed(acted, acted[0].span if waiting else atom.numerator.span)
    made = by(targets[::-1], inner, atom.span)  # the last one acts first
    return replace(made, places=(*inner.places, *(place for *_, found in targets for place in found)))


def _targets(reader: reading.Reader, row: Row, letter: str) -> Iterator[Component_]:
    """The components below a derivative: what it is taken by."""
    while (mark := row.next()) is not None:
        item = row.next()
        if not _is_d(mark, letter) or item is None or not isinstance(mark, Item) or not mark.alone:
            raise reader.fail(f"expected {letter} and a variable", mark.span)
        if not isinstance(item, Item) or not item.name:
            raise reader.fail("expected the variable to differentiate by", item.span)
        symbol = reader.scope.symbols.get(item.name)
        if symbol is None:
            raise names.undeclared(reader, item, mark)
        if isinstance(symbol, Function) or item.primes:
            what = f"a variable or a defined name, not by the function {item.name}"
            raise reader.fail(f"a derivative is by {what}", item.span)
        comma = item.after is not None
        reader.refuse(comma, "a derivative is by a component, without a comma", item.span)
        slots, places = reader.slots(item.before, dims_of(symbol), symbol.name, item.span)
        times = reader.times(item.power, "the order of a derivative")
        twice = "by a component twice: write it out, \\partial x_i \\partial x_j"
        reader.refuse(times > 1 and places, twice, item.span)
        yield from ((symbol, slots, places),) * times


def partial_prefix(reader: reading.Reader, item: Item, row: Row) -> Factor:
    """``\\partial_i f``: the derivative of the next factor by the statement's variable.

    ``\\partial_{1} f`` and ``\\partial_{2,k} f`` of a function of several arguments are those by its first
    and by a component of its second.
    """
    reader.unprimed(item)
    inner = reader.next_factor(row, item.span, r"\partial") if item.before and item.power is None else None
    first = item.before[0].indices[0].value if len(item.before) == 1 else ""
    reader.refuse(inner is not None and _still(inner, row.peek()), _CONSTANT, item.span)
    if inner is not None and isinstance(inner.expr, Call) and isinstance(first, int):
        call, params = inner.expr, inner.expr.function.params
        if 0 < first <= len(params) > 1:
            name = f"argument {first} of {call.function.name}"
            slots, places = reader.slots(item.after or (), params[first - 1], name, item.span)
            derivs = ((first - 1, slots), *call.derivs)
            return replace(inner, expr=replace(call, derivs=derivs), places=places + inner.places)
    if item.after is not None or inner is None:
        raise reader.fail(r"write \partial_i f or \frac{\partial f}{\partial x_i}", item.span)
    if reader.wrt is None:  # the one variable that a declared function is a function of, here alone
        found = {p.variable for p in walk(inner.expr) if isinstance(p, Component)}
        reader = replace(reader, wrt=tuple(found) if len(found) == 1 else None)
    return differentiated(reader, inner, item.before, item)


def total(reader: reading.Reader, item: Item, row: Row) -> Factor:
    """``d`` and the next factor; a power behind it is a power of the differential."""
    undeclared = "`d` is not declared; as a differential it stands before a factor"
    reader.refuse(item.primes or item.sub, undeclared, item.span)
    times = reader.times(item.power, "the order of a differential")
    following = reader.next_item(row, item.span, "d")
    # The power belongs to the differential, dx^2 and d(x)^2, unless it is no power: e^x, X^{-1}_{ij}.
    whole = (following.name == "e" and "e" not in reader.scope.symbols) or matrices.is_inverse(following)
    if following.power and not whole and not _plain_power(following, row.peek()):
        raise reader.fail(_POWER, following.span)
    start, behind = row.at, row.peek()
    inner = reader.factor(following if whole else replace(following, power=None), row)
    reader.refuse(_still(inner, row.peek()), _CONSTANT, item.span | inner.span)
    called = row.at > start and encloses(behind) and not isinstance(following.atom, Written)
    if called and isinstance(behind, Item) and behind.power:
        raise reader.fail(_POWER, behind.span)
    term = reader.closed([inner], inner.span)
    expr = term.expr
    for _ in range(times):
        expr = Diff(expr, _varying(reader, expr, item.span))
    factor = reader.once(expr, [term], item.span | inner.span)
    return factor if whole else reader.powered(factor, following)


_POWER = "d of the power, or a power of d? write d(...^2) or (d...)^2"
_CONSTANT = "what is differentiated here is constant; write brackets around all that is meant"


def _still(factor: Factor, behind: Item | Sign | None) -> bool:
    """Whether a constant is differentiated and more stands behind: ``d\\,2x``, ``d\\,1/x``; not ``dc/x``."""
    found = variables(factor.expr)
    return isinstance(behind, Item if found else Item | Sign) and all("constant" in v.traits for v in found)


def _plain_power(item: Item, behind: Item | Sign | None) -> bool:
    """Whether it is the power of a differential, as in ``dx^2`` and ``d(x)^2``."""
    match item.atom, item.power:
        case Name() | Bracket("(", (SumOf(only=Item(Name())), *_)), Power(
            SumOf(only=Item(Number()) as times)
        ):
            return times.alone and not (isinstance(behind, Item) and isinstance(behind.atom, Bracket))
    return False


def _varying(reader: reading.Reader, expr: Expr, span: Span) -> tuple[Variable, ...]:
    """What varies in a total differential: the statement's variables, else all that is not constant."""
    if reader.wrt is not None:
        for each in reader.wrt:
            known = not isinstance(each, Variable) or each.name in reader.scope.aliases
            reader.refuse(known, f"d is by variables; {each.name} is defined", span)
        return tuple(each for each in reader.wrt if isinstance(each, Variable))
    found = {v for v in variables(expr) if not v.differential and "constant" not in v.traits}
    return tuple(sorted(found, key=lambda v: v.name))


# orders


ORDER = "an order stands alone, as a term of a side: + O(dx^2)"


def ignored(reader: reading.Reader, product: Product) -> Product | None:
    """A term without ``O(dx^2)``, which it is, or "(ignored higher powers of dx)", with which it ends; the
    order is kept in the reader."""
    rest: list[Item | Sign] = []
    match [*printed(product.items)]:
        case [Item(Name("O")) as name, Item(Bracket("(", items)) as last] if "O" not in reader.scope.symbols:
            alone, power = name.alone, 1
        case [*rest, Item(Bracket("O", items)) as last]:
            alone, power = not rest or isinstance(rest[-1], Item), 2
        case _:
            return product
    reader.refuse(not alone or not last.alone, ORDER, product.span)
    match reader.sum(items[0]).expr if len(items) == 1 else None:
        case Diff(Component(variable)):
            pass
        case Pow(Diff(Component(variable)), Num(value)) if value.denominator == 1 and value > 0:
            power = int(value)
        case _:
            raise reader.fail("the order is given in powers of a differential, O(dx^2)", last.span)
    other = reader.order is not None and reader.order[:2] != (variable, power)
    reader.refuse(other, "two orders in one relation, which holds up to one", last.span)
    reader.order = variable, power, last.span
    return replace(product, items=tuple(rest)) if rest else None
