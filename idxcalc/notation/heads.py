"""What declarations and definitions start with: ``w_{ij}``, ``\\sigma(z)``, ``f_j(g_k(x_i))``."""

from __future__ import annotations

from dataclasses import dataclass

from idxcalc.errors import Span
from idxcalc.notation.tokens import IndexToken
from idxcalc.notation.tree import Bracket, Item, SumOf


@dataclass(frozen=True, slots=True)
class Head:
    """A name with index letters, and what stands in brackets behind it (None without brackets)."""

    name: str
    item: Item
    args: tuple[SumOf, ...] | None = None
    bracket: Span = Span(0, 0)

    @property
    def tokens(self) -> tuple[IndexToken, ...]:
        return self.item.sub.tokens if self.item.sub is not None else ()


def head(tree: object) -> Head | None:
    """A formula as a head, if it is one."""
    match tree.items if isinstance(tree, SumOf) else ():
        case [Item(power=None) as item] if item.name:
            return Head(item.primed, item)
        case [Item(power=None) as item, Item(Bracket(_, parts, span)) as behind] if item.name and behind.bare:
            return Head(item.primed, item, parts, span)
    return None
