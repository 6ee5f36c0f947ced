"""What an expression depends on.

An expression depends on a variable or a defined name when that stands in it, in a definition it
mentions, or in the body of a function it calls. This is about what is written: ``x_i - x_i``
depends on x. So "does not depend" is safe ground for a derivative of zero, and the only one used.
"""

from __future__ import annotations

from idxcalc.expr import (
    Call, Component, Definition, Deriv, Diff, Expr, Function, Index, Lambda, Part, Ref, Variable,
    children, plug,
)  # fmt: skip

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
    return Dependence(target)(expr)


class Dependence:
    """`depends` on one target, remembered for every part that was asked about."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._known: dict[Part, bool] = {}

    def __call__(self, part: Part) -> bool:
        known = self._known.get(part)
        if known is None:
            known = self._known[part] = self._look(part)
        return known

    def _look(self, part: Part) -> bool:
        target = self.target
        match part:
            case Component(variable, _):
                return variable is target
            case Ref(definition, _):
                return definition is target or self(definition.body)
            case Call(Function(body=body) as function, _, _, args) if body is not None:
                return any(map(self, args)) or self(own_body(function))
            case Diff(body, variables):  # the differential brings the tensors dx in
                return self(body) or any(v.d() is target and Dependence(v)(body) for v in variables)
            case _:
                return any(map(self, children(part)))


class Unfinished:
    """Whether a part holds derivatives that rules remove, looking through definitions; remembered."""

    def __init__(self) -> None:
        self._known: dict[Part, bool] = {}

    def __call__(self, part: Part) -> bool:
        known = self._known.get(part)
        if known is None:
            known = self._known[part] = self._look(part)
        return known

    def _look(self, part: Part) -> bool:
        match part:
            case Deriv() | Diff():
                return True
            case Call(_, _, derivs, _) if derivs and part.lifted:
                return True
            case Call(function, _, derivs, args) if function.body is not None:
                return bool(derivs) or self(function.body) or any(map(self, args))
            case Ref(definition, _):
                return self(definition.body)
            case _:
                return any(map(self, children(part)))


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
