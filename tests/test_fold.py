"""Derivatives read as people write them: named parts stay named, factors are collected."""

from __future__ import annotations

import pytest

from idxcalc import Context

SOFTMAX = [r"p_i = \frac{e^{x_i}}{\sum_k e^{x_k}}", r"L = -y_i\log p_i"]
NORM = [r"m = \frac1n\sum_i x_i", r"v = \frac1n\sum_i (x_i-m)^2", r"s = \sqrt{v+\epsilon}", r"y_i = \frac{x_i-m}{s}"]
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
