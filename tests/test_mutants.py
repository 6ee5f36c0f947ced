"""A sample of what ``make mutants`` does, and the sorts of edits and hints one by one."""

from __future__ import annotations

import re

import pytest
from mutants import CHAPTERS, book, places, run

from idxcalc import Context
from idxcalc.notation import relations
from idxcalc.verify import hints
from idxcalc.verify.edits import added, edits, remarks, used_letters


def test_sample_of_the_book():
    found = places([CHAPTERS / "neuron.md", CHAPTERS / "scalar.md"])
    figures = run(book(found[::6]), most=4, asked=1)
    assert figures.relations > 8 and figures.edits >= 15 * figures.relations
    assert not figures.survivors, "\n".join(figures.survivors)
    assert figures.mended >= 0.8 * figures.asked, "\n".join(figures.unmended)


GIVEN = r"""
x_k, y_i constant
w_{ij}, b_i, A_{ij}
z
\sigma(z)
f(x_k)
"""
DEFINE = [r"\hat y_i = \sigma_i(w_{jk}x_k + b_j)", r"L = (\hat y_j - y_j)(\hat y_j - y_j)"]


@pytest.fixture(scope="module")
def context():
    made = Context(GIVEN)
    for text in DEFINE:
        made.define(text)
    return made


SORTS = {
    "m and n swapped": r"2(\hat y_i - y_i)x_m\delta_{(nn)(gh)}",
    "m for n": r"2(\hat y_i - y_i)x_m\delta_{(mn)(gh)}",
    r"the sign of y_i flipped": r"2(\hat y_i + y_i)x_n\delta_{(mn)(gh)}",
    r"the term y_i dropped": r"2(\hat y_i )x_n\delta_{(mn)(gh)}",
    r"a term y_i": r"2(\hat y_i - y_i + y_i)x_n\delta_{(mn)(gh)}",
    "the factor x_n dropped": r"2(\hat y_i - y_i)\delta_{(mn)(gh)}",
    "4 for 2": r"4(\hat y_i - y_i)x_n\delta_{(mn)(gh)}",
    "the 2 dropped": r"(\hat y_i - y_i)x_n\delta_{(mn)(gh)}",
    "(mn) and (gh) swapped": r"2(\hat y_i - y_i)x_n\delta_{(gh)(mn)}",
    '"(no sum on $i$)"': r"2(\hat y_i - y_i)x_n\delta_{(mn)(gh)} \quad \text{(no sum on $i$)}",
}


@pytest.mark.parametrize(("says", "after"), SORTS.items())
def test_sorts_of_edits(says, after):
    text = r"L = 2(\hat y_i - y_i)x_n\delta_{(mn)(gh)}"
    (chain,) = relations.chains(text)
    letters = used_letters(*chain.sides)
    none = frozenset()
    found = [*edits(text, chain.sides, 1, none), *remarks(text, chain, letters)]
    assert [e.text for e in found if e.says == says and e.text.endswith(after)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (r"\sigma(z) = \sigma(z)", r"\sigma' for \sigma"),
        (r"f_{,k} = f_{,k}", "the derivative by k dropped"),
        (r"f_{,k} = f_{,k}", "one more derivative by k"),
    ],
)
def test_derivatives_come_and_go(text, says, context):
    (chain,) = relations.chains(text)
    found = {e.says for e in edits(text, chain.sides, 1, frozenset({r"\sigma"}), frozenset("f"))}
    assert not says or says in found


