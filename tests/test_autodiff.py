"""The numerical judge on relations built by hand."""

from fractions import Fraction

import pytest

from idxcalc import Context
from idxcalc.autodiff import judge
from idxcalc.expr import (
    MINUS_ONE, Add, Call, Cases, Compare, Component, Constant, Definition, Delta, Deriv, Det, Diff, Dim,
    Elementary, Function, Index, Inverse, Iverson, Lambda, Match, Mul, Num, Pow, Ref, Relation, Size, Sum,
    Variable,
)  # fmt: skip

N, M, P = Dim("?1"), Dim("?2"), Dim("?3")
i, j, k, l = (Index(s, N) for s in "ijkl")  # noqa: E741
a, b, c = (Index(s, M) for s in "abc")
p, q = (Index(s, P) for s in "pq")
ONE, TWO = Num(1), Num(2)
x, y = Variable("x", (N,)), Variable("y", (N,))
X = Variable("X", (N, N))
w = Variable("w", (M, N))
t = Variable("t")
sigma = Function(r"\sigma", (), ((),))
f = Function("f", (), ((N,),))
F = Function("F", (M,), ((P,),))
G = Function("G", (P,), ((N,),))


def at(v, *slots):
    return Component(v, slots)


def mul(*factors):
    return Mul(factors)


def add(*terms):
    return Add(terms)


def minus(e):
    return Mul((MINUS_ONE, e))


def total(*args):
    *indices, body = args
    for index in reversed(indices):
        body = Sum(index, body)
    return body


def of(function, *args, out=(), derivs=()):
    return Call(function, out, derivs, args)


vec = Lambda((i,), at(x, i))
pre = Lambda((b,), total(j, mul(at(w, b, j), at(x, j))))  # w_{bj} x_j
yhat = Definition(r"\hat y", (a,), of(sigma, pre, out=(a,)))
target = Variable("y", (M,))
error = add(Ref(yhat, (b,)), minus(at(target, b)))
loss = Definition("L", (), total(b, mul(error, error)))
g = Lambda((p,), of(G, Lambda((k,), at(x, k)), out=(p,)))  # g_p(x_k)
q1 = Index("q", P)
soft = Definition(
    "p", (i,), mul(Elementary("exp", (at(x, i),)), Pow(total(k, Elementary("exp", (at(x, k),))), MINUS_ONE))
)
S = Variable("S", (N, N), frozenset({"symmetric"}))
A = Variable("A", (N, N), frozenset({"antisymmetric"}))
R = Variable("X", (N, N), frozenset({"invertible"}))
XI = Lambda((k, l), at(R, k, l))
sc = at(t)
relu = Elementary("max", (Num(0), sc))
h, m = Index("h", N), Index("m", M)
gg, n = Index("g", M), Index("n", N)


def gradient(first, second, sign=TWO):
    return total(
        a,
        m,
        n,
        mul(
            sign,
            add(Ref(yhat, (a,)), minus(at(target, a))),
            of(sigma, pre, out=(a,), derivs=((0, (m,)),)),
            at(x, n),
            Delta(m, first),
            Delta(n, second),
        ),
    )


