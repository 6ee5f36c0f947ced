"""A chain of equalities to relations: each ``=`` is one, with its own sizes.

The sides of a relation have the same free letters, or one of them has none. Letters of "(no sum)"
and of a condition on indices are fixed in all of the statement.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from idxcalc.errors import IdxcalcError, Span
from idxcalc.expr import ZERO, Definition, Expr, Function, Index, Relation, Variable, free
from idxcalc.notation import conditions
from idxcalc.notation.derivatives import ignored
from idxcalc.notation.lexer import lex
from idxcalc.notation.parts import Place, Term
from idxcalc.notation.reader import Reader
from idxcalc.notation.remarks import notes_on, tokens, vacuous
from idxcalc.notation.scope import Scope, settle, settled_symbol
from idxcalc.notation.sides import free_and_summed, sides_differ
from idxcalc.notation.syntax import parse
from idxcalc.notation.tokens import Subscript
from idxcalc.notation.tree import Chain, Item, Name, Side, SumOf, Test
from idxcalc.notation.unknown import is_letter

Targets = tuple[Variable | Definition, ...]


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


def chains(source: str) -> tuple[Chain, ...]:
    """The chains of a statement."""
    return parse(source)


def count(source: str) -> int:
    """The number of relations of a statement, or 1 if it cannot be read."""
    try:
        return sum(len(chain.ops) for chain in parse(source)) or 1
    except IdxcalcError:
        return 1


def targets(scope: Scope, text: str) -> Targets | None:
    """The variables that ``wrt`` names; their letters are only a pattern."""
    if not text.strip():
        return None
    body = parse(f"W({text})")[0].sides[0].body
    assert isinstance(body, SumOf)
    items = body.terms[0][1].items
    parts = items[1].atom.items if len(items) == 2 and isinstance(items[1], Item) else ()  # type: ignore[union-attr]
    found: list[Variable | Definition] = []
    for part in parts:
        only = part.terms[0][1].items[0]
        name = only.atom.text if isinstance(only, Item) and isinstance(only.atom, Name) else None
        symbol = scope.symbols.get(name) if name is not None else None
        if name is None or len(part.terms) != 1 or len(part.terms[0][1].items) != 1:
            raise IdxcalcError(
                "wrt names variables, separated by commas",
                text,
                Span(part.span.start - 2, part.span.stop - 2),
            )
        if symbol is None or isinstance(symbol, Function):
            near = scope.nearest(name)
            advice = f"; did you mean `{near}`?" if near and near != name else ""
            what = "is a function, not a variable" if symbol is not None else "is not declared"
            raise IdxcalcError(
                f"wrt: `{name}` {what}{advice}", text, Span(part.span.start - 2, part.span.stop - 2)
            )
        dims = symbol.dims if isinstance(symbol, Variable) else symbol.indices
        given = sum(len(g.indices) for g in only.sub.before) if isinstance(only, Item) and only.sub else 0
        if given and given != len(dims):
            raise IdxcalcError(
                f"wrt: {name} has {len(dims)} indices, not {given}",
                text,
                Span(part.span.start - 2, part.span.stop - 2),
            )
        found.append(symbol)
    return tuple(found)


def read(
    scope: Scope, source: str, chain: Chain, number: int, wrt: Targets | None, advise: bool = True
) -> Claim:
    """Relation ``number`` (from 0) of a chain; with ``advise`` a refusal looks for the way out."""
    left, right = chain.sides[number], chain.sides[number + 1]
    try:
        return _read(scope, source, chain, left, right, chain.ops[number], wrt)
    except IdxcalcError as error:
        raise (_with_advice(scope, source, chain, left, right, wrt, error) if advise else error) from None


def expression(
    scope: Scope, source: str, wrt: Targets | None, own: Scope | None = None
) -> tuple[Expr, tuple[Index, ...], Targets]:
    """A formula without a relation, its free indices in order of appearance, and the settled variables.

    The sizes that it ties are tied in ``own``, a fork of the scope if it is not given.
    """
    found = parse(source)
    own = own or scope.fork()
    if len(found) != 1 or len(found[0].sides) != 1 or found[0].sides[0].body is None:
        raise IdxcalcError("expected one formula without a relation", source, Span(0, 1))
    reader = Reader(own, source, wrt)
    with reader.fixing(_fixed(reader, found[0].no_sum, ())):
        term = _side(reader, found[0].sides[0])
    reader.check_components()
    expr: Expr = settle(term.expr, own)  # type: ignore[assignment]
    return expr, _ordered(free(expr), term.letters), _settled(wrt, own)


def free_of(expr: Expr) -> frozenset[Index]:
    """The free indices of a settled expression."""
    return free(expr)


def pattern(wrt: str) -> tuple[str, ...]:
    """The letters of ``w_{gh}`` in a ``wrt`` of one variable."""
    tokens = [t.value for t in lex(wrt) if t.kind == "SUB"]
    return tuple(str(i.value) for s in tokens[:1] for g in s.before for i in g.indices)  # type: ignore[attr-defined]


def letters(scope: Scope, source: str, wrt: Targets | None) -> tuple[str, ...]:
    """The free letters of a statement's first side, in order of appearance."""
    chain = parse(source)[-1]
    reader = Reader(scope.fork(), source, wrt)
    with reader.fixing(_fixed(reader, chain.no_sum, ())):
        return tuple(_side(reader, chain.sides[0]).letters)


def _settled(wrt: Targets | None, scope: Scope) -> Targets:
    return tuple(settled_symbol(t, scope) for t in wrt or ())


