r"""Whatever the text: an `IdxcalcError` with a place, or a reading; never another exception, never slow."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reading import read, scope

from idxcalc.errors import IdxcalcError
from idxcalc.notation import relations
from idxcalc.notation.declare import declare, define
from idxcalc.notation.write import write

WHERE = scope(
    "x_i, y_i, b_i, w_{ij}, m_{ij}, t, a\nX_{ij} invertible\n\\sigma(z)\nf(x_i)\nF_j(x_i)\ng(m_{ij})\n"
    "r_i (i = 1, \\dots, n)",
    r"p_i = \frac{x_i}{t} \\ L = b_iy_i \\ s(q) = q^2 + 1",
)
WORDS = r"""
x_i y_i b_j w_{ij} m_{ii} m_{ij} t a X \sigma \sigma' \sigma_i f F F_j g L p_i s n r_i d dx_i \partial
\partial_i \frac{ \frac12 \sqrt{ { } ( ) [ ] ^2 ^{-1} ^{ _{,i} _{,(ij)} _{ij} _{i,j} _i _{ ' + - = \neq < > ,
/ \cdot \circ \sum_i \sum_{i=1}^n \sum \log \sin \det \max( \lvert \rvert | \text{if} \text{for} \text{and}
\text{else} \quad \text{otherwise} \begin{cases} \end{cases} \\ & 0 1 2 10 i j \delta_{ij} \hat \left( \right)
\pm O(dx^2) ? e^ \pi \text{loss} w^{(t)} ~ \, & % \input \begin{matrix}"""
TOKENS = [*WORDS.split(), r"\text{(no sum on $i$)}", r"\text{ignored higher powers of }"]
FORMULAS = [
    r"L_{,(gh)} &= 2(p_i - y_i)\,\sigma_{i,m}(w_{jk}x_k)\,x_n\delta_{(mn)(gh)} \quad \text{(no sum on $g$)}",
    r"\frac{\partial L}{\partial b_i} = y_i \\ d(f \pm t) = df \pm dt",
    r"\sigma_{i,m} = 0 \quad \text{for } i \neq m",
    r"(X^{-1})_{ij}x_j = \det X \, \sum_{i=1}^n r_i",
    r"\begin{cases} t & \text{if } t > 0 \\ 0 & \text{otherwise} \end{cases} = \max(0, t)",
    r"d(t^2) = (t + dt)^2 - t^2 + O(dt^2) = 2t\,dt",
    r"(f \circ F)_{,i} + s(t)(1 - s(t)) = e^{-x_iy_i}\lvert t\rvert",
    r"1 \text{ if } i = j \text{ and } 0 \text{ if } i \neq j = [i = j]",
]
WRT = ["", "x_i", "w_{gh}", "b_i, y_i"]

soups = st.lists(st.sampled_from(TOKENS), max_size=16).flatmap(
    lambda parts: st.sampled_from(["", " "]).map(lambda glue: glue.join(parts))
)


@st.composite
def damaged(draw) -> str:
    """A good formula with some of it dropped, doubled, swapped or replaced."""
    text = draw(st.sampled_from(FORMULAS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, max(0, len(text) - 1)))
        stop = min(len(text), start + draw(st.integers(0, 8)))
        new = draw(st.sampled_from(["", text[start:stop] * 2, *TOKENS]))
        text = text[:start] + new + text[stop:]
    return text


texts = st.one_of(
    soups, damaged(), st.text(max_size=60), st.binary(max_size=60).map(lambda b: b.decode("latin-1"))
)


def survives(text: str, wrt: str) -> None:
    start = time.perf_counter()
    for attempt in (read, _declared, _defined):
        try:
            attempt(WHERE, text, wrt)
        except IdxcalcError as error:
            assert error.message and "\n" not in error.message
            assert str(error)
            if error.span is not None and error.source:
                assert 0 <= error.span.start <= error.span.stop
                assert error.span.start <= len(error.source)
    assert time.perf_counter() - start < 1


def _declared(where, text, wrt):
    declare(where.fork(), text)


def _defined(where, text, wrt):
    define(where.fork(), text)


quiet = [HealthCheck.too_slow, HealthCheck.filter_too_much]


@settings(max_examples=300, deadline=None, suppress_health_check=quiet)
@given(texts, st.sampled_from(WRT))
def test_any_text_is_read_or_refused(text, wrt):
    survives(text, wrt)


@pytest.mark.slow
@settings(max_examples=2000, deadline=None, suppress_health_check=quiet)
@given(texts, st.sampled_from(WRT))
def test_any_text_is_read_or_refused_at_length(text, wrt):
    survives(text, wrt)


@settings(max_examples=200, deadline=None, suppress_health_check=quiet)
@given(damaged(), st.sampled_from(WRT))
def test_what_is_read_from_damaged_text_can_be_written(text, wrt):
    try:
        expr = relations.expression(WHERE, text, relations.targets(WHERE, wrt))[0]
    except IdxcalcError:
        return
    assert write(expr)
