"""Conditions on indices and on values, Iverson's bracket, and values by cases."""

from __future__ import annotations

from collections.abc import Sequence

from idxcalc.expr import ZERO, Add, All, Cases, Compare, Component, Condition, Expr, Match
from idxcalc.notation import names, reader as reading
from idxcalc.notation.parts import Factor, variables
from idxcalc.notation.tree import Choice, Number, SumOf, Test

_OPPOSITES = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


def tested(reader: reading.Reader, tests: Sequence[Test]) -> tuple[Condition, list[Factor]]:
    """Comparisons of indices or of values."""
    found: list[Condition] = []
    terms: list[Factor] = []
    for test in tests:
        pair = test.left, test.right
        if test.op in ("=", "!=") and _of_indices(reader, *map(letter, pair)):
            dim, slots = reader.scope.sizes.fresh(), []
            for name, side in zip(map(letter, pair), pair, strict=True):
                token = int(name) if name.isdigit() else name
                slot, places = reader.slot(token, dim, "the condition", side.span)
                slots.append(slot)
                terms.append(Factor(ZERO, places, side.span))
            found.append(Match(slots[0], slots[1], test.op == "="))
        elif _of_indices(reader, *map(letter, pair)):
            raise reader.fail(r"indices are compared by = and \neq only", test.span)
        else:
            left, right = (reader.sum(side) for side in pair)
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


def _of_indices(reader: reading.Reader, left: str, right: str) -> bool:
    letters = [name for name in (left, right) if not name.isdigit()]
    used = {*reader.letters_used, *reader.fixed}
    return bool(left and right and letters) and all(n in used or names.is_letter(reader, n) for n in letters)


def choice(reader: reading.Reader, atom: Choice) -> Factor:
    """By cases; the values and the letters of their conditions count like a factor."""
    values = [reader.side(branch) for branch in atom.branches]
    tests = [tested(reader, branch.tests) for branch in atom.branches if branch.tests]
    reader.joined(values)
    conditions = [condition for condition, _ in tests]
    if len(values) == len(conditions) and _opposite(conditions):
        conditions.pop()  # it holds wherever the others do not
    missing = "these cases do not cover everything: end with else"
    reader.refuse(len(values) == len(conditions), missing, atom.span)
    *branches, otherwise = (value.expr for value in values)
    made = Cases(tuple(zip(conditions, branches, strict=True)), otherwise)
    return reader.once(made, [*values, *(term for _, terms in tests for term in terms)], atom.span)


def _opposite(conditions: list[Condition]) -> bool:
    """Whether two conditions are each other's opposite, so that together they cover everything."""
    match conditions:
        case [Match() as one, Match() as two]:
            label, other = ([getattr(s, "name", s) for s in (m.left, m.right)] for m in (one, two))
            return label == other and one.equal != two.equal
        case [Compare(op, a, b), Compare(other_op, c, d)] if (a, b) == (c, d):
            return _OPPOSITES[op] == other_op or ({op, other_op} == {"<", ">"} and _never_tied(a, b))
    return False


def _never_tied(*sides: Expr) -> bool:
    """Whether sides are equal on a set of measure zero only, whatever their indices: one adds a real value of
    which nothing else depends, and that is no argument, for those are anything."""
    terms = [term for side in sides for term in (side.terms if isinstance(side, Add) else (side,))]
    return any(
        isinstance(term, Component)
        and not (term.variable.fixed or term.variable.traits & {"integer", "antisymmetric"})
        and not term.variable.name.endswith(r"^{(\circ)}")
        and term.variable not in set().union(*map(variables, terms[:n] + terms[n + 1 :]))
        for n, term in enumerate(terms)
    )
