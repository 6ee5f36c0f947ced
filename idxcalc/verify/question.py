"""A derivation as a question: its left side is shown, its right side is asked for.

An answer is right where the derivation holds with it, in the same context, whatever its form; and it must be
worked out: no derivative may be left in it that the known answer has not, and no ``?``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from idxcalc.notation import relations
from idxcalc.verify.context import Context, shown
from idxcalc.verify.hints import differentiates
from idxcalc.verify.result import Result


@dataclass(frozen=True)
class Question:
    """What is asked, ``left``; the known ``answer``; the ``remark`` understood behind an answer: a condition,
    or that no index is summed which is free in the question."""

    context: Context
    wrt: str
    left: str
    answer: str
    remark: str

    def judge(self, text: str) -> Result:
        """The verdict on an answer; one with a remark of its own is taken as it is. What was understood
        behind it is not shown."""
        claim = self._claim(text)
        if text.split() == self.answer.split():
            return Result("proved", latex=claim)
        result = self.context.check(claim, self.wrt)
        stop = len(claim.removesuffix(self.remark))
        if result.span and result.span.stop <= stop:
            result = replace(result, source=claim[:stop])
        if result.span and result.span.start < len(self.left):
            return replace(result, hint=None)  # it would mend the question
        hints = [line for line in (result.hint or "").splitlines() if not line.startswith("idxcalc derives")]
        return replace(result, hint="\n".join(hints) or None)

    def finished(self, text: str) -> bool:
        """Whether an answer that holds is worked out."""
        if text.split() == self.answer.split():
            return True
        asked_back = text.split() == self.left.split() or "?" in text
        return not asked_back and (not self._derivatives(text) or self._derivatives(self.answer))

    def hints(self) -> tuple[str, ...]:
        """What helps with the answer: its shape, then the rules that lead to it."""
        targets = relations.targets(self.context.scope, self.wrt)
        letters = relations.letters(self.context.scope, self.left, targets)
        each = f"one value for each {', '.join(letters)}: these letters are free in the answer"
        rules = ", ".join(self.context.check(self._claim(self.answer), self.wrt).rules)
        return (each if letters else "a number", *[f"rules that lead there: {rules}"] * bool(rules))

    def _claim(self, text: str) -> str:
        return f"{self.left} = {text}" + ("" if r"\text" in text else self.remark)

    def _derivatives(self, text: str) -> bool:
        origin = self.context.expression(self._claim(text), self.wrt).origin
        return origin is not None and differentiates(origin)


def question(context: Context, text: str, wrt: str = "") -> Question:
    r"""The question that a derivation that holds makes: from its first side to its last.

    >>> ctx = Context("x_i, A_{ij}")
    >>> asked = question(ctx, r"(A_{ij}x_ix_j)_{,k} = ?", "x_k")
    >>> asked.left, asked.judge("(A_{ik} + A_{ki})x_i").verdict, asked.judge("2A_{ki}x_i").verdict
    ('(A_{ij}x_ix_j)_{,k}', 'proved', 'refuted')
    """
    chain = relations.chains(text)[-1]
    first, last = chain.sides[0].span, chain.sides[-1]
    answer, remark = shown(text, last.span.start, len(text)), text[last.span.stop :]
    if last.body is None:
        answer = context.check(text, wrt).answer or ""
    if not last.tests:
        free = relations.letters(context.scope, text, relations.targets(context.scope, wrt))
        letters = ", ".join(f"${each}$" for each in dict.fromkeys([*chain.no_sum, *free]))
        remark = rf" \quad \text{{(no sum on {letters})}}" if letters else ""
    return Question(context, wrt, shown(text, first.start, first.stop), answer, remark)
