"""What an expression mentions, through definitions and bodies; and random bodies for unknown functions."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

from idxcalc.expr import (
    MINUS_ONE, Add, Call, Compare, Component, Definition, Dim, Elementary, Expr, Function, Index, Mul, Num,
    Part, Ref, Sum, Variable, substitute, walk,
)  # fmt: skip
from idxcalc.functions import KNOWN

Symbol = Variable | Definition
WAVES = {"?few": 3, "?many": 7}  # for functions of one real; for all others, more than the usual sizes


@lru_cache(maxsize=4096)
def symbols(node: Part) -> frozenset[Symbol | Function]:
    """Variables, definitions and functions that stand in ``node``, through definitions and bodies."""
    found: set[Symbol | Function] = set()
    for part in walk(node):
        match part:
            case Component(variable, _):
                found.add(variable)
            case Ref(symbol, _) | Call(symbol, _, _, _):
                found |= {symbol} | (symbols(symbol.body) if symbol.body is not None else set())
    return frozenset(found)


@lru_cache(maxsize=4096)
def forked(node: Part) -> bool:
    """Whether a value is chosen by cases, so that more samples are needed to meet each."""
    for part in walk(node):
        match part:
            case Compare():
                return True
            case Elementary(name, _) if KNOWN[name].kink:
                return True
            case Ref(symbol, _) | Call(symbol, _, _, _) if symbol.body is not None and forked(symbol.body):
                return True
    return False


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
    for sign in signs(function.traits):
        for n in range(1, len(out)):
            swapped = [Mul((Num(Fraction(sign)), substitute(body, {i: out[n], out[n]: i}))) for i in out[:n]]
            body = Mul((Num(Fraction(1, n + 1)), Add((body, *swapped))))
    if function.traits & {"positive", "negative"}:
        body = Elementary("exp", (body,))
    if "negative" in function.traits:
        body = Mul((MINUS_ONE, body))
    return replace(function, placeholders=given, indices=out, body=body)
