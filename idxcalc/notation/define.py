"""Definitions: ``\\hat y_i = ...`` a name, ``s(z) = ...`` a function, ``x_0 = 1`` a component."""

from __future__ import annotations

from dataclasses import dataclass, replace

from idxcalc.errors import IdxcalcError, Span
from idxcalc.expr import Component, Definition, Expr, Function, Index, Lambda, Num, Variable
from idxcalc.notation.parts import Place, Target, slots_for
from idxcalc.notation.reader import Reader
from idxcalc.notation.relations import sides_differ
from idxcalc.notation.scope import Scope
from idxcalc.notation.syntax import parse
from idxcalc.notation.tree import Bracket, Chain, IndexToken, Item, SumOf


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
        case [Item(power=None) as item, Item(Bracket(_, parts, span)) as behind] if item.name and behind.bare:
            return Head(item.primed, item, parts, span)
    return None


def define(
    scope: Scope, source: str, wrt: tuple[Target, ...] | None = None, where: str = ""
) -> list[tuple[str, Span]]:
    """Add the definitions of ``source``, one per row; the names with the spans of their rows."""
    definer = _Definer(scope, source, wrt, where)
    return [(definer.define(chain), chain.span) for chain in parse(source, lines=True)]


@dataclass(slots=True)
class _Definer:
    scope: Scope
    source: str
    wrt: tuple[Target, ...] | None
    where: str

    def fail(self, message: str, span: Span) -> IdxcalcError:
        return IdxcalcError(message, self.source, span)

    def define(self, chain: Chain) -> str:
        """Add one definition; its name."""
        if len(chain.sides) != 2 or chain.ops != ("=",):
            span = chain.op_spans[1] if len(chain.op_spans) > 1 else chain.span
            further = "; further steps belong into a derive" if len(chain.sides) > 2 else ""
            raise self.fail(f"a definition has one `=`{further}", span)
        left, right = chain.sides
        if right.body is None or left.body is None:
            raise self.fail("a definition has no `?`", right.span if right.body is None else left.span)
        new = head(left.body)
        if new is None:
            raise self.fail("a definition starts with the name it defines", left.span)
        name, item = new.name, new.item
        if item.after is not None:
            raise self.fail("a definition names a tensor, not a derivative", item.sub.span)  # type: ignore[union-attr]
        if any(isinstance(t.value, int) for t in new.tokens):
            return self.component(new, chain)
        if name in self.scope.symbols and name not in self.scope.soft:
            raise self.fail(self.scope.taken(name), item.span)
        if name == r"\delta":
            raise self.fail(r"\delta is Kronecker's delta; its meaning is known", item.span)
        if len({t.value for t in new.tokens}) < len(new.tokens):
            raise self.fail("a definition's indices differ", item.span)
        arguments = [self.argument(part) for part in new.args or ()]
        if new.args == ():
            raise self.fail("an empty argument", new.bracket)
        known = [a for a in arguments if a.name in self.scope.symbols and a.name not in self.scope.soft]
        if known and len(arguments) > 1:
            raise self.fail("one argument, or only new letters", new.bracket)
        if arguments and not known:
            self.function(new, arguments, chain)
            return name
        indices, body = self.body(self.scope, new, chain)
        self.scope.add(name, Definition(name, indices, body), self.where)
        if known:
            self.scope.arguments[name] = known[0].name
        return name

    def argument(self, part: SumOf) -> Head:
        found = head(part)
        if found is None or found.args is not None or found.item.primes or found.item.after is not None:
            raise self.fail("a definition's argument is a single name", part.span)
        return found

    def function(self, new: Head, arguments: list[Head], chain: Chain) -> None:
        """A function of new letters. Inside, each has a hidden name: what is declared of a variable of the
        same letter must not reach the body."""
        scope, inner = self.scope, self.scope.fork()
        for a in arguments:
            dims = tuple(inner.sizes.fresh() for _ in a.tokens)
            inner.symbols[a.name] = Variable(rf"{a.name}^{{(\circ)}}", dims)
        hidden = tuple(v for a in arguments if isinstance(v := inner.symbols[a.name], Variable))
        indices, body = self.body(inner, new, chain)
        scope.sizes, scope.size_names = inner.sizes, inner.size_names
        out, params = tuple(i.dim for i in indices), tuple(v.dims for v in hidden)
        made = Function(new.name, out, params, frozenset(), hidden, indices, body)
        scope.add(new.name, made, self.where)
        defaults = []
        for a, variable in zip(arguments, hidden, strict=True):
            shown, slots = replace(variable, name=a.name), slots_for(variable.dims)
            if a.name not in scope.symbols:
                scope.add(a.name, shown, self.where, soft=True)
            defaults.append(Lambda(slots, Component(shown, slots)))
        scope.defaults[new.name] = tuple(defaults)

    def body(self, scope: Scope, new: Head, chain: Chain) -> tuple[tuple[Index, ...], Expr]:
        """The right side and the indices of the left, tied to each other."""
        reader, right = Reader(scope, self.source, self.wrt), chain.sides[1]
        places = {str(t.value): Place(scope.sizes.fresh(), new.item.name, t.span) for t in new.tokens}
        reader.fixed = {name: place for name, place in places.items() if name in chain.no_sum}
        if right.tests:
            raise self.fail("a definition by cases ends with else", right.span)
        term = reader.side(right)
        letters = term.letters
        if letters.keys() - places or any(n in reader.summed and n not in letters for n in places):
            raise sides_differ(reader, set(places), set(letters), right.span, reader.summed)
        for name, place in term.places:
            reader.tie(name, places[name], place)
        reader.check_components()
        return tuple(Index(name, place.dim) for name, place in places.items()), term.expr

    def component(self, new: Head, chain: Chain) -> str:
        """``x_0 = 1`` fixes a component, ``w_{i0} = b_i`` makes b another name for some of w's."""
        name, item, sizes = new.name, new.item, self.scope.sizes
        variable = self.scope.symbols.get(name)
        if not isinstance(variable, Variable):
            raise self.fail(f"declare {name} before a component of it is defined", item.span)
        reader, right = Reader(self.scope, self.source), chain.sides[1]
        slots, places = reader.slots(item.before, variable.dims, name, item.span)
        for token, dim in zip(new.tokens, variable.dims, strict=True):
            root = sizes.find(dim)
            if token.value == 0 and sizes.start.setdefault(root, 0) != 0:
                raise self.fail(f"component 0 of 1..{sizes.last.get(root, 'n')}", token.span)
        term = reader.side(right)
        if isinstance(term.expr, Num) and not places:
            values = tuple(int(s) for s in slots if isinstance(s, int)), term.expr.value
            self.scope.fixed[name] = (*self.scope.fixed.get(name, ()), values)
            return name
        body, letters = term.expr, term.letters
        if isinstance(body, Component) and not body.variable.differential and body.variable.name != name:
            indices = tuple(s for s in body.slots if isinstance(s, Index))
            if len(indices) == len(body.slots) and sorted(i.name for i in indices) == sorted(
                n for n, _ in places
            ):
                for letter, place in places:
                    reader.tie(letter, letters[letter], place)
                self.scope.aliases[body.variable.name] = Lambda(indices, Component(variable, slots))
                return name
        what = "a component is defined as a number, or as the components of one variable"
        raise self.fail(what, right.span)
