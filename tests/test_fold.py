"""Derivatives read as people write them: named parts stay named, factors are collected."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from idxcalc import Context
from idxcalc.calculus import differentiate
from idxcalc.expr import Num, Pow, Variable, python_name, symbols
from idxcalc.normal.fold import divisors
from idxcalc.normal.normalise import normal
from idxcalc.normal.signs import base_sign
from idxcalc.normal.terms import Scope, poly_expr

SOFTMAX = [r"p_i = \frac{e^{x_i}}{\sum_k e^{x_k}}", r"L = -y_i\log p_i"]
NORM = [
    r"m = \frac1n\sum_i x_i",
    r"v = \frac1n\sum_i (x_i-m)^2",
    r"s = \sqrt{v+\epsilon}",
    r"y_i = \frac{x_i-m}{s}",
]
NEURON = [r"\hat y_i = \sigma_i(w_{jk}x_k)", r"L = (\hat y_i - y_i)(\hat y_i - y_i)"]
LINEAR = [r"r_i = X_{ij}b_j - y_i"]
SCORES = [r"z_i = w_{ij}x_j", r"p_i = \frac{e^{z_i}}{\sum_k e^{z_k}}", r"L = -y_i\log p_i"]
LOGISTIC = [r"s_i = \frac{1}{1 + e^{-X_{ij}w_j}}", r"L = -y_i\log s_i - (1 - y_i)\log(1 - s_i)"]
HIDDEN = [r"h_i = \tanh(w_{ij}x_j)", r"r_i = v_{ij}h_j - y_i", r"L = r_ir_i"]
NORM_AT_ONCE = [
    r"m = \frac1n\sum_i x_i",
    r"s = \sqrt{\frac1n\sum_i (x_i-m)(x_i-m)}",
    r"y_i = \frac{x_i-m}{s}",
]
ATTENTION = [
    r"s_{ij} = q_{ia}k_{ja}",
    r"p_{ij} = \frac{e^{s_{ij}}}{\sum_l e^{s_{il}}} \quad \text{(no sum on $i$)}",
    r"o_{ib} = p_{ij}v_{jb}",
]
SIGMOID = [r"s(u) = \frac{1}{1 + e^{-u}}"]
LENGTH = [r"r = \sqrt{x_ix_i}", r"u_i = \frac{x_i}{r}"]


def defining(given: str, defined: list[str]) -> Context:
    context = Context(given)
    for line in defined:
        context.define(line)
    return context


@pytest.mark.parametrize(
    ("given", "defined", "target", "wrt", "latex"),
    [
        ("A_{ij}, x_i", [], "A_{ij}x_ix_j", "x_k", r"(A_{kj} + A_{jk}) x_j"),
        ("x_i, y_i", SOFTMAX, "p_i", "x_j", r"p_i (\delta_{ij} - p_j) \quad \text{(no sum on $i$)}"),
        ("x_i, y_i", SOFTMAX, "L", "x_k", r"p_k \sum_i y_i - y_k"),
        ("X_{ij} invertible", [], r"\log\det X", "X_{ij}", r"(X^{-1})_{ji}"),
        (
            "x_k, y_i, w_{ij}\n\\sigma(z)", NEURON, "L", "w_{gh}",
            r"2(\hat y_g - y_g) \sigma'(w_{gk} x_k) x_h \quad \text{(no sum on $g$)}",
        ),
        (
            "x_i \\quad (i = 1, \\dots, n)\n\\epsilon positive", NORM, "y_i", "x_j",
            r"\frac{1}{s} \left(\delta_{ij} - \frac{1}{n} - \frac{1}{n} y_i y_j\right)",
        ),
        (
            "x_i \\quad (i = 1, \\dots, n)", NORM_AT_ONCE, "y_i", "x_j",
            r"\frac{1}{s} \left(\delta_{ij} - \frac{1}{n} - \frac{1}{n} y_i y_j\right)",
        ),
        (
            "q_{ia}, k_{ja}, v_{jb}", ATTENTION, "o_{ib}", "k_{gc}",
            r"p_{ig} (v_{gb} - o_{ib}) q_{ic} \quad \text{(no sum on $g$, $i$)}",
        ),
        (
            "q_{ia}, k_{ja}, v_{jb}", ATTENTION, "o_{ib}", "q_{ga}",
            r"\left(\sum_j k_{ja} v_{jb} p_{gj} - o_{gb} k_{ja} p_{gj}\right) \delta_{gi}"
            r" \quad \text{(no sum on $g$)}",
        ),
        ("c", SIGMOID, "s(c)", "c", "(1 - s(c)) s(c)"),
        ("c", SIGMOID, r"\log s(c)", "c", "1 - s(c)"),
        ("c, v constant", SIGMOID, r"-v\log s(c) - (1 - v)\log(1 - s(c))", "c", "s(c) - v"),
        (
            "x_i", SIGMOID, "s(x_i)", "x_j",
            r"(1 - s(x_i)) \delta_{ij} s(x_i) \quad \text{(no sum on $i$)}",
        ),
        (
            "X_{ij}, w_j, y_i", [*SIGMOID, r"p_i = s(X_{ij}w_j)", LOGISTIC[1].replace("s_i", "p_i")],
            "L", "w_k",
            "(p_i - y_i) X_{ik}",
        ),
        ("x_i, w_{ij}", ["r(u) = \\max(0, u)"], "r(w_{ij}x_j)", "x_k",
         r"[w_{ij} x_j > 0] w_{ik} \quad \text{(no sum on $i$)}"),
        ("A_{ij}, x_j, y_i", [], "(A_{ij}x_j - y_i)(A_{ik}x_k - y_i)", "x_j", "2(A_{ik} x_k - y_i) A_{ij}"),
        (
            "v_{ki}, w_{ij}, x_j, y_k\n\\sigma(z)",
            [r"h_i = \sigma(w_{ij}x_j)", "L = (v_{ki}h_i - y_k)(v_{kj}h_j - y_k)"], "L", "w_{gh}",
            r"2\sigma'(w_{gj} x_j) x_h (v_{ki} h_i - y_k) v_{kg} \quad \text{(no sum on $g$)}",
        ),
        ("X_{ij}, b_j, y_i", LINEAR, "r_ir_i", "b_k", r"2X_{ik} r_i"),
        ("X_{ij} invertible", [], r"(X^{-1})_{ij}", "X_{kl}", r"-(X^{-1})_{ik} (X^{-1})_{lj}"),
        ("x_i", [], r"x_ix_i", "x_j", "2x_j"),
        ("x_i, w_{ij}, y_i", SCORES, "L", "w_{gh}", r"\left(p_g \sum_i y_i - y_g\right) x_h"),
        ("X_{ij}, w_j, y_i", LOGISTIC, "L", "w_k", r"(s_i - y_i) X_{ik}"),
        ("X_{ij}, w_j, y_i", LOGISTIC, "L_{,kl}", "w_k", r"\sum_i s_i (1 - s_i) X_{ik} X_{il}"),
        (
            "x_i, v_{ij}, w_{ij}, y_i", HIDDEN, "L", "w_{gh}",
            r"2(1 - h_g^2) x_h v_{ig} r_i \quad \text{(no sum on $g$)}",
        ),
        ("x_i", LENGTH, "r", "x_j", r"\frac{x_j}{r}"),
        # Nothing is divided that was not, and what is divided stands below one line.
        (
            "x_j, u_{ij}, v_{ij}",
            [r"a_i = \tanh(u_{ij}x_j)", "b_i = v_{ij}x_j", r"h_i = a_ib_i \quad \text{(no sum on $i$)}"],
            "h_i", "u_{gh}",
            r"b_g (1 - a_g^2) \delta_{gi} x_h \quad \text{(no sum on $g$)}",
        ),
        (
            "g_i\nx_i \\quad (i = 1, \\dots, n)\n\\epsilon positive",
            [r"r = \sqrt{\frac1nx_kx_k + \epsilon}", r"y_i = \frac{g_ix_i}{r} \quad \text{(no sum on $i$)}"],
            "y_i", "x_j",
            r"\frac{g_i}{r} \left(\delta_{ij} - \frac{x_i x_j}{n r^2}\right) \quad \text{(no sum on $i$)}",
        ),
        (
            "g, v_i", [r"w_j = \frac{gv_j}{\sqrt{v_kv_k}}"], "w_j", "v_i",
            r"\frac{g}{\sqrt{\sum_k v_k^2}} \left(\delta_{ij} - \frac{v_i v_j}{\sum_k v_k^2}\right)",
        ),
        ("z", [], "e^{-3z}", "z", "-3e^{-3z}"),
        ("z positive", [], r"\frac{1}{\sqrt z}", "z", r"-\frac{1}{2z^{\frac{3}{2}}}"),
        # A bracket turns to save a minus; a sum that is a product of two is written so.
        (
            "x_i \\quad (i = 1, \\dots, n)\n\\epsilon positive",
            [*NORM[:2], r"y_i = \frac{x_i-m}{\sqrt{v+\epsilon}}"], "y_i", "x_j",
            r"\frac{1}{n \sqrt{\epsilon + v}} (n \delta_{ij} - 1 - y_i y_j)",
        ),
        (
            "x_i \\quad (i = 1, \\dots, n)",
            [NORM[0], r"s = \sqrt{\frac1n\sum_i (x_i-m)^2}", NORM[3]], "y_i", "x_j",
            r"\frac{1}{s} \left(\delta_{ij} - \frac{1}{n} - \frac{1}{n} y_i y_j\right)",
        ),
        (
            "x_j, h_i, n_i, p_{ij}",
            [*SIGMOID, "z_i = s(p_{ij}x_j)", r"k_i = (1-z_i)n_i + z_ih_i \quad \text{(no sum on $i$)}"],
            "k_i", "p_{gh}",
            r"(1 - z_g) (k_g - n_g) \delta_{gi} x_h \quad \text{(no sum on $g$)}",
        ),
        (
            r"\ell_i", [], r"e^{\ell_i/2}", r"\ell_j",
            r"\frac{1}{2} \delta_{ij} e^{\frac{1}{2} \ell_i} \quad \text{(no sum on $i$)}",
        ),
        ("x_i", LENGTH, "u_i", "x_j", r"\frac{1}{r} (\delta_{ij} - u_i u_j)"),
    ],
)  # fmt: skip
def test_derivatives_read_as_people_write_them(
    given: str, defined: list[str], target: str, wrt: str, latex: str
) -> None:
    context = defining(given, defined)
    derived = context.derive(target, wrt=wrt)
    assert derived.latex() == latex
    for _, line in derived.steps:
        check = context.check(f"{derived.target} = {line}", wrt=wrt)
        assert check.verdict == "proved", str(check)


NO_SUM = r" \quad \text{(no sum on $i$)}"
SIZED = "x_i \\quad (i = 1, \\dots, n)\n\\epsilon positive"
NETWORKS = [
    (
        "x_i, p_{ij}, q_{ij}, w_{ij}, t_i",
        [
            *SIGMOID, "S(z) = zs(z)", "a_i = p_{ij}x_j", "b_i = q_{ij}x_j", f"h_i = S(a_i)b_i{NO_SUM}",
            "y_i = w_{ij}h_j", "L = (y_i - t_i)(y_i - t_i)",
        ],
        "L", "p_{gh}, q_{gh}, w_{gh}, x_g",
    ),
    ("z, c", [r"G(z) = \frac12z(1 + \tanh(c(z + 0.044715z^3)))"], "G(z)", "z, c"),
    ("z", [*SIGMOID, "S(z) = zs(z)", "M = S(z)S(z)"], "M", "z"),
    (SIZED + "\ng_i", [r"r = \sqrt{\frac1nx_kx_k + \epsilon}", rf"y_i = \frac{{g_ix_i}}{{r}}{NO_SUM}"],
     "y_i", "x_j, g_j, \\epsilon"),
    ("x_i, u_{ij}, v_{ij}", [r"a_i = \tanh(u_{ij}x_j)", "b_i = v_{ij}x_j", f"h_i = a_ib_i{NO_SUM}"],
     "h_i", "u_{gh}, v_{gh}, x_g"),
    ("g, v_i", [r"w_j = \frac{gv_j}{\sqrt{v_kv_k}}"], "w_j", "g, v_i"),
    (SIZED, NORM, "y_i", "x_j"),
    (SIZED, NORM_AT_ONCE, "y_i", "x_j"),
    ("x_i, y_i", SOFTMAX, "L", "x_k, y_k"),
    ("x_i", LENGTH, "u_i", "x_j"),
    ("m, v\n\\epsilon positive", [r"f = \frac{m}{\sqrt v + \epsilon}"], "f", r"m, v, \epsilon"),
    ("a_i, x_i", ["q = x_ix_i", "L = qa_1a_2a_3"], "L", "x_j"),
    ("a, x_i\n\\epsilon positive", [r"q = \sqrt{ax_ix_i}", r"w = \sqrt{q + \epsilon}"], "w", "x_j, a"),
    ("a, b, x", ["u = ax", "v = bx", "w = u^2v^3"], "w", "x, a"),
    ("q_{ia}, k_{ja}, v_{jb}", ATTENTION, "o_{ib}", "q_{gc}, k_{gc}"),
    (
        "x_i, t_i, p_{ij}, v_{ij}, q_{ij}",
        [
            *SIGMOID, "z_i = s(p_{ij}x_j)", r"n_i = \tanh(v_{ij}x_j + q_{ij}t_j)",
            f"h_i = (1 - z_i)n_i + z_it_i{NO_SUM}",
        ],
        "h_i", "p_{gh}, v_{gh}, q_{gh}, x_g, t_g",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("given", "defined", "target", "variables"), NETWORKS)
def test_names_make_nothing_a_divisor_that_may_be_zero(
    given: str, defined: list[str], target: str, variables: str
) -> None:
    """Where any one value is 0, the result has a value if the derivative as found has one, the same."""
    context, draw = defining(given, defined), np.random.default_rng(0)
    for wrt in variables.split(", "):
        derived = context.derive(target, wrt=wrt)
        assert derived.origin is not None
        plain = replace(derived, expr=differentiate(derived.origin))
        of = [v for v in symbols(derived.origin) if isinstance(v, Variable)]
        values = {python_name(v.name): 1 + draw.random((3,) * len(v.dims)) for v in of}
        tried = 0
        for zero in (v for v in of if "positive" not in v.traits):
            for place in (..., (0,) * len(zero.dims)):
                name = python_name(zero.name)
                point = {**values, name: np.array(values[name])}
                point[name][place] = 0
                with np.errstate(all="ignore"):
                    right, found = (
                        f(**{n: point[n] for n in f.arguments}, **dict.fromkeys(f.sizes, 3))
                        for f in (plain.compile(), derived.compile())
                    )
                known = np.isfinite(right)
                tried += known.any()
                assert np.allclose(found[known], right[known]), (str(derived), zero, found, right)
        assert tried


@pytest.mark.parametrize(("given", "defined", "target", "variables"), NETWORKS)
def test_what_divides_a_result_divided_it_before_or_has_a_sign(
    given: str, defined: list[str], target: str, variables: str
) -> None:
    context, scope = defining(given, defined), Scope(normal)
    for wrt in variables.split(", "):
        derived = context.derive(target, wrt=wrt)
        assert derived.origin is not None
        before, after = (
            {b for d in divisors(e) for b in divisors(poly_expr(normal(scope, Pow(d, Num(Fraction(-2))))))}
            for e in (differentiate(derived.origin), derived.expr)
        )
        assert not [base for base in after - before if not base_sign(scope, base)], str(derived)


STEPS = [
    ("A_{ij}, x_i", [], "(A_{ij}x_ix_j)_{,k}", "x_k", 4),
    ("x_i, y_i", SOFTMAX, "p_{i,j}", "x_j", 7),
    ("x_i, y_i", SOFTMAX, "L_{,k}", "x_k", 9),
    ("X_{ij} invertible", [], r"(\log\det X)_{,(ij)}", "X_{ij}", 4),
    ("X_{ij} invertible", [], r"((X^{-1})_{ij})_{,(kl)}", "X_{kl}", 3),
    ("x_k, y_i, w_{ij}\n\\sigma(z)", NEURON, "L_{,(gh)}", "w_{gh}", 6),
    ("X_{ij}, b_j, y_i", LINEAR, "(r_ir_i)_{,k}", "b_k", 5),
    ("x_i", [], "(x_ix_i)_{,jk}", "x_j", 6),
    ("x_i", LENGTH, "r_{,j}", "x_j", 5),
    ("x_i", LENGTH, "u_{i,j}", "x_j", 8),
    ("x_i, w_{ij}, y_i", SCORES, "L_{,(gh)}", "w_{gh}", 12),
    ("x_i, v_{ij}, w_{ij}, y_i", HIDDEN, "L_{,(gh)}", "w_{gh}", 9),
    ("z, u", [], r"\frac{\partial}{\partial z}(z^2\sin(uz))", "z", 5),
]


@pytest.mark.parametrize(("given", "defined", "target", "wrt", "most"), STEPS)
def test_each_step_follows_from_the_one_before(
    given: str, defined: list[str], target: str, wrt: str, most: int
) -> None:
    """One rule a step; both judges agree on each."""
    context = defining(given, defined)
    results = context.check_steps(target, wrt=wrt)
    assert [str(r) for r in results if r.verdict != "proved"] == []
    rules = [rule for result in results for rule, _ in result.steps]
    assert len(rules) == len(results) <= most, rules
    assert rules[-1] == "collect"


@pytest.mark.parametrize(
    "text",
    [
        r"g(2t) = 12t^2",
        r"\frac{\partial}{\partial t}g(2t) = 24t",
        r"g'(t) = 6t",
        r"h_i(3x_j) = 108x_ix_jx_j",
        r"h_{i,j}(x_k) = 8x_ix_j + 4\delta_{ij}x_kx_k",
    ],
)
def test_a_body_may_differentiate_by_its_own_argument(text: str) -> None:
    context = Context("t\nx_i")
    context.define(r"g(z) = \frac{\partial z^3}{\partial z}")
    context.define(r"h_i(u_j) = \frac{\partial}{\partial u_i}(u_ju_ju_ku_k)")
    assert context.check(text, wrt="x_i").verdict == "proved"
