"""What a value depends on."""

from __future__ import annotations

from idxcalc.expr import Call, Component, Definition, Function, Part, Ref, Variable, children


def variables(part: Part | Definition | Function) -> set[Variable]:
    """Every variable that a value depends on, through definitions and bodies."""
    match part:
        case Component(variable, _):
            return {variable}
        case Definition(_, _, body):
            return variables(body)
        case Ref(definition, _):
            return variables(definition)
    found: set[Variable] = set()
    if isinstance(part, Call) and part.function.body is not None:
        found |= variables(part.function.body) - set(part.function.placeholders)
    return found.union(*map(variables, children(part))) if not isinstance(part, Function) else found
