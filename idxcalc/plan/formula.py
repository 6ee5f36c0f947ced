"""A formula, what it asks for, and its text as a NumPy function: what a reader may copy, and change.

Invariant: the text, run, computes what the compiled formula computes, from arrays of floats whose shapes tell
the sizes.
"""

from __future__ import annotations

from typing import Any

from idxcalc.errors import IdxcalcError
from idxcalc.expr import (
    Call, Component, Deriv, Diff, Dim, Expr, Index, Variable, free, own, parts, python_name,
)  # fmt: skip
from idxcalc.plan.arrays import Array
from idxcalc.plan.symbols import Need, argument, ranged
from idxcalc.plan.text import Text, Written
from idxcalc.plan.values import Values

WORK = ": work it out with differentiate first"
LINALG = {"inverse": "inv", "determinant": "det"}


class Formula:
    """An expression as an array over ``order``.

    It takes ``variables``, functions (``needs``) and named ``sizes``, by their Python names.

    Raises IdxcalcError where derivatives are left to be worked out, or ``order`` lacks a free index.
    """

    def __init__(self, expr: Expr, order: tuple[Index, ...] = ()) -> None:
        self.expr, self.order = expr, order
        missing = sorted(index.name for index in free(expr) - set(order))
        if missing:
            raise IdxcalcError(f"the order of the axes does not name the free index {', '.join(missing)}")
        found, taken = parts(expr), dict[str, Any]()
        self.dims = {index.dim.last: index.dim for index in order}
        inner = {p for call in found if isinstance(call, Call) for p in own(call.function).placeholders}
        for part in found:
            what: Variable | Need | None = None
            match part:
                case Deriv() | Diff():
                    raise IdxcalcError(f"a derivative is left in the expression{WORK}")
                case Call(function, _, derivs, _) if derivs and (function.body is not None or part.lifted):
                    raise IdxcalcError(f"a derivative of {function.name} is left{WORK}")
                case Call(function, _, derivs, _) if function.body is None:
                    what = Need(function, tuple(n for n, _ in derivs))
                case Component(variable, _) if variable not in inner:
                    what = variable
            if what is not None and taken.setdefault(argument(what), what) != what:
                raise IdxcalcError(f"two things in the formula would both be the argument {argument(what)}")
            mentioned = (*(what.dims if what else ()), *(dim for dim, _ in ranged(part)))
            self.dims |= {dim.last: dim for dim in mentioned}
        self.variables = {name: what for name, what in taken.items() if isinstance(what, Variable)}
        self.needs = {name: what for name, what in taken.items() if isinstance(what, Need)}
        self.arguments = (*self.variables, *self.needs)
        named = {python_name(dim.last): dim for dim in self.dims.values() if dim.named and dim.number is None}
        self.sizes = {name: dim for name, dim in named.items() if name not in self.arguments}

    def result(self, make: Any) -> Array:
        """The array, as ``make`` computes it."""
        values = Values(make)
        return values.full(values.value(self.expr), self.order).array

    def source(self, name: str = "formula") -> str:
        """The Python text of a function with the formula's arguments; `IdxcalcError` if it lacks a size.

        >>> from idxcalc.expr import Component, Dim, Index, Mul, Sum, Variable
        >>> i = Index("i", Dim("n"))
        >>> x, y = (Component(Variable(name, (i.dim,)), (i,)) for name in "xy")
        >>> print(Formula(Sum(i, Mul((x, y)))).source("dot"))
        import numpy as np
        <BLANKLINE>
        def dot(x, y):
            t1 = np.einsum("i,i->", x, y)
            return t1
        """
        shaped = {dim.last for variable in self.variables.values() for dim in variable.dims}
        given = (*self.arguments, *(size for size, dim in self.sizes.items() if dim.last not in shaped))
        lines = Source(self, given)
        result = self.result(lines)
        return "import numpy as np\n\n" + lines.function(name, given, *lines.lines, f"return {result!r}")

    __str__ = source


class Source(Written):
    """The lines of a formula; equal ones are written once."""

    def __init__(self, formula: Formula, given: tuple[str, ...]) -> None:
        super().__init__("np", given)
        self.formula = formula
        self.known: dict[str, Text] = {}

    def let(self, array: Text, hint: str) -> Text:
        text = repr(array)
        if text not in self.known:
            self.known[text] = super().let(array, hint)
        return self.known[text]

    def argument(self, name: str) -> Text:
        return Text(name)

    def last(self, dim: Dim) -> int | Text:
        """The last value of a range: a number, read off the shape of an argument, or an argument itself."""
        if dim.number is not None:
            return dim.number
        for name, variable in self.formula.variables.items():
            for axis, each in enumerate(variable.dims):
                if each.last == dim.last:
                    return Text(f"{name}.shape[{axis}]" + (" - 1" if each.start == 0 else ""))
        for name, each in self.formula.sizes.items():
            if each.last == dim.last:
                return Text(name)
        raise IdxcalcError("the size of an index is not known: no argument has it")

    def matrix(self, name: str, array: Text) -> Text:
        return Text(f"np.linalg.{LINALG[name]}")(array)

    def apply(self, need: Need, arrays: list[Text], depth: int) -> Text:
        """A function of reals on whole arrays; any other at each value of their first ``depth`` axes."""
        if not depth or need.scalar:
            return Text(argument(need))(*arrays)
        inner = [Text(f"a{depth}{n}") for n in range(len(arrays))]
        body = self.apply(need, inner, depth - 1)
        looped = Text(f"[{body!r} for {', '.join(map(repr, inner))}, in zip({', '.join(map(repr, arrays))})]")
        return Text("np.array")(looped)
