r"""Inputs that must be refused: each with its message in full, and the place that the caret marks.

A row shows the formula with the marked part between ‹ and ›; ‹› marks a place with nothing in it.
"""

from __future__ import annotations

import time

import pytest
from reading import read, refusal, scope

from idxcalc.errors import IdxcalcError
from idxcalc.notation.declare import declare, define
from idxcalc.verify.context import Context

GIVEN = "x_i, y_i, z_i, b_i, v_i, w_{ij}, m_{ij}\n\\sigma(z)\nf(x_i)"
DEFINED = r"p_i = \frac{e^{x_i}}{\sum_j e^{x_j}} \\ L = b_iv_i \\ \text{loss} = (y_i - z_i)(y_i - z_i)"
SUM_OR_NOT = 'write the sum out, or "(no sum on $i$)"'
WHICH = f"sum, or component by component? {SUM_OR_NOT}"
OTHERWISE = r"write \frac{1}{...} or another name"
FREE = 'on the right i is summed, on the left it is free; add "(no sum on $i$)"'

A_TARGET = "a derivative is by a variable or a defined name"
TWICE = r"\partial x_i \partial x_j"
APART = r"two formulas, or a product? write \\ between formulas; factors stand without \quad"
ARGUMENT = "an argument, or a factor? an argument stands behind the function's own name, a factor in front"
POWER = "d of the power, or a power of d? write d(...^2) or (d...)^2"
WHICH_POWER = "a power of the component, or of the matrix? write `{0}_{{ij}}^2` or `{0}_{{ik}}{0}_{{kj}}`"
NO_NAME = r"%s is declared, and no index: write \frac{\partial f}{\partial %s}"
GROUPS = r"brackets around indices stand behind a comma or on \delta: the symmetric part is written out"

