"""The table of known functions of real numbers.

One row a function: its LaTeX, its derivatives by each argument (written in the language itself,
so that higher derivatives need nothing new), what NumPy and JAX call it, where it is
smooth. A new function is a new row.

Square roots are powers (``Pow(z, 1/2)``) and quotients are products with a power -1, so neither
stands here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from inspect import signature

from idxcalc.expr import MINUS_ONE, ONE, ZERO, Add, Compare, Elementary, Expr, Iverson, Mul, Num, Pow

Rule = Callable[..., tuple[Expr, ...]]


def _f(name: str, *args: Expr) -> Expr:
    return Elementary(name, args)


def _square(z: Expr) -> Expr:
    return Pow(z, Num(Fraction(2)))


def _minus(z: Expr) -> Expr:
    return Mul((MINUS_ONE, z))


def _one_minus(z: Expr) -> Expr:
    return Add((ONE, _minus(z)))


def _root_one_minus_square(z: Expr) -> Expr:
    return Pow(_one_minus(_square(z)), Num(Fraction(-1, 2)))


def _is(op: str, a: Expr, b: Expr) -> Expr:
    return Iverson(Compare(op, a, b))


@dataclass(frozen=True, slots=True)
class KnownFunction:
    """``derivative(*args)`` gives the partial derivative by each argument.

    ``latex`` lists what may be written, the first being what is printed; ``array`` is what NumPy and JAX call
    it. ``kink`` says where it is not smooth, in words, ``%s`` standing for the argument; samples stay away
    from there (but not where two arguments agree everywhere: the derivatives of ``max`` add up to 1 there,
    too).
    """

    name: str
    derivative: Rule
    latex: tuple[str, ...]
    array: str
    kink: str = ""

    @property
    def arity(self) -> int:
        """How many arguments it takes."""
        return len(signature(self.derivative).parameters)


def _row(name: str, derivative: Rule, *latex: str, array: str = "", kink: str = "") -> KnownFunction:
    return KnownFunction(name, derivative, latex or (f"\\{name}",), array or name, kink)


_ROWS = (
    _row("exp", lambda z: (_f("exp", z),)),
    _row("log", lambda z: (Pow(z, MINUS_ONE),), r"\log", r"\ln"),
    _row("sin", lambda z: (_f("cos", z),)),
    _row("cos", lambda z: (_minus(_f("sin", z)),)),
    _row("tan", lambda z: (Add((ONE, _square(_f("tan", z)))),)),
    _row("sinh", lambda z: (_f("cosh", z),)),
    _row("cosh", lambda z: (_f("sinh", z),)),
    _row("tanh", lambda z: (_one_minus(_square(_f("tanh", z))),)),
    _row("arcsin", lambda z: (_root_one_minus_square(z),)),
    _row("arccos", lambda z: (_minus(_root_one_minus_square(z)),)),
    _row("arctan", lambda z: (Pow(Add((ONE, _square(z))), MINUS_ONE),)),
    _row("abs", lambda z: (Add((_is(">", z, ZERO), _minus(_is("<", z, ZERO)))),), r"\lvert", kink="%s = 0"),
    _row("max", lambda a, b: (_one_minus(_is(">", b, a)), _is(">", b, a)), array="maximum", kink="%s = %s"),
    _row("min", lambda a, b: (_one_minus(_is("<", b, a)), _is("<", b, a)), array="minimum", kink="%s = %s"),
)  # fmt: skip

KNOWN: dict[str, KnownFunction] = {row.name: row for row in _ROWS}
BY_LATEX: dict[str, KnownFunction] = {latex: row for row in _ROWS for latex in row.latex}
