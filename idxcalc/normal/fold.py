"""Named parts stay named: a result written with the definitions that it came from.

A definition ``p_i = e^{x_i} / S`` is an equation, linear in ``e^{x_i}``; solved for it, it gives
``e^{x_i} = p_i S``. What carries the definition's indices is so replaced in the result, everywhere but inside
S itself, and the result is kept where it got shorter.

Invariant: a definition is solved only by dividing by what is not identically zero (`signs.nonzero`).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from idxcalc.errors import IdxcalcError
from idxcalc.expr import (
    Add, Call, Expr, Index, Iverson, Mul, Num, Part, Pow, Ref, Slot, bound_here, called, changed,
    children, free, opened, own_slots, said, substitute, transform, unlifted, walk,
)  # fmt: skip
from idxcalc.normal.equality import cleared
from idxcalc.normal.normalise import normal
from idxcalc.normal.powers import reciprocal
from idxcalc.normal.product import multiply
from idxcalc.normal.signs import expression_nonzero, opening
from idxcalc.normal.terms import LIMIT, Number, Poly, Scope, Undefined, minus, poly_expr, power_expr, single

Binding = dict[Index, Slot]
LONGER = 1.5  # so much longer an expression may get where names replace divisions


@dataclass(frozen=True, slots=True)
class Rule:
    """``pattern ** exponent`` is ``value`` for any values of ``indices``; ``kept`` are left as they are."""

    indices: tuple[Index, ...]
    pattern: Expr
    exponent: Number
    value: Expr
    kept: tuple[Expr, ...] = ()


def definitions(source: Expr) -> dict[Expr, Expr]:
    """The defined names and applied functions that an expression stands on, the deepest first, and what each
    is; a name for an applied function is the only name for it."""
    found: dict[Expr, Expr] = {}

    def visit(node: Expr) -> None:
        for p in walk(node):
            name = Ref(p.definition, p.definition.indices) if isinstance(p, Ref) else application(p)
            if name is not None and name not in found:
                body = opened(name) if isinstance(name, Ref) else called(name)
                value = application(body)
                body = body if value is None else called(value)
                visit(body)
                found[name] = body

    visit(source)
    return found


def application(node: Part) -> Call | None:
    """The value of a function with a body that a part is, or is a derivative of."""
    if isinstance(node, Call) and node.function.body is not None:
        return unlifted(Call(node.function, node.out, (), node.args))
    return None


@lru_cache(maxsize=500)  # no more: the rules keep their definition alive
def solved(defined: Expr, meant: Expr, whole: bool = False) -> tuple[Rule, ...]:
    """A definition read from right to left, and solved for each factor that it is linear in; ``whole``
    as it was written, and for roots only."""
    scope = Scope(normal, closed=True, whole=whole, most=LIMIT)
    indices = tuple(sorted(free(defined), key=str))
    try:
        (((name, _),),) = normal(scope, defined)  # a product of one power
        body = normal(scope, transform(meant, spread))
        equation = cleared(scope, minus(body, single(name)))
    except (Undefined, IdxcalcError, RecursionError, ValueError):
        return ()
    found = [Rule(indices, poly_expr(body), 1, name)]
    for base in {b: None for term in equation for b, _ in term if b is not name}:
        exponents = {e for term in equation for b, e in term if b is base}
        with_it = {term: c for term, c in equation.items() if base in dict(term)}
        factor: Poly = {tuple(p for p in term if p[0] is not base): c for term, c in with_it.items()}
        rest: Poly = {term: -c for term, c in equation.items() if term not in with_it}
        linear = exponents in ({Fraction(1, 2)}, {1})[: 2 - whole] and not isinstance(base, Iverson)
        if linear and free(base) >= set(indices) and expression_nonzero(scope, factor):
            value = multiply(scope, rest, reciprocal(scope, factor))
            shape = _shape(base)
            kept = {b: None for p in (factor, rest) for t in p for b, _ in t if shape in map(_shape, walk(b))}
            found.append(Rule(indices, base, exponents.pop(), poly_expr(value), tuple(kept)))
    return tuple(found)


def spread(node: Expr) -> Expr:
    """A square of a sum as a product, which a scope that keeps sums whole does not multiply out."""
    square = isinstance(node, Pow) and isinstance(node.base, Add) and node.exponent is Num(Fraction(2))
    return Mul(children(node)[:1] * 2) if square else node  # type: ignore[arg-type]


def folded(scope: Scope, poly: Poly, known: list[Rule], source: Expr) -> Poly:
    """A polynomial written with definitions, where that makes it no longer; or a little longer, where what
    they were made of is gone then and less is divided. Nothing becomes a divisor that was none in
    ``source``."""
    shapes = {_shape(part) for part in walk(poly_expr(poly))}
    usable = [rule for rule in known if _shape(rule.pattern) in shapes]
    plain = [rule for rule in usable if isinstance(rule.value, Ref | Call)]
    # A root is recognised as it was defined, before parts of it get names.
    roots = [rule for rule in usable if rule.exponent != 1]
    others = [rule for rule in usable if rule not in plain and rule not in roots]
    below = divisors(source) | divisors(poly_expr(poly))
    for group in (*([rule] for rule in roots), plain, *([rule] for rule in others)):
        tree = poly_expr(poly)
        made = _rewritten(tree, group)
        if made is not tree:
            shorter = normal(scope, made)
            found = poly_expr(shorter)
            gone = {_shape(rule.pattern) for rule in group}.isdisjoint(map(_shape, walk(found)))
            longest = weight(tree) * (LONGER if gone and len(divisors(found)) < len(divisors(tree)) else 1)
            if weight(found) <= longest and _known(scope, divisors(found) - below, below):
                poly = shorter
    return poly


def divisors(node: Part) -> set[Expr]:
    """What has a negative power in an expression."""
    powers = ((p.base, p.exponent) for p in walk(node) if isinstance(p, Pow))
    return {base for base, by in powers if isinstance(by, Num) and by.value < 0}


def _known(scope: Scope, new: set[Expr], known: set[Expr]) -> bool:
    """Whether new divisors are made of known ones, with names opened once, or all of them."""

    def parts(scope: Scope, bases: set[Expr]) -> set[Expr]:  # of squares, in which no square root stands
        bare = (opened(base) if isinstance(base, Ref) else base for base in bases)
        return {d for b in bare for d in divisors(poly_expr(normal(scope, Pow(b, Num(Fraction(-2))))))}

    return not new or any(parts(s, new) <= parts(s, known) for s in (scope, opening(scope)))


def weight(node: Part) -> Number:
    """How long an expression is, a square being longer than the thing itself; what has a name is short."""
    try:
        return node._weight  # type: ignore[no-any-return]
    except AttributeError:
        named = isinstance(node, Call) and node.function.body is not None
        square = isinstance(node, Pow) and isinstance(node.exponent, Num) and abs(node.exponent.value) > 1
        made = 2 if named else sum(map(weight, children(node))) + 1 + square
        return node.remember("_weight", made)  # type: ignore[no-any-return]


def _shape(node: Part) -> int:
    """A number that is the same for expressions that differ in indices only."""
    try:
        return node._shape  # type: ignore[no-any-return]
    except AttributeError:
        made = hash((type(node), said(node), *map(_shape, children(node))))
        return node.remember("_shape", made)  # type: ignore[no-any-return]


def _rewritten(node: Expr, group: list[Rule]) -> Expr:
    """``node`` with everything that looks like a pattern replaced."""

    def visit(part: Any) -> Any:
        if any(_match(own, part, rule.indices) is not None for rule in group for own in rule.kept):
            return part
        base, exponent = part, Fraction(1)
        if isinstance(part, Pow) and isinstance(part.exponent, Num):
            base, exponent = part.base, part.exponent.value
        for rule in group:
            binding = _match(rule.pattern, base, rule.indices)
            if binding is not None and len(binding) == len(rule.indices) and exponent % rule.exponent == 0:
                return power_expr(substitute(rule.value, binding), exponent / rule.exponent)
        return changed(part, visit) if children(part) else part

    return visit(node)  # type: ignore[no-any-return]


def _match(pattern: Expr, node: Expr, letters: tuple[Index, ...]) -> Binding | None:
    """The values of ``letters`` that make the pattern the node, up to the names of bound indices."""
    if _shape(pattern) != _shape(node):
        return None
    parts = zip(walk(pattern), walk(node), strict=False)
    slots = (zip(own_slots(a), own_slots(b), strict=False) for a, b in parts)
    found = {own: slot for pair in slots for own, slot in pair if own in letters and isinstance(own, Index)}
    same = _numbered(substitute(pattern, found), {}) is _numbered(node, {})
    return found if same else None


def _numbered(node: Part, names: dict[Index, Index]) -> Part:
    """Bound indices named by how deep they stand."""
    names = {**names, **{i: Index(f"@{n}", i.dim) for n, i in enumerate(bound_here(node), len(names))}}
    return changed(node, lambda p: _numbered(p, names), lambda s: names.get(s, s), lambda i: names.get(i, i))
