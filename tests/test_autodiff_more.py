"""The numerical judge: bodies, fixed components, ranges from 0, domains, counterexamples, snippets."""

import ast
import re
import subprocess
import sys
from fractions import Fraction
from functools import partial
from pathlib import Path

import pytest
from test_autodiff import (
    l,
    FALSE,
    TRUE,
    M,
    N,
    S,
    a,
    at,
    add,
    f,
    i,
    j,
    k,
    minus,
    mul,
    of,
    sc,
    sigma,
    t,
    total,
    vec,
    x,
    y,
)

import idxcalc.autodiff
from idxcalc.autodiff import helpers, judge, snippet
from idxcalc.autodiff.backend import Moving, module, tools
from idxcalc.autodiff.judge import judged
from idxcalc.errors import IdxcalcError
from idxcalc.expr import (
    ONE, All, Compare, Definition, Delta, Deriv, Diff, Dim, Elementary, Function, Index, Inverse,
    Iverson, Lambda, Match, Mul, Num, Pow, Ref, Relation, Size, Sum, Variable,
)  # fmt: skip
from idxcalc.functions import KNOWN

TWO, ZERO = Num(2), Num(0)
HALF = Num(Fraction(1, 2))
FROM_0, N0 = Dim("n", 0), Dim("n")
j0, m0 = Index("j", FROM_0), Index("m", FROM_0)
x0 = Variable("x", (FROM_0,), fixed=(((0,), Fraction(1)),))
w0 = Variable("w", (M, FROM_0))
u = Variable("u", (N,))
square = Function("L", (), ((N,),), placeholders=(u,), indices=(), body=total(i, mul(at(u, i), at(u, i))))
z = Variable("z")
ramp = Function("r", (), ((),), placeholders=(z,), body=Elementary("max", (ZERO, at(z))))
slope = Function("s", (), ((),), placeholders=(z,), body=Deriv(Pow(at(z), Num(3)), z))  # 3 z^2
skew = Function("A", (N, N, N), ((N,),), frozenset({"antisymmetric"}))
# A function whose placeholder is called x as well, and that mentions a definition of the variable x.
norm = Definition("q", (), total(i, mul(at(x, i), at(x, i))))
shadow = Function("h", (), ((N,),), placeholders=(x,), body=mul(Ref(norm), total(i, at(x, i))))
P, Q = Dim("?p"), Dim("?q")
two = Function("g", (P,), ((N,), ()))
pair = (Lambda((i,), at(x, i)), Lambda((), sc))
pp = Index("p", P)
even = Variable("n", (), frozenset({"integer"}))
pos = Variable("s", (N,), frozenset({"positive"}))
first = Definition("y", (i,), Pow(at(x, i), TWO))
second = Definition("E", (), total(i, mul(Ref(first, (i,)), Ref(first, (i,)), at(x, i))))
relu_layer = Lambda((k,), at(x, k))


def step(e):
    return Iverson(Compare(">", e, ZERO))


