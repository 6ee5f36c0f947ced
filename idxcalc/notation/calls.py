"""Functions and what they are applied to.

Unknown and defined functions become a `Call` whose arguments bind their placeholders; known
functions act on each component. A function of one real with subscripts is *lifted*.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from idxcalc.errors import Span
from idxcalc.expr import (
    Call,
    Component,
    Definition,
    Det,
    Dim,
    Elementary,
    Expr,
    Function,
    Index,
    Inverse,
    Lambda,
    Ref,
    Slot,
    Variable,
)  # fmt: skip
from idxcalc.functions import BY_LATEX
from idxcalc.notation.commas import check_group, commas
from idxcalc.notation.parts import Factor, Place, Term
from idxcalc.notation.tokens import Group, Subscript
from idxcalc.notation.tree import Bracket, Item, Name, Number, Sign, SumOf, Word, Written
from idxcalc.notation.unknown import undeclared

if TYPE_CHECKING:
    from idxcalc.notation.reader import Reader

Items = tuple[Item | Sign, ...]


def word(reader: Reader, items: Items, at: int) -> tuple[Factor, int]:
    """A known function, ``\\det`` or ``\\partial_i``, with what it acts on."""
    item = items[at]
    assert isinstance(item, Item) and isinstance(item.atom, Word)
    text = item.atom.text
    if text.endswith("dots"):
        raise reader.fail("dots stand only in a declaration, (i = 1, \\dots, n)", item.span)
    if item.sub is not None or item.primes:
        raise reader.fail(f"{text} takes no index; declare a function to differentiate it by a prime", item.span)
    if text == r"\det":
        return determinant(reader, item, items, at)
    known = BY_LATEX[text]
    following = items[at + 1] if at + 1 < len(items) else None
    if isinstance(following, Item) and isinstance(following.atom, Bracket) and following.atom.kind in "([":
        terms = arguments(reader, following.atom, known.arity, text)
        expr = Elementary(known.name, tuple(t.expr for t in terms))
        factor = reader.powered(reader.once(expr, terms, item.span | following.atom.span), replace(following, sub=None))
        if following.sub is not None:
            raise reader.fail("a subscript belongs to a name", following.sub.span)
        return reader.powered(factor, item), at + 2
    if known.arity != 1:
        raise reader.fail(f"{text} takes {known.arity} arguments in brackets", item.span)
    inner, after = reader.next_factor(items, at + 1, item.span, text)
    _one_factor_only(reader, items, at + 1, after, item, text)
    term = reader.closed([inner], inner.span)
    return reader.powered(reader.once(Elementary(known.name, (term.expr,)), [term], item.span | inner.span), item), after


def _one_factor_only(reader: Reader, items: Items, first: int, after: int, item: Item, text: str) -> None:
    """``\\log x\\,y`` could be read in two ways; ``\\sin x \\cos x`` and ``2\\log x`` cannot."""
    started = items[first]
    if isinstance(started, Item) and isinstance(started.atom, Written):
        return
    following = items[after] if after < len(items) else None
    if isinstance(following, Item) and not isinstance(following.atom, Word):
        differential = isinstance(following.atom, Name) and following.atom.text == "d"
        if not differential:
            raise reader.fail(f"one factor belongs to {text.lstrip(chr(92))}: write brackets", item.span | following.span)


def arguments(reader: Reader, bracket: Bracket, count: int, name: str) -> list[Term]:
    """The terms inside a call's brackets."""
    if not bracket.items:
        raise reader.fail("an empty argument", bracket.span)
    if len(bracket.items) != count:
        takes = f"{count} argument{'s' if count > 1 else ''}"
        raise reader.fail(f"{name} takes {takes}, not {len(bracket.items)}", bracket.span)
    return [reader.sum(part) for part in bracket.items]


def determinant(reader: Reader, item: Item, items: Items, at: int) -> tuple[Factor, int]:
    following = items[at + 1] if at + 1 < len(items) else None
    if not isinstance(following, Item):
        raise reader.fail(r"\det has nothing to act on", item.span)
    if isinstance(following.atom, Bracket) and len(following.atom.items) == 1:
        matrix, term = whole(reader, following.atom.items[0], 2, r"\det")
    else:
        bare = Item(following.atom, following.sub, following.primes, None, following.span)
        matrix, term = _whole_item(reader, bare, 2, r"\det")
    _one_factor_only(reader, items, at + 1, at + 2, item, r"\det")
    _square(reader, matrix, following.span)
    factor = reader.powered(reader.once(Det(matrix), [term], item.span | following.span), following)
    return reader.powered(factor, item), at + 2


