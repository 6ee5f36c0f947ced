"""How to mend a refuted relation: one edit of the author's own text, or one more declaration.

Each candidate is read again and proved, and what is offered has been checked by both judges as any statement.
How far the search goes is a number of candidates, so that the same text always gets the same hint.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain, islice, permutations, zip_longest

from idxcalc.autodiff.judge import TOLERANCE, Case, Round
from idxcalc.autodiff.sizes import wishes
from idxcalc.calculus import differentiate
from idxcalc.errors import IdxcalcError, JudgesDisagree, Span
from idxcalc.expr import (
    MINUS_ONE, ZERO, Add, Call, Compare, Component, Definition, Delta, Deriv, Diff, Expr, Function, Index,
    Mul, Part, Ref, Relation, Variable, called, children, opened, substitute, symbols, walk,
)  # fmt: skip
from idxcalc.notation.lexer import lex
from idxcalc.notation.parts import dims_of
from idxcalc.notation.relations import Claim, Wrt, chains, read
from idxcalc.notation.scope import Scope
from idxcalc.notation.sizes import SizesDiffer
from idxcalc.notation.syntax import Chain
from idxcalc.notation.write import no_sum_letters, write
from idxcalc.normal import term_count
from idxcalc.verify.edits import Edit, added, edits, put, remarks, sized, used_letters, written
from idxcalc.verify.verdict import verdict, worked_out

EFFORT, SHORT, FEW, SAMPLED, JUDGED, PRODUCTS = 7_000, 25, 3, 90, 8, 40_000
# What a search may cost: one for each token read again, in a short text `SHORT`; less in a statement of
# more than `FEW` relations, each of which may be wrong. So many are sampled in one batch, and of those
# that it upholds so many are judged, by proofs of so many `PRODUCTS` of terms. A hint is a courtesy, the
# verdict stands without it.
Found = Iterator[tuple["Hint", Claim | None]]


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
    twins: dict[Relation, Relation] = field(default_factory=dict)  # with the other signs of a \\pm

    def __post_init__(self) -> None:
        found = chains(self.text)
        self.names, sides = callables(self.scope), [side for each in found for side in each.sides]
        self.written, _ = written(self.text, sides, *self.names)
        self.place = found.index(self.chain)
        self.differentials = any(token.value == "d" for token in lex(self.text))
        self.torn = list(self.rows())
        self.claim = self.read(self.scope, self.text)
        self.relations = len(pairs(self.text))
        if self.relations > 1 and (self.claim or not any(side.tests for side in self.chain.sides)):
            self.blank()
        self.sides = self.chain.sides[self.number : self.number + 2]
        relation = self.claim.relation if self.claim else None
        self.ends = (relation.left, relation.right) if relation else ()

    def blank(self) -> None:
        """The rest of a statement blanked out, where the relation is the same without: it reads faster."""
        start, stop = self.chain.sides[self.number].span.start, self.chain.sides[self.number + 1].span.stop
        end = self.text.find(r"\\", self.chain.span.stop)
        tail = self.text[self.chain.span.stop : end if end >= 0 else None]
        start = sized(self.text, start)
        alone = " " * start + self.text[start:stop] + " " * (self.chain.span.stop - stop) + tail
        with suppress(IdxcalcError, ValueError):
            ((chain, number),) = pairs(alone)
            other = replace(self, text=alone, chain=chain, number=number).claim
            if (other and other.relation) == (self.claim and self.claim.relation):
                self.text, self.chain, self.number, self.place = alone, chain, 0, 0

    def hint(self) -> Hint | None:
        """The first candidate that is proved, else the first that holds in all samples."""
        length, judged, tested, seen = max(SHORT, len(lex(self.text))), 0, None, set[Relation]()
        most = SAMPLED >> max(0, max(map(nested, self.ends), default=0) - 2)  # each doubles a sample's cost
        for hint, claim in islice(self.candidates(), EFFORT * FEW // max(FEW, self.relations) // length):
            relation = claim.relation if claim and not claim.trivial else None
            ends = permutations((relation.left, relation.right)) if relation else ()
            by_itself = any(isinstance(end, Ref | Call) and end in walk(other) for end, other in ends)
            if relation is None or by_itself or relation in seen:  # says by itself what a name is
                continue
            seen.add(relation)
            both = {relation, self.twins.get(relation, relation)}
            with suppress(IdxcalcError, JudgesDisagree):  # too large to be computed, or never in the domain
                if all(differ(each) is (each.op == "!=") for each in both):
                    judged += 1
                    found = {verdict(each, example=False, most=PRODUCTS).verdict for each in both}
                    if found == {"proved"}:
                        return replace(hint, text="true" + hint.text)
                    if found <= {"proved", "tested"} and tested is None:
                        tested = replace(hint, text="true in all samples" + hint.text)
            if judged == JUDGED or len(seen) >= most:
                break
        return tested

    def candidates(self) -> Found:
        """Edits of both sides, remarks, declarations and what a side may lack, in turns; of a side that was
        asked for, a derivative or a name, they come last."""
        late = [asked(end) for end in self.ends] or [False, False]
        first = int(late[0] or not late[1])
        changed, lacking = ([made(n) for n in (first, 1 - first)] for made in (self.changed, self.lacking))
        remarked = self.edited(None, remarks(self.text, self.chain, used_letters(*self.sides)))
        equal = self.chain.ops[self.number] == "="  # with almost anything added, two sides differ
        both = changed[: 2 - late[1 - first]]
        likely, others = [self.torn, *both, remarked], [self.declared(), *lacking[:equal]]
        yield from turns(*likely, *others) if self.ends else chain(turns(*likely), turns(*others))
        yield from self.edited(None, self.orders())
        yield from turns(changed[1], *lacking[1 : 1 + equal])

    def declared(self) -> Found:
        """One more property of a variable or function, of those in the relation first; where signs are
        compared, a sign would only take cases away."""
        parts = [part for end in self.ends for part in walk(end)]
        compared = {symbol.name for part in parts if isinstance(part, Compare) for symbol in symbols(part)}
        near = {symbol.name for end in self.ends for symbol in symbols(end)}
        for name, symbol in sorted(self.scope.symbols.items(), key=lambda each: each[0] not in near):
            dims = symbol.dims if isinstance(symbol, Variable) else getattr(symbol, "out", ())
            words = ["positive"] * (name not in compared) + ["symmetric", "antisymmetric"] * (len(dims) == 2)
            for word in words:
                if isinstance(symbol, Definition) or symbol.traits & {word, "antisymmetric"}:
                    continue
                scope = self.scope.fork()
                scope.symbols[name] = replace(symbol, traits=symbol.traits | {word})
                with suppress(SizesDiffer):  # two sizes with names of their own
                    if word != "positive":
                        scope.sizes.tie(*dims)
                    yield Hint(f" if {name} is {word}", None), self.read(scope, self.text)

    def changed(self, number: int) -> Found:
        """The edits of a side."""
        return self.edited(number, edits(self.text, self.sides, number, *self.names))

    def lacking(self, number: int) -> Found:
        """What a side may lack: a factor or a term; where the answer needs the remark "(no sum)", the same
        and the edits with it."""
        factors, terms, fixed = self.truth(number)
        known = tensors(self.scope, sorted(used_letters(*self.sides)), self.differentials)
        found = added(self.text, self.sides[number], [*factors, *self.written, *known], terms)
        again = remarks(self.text, self.chain, () if self.chain.no_sum else fixed)
        yield from turns(self.edited(number, found), *(self.with_remark(edit, number) for edit in again))

    def with_remark(self, edit: Edit, number: int) -> Found:
        """The edits of a side, and what it may lack, in a text that got a remark."""
        other = replace(self, text=edit.text, chain=chains(edit.text)[self.place])
        tail = edit.text[self.chain.sides[-1].span.stop :]
        for hint, claim in turns(other.changed(number), other.lacking(number)):
            yield replace(hint, text=hint.text + tail), claim

    def edited(self, number: int | None, found: Iterable[Edit]) -> Found:
        """What to say of each edit that can be read; with ``number``, of a side."""
        for edit in found:
            claim = self.read(self.scope, edit.text)
            says = f" with {edit.says}"
            if claim is not None and number is not None:
                at = claim.right if number else claim.left
                says += ":  " + " ".join(edit.text[sized(edit.text, at.start) : at.stop].split())
            yield Hint(says, edit.span), claim

    def rows(self) -> Found:
        """A new row, where the middle side of a chain has a new line."""
        middle = self.chain.sides[1:-1]
        for side, place, number in ((self.number, 1, -self.number), (self.number + 1, 0, 0)):
            span = self.chain.sides[side].span
            found = re.compile(r"\n\s*").finditer(self.text, span.start, span.stop)
            for line in found if self.chain.sides[side] in middle else ():
                text, begun = put(self.text, (Span(*line.span()), r" \\ ")), Span(line.end(), span.stop)
                hint = Hint(rf" with \\ before {self.text[begun.start : begun.stop]}", begun)
                yield hint, self.read(self.scope, text, place, number)

    def orders(self) -> Iterator[Edit]:
        """An order at the end of the chain: equal but for higher powers of one differential."""
        end = self.chain.sides[-1].span.stop
        for name, symbol in self.scope.symbols.items() if self.differentials else ():
            if isinstance(symbol, Variable) and not symbol.dims:
                order = f" + O(d{name}^2)"
                yield Edit(order[3:] + " added", put(self.text, (Span(end, end), order)), Span(end - 1, end))

    def read(self, scope: Scope, text: str, place: int = 0, number: int = 0) -> Claim | None:
        """The same relation in a text that was edited, if there is one; or one so many places on."""
        try:
            found, at = chains(text), self.place + place
            half = len(found) // 2 if r"\pm" in text or r"\mp" in text else 0
            numbers, at_number = dict.fromkeys((at, (at + half) % max(1, len(found)))), self.number + number
            one, *twin = (read(scope, text, found[n], at_number, self.wrt, advise=False) for n in numbers)
            self.twins.update((one.relation, t.relation) for t in twin if one.relation and t.relation)
            return one
        except (IdxcalcError, IndexError):
            return None

    def truth(self, number: int) -> tuple[list[str], list[str], tuple[str, ...]]:
        """What a side may lack: factors and terms of what the other side is when worked out, and the
        difference of the sides where that is one term; never all of it, the answer would be pasted in.
        And the letters that would not be summed."""
        claimed, other = self.ends[:: 1 - 2 * number] or (ZERO, ZERO)
        if isinstance(other, Ref):
            other = opened(other)
        elif isinstance(other, Call) and other.function.body and not (other.derivs or other.lifted):
            other = called(other)
        with suppress(IdxcalcError):
            truth, gap = worked_out(other), worked_out(Add((other, Mul((MINUS_ONE, claimed)))))
            claimed = worked_out(claimed)
            same = dict.fromkeys((d.left, d.right) for d in walk(truth) if isinstance(d, Delta))
            swaps = [{a: b, b: a} for a, b in same if isinstance(a, Index) and isinstance(b, Index)]
            texts = [write(substitute(truth, swap)) for swap in ({}, *swaps)]
            found = [written(text, chains(text)[-1].sides, *self.names) for text in texts]
            factors, terms = ([text for each in found for text in each[n]] for n in (0, 1))
            one = not any(isinstance(part, Add) for part in walk(gap))
            single = one and term_count(truth) == term_count(claimed) + 1
            if ZERO not in (truth, claimed):
                return factors, [write(gap)] * single + terms, no_sum_letters(truth)
        return [], [], ()


def turns(*streams: Iterable[tuple[Hint, Claim | None]]) -> Found:
    """One of each in turn, until all are at their end."""
    for found in zip_longest(*streams):
        yield from filter(None, found)


def differ(relation: Relation) -> bool:
    """Whether one batch of samples tells the sides apart, their derivatives worked out: much cheaper than a
    proof that fails."""
    left, right = differentiate(relation.left), differentiate(relation.right)
    case = Case(replace(relation, left=left, right=right))
    batch = Round(0, "plain", case.fitting(0, wishes(case.ranges)[0]))
    return bool((case.run(batch).errors > TOLERANCE).any())


def asked(expr: Expr) -> bool:
    """Whether a side was asked for: a derivative, or a name alone."""
    return isinstance(expr, Ref | Call) or differentiates(expr)


def nested(part: Part) -> int:
    """How many derivatives act one upon the other."""
    own = len(part.derivs) if isinstance(part, Call) else isinstance(part, Deriv | Diff)
    return own + max(map(nested, children(part)), default=0)


def differentiates(expr: Expr) -> bool:
    """Whether a derivative is written in an expression; ``dx`` alone is none."""
    found = [part for part in walk(expr) if isinstance(part, Deriv | Diff)]
    return any(isinstance(part, Deriv) or not isinstance(part.body, Component) for part in found)


def callables(scope: Scope) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """The names of functions of one real, of other functions, and of definitions."""
    symbols = scope.symbols.items()
    scalars = frozenset(n for n, s in symbols if isinstance(s, Function) and s.params == ((),))
    others, defined = (frozenset(n for n, s in symbols if isinstance(s, k)) for k in (Function, Definition))
    return scalars, others - scalars, defined


def tensors(scope: Scope, letters: list[str], differentials: bool) -> Iterator[str]:
    """What is known, with letters of the relation for its indices; the least first, and one over a number."""
    shapes = {r"\delta": (2, 0)} | dict.fromkeys(scope.size_names, (0, 0))
    for name, symbol in scope.symbols.items():
        match symbol:
            case Function(_, out, (own, *_)) if own:
                shapes[name] = (len(out), len(own))
            case Function(_, ()) if differentials:
                shapes[f"d{name}"] = (0, 0)
            case Variable() | Definition():
                varies, shape = differentials and isinstance(symbol, Variable), (len(dims_of(symbol)), 0)
                shapes |= {f"d{name}": shape, name: shape} if varies else {name: shape}
    for name, (rank, order) in sorted(shapes.items(), key=lambda s: sum(s[1])):
        for slots in permutations(letters, rank + order) if rank + order <= 2 else ():
            sub = "".join(slots[:rank]) + ("," if order else "") + "".join(slots[rank:])
            yield f"{name}_{sub}" if len(sub) == 1 else f"{name}_{{{sub}}}" if sub else name
        if not rank + order:
            yield rf"\frac{{1}}{{{name}}}"