MORE = {
    "bias as component 0": Relation(
        total(j0, mul(at(w0, a, j0), at(x0, j0))),
        add(at(w0, a, 0), Sum(j0, mul(at(w0, a, j0), at(x0, j0)), 1)),
        free=(a,),
    ),
    "independent of what is fixed": Relation(
        Deriv(total(j0, mul(at(w0, a, j0), at(x0, j0))), w0, (Index("b", M), m0)),
        mul(Delta(a, Index("b", M)), at(x0, m0)),
        free=(a, Index("b", M), m0),
    ),
    "d of a fixed component": Relation(at(x0.d(), 0), ZERO),
    "size from 0": Relation(total(j0, Delta(j0, j0)), add(Size(FROM_0), ONE)),
    "mean": Relation(
        mul(Pow(Size(N0), Num(-1)), total(Index("i", N0), at(Variable("v", (N0,)), Index("i", N0)))),
        total(Index("k", N0), mul(Pow(Size(N0), Num(-1)), at(Variable("v", (N0,)), Index("k", N0)))),
    ),
    "body by its slot": Relation(of(square, vec, derivs=((0, (j,)),)), mul(TWO, at(x, j)), free=(j,)),
    "body by its slots": Relation(
        of(square, vec, derivs=((0, (j,)), (0, (k,)))), mul(TWO, Delta(j, k)), free=(j, k)
    ),
    "derivative by a placeholder": Relation(
        Deriv(of(slope, Lambda((), mul(TWO, at(x, i)))), x, (j,)),
        mul(Num(24), at(x, i), Delta(i, j)),
        free=(i, j),
    ),
    "antisymmetric function": Relation(of(skew, vec, out=(i, i, k)), ZERO, free=(i, k)),
    "exchanged slots": Relation(
        of(skew, vec, out=(i, j, k), derivs=((0, (l,)),)),
        minus(of(skew, vec, out=(k, j, i), derivs=((0, (l,)),))),
        free=(i, j, k, l),
    ),
    "letters of body and argument": Relation(
        of(square, Lambda((k,), mul(at(x, k), at(y, i), at(y, j)))),
        mul(Pow(at(y, i), TWO), Pow(at(y, j), TWO), of(square, vec)),
        free=(i, j),
    ),
    "body at an argument": Relation(
        Deriv(of(square, Lambda((i,), Pow(at(x, i), TWO))), x, (j,)),
        mul(Num(4), Pow(at(x, j), Num(3))),
        free=(j,),
    ),
    "a kink in a body": Relation(
        Deriv(total(i, of(ramp, Lambda((), at(x, i)))), x, (j,)), step(at(x, j)), free=(j,)
    ),
    "lifted body": Relation(
        of(ramp, relu_layer, out=(i,), derivs=((0, (j,)),)), mul(Delta(i, j), step(at(x, i))), free=(i, j)
    ),
    "placeholders hide nothing": Relation(
        of(shadow, Lambda((i,), mul(TWO, at(x, i)))),
        mul(TWO, Ref(norm), total(i, at(x, i))),
    ),
    "placeholders and a derivative": Relation(
        Deriv(of(shadow, Lambda((i,), mul(TWO, at(x, i)))), x, (j,)),
        add(mul(Num(4), at(x, j), total(i, at(x, i))), mul(TWO, Ref(norm))),
        free=(j,),
    ),
    "two arguments": Relation(
        Deriv(Deriv(of(two, *pair, out=(pp,)), x, (i,)), t),
        of(two, *pair, out=(pp,), derivs=((1, ()), (0, (i,)))),
        free=(pp, i),
    ),
    "outer index in one argument": Relation(
        Deriv(of(f, Lambda((k,), mul(at(x, k), at(y, j)))), x, (i,)),
        mul(at(y, j), of(f, Lambda((k,), mul(at(x, k), at(y, j))), derivs=((0, (i,)),))),
        free=(i, j),
    ),
    "a matrix argument": Relation(
        Deriv(
            of(Function("h", (), ((M, N),)), Lambda((a, i), mul(at(x, i), at(Variable("c", (M,)), a)))),
            x,
            (k,),
        ),
        total(
            a,
            mul(
                of(
                    Function("h", (), ((M, N),)),
                    Lambda((a, i), mul(at(x, i), at(Variable("c", (M,)), a))),
                    derivs=((0, (a, k)),),
                ),
                at(Variable("c", (M,)), a),
            ),
        ),
        free=(k,),
    ),
    "held under another derivative": Relation(
        Deriv(Deriv(Ref(second), first, (i,)), x, (j,)),
        Deriv(mul(TWO, Ref(first, (i,)), at(x, i)), x, (j,)),
        free=(i, j),
    ),
    "held twice": Relation(
        Deriv(Deriv(Ref(second), first, (i,)), first, (j,)), mul(TWO, Delta(i, j), at(x, i)), free=(i, j)
    ),
    "repeated slot": Relation(Deriv(at(x, i), x, (i,)), ONE, free=(i,)),
    "one component": Relation(Deriv(total(i, Pow(at(x, i), TWO)), x, (2,)), mul(TWO, at(x, 2))),
    "nested differential": Relation(Diff(at(x.d(), i), (x,)), ZERO, free=(i,)),
    "symmetric differential": Relation(Diff(at(S, i, j), (S,)), at(S.d(), j, i), free=(i, j)),
    "parity": Relation(Pow(Num(-1), mul(TWO, at(even))), ONE),
    "a tie of integers": Relation(
        Iverson(Compare(">=", at(even), ZERO)),
        add(Iverson(Compare(">", at(even), ZERO)), Iverson(Compare("=", at(even), ZERO))),
    ),
    "a tie of reals": Relation(Iverson(Compare(">=", sc, ZERO)), step(sc)),
    "positive": Relation(
        Elementary("log", (mul(at(pos, i), at(pos, j)),)),
        add(Elementary("log", (at(pos, i),)), Elementary("log", (at(pos, j),))),
        free=(i, j),
    ),
    "narrow domain": Relation(
        total(i, Elementary("log", (at(x, i),))),
        mul(TWO, total(i, Elementary("log", (Pow(at(x, i), HALF),)))),
    ),
    "unit": Relation(
        total(i, Elementary("sin", (Elementary("arcsin", (at(x, i),)),))),
        total(i, add(at(x, i), mul(ZERO, Elementary("arcsin", (at(x, i),))))),
    ),
    "both conditions": Relation(
        mul(Delta(i, j), Elementary("abs", (at(x, i),))),
        at(x, j),
        condition=All((Match(i, j), Compare(">", at(x, i), ZERO))),
        free=(i, j),
    ),
    "roots": Relation(Pow(Pow(sc, TWO), HALF), Elementary("abs", (sc,))),
    "numbers": Relation(add(Num(Fraction(1, 10)), Num(Fraction(1, 5)), Num(Fraction(-3, 10))), ZERO),
    "log-sum-exp": Relation(
        Deriv(Elementary("log", (total(i, Elementary("exp", (at(x, i),))),)), x, (k,)),
        mul(Elementary("exp", (at(x, k),)), Pow(total(i, Elementary("exp", (at(x, i),))), Num(-1))),
        free=(k,),
    ),
    "powers of a sum": Relation(
        Pow(total(i, mul(at(x, i), at(x, i))), Num(8)),
        total(
            *(Index(c, N) for c in "abcdefgh"), Mul(tuple(Pow(at(x, Index(c, N)), TWO) for c in "abcdefgh"))
        ),
    ),
}