# formula, wrt, message
ROWS = [
    (r"w_{ij}x_j + ‹y_k›", "", "the terms have free indices {i} and {k}"),
    (r"y_k = ‹w_{ij}x_j›", "", "left side {k}, right side {i}"),
    (r"x_i y_i z_‹i›", "", f"i stands three times in one product; {SUM_OR_NOT}"),
    (r"w_‹{›ij x_j", "", "`{` opened here is never closed"),
    (r"x_i‹}›", "", "`}` closes nothing"),
    (r"x_i +‹›", "", "a term is missing"),
    (r"x_i + ‹*› y_i", "", "an operator where a term was expected"),
    (r"w_i‹j›", "", "only i is the subscript; write `w_{ij}`"),
    (r"x_i‹_j›", "", "a second subscript; write all indices in one, x_{ij}"),
    (r"w^{(t)}‹^›2", "", "a second superscript"),
    (r"w‹^{t+1}›_{ij}", "", "a power or a label? a label is written `w^{(t+1)}`"),
    (r"x_{i‹+›j}", "", "arithmetic on indices is not part of the notation"),
    (r"‹x_{ij}›", "", "x has 1 index, not 2"),
    (r"‹w_i› x_i", "", "w has 2 indices, not 1"),
    (r"\delta‹_{i}›", "", "delta takes two indices, or two groups of one length"),
    (r"\delta‹_{(ij)k}›", "", "delta takes two indices, or two groups of one length"),
    (r"f_{‹,›}", "", "no index to differentiate by"),
    (r"f_{,‹()›}", "", "no index to differentiate by"),
    (r"f_{i,j‹,›k}", "", "a second comma; all indices after the first one differentiate"),
    (r"L_{,‹i›j}", "w_{ij}", "two derivatives by a vector; by a matrix entry it is `f_{,(ij)}`"),
    (r"(x_ky_k)‹_{,i}›", "", "no variable to differentiate by: name it with `wrt`"),
    (r"\sigma_i‹()›", "", "an empty argument"),
    (r"\sigma_i(‹w_{jk}x_l›)", "", "the argument has three free indices, sigma takes a vector"),
    (
        r"y_i = ‹\sigma_i(w_{jk}x_k) y_j›",
        "",
        "left side {i}, right side {i, j}; the j inside sigma is bound there",
    ),
    (r"x_i^2 y_‹i›", "", f"a power and a repeated index: {WHICH}"),
    (r"\sqrt{x_i} y_‹i›", "", f"a root and a repeated index: {WHICH}"),
    (r"\frac{x_i}{y_‹i›}", "", f"i repeats across a fraction: {WHICH}"),
    (r"1‹/›x_i y_i", "", "what does the slash cover? write \\frac or brackets"),
    (r"\frac{1}‹{}›", "", "an empty denominator"),
    (r"p_{i,j} = p_i(\delta_{‹i›j} - p_j)", "x_j", FREE),
    (r"y_i = p_i(\delta_{‹i›j} - p_j)z_j", "", FREE),
    (r"‹i› x_i", "", "i is an index and a number"),
    (r"‹\text{los}›_{,i}", "x_i", r"`\text{los}` is not declared; did you mean `\text{loss}`?"),
    (r"L_{,‹i›}", "b_i, v_i", r"by b or by v? write `\frac{\partial L}{\partial b_i}`"),
    (r"‹\foo›_i", "", r"an unknown command, \foo"),
    (r"x_‹0›", "", "component 0 of 1..n"),
    (r"‹\log x\,y›", "", "one factor belongs to log: write brackets"),
    (r"\sum_i x_i \sum_‹i› y_i", "", "i is already summed here"),
    (r"y_i ‹=›", "", "an empty side"),
    (r"‹=› y_i", "", "an empty side"),
    (r"x_{‹}›", "", "an empty subscript"),
    (r"‹ ›", "", "an empty formula"),
    ("x_i‹\0›", "", "a control character"),
    ("x_i‹\ud800›", "", "a control character"),
    ("x_i‹\u202e›", "", "a mark that changes the direction of writing"),
    (r"‹\input›{/etc/passwd}", "", r"an unknown command, \input"),
    (r"x_i + \text{‹\input{/etc/passwd›}}", "", "text may hold words and $formulas$ only"),
    ("x_i ‹#›", "", "the character # means nothing in a formula"),
    (r"‹\begin{matrix}›", "", r"an unknown environment, \begin{matrix}"),
    # the rest of the notation
    (r"\sum_{i=1}^‹k› x_i", "", "`k` is not declared"),
    (r"‹\sum_i› + x_i", "", "a sum of nothing: the product that follows is its scope"),
    (r"‹\sum_i›", "", "a sum of nothing: the product that follows is its scope"),
    (r"\sum_‹j› x_i y_i", "", "nothing ties the size of j: it does not stand in the sum"),
    (r"‹f_{i,j}›", "", "f has no index, not 1; a derivative has a comma, `f_{,i}`"),
    (r"f_{,‹(jk)›}", "", "f's argument has 1 index, not 2"),
    (r"‹\sigma'_i›(x_j)", "", "a prime and an index; the derivative of a lifted function has a comma"),
    (r"? = ‹?›", "", "`?` on both sides"),
    (r"x_i ‹<› y_i", "", r"an inequality is no statement; expected = or \neq"),
    (r"‹\max› x_i", "", r"\max takes 2 arguments in brackets"),
    (r"(x_i, ‹y_i›)", "", "a comma inside brackets that are no argument"),
    (r"\det ‹x_i›", "", "the argument has one free index, det takes a matrix"),
    (r"(f \circ ‹y›)_{,i}", "", "a composition is a row of function names"),
    (r"(y_i z_i)‹_j›", "", "a bracket has no indices of its own"),
    (r"‹\frac{\partial^2 L}{\partial b_i}›", "", "order 2 above, 1 below"),
    (r"L_{,‹(ij)›}", "b_i", "no variable of the statement has that many indices"),
    (r"1‹/›2 x_i", "", "what does the slash cover? write \\frac or brackets"),
    (
        r"L = ‹1 \text{ if } x_1 > 0 \text{ and } 2› \text{ otherwise} \text{ and } x_2 > 0",
        "",
        "only the last case may be `otherwise`",
    ),
    (r"‹\sin^{-1}› L", "", r"\sin^{-1}: the inverse function, or one over the value? " + OTHERWISE),
    (r"‹\sigma^{-1}›(L)", "", r"\sigma^{-1}: the inverse function, or one over the value? " + OTHERWISE),
    (r"\sum_{i=1}^‹0› x_i", "", "the upper bound of a sum is a declared size or a number"),
    (r"‹'›x_i", "", "`'` was not expected here"),
    (
        r"\frac{\partial z_i}{\partial z_j} = z_j - ‹\delta_{ij}›",
        "",
        'the terms have free indices {j} and {i, j}; or is i fixed? add "(no sum on $i$)"',
    ),
    (r"‹\dots› x_i", "", r"dots stand only in a declaration, (i = 1, \dots, n)"),
    (r"\log(x_i)‹_i›", "", "a subscript belongs to a name"),
    (r"f(x_i)‹_i›", "", "a bracket has no indices of its own"),
    (r"\sigma ‹\circ› f", "", r"a composition is written (f \circ g)_{j}, in brackets"),
    (r"‹\frac{\partial L}{\partial b_i}^2›", "", "brackets around a derivative before a power or subscript"),
    (
        r"\frac{\partial L}{\partial ‹f›}",
        "",
        "a derivative is by a variable or a defined name, not by the function f",
    ),
    (
        r"\frac{\partial^2 L}{\partial ‹b_i^2›}",
        "",
        r"by a component twice: write it out, \partial x_i \partial x_j",
    ),
    (r"‹x^{-1}_{ij}›", "", "only a matrix has an inverse; x is a vector"),
    (r"‹\frac{\partial}{\partial b_i} L b_i›", "", "one factor belongs to the derivative: write brackets"),
    (r"\frac{\partial ‹/› L}{\partial b_i}", "", "an operator where a term was expected"),
    (r"\sum_i ‹/› x_i", "", "an operator where a term was expected"),
    (r"x_i ‹=›= x_i", "", "an empty side; one = is enough"),
    (r"‹$›x_i$", "", "the character $ means nothing in a formula; it marks a formula and is no part of it"),
    (
        r"‹\nabla› f",
        "",
        r"an unknown command, \nabla; a gradient is `f_{,i}`, or `\frac{\partial f}{\partial x_i}`",
    ),
    (r"‹\lVert› x \rVert", "", r"an unknown command, \lVert; a norm is written out, \sqrt{x_ix_i}"),
    (r"‹\text{tr}›(w)", "", r"`\text{tr}` is not declared; a trace is `A_{ii}`"),
    (r"w‹^T›_{ij}", "", "a transpose is the same letters in the other order, `A_{ji}`"),
    (r"(w‹^T›)_{ij}", "", "a transpose is the same letters in the other order, `A_{ji}`"),
    (r"‹sin›(L)", "", r"sin is written \sin"),
    (r"‹\log_2› L", "", r"\log takes no index; to another base it is \frac{\log z}{\log 2}"),
    (r"‹\tanh'›(L)", "", r"\tanh takes no prime; the derivative is `\tanh(z)'`, or \frac{d}{dz}"),
    (r"\sum_{ij}[‹i<j›]w_{ij}", "", r"indices are compared by = and \neq only"),
    (
        r"‹w^2_{ij}›",
        "",
        "a power of the component, or of the matrix? write `w_{ij}^2` or `w_{ik}w_{kj}`",
    ),
    (r"db_i‹/›db_j", "", r"a derivative, or a quotient? write \frac, or (dx)(dy)^{-1}"),
    (r"L = L\quad ‹f› = f", "", APART),
    (r"\sin 0 = 0 \qquad ‹\cos› L = 0", "", APART),
    (r"L = L\qquad‹(›1)", "", APART),
    (r"L = L \quad ‹|›f| = |f|", "", APART),
    (r"w_{‹(ij)›} = w_{ij}", "", GROUPS),
    (r"\sigma_{‹(i)›}(x_j) = 0", "", GROUPS),
    (r"(w^{-1})_{‹(ij)›} = 0", "", GROUPS),
    (r"y_i = y_i \text{(‹no sum› on $x_i$)}", "", "(no sum on $x_i$): it is no index of the formula"),
    (r"y_i = y_i \quad \text{(‹no sum› on $k$)}", "", "(no sum on $k$): it is no index of the formula"),
    (r"‹\delta^2_{ij}› = 0", "", WHICH_POWER.format(r"\delta")),
    (r"‹\delta^{-1}_{ij}› = 0", "", WHICH_POWER.format(r"\delta")),
    (r"d\sigma‹(L)^2› = 0", "", POWER),
    (r"df‹(x_i)^2› = 0", "", POWER),
    (r"d\sin‹(L)^2› = 0", "", POWER),
    (r"1‹\frac12› = 0", "", r"a mixed number, or a product? write \cdot"),
    (r"\sigma‹[L>0]› = 0", "", ARGUMENT),
    ("x_{‹\u0661›}", "", "\u0661 in a subscript; expected index letters"),
    ("‹\u0661› + L", "", "the character \u0661 means nothing in a formula"),
    (
        r"‹f_{x_i}› = 0",
        "",
        r"f has no index, not 1; a derivative is written \frac{\partial f}{\partial x_i}",
    ),
    (r"f_{,‹x›} = 0", "", NO_NAME % ("x", "x")),
    (r"\partial_‹x› f = 0", "", NO_NAME % ("x", "x")),
    (r"\partial_{‹y_i›} f = 0", "", NO_NAME % ("y", "y_i")),
    (r"\partial_‹L› f = 0", "", NO_NAME % ("L", "L")),
    (r"f_{,‹L›} = 0", "", NO_NAME % ("L", "L")),
    (r"\frac{\partial x_i^2}{\partial x_‹i›} = 0", "", f"a power and a repeated index: {WHICH}"),
    (r"(x_i^2)_{,‹i›} = 0", "x_i", f"a power and a repeated index: {WHICH}"),
    (r"\frac{x_i^2}{2}y_‹i›", "", f"a power and a repeated index: {WHICH}"),
    (r"(\frac12\sqrt{x_i})y_‹i›", "", f"a root and a repeated index: {WHICH}"),
    (r"\frac{1}{x_i}y_‹i›", "", f"a denominator and a repeated index: {WHICH}"),
    (
        r"(x_ix_‹i›)_{,k} = 2x_i",
        "x_k",
        'on the left i is summed, on the right it is free; another letter there, or "(no sum on $i$)"?',
    ),
]
WRT = [
    ("x_i + y_i", "wrt names variables, separated by commas"),
    *(
        (text, "wrt names variables, separated by commas")
        for text in ("x_i) = (y_i", "x_i) + (y_i", "x_i)(y_i", "x_i % c", r"\pm x_i")
    ),
    ("f", "wrt: `f` is a function, not a variable"),
    ("q", "wrt: `q` is not declared"),
    ("x_{ij}", "wrt: x has 1 indices, not 2"),
]


