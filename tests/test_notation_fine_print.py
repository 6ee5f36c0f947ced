r"""The fine print of the notation, point by point, in numbers or in the refusal."""

from __future__ import annotations

import numpy as np
import pytest
from meaning import assert_means, values, world
from reading import claims, expression, refusal, scope

from idxcalc.expr import Call, Component, Definition, Deriv, Function, Ref, Variable
from idxcalc.notation.define import define
from idxcalc.verify.context import Context

GIVEN = "x_i, y_i, b_i, p_i, t\nw_{ij}, m_{ij}\n\\sigma(z)\nf(x_i)\nF_j(x_i)"
WHICH = 'sum, or component by component? write the sum out, or "(no sum on $i$)"'


@pytest.fixture(scope="module")
def where():
    return scope(GIVEN)


def sides(where, text, wrt="", number=0):
    relation = claims(where, text, wrt)[number].relation
    made, _ = world(relation.left, relation.right)
    return tuple(made.array(side, relation.free) for side in (relation.left, relation.right)), made


# 1. occurrences are counted by slot


def test_slots_are_counted_derivative_indices_too(where):
    assert_means("m_{ii}", where, lambda g: np.trace(g.m))
    assert expression(where, "F_{i,i}")[1] == ()
    assert expression(where, "f_{,ii}")[1] == ()
    assert refusal(where, "F_{i,i}x_i").message.startswith("i stands three times")


def test_brackets_and_cases_count_like_a_factor(where):
    assert_means("[i = j]x_iy_j", where, lambda g: g.x @ g.y)
    cases = r"\begin{cases} 1 & \text{if } i = j \\ 2 & \text{otherwise} \end{cases}"
    assert_means(cases + " x_iy_j", where, lambda g: 2 * g.x.sum() * g.y.sum() - g.x @ g.y)


def test_a_letter_fixed_from_outside_is_left_out_when_terms_are_compared(where):
    text = r"p_i(\delta_{ij} - p_j) = p_i\delta_{ij} - p_ip_j \quad \text{(no sum on $i$)}"
    (left, right), made = sides(where, text)
    p = made.tensor(next(v for v in made.tensors if v.name == "p"))
    np.testing.assert_allclose(left, np.diag(p) - np.outer(p, p))
    np.testing.assert_allclose(right, left)
    assert_means(r"\sum_i p_i(\delta_{ij} - p_j)", where, lambda g: g.p - g.p.sum() * g.p)
    (left, _), _ = sides(where, r"x_i(\delta_{im} - x_m) = 0 \quad \text{for } i \neq m")
    assert left.shape == left.T.shape


def test_a_letter_fixed_from_outside_is_left_out_when_placeholders_are_counted(where):
    found = expression(where, r"\sum_k f(w_{ik}y_k)x_k")[0]
    (call,) = [part for part in found.body.factors if isinstance(part, Call)]
    assert [i.name for i in call.args[0].indices] == ["i"]


def test_the_sides_compare_in_full(where):
    text = r"p_i = x_j \quad \text{(no sum on $i$, $j$)}"
    assert refusal(where, text).message == "left side {i}, right side {j}"


# 2. what stands once, at the end, holds for the chain


def test_no_sum_conditions_and_orders_hold_for_the_chain(where):
    found = claims(where, r"x_iy_i = y_ix_i = x_iy_i \cdot 1 \quad \text{(no sum on $i$)}")
    assert all(len(claim.relation.free) == 1 for claim in found)
    found = claims(where, r"t = \lvert t\rvert = \sqrt{t^2} \quad \text{if } t > 0")
    assert all(claim.relation.condition is not None for claim in found)
    found = claims(where, r"d(t^2) = (t + dt)^2 - t^2 = 2t\,dt + O(dt^2)")
    assert [claim.relation.order[1] for claim in found] == [2, 2]


def test_no_sum_elsewhere_is_refused(where):
    error = refusal(where, r"x_iy_i \text{(no sum on $i$)} + t = t")
    assert error.message == "(no sum) stands at the end of a statement"


def test_a_row_with_its_own_left_side_starts_a_chain(where):
    assert len(claims(where, "x_i = y_i \\\\ w_{ij}y_j = x_i \\\\ = y_i")) == 3


