"""Walking and rebuilding expressions, shared by every pass.

What the fields of each node hold stands in one table, `LAYOUT`; everything here is written once for all nodes
over it. `children` lists what stands in a node, `rebuild` makes the same node of other parts; an unchanged
node comes back as the same object. `free` knows the free indices; `substitute` replaces indices without
capture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import chain, count
from typing import Any, TypeVar

from idxcalc.expr.nodes import (
    Add, All, Call, Cases, Compare, Component, Condition, Constant, Delta, Deriv, Det, Diff, Elementary,
    Expr, Inverse, Iverson, Lambda, Match, Mul, Num, Pow, Ref, Size, Sum,
)  # fmt: skip
from idxcalc.expr.symbols import Function, Index, Slot, Variable

P = TypeVar("P", bound="Part")
Part = Expr | Lambda | Condition
# One letter a field: p a part, P parts, C pairs of condition and value; s a slot, S slots, D the derivatives
# of a call; b an index bound here, B several; a dot for what is none of these.
LAYOUT: dict[type, str] = {
    Num: ".", Constant: ".", Size: ".", Component: ".S", Delta: "ss", Ref: ".S", Add: "P", Mul: "P",
    Pow: "pp", Sum: "bp.", Elementary: ".P", Lambda: "Bp", Call: ".SDP", Inverse: "pss", Det: "p",
    Compare: ".pp", Match: "ss.", All: "P", Iverson: "p", Cases: "Cp", Deriv: "p.S", Diff: "p.",
}  # fmt: skip
_FIELDS = {kind: tuple(zip(layout, kind.__match_args__, strict=True)) for kind, layout in LAYOUT.items()}  # type: ignore[attr-defined]


def _same(value: Any) -> Any:
    return value


_READ: dict[str, Callable[..., Any]] = {
    **dict.fromkeys("psb.", lambda value: (value,)), **dict.fromkeys("PSB", _same),
    "C": lambda pairs: tuple(chain.from_iterable(pairs)),
    "D": lambda derivs: tuple(chain.from_iterable(slots for _, slots in derivs)),
}  # fmt: skip
# The same for what a field becomes, by functions for parts, for slots and for bound indices.
_CHANGE: dict[str, Callable[..., Any]] = {
    ".": lambda value, part, slot, bound: value,
    "p": lambda value, part, slot, bound: part(value),
    "P": lambda value, part, slot, bound: tuple(map(part, value)),
    "C": lambda value, part, slot, bound: tuple((part(c), part(v)) for c, v in value),
    "s": lambda value, part, slot, bound: slot(value),
    "S": lambda value, part, slot, bound: tuple(map(slot, value)),
    "D": lambda value, part, slot, bound: tuple((n, tuple(map(slot, slots))) for n, slots in value),
    "b": lambda value, part, slot, bound: bound(value),
    "B": lambda value, part, slot, bound: tuple(map(bound, value)),
}


def _gathered(node: Part, kinds: str) -> tuple[Any, ...]:
    """What the fields of some kinds hold in a node, in their order."""
    found: tuple[Any, ...] = ()
    for read, name in _readers(type(node), kinds):
        found += read(getattr(node, name))
    return found


@cache
def _readers(kind: type, kinds: str) -> list[tuple[Callable[[Any], tuple[Any, ...]], str]]:
    return [(_READ[each], name) for each, name in _FIELDS[kind] if each in kinds]


def changed(node: P, part: Any = _same, slot: Any = _same, bound: Any = _same) -> P:
    """The same kind of node with its parts, its slots and its own indices replaced by those functions."""
    after, same = [], True
    for kind, name in _FIELDS[type(node)]:
        before = getattr(node, name)
        after.append(new := _CHANGE[kind](before, part, slot, bound) if kind != "." else before)
        same = same and new == before
    return node if same else type(node)(*after)


def children(node: Part) -> tuple[Part, ...]:
    """The parts directly inside ``node``: expressions, arguments, conditions. Definitions stay closed."""
    try:
        return node._parts  # type: ignore[no-any-return]
    except AttributeError:
        return node.remember("_parts", _gathered(node, "pPC"))  # type: ignore[no-any-return]


def rebuild(node: Part, parts: tuple[Part, ...]) -> Part:
    """``node`` with ``parts`` in place of its children; the same object if they are the same."""
    rest = iter(parts)
    return changed(node, lambda _: next(rest))


def walk(node: Part) -> Iterator[Part]:
    """``node`` and everything inside it, outermost first; definitions stay closed."""
    stack = [node]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(reversed(children(top)))


def transform(node: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """``change`` applied to every expression inside ``node``, innermost first; shared parts once."""
    done: dict[Part, Part] = {}

    def visit(part: Part) -> Part:
        if part not in done:
            made = changed(part, visit) if children(part) else part
            done[part] = made if isinstance(made, Lambda | Compare | Match | All) else change(made)
        return done[part]

    return visit(node)  # type: ignore[return-value]


def said(node: Part) -> tuple[Any, ...]:
    """What a node says besides its parts, its slots and its own indices."""
    orders = [(n, len(slots)) for n, slots in node.derivs] if isinstance(node, Call) else []
    return (*_gathered(node, "."), *orders)


def own_slots(node: Part) -> tuple[Slot, ...]:
    """The slots that stand in the node itself, in order of writing."""
    return _gathered(node, "sSD")


def bound_here(node: Part) -> tuple[Index, ...]:
    """The indices that the node itself binds in its body."""
    return _gathered(node, "bB")


def free(node: Part) -> frozenset[Index]:
    """The free indices of ``node``."""
    try:
        return node._free  # type: ignore[no-any-return]
    except AttributeError:
        inner = frozenset().union(*map(free, children(node))) - frozenset(bound_here(node))
        own = (slot for slot in own_slots(node) if isinstance(slot, Index))
        return node.remember("_free", inner.union(own))  # type: ignore[no-any-return]


def names(node: Part) -> set[str]:
    """Every index letter that stands anywhere in ``node``, free or bound (definitions stay closed)."""
    slots = (slot for part in walk(node) for slot in (*own_slots(part), *bound_here(part)))
    return {slot.name for slot in slots if isinstance(slot, Index)}


def fresh(index: Index, used: set[str]) -> Index:
    """An index of the same range with a letter that is not in ``used``; adds it there.

    Letters come in the order i, j, k, ... so that results read as people write them.
    """
    numbered = (f"i_{{{n}}}" for n in count(1))
    name = next(letter for letter in chain("ijklmnpqrstuvabcdeghoxyzw", numbered) if letter not in used)
    used.add(name)
    return Index(name, index.dim)


def substitute(node: P, mapping: Mapping[Index, Slot], memo: dict[Any, Any] | None = None) -> P:
    """``node`` with free indices replaced; bound ones are renamed where they would capture. What has become
    of its parts is in ``memo``."""
    inside, memo = free(node), {} if memo is None else memo
    live = {i: s for i, s in mapping.items() if i in inside and s is not i}
    if not live:
        return node
    if not children(node):
        return changed(node, slot=lambda s: live.get(s, s))
    key = (node, frozenset(live.items()))
    if key not in memo:
        outside = {s.name for s in live.values() if isinstance(s, Index)} if bound_here(node) else set()
        apart = _apart(node, outside) if outside else node
        memo[key] = changed(apart, lambda p: substitute(p, live, memo), lambda s: live.get(s, s))
    return memo[key]  # type: ignore[no-any-return]


def at(argument: Lambda, slots: tuple[Slot, ...]) -> Expr:
    """The component ``slots`` of an argument."""
    return substitute(argument.body, dict(zip(argument.indices, slots, strict=True)))


def opened(ref: Ref) -> Expr:
    """What a defined name stands for."""
    definition = ref.definition
    return substitute(definition.body, dict(zip(definition.indices, ref.slots, strict=True)))


def plug(node: P, values: Mapping[Variable, Lambda]) -> P:
    """``node`` with each component of a variable replaced by that component of a tensor.

    Bound indices are renamed where they would capture a free index of a value. Definitions stay
    closed: open those that mention the variable before. A derivative by the variable itself becomes
    the derivative, by its argument and taken at the value, of the function that its body is.
    """
    outside = {i.name for value in values.values() for i in free(value)}
    memo: dict[Any, Any] = {}

    def visit(part: Any) -> Any:
        if part not in memo:
            if isinstance(part, Component) and part.variable in values:
                memo[part] = at(values[part.variable], part.slots)
            elif isinstance(part, Deriv) and part.target in values:
                memo[part] = _taken_at(part, values)
            else:
                memo[part] = changed(_apart(part, outside), visit)
        return memo[part]

    return visit(node)  # type: ignore[no-any-return]


def _apart(node: P, outside: set[str]) -> P:
    """The node with the indices that it binds renamed where they are called like one of ``outside``."""
    clash = [i for i in bound_here(node) if i.name in outside]
    if not clash:
        return node
    used = names(node) | outside
    renamed: dict[Index, Slot] = {i: fresh(i, used) for i in clash}
    return changed(node, lambda p: substitute(p, renamed), bound=lambda i: renamed.get(i, i))


def _taken_at(node: Deriv, values: Mapping[Variable, Lambda]) -> Call:
    """A derivative by a variable, at a value of that variable."""
    variables, letters = tuple(values), tuple(sorted(free(node.body), key=lambda i: i.name))
    sizes = tuple(i.dim for i in letters), tuple(v.dims for v in variables)
    function = Function(r"\mathrm{body}", *sizes, frozenset(), variables, letters, node.body)
    order = next(n for n, variable in enumerate(variables) if variable is node.target)
    return Call(function, letters, ((order, node.slots),), tuple(values.values()))


def called(call: Call) -> Expr:
    """The value of a function that has a body, at the arguments of ``call`` (which has no derivs)."""
    function = call.function
    assert function.body is not None and not call.derivs and not call.lifted
    slots = dict(zip(function.indices, call.out, strict=True))
    # The slots may carry letters that the arguments do not; rename the body's indices first, then plug.
    return plug(substitute(function.body, slots), dict(zip(function.placeholders, call.args, strict=True)))


def unlifted(call: Call) -> Call:
    """A lifted function without derivatives as one of one real, at its component; others as they are."""
    if not call.lifted:
        return call
    assert not call.derivs
    return Call(call.function, (), (), tuple(Lambda((), at(a, call.out)) for a in call.args))
