"""Definitions: ``\\hat y_i = ...`` a name, ``s(z) = ...`` a function, ``x_0 = 1`` a component."""

from __future__ import annotations

from dataclasses import dataclass, replace

from idxcalc.errors import IdxcalcError, Span
from idxcalc.expr import Component, Definition, Diff, Expr, Function, Index, Lambda, Num, Slot, Variable, walk
from idxcalc.notation import names
from idxcalc.notation.parts import Factor, Place, Target, slots_for
from idxcalc.notation.reader import Reader
from idxcalc.notation.relations import sides_differ
from idxcalc.notation.scope import Scope
from idxcalc.notation.syntax import parse
from idxcalc.notation.tree import Bracket, Chain, IndexToken, Item, Side, SumOf


@dataclass(frozen=True, slots=True)
class Head:
    """A name with index letters, and what stands in brackets behind it (None without brackets)."""

    name: str
    item: Item
    args: tuple[SumOf, ...] | None = None
    bracket: Span = Span(0, 0)

    @property
    def tokens(self) -> tuple[IndexToken, ...]:
        return self.item.sub.tokens if self.item.sub is not None else ()


def head(tree: object) -> Head | None:
    """A formula as a head, if it is one."""
    match tree.items if isinstance(tree, SumOf) else ():
        case [Item(power=None) as item] if item.name:
            return Head(item.primed, item)
        case [Item(power=None) as item, Item(Bracket("(" | "[", parts, span)) as behind] if item.name:
            return Head(item.primed, item, parts, span) if behind.alone else None
    return None


def define(
    scope: Scope, source: str, wrt: tuple[Target, ...] | None = None, where: str = ""
) -> list[tuple[str, Span]]:
    """Add the definitions of ``source``, one per row; the names with the spans of their rows."""
    chains = parse(source, lines=True)
    if len({chain.span for chain in chains}) < len(chains):
        raise IdxcalcError(r"a definition has one sign, and no \pm", source, chains[0].span)
    return [(_define(Reader(scope, source, wrt), chain, where), chain.span) for chain in chains]


def _define(reader: Reader, chain: Chain, where: str) -> str:
    """Add one definition; its name."""
    scope, refuse = reader.scope, reader.refuse
    further = "; further steps belong into a derive" if len(chain.sides) > 2 else ""
    place = chain.op_spans[1] if further else chain.span
    refuse(chain.ops != ("=",), f"a definition has one `=`{further}", place)
    left, right = chain.sides
    for side in (right, left):
        refuse(side.body is None, "a definition has no `?`", side.span)
    new = head(left.body)
    if new is None:
        raise reader.fail("a definition starts with the name it defines", left.span)
    name, span, letters = new.name, new.item.span, [t.value for t in new.tokens]
    refuse(new.item.after is not None, "a definition names a tensor, not a derivative", new.item.place)
    refuse(right.tests, "a definition by cases ends with else", right.span)
    if any(isinstance(letter, int) for letter in letters):
        _component(reader, new, right)
        return name
    refuse(name in scope.symbols and name not in scope.soft, scope.taken(name), span)
    refuse(name == r"\delta", r"\delta is Kronecker's delta; its meaning is known", span)
    refuse(kept := scope.kept(name, letters), kept, span)
    refuse(len(set(letters)) < len(letters), "a definition's indices differ", span)
    arguments = [_argument(reader, part) for part in new.args or ()]
    refuse(new.args == (), "an empty argument", new.bracket)
    refuse(len({a.name for a in arguments}) < len(arguments), "a definition's arguments differ", new.bracket)
    known = [a.name for a in arguments if a.name in scope.symbols and a.name not in scope.soft]
    refuse(known and len(arguments) > 1, "one argument, or only new letters", new.bracket)
    if arguments and not known:
        _function(reader, new, arguments, chain, where)
    else:
        scope.add(name, Definition(name, *_body(reader, new, chain)), where)
        scope.arguments.update((name, argument) for argument in known)
    refuse(said := scope.derived(), said, span)
    return name


def _argument(reader: Reader, part: SumOf) -> Head:
    found = head(part)
    if found is None or found.args is not None or found.item.primes or found.item.after is not None:
        raise reader.fail("a definition's argument is a single name", part.span)
    reader.refuse(kept := reader.scope.kept(found.name, found.tokens, True), kept, part.span)
    return found


