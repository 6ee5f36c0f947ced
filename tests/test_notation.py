r"""Every row of the notation's tables as a meaning: what is read, in numbers, against NumPy written by hand.

The fine print has tests of its own in `test_notation_fine_print`, the article's formulas in `test_article`.
"""

from __future__ import annotations

import numpy as np
import pytest
from meaning import assert_means, values, world
from reading import claims, expression, refusal, scope

from idxcalc.expr import Compare, Deriv, Diff, Match, Relation

GIVEN = r"""x_i, y_i, z_i, u_k, t, a, b_i
w_{ij}, m_{ij}, v_{ij}, A_{ijk}
c constant
X_{ij} invertible
S_{ij} symmetric
K_{ij} antisymmetric
r_i, q_i (i = 1, \dots, n)
h_j, g_{ij} (j = 0, \dots, k)
\sigma(p)
f(x_i)
F_j(x_i)
G(m_{ij})
P(t)
w^{(t)}_{ij}, \text{rate}, \hat y_i, \alpha
"""
DEFINED = r"""s(\beta) = \frac{1}{1 + e^{-\beta}} \\ N(o_i) = o_io_i \\ R_i = w_{ij}u_j \\ L = R_iR_i"""


@pytest.fixture(scope="module")
def where():
    return scope(GIVEN, DEFINED)


def cases(*rows):
    return pytest.mark.parametrize(("text", "by_numpy"), rows, ids=[row[0] for row in rows])


def logistic(z):
    return 1 / (1 + np.exp(-z))


INDICES = [
    (r"x_i", lambda g: g.x),
    (r"w_{ij}", lambda g: g.w),
    (r"A_{i\alpha j_1}", lambda g: g.A),
    (r"w_{i'i}", lambda g: g.w),
    (r"w_{i2}", lambda g: g.w[:, 1]),
    (r"g_{i0} + g_{i1}", lambda g: g.g[:, 0] + g.g[:, 1]),
    (r"h_0", lambda g: g.h[0]),
    (r"x_i y_i", lambda g: g.x @ g.y),
    (r"x_i y_j", lambda g: np.outer(g.x, g.y)),
    (r"w_{ij}u_j", lambda g: g.w @ g.u),
    (r"w_{ij}v_{jk}", lambda g: g.w @ g.v),
    (r"w_{ij}v_{ij}", lambda g: np.sum(g.w * g.v)),
    (r"w_{ij}w_{kj}", lambda g: g.w @ g.w.T),
    (r"m_{ii}", lambda g: np.trace(g.m)),
    (r"A_{iji}", lambda g: np.einsum("iji->j", g.A)),
    (r"A_{ijk}x_iy_jz_k", lambda g: np.einsum("ijk,i,j,k", g.A, g.x, g.y, g.z)),
    (r"2(\hat y_i - y_i)w_{im}", lambda g: 2 * (g.hat_y - g.y) @ g.w),
    (r"(x_i + y_i)(x_i - y_i)", lambda g: (g.x + g.y) @ (g.x - g.y)),
    (r"\sigma(x_i)y_i", lambda g: g.sigma(g.x) @ g.y),
    (r"\sigma(x_i)\sigma(y_i)", lambda g: g.sigma(g.x) @ g.sigma(g.y)),
    (r"\frac{x_i}{2}y_i", lambda g: g.x @ g.y / 2),
    (r"\frac{x_i y_i}{t}", lambda g: g.x @ g.y / g.t),
    (r"(x_iy_i)z_i", lambda g: (g.x @ g.y) * g.z),
    (r"(x_iy_i)(z_iy_i)", lambda g: (g.x @ g.y) * (g.z @ g.y)),
    (r"\sigma(x_iy_i)z_i", lambda g: g.sigma(g.x @ g.y) * g.z),
    (r"(x_iy_i)^2 z_i", lambda g: (g.x @ g.y) ** 2 * g.z),
    (r"\frac{1}{x_iy_i}z_i", lambda g: g.z / (g.x @ g.y)),
    (r"x_i + y_i", lambda g: g.x + g.y),
    (r"w_{ij} + m_{ji}", lambda g: g.w + g.m.T),
    (r"x_i - t", lambda g: g.x - g.t),
    (r"1 - x_i", lambda g: 1 - g.x),
    (r"x_i - y_jz_j", lambda g: g.x - g.y @ g.z),
    (r"x_i^2", lambda g: g.x**2),
    (r"x_i x_i", lambda g: g.x @ g.x),
    (r"x_i^2 y_j", lambda g: np.outer(g.x**2, g.y)),
    (r"\frac{x_i}{y_j}", lambda g: np.outer(g.x, 1 / g.y)),
]

