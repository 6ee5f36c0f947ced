"""A chain of equalities to relations: each ``=`` is one, with its own sizes.

The sides of a relation have the same free letters, or one of them has none. Letters of "(no sum)"
and of a condition on indices are fixed in all of the statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeAlias

from idxcalc.errors import IdxcalcError, Span
from idxcalc.expr import Deriv, Diff, Expr, Function, Index, Relation, free, walk
from idxcalc.notation import conditions, names
from idxcalc.notation.derivatives import ignored
from idxcalc.notation.lexer import lex, subscripts
from idxcalc.notation.parts import Factor, Place, Target, dims_of, names_in, variables
from idxcalc.notation.reader import Reader, braces
from idxcalc.notation.scope import Scope, settle
from idxcalc.notation.syntax import parse
from idxcalc.notation.tree import Bracket, Chain, Item, Product, Side, SumOf, Test

Targets: TypeAlias = tuple[Target, ...]
Wrt: TypeAlias = Targets | None


@dataclass(frozen=True, slots=True)
class Claim:
    """One relation as read: ``relation`` is None when a side is a ``?`` (then ``known`` is the other side).

    ``left`` and ``right`` are the spans of the sides, ``notes`` what the relation says of sizes, ``trivial``
    whether it says nothing, ``wrt`` the settled variables of the statement, ``reader`` who has read it.
    """

    relation: Relation | None
    known: Expr | None
    left: Span
    right: Span
    notes: tuple[str, ...]
    trivial: bool
    wrt: Targets
    reader: Reader


_WRT = "wrt names variables, separated by commas"
chains = parse  # the chains of a statement


def count(source: str) -> int:
    """The number of relations of a statement, or 1 if it cannot be read."""
    try:
        return sum(len(chain.ops) for chain in parse(source)) or 1
    except IdxcalcError:
        return 1


def targets(scope: Scope, text: str) -> Wrt:
    """The variables that ``wrt`` names; their letters are only a pattern."""
    if not text or not text.strip():
        return None
    if "%" in text or any(token.kind in ("RPAR", "PM") for token in lex(f"W({text})")[:-1]):
        raise IdxcalcError(_WRT, text, Span(0, len(text)))
    match parse(f"W({text})")[0].sides[0].body:
        case SumOf(((_, Product((_, Item(Bracket(_, parts))))),)):
            return tuple(_target(scope, text, part) for part in parts)
    return ()


def _target(scope: Scope, text: str, part: SumOf) -> Target:
    item, place = part.only, Span(part.span.start - 2, part.span.stop - 2)
    if item is None or not item.name:
        raise IdxcalcError(_WRT, text, place)
    name, letters = item.primed, [token.value for group in item.before for token in group.indices]
    symbol, near = scope.symbols.get(name), scope.nearest(name)
    if symbol is None or isinstance(symbol, Function):
        what = "is a function, not a variable" if symbol is not None else "is not declared"
        advice = f"; did you mean `{near}`?" if near and near != name else ""
        raise IdxcalcError(f"wrt: `{name}` {what}{advice}", text, place)
    if item.power or item.after or any(isinstance(letter, int) for letter in letters):
        raise IdxcalcError(f"wrt names a whole variable: no power, comma or number of {name}", text, place)
    if letters and len(letters) != (dims := len(dims_of(symbol))):
        raise IdxcalcError(f"wrt: {name} has {dims} indices, not {len(letters)}", text, place)
    return symbol


def pattern(wrt: str) -> tuple[str, ...]:
    """The letters of ``w_{gh}`` in a ``wrt`` of one variable."""
    return tuple(str(i.value) for sub in subscripts(wrt)[:1] for g in sub.before for i in g.indices)


def expression(
    scope: Scope, source: str, wrt: Wrt, own: Scope | None = None, side: bool = False
) -> tuple[Expr, tuple[Index, ...], Targets]:
    """A formula without a relation, its free indices in order of appearance, and the settled variables.

    The sizes that it ties are tied in ``own``, a fork of the scope if it is not given. As a ``side`` of a
    relation it may have a condition and an order.
    """
    found = parse(source)
    if len(found) != 1 or len(found[0].sides) != 1 or found[0].sides[0].body is None:
        raise IdxcalcError(r"expected one formula, without a relation and \pm", source, Span(0, 1))
    reader = _reader(own or scope.fork(), source, found[0], wrt)
    for test in () if side else found[0].sides[0].tests:
        raise reader.fail("a condition belongs to a relation; a value by cases ends with else", test.span)
    term = reader.side(found[0].sides[0])
    if reader.order is not None and not side:
        raise reader.fail("an order belongs to a relation, which holds up to it", reader.order[2])
    names.finish(reader, found[0].span)
    expr, settled = settle((term.expr, wrt or ()), reader.scope)
    return expr, _ordered(free(expr), term.letters), settled


def letters(scope: Scope, source: str, wrt: Wrt) -> tuple[str, ...]:
    """The free letters of a statement's first side, in order of appearance."""
    chain = parse(source)[-1]
    return tuple(_reader(scope.fork(), source, chain, wrt).side(chain.sides[0]).letters)


