"""A derivation as people write it: from the outside in, one rule a line.

Each line applies one rule of `rules` to every derivative that stands ready for it, and leaves the
derivatives of the parts written out. What is linear (sums, and factors that do not vary) needs no line of its
own, unless it comes first. Invariant: each line equals the one before.
"""

from __future__ import annotations

from idxcalc.calculus.depends import anywhere, dependence, is_derivative
from idxcalc.calculus.derive import differentiate
from idxcalc.calculus.rules import Pushed, componentwise, direction, push, targets
from idxcalc.expr import (
    ZERO, Call, Definition, Deriv, Diff, Expr, Mul, Part, children, rebuild, transform, walk,
)  # fmt: skip

MOST_LINES = 100  # nobody reads on
LINEAR = "sum"


def worked(expr: Expr) -> list[tuple[str, Expr]]:
    """The lines from ``expr`` to its derivatives worked out: (name of the rule, the expression after it).

    >>> from idxcalc.expr import Add, Component, Deriv, Num, Pow, Variable
    >>> x, y = Variable("x"), Variable("y")
    >>> square = Pow(Component(x), Num(2))
    >>> [rule for rule, _ in worked(Deriv(Add((square, Component(y))), x))]
    ['sum', 'power', 'delta']
    """
    lines: list[tuple[str, Expr]] = []
    while len(lines) < MOST_LINES and not _holds_under_a_derivative(expr):
        ready = [_line(part).rule for part in walk(expr) if _ready(part)]
        if not ready:
            break
        rule = next((rule for rule in ready if rule != "delta"), "delta")
        expr = _applied(expr, rule)
        while any(_line(part).rule == LINEAR for part in walk(expr) if _ready(part)):
            expr = _applied(expr, LINEAR)
        lines.append((rule, expr))
    finished = differentiate(expr)  # what is left: derivatives inside definitions, and the case above
    return lines if finished is expr else [*lines, ("definition", finished)]


def _holds_under_a_derivative(expr: Expr) -> bool:
    """Whether a name is held independent under another derivative: that is no matter of one rule."""
    unfinished = anywhere(is_derivative)
    held = (part for part in walk(expr) if isinstance(part, Deriv) and isinstance(part.target, Definition))
    return any(unfinished(part.body) for part in held)


def _ready(node: Part) -> bool:
    """Whether ``node`` is a derivative of something in which no other derivative waits."""
    return is_derivative(node) and not any(is_derivative(p) for part in children(node) for p in walk(part))


def _applied(expr: Expr, rule: str) -> Expr:
    def change(node: Expr) -> Expr:
        line = _line(node) if _ready(node) else None
        return line.value if line and line.rule == rule else node

    return transform(expr, change)


def _line(node: Part) -> Pushed:
    """One rule applied to a derivative that is ready."""
    match node:
        case Call() if node.lifted:
            return Pushed("componentwise", componentwise(node))
        case Deriv(body, _, _) | Diff(body, _):
            moves = dependence(*targets(direction(node)))

            def d(part: Expr) -> Expr:
                return rebuild(node, (part,)) if moves(part) else ZERO  # type: ignore[return-value]

            if not moves(body):
                return Pushed(LINEAR, ZERO)
            line = push(body, direction(node), d)
            constant_factors = isinstance(body, Mul) and sum(map(moves, body.factors)) == 1
            return line._replace(rule=LINEAR) if constant_factors else line
        case _:
            return Pushed("chain", differentiate(node))  # type: ignore[arg-type]
