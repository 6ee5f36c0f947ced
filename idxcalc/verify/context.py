"""A context of statements, and what can be asked of it: verdicts, derivatives, programs.

A context grows by declarations and definitions. Each relation is read (`notation`) on a fork of its scope
and judged (`verdict`); a refuted one gets a hint (`hints`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise, zip_longest
from typing import Any

from idxcalc import normal, plan
from idxcalc.calculus import differentiate, worked
from idxcalc.errors import IdxcalcError, Span
from idxcalc.expr import Call, Deriv, Expr, Index, Relation, free, fresh, walk
from idxcalc.notation import declare, relations
from idxcalc.notation.anatomy import Anatomy, anatomy
from idxcalc.notation.parts import dims_of
from idxcalc.notation.scope import Scope
from idxcalc.notation.syntax import Chain
from idxcalc.notation.write import no_sum_letters, write
from idxcalc.verify import hints
from idxcalc.verify.code import check_code
from idxcalc.verify.result import Result, Results
from idxcalc.verify.verdict import verdict, worked_out

ORDER = ("malformed", "refuted", "tested", "proved")
"""The verdicts on relations, the worst first."""


@dataclass(frozen=True)
class Derivation:
    """An expression that the package found: its LaTeX, the way to it, and a function that computes it.

    ``free`` are its free indices in the order of the axes of the computed array. ``origin`` is the formula
    as it was read, with names that may have dropped out since.
    """

    expr: Expr
    free: tuple[Index, ...]
    target: str = ""
    origin: Expr | None = None

    @cached_property
    def lines(self) -> tuple[tuple[str, Expr], ...]:
        """The way from ``origin`` to ``expr``: the rule used, and what it gives."""
        start = self.expr if self.origin is None else self.origin
        lines = (("", start), *worked(start), ("collect", self.expr))
        return tuple(each for last, each in pairwise(lines) if each[1] is not last[1])

    @property
    def steps(self) -> tuple[tuple[str, str], ...]:
        """The same lines, typeset."""
        return tuple((rule, remarked(line)) for rule, line in self.lines)

    def latex(self) -> str:
        """The expression typeset again; it reads back as itself, "(no sum)" included where that is needed."""
        return remarked(self.expr)

    def compile(self, backend: str = "numpy") -> Callable[..., Any]:
        """A function of the variables by keyword; its array has one axis per free index."""
        return plan.compile(self.expr, backend, self.free)

    def _repr_markdown_(self) -> str:
        return f"$${self}$$"

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

    def define(self, text: str, wrt: str = "", where: str = "") -> Results:
        r"""Add definitions, one per row: ``\hat y_i = ...``. Raises `IdxcalcError` and then adds nothing."""
        scope = self.scope.fork()
        added = declare.define(scope, text, relations.targets(scope, wrt), where)
        self.scope = scope
        rows = [(n, span, text[span.start : span.stop].strip()) for n, (_, span) in enumerate(added, 1)]
        return tuple(Result("defined", tex, source=text, span=span, relation=n) for n, span, tex in rows)

    def count(self, text: str) -> int:
        """The number of relations of a statement, found without checking any."""
        return relations.count(text)

    def anatomy(self, text: str, wrt: str = "") -> Anatomy:
        """Where the indices of a statement meet, its sums written out, and the names it uses; nothing of it
        where it cannot be read."""
        try:
            return anatomy(self.scope, text, relations.targets(self.scope, wrt))
        except IdxcalcError:
            return Anatomy()

    # verdicts

    def check(self, text: str, wrt: str = "", seed: int = 0) -> Result:
        """The verdict on a statement: its worst relation, with all of them in ``chain``.

        Never raises for what a formula contains; raises `JudgesDisagree` when proof and samples differ.
        """
        results = self.check_all(text, wrt, seed=seed)
        return replace(min(results, key=lambda r: ORDER.index(r.verdict)), chain=results)

    def check_all(self, text: str, wrt: str = "", only: int | None = None, seed: int = 0) -> Results:
        """One result per relation, in order; with ``only`` just that one (from 1)."""
        try:
            targets = relations.targets(self.scope, wrt)
            found = hints.pairs(text)
            if not found:
                relations.expression(self.scope, text, targets)  # a fault inside is said before this one
                raise IdxcalcError("no relation: expected = between two sides", text, Span(0, len(text)))
        except IdxcalcError as error:
            return (_malformed(error, text),)
        asked = [(n, each) for n, each in enumerate(found, 1) if only in (None, n)]
        return tuple(replace(self._relation(text, *each, targets, seed), relation=n) for n, each in asked)

    def _relation(self, text: str, chain: Chain, number: int, targets: relations.Wrt, seed: int) -> Result:
        try:
            claim = relations.read(self.scope, text, chain, number, targets)
            relation = claim.relation or _answered(claim)
            result = verdict(relation, seed)
        except IdxcalcError as error:
            hint = hints.Search(self.scope, text, chain, number, targets).hint()
            return replace(_malformed(error, text), hint=hint.text if hint else None)
        except RecursionError:
            return _malformed(IdxcalcError("nested too deep to be worked out"), text)
        result = replace(
            result, latex=shown(text, claim.left.start, claim.right.stop), source=text, span=claim.right,
            notes=(*claim.notes, *result.notes), trivial=claim.trivial,
            answer=None if claim.relation else remarked(relation.right),
        )  # fmt: skip
        if result.verdict != "refuted":
            return result
        hint = hints.Search(self.scope, text, chain, number, targets).hint()
        said = [hint.text] if hint else []
        if hints.differentiates(relation.left):
            with suppress(IdxcalcError):
                said.append(f"idxcalc derives:  {remarked(worked_out(relation.left))}")
        span = hint.span if hint and hint.span else claim.right
        return replace(result, hint="\n".join(said) or None, span=span)

    # derivations

    def derive(self, target: str, wrt: str = "") -> Derivation:
        """The derivative, found by the package: a target that shows derivatives is worked out as written,
        one without is differentiated once by ``wrt``. Raises `IdxcalcError`."""
        targets = relations.targets(self.scope, wrt)
        expr, order, settled = relations.expression(self.scope, target, targets)
        if not hints.differentiates(expr) and not any(isinstance(p, Call) and p.derivs for p in walk(expr)):
            if len(settled) != 1:
                raise IdxcalcError("derive by one variable: name it with `wrt`", target, Span(0, len(target)))
            (by,) = settled
            dims = dims_of(by)
            used, slots = {i.name for i in order}, []
            for letter, dim in zip_longest(relations.pattern(wrt)[: len(dims)], dims):
                free_letter = letter is not None and letter not in used
                slots.append(Index(letter, dim) if free_letter else fresh(Index("i", dim), used))
            expr, order = Deriv(expr, by, tuple(slots)), (*order, *slots)
            group = "".join(s.name for s in slots)
            comma = f"({target})_{{,({group})}}" if slots[1:] else f"({target})_{{,{group}}}"
            target = comma if slots else rf"\frac{{\partial}}{{\partial {by.name}}}({target})"
        return Derivation(worked_out(expr), order, target, expr)

    def check_steps(self, target: str, wrt: str = "", only: int | None = None, seed: int = 0) -> Results:
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
                before, text = line, write(line)  # the remark comes once, at the end
        except IdxcalcError as error:
            results.append(_malformed(error, target))
        return tuple(results)

    def expression(self, text: str, wrt: str = "", own: Scope | None = None) -> Derivation:
        """A formula worked out as written; of a chain, its last side.

        Its sizes are tied in ``own``, a fork of the scope if it is not given.
        """
        chain, targets = relations.chains(text)[-1], relations.targets(self.scope, wrt)
        last = chain.sides[-1].span
        remark = "".join(rf" \quad \text{{(no sum on ${letter}$)}}" for letter in chain.no_sum)
        order = relations.letters(self.scope, text, targets)
        side = text[last.start : last.stop] + remark
        expr, axes, _ = relations.expression(self.scope, side, targets, own, bool(chain.ops))
        axes = tuple(sorted(axes, key=lambda i: order.index(i.name) if i.name in order else len(order)))
        target = text[: chain.sides[0].span.stop]
        return Derivation(normal.simplify(differentiate(expr)), axes, target, expr)

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
        scope = self.scope.fork()
        try:
            return check_code(self.expression(text, wrt, scope), scope, text, function, seed)
        except IdxcalcError as error:
            return _malformed(error, text)

    def compile(self, text: str, wrt: str = "", backend: str = "numpy") -> Callable[..., Any]:
        """A function that computes a formula, or the last side of a chain; the axes of its array are the
        free indices in the order of the first side."""
        return self.expression(text, wrt).compile(backend)


def remarked(expr: Expr) -> str:
    """An expression as LaTeX, with "(no sum on ...)" behind it if some letter must stay free."""
    letters = ", ".join(f"${letter}$" for letter in no_sum_letters(expr))
    return write(expr) + (rf" \quad \text{{(no sum on {letters})}}" if letters else "")


def shown(text: str, start: int, stop: int) -> str:
    r"""A stretch of a formula, from the ``\left`` before it to the end of the braces it ends in."""
    start = re.search(r"(\\(left|[bB]igg?l?)\s*)*$", text[:start]).start()  # type: ignore[union-attr]
    while stop < len(text) and text.count("{", start, stop) > text.count("}", start, stop):
        stop += 1
    return " ".join(text[start:stop].split())


def _answered(claim: relations.Claim) -> Relation:
    """A claim with a ``?``, that stands for the other side worked out."""
    assert claim.known is not None
    order = tuple(sorted(free(claim.known), key=lambda i: i.name))
    return Relation(claim.known, worked_out(claim.known), "=", None, None, order)


def _malformed(error: IdxcalcError, text: str) -> Result:
    source = error.source or text
    span = error.span or Span(0, len(source))
    return Result("malformed", error=error.message, source=source, span=span, latex=text)
