r"""Which letters of a formula are one index, and where it sums: by place, and as text."""

from __future__ import annotations

import pytest

from idxcalc import Context

GIVEN = r"""
x_i, y_i, u_i, w_{ij}, m_{ij}, z
\sigma(z)
f(x_i)
"""


@pytest.fixture
def context() -> Context:
    found = Context(GIVEN)
    found.define(r"h_i = \sigma_i(w_{jk}x_k)")
    return found


def numbered(context: Context, text: str, wrt: str = "") -> str:
    """The text with the number of its group in place of each letter that has partners."""
    groups = enumerate(context.anatomy(text, wrt).partners, 1)
    for start, stop, number in sorted(((s.start, s.stop, n) for n, g in groups for s in g), reverse=True):
        text = f"{text[:start]}{number}{text[stop:]}"
    return text


@pytest.mark.parametrize(
    ("text", "wrt", "expected"),
    [
        # i is free and one index on both sides; the two j are one, and no others
        (r"w_{ij}x_j = w_{ik}x_k", "", r"w_{12}x_2 = w_{13}x_3"),
        # two sums over one letter are two indices
        (r"z = x_iy_i + u_iy_i", "", r"z = x_1y_1 + u_2y_2"),
        # a written sum binds its own letter; one that is free outside is another index
        (r"x_i\sum_i y_i = (\sum_j y_j)\,x_i", "", r"x_1\sum_2 y_2 = (\sum_3 y_3)\,x_1"),
        # "no sum" makes one index of all; a function's placeholder has no partner outside
        (r"\sigma_{i,m}(w_{jk}x_k) = \sigma'(w_{ik}x_k)\delta_{im} \quad \text{(no sum on $i$)}", "",
         r"\sigma_{1,2}(w_{j3}x_3) = \sigma'(w_{14}x_4)\delta_{12} \quad \text{(no sum on $i$)}"),
        (r"(x_ix_i)_{,k} = 2x_k", "x_k", r"(x_1x_1)_{,2} = 2x_2"),
        # a chain: its free index is one in all rows
        ("y_i &= x_i \\\\ &= u_i", "", "y_1 &= x_1 \\\\ &= u_1"),
        # a definition: the letters of its name
        (r"h_i = \sigma(w_{ij}x_j)", "", r"h_1 = \sigma(w_{12}x_2)"),
    ],
)  # fmt: skip
def test_letters_that_are_one_index(context: Context, text: str, wrt: str, expected: str) -> None:
    assert numbered(context, text, wrt) == expected


@pytest.mark.parametrize(
    ("text", "wrt", "expected"),
    [
        ("y_i = x_i", "", ""),
        ("x_iy_i = y_ix_i", "", r"\sum_{i} x_iy_i = \sum_{i} y_ix_i"),
        ("z = 2x_iy_i - 3", "", r"z = 2\sum_{i} x_iy_i - 3"),
        (r"h_i = \sigma(w_{ij}x_j)", "", r"h_i = \sigma(\sum_{j} w_{ij}x_j)"),
        # a sum inside an argument, and one over the same letter behind it
        (r"z = \sigma(x_iy_i)\,x_iy_i", "", r"z = \sigma(\sum_{i} x_iy_i)\,\sum_{i} x_iy_i"),
        (r"d f = f_{,i}\,dx_i", "", r"d f = \sum_{i} f_{,i}\,dx_i"),
        (r"m_{ii} = \delta_{ij}m_{ij}", "", r"\sum_{i} m_{ii} = \sum_{i j} \delta_{ij}m_{ij}"),
        # before a power it would sum the powers: nothing is shown
        ("z = m_{ii}^2", "", ""),
    ],
)  # fmt: skip
def test_sums_written_out(context: Context, text: str, wrt: str, expected: str) -> None:
    assert context.anatomy(text, wrt).sums == expected


def test_the_names_it_uses_and_where_they_come_from(context: Context) -> None:
    context.define("c_i = x_i + y_i", "", "7 of other.md")
    assert context.anatomy(r"c_i + h_i = \sigma(w_{ij}x_j) + x_i + y_i").names == {
        "c": "7 of other.md", "h": "", r"\sigma": "3", "w": "2", "x": "2", "y": "2"
    }  # fmt: skip


def test_what_cannot_be_read_has_no_anatomy(context: Context) -> None:
    assert context.anatomy("x_i = y_j").partners == ()