def read(scope: Scope, source: str, chain: Chain, number: int, wrt: Wrt, advise: bool = True) -> Claim:
    """Relation ``number`` (from 0) of a chain; with ``advise`` a refusal looks for the way out."""
    try:
        return _read(scope, source, chain, number, wrt)
    except IdxcalcError as error:
        raise (_with_advice(scope, source, chain, number, wrt, error) if advise else error) from None


def _read(scope: Scope, source: str, chain: Chain, number: int, wrt: Wrt) -> Claim:
    left, right = sides = chain.sides[number : number + 2]
    others = (*chain.sides[:number], *chain.sides[number + 2 :])
    if left.body is None and right.body is None:
        raise IdxcalcError("`?` on both sides", source, right.span)
    for at, side in ((number, left), (number + 1, right)):
        if side.body is None and (0 < at < len(chain.ops) or chain.ops[number] != "="):
            raise IdxcalcError("`?` stands at one end of a chain of =", source, side.span)
    tests = [test for side in (*sides, *others) for test in side.tests]
    own = scope.fork()
    reader = _reader(own, source, chain, wrt, tests)
    condition = conditions.tested(reader, tests)[0] if tests else None
    one, summed = reader.side(left), reader.summed
    reader.summed = {}
    two = reader.side(right)
    for side in others if reader.order is None else ():  # O(...) holds for every relation of the chain
        for _, product in side.body.terms if isinstance(side.body, SumOf) else ():
            ignored(reader, product)
    if left.body is not None and right.body is not None:
        here, there = set(one.letters), set(two.letters)
        lost = (here & reader.summed.keys()) - there or (there & summed.keys()) - here
        if (here and there and here != there) or lost:
            raise sides_differ(reader, here, there, right.span, summed | reader.summed if lost else {})
    places = reader.together((*one.places, *two.places))
    names.finish(reader, left.span | right.span)
    names.remarked(reader, chain)
    notes, up_to = notes_on(scope, own, one, two), reader.order or ()
    made, order, condition, settled = settle(((one.expr, two.expr), up_to, condition, wrt or ()), own)
    if left.body is None or right.body is None:
        known = made[1] if left.body is None else made[0]
        return Claim(None, known, left.span, right.span, notes, False, settled, reader)
    relation = Relation(
        *made, chain.ops[number], condition, (order[0].d(), order[1]) if order else None,
        _ordered(free(made[0]) | free(made[1]), places),
    )  # fmt: skip
    trivial = tokens(source, left) == tokens(source, right) or vacuous(relation, wrt is not None)
    return Claim(relation, None, left.span, right.span, notes, trivial, settled, reader)


def _ordered(indices: frozenset[Index], letters: Iterable[str]) -> tuple[Index, ...]:
    """Indices in the order in which their letters appear."""
    order = {name: n for n, name in enumerate(letters)}
    return tuple(sorted(indices, key=lambda index: (order.get(index.name, len(order)), index.name)))


def _reader(scope: Scope, source: str, chain: Chain, wrt: Wrt, tests: Sequence[Test] = ()) -> Reader:
    """A reader for whom the letters of "(no sum)" and of conditions on indices are fixed; it ties sizes."""
    reader = Reader(scope, source, wrt)
    reader.fixed = {name: Place(scope.sizes.fresh(), "(no sum)", Span(0, 1)) for name in chain.no_sum}
    for side in (side for test in tests for side in (test.left, test.right)):
        name = conditions.letter(side)
        if name and not name.isdigit() and names.is_letter(reader, name):
            reader.fixed.setdefault(name, Place(scope.sizes.fresh(), "the condition", side.span))
    return reader