@pytest.fixture(scope="module")
def given():
    return scope(GIVEN, DEFINED)


def marked(row: str) -> tuple[str, int, int]:
    start, stop = row.index("‹"), row.index("›") - 1
    return row.replace("‹", "").replace("›", ""), start, stop


@pytest.mark.parametrize(("row", "wrt", "message"), ROWS)
def test_refused_with_its_reason_and_its_place(given, row, wrt, message):
    text, start, stop = marked(row)
    error = refusal(given, text, wrt)
    assert error is not None
    assert error.message == message
    assert (error.span.start, error.span.stop) == (start, stop)


@pytest.mark.parametrize(("wrt", "message"), WRT)
def test_what_a_statement_differentiates_by(given, wrt, message):
    assert refusal(given, "x_i = 0", wrt).message == message


def test_no_variable_at_all_is_as_none():
    assert Context("x_i").check("x_i = x_i", wrt=None).verdict == "proved"


# contexts of their own


def in_context(declarations: str, text: str, wrt: str = "") -> str:
    return str(refusal(scope(declarations), text, wrt))


def test_two_derivatives_of_a_function_of_a_matrix():
    assert in_context("f(m_{ij})", "f_{,ij}") == (
        "two derivatives by a vector; by a matrix entry it is `f_{,(ij)}`\n    f_{,ij}\n        ^"
    )


def test_sizes_with_different_names():
    ranges = "x_i (i = 1, \\dots, n)\ny_i (i = 1, \\dots, m)"
    assert in_context(ranges, "x_i y_i") == "the size of i: n in x, m in y\n    x_i y_i\n          ^"


def test_sizes_with_different_numbers_and_first_values():
    ranges = "x_i (i = 1, \\dots, 3)\ny_i (i = 1, \\dots, 4)\nz_i (i = 0, \\dots, 3)"
    assert in_context(ranges, "x_i y_i") == "the size of i: 3 in x, 4 in y\n    x_i y_i\n          ^"
    assert in_context(ranges, "x_i z_i") == "the size of i: 3 in x, 0..3 in z\n    x_i z_i\n          ^"


def test_a_component_that_does_not_exist():
    ranges = "w_{ij} (j = 1, \\dots, 3)\nx_i (i = 0, \\dots, n)"
    assert in_context(ranges, "w_{i9}") == "component 9 of 1..3\n    w_{i9}\n        ^"
    assert refusal(scope(ranges), "x_0 + w_{13}") is None


@pytest.mark.parametrize(
    "text",
    [r"\frac{x_i}{y_j}z_i", r"(x_i^2 + y_i)z_i", r"\sigma(x_i^2)y_i", r"y_i\sum_j w_{ij}^2", r"|x_i^2|y_i"],
)
def test_what_a_sum_or_an_argument_finishes_is_summed(given, text):
    read(given, text)


def test_a_derivative_of_a_power_is_printed_with_its_sum():
    context = Context("y_i, z_i, s")
    for text in (
        r"\frac{\partial}{\partial z_k}(\frac12z_i^2)",
        r"\frac{\partial}{\partial z_k}\frac{s}{z_i}",
    ):
        (_, latex), *_ = context.derive(rf"\sum_i y_i{text}", "z_k").steps
        assert context.check(rf"{latex} = \sum_i y_i{text}").verdict == "proved"


def test_a_hint_is_true_with_both_signs():
    assert Context("z").check(r"z = \pm z").hint is None
    assert r"z^2 \pm 2" in Context("z, t").check(r"(z \pm t)^2 = z^2 \pm zt + t^2").hint


@pytest.mark.parametrize("text", ["n_i = 0", r"\frac{d}{dn}n^2 = 0"])
def test_a_size_has_no_index_and_no_derivative(text):
    context = Context(r"x_i (i = 1, \dots, n)")
    assert context.check(text).error == "n is a size; it has no index, and no derivative is by it"


def test_no_sample_in_the_domain():
    result = Context("x_i negative").check(r"\log x_i = \log x_i")
    assert result.verdict == "malformed"
    assert "no sample in the domain; declare `x positive`?" in str(result)


@pytest.mark.parametrize(
    "text",
    [
        r"\frac{z}{z - z} = 1",
        r"\frac{0}{0} = 0",
        r"0\frac{1}{S_{ij}N_{ij}} = 0",
        r"\frac{\partial}{\partial z}\frac{z^2}{S_{ij}N_{ji}} = \frac{2z}{S_{kl}N_{kl}}",
        r"0\log(-z^2) = 0",
    ],
)
def test_what_never_has_a_value_is_never_judged_and_no_useless_advice_given(text):
    context = Context("z\nS_{ij} symmetric\nN_{ij} antisymmetric")
    result = context.check(text, "z")
    assert (result.verdict, result.error) == ("malformed", "no sample in the domain")