@pytest.mark.parametrize(
    ("text", "wrt", "hint"),
    [
        (r"\hat y_i = \sigma_i(w_{jk}x_k + b_k)", "", r"true with j for k:  \sigma_i(w_{jk}x_k + b_j)"),
        (
            r"L_{,(gh)} = 2(\hat y_i - y_i)\sigma_{i,n}(w_{jk}x_k + b_j)x_m\delta_{(mn)(gh)}",
            "w_{gh}",
            "true with m and n swapped:",
        ),
        (
            r"L_{,(gh)} = 2(\hat y_i - y_i)\sigma_{i,m}(w_{jk}x_k + b_j)\delta_{(mn)(gh)}",
            "w_{gh}",
            "true with a factor x_n:",
        ),
        (r"(A_{ij}x_ix_j)_{,k} = 2A_{kj}x_j", "x_k", "true if A is symmetric"),
        (r"(A_{ij}x_ix_j)_{,k} = A_{kj}x_j", "x_k", "true with a term A_{ik} x_i added:"),
        (r"\frac{\partial}{\partial z}z^2 = z", "", "true with a factor 2:"),
        (r"d(z^2) = 2z", "", "true with a factor dz:"),
        (r"\frac{\partial}{\partial z}\sigma(2z) = 2\sigma(2z)", "", r"true with \sigma' for \sigma:"),
        (r"\sqrt{z^2} = z", "", "true if z is positive"),
        (r"\hat y_i = \sigma(w_{ij}x_j - b_i)", "", "true with the sign of b_i flipped:"),
        (r"d\tanh z = (2 - \tanh^2 z)\,dz", "", "true with 1 for 2:"),
        (r"\frac{\partial}{\partial z}z^7 = z^6", "", "true with a factor 7:"),
        (
            r"\frac{\partial}{\partial z}(z\tanh z) = z(1 - \tanh^2 z)",
            "",
            r"true with a term \tanh(z) added:",
        ),
        (r"\hat y_i = \sigma(w_{ij}x_j)", "", "true with a term b_i added:"),
        (r"\frac{\partial}{\partial z}\sigma(z + z) = \sigma'(z)", "", "true with the term z dropped:"),
        (r"\sum_j x_j = x_ix_i", "", r"true with a factor x_j:  \sum_j x_j x_j"),
        (r"\sigma(z + dz) = \sigma(z) + \sigma'(z)\,dz", "", "true with O(dz^2) added"),
        (r"A_{jj} \neq A_{ji}", "", "true with i for j:"),
        (
            r"((A_{ij}x_j - b_i)(A_{ij}x_j - b_i))_{,(gh)} = 2(A_{hj}x_j - b_h)x_g",
            "A_{gh}",
            "true with g and h swapped throughout:  2(A_{gj}x_j - b_g)x_h",
        ),
    ],
)
def test_hints(context, text, wrt, hint):
    result = context.fork().check(text, wrt)
    assert not result
    assert (result.hint or "").startswith(hint)


def test_a_refuted_derivative_ends_with_what_is_derived(context):
    result = context.fork().check(r"(A_{ij}x_ix_j)_{,k} = 2A_{kj}x_j", "x_k")
    assert str(result).splitlines()[-2:] == [
        "    true if A is symmetric",
        "    idxcalc derives:  (A_{kj} + A_{jk}) x_j",
    ]
    assert "derives" not in context.fork().check(r"A_{ij}x_j = A_{ji}x_j").hint


def test_what_was_asked_is_edited_last(context):
    asked = context.fork().check(
        "(A_{ij}x_jb_i)_{,k} = A_{kj}b_j", "x_k"
    )  # (...b_j)_{,k} would not do either
    assert asked.hint.startswith("true with j and k swapped:  A_{jk}b_j\n")
    other = Context("x_i, m_{ij}")
    other.define("y_i = m_{ij}x_j")
    assert other.check("m_{ji}x_j = y_i").hint.endswith("swapped:  m_{ij}x_j")


def test_the_answer_is_not_pasted_in(context):
    for claim in ("5A_{kj}x_j", "b_k"):
        result = context.fork().check(f"(A_{{ij}}x_ix_j)_{{,k}} = {claim}", "x_k")
        assert result.verdict == "refuted" and result.hint.startswith("idxcalc derives:"), str(result)