WRITTEN_SUMS = [
    (r"\sum_i x_i", lambda g: g.x.sum()),
    (r"\sum_{i=1}^n r_i", lambda g: g.r.sum()),
    (r"\sum_{ij} w_{ij}", lambda g: g.w.sum()),
    (r"\sum_i\sum_j w_{ij}", lambda g: g.w.sum()),
    (r"\sum_{i,j} w_{ij}", lambda g: g.w.sum()),
    (r"\sum_i x_i^2 y_i", lambda g: np.sum(g.x**2 * g.y)),
    (r"\sum_i x_iy_iz_i", lambda g: np.sum(g.x * g.y * g.z)),
    (r"\sum_i \frac{x_i}{y_i}", lambda g: np.sum(g.x / g.y)),
    (r"\sum_i m_{ii}x_i", lambda g: np.diag(g.m) @ g.x),
    (r"\sum_i x_i y_j z_j", lambda g: g.x.sum() * (g.y @ g.z)),
    (r"\sum_i x_i + t", lambda g: g.x.sum() + g.t),
    (r"\sum_i (x_i + t)", lambda g: np.sum(g.x + g.t)),
    (r"x_i\sum_i y_i", lambda g: g.x * g.y.sum()),
    (r"(\sum_i x_i)y_i", lambda g: g.x.sum() * g.y),
    (r"\frac{1}{n}\sum_i r_i", lambda g: g.r.mean()),
    (r"\sum_{i=1}^n t", lambda g: g.t * g.world.sizes["n"]),
    (r"\sum_{j=0}^k h_j", lambda g: g.h.sum()),
    (r"\sum_j h_j", lambda g: g.h.sum()),
    (r"\sum_{j=1}^k h_j", lambda g: g.h[1:].sum()),
    (r"\sum_{j=1}^k g_{ij}h_j", lambda g: g.g[:, 1:] @ g.h[1:]),
    (r"g_{ij}h_j", lambda g: g.g @ g.h),
    (r"\sigma(\sum_j w_{ij}u_j + b_i)", lambda g: g.sigma(g.w @ g.u + g.b)),
]