ALONE = "r is defined at z alone; with a new letter, r(u) = ..., it is a function"
STILL = "what is differentiated here is constant; write brackets around all that is meant"
ROW = "this row has no relation; one that goes on starts with + or -"
LABEL = "`e^{(2t)}` is not declared; a bracket behind ^ makes a label, an exponent has none"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (r"\frac{\partial f}{\partial x_i}(y_j) = 0", ARGUMENT),
        (r"\frac{\partial f}{\partial x_i}(2y_j) = 0", ARGUMENT),
        (r"\frac{\partial\sigma}{\partial z}(t) = 0", ARGUMENT),
        (r"\frac{dr}{dz}(z) = 0", ARGUMENT),
        (r"(\sigma')(t) = 0", ARGUMENT),
        (r"(\sigma - r)(t) = 0", ARGUMENT),
        (r"\frac{\sigma}{z}(t) = 0", ARGUMENT),
        (r"r'(2) = 0", ALONE),
        (r"r'(z + 1) = 0", ALONE),
        (r"r^2(t) = 0", ALONE),
        (r"e^{(2t)} = 0", LABEL),
        (r"d(z - t)^2 = 0", POWER),
        (r"d\sigma^2(z) = 0", POWER),
        (r"d\sin^2 z = 0", POWER),
        (r"d|z|^2 = 0", POWER),
        (r"dz^{-1} = 0", POWER),
        (r"d\,2^z = 0", POWER),
        (r"d\frac12z = 0", STILL),
        (r"d\,2z = 0", STILL),
        (r"z = z \\ t", ROW),
        (r"z = z \\ \text{what}", ROW),
        (r"t \\ z = z", ROW),
        (r"z = t \text{ if } z > 0 \\ + t", "only a sum goes on in the row below"),
    ],
)
def test_what_two_readers_read_in_two_ways_is_refused(text, message):
    context = Context("x_i, y_i, z, t\n\\sigma(z), f(x_i)")
    context.define("r(z) = z^3")
    result = context.check(text)
    assert (result.verdict, result.error) == ("malformed", message)


def test_an_expression_alone_is_no_statement_but_the_fault_inside_it_comes_first():
    context = Context("x_i, y_i")
    assert "no relation: expected = between two sides" in str(context.check("x_i"))
    assert "i stands three times" in str(context.check("x_i y_i x_i"))


AT_END = r"a condition stands at the end; join two by \text{and}"
IDLE = "a condition on k: it is no index of the formula"
DIGITS = r"one number, or a product? write \cdot"
REMARK = r"a remark is text that names letters: \text{(no sum on $i$, $j$)}"
BARS = r"which `|` closes which? write \lvert ... \rvert"
COLUMN = "`&` aligns; a second column is a statement of its own"
GOES_ON = "does this row go on? then `&` stands before its sign; a statement of its own has it before the ="
TEN = "a power of ten, or a product with e? write 10^{-3}, or a space before e"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (r"a_ib_ia_i = b_ia_ia_i ‹\text{(no sum over repeated indices)}›", REMARK),
        (r"a_ib_ia_i = b_ia_ia_i ‹\text{(no sum on $i$, but sum on $j$)}›", REMARK),
        (r"a_ib_ia_i = b_ia_ia_i ‹\text{(no sum on the index $i$)}›", REMARK),
        (r"a_ib_ia_i = b_ia_ia_i ‹\text{(no sum on $i$ or $j$)}›", REMARK),
        (r"a_ib_ia_i = b_ia_ia_i ‹\text{(no sum on $i$; this is false)}›", REMARK),
        (r"a_ib_ia_i = b_ia_ia_i \quad (‹no sum on $i$›)", REMARK),
        (r"a_ib_ia_i = b_ia_ia_i \quad (‹no sum over i›)", REMARK),
        ("‹\\text{(no sum on $i$)}›\nx = a_ib_i", "(no sum) stands at the end of a statement"),
        (r"‹\text{(no sum on $i$)}› \\ x = a_ib_i", "(no sum) stands at the end of a statement"),
        ("|2|x‹|›-1| = 2x", BARS),
        ("|x|z‹|›-1|z = |x|z^2", BARS),
        ("||x‹|›z|^2|y| = 0", BARS),
        ("|x|z + z‹|›y|z|y| = 0", BARS),
        (r"2x &= 2 ‹&› x &= 2x", COLUMN),
        (r"2x &= 2 ‹&› -x &= 2x", COLUMN),
        (r"2x &= 2 &‹&› x &= 2x", COLUMN),
        ("2‹&›3 = 23", COLUMN),
        (r"2x = x + x \\ ‹- y - y = -2y›", GOES_ON),
        (r"& 2x = x + x \\ & ‹- y - y = -2y›", GOES_ON),
        (r"x &= y \\ & 2x = x + x \\ & ‹- y - y = -2y›", GOES_ON),
        (r"2x = 2\text{‹,› }x = 2x", "`,` was not expected here"),
        (r"1\text{‹.›}5 = 15", "`.` was not expected here"),
        (r"x\text{‹:›}y = xy", "`:` was not expected here"),
        (r"f‹(x\text{,}y)› = f(xy)", "f takes 1 argument, not 2"),
        (r"‹x^ {(2)}› = x^2", LABEL.replace("e^{(2t)}", "x^{(2)}")),
        (r"‹x^{{(2)}}› = x^2", LABEL.replace("e^{(2t)}", "x^{(2)}")),
        (r"‹x^{\left(2\right)}› = x^2", LABEL.replace("e^{(2t)}", "x^{(2)}")),
        (r"‹f^{\left(2\right)}›(x) = f(x)^2", LABEL.replace("e^{(2t)}", "f^{(2)}")),
        (
            r"x‹^{\bigl(2\bigr)}› = x^2",
            "a power or a label? a label is written `w^{(t)}`, an exponent has no bracket",
        ),
        (r"‹x› \\[z > 0] = x", ROW),
        ("‹1e-3› = e - 3", TEN),
        ("1‹0e3› = 30e", TEN),
        (r"a_{‹\text›{rec}} = 1", r"\text is no index; a word is a label, `L^{(rec)}`"),
        ("a_1‹0› = 0", "only 1 is the subscript; write `a_{10}`"),
        ("a_1‹2› = 2a_1", "only 1 is the subscript; write `a_{12}`"),
        ("2^1‹0› = 1024", "only 1 is the superscript; write `2^{10}`"),
        ("x^2‹3.5›y = 0", "only 2 is the superscript; write `x^{23.5}`"),
        (r"\sum_{i=1}^1‹2› a_i = 0", r"only 1 is the superscript; write `\sum_{i=1}^{12}`"),
        (r"\sqrt1‹2› = 0", r"only 1 is the argument; write `\sqrt{12}`"),
        (r"x = 1x \text{ if } x \neq y ‹\neq› z", AT_END),
        (r"|x| = x \text{ if } x > 0 ‹=› y", AT_END),
        (r"\delta_{ij} = 0 \text{ for } i \neq j ‹\neq› k", AT_END),
        (r"a_i = 1a_i \text{ for } ‹k \neq j›", "a condition on j, k: it is no index of the formula"),
        (r"a_i = 1a_i \text{ for } i \neq j, \text{ and } ‹k = 1›", IDLE),
        (r"|x| \text{ if } ‹x < 0›", "a condition belongs to a relation; a value by cases ends with else"),
        (r"‹2\,3› = 6", DIGITS),
        (r"‹0.5\,2› = 1", DIGITS),
        ("‹2 3›x = 6x", DIGITS),
        ("‹2~3› = 6", DIGITS),
        (r"‹2\;3› = 6", DIGITS),
        (r"‹1\quad000› = 1000", DIGITS),
        (r"|x| = ? \text{ ‹if› } x > 0", "a side to fill in has no condition"),
        (
            r"x = \begin{cases} x ‹\\› 2 \end{cases}",
            r"a case without its condition: write \text{if} or \text{otherwise}",
        ),
        (
            r"\sum^n_{i‹=›1} a_i = 0",
            r"= in a subscript; expected index letters, or \sum_{i=1}^n",
        ),
        (r"x‹^\frac›12 = 0", r"braces around such an exponent: x^{\frac12}"),
        ("a‹_α› = 0", "α in a subscript; expected index letters"),
        (r"‹\delta^i_j› = 0", r"indices stand below: \delta_{ij}"),
        (r"a_i = a_i \quad ‹\text{(no sum)}›", REMARK),
        (r"x = x \quad \text{‹(›by definition)}", "the words '(by definition)' mean nothing here"),
        (r"x = x \quad \text{and ‹so›}", "the words 'so' mean nothing here"),
        (
            r"\text{‹(›ignored higher powers of $dx$)} = 0",
            "the words '(ignored higher powers of $dx$)' mean nothing here",
        ),
        ("x + O‹(dx)›", "an order belongs to a relation, which holds up to it"),
        (r"\frac12‹3› = 6", r"only 2 is the argument; write `\frac1{23}`"),
        (
            r"\frac{‹\delta› x}{\delta y} = 0",
            r"`\delta` is not declared; a derivative has \partial; Kronecker's delta has indices",
        ),
    ],
)
def test_what_is_typeset_otherwise_than_it_was_read_is_refused(row, message):
    text, start, stop = marked(row)
    error = refusal(scope("a_i, b_i, x, y, z\nf(u)"), text)
    assert error is not None
    assert (error.message, error.span.start, error.span.stop) == (message, start, stop)


