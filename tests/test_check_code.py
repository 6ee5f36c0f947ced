"""``ctx.check_code``: what an author is told about a function of their own, in full."""

from __future__ import annotations

import functools
import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from idxcalc import Context


@pytest.fixture(scope="module")
def gated() -> Context:
    ctx = Context("x_k, u_{ij}, v_{ij}, \\eta\n\\sigma(z)")
    ctx.define(r"y_i = \sigma(u_{ij}x_j)\,v_{ij}x_j \quad \text{(no sum on $i$)}")
    ctx.define("L = y_iy_i")
    return ctx


def right(u, v, x, sigma):
    return np.outer(2 * sigma(u @ x) ** 2 * (v @ x), x)


def said(ctx: Context, function, formula="L_{,(gh)}", wrt="v_{gh}") -> list[str]:
    """What `print` shows, without the formula."""
    head, shown, *rest = str(ctx.check_code(formula, function, wrt=wrt)).splitlines()
    assert shown == f"    {formula}"
    return [head, *(line.strip() for line in rest)]


def test_a_right_function_is_tested_and_the_result_says_how_well(gated):
    result = gated.check_code("L_{,(gh)}", right, wrt="v_{gh}")
    assert result and result.verdict == "tested" and result.trials == 3 and result.max_error < 1e-14
    assert result.sizes == ({"g": 3, "h": 2}, {"g": 4, "h": 3}, {"g": 5, "h": 4})
    assert str(result).startswith("tested  right\n    L_{,(gh)}\n    3 samples, largest error ")


# ------------------------------------------------------------------------------- what is wrong with it

AT = "at sizes g = 3, h = 2"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a, **k: a.T, "the result is transposed"),
        (lambda a, **k: -a, "the result has the wrong sign"),
        (lambda a, **k: a / 2, "the result lacks a factor 2"),
        (lambda a, **k: 3 * a, "the result has a factor 3 too many"),
        (lambda a, **k: a * 2 / 3, "the result lacks a factor 3/2"),
        (lambda a, **k: -a.T / 2, "the result is transposed, has the wrong sign and lacks a factor 2"),
        (lambda a, x, **k: a / x, "the result lacks the factor x_h"),
        (lambda a, x, **k: a * x, "the result has the factor x_h too many"),
        (lambda a, x, **k: (a / x).T, "the result is transposed and lacks the factor x_h"),
        (lambda a, eta, **k: a * eta, r"the result has the factor \eta too many"),
        (lambda a, u, **k: a / u, "the result lacks the factor u_{gh}"),
        (lambda a, y, **k: a / y[:, None], "the result lacks the factor y_g"),
        (lambda a, **k: 0 * a, "the result is 0 everywhere"),
        (
            lambda a, **k: np.stack([a / 2, a / 2]),
            "the result has an axis too many: its sum over axis 1 would be right",
        ),
        (
            lambda a, **k: a[..., None],
            "the values are right, but the result has an axis of length 1 too many",
        ),
        (lambda a, **k: a[0], "the result has shape (2,); the formula has (3, 2) over (g,h)"),
        (lambda a, **k: None, "your function returns nothing; is a `return` missing?"),
        (lambda a, **k: (a, a), "your function returns a tuple of 2; return the one array that L_{,(gh)} is"),
        (
            lambda a, **k: {"v": a},
            "your function returns a dict of 1; return the one array that L_{,(gh)} is",
        ),
        (lambda a, **k: [a, "a"], "your function returns no array of numbers, but a list"),
        (lambda a, **k: a + 0j, "your function returns complex numbers; the formula is real"),
    ],
)  # fmt: skip
def test_the_fault_is_named(gated, change, message):
    def backward(x, u, v, y, eta, sigma):
        return change(right(u, v, x, sigma), x=x, u=u, y=y, eta=eta)

    assert said(gated, backward) == ["refuted  backward", message, AT]


def test_one_wrong_component_is_named_with_both_values(gated):
    def backward(u, v, x, sigma):
        a = right(u, v, x, sigma)
        a[1, 0] = 7
        return a

    head, found, at = said(gated, backward)
    assert (head, at) == ("refuted  backward", AT)
    component, _, values = found.partition(": your function gives 7, the formula ")
    assert component == "component (g,h) = (2,1)" and values.endswith("; 1 of 6 components differs")