FUNCTIONS = [
    (r"f(x_i)", lambda g: g.f(g.x)),
    (r"f", lambda g: g.f(g.x)),
    (r"f(y_j)", lambda g: g.f(g.y)),
    (r"f(w_{ij}u_j)", lambda g: g.f(g.w @ g.u)),
    (r"F_j(x_i)", lambda g: g.F(g.x)),
    (r"F_i(x_i)", lambda g: g.F(g.x)),
    (r"F_jF_j", lambda g: g.F(g.x) @ g.F(g.x)),
    (r"G(m)", lambda g: g.G(g.m)),
    (r"G(v_{ij})", lambda g: g.G(g.v)),
    (r"G(v_{ji})", lambda g: g.G(g.v)),
    (r"G(v_{ji} + w_{ij})", lambda g: g.G(g.v + g.w.T)),
    (r"\sigma(t)", lambda g: g.sigma(g.t)),
    (r"\sigma(x_i)", lambda g: g.sigma(g.x)),
    (r"\sigma(w_{ij}u_j + b_i)", lambda g: g.sigma(g.w @ g.u + g.b)),
    (r"\sigma_i(y_j)", lambda g: g.sigma(g.y)),
    (r"\sigma_i(w_{jk}u_k)", lambda g: g.sigma(g.w @ g.u)),
    (r"\sigma_i(w_{jk}u_k)x_i", lambda g: g.sigma(g.w @ g.u) @ g.x),
    (r"\sigma_{ij}(w_{kl})", lambda g: g.sigma(g.w)),
    (r"\sigma_{i,m}(y_j)", lambda g: np.diag(g.sigma_prime(g.y))),
    (r"\sigma_{i,m}(w_{jk}u_k)x_m", lambda g: g.sigma_prime(g.w @ g.u) * g.x),
    (r"\sigma_{i,mn}(y_j)x_mz_n", lambda g: g.sigma_second(g.y) * g.x * g.z),
    (r"\sigma'(t)", lambda g: g.sigma_prime(g.t)),
    (r"\sigma''(t)", lambda g: g.sigma_second(g.t)),
    (r"\sigma'(x_i)y_i", lambda g: g.sigma_prime(g.x) @ g.y),
    (r"P'", lambda g: g.P_prime(g.t)),
    (r"P' P''", lambda g: g.P_prime(g.t) * g.P_second(g.t)),
    (r"s(t)", lambda g: logistic(g.t)),
    (r"s(x_i)", lambda g: logistic(g.x)),
    (r"s'(t)", lambda g: logistic(g.t) * (1 - logistic(g.t))),
    (r"s(t)(1 - s(t))", lambda g: logistic(g.t) * (1 - logistic(g.t))),
    (r"t(1 - t)", lambda g: g.t * (1 - g.t)),
    (r"N(w_{ij}u_j)", lambda g: np.sum((g.w @ g.u) ** 2)),
    (r"N(x)", lambda g: g.x @ g.x),
    (r"N_{,i}(x_j)", lambda g: 2 * g.x),
    (r"\sin x_i", lambda g: np.sin(g.x)),
    (r"\sin(t)^2 + \cos^2 t", lambda g: 1.0),
    (r"\exp(x_i)y_i", lambda g: np.exp(g.x) @ g.y),
    (r"e^{x_i}y_i", lambda g: np.exp(g.x) @ g.y),
    (r"\log t + \ln t", lambda g: 2 * np.log(g.t)),
    (r"\tanh(x_i)", lambda g: np.tanh(g.x)),
    (r"\max(0, x_i - y_i)", lambda g: np.maximum(0, g.x - g.y)),
    (r"\min(t, a)", lambda g: min(g.t, g.a)),
    (r"\sqrt{t}", lambda g: np.sqrt(g.t)),
    (r"\sqrt[3]{t}", lambda g: g.t ** (1 / 3)),
    (r"\lvert x_i - y_i\rvert", lambda g: abs(g.x - g.y)),
    (r"|x_i - y_i|", lambda g: abs(g.x - g.y)),
    (r"e\pi", lambda g: np.e * np.pi),
    (r"e^t", lambda g: np.exp(g.t)),
    (r"(X^{-1})_{ij}", lambda g: np.linalg.inv(g.X)),
    (r"X^{-1}_{ij}x_j", lambda g: np.linalg.inv(g.X) @ g.x),
    (r"((X_{ij} + S_{ij})^{-1})_{ij}", lambda g: np.linalg.inv(g.X + g.S)),
    (r"\det X", lambda g: np.linalg.det(g.X)),
    (r"\det(X_{ij} + \delta_{ij})t", lambda g: np.linalg.det(g.X + np.eye(len(g.X))) * g.t),
    (r"1 \text{ if } t > a \text{ else } 0", lambda g: float(g.t > g.a)),
    (r"x_i \text{ if } x_i > y_i \text{ else } y_i", lambda g: np.maximum(g.x, g.y)),
    (
        r"\begin{cases} x_i & \text{if } x_i > y_i \\ 0 & \text{otherwise} \end{cases}",
        lambda g: np.where(g.x > g.y, g.x, 0),
    ),
    (r"[t > a]", lambda g: float(g.t > g.a)),
    (r"[x_i > y_i]z_i", lambda g: (g.x > g.y) @ g.z),
    (r"[i = j]x_j", lambda g: g.x),
    (r"[i \neq j]m_{ij}", lambda g: g.m.sum() - np.trace(g.m)),
]