def _square(reader: Reader, matrix: Lambda, span: Span) -> None:
    row, column = matrix.indices
    place = Place(row.dim, "the rows", span), Place(column.dim, "the columns", span)
    reader.tie("a square matrix", *place)


def whole(reader: Reader, tree: SumOf, rank: int, owner: str) -> tuple[Lambda, Term]:
    """A tensor of the given rank as an argument: a bare name, or an expression whose free letters,
    in order of first appearance, are its slots; and the letters that stay free in it."""
    single = tree.terms[0][1].items if len(tree.terms) == 1 and tree.terms[0][0] > 0 else ()
    if rank and len(single) == 1 and isinstance(single[0], Item) and _is_bare(reader, single[0], rank):
        return _whole_item(reader, single[0], rank, owner)
    term = reader.sum(tree)
    return bind(reader, term, rank, owner, tree.span)


def _is_bare(reader: Reader, item: Item, rank: int) -> bool:
    symbol = reader.scope.symbols.get(item.atom.text) if isinstance(item.atom, Name) else None
    return isinstance(symbol, Variable | Definition) and item.sub is None and item.power is None and rank == _rank(symbol)


def _rank(symbol: Variable | Definition) -> int:
    return len(symbol.dims if isinstance(symbol, Variable) else symbol.indices)


def _whole_item(reader: Reader, item: Item, rank: int, owner: str) -> tuple[Lambda, Term]:
    symbol = reader.scope.symbols.get(item.atom.text) if isinstance(item.atom, Name) else None
    if not isinstance(symbol, Variable | Definition) or item.primes:
        if item.sub is None and isinstance(item.atom, Name) and symbol is None:
            raise undeclared(reader, item.atom.text, item, (item,), 0)
        raise reader.fail(f"{owner} takes a matrix, by its name or by two free indices", item.span)
    if item.sub is not None:
        term = reader.closed([reader.factor((item,), 0)[0]], item.span)
        return bind(reader, term, rank, owner, item.span)
    dims = symbol.dims if isinstance(symbol, Variable) else tuple(i.dim for i in symbol.indices)
    if len(dims) != rank:
        raise reader.fail(f"{owner} takes {_tensor(rank)}, {symbol.name} is {_tensor(len(dims))}", item.span)
    indices = tuple(Index(letter, dim) for letter, dim in zip("ijklmn", dims, strict=False))
    body: Expr = Component(symbol, indices) if isinstance(symbol, Variable) else Ref(symbol, indices)
    return Lambda(indices, body), Term(body, {}, item.span)


def bind(reader: Reader, term: Term, rank: int, owner: str, span: Span) -> tuple[Lambda, Term]:
    """The free letters of an argument become its placeholders, in order of first appearance."""
    letters = [name for name in term.letters if name not in reader.fixed]
    if len(letters) != rank:
        counts = ("no", "one", "two", "three", "four", "five")
        count = counts[len(letters)] if len(letters) < 6 else str(len(letters))
        plural = "free index" if len(letters) == 1 else "free indices"
        raise reader.fail(f"the argument has {count} {plural}, {owner.lstrip(chr(92))} takes {_tensor(rank)}", span)
    for name in letters:
        reader.inside[name] = owner.lstrip("\\")
    made = Lambda(tuple(Index(name, term.letters[name].dim) for name in letters), term.expr)
    return made, Term(term.expr, {n: p for n, p in term.letters.items() if n not in letters}, span)


def _tensor(rank: int) -> str:
    return ("a number", "a vector", "a matrix")[rank] if rank < 3 else f"{rank} indices"


def call(
    reader: Reader, function: Function, primes: int, item: Item, items: Items, at: int
) -> tuple[Factor, int]:
    """A declared or defined function, with or without an argument behind it."""
    following = items[at + 1] if at + 1 < len(items) else None
    applied = isinstance(following, Item) and isinstance(following.atom, Bracket) and following.atom.kind in "(["
    sub = item.sub
    scalar = function.params == ((),) and not function.out
    if primes and not scalar:
        raise reader.fail(f"{function.name} is no function of one real; its derivatives are written with a comma", item.span)
    groups = sub.before if sub is not None else ()
    lifted = scalar and sub is not None and bool(groups)
    tokens = [t for g in groups for t in g.indices]
    out_dims = tuple(reader.scope.sizes.fresh() for _ in tokens) if lifted else function.out
    if lifted and primes:
        raise reader.fail("a prime and an index; the derivative of a lifted function has a comma", item.span)
    out, places = reader.slots(groups, out_dims, function.name, item.span)
    rank = len(out) if lifted else None
    args, inner = _arguments(reader, function, following if applied else None, out_dims if lifted else None, item)  # type: ignore[arg-type]
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
        raise reader.fail(f"{function.name} takes {len(function.params)} argument(s), not {len(parts)}", bracket.atom.span)
    if lifted is not None:
        made, term = whole(reader, parts[0], len(lifted), function.name)
        for index, dim in zip(made.indices, lifted, strict=True):
            reader.tie(index.name, Place(dim, function.name, item.span), Place(index.dim, "its argument", parts[0].span))
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
            reader.tie(index.name, Place(dim, function.name, item.span), Place(index.dim, "its argument", part.span))
        found.append(made)
        inner.append(term)
    return tuple(found), inner


