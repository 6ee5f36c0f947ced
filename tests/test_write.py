r"""The writer: what it prints is what people write, and reads back as the same expression."""

from __future__ import annotations

import expressions as random
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from meaning import symbols
from oracle import World
from reading import claims, expression, scope

from idxcalc.expr import (
    Add, Component, Dim, Index, Match, Mul, Num, Pow, Relation, Size, Sum, Variable, free, names,
)  # fmt: skip
from idxcalc.notation import relations
from idxcalc.notation.scope import Scope
from idxcalc.notation.write import no_sum_letters, tidy, write

N, M = random.N, random.M


def random_scope() -> Scope:
    """A scope in which the names of the random expressions mean just these symbols."""
    made = Scope()
    symbols = (
        *random.VARIABLES,
        random.SIGMA,
        random.F,
        random.G,
        random.H,
        random.BODY,
        *random.DEFINITIONS,
    )
    made.symbols.update({symbol.name: symbol for symbol in symbols})
    made.size_names.update({"n": N, "m": M})
    made.sizes.last.update({N: "n", M: "m"})
    return made


RANDOM = random_scope()


def again(expr, wrt=()):
    """The text of an expression, and what is read from it."""
    letters = no_sum_letters(expr)
    remark = rf" \quad \text{{(no sum on ${'$, $'.join(letters)}$)}}" if letters else ""
    text = write(expr, wrt)
    return text, relations.expression(RANDOM, text + remark, wrt or None)[0]


def all_sizes_are_told(node) -> bool:
    """Whether the text ties every size; a delta alone says nothing of its size, and cannot."""
    return all(getattr(found, "named", True) for found in symbols(node))


def same_values(one, two, indices):
    world = World({"n": 2, "m": 3})
    order = tuple(sorted(indices, key=lambda index: index.name))
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(world.array(one, order), world.array(two, order), rtol=1e-7, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(random.expressions())
def test_what_is_written_reads_back_with_the_same_value(expr):
    text, read = again(expr)
    assume(all_sizes_are_told(read))
    assert free(read) <= free(expr), text
    same_values(expr, read, free(expr))


@settings(max_examples=40, deadline=None)
@given(random.expressions(derivatives=True, depth=2))
def test_derivatives_and_differentials_read_back(expr):
    wrt = (random.X, random.W)
    text, read = again(expr, wrt)
    assume(all_sizes_are_told(read))
    assert free(read) <= free(expr), text
    assert again(read, wrt)[0] == again(again(read, wrt)[1], wrt)[0]


@settings(max_examples=40, deadline=None)
@given(random.expressions())
def test_tidying_renames_bound_letters_only(expr):
    made = tidy(expr, avoid={"p"})
    assert free(made) == free(expr)
    assert "p" not in names(made)
    same_values(expr, made, free(expr))


@settings(max_examples=40, deadline=None)
@given(random.expressions(), st.integers(0, 10**6))
def test_a_statement_reads_back_as_a_relation(expr, seed):
    right = Add((expr, Num(1)))
    text = write(Relation(expr, right))
    chain = relations.chains(text)[0]
    read = relations.read(RANDOM, text, chain, 0, None).relation
    assume(all_sizes_are_told(read.left) and all_sizes_are_told(read.right))
    same_values(read.left, expr, free(expr))
    same_values(read.right, right, free(expr))


# texts


GIVEN = r"""x_k, y_i constant
w_{ij}, b_i, v_i, z_i, m_{ij}, t, a, A_{ijk}
X_{ij} invertible
\sigma(p)
f(o_i), F_j(x_i), g(m_{ij})
r_i (i = 1, \dots, n)
h_i (i = 0, \dots, n)
k(t, z_i), K_j(m_{ij}, a)"""
LAYER = (
    r"\hat y_i = \sigma_i(w_{jk} x_k) \\ L = (\hat y_j - y_j)(\hat y_j - y_j) \\ s(q) = \frac{1}{1 + e^{-q}}"
)


@pytest.fixture(scope="module")
def where():
    return scope(GIVEN, LAYER)


STABLE = [
    r"x_i",
    r"x_i y_i",
    r"2x_i y_i",
    r"-x_i y_i",
    r"x_i - y_i",
    r"m_{ii}",
    r"w_{ij} x_j",
    r"\sum_i x_i",
    r"\sum_i x_i^2 y_i",
    r"x_i \sum_j y_j",
    r"\sum_i x_i y_i z_i",
    r"\frac{1}{n} \sum_i r_i",
    r"\frac{x_i}{2t}",
    r"\sum_{i=1}^n h_i",
    r"\sum_{i=1}^n t",
    r"\frac{1}{2}",
    r"\frac{1}{2} x_i y_i",
    r"3t^2",
    r"t^{-2}",
    r"\frac{1}{t}",
    r"\sqrt{x_i x_i}",
    r"\sqrt[3]{t}",
    r"(x_i y_i)^2",
    r"t (t - 1)",
    r"\sigma(w_{ij} x_j + b_i)",
    r"\sigma_i(w_{jk} x_k)",
    r"\sigma_{i,m}(w_{jk} x_k) x_m",
    r"\sigma''(t)",
    r"F_{j,i}(v_k)",
    r"g_{,(ij)}(m_{kl} + X_{kl})",
    r"g(X_{ji} + m_{ij})",
    r"s(t) (1 - s(t))",
    r"e^{-x_i} y_i",
    r"\max(0, t)",
    r"\lvert t \rvert",
    r"\log(t)",
    r"(X^{-1})_{ij} x_j",
    r"\det(X) t",
    r"((X_{kl} + m_{kl})^{-1})_{ij}",
    r"\delta_{ij} x_j",
    r"[t > 0]",
    r"[i \neq j]",
    r"[t > 0 \text{ and } a \le 1]",
    r"\begin{cases} t & \text{if } t > 0 \\ 0 & \text{otherwise} \end{cases}",
    r"L_{,(gh)}",
    r"L_{,(gh)(kl)}",
    r"\hat y_{i,(mn)}",
    r"(L t)_{,(gh)}",
    r"\frac{\partial L}{\partial b_i}",
    r"\frac{\partial^2 f(b_k)}{\partial b_i \partial b_j}",
    r"\frac{\partial}{\partial b_i}(b_j b_j t)",
    r"dL",
    r"d(L t)",
    r"d\,dL",
    r"dw_{ij} x_j",
    r"\pi t",
    r"\partial_{1} k(t, z_i)",
    r"\partial_{2,i} k(t, z_k) z_i",
    r"\partial_{1} \partial_{2,i} k(t, z_k)",
    r"(\partial_{1} k(t, z_i))^2",
    r"\partial_{1,im} K_j(m_{kl}, a)",
]


@pytest.mark.parametrize("text", STABLE)
def test_what_people_write_comes_back_as_it_was(where, text):
    by = relations.targets(where, "w_{gh}")
    expr = expression(where, text, "w_{gh}")[0]
    assert write(expr, by) == text
    assert tidy(expression(where, write(expr, by), "w_{gh}")[0]) is tidy(expr)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (r"2(\hat y_i - y_i)\,\sigma_{i,m}(w_{jk}x_k)\,x_n\,\delta_{(mn)(gh)}",
         r"2(\hat y_i - y_i) \sigma_{i,m}(w_{jk} x_k) x_n \delta_{mg} \delta_{nh}"),
        (r"x_i\sum_i y_i", r"x_i \sum_j y_j"),
        (r"3\cdot 4 t", r"12t"),
        (r"(x_iy_i)(z_iy_i)", r"x_i y_i z_j y_j"),
        (r"t(x_iy_i)", r"t x_i y_i"),
        (r"x_i(t - 1)(-2)", r"-2x_i (t - 1)"),
        (r"1/2", r"\frac{1}{2}"),
        (r"\sigma_{i,m}", r"\sigma_{i,m}"),
        (r"(g(m_{ji}))_{,(kl)}", r"(g(m_{ji}))_{,(kl)}"),
    ],
)  # fmt: skip
def test_other_forms_come_back_in_one(where, text, written):
    by = relations.targets(where, "w_{gh}")
    found = write(expression(where, text, "w_{gh}")[0], by)
    assert found == written


