"""A context of statements, and the verdict on each relation.

A context grows by declarations and definitions. A relation is read (`notation`), both sides are
differentiated (`calculus`) and compared (`normal`); independently `autodiff` samples it. Proved
needs both; when they disagree, `JudgesDisagree` stops everything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from idxcalc import autodiff, normal, plan
from idxcalc.calculus import differentiate, worked
from idxcalc.errors import IdxcalcError, JudgesDisagree, Span
from idxcalc.evidence import Evidence
from idxcalc.expr import (
    Call, Component, Deriv, Diff, Elementary, Expr, Index, Pow, Ref, Relation, Variable, fresh, substitute,
    walk,
)  # fmt: skip
from idxcalc.notation import declare, relations
from idxcalc.notation.anatomy import Anatomy, anatomy
from idxcalc.notation.scope import Scope
from idxcalc.notation.syntax import Chain
from idxcalc.notation.write import no_sum_letters, tidy, write
from idxcalc.verify import hints
from idxcalc.verify.code import check_code
from idxcalc.verify.result import Counterexample, Result, Verdict


@dataclass(frozen=True)
class Derivation:
    """An expression that the package found: its LaTeX, the way to it, and a function that computes it.

    ``free`` are its free indices in the order of the axes of the computed array. ``origin`` is the formula
    as it was read, with names that may have dropped out since; ``lines`` lead from there to ``expr``.
    """

    expr: Expr
    free: tuple[Index, ...]
    lines: tuple[tuple[str, Expr], ...] = ()
    target: str = ""
    origin: Expr | None = None

    @property
    def steps(self) -> tuple[tuple[str, str], ...]:
        """The way to it: the rule used, and the line that it gives."""
        return tuple((rule, write(line)) for rule, line in self.lines)

    def latex(self) -> str:
        """The expression typeset again; it reads back as itself, "(no sum)" included where that is needed."""
        return remarked(self.expr)

    def compile(self, backend: str = "numpy") -> Callable[..., Any]:
        """A function of the variables by keyword; its array has one axis per free index."""
        return plan.compile(self.expr, backend, self.free)

    def _repr_markdown_(self) -> str:
        return f"$${self.target} = {self.latex()}$$" if self.target else f"$${self.latex()}$$"

    def __str__(self) -> str:
        return f"{self.target} = {self.latex()}" if self.target else self.latex()


@dataclass
class Context:
    r"""Declarations and definitions, and what follows from them.

    >>> ctx = Context(r"x_k, w_{ij}")
    >>> _ = ctx.define(r"y_i = w_{ij}x_j")
    >>> ctx.check(r"y_{i,j} = w_{ij}", wrt="x_j").verdict
    'proved'
    """

    declarations: str = ""
    scope: Scope = field(default_factory=Scope, repr=False)

    def __post_init__(self) -> None:
        if self.declarations:
            self.given(self.declarations)

    def fork(self) -> Context:
        """A copy; what is declared in it stays in it."""
        copy = Context("", self.scope.fork())
        copy.declarations = self.declarations
        return copy

    def given(self, text: str, where: str = "") -> None:
        """Add declarations: ``x_k, y_i constant``. Raises `IdxcalcError` and then adds nothing."""
        scope = self.scope.fork()
        declare.declare(scope, text, where)
        self.scope = scope

    def define(self, text: str, wrt: str = "", where: str = "") -> tuple[Result, ...]:
        r"""Add definitions, one per row: ``\hat y_i = ...``. Raises `IdxcalcError` and then adds nothing."""
        scope = self.scope.fork()
        added = declare.define(scope, text, relations.targets(scope, wrt), where)
        self.scope = scope
        return tuple(
            Result("defined", latex=text[span.start : span.stop].strip(), source=text, span=span, relation=n)
            for n, (_, span) in enumerate(added, 1)
        )

    def count(self, text: str) -> int:
        """The number of relations of a statement, found without checking any."""
        return relations.count(text)

    def anatomy(self, text: str, wrt: str = "") -> Anatomy:
        """Where the indices of a statement meet, its sums written out, and the names it uses. Raises
        `IdxcalcError`."""
        return anatomy(self.scope, text, relations.targets(self.scope, wrt))

    # verdicts

    def check(self, text: str, wrt: str = "", seed: int = 0) -> Result:
        """The verdict on a statement: its worst relation, with all of them in ``chain``.

        Never raises for what a formula contains; raises `JudgesDisagree` when proof and samples differ.
        """
        results = self.check_all(text, wrt, seed=seed)
        order = ("malformed", "refuted", "tested", "proved")
        worst = min(results, key=lambda r: order.index(r.verdict))
        return replace(worst, chain=results)

    def check_all(
        self, text: str, wrt: str = "", only: int | None = None, seed: int = 0
    ) -> tuple[Result, ...]:
        """One result per relation, in order; with ``only`` just that one (from 1)."""
        try:
            targets = relations.targets(self.scope, wrt)
            found = [(chain, number) for chain in relations.chains(text) for number in range(len(chain.ops))]
            if not found:
                raise IdxcalcError(
                    "no relation: expected = between two sides", text, self._fault_first(text, targets)
                )
        except IdxcalcError as error:
            return (self._malformed(error, text),)
        wanted = (
            enumerate(found, 1) if only is None else [(only, found[only - 1])] if only <= len(found) else []
        )
        return tuple(
            replace(self._relation(text, chain, number, targets, seed), relation=n)
            for n, (chain, number) in wanted
        )

    def _fault_first(self, text: str, targets: relations.Targets | None) -> Span:
        """An expression alone is no statement; a fault inside it is said before that."""
        relations.expression(self.scope, text, targets)
        return Span(0, len(text))

    def _malformed(self, error: IdxcalcError, text: str) -> Result:
        source = error.source or text
        return Result(
            "malformed",
            error=error.message,
            source=source,
            span=error.span or Span(0, len(source)),
            latex=text,
        )

    def _relation(
        self, text: str, chain: Chain, number: int, targets: relations.Targets | None, seed: int
    ) -> Result:
        proves = lambda r: verdict(r, seed).verdict == "proved"  # noqa: E731
        try:
            claim = relations.read(self.scope, text, chain, number, targets)
            latex = shown(text, claim.left.start, claim.right.stop)
            if claim.relation is None:
                return self._answer(text, claim, latex, seed)
            result = verdict(claim.relation, seed)
        except IdxcalcError as error:
            result = self._malformed(error, text)
            if not hints.MENDABLE.search(error.message):
                return result
            hint = hints.suggest(self.scope, text, chain, number, targets, proves, hints.BOOKKEEPING)
            return replace(result, hint=hint.text if hint else None)
        except RecursionError:
            return self._malformed(IdxcalcError("nested too deep to be worked out"), text)
        result = replace(
            result, latex=latex, notes=claim.notes, trivial=claim.trivial, source=text, span=claim.right
        )
        if result.verdict != "refuted":
            return result
        hint = hints.suggest(self.scope, text, chain, number, targets, proves)
        if hint is None:
            return replace(result, hint=self._derived(claim))
        return replace(result, hint=hint.text, span=hint.span or result.span)

    def _derived(self, claim: relations.Claim) -> str | None:
        """When the left side is a derivative, what it really is."""
        assert claim.relation is not None
        left = claim.relation.left
        if not any(isinstance(p, Deriv | Diff) for p in walk(left)):
            return None
        try:
            return f"idxcalc derives:  {write(worked_out(left))}"
        except IdxcalcError:
            return None

    def _answer(self, text: str, claim: relations.Claim, latex: str, seed: int) -> Result:
        """Fill in a ``?``: the other side, worked out, and checked against its own meaning."""
        assert claim.known is not None
        evidence = Evidence()
        found = worked_out(claim.known, evidence)
        free = tuple(sorted(relations.free_of(claim.known), key=lambda i: i.name))
        result = verdict(Relation(claim.known, found, "=", None, None, free), seed)
        answer = remarked(found)
        return replace(result, latex=latex, notes=claim.notes, source=text, span=claim.right, answer=answer)

    # derivations

    def derive(self, target: str, wrt: str = "") -> Derivation:
        """The derivative, found by the package: a target that shows derivatives is worked out as written,
        one without is differentiated once by ``wrt``. Raises `IdxcalcError`."""
        targets = relations.targets(self.scope, wrt)
        expr, free, settled = relations.expression(self.scope, target, targets)
        if not any(isinstance(p, Deriv | Diff) for p in walk(expr)) and not _comma(expr):
            if len(settled) != 1:
                raise IdxcalcError("derive by one variable: name it with `wrt`", target, Span(0, len(target)))
            by = settled[0]
            used = {i.name for i in free}
            dims = by.dims if isinstance(by, Variable) else tuple(i.dim for i in by.indices)
            letters = relations.pattern(wrt)
            slots = tuple(
                Index(letters[n], dim)
                if n < len(letters) and letters[n] not in used
                else fresh(Index("i", dim), used)
                for n, dim in enumerate(dims)
            )
            expr, free = Deriv(expr, by, slots), (*free, *slots)
            group = "".join(s.name for s in slots)
            target = f"({target})_{{,{group}}}" if len(slots) < 2 else f"({target})_{{,({group})}}"
        found = worked_out(expr)
        lines = (*worked(expr), ("collect", found))
        before = (expr, *(line for _, line in lines))
        changed = (each for each, last in zip(lines, before, strict=False) if each[1] is not last)
        return Derivation(found, free, tuple(changed), target, expr)

    def check_steps(
        self, target: str, wrt: str = "", only: int | None = None, seed: int = 0
    ) -> tuple[Result, ...]:
        """What `derive` finds, line by line: one result per step, each line held against the one before.

        ``steps`` of a result is the rule and the line it gives, ``source`` the target with its derivative.
        """
        results: list[Result] = []
        try:
            found = self.derive(target, wrt)
            before, text = found.origin or found.expr, found.target
            for number, (rule, line) in enumerate(found.lines, 1):
                latex, steps = f"{text} = {remarked(line)}", ((rule, remarked(line)),)
                if only in (None, number):
                    judged = verdict(Relation(before, line, "=", None, None, found.free), seed)
                    judged = replace(judged, source=found.target, relation=number)
                    results.append(replace(judged, latex=latex, steps=steps))
                before, text = line, write(line)
        except IdxcalcError as error:
            results.append(self._malformed(error, target))
        return tuple(results)

    def expression(self, text: str, wrt: str = "") -> Derivation:
        """A formula worked out as written; of a chain, its last side."""
        chain = relations.chains(text)[-1]
        last = chain.sides[-1].span
        remark = "".join(rf" \quad \text{{(no sum on ${letter}$)}}" for letter in chain.no_sum)
        expr, free, _ = relations.expression(
            self.scope, text[last.start : last.stop] + remark, relations.targets(self.scope, wrt)
        )
        order = {
            name: n
            for n, name in enumerate(relations.letters(self.scope, text, relations.targets(self.scope, wrt)))
        }
        free = tuple(sorted(free, key=lambda i: order.get(i.name, len(order))))
        target = text[: chain.sides[0].span.stop]
        return Derivation(normal.simplify(differentiate(expr)), free, (), target, expr)

    def check_code(self, text: str, function: Callable[..., Any], wrt: str = "", seed: int = 0) -> Result:
        """The author's own NumPy, JAX or PyTorch function against a formula, on fresh sizes and values.

        Its parameters are named as the variables are (`python_name`); it may take definitions, named sizes
        and unknown functions (``sigma``, ``sigma_prime``) too. Its array has one axis per free index, in the
        order of the formula. The result is ``tested`` when it agrees, else ``refuted`` with the component,
        the factor or the transposition in ``error``; ``malformed`` when the function cannot be called so.

        >>> print(Context("x_i").check_code("(x_ix_i)_{,k}", lambda x: x, wrt="x_k"))
        refuted
            (x_ix_i)_{,k}
            the result lacks a factor 2
            at sizes k = 2
        """
        try:
            found = self.expression(text, wrt)
            origin = found.origin or found.expr
            return check_code(found.expr, found.free, origin, self.scope, text, function, seed)
        except IdxcalcError as error:
            return self._malformed(error, text)

    def compile(self, text: str, wrt: str = "", backend: str = "numpy") -> Callable[..., Any]:
        """A function that computes a formula, or the last side of a chain; the axes of its array are the
        free indices in the order of the first side."""
        return self.expression(text, wrt).compile(backend)


def worked_out(expr: Expr, evidence: Evidence | None = None) -> Expr:
    """An expression with its derivatives worked out, written as people write it."""
    return tidy(normal.folded(normal.simplify(differentiate(expr, evidence)), expr))


def remarked(expr: Expr) -> str:
    """An expression as LaTeX, with "(no sum on ...)" behind it if some letter must stay free."""
    letters = no_sum_letters(expr)
    named = ", ".join(f"${letter}$" for letter in letters)
    return write(expr) + (rf" \quad \text{{(no sum on {named})}}" if letters else "")


def shown(text: str, start: int, stop: int) -> str:
    r"""A stretch of a formula, from the ``\left`` before it to the end of the braces it ends in."""
    start = re.search(r"(\\(left|[bB]igg?l?)\s*)*$", text[:start]).start()  # type: ignore[union-attr]
    while stop < len(text) and text.count("{", start, stop) > text.count("}", start, stop):
        stop += 1
    return " ".join(text[start:stop].split())


def _comma(expr: Expr) -> bool:
    return any(isinstance(p, Call) and p.derivs for p in walk(expr))


def verdict(relation: Relation, seed: int = 0) -> Result:
    """The verdict on a relation: two judges that share no rule, and an error when they disagree."""
    evidence = Evidence()
    proof, limit = False, None
    if relation.op == "=":
        try:
            left, right = differentiate(relation.left, evidence), differentiate(relation.right, evidence)
            proof = normal.equal(left, right, evidence, relation.condition, relation.order)
        except IdxcalcError as error:
            limit = error.message
    seen = autodiff.judge(relation, seed)
    if seen.agrees is None:
        raise IdxcalcError(f"{seen.reason}{_positive(relation)}")
    if proof and not seen.agrees:
        raise JudgesDisagree(_reproducer(relation, seen, seed))
    proved = (proof or relation.op == "!=") and seen.agrees
    word: Verdict = "refuted" if not seen.agrees else "proved" if proved else "tested"
    example = seen.counterexample
    return Result(
        word,
        max_error=seen.max_error,
        trials=seen.trials,
        counterexample=None
        if example is None
        else Counterexample(**{k: getattr(example, k) for k in _FIELDS}),
        rules=tuple(evidence.rules) if proof else (),
        assumptions=tuple(said(*a) for a in evidence.assumptions) if proof else (),
        sizes=seen.sizes,
        snippet=Snippet(relation, seed),
        notes=() if limit is None or proof else (f"no proof tried to the end: {limit}",),
    )


_FIELDS = ("sizes", "component", "left", "right", "values")


@dataclass(frozen=True)
class Snippet:
    """The program that checks a relation with jax alone; written when it is asked for."""

    relation: Relation = field(repr=False)
    seed: int = 0

    def __str__(self) -> str:
        return autodiff.snippet(self.relation, self.seed)

    def __bool__(self) -> bool:
        return True


def said(text: str, about: object) -> str:
    """An assumption in words; letters that the normal form made up get names."""
    if about is None:
        return text
    expr: Expr = about  # type: ignore[assignment]
    used = {i.name for i in relations.free_of(expr) if i.name.isalpha()}
    made = {i: fresh(i, used) for i in sorted(relations.free_of(expr), key=str) if not i.name.isalpha()}
    return text % write(tidy(substitute(expr, made)))


def _positive(relation: Relation) -> str:
    """The declaration that may be missing when no sample lies in the domain."""
    found = [
        c.variable.name
        for side in (relation.left, relation.right)
        for part in walk(side)
        if isinstance(part, Elementary | Pow)
        for c in _inside(part)
        if "positive" not in c.variable.traits
    ]
    return f"; declare `{found[0]} positive`?" if found else ""


def _inside(part: Expr) -> Iterator[Component]:
    for inner in walk(part):
        if isinstance(inner, Component):
            yield inner
        elif isinstance(inner, Ref):
            yield from _inside(inner.definition.body)


def _reproducer(relation: Relation, seen: autodiff.Judgement, seed: int) -> str:
    return (
        "the normal form proves what autodiff refutes; this is a defect of idxcalc, please report it:\n"
        f"    {write(relation.left)} = {write(relation.right)}\n"
        f"    sizes {seen.sizes[:1]}, seed {seed}, largest error {seen.max_error:.3g}"
    )