DERIVATIVES = [
    (r"f_{,i}(x_j)y_i", "", lambda g: _gradient(g, g.x) @ g.y),
    (r"F_{j,i}", "", lambda g: _jacobian(g)),
    (r"F_{k,k}", "", lambda g: np.trace(_jacobian(g))),
    (r"f_{,ii}", "", lambda g: _laplacian(g)),
    (r"G_{,(ij)}(m_{kl})w_{ij}", "", lambda g: _directional(g.G, g.m, g.w)),
    (r"L_{,i}", "u_k", lambda g: 2 * g.w.T @ g.w @ g.u),
    (r"L_{,(gh)}", "w_{ij}", lambda g: 2 * np.outer(g.w @ g.u, g.u)),
    (r"R_{i,(mn)}", "w_{ij}", lambda g: np.einsum("im,n->imn", np.eye(len(g.w)), g.u)),
    (r"L_{,(gh)}", "w_{ij}, u_k", lambda g: 2 * np.outer(g.w @ g.u, g.u)),
    (r"L_{,g}", "w_{ij}, u_k", lambda g: 2 * g.w.T @ g.w @ g.u),
    (r"(x_jx_jt)_{,i}", "x_i", lambda g: 2 * g.x * g.t),
    (r"(x_jx_j)_{,ik}", "x_i", lambda g: 2 * np.eye(len(g.x))),
    (r"\frac{\partial L}{\partial u_k}", "", lambda g: 2 * g.w.T @ g.w @ g.u),
    (r"\frac{\partial^2 L}{\partial u_k \partial u_l}", "", lambda g: 2 * g.w.T @ g.w),
    (r"\frac{\partial}{\partial u_k}(u_iu_it)", "", lambda g: 2 * g.u * g.t),
    (r"\partial_k (u_iu_i)", "u_k", lambda g: 2 * g.u),
    (r"\frac{d t^3}{d t}", "", lambda g: 3 * g.t**2),
    (r"\frac{\partial^2 t^3}{\partial t^2}", "", lambda g: 6 * g.t),
    (r"d(t^2)", "", lambda g: 2 * g.t * g.dt),
    (r"d(x_iy_i)", "x_i", lambda g: g.dx @ g.y),
    (r"d(x_iy_i)", "", lambda g: g.dx @ g.y + g.x @ g.dy),
    (r"dL", "u_k", lambda g: 2 * (g.w.T @ g.w @ g.u) @ g.du),
    (r"dR_i", "w_{ij}", lambda g: g.dw @ g.u),
    (r"dw_{ij}u_j", "", lambda g: g.dw @ g.u),
    (r"d\frac{t}{a}", "t", lambda g: g.dt / g.a),
    (r"dt\,a", "", lambda g: g.dt * g.a),
    (r"d c", "", lambda g: 0.0),
    (r"\delta_{ij}x_j", "", lambda g: g.x),
    (r"\delta_{(ij)(kl)}m_{kl}", "", lambda g: g.m),
    (
        r"\frac{\partial S_{ij}}{\partial S_{kl}}",
        "",
        lambda g: (np.einsum("ik,jl->ijkl", *_eyes(g.S)) + np.einsum("il,jk->ijkl", *_eyes(g.S))) / 2,
    ),
    (
        r"\frac{\partial K_{ij}}{\partial K_{kl}}",
        "",
        lambda g: (np.einsum("ik,jl->ijkl", *_eyes(g.K)) - np.einsum("il,jk->ijkl", *_eyes(g.K))) / 2,
    ),
]


def _eyes(matrix):
    return np.eye(len(matrix)), np.eye(len(matrix))


def _directional(function, point, direction, step=1e-4):
    return (function(point + step * direction) - function(point - step * direction)) / (2 * step)


def _gradient(g, point):
    return np.array([_directional(g.f, point, unit) for unit in np.eye(len(point))])


def _jacobian(g):
    return np.array([_directional(g.F, g.x, unit) for unit in np.eye(len(g.x))]).T


def _laplacian(g, step=1e-3):
    shifted = [g.f(g.x + s * unit) for unit in np.eye(len(g.x)) for s in (step, -step)]
    return (sum(shifted) - 2 * len(g.x) * g.f(g.x)) / step**2


@cases(*INDICES)
def test_indices_and_sums(where, text, by_numpy):
    assert_means(text, where, by_numpy)


@cases(*WRITTEN_SUMS)
def test_written_sums(where, text, by_numpy):
    assert_means(text, where, by_numpy)


@cases(*FUNCTIONS)
def test_functions(where, text, by_numpy):
    assert_means(text, where, by_numpy)


@pytest.mark.parametrize(("text", "wrt", "by_numpy"), DERIVATIVES)
def test_derivatives(where, text, wrt, by_numpy):
    assert_means(text, where, by_numpy, wrt)


# "(no sum)"


def both_sides(where, text, wrt=""):
    """Each relation of a statement: its sides as arrays over the same free indices."""
    for claim in claims(where, text, wrt):
        made, _ = world(claim.relation.left, claim.relation.right)
        yield tuple(
            made.array(side, claim.relation.free) for side in (claim.relation.left, claim.relation.right)
        )


