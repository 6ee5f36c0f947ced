"""Whole tensors as arguments: a bare name, or an expression whose free letters are the slots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idxcalc.errors import Span
from idxcalc.expr import Component, Definition, Expr, Index, Lambda, Ref, Variable
from idxcalc.notation.parts import Term, slots_for
from idxcalc.notation.tree import Item, Name, Sign, SumOf, Word, Written
from idxcalc.notation.unknown import undeclared

if TYPE_CHECKING:
    from idxcalc.notation.reader import Reader


def whole(reader: Reader, tree: SumOf, rank: int, owner: str) -> tuple[Lambda, Term]:
    """A tensor of the given rank as an argument: a bare name, or an expression whose free letters,
    in order of first appearance, are its slots; and the letters that stay free in it."""
    single = tree.terms[0][1].items if len(tree.terms) == 1 and tree.terms[0][0] > 0 else ()
    if rank and len(single) == 1 and isinstance(single[0], Item) and _is_bare(reader, single[0], rank):
        return whole_item(reader, single[0], rank, owner)
    term = reader.sum(tree)
    return bind(reader, term, rank, owner, tree.span)


def _is_bare(reader: Reader, item: Item, rank: int) -> bool:
    symbol = reader.scope.symbols.get(item.atom.text) if isinstance(item.atom, Name) else None
    return (
        isinstance(symbol, Variable | Definition)
        and item.sub is None
        and item.power is None
        and rank == rank_of(symbol)
    )


def rank_of(symbol: Variable | Definition) -> int:
    return len(symbol.dims if isinstance(symbol, Variable) else symbol.indices)


def whole_item(reader: Reader, item: Item, rank: int, owner: str) -> tuple[Lambda, Term]:
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
        raise reader.fail(
            f"{owner} takes {tensor_word(rank)}, {symbol.name} is {tensor_word(len(dims))}", item.span
        )
    indices = slots_for(dims)
    body: Expr = Component(symbol, indices) if isinstance(symbol, Variable) else Ref(symbol, indices)
    return Lambda(indices, body), Term(body, {}, item.span)


def bind(reader: Reader, term: Term, rank: int, owner: str, span: Span) -> tuple[Lambda, Term]:
    """The free letters of an argument become its placeholders, in order of first appearance."""
    letters = [name for name in term.letters if name not in reader.fixed]
    if len(letters) != rank:
        counts = ("no", "one", "two", "three", "four", "five")
        count = counts[len(letters)] if len(letters) < 6 else str(len(letters))
        plural = "free index" if len(letters) == 1 else "free indices"
        raise reader.fail(
            f"the argument has {count} {plural}, {owner.lstrip(chr(92))} takes {tensor_word(rank)}", span
        )
    for name in letters:
        reader.inside[name] = (owner.lstrip("\\"), span)
    made = Lambda(tuple(Index(name, term.letters[name].dim) for name in letters), term.expr)
    return made, Term(term.expr, {n: p for n, p in term.letters.items() if n not in letters}, span)


def tensor_word(rank: int) -> str:
    return ("a number", "a vector", "a matrix")[rank] if rank < 3 else f"{rank} indices"


def one_factor_only(
    reader: Reader, items: tuple[Item | Sign, ...], first: int, after: int, item: Item, text: str
) -> None:
    """``\\log x\\,y`` could be read in two ways; ``\\sin x \\cos x`` and ``2\\log x`` cannot."""
    started = items[first]
    if isinstance(started, Item) and isinstance(started.atom, Written):
        return
    following = items[after] if after < len(items) else None
    if isinstance(following, Item) and not isinstance(following.atom, Word):
        differential = isinstance(following.atom, Name) and following.atom.text == "d"
        if not differential:
            raise reader.fail(
                f"one factor belongs to {text.lstrip(chr(92))}: write brackets", item.span | following.span
            )
