"""Derivatives as they are written: commas on expressions, fractions of differentials, ``d``.

All become `Deriv` and `Diff` nodes; nothing is worked out here. A comma on a defined name or a
bracket differentiates by the statement's variables (`wrt`); a declared function's own comma is
by its slot and belongs to `calls`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from idxcalc.errors import Span
from idxcalc.expr import Call, Component, Deriv, Diff, Expr, Function, Lambda, Num, Pow, Slot, Variable, walk
from idxcalc.notation import matrices
from idxcalc.notation.commas import Target, commas
from idxcalc.notation.depends import variables
from idxcalc.notation.parts import Factor, Place, Term, slots_for
from idxcalc.notation.tokens import Subscript
from idxcalc.notation.tree import Bracket, Fraction_, Item, Name, Product, Sign, Word
from idxcalc.notation.unknown import undeclared

if TYPE_CHECKING:
    from idxcalc.notation.reader import Reader

Items = tuple[Item | Sign, ...]


def bracket(reader: Reader, item: Item, atom: Bracket, sub: Subscript) -> Factor:
    """``(X^{-1})_{ij}``, ``(f \\circ g)_{j,i}``, ``(fg)_{,i}``."""
    matrix = matrices.bracket_inverse(reader, atom)
    if matrix is not None:
        inverse = matrices.inverse_of(reader, *matrix, sub.before, item.span)
        return commas(reader, inverse, replace(sub, before=()), item)
    product = atom.items[0].terms[0][1] if len(atom.items) == 1 and len(atom.items[0].terms) == 1 else None
    if product is not None and any(isinstance(i, Sign) and i.kind == "o" for i in product.items):
        return composition(reader, product, sub, item)
    if sub.before:
        raise reader.fail("a bracket has no indices of its own", sub.span)
    return commas(reader, reader.base(replace(item, sub=None)), sub, item)


def composition(reader: Reader, product: Product, sub: Subscript, item: Item) -> Factor:
    """``(f \\circ g)_{j,i}``: f at the value of g, differentiated by g's own argument."""
    functions: list[Function] = []
    for number, part in enumerate(product.items):
        if number % 2:
            if not isinstance(part, Sign) or part.kind != "o":
                raise reader.fail("a composition is a row of function names", part.span)
            continue
        name = part.atom if isinstance(part, Item) else None
        symbol = reader.scope.symbols.get(name.text) if isinstance(name, Name) else None
        if not isinstance(symbol, Function) or len(symbol.params) != 1:
            raise reader.fail("a composition is a row of function names", part.span)
        functions.append(symbol)
    innermost = functions[-1]
    inner = reader.scope.defaults.get(innermost.name)
    body = inner[0].body if inner else None
    if inner is None or not isinstance(body, Component):
        raise reader.fail(f"{innermost.name} has no variable to differentiate by", item.span)
    argument = inner[0]
    for function in reversed(functions[1:]):
        indices = slots_for(function.out)
        argument = Lambda(indices, Call(function, indices, (), (argument,)))
    outer = functions[0]
    for one, two in zip(argument.indices, outer.params[0], strict=False):
        reader.tie(one.name, Place(two, outer.name, item.span), Place(one.dim, "its argument", item.span))
    if len(argument.indices) != len(outer.params[0]):
        raise reader.fail(f"{outer.name} cannot be applied to the value of {functions[1].name}", item.span)
    slots, places = reader.slots(sub.before, outer.out, "the composition", item.span)
    factor = Factor(Call(outer, slots, (), (argument,)), places, item.span)
    before = reader.wrt
    reader.wrt = (body.variable,)
    try:
        return commas(reader, factor, sub, item)
    finally:
        reader.wrt = before


# the usual writing


def _is_d(item: Item | Sign, text: str) -> bool:
    atom = item.atom if isinstance(item, Item) else None
    return isinstance(atom, Word | Name) and atom.text == text