TRUE = {
    "trace": Relation(Deriv(total(k, at(X, k, k)), X, (i, j)), Delta(i, j), free=(i, j)),
    "delta": Relation(total(j, mul(Delta(i, j), at(x, j))), at(x, i), free=(i,)),
    "size": Relation(total(i, Delta(i, i)), Size(N)),
    "matrix vector": Relation(Deriv(total(j, mul(at(w, a, j), at(x, j))), x, (i,)), at(w, a, i), free=(a, i)),
    "quadratic": Relation(
        Deriv(total(i, j, mul(at(x, i), at(X, i, j), at(x, j))), x, (k,)),
        total(j, mul(add(at(X, k, j), at(X, j, k)), at(x, j))),
        free=(k,),
    ),
    "chain": Relation(
        Deriv(of(F, g, out=(a,)), x, (i,)),
        total(
            q,
            mul(
                of(F, g, out=(a,), derivs=((0, (q,)),)),
                of(G, Lambda((k,), at(x, k)), out=(q,), derivs=((0, (i,)),)),
            ),
        ),
        free=(a, i),
    ),
    "mixed derivatives commute": Relation(
        of(f, vec, derivs=((0, (i,)), (0, (j,)))), of(f, vec, derivs=((0, (j,)), (0, (i,)))), free=(i, j)
    ),
    "second derivative": Relation(
        Deriv(Deriv(of(f, vec), x, (i,)), x, (j,)), of(f, vec, derivs=((0, (i,)), (0, (j,)))), free=(i, j)
    ),
    "gradient of the layer": Relation(Deriv(Ref(loss), w, (gg, h)), gradient(gg, h), free=(gg, h)),
    "lifted is diagonal": Relation(
        of(sigma, Lambda((i,), at(x, i)), out=(i,), derivs=((0, (j,)),)),
        mul(Delta(i, j), of(sigma, Lambda((), at(x, i)), derivs=((0, ()),))),
        free=(i, j),
    ),
    "lifted off the diagonal": Relation(
        of(sigma, Lambda((i,), at(x, i)), out=(i,), derivs=((0, (j,)),)),
        Num(0),
        condition=Match(i, j, False),
        free=(i, j),
    ),
    "lifted twice": Relation(
        of(sigma, Lambda((i,), at(x, i)), out=(i,), derivs=((0, (j,)), (0, (k,)))),
        mul(Delta(i, j), Delta(i, k), of(sigma, Lambda((), at(x, i)), derivs=((0, ()), (0, ())))),
        free=(i, j, k),
    ),
    "softmax": Relation(
        Deriv(Ref(soft, (i,)), x, (j,)),
        mul(Ref(soft, (i,)), add(Delta(i, j), minus(Ref(soft, (j,))))),
        free=(i, j),
    ),
    "by a definition": Relation(
        Deriv(Ref(loss), yhat, (gg,)), mul(TWO, add(Ref(yhat, (gg,)), minus(at(target, gg)))), free=(gg,)
    ),
    "differential": Relation(
        Diff(of(f, vec), (x,)), total(i, mul(of(f, vec, derivs=((0, (i,)),)), at(x.d(), i)))
    ),
    "second differential": Relation(
        Diff(Diff(of(f, vec), (x,)), (x,)),
        total(i, j, mul(of(f, vec, derivs=((0, (i,)), (0, (j,)))), at(x.d(), i), at(x.d(), j))),
    ),
    "symmetric": Relation(
        Deriv(at(S, i, j), S, (k, l)),
        mul(Num(Fraction(1, 2)), add(mul(Delta(i, k), Delta(j, l)), mul(Delta(i, l), Delta(j, k)))),
        free=(i, j, k, l),
    ),
    "antisymmetric": Relation(
        Deriv(at(A, i, j), A, (k, l)),
        mul(Num(Fraction(1, 2)), add(mul(Delta(i, k), Delta(j, l)), minus(mul(Delta(i, l), Delta(j, k))))),
        free=(i, j, k, l),
    ),
    "zero by symmetry": Relation(total(i, j, mul(at(S, i, j), at(A, i, j))), Num(0)),
    "inverse": Relation(
        Deriv(Inverse(XI, i, j), R, (k, l)),
        minus(mul(Inverse(XI, i, k), Inverse(XI, l, j))),
        free=(i, j, k, l),
    ),
    "determinant": Relation(Deriv(Det(XI), R, (i, j)), mul(Det(XI), Inverse(XI, j, i)), free=(i, j)),
    "singular": Relation(
        Det(
            Lambda(
                (Index("i", Dim("3")), Index("j", Dim("3"))),
                mul(
                    at(Variable("u", (Dim("3"),)), Index("i", Dim("3"))),
                    at(Variable("v", (Dim("3"),)), Index("j", Dim("3"))),
                ),
            )
        ),
        Num(0),
    ),
    "relu": Relation(Deriv(relu, t), Iverson(Compare(">", sc, Num(0)))),
    "cases": Relation(
        Deriv(Cases(((Compare(">", sc, Num(0)), Elementary("log", (sc,))),), sc), t),
        Cases(((Compare(">", sc, Num(0)), Pow(sc, MINUS_ONE)),), ONE),
    ),
    "cases on indices": Relation(Cases(((Match(i, j), ONE),), Num(0)), Delta(i, j), free=(i, j)),
    "condition": Relation(Elementary("abs", (sc,)), sc, condition=Compare(">", sc, Num(0))),
    "pythagoras": Relation(add(*(Pow(Elementary(s, (sc,)), TWO) for s in ("sin", "cos"))), ONE),
    "constants": Relation(Elementary("sin", (Constant("pi"),)), Num(0)),
    "narrow": Relation(
        total(i, Elementary("log", (at(x, i),))),
        total(i, mul(Num(Fraction(1, 2)), Elementary("log", (Pow(at(x, i), TWO),)))),
        condition=None,
    ),
    "up to order": Relation(
        Pow(add(sc, at(t.d())), Num(3)),
        add(Pow(sc, Num(3)), mul(Num(3), Pow(sc, TWO), at(t.d()))),
        order=(t.d(), 2),
    ),
    "different": Relation(Pow(sc, TWO), sc, op="!="),
}
# The last relation but two holds only where log x is real on the left: on the right it is everywhere.
NARROW = TRUE.pop("narrow")

