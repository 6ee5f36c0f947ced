"""Functions and what they are applied to.

Unknown and defined functions become a `Call` whose arguments bind their placeholders; known
functions act on each component. A function of one real with subscripts is *lifted*. An argument is a whole
tensor: a bare name, or an expression whose free letters are the slots.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from idxcalc.errors import Span
from idxcalc.expr import (
    Call, Component, Definition, Dim, Elementary, Expr, Function, Index, Lambda, Num, Slot, Variable,
)  # fmt: skip
from idxcalc.functions import BY_LATEX
from idxcalc.notation import derivatives, matrices, reader as reading
from idxcalc.notation.parts import Factor, Place, Places, Row, component, dims_of, encloses, slots_for
from idxcalc.notation.tokens import MAX_ORDER
from idxcalc.notation.tree import Bracket, Item, Number, Sign, SumOf, Tests, Word, Written


def word(reader: reading.Reader, item: Item, row: Row) -> Factor:
    """A known function or ``\\det`` with what it acts on."""
    assert isinstance(item.atom, Word)
    text = item.atom.text
    reader.refuse(text.endswith("dots"), "dots stand only in a declaration, (i = 1, \\dots, n)", item.span)
    instead = rf"the derivative is `{text}(z)'`, or \frac{{d}}{{dz}}"
    reader.refuse(item.primes, f"{text} takes no prime; {instead}", item.span)
    instead = r"; to another base it is \frac{\log z}{\log 2}" if text == r"\log" else ""
    reader.refuse(item.sub, f"{text} takes no index{instead}", item.span)
    _no_inverse(reader, text, item)
    if text == r"\det":
        return matrices.determinant(reader, item, row)
    known = BY_LATEX[text]
    if bracket := row.bracket():
        args, terms = arguments(reader, text, ((),) * known.arity, replace(bracket, primes=0), item.span)
        expr = _primed(reader, Elementary(known.name, tuple(arg.body for arg in args)), bracket)
        factor = reader.powered(reader.once(expr, terms, item.span | bracket.atom.span), bracket)
        reader.refuse(bracket.sub, "a subscript belongs to a name", bracket.place)
        return reader.powered(factor, item)
    reader.refuse(known.arity != 1, f"{text} takes {known.arity} arguments in brackets", item.span)
    first = reader.next_item(row, item.span, text)
    if first.name and not _takes_more(reader, first.name):
        one_factor(reader, item, first, row)
    inner = reader.factor(first, row)
    one_factor(reader, item, first, row)
    term = reader.closed([inner], inner.span)
    made = reader.once(Elementary(known.name, (term.expr,)), [term], item.span | inner.span)
    return reader.powered(made, item)


def _primed(reader: reading.Reader, expr: Elementary, bracket: Item) -> Expr:
    r"""``\max(0,z)'``: the derivative of a known function by the one number that it is applied to."""
    numbers = {arg.variable for arg in expr.args if isinstance(arg, Component) and not arg.slots}
    plain = all(isinstance(arg, Num | Component) for arg in expr.args) and len(numbers) == 1
    if not plain or bracket.power is not None or bracket.primes > MAX_ORDER:
        reader.unprimed(bracket)
    by = [(number, (), ()) for number in numbers] * bracket.primes
    return derivatives.by(by, Factor(expr, (), bracket.span), bracket.span).expr


def _takes_more(reader: reading.Reader, name: str) -> bool:
    """Whether what stands behind a name belongs to it: d, a function, a name written with its argument."""
    scope = reader.scope
    return name == "d" or name in scope.arguments or isinstance(scope.symbols.get(name), Function)


def one_factor(reader: reading.Reader, item: Item, first: Item, row: Row) -> None:
    """``\\log x\\,y``, ``\\log x/y``, ``\\log 2 \\cdot x`` could be read in two ways; ``\\log x \\cdot y``,
    ``\\sin x \\cos x`` and ``2\\log x`` cannot."""
    assert isinstance(item.atom, Word)
    behind = row.peek()
    if isinstance(behind, Sign) and (behind.kind == "/" or isinstance(first.atom, Number)):
        behind = row.peek(1)
    if isinstance(behind, Item) and not isinstance(behind.atom, Word) and behind.name != "d":
        message = f"one factor belongs to {item.atom.text[1:]}: write brackets"
        unclear = not isinstance(first.atom, Written) and not encloses(first)
        reader.refuse(unclear, message, item.span | behind.span)


def _no_inverse(reader: reading.Reader, name: str, item: Item) -> None:
    question = f"{name}^{{-1}}: the inverse function, or one over the value?"
    reader.refuse(matrices.minus_one(item), rf"{question} write \frac{{1}}{{...}} or another name", item.span)


