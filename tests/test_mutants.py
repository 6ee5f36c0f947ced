"""A sample of what ``make mutants`` does, and the sorts of edits and hints one by one."""

from __future__ import annotations

import pytest
from mutants import CHAPTERS, book, places, run

from idxcalc import Context
from idxcalc.notation import relations
from idxcalc.verify import hints
from idxcalc.verify.edits import edits, remarks, used_letters


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
