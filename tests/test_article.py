r"""The article's formulas as printed: read, both sides evaluated, equal; except the one that is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from meaning import world
from reading import claims, expression, refusal, scope

SCALARS = scope("c, n constant\nx positive\nf(x), g(x)\nF(g(x))")
VECTORS = scope("f(x_i), g(x_i)")
RANGES = scope("x_i, y_i (i = 1, \\dots, n)\nf(x_i)\nm_{ij}")
VECTOR_VALUED = scope("f_j(x_i), g_j(x_i)")
OUTER = scope("f(g(x_i))")
CHAIN = scope("f_j(g_k(x_i))")
MATRIX = scope("f(m_{ij})\ne(t_{ijk})", r"g_{ij} = f_{,(ij)}")
COLUMN = scope("w_{ij}, x_j (j = 0, \\dots, n)\nb_i\n\\sigma(z)", r"x_0 = 1 \\ w_{i0} = b_i")
LAYER = scope(
    "x_k, y_i constant\nw_{ij}, \\eta\nw^{(t)}_{ij}\n\\sigma(z)",
    r"\hat{y}_i = \sigma_i(w_{jk}x_k) \\ \text{loss}(\hat{y}_i) = (\hat{y}_j - y_j)(\hat{y}_j - y_j)",
)

# identifier, context, wrt, formula
PRINTED = [
    ("A01", SCALARS, "", r"dc = 0"),
    ("A01x", SCALARS, "", r"d42 = 0"),
    ("A02", SCALARS, "", r"d(f \pm g) = df \pm dg"),
    ("A02x", SCALARS, "", r"d(x^2 \pm 3x) = (2x \pm 3)dx"),
    ("A03", SCALARS, "", r"d(f \cdot g) = df \cdot g + f \cdot dg"),
    ("A03x", SCALARS, "", r"d(x^2 \sin(x)) = (2x \sin(x) + x^2 \cos(x))dx"),
    ("A04", scope("f(g(x))"), "", r"d(f(g(x))) = f' dg = f' g' dx"),
    ("A04x", SCALARS, "", r"d(\sin(x^2)) = \cos(x^2) \cdot 2x dx"),
    ("A05", SCALARS, "", r"d(cf) = c df"),
    ("A07", RANGES, "", r"\frac{\partial f}{\partial x_i} = f_{,i}"),
    ("A08", RANGES, "", r"df = \sum_{i=1}^n f_{,i}dx_i"),
    ("A09", RANGES, "", r"df = f_{,i}dx_i"),
    ("A10", RANGES, "", r"x_iy_i = \sum_{i=1}^{n} x_iy_i"),
    ("A12", VECTORS, "x_i", r"d(f \pm g) = (f \pm g)_{,i}dx_i = (f_{,i} \pm g_{,i})dx_i"),
    ("A13", VECTORS, "x_i", r"d(f \cdot g) = (f \cdot g)_{,i}dx_i = (f_{,i}g + fg_{,i})dx_i"),
    ("A14", OUTER, "", r"df = f'g_{,i}dx_i"),
    ("A16", VECTOR_VALUED, "", r"df_j = f_{j,i}dx_i"),
    ("A17", VECTOR_VALUED, "x_i", r"d(f_jg_j) = (f_jg_j)_{,i}dx_i = (f_{j,i}g_j + f_jg_{j,i})dx_i"),
    ("A18", CHAIN, "", r"df_j = f_{j,k}dg_k = f_{j,k}g_{k,i}dx_i"),
    ("A19", CHAIN, "", r"(f \circ g)_{j,i} = f_{j,k}g_{k,i}"),
    ("A20", RANGES, "", r"\delta_{ij} = 1 \text{ if } i=j \text{ and } 0 \text{ if } i \neq j"),
    ("A21", RANGES, "", r"\delta_{ij}x_j = x_i"),
    ("A24", VECTOR_VALUED, "", r"f_{k,ij} = \frac{\partial^2 f_k}{\partial x_i \partial x_j}"),
    ("A24", VECTOR_VALUED, "", r"f_{k,ij} = f_{k,ji}"),
    ("A27", MATRIX, "", r"\frac{\partial f(m_{ij})}{\partial m_{ij}} = g_{ij}"),
    ("A27", MATRIX, "", r"g_{ij} = f_{,(ij)}"),
    ("A27", MATRIX, "m_{ij}", r"(m_{kk})_{,(ij)} = \delta_{ij}"),
    ("A28", MATRIX, "", r"e_{,(ijk)} = \frac{\partial e}{\partial t_{ijk}}"),
    ("A31", COLUMN, "", r"\sigma(\sum_{j=1}^n w_{ij}x_j + b_i) = \sigma_i(w_{jk}x_k)"),
    (
        "A32",
        LAYER,
        "",
        r"\text{loss}(\hat{y}_i) = (\hat{y}_j - y_j)(\hat{y}_j - y_j)"
        r" = \hat{y}_j\hat{y}_j - 2y_j\hat{y}_j + y_jy_j",
    ),
    ("A33", LAYER, "w_{ij}", r"d\text{loss}(\hat{y}_i) = 2(\hat{y}_j - y_j)d\hat{y}_j"),
    (
        "A34",
        LAYER,
        "w_{mn}",
        r"d(\hat{y}_i) = \hat{y}_{i,(mn)}dw_{mn} = d\sigma_i(w_{jk}x_k)"
        r" = \sigma_{i,m}(w_{jk}x_k)d(w_{mn}x_n) = \sigma_{i,m}(w_{jk}x_k)x_ndw_{mn}",
    ),
    (
        "A35",
        LAYER,
        "w_{gh}",
        r"d\text{loss} = \text{loss}_{,(gh)}dw_{gh} = 2(\hat{y}_i - y_i)\sigma_{i,m}(w_{jk}x_k)x_ndw_{mn}",
    ),
    (
        "A36",
        LAYER,
        "w_{gh}",
        r"\text{loss}_{,(gh)} = 2(\hat{y}_i - y_i)\sigma_{i,m}(w_{jk}x_k)x_n\delta_{(mn)(gh)}",
    ),
    ("A38", LAYER, "", r"\delta_{(ij)(kl)} = 1 \text{ if } i=k \text{ and } j=l, \text{ else } 0"),
    ("A39", LAYER, "w_{gh}", r"w_{mn,(gh)} = \delta_{(mn)(gh)}"),
    (
        "A40",
        LAYER,
        "w_{gh}",
        r"\text{loss}_{,(gh)} = \frac{\partial\text{loss}}{\partial w_{gh}}"
        r" = 2\sum_{imn}(\hat{y}_i - y_i)\sigma_{i,m}(\sum_k w_{jk}x_k)x_n\delta_{(mn)(gh)}",
    ),
]


@pytest.mark.parametrize(
    ("where", "wrt", "text"),
    [row[1:] for row in PRINTED],
    ids=[f"{row[0]}-{n}" for n, row in enumerate(PRINTED)],
)
def test_the_formula_holds_as_it_is_read(where, wrt, text):
    for claim in claims(where, text, wrt):
        left, right = claim.relation.left, claim.relation.right
        made, _ = world(left, right)
        arrays = [made.array(side, claim.relation.free) for side in (left, right)]
        np.testing.assert_allclose(*arrays, rtol=1e-6, atol=1e-8)


def test_powers_up_to_higher_powers():
    text = (
        r"d(x^n) = (x+dx)^n - x^n = x^n + nx^{n-1}dx + (\text{ignored higher powers of } dx) - x^n"
        r" = nx^{n-1}dx"
    )
    found = claims(SCALARS, text)
    assert [(c.relation.order[0].name, c.relation.order[1]) for c in found] == [("x", 2)] * 3


def test_the_free_indices_are_the_rank():
    ranks = [(r"m_{kk}", 0), (r"x_i", 1), (r"m_{ij}x_j", 1), (r"m_{ij}", 2), (r"m_{ij}x_k", 3)]
    where = scope("m_{ij}, x_i")
    assert [(text, len(expression(where, text)[1])) for text, _ in ranks] == ranks


def test_the_preactivation_as_printed_is_refused():
    where = scope("w_{ij}, x_j, b_i, y_j\n\\sigma(z)")
    error = refusal(where, r"\hat{y}_i = \sigma_i(y_j) = \sigma_i(w_{jk}x_k + b_k)")
    assert error is not None
    where = scope("w_{ij}, x_j, b_i, y_j, \\hat{y}_i\n\\sigma(z)")
    error = refusal(where, r"\hat{y}_i = \sigma_i(y_j) = \sigma_i(w_{jk}x_k + b_k)")
    assert error.message == "the terms have free indices {j} and {k}"
    assert refusal(where, r"\hat{y}_i = \sigma_i(y_j) = \sigma_i(w_{jk}x_k + b_j)") is None


def test_the_neuron_and_its_step_are_defined():
    where = scope("w_{ij}, x_j, b_i\n\\sigma(z)", r"\hat{y}_i = \sigma(w_{ij}x_j + b_i)")
    assert r"\hat y" in where.symbols
    assert refusal(where, r"\hat{y}_i = \sigma_i(w_{jk}x_k + b_j)") is None
    update = r"w^{(t)}_{gh} - \eta\,\text{loss}_{,(gh)} = w^{(t)}_{gh} + 0"
    assert [i.name for i in claims(LAYER, update, "w_{ij}")[0].relation.free] == ["g", "h"]


def test_a_condition_keeps_indices_apart():
    relation = claims(LAYER, r"\sigma_{i,m} = 0 \text{ for } i \neq m")[0].relation
    made, _ = world(relation.left, relation.right)
    jacobian = made.array(relation.left, relation.free)
    np.testing.assert_allclose(jacobian, np.diag(np.diag(jacobian)), atol=1e-9)
    assert np.all(np.diag(jacobian) != 0)