def test_an_equals_sign_behind_if_belongs_to_the_condition(where):
    (claim,) = claims(where, r"\delta_{ij} = 1 \text{ if } i = j \text{ and } 0 \text{ if } i \neq j")
    made, _ = world(claim.relation.left, claim.relation.right)
    arrays = [made.array(s, claim.relation.free) for s in (claim.relation.left, claim.relation.right)]
    np.testing.assert_array_equal(arrays[0], np.eye(len(arrays[0])))
    np.testing.assert_array_equal(arrays[1], arrays[0])


def test_and_joins_conditions_unless_its_value_has_its_own_if(where):
    text = r"\delta_{(ij)(kl)} = 1 \text{ if } i = k \text{ and } j = l \text{, else } 0"
    (left, right), _ = sides(where, text)
    np.testing.assert_array_equal(left, right)


# 3. trivial means the same tokens as typed


@pytest.mark.parametrize(
    ("text", "trivial"),
    [
        ("x_iy_i = x_iy_i", True),
        (r"x_i y_i = x_i\,y_i", True),
        ("x_iy_i = y_ix_i", False),
        (r"\frac{\partial f}{\partial x_i} = f_{,i}", False),
        (r"x_iy_i = \sum_i x_iy_i", False),
        (r"F_{k,ij} = \frac{\partial^2 F_k}{\partial x_i \partial x_j}", False),
        (r"\frac{\partial t}{\partial x_i} = 0", True),
    ],
)
def test_trivial(where, text, trivial):
    assert claims(where, text)[0].trivial == trivial


# 4. names and functions


def test_a_definition_at_a_known_name_is_a_plain_name():
    where = scope("w_{ij}, x_i, y_i", r"\hat y_i = w_{ij}x_j \\ \text{loss}(\hat y_i) = \hat y_iy_i")
    assert isinstance(where.symbols[r"\text{loss}"], Definition)
    assert_means(r"\text{loss}(\hat y_i)", where, lambda g: g.y @ g.w @ g.x)
    assert_means(r"\text{loss}", where, lambda g: g.y @ g.w @ g.x)
    assert_means(r"\text{loss}_{,j}", where, lambda g: g.y @ g.w, wrt="x_j")
    assert_means(r"\frac{\partial\text{loss}(\hat y_i)}{\partial x_j}", where, lambda g: g.y @ g.w)


def test_a_definition_with_a_new_letter_is_a_function():
    where = scope("w_{ij}, x_i", r"q(u_i) = u_iu_i")
    assert isinstance(where.symbols["q"], Function)
    assert_means("q_{,i}(w_{jk}x_k)", where, lambda g: 2 * g.w @ g.x)
    assert_means("(q(w_{jk}x_k))_{,i}", where, lambda g: 2 * g.w.T @ g.w @ g.x, wrt="x_i")


def test_the_usual_writing_goes_through_compositions_a_comma_does_not():
    where = scope("f_j(g_k(x_i))")
    own, through = expression(where, "f_{j,k}")[0], expression(where, r"\frac{\partial f_j}{\partial x_i}")[0]
    assert isinstance(own, Call) and isinstance(own.args[0].body, Call)
    assert isinstance(through, Deriv) and through.target.name == "x"
    assert isinstance(expression(where, "(f_j)_{,i}", "x_i")[0], Deriv)
    for text in (r"df_j = f_{j,k}dg_k = f_{j,k}g_{k,i}dx_i", r"(f \circ g)_{j,i} = f_{j,k}g_{k,i}"):
        for claim in claims(where, text):
            made, _ = world(claim.relation.left, claim.relation.right)
            both = (made.array(s, claim.relation.free) for s in (claim.relation.left, claim.relation.right))
            np.testing.assert_allclose(*both, rtol=1e-6)


def test_a_derivative_by_a_name_holds_it_independent():
    where = scope("w_{ij}, x_i", r"y_i = w_{ij}x_j \\ L = y_iy_i")
    assert_means(r"\frac{\partial L}{\partial y_i}", where, lambda g: 2 * g.w @ g.x)
    assert_means(r"\frac{\partial L}{\partial y_i}\frac{\partial y_i}{\partial x_j}", where, _pulled)


def _pulled(g):
    return 2 * g.w.T @ g.w @ g.x