def _function(reader: Reader, new: Head, arguments: list[Head], chain: Chain, where: str) -> None:
    """A function of new letters. Inside, each has a hidden name: what is declared of a variable of the
    same letter must not reach the body."""
    scope, inner = reader.scope, reader.scope.fork()
    sizes = {a.name: tuple(inner.sizes.fresh() for _ in a.tokens) for a in arguments}
    hidden = {name: Variable(rf"{name}^{{(\circ)}}", dims) for name, dims in sizes.items()}
    inner.symbols.update(hidden)
    placeholders = tuple(hidden.values())
    indices, body = _body(replace(reader, scope=inner), new, chain)
    varied = (p.variables for p in walk(body) if isinstance(p, Diff))
    still = "d of a function's argument; write the derivative"
    reader.refuse(any({*placeholders} & {*each} for each in varied), still, chain.sides[1].span)
    scope.sizes, scope.size_names = inner.sizes, inner.size_names
    out, params = tuple(i.dim for i in indices), tuple(v.dims for v in placeholders)
    scope.add(new.name, Function(new.name, out, params, frozenset(), placeholders, indices, body), where)
    shown = [replace(variable, name=name) for name, variable in hidden.items()]
    for variable in shown:
        if variable.name not in scope.symbols:
            scope.add(variable.name, variable, where, soft=True)
    slots = [slots_for(variable.dims) for variable in shown]
    scope.defaults[new.name] = tuple(Lambda(s, Component(v, s)) for v, s in zip(shown, slots, strict=True))


def _body(reader: Reader, new: Head, chain: Chain) -> tuple[tuple[Index, ...], Expr]:
    """The indices of the left side and the right side, tied to each other."""
    right, fresh = chain.sides[1], reader.scope.sizes.fresh
    places = {str(t.value): Place(fresh(), new.item.name, t.span) for t in new.tokens}
    reader.fixed = {n: places.get(n) or Place(fresh(), "(no sum)", chain.span) for n in chain.no_sum}
    term = reader.side(right)
    reader.refuse(reader.order, "a definition is exact, without O(...)", right.span)
    letters = term.letters
    if letters.keys() - places or any(n in reader.summed and n not in letters for n in places):
        raise sides_differ(reader, set(places), set(letters), right.span, reader.summed)
    for name, place in term.places:
        reader.tie(name, places[name], place)
    names.finish(reader, chain.span, {*places})
    names.remarked(reader, chain)
    return tuple(Index(name, place.dim) for name, place in places.items()), term.expr


def _component(reader: Reader, new: Head, right: Side) -> None:
    """``x_0 = 1`` fixes a component, ``w_{i0} = b_i`` makes b another name for some of w's; each once."""
    name, span, scope, sizes = new.name, new.item.span, reader.scope, reader.scope.sizes
    variable = scope.symbols.get(name)
    if not isinstance(variable, Variable):
        raise reader.fail(f"declare {name} before a component of it is defined", span)
    slots, places = reader.slots(new.item.before, variable.dims, name, span)
    for dim in (dim for slot, dim in zip(slots, variable.dims, strict=True) if slot == 0):
        sizes.start.setdefault(sizes.find(dim), 0)
    tied = variable.traits & {"symmetric", "antisymmetric"}
    reader.refuse(tied, f"a component of the {' '.join(tied)} {name} cannot be defined alone", span)
    named = [c for c in (a.body for a in scope.aliases.values()) if isinstance(c, Component)]
    known = *(n for n, _ in scope.fixed.get(name, ())), *(c.slots for c in named if c.variable.name == name)
    again = name in scope.aliases or any(_meet(slots, each) for each in known)
    reader.refuse(again, "this component is defined already", span)
    match reader.side(right):
        case Factor(Num(value)) if not places:
            outside = {"positive": value <= 0, "negative": value >= 0, "integer": value.denominator > 1}
            for trait in sorted(variable.traits & outside.keys()):
                reader.refuse(outside[trait], f"{name} is declared {trait}", right.span)
            numbers = tuple(int(s) for s in slots if isinstance(s, int))
            scope.fixed[name] = (*scope.fixed.get(name, ()), (numbers, value))
        case Factor(Component(other, own)) as term if (
            not other.differential and other.name != name and _letters(own) == sorted(n for n, _ in places)
        ):
            twice = other.name in {*scope.aliases, *scope.fixed}
            reader.refuse(twice, f"{other.name} has another meaning already", right.span)
            for letter, place in places:
                reader.tie(letter, term.letters[letter], place)
            indices = tuple(slot for slot in own if isinstance(slot, Index))
            scope.aliases[other.name] = Lambda(indices, Component(variable, slots))
        case _:
            what = "a component is defined as a number, or as the components of one variable"
            raise reader.fail(what, right.span)
    names.finish(reader, right.span)


def _meet(one: tuple[Slot, ...], two: tuple[Slot, ...]) -> bool:
    """Whether two components of a tensor, or rows of them, may be one."""
    return all(a == b or {type(a), type(b)} != {int} for a, b in zip(one, two, strict=True))


def _letters(slots: tuple[Slot, ...]) -> list[str]:
    """The letters of some slots, in order of the alphabet; none has a number."""
    return sorted(slot.name if isinstance(slot, Index) else str(slot) for slot in slots)