# the text around them


def test_the_error_shows_the_formula_with_a_caret(given):
    assert str(refusal(given, "x_i + \tw_i")) == "w has 2 indices, not 1\n    x_i +  w_i\n           ^^^"
    assert str(refusal(given, "x_i\0")) == "a control character\n    x_i\ufffd\n       ^"
    assert str(refusal(given, "")) == "an empty formula"


def test_wide_and_combining_characters_do_not_move_the_caret(given):
    assert str(refusal(given, "x_i + \u6f22")).endswith("\n    x_i + \u6f22\n          ^^")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(" * 100_000, "the formula is longer than 4000 characters"),
        ("(" * 1000, "brackets nested more than 40 deep"),
        (r"\ln" * 1000 + " x", "nested more than 40 deep"),
        ("d" * 3000, "nested more than 40 deep"),
        ("=".join(["y_i"] * 500), "more than 100 relations"),
        ("f_{," + "i" * 100 + "}", "more than 20 derivatives"),
        (r"\sigma" + "'" * 3000 + "(L)", "more than 20 derivatives"),
        ("L_{," + "i" * 100 + "}", "more than 20 derivatives"),
        ("L_{," + "i" * 3000 + "}", "more than 100 indices"),
        (r"d^{999999999} L", "the order of a differential is a number from 1 to 20"),
        (r"\frac{\partial^{99999999} L}{\partial b_i}", "the order of a derivative is a number from 1 to 20"),
    ],
)
def test_limits_are_refused_at_once(given, text, message):
    start = time.process_time()
    error = refusal(given, text, "b_i")
    shown = str(error)
    assert time.process_time() - start < 0.5
    assert error.message == message
    assert max(map(len, shown.split("\n"))) < 200


# declarations and definitions

A_NAME = r"expected a name such as x_i, w_{ij}, \sigma(z) or f_j(x_i)"
BAD_DECLARATIONS = [
    ("x_i,‹,› y_i", "an empty name"),
    ("x_i ‹shiny›", "'shiny' is no property; known are symmetric, antisymmetric, invertible, positive, "
     "negative, integer, constant"),
    ("‹x›_i = 1", "a declaration names tensors and functions; `=` belongs into a definition"),
    ("x_‹1›", "a declaration names indices, not components"),
    ("f‹_{,i}›", "a declaration has no derivative"),
    (r"‹\delta_{ij}›", r"\delta is Kronecker's delta"),
    ("‹x_i symmetric›", "x has too few indices to be symmetric"),
    ("f‹()›", "an empty argument"),
    ("x_i\n‹x_i›", "x is declared already, in line 1"),
    (r"x_i ‹(i = 2, \dots, n)›", "a range starts at 0 or 1"),
    ("‹x_i invertible›", "only a matrix is invertible; x has 1 indices"),
    ("‹f(x_i) integer›", "only a variable is integer"),
    ("x_i, f(‹x_{ij}›)", "x was declared otherwise in line 1"),
    (
        r"‹w_{ij} (i = 1, \dots, n; j = 1, \dots, m) symmetric›",
        "the size of w: n here, m there",
    ),
    ("‹f(x_i)'›", A_NAME),
    ("‹f|x_i|›", A_NAME),
    (r"‹f\sqrt{x_i}›", A_NAME),
    (r"x_i ‹\%› positive", r"an unknown command, \%"),
    (r"‹n›, x_i \quad (i = 1, \dots, n)", "n is a size; a name is another letter"),
    ("x_i (i = 1, \\dots, n)\nf(‹n›)", "n is a size; a name is another letter"),
    ("f(n)\nx_i ‹(i = 1, \\dots, n)›", "n has a meaning; a size is another letter"),
    (r"x_i ‹(i = 1, \dots, e)›", "e has a meaning; a size is another letter"),
    ("g(‹e›)", "e is a number; an argument is another letter"),
    ("‹d› positive constant", "d is the differential; use another letter"),
    ("‹d›(z)", "d is the differential; use another letter"),
    (r"‹\tau >› 0 constant", r"write `\tau positive` or `\tau negative`, no inequality"),
    (r"‹x_i \le› 0", "write `x_i positive` or `x_i negative`, no inequality"),
    ("‹W^Q_{ij}›", "a label stands in brackets, `W^{(Q)}_{ij}`"),
    (
        r"\pi_w(\theta_k), ‹\pi_l›(\theta_k)",
        r"\pi is declared already, in line 1; its l is an index, a label is `\pi^{(l)}`",
    ),
    (r"x_i (i=1,\dots,n), z_i ‹(i=1,\dots,m)›", "two ranges for i in one line: write two lines"),
    (r"x_i ‹(i=1,\dots,n; i=0,\dots,n)›", "two ranges for i in one line: write two lines"),
    (r"x_i ‹(i=1,\dots,0)›", "an empty range"),
    (r"x_i ‹(i=1,\dots,n+1)›", r"a range ends with one letter or a number, `(i = 1, \dots, n)`"),
    (r"x_i ‹(1 \le i \le n)›", r"a range is written `(i = 1, \dots, n)`"),
    ("x_{‹(ij)›}", GROUPS),
    ("q_i ‹(i=1,2)›", r"a range is written `(i = 1, \dots, 2)`"),
    ("x_i,‹ f(x_i) constant›", "only a variable is constant"),
    (r"‹x_j \quad (i = 1, \dots, n)›", "a range of i, and no i in this line"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "message"), BAD_DECLARATIONS)
