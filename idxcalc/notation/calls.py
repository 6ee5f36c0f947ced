"""Functions and what they are applied to.

Unknown and defined functions become a `Call` whose arguments bind their placeholders; known
functions act on each component. A function of one real with subscripts is *lifted*.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from idxcalc.errors import Span
from idxcalc.expr import Call, Component, Dim, Elementary, Function, Lambda, Slot, Variable
from idxcalc.functions import BY_LATEX
from idxcalc.notation import matrices
from idxcalc.notation.arguments import one_factor_only, whole
from idxcalc.notation.commas import check_group, commas
from idxcalc.notation.parts import Factor, Place, Term, slots_for
from idxcalc.notation.tokens import MAX_ORDER, Subscript
from idxcalc.notation.tree import Bracket, Item, Name, Sign, Word

if TYPE_CHECKING:
    from idxcalc.notation.reader import Reader

Items = tuple[Item | Sign, ...]


_OTHERWISE = r"write \frac{1}{...} or another name"


def word(reader: Reader, items: Items, at: int) -> tuple[Factor, int]:
    """A known function, ``\\det`` or ``\\partial_i``, with what it acts on."""
    item = items[at]
    assert isinstance(item, Item) and isinstance(item.atom, Word)
    text = item.atom.text
    if text.endswith("dots"):
        raise reader.fail("dots stand only in a declaration, (i = 1, \\dots, n)", item.span)
    if item.sub is not None or item.primes:
        raise reader.fail(
            f"{text} takes no index; declare a function to differentiate it by a prime", item.span
        )
    if matrices.minus_one(item):
        raise reader.fail(
            f"{text}^{{-1}}: the inverse function, or one over the value? {_OTHERWISE}", item.span
        )
    if text == r"\det":
        return matrices.determinant(reader, item, items, at)
    known = BY_LATEX[text]
    following = items[at + 1] if at + 1 < len(items) else None
    if isinstance(following, Item) and isinstance(following.atom, Bracket) and following.atom.kind in "([":
        terms = arguments(reader, following.atom, known.arity, text)
        expr = Elementary(known.name, tuple(t.expr for t in terms))
        factor = reader.powered(
            reader.once(expr, terms, item.span | following.atom.span), replace(following, sub=None)
        )
        if following.sub is not None:
            raise reader.fail("a subscript belongs to a name", following.sub.span)
        return reader.powered(factor, item), at + 2
    if known.arity != 1:
        raise reader.fail(f"{text} takes {known.arity} arguments in brackets", item.span)
    if (
        isinstance(following, Item)
        and isinstance(following.atom, Name)
        and not _takes_more(reader, following)
    ):
        one_factor_only(reader, items, at + 1, at + 2, item, text)
    inner, after = reader.next_factor(items, at + 1, item.span, text)
    one_factor_only(reader, items, at + 1, after, item, text)
    term = reader.closed([inner], inner.span)
    return reader.powered(
        reader.once(Elementary(known.name, (term.expr,)), [term], item.span | inner.span), item
    ), after


def _takes_more(reader: Reader, item: Item) -> bool:
    """Whether what stands behind a name belongs to it: d, a function, a name written with its argument."""
    name = item.atom.text if isinstance(item.atom, Name) else ""
    known = name == "d" or name in reader.scope.arguments
    return known or isinstance(reader.scope.symbols.get(name), Function)


def arguments(reader: Reader, bracket: Bracket, count: int, name: str) -> list[Term]:
    """The terms inside a call's brackets."""
    if not bracket.items:
        raise reader.fail("an empty argument", bracket.span)
    if len(bracket.items) != count:
        takes = f"{count} argument{'s' if count > 1 else ''}"
        raise reader.fail(f"{name} takes {takes}, not {len(bracket.items)}", bracket.span)
    return [reader.sum(part) for part in bracket.items]


def call(
    reader: Reader, function: Function, primes: int, item: Item, items: Items, at: int
) -> tuple[Factor, int]:
    """A declared or defined function, with or without an argument behind it."""
    following = items[at + 1] if at + 1 < len(items) else None
    applied = (
        isinstance(following, Item) and isinstance(following.atom, Bracket) and following.atom.kind in "(["
    )
    if applied and matrices.minus_one(item):
        name = function.name
        raise reader.fail(
            f"{name}^{{-1}}: the inverse function, or one over the value? {_OTHERWISE}", item.span
        )
    sub = item.sub
    scalar = function.params == ((),) and not function.out
    if max(primes, len(sub.after or ()) if sub is not None else 0) > MAX_ORDER:
        raise reader.fail(f"more than {MAX_ORDER} derivatives", item.span)
    if primes and function.params != ((),):
        raise reader.fail(
            f"{function.name} is no function of one real; its derivatives are written with a comma", item.span
        )
    groups = sub.before if sub is not None else ()
    lifted = scalar and sub is not None and bool(groups)
    tokens = [t for g in groups for t in g.indices]
    out_dims = tuple(reader.scope.sizes.fresh() for _ in tokens) if lifted else function.out
    if lifted and primes:
        raise reader.fail("a prime and an index; the derivative of a lifted function has a comma", item.span)
    out, places = reader.slots(groups, out_dims, function.name, item.span)
    rank = len(out) if lifted else None
    argument = following if isinstance(following, Item) and applied else None
    args, inner = _arguments(reader, function, argument, out_dims if lifted else None, item)
    derivs, more = _derivs(reader, function, sub, primes, rank, out_dims, item.span)
    span = item.span | following.span if applied and following is not None else item.span
    expr = Call(function, out, derivs, args)
    letters = tuple(pair for term in inner for pair in term.letters.items())
    counted = dict(letters)
    for name, place in letters:
        reader.tie(name, counted[name], place)
    factor = Factor(expr, (*places, *more, *counted.items()), span)
    factor = reader.powered(factor, item)
    if applied:
        assert isinstance(following, Item)
        if following.sub is not None:
            factor = commas(reader, factor, following.sub, following)
        factor = reader.powered(factor, following)
    return factor, at + (2 if applied else 1)


