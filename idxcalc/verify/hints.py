"""How to mend a refuted relation: one edit of the author's own text, or one more declaration.

Each candidate is read again and proved, and what is offered has been checked by both judges as any statement.
How far the search goes is a number of candidates, so that the same text always gets the same hint.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice, permutations
from math import prod

from idxcalc import normal
from idxcalc.calculus import differentiate
from idxcalc.errors import IdxcalcError, Span
from idxcalc.expr import (
    MINUS_ONE, ZERO, Add, Definition, Deriv, Diff, Expr, Function, Mul, Relation, Sum, Variable, walk,
)  # fmt: skip
from idxcalc.notation.lexer import lex
from idxcalc.notation.relations import Claim, Targets, chains, read
from idxcalc.notation.scope import Scope
from idxcalc.notation.sizes import SizesDiffer
from idxcalc.notation.syntax import Chain, Side
from idxcalc.notation.write import tidy, write
from idxcalc.verify.edits import Edit, added_factors, edits, factors, put, remarks, used_letters
from idxcalc.verify.verdict import proved, verdict

MOST = 15_000
"""So many characters of edits of each kind are read; a hint is a courtesy, the verdict stands without it."""
BOOKKEEPING = 10_000
"""The same for a relation that cannot be read."""
PROOFS, WORK = 60, 4000
"""So many of those that can be read are tried for a proof, with so many products of terms for each."""
INDICES = re.compile(
    r"^the terms have free indices|^left side \{|stands \w+ times in one product|repeats across a fraction"
    r"|^a power and a repeated index|\bhas \d+ ind(ex|ices), not [1-9]|^only . is the subscript|^the size of "
)
"""The refusals of `notation` that are about indices."""
MENDABLE = re.compile(
    rf"{INDICES.pattern}|is summed, on the|^no variable to differentiate by|^nothing ties|^a second comma"
    r"|^the argument has|^a derivative by a|has no indices of its own"
)
"""Those that an edit of indices may mend."""


@dataclass(frozen=True)
class Hint:
    """What to say, and the part of the text to change."""

    text: str
    span: Span | None


def pairs(text: str) -> list[tuple[Chain, int]]:
    """Every relation of a statement: its chain, and its number in that, from 0."""
    return [(chain, number) for chain in chains(text) for number in range(len(chain.ops))]


@dataclass
class Search:
    """The search for what makes relation ``number`` of a chain true."""

    scope: Scope
    text: str
    chain: Chain
    number: int
    wrt: Targets | None

    def __post_init__(self) -> None:
        found = chains(self.text)
        self.names, sides = callables(self.scope), [side for each in found for side in each.sides]
        self.written = factors(self.text, sides, self.names[0] | self.names[1])
        self.place = found.index(self.chain)
        self.claim = self.read(self.scope, self.text)
        if self.claim is not None and len(pairs(self.text)) > 1:
            self.blank(self.claim)

    def blank(self, claim: Claim) -> None:
        """The rest of a statement blanked out, where the relation is the same without: it reads faster."""
        start, stop = claim.left.start, claim.right.stop
        end = self.text.find(r"\\", self.chain.span.stop)
        tail = self.text[self.chain.span.stop : end if end >= 0 else None]
        alone = " " * start + self.text[start:stop] + " " * (self.chain.span.stop - stop) + tail
        try:
            ((chain, number),) = pairs(alone)
            same = read(self.scope, alone, chain, number, self.wrt, advise=False).relation == claim.relation
        except (IdxcalcError, ValueError):
            return
        if same:
            self.text, self.chain, self.number, self.place = alone, chain, 0, 0

    def hint(self, most: int) -> Hint | None:
        """The first candidate that holds, of so many characters of each kind."""
        tried = set()
        for hint, claim in self.candidates(most // len(self.text.strip())):
            if claim is None or claim.relation is None or claim.trivial or claim.relation in tried:
                continue
            tried.add(claim.relation)
            if len(tried) > PROOFS:
                return None
            try:
                if proved(claim.relation, most=WORK) and verdict(claim.relation).verdict == "proved":
                    return hint
            except IdxcalcError:  # too large to be proved, or never in the domain
                continue
        return None

    def candidates(self, most: int) -> Iterator[tuple[Hint, Claim | None]]:
        """At most so many of each kind: edits of the right side and of the left, remarks, declarations, what
        may be missing. A left side that is a derivative was asked for: its edits come last."""
        left, right = self.chain.sides[self.number : self.number + 2]
        letters, names = used_letters(left, right), self.names
        differentials = any(token.value == "d" for token in lex(self.text))
        lacking = [*self.written, *tensors(self.scope, sorted(letters), differentials)]
        relation = self.claim and self.claim.relation
        last = self.edited(left, islice(edits(self.text, left, letters, *names), most))
        yield from self.edited(right, islice(edits(self.text, right, letters, *names), most))
        if relation and not differentiates(relation.left):
            yield from last
        yield from self.edited(None, remarks(self.text, self.chain, letters))
        for words, declared in declarations(self.scope):
            yield Hint(f"true if {words}", None), self.read(declared, self.text)
        if relation:
            yield from self.edited(right, self.missing(right, relation))
        yield from self.edited(right, islice(added_factors(self.text, right, lacking), most))
        yield from last
        yield from self.edited(left, islice(added_factors(self.text, left, lacking), most))

    def edited(self, side: Side | None, found: Iterable[Edit]) -> Iterator[tuple[Hint, Claim | None]]:
        """What to say of each edit that can be read."""
        for edit in found:
            claim = self.read(self.scope, edit.text)
            says = f"true with {edit.says}"
            if claim is not None and side is not None:
                at = claim.left if side is self.chain.sides[self.number] else claim.right
                start = re.search(r"(\\(left|[bB]igg?l?)\s*)?$", edit.text[: at.start]).start()  # type: ignore[union-attr]
                says += ":  " + " ".join(edit.text[start : at.stop].split())
            yield Hint(says, edit.span), claim

    def read(self, scope: Scope, text: str) -> Claim | None:
        """The same relation in a text that was edited, if there is one."""
        try:
            found = chains(text)[self.place]
            return read(scope, text, found, self.number, self.wrt, advise=False)
        except (IdxcalcError, IndexError):
            return None

    def missing(self, side: Side, relation: Relation) -> Iterator[Edit]:
        """The one term that the right side lacks; a left side of nothing lacks none."""
        try:
            left, right = differentiate(relation.left), differentiate(relation.right)
            found = normal.simplify(Add((left, Mul((MINUS_ONE, right)))))
            truth, claimed = normal.simplify(left), normal.simplify(right)
            # Where no whole term is missing, the difference of the sides would only be the answer pasted in.
            sums = any(isinstance(part, Add) for part in walk(found))
            if sums or truth is ZERO or count(truth) != count(claimed) + 1:
                return
            term = write(tidy(found))
        except IdxcalcError:
            return
        at = side.body.span.stop if side.body else side.span.stop
        changed = put(self.text, (Span(at, at), (" " if term.startswith("-") else " + ") + term))
        yield Edit(f"a term {term} added", changed, Span(at - 1, at))


def differentiates(expr: Expr) -> bool:
    """Whether a derivative is written in an expression."""
    return any(isinstance(part, Deriv | Diff) for part in walk(expr))


def count(expr: Expr) -> int:
    """The number of terms, brackets multiplied out."""
    match expr:
        case Add(terms):
            return sum(map(count, terms))
        case Mul(factors):
            return prod(map(count, factors))
        case Sum(_, body, _):
            return count(body)
    return int(expr is not ZERO)


def callables(scope: Scope) -> tuple[frozenset[str], frozenset[str]]:
    """The names of functions of one real, and of all that may have a derivative by a comma."""
    symbols = scope.symbols.items()
    scalars = frozenset(n for n, s in symbols if isinstance(s, Function) and s.params == ((),))
    return scalars, frozenset(n for n, s in symbols if isinstance(s, Function | Definition)) - scalars


def tensors(scope: Scope, letters: list[str], differentials: bool) -> Iterator[str]:
    """What is known, with letters of the relation for its indices; the least first."""
    shapes = {r"\delta": (2, 0)}
    for name, symbol in scope.symbols.items():
        match symbol:
            case Variable(_, dims):
                shapes |= {f"d{name}" * differentials or name: (len(dims), 0), name: (len(dims), 0)}
            case Definition(_, indices):
                shapes[name] = (len(indices), 0)
            case Function(_, out, (own, *_)) if own:
                shapes[name] = (len(out), len(own))
    for name, (rank, order) in sorted(shapes.items(), key=lambda s: sum(s[1])):
        for slots in permutations(letters, rank + order) if rank + order <= 2 else ():
            sub = "".join(slots[:rank]) + ("," if order else "") + "".join(slots[rank:])
            yield f"{name}_{{{sub}}}" if sub else name


def declarations(scope: Scope) -> Iterator[tuple[str, Scope]]:
    """One more property of one variable or function."""
    for name, symbol in scope.symbols.items():
        if isinstance(symbol, Definition):
            continue
        dims = symbol.dims if isinstance(symbol, Variable) else symbol.out
        words = ["positive"] + (["symmetric", "antisymmetric"] if len(dims) == 2 else [])
        for word in words:
            declared = scope.fork()
            declared.symbols[name] = replace(symbol, traits=symbol.traits | {word})
            try:
                if word != "positive":
                    declared.sizes.tie(*dims)
            except SizesDiffer:  # two sizes with names of their own
                continue
            if word not in symbol.traits:
                yield f"{name} is {word}", declared
