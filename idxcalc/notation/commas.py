"""The comma: derivatives of an expression or a defined name by the statement's variables.

Its letters are only a pattern: how many indices a derivative has decides by which variable it is. (A declared
function's own comma is by its slot and belongs to `calls`; only the check of its groups is here.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from idxcalc.expr import Deriv
from idxcalc.notation.parts import Factor, Target, dims_of
from idxcalc.notation.tokens import MAX_ORDER, Group
from idxcalc.notation.tree import Bracket, Item

if TYPE_CHECKING:
    from idxcalc.notation.reader import Reader


def check_group(reader: Reader, group: Group, size: int, groups: Sequence[Group]) -> None:
    """One of the derivative indices ``groups``, in a place of ``size`` slots."""
    if group.bracketed and len(group.indices) != size and size != 1:
        raise reader.fail(f"one derivative here has {size} indices, not {len(group.indices)}", group.span)
    if not group.bracketed and size > 1:
        many = {2: "two derivatives", 3: "three derivatives"}.get(len(groups), "a derivative")
        entry = f"by a matrix entry it is `f_{{,({_letters(groups)})}}`"
        raise reader.fail(f"{many} by a vector; {entry}", group.span)
    if size == 0:
        instead = r"write a prime or \frac{\partial ...}{\partial ...}"
        raise reader.fail(f"by a number there is no index: {instead}", group.span)


def commas(reader: Reader, factor: Factor, item: Item) -> Factor:
    """The derivatives behind the comma of ``item``, each by the `wrt` variable that it fits."""
    groups = item.after
    if groups is None:
        if item.before and isinstance(item.atom, Bracket):
            raise reader.fail("a bracket has no indices of its own", item.sub.span)  # type: ignore[union-attr]
        return factor
    return differentiated(reader, factor, groups, item)


def differentiated(reader: Reader, factor: Factor, groups: Sequence[Group], item: Item) -> Factor:
    """The derivatives of a factor by the indices ``groups`` that ``item`` carries."""
    assert item.sub is not None
    if len(groups) > MAX_ORDER:
        raise reader.fail(f"more than {MAX_ORDER} derivatives", item.sub.span)
    inner = reader.closed([factor], factor.span)
    expr, places = inner.expr, inner.places
    for group in groups:
        target = _chosen(reader, group, groups, item)
        slots, found = reader.slots((group,), dims_of(target), target.name, group.span)
        expr = Deriv(expr, target, slots)
        places += found
    return Factor(expr, places, factor.span | item.sub.span)


def _chosen(reader: Reader, group: Group, groups: Sequence[Group], item: Item) -> Target:
    """The variable that a derivative index (or group) differentiates by."""
    assert item.sub is not None
    if not reader.wrt:
        raise reader.fail("no variable to differentiate by: name it with `wrt`", item.sub.span)
    size = len(group.indices)
    fitting = [t for t in reader.wrt if len(dims_of(t)) == size and (group.bracketed or size == 1)]
    if not fitting:
        check_group(reader, group, len(dims_of(reader.wrt[0])), groups)
        raise reader.fail("no variable of the statement has that many indices", group.span)
    if len(fitting) > 1:
        names, letters = " or by ".join(t.name for t in fitting), _letters([group])
        bottom = f"{fitting[0].name}_{letters if size == 1 else f'{{{letters}}}'}"
        instead = rf"`\frac{{\partial {item.name or '...'}}}{{\partial {bottom}}}`"
        raise reader.fail(f"by {names}? write {instead}", group.span)
    return fitting[0]


def _letters(groups: Sequence[Group]) -> str:
    return "".join(str(t.value) for group in groups for t in group.indices)
