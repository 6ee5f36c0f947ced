"""One formula at each stage of its way: text, tokens, expression, derivatives, normal form, samples, verdict.

What is shown is what the rooms really hand on; nothing is computed here that a verdict does not compute.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass

from idxcalc import autodiff, normal
from idxcalc.calculus import differentiate
from idxcalc.evidence import Evidence
from idxcalc.expr import Component, Delta, Expr, Num, Ref, Relation
from idxcalc.notation import relations
from idxcalc.notation.lexer import lex
from idxcalc.notation.write import tidy, write
from idxcalc.verify.context import Context
from idxcalc.verify.hints import pairs

Stage = tuple[str, str]


def explain(context: Context, text: str, wrt: str = "") -> list[Stage]:
    r"""The stages of ``text``, a relation or an expression: (name, what it is there). Raises `IdxcalcError`.

    >>> stages = dict(explain(Context("x_i"), r"(x_ix_i)_{,k}", "x_k"))
    >>> stages["normal form"]
    '2x_k'
    """
    words = (text[token.span.start : token.span.stop] for token in lex(text))
    found = [("tokens", "  ".join(word for word in words if word.strip()))]
    targets = relations.targets(context.scope, wrt)
    chains = pairs(text)
    if not chains:
        expr, order, _ = relations.expression(context.scope, text, targets)
        worked = Relation(expr, differentiate(expr), "=", None, None, order)
        return [*found, *_sides({"": expr}), _samples(worked)]
    for number, (chain, which) in enumerate(chains, 1):
        claim = relations.read(context.scope, text, chain, which, targets)
        if len(chains) > 1:
            found.append((f"relation {number}", text[claim.left.start : claim.right.stop].strip()))
        if claim.relation is not None:
            found += _sides({"left": claim.relation.left, "right": claim.relation.right})
            found.append(_samples(claim.relation))
        elif claim.known is not None:
            found += _sides({"": claim.known})
        (result,) = context.check_all(text, wrt, number)
        found.append(("verdict", "\n".join([result.head(), *(line[4:] for line in result.body())])))
    return found


def _sides(sides: dict[str, Expr]) -> list[Stage]:
    evidence = Evidence()
    worked = {name: differentiate(side, evidence) for name, side in sides.items()}
    simple = {name: normal.simplify(side) for name, side in worked.items()}
    rules = f"rules: {', '.join(evidence.rules)}" if evidence.rules else "nothing to differentiate"
    return [
        ("expression", _lines(sides, tree)),
        (f"calculus ({rules})", _lines(worked, lambda side: write(tidy(side)))),
        ("normal form", _lines(simple, lambda side: write(tidy(side)))),
    ]


def _lines(sides: dict[str, Expr], shown: Callable[[Expr], str]) -> str:
    return "\n".join((f"{name:<6} " if name else "") + shown(side) for name, side in sides.items())


def _samples(relation: Relation) -> Stage:
    seen = autodiff.judge(relation)
    if seen.agrees is None:
        return "autodiff", seen.reason
    word = "agrees" if seen.agrees else "differs"
    return "autodiff", f"{word}; {seen.trials} samples, largest error {seen.max_error:.1e}"


def tree(node: object) -> str:
    r"""An expression with its bound sums and its brackets, on one line.

    >>> from idxcalc.expr import Variable
    >>> x = Component(Variable("x"))
    >>> tree(x)
    'x'
    """
    match node:
        case Component() | Delta() | Ref() | Num():
            return write(node)
        case tuple():
            parts = ", ".join(map(tree, node))
            return parts if len(node) == 1 else f"({parts})"
        case _ if is_dataclass(node) and not hasattr(node, "name"):
            shown = (tree(getattr(node, each.name)) for each in fields(node))
            return f"{type(node).__name__}({', '.join(part for part in shown if part not in ('None', '()'))})"
    return str(getattr(node, "name", node))
