"""Index expressions: symbols, nodes, and how to walk them."""

# What is imported here is what the room hands out.
# mypy: implicit-reexport
# ruff: noqa: F401

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
