"""A scope to read formulas in, and reading them, for the tests of the notation."""

from __future__ import annotations

from idxcalc.errors import IdxcalcError
from idxcalc.notation import relations
from idxcalc.notation.declare import declare, define
from idxcalc.notation.scope import Scope


def scope(declarations: str, definitions: str = "") -> Scope:
    made = Scope()
    declare(made, declarations)
    if definitions:
        define(made, definitions)
    return made


def expression(where: Scope, text: str, wrt: str = ""):
    """The expression, and its free indices in order of appearance."""
    return relations.expression(where, text, relations.targets(where, wrt))[:2]


def claims(where: Scope, text: str, wrt: str = ""):
    """Every relation of a statement as read."""
    by = relations.targets(where, wrt)
    chains = relations.chains(text)
    return [relations.read(where, text, chain, n, by) for chain in chains for n in range(len(chain.ops))]


def read(where: Scope, text: str, wrt: str = "") -> None:
    """Everything that a statement holds is read; an expression alone, too."""
    if any(chain.ops for chain in relations.chains(text)):
        claims(where, text, wrt)
    else:
        expression(where, text, wrt)


def refusal(where: Scope, text: str, wrt: str = "") -> IdxcalcError | None:
    try:
        read(where, text, wrt)
    except IdxcalcError as error:
        return error
    return None