def _with_advice(
    scope: Scope, source: str, chain: Chain, number: int, wrt: Wrt, error: IdxcalcError
) -> IdxcalcError:
    """If "(no sum)" on a free letter of one side mends the statement, say that instead."""
    if "(no sum on" in error.message:
        return error
    one, two = chain.sides[number : number + 2]
    for (side, other), here, there in (((one, two), "right", "left"), ((two, one), "left", "right")):
        free_here: Iterable[str] = ()
        with suppress(IdxcalcError):
            free_here = _reader(scope.fork(), source, chain, wrt).side(side).letters
        for name in [name for name in free_here if name not in chain.no_sum][:8]:  # more would only take time
            mended = replace(chain, no_sum=(*chain.no_sum, name), ops=("=",) * len(chain.ops))
            with suppress(IdxcalcError):
                if name in _read(scope, source, mended, number, wrt).reader.spared:
                    place = _where(source, name, other) or error.span
                    return IdxcalcError(free_and_summed(name, here, there), source, place)
                way = f'; or is {name} fixed? add "(no sum on ${name}$)"'  # the same everywhere
                return IdxcalcError(error.message + way, source, error.span)
    return error


def _where(source: str, name: str, side: Side) -> Span | None:
    """The place of a letter in a side: the second, where the convention sums it."""
    found = [token.span for sub in subscripts(source) for token in sub.tokens if token.value == name]
    inside = [span for span in found if side.span.start <= span.start < side.span.stop]
    return inside[:2][-1] if inside else None


# what a relation says besides: which sizes it makes equal, whether it says anything, how its sides differ


def notes_on(scope: Scope, own: Scope, *terms: Factor) -> tuple[str, ...]:
    """Which sizes the relation makes equal that its context leaves different."""
    notes: list[str] = []
    for variable in sorted(set().union(*(variables(t.expr) for t in terms)), key=lambda v: v.name):
        roots, now = ({each.sizes.find(d) for d in variable.dims} for each in (scope, own))
        if len(variable.dims) == 2 and len(roots) == 2 and len(now) == 1:
            notes.append(f"this makes {variable.name} square")
        elif len(now) < len(roots):
            notes.append(f"this makes sizes of {variable.name} equal")
        numbers = ({each.sizes.settled(d).number for d in variable.dims} for each in (own, scope))
        for number in sorted(filter(None, set.difference(*numbers))):
            notes.append(f"this makes the size of {variable.name} {number}")
    return tuple(notes)


def tokens(source: str, side: Side) -> list[str]:
    """The tokens as typed, which spaces and sizes do not change."""
    spans = (t.span for t in lex(source) if side.span.start <= t.span.start and t.span.stop <= side.span.stop)
    return ["".join(source[span.start : span.stop].split()) for span in spans]


def vacuous(relation: Relation, has_wrt: bool) -> bool:
    """Whether every derivative of the relation is by what it does not contain."""
    parts = [part for side in (relation.left, relation.right) for part in walk(side)]
    by: dict[Deriv | Diff, set[Target]] = {p: {p.target} for p in parts if isinstance(p, Deriv)}
    by |= {p: {*p.variables} for p in parts if isinstance(p, Diff)}
    by_all = not has_wrt and any(isinstance(p, Diff) for p in by)
    return bool(by) and not by_all and not any(names & names_in(p.body) for p, names in by.items())


def sides_differ(
    reader: Reader, left: set[str], right: set[str], span: Span, summed: dict[str, Span]
) -> IdxcalcError:
    """The message for sides whose free letters differ; with the way out when one of them is summed."""
    for here, there, letters in (("right", "left", left - right), ("left", "right", right - left)):
        for name in sorted(letters & summed.keys()):
            return reader.fail(free_and_summed(name, here, there), summed[name])
    why = reader.remark(left ^ right, Span(0, span.stop))
    return reader.fail(f"left side {braces(left)}, right side {braces(right)}{why}", span)


def free_and_summed(name: str, here: str, there: str) -> str:
    found, remark = f"on the {here} {name} is summed, on the {there} it is free", f'"(no sum on ${name}$)"'
    return f"{found}; add {remark}" if here == "right" else f"{found}; another letter there, or {remark}?"
