"""The letters of bound indices: what they may be called, and giving them readable names.

A bound letter never is a free one, one that an enclosing sum or argument binds, a size or a scalar of the
same expression. In a product, the sums of different factors have different letters, so that they may be
written next to each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from idxcalc.expr import (
    Add, Component, Delta, Expr, Index, Lambda, Mul, Part, Ref, Size, Sum, bound_here, children, free, fresh,
    own_slots, rebuild, substitute, walk,
)  # fmt: skip

P = TypeVar("P", bound=Part)


def tidy(expr: Expr, avoid: Iterable[str] = ()) -> Expr:
    """``expr`` with its bound letters renamed to i, j, k, ..., none of them free in it or in ``avoid``.

    >>> from idxcalc.expr import Dim, Variable
    >>> u, i = Index("u", Dim("n")), Index("i", Dim("m"))
    >>> w, x = Variable("w", (i.dim, u.dim)), Variable("x", (u.dim,))
    >>> made = tidy(Sum(u, Mul((Component(w, (i, u)), Component(x, (u,))))))
    >>> made.index.name
    'j'
    """
    return separate(expr, taken(expr) | set(avoid), rename=True)


def taken(*nodes: Part) -> set[str]:
    """What no bound letter may be called: free letters, names of sizes, variables and definitions."""
    found = {index.name for node in nodes for index in free(node)}
    for part in (part for node in nodes for part in walk(node)):
        found |= {i.dim.last for i in (*bound_here(part), *own_slots(part)) if isinstance(i, Index)}
        match part:
            case Size(dim):
                found.add(dim.last)
            case Component(symbol) | Ref(symbol):
                found.add(symbol.name)
    return found


def separate(node: P, used: set[str], rename: bool = False) -> P:
    """``node`` with bound letters outside ``used`` and apart from each other where they would meet.

    A letter that is fine stays, unless all are to be renamed. Products are flattened; a size that nobody
    named becomes the sum of a delta.
    """
    made: Any = node
    match node:
        case Size(dim) if not dim.named:
            index = fresh(Index("i", dim), set(used))
            made = Sum(index, Delta(index, index))
        case Sum() | Lambda():
            pool = set(used) if rename else used | {i.name for i in free(node.body)}
            chosen: dict[Index, Index] = {}
            for index in bound_here(node):
                clash = rename or index.name in used | {i.name for i in chosen.values()}
                chosen[index] = fresh(index, pool) if clash else index
                pool.add(chosen[index].name)
            own = tuple(chosen.values())
            body = separate(substitute(node.body, chosen), used | {i.name for i in own}, rename)
            made = Sum(own[0], body, node.first) if isinstance(node, Sum) else Lambda(own, body)
        case Mul():
            factors: list[Expr] = []
            for factor in flat(node, Mul):
                factors.append(separate(factor, used.union(*map(_summed, factors)), rename))
            made = Mul(tuple(factors))
        case _:
            made = rebuild(node, tuple(separate(part, used, rename) for part in children(node)))
    return made  # type: ignore[no-any-return]


def flat(node: Expr, kind: type[Add] | type[Mul]) -> list[Expr]:
    """The factors of a product (the terms of a sum), those of products in it included."""
    return [one for part in children(node) for one in flat(part, kind)] if isinstance(node, kind) else [node]  # type: ignore[arg-type]


def _summed(node: Expr) -> set[str]:
    """The letters of the sums that stand directly in a factor."""
    if isinstance(node, Sum):
        return {node.index.name} | _summed(node.body)
    return set().union(*map(_summed, node.factors)) if isinstance(node, Mul) else set()