def test_definitions_upon_definitions_are_read_however_many():
    where = scope("x_i", r"y^{(0)}_i = x_i")
    for n in range(500):
        define(where, rf"y^{{({n + 1})}}_i = 2y^{{({n})}}_i")
    (claim,) = claims(where, r"y^{(500)}_i = 2y^{(499)}_i")
    assert not claim.notes and not claim.trivial


# 5. an argument's free letters, in order of first appearance


def test_the_order_of_an_arguments_letters():
    where = scope("A_{ij}, B_{ij}, f(m_{ij}), g(B_{ij})")
    assert_means("f(A_{ji} + B_{ij})", where, lambda g: g.f(g.A + g.B.T))
    assert_means("f(A_{ij} + B_{ji})", where, lambda g: g.f(g.A + g.B.T))
    assert_means("f(A_{ji})", where, lambda g: g.f(g.A))


# 6. declarations


def test_letters_tie_within_a_name_and_a_composition_only():
    where = scope(r"x_i, y_i, w_{ii}, f_j(g_j(x_i))" + "\n" + r"u_k, v_k (k = 1, \dots, n)")
    symbols, find = where.symbols, where.sizes.find
    assert find(symbols["x"].dims[0]) is not find(symbols["y"].dims[0])
    assert find(symbols["w"].dims[0]) is find(symbols["w"].dims[1])
    assert find(symbols["f"].out[0]) is find(symbols["g"].out[0])
    assert find(symbols["f"].params[0][0]) is find(symbols["g"].out[0])
    assert find(symbols["u"].dims[0]) is find(symbols["v"].dims[0])


def test_one_bracket_may_hold_several_ranges():
    for between in (";", ","):
        where = scope(rf"w_{{ij}}, v_{{ij}} (i = 1, \dots, n{between} j = 0, \dots, m)")
        for name in "wv":
            assert [where.sizes.describe(d) for d in where.symbols[name].dims] == ["n", "0..m"]
    where = scope(r"m_{ij}, x_a (i, j, a = 1, \dots, n)")
    assert {where.sizes.describe(d) for s in where.symbols.values() for d in s.dims} == {"n"}


def test_an_attribute_covers_the_names_back_to_the_one_before():
    where = scope("a, b constant, c, d_i, e_i positive\nf_{ij}")
    traits = {name: set(where.symbols[name].traits) for name in "abcdef"}
    both = {"c", "d", "e"}
    wanted = {"positive": both, "constant": {"a", "b"}}
    assert traits == {n: {t for t, of in wanted.items() if n in of} for n in "abcdef"}


def test_the_argument_becomes_a_variable_that_of_a_function_of_one_real_stays_a_placeholder():
    where = scope("f(x_i), \\sigma(z)")
    assert isinstance(where.symbols["x"], Variable)
    again = scope("f(x_i), \\sigma(z)\nz_{ij}\nx_i constant")
    assert len(again.symbols["z"].dims) == 2 and "constant" in again.symbols["x"].traits
    assert_means(r"\sigma(z_{ij})", again, lambda g: g.sigma(g.z))


def test_comments_and_empty_lines():
    where = scope("-- everything\n\nx_i -- a vector\n  y_i constant   -- another\n")
    assert set(where.symbols) == {"x", "y"}


# 7. components


def test_components_count_from_one_unless_the_slot_runs_from_zero():
    where = scope(r"x_i, h_j (j = 0, \dots, n)")
    assert_means("x_1", where, lambda g: g.x[0])
    assert_means("h_0 + h_1", where, lambda g: g.h[0] + g.h[1])


def test_defined_components():
    where = scope("x_j, b_i\nw_{ij}", "x_0 = 1 \\\\ w_{i0} = b_i")
    assert_means("w_{ij}x_j", where, lambda g: g.w @ g.x)
    assert_means(
        r"\sum_{j=1}^{3} x_j x_0", scope("x_j (j = 0, \\dots, 3)", "x_0 = 1"), lambda g: g.x[1:].sum()
    )
    assert_means("x_0", where, lambda g: 1.0)
    assert_means("w_{i0} - b_i", where, lambda g: np.zeros(len(g.w)))
    assert_means("dx_0", where, lambda g: 0.0)


