"""Definitions: ``\\hat y_i = ...`` a name, ``s(z) = ...`` a function, ``x_0 = 1`` a component."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from idxcalc.errors import IdxcalcError, Span
from idxcalc.expr import Component, Definition, Expr, Function, Index, Lambda, Num, Variable
from idxcalc.notation import conditions
from idxcalc.notation.parts import Place, slots_for
from idxcalc.notation.reader import Reader
from idxcalc.notation.scope import Scope
from idxcalc.notation.sides import sides_differ
from idxcalc.notation.syntax import parse
from idxcalc.notation.tree import Bracket, Chain, Item, Name, Sign, SumOf


def define(
    scope: Scope, source: str, wrt: tuple[Variable | Definition, ...] | None = None, where: str = ""
) -> list[tuple[str, Span]]:
    """Add the definitions of ``source``, one per row; the names with the spans of their rows."""
    found: list[tuple[str, Span]] = []
    for chain in parse(source, lines=True):
        found.append((_define(scope, source, chain, wrt, where), chain.span))
    return found


def _define(
    scope: Scope, source: str, chain: Chain, wrt: tuple[Variable | Definition, ...] | None, where: str
) -> str:
    def fail(message: str, span: Span) -> IdxcalcError:
        return IdxcalcError(message, source, span)

    if len(chain.sides) != 2 or chain.ops != ("=",):
        span = chain.op_spans[1] if len(chain.op_spans) > 1 else chain.span
        further = "; further steps belong into a derive" if len(chain.sides) > 2 else ""
        raise fail(f"a definition has one `=`{further}", span)
    left, right = chain.sides
    items = left.body.terms[0][1].items if isinstance(left.body, SumOf) and len(left.body.terms) == 1 else ()
    head = items[0] if items else None
    if right.body is None or left.body is None:
        raise fail("a definition has no `?`", right.span if right.body is None else left.span)
    if (
        not isinstance(head, Item)
        or not isinstance(head.atom, Name)
        or len(items) > 2
        or head.power is not None
    ):
        raise fail("a definition starts with the name it defines", left.span)
    if head.sub is not None and head.sub.after is not None:
        raise fail("a definition names a tensor, not a derivative", head.sub.span)
    name = head.atom.text + "'" * head.primes
    tokens = [t for g in head.sub.before for t in g.indices] if head.sub is not None else []
    if any(isinstance(t.value, int) for t in tokens):
        return _component(scope, source, name, head, chain, where)
    if name in scope.symbols and name not in scope.soft:
        raise fail(f"{name} is declared already, in line {scope.lines.get(name, '?')}", head.span)
    if name == r"\delta":
        raise fail(r"\delta is Kronecker's delta; its meaning is known", head.span)
    letters = {str(t.value): t.span for t in tokens}
    if len(letters) < len(tokens):
        raise fail("a definition's indices differ", head.span)
    bracket = items[1] if len(items) == 2 else None
    if bracket is not None and not is_bracket(bracket):
        raise fail("a definition starts with the name it defines", left.span)
    placeholders: tuple[Variable, ...] = ()
    inner = scope.fork()
    if bracket is not None:
        assert isinstance(bracket, Item) and isinstance(bracket.atom, Bracket)
        arguments = [_argument(source, part) for part in bracket.atom.items]
        if not arguments:
            raise fail("an empty argument", bracket.span)
        known = [a for a in arguments if a.atom.text in scope.symbols and a.atom.text not in scope.soft]  # type: ignore[union-attr]
        if known and len(known) == len(arguments) == 1:
            return _plain(scope, source, name, letters, head, chain, wrt, where, known[0].atom.text)  # type: ignore[union-attr]
        if known:
            raise fail("one argument, or only new letters", bracket.span)
        placeholders = tuple(_placeholder(inner, source, a) for a in arguments)
    if not placeholders:
        return _plain(scope, source, name, letters, head, chain, wrt, where, None)
    indices, body = _body(inner, source, letters, head, chain, wrt)
    scope.sizes = inner.sizes
    scope.size_names = inner.size_names
    params = tuple(v.dims for v in placeholders)
    function = Function(name, tuple(i.dim for i in indices), params, frozenset(), placeholders, indices, body)
    scope.symbols[name] = function
    scope.lines[name] = where
    scope.soft.discard(name)
    defaults = []
    for hidden in placeholders:
        variable = replace(hidden, name=hidden.name.removesuffix(r"^{(\circ)}"))
        slots = slots_for(variable.dims)
        if variable.name not in scope.symbols:
            scope.symbols[variable.name] = variable
            scope.soft.add(variable.name)
            scope.lines[variable.name] = where
        defaults.append(Lambda(slots, Component(variable, slots)))
    scope.defaults[name] = tuple(defaults)
    return name


def _argument(source: str, part: SumOf) -> Item:
    items = part.terms[0][1].items
    only = items[0]
    if (
        len(part.terms) != 1
        or part.terms[0][0] < 0
        or len(items) != 1
        or not isinstance(only, Item)
        or not isinstance(only.atom, Name)
    ):
        raise IdxcalcError("a definition's argument is a single name", source, part.span)
    if only.power is not None or only.primes or (only.sub is not None and only.sub.after is not None):
        raise IdxcalcError("a definition's argument is a single name", source, part.span)
    return only


def _placeholder(scope: Scope, source: str, item: Item) -> Variable:
    assert isinstance(item.atom, Name)
    tokens = [t for g in item.sub.before for t in g.indices] if item.sub is not None else []
    # Its own name is hidden: what is declared of a variable of the same letter must not reach the body.
    variable = Variable(rf"{item.atom.text}^{{(\circ)}}", tuple(scope.sizes.fresh() for _ in tokens))
    scope.symbols[item.atom.text] = variable
    return variable


def _body(
    scope: Scope,
    source: str,
    letters: dict[str, Span],
    head: Item,
    chain: Chain,
    wrt: tuple[Variable | Definition, ...] | None,
) -> tuple[tuple[Index, ...], Expr]:
    """The right side and the indices of the left, tied to each other."""
    reader = Reader(scope, source, wrt)
    places = {
        x: Place(scope.sizes.fresh(), str(getattr(head.atom, "text", "")), at) for x, at in letters.items()
    }
    fixed = {name: place for name, place in places.items() if name in chain.no_sum}
    right = chain.sides[1]
    with reader.fixing(fixed):
        if right.tests:
            raise reader.fail("a definition by cases ends with else", right.span)
        assert right.body is not None
        term = (
            reader.sum(right.body)
            if isinstance(right.body, SumOf)
            else reader.closed([conditions.choice(reader, right.body)], right.span)
        )
    extra = [name for name in term.letters if name not in places]
    if extra or any(name in reader.summed and name not in term.letters for name in letters):
        raise sides_differ(reader, set(places), set(term.letters), right.span, reader.summed)
    for name, place in term.letters.items():
        reader.tie(name, places[name], place)
    reader.check_components()
    return tuple(Index(name, place.dim) for name, place in places.items()), term.expr


def _plain(
    scope: Scope, source: str, name: str, letters: dict[str, Span], head: Item, chain: Chain,
    wrt: tuple[Variable | Definition, ...] | None, where: str, argument: str | None,
) -> str:  # fmt: skip
    indices, body = _body(scope, source, letters, head, chain, wrt)
    scope.symbols[name] = Definition(name, indices, body)
    scope.lines[name] = where
    scope.soft.discard(name)
    if argument is not None:
        scope.arguments[name] = argument
    return name


def _component(scope: Scope, source: str, name: str, head: Item, chain: Chain, where: str) -> str:
    """``x_0 = 1`` fixes a component, ``w_{i0} = b_i`` makes b another name for some of w's."""
    variable = scope.symbols.get(name)
    assert head.sub is not None
    if not isinstance(variable, Variable):
        raise IdxcalcError(f"declare {name} before a component of it is defined", source, head.span)
    tokens = [t for g in head.sub.before for t in g.indices]
    if len(tokens) != len(variable.dims):
        raise IdxcalcError(f"{name} has {len(variable.dims)} indices, not {len(tokens)}", source, head.span)
    for token, dim in zip(tokens, variable.dims, strict=True):
        if token.value == 0:
            root = scope.sizes.find(dim)
            if scope.sizes.start.get(root, 0) != 0:
                raise IdxcalcError(f"component 0 of 1..{scope.sizes.last.get(root, 'n')}", source, token.span)
            scope.sizes.start[root] = 0
    reader = Reader(scope, source)
    assert isinstance(chain.sides[1].body, SumOf)
    slots, places = reader.slots(head.sub.before, variable.dims, name, head.span)
    right = reader.sum(chain.sides[1].body)
    if isinstance(right.expr, Num) and not places:
        values = tuple(
            (tuple(int(s) for s in slots if isinstance(s, int)), Fraction(right.expr.value)) for _ in (0,)
        )
        scope.fixed[name] = (*scope.fixed.get(name, ()), *values)
        return name
    body = right.expr
    if isinstance(body, Component) and not body.variable.differential and body.variable.name != name:
        letters = [s.name for s in body.slots if isinstance(s, Index)]
        if len(letters) == len(body.slots) and sorted(letters) == sorted(n for n, _ in places):
            for letter, place in places:
                reader.tie(letter, right.letters[letter], place)
            indices = tuple(s for s in body.slots if isinstance(s, Index))
            scope.aliases[body.variable.name] = Lambda(indices, Component(variable, slots))
            return name
    raise IdxcalcError(
        "a component is defined as a number, or as the components of one variable",
        source,
        chain.sides[1].span,
    )


def is_bracket(item: Item | Sign) -> bool:
    return (
        isinstance(item, Item) and isinstance(item.atom, Bracket) and item.sub is None and item.power is None
    )
