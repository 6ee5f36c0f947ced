"""Compiled formulas against the evaluator of the tests, on NumPy and on JAX."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import expressions as ex
from expressions import BODY, F, H, LAYER, LOSS, M, N, SECOND, SIGMA, T, U, W, X, a, b, i, j, t, u, w, x
from idxcalc.calculus import differentiate
from idxcalc.errors import IdxcalcError
from idxcalc.expr import (
    MINUS_ONE, ONE, Add, Call, Cases, Compare, Component, Constant, Definition, Delta, Deriv, Diff, Dim,
    Elementary, Function, Index, Iverson, Lambda, Match, Mul, Num, Pow, Ref, Size, Sum, Variable, free,
)  # fmt: skip
from idxcalc.normal import simplify
from idxcalc.plan import compile
from idxcalc.plan.symbols import argument
from oracle import World

FEW = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


def arguments(compiled, world, derivatives=True):
    """Arrays and functions of a world for a compiled formula."""
    xp = np if compiled.backend == "numpy" else jax.numpy
    given = {name: world.tensor(v) for name, v in compiled.variables.items()}
    for name, need in compiled.needs.items():
        if derivatives:
            given[name] = world.code(need.function, need.by, xp)
        else:
            given[argument(type(need)(need.function))] = world.code(need.function, (), xp)
    return given | {name: world.sizes[dim.last] for name, dim in compiled.sizes.items()}


def error(expr, order, backend="numpy", derivatives=True):
    """The largest relative error of the compiled formula."""
    worst = 0.0
    for seed, sizes in enumerate(({"n": 2, "m": 3}, {"n": 4, "m": 2})):
        world = World(sizes, seed)
        compiled = compile(expr, backend, order)
        found = compiled(**arguments(compiled, world, derivatives))
        expected = world.array(expr, order)
        assert found.shape == expected.shape
        worst = max(worst, float(np.max(np.abs(found - expected) / (1 + np.abs(expected)))))
    return worst


@FEW
@given(ex.expressions())
def test_numpy_computes_what_the_expression_means(expr):
    assert error(differentiate(expr), (i, a)) < 1e-9


@pytest.mark.slow
@settings(FEW, max_examples=8)
@given(ex.expressions())
def test_jax_computes_what_the_expression_means(expr):
    assert error(differentiate(expr), (a, i), "jax", derivatives=False) < 1e-9


@FEW
@given(st.data())
def test_differentiated_expressions(data):
    target = data.draw(st.sampled_from((X, W, ex.S, T)))
    slots = tuple({N: j, M: b}[dim] if n == 0 else {N: ex.k, M: b}[dim] for n, dim in enumerate(target.dims))
    expr = differentiate(Deriv(data.draw(ex.expressions(depth=2)), target, slots))
    assert error(expr, (i, a, *slots)) < 1e-8


def total(index, *factors):
    return Sum(index, Mul(factors))


QQ = Component(ex.Q, (i, j))
CASES = {
    "trace of a product": Sum(i, total(j, QQ, Component(ex.Q, (j, i)))),
    "diagonal": Component(ex.Q, (i, i)),
    "sum of a delta": Sum(i, Sum(j, Delta(i, j))),
    "sum of a constant": Sum(a, t),
    "delta both free": Mul((Delta(i, j), x)),
    "delta to a component": total(i, Delta(i, 1), x),
    "delta beyond": total(i, Delta(i, 9), x),
    "two components": total(i, Delta(i, 1), Delta(i, 2), x),
    "chain of deltas": Sum(i, total(j, Delta(i, j), Delta(j, ex.k), QQ)),
    "partial sum": Sum(i, Mul((x, x)), 2),
    "partial sum with delta": Sum(i, Mul((x, Delta(i, j))), 2),
    "partial sum of ones": Sum(i, t, 2),
    "row of component": Mul((Component(W, (2, a)), u)),
    "size": Mul((Size(N), Pow(Size(M), MINUS_ONE))),
    "shadowed": total(i, x, total(i, x, x)),
    "cases on indices": Cases(((Match(i, j), x), (Match(i, 1), t)), Num(0)),
    "not equal": Iverson(Match(i, j, False)),
    "compare": Mul((Iverson(Compare(">", x, Num("0.7"))), x)),
    "nothing": Mul((Num(0), x)),
    "number": Num("1/3"),
    "negative power of numbers": Pow(Num(2), Num(-2)),
    "function per row": Call(F, (i,), (), (Lambda((a,), Component(W, (j, a))),)),
    "jacobian per row": Call(F, (i,), ((0, (b,)),), (Lambda((a,), Component(W, (j, a))),)),
    "hessian": Call(F, (i,), ((0, (a,)), (0, (b,))), (Lambda((a,), u),)),
    "repeated derivative": Sum(a, Call(F, (1,), ((0, (a,)), (0, (a,))), (Lambda((b,), Component(U, (b,))),))),
    "two arguments": Call(
        H, (a,), ((1, ()), (0, (j,))), (Lambda((i,), Mul((x, Component(X, (j,))))), Lambda((), t))
    ),
    "constant argument": Call(F, (i,), (), (Lambda((a,), t),)),
    "body": Call(BODY, (j,), (), (Lambda((i,), Mul((x, t))),)),
    "matrix of matrices": ex.Inverse(Lambda((i, j), Add((Mul((ONE, QQ)), Mul((u, Delta(i, j)))))), i, 2),
    "determinants": ex.Det(Lambda((i, j), Add((QQ, Mul((u, Delta(i, j))))))),
}  # fmt: skip


@pytest.mark.parametrize("backend", ["numpy", "jax"])
@pytest.mark.parametrize("name", CASES)
def test_case(name, backend):
    order = tuple(sorted(free(CASES[name]), key=lambda index: index.name))
    assert error(CASES[name], order, backend, backend == "numpy") < 1e-10


def test_the_gradient_is_what_jax_finds():
    gradient = compile(differentiate(Deriv(Ref(LOSS), W, (i, a))), "jax", (i, a))
    loss = compile(Ref(LOSS), "jax")
    world = World({"n": 3, "m": 2})
    given = {"w": world.tensor(W), "x": world.tensor(X), "u": world.tensor(U), "sigma": jax.numpy.tanh}
    expected = jax.grad(lambda weights: loss(**given | {"w": weights}))(given["w"])
    np.testing.assert_allclose(gradient(**given), expected, rtol=1e-12)
    arrays = {name: given[name] for name in "wxu"}
    compiled = jax.jit(lambda arrays: gradient(**arrays, sigma=jax.numpy.tanh))
    np.testing.assert_allclose(compiled(arrays), expected, rtol=1e-12)


def test_the_text_is_readable():
    # the second sum has other letters, and is the same
    product, again = total(a, w, u), Sum(b, Mul((Component(W, (i, b)), Component(U, (b,)))))
    expr = Mul((Num(2), Add((Elementary("tanh", (product,)), Mul((MINUS_ONE, x)))), Pow(again, Num(2))))
    assert str(compile(expr, order=(i,))) == (
        "import numpy as np\n\n"
        "def formula(w, u, x):\n"
        '    t1 = np.einsum("ij,j->i", w, u)\n'
        "    t2 = np.tanh(t1)\n"
        "    t3 = -1.0 * x\n"
        "    t4 = t2 + t3\n"
        "    t5 = t1 ** 2\n"
        "    t6 = 2.0 * t4 * t5\n"
        "    return t6"
    )
    several = total(a, w, total(b, Component(ex.W, (1, b)), Component(U, (b,)), u))
    assert 't1 = np.einsum("i,i,j->j", w[0, :], u, u, optimize=True)' in str(compile(several, order=(i,)))


def test_a_delta_on_a_summed_index_is_no_array():
    for expr in (Deriv(total(i, x, x), X, (j,)), Deriv(Ref(LOSS), W, (j, b))):
        worked = simplify(differentiate(expr))
        assert "==" not in str(compile(worked, order=tuple(sorted(free(expr), key=str))))


def test_shared_layers_are_computed_once():
    name = Definition("y0", (i,), x)
    for n in range(12):
        y = Ref(name, (i,))
        name = Definition(f"y{n + 1}", (i,), Add((Mul((y, y)), Elementary("tanh", (y,)))))
    expr = differentiate(Deriv(Sum(i, Ref(name, (i,))), X, (j,)))
    assert str(compile(expr, order=(j,))).count("\n") < 12 * 16


def test_definitions_may_build_on_each_other_many_times():
    name = Definition("y0", (i,), x)
    for n in range(100):
        name = Definition(f"y{n + 1}", (i,), Add((Mul((Num("1/2"), Ref(name, (i,)))), Num(1))))
    np.testing.assert_allclose(compile(Ref(name, (i,)), order=(i,))(x=[0.0, 8.0]), [2.0, 2.0])


def test_a_variable_may_have_the_letter_of_a_constant():
    assert compile(Mul((Constant("e"), Component(Variable("e")))))(e=2.0) == pytest.approx(2 * np.e)


ZERO_UP = Dim("n", 0)
K = Index("k", ZERO_UP)
BIASED = Variable("w", (M, ZERO_UP))
INPUT = Variable("x", (ZERO_UP,), frozenset(), False, (((0,), 1),))


def test_slots_from_zero():
    product = Sum(K, Mul((Component(BIASED, (a, K)), Component(INPUT, (K,)))))
    apart = Add((
        Sum(K, Mul((Component(BIASED, (a, K)), Component(INPUT, (K,)))), 1),
        Mul((Component(BIASED, (a, 0)), Component(INPUT, (0,)))),
    ))  # fmt: skip
    weights, inputs = np.arange(6.0).reshape(2, 3), np.array([1.0, 2.0, 3.0])
    for expr in (product, apart):
        np.testing.assert_allclose(compile(expr, order=(a,))(w=weights, x=inputs), weights @ inputs)
    assert compile(Size(ZERO_UP))(n=5) == 5


def matvec(order=(i,)):
    return compile(total(a, w, u), order=order)


MIXED = compile(Mul((x, Call(SIGMA, (), ((0, ()),), (Lambda((), x),)))), order=(i,))
VECTOR = compile(Call(F, (i,), (), (Lambda((a,), u),)), order=(i,))
ones = np.ones


@pytest.mark.parametrize(("message", "call"), [
    ("the argument u is missing; the arguments are: w, u", lambda: matvec()(w=ones((2, 3)))),
    ("no argument is called y; the arguments are: w, u", lambda: matvec()(w=ones((2, 3)), y=1)),
    ("w has the shape (2,); expected 2 axes", lambda: matvec()(w=ones(2), u=ones(3))),
    ("u has 2 components along axis 1; expected 3, as w says", lambda: matvec()(w=ones((2, 3)), u=ones(2))),
    ("w has 4 components along axis 1; expected 5, as n says",
     lambda: matvec()(n=5, w=ones((4, 3)), u=ones(3))),
    ("the order of the axes does not name the free index i", lambda: matvec(())),
    ("no backend is called 'torch'; there are numpy, jax", lambda: compile(t, "torch")(t=1)),
    (
        "the argument sigma_prime is missing: numpy does not differentiate functions,"
        " so give the derivative of sigma as sigma_prime",
        lambda: MIXED(x=ones(2), sigma=np.tanh),
    ),
    ("sigma_prime is float; expected a function", lambda: MIXED(x=ones(2), sigma_prime=1.0)),
    (
        "sigma_prime returned the shape (3,) for arguments of shape (2,)",
        lambda: MIXED(x=ones(2), sigma_prime=lambda z: ones(3)),
    ),
    ("f returned the shape (); expected 1 axis", lambda: VECTOR(u=ones(2), f=np.sum)),
    ("the value of f has 3 components along axis 1; expected 2, as n says",
     lambda: VECTOR(n=2, u=ones(2), f=lambda z: ones(3))),
    ("x has 2 components along axis 1; expected 3 (from 0 to 2), as w says",
     lambda: compile(Sum(K, Mul((Component(BIASED, (a, K)), Component(INPUT, (K,))))), order=(a,))(
         w=ones((1, 3)), x=ones(2))),
    ("v has 2 components along axis 1; expected 3, as the formula says",
     lambda: compile(Component(Variable("v", (Dim("3"),)), (1,)))(v=ones(2))),
    ("there is no component 5: the slot runs to 2", lambda: compile(Component(X, (5,)))(x=ones(2))),
    ("there is no component 0: the slot runs from 1", lambda: compile(Component(X, (0,)))),
    ("the size n is not known: give n=...", lambda: compile(Size(N))()),
    ("the size of an index is not known: no argument has it",
     lambda: compile(Sum(Index("i", Dim("?1")), t))(t=1)),
    ("a derivative is left in the expression: work it out with differentiate first",
     lambda: compile(Deriv(t, T))),
    ("a derivative of \\sigma is left: work it out with differentiate first",
     lambda: compile(Call(SIGMA, (i,), ((0, (i,)),), (Lambda((j,), Component(X, (j,))),)), order=(i,))),
    ("two things in the formula would both be the argument x",
     lambda: compile(Mul((x, Component(Variable("x"))), ), order=(i,))),
])  # fmt: skip
def test_message(message, call):
    with pytest.raises(IdxcalcError) as caught:
        call()
    assert str(caught.value) == message


def test_names_of_arguments():
    hat = Variable("\\hat y")
    second = Call(SIGMA, (), ((0, ()), (0, ())), (Lambda((), Component(hat)),))
    assert compile(Mul((Component(hat.d()), second))).arguments == ("dhat_y", "hat_y", "sigma_prime2")
    two = Function("f", (), ((), ()))
    arguments = (Lambda((), t), Lambda((), t))
    assert compile(Call(two, (), ((0, ()), (1, ())), arguments)).arguments == ("t", "f_prime2_01")


def test_differentials_are_arguments():
    found = compile(differentiate(Diff(total(i, x, x), (X,))))
    np.testing.assert_allclose(found(x=[1, 2], dx=[3, 4]), 22)


def test_whole_numbers_and_single_precision():
    assert compile(Pow(x, MINUS_ONE), order=(i,))(x=[2, 4]).tolist() == [0.5, 0.25]
    single = compile(total(a, w, u), order=(i,))(w=ones((2, 2), np.float32), u=ones(2, np.float32))
    assert single.dtype == np.float32


def test_a_scalar_function_that_ignores_its_argument():
    constant = compile(Call(SIGMA, (), (), (Lambda((), x),)), order=(i,))
    assert constant(x=[1, 2], sigma=lambda z: 3).tolist() == [3, 3]


def test_an_argument_may_have_the_name_of_a_line():
    squared = compile(Pow(Component(Variable("\\text{t1}")), Num(2)))
    assert squared(t1=3) == 9 and "t2 = t1 ** 2" in str(squared)


def test_layers_by_definition():
    for expr in (Ref(SECOND, (a,)), differentiate(Deriv(Ref(SECOND, (a,)), LAYER, (i,)))):
        assert error(expr, (i, a)) < 1e-10


def test_a_sum_that_starts_beyond_the_last_value_is_empty():
    rest = compile(Sum(i, Num(1), 3))
    assert [float(rest(**{str(N.last): n})) for n in (1, 2, 5)] == [0.0, 0.0, 3.0]
