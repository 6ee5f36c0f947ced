"""Sums of products as data, and the order on their parts.

A *term* is a product of powers ``base ** exponent``: bases are expressions that the normal form leaves
whole (a component, a function's value, a finished contraction, a sum kept as a denominator), exponents are
rational numbers, each base stands once, and the bases are sorted. A *polynomial* maps terms to their
coefficients, which are not zero. Nodes are hash-consed, so two equal bases are the same object.

Invariant: the polynomial without terms is the only one for 0; a term mentions no index bound in it, except
inside a base.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import blake2b
from math import gcd, lcm
from typing import Any
from weakref import WeakKeyDictionary

from idxcalc.errors import IdxcalcError
from idxcalc.evidence import Evidence
from idxcalc.expr import (
    Add, Call, Compare, Component, Constant, Deriv, Diff, Dim, Elementary, Expr, Function, Index, Match,
    Mul, Num, Part, Pow, Ref, Size, Slot, Sum, Variable, bound_here, children, own_slots,
)  # fmt: skip

Base = Expr
Term = tuple[tuple[Base, Fraction], ...]
Poly = dict[Term, Fraction]
UNIT: Term = ()
LIMIT = 20_000  # terms of one expanded product
WORK = 400_000  # products of two terms in one proof

_keys: WeakKeyDictionary[Part, str] = WeakKeyDictionary()


class Undefined(Exception):
    """A division by something that is identically zero: no error of the user, but no value either."""


@dataclass(slots=True)
class Scope:
    """What one proof knows: the conditions it is under, and what it has worked out already.

    ``signs`` gives the sign of bases that a condition declares, ``distinct`` the pairs of free indices that
    differ; ``reserved`` are the indices of those conditions, which no binder may use again. ``exponential``
    asks for hyperbolic functions to be written with exponentials, ``closed`` for definitions to stay names.
    ``normal`` is the normal form itself, for the passes that it is made of.
    """

    normal: Callable[[Scope, Expr], Poly]
    evidence: Evidence = field(default_factory=Evidence)
    signs: dict[Base, int] = field(default_factory=dict)
    distinct: set[frozenset[Slot]] = field(default_factory=set)
    reserved: set[Index] = field(default_factory=set)
    exponential: bool = False
    closed: bool = False
    memo: dict[Part, Poly] = field(default_factory=dict)
    inside: dict[Base, tuple[tuple[Index, ...], Term]] = field(default_factory=dict)
    heads: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    safe: dict[Base, bool] = field(default_factory=dict)
    opening: Scope | None = None
    work: int = 0

    def spend(self, products: int) -> None:
        self.work += products
        if products > 50 * LIMIT or self.work > WORK:
            raise IdxcalcError(f"too many terms after expansion (limit {LIMIT})")


def label(node: Part) -> str:
    """What a node says itself, without its slots and its children."""
    match node:
        case Num(value):
            return str(value)
        case Constant(name) | Elementary(name, _):
            return name
        case Size(dim):
            return dim_key(dim)
        case Component(variable, _):
            return variable_key(variable)
        case Ref(definition, _):
            return f"{definition.name}!{id(definition)}"
        case Call(function, out, derivs, _):
            orders = ",".join(f"{n}.{len(s)}" for n, s in derivs)
            return f"{function_key(function)};{len(out)};{orders}"
        case Compare(op, _, _):
            return op
        case Match(_, _, equal):
            return str(equal)
        case Sum(_, _, first):
            return str(first)
        case Deriv(_, target, _):
            return f"{target.name}!{id(target)}"
        case Diff(_, variables):
            return ",".join(map(variable_key, variables))
        case _:
            return ""


def dim_key(dim: Dim) -> str:
    return f"{dim.start}:{dim.last}"


def variable_key(variable: Variable) -> str:
    dims = ",".join(map(dim_key, variable.dims))
    return f"{variable.name}{'~' * variable.differential}({dims}){sorted(variable.traits)}{variable.fixed}"


def function_key(function: Function) -> str:
    shape = [[dim_key(d) for d in dims] for dims in (function.out, *function.params)]
    body = "" if function.body is None else id(function)
    return f"{function.name}{shape}{sorted(function.traits)}{body}"


def slot_key(slot: Slot) -> str:
    return f"{slot.name}:{dim_key(slot.dim)}" if isinstance(slot, Index) else str(slot)


def key(node: Part) -> str:
    """A text that is different for different nodes; it orders them. A long one is replaced by its digest."""
    known = _keys.get(node)
    if known is None:
        slots = ",".join(map(slot_key, (*bound_here(node), *own_slots(node))))
        known = f"{type(node).__name__}<{label(node)}[{slots}]{'|'.join(map(key, children(node)))}>"
        if len(known) > 400:
            known = known[:100] + blake2b(known.encode(), digest_size=24).hexdigest()
        _keys[node] = known
    return known


def number(value: Fraction | int) -> Poly:
    return {UNIT: Fraction(value)} if value else {}


def single(base: Base, exponent: Fraction | int = 1, coefficient: Fraction | int = 1) -> Poly:
    return {((base, Fraction(exponent)),): Fraction(coefficient)}


def add(*polys: Poly) -> Poly:
    total: Poly = {}
    for poly in polys:
        for term, c in poly.items():
            accumulate(total, term, c)
    return total


def accumulate(total: Poly, term: Term, coefficient: Fraction) -> None:
    value = total.get(term, 0) + coefficient
    if value:
        total[term] = value
    else:
        total.pop(term, None)


def scale(poly: Poly, factor: Fraction | int) -> Poly:
    return {term: c * factor for term, c in poly.items()} if factor else {}


def content(poly: Poly) -> Fraction:
    """The positive number that makes the coefficients coprime integers."""
    top = gcd(*(c.numerator for c in poly.values()))
    return Fraction(top, lcm(*(c.denominator for c in poly.values())))


def as_number(poly: Poly) -> Fraction | None:
    """The value of a constant polynomial, else None."""
    if not poly:
        return Fraction(0)
    return poly.get(UNIT) if len(poly) == 1 else None


def power_expr(base: Base, exponent: Fraction) -> Expr:
    return base if exponent == 1 else Pow(base, Num(exponent))


def term_expr(term: Term, coefficient: Fraction = Fraction(1)) -> Expr:
    """A term as an expression; normalising it gives the term back."""
    factors = [power_expr(base, e) for base, e in term]
    if coefficient != 1 or not factors:
        factors.insert(0, Num(coefficient))
    return factors[0] if len(factors) == 1 else Mul(tuple(factors))


def poly_expr(poly: Poly) -> Expr:
    """A polynomial as an expression, its terms in the order of their keys."""
    parts = sorted((term_expr(term, c) for term, c in poly.items()), key=key)
    if not parts:
        return Num(Fraction(0))
    return parts[0] if len(parts) == 1 else Add(tuple(parts))


def sorted_term(powers: dict[Base, Fraction]) -> Term:
    return tuple(sorted(((b, e) for b, e in powers.items() if e), key=lambda p: key(p[0])))


def symbols(node: Part) -> Iterator[str]:
    """What stands in a node, without indices, numbers and order: the same under every renaming."""
    stack = [node]
    while stack:
        part = stack.pop()
        if not isinstance(part, Num | Mul | Add):
            yield type(part).__name__ + label(part)
        stack.extend(children(part))