def test_a_derivative_by_w_treats_the_bias_column_as_independent():
    where = scope("x_j, b_i\nw_{ij}", "x_0 = 1 \\\\ w_{i0} = b_i")
    assert_means(
        "(w_{ij}x_j)_{,(kl)}", where, lambda g: np.einsum("ik,l->ikl", np.eye(len(g.w)), g.x), "w_{ij}"
    )
    assert_means(r"\frac{\partial}{\partial b_k}(w_{ij}x_j)", where, lambda g: np.eye(len(g.w)))


# 8. a function without its argument


def test_a_function_written_without_argument_is_meant_at_an_arbitrary_one(where):
    (claim,) = claims(where, r"\sigma_{i,m} = 0 \quad \text{for } i \neq m")
    call = claim.relation.left
    assert call.lifted and isinstance(call.args[0].body, Component)
    assert call.args[0].body.variable.name not in where.symbols


# 9. powers and functions without brackets


def test_a_function_without_brackets_takes_one_factor_or_one_written_sum(where):
    assert_means(r"\log t + 1", where, lambda g: np.log(g.t) + 1)
    assert_means(r"\log \sum_i x_iy_i", where, lambda g: np.log(g.x @ g.y))
    assert_means(r"\log\sum_i x_i y_j", where, lambda g: np.log(g.x.sum() * g.y))
    assert_means(r"2\sin t\cos t", where, lambda g: np.sin(2 * g.t))
    assert_means(r"\sin x_i \cos y_i", where, lambda g: np.sin(g.x) @ np.cos(g.y))
    assert refusal(where, r"\log t\,x_i").message == "one factor belongs to log: write brackets"


def test_powers_of_a_functions_value(where):
    assert_means(r"\tanh(t)^2 - \tanh^2 t", where, lambda g: 0.0)
    assert_means(r"\tanh(t)^2", where, lambda g: np.tanh(g.t) ** 2)
    assert_means(r"\sigma(t)^2", where, lambda g: g.sigma(g.t) ** 2)
    assert_means(r"f^2", where, lambda g: g.f(g.x) ** 2)


def test_the_power_of_a_differential(where):
    assert_means("dt^2", where, lambda g: g.dt**2)
    assert_means("(dt)^2", where, lambda g: g.dt**2)
    assert_means("d(t^2)", where, lambda g: 2 * g.t * g.dt)


def test_an_exponential_counts_as_a_function_other_powers_are_ambiguous():
    where = scope("x_i, y_i, t")
    assert_means("e^{x_i}y_i", where, lambda g: np.exp(g.x) @ g.y)
    assert refusal(where, "t^{x_i}y_i").message == f"a power and a repeated index: {WHICH}"
    assert refusal(where, "x_i^2y_i").message == f"a power and a repeated index: {WHICH}"


def test_the_inverse_stands_before_the_slots_a_reciprocal_behind():
    where = scope("X_{ij} invertible")
    assert_means("X^{-1}_{ij}", where, lambda g: np.linalg.inv(g.X))
    assert_means("X_{ij}^{-1}", where, lambda g: 1 / g.X)


# 10. written sums


def test_the_letter_of_a_written_sum_may_stand_free_outside(where):
    assert_means(r"x_i\sum_i y_i", where, lambda g: g.x * g.y.sum())
    assert refusal(where, r"\sum_i x_i\sum_i y_i").message == "i is already summed here"
    assert_means(r"\sum_i x_iy_ip_i", where, lambda g: np.sum(g.x * g.y * g.p))


def test_an_upper_bound_is_declared_and_no_letter_is_both(where):
    assert refusal(where, r"\sum_{i=1}^n x_i").message == "`n` is not declared"
    named = scope(r"x_n (n = 1, \dots, k)")
    assert_means(r"\sum_{n=1}^k x_n", named, lambda g: g.x.sum())
    assert refusal(named, r"\sum_{k=1}^k x_k").message == "k is a size and an index"


# 11. attributes


def test_symmetric_means_all_slots():
    where = scope("T_{ijk} symmetric\nA_{ijk} antisymmetric\nx_i positive")
    found, _ = values("T_{ijk}", where)
    for order in ((1, 0, 2), (2, 1, 0), (1, 2, 0)):
        np.testing.assert_allclose(found, found.transpose(order))
    assert len({d.last for d in expression(where, "A_{ijk}")[0].variable.dims}) == 1
    assert "positive" in where.symbols["x"].traits