def test_not_a_number_is_a_difference(gated):
    def backward(u, v, x, sigma):
        return right(u, v, x, sigma) * np.nan

    found = said(gated, backward)[1]
    assert found.startswith("component (g,h) = (1,1): your function gives nan, the formula ")
    assert found.endswith("; 6 of 6 components differ")


def test_a_forgotten_slope_is_named(gated):
    def backward(u, v, x, y, sigma):
        return np.outer(2 * y * (v @ x), x)

    assert said(gated, backward, wrt="u_{gh}")[1] == r"the result lacks the factor \sigma'(u_{gi} x_i)"


def test_axes_of_higher_rank_are_named_by_their_letters():
    ctx = Context("A_{ijk}")
    assert said(ctx, lambda A: A.transpose(2, 0, 1), "A_{ijk}", "") == [
        "refuted", "the result has its axes in the order k,i,j", "at sizes i = 2, j = 3, k = 4",
    ]  # fmt: skip


def test_a_factor_of_the_size_is_told_from_a_number():
    ctx = Context(r"x_i \quad (i = 1, \dots, n)")
    ctx.define(r"m = \frac1n\sum_i x_i")
    ctx.define(r"v = \frac1n\sum_i (x_i - m)^2")
    assert said(ctx, lambda x, m: 2 * (x - m) / len(x), "v_{,j}", "x_j")[0] == "tested"
    assert said(ctx, lambda x, n: 2 * (x - x.mean()) / n, "v_{,j}", "x_j")[0] == "tested"
    assert said(ctx, lambda x, m: 2 * (x - m), "v_{,j}", "x_j")[1] == "the result has the factor n too many"


def test_a_scalar_says_both_values():
    ctx = Context("x_i, y_i")
    head, found = said(ctx, lambda x, y: x @ y + 1, "x_iy_i", "")
    assert head == "refuted" and found.startswith("your function gives ") and ", the formula " in found


def test_small_values_are_compared_as_well_as_large_ones():
    ctx = Context("x_i")
    assert said(ctx, lambda x: 1e-9 * x, "0.000000001x_i", "")[0] == "tested"
    assert said(ctx, lambda x: 1.001e-9 * x, "0.000000001x_i", "")[0] == "refuted"


# --------------------------------------------------------------------------------------- its parameters


def test_a_parameter_that_nothing_is_called(gated):
    assert said(gated, lambda V, x: V @ x) == [
        "malformed",
        "nothing is called V; did you mean v?; your function may take eta, u, v, x, sigma, y, L",
    ]


def test_parameters_may_be_definitions_sizes_and_names_that_drop_out():
    ctx = Context("x_i \\quad (i = 1, \\dots, n)\ny_i, w_{ij}\n\\sigma(z)")
    ctx.define(r"\hat y_i = \sigma(w_{ij}x_j)")
    assert said(ctx, lambda hat_y, w, x, sigma: sigma(w @ x) + 0 * hat_y, r"\hat y_i", "")[0] == "tested"
    assert said(ctx, lambda x, y: y, "(x_iy_i)_{,k}", "x_k")[0] == "tested"
    assert said(ctx, lambda x, y, n: n * y, "n(x_iy_i)_{,k}", "x_k")[0] == "tested"


def test_a_differential_is_a_parameter():
    ctx = Context("x_i, y_i constant, w_{ij}")
    ctx.define("L = (w_{ij}x_j - y_i)(w_{ij}x_j - y_i)")
    assert said(ctx, lambda x, y, w, dw: 2 * (w @ x - y) @ dw @ x, "dL", "")[0] == "tested"
    assert said(ctx, lambda x, y, w, dw: (w @ x - y) @ dw @ x, "dL", "")[1] == "the result lacks a factor 2"


def test_second_derivatives_keep_the_order_of_their_axes():
    ctx = Context("x_i, w_{ij}")
    ctx.define("L = w_{ij}x_jw_{ik}x_k")

    def hessian(x, w):
        return 2 * np.einsum("gk,h,l->ghkl", np.eye(len(w)), x, x)

    formula, wrt = "L_{,(gh)(kl)}", "w_{ij}"
    assert said(ctx, hessian, formula, wrt)[0] == "tested  hessian"
    assert said(ctx, lambda x, w: hessian(x, w).transpose(1, 0, 2, 3), formula, wrt)[1] == (
        "the result has its axes in the order h,g,k,l"
    )
    assert said(ctx, lambda x: np.eye(len(x)), "x_{i,j}", "x_j")[0] == "tested"


