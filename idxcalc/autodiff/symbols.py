"""What an expression mentions, through definitions and bodies; and random bodies for unknown functions."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

from idxcalc.expr import (
    MINUS_ONE, ONE, ZERO, Add, All, Call, Cases, Compare, Component, Definition, Delta, Deriv, Dim,
    Elementary, Expr, Function, Index, Match, Mul, Num, Part, Pow, Ref, Sum, Variable, children, substitute,
    transform,
)  # fmt: skip
from idxcalc.functions import KNOWN

Symbol = Variable | Definition
HALF = Num(Fraction(1, 2))
WAVES = {"?few": 3, "?many": 7}  # for functions of one real; for all others, more than the usual sizes


def parts(*nodes: Part) -> tuple[Part, ...]:
    """All that stands in the nodes and in the definitions and bodies used there; each once, inner first."""
    found: dict[Part, None] = {}
    stack = list(reversed(nodes))
    while stack:
        top = stack[-1]
        symbol = top.definition if isinstance(top, Ref) else top.function if isinstance(top, Call) else None
        body = () if symbol is None or symbol.body is None else (symbol.body,)
        inner = [part for part in (*children(top), *body) if part not in found]
        if inner:
            stack.extend(reversed(inner))
        else:
            found[stack.pop()] = None
    return tuple(found)


@lru_cache(maxsize=4096)
def symbols(node: Part) -> frozenset[Symbol | Function]:
    """Variables, definitions and functions that stand in ``node``, through definitions and bodies."""
    found = parts(node)
    variables = {p.variable for p in found if isinstance(p, Component)}
    definitions = {p.definition for p in found if isinstance(p, Ref)}
    return frozenset(variables | definitions | {p.function for p in found if isinstance(p, Call)})


def forked(node: Part) -> bool:
    """Whether a value is chosen by cases, so that more samples are needed to meet each."""
    return isinstance(node, Compare) or (isinstance(node, Elementary) and bool(KNOWN[node.name].kink))


def integral(node: Expr) -> bool:
    """Whether the value is built from integers alone, so that a tie has a probability."""
    return all("integer" in s.traits for s in symbols(node) if not isinstance(s, Definition))


def signs(traits: frozenset[str]) -> list[int]:
    """What an exchange of two slots does to a tensor of each symmetry."""
    return [sign for trait, sign in (("antisymmetric", -1), ("symmetric", 1)) if trait in traits]


def hidden(name: str) -> bool:
    """Whether a name was made here."""
    return name.startswith("?")


@lru_cache(maxsize=1024)
def opened(function: Function) -> Function:
    """A function with a body, in placeholders of its own: what has their names elsewhere is not meant."""
    if function.body is None:
        return waves(function)
    own = {p: replace(p, name=f"?{function.name} {p.name}") for p in function.placeholders}

    def put(part: Expr) -> Expr:
        match part:
            case Component(variable, slots) if variable in own:
                return Component(own[variable], slots)
            case Deriv(body, target, slots) if target in own:
                return Deriv(body, own[target], slots)
            case _:
                return part

    return replace(function, placeholders=tuple(own.values()), body=transform(function.body, put))


def waves(function: Function) -> Function:
    """A smooth function in place of an unknown one: each component a sum of sines of the arguments.

    Their levels, weights, slopes and phases are variables, to be drawn like all others.
    """
    out = tuple(Index(f"?o{n}", dim) for n, dim in enumerate(function.out))
    wave = Index("?w", Dim("?many" if any(function.params) else "?few"))

    def drawn(what: str, *slots: Index) -> Expr:
        return Component(Variable(f"?{function.name} {what}", tuple(s.dim for s in slots)), slots)

    given = tuple(Variable(f"?u{n}", dims) for n, dims in enumerate(function.params))
    angle = [drawn("phase", *out, wave)]
    for variable in given:
        own = tuple(Index(f"?i{n}", dim) for n, dim in enumerate(variable.dims))
        term: Expr = Mul((drawn(f"slope {variable.name}", *out, wave, *own), Component(variable, own)))
        for index in own:
            term = Sum(index, term)
        angle.append(term)
    sines = Sum(wave, Mul((drawn("weight", *out, wave), Elementary("sin", (Add(tuple(angle)),)))))
    body: Expr = Add((drawn("level", *out), sines))
    return replace(function, placeholders=given, indices=out, body=shaped(body, out, function.traits))


def shaped(body: Expr, axes: tuple[Index, ...], traits: frozenset[str]) -> Expr:
    """``body`` made a tensor with these traits.

    The mean over all orders of the axes is taken axis by axis, so that a component with two equal indices is
    then 0, not what rounding leaves of it.
    """
    for sign in signs(traits):
        for n in range(1, len(axes)):
            swapped = Add(tuple(substitute(body, {i: axes[n], axes[n]: i}) for i in axes[:n]))
            both = Add((body, Mul((Num(Fraction(sign)), swapped))))
            body = Mul((Num(Fraction(1, n + 1)), both))
    if traits & {"positive", "negative"}:
        square = Add((Pow(body, Num(Fraction(2))), Num(Fraction(1, 16))))
        body = Add((Elementary("abs", (body,)), ONE)) if "integer" in traits else Pow(square, HALF)
    if "negative" in traits:
        body = Mul((MINUS_ONE, body))
    if "invertible" in traits:  # well-conditioned, with a determinant of either sign
        large = Cases(((Compare("<", body, ZERO), Num(Fraction(-3, 2))),), Num(Fraction(3, 2)))
        body = Add((Mul((Num(Fraction(1, 4)), body)), Mul((Delta(*axes), large))))
    return body


def slots(symbol: Symbol) -> tuple[Index, ...]:
    """The indices that stand for a symbol's slots, in the order of the axes of its array."""
    dims = symbol.dims if isinstance(symbol, Variable) else tuple(i.dim for i in symbol.indices)
    return tuple(Index(f"?{n}", dim) for n, dim in enumerate(dims))


def prepared(variable: Variable) -> Expr:
    """A variable with traits or fixed components, in terms of one without."""
    kept = variable.traits & {"integer"}
    drawn = Variable(f"?{variable.name}", variable.dims, kept, variable.differential)
    body = shaped(Component(drawn, slots(variable)), slots(variable), variable.traits)
    for place, value in variable.fixed:
        there = All(tuple(map(Match, slots(variable), place)))
        body = Cases(((there, Num(Fraction(str(value)))),), body)
    return body
