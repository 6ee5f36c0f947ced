"""A derivation as people write it: from the outside in, one rule a line.

Each line applies one rule of `rules` to every derivative that stands ready for it, and leaves the
derivatives of the parts written out. Invariant: each line equals the one before.
"""

from __future__ import annotations

from idxcalc.calculus.depends import Unfinished, depends
from idxcalc.calculus.derive import differentiate
from idxcalc.calculus.rules import By, Direction, Pushed, componentwise, direction, push, unevaluated
from idxcalc.expr import ZERO, Call, Definition, Deriv, Diff, Expr, transform, walk


def worked(expr: Expr) -> list[tuple[str, Expr]]:
    """The lines from ``expr`` to its derivatives worked out: (name of the rule, the expression after it).

    >>> from idxcalc.expr import Add, Component, Deriv, Num, Pow, Variable
    >>> x, y = Variable("x"), Variable("y")
    >>> square = Pow(Component(x), Num(2))
    >>> [rule for rule, _ in worked(Deriv(Add((square, Component(y))), x))]
    ['sum', 'power', 'delta']
    """
    lines: list[tuple[str, Expr]] = []
    while True:
        if _holds_under_a_derivative(expr):
            break
        ready = next((node for node in walk(expr) if _ready(node)), None)  # type: ignore[arg-type]
        if ready is None:
            break
        rule = _line(ready).rule  # type: ignore[arg-type]
        expr = transform(expr, lambda node, rule=rule: _applied(node, rule))  # type: ignore[misc]
        lines.append((rule, expr))
    finished = differentiate(expr)  # what is left: derivatives inside definitions, and the case above
    return lines if finished is expr else [*lines, ("definition", finished)]


def _holds_under_a_derivative(expr: Expr) -> bool:
    """Whether a name is held independent under another derivative: that is no matter of one rule."""
    unfinished = Unfinished()
    return any(
        isinstance(part, Deriv) and isinstance(part.target, Definition) and unfinished(part.body)
        for part in walk(expr)
    )


def _ready(node: Expr) -> bool:
    """Whether ``node`` is a derivative of something in which no other derivative waits."""
    match node:
        case Deriv(body, _, _) | Diff(body, _):
            return not any(_ready(part) for part in walk(body))  # type: ignore[arg-type]
        case Call(function, _, derivs, args) if derivs and (node.lifted or function.body is not None):
            return not any(_ready(part) for a in args for part in walk(a))  # type: ignore[arg-type]
        case _:
            return False


def _applied(node: Expr, rule: str) -> Expr:
    if not _ready(node):
        return node
    line = _line(node)
    return line.value if line.rule == rule else node


def _line(node: Expr) -> Pushed:
    """One rule applied to a derivative that is ready."""
    match node:
        case Call() if node.lifted:
            return Pushed("componentwise", componentwise(node))
        case Deriv(body, _, _) | Diff(body, _):
            along = direction(node)

            def d(part: Expr) -> Expr:
                return unevaluated(part, along) if _moves(part, along) else ZERO

            return push(body, along, d) if _moves(body, along) else Pushed("constant", ZERO)
        case _:
            return Pushed("chain", differentiate(node))


def _moves(body: Expr, along: Direction) -> bool:
    targets = (along.target,) if isinstance(along, By) else along.variables
    return any(depends(body, target) for target in targets)
