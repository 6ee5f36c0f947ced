r"""The rules of differentiation, one per node.

A *direction* is what a derivative is taken along: one component of a variable or of a defined name, all
else held constant, or the change of variables. It is a derivative node with 0 as its body. Both kinds obey
the same rules; they differ only in the derivative of a leaf:

    Deriv:  D x_{ij} = delta_{ik} delta_{jl}   (by x_{kl})
    Diff:   D x_{ij} = dx_{ij}

`push` writes the derivative of a node in terms of the derivatives of its parts, for which it calls
``d``. `derive` passes itself as ``d``; `steps` makes ``d`` leave a derivative node, and so gets one line
of a derivation.

Invariant: an index in a direction's slots is never captured. Every binder met on the way in takes
another letter when it has one of theirs (`Sum`), or a fresh one always (arguments of functions).
Nothing is simplified: exact zeros, factors 1 and deltas of a slot with itself go, no more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import permutations
from math import factorial
from typing import NamedTuple, assert_never

from idxcalc.errors import IdxcalcError
from idxcalc.expr import (
    MINUS_ONE, ONE, ZERO, Add, All, Call, Cases, Compare, Component, Condition, Constant, Definition, Delta,
    Deriv, Det, Diff, Elementary, Expr, Index, Inverse, Iverson, Lambda, Mul, Num, Part, Pow, Ref, Size, Slot,
    Sum, Variable, at, called, fresh, names, opened, parts, rebuild, substitute, unlifted, walk,
)  # fmt: skip
from idxcalc.functions import KNOWN

D = Callable[[Expr], Expr]
Direction = Deriv | Diff


class Pushed(NamedTuple):
    """The name of the rule used, the derivative, and what it had to assume (or an empty text)."""

    rule: str
    value: Expr
    assumption: str = ""


def direction(node: Deriv | Diff) -> Direction:
    """What a derivative is taken along."""
    return rebuild(node, (ZERO,))  # type: ignore[return-value]


def targets(along: Direction) -> tuple[Variable | Definition, ...]:
    """What varies along a direction."""
    return (along.target,) if isinstance(along, Deriv) else along.variables


def add(terms: Iterable[Expr]) -> Expr:
    """A sum without its zeros."""
    kept = tuple(t for t in terms if t is not ZERO)
    return kept[0] if len(kept) == 1 else Add(kept) if kept else ZERO


def mul(*factors: Expr) -> Expr:
    """A product without its ones; zero if a factor is."""
    kept = tuple(f for f in factors if f is not ONE)
    if ZERO in kept:
        return ZERO
    return kept[0] if len(kept) == 1 else Mul(kept) if kept else ONE


def total(indices: Iterable[Index], body: Expr) -> Expr:
    """The sum of ``body`` over all ``indices``."""
    for index in reversed(tuple(indices)):
        body = body if body is ZERO else Sum(index, body)
    return body


def delta(left: Slot, right: Slot) -> Expr:
    """Kronecker's delta, as a number where it is one at every value of its slots."""
    if left is right:
        return ONE
    if isinstance(left, int) and isinstance(right, int):
        return ONE if left == right else ZERO
    return Delta(left, right)


def push(node: Expr, along: Direction, d: D) -> Pushed:
    """The derivative of ``node`` along ``along``, in terms of ``d`` of its parts.

    What `is_derivative` finds inside ``node`` is worked out before.
    """
    match node:
        case Num() | Constant() | Size() | Delta():
            return Pushed("constant", ZERO)
        case Iverson(condition):
            return Pushed("bracket", ZERO, _jumps(condition))
        case Component(variable, slots):
            return _leaf(variable, slots, along)
        case Ref(definition, slots):
            if isinstance(along, Deriv) and along.target is definition:
                return Pushed("delta", _deltas(slots, along.slots, frozenset()))
            return Pushed("definition", d(opened(node)))
        case Add(terms):
            return Pushed("sum", add(map(d, terms)))
        case Mul(factors):
            # Equal factors have equal derivatives: f f gives 2 f f'.
            each = [(Num(Fraction(times)), factors.index(f)) for f, times in Counter(factors).items()]
            one_each = (mul(times, *factors[:n], d(factors[n]), *factors[n + 1 :]) for times, n in each)
            return Pushed("product", add(one_each))
        case Pow(base, exponent):
            return _power(node, d(base), d(exponent))
        case Sum(index, body, first):
            if index.name in _letters(along):
                other = fresh(index, names(body) | _letters(along))
                index, body = other, substitute(body, {index: other})
            inner = d(body)
            return Pushed("sum", ZERO if inner is ZERO else Sum(index, inner, first))
        case Elementary(name, args):
            return _elementary(name, args, tuple(map(d, args)))
        case Call():
            return _call(node, along, d)
        case Inverse(matrix, row, column):
            a, b = _fresh(matrix, along, node)
            three = (Inverse(matrix, row, a), d(at(matrix, (a, b))), Inverse(matrix, b, column))
            return Pushed("inverse", total((a, b), mul(MINUS_ONE, *three)), _invertible(matrix))
        case Det(matrix):
            if stepped(matrix):  # at the singular ones it has a derivative, the rule has no value
                raise IdxcalcError("no rule for the determinant of a matrix that is piecewise")
            a, b = _fresh(matrix, along, node)
            trace = total((a, b), mul(Inverse(matrix, b, a), d(at(matrix, (a, b)))))
            return Pushed("determinant", mul(node, trace), _invertible(matrix))
        case Cases(branches, otherwise):
            values = [d(value) for _, value in branches]
            last = d(otherwise)
            if all(v is ZERO for v in (*values, last)):
                return Pushed("cases", ZERO)
            pairs = tuple((c, v) for (c, _), v in zip(branches, values, strict=True))
            return Pushed("cases", Cases(pairs, last), _jumps(All(tuple(c for c, _ in branches))))
        case Deriv() | Diff():
            raise AssertionError("the derivatives inside a derivative are worked out first")
        case _:
            assert_never(node)


