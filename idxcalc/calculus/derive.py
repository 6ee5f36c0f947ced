"""Working out every derivative of an expression.

Innermost first; each node once per direction, so that a chain of L layers costs like L: a shared
part has one derivative, and that is shared in the result. A defined name is opened only where the
derivative needs what is inside.

A derivative by a defined name holds that name independent in its whole body, also under the derivatives
that stand there: so these, and only these, are prepared outermost first.
"""

from __future__ import annotations

from collections.abc import Callable

from idxcalc.calculus.depends import Dependence, Unfinished, own_body, own_placeholders
from idxcalc.calculus.rules import By, Direction, componentwise, direction, push, unlifted
from idxcalc.evidence import Evidence
from idxcalc.expr import (
    ZERO, Call, Component, Definition, Deriv, Diff, Expr, Lambda, Part, Ref, Variable, called, children,
    opened, plug, rebuild, substitute, transform,
)  # fmt: skip


def differentiate(expr: Expr, evidence: Evidence | None = None) -> Expr:
    """``expr`` with every derivative worked out; equal to it, with the same free indices.

    The result has no `Deriv`, no `Diff`, no derivative of a lifted function (but deltas) and none of
    a function with a body, also not inside the definitions it mentions. What stays are derivatives
    of unknown functions by their own arguments, and the tensors dx. The rules used are noted in
    ``evidence``. Nothing is simplified but exact zeros and ones.

    >>> from idxcalc.expr import Component, Diff, Mul, Num, Pow, Variable
    >>> x = Variable("x")
    >>> found = differentiate(Diff(Pow(Component(x), Num(3)), (x,)))
    >>> found == Mul((Num(3), Pow(Component(x), Num(2)), Component(x.d())))
    True
    """
    worker = _Worker(Evidence() if evidence is None else evidence)
    return transform(worker.clean(expr), worker.without_derivatives)


class _Worker:
    """One run of `differentiate`: what it noted and what it already knows."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self._derivatives: dict[Direction, dict[Expr, Expr]] = {}
        self._depends: dict[Variable | Definition, Dependence] = {}
        self._unfinished = Unfinished()

    def clean(self, expr: Expr) -> Expr:
        """``expr`` with the derivatives that stand in it worked out; definitions stay closed."""
        return transform(self._hold_names(expr), self._settle)

    def _hold_names(self, expr: Expr) -> Expr:
        """Each derivative by a defined name, outermost first, as one by a variable, worked out."""

        def change(part: Part) -> Part | None:
            match part:
                case Deriv(body, Definition() as name, slots):
                    held = Variable(f"#{name.name}", tuple(index.dim for index in name.indices))
                    inner = self.clean(self._held(body, name, held))
                    back = Lambda(name.indices, Ref(name, name.indices))
                    return plug(self.derivative(inner, By(held, slots)), {held: back})
                case _:
                    return None

        return _replaced(expr, change)  # type: ignore[return-value]

    def _held(self, expr: Expr, name: Definition, held: Variable) -> Expr:
        """``expr`` with ``held`` for ``name``: definitions that mention it are opened down to it."""
        mentions = self._depends.setdefault(name, Dependence(name))

        def change(part: Part) -> Part | None:
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
                    return None

        known: dict[Part, Part] = {}

        def hold(part: Part) -> Part:
            return _replaced(part, change, known)

        return hold(expr)  # type: ignore[return-value]

    def _settle(self, node: Expr) -> Expr:
        match node:
            case Deriv(body, _, _) | Diff(body, _):
                return self.derivative(body, direction(node))
            case Call(function, _, derivs, _) if derivs and node.lifted:
                self.evidence.rule("componentwise")
                plain = componentwise(node)
                return plain if function.body is None else transform(plain, self._settle)
            case Call(function, _, derivs, _) if derivs and function.body is not None:
                return self._by_arguments(node)
            case _:
                return node

    def _by_arguments(self, call: Call) -> Expr:
        """The derivative of a function with a body by its arguments, taken there."""
        function = call.function
        placeholders = own_placeholders(function)
        slots = dict(zip(function.indices, call.out, strict=True))
        body = self.clean(substitute(own_body(function), slots))
        for n, by in call.derivs:
            body = self.derivative(body, By(placeholders[n], by))
        return plug(body, dict(zip(placeholders, call.args, strict=True)))

    def derivative(self, expr: Expr, along: Direction) -> Expr:
        """The derivative of ``expr``, in which no derivatives stand."""
        memo = self._derivatives.setdefault(along, {})

        def d(node: Expr) -> Expr:
            if node not in memo:
                memo[node] = self._pushed(node, along, d) if self._moves(node, along) else ZERO
            return memo[node]

        return d(expr)

    def _pushed(self, node: Expr, along: Direction, d: Callable[[Expr], Expr]) -> Expr:
        # Only what is opened on the way may bring derivatives in.
        opens = isinstance(node, Ref) or (isinstance(node, Call) and node.function.body is not None)
        rule, value, assumption = push(node, along, (lambda part: d(self.clean(part))) if opens else d)
        if value is not ZERO:
            self.evidence.rule(rule)
        if assumption:
            self.evidence.assume(assumption)
        return value

    def _moves(self, node: Expr, along: Direction) -> bool:
        targets = (along.target,) if isinstance(along, By) else along.variables
        for target in targets:
            known = self._depends.setdefault(target, Dependence(target))
            if known(node):
                return True
        return False

    def without_derivatives(self, node: Expr) -> Expr:
        """What is defined by derivatives is opened, so that none of them hides in a definition."""
        match node:
            case Ref(definition, _) if self._unfinished(definition.body):
                value = opened(node)
            case Call(function, _, _, _) if function.body is not None and self._unfinished(function.body):
                value = called(unlifted(node))
            case _:
                return node
        return transform(self.clean(value), self.without_derivatives)


def _replaced(
    part: Part, change: Callable[[Part], Part | None], known: dict[Part, Part] | None = None
) -> Part:
    """``part`` with every part, outermost first, for which ``change`` gives another one."""
    memo = {} if known is None else known

    def visit(node: Part) -> Part:
        if node not in memo:
            made = change(node)
            memo[node] = rebuild(node, tuple(map(visit, children(node)))) if made is None else made
        return memo[node]

    return visit(part)
