"""Conditions on indices and on values, Iverson's bracket, and values by cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idxcalc.errors import Span
from idxcalc.expr import ZERO, All, Cases, Compare, Condition, Expr, Index, Iverson, Match, Slot
from idxcalc.notation.depends import variables
from idxcalc.notation.parts import Factor, Term
from idxcalc.notation.tree import Choice, Item, Name, Number, SumOf, Test
from idxcalc.notation.unknown import is_letter

if TYPE_CHECKING:
    from idxcalc.notation.reader import Reader


def iverson(reader: Reader, tests: tuple[Test, ...], span: Span) -> Factor:
    condition, terms = tested(reader, tests)
    return reader.once(Iverson(condition), terms, span)


def tested(reader: Reader, tests: tuple[Test, ...]) -> tuple[Condition, list[Term]]:
    """Comparisons of indices or of values."""
    found: list[Condition] = []
    terms: list[Term] = []
    for test in tests:
        left, right = _letter(test.left), _letter(test.right)
        if is_index(reader, left, right) and left and right and test.op in ("=", "!="):
            dim = reader.scope.sizes.fresh()
            slots = []
            for side, tree in ((left, test.left), (right, test.right)):
                token = int(side) if side.isdigit() else side
                slot, places = reader.slot(token, dim, "the condition", tree.span)
                slots.append(slot)
                terms += [Term(ZERO, {name: place}, tree.span) for name, place in places]
            found.append(Match(slots[0], slots[1], test.op == "="))
        else:
            pair = reader.sum(test.left), reader.sum(test.right)
            reader.joined(list(pair))
            terms += pair
            found.append(Compare(test.op, pair[0].expr, pair[1].expr))
    return (found[0] if len(found) == 1 else All(tuple(found))), terms


def is_index(reader: Reader, left: str | None, right: str | None) -> bool:
    names = [name for name in (left, right) if name is not None and not name.isdigit()]
    used = reader.letters_used.keys() | reader.fixed.keys()
    return bool(names) and all(n in used or is_letter(reader, n) for n in names)


def choice(reader: Reader, atom: Choice) -> Factor:
    """By cases; the values and the letters of their conditions count like a factor."""
    branches: list[tuple[Condition, Expr]] = []
    otherwise: Expr | None = None
    values: list[Term] = []
    terms: list[Term] = []
    for value, tests in atom.branches:
        term = reader.sum(value)
        values.append(term)
        if tests:
            condition, letters = tested(reader, tests)
            terms += letters
            branches.append((condition, term.expr))
        else:
            otherwise = term.expr
    reader.joined(values)
    if (
        otherwise is None
    ):  # the last condition must be the others' opposite: it is checked nowhere, so take its value
        otherwise = branches.pop()[1] if _opposite([c for c, _ in branches]) else None
    if otherwise is None:
        raise reader.fail("these cases do not cover everything: end with else", atom.span)
    return reader.once(Cases(tuple(branches), otherwise), [*values, *terms], atom.span)


def _letter(tree: SumOf) -> str | None:
    """The one letter (or digit) that a side of a condition consists of."""
    if len(tree.terms) != 1 or tree.terms[0][0] < 0 or len(tree.terms[0][1].items) != 1:
        return None
    item = tree.terms[0][1].items[0]
    if not isinstance(item, Item) or item.sub is not None or item.power is not None:
        return None
    if isinstance(item.atom, Name):
        return item.atom.text + "'" * item.primes
    return (
        str(item.atom.value) if isinstance(item.atom, Number) and item.atom.value.denominator == 1 else None
    )


def _opposite(conditions: list[Condition]) -> bool:
    """Whether two conditions are each other's opposite, so that together they cover everything."""
    opposites = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
    match conditions:
        case [Match(a, b, equal), Match(c, d, other)]:
            return tuple(map(_label, (a, b))) == tuple(map(_label, (c, d))) and equal != other
        case [Compare(op, a, b), Compare(other_op, c, d)]:
            # These leave out a set of measure zero, unless they compare integers.
            almost = {(">", "<"), ("<", ">")} if not (_integer(a) or _integer(b)) else set()
            return (a, b) == (c, d) and (opposites[op] == other_op or (op, other_op) in almost)
    return False


def _integer(value: Expr) -> bool:
    return any("integer" in v.traits for v in variables(value))


def _label(slot: Slot) -> str:
    return slot.name if isinstance(slot, Index) else str(slot)
