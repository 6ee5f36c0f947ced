"""The comma: derivatives of an expression or a defined name by the statement's variables.

Its letters are only a pattern: how many indices a derivative has decides by which variable it is. (A declared
function's own comma is by its slot and belongs to `calls`; only the check of its groups is here.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from idxcalc.expr import Definition, Deriv, Variable
from idxcalc.notation.parts import Factor, Place
from idxcalc.notation.tokens import MAX_ORDER, Group, Subscript
from idxcalc.notation.tree import Bracket, Item, Name

if TYPE_CHECKING:
    from idxcalc.notation.reader import Reader

Target = Variable | Definition


def rank(target: Target) -> int:
    """How many indices one derivative by the target has."""
    return len(target.dims if isinstance(target, Variable) else target.indices)


def check_group(reader: Reader, group: Group, size: int, sub: Subscript) -> None:
    """A derivative index in a place of ``size`` slots."""
    if group.bracketed and len(group.indices) != size and size != 1:
        raise reader.fail(f"one derivative here has {size} indices, not {len(group.indices)}", group.span)
    if not group.bracketed and size > 1:
        letters = "".join(str(t.value) for g in sub.after or () for t in g.indices)
        many = len(sub.after or ())
        counted = {2: "two derivatives by a vector", 3: "three derivatives by a vector"}.get(
            many, "a derivative by a vector"
        )
        raise reader.fail(f"{counted}; by a matrix entry it is `f_{{,({letters})}}`", group.span)
    if size == 0:
        raise reader.fail(
            "by a number there is no index: write a prime or \\frac{\\partial ...}{\\partial ...}", group.span
        )


def commas(reader: Reader, factor: Factor, sub: Subscript | None, item: Item) -> Factor:
    """The derivatives behind the comma of ``sub``, each by the `wrt` variable that it fits."""
    if sub is None or sub.after is None:
        if sub is not None and sub.before and isinstance(item.atom, Bracket):
            raise reader.fail("a bracket has no indices of its own", sub.span)
        return factor
    if len(sub.after) > MAX_ORDER:
        raise reader.fail(f"more than {MAX_ORDER} derivatives", sub.span)
    term = reader.closed([factor], factor.span)
    expr = term.expr
    places: list[tuple[str, Place]] = list(term.letters.items())
    for group in sub.after:
        target = chosen(reader, group, sub, item)
        dims = target.dims if isinstance(target, Variable) else tuple(i.dim for i in target.indices)
        slots, found = reader.slots((group,), dims, target.name, group.span)
        expr = Deriv(expr, target, slots)
        places += found
    return Factor(expr, tuple(places), factor.span | sub.span)


def chosen(reader: Reader, group: Group, sub: Subscript, item: Item) -> Target:
    """The variable that a comma index (or group) differentiates by."""
    if not reader.wrt:
        raise reader.fail("no variable to differentiate by: name it with `wrt`", sub.span)
    size = len(group.indices)
    fitting = [t for t in reader.wrt if rank(t) == size and (group.bracketed or size == 1)]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        for target in reader.wrt[:1]:
            check_group(reader, group, rank(target), sub)
        raise reader.fail("no variable of the statement has that many indices", group.span)
    names = " or by ".join(t.name for t in fitting)
    top = item.atom.text if isinstance(item.atom, Name) else "..."
    letters = "".join(str(t.value) for t in group.indices)
    bottom = f"{fitting[0].name}_{letters if size == 1 else '{' + letters + '}'}"
    raise reader.fail(f"by {names}? write `\\frac{{\\partial {top}}}{{\\partial {bottom}}}`", group.span)
