r"""What a formula is made of: which letters are one index, where the convention sums, what it names.

In ``y_i = w_{ij}x_j`` both ``i`` are one index, both ``j`` another, and a sum over j stands, unwritten,
before ``w``. A page lights up the first and writes out the second.

Invariant: this is what the reader did when it read the formula for its verdict, not a second reading of its
own; a sum is written out only where the text then reads as the same expressions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from idxcalc.errors import IdxcalcError, Span
from idxcalc.expr import Call, Component, Expr, Mul, Ref, Sum, free, transform, walk
from idxcalc.notation.relations import Claim, Wrt, read
from idxcalc.notation.scope import Scope
from idxcalc.notation.syntax import parse
from idxcalc.notation.write import write


@dataclass(frozen=True)
class Anatomy:
    """``partners``: the places of each index that stands in several, a group each; ``sums``: the formula with
    every implied sum written, empty where there is none; ``names``: what it uses of what is declared or
    defined, and in which line that was."""

    partners: tuple[tuple[Span, ...], ...] = ()
    sums: str = ""
    names: Mapping[str, str] = field(default_factory=dict)


def anatomy(scope: Scope, source: str, wrt: Wrt = None) -> Anatomy:
    """The anatomy of a statement's relations, or of definitions already made; `IdxcalcError` if there is
    none."""
    claims = _claims(scope, source, wrt)
    written, sides, same = _written(source, claims), _sides(claims), False
    with suppress(IdxcalcError):
        same = _texts(sides) == _texts(_sides(_claims(scope, written, wrt)))
    names = [_name(part) for expr in sides for part in walk(expr)]
    used = {name: scope.lines[name] for name in names if name in scope.lines}
    return Anatomy(_partners(source, claims), written if same else "", used)


def _claims(scope: Scope, source: str, wrt: Wrt) -> list[Claim]:
    chains = parse(source, lines=True) if source else ()
    return [read(scope, source, chain, number, wrt) for chain in chains for number in range(len(chain.ops))]


def _partners(source: str, claims: list[Claim]) -> tuple[tuple[Span, ...], ...]:
    """The classes of the letters that the reader tied, each in the order of the text."""
    found: dict[tuple[str, Span], set[tuple[str, Span]]] = {}
    for name, *spans in (tie for claim in claims for tie in claim.reader.ties):
        one, two = (found.setdefault((name, span), {(name, span)}) for span in spans)
        if one is not two:
            one |= two
            found.update(dict.fromkeys(two, one))
    seen = {id(group): group for group in found.values()}.values()
    groups = [[span for name, span in group if source[span.start : span.stop] == name] for group in seen]
    placed = (sorted(group, key=lambda span: span.start) for group in groups if len(group) > 1)
    return tuple(sorted(map(tuple, placed), key=lambda group: group[0].start))


def _written(source: str, claims: list[Claim]) -> str:
    """The text with a ``\\sum`` before the first factor that the convention sums over."""
    letters: dict[int, list[str]] = defaultdict(list)
    for start, names in dict.fromkeys(each for claim in claims for each in claim.reader.implied):
        letters[start] += names
    found = source
    for start in sorted(letters, reverse=True):
        found = f"{found[:start]}\\sum_{{{' '.join(letters[start])}}} {found[start:]}"
    return found if letters else ""


def _sides(claims: list[Claim]) -> list[Expr]:
    found = [(c.relation.left, c.relation.right) if c.relation else (c.known,) for c in claims]
    return [side for sides in found for side in sides if side is not None]


def _texts(sides: list[Expr]) -> list[str]:
    """The sides as text, in which sizes have no names."""
    return [write(transform(side, _outward)) for side in sides]


def _outward(expr: Expr) -> Expr:
    """A product with the sums among its factors in front of it, where no other factor has their letters."""
    factors = [inner for each in getattr(expr, "factors", ()) for inner in getattr(each, "factors", (each,))]
    for n, each in enumerate(factors):
        others = {index.name for other in (*factors[:n], *factors[n + 1 :]) for index in free(other)}
        if isinstance(each, Sum) and each.index.name not in others:
            return Sum(each.index, _outward(Mul((*factors[:n], each.body, *factors[n + 1 :]))), each.first)
    return Mul(tuple(factors)) if factors else expr


def _name(part: object) -> str:
    match part:
        case Component(symbol) | Call(symbol) | Ref(symbol):
            return symbol.name
    return ""
