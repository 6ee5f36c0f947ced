"""What a relation says besides: which sizes it makes equal, and whether it says anything."""

from __future__ import annotations

from functools import lru_cache

from idxcalc.errors import Span
from idxcalc.expr import Definition, Deriv, Diff, Expr, Ref, Relation, Variable, walk
from idxcalc.notation.depends import variables
from idxcalc.notation.lexer import lex
from idxcalc.notation.parts import Term
from idxcalc.notation.scope import Scope
from idxcalc.notation.tree import Side


def notes_on(scope: Scope, own: Scope, *terms: Term) -> tuple[str, ...]:
    """Which sizes the relation makes equal that its context leaves different."""
    notes: list[str] = []
    used = set().union(*(variables(t.expr) for t in terms))
    for variable in sorted(used, key=lambda v: v.name):
        roots = {scope.sizes.find(d) for d in variable.dims}
        now = {own.sizes.find(d) for d in variable.dims}
        if len(variable.dims) == 2 and len(roots) == 2 and len(now) == 1:
            notes.append(f"this makes {variable.name} square")
        elif len(now) < len(roots):
            notes.append(f"this makes sizes of {variable.name} equal")
    return tuple(notes)


def tokens(source: str, side: Side) -> list[str]:
    """The tokens as typed, which spaces and sizes do not change."""
    inside = (s for s in _spans(source) if side.span.start <= s.start and s.stop <= side.span.stop)
    return ["".join(source[span.start : span.stop].split()) for span in inside]


@lru_cache(16)
def _spans(source: str) -> tuple[Span, ...]:
    return tuple(token.span for token in lex(source))


def vacuous(relation: Relation, has_wrt: bool) -> bool:
    """Whether every derivative of the relation is by what it does not contain."""
    found = [p for side in (relation.left, relation.right) for p in walk(side) if isinstance(p, Deriv | Diff)]
    return bool(found) and all(_vacuous_node(node, has_wrt) for node in found)


def _vacuous_node(node: Deriv | Diff, has_wrt: bool) -> bool:
    inside = variables(node.body)
    if isinstance(node, Diff):
        return has_wrt and not any(v in inside for v in node.variables)
    if isinstance(node.target, Variable):
        return node.target not in inside
    return not _mentions(node.body, node.target)


def _mentions(expr: Expr, target: Definition) -> bool:
    return any(
        isinstance(p, Ref) and (p.definition is target or _mentions(p.definition.body, target))
        for p in walk(expr)
    )