def test_a_defined_name_is_a_name(where):
    assert isinstance(expression(scope("x_i", "q = x_ix_i"), "q")[0], Ref)


# 12. sizes of letters that stand in deltas alone


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (r"X_{ij}(X^{-1})_{ji} = \delta_{ii}", "proved"),
        (r"\delta_{ii} = (X^{-1})_{ji}X_{ij}", "proved"),
        (r"\frac{\partial(x_kx_i)}{\partial x_i} = (\delta_{ii} + 1)x_k", "proved"),
        (r"\delta_{ij}\delta_{ij} = \delta_{ii}", "proved"),
        (r"x_iy_i + \delta_{ii} = \delta_{ii} + y_ix_i", "proved"),
        (r"X_{ij}(X^{-1})_{ji} = \delta_{kk}", "refuted"),  # no letter says how many values k has
        (r"\delta_{ii} = \delta_{jj}", "refuted"),
    ],
)
def test_a_letter_in_deltas_has_the_size_that_it_has_elsewhere(text, verdict):
    assert Context("X_{ij} invertible\nx_i, y_i").check(text).verdict == verdict


def test_a_hint_for_the_lower_sign_is_about_the_lower_sign():
    upper, lower = Context("a, b").check_all(r"a \pm b = b \pm a")
    assert upper.verdict == "proved"
    assert lower.verdict == "refuted" and "positive" not in str(lower)


def test_an_exponential_stands_behind_an_index_without_braces():
    context = Context("x_i, a")
    assert context.check("x_ie^a - x_i e^{a} = 0").verdict == "proved"
    assert context.check(r"(e^{x_ix_i})_{,k} = 2x_ke^{x_ix_i}", "x_k").verdict == "proved"


def test_a_quotient_of_differentials_is_not_written_as_a_derivative():
    context = Context("u, v")
    made = context.expression("(du)(dv)^{-1}").latex()
    assert made == r"\frac{1}{dv} du"
    assert context.check(f"{made} = (du)(dv)^{{-1}}").verdict == "proved"


# what is typeset is what is read


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (r"a_ib_ia_i = b_ia_ia_i \quad (\text{no sum on $i$})", "proved"),
        (r"a_ib_ia_i = b_ia_ia_i, \quad \text{(no sum on $i$, $j$, and $k$).}", "proved"),
        (r"\bigl|2|x|-1\bigr| = 2x", "refuted"),
        (r"\bigl|2|x|-1\bigr| = \big|1 - 2|x|\big|", "proved"),
        (r"\bigl|2|x|-1\bigr|y|z| = y|z|\left|2|x|-1\right|", "proved"),
        ("|x||y| = |xy|", "proved"),
        ("|x||y||z| = |z||y||x|", "proved"),
        ("x|z| + y|x| = |x|y + |z|x", "proved"),
        (r"2x &= x + x \\ &\quad - y - y = -2y", "refuted"),
        (r"2x &= x + x - y \\ &\quad + y + 0 = 3x - x", "proved"),
        (r"2x &= x + x \\ -y - y &= -2y", "proved"),
        (r"2x = x + x, \\ -y - y = -2y.", "proved"),
        (r"2x &= x \\ & + x", "proved"),
        (r"2x & = & x + x", "proved"),
        (r"\sqrt{x^2} &= x && \text{if } x > 0", "proved"),
        (r"\sqrt{x^2} = x, \text{ if $x > 0$}.", "proved"),
        (r"\sqrt{x^2} &= x, & \text{if $x > 0$}", "proved"),
        (r"\sqrt{x^2} = x \text{, if } x > 0\text{.}", "proved"),
        (r"\lvert x\rvert = \begin{cases} x, & x > 0, \\ -x, & \text{otherwise}. \end{cases}", "proved"),
        (r"\begin{aligned} 2x &= x + x, \\ 2y &= y + y. \end{aligned}", "proved"),
        (r"\begin{aligned}[t] x &= tx \end{aligned}", "refuted"),
        (r"\begin{gathered}[b] 2x = x + x \end{gathered}", "proved"),
        (r"2x = x + x \\[2pt] 2y = y + y \\[-0.5em] 2z = z + z", "proved"),
        (r"2x = x + x \\[z > 0] = x", "refuted"),
        ("2e - 3 = e + e - 3", "proved"),
        ("a_{i_1}b_{i_{1}} = b_ia_i", "proved"),
        (r"\sum_{i_{1}} a_{i_1} = \sum_i a_i", "proved"),
        (r"a_{i_1}^2 = a_{i_1}a_{i_1} \text{(no sum on $i_{1}$)}", "proved"),
        (r"[a_i > 0] = 1 \text{ if $a_{i} > 0$}", "proved"),
        (r"\max\{0, x\} = \max(x, 0)", "proved"),
        (r"f\{2x\} = f(x + x)", "proved"),
        (r"f^{\prime}(x) = f'(x)", "proved"),
        (r"\sum_{i,j=1}^3 a_ib_j = \sum_{i=1}^3 a_i\sum_{j=1}^3 b_j", "proved"),
    ],
)
def test_what_is_typeset_is_what_is_read(text, verdict):
    results = Context("a_i, b_i, x, y, z, t\nf(u)").check_all(text)
    said = "proved" if all(r.verdict == "proved" for r in results) else "refuted"
    assert said == verdict and not any(r.error for r in results)