def call(reader: reading.Reader, function: Function, primes: int, item: Item, row: Row) -> Factor:
    """A declared or defined function, with or without an argument behind it."""
    bracket, name = row.bracket(), function.name
    match row.peek():
        case Item(Tests(), span=place) if bracket is None:
            raise reader.fail(reading.ARGUMENT, place)
    if bracket is not None or item.sub is None or matrices.powered_first(item):
        _no_inverse(reader, name, item)
    matrices.unclear(reader, item, name, len(function.out))
    of_one_real = function.params == ((),)
    letters = [t for g in item.before for t in g.indices]
    lifted = of_one_real and not function.out and bool(letters)
    dims = tuple(reader.scope.sizes.fresh() for _ in letters) if lifted else function.out
    params = (dims,) if lifted else function.params
    comma = "its derivatives are written with a comma"
    order = max(primes, len(item.after or ()))
    reader.refuse(order > MAX_ORDER, f"more than {MAX_ORDER} derivatives", item.span)
    reader.refuse(primes and not of_one_real, f"{name} is no function of one real; {comma}", item.span)
    both = "a prime and an index; the derivative of a lifted function has a comma"
    reader.refuse(lifted and primes, both, item.span)
    out, places = reader.slots(item.before, dims, name, item.span)
    if bracket is not None:
        args, inner = arguments(reader, name, params, bracket, item.span)
    else:
        args, inner = _default(reader, function, dims if lifted else None, item), []
    derivs, more = _derivs(reader, name, params, primes, item)
    span = item.span if bracket is None else item.span | bracket.span
    value = Call(function, out, derivs, args)
    factor = Factor(value, (*places, *more, *reader.once(value, inner, span).places), span)
    factor = reader.powered(factor, item)
    return factor if bracket is None else derivatives.behind_call(reader, factor, bracket)


def _default(
    reader: reading.Reader, function: Function, lifted: tuple[Dim, ...] | None, item: Item
) -> tuple[Lambda, ...]:
    """A function without an argument is meant at its declared one, a lifted one at an arbitrary vector."""
    default = reader.scope.defaults.get(function.name, ())
    if lifted is None:
        reader.refuse(not default, f"{function.name} needs an argument", item.span)
        return default
    bodies = [argument.body for argument in default]
    letter = next((body.variable.name for body in bodies if isinstance(body, Component)), "z")
    indices = slots_for(lifted)
    return (Lambda(indices, Component(Variable(rf"\mathbf{{{letter}}}", lifted), indices)),)


def _derivs(
    reader: reading.Reader, name: str, params: Sequence[tuple[Dim, ...]], primes: int, item: Item
) -> tuple[tuple[tuple[int, tuple[Slot, ...]], ...], Places]:
    """Derivatives by the function's own argument: primes, or one per comma index or group."""
    if item.after is None:
        return ((0, ()),) * primes, ()
    instead = r"write \frac{\partial ...}{\partial ...}"
    reader.refuse(len(params) > 1, f"{name} has {len(params)} arguments; {instead}", item.place)
    derivatives.no_names(reader, item.after, reader.scope.defaults.get(name, ()))
    derivs: list[tuple[int, tuple[Slot, ...]]] = []
    places: Places = ()
    for group in item.after:
        derivatives.check_group(reader, group, len(params[0]), item.after)
        slots, found = reader.slots((group,), params[0], f"{name}'s argument", group.span)
        derivs.append((0, slots))
        places += found
    return tuple(derivs), places


# arguments


def arguments(
    reader: reading.Reader, name: str, params: Sequence[tuple[Dim, ...]], bracket: Item, span: Span
) -> tuple[tuple[Lambda, ...], list[Factor]]:
    """The arguments in a bracket, and the terms whose free letters count in the product around the call."""
    assert isinstance(bracket.atom, Bracket)
    parts = bracket.atom.items
    reader.unprimed(bracket)
    reader.refuse(not parts, "an empty argument", bracket.atom.span)
    takes = f"{len(params)} argument{'s' if len(params) > 1 else ''}, not {len(parts)}"
    reader.refuse(len(parts) != len(params), f"{name} takes {takes}", bracket.atom.span)
    found: list[Lambda] = []
    inner: list[Factor] = []
    outside = dict(reader.summed)
    for part, dims in zip(parts, params, strict=True):
        made, term = whole(reader, part, len(dims), name)
        for index, dim in zip(made.indices, dims, strict=True):
            reader.tie(index.name, Place(dim, name, span), Place(index.dim, "its argument", part.span))
        found.append(made)
        inner.append(term)
    reader.summed = outside  # a sum inside an argument is finished there and never meets a letter outside
    return tuple(found), inner


def whole(reader: reading.Reader, tree: SumOf, rank: int, owner: str) -> tuple[Lambda, Factor]:
    """A tensor of the given rank as an argument: a bare name, or an expression whose free letters,
    in order of first appearance, are its slots; and what stays free in it."""
    owner, item = owner.lstrip("\\"), tree.only
    symbol = reader.scope.symbols.get(item.name) if item and item.bare and not item.primes else None
    if rank and item and isinstance(symbol, Variable | Definition) and (dims := dims_of(symbol)):
        what = f"{owner} takes {tensor_word(rank)}, {symbol.name} is {tensor_word(len(dims))}"
        reader.refuse(len(dims) != rank, what, item.span)
        indices = slots_for(dims)
        body = component(symbol, indices)
        return Lambda(indices, body), Factor(body, (), item.span)
    term = reader.sum(tree)
    if not rank:
        return Lambda((), term.expr), term
    letters = {name: place for name, place in term.places if name not in reader.fixed}
    count = f"{reading.numeral(len(letters))} free ind{'ex' if len(letters) == 1 else 'ices'}"
    what = f"the argument has {count}, {owner} takes {tensor_word(rank)}"
    reader.refuse(len(letters) != rank, what, tree.span)
    reader.inside.update(dict.fromkeys(letters, (owner, tree.span)))
    left = tuple(pair for pair in term.places if pair[0] not in letters)
    indices = tuple(Index(name, place.dim) for name, place in letters.items())
    return Lambda(indices, term.expr), Factor(term.expr, left, tree.span)


def tensor_word(rank: int) -> str:
    return ("a number", "a vector", "a matrix")[rank] if rank < 3 else f"{rank} indices"
