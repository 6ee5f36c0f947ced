"""Derivatives read as people write them: named parts stay named, factors are collected."""

from __future__ import annotations

import pytest

from idxcalc import Context

SOFTMAX = [r"p_i = \frac{e^{x_i}}{\sum_k e^{x_k}}", r"L = -y_i\log p_i"]
NORM = [
    r"m = \frac1n\sum_i x_i",
    r"v = \frac1n\sum_i (x_i-m)^2",
    r"s = \sqrt{v+\epsilon}",
    r"y_i = \frac{x_i-m}{s}",
]
NEURON = [r"\hat y_i = \sigma_i(w_{jk}x_k)", r"L = (\hat y_i - y_i)(\hat y_i - y_i)"]
LINEAR = [r"r_i = X_{ij}b_j - y_i"]


@pytest.mark.parametrize(
    ("given", "defined", "target", "wrt", "latex"),
    [
        ("A_{ij}, x_i", [], "A_{ij}x_ix_j", "x_k", r"x_i (A_{ik} + A_{ki})"),
        ("x_i, y_i", SOFTMAX, "p_i", "x_j", r"p_i (\delta_{ij} - p_j) \quad \text{(no sum on $i$)}"),
        ("x_i, y_i", SOFTMAX, "L", "x_k", r"p_k \sum_i y_i - y_k"),
        ("X_{ij} invertible", [], r"\log\det X", "X_{ij}", r"(X^{-1})_{ji}"),
        (
            "x_k, y_i, w_{ij}\n\\sigma(z)", NEURON, "L", "w_{gh}",
            r"2\sigma'(w_{gi} x_i) x_h (\hat y_g - y_g) \quad \text{(no sum on $g$)}",
        ),
        (
            "x_i \\quad (i = 1, \\dots, n)\n\\epsilon positive", NORM, "y_i", "x_j",
            r"\frac{1}{s} \left(\delta_{ij} - \frac{y_i y_j}{n} - \frac{1}{n}\right)",
        ),
        ("X_{ij}, b_j, y_i", LINEAR, "r_ir_i", "b_k", r"2X_{ik} r_i"),
        ("X_{ij} invertible", [], r"(X^{-1})_{ij}", "X_{kl}", r"-(X^{-1})_{ik} (X^{-1})_{lj}"),
        ("x_i", [], r"x_ix_i", "x_j", "2x_j"),
    ],
)  # fmt: skip
def test_derivatives_read_as_people_write_them(
    given: str, defined: list[str], target: str, wrt: str, latex: str
) -> None:
    context = Context(given)
    for line in defined:
        context.define(line)
    derived = context.derive(target, wrt=wrt)
    assert derived.latex() == latex
    check = context.check(f"{derived.target} = {latex}", wrt=wrt)
    assert check.verdict == "proved", str(check)


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
