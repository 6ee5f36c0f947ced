"""What the normal form proves, and what it must never prove; the oracle checks what is true."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracle import KNOWN
from test_normal_random import Signed

from idxcalc.errors import IdxcalcError
from idxcalc.evidence import Evidence
from idxcalc.expr import (
    MINUS_ONE, ONE, ZERO, Add, All, Call, Cases, Compare, Component, Constant, Definition, Delta, Det, Dim,
    Elementary, Function, Index, Inverse, Iverson, Lambda, Match, Mul, Num, Pow, Ref, Size, Sum, Variable,
    free, substitute,
)  # fmt: skip
from idxcalc.normal import equal, simplify
from idxcalc.notation.write import write

KNOWN.setdefault("tan", math.tan)
N, M, FROM_0 = Dim("n"), Dim("m"), Dim("k", 0)
i, j, k, ell = (Index(c, N) for c in "ijkl")
a, b, d = (Index(c, M) for c in "abd")
o = Index("o", FROM_0)
POSITIVE = frozenset({"positive"})
X, Y, A_, B_, Q_ = (Variable(c, (N,) * r) for c, r in (("x", 1), ("y", 1), ("A", 2), ("B", 2), ("Q", 2)))
S_ = Variable("S", (N, N), frozenset({"symmetric"}))
W_ = Variable("W", (N, N), frozenset({"antisymmetric"}))
R_ = Variable("R", (M, N))
H = Variable("h", (FROM_0,), fixed=(((0,), 1),))
V = Variable("v", (FROM_0,))
z, u, t = (Component(Variable(c)) for c in "zut")
p, q = (Component(Variable(c, (), POSITIVE)) for c in "pq")
n = Component(Variable("r", (), frozenset({"constant", "integer"})))
SIGMA = Function("\\sigma", (), ((),))
F = Function("f", (N,), ((N,),))
G = Function("g", (), ((N, N),), POSITIVE)


def x(s):
    return Component(X, (s,))


def y(s):
    return Component(Y, (s,))


def A(*s):
    return Component(A_, s)


def S(*s):
    return Component(S_, s)


def W(*s):
    return Component(W_, s)


def R(*s):
    return Component(R_, s)


def mul(*factors):
    return Mul(factors)


def add(*terms):
    return Add(terms)


def neg(e):
    return Mul((MINUS_ONE, e))


def inv(e):
    return Pow(e, MINUS_ONE)


def power(e, by):
    return Pow(e, Num(by))


def known(name, *args):
    return Elementary(name, args)


def exp(e):
    return known("exp", e)


def log(e):
    return known("log", e)


def INVERSE_A(row, column):
    return Inverse(Lambda((i, j), A(i, j)), row, column)


def total(*given):
    *indices, body = given
    for index in reversed(indices):
        body = Sum(index, body)
    return body


def step(op, left, right=ZERO):
    return Iverson(Compare(op, left, right))


def s(e):
    return inv(add(ONE, exp(neg(e))))


def sigma(e, order=0):
    return Call(SIGMA, (), ((0, ()),) * order, (Lambda((), e),))


Z = total(k, exp(x(k)))
NORM = total(k, mul(x(k), x(k)))
PLAIN = Lambda((i, j), Component(Q_, (i, j)))
GRAM = Lambda((i, j), total(a, mul(R(a, i), R(a, j))))
PRODUCT = Lambda((i, j), total(k, mul(Component(Q_, (i, k)), A(k, j))))
SQUARED = Lambda((i, j), total(k, mul(Component(Q_, (k, i)), Component(Q_, (k, j)))))
TWO = Dim("2")
two = Index("e", TWO)
PAIR = Variable("pair", (TWO,))
MEAN = mul(inv(Size(N)), total(k, x(k)))
SPREAD = add(total(i, power(add(x(i), neg(MEAN)), 2)), p)
RIDGE = Lambda((i, j), add(Component(Q_, (i, j)), mul(p, Delta(i, j))))
BOTH = Lambda((i, j), add(A(i, j), A(j, i)))
PROJECTOR = total(i, j, mul(R(a, i), Inverse(GRAM, i, j), R(b, j)))
TWICE = total(b, mul(PROJECTOR, substitute(PROJECTOR, {b: d, a: b})))
D = total(k, exp(mul(A(i, k), x(k))))
FX = (Lambda((k,), x(k)),)
DOUBLE = add(known("sin", mul(Num(2), z)), mul(Num(-2), known("sin", z), known("cos", z)))  # is 0
BESIDE = add(ONE, neg(step(">", power(z, "1/2"), power(z, 2))))
LAYER = Definition("\\hat y", (i,), sigma(total(k, mul(A(i, k), x(k)))))
SQUARE = Function("q", (), ((),), frozenset(), (Variable("w"),), (), power(Component(Variable("w")), 2))

TRUE = {
    "dummies have no names": (total(i, power(x(i), 2)), total(j, mul(x(j), x(j)))),
    "transposed twice": (total(i, j, mul(x(i), A(i, j), y(j))), total(i, j, mul(y(i), A(j, i), x(j)))),
    "symmetric": (S(i, j), S(j, i)),
    "antisymmetric": (W(i, j), neg(W(j, i))),
    "antisymmetric form": (total(i, j, mul(x(i), W(i, j), x(j))), ZERO),
    "symmetric times antisymmetric": (total(i, j, mul(S(i, j), W(i, j))), ZERO),
    "antisymmetric in an exponent": (
        total(i, j, mul(S(i, j), exp(W(i, j)))), total(i, j, mul(S(i, j), exp(neg(W(i, j))))),
    ),
    "delta": (total(j, mul(Delta(i, j), x(j))), x(i)),
    "delta in an argument": (total(j, mul(Delta(i, j), sigma(x(j)))), sigma(x(i))),
    "free delta": (mul(Delta(i, j), x(j)), mul(Delta(i, j), x(i))),
    "two deltas": (total(j, mul(Delta(i, j), Delta(j, k))), Delta(i, k)),
    "delta, squared": (power(Delta(i, j), 2), Delta(i, j)),
    "trace of delta": (total(i, Delta(i, i)), Size(N)),
    "a range from 0": (total(o, ONE), add(Size(FROM_0), ONE)),
    "component 0 apart": (
        total(o, mul(Component(V, (o,)), Component(H, (o,)))),
        add(Sum(o, mul(Component(V, (o,)), Component(H, (o,))), 1), Component(V, (0,))),
    ),
    "fixed component": (Component(H, (0,)), ONE),
    "product of sums": (mul(total(i, x(i)), total(i, y(i))), total(i, j, mul(x(i), y(j)))),
    "a sum squared": (power(total(i, x(i)), 2), total(i, j, mul(x(i), x(j)))),
    "a bound index under another": (total(i, mul(x(i), total(i, y(i)))), mul(total(j, y(j)), total(i, x(i)))),
    "derivatives commute": (
        Call(F, (k,), ((0, (i,)), (0, (j,))), FX), Call(F, (k,), ((0, (j,)), (0, (i,))), FX),
    ),
    "a Hessian is symmetric": (total(i, j, mul(Call(F, (k,), ((0, (i,)), (0, (j,))), FX), W(i, j))), ZERO),
    "groups commute": (
        Call(G, (), ((0, (i, j)), (0, (k, ell))), (Lambda((i, j), A(i, j)),)),
        Call(G, (), ((0, (k, ell)), (0, (i, j))), (Lambda((i, j), A(i, j)),)),
    ),
    "arguments have no names": (Call(F, (i,), (), FX), Call(F, (i,), (), (Lambda((j,), x(j)),))),
    "equal arguments": (sigma(add(z, u)), sigma(add(u, mul(Num(2), z), neg(z)))),
    "lifted": (
        Call(SIGMA, (i,), (), (Lambda((j,), total(k, mul(A(j, k), x(k)))),)),
        sigma(total(j, mul(A(i, j), x(j)))),
    ),
    "definition": (Ref(LAYER, (j,)), sigma(total(i, mul(A(j, i), x(i))))),
    "function with a body": (
        Call(SQUARE, (), (), (Lambda((), add(z, u)),)), add(mul(z, z), mul(u, add(u, mul(Num(2), z)))),
    ),
    "exponentials merge": (mul(exp(z), exp(u)), exp(add(z, u))),
    "e to the power": (Pow(Constant("e"), z), exp(z)),
    "exponential power": (power(exp(z), 3), exp(mul(Num(3), z))),
    "softmax sums to 1": (total(i, mul(exp(x(i)), inv(Z))), ONE),
    "softmax is shifted": (
        mul(exp(add(x(i), neg(z))), inv(total(k, exp(add(x(k), neg(z)))))), mul(exp(x(i)), inv(Z)),
    ),
    "log of a softmax": (log(mul(exp(x(i)), inv(Z))), add(x(i), neg(log(Z)))),
    "log sum exp is shifted": (log(total(k, exp(add(x(k), u)))), add(u, log(Z))),
    "sigmoid of -z": (s(neg(z)), add(ONE, neg(s(z)))),
    "derivative of the sigmoid": (mul(exp(neg(z)), power(s(z), 2)), mul(s(z), add(ONE, neg(s(z))))),
    "sigmoid, the other fraction": (s(z), mul(exp(z), inv(add(ONE, exp(z))))),
    "tanh by the sigmoid": (known("tanh", z), add(mul(Num(2), s(mul(Num(2), z))), MINUS_ONE)),
    "derivative of tanh": (add(ONE, neg(power(known("tanh", z), 2))), power(known("cosh", z), -2)),
    "tanh under a sum": (
        total(i, mul(y(i), known("tanh", x(i)))),
        total(i, mul(y(i), add(mul(Num(2), s(mul(Num(2), x(i)))), MINUS_ONE))),
    ),
    "sigmoid under a sum": (
        total(i, mul(y(i), s(neg(x(i))))), add(total(i, y(i)), neg(total(i, mul(y(i), s(x(i)))))),
    ),
    "circle": (add(power(known("sin", z), 2), power(known("cos", z), 2)), ONE),
    "derivative of tan": (add(ONE, power(known("tan", z), 2)), power(known("cos", z), -2)),
    "odd and even": (
        mul(known("sin", neg(z)), known("cos", neg(z))), neg(mul(known("cos", z), known("sin", z))),
    ),
    "log of a positive product": (log(mul(p, q)), add(log(p), log(q))),
    "log of a positive quotient": (log(mul(p, inv(q))), add(log(p), neg(log(q)))),
    "log of a power": (log(Pow(p, u)), mul(u, log(p))),
    "log with one positive factor": (log(mul(p, z)), add(log(p), log(z))),
    "log of a positive function": (
        log(mul(p, Call(G, (), (), (Lambda((i, j), A(i, j)),)))),
        add(log(p), log(Call(G, (), (), (Lambda((i, j), A(i, j)),)))),
    ),
    "log exp": (log(exp(z)), z),
    "exp log": (exp(mul(u, log(p))), Pow(p, u)),
    "log 8": (log(Num(8)), mul(Num(3), log(Num(2)))),
    "symbolic powers merge": (mul(Pow(p, u), Pow(p, neg(u)), p), p),
    "integer powers merge": (mul(Pow(z, n), z), Pow(z, add(n, ONE))),
    "integer powers of a product": (Pow(mul(z, u), n), mul(Pow(u, n), Pow(z, n))),
    "root of a square": (power(power(z, 2), "1/2"), known("abs", z)),
    "root of a positive square": (power(power(p, 2), "1/2"), p),
    "root of a root": (power(power(p, "1/2"), "1/2"), power(p, "1/4")),
    "roots merge": (mul(power(z, "1/2"), power(z, "3/2")), mul(power(z, "1/2"), power(z, "1/2"), z)),
    "root of a number": (power(Num(8), "1/2"), mul(Num(2), power(Num(2), "1/2"))),
    "norm": (mul(NORM, power(NORM, "-1/2")), power(NORM, "1/2")),
    "fractions": (add(inv(z), inv(u)), mul(add(z, u), inv(mul(z, u)))),
    "cancelled sum": (mul(add(z, u), inv(add(z, u))), ONE),
    "cancelled factor": (mul(add(mul(z, u), mul(z, t)), inv(mul(z, t))), add(mul(u, inv(t)), ONE)),
    "nested fraction": (inv(add(ONE, inv(z))), mul(z, inv(add(z, ONE)))),
    "a denominator with a dummy": (
        total(i, j, mul(y(i), exp(mul(A(i, j), x(j))), inv(D))), total(i, y(i)),
    ),
    "a sum over a sum": (
        add(*(total(i, mul(y(i), e, inv(add(x(i), y(i))))) for e in (x(i), y(i)))), total(i, y(i)),
    ),
    "maximum by a bracket": (known("max", ZERO, z), mul(z, step(">", z))),
    "maximum and minimum": (add(known("max", x(i), x(j)), known("min", x(j), x(i))), add(x(i), x(j))),
    "absolute value": (known("abs", z), mul(z, add(step(">", z), neg(step("<", z))))),
    "absolute value squared": (power(known("abs", z), 2), power(z, 2)),
    "opposite brackets": (add(step(">", z), step("<", z)), ONE),
    "bracket squared": (power(step(">", z), 2), step(">=", z)),
    "contradiction": (mul(step(">", x(i), x(j)), step("<", x(i), x(j))), ZERO),
    "cases on values": (Cases(((Compare(">", z, ZERO), z),), neg(z)), known("abs", z)),
    "cases on indices": (Cases(((Match(i, j), ONE),), ZERO), Delta(i, j)),
    "cases in order": (
        Cases(((Match(i, j), z), (Match(i, j), u)), t), add(mul(Delta(i, j), z), t, neg(mul(Delta(i, j), t))),
    ),
    "inverse": (total(j, mul(Component(Q_, (i, j)), Inverse(PLAIN, j, k))), Delta(i, k)),
    "inverse on the left": (total(j, mul(Inverse(PLAIN, i, j), Component(Q_, (j, k)))), Delta(i, k)),
    "trace of the identity": (total(i, j, mul(Inverse(PLAIN, i, j), Component(Q_, (j, i)))), Size(N)),
    "transposed inverse": (Inverse(PLAIN, k, ell), Inverse(Lambda((j, i), Component(Q_, (i, j))), ell, k)),
    "symmetric inverse": (Inverse(GRAM, k, ell), Inverse(GRAM, ell, k)),
    "inverse of the inverse": (
        Inverse(Lambda((k, ell), Inverse(PLAIN, k, ell)), i, j), Component(Q_, (i, j)),
    ),
    "inverse of a multiple": (
        Inverse(Lambda((i, j), mul(p, Component(Q_, (i, j)))), i, j), mul(inv(p), Inverse(PLAIN, i, j)),
    ),
    "inverse of a sum": (
        add(total(j, mul(Component(Q_, (i, j)), Inverse(RIDGE, j, k))), mul(p, Inverse(RIDGE, i, k))),
        Delta(i, k),
    ),
    "inverse of the symmetric part": (
        total(j, mul(add(A(i, j), A(j, i)), Inverse(BOTH, k, j))), Delta(i, k),
    ),
    "determinant": (Det(Lambda((j, i), Component(Q_, (i, j)))), Det(PLAIN)),
    "determinant of a product": (Det(PRODUCT), mul(Det(PLAIN), Det(Lambda((i, j), A(i, j))))),
    "determinant of a square": (Det(SQUARED), power(Det(PLAIN), 2)),
    "inverse of a product": (
        Inverse(PRODUCT, i, j), total(k, mul(Inverse(Lambda((i, j), A(i, j)), i, k), Inverse(PLAIN, k, j))),
    ),
    "inverse of three": (
        Inverse(Lambda((i, j), total(k, ell, mul(A(i, k), Component(Q_, (k, ell)), A(ell, j)))), i, j),
        total(k, ell, mul(INVERSE_A(i, k), Inverse(PLAIN, k, ell), INVERSE_A(ell, j))),
    ),
    "log of an absolute value": (log(power(z, 2)), mul(Num(2), log(known("abs", z)))),
    "log of the softened sigmoid": (log(add(ONE, neg(s(z)))), neg(log(add(ONE, exp(z))))),
    "root of a variance": (
        mul(power(SPREAD, "1/2"), power(SPREAD, "1/2")), add(p, total(i, power(add(x(i), neg(MEAN)), 2))),
    ),
    "written out": (total(two, Component(PAIR, (two,))), add(Component(PAIR, (1,)), Component(PAIR, (2,)))),
    "cancelled before expanded": (
        mul(inv(add(ONE, neg(z))), inv(power(add(ONE, mul(z, inv(add(ONE, neg(z))))), 2))), add(ONE, neg(z)),
    ),
    "determinant of a multiple": (
        Det(Lambda((i, j), mul(Num(2), A(i, j)))), mul(Pow(Num(2), Size(N)), Det(Lambda((i, j), A(i, j)))),
    ),
}  # fmt: skip

FALSE = {
    "free names are kept": (A(i, j), A(j, i)),
    "another free index": (x(i), x(j)),
    "a transposed form": (total(i, j, mul(x(i), A(i, j), y(j))), total(i, j, mul(y(i), A(i, j), x(j)))),
    "square of a sum": (power(total(i, x(i)), 2), total(i, power(x(i), 2))),
    "true at size 1": (total(i, j, A(i, j)), total(i, A(i, i))),
    "true at size 2": (
        mul(Num(2), Det(Lambda((i, j), A(i, j)))),
        add(power(total(i, A(i, i)), 2), neg(total(i, j, mul(A(i, j), A(j, i))))),
    ),
    "true at size 3": (total(i, ONE), Num(3)),
    "a trace": (total(i, S(i, i)), S(i, i)),
    "log of a product": (log(mul(z, u)), add(log(z), log(u))),
    "log of a square": (log(power(z, 2)), mul(Num(2), log(z))),
    "exp log, not positive": (exp(log(z)), z),
    "root of a square, not positive": (power(power(z, 2), "1/2"), z),
    "square of a root, not positive": (power(power(z, "1/2"), 2), z),
    "root of a product": (power(mul(z, u), "1/2"), mul(power(z, "1/2"), power(u, "1/2"))),
    "log minus itself": (add(log(z), neg(log(z))), ZERO),
    "a half integer power": (power(Pow(z, n), "1/2"), Pow(z, mul(n, Num("1/2")))),
    "0/0 on a half line": (mul(known("max", ZERO, z), inv(known("max", ZERO, z))), ONE),
    "0/0 on the diagonal": (mul(add(x(i), neg(x(j))), inv(add(x(i), neg(x(j))))), ONE),
    "0/0 off the diagonal": (mul(Delta(i, j), inv(Delta(i, j))), ONE),
    "0/0 at a fixed component": (mul(add(x(i), neg(x(1))), inv(add(x(i), neg(x(1))))), ONE),
    "0/0 by antisymmetry": (mul(W(i, j), inv(W(i, j))), ONE),
    "0/0 by what is not recognised": (
        mul(DOUBLE, inv(DOUBLE)), ONE,
    ),
    "0/0 at one size": (mul(add(Size(N), MINUS_ONE), inv(add(Size(N), MINUS_ONE))), ONE),
    "0/0 at one integer": (mul(n, inv(n)), ONE),
    "brackets of an integer": (add(step(">", n), step("<", n)), ONE),
    "1/0": (inv(add(z, neg(z))), inv(ZERO)),
    "brackets on the diagonal": (add(step(">", x(i), x(j)), step("<", x(i), x(j))), ONE),
    "a bracket and its argument": (step(">", z), step(">", u)),
    "inverse by the other side": (total(j, mul(Component(Q_, (j, i)), Inverse(PLAIN, j, k))), Delta(i, k)),
    "inverse of a product, in the same order": (
        Inverse(PRODUCT, i, j), total(k, mul(Inverse(PLAIN, i, k), INVERSE_A(k, j))),
    ),
    "determinant of what is not square": (
        Det(GRAM), power(Det(Lambda((i, j), total(a, mul(R(a, i), R(a, j))))), 2),
    ),
    "log of an absolute value, dropped": (log(known("abs", z)), log(z)),
    "log of a square, its half": (log(power(z, 2)), log(known("abs", z))),
    "a sum over two, one left out": (total(two, Component(PAIR, (two,))), Component(PAIR, (1,))),
    "a root that may have no value": (mul(power(add(z, p), "1/2"), power(add(z, p), "1/2")), add(z, p)),
    "inverse, componentwise": (mul(Inverse(PLAIN, i, j), Component(Q_, (j, i))), ONE),
    "inverse with the index once more": (
        total(j, mul(Component(Q_, (i, j)), Inverse(PLAIN, j, k), x(j))), mul(Delta(i, k), x(i)),
    ),
    "inverse of a sum, a term dropped": (
        total(j, mul(Component(Q_, (i, j)), Inverse(RIDGE, j, k))), Delta(i, k),
    ),
    "rank one": (total(j, mul(x(i), x(j), Inverse(Lambda((i, j), mul(x(i), x(j))), j, k))), Delta(i, k)),
    "sigmoid, wrong sign": (s(neg(z)), add(MINUS_ONE, s(z))),
    "softmax without its sum": (mul(exp(x(i)), inv(Z)), ONE),
    "unknown functions": (sigma(add(z, u)), add(sigma(z), sigma(u))),
    "derivative orders": (sigma(z, 1), sigma(z, 2)),
    "another argument": (Call(F, (i,), (), FX), Call(F, (i,), (), (Lambda((j,), y(j)),))),
    "a deeper definition": (Ref(LAYER, (i,)), Ref(LAYER, (j,))),
    "a case less": (Cases(((Compare(">", z, ZERO), log(z)),), ZERO), mul(step(">", z), log(z))),
    "a bracket of what has no value": (step(">", power(z, 2), power(z, "1/2")), BESIDE),
    "projector": (PROJECTOR, TWICE),
}  # fmt: skip


@pytest.mark.parametrize("name", TRUE)
def test_proved_and_true(name):
    left, right = TRUE[name]
    assert equal(left, right)
    assert equal(add(left, ONE), right) is False
    order = tuple(sorted(free(left) | free(right), key=lambda index: index.name))
    for seed, sizes in enumerate([{"n": 2, "m": 3, "k": 2}, {"n": 3, "m": 4, "k": 3}]):
        world = Signed(sizes, seed)
        if name in ("roots merge", "log with one positive factor"):
            world.tensors[z.variable] = np.array(0.7)
        for v in (p, q):
            world.tensors[v.variable] = np.array(0.3 + 0.2 * seed)
        world.tensors[n.variable] = np.array(3.0)
        if H not in world.tensors:
            world.tensor(H)[0] = 1
        one, other = world.array(left, order), world.array(right, order)
        assert np.allclose(one, other, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("name", FALSE)
def test_never_proved(name):
    left, right = FALSE[name]
    assert not equal(left, right)
    assert not equal(right, left)


def test_a_projector_is_its_square():
    assert equal(substitute(PROJECTOR, {b: d}), TWICE)


CONDITIONS = {
    "differ": (mul(Delta(i, j), x(i)), ZERO, Match(i, j, False), True),
    "differ, but summed": (total(i, mul(Delta(i, j), x(i))), x(j), Match(i, j, False), True),
    "differ, but summed: not 0": (total(i, mul(Delta(i, j), x(i))), ZERO, Match(i, j, False), False),
    "the same": (A(i, j), A(i, i), Match(i, j), True),
    "not the same": (A(i, j), A(i, i), Match(i, j, False), False),
    "positive": (power(power(z, 2), "1/2"), z, Compare(">", z, ZERO), True),
    "negative": (known("abs", z), neg(z), Compare("<", z, ZERO), True),
    "not negative": (known("max", z, ZERO), z, Compare(">=", z, ZERO), True),
    "turned round": (known("abs", z), z, Compare("<", ZERO, z), True),
    "between values": (known("max", z, u), z, Compare(">", z, u), True),
    "of one component": (known("abs", x(i)), x(i), Compare(">", x(i), ZERO), True),
    "of one component, summed": (
        total(i, known("abs", x(i))), total(i, x(i)), Compare(">", x(i), ZERO), False,
    ),
    "of another": (known("abs", u), u, Compare(">", z, ZERO), False),
    "both": (
        mul(Delta(i, j), known("abs", z)), ZERO, All((Match(i, j, False), Compare(">", z, ZERO))), True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CONDITIONS)
def test_conditions(name):
    left, right, condition, want = CONDITIONS[name]
    assert equal(left, right, condition=condition) is want


DP = p.variable.d()
DX = X.d()
FIRST = add(Pow(p, u), mul(u, Pow(p, add(u, MINUS_ONE)), Component(DP)))


@pytest.mark.parametrize(
    ("left", "right", "small", "power_", "want"),
    [
        (Pow(add(p, Component(DP)), u), FIRST, DP, 2, True),
        (Pow(add(p, Component(DP)), u), FIRST, DP, 3, False),
        (exp(Component(DP)), add(ONE, Component(DP), mul(Num("1/2"), power(Component(DP), 2))), DP, 3, True),
        (exp(Component(DP)), add(ONE, Component(DP), mul(Num("1/3"), power(Component(DP), 2))), DP, 3, False),
        (known("sin", Component(DP)), Component(DP), DP, 3, True),
        (inv(add(ONE, neg(Component(DP)))), add(ONE, Component(DP), power(Component(DP), 2)), DP, 3, True),
        (
            Call(F, (i,), (), (Lambda((k,), add(x(k), Component(DX, (k,)))),)),
            add(Call(F, (i,), (), FX), total(j, mul(Call(F, (i,), ((0, (j,)),), FX), Component(DX, (j,))))),
            DX, 2, True,
        ),
        (total(i, mul(Component(DX, (i,)), Component(DX, (i,)))), ZERO, DX, 2, True),
        (total(i, mul(Component(DX, (i,)), Component(DX, (i,)))), ZERO, DX, 3, False),
    ],
)  # fmt: skip
def test_up_to_an_order(left, right, small, power_, want):
    assert equal(left, right, order=(small, power_)) is want


def evidence(left, right):
    found = Evidence()
    assert equal(left, right, found)
    return list(found.rules), [text % write(about) if about else text for text, about in found.assumptions]


def test_evidence_names_rules_and_assumptions():
    assert evidence(*TRUE["delta"]) == (["delta"], [])
    assert evidence(*TRUE["inverse"]) == (["inverse"], ["Q invertible"])
    assert evidence(*TRUE["opposite brackets"]) == (["opposite brackets"], ["away from $z = 0$"])
    assert evidence(*TRUE["cancelled sum"]) == (["common denominator"], ["away from $u + z = 0$"])
    assert evidence(*TRUE["softmax sums to 1"])[1] == []  # the sum of exponentials is never 0
    found = Evidence()
    assert not equal(mul(z, inv(z), u), ONE, found)
    assert found == Evidence()  # what is not proved rests on nothing


def test_large_powers():
    wide = add(*(Component(Variable(f"v_{{{c}}}")) for c in range(6)))
    assert equal(power(add(z, u), 40), power(add(u, z), 40))
    assert equal(power(wide, 40), power(wide, 40))  # 1,221,759 terms: stays a power
    assert equal(power(NORM, 8), mul(*[NORM] * 8))


def test_limit():
    wide = [add(*(Component(Variable(f"v_{{{c}{e}}}")) for e in range(10))) for c in range(6)]
    with pytest.raises(IdxcalcError, match=r"^too many terms after expansion \(limit 20000\)$"):
        equal(mul(*wide), ZERO)
    assert simplify(mul(*wide)) is mul(*wide)


SIMPLE = {
    "delta": (total(j, mul(Delta(i, j), x(j))), x(i)),
    "a name stays closed": (mul(Ref(LAYER, (i,)), Delta(i, j), ONE), mul(Ref(LAYER, (i,)), Delta(i, j))),
    "zero": (total(i, j, mul(S(i, j), W(i, j))), ZERO),
    "numbers": (add(Num(2), mul(Num(3), Num("1/2"))), Num("7/2")),
}


@pytest.mark.parametrize("name", SIMPLE)
def test_simplify(name):
    node, want = SIMPLE[name]
    assert equal(simplify(node), want)
    assert simplify(simplify(node)) is simplify(node)


def test_simplify_keeps_names_closed():
    made = simplify(mul(Ref(LAYER, (i,)), inv(Ref(LAYER, (i,))), add(Ref(LAYER, (j,)), ZERO)))
    assert made is Ref(LAYER, (j,))


# Scalar algebra against numbers: random expressions in z, u and a positive p.
# What is compared is a polynomial, and the points are exact: a tie by rounding would decide a bracket.
plain = st.sampled_from([z, u, p, ONE, neg(z), add(z, u), mul(z, p), add(mul(z, z), neg(u)), power(u, 3)])
scalars = st.recursive(
    st.sampled_from([z, u, p, ONE, Num(2), Num(-1), Num("1/2")]),
    lambda inner: st.one_of(
        st.builds(add, inner, inner),
        st.builds(mul, inner, inner),
        st.builds(power, inner, st.sampled_from([2, -1, "1/2", 3, "-1/2"])),
        st.builds(Pow, st.just(p), inner),
        st.builds(known, st.sampled_from(["exp", "sin", "cos", "tanh", "cosh", "log"]), inner),
        st.builds(lambda e: known("abs", e), plain),
        st.builds(lambda c, e, f: known(f, c, e), plain, plain, st.sampled_from(["max", "min"])),
        st.builds(lambda c, e, by: step(by, c, e), plain, plain, st.sampled_from(["<", ">", ">=", "="])),
        st.builds(lambda c, e, v, w: Cases(((Compare(">", c, e), v),), w), plain, plain, inner, inner),
    ),
    max_leaves=8,
)


class Real(Signed):
    """No value where Python would go on with a complex number, or with a comparison of NaN."""

    def value(self, e, at):
        found = super().value(e, at)
        if isinstance(found, complex) or np.isnan(found):
            raise ValueError("no real value")
        return found


def at_points(node):
    """Values at some points; None where there is none. Brackets have no ties there."""
    found = []
    for values in itertools.product((-1.328125, 0.71875), (0.34375, -2.09375), (0.640625, 1.890625)):
        world = Real({}, 0)
        world.tensors = {v.variable: np.array(c) for v, c in zip((z, u, p), values, strict=True)}
        try:
            with np.errstate(all="ignore"):
                value = world.value(node, {})
            found.append(float(value) if abs(value) < 1e6 else None)
        except (ZeroDivisionError, ValueError, OverflowError):
            found.append(None)
    return found


@settings(max_examples=400)
@given(scalars)
def test_scalars_keep_their_values(node):
    want = at_points(node)
    assume(any(v is not None for v in want))
    got = at_points(simplify(node))
    for one, other in zip(want, got, strict=True):
        if one is not None and other is not None:
            assert abs(one - other) <= 1e-6 * max(1, abs(one))


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (r"\sin(2z) = 2\sin z\cos z", "proved"),
        (r"\cos(2z) = 1 - 2\sin(z)^2", "proved"),
        (r"\sin(z+u) = \sin z\cos u + \cos z\sin u", "proved"),
        (r"\sin\pi = 0", "proved"),
        (r"\arctan 1 = \frac{\pi}{4}", "proved"),
        (r"\sin(2z) = 2\sin z", "refuted"),
        (r"\cos(z+u) = \cos z\cos u + \sin z\sin u", "refuted"),
        (r"\arcsin(\sin z) = z", "refuted"),
    ],
)
def test_angles_are_added_by_sympy(text: str, verdict: str) -> None:
    from idxcalc import Context

    assert Context("z, u").check(text).verdict == verdict