def test_declarations_refused(row, message):
    text, start, stop = marked(row)
    with pytest.raises(IdxcalcError) as caught:
        declare(scope(""), text)
    assert caught.value.message == message
    assert (caught.value.span.start, caught.value.span.stop) == (start, stop)


LABEL = "the i of a label is no index; write it below, as in `x_i`, or give the label another letter"
MORE = "a, c, y^{(i)}\nS_{ij} symmetric\np_i positive\nt_i \\quad (i = 1, \\dots, 3)"
BAD_DEFINITIONS = [
    ("‹q_i›", "a definition has one `=`"),
    (r"‹q = \pm a›", r"a definition has one sign, and no \pm"),
    ("q_i = w_{ij}x_j ‹=› y_i", "a definition has one `=`; further steps belong into a derive"),
    ("‹y_i› = x_i", "y is declared already, in line 1"),
    ("‹q_{ii}› = x_i", "a definition's indices differ"),
    ("q_i = ‹x_j›", "left side {i}, right side {j}"),
    ("q_i = x_iz_‹i›", FREE),
    ("q‹_{,i}› = x_i", "a definition names a tensor, not a derivative"),
    (r"‹\delta_{ij}› = x_ix_j", r"\delta is Kronecker's delta; its meaning is known"),
    ("‹2 q› = 1", "a definition starts with the name it defines"),
    (r"q = ‹?›", "a definition has no `?`"),
    ("‹q_0› = 1", "declare q before a component of it is defined"),
    ("q‹()› = x_iy_i", "an empty argument"),
    ("q‹(u, x_i)› = u", "one argument, or only new letters"),
    ("q(‹2u›) = u", "a definition's argument is a single name"),
    (r"q = ‹1 \text{ if } x_1 > 0›", "a definition by cases ends with else"),
    ("x_0 = ‹y_iz_i›", "a component is defined as a number, or as the components of one variable"),
    (r"q = ‹x_iz_i› \quad \text{(no sum on $i$)}", "left side {}, right side {i}"),
    (r"q_i = ‹w_{ij}x_j› \quad \text{(no sum on $j$)}", "left side {i}, right side {i, j}"),
    ("‹g(u)'› = 2u", "a definition starts with the name it defines"),
    (r"‹g\sqrt{u}› = u", "a definition starts with the name it defines"),
    ("‹g|u|› = u", "a definition starts with the name it defines"),
    ("g‹(u, u)› = u", "a definition's arguments differ"),
    ("g(‹e›) = e^2", "e is a number; an argument is another letter"),
    (r"g(‹\pi›) = \pi", r"\pi is a number; an argument is another letter"),
    ("g(‹d›) = d", "d is the differential; use another letter"),
    ("‹d› = x_ix_i", "d is the differential; use another letter"),
    ("x_1 = 1 \\\\ ‹x_1› = 2", "this component is defined already"),
    ("x_1 = a \\\\ ‹x_1› = c", "this component is defined already"),
    (r"w_{i0} = b_i \\ ‹w_{10}› = 2", "this component is defined already"),
    (r"w_{i0} = b_i \\ ‹b_1› = 2", "this component is defined already"),
    (r"x_1 = a \\ x_2 = ‹a›", "a has another meaning already"),
    ("‹S_{12}› = 3", "a component of the symmetric S cannot be defined alone"),
    ("p_1 = ‹-1›", "p is declared positive"),
    ("t_‹9› = 1", "component 9 of 1..3"),
    (r"x_1 = ‹2 \quad \text{if } a > 0›", "a definition by cases ends with else"),
    ("q = ‹a + O(da^2)›", "a definition is exact, without O(...)"),
    (r"q_i = y‹^{(i)}›x_i", LABEL),
    (r"h‹^{(i)}›_i = 2", LABEL),
]


@pytest.mark.parametrize(("row", "message"), BAD_DEFINITIONS)
def test_definitions_refused(row, message):
    text, start, stop = marked(row)
    where = scope(f"{GIVEN}\n{MORE}")
    with pytest.raises(IdxcalcError) as caught:
        define(where, text)
    assert caught.value.message == message
    assert (caught.value.span.start, caught.value.span.stop) == (start, stop)


# what once was read as something else


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (r"\frac{-‹\partial› f}{\partial x_i}", r"write \partial_i f or \frac{\partial f}{\partial x_i}"),
        (r"\frac{‹\partial› f}{-\partial x_i}", r"write \partial_i f or \frac{\partial f}{\partial x_i}"),
        (r"\det(w)‹_{ij}›", "a subscript belongs to a name"),
        (r"f(‹w›)", "f takes a vector, w is a matrix"),
    ],
)
def test_what_is_no_derivative_and_no_matrix_is_refused(given, row, message):
    text, start, stop = marked(row)
    error = refusal(given, text)
    assert error is not None
    assert (error.message, error.span.start, error.span.stop) == (message, start, stop)


def test_a_definition_does_not_start_with_a_minus():
    with pytest.raises(IdxcalcError, match="starts with the name"):
        define(scope(GIVEN), "-q_i = x_i")


def test_many_words_that_are_no_properties_take_no_time():
    start = time.process_time()
    with pytest.raises(IdxcalcError):
        declare(scope(""), "x " + "a" * 200 + " ?")
    assert time.process_time() - start < 0.5