@pytest.mark.parametrize("name", MORE)
def test_upheld(name):
    found = judge(MORE[name])
    assert found.agrees is True, found
    assert found.trials >= 20 and found.max_error < 1e-9


REFUTED = {
    "ties of integers count": Relation(
        Iverson(Compare(">=", at(even), ZERO)), Iverson(Compare(">", at(even), ZERO))
    ),
    "component 0 left out": Relation(
        total(j0, mul(at(w0, a, j0), at(x0, j0))), Sum(j0, mul(at(w0, a, j0), at(x0, j0)), 1), free=(a,)
    ),
    "log of a square": Relation(Elementary("log", (Pow(sc, TWO),)), mul(TWO, Elementary("log", (sc,)))),
    "only off the diagonal": Relation(
        of(sigma, vec, out=(i,), derivs=((0, (j,)),)), ZERO, condition=Match(i, j), free=(i, j)
    ),
    "placeholder for variable": Relation(
        of(shadow, Lambda((i,), mul(TWO, at(x, i)))), mul(Num(8), Ref(norm), total(i, at(x, i)))
    ),
    "cancelled": Relation(add(sc, minus(sc), mul(Num(Fraction(1, 10**6)), sc)), ZERO),
}


@pytest.mark.parametrize("name", REFUTED)
def test_refuted(name):
    assert judge(REFUTED[name]).agrees is False


def test_no_sample_in_the_domain():
    nowhere = Elementary("log", (add(minus(Pow(sc, TWO)), Num(-1)),))
    found = judge(Relation(nowhere, nowhere))
    assert (found.agrees, found.trials, found.reason) == (None, 0, "no sample in the domain")
    never = Relation(sc, sc, condition=Compare("<", Pow(sc, TWO), ZERO))
    assert judge(never).reason == "no sample in the domain"


def test_a_singular_matrix_has_no_inverse():
    zero = Inverse(Lambda((i, j), mul(ZERO, at(x, i), at(x, j))), k, l)
    assert judge(Relation(zero, zero, free=(k, l))).reason == "no sample in the domain"


def test_sizes_differ_from_each_other():
    A = Variable("A", (M, N, P))
    found = judge(Relation(at(A, a, i, pp), at(A, a, i, pp), free=(a, i, pp)))
    *different, least = found.sizes
    assert len(different) == 3 and set(least.values()) == {1}
    assert all(len(set(sizes.values())) == 3 for sizes in different)
    # Five letters of one size: somewhere all of them differ.
    five = tuple(Index(c, N) for c in "abcde")
    found = judge(Relation(Mul(tuple(at(x, c) for c in five)), Mul(tuple(at(x, c) for c in five)), free=five))
    assert max(s for sizes in found.sizes for s in sizes.values()) == 5


def test_counterexample_is_small_and_simple():
    X = Variable("X", (N, N))
    found = judge(Relation(at(X, i, j), at(X, j, i), free=(i, j))).counterexample
    assert found.sizes == {"i": 2} or found.sizes == {"j": 2}
    assert sorted(found.component.values()) == [1, 2]
    row, column = (found.component[n] - 1 for n in "ij")
    assert found.left == found.values["X"][row][column] and found.right == found.values["X"][column][row]
    assert all(2 * v == int(2 * v) for line in found.values["X"] for v in line)
    found = judge(REFUTED["component 0 left out"]).counterexample
    assert found.sizes["n"] <= 1 and found.values["x"][0] == 1
    assert judge(Relation(at(X, i, j), at(X, j, i), free=(i, j)), example=False).counterexample is None