FALSE = {
    "transposed": Relation(
        Deriv(total(i, j, mul(at(X, i, j), at(x, i), at(y, j))), X, (k, l)),
        mul(at(x, l), at(y, k)),
        free=(k, l),
    ),
    "factor": Relation(Deriv(Ref(loss), w, (gg, h)), gradient(gg, h, ONE), free=(gg, h)),
    "sign": Relation(Deriv(Ref(loss), w, (gg, h)), gradient(gg, h, Num(-2)), free=(gg, h)),
    "one half": Relation(
        Deriv(total(i, j, mul(at(x, i), at(X, i, j), at(x, j))), x, (k,)),
        mul(TWO, total(j, mul(at(X, k, j), at(x, j)))),
        free=(k,),
    ),
    "swallowed sum": Relation(total(i, mul(at(x, i), at(x, i))), total(i, j, mul(at(x, i), at(x, i)))),
    "swapped second": Relation(at(X, i, j), at(X, j, i), free=(i, j)),
    "within all tensors": Relation(
        Deriv(at(S, i, j), S, (k, l)), mul(Delta(i, k), Delta(j, l)), free=(i, j, k, l)
    ),
    "inverse transposed": Relation(
        Deriv(Inverse(XI, i, j), R, (k, l)),
        minus(mul(Inverse(XI, i, l), Inverse(XI, k, j))),
        free=(i, j, k, l),
    ),
    "only for positive": Relation(Elementary("abs", (sc,)), sc),
    "only one side": NARROW,
    "tiny": Relation(mul(Num(Fraction(1, 10**15)), sc), mul(Num(Fraction(2, 10**15)), sc)),
    "order too high": Relation(
        Pow(add(sc, at(t.d())), Num(3)),
        add(Pow(sc, Num(3)), mul(Num(3), Pow(sc, TWO), at(t.d()))),
        order=(t.d(), 3),
    ),
    "not different": Relation(add(sc, sc), mul(TWO, sc), op="!="),
}


@pytest.mark.parametrize("name", TRUE)
def test_what_is_true_is_upheld(name):
    found = judge(TRUE[name])
    assert found.agrees is True, found
    assert found.trials >= 20
    assert found.max_error < 1e-9 or TRUE[name].op == "!="


@pytest.mark.parametrize("name", FALSE)
def test_what_is_false_is_refuted(name):
    found = judge(FALSE[name])
    assert found.agrees is False, found
    assert found.reason


def test_a_size_of_one_is_tried():
    context = Context("x_i, y_i")
    for text in (r"\det(x_iy_j) = 0", r"\det(x_ix_j) = 0"):
        found = context.check(text)
        assert (found.verdict, found.counterexample.sizes) == ("refuted", {"i": 1}), str(found)
    assert {"i": 1} in context.check("x_iy_i = y_ix_i").sizes


def test_definitions_may_build_on_each_other_without_end():
    name = Definition("y", (i,), at(x, i))
    for n in range(500):
        name = Definition(f"y{n}", (i,), add(mul(Num(Fraction(1, 2)), Ref(name, (i,))), at(x, i)))
    slope = Deriv(Ref(name, (i,)), x, (j,))
    assert judge(Relation(slope, mul(TWO, Delta(i, j)), free=(i, j))).agrees is True
