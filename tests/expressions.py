"""Random expressions for tests: every node, sizes N and M, names that clash on purpose."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from idxcalc.expr import (
    MINUS_ONE, ONE, Add, Call, Cases, Compare, Component, Definition, Delta, Deriv, Det, Diff, Dim,
    Elementary, Function, Index, Inverse, Iverson, Lambda, Match, Mul, Num, Pow, Ref, Size, Sum, Variable,
)  # fmt: skip

N, M = Dim("n"), Dim("m")
i, j, k, ell = (Index(name, N) for name in "ijkl")
a, b, c = (Index(name, M) for name in "abc")
LETTERS = {N: (i, j, k, ell), M: (a, b, c)}
X, U, W = Variable("x", (N,)), Variable("u", (M,)), Variable("w", (N, M))
S = Variable("S", (N, N), frozenset({"symmetric"}))
A = Variable("A", (N, N), frozenset({"antisymmetric"}))
Q = Variable("Q", (N, N), frozenset({"invertible"}))
T = Variable("t")
VARIABLES = (X, U, W, S, A, Q, T)
SIGMA = Function("\\sigma", (), ((),))
F = Function("f", (N,), ((M,),))
G = Function("g", (), ((N, M),))
H = Function("h", (M,), ((N,), ()))
x, u, w, t = Component(X, (i,)), Component(U, (a,)), Component(W, (i, a)), Component(T)


def sigma(z):
    return Call(SIGMA, (), (), (Lambda((), z),))


# the placeholder of BODY is the variable x itself: names may clash, meanings may not
BODY = Function(
    "q", (N,), ((N,),), frozenset(), (X,), (j,),
    Add((Mul((Component(X, (j,)), t)), Sum(i, Mul((x, Elementary("sin", (x,)), Component(Q, (i, j))))))),
)  # fmt: skip
LAYER = Definition("y", (i,), sigma(Sum(a, Mul((w, u)))))
SECOND = Definition("z", (a,), sigma(Sum(i, Mul((w, Ref(LAYER, (i,)), x)))))
LOSS = Definition("L", (), Sum(a, Pow(Add((Ref(SECOND, (a,)), Mul((MINUS_ONE, u)))), Num(2))))
GRADIENT = Definition("p", (j,), Deriv(Sum(a, Mul((Ref(SECOND, (a,)), u))), X, (j,)))
DEFINITIONS = (LAYER, SECOND, LOSS)


@st.composite
def expressions(draw, allowed=frozenset({i, a}), depth=3, derivatives=False):
    """An expression whose free indices are among ``allowed``."""

    def slots(dims):
        """Slots of the given ranges; an index only if it is allowed, else a fixed component."""
        indices = sorted(allowed, key=lambda index: index.name)
        return tuple(draw(st.sampled_from([s for s in indices if s.dim is d] + [1, 2])) for d in dims)

    def inner(extra=(), less=1):
        return draw(expressions(allowed | set(extra), depth - less, derivatives))

    def argument(dims):
        letters = {N: list(LETTERS[N]), M: list(LETTERS[M])}
        chosen = tuple(letters[d].pop(draw(st.integers(0, len(letters[d]) - 1))) for d in dims)
        return Lambda(chosen, inner(chosen))

    leaf = ["component"] * 5 + ["number", "size", "delta", "ref"]
    node = ["mul", "sum"] * 3 + ["add", "power", "exponential", "elementary", "max", "iverson", "cases"]
    node += ["sigma", "lifted", "lifted'", "f", "g", "h", "body", "body'", "inverse", "det", "ref"]
    node += ["deriv", "diff"] * derivatives
    match draw(st.sampled_from(leaf if depth <= 0 else node)):
        case "component":
            v = draw(st.sampled_from(VARIABLES))
            return Component(v, slots(v.dims))
        case "number":
            return Num(draw(st.sampled_from([Fraction(1, 2), Fraction(-2), Fraction(0), Fraction(1)])))
        case "size":
            return Size(N)
        case "delta":
            return Delta(*slots((N, N)))
        case "ref":
            d = draw(st.sampled_from(DEFINITIONS))
            return Ref(d, slots([index.dim for index in d.indices]))
        case "add":
            return Add((inner(), inner()))
        case "mul":
            return Mul(tuple(inner() for _ in range(draw(st.integers(2, 3)))))
        case "power":
            exponent = draw(st.sampled_from([Fraction(2), Fraction(-1), Fraction(1, 2)]))
            return Pow(positive(inner()), Num(exponent))
        case "exponential":
            return Pow(positive(inner()), Elementary("tanh", (inner(),)))
        case "sum":
            index = draw(st.sampled_from((i, j, a, b)))
            return Sum(index, inner((index,)))
        case "elementary":
            return Elementary(draw(st.sampled_from(["sin", "tanh", "arctan"])), (inner(),))
        case "sigma":
            order = draw(st.integers(0, 2))
            return Call(SIGMA, (), ((0, ()),) * order, (Lambda((), inner()),))
        case "lifted":
            return Call(SIGMA, slots((N,)), (), (argument((N,)),))
        case "lifted'":
            return Call(SIGMA, slots((N,)), ((0, slots((N,))),), (argument((N,)),))
        case "f":
            derivs = ((0, slots((M,))),) * draw(st.integers(0, 1))
            return Call(F, slots((N,)), derivs, (argument((M,)),))
        case "g":
            return Call(G, (), (), (argument((N, M)),))
        case "h":
            return Call(H, slots((M,)), (), (argument((N,)), Lambda((), inner())))
        case "body":
            return Call(BODY, slots((N,)), (), (argument((N,)),))
        case "body'":
            return Call(BODY, slots((N,)), ((0, slots((N,))),), (argument((N,)),))
        case "inverse":
            return Inverse(Lambda((i, k), invertible(i, k, inner((i, k)))), *slots((N, N)))
        case "det":
            return Det(Lambda((j, i), invertible(j, i, inner((j, i)))))
        case "iverson":
            return Iverson(Compare(">", inner(), Num(100)))
        case "cases":
            return Cases(((Match(*slots((N, N))), inner()), (Compare("<", inner(), Num(-100)), t)), inner())
        case "max":
            return Elementary("max", (Num(-100), inner()))
        case "deriv":
            v = draw(st.sampled_from((X, U, W, S, T)))
            return Deriv(inner(), v, slots(v.dims))
        case "diff":
            return Diff(inner(), (X, W))
    raise AssertionError


def positive(z):
    return Add((ONE, Pow(Elementary("tanh", (z,)), Num(2))))


def invertible(row, column, z):
    return Add((Mul((Num(3), Delta(row, column))), Elementary("tanh", (z,))))
