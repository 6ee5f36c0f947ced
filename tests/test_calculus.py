"""Derivatives by rules, against central differences of an evaluator that shares nothing with them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import expressions as ex
from expressions import (
    GRADIENT, LAYER, LOSS, SECOND, SIGMA, A, F, G, H, N, Q, S, T, U, W, X, a, b, i, j, k, t, u, x,
)  # fmt: skip
from idxcalc.calculus import depends, differentiate, rules, worked
from idxcalc.evidence import Evidence
from idxcalc.expr import (
    ONE, ZERO, Add, Call, Cases, Compare, Component, Constant, Definition, Delta, Deriv, Det, Diff,
    Dim, Elementary, Function, Index, Inverse, Iverson, Lambda, Match, Mul, Num, Pow, Ref, Sum, Variable,
    children, free, walk,
)  # fmt: skip
from oracle import World

SIZES = ({"n": 2, "m": 3}, {"n": 3, "m": 2})


W2 = Variable("v", (N, N))


def finished(expr):
    """Whether no derivative is left that a rule could remove."""
    calls = [c for c in walk(expr) if isinstance(c, Call) and c.derivs]
    nodes = any(isinstance(p, Deriv | Diff) for p in walk(expr))
    return not nodes and not any(c.lifted or c.function.body is not None for c in calls)


def disagreement(left, right, seed=0, sizes=SIZES):
    """The largest relative difference of two expressions over samples."""
    order = tuple(sorted(free(left) | free(right), key=lambda index: index.name))
    worst = 0.0
    for n, size in enumerate(sizes):
        one, two = (World(size, seed + n).array(side, order) for side in (left, right))
        worst = max(worst, float(np.max(np.abs(one - two) / (1 + np.abs(one)))))
    return worst


def assert_derived(expr, seed=0, tolerance=1e-5):
    found = differentiate(expr)
    assert finished(found)
    assert free(found) <= free(expr)
    assert disagreement(expr, found, seed) < tolerance, found
    return found


FEW = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
targets = st.sampled_from((X, U, W, S, A, T, LAYER))


def slots_for(draw, target):
    """Slots of a derivative, with letters that clash with bound and free ones, or digits."""
    dims = target.dims if isinstance(target, Variable) else tuple(index.dim for index in target.indices)
    return tuple(draw(st.sampled_from([*ex.LETTERS[d], 1, 2])) for d in dims)


@FEW
@given(st.data())
def test_partial_derivative(data):
    target = data.draw(targets)
    body = data.draw(ex.expressions())
    assert_derived(Deriv(body, target, slots_for(data.draw, target)))


@FEW
@given(st.data())
def test_differential(data):
    body = data.draw(ex.expressions())
    assert_derived(Diff(body, data.draw(st.sampled_from(((X,), (W, X), (S, T), (A, U))))))


@pytest.mark.slow
@settings(FEW, max_examples=25)
@given(st.data())
def test_second_derivative(data):
    one, two = data.draw(targets), data.draw(targets)
    inner = Deriv(data.draw(ex.expressions(depth=2)), one, slots_for(data.draw, one))
    if data.draw(st.booleans()):
        assert_derived(Deriv(inner, two, slots_for(data.draw, two)), tolerance=1e-3)
    else:
        assert_derived(Diff(inner, (W, X, T)), tolerance=1e-3)


@settings(FEW, max_examples=15)
@given(ex.expressions(depth=3, derivatives=True))
def test_derivatives_anywhere(expr):
    assert_derived(expr, tolerance=1e-3)


@settings(FEW, max_examples=6)
@given(st.data())
def test_every_line_of_a_derivation_equals_the_one_before(data):
    target = data.draw(targets)
    body = data.draw(ex.expressions(depth=2))
    partial = Deriv(body, target, slots_for(data.draw, target))
    expr = partial if data.draw(st.booleans()) else Diff(body, (W, X))
    last = expr
    for _, line in worked(expr):
        assert disagreement(last, line, sizes=SIZES[:1]) < 1e-5
        last = line
    assert finished(last)


def sig(index):
    return Call(SIGMA, (index,), (), (Lambda((j,), Sum(a, Mul((Component(W, (j, a)), u)))),))


CASES = {
    "delta": Deriv(Component(W, (i, a)), W, (j, b)),
    "same letter": Deriv(x, X, (i,)),
    "bound letter": Deriv(Sum(i, Pow(x, Num(2))), X, (i,)),
    "symmetric": Deriv(Sum(j, Mul((Component(S, (i, j)), Component(X, (j,))))), S, (j, k)),
    "antisymmetric": Deriv(Component(A, (i, j)), A, (k, i)),
    "inverse": Deriv(Inverse(Lambda((i, j), Component(Q, (i, j))), i, j), Q, (k, i)),
    "inverse of a transpose": Deriv(Inverse(Lambda((j, i), Component(Q, (i, j))), i, 1), Q, (k, j)),
    "determinant": Deriv(Det(Lambda((i, j), Component(Q, (i, j)))), Q, (i, j)),
    "lifted": Deriv(sig(i), W, (j, a)),
    "lifted twice": Call(SIGMA, (i,), ((0, (j,)), (0, (k,))), (Lambda((k,), Mul((t, Component(X, (k,))))),)),
    "function of a matrix": Deriv(Call(G, (), (), (Lambda((j, b), Component(W, (j, b))),)), W, (i, a)),
    "two arguments": Diff(Call(H, (b,), (), (Lambda((i,), x), Lambda((), Pow(t, Num(2))))), (X, T)),
    "through definitions": Deriv(Ref(LOSS), W, (i, a)),
    "definition by definition": Deriv(Ref(LOSS), LAYER, (i,)),
    "second by definition": Deriv(Deriv(Ref(LOSS), LAYER, (i,)), SECOND, (a,)),
    "hidden derivative": Add((Ref(GRADIENT, (i,)), x)),
    "derivative of hidden derivative": Deriv(Ref(GRADIENT, (i,)), W, (i, a)),
    "max of equals": Deriv(Elementary("max", (t, t)), T),
    "min": Diff(Elementary("min", (Mul((t, t)), t)), (T,)),
    "abs": Deriv(Elementary("abs", (Add((t, Num(-5))),)), T),
    "exponential": Deriv(Pow(Constant("e"), Pow(t, Num(2))), T),
    "general power": Deriv(Pow(t, t), T),
    "power of a size": Deriv(Pow(t, ex.Size(N)), T),
    "no component 0": Deriv(Sum(Index("i", Dim("n", 0)), ONE), T),
    "body's derivative": Call(ex.BODY, (i,), ((0, (j,)), (0, (i,))), (Lambda((i,), Component(S, (i, 1))),)),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_case(name):
    assert_derived(CASES[name], tolerance=1e-3 if "second" in name or "twice" in name else 1e-5)
    last = CASES[name]
    for _, line in worked(CASES[name]):
        assert disagreement(last, line, sizes=SIZES[:1]) < 1e-3
        last = line


PLANTED = {
    "product": ("_leaf", lambda old: lambda v, s, along: old(v, s, along)._replace(value=ONE)),
    "sign": ("MINUS_ONE", lambda old: ONE),
    "power": ("_power", lambda old: lambda node, db, de: old(node, db, de)._replace(value=db)),
    "chain": ("_elementary", lambda old: lambda n, args, inner: old(n, args, inner)._replace(value=inner[0])),
    "transposed": ("_deltas", lambda old: lambda s, by, traits: old(s, by[::-1], traits)),
    "letters": ("_letters", lambda old: lambda along: set()),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_wrong_rule_is_caught(name, monkeypatch):
    attribute, change = PLANTED[name]
    monkeypatch.setattr(rules, attribute, change(getattr(rules, attribute)))
    wrong = 0
    square = Deriv(Sum(i, Sum(j, Mul((Component(Q, (i, j)), x, Component(X, (j,)))))), Q, (j, i))
    for case in (*CASES.values(), square):
        try:
            assert_derived(case)
        except AssertionError:
            wrong += 1
    assert wrong


def test_unevaluated_parts_stay_closed():
    found = differentiate(Deriv(Ref(LOSS), W, (i, a)))
    assert SECOND in {p.definition for p in walk(found) if isinstance(p, Ref)}


def test_fixed_component_is_independent_in_a_partial_and_constant_in_a_differential():
    zero = Dim("n", 0)
    index = Index("i", zero)
    ones = Variable("x", (zero,), frozenset(), False, (((0,), ONE.value),))
    assert differentiate(Diff(Component(ones, (0,)), (ones,))) is ZERO
    assert differentiate(Deriv(Component(ones, (0,)), ones, (0,))) is ONE
    assert differentiate(Deriv(Component(ones, (index,)), ones, (0,))) is Delta(index, 0)
    assert differentiate(Diff(Component(ones, (index,)), (ones,))) is Component(ones.d(), (index,))


def test_the_differential_of_a_differential_is_zero():
    assert differentiate(Diff(Component(X.d(), (i,)), (X, X.d()))) is ZERO
    twice = differentiate(Diff(Diff(Pow(t, Num(2)), (T,)), (T,)))
    assert disagreement(twice, Mul((Num(2), Pow(Component(T.d()), Num(2))))) < 1e-12


def test_what_does_not_vary_is_zero_and_what_does_is_never():
    assert differentiate(Deriv(Call(F, (i,), (), (Lambda((a,), u),)), X, (i,))) is ZERO
    called = Call(ex.BODY, (i,), (), (Lambda((k,), Component(X, (k,))),))
    for argument in (x, Ref(LAYER, (i,)), Mul((t, x)), called):
        call = Call(SIGMA, (), (), (Lambda((), argument),))
        assert differentiate(Diff(call, (X, W))) is not ZERO


def test_depends():
    assert depends(Ref(LOSS), W) and depends(Ref(LOSS), LAYER) and not depends(Ref(LAYER, (i,)), SECOND)
    call = Call(ex.BODY, (i,), (), (Lambda((k,), Component(S, (k, 1))),))
    assert depends(call, T) and depends(call, S)
    assert not depends(call, X)  # x is only the body's placeholder there


def test_evidence_names_rules_and_assumptions():
    evidence = Evidence()
    differentiate(Deriv(Ref(LOSS), W, (i, a)), evidence)
    assert set(evidence.rules) == {"definition", "sum", "power", "chain", "product", "delta"}
    for expr, text in (
        (CASES["inverse"], "Q invertible"),
        (CASES["abs"], "away from the kink of abs"),
        (Deriv(Pow(t, t), T), "positive base of a power"),
        (Diff(Mul((Iverson(Compare(">", t, ZERO)), t)), (T,)), "away from the boundary of a condition"),
    ):
        evidence = Evidence()
        differentiate(expr, evidence)
        assert list(evidence.assumptions) == [(text, None)]
    evidence = Evidence()
    differentiate(Deriv(Cases(((Match(i, j), t),), ZERO), T), evidence)
    assert not evidence.assumptions


def parts(expr):
    """The number of different parts of an expression."""
    seen, stack = set(), [expr]
    while stack:
        part = stack.pop()
        if part not in seen:
            seen.add(part)
            stack.extend(children(part))
    return len(seen)


@pytest.mark.parametrize("skip", [False, True])
def test_the_gradient_of_many_layers_costs_like_their_number(skip):
    def network(layers):
        name = Definition("y0", (i,), x)
        for n in range(layers):
            inner = Sum(j, Mul((Component(Variable(f"w{n}", (N, N)), (i, j)), Ref(name, (j,)))))
            body = Add((Ref(name, (i,)), ex.sigma(inner))) if skip else ex.sigma(inner)
            name = Definition(f"y{n + 1}", (i,), body)
        loss = Sum(i, Pow(Ref(name, (i,)), Num(2)))
        return parts(differentiate(Deriv(loss, Variable("w0", (N, N)), (j, k))))

    small, large = network(6), network(12)
    assert large < 2.3 * small


def test_definitions_may_build_on_each_other_many_times():
    name = Definition("y0", (i,), x)
    for n in range(80):
        inner = Sum(j, Mul((Component(W2, (i, j)), Ref(name, (j,)))))
        name = Definition(f"y{n + 1}", (i,), Mul((Num("1/2"), ex.sigma(inner))))
    hidden = Definition("p0", (i,), Deriv(x, X, (1,)))
    for n in range(80):
        hidden = Definition(f"p{n + 1}", (i,), Add((Ref(hidden, (i,)), x)))
    loss = Deriv(Sum(i, Pow(Ref(name, (i,)), Num(2))), X, (j,))
    assert depends(loss, W2) and finished(differentiate(loss)) and finished(worked(loss)[-1][1])
    assert finished(differentiate(Deriv(Ref(hidden, (k,)), X, (k,))))


def test_a_call_with_a_body_that_holds_a_derivative_is_opened():
    y = Variable("#y", (N,))
    body = Deriv(Sum(i, Mul((x, Component(y, (i,)), t))), T)
    function = Function("r", (), ((N,),), frozenset(), (y,), (), body)
    assert_derived(Call(function, (), (), (Lambda((i,), Pow(x, Num(2))),)))
    assert_derived(Deriv(Call(function, (), (), (Lambda((i,), Pow(x, Num(2))),)), X, (j,)))


def test_worked_is_a_readable_derivation():
    rules_used = [rule for rule, _ in worked(Deriv(Ref(LOSS), W, (i, a)))]
    assert rules_used[:4] == ["definition", "power", "definition", "chain"]
    product = Diff(Mul((x, Component(S, (i, j)))), (X, S))
    assert [rule for rule, _ in worked(product)] == ["product", "differential"]
    assert len(worked(x)) == 0


HELD = Definition("e", (a,), Mul((Component(U, (a,)), Ref(SECOND, (a,)))))


@pytest.mark.parametrize("expr", [
    Deriv(Deriv(Ref(LOSS), LAYER, (i,)), LAYER, (j,)),
    Deriv(Deriv(Ref(LOSS), LAYER, (i,)), SECOND, (a,)),
    Deriv(Deriv(Ref(LOSS), SECOND, (a,)), LAYER, (i,)),
    Deriv(Deriv(Ref(LOSS), LAYER, (i,)), W, (j, a)),
    Deriv(Deriv(Ref(LOSS), W, (j, a)), LAYER, (i,)),
    Deriv(Mul((Ref(GRADIENT, (i,)), Sum(a, Ref(HELD, (a,))))), SECOND, (a,)),
    Deriv(Diff(Ref(HELD, (a,)), (W, U)), LAYER, (i,)),
])  # fmt: skip
def test_a_name_is_held_under_the_derivatives_inside(expr):
    assert_derived(expr, tolerance=1e-4)
    last = expr
    for _, line in worked(expr):
        assert disagreement(last, line, sizes=({"n": 2, "m": 1},)) < 1e-4
        last = line
