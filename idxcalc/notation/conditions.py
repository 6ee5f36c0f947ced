"""Conditions on indices and on values, Iverson's bracket, and values by cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from idxcalc.expr import ZERO, All, Cases, Compare, Condition, Expr, Index, Match, Slot
from idxcalc.notation import names
from idxcalc.notation.parts import Factor, variables
from idxcalc.notation.tree import Choice, Number, SumOf, Test

if TYPE_CHECKING:
    from idxcalc.notation.reader import Reader

_OPPOSITES = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


def tested(reader: Reader, tests: Sequence[Test]) -> tuple[Condition, list[Factor]]:
    """Comparisons of indices or of values."""
    found: list[Condition] = []
    terms: list[Factor] = []
    for test in tests:
        pair = test.left, test.right
        if test.op in ("=", "!=") and _of_indices(reader, *map(letter, pair)):
            dim = reader.scope.sizes.fresh()
            slots = []
            for name, tree in zip(map(letter, pair), pair, strict=True):
                token = int(name) if name.isdigit() else name
                slot, places = reader.slot(token, dim, "the condition", tree.span)
                slots.append(slot)
                terms.append(Factor(ZERO, places, tree.span))
            found.append(Match(slots[0], slots[1], test.op == "="))
        elif _of_indices(reader, *map(letter, pair)):
            raise reader.fail(r"indices are compared by = and \neq only", test.span)
        else:
            left, right = (reader.sum(tree) for tree in pair)
            reader.joined((left, right))
            terms += (left, right)
            found.append(Compare(test.op, left.expr, right.expr))
    return (found[0] if len(found) == 1 else All(tuple(found))), terms


def letter(tree: SumOf) -> str:
    """The one letter (or digit) that a side of a condition consists of."""
    item = tree.only
    if item is None or not item.bare:
        return ""
    if isinstance(item.atom, Number) and item.atom.value.denominator == 1:
        return str(item.atom.value)
    return item.primed if item.name else ""


def _of_indices(reader: Reader, left: str, right: str) -> bool:
    letters = [name for name in (left, right) if not name.isdigit()]
    used = {*reader.letters_used, *reader.fixed}
    return bool(left and right and letters) and all(n in used or names.is_letter(reader, n) for n in letters)


def choice(reader: Reader, atom: Choice) -> Factor:
    """By cases; the values and the letters of their conditions count like a factor."""
    branches: list[tuple[Condition, Expr]] = []
    otherwise: Expr | None = None
    values: list[Factor] = []
    terms: list[Factor] = []
    for branch in atom.branches:
        values.append(reader.side(branch))
        if branch.tests:
            condition, letters = tested(reader, branch.tests)
            terms += letters
            branches.append((condition, values[-1].expr))
        else:
            otherwise = values[-1].expr
    reader.joined(values)
    if otherwise is None and _opposite([c for c, _ in branches]):
        otherwise = branches.pop()[1]  # the last condition holds wherever the others do not
    if otherwise is None:
        raise reader.fail("these cases do not cover everything: end with else", atom.span)
    return reader.once(Cases(tuple(branches), otherwise), [*values, *terms], atom.span)


def _opposite(conditions: list[Condition]) -> bool:
    """Whether two conditions are each other's opposite, so that together they cover everything."""
    match conditions:
        case [Match(a, b, equal), Match(c, d, other)]:
            return [*map(_label, (a, b))] == [*map(_label, (c, d))] and equal != other
        case [Compare(op, a, b), Compare(other_op, c, d)] if (a, b) == (c, d):
            # Two strict ones leave out a set of measure zero, unless they compare integers.
            integers = any("integer" in v.traits for side in (a, b) for v in variables(side))
            return _OPPOSITES[op] == other_op or ({op, other_op} == {"<", ">"} and not integers)
    return False


def _label(slot: Slot) -> str:
    return slot.name if isinstance(slot, Index) else str(slot)