def test_a_function_at_its_declared_argument_needs_none(where):
    expr = expression(where, "f_{,i}F_{j,i}")[0]
    assert write(expr, (), where.defaults) == "f_{,i} F_{j,i}"
    assert write(expression(where, "F_{j,i}(v_k)")[0], (), where.defaults) == "F_{j,i}(v_k)"


def test_free_letters_that_repeat_are_named():
    i, j = Index("i", N), Index("j", N)
    x, y = Component(random.X, (i,)), Component(Variable("y", (N,)), (i,))
    assert no_sum_letters(Mul((x, y))) == ("i",)
    assert no_sum_letters(Sum(i, Mul((x, y)))) == ()
    assert write(Relation(Mul((x, y)), x)) == r"x_i y_i = x_i \quad \text{(no sum on $i$)}"
    assert no_sum_letters(Add((x, Component(random.X, (j,))))) == ("i", "j")


def test_a_bound_letter_never_meets_a_free_one():
    i, j = Index("i", N), Index("j", N)
    x = Variable("x", (N,))
    inner = Sum(j, Mul((Component(x, (j,)), Component(x, (j,)))))
    assert write(Mul((Component(x, (j,)), inner))) == "x_j x_i x_i"
    assert write(Relation(Component(x, (j,)), inner)) == "x_j = x_i x_i"
    assert write(Sum(i, Sum(i, Component(x, (i,))))) == r"\sum_{i=1}^n \sum_j x_j"


def test_relations_with_conditions_and_orders(where):
    for text in (
        r"\sigma_{i,m} = 0 \quad \text{for } i \neq m",
        r"\lvert t \rvert = t \quad \text{if } t > 0",
        r"t \neq a",
        r"d(t^2) = 2t dt + O(dt^2)",
    ):
        assert write(claims(where, text)[0].relation) == text
    assert write(Match(Index("i", N), 2, False)) == r"i \neq 2"


def test_sizes():
    assert write(Size(Dim("n"))) == "n"
    assert write(Mul((Num(2), Size(Dim("?4"))))) == r"2\delta_{ii}"


def test_tidy_renames_in_order_and_avoids():
    u, v, w = (Index(name, N) for name in "uvw")
    x, m = Variable("x", (N,)), Variable("m", (N, N))
    expr = Sum(v, Mul((Component(m, (u, v)), Sum(w, Mul((Component(m, (v, w)), Component(x, (w,))))))))
    assert write(tidy(expr)) == "m_{ui} m_{ij} x_j"
    assert write(tidy(expr, avoid="ij")) == "m_{uk} m_{kl} x_l"


def test_names_that_need_care():
    i, j = Index(r"\alpha", N), Index("j", N)
    labelled = Component(Variable("w^{(t)}", (N,)), (i,))
    assert write(Component(Variable("y", (N, N)), (i, j))) == r"y_{\alpha j}"
    assert write(Pow(labelled, Num(2))) == r"(w^{(t)}_\alpha)^2"
    assert write(Pow(Component(Variable("x'")), Num(2))) == "x'^2"
    assert write(Mul((Component(Variable("x")), Pow(Num(2), Component(Variable("x")))))) == r"x \cdot 2^x"
