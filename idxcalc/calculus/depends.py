"""What stands in an expression, looking through definitions and the bodies of functions.

This is about what is written: ``x_i - x_i`` depends on x. So "does not depend" is safe ground for a
derivative of zero, and the only one used.
"""

from __future__ import annotations

from collections.abc import Callable

from idxcalc.expr import (
    Call, Component, Definition, Deriv, Diff, Expr, Function, Index, Lambda, Part, Ref, Variable, children,
    plug,
)  # fmt: skip
from idxcalc.expr.remember import Remembered

Target = Variable | Definition


def depends(expr: Expr, target: Target) -> bool:
    """Whether ``target`` stands in ``expr``, looking through definitions and bodies of functions.

    >>> from idxcalc.expr import Component, Definition, Ref, Variable
    >>> x = Variable("x")
    >>> depends(Ref(Definition("y", (), Component(x))), x)
    True
    >>> depends(Component(x.d()), x)
    False
    """
    return dependence(target)(expr)


def dependence(*targets: Target) -> Remembered[Part, bool]:
    """Whether a part depends on any of ``targets``."""

    def is_one(part: Part) -> bool:
        match part:
            case Component(symbol, _) | Ref(symbol, _):
                return symbol in targets
            case Diff(_, variables):  # brings the tensors dx in
                return any(variable.d() in targets for variable in variables)
            case _:
                return False

    return anywhere(is_one)


def anywhere(wanted: Callable[[Part], bool]) -> Remembered[Part, bool]:
    """Whether a part that is ``wanted`` stands in a part."""

    def look(part: Part) -> bool:
        inside = children(part)
        if isinstance(part, Ref):
            inside = (part.definition.body,)
        elif isinstance(part, Call) and part.function.body is not None:
            inside = (*inside, own_body(part.function))
        return wanted(part) or any(map(found, inside))

    found = Remembered(look)
    return found


def is_derivative(part: Part) -> bool:
    """Whether a part is itself a derivative that rules remove."""
    match part:
        case Call(function, _, derivs, _):
            return bool(derivs) and (part.lifted or function.body is not None)
        case _:
            return isinstance(part, Deriv | Diff)


def own_placeholders(function: Function) -> tuple[Variable, ...]:
    """Variables for the arguments of ``function`` that no text can name.

    A placeholder may have the name of a declared variable, and is then the same object; these never are.
    """
    return tuple(Variable(f"#{n}", p.dims) for n, p in enumerate(function.placeholders))


def own_body(function: Function) -> Expr:
    """The body of ``function`` written in `own_placeholders`; its free indices are ``function.indices``."""
    assert function.body is not None
    values = {}
    for old, new in zip(function.placeholders, own_placeholders(function), strict=True):
        slots = tuple(Index(f"#{n}", dim) for n, dim in enumerate(old.dims))
        values[old] = Lambda(slots, Component(new, slots))
    return plug(function.body, values)