# names that are no indices, no sizes, no functions


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (r"\frac1m\sum_{i=1}^m y‹^{(i)}› = y^{(i)}", LABEL),
        (r"\sum_i y‹^{(i)}›c_i = y^{(i)}\sum_i c_i", LABEL),
        (r"y‹^{(i)}›c_i = c_iy^{(i)}", LABEL),
        (r"w‹^{(t+1)}›_ic_t = 0", LABEL.replace("i of", "t of").replace("x_i", "x_t")),
        (r"(c_i-x_i)(c_i-x_i) = 0 \quad \text{if } ‹c› = x", "c has 1 index, not 0"),
        (r"\sum_c [‹c› = x] = 1", "c has 1 index, not 0"),
    ],
)
def test_what_is_an_index_and_what_is_a_name(row, message):
    text, start, stop = marked(row)
    error = refusal(scope("y^{(i)}, w^{(t+1)}_k, x_i\nc_i (i = 1, \\dots, m)"), text)
    assert error is not None
    assert (error.message, error.span.start, error.span.stop) == (message, start, stop)


def test_a_label_whose_letter_is_no_index_is_a_name():
    read(scope("y^{(i)}, c_i, w^{(t)}_i"), r"y^{(i)}c_k + w^{(t)}_k = w^{(t)}_k + c_ky^{(i)}")


@pytest.mark.parametrize(
    ("wrt", "message"),
    [
        ("x''_i", "wrt: `x''` is not declared; did you mean `x'`?"),
        ("x_i^2", "wrt names a whole variable: no power, comma or number of x"),
        ("x_{i,j}", "wrt names a whole variable: no power, comma or number of x"),
        ("x_1", "wrt names a whole variable: no power, comma or number of x"),
    ],
)
def test_what_derivatives_are_by_is_read_in_full(wrt, message):
    context = Context("x_i, x'_i")
    assert context.check("(x_kx_k)_{,i} = 2x_i", wrt=wrt).error == message
    assert context.check("(x_kx_k)_{,i} = 0", wrt="x'_i").verdict == "proved"


def test_a_size_d_is_no_differential():
    where = scope(r"x_i, f(x_i) \quad (i = 1, \dots, d)")
    for text in (
        r"\frac{1}{\sqrt d}",
        "d^2",
        "x_id",
        r"d \cdot x_i",
        r"\frac d2",
        "e^d",
        r"\sum_{i=1}^d x_i",
    ):
        read(where, text)
    for text in ("d x_i", "df", "d(f)", "d^2f", "d(d - 1)"):
        message = "d is a size here, and the differential: name the size otherwise"
        assert refusal(where, text).message == message
    context = Context(r"x_i \quad (i = 1, \dots, d)")
    text = context.expression(r"d \cdot x_i + d^2 \cdot x_i").latex()
    assert context.check(rf"{text} = x_id + d^2 \cdot x_i").verdict == "proved"


def test_a_remark_behind_a_percent_sign_declares_nothing():
    where = scope("x_i % positive\ny_j % (j = 1, \\dots, n)")
    assert not where.symbols["x"].traits and not where.size_names


# what was guessed, and is asked now

ONE_FACTOR = "one factor belongs to {}: write brackets"
INVERSE = "%s^{-1}: the inverse function, or one over the value? " + OTHERWISE
NO_WRT = "no variable to differentiate by: name it with `wrt`"
COMPOSED = r"a composition is written (f \circ g)_{j}, in brackets"
NO_INDEX = "a bracket has no indices of its own"
QUOTIENT = r"a derivative, or a quotient? write \frac{df}{dx} alone and the rest in front, or (df)(dx)^{-1}"
ORDER = "an order stands alone, as a term of a side: + O(dx^2)"
POWERS = "the order is given in powers of a differential, O(dx^2)"
TWO_ORDERS = "two orders in one relation, which holds up to one"
BRACES = "braces are not printed: write brackets"


@pytest.mark.parametrize(
    ("given", "message", "texts"),
    [
        ("f(x_i), y_i", NO_WRT, [r"\partial_i f + (y_ky_k)_{,i} = 0", r"(y_ky_k)_{,i} + \partial_i f = 0"]),
        (
            "h(u), g(x_i)",
            COMPOSED,
            [r"(-h \circ g)_{,i} = 0", r"|h \circ g|_{,i} = 0", r"\sqrt{h \circ g}_{,i} = 0"],
        ),
        ("A_{ij}", "A has 2 indices, not 0", [r"\det|A| = \det A", r"\det\sqrt{A} = \det A"]),
        (
            "X_{ij} invertible",
            NO_INDEX,
            ["|X^{-1}|_{ij} = 0", r"\sqrt{X^{-1}}_{ij} = 0", "(|X|^{-1})_{ij} = 0"],
        ),
        (
            "G_{ij}(t), A_{ij}, x",
            ONE_FACTOR.format("det"),
            [r"\det G_{ij}(x) = 0", r"\det A_{ij}A_{jk} = 0", r"\det A/x = 0"],
        ),
        (
            r"\sigma(z), f(v_i), w_i, x",
            ARGUMENT,
            [r"(\sigma')(2z) = 0", r"(\sigma)(x + 1) = 0", r"(\sigma^2)(2z) = 0", r"({\sigma})(2z) = 0",
             "(f)(2v_i) = 0", "(f_{,i})(v_i + w_i) = 0"],
        ),
        (
            "x, y",
            TWO_ORDERS,
            ["O(dx) = O(dx^2)", "x + O(dx) = x + O(dx^2)", "x + O(dx) = x + O(dy)"],
        ),
        (
            "x, y",
            ORDER,
            ["(1 + O(dx))x = x", "|O(dx^2)| = 0", r"\sin(x + O(dx^2)) = 0", r"O\sqrt{dx} = 0", "O|dx^2| = 0",
             "xO(dx) = 0", r"\frac{O(dx)}{x} = 0", r"x(\text{ignored higher powers of } dx)x = 0",
             r"x/(\text{ignored higher powers of } dx) = 0", "O{dx} = 0"],
        ),
        ("x", POWERS, ["x = O(dx^0)", r"x = O(\sqrt{dx})", "x = O(x)", "x = O(dx, dx)"]),
        ("x, v_i", "an order in dv, and v stands in neither side", ["x = 2x + O(dv_i)"]),
        (
            "x, y, z",
            QUOTIENT,
            [r"\frac{-d(xy)}{dx} = -y", r"\frac{2\,d(xy)}{dx} = 2y", r"\frac{d(xy)}{2dx} = \frac y2",
             r"\frac{d(xy)+d(xz)}{dx} = y+z", r"\frac{(d(xy))}{dx} = y", r"\frac{-d^2(xy)}{dx^2} = 0"],
        ),
        (
            "x, y, z",
            r"a derivative, or a quotient? write \frac, or (dx)(dy)^{-1}",
            ["(d(xy) + d(xz))/dx = y + z", "2d(xy)/dx = 2y"],
        ),
        ("x, y", ONE_FACTOR.format("log"), [r"\log 1/x = 0", r"x\log x/y = 0", r"\log 2 \cdot x = 0"]),
        (
            "z",
            ONE_FACTOR.format("the derivative"),
            [rf"\frac{{d}}{{dz}}{text} = 0" for text in ("1/z", r"z\cdot z", r"\sqrt z z", "{z}z", "|z|z")],
        ),
        ("x", STILL, ["d 1/x = 0", r"d\,2 \cdot x = 0"]),
        ("F_{ij}(u_k)", WHICH_POWER.format("F"), ["F^2_{ij} = 0", "{F^2}_{ij} = 0"]),
        ("F_{ij}(u_k)", INVERSE.replace("%s", "F"), ["F^{-1}_{ij} = 0"]),
        ("X_{ij} invertible", WHICH_POWER.format("(X^{-1})"), ["(X^{-1})^2_{ij} = 0"]),
        (
            "f(x_i), h_j(x_i), F_{ij}(x_k)",
            "a power of the derivative, or the derivative of a power? write f_{,i}^2 or (f^2)_{,i}",
            ["f^2_{,i} = 0", "h^2_{j,i} = 0", "x^2_{i,j} = 0", "(f)^2_{,i} = 0", "F^2_{ij,k} = 0",
             "f^2_{,i}(x_k) = 0", "f(x_k)^2_{,i} = 0"],
        ),
        (
            "c, m, x_i",
            "`?` stands at one end of a chain of =",
            ["c = ? = m", "x_ix_i = ? = 0", r"c \neq ?", r"? \neq c", r"c = c \neq ?"],
        ),
        (r"\sigma(z), x", INVERSE.replace("%s", r"\sigma"), [r"\sigma^{-1} = 0", r"(\sigma^{-1})(2x) = 0"]),
        (
            "a, b, c, x, y, v_i, w_i",
            BRACES,
            ["{-x}^2 = x^2", "{-1}^2 = 1", "a{x+y} = 0", "{a-b}{c} = 0", "x{-y} = 0", "-{a+b} = 0",
             "2{3} = 6", "{2}3 = 6", "{x+y}/x = 0", r"\log{x+y} = 0", "d{x+y} = 0", r"\sum_i{v_i+w_i} = 0",
             "{xy}^2 = 0", "{x^2}^2 = 0", "{{x+y}}a = 0"],
        ),
    ],
)  # fmt: skip
def test_what_was_guessed_is_asked(given, message, texts):
    context = Context(given)
    for text in texts:
        assert (text, context.check(text).error) == (text, message)