def test_same_seed_same_judgement():
    relation = TRUE["softmax"]
    one = judge(relation, 3)
    judged.cache_clear()
    assert judge(relation, 3) == one
    assert judge(relation, 4).rounds != one.rounds


def test_what_cannot_be_tested():
    big = Index("i", Dim("13"))
    v = Variable("v", (big.dim,))
    with pytest.raises(IdxcalcError, match="a size of 13 is too large to be tested; 12 is the most"):
        judge(Relation(at(v, big), ZERO, free=(big,)))
    three = Variable("v", (Dim("3"),))
    with pytest.raises(IdxcalcError, match="there is no component 4: the slot runs to 3"):
        judge(Relation(at(three, 4), ZERO))
    with pytest.raises(IdxcalcError, match="there is no component 0: the slot runs from 1"):
        judge(Relation(at(three, 0), ZERO))


def test_the_judge_leaves_the_users_jax_alone():
    judge(TRUE["trace"])
    assert tools().jax.numpy.ones(1).dtype == "float32"


def moved(function, order, tag=1):
    """The derivative of this order, by arrays that move."""

    def change(z):
        found = moved(function, order - 1, tag + 1)(Moving(tag, z, 1.0))
        return found.change if isinstance(found, Moving) and found.tag == tag else 0.0

    return change if order else function


def matrix(xp, z):
    return xp.arange(9.0).reshape(3, 3) * z[..., None, None] + 5.0 * xp.eye(3)


OPERATIONS = {
    **{name: lambda xp, z, name=name: getattr(xp, KNOWN[name].array)(*(z, 1.0 + z * z)[: KNOWN[name].arity])
       for name in KNOWN},
    "power": lambda xp, z: xp.power(1.0 + z, z * z) - xp.power(z, -2.0),
    "divide": lambda xp, z: (1.0 - z) / (1.0 + z * z),
    "where": lambda xp, z: xp.where(xp.greater(z, 0.5), z * z, 1.0 / z),
    "inverse": lambda xp, z: helpers.inverse(xp, matrix(xp, z))[..., 0, 1],
    "determinant": lambda xp, z: helpers.determinant(xp, matrix(xp, z)),
}  # fmt: skip


@pytest.mark.parametrize("order", [0, 1, 2, 3])
@pytest.mark.parametrize("name", OPERATIONS)
def test_arrays_move_as_jax_says(name, order):
    jax, np = tools().jax, tools().np
    points = np.array([0.17, 0.3, 0.55, 0.8, 0.97])
    ours = moved(partial(OPERATIONS[name], module), order)(points)
    theirs = partial(OPERATIONS[name], jax.numpy)
    for _ in range(order):
        theirs = jax.grad(theirs)
    with tools().x64(True):
        expected = [float(theirs(z)) for z in tools().jax.numpy.asarray(points)]
    np.testing.assert_allclose(np.broadcast_to(ours, points.shape), expected, rtol=1e-10, atol=1e-12)


def test_no_rule_of_the_other_judge():
    for path in Path(idxcalc.autodiff.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("idxcalc"):
                assert node.module.split(".")[1] in ("autodiff", "plan", "expr", "functions", "errors"), path
            assert not (isinstance(node, ast.Attribute) and node.attr == "derivative"), path


SNIPPETS = {
    **{
        n: TRUE[n]
        for n in (
            "gradient of the layer",
            "softmax",
            "symmetric",
            "up to order",
            "condition",
            "second differential",
        )
    },
    **{n: MORE[n] for n in ("bias as component 0", "a kink in a body", "two arguments", "narrow domain")},
    **{n: FALSE[n] for n in ("factor", "only one side", "swapped second", "within all tensors")},
}


def test_snippets_print_the_recorded_error(tmp_path):
    for number, relation in enumerate(SNIPPETS.values()):
        text = snippet(relation)
        imported = {line for line in text.splitlines() if re.match(r"\s*(import|from) ", line)}
        assert imported == {"import jax", "import jax.numpy as jnp"}
        (tmp_path / f"s{number:02}.py").write_text(text)
    run = "import runpy, sys\nfor p in sys.argv[1:]: runpy.run_path(p)\nassert 'idxcalc' not in sys.modules"
    files = sorted(map(str, tmp_path.glob("s*.py")))
    done = subprocess.run(
        [sys.executable, "-I", "-c", run, *files], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    printed = [float(line.removeprefix("largest relative error: ")) for line in done.stdout.splitlines()]
    for (name, relation), error in zip(SNIPPETS.items(), printed, strict=True):
        recorded = judge(relation).max_error
        if recorded < 1e-9:
            assert error < 1e-9, name
        else:
            assert error > 1e-3 and error == float(f"{recorded:.1e}"), name
