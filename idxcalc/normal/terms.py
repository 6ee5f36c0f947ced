"""Sums of products as data, and the order on their parts.

A *term* is a product of powers ``base ** exponent``: bases are expressions that the normal form leaves
whole (a component, a function's value, a finished contraction, a sum kept as a denominator), exponents are
rational numbers, each base stands once, and the bases are sorted. A *polynomial* maps terms to their
coefficients, which are not zero. Nodes are hash-consed, so two equal bases are the same object.

Invariant: the polynomial without terms is the only one for 0; a term mentions no index bound in it, except
inside a base.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import blake2b
from itertools import count
from math import gcd, lcm
from typing import Any

from idxcalc.errors import IdxcalcError
from idxcalc.evidence import Evidence
from idxcalc.expr import (
    Add, Definition, Dim, Expr, Function, Index, Mul, Num, Part, Pow, Slot, Variable, bound_here, children,
    own_slots, said,
)  # fmt: skip
from idxcalc.expr.intern import Node

Base = Expr
Number = int | Fraction
Term = tuple[tuple[Base, Number], ...]
Poly = dict[Term, Number]
UNIT: Term = ()
ORDERED = frozenset({"symmetric", "antisymmetric"})
LIMIT = 20_000  # terms of one expanded product
BITS = 14_000  # of a number; Python writes no more than 4300 digits
WORK = 150_000  # products of two terms in one proof
_serial = count()  # tells apart what bears one name, the same way in every run


class Undefined(Exception):
    """A division by something that is identically zero: no error of the user, but no value either."""


@dataclass(slots=True)
class Scope:
    """What one proof knows: the conditions it is under, and what it has worked out already.

    ``signs`` gives the sign of bases that a condition declares, ``distinct`` the pairs of free indices that
    differ. ``exponential`` asks for hyperbolic functions to be written with exponentials, ``written`` for
    sums over few numbers to be written out, ``closed`` for definitions to stay names, ``whole`` for products
    of sums to stay products, ``strict`` for nothing to count as nonzero that is 0 at some size
    (`signs.strictly`).
    ``normal`` is the normal form itself, for the passes that it is made of.
    """

    normal: Callable[[Scope, Expr], Poly]
    evidence: Evidence = field(default_factory=Evidence)
    signs: dict[Base, int] = field(default_factory=dict)
    distinct: set[frozenset[Slot]] = field(default_factory=set)
    exponential: bool = False
    closed: bool = False
    whole: bool = False
    written: bool = False
    memo: dict[Part, Poly] = field(default_factory=dict)
    inside: dict[Base, tuple[tuple[Index, ...], Term]] = field(default_factory=dict)
    heads: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    safe: MutableMapping[Base, bool] = field(default_factory=dict)
    opening: Scope | None = None
    strict: bool = False
    stricter: Scope | None = None
    most: int = WORK
    work: int = 0

    def spend(self, products: int) -> None:
        self.work += products
        if products > 50 * LIMIT or self.work > self.most:
            raise IdxcalcError(f"too many terms after expansion (limit {LIMIT})")


def key(node: Node) -> str:
    """A text that is different for different nodes; it orders them. A long one is replaced by its digest."""
    try:
        return node._key  # type: ignore[no-any-return]
    except AttributeError:
        return node.remember("_key", _key(node))  # type: ignore[no-any-return]


def _key(node: Any) -> str:
    match node:
        case Dim(last, start):
            return f"{start}:{last}"
        case Index(name, dim):
            return f"{name}:{key(dim)}"
        case Variable(name, dims, traits, differential, fixed):
            return f"{name}{'~' * differential}({spelt(dims)}){sorted(traits)}{fixed}"
        case Function(name, out, params, traits, _, _, body):
            return f"{name}({spelt(out)};{spelt(params)}){sorted(traits)}{next(_serial) if body else ''}"
        case Definition(name, _, _):
            return f"{name}!{next(_serial)}"
    slots = spelt((*bound_here(node), *own_slots(node)))
    text = f"{type(node).__name__}<{spelt(said(node))}[{slots}]{'|'.join(map(key, children(node)))}>"
    return text if len(text) <= 400 else text[:100] + blake2b(text.encode(), digest_size=24).hexdigest()


def spelt(value: Any) -> str:
    """A symbol, a plain value, or a tuple of those, as a text."""
    if isinstance(value, tuple):
        return ",".join(f"({spelt(v)})" if isinstance(v, tuple) else spelt(v) for v in value)
    return key(value) if isinstance(value, Node) else str(value)


def symbols(node: Part) -> Iterator[str]:
    """What stands in a node, without indices, numbers and order: the same under every renaming."""
    stack = [node]
    while stack:
        part = stack.pop()
        if not isinstance(part, Num | Mul | Add):
            yield type(part).__name__ + spelt(said(part))
        stack.extend(children(part))


def number(value: Number) -> Poly:
    return {UNIT: value} if value else {}


def single(base: Base, exponent: Number = 1, coefficient: Number = 1) -> Poly:
    return {((base, exponent),): coefficient}


def add(*polys: Poly) -> Poly:
    total: Poly = {}
    for poly in polys:
        for term, c in poly.items():
            accumulate(total, term, c)
    return total


def accumulate(total: Poly, term: Term, coefficient: Number) -> None:
    value = total.get(term, 0) + coefficient
    if value:
        total[term] = value
    else:
        total.pop(term, None)


def scale(poly: Poly, factor: Number) -> Poly:
    return {term: c * factor for term, c in poly.items()} if factor else {}


def minus(left: Poly, right: Poly) -> Poly:
    return add(left, scale(right, -1))


def besides(poly: Poly) -> Poly:
    """``1 - p``."""
    return minus(number(1), poly)


def content(poly: Poly) -> Fraction:
    """The positive number that makes the coefficients coprime integers."""
    top = gcd(*(c.numerator for c in poly.values()))
    return Fraction(top, lcm(*(c.denominator for c in poly.values())))


def as_number(poly: Poly) -> Number | None:
    """The value of a constant polynomial, else None."""
    if not poly:
        return 0
    return poly.get(UNIT) if len(poly) == 1 else None


def denominators(poly: Poly) -> dict[Base, Number]:
    """The bases with a negative exponent, and the lowest exponent of each."""
    found: dict[Base, Number] = {}
    for base, e in (power for term in poly for power in term):
        if e < found.get(base, 0):
            found[base] = e
    return found


def exact(value: Number, exponent: int = 1) -> Number:
    """A power of a number; a whole one as an `int`, with which one computes faster."""
    bits = max(value.numerator.bit_length(), value.denominator.bit_length())
    if bits > 1 and bits * abs(exponent) > BITS:
        raise IdxcalcError(f"a number of more than {BITS} bits")
    value = value if exponent == 1 else Fraction(value) ** exponent
    return value.numerator if value.denominator == 1 else value


def power_expr(base: Base, exponent: Number) -> Expr:
    return base if exponent == 1 else Pow(base, Num(Fraction(exponent)))


def term_expr(term: Term, coefficient: Number = 1) -> Expr:
    """A term as an expression; normalising it gives the term back."""
    factors = [power_expr(base, e) for base, e in term]
    if coefficient != 1 or not factors:
        factors.insert(0, Num(Fraction(coefficient)))
    return factors[0] if len(factors) == 1 else Mul(tuple(factors))


def poly_expr(poly: Poly) -> Expr:
    """A polynomial as an expression, its terms in the order of their keys."""
    parts = sorted((term_expr(term, c) for term, c in poly.items()), key=key)
    if not parts:
        return Num(Fraction(0))
    return parts[0] if len(parts) == 1 else Add(tuple(parts))


def sorted_term(powers: dict[Base, Number]) -> Term:
    kept = [power for power in powers.items() if power[1]]
    return tuple(kept if len(kept) < 2 else sorted(kept, key=lambda p: key(p[0])))
