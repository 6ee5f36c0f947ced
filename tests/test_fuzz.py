r"""Whatever the text: a result, or an `IdxcalcError` with a place; never another exception, never slow."""

from __future__ import annotations

import pytest
from fuzz import BOMBS, context, damaged, run, survives
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idxcalc.errors import IdxcalcError
from idxcalc.notation import relations
from idxcalc.notation.write import write

quiet = [HealthCheck.too_slow, HealthCheck.filter_too_much]


@pytest.fixture(scope="module")
def where():
    made = context()
    made.check("t = t")  # what is loaded late is loaded
    return made


def test_two_thousand_texts_are_read_and_checked_or_refused():
    assert not run((2000, 1), limit=False)["failed"]


@pytest.mark.parametrize("bomb", BOMBS, ids=range(len(BOMBS)))
def test_bombs_are_refused_or_read_in_no_time(where, bomb):
    assert survives(where, bomb, "")


def test_contractions_within_arguments_that_share_factors_are_read_back(where):
    assert survives(where, r"() = \sigma_iF_Am_{Ai} = F_Am_{1A}", "") == "malformed"  # found by a long run


WIDE = "".join("(" + " + ".join(f"w_{{{i}{j}}}" for j in range(1, 10)) + ")" for i in range(1, 6))
LIMITS = [
    ("t" * 4001, "the formula is longer than 4000 characters"),
    ("(" * 41 + "t" + ")" * 41, "brackets nested more than 40 deep"),
    (" = ".join(["t"] * 102), "more than 100 relations"),
    ("f_{," + "i" * 21 + "} = 0", "more than 20 derivatives"),
    ("w_{" + "i" * 101 + "} = 0", "more than 100 indices"),
    (f"{WIDE} = 0", "too many terms after expansion (limit 20000)"),
    ("2^{10^{10}}t = 0", "a number of more than 14000 bits"),
]


@pytest.mark.parametrize(("text", "message"), LIMITS, ids=[message for _, message in LIMITS])
def test_every_limit_has_its_error(where, text, message):
    result = where.check(text)
    said = " ".join([result.error or "", *result.notes])
    assert message in said, str(result)[:300]


@settings(max_examples=200, deadline=None, suppress_health_check=quiet)
@given(damaged(), st.sampled_from(["", "x_i", "w_{gh}", "b_i, y_i"]))
def test_what_is_read_from_damaged_text_can_be_written(where, text, wrt):
    try:
        expr = relations.expression(where.scope, text, relations.targets(where.scope, wrt))[0]
    except IdxcalcError:
        return
    assert write(expr)
