"""What a relation says besides: which sizes it makes equal, whether it says anything, how it fails."""

from __future__ import annotations

from idxcalc.errors import IdxcalcError, Span
from idxcalc.expr import Deriv, Diff, Relation, walk
from idxcalc.notation.lexer import lex
from idxcalc.notation.parts import Factor, names_in, variables
from idxcalc.notation.reader import Reader, braces
from idxcalc.notation.scope import Scope
from idxcalc.notation.tree import Side


def notes_on(scope: Scope, own: Scope, *terms: Factor) -> tuple[str, ...]:
    """Which sizes the relation makes equal that its context leaves different."""
    notes: list[str] = []
    used = set().union(*(variables(t.expr) for t in terms))
    for variable in sorted(used, key=lambda v: v.name):
        roots, now = ({each.sizes.find(d) for d in variable.dims} for each in (scope, own))
        if len(variable.dims) == 2 and len(roots) == 2 and len(now) == 1:
            notes.append(f"this makes {variable.name} square")
        elif len(now) < len(roots):
            notes.append(f"this makes sizes of {variable.name} equal")
    return tuple(notes)


def tokens(source: str, side: Side) -> list[str]:
    """The tokens as typed, which spaces and sizes do not change."""
    spans = (t.span for t in lex(source) if side.span.start <= t.span.start and t.span.stop <= side.span.stop)
    return ["".join(source[span.start : span.stop].split()) for span in spans]


def vacuous(relation: Relation, has_wrt: bool) -> bool:
    """Whether every derivative of the relation is by what it does not contain."""
    found = [p for side in (relation.left, relation.right) for p in walk(side) if isinstance(p, Deriv | Diff)]
    return bool(found) and all(_vacuous_node(node, has_wrt) for node in found)


def _vacuous_node(node: Deriv | Diff, has_wrt: bool) -> bool:
    inside = names_in(node.body)
    if isinstance(node, Deriv):
        return node.target not in inside
    return has_wrt and not any(v in inside for v in node.variables)


def sides_differ(
    reader: Reader, left: set[str], right: set[str], span: Span, summed: dict[str, Span]
) -> IdxcalcError:
    """The message for sides whose free letters differ; with the way out when one of them is summed."""
    for here, there, letters in (("right", "left", left - right), ("left", "right", right - left)):
        for name in sorted(letters & summed.keys()):
            return reader.fail(free_and_summed(name, here, there), summed[name])
    why = reader.remark(left ^ right, Span(0, span.stop))
    return reader.fail(f"left side {braces(left)}, right side {braces(right)}{why}", span)


def free_and_summed(name: str, here: str, there: str) -> str:
    return f'on the {here} {name} is summed, on the {there} it is free; add "(no sum on ${name}$)"'