def test_a_slot_that_runs_from_zero_has_one_component_more():
    ctx = Context("x_k \\quad (k = 0, \\dots, n) constant\nw_{ij}, b_i")
    ctx.define(r"x_0 &= 1 \\ w_{i0} &= b_i")
    ctx.define(r"y_i = w_{ij}x_j")

    def forward(w, b, x, n):
        assert x.shape == (n + 1,) and x[0] == 1
        return w[:, 1:] @ x[1:] + b

    assert said(ctx, forward, "y_i", "")[0] == "tested  forward"


def test_defaults_positional_and_collected_parameters(gated):
    def positional(u, v, /, x, *rest, sigma, scale=1.0):
        assert not rest
        return scale * right(u, v, x, sigma)

    def collected(**names):
        assert set(names) == {"x", "u", "v", "eta", "sigma"}
        return right(names["u"], names["v"], names["x"], names["sigma"])

    class Layer:
        def backward(self, u, v, x, sigma):
            return right(u, v, x, sigma)

    for function in (positional, collected, Layer().backward, functools.partial(positional, scale=1.0)):
        assert gated.check_code("L_{,(gh)}", function, wrt="v_{gh}")


def test_a_function_that_hides_its_parameters(gated):
    class Hidden:
        __signature__ = "none"

        def __call__(self, x):
            return x

    with pytest.raises((TypeError, ValueError)):
        inspect.signature(Hidden())
    assert said(gated, Hidden()) == [
        "malformed",
        "the parameters of your function cannot be seen; wrap it: lambda x, w: ...",
    ]


# ------------------------------------------------------------------------------------ what it raises


def test_an_exception_is_shown_with_its_line_and_the_shapes(gated):
    def backward(u, x):
        return x @ u

    assert said(gated, backward) == [
        "refuted  backward",
        "your function raised ValueError: matmul: Input operand 1 has a mismatch in its core dimension 0, "
        "with gufunc signature (n?,k),(k,m?)->(n?,m?) (size 3 is different from 2)",
        "in the line:  return x @ u",
        "the shapes were: u (3, 2), x (2,)",
        AT,
    ]


def test_an_exception_without_words(gated):
    def backward(x):
        raise NotImplementedError

    assert said(gated, backward)[1:3] == [
        "your function raised NotImplementedError: (no message)", "in the line:  raise NotImplementedError"
    ]  # fmt: skip


def test_the_inputs_are_the_functions_own_to_change(gated):
    def backward(u, v, x, sigma):
        a = right(u, v, x, sigma)
        u *= 0
        x += 1
        return a

    assert gated.check_code("L_{,(gh)}", backward, wrt="v_{gh}")


# ------------------------------------------------------------------------------------------ libraries


def test_lists_are_arrays(gated):
    assert gated.check_code("L_{,(gh)}", lambda u, v, x, sigma: right(u, v, x, sigma).tolist(), wrt="v_{gh}")


def test_jax_functions_get_jax_arrays_and_may_be_compiled(gated):
    @jax.jit
    def grad(u, v, x, slope):
        return slope * jnp.zeros_like(u).at[:].set(jnp.outer(v @ x, x))

    def backward(u, v, x, y, sigma, sigma_prime):
        return grad(u, v, x, (2 * y * sigma_prime(u @ x))[:, None])

    def taken(u, v, x, sigma):
        return jax.grad(lambda u: jnp.sum((sigma(u @ x) * (v @ x)) ** 2))(u)

    for function in (backward, taken):
        result = gated.check_code("L_{,(gh)}", function, wrt="u_{gh}")
        assert result and result.max_error < 1e-12


def test_single_precision_is_enough(gated):
    def backward(u, v, x, sigma):
        return right(*(a.astype(np.float32) for a in (u, v, x)), sigma)

    result = gated.check_code("L_{,(gh)}", backward, wrt="v_{gh}")
    assert result and 1e-9 < result.max_error < 1e-5


