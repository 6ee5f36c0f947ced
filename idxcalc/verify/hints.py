"""How to mend a refuted relation: one edit of the author's own text, or one more declaration.

Each candidate is read again, proved where possible, and sampled; what is offered has been checked
by the same two judges as any statement.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from idxcalc import normal
from idxcalc.calculus import differentiate
from idxcalc.errors import IdxcalcError, Span
from idxcalc.expr import Function, Relation, Variable
from idxcalc.notation.relations import Claim, Targets, chains, read
from idxcalc.notation.scope import Scope
from idxcalc.notation.syntax import Chain
from idxcalc.verify.edits import edits, used_letters

SECONDS = 3.0
"""How long a search may take; a hint is a courtesy, the verdict stands without it."""


@dataclass(frozen=True)
class Hint:
    """What to say, and the part of the text to change."""

    text: str
    span: Span | None


def suggest(
    scope: Scope, text: str, chain: Chain, number: int, wrt: Targets | None, holds: Callable[[Relation], bool]
) -> Hint | None:
    """The first edit that makes relation ``number`` of the chain true, or None; ``holds`` is the full check."""
    deadline = time.monotonic() + SECONDS
    place = _place(text, chain)
    for hint, claim in _candidates(scope, text, chain, number, wrt, place):
        if time.monotonic() > deadline:
            return None
        relation = claim.relation
        if relation is None or claim.trivial:
            continue
        if _proved(relation) and holds(relation):
            return hint
    return None


def _place(text: str, chain: Chain) -> int:
    """Which chain of the text this is."""
    return next(n for n, each in enumerate(chains(text)) if each.span == chain.span and each.ops == chain.ops)


def _candidates(
    scope: Scope, text: str, chain: Chain, number: int, wrt: Targets | None, place: int
) -> Iterator[tuple[Hint, Claim]]:
    left, right = chain.sides[number], chain.sides[number + 1]
    letters = used_letters(left, right)
    scalars = frozenset(n for n, s in scope.symbols.items() if isinstance(s, Function) and s.params == ((),))
    for side in (right, left):
        for edit in edits(text, side, letters, scalars):
            claim = _read(scope, edit.text, place, number, wrt)
            if claim is not None:
                at = claim.right if side is right else claim.left
                shown = " ".join(edit.text[at.start : at.stop].split())
                yield Hint(f"true with {edit.says}:  {shown}", edit.span), claim
    for letter in sorted(letters):
        if letter not in chain.no_sum:
            claim = _attempt(scope, text, replace(chain, no_sum=(*chain.no_sum, letter)), number, wrt)
            if claim is not None:
                yield Hint(f'true with "(no sum on ${letter}$)"', None), claim
    for words, declared in _declarations(scope):
        claim = _attempt(declared, text, chain, number, wrt)
        if claim is not None:
            yield Hint(f"true if {words}", None), claim


def _read(scope: Scope, text: str, place: int, number: int, wrt: Targets | None) -> Claim | None:
    try:
        found = chains(text)
    except IdxcalcError:
        return None
    if place >= len(found) or number >= len(found[place].ops):
        return None
    return _attempt(scope, text, found[place], number, wrt)


def _attempt(scope: Scope, text: str, chain: Chain, number: int, wrt: Targets | None) -> Claim | None:
    try:
        return read(scope, text, chain, number, wrt)
    except IdxcalcError:
        return None


def _declarations(scope: Scope) -> Iterator[tuple[str, Scope]]:
    """One more property of one variable or function."""
    for name, symbol in scope.symbols.items():
        if not isinstance(symbol, Variable | Function):
            continue
        dims = symbol.dims if isinstance(symbol, Variable) else symbol.out
        words = ["positive"] + (["symmetric", "antisymmetric"] if len(dims) == 2 else [])
        for word in words:
            if word in symbol.traits:
                continue
            declared = scope.fork()
            declared.symbols[name] = replace(symbol, traits=symbol.traits | {word})
            if word != "positive":
                declared.sizes.tie(dims[0], dims[1])
            yield f"{name} is {word}", declared


def _proved(relation: Relation) -> bool:
    try:
        left, right = differentiate(relation.left), differentiate(relation.right)
        return normal.equal(left, right, None, relation.condition, relation.order)
    except IdxcalcError:
        return False