def test_a_hint_in_a_long_chain_edits_its_own_relation(context):
    text = r"2b_i + A_{ij}x_j &= A_{ij}x_j + 2b_i \\ &= b_i + A_{ji}x_j + b_i \\ &= 2b_i + A_{ji}x_j"
    _, second, third = context.fork().check(text).chain
    assert second.hint.endswith("swapped:  b_i + A_{ij}x_j + b_i") and third.verdict == "proved"
    assert text[second.span.start] in "ij" and second.span.start > text.index(r"\\")


def test_many_wrong_relations_cost_little_more_than_a_few(context, monkeypatch):
    tried = []
    read = hints.read
    monkeypatch.setattr(hints, "read", lambda *known, **options: tried.append(1) or read(*known, **options))
    wrong = [rf"(x_kx_kx_jx_j)_{{,i}} = {n}x_i" for n in range(2, 34)]

    def cost(number: int) -> int:
        tried.clear()
        context.check(r" \\ ".join(wrong[:number]), "x_i")
        return len(tried)

    assert cost(32) < 3 * cost(4)


WRONG = [  # declarations, definitions, what was written, and how its hint begins
    (
        "x_i",
        [r"u_i = \frac{x_i}{\sqrt{x_kx_k}}"],
        r"\frac{\partial u_i}{\partial x_j} = \frac{\delta_{ij}-u_iu_j}{x_kx_k}",
        r"true with a factor \sqrt{\sum_k x_k^2}:",
    ),
    (
        "x_i",
        [r"u_i = \frac{x_i}{\sqrt{x_kx_k}}"],
        r"\frac{\partial u_i}{\partial x_j} = \frac{1-u_iu_j}{\sqrt{x_kx_k}}",
        r"true with \delta_{ij} for 1:",
    ),
    (
        "z_i, T positive",
        [r"p_i = \frac{e^{z_i/T}}{\sum_k e^{z_k/T}}"],
        r"\frac{\partial p_i}{\partial z_j} = p_i\left(\delta_{ij} - p_j\right) \quad \text{(no sum on $i$)}",
        r"true with a factor \frac{1}{T}:",
    ),
    (
        "z_i, T positive, q_i constant",
        [r"p_i = \frac{e^{z_i/T}}{\sum_k e^{z_k/T}}", r"L = -T^2 q_i\ln p_i"],
        r"\frac{\partial L}{\partial z_j} = T^2\left(p_j\sum_i q_i - q_j\right)",
        "true with T for T^2:",
    ),
    (
        "z_i, T positive, q_i constant",
        [r"p_i = \frac{e^{z_i/T}}{\sum_k e^{z_k/T}}", r"L = -T^2 q_i\ln p_i"],
        r"\frac{\partial L}{\partial z_j} = p_j\sum_i q_i - q_j",
        r"true with a factor T:  T (p_j\sum_i q_i - q_j)",
    ),
    (
        "x_i, w_{ij}, v_{ij}",
        ["a_i = w_{ij}x_j", "b_i = v_{ij}x_j", r"h_i = a_ib_i \quad \text{(no sum on $i$)}"],
        r"\frac{\partial h_i}{\partial v_{gh}} = \delta_{ig}x_h",
        r"true with a factor a_g:  a_g \delta_{ig}x_h \quad \text{(no sum on $g$)}",
    ),
    (
        "x_i, c_i, F_{ij}",
        [
            r"s(z) = \frac{1}{1+e^{-z}}",
            "f_i = s(F_{ij}x_j)",
            r"h_i = f_ic_i \quad \text{(no sum on $i$)}",
        ],
        r"\frac{\partial h_i}{\partial F_{gh}} = c_if_i\delta_{ig}x_h \quad \text{(no sum on $i$)}",
        "true with a factor (1 - f_i):",
    ),
    (
        r"x_i \quad (i = 1, \dots, n)",
        [r"r = \sqrt{\frac{1}{n}\sum_i x_i^2}", r"y_i = \frac{x_i}{r}"],
        r"\frac{\partial y_i}{\partial x_j} = \frac{1}{r}\bigl(\delta_{ij} - y_iy_j\bigr)",
        r"true with a factor \frac{1}{n}:",
    ),
    (
        r"z, \alpha",
        [r"E(z) = \begin{cases} z & \text{if } z > 0 \\ \alpha(e^z - 1) & \text{otherwise} \end{cases}"],
        r"E'(z) = \begin{cases} 1 & \text{if } z > 0 \\ E(z) + 1 & \text{otherwise} \end{cases}",
        r"true with \alpha for 1:",
    ),
    (
        r"z, \alpha",
        [r"\ell(z) = \max(z, \alpha z)"],
        r"\ell(z) = \max(z, 0)",
        r"true with \alpha z for 0:  \max(z, \alpha z)",
    ),
    (
        "x_{ig}, S_{ij}, G_{ih}, w_{gh}",
        [r"o_{ih} = S_{ij}x_{jg}w_{gh}", "L = G_{ih}o_{ih}"],
        r"\frac{\partial L}{\partial w_{gh}} = x_{jg}S_{ji}G_{ih}",
        r"true with i and j swapped:  x_{jg}S_{ij}G_{ih}",
    ),
    (
        "a_i, p_i, n_i, m",
        [r"L = \max(0, (a_i-p_i)(a_i-p_i)-(a_j-n_j)(a_j-n_j)+m)"],
        r"\frac{\partial L}{\partial a_j} = 2\left(p_j-n_j\right)[L>0]",
        r"true with the sign of",
    ),
]


