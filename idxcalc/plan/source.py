"""A plan as a NumPy function: what a reader may copy, and change.

Invariant: the text, run, computes what the plan computes, from arrays of floats whose shapes tell the sizes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from idxcalc.errors import IdxcalcError
from idxcalc.expr import Dim
from idxcalc.functions import KNOWN
from idxcalc.plan.lines import Line, Plan

_OPERATORS = {"add": " + ", "power": "**", "and": " & ", "=": " == "}
_CALLS = {"where": "np.where({}, {}, {}) * 1.0", "delta": "np.equal({}, {}) * 1.0"}


def source(plan: Plan, name: str = "formula") -> str:
    """The Python text of a function ``name`` with the plan's arguments; `IdxcalcError` if no size is known.

    >>> from idxcalc.expr import Component, Dim, Index, Mul, Sum, Variable
    >>> from idxcalc.plan.build import plan
    >>> i = Index("i", Dim("n"))
    >>> x, y = (Component(Variable(name, (i.dim,)), (i,)) for name in "xy")
    >>> print(source(plan(Sum(i, Mul((x, y)))), "dot"))
    import numpy as np
    <BLANKLINE>
    def dot(x, y):
        t1 = np.einsum("i,i->", x, y)
        return t1
    """
    shaped = {dim.last for variable in plan.variables.values() for dim in variable.dims}
    sizes = [name for name, dim in plan.sizes.items() if dim.last not in shaped]
    lines = [f"    {line.name} = {_right(plan, line)}" for line in plan.lines.values()]
    result = _argument(plan, plan.result)
    head = f"import numpy as np\n\ndef {name}({', '.join((*plan.arguments, *sizes))}):"
    return "\n".join([head, *lines, f"    return {result}"])


def _argument(plan: Plan, name: str) -> str:
    return repr(plan.literals[name]) if name in plan.literals else name


def _right(plan: Plan, line: Line) -> str:
    """What a line computes."""
    args, (given, _, out) = [_argument(plan, arg) for arg in line.args], line.spec.partition("->")
    match line.op:
        case "einsum":
            factor = "" if line.detail == 1 else f"{line.detail} * "
            return f'{factor}np.einsum("{line.spec}", {", ".join(args)})'
        case "index":
            return f"{args[0]}[{', '.join(map(_position, line.detail))}]"
        case "range" | "ones" | "last":
            last = _last(plan, line.detail)
            steps = f"np.arange({line.detail.start}, {last} + 1)"
            return {"range": steps, "ones": f"np.ones(len({steps}))", "last": last}[line.op]
        case "inv" | "det":
            return f"np.linalg.{line.op}({args[0]})"
        case "apply":
            name, depth = line.detail
            depth = 0 if plan.needs[name].scalar else depth
            return f"np.array({_looped(name, args, depth)})" if depth else f"{name}({', '.join(args)})"
        case op:
            placed = [_placed(arg, axes, out) for arg, axes in zip(args, given.split(","), strict=True)]
            if op in _CALLS or op in KNOWN:
                call = _CALLS.get(op) or f"np.{KNOWN[op].numpy}({', '.join('{}' for _ in placed)})"
                return call.format(*placed)
            return _OPERATORS.get(op, f" {op} ").join(f"({a})" if a[0] == "-" else a for a in placed)


def _position(where: Any) -> str:
    return str(where) if isinstance(where, int) else f"{'' if where.start is None else where.start}:"


def _looped(name: str, args: Sequence[str], depth: int) -> str:
    """A function at each value of the first ``depth`` axes of its arguments."""
    if not depth:
        return f"{name}({', '.join(args)})"
    inner = [f"a{depth}{n}" for n in range(len(args))]
    return f"[{_looped(name, inner, depth - 1)} for {', '.join(inner)}, in zip({', '.join(args)})]"


def _placed(arg: str, axes: str, out: str) -> str:
    """An argument with its axes where the value has them; the first may be missing."""
    ordered = "".join(axis for axis in out if axis in axes)
    arg = arg if ordered == axes else f'np.einsum("{axes}->{ordered}", {arg})'
    where = "".join(":" if axis in axes else "N" for axis in out).lstrip("N")
    return arg if "N" not in where else f"{arg}[{', '.join(where).replace('N', 'None')}]"


def _last(plan: Plan, dim: Dim) -> str:
    """The last value of a range: a number, or read off the shape of an argument."""
    if dim.number is not None:
        return str(dim.number)
    for name, variable in plan.variables.items():
        for axis, each in enumerate(variable.dims):
            if each.last == dim.last:
                return f"{name}.shape[{axis}]" + (" - 1" if dim.start == 0 else "")
    for name, each in plan.sizes.items():
        if each.last == dim.last:
            return name
    raise IdxcalcError("the size of an index is not known: no argument has it")
