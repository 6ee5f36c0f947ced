"""The verdict on a relation as read: two judges that share no rule.

Both sides are differentiated (`calculus`) and compared (`normal`); independently `autodiff` samples them.
Proved needs both; when they disagree, `JudgesDisagree` stops everything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from idxcalc import autodiff, normal
from idxcalc.calculus import differentiate
from idxcalc.errors import IdxcalcError, JudgesDisagree
from idxcalc.evidence import Evidence
from idxcalc.expr import Expr, Relation, Variable, free, fresh, hidden, substitute, symbols
from idxcalc.notation.letters import separate, taken
from idxcalc.notation.write import tidy, write
from idxcalc.verify.result import Result, Verdict, sizes


def verdict(relation: Relation, seed: int = 0, example: bool = True, **limit: int) -> Result:
    """The verdict on a relation, with a small counterexample if ``example`` asks for one; ``limit`` as for
    `proved`. Raises `IdxcalcError` where no sample lies in the domain."""
    evidence, stopped = Evidence(), None
    try:
        proof = relation.op == "=" and proved(relation, evidence, **limit)
    except IdxcalcError as error:
        proof, stopped = False, error.message
    seen = autodiff.judge(relation, seed, example)
    if seen.agrees is None:
        raise IdxcalcError(stopped or seen.reason + _advice(relation))
    if proof and not seen.agrees:
        raise JudgesDisagree(
            "the normal form proves what autodiff refutes; this is a defect of idxcalc, please report it:\n"
            f"    {write(relation.left)} = {write(relation.right)}\n"
            f"    sizes {seen.sizes[:1]}, seed {seed}, largest error {seen.max_error:.3g}"
        )
    word: Verdict = "refuted" if not seen.agrees else "proved" if proof or relation.op == "!=" else "tested"
    never = () if relation.condition else tuple(map(sizes, seen.never))
    said = (_said(*each) for each in evidence.assumptions)
    return Result(
        word,
        max_error=seen.max_error if relation.op == "=" else None,  # how far ≠ is from = is no error
        trials=seen.trials,
        counterexample=seen.counterexample,
        rules=tuple(evidence.rules) if proof else (),
        assumptions=tuple(dict.fromkeys((*_declared(relation), *said))) if proof else (),
        sizes=seen.sizes,
        snippet=Snippet(relation, seed),
        notes=(f"no samples at {' or '.join(never)}",) * bool(never)
        + (f"no proof tried to the end: {stopped}",) * (stopped is not None),
    )


def proved(relation: Relation, evidence: Evidence | None = None, **limit: int) -> bool:
    """Whether both sides have one normal form; raises `IdxcalcError` where that would grow too large, with
    ``most`` the products of terms that are tried."""
    left, right = differentiate(relation.left, evidence), differentiate(relation.right, evidence)
    return normal.equal(left, right, evidence, relation.condition, relation.order, **limit)


def worked_out(expr: Expr) -> Expr:
    """An expression with its derivatives worked out, written as people write it."""
    found = normal.simplify(differentiate(expr, None, normal.neat), expr)
    return separate(found, taken(found))


@dataclass(frozen=True)
class Snippet:
    """The program that checks a relation with jax alone; written when it is asked for."""

    relation: Relation = field(repr=False)
    seed: int = 0

    def __str__(self) -> str:
        return autodiff.snippet(self.relation, self.seed)


def _declared(relation: Relation) -> list[str]:
    """What was declared of the values that stand in a relation, also where no step of the proof used it."""
    known = (each for each in symbols(relation.left) | symbols(relation.right) if not hidden(each.name))
    traits = {f"{each.name} {trait}" for each in known for trait in getattr(each, "traits", ())}
    return sorted(each for each in traits if not each.endswith(" constant"))


def _said(text: str, about: Any) -> str:
    """An assumption in words; letters that the normal form made up get names."""
    if about is None:
        return text
    letters = sorted(free(about), key=str)
    used = {i.name for i in letters if i.name.isalpha()}
    return text % write(tidy(substitute(about, {i: fresh(i, used) for i in letters if not i.name.isalpha()})))


def _advice(relation: Relation) -> str:
    """The declaration that stands in the way when no sample lies in the domain: others are drawn with both
    signs, and with one."""
    inside = symbols(relation.left) | symbols(relation.right)
    names = sorted(s.name for s in inside if isinstance(s, Variable) and "negative" in s.traits)
    return f"; declare `{names[0]} positive`?" if names else ""