def _leaf(variable: Variable, slots: tuple[Slot, ...], along: Direction) -> Pushed:
    match along:
        case Deriv(_, target, wanted):
            return Pushed("delta", _deltas(slots, wanted, variable.traits) if variable is target else ZERO)
        case Diff(_, variables):
            if variable not in variables or variable.differential:
                return Pushed("constant", ZERO)  # d dx = 0
            if any(slots == fixed for fixed, _ in variable.fixed):
                return Pushed("constant", ZERO)  # x_0 = 1, so dx_0 = 0
            return Pushed("differential", Component(variable.d(), slots))
        case _:
            assert_never(along)


def _deltas(slots: tuple[Slot, ...], wanted: tuple[Slot, ...], traits: frozenset[str]) -> Expr:
    """The derivative of one component by another: within (anti)symmetric tensors, the mean over orders."""
    signed = "antisymmetric" in traits
    if not signed and "symmetric" not in traits:
        return mul(*(delta(a, b) for a, b in zip(slots, wanted, strict=True)))
    count = len(slots)
    terms = []
    for order in permutations(range(count)):
        odd = signed and sum(order[i] > order[j] for j in range(count) for i in range(j)) % 2
        term = mul(*(delta(slots[i], wanted[n]) for i, n in enumerate(order)))
        terms.append(mul(MINUS_ONE, term) if odd else term)
    return mul(Num(Fraction(1, factorial(count))), add(terms))


def _power(node: Pow, d_base: Expr, d_exponent: Expr) -> Pushed:
    """u^n has n u^(n-1) Du, a^v has a^v log(a) Dv; with both varying, their sum."""
    base, exponent = node.base, node.exponent
    if isinstance(exponent, Num):
        less = Num(exponent.value - 1)
        lower = ONE if less is ZERO else base if less is ONE else Pow(base, less)
        return Pushed("power", mul(exponent, lower, d_base))
    by_base = mul(exponent, Pow(base, Add((exponent, MINUS_ONE))), d_base)
    log = ONE if base is Constant("e") else Elementary("log", (base,))
    by_exponent = mul(node, log, d_exponent)
    if d_exponent is ZERO:
        return Pushed("power", by_base)
    if stepped(base):  # 0^c is 0, and c log 0 has no value
        raise IdxcalcError("no rule by the exponent for a power of what is piecewise")
    assumption = "" if isinstance(base, Constant | Num) else "positive base of a power"
    return Pushed("exponential", add((by_base, by_exponent)), assumption)


def _elementary(name: str, args: tuple[Expr, ...], inner: tuple[Expr, ...]) -> Pushed:
    row = KNOWN[name]
    value = add(mul(p, du) for p, du in zip(row.derivative(*args), inner, strict=True))
    return Pushed("chain", value, f"away from the kink of {name}" if row.kink and value is not ZERO else "")


def _call(call: Call, along: Direction, d: D) -> Pushed:
    function = call.function
    assert not (call.derivs and (call.lifted or function.body is not None)), "settle it before"
    if function.body is not None:
        return Pushed("definition", d(called(unlifted(call))))
    call = unlifted(call)
    terms = []
    for n, argument in enumerate(call.args):
        slots = _fresh(argument, along, call)
        outer = Call(function, call.out, (*call.derivs, (n, slots)), call.args)
        terms.append(total(slots, mul(outer, d(at(argument, slots)))))
    return Pushed("chain", add(terms))


def componentwise(call: Call) -> Expr:
    r"""Derivatives of a lifted function: ``\sigma_{i,m}(y) = \delta_{im}\sigma'(y_i)``."""
    deltas = (delta(a, b) for _, slots in call.derivs for a, b in zip(call.out, slots, strict=True))
    plain = unlifted(Call(call.function, call.out, (), call.args))
    return mul(*deltas, Call(call.function, (), tuple((n, ()) for n, _ in call.derivs), plain.args))


def _fresh(argument: Lambda, along: Direction, node: Expr) -> tuple[Index, ...]:
    """New letters for the indices of an argument of ``node``."""
    used = names(node) | _letters(along)
    return tuple(fresh(index, used) for index in argument.indices)


def _letters(along: Direction) -> set[str]:
    return {s.name for s in along.slots if isinstance(s, Index)} if isinstance(along, Deriv) else set()


def _jumps(condition: Condition) -> str:
    """What is assumed when the derivative of a bracket is 0: nothing if it compares indices only."""
    values = any(isinstance(part, Compare) for part in walk(condition))
    return "away from the boundary of a condition" if values else ""


def stepped(node: Part) -> bool:
    """Whether a value may be 0 on a set that has a volume: it is piecewise, or whole numbers stand in it."""
    inside = parts(node)
    kinked = any(isinstance(p, Elementary) and KNOWN[p.name].kink for p in inside)
    whole = any(isinstance(p, Component) and "integer" in p.variable.traits for p in inside)
    return kinked or whole or any(isinstance(p, Iverson | Cases) for p in inside)


def _invertible(matrix: Lambda) -> str:
    body = matrix.body
    return f"{body.variable.name if isinstance(body, Component) else 'the matrix'} invertible"