@pytest.mark.parametrize(
    ("given", "both"),
    [
        ("N_{ij} antisymmetric positive", "antisymmetric and positive"),
        ("N_{ij} negative antisymmetric", "antisymmetric and negative"),
        ("N_{ij} symmetric antisymmetric", "antisymmetric and symmetric"),
        ("x positive negative", "positive and negative"),
    ],
)
def test_properties_that_exclude_each_other(given, both):
    with pytest.raises(IdxcalcError, match=f"no tensor is {both}"):
        Context(given)


# names with a prime


@pytest.mark.parametrize(
    ("given", "definitions", "name"),
    [
        ("t", ["q(u) = u^2", "q'(u) = 3u"], "q"),
        ("t", ["q'(u) = 3u", "q(u) = u^2"], "q"),
        (r"\sigma(z), b_i", [r"\sigma'(z) = \sigma(z)(1 - \sigma(z))"], r"\sigma"),
        ("f(z)\nf'(z)", [], "f"),
        ("f'(z)\nf(z)", [], "f"),
        ("x(t), f(x')", [], "x"),
        ("x_i(t), x'_i(t)", [], "x"),
        ("z", [r"s = \frac{1}{1 + e^{-z}}", "s' = s(1 + s)"], "s"),
        ("z, c", ["r(z) = cz^2", "r' = 2z"], "r"),
    ],
)
def test_a_derivative_is_no_name_of_its_own(given, definitions, name):
    with pytest.raises(IdxcalcError) as caught:
        context = Context(given)
        for each in definitions:
            context.define(each)
    assert caught.value.message == f"`{name}'` is the derivative of {name}, and no name of its own"


def test_where_a_prime_is_no_derivative_it_is_part_of_the_name():
    Context("x_i, x'_i, y, y', f(x_i), f'(x_i)").define(r"L = x_ix_i \\ L' = x'_ix'_i \\ q = yy' \\ q' = 2y")


@pytest.mark.parametrize(
    "text", ["a_1 2 = 2a_1", r"\frac12a_1 = \frac{a_1}{2}", "x^2 3 = 3xx", "{x^2}3 = 3xx"]
)
def test_a_digit_that_stands_apart_is_a_factor(text):
    assert Context("a_i, x").check(text).verdict == "proved"


def test_a_side_to_fill_in_stands_at_an_end():
    context = Context("c, m")
    for text in ("? = c = c", "c = c = ?", r"c \neq c + 1 = ?", r"? = c \neq m"):
        assert context.check(text).verdict == "proved"


@pytest.mark.parametrize(
    "text",
    [
        r"|x| &= x \quad \text{if } x > 0 \\ &= 1x",
        r"a_i = 1a_i \text{ for } i \neq j",
        r"[i = j] = 0 = 0 \text{ for } i \neq j",
        r"[i' = j'] = 0 \text{ for } i' \neq j'",
        r"x = 1x \text{ if } y > 0",
    ],
)
def test_a_condition_on_what_a_formula_holds(text):
    assert Context("a_i, x, y").check(text).verdict == "proved"


def test_a_condition_and_an_order_are_no_part_of_a_value():
    context = Context("x, a_i")
    for text in (r"|x| \text{ if } x < 0", "x + O(dx)"):
        with pytest.raises(IdxcalcError, match="belongs to a relation"):
            context.derive(text, "x")
    with pytest.raises(IdxcalcError, match="belongs to a relation"):
        context.compile(r"a_i \text{ for } i = 1")
    assert context.compile(r"|x| = -x \text{ if } x < 0")(x=-2.0) == 2


@pytest.mark.parametrize("text", [r"1\,000", "1 000", r"\frac{1\,000}{1}", r"0.001\,000\cdot 10^6", "1000"])
def test_a_number_in_groups_of_three_is_one(text):
    assert Context().check(f"{text} = 10^3").verdict == "proved"


def test_no_line_is_named_where_none_is_known():
    context = Context("c")
    context.define("q = c")
    for add, text, message in (
        (context.define, "q = 2c", "q is declared already"),
        (context.given, "f(q_i)", "q was declared otherwise"),
    ):
        with pytest.raises(IdxcalcError) as caught:
            add(text)
        assert caught.value.message == message


def test_a_remark_may_begin_with_a_capital():
    context = Context("x_i, y_i")
    text = r"x_iy_i = y_ix_i \quad \text{(No sum on $%s$)}"
    assert context.check(text % "i").verdict == "proved"
    assert context.check(text % "k").error == "(no sum on $k$): it is no index of the formula"
