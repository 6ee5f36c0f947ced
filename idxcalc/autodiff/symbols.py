"""Random bodies for unknown functions, and variables with traits in terms of some without."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import lru_cache, reduce

from idxcalc.expr import (
    MINUS_ONE, ONE, ZERO, Add, All, Cases, Compare, Component, Definition, Delta, Dim, Elementary, Expr,
    Function, Index, Match, Mul, Num, Part, Pow, Size, Sum, Variable, own, substitute, symbols,
)  # fmt: skip
from idxcalc.functions import KNOWN
from idxcalc.plan.symbols import slots

HALF = Num(Fraction(1, 2))
WAVES = {"?few": 3, "?many": 7}  # for functions of one real; for all others, more than the usual sizes


def forked(node: Part) -> bool:
    """Whether a value is chosen by cases, so that more samples are needed to meet each."""
    return isinstance(node, Compare) or (isinstance(node, Elementary) and bool(KNOWN[node.name].kink))


def integral(node: Expr) -> bool:
    """Whether the value is built from integers alone, so that a tie has a probability."""
    return all("integer" in s.traits for s in symbols(node) if not isinstance(s, Definition))


def signs(traits: frozenset[str]) -> list[int]:
    """What an exchange of two slots does to a tensor of each symmetry."""
    return [sign for trait, sign in (("antisymmetric", -1), ("symmetric", 1)) if trait in traits]


@lru_cache(maxsize=1024)
def drawn(function: Function) -> Function:
    """A function with placeholders of its own; each component of an unknown one is a sum of sines.

    Their levels, weights, slopes and phases are variables, to be drawn like all others.
    """
    function = own(function)
    if function.body is not None:
        return function
    out = function.indices
    wave = Index("?w", Dim("?many" if any(function.params) else "?few"))

    def level(what: str, *slots: Index) -> Expr:
        return Component(Variable(f"?{function.name} {what}", tuple(s.dim for s in slots)), slots)

    angle = [level("phase", *out, wave)]
    for variable in function.placeholders:
        inner = tuple(Index(f"?i{n}", dim) for n, dim in enumerate(variable.dims))
        term: Expr = Mul((level(f"slope {variable.name}", *out, wave, *inner), Component(variable, inner)))
        for index in inner:
            term = Sum(index, term)
        angle.append(term)
    sines = Sum(wave, Mul((level("weight", *out, wave), Elementary("sin", (Add(tuple(angle)),)))))
    body: Expr = Add((level("level", *out), sines))
    return replace(function, body=shaped(body, out, function.traits))


def shaped(body: Expr, axes: tuple[Index, ...], traits: frozenset[str]) -> Expr:
    """``body`` made a tensor with these traits.

    The mean over all orders of the axes is taken axis by axis, so that a component with two equal indices is
    then 0, not what rounding leaves of it. Integers stay integers: their sum is taken, or their maximum, for
    the sum of two that are equal is even.
    """
    whole = "integer" in traits
    for sign in signs(traits):
        for n in range(1, len(axes)):
            swapped = tuple(substitute(body, {i: axes[n], axes[n]: i}) for i in axes[:n])
            both = Add((body, Mul((Num(Fraction(sign)), Add(swapped)))))
            if whole and sign == 1:
                body = reduce(lambda a, b: Elementary("max", (a, b)), swapped, body)
            else:
                body = both if whole else Mul((Num(Fraction(1, n + 1)), both))
    if traits & {"positive", "negative"}:
        square = Add((Pow(body, Num(Fraction(2))), Num(Fraction(1, 16))))
        body = Add((Elementary("abs", (body,)), ONE)) if whole else Pow(square, HALF)
    if "negative" in traits:
        body = Mul((MINUS_ONE, body))
    if {"invertible", "antisymmetric"} <= traits:  # of an even size: at no other is there one
        count = Add((Size(axes[0].dim), Num(Fraction(1 - axes[0].dim.start))))
        body = Mul((body, Pow(Pow(MINUS_ONE, count), HALF)))
    elif "invertible" in traits and (whole or not traits & {"positive", "negative"}):
        # Well-conditioned, with a determinant of either sign; reals of one sign are so without.
        most = Num(Fraction(24 if whole else 6))
        large = Cases(((Compare("<", body, ZERO), Mul((MINUS_ONE, most))),), most)
        body = Add((body, Mul((Delta(*axes), large))))
        body = body if whole else Mul((Num(Fraction(1, 4)), body))
    return body


def prepared(variable: Variable) -> Expr:
    """A variable with traits or fixed components, in terms of one without."""
    kept = variable.traits & {"integer"}
    drawn = Variable(f"?{variable.name}", variable.dims, kept, variable.differential)
    body = shaped(Component(drawn, slots(variable)), slots(variable), variable.traits)
    for place, value in variable.fixed:
        there = All(tuple(map(Match, slots(variable), place)))
        body = Cases(((there, Num(Fraction(str(value)))),), body)
    return body