@pytest.mark.parametrize(
    ("text", "wrt"),
    [
        (r"z_i x_iy_i = x_iy_iz_i \quad \text{(no sum on $i$)}", ""),
        (r"\sigma_{i,m}(y_j) = \sigma'(y_i)\delta_{im} \quad \text{(no sum on $i$)}", ""),
        (r"\frac{x_i}{y_i} = x_iy_i^{-1} \quad \text{(no sum on $i$)}", ""),
        (r"w_{ij}x_iu_j = u_jw_{ij}x_i \quad \text{(no sum on $i$, $j$)}", ""),
        (r"w_{ij}x_i = x_i w_{ij} \text{(no sum over $i$ and $j$)}", ""),
        (
            r"T_{i,j} = T_i(\delta_{ij} - T_j) \quad \text{(no sum on $i$)}",
            "x_i",
        ),
    ],
)
def test_no_sum(text, wrt):
    where = scope(GIVEN, DEFINED + r" \\ T_i = \frac{e^{x_i}}{\sum_j e^{x_j}}")
    for left, right in both_sides(where, text, wrt):
        assert left.ndim
        np.testing.assert_allclose(left, right, rtol=1e-6, atol=1e-9)


def test_and_between_the_letters_of_no_sum_is_no_letter(where):
    (claim,) = claims(where, r"x_iy_aw_{ab} = y_aw_{ab}x_i \text{(no sum on $i$ and $b$)}")
    assert [i.name for i in claim.relation.free] == ["i", "b"]


def test_no_sum_keeps_the_letter_free_in_the_whole_statement(where):
    text = r"x_iy_i = x_iy_i\cdot 1 = z_i \quad \text{(no sum on $i$)}"
    assert [[i.name for i in claim.relation.free] for claim in claims(where, text)] == [["i"], ["i"]]


# sizes


def sizes(where, text):
    found = set()
    for index in expression(where, text)[1]:
        found.add(index.dim)
    return len(found)


@pytest.mark.parametrize(
    ("text", "unequal"),
    [(r"w_{ij}", 2), (r"w_{ij} + w_{ji}", 1), (r"w_{ij}v_{jk}", 2), (r"S_{ij}", 1), (r"x_iy_j", 2)],
)
def test_letters_tie_sizes_and_nothing_else_does(text, unequal):
    assert sizes(scope("x_i, y_i, w_{ij}, v_{ij}\nS_{ij} symmetric"), text) == unequal


def test_definitions_tie_sizes_for_the_whole_context_a_relation_for_itself_alone():
    where = scope("x_i, w_{ij}, m_{ij}", r"y_i = w_{ij}x_j")
    assert sizes(where, "w_{ij}x_k") == 2
    claim = claims(where, "m_{ij}x_j = x_i")[0]
    assert claim.notes == ("this makes m square",)
    assert claims(where, r"x_ix_i = \sum_{i=1}^3 x_i^2")[0].notes == ("this makes the size of x 3",)
    assert sizes(where, "m_{ij}") == 2


def test_named_sizes_are_numbers_and_never_indices():
    where = scope(r"x_i (i = 1, \dots, n)")
    assert_means(r"\sum_{i=1}^n n x_i", where, lambda g: g.x.sum() * len(g.x))
    assert refusal(where, "n x_n").message == "n is a size and an index"


# relations


def test_a_chain_has_a_relation_per_sign(where):
    text = r"x_iy_i &= y_ix_i \\ &= t \neq a"
    found = claims(where, text)
    assert [claim.relation.op for claim in found] == ["=", "=", "!="]
    middle = (found[0].relation.right, found[1].relation.left)
    np.testing.assert_allclose(*(world(side)[0].array(side, ()) for side in middle))


def test_a_row_with_a_left_side_starts_another_chain(where):
    found = claims(where, r"x_i = y_i \\ t = a")
    assert [len(claim.relation.free) for claim in found] == [1, 0]


def test_plus_and_minus_are_two_statements(where):
    found = claims(where, r"t \pm a = a \mp t")
    sides = [[float(side) for side in pair] for pair in both_sides(where, r"t \pm a = a \mp t")]
    t, a = (float(values(name, where)[0]) for name in "ta")
    assert len(found) == 2
    np.testing.assert_allclose(sides, [[t + a, a - t], [t - a, a + t]])


@pytest.mark.parametrize("end", [r"+ O(dt^2)", r"+ (\text{ignored higher powers of } dt)", r"+ O((dt)^2)"])
def test_equal_up_to_an_order(where, end):
    found = claims(where, rf"d(t^2) = (t + dt)^2 - t^2 {end} = 2t\,dt")
    assert [
        (r.relation.order[0].name, r.relation.order[0].differential, r.relation.order[1]) for r in found
    ] == [("t", True, 2)] * 2


