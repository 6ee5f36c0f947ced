"""How to mend a refuted relation: one edit of the author's own text, or one more declaration.

Each candidate is read again, proved where possible, and sampled; what is offered has been checked
by the same two judges as any statement.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import permutations
from math import prod

from idxcalc import normal
from idxcalc.calculus import differentiate
from idxcalc.errors import IdxcalcError, Span
from idxcalc.expr import MINUS_ONE, ZERO, Add, Definition, Expr, Function, Mul, Relation, Sum, Variable
from idxcalc.notation.relations import Claim, Targets, chains, read
from idxcalc.notation.scope import Scope
from idxcalc.notation.sizes import SizesDiffer
from idxcalc.notation.syntax import Chain, Side
from idxcalc.notation.write import tidy, write
from idxcalc.verify.edits import Edit, added_factors, edits, factors, remarks, used_letters

SECONDS = 3.0
"""How long a search may take; a hint is a courtesy, the verdict stands without it."""
BOOKKEEPING = 0.8
"""The same for a relation that cannot be read."""
INDICES = re.compile(
    r"^the terms have free indices|^left side \{|stands \w+ times in one product|repeats across a fraction"
    r"|^a power and a repeated index|\bhas \d+ ind(ex|ices), not [1-9]|^only . is the subscript|^the size of "
)
"""The refusals of `notation` that are about indices."""
MENDABLE = re.compile(
    rf"{INDICES.pattern}|is summed, on the|^no variable to differentiate by|^nothing ties|^a second comma"
)
"""Those that an edit of indices may mend."""


@dataclass(frozen=True)
class Hint:
    """What to say, and the part of the text to change."""

    text: str
    span: Span | None


def suggest(
    scope: Scope,
    text: str,
    chain: Chain,
    number: int,
    wrt: Targets | None,
    holds: Callable[[Relation], bool],
    seconds: float | None = None,
) -> Hint | None:
    """The first edit that makes relation ``number`` of a chain true, or None; ``holds`` is the full check."""
    deadline = time.thread_time() + (SECONDS if seconds is None else seconds)
    search = _Search(scope, text, chain, number, wrt)
    for hint, claim in search.candidates():
        if time.thread_time() > deadline:
            return None
        if claim is None or claim.relation is None or claim.trivial:
            continue
        if search.proved(claim.relation) and holds(claim.relation):
            return hint
    return None


@dataclass
class _Search:
    scope: Scope
    text: str
    chain: Chain
    number: int
    wrt: Targets | None

    def __post_init__(self) -> None:
        self.left, self.right = self.chain.sides[self.number], self.chain.sides[self.number + 1]
        self.place = next(n for n, each in enumerate(chains(self.text)) if each.span == self.chain.span)
        self.tried: set[str] = {self.text}
        self.derived: dict[Expr, Expr] = {}

    def candidates(self) -> Iterator[tuple[Hint, Claim | None]]:
        letters = used_letters(self.left, self.right)
        scalars, functions = callables(self.scope)
        yield from self.edited(self.right, edits(self.text, self.right, letters, scalars, functions))
        yield from self.edited(self.left, edits(self.text, self.left, letters, scalars, functions))
        yield from self.edited(None, remarks(self.text, self.chain, letters))
        for words, declared in _declarations(self.scope):
            yield (
                Hint(f"true if {words}", None),
                _attempt(declared, self.text, self.chain, self.number, self.wrt),
            )
        yield from self.edited(self.right, self.missing())
        written = factors(self.text, self.chain.sides, scalars | functions)
        known = list(_tensors(self.scope, sorted(letters), any(f.startswith("d") for f in written)))
        for side in (self.right, self.left):
            yield from self.edited(side, added_factors(self.text, side, [*written, *known]))

    def edited(self, side: Side | None, found: Iterator[Edit]) -> Iterator[tuple[Hint, Claim | None]]:
        for edit in found:
            claim = None
            if edit.text not in self.tried:
                self.tried.add(edit.text)
                claim = _read(self.scope, edit.text, self.place, self.number, self.wrt)
            says = f"true with {edit.says}"
            if claim is not None and side is not None:
                at = claim.right if side is self.right else claim.left
                says += ":  " + " ".join(edit.text[at.start : at.stop].split())
            yield Hint(says, edit.span), claim

    def missing(self) -> Iterator[Edit]:
        """The one term that the right side lacks; a left side of nothing lacks none."""
        claim = _attempt(self.scope, self.text, self.chain, self.number, self.wrt)
        if claim is None or claim.relation is None:
            return
        try:
            left, right = self.worked(claim.relation.left), self.worked(claim.relation.right)
            found = normal.simplify(Add((left, Mul((MINUS_ONE, right)))))
            truth, claimed = normal.simplify(left), normal.simplify(right)
            # Where no whole term is missing, the difference of the sides would only be the answer pasted in.
            if isinstance(found, Add) or truth is ZERO or _count(truth) != _count(claimed) + 1:
                return
            term = write(tidy(found))
        except IdxcalcError:
            return
        sign = " " if term.startswith("-") else " + "
        at = self.right.body.span.stop if self.right.body else self.right.span.stop
        edit = f"{self.text[:at]}{sign}{term}{self.text[at:]}"
        yield Edit(f"a term {term} added", edit, Span(at - 1, at))

    def worked(self, expr: Expr) -> Expr:
        if expr not in self.derived:
            self.derived[expr] = differentiate(expr)
        return self.derived[expr]

    def proved(self, relation: Relation) -> bool:
        try:
            left, right = self.worked(relation.left), self.worked(relation.right)
            return normal.equal(left, right, None, relation.condition, relation.order)
        except IdxcalcError:
            return False


def _count(expr: Expr) -> int:
    """The number of terms, brackets multiplied out."""
    match expr:
        case Add(terms):
            return sum(map(_count, terms))
        case Mul(factors):
            return prod(map(_count, factors))
        case Sum(_, body, _):
            return _count(body)
    return int(expr is not ZERO)


def callables(scope: Scope) -> tuple[frozenset[str], frozenset[str]]:
    """The names of functions of one real, and of all that may have a derivative by a comma."""
    symbols = scope.symbols.items()
    scalars = frozenset(n for n, s in symbols if isinstance(s, Function) and s.params == ((),))
    return scalars, frozenset(n for n, s in symbols if isinstance(s, Function | Definition)) - scalars


def _tensors(scope: Scope, letters: list[str], differentials: bool) -> Iterator[str]:
    """What is known, with letters of the relation for its indices."""
    shapes = {r"\delta": (2, 0)}
    for name, symbol in scope.symbols.items():
        match symbol:
            case Variable():
                shapes[name] = (len(symbol.dims), 0)
                if differentials:
                    shapes[f"d{name}"] = shapes[name]
            case Definition():
                shapes[name] = (len(symbol.indices), 0)
            case Function() if symbol.params != ((),):
                shapes[name] = (len(symbol.out), len(symbol.params[0]))
    for name, (rank, order) in sorted(shapes.items(), key=lambda s: sum(s[1])):
        for slots in permutations(letters, rank + order) if rank + order <= 2 else ():
            sub = "".join(slots[:rank]) + ("," if order else "") + "".join(slots[rank:])
            yield f"{name}_{{{sub}}}" if sub else name


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
                try:
                    declared.sizes.tie(dims[0], dims[1])
                except SizesDiffer:  # two sizes with names of their own
                    continue
            yield f"{name} is {word}", declared