@pytest.mark.parametrize(("given", "define", "text", "hint"), WRONG)
def test_what_a_hint_shows_can_be_pasted(given, define, text, hint):
    made = Context(given)
    for each in define:
        made.define(each)
    result = made.check(text)
    says, _, shown = (result.hint or "").splitlines()[0].partition(":  ")
    assert (says + ":  " + shown).startswith(hint)
    assert text[: result.span.start].count("=") == 1, "a derivative that was asked for is not edited"
    assert shown.count(r"\left") == shown.count(r"\right") and shown.count("{") == shown.count("}")
    left, right = text.split("=", 1)
    remark = "".join(re.findall(r"\\quad \\text\{\(no sum.*", right)) * (r"\text{(no" not in shown)
    assert made.check(f"{left} = {shown} {remark}")


@pytest.mark.parametrize(
    "text",
    [
        r"\left(A_{ij} - A_{ji}\right)x_j + \bigl(b_i - x_i\bigr)",
        r"z\left(b_i\right) \cdot \left(A_{ij}x_j\right)",
        r"\left\lvert z\right\rvert x_i + \sigma\left(z\right)\bigl[z > 0\bigr]x_i",
    ],
)
def test_no_edit_breaks_a_bracket(context, text):
    (chain,) = relations.chains(f"x_i = {text}")
    side = chain.sides[1]
    names = hints.callables(context.scope)
    some = edits(f"x_i = {text}", chain.sides, 1, *names)
    for edit in (*some, *added(f"x_i = {text}", side, ["z", r"\left(z + 1\right)"], ["x_i"])):
        sizes = re.sub(r"\\(left|right|[bB]igg?[lr]?)\s*(?=[()\[\]|]|\\[lr]vert)", "", edit.text)
        assert "left" not in sizes and "igl" not in sizes, edit.says
        assert edit.text.count(r"\left") == edit.text.count(r"\right"), edit.text
        assert edit.text.count(r"\bigl") == edit.text.count(r"\bigr") or "dropped" in edit.says, edit.text


def test_a_row_that_was_not_ended_is_told():
    made = Context("x_i, w_{ij}, g_i")
    made.define("r_i = w_{ij}x_j + g_i")
    made.define(r"L = \frac12 r_ir_i")
    rows = "\\frac{\\partial L}{\\partial w_{ab}} = r_ax_b\n\\frac{\\partial L}{\\partial g_b} = r_b"
    for each in made.check(rows).chain:
        assert each.hint.startswith("true with \\\\ before \\frac{\\partial L}{\\partial g_b}")
