"""Index expressions: symbols, nodes, and how to walk them."""

from idxcalc.expr.mentions import Symbol, hidden, own, parts, symbols
from idxcalc.expr.nodes import (
    MINUS_ONE, ONE, ZERO, Add, All, Call, Cases, Compare, Component, Condition, Constant, Delta, Deriv,
    Det, Diff, Elementary, Expr, Inverse, Iverson, Lambda, Match, Mul, Num, Pow, Ref, Relation, Size, Sum,
)  # fmt: skip
from idxcalc.expr.symbols import Definition, Dim, Function, Index, Slot, Variable, python_name
from idxcalc.expr.walk import (
    Part, at, bound_here, called, changed, children, free, fresh, names, opened, own_slots, plug, rebuild,
    said, substitute, transform, unlifted, walk,
)  # fmt: skip

__all__ = [
    "Add", "All", "Call", "Cases", "Compare", "Component", "Condition", "Constant", "Definition", "Delta",
    "Deriv", "Det", "Diff", "Dim", "Elementary", "Expr", "Function", "Index", "Inverse", "Iverson",
    "Lambda", "MINUS_ONE", "Match", "Mul", "Num", "ONE", "Part", "Pow", "Ref", "Relation", "Size", "Slot",
    "Sum", "Symbol", "Variable", "ZERO", "at", "bound_here", "called", "changed", "children", "free",
    "fresh", "hidden", "names", "opened", "own", "own_slots", "parts", "plug", "python_name", "rebuild",
    "said", "substitute", "symbols", "transform", "unlifted", "walk",
]  # fmt: skip