def test_conditions_on_indices_and_values(where):
    by_index = claims(where, r"\sigma_{i,m} = 0 \quad \text{for } i \neq m")[0].relation
    assert isinstance(by_index.condition, Match) and not by_index.condition.equal
    assert [i.name for i in by_index.free] == ["i", "m"]
    by_value = claims(where, r"\lvert t \rvert = t \quad \text{if } t > 0")[0].relation
    assert isinstance(by_value.condition, Compare) and by_value.condition.op == ">"


def test_a_side_to_be_filled_in(where):
    claim = claims(where, r"L_{,k} = ?", "u_k")[0]
    assert claim.relation is None and isinstance(claim.known, Deriv)
    assert claims(where, r"? = dL")[0].known.__class__ is Diff


@pytest.mark.parametrize(
    "text",
    [
        r"x_iy_i",
        r"x_i\,y_i",
        r"x_i\cdot y_i",
        r"x_i * y_i",
        r"\left(x_i\right)\;y_i",
        r"\bigl(x_i\bigr) y_i",
        r"x_{i}y_{i}",
        r"{x_i}{y_i}",
        "x_i % the first\n y_i",
        r"\displaystyle x_i\quad y_i",
        r"[x_i] y_i",
        r"x _ i y_ i",
    ],
)
def test_spacing_and_size_mean_nothing(where, text):
    assert_means(text, where, lambda g: g.x @ g.y)


def test_numbers(where):
    assert_means(r"\frac12 + \frac{1}{4} + 0.125 + 1/8", where, lambda g: 1.0)
    assert_means(r"t^2 2", where, lambda g: g.t**2 * 2)
    assert_means(r"\frac1t2", where, lambda g: 2 / g.t)
    assert_means(r"\frac{t}2 3", where, lambda g: g.t / 2 * 3)
    assert_means(r"\sqrt1 2", where, lambda g: 2.0)
    assert_means(r"\sqrt[3]8 2", where, lambda g: 4.0)
    assert_means(r"\frac{1}{2}34", where, lambda g: 17.0)
    assert_means(r"{t}34", where, lambda g: 34 * g.t)
    assert_means(r"\frac{17}{10} + \sqrt{16}", where, lambda g: 5.7)


def test_cases_on_integers_leave_nothing_out():
    text = r"1 \text{ if } k > 0 \text{ and } 2 \text{ if } k < 0"
    assert refusal(scope("k"), text) is None
    message = refusal(scope("k integer"), text).message
    assert message == "these cases do not cover everything: end with else"


def test_names_with_accents_words_and_labels(where):
    assert_means(r"\text{rate}\,w^{(t)}_{ij}\hat{y}_i", where, lambda g: g.rate * g.hat_y @ g.w_t)
    assert expression(where, r"\mathrm{rate}")[0] is expression(where, r"\text{rate}")[0]


@pytest.mark.parametrize(
    "upright, plain",
    [
        (r"\mathrm{d}(x_iu_i)", "d(x_iu_i)"),
        (r"\mathrm du_i", "du_i"),
        (r"\mathrm{e}^{t}\mathrm e^{t}", "e^te^t"),
        (r"\operatorname{max}(0, t)", r"\max(0, t)"),
        (r"\mathrm{tanh} t", r"\tanh t"),
        (r"\operatorname{sin}^2 t", r"\sin^2 t"),
        (r"\operatorname{det} X", r"\det X"),
        (r"\frac{\mathrm d}{\mathrm dt}t^2", r"\frac{d}{dt}t^2"),
    ],
)
def test_what_is_set_upright_means_the_same(upright, plain):
    where = scope("x_i, u_i, t, X_{ij}")
    assert expression(where, upright)[0] is expression(where, plain)[0]


def test_a_name_in_words_is_no_letter():
    assert refusal(scope("x"), r"\mathrm{x} = 1").message == r"`\text{x}` is not declared"


def test_relations_have_the_free_letters_of_one_side(where):
    assert [i.name for i in claims(where, r"x_i = 0")[0].relation.free] == ["i"]
    assert isinstance(claims(where, r"w_{ij}u_j = x_i")[0].relation, Relation)
    assert refusal(where, "x_i = y_j").message == "left side {i}, right side {j}"
