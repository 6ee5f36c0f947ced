"""A formula as a NumPy function: what a reader may copy, and change.

Invariant: the text, run, computes what the compiled formula computes, from arrays of floats whose shapes tell
the sizes.
"""

from __future__ import annotations

from collections.abc import Sequence

from idxcalc.errors import IdxcalcError
from idxcalc.expr import Dim
from idxcalc.plan.formula import Formula
from idxcalc.plan.symbols import Need
from idxcalc.plan.text import Text, Written

LINALG = {"inverse": "inv", "determinant": "det"}


def source(formula: Formula, name: str = "formula") -> str:
    """The Python text of a function ``name`` with the formula's arguments; `IdxcalcError` if it lacks a size.

    >>> from idxcalc.expr import Component, Dim, Index, Mul, Sum, Variable
    >>> i = Index("i", Dim("n"))
    >>> x, y = (Component(Variable(name, (i.dim,)), (i,)) for name in "xy")
    >>> print(source(Formula(Sum(i, Mul((x, y)))), "dot"))
    import numpy as np
    <BLANKLINE>
    def dot(x, y):
        t1 = np.einsum("i,i->", x, y)
        return t1
    """
    shaped = {dim.last for variable in formula.variables.values() for dim in variable.dims}
    sizes = [size for size, dim in formula.sizes.items() if dim.last not in shaped]
    taken = (*formula.arguments, *sizes)
    written = Source(formula, taken)
    result = formula.result(written)
    return "import numpy as np\n\n" + written.function(name, taken, *written.lines, f"return {result!r}")


class Source(Written):
    """The lines of a formula; equal ones are written once."""

    def __init__(self, formula: Formula, used: Sequence[str]) -> None:
        super().__init__("np", used)
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

    def apply(self, need: Need, arrays: Sequence[Text], depth: int) -> Text:
        depth = 0 if need.scalar else depth
        looped = _looped(need.name, list(map(repr, arrays)), depth)
        return Text(f"np.array({looped})" if depth else looped)


def _looped(name: str, args: Sequence[str], depth: int) -> str:
    """A function at each value of the first ``depth`` axes of its arguments."""
    if not depth:
        return f"{name}({', '.join(args)})"
    inner = [f"a{depth}{n}" for n in range(len(args))]
    return f"[{_looped(name, inner, depth - 1)} for {', '.join(inner)}, in zip({', '.join(args)})]"