def fraction(reader: Reader, item: Item, atom: Fraction_, items: Items, at: int) -> tuple[Factor, int]:
    """A quotient, or ``\\frac{\\partial f}{\\partial x_i}``, perhaps waiting for what it acts on."""
    top = atom.numerator.terms[0][1].items if len(atom.numerator.terms) == 1 else ()
    bottom = atom.denominator.terms[0][1].items if len(atom.denominator.terms) == 1 else ()
    for letter in (r"\partial", "d"):
        declared = letter in reader.scope.symbols
        if top and bottom and _is_d(top[0], letter) and _is_d(bottom[0], letter) and not declared:
            return _derivative(reader, item, atom, letter, items, at)
    upper, lower = reader.sum(atom.numerator), reader.sum(atom.denominator)
    factor = reader.divided(upper, lower, atom.span)
    if item.sub is not None or item.primes:
        raise reader.fail("a subscript belongs to a name or a bracket", item.span)
    return reader.powered(factor, item), at + 1


def _derivative(
    reader: Reader, item: Item, atom: Fraction_, letter: str, items: Items, at: int
) -> tuple[Factor, int]:
    """One derivative per differential below; the order above, if written, must agree."""
    if item.power is not None or item.sub is not None:
        raise reader.fail("brackets around a derivative before a power or subscript", item.span)
    top = atom.numerator.terms[0][1].items
    first = top[0]
    assert isinstance(first, Item)
    order = reader.times(first.power, "the order of a derivative")
    targets = _targets(reader, atom.denominator.terms[0][1].items, letter)
    if len(targets) != order:
        raise reader.fail(f"order {order} above, {len(targets)} below", atom.span)
    if first.sub is not None:
        raise reader.fail(f"{letter} takes no index here", first.sub.span)
    after = at + 1
    if len(top) > 1:
        inner = reader.closed(reader.factors(top[1:]), atom.numerator.span)
    else:
        factor, after = reader.next_factor(items, at + 1, atom.span, r"the derivative")
        inner = reader.closed([factor], factor.span)
    expr = inner.expr
    places: list[tuple[str, Place]] = list(inner.letters.items())
    for target, slots, found in targets:
        expr = Deriv(expr, target, slots)
        places += found
    return Factor(expr, tuple(places), atom.span), after


def _targets(
    reader: Reader, items: Items, letter: str
) -> list[tuple[Target, tuple[Slot, ...], tuple[tuple[str, Place], ...]]]:
    found = []
    at = 0
    while at < len(items):
        if not _is_d(items[at], letter) or at + 1 >= len(items):
            raise reader.fail(f"expected {letter} and a variable", items[at].span)
        named = items[at + 1]
        name = named.atom if isinstance(named, Item) else None
        symbol = reader.scope.symbols.get(name.text) if isinstance(name, Name) else None
        if not isinstance(named, Item) or not isinstance(name, Name):
            raise reader.fail("expected the variable to differentiate by", named.span)
        if symbol is None:
            raise undeclared(reader, name.text, named, items, at + 1)
        if isinstance(symbol, Function) or named.primes:
            raise reader.fail(
                f"a derivative is by a variable or a defined name, not by the function {name.text}",
                named.span,
            )
        if named.sub is not None and named.sub.after is not None:
            raise reader.fail("a derivative is by a component, without a comma", named.sub.span)
        dims = symbol.dims if isinstance(symbol, Variable) else tuple(i.dim for i in symbol.indices)
        groups = named.sub.before if named.sub is not None else ()
        slots, places = reader.slots(groups, dims, symbol.name, named.span)
        times = reader.times(named.power, "the order of a derivative")
        if times > 1 and places:
            raise reader.fail("by a component twice: write it out, \\partial x_i \\partial x_j", named.span)
        found += [(symbol, slots, places)] * times
        at += 2
    return found


