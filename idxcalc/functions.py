"""The table of known functions of real numbers.

One row a function: its LaTeX, its derivatives by each argument (written in the language itself,
so that higher derivatives need nothing new), what NumPy and JAX call it, where it is defined and
smooth. A new function is a new row.

Square roots are powers (``Pow(z, 1/2)``) and quotients are products with a power -1, so neither
stands here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from idxcalc.expr import MINUS_ONE, ONE, ZERO, Add, Compare, Elementary, Expr, Iverson, Mul, Num, Pow

Rule = Callable[..., tuple[Expr, ...]]


def _f(name: str, *args: Expr) -> Expr:
    return Elementary(name, args)


def _square(z: Expr) -> Expr:
    return Pow(z, Num(Fraction(2)))


def _one_minus(z: Expr) -> Expr:
    return Add((ONE, Mul((MINUS_ONE, z))))


def _root_one_minus_square(z: Expr) -> Expr:
    return Pow(_one_minus(_square(z)), Num(Fraction(-1, 2)))


def _step(op: str, a: Expr, b: Expr) -> Expr:
    return Iverson(Compare(op, a, b))


@dataclass(frozen=True, slots=True)
class KnownFunction:
    """``derivative(*args)`` gives the partial derivative by each argument.

    ``domain`` is where the value is real: ``real``, ``positive``, or ``unit`` (between -1 and 1).
    ``kink`` says where it is not smooth, in words, ``%s`` standing for the argument; samples stay away
    from there (but not where two arguments agree everywhere: the derivatives of ``max`` add up to 1 there,
    too). ``latex`` lists what may be written, the first being what is printed.
    """

    name: str
    latex: tuple[str, ...]
    arity: int
    derivative: Rule
    numpy: str
    jax: str
    domain: str = "real"
    kink: str = ""


_ROWS = (
    KnownFunction("exp", (r"\exp",), 1, lambda z: (_f("exp", z),), "exp", "exp"),
    KnownFunction("log", (r"\log", r"\ln"), 1, lambda z: (Pow(z, MINUS_ONE),), "log", "log", "positive"),
    KnownFunction("sin", (r"\sin",), 1, lambda z: (_f("cos", z),), "sin", "sin"),
    KnownFunction("cos", (r"\cos",), 1, lambda z: (Mul((MINUS_ONE, _f("sin", z))),), "cos", "cos"),
    KnownFunction("tan", (r"\tan",), 1, lambda z: (Add((ONE, _square(_f("tan", z)))),), "tan", "tan"),
    KnownFunction("sinh", (r"\sinh",), 1, lambda z: (_f("cosh", z),), "sinh", "sinh"),
    KnownFunction("cosh", (r"\cosh",), 1, lambda z: (_f("sinh", z),), "cosh", "cosh"),
    KnownFunction("tanh", (r"\tanh",), 1, lambda z: (_one_minus(_square(_f("tanh", z))),), "tanh", "tanh"),
    KnownFunction(
        "arcsin", (r"\arcsin",), 1, lambda z: (_root_one_minus_square(z),), "arcsin", "arcsin", "unit"
    ),
    KnownFunction(
        "arccos", (r"\arccos",), 1,
        lambda z: (Mul((MINUS_ONE, _root_one_minus_square(z))),), "arccos", "arccos", "unit",
    ),
    KnownFunction(
        "arctan", (r"\arctan",), 1,
        lambda z: (Pow(Add((ONE, _square(z))), MINUS_ONE),), "arctan", "arctan",
    ),
    KnownFunction(
        "abs", (r"\lvert",), 1,
        lambda z: (Add((_step(">", z, ZERO), Mul((MINUS_ONE, _step("<", z, ZERO))))),),
        "abs", "abs", kink="%s = 0",
    ),
    KnownFunction(
        "max", (r"\max",), 2,
        lambda a, b: (_one_minus(_step(">", b, a)), _step(">", b, a)), "maximum", "maximum", kink="%s = %s",
    ),
    KnownFunction(
        "min", (r"\min",), 2,
        lambda a, b: (_one_minus(_step("<", b, a)), _step("<", b, a)), "minimum", "minimum", kink="%s = %s",
    ),
)  # fmt: skip

KNOWN: dict[str, KnownFunction] = {row.name: row for row in _ROWS}
BY_LATEX: dict[str, KnownFunction] = {latex: row for row in _ROWS for latex in row.latex}