def _read(
    scope: Scope, source: str, chain: Chain, left: Side, right: Side, op: str, wrt: Targets | None
) -> Claim:
    if left.body is None and right.body is None:
        raise IdxcalcError("`?` on both sides", source, right.span)
    own = scope.fork()
    reader = Reader(own, source, wrt)
    tests = (
        *left.tests,
        *right.tests,
        *(t for s in chain.sides for t in s.tests if s is not left and s is not right),
    )
    with reader.fixing(_fixed(reader, chain.no_sum, tests)):
        condition = conditions.tested(reader, tests)[0] if tests else None
        one = _side(reader, left)
        summed = dict(reader.summed)
        reader.summed = {}
        two = _side(reader, right)
        _others(reader, chain, left, right)
        if left.body is not None and right.body is not None:
            _compare(reader, one, two, summed, reader.summed)
    letters = {**one.letters}
    for name, place in two.letters.items():
        if name in letters:
            reader.tie(name, letters[name], place)
        letters.setdefault(name, place)
    reader.check_components()
    order = reader.order
    notes = notes_on(scope, own, one, two)
    parts = [settle(t.expr, own) for t in (one, two)]
    settled_wrt = _settled(wrt, own)
    if left.body is None or right.body is None:
        known = parts[1] if left.body is None else parts[0]
        return Claim(None, known, left.span, right.span, notes, False, settled_wrt, reader)  # type: ignore[arg-type]
    made = Relation(
        parts[0], parts[1], op,  # type: ignore[arg-type]
        None if condition is None else settle(condition, own),  # type: ignore[arg-type]
        None if order is None else (_settled((order[0],), own)[0].d(), order[1]),  # type: ignore[union-attr]
        _ordered(free(parts[0]) | free(parts[1]), letters),
    )  # fmt: skip
    trivial = tokens(source, left) == tokens(source, right) or vacuous(made, wrt is not None)
    return Claim(made, None, left.span, right.span, notes, trivial, settled_wrt, reader)


def _ordered(indices: frozenset[Index], letters: Iterable[str]) -> tuple[Index, ...]:
    """Indices in the order in which their letters appear."""
    order = {name: n for n, name in enumerate(letters)}
    return tuple(sorted(indices, key=lambda index: (order.get(index.name, len(order)), index.name)))


def _fixed(reader: Reader, no_sum: tuple[str, ...], tests: tuple[Test, ...]) -> dict[str, Place]:
    """Letters of "(no sum)" and of conditions on indices."""
    fixed = {name: Place(reader.scope.sizes.fresh(), "(no sum)", Span(0, 1)) for name in no_sum}
    for test in tests:
        for side in (test.left, test.right):
            only = side.terms[0][1].items[0] if len(side.terms) == 1 else None
            if not isinstance(only, Item) or not isinstance(only.atom, Name) or only.sub is not None:
                continue
            name = only.atom.text + "'" * only.primes
            if is_letter(reader, name):
                fixed.setdefault(name, Place(reader.scope.sizes.fresh(), "the condition", only.span))
    return fixed


def _side(reader: Reader, side: Side) -> Term:
    if side.body is None:  # a `?`
        return Term(ZERO, {}, side.span)
    if isinstance(side.body, SumOf):
        return reader.sum(side.body)
    return reader.closed([conditions.choice(reader, side.body)], side.span)


def _others(reader: Reader, chain: Chain, left: Side, right: Side) -> None:
    """An O(...) stands once, somewhere in the chain, and holds for every relation of it."""
    if reader.order is not None:
        return
    for side in chain.sides:
        if side is left or side is right or not isinstance(side.body, SumOf):
            continue
        for _, product in side.body.terms:
            ignored(reader, product)


def _compare(
    reader: Reader, left: Term, right: Term, summed_left: dict[str, Span], summed_right: dict[str, Span]
) -> None:
    one, two = set(left.letters), set(right.letters)
    lost = [n for n in one if n in summed_right and n not in two] or [
        n for n in two if n in summed_left and n not in one
    ]
    if (one and two and one != two) or lost:
        raise sides_differ(reader, one, two, right.span, {**summed_left, **summed_right} if lost else {})


def _with_advice(
    scope: Scope, source: str, chain: Chain, left: Side, right: Side, wrt: Targets | None, error: IdxcalcError
) -> IdxcalcError:
    """If "(no sum)" on a free letter of one side mends the statement, say that instead."""
    for side, here, there in ((left, "right", "left"), (right, "left", "right")):
        try:
            reader = Reader(scope.fork(), source, wrt)
            with reader.fixing(_fixed(reader, chain.no_sum, ())):
                letters = _side(reader, side).letters
        except IdxcalcError:
            continue
        for name in list(letters)[:8]:  # more would only take time
            if name in chain.no_sum:
                continue
            mended = replace(chain, no_sum=(*chain.no_sum, name))
            try:
                _read(scope, source, mended, left, right, "=", wrt)
            except IdxcalcError:
                continue
            if not _ambiguous(error.message):
                span = _where(source, name, right if side is left else left) or error.span
                return IdxcalcError(free_and_summed(name, here, there), source, span)
    return error


def _where(source: str, name: str, side: Side) -> Span | None:
    """The place of a letter in a side: the second, where the convention sums it."""
    subscripts = [t.value for t in lex(source) if side.span.start <= t.span.start < side.span.stop]
    found = [
        index.span
        for sub in subscripts
        if isinstance(sub, Subscript)
        for group in (*sub.before, *(sub.after or ()))
        for index in group.indices
        if index.value == name
    ]
    return found[min(1, len(found) - 1)] if found else None


def _ambiguous(message: str) -> bool:
    return "(no sum on" in message