# 13. what stands around a name: braces, brackets, orders


@pytest.mark.parametrize(
    ("given", "defined", "text", "verdict"),
    [
        ("x_i, y_i", "", r"\partial_i(x_kx_k) + \partial_i(y_ky_k) = 2x_i", "refuted"),
        ("x_i, y_i", "", r"\partial_i(x_kx_k) + \partial_i(y_ky_k) = 2x_i + 2y_i", "proved"),
        ("f(x_i), g(y_i)", "", r"\partial_i f + \partial_i g = \partial_i f", "refuted"),
        ("h(u), g(x_i)", "", r"\{h \circ g\}_{,i} = h'(g)g_{,i}", "proved"),
        ("A_{ij}", "", r"\det |A_{ij}| = \det A", "refuted"),
        ("A_{ij}", "", r"\det{A} = \det\{A\}", "proved"),
        ("X_{ij} invertible", "", "({X}^{-1})_{ij} = {X^{-1}}_{ij}", "proved"),
        ("G_{ij}(t), x", "", r"\det(G_{ij}(x)) = x\det G_{ij}", "refuted"),
        (r"\sigma(z), x", "", r"\sigma{\left(2 z \right)} = \sigma(2z)", "proved"),
        (r"\sigma(z), x", "", r"\sigma'{(x)} = \sigma'(x)", "proved"),
        (
            r"\sigma(z), x",
            "",
            r"\sigma\left\{2z\right\} = \sigma\{2z\} = {\sigma}(2z) = \sigma(2z)",
            "proved",
        ),
        ("x", "", r"\log{\left(x \right)}^{2} = (\log x)^2", "proved"),
        ("z", "s(z) = z^2", r"s{(z)} = {s}(z) = s\{z\} = z^2", "proved"),
        ("x", "", r"dx = 1 \quad (\text{ignored higher powers of } dx)", "refuted"),
        ("x", "", r"(x+dx)^2 = x^2 + 2x\,dx \quad (\text{ignored higher powers of } dx)", "proved"),
        ("x", "", r"(x+dx)^2 = x^2 + O{\left(dx\right)}", "proved"),
        ("x", "O(z) = z^2", "O(dx) = dx^2", "proved"),
        ("x, y, d_i", "", r"\frac{d(xy)}{dx} = y", "proved"),
        ("x", "", r"\frac{2x\,dx + dx^2}{dx} = 2x + dx", "proved"),
        ("x, y", "", r"\cos x \cdot 2y = 2y\cos x", "proved"),
        ("x, y", "", r"\log(x)/y = \frac1y\log x", "proved"),
        ("x, y", "", "dx/y = \\frac1y dx", "proved"),
        ("v_i, w_i, x", "", "{v_i}{w_i} + {x}^{2} = v_iw_i + x^2", "proved"),
        ("x, y, a", "", "{x+y} + a + {-x} = y + a", "proved"),
        ("x, y", "", r"2\{x+y\} = 2x + 2y", "proved"),
    ],
)
def test_braces_print_nothing_and_brackets_are_brackets(given, defined, text, verdict):
    context = Context(given)
    if defined:
        context.define(defined)
    assert {each.verdict for each in context.check_all(text)} == {verdict}