def _default(reader: Reader, function: Function, lifted: tuple[Dim, ...] | None, item: Item) -> tuple[Lambda, ...]:
    """A function without an argument is meant at its declared one, a lifted one at an arbitrary vector."""
    if lifted is not None:
        variable = Variable(rf"\mathbf{{{_argument_letter(reader, function)}}}", lifted)
        indices = tuple(Index(letter, dim) for letter, dim in zip("ijklmn", lifted, strict=False))
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
    reader: Reader, function: Function, sub: Subscript | None, primes: int, lifted: int | None, dims: tuple[Dim, ...], span: Span
) -> tuple[tuple[tuple[int, tuple[Slot, ...]], ...], tuple[tuple[str, Place], ...]]:
    """Derivatives by the function's own argument: primes, or one per comma index or group."""
    if sub is None or sub.after is None:
        return ((0, ()),) * primes, ()
    if len(function.params) > 1:
        raise reader.fail(f"{function.name} has {len(function.params)} arguments; write \\frac{{\\partial ...}}{{\\partial ...}}", sub.span)
    params = function.params[0] if lifted is None else dims
    derivs: list[tuple[int, tuple[Slot, ...]]] = []
    places: list[tuple[str, Place]] = []
    for group in sub.after:
        check_group(reader, group, len(params), sub)
        slots, found = reader.slots((group,), params, f"{function.name}'s argument", group.span)
        derivs.append((0, slots))
        places += found
    return tuple(derivs), tuple(places)


def is_inverse(item: Item) -> bool:
    """``X^{-1}_{ij}``, the power standing before the slots."""
    return item.sub is not None and item.power is not None and item.power.span.start < item.sub.span.start and _minus_one(item)


def _minus_one(item: Item) -> bool:
    if item.power is None or len(item.power.exponent.terms) != 1:
        return False
    sign, product = item.power.exponent.terms[0]
    only = product.items[0]
    return sign < 0 and len(product.items) == 1 and isinstance(only, Item) and isinstance(only.atom, Number) and only.atom.value == Fraction(1)


def inverse(reader: Reader, symbol: Variable | Definition, item: Item) -> Factor:
    """A component of the inverse of a square tensor; ``item`` carries the slots."""
    assert item.sub is not None
    if _rank(symbol) != 2:
        raise reader.fail(f"only a matrix has an inverse; {symbol.name} is {_tensor(_rank(symbol))}", item.span)
    matrix, _ = _whole_item(reader, Item(Name(symbol.name, item.span), None, 0, None, item.span), 2, "the inverse")
    return inverse_of(reader, matrix, item.sub.before, item.span)


def inverse_of(reader: Reader, matrix: Lambda, groups: tuple[Group, ...], span: Span) -> Factor:
    _square(reader, matrix, span)
    dims = (matrix.indices[0].dim, matrix.indices[1].dim)
    (row, column), places = reader.slots(groups, dims, "the inverse", span)
    return Factor(Inverse(matrix, row, column), places, span)


def bracket_inverse(reader: Reader, bracket: Bracket) -> Lambda | None:
    """The matrix in ``(X^{-1})``, if the bracket holds just that."""
    product = bracket.items[0].terms[0][1].items if len(bracket.items) == 1 and len(bracket.items[0].terms) == 1 else ()
    only = product[0] if len(product) == 1 else None
    if not isinstance(only, Item) or not _minus_one(only) or only.sub is not None:
        return None
    if isinstance(only.atom, Name):
        return _whole_item(reader, Item(only.atom, None, 0, None, only.span), 2, "the inverse")[0]
    if isinstance(only.atom, Bracket) and len(only.atom.items) == 1:
        return whole(reader, only.atom.items[0], 2, "the inverse")[0]
    return None

