"""Named parts stay named: a result written with the definitions that it came from.

A definition ``p_i = e^{x_i} / S`` is an equation; solved for a factor that carries its indices it gives
``e^{x_i} = p_i S``. That factor is replaced in the result, everywhere but inside S itself, and the result is
kept where it got shorter. Whoever shows it checks it: a definition may be solved only where S is not 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from idxcalc.errors import IdxcalcError
from idxcalc.expr import (
    MINUS_ONE, Add, Call, Compare, Component, Constant, Definition, Deriv, Diff, Elementary, Expr, Index,
    Match, Mul, Num, Part, Pow, Ref, Size, Slot, Sum, bound_here, children, free, opened, own_slots, rebuild,
    substitute, walk,
)  # fmt: skip
from idxcalc.normal.equality import equal
from idxcalc.normal.normalise import normal
from idxcalc.normal.readback import simplify
from idxcalc.normal.terms import Base, Scope, Undefined, power_expr, term_expr

Binding = dict[Index, Slot]


def folded(found: Expr, source: Expr) -> Expr:
    """``found``, a simplified result, written with the definitions that stand in ``source``.

    Comes back as it was where no definition makes it shorter, or where the shorter form is not proved equal.
    """
    best = found
    for definition in definitions(source):
        try:
            shorter = min((_replaced(best, *s) for s in _solved(definition)), key=_weight, default=best)
        except (Undefined, IdxcalcError, RecursionError):
            continue
        if _weight(shorter) < _weight(best) and _same(shorter, best):
            best = shorter
    return best


def definitions(node: Part) -> list[Definition]:
    """The definitions that an expression stands on, the deepest first."""
    seen: dict[Definition, None] = {}
    for part in walk(node):
        if isinstance(part, Ref):
            seen |= dict.fromkeys([*definitions(opened(part)), part.definition])
    return list(seen)


def _same(one: Expr, two: Expr) -> bool:
    try:
        return equal(one, two)
    except IdxcalcError:
        return False


def _weight(node: Expr) -> int:
    return sum(1 for _ in walk(node))


def _solved(definition: Definition) -> Iterator[tuple[Definition, Expr, Expr, tuple[Base, ...]]]:
    """The definition solved for each factor that stands in one term only: the factor, what it equals, and the
    factors beside it, inside which nothing is replaced."""
    poly = normal(Scope(normal, closed=True), definition.body)
    name = Ref(definition, definition.indices)
    for term, c in poly.items():
        others = [Mul((Num(-d), term_expr(t))) for t, d in poly.items() if t != term]
        for base, e in term:
            alone = all(base not in dict(t) for t in poly if t != term)
            if abs(e) not in (1, Fraction(1, 2)) or not alone or not set(definition.indices) <= free(base):
                continue
            beside = tuple((b, x) for b, x in term if b is not base)
            over = Pow(Mul((Num(c), *(power_expr(b, x) for b, x in beside))), MINUS_ONE)
            # Roots are solved for as a whole: (v + epsilon)^{1/2} = s.
            whole = base if abs(e) == 1 else power_expr(base, e)
            solved: Expr = Mul((Add((name, *others)), over))
            yield (
                definition,
                whole,
                Pow(solved, MINUS_ONE) if e == -1 else solved,
                tuple(b for b, _ in beside),
            )


def _replaced(
    node: Expr, definition: Definition, pattern: Expr, value: Expr, closed: tuple[Base, ...]
) -> Expr:
    """``node`` with what looks like the pattern, for any values of the definition's indices, replaced."""
    kept = [simplify(base) for base in closed]
    shape = simplify(pattern)

    def visit(part: Any) -> Any:
        if any(_match(base, part, {}, set()) for base in kept):
            return part
        binding = _match(shape, part, {}, set(definition.indices))
        if binding is not None:
            return substitute(value, binding)
        if isinstance(part, Pow) and isinstance(shape, Pow) and isinstance(part.exponent, Num):
            inner = _match(shape.base, part.base, {}, set(definition.indices))
            if inner is not None and isinstance(shape.exponent, Num):
                times = part.exponent.value / shape.exponent.value
                return Pow(substitute(value, inner), Num(times)) if times.denominator == 1 else part
        return rebuild(part, tuple(map(visit, children(part))))

    return simplify(visit(node))


def _match(pattern: Part, node: Part, found: Binding, open_letters: set[Index]) -> Binding | None:
    """The values of ``open_letters`` that make the pattern the node, up to the names of bound indices."""
    if type(pattern) is not type(node) or len(bound_here(pattern)) != len(bound_here(node)):
        return None
    for one, two in zip(bound_here(pattern), bound_here(node), strict=True):
        if one.dim is not two.dim:
            return None
        found = {**found, one: two}
    mine, theirs = own_slots(pattern), own_slots(node)
    if len(mine) != len(theirs) or len(children(pattern)) != len(children(node)):
        return None
    for own, slot in zip(mine, theirs, strict=True):
        if isinstance(own, Index) and own not in found and own in open_letters:
            found = {**found, own: slot}
        elif (found.get(own, own) if isinstance(own, Index) else own) != slot:
            return None
    if _head(pattern) != _head(node):
        return None
    for a, b in zip(children(pattern), children(node), strict=True):
        inner = _match(a, b, found, open_letters)
        if inner is None:
            return None
        found = inner
    return found


def _head(node: Part) -> tuple[object, ...]:
    """What a node is besides its slots, its bound indices and its children."""
    match node:
        case Component(named, _) | Ref(named, _) | Call(named, _, _, _) | Elementary(named, _):
            return (named, len(getattr(node, "derivs", ())))
        case Num(value) | Constant(value) | Size(value):
            return (value,)
        case Sum(_, _, first):
            return (first,)
        case Compare(op, _, _):
            return (op,)
        case Match(_, _, equals):
            return (equals,)
        case Deriv() | Diff():
            return (node,)
        case _:
            return ()
