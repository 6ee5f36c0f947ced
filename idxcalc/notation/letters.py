"""The letters of bound indices: what they may be called, and giving them readable names.

A bound letter never is a free one, one that an enclosing sum or argument binds, a size or a scalar of the
same expression. In a product, the sums of different factors have different letters, so that they may be
written next to each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

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
    found: set[str] = set()
    for node in nodes:
        found |= {index.name for index in free(node)}
        for part in walk(node):
            indices = (*bound_here(part), *(s for s in own_slots(part) if isinstance(s, Index)))
            found |= {i.dim.last for i in indices}
            if isinstance(part, Size):
                found.add(part.dim.last)
            elif isinstance(part, Component):
                found.add(part.variable.name)
            elif isinstance(part, Ref):
                found.add(part.definition.name)
    return found


def separate(node: P, used: set[str], rename: bool = False) -> P:
    """``node`` with bound letters outside ``used`` and apart from each other where they would meet.

    A letter that is fine stays, unless all are to be renamed. Products are flattened; a size that nobody
    named becomes the sum of a delta.
    """
    return _separate(node, used, rename)  # type: ignore[return-value]


def _separate(node: Part, used: set[str], rename: bool) -> Part:
    match node:
        case Size(dim) if not dim.named:
            index = fresh(Index("i", dim), set(used))
            return Sum(index, Delta(index, index))
        case Sum() | Lambda():
            pool = set(used) if rename else used | {i.name for i in free(node.body)}
            chosen: dict[Index, Index] = {}
            for index in bound_here(node):
                clash = rename or index.name in used or index.name in {i.name for i in chosen.values()}
                chosen[index] = fresh(index, pool) if clash else index
                pool.add(chosen[index].name)
            body: Expr = _separate(  # type: ignore[assignment]
                substitute(node.body, chosen), used | {i.name for i in chosen.values()}, rename
            )
            if isinstance(node, Sum):
                return Sum(chosen[node.index], body, node.first)
            return Lambda(tuple(chosen.values()), body)
        case Mul():
            made: list[Expr] = []
            so_far = set(used)
            for factor in flat(node, Mul):
                made.append(_separate(factor, so_far, rename))  # type: ignore[arg-type]
                so_far |= summed(made[-1])
            return Mul(tuple(made))
        case _:
            return rebuild(node, tuple(_separate(part, used, rename) for part in children(node)))


def flat(node: Expr, kind: type[Add] | type[Mul]) -> list[Expr]:
    """The factors of a product (the terms of a sum), those of products in it included."""
    return [one for part in children(node) for one in flat(part, kind)] if isinstance(node, kind) else [node]  # type: ignore[arg-type]


def summed(node: Expr) -> set[str]:
    """The letters of the sums that stand directly in a factor."""
    if isinstance(node, Sum):
        return {node.index.name} | summed(node.body)
    return set().union(*map(summed, node.factors)) if isinstance(node, Mul) else set()
