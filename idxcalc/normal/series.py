"""Power series in a small differential, for equality up to a total order in it.

Every component of dx counts as first order. With ``a = a_0 + a_1 + ...`` by order,
``F(a)_k = (1/k) \\sum_{j=1}^k j a_j (F'(a))_{k-j}``: one recursion serves powers, known functions (their
derivatives stand in the table), unknown ones, inverses and determinants. A bracket of a condition on
values is constant nearby, except on a set of measure zero.

Invariant: the coefficients contain the components of dx, those of order k in products of total degree k.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import assert_never

from idxcalc.expr import (
    MINUS_ONE, ONE, ZERO, Add, All, Call, Cases, Compare, Component, Condition, Constant, Delta, Deriv,
    Det, Diff, Elementary, Expr, Index, Inverse, Iverson, Lambda, Match, Mul, Num, Pow, Ref, Size, Slot, Sum,
    Variable, at, called, fresh, names, opened,
)  # fmt: skip
from idxcalc.functions import KNOWN
from idxcalc.normal.terms import Undefined

Series = tuple[Expr, ...]


def series(node: Expr, small: Variable, count: int) -> Series:
    """The parts of ``node`` of order 0 to ``count - 1`` in the components of ``small``."""
    if count <= 0:
        return ()
    rest: tuple[Expr, ...] = (ZERO,) * (count - 1)
    match node:
        case Num() | Constant() | Size() | Delta():
            return (node, *rest)
        case Component(variable, _):
            return (ZERO, node, *rest)[:count] if variable is small else (node, *rest)
        case Ref():
            return series(opened(node), small, count)
        case Add(terms):
            orders = [series(t, small, count) for t in terms]
            return tuple(_add(p[k] for p in orders) for k in range(count))
        case Mul(factors):
            result: Series = (ONE, *rest)
            for factor in factors:
                result = _times(result, series(factor, small, count))
            return result
        case Sum(index, body, first):
            return tuple(ZERO if b is ZERO else Sum(index, b, first) for b in series(body, small, count))
        case Pow(base, exponent):
            by_base: Expr = _mul(exponent, ONE if exponent is ONE else Pow(base, _add((exponent, MINUS_ONE))))
            by_exponent = _mul(node, Elementary("log", (base,)))
            power = Pow(_zeroth(base, small), _zeroth(exponent, small))
            return _chain(power, ((base, by_base), (exponent, by_exponent)), small, count)
        case Elementary(name, args):
            value = Elementary(name, tuple(_zeroth(a, small) for a in args))
            pairs = tuple(zip(args, KNOWN[name].derivative(*args), strict=True))
            return _chain(value, pairs, small, count)
        case Call():
            return _call(node, small, count)
        case Inverse(matrix, row, column):
            a, b = _new(matrix.indices, node)
            by = _mul(MINUS_ONE, Inverse(matrix, row, a), Inverse(matrix, b, column))
            flat = Inverse(_flat(matrix, small), row, column)
            return _chain(flat, ((at(matrix, (a, b)), by),), small, count, (a, b))
        case Det(matrix):
            a, b = _new(matrix.indices, node)
            by = _mul(node, Inverse(matrix, b, a))
            return _chain(Det(_flat(matrix, small)), ((at(matrix, (a, b)), by),), small, count, (a, b))
        case Iverson(condition):
            return (Iverson(_still(condition, small)), *rest)
        case Cases(branches, otherwise):
            conditions = [_still(c, small) for c, _ in branches]
            values = [series(v, small, count) for _, v in branches]
            last = series(otherwise, small, count)
            pieces = [tuple(zip(conditions, (v[k] for v in values), strict=True)) for k in range(count)]
            return tuple(Cases(piece, last[k]) for k, piece in enumerate(pieces))
        case Deriv() | Diff():
            raise Undefined


def _add(terms: Iterable[Expr]) -> Expr:
    kept = tuple(t for t in terms if t is not ZERO)
    return ZERO if not kept else kept[0] if len(kept) == 1 else Add(kept)


def _mul(*factors: Expr) -> Expr:
    if ZERO in factors:
        return ZERO
    kept = tuple(f for f in factors if f is not ONE)
    return ONE if not kept else kept[0] if len(kept) == 1 else Mul(kept)


def _times(left: Series, right: Series) -> Series:
    return tuple(_add([_mul(left[j], right[k - j]) for j in range(k + 1)]) for k in range(len(left)))


def _zeroth(node: Expr, small: Variable) -> Expr:
    return series(node, small, 1)[0]


def _flat(argument: Lambda, small: Variable) -> Lambda:
    return Lambda(argument.indices, _zeroth(argument.body, small))


def _still(condition: Condition, small: Variable) -> Condition:
    """A condition with the differential set to 0."""
    match condition:
        case Compare(op, left, right):
            return Compare(op, _zeroth(left, small), _zeroth(right, small))
        case Match():
            return condition
        case All(conditions):
            return All(tuple(_still(c, small) for c in conditions))
        case _:
            assert_never(condition)


def _new(indices: tuple[Index, ...], node: Expr) -> tuple[Index, ...]:
    used = names(node)
    return tuple(fresh(i, used) for i in indices)


def _chain(
    start: Expr,
    parts: Sequence[tuple[Expr, Expr]],
    small: Variable,
    count: int,
    summed: tuple[Index, ...] = (),
) -> Series:
    """The recursion of the module's head: ``parts`` are pairs of an argument and the derivative by it."""
    inner = [(series(a, small, count), by) for a, by in parts]
    moving = [(a, series(by, small, count - 1)) for a, by in inner if any(t is not ZERO for t in a[1:])]
    result: list[Expr] = [start]
    for k in range(1, count):
        terms = [_mul(Num(Fraction(j, k)), a[j], by[k - j]) for a, by in moving for j in range(1, k + 1)]
        value = _add(terms)
        for index in summed:
            value = ZERO if value is ZERO else Sum(index, value)
        result.append(value)
    return tuple(result)


def _call(node: Call, small: Variable, count: int) -> Series:
    if node.lifted:
        if node.derivs:
            raise Undefined
        inner = at(node.args[0], node.out)
        return series(Call(node.function, (), (), (Lambda((), inner),)), small, count)
    if node.function.body is not None and not node.derivs:
        return series(called(node), small, count)
    start: Expr = Call(node.function, node.out, node.derivs, tuple(_flat(a, small) for a in node.args))
    result: list[list[Expr]] = [[start]] + [[] for _ in range(count - 1)]
    for n, argument in enumerate(node.args):
        slots: tuple[Index, ...] = _new(argument.indices, node)
        outer: tuple[Slot, ...] = slots
        by = Call(node.function, node.out, (*node.derivs, (n, outer)), node.args)
        parts = ((at(argument, slots), by),)
        for k, term in enumerate(_chain(start, parts, small, count, slots)[1:], 1):
            result[k].append(term)
    return tuple(_add(terms) for terms in result)
