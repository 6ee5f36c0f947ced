"""Walking and rebuilding expressions, shared by every pass.

`parts` lists what stands in a node, `rebuild` makes the same node of other parts; an
unchanged node comes back as the same object. `free` knows the free indices; `substitute`
replaces indices without capture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar, assert_never
from weakref import WeakKeyDictionary

from idxcalc.expr.nodes import (
    Add, All, Call, Cases, Compare, Component, Condition, Constant, Delta, Deriv, Det, Diff, Elementary,
    Expr, Inverse, Iverson, Lambda, Match, Mul, Num, Pow, Ref, Size, Sum,
)  # fmt: skip
from idxcalc.expr.symbols import Function, Index, Slot, Variable

P = TypeVar("P", bound="Part")
Part = Expr | Lambda | Condition
_free: WeakKeyDictionary[Part, frozenset[Index]] = WeakKeyDictionary()


def children(node: Part) -> tuple[Part, ...]:
    """The parts directly inside ``node``: expressions, arguments, conditions. Definitions stay closed."""
    match node:
        case Num() | Constant() | Size() | Component() | Delta() | Ref() | Match():
            return ()
        case Add(terms):
            return terms
        case Mul(factors):
            return factors
        case Pow(base, exponent):
            return (base, exponent)
        case Sum(_, body, _) | Lambda(_, body) | Deriv(body, _, _) | Diff(body, _):
            return (body,)
        case Elementary(_, args) | Call(_, _, _, args):
            return args
        case Inverse(matrix, _, _) | Det(matrix):
            return (matrix,)
        case Iverson(condition):
            return (condition,)
        case Cases(branches, otherwise):
            return (*(part for branch in branches for part in branch), otherwise)
        case Compare(_, left, right):
            return (left, right)
        case All(conditions):
            return conditions
        case _:
            assert_never(node)


def rebuild(node: Part, parts: tuple[Part, ...]) -> Part:
    """``node`` with ``parts`` in place of its children; the same object if they are the same."""
    if parts == children(node):
        return node
    made: Any = parts  # the constructors below take the parts in the order of `children`
    match node:
        case Num() | Constant() | Size() | Component() | Delta() | Ref() | Match():
            return node
        case Add():
            return Add(made)
        case Mul():
            return Mul(made)
        case Pow():
            return Pow(*made)
        case Sum(index, _, first):
            return Sum(index, made[0], first)
        case Lambda(indices, _):
            return Lambda(indices, made[0])
        case Deriv(_, target, slots):
            return Deriv(made[0], target, slots)
        case Diff(_, variables):
            return Diff(made[0], variables)
        case Elementary(name, _):
            return Elementary(name, made)
        case Call(function, out, derivs, _):
            return Call(function, out, derivs, made)
        case Inverse(_, row, column):
            return Inverse(made[0], row, column)
        case Det():
            return Det(made[0])
        case Iverson():
            return Iverson(made[0])
        case Cases():
            pairs = tuple(zip(made[:-1:2], made[1:-1:2], strict=True))
            return Cases(pairs, made[-1])
        case Compare(op, _, _):
            return Compare(op, *made)
        case All():
            return All(made)
        case _:
            assert_never(node)


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
            made = rebuild(part, tuple(map(visit, children(part))))
            done[part] = made if isinstance(made, Lambda | Compare | Match | All) else change(made)
        return done[part]

    return visit(node)  # type: ignore[return-value]


def own_slots(node: Part) -> tuple[Slot, ...]:
    """The slots that stand in the node itself, in order of writing."""
    match node:
        case Component(_, slots) | Ref(_, slots) | Deriv(_, _, slots):
            return slots
        case Delta(left, right) | Match(left, right, _):
            return (left, right)
        case Inverse(_, row, column):
            return (row, column)
        case Call(_, out, derivs, _):
            return (*out, *(slot for _, slots in derivs for slot in slots))
        case _:
            return ()


def bound_here(node: Part) -> tuple[Index, ...]:
    """The indices that the node itself binds in its body."""
    match node:
        case Sum(index, _, _):
            return (index,)
        case Lambda(indices, _):
            return indices
        case _:
            return ()


def free(node: Part) -> frozenset[Index]:
    """The free indices of ``node``."""
    known = _free.get(node)
    if known is None:
        inner = frozenset().union(*map(free, children(node))) - frozenset(bound_here(node))
        known = inner | {slot for slot in own_slots(node) if isinstance(slot, Index)}
        _free[node] = known
    return known


def names(node: Part) -> set[str]:
    """Every index letter that stands anywhere in ``node``, free or bound (definitions stay closed)."""
    found: set[str] = set()
    for part in walk(node):
        found |= {s.name for s in own_slots(part) if isinstance(s, Index)}
        found |= {i.name for i in bound_here(part)}
    return found


def fresh(index: Index, used: set[str]) -> Index:
    """An index of the same range with a letter that is not in ``used``; adds it there.

    Letters come in the order i, j, k, ... so that results read as people write them.
    """
    for letter in "ijklmnpqrstuvabcdeghoxyzw":
        if letter not in used:
            used.add(letter)
            return Index(letter, index.dim)
    number = 1
    while f"i_{{{number}}}" in used:
        number += 1
    used.add(f"i_{{{number}}}")
    return Index(f"i_{{{number}}}", index.dim)


def substitute(node: P, mapping: Mapping[Index, Slot]) -> P:
    """``node`` with free indices replaced; bound ones are renamed where they would capture."""
    made: P = _substitute(node, dict(mapping), {})
    return made


def _substitute(node: Any, mapping: dict[Index, Slot], memo: dict[Any, Any]) -> Any:
    live = {i: s for i, s in mapping.items() if i in free(node) and s is not i}
    if not live:
        return node
    key = (node, frozenset(live.items()))
    if key not in memo:
        memo[key] = _replace(node, live, memo)
    return memo[key]


def _replace(node: Part, live: dict[Index, Slot], memo: dict[Any, Any]) -> Part:
    def put(slots: tuple[Slot, ...]) -> tuple[Slot, ...]:
        return tuple(live.get(s, s) if isinstance(s, Index) else s for s in slots)

    def inside(part: Any) -> Any:
        return _substitute(part, live, memo)

    match node:
        case Component(variable, slots):
            return Component(variable, put(slots))
        case Ref(definition, slots):
            return Ref(definition, put(slots))
        case Delta(left, right):
            return Delta(*put((left, right)))
        case Match(left, right, equal):
            one, two = put((left, right))
            return Match(one, two, equal)
        case Inverse(matrix, row, column):
            return Inverse(inside(matrix), *put((row, column)))
        case Deriv(body, target, slots):
            return Deriv(inside(body), target, put(slots))
        case Call(function, out, derivs, args):
            moved = tuple((n, put(s)) for n, s in derivs)
            return Call(function, put(out), moved, tuple(map(inside, args)))
        case Sum() | Lambda():
            incoming = {s.name for s in live.values() if isinstance(s, Index)}
            clash = [i for i in bound_here(node) if i.name in incoming]
            used = names(node) | incoming | {i.name for i in live}
            renamed: dict[Index, Slot] = {i: fresh(i, used) for i in clash}
            return _rebound(node, renamed, _substitute(node.body, live | renamed, memo))
        case _:
            return rebuild(node, tuple(map(inside, children(node))))


def _rebound(node: Sum | Lambda, renamed: Mapping[Index, Slot], body: Any) -> Part:
    """The binder with another body and its own indices renamed."""
    bound: Any = tuple(renamed.get(i, i) for i in bound_here(node))
    return Sum(bound[0], body, node.first) if isinstance(node, Sum) else Lambda(bound, body)


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
        if part in memo:
            return memo[part]
        if isinstance(part, Component) and part.variable in values:
            made: Any = at(values[part.variable], part.slots)
        elif isinstance(part, Deriv) and part.target in values:
            made = _taken_at(part, values)
        elif isinstance(part, Sum | Lambda):
            used = names(part) | outside
            renamed = {i: fresh(i, used) for i in bound_here(part) if i.name in outside}
            made = _rebound(part, renamed, visit(substitute(part.body, renamed)))
        else:
            made = rebuild(part, tuple(map(visit, children(part))))
        memo[part] = made
        return made

    made: P = visit(node)
    return made


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