def partial_prefix(reader: Reader, item: Item, items: Items, at: int) -> tuple[Factor, int]:
    """``\\partial_i f``: the derivative of the next factor by the statement's variable."""
    if item.sub is None or item.sub.after is not None or item.power is not None:
        raise reader.fail(r"write \partial_i f or \frac{\partial f}{\partial x_i}", item.span)
    inner, after = reader.next_factor(items, at + 1, item.span, r"\partial")
    if reader.wrt is None:
        reader.wrt = _own_variables(inner.expr)
    return commas(reader, inner, Subscript((), item.sub.before, item.sub.span, True), item), after


def _own_variables(expr: Expr) -> tuple[Variable, ...] | None:
    """The one variable that a declared function is a function of."""
    found = {p.variable for p in walk(expr) if isinstance(p, Component)}
    return tuple(found) if len(found) == 1 else None


def _is_exponential(reader: Reader, item: Item) -> bool:
    """``e^{...}`` is a value of exp, not a power."""
    return isinstance(item.atom, Name) and item.atom.text == "e" and "e" not in reader.scope.symbols


def total(reader: Reader, item: Item, items: Items, at: int) -> tuple[Factor, int]:
    """``d`` and the next factor; a power behind it is a power of the differential."""
    if item.primes or (item.sub is not None):
        raise reader.fail("`d` is not declared; as a differential it stands before a factor", item.span)
    times = reader.times(item.power, "the order of a differential")
    following = items[at + 1] if at + 1 < len(items) else None
    if not isinstance(following, Item):
        raise reader.fail("d has nothing to act on", item.span)
    # The power belongs to the differential, unless the factor is a call or bracket: d(x)^2 is (dx)^2 too.
    whole = matrices.is_inverse(following) or _is_exponential(reader, following)
    bare = following if whole else replace(following, power=None)
    inner, after = reader.factor((*items[: at + 1], bare, *items[at + 2 :]), at + 1)
    last = items[after - 1]
    power = None if whole else following.power
    if (
        after > at + 2
        and isinstance(last, Item)
        and last.power is not None
        and isinstance(last.atom, Bracket)
    ):
        power = None  # d f(x)^2: the call took its own power
    term = reader.closed([inner], inner.span)
    expr = term.expr
    for _ in range(times):
        expr = Diff(expr, varying(reader, expr))
    factor = reader.once(expr, [term], item.span | inner.span)
    if power is not None:
        factor = reader.powered(factor, replace(following, power=power))
    return factor, after


def varying(reader: Reader, expr: Expr) -> tuple[Variable, ...]:
    """What varies in a total differential: the statement's variables, else all that is not constant."""
    if reader.wrt is not None:
        return tuple(t for t in reader.wrt if isinstance(t, Variable))
    found = {v for v in variables(expr) if not v.differential and "constant" not in v.traits}
    return tuple(sorted(found, key=lambda v: v.name))


# orders


def ignored(reader: Reader, product: Product) -> bool:
    """Whether a term is ``O(dx^2)`` or "ignored higher powers of dx"; the order is kept in the reader."""
    items = product.items
    first = items[0]
    if not isinstance(first, Item):
        return False
    if len(items) == 1 and isinstance(first.atom, Bracket) and first.atom.ignored:
        _keep(reader, reader.sum(first.atom.items[0]), 2, first.span)
        return True
    second = items[1] if len(items) == 2 else None
    big_o = isinstance(first.atom, Name) and first.atom.text == "O" and "O" not in reader.scope.symbols
    if not big_o or not isinstance(second, Item) or not isinstance(second.atom, Bracket):
        return False
    if len(second.atom.items) != 1:
        raise reader.fail("the order is given in powers of a differential, O(dx^2)", second.span)
    _keep(reader, reader.sum(second.atom.items[0]), 1, second.span)
    return True


def _keep(reader: Reader, term: Term, power: int, span: Span) -> None:
    expr = term.expr
    if isinstance(expr, Pow) and isinstance(expr.exponent, Num):
        power, expr = int(expr.exponent.value), expr.base
    if not isinstance(expr, Diff) or not isinstance(expr.body, Component):
        raise reader.fail("the order is given in powers of a differential, O(dx^2)", span)
    reader.order = (expr.body.variable, power)
