"""How to mend a refuted relation: one edit of the author's own text, or one more declaration.

Each candidate is read again and proved, and what is offered has been checked by both judges as any statement.
How far the search goes is a number of candidates, so that the same text always gets the same hint.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice, permutations

from idxcalc.errors import IdxcalcError, JudgesDisagree, Span
from idxcalc.expr import (
    MINUS_ONE, ZERO, Add, Component, Definition, Deriv, Diff, Expr, Function, Mul, Ref, Relation, Variable,
    opened, walk,
)  # fmt: skip
from idxcalc.notation.lexer import lex
from idxcalc.notation.relations import Claim, Wrt, chains, read
from idxcalc.notation.scope import Scope
from idxcalc.notation.sizes import SizesDiffer
from idxcalc.notation.syntax import Chain
from idxcalc.notation.write import write
from idxcalc.normal import term_count
from idxcalc.verify.edits import Edit, added, edits, put, remarks, used_letters, written
from idxcalc.verify.verdict import proved, verdict, worked_out

EFFORT, NODE, FEW = 24_000, 10, 3
"""What a search may cost: one for each character read again (times the relations that these are), and so much
for each node of what is proved; less in a statement of more than `FEW` relations, each of which may be wrong.
A hint is a courtesy, the verdict stands without it."""
READ, PROOFS, WORK = 320, 80, 1000
"""So many are read at all, so many of those tried for a proof, with so many products of terms for each."""


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
    wrt: Wrt

    def __post_init__(self) -> None:
        found = chains(self.text)
        self.names, sides = callables(self.scope), [side for each in found for side in each.sides]
        self.written, _ = written(self.text, sides, self.names[0] | self.names[1])
        self.place = found.index(self.chain)
        self.claim = self.read(self.scope, self.text)
        self.relations = len(pairs(self.text))
        if self.claim is not None and self.relations > 1:
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

    def hint(self) -> Hint | None:
        """The first candidate that holds."""
        tried, length = set(), len(self.text.strip()) * len(pairs(self.text))
        effort = EFFORT * FEW // max(FEW, self.relations)
        for hint, claim in islice(self.candidates(), READ):
            effort -= length
            if effort < 0:
                return None
            if claim is None or claim.relation is None or claim.trivial or claim.relation in tried:
                continue
            tried.add(claim.relation)
            sides = claim.relation.left, claim.relation.right
            effort -= NODE * sum(1 for side in sides for _ in walk(side))
            if len(tried) > PROOFS:
                return None
            try:
                same = proved(claim.relation, most=WORK)
                if same is (claim.relation.op == "=") and verdict(claim.relation).verdict == "proved":
                    return hint
            except (IdxcalcError, JudgesDisagree):  # too large to be proved, or never in the domain
                continue
        return None

    def candidates(self) -> Iterator[tuple[Hint, Claim | None]]:
        """Edits of the right side and of the left, remarks, declarations, what may be missing. A left side
        that is a derivative was asked for: its edits come last."""
        sides = self.chain.sides[self.number : self.number + 2]
        letters, relation = used_letters(*sides), self.claim.relation if self.claim else None
        differentials = any(token.value == "d" for token in lex(self.text))
        lacking = [*self.written, *tensors(self.scope, sorted(letters), differentials)]
        right = self.edited(1, edits(self.text, sides, 1, *self.names))
        left = self.edited(0, edits(self.text, sides, 0, *self.names))
        late = relation is None or differentiates(relation.left)
        yield from right
        if not late:
            yield from left
        yield from self.edited(None, remarks(self.text, self.chain, letters))
        yield from self.edited(None, self.orders() if differentials else ())
        for words, declared in declarations(self.scope):
            yield Hint(f"true if {words}", None), self.read(declared, self.text)
        for number in (1, 0):
            factors, terms = self.truth(relation, number) if relation else ([], [])
            found = added(self.text, sides[number], [*factors, *lacking], terms)
            if self.chain.ops[self.number] == "=":  # with almost any of these, two sides differ
                yield from self.edited(number, found)
            if number:
                yield from left

    def edited(self, number: int | None, found: Iterable[Edit]) -> Iterator[tuple[Hint, Claim | None]]:
        """What to say of each edit that can be read; with ``number``, of a side."""
        for edit in found:
            claim = self.read(self.scope, edit.text)
            says = f"true with {edit.says}"
            if claim is not None and number is not None:
                at = claim.right if number else claim.left
                start = re.search(r"(\\(left|[bB]igg?l?)\s*)?$", edit.text[: at.start]).start()  # type: ignore[union-attr]
                says += ":  " + " ".join(edit.text[start : at.stop].split())
            yield Hint(says, edit.span), claim

    def orders(self) -> Iterator[Edit]:
        """An order at the end of the chain: equal but for higher powers of one differential."""
        end = self.chain.sides[-1].span.stop
        for name, symbol in self.scope.symbols.items():
            if isinstance(symbol, Variable) and not symbol.dims:
                order = f" + O(d{name}^2)"
                yield Edit(order[3:] + " added", put(self.text, (Span(end, end), order)), Span(end - 1, end))

    def read(self, scope: Scope, text: str) -> Claim | None:
        """The same relation in a text that was edited, if there is one."""
        try:
            found = chains(text)[self.place]
            return read(scope, text, found, self.number, self.wrt, advise=False)
        except (IdxcalcError, IndexError):
            return None

    def truth(self, relation: Relation, number: int) -> tuple[list[str], list[str]]:
        """What a side may lack: factors and terms of what the other side is when worked out, and the
        difference of the sides where that is one term; never all of it, the answer would be pasted in."""
        claimed, other = (relation.left, relation.right)[:: 1 - 2 * number]
        other = opened(other) if isinstance(other, Ref) else other
        try:
            truth, gap = worked_out(other), worked_out(Add((other, Mul((MINUS_ONE, claimed)))))
            claimed = worked_out(claimed)
            if ZERO in (truth, claimed):
                return [], []
            text = write(truth)
            factors, others = written(text, chains(text)[-1].sides, self.names[0] | self.names[1])
        except IdxcalcError:
            return [], []
        one = not any(isinstance(part, Add) for part in walk(gap))
        single = one and term_count(truth) == term_count(claimed) + 1
        return factors, [write(gap)] * single + others


def differentiates(expr: Expr) -> bool:
    """Whether a derivative is written in an expression; ``dx`` alone is none."""
    found = [part for part in walk(expr) if isinstance(part, Deriv | Diff)]
    return any(isinstance(part, Deriv) or not isinstance(part.body, Component) for part in found)


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
            case Function(_, ()) if differentials:
                shapes[f"d{name}"] = (0, 0)
    for name, (rank, order) in sorted(shapes.items(), key=lambda s: sum(s[1])):
        for slots in permutations(letters, rank + order) if rank + order <= 2 else ():
            sub = "".join(slots[:rank]) + ("," if order else "") + "".join(slots[rank:])
            yield f"{name}_{sub}" if len(sub) == 1 else f"{name}_{{{sub}}}" if sub else name


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
            if not symbol.traits & {word, "antisymmetric"}:
                yield f"{name} is {word}", declared
