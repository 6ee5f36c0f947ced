"""Names: what stands for a tensor, a defined name, a size, a constant, Kronecker's delta."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from idxcalc.errors import Span
from idxcalc.expr import (
    Component, Constant, Definition, Delta, Deriv, Elementary, Expr, Function, Mul, Ref, Size, Variable,
)  # fmt: skip
from idxcalc.notation import calls, derivatives, matrices
from idxcalc.notation.commas import commas, rank
from idxcalc.notation.parts import Factor, Place
from idxcalc.notation.tokens import Subscript
from idxcalc.notation.tree import Bracket, Item, Name, Sign, SumOf
from idxcalc.notation.unknown import unbraced, undeclared

if TYPE_CHECKING:
    from idxcalc.notation.reader import Reader


def named(
    reader: Reader, item: Item, atom: Name, items: tuple[Item | Sign, ...], at: int
) -> tuple[Factor, int]:
    text, scope = atom.text, reader.scope
    if text == "d" and (text not in scope.symbols or item.sub is None):
        return derivatives.total(reader, item, items, at)
    primed = text + "'" * item.primes
    symbol = scope.symbols.get(primed) if item.primes else None
    primes = 0 if symbol is not None else item.primes
    symbol = symbol or scope.symbols.get(text)
    match symbol:
        case Variable() | Definition():
            if primes:
                return primed_name(reader, symbol, primes, item), at + 1
            return tensor(reader, symbol, item, items, at)
        case Function():
            return calls.call(reader, symbol, primes, item, items, at)
    if text == r"\delta" and item.sub is not None:
        return reader.powered(delta(reader, item.sub, atom.span | item.sub.span), item), at + 1
    if text in scope.size_names and item.sub is None:
        reader.sizes_used.setdefault(text, item.span)
        return reader.powered(Factor(Size(scope.size_names[text]), (), item.span), item), at + 1
    if text == "e" and item.sub is None and not primes:
        if item.power is None:
            return Factor(Constant("e"), (), item.span), at + 1
        term = reader.sum(item.power.exponent)
        return reader.once(Elementary("exp", (term.expr,)), [term], item.span), at + 1
    if text == r"\pi" and item.sub is None and not primes:
        return reader.powered(Factor(Constant("pi"), (), item.span), item), at + 1
    raise undeclared(reader, text, item, items, at)


def primed_name(reader: Reader, symbol: Variable | Definition, primes: int, item: Item) -> Factor:
    """``s'`` of a plain name that was defined at a number, ``s(z) = ...``: its derivative by z."""
    argument = reader.scope.symbols.get(reader.scope.arguments.get(symbol.name, ""))
    if (
        not isinstance(argument, Variable | Definition)
        or not isinstance(symbol, Definition)
        or rank(argument)
    ):
        raise reader.fail(
            f"{symbol.name} is no function; {symbol.name}{chr(39) * primes} is not declared", item.span
        )
    groups = item.sub.before if item.sub is not None else ()
    slots, places = reader.slots(groups, tuple(i.dim for i in symbol.indices), symbol.name, item.span)
    expr: Expr = Ref(symbol, slots)
    for _ in range(primes):
        expr = Deriv(expr, argument, ())
    return reader.powered(Factor(expr, places, item.span), item)


def tensor(
    reader: Reader, symbol: Variable | Definition, item: Item, items: tuple[Item | Sign, ...], at: int
) -> tuple[Factor, int]:
    """A component of a variable or of a defined name; with a comma, a derivative of it."""
    behind = written_argument(reader, symbol, items, at)
    after = at + 1 if behind is None else at + 2
    dims = symbol.dims if isinstance(symbol, Variable) else tuple(i.dim for i in symbol.indices)
    groups = item.sub.before if item.sub is not None else ()
    if matrices.is_inverse(item):
        return commas(reader, matrices.inverse(reader, symbol, item), item.sub, item), after
    if (error := unbraced(reader, items, at)) is not None:
        raise error
    slots, places = reader.slots(groups, dims, symbol.name, item.span)
    expr: Expr = Component(symbol, slots) if isinstance(symbol, Variable) else Ref(symbol, slots)
    factor = Factor(expr, places, item.span)
    if item.sub is not None and item.sub.after is not None:
        factor = commas(reader, factor, item.sub, item)
    factor = reader.powered(label_or_power(reader, factor, item), item)
    if behind is not None:
        factor = reader.powered(commas(reader, factor, behind.sub, behind), behind)
    return factor, after


def label_or_power(reader: Reader, factor: Factor, item: Item) -> Factor:
    """``w^{t+1}_{ij}``: an undeclared letter in an exponent is more likely a label without brackets."""
    if item.power is not None:
        for name in _names(item.power.exponent):
            known = (
                name in reader.scope.symbols or name in reader.scope.size_names or name in ("e", r"\pi", "d")
            )
            if not known and isinstance(item.atom, Name):
                text = reader.source[item.power.exponent.span.start : item.power.exponent.span.stop]
                label = f"`{item.atom.text}^{{({text})}}`"
                raise reader.fail(f"a power or a label? a label is written {label}", item.power.span)
    return factor


def written_argument(
    reader: Reader, symbol: Variable | Definition, items: tuple[Item | Sign, ...], at: int
) -> Item | None:
    """``\\text{loss}(\\hat y_i)``: the bracket with the argument that a plain name was defined with."""
    expected = reader.scope.arguments.get(symbol.name)
    following = items[at + 1] if at + 1 < len(items) else None
    if expected is None or not isinstance(following, Item) or not isinstance(following.atom, Bracket):
        return None
    terms = [term for part in following.atom.items for term in part.terms]
    parts = [i for _, product in terms for i in product.items if isinstance(i, Item)]
    mentioned = any(isinstance(part.atom, Name) and part.atom.text == expected for part in parts)
    if mentioned and (len(parts) > 1 or terms[0][0] < 0 or parts[0].power is not None):
        advice = f"with a new letter, {symbol.name}(u) = ..., it is a function"
        raise reader.fail(f"{symbol.name} is defined at {expected} alone; {advice}", following.span)
    return following if mentioned else None


def delta(reader: Reader, sub: Subscript, span: Span) -> Factor:
    """``\\delta_{ij}``, or a product of deltas for two groups."""
    groups = sub.before
    plain = len(groups) == 2 and not any(g.bracketed for g in groups)
    grouped = (
        len(groups) == 2
        and all(g.bracketed for g in groups)
        and len(groups[0].indices) == len(groups[1].indices)
    )
    if sub.after is not None or not (plain or grouped):
        raise reader.fail("delta takes two indices, or two groups of one length", sub.span)
    deltas: list[Expr] = []
    places: list[tuple[str, Place]] = []
    for left, right in zip(groups[0].indices, groups[1].indices, strict=True):
        dim = reader.scope.sizes.fresh()
        one, found = reader.slot(left.value, dim, r"\delta", left.span)
        two, more = reader.slot(right.value, dim, r"\delta", right.span)
        deltas.append(Delta(one, two))
        places += found + more
    return Factor(deltas[0] if len(deltas) == 1 else Mul(tuple(deltas)), tuple(places), span)


def _names(tree: SumOf) -> Iterator[str]:
    """The bare names at the top of an exponent."""
    for _, product in tree.terms:
        for item in product.items:
            if isinstance(item, Item) and isinstance(item.atom, Name) and item.sub is None:
                yield item.atom.text
