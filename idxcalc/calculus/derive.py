"""Working out every derivative of an expression.

Innermost first; each node once per direction, so that a chain of L layers costs like L: a shared
part has one derivative, and that is shared in the result. A defined name is opened only where the
derivative needs what is inside, or where a derivative hides in it.

A derivative by a defined name holds that name independent in its whole body, also under the derivatives
that stand there: so these, and only these, are prepared outermost first.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from idxcalc.calculus.depends import anywhere, dependence, is_derivative, own_body, own_placeholders
from idxcalc.calculus.rules import Direction, componentwise, direction, push, targets
from idxcalc.evidence import Evidence
from idxcalc.expr import (
    ZERO, Call, Component, Definition, Deriv, Diff, Expr, Lambda, Part, Ref, Variable, called, children,
    opened, plug, rebuild, substitute, unlifted,
)  # fmt: skip
from idxcalc.expr.remember import Remembered


Neat = Callable[[Expr, Expr], Expr]


def differentiate(expr: Expr, evidence: Evidence | None = None, neat: Neat | None = None) -> Expr:
    """``expr`` with every derivative worked out; equal to it, with the same free indices.

    The result has no `Deriv`, no `Diff`, no derivative of a lifted function (but deltas) and none of
    a function with a body, also not inside the definitions it mentions. What stays are derivatives
    of unknown functions by their own arguments, and the tensors dx. The rules used are noted in
    ``evidence``. Nothing is simplified but exact zeros and ones; ``neat``, if it is given, writes the
    derivative of a defined name in a better way, so that what builds on it stays small.

    >>> from idxcalc.expr import Component, Diff, Mul, Num, Pow, Variable
    >>> x = Variable("x")
    >>> found = differentiate(Diff(Pow(Component(x), Num(3)), (x,)))
    >>> found == Mul((Num(3), Pow(Component(x), Num(2)), Component(x.d())))
    True
    """
    return _Worker(Evidence() if evidence is None else evidence, neat).clean(expr)  # type: ignore[return-value]


class _Worker:
    """One run of `differentiate`: what it noted and what it already knows.

    ``clean`` gives a part with all derivatives in it worked out, definitions closed where none is inside.
    """

    def __init__(self, evidence: Evidence, neat: Neat | None) -> None:
        self.evidence, self.neat = evidence, neat
        self.unfinished = anywhere(is_derivative)
        self.clean: Remembered[Part, Part] = Remembered(self._clean)
        self._along: dict[Direction, Remembered[Expr, Expr]] = {}

    def _clean(self, part: Part) -> Part:
        if not self.unfinished(part):
            return part
        match part:
            case Ref():
                return self.clean(opened(part))
            case Deriv(body, Definition() as name, slots):
                held = Variable(f"#{name.name}", tuple(index.dim for index in name.indices))
                found = self.clean(Deriv(self._held(body, name, held), held, slots))
                return plug(found, {held: Lambda(name.indices, Ref(name, name.indices))})
            case Deriv(body, _, _) | Diff(body, _):
                return self._derivative(self.clean(body), direction(part))  # type: ignore[arg-type]
        node = rebuild(part, tuple(map(self.clean, children(part))))
        match node:
            case Call(_, _, derivs, _) if derivs and node.lifted:
                self.evidence.rule("componentwise")
                return self.clean(componentwise(node))
            case Call(function, out, derivs, args) if derivs and function.body is not None:
                placeholders = own_placeholders(function)
                body = substitute(own_body(function), dict(zip(function.indices, out, strict=True)))
                for n, slots in derivs:
                    body = Deriv(body, placeholders[n], slots)
                return plug(self.clean(body), dict(zip(placeholders, args, strict=True)))
            case Call(function, _, _, _) if function.body is not None and self.unfinished(function.body):
                return self.clean(called(unlifted(node)))
            case _:
                return node

    def _held(self, expr: Expr, name: Definition, held: Variable) -> Expr:
        """``expr`` with ``held`` for ``name``: definitions that mention it are opened down to it."""
        mentions = dependence(name)

        def change(part: Part) -> Part:
            match part:
                case _ if not mentions(part):
                    return part
                case Ref(definition, slots):
                    return Component(held, slots) if definition is name else hold(opened(part))
                case Call(function, _, derivs, _) if function.body is not None:
                    return hold(self.clean(part) if derivs else called(unlifted(part)))
                case Deriv(body, target, slots) if target is name:
                    return Deriv(hold(body), held, slots)  # type: ignore[arg-type]
                case Deriv(_, Definition() as other, _) if mentions(other.body):
                    return hold(self.clean(part))
                case _:
                    return rebuild(part, tuple(map(hold, children(part))))

        hold: Callable[[Part], Part] = Remembered(change)
        return hold(expr)  # type: ignore[return-value]

    def _derivative(self, expr: Expr, along: Direction) -> Expr:
        """The derivative of ``expr``, in which no derivatives stand."""
        if along not in self._along:
            self._along[along] = Remembered(partial(self._pushed, along, dependence(*targets(along))))
        return self._along[along](expr)

    def _pushed(self, along: Direction, moves: Callable[[Part], bool], node: Expr) -> Expr:
        if not moves(node):
            return ZERO
        rule, value, assumption = push(node, along, self._along[along])
        if value is not ZERO:
            self.evidence.rule(rule)
            if self.neat and isinstance(node, Ref):
                value = self.neat(value, node)
        if assumption:
            self.evidence.assume(assumption)
        return value