def _arguments(
    reader: Reader, function: Function, bracket: Item | None, lifted: tuple[Dim, ...] | None, item: Item
) -> tuple[tuple[Lambda, ...], list[Term]]:
    """The arguments, and the terms whose free letters count in the product around the call."""
    outside = dict(reader.summed)
    try:
        return _read_arguments(reader, function, bracket, lifted, item)
    finally:  # a sum inside an argument is finished there and never meets a letter outside
        reader.summed = outside


def _read_arguments(
    reader: Reader, function: Function, bracket: Item | None, lifted: tuple[Dim, ...] | None, item: Item
) -> tuple[tuple[Lambda, ...], list[Term]]:
    if bracket is None:
        return _default(reader, function, lifted, item), []
    assert isinstance(bracket.atom, Bracket)
    parts = bracket.atom.items
    if not parts:
        raise reader.fail("an empty argument", bracket.atom.span)
    if len(parts) != len(function.params):
        raise reader.fail(
            f"{function.name} takes {len(function.params)} argument(s), not {len(parts)}", bracket.atom.span
        )
    if lifted is not None:
        made, term = whole(reader, parts[0], len(lifted), function.name)
        for index, dim in zip(made.indices, lifted, strict=True):
            reader.tie(
                index.name,
                Place(dim, function.name, item.span),
                Place(index.dim, "its argument", parts[0].span),
            )
        return (made,), [term]
    found: list[Lambda] = []
    inner: list[Term] = []
    for part, dims in zip(parts, function.params, strict=True):
        if not dims:
            term = reader.sum(part)
            inner.append(term)
            found.append(Lambda((), term.expr))
            continue
        made, term = whole(reader, part, len(dims), function.name)
        for index, dim in zip(made.indices, dims, strict=True):
            reader.tie(
                index.name, Place(dim, function.name, item.span), Place(index.dim, "its argument", part.span)
            )
        found.append(made)
        inner.append(term)
    return tuple(found), inner


def _default(
    reader: Reader, function: Function, lifted: tuple[Dim, ...] | None, item: Item
) -> tuple[Lambda, ...]:
    """A function without an argument is meant at its declared one, a lifted one at an arbitrary vector."""
    if lifted is not None:
        variable = Variable(rf"\mathbf{{{_argument_letter(reader, function)}}}", lifted)
        indices = slots_for(lifted)
        return (Lambda(indices, Component(variable, indices)),)
    default = reader.scope.defaults.get(function.name)
    if default is None:
        raise reader.fail(f"{function.name} needs an argument", item.span)
    return default


def _argument_letter(reader: Reader, function: Function) -> str:
    default = reader.scope.defaults.get(function.name, ())
    body = default[0].body if default else None
    return body.variable.name if isinstance(body, Component) else "z"


def _derivs(
    reader: Reader,
    function: Function,
    sub: Subscript | None,
    primes: int,
    lifted: int | None,
    dims: tuple[Dim, ...],
    span: Span,
) -> tuple[tuple[tuple[int, tuple[Slot, ...]], ...], tuple[tuple[str, Place], ...]]:
    """Derivatives by the function's own argument: primes, or one per comma index or group."""
    if sub is None or sub.after is None:
        return ((0, ()),) * primes, ()
    if len(function.params) > 1:
        raise reader.fail(
            f"{function.name} has {len(function.params)} arguments; "
            "write \\frac{\\partial ...}{\\partial ...}",
            sub.span,
        )
    params = function.params[0] if lifted is None else dims
    derivs: list[tuple[int, tuple[Slot, ...]]] = []
    places: list[tuple[str, Place]] = []
    for group in sub.after:
        check_group(reader, group, len(params), sub)
        slots, found = reader.slots((group,), params, f"{function.name}'s argument", group.span)
        derivs.append((0, slots))
        places += found
    return tuple(derivs), tuple(places)