def test_unknown_functions_of_vectors_can_be_differentiated():
    ctx = Context("f_j(x_i), g(x_i)")
    assert ctx.check_code("f_{j,i}", lambda f, x: jax.jacfwd(f)(x))
    assert said(ctx, lambda f, x: jax.jacfwd(f)(x).T, "gf_{j,i}", "")[1] == (
        "the result is transposed and lacks the factor g(x_i)"
    )


def test_pytorch_functions_get_tensors(gated):
    torch = pytest.importorskip("torch")

    def backward(u, v, x, sigma):
        v = v.clone().requires_grad_()
        ((sigma(u @ x) * (v @ x)) ** 2).sum().backward()
        return v.grad

    class Layer(torch.nn.Module):
        def forward(self, u, v, x, sigma):
            return backward(u, v, x, sigma).T

    assert gated.check_code("L_{,(gh)}", backward, wrt="v_{gh}")
    assert said(gated, Layer()) == ["refuted", "the result is transposed", AT]
    assert (
        said(gated, lambda u, x: torch.mm(u, x))[1]
        == "your function raised RuntimeError: mat2 must be a matrix"
    )


# ------------------------------------------------------------------------------------------ the formula


def test_traits_hold_for_what_is_drawn():
    ctx = Context(
        "S_{ij} symmetric\nA_{ij} antisymmetric\nX_{ij} invertible\n"
        "p_i positive\nk_i integer positive\nq_i negative"
    )
    assert ctx.check_code("S_{ij}", lambda S: S.T)
    assert ctx.check_code("A_{ij}", lambda A: -A.T)
    assert ctx.check_code("(X^{-1})_{ij}", lambda X: np.linalg.inv(X))
    assert ctx.check_code(r"\log p_i", lambda p: np.log(p))
    assert ctx.check_code(r"\log(-q_i)", lambda q: np.log(-q))
    assert ctx.check_code("k_i", lambda k: np.round(k) * (k > 0))


def test_a_formula_without_a_value_is_refused():
    ctx = Context("x_i")
    assert str(ctx.check_code(r"\log(-x_i^2)", lambda x: x)) == (
        "malformed\n    \\log(-x_i^2)\n    ^^^^^^^^^^^^\n    no sample in the domain"
    )


def test_a_fault_of_the_formula_is_the_one_that_check_names(gated):
    assert str(gated.check_code("L_{,(gh", right, wrt="v_{gh}")) == (
        "malformed\n    L_{,(gh\n      ^\n    `{` opened here is never closed"
    )


# -------------------------------------------------------------------------------------------- notebooks


def test_a_notebook_shows_the_formula_typeset_and_the_verdict_in_a_word():
    ctx = Context("x_i, w_{ij}")
    assert ctx.check("(x_ix_i)_{,k} = 2x_k", wrt="x_k")._repr_markdown_() == (
        "$$\n(x_ix_i)_{,k} = 2x_k\n$$\n\n✓ **proved**: 32 samples, largest error 0.0e+00"
    )
    assert (
        ctx.check("(x_ix_i)_{,k} = ?", wrt="x_k")
        ._repr_markdown_()
        .startswith("$$\n(x_ix_i)_{,k} = 2x_k\n$$\n\n✓ **proved**")
    )


def test_a_notebook_shows_each_relation_of_a_chain():
    shown = Context("x_i").check(r"(x_ix_i)_{,k} &= x_k + x_k \\ &= 2x_k", wrt="x_k")._repr_markdown_()
    assert shown.count("✓ **proved**") == 2 and "&" not in shown


def test_a_notebook_shows_a_refusal_as_every_other_face_does():
    result = Context("x_i, w_{ij}").check("w_{ij}x_j = x_k")
    assert result._repr_markdown_() == f"! **malformed**\n\n```text\n{result}\n```"
    assert "left side {i}, right side {k}" in result._repr_markdown_()
    wrong = Context("w_{ij}").check("w_{ij} = w_{ji}")
    assert wrong._repr_markdown_() == f"✗ **refuted**\n\n```text\n{wrong}\n```"


def test_a_notebook_shows_a_derivation_typeset():
    ctx = Context("x_i")
    assert ctx.derive("x_ix_i", wrt="x_k")._repr_markdown_() == "$$(x_ix_i)_{,k} = 2x_k$$"
