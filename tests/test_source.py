"""The NumPy text of a formula computes what the formula's plan computes."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from idxcalc import Context
from idxcalc.errors import IdxcalcError

GIVEN = r"""
x_i \quad (i = 1, \dots, n)
y_i, w_{ij}, m_{ij}, a_{ijk}, z, \lambda
\sigma(z)
f_j(x_i)
"""
RNG = np.random.default_rng(0)
SIZE = 3
VALUES: dict[str, Any] = {
    **{name: RNG.uniform(0.2, 0.9, SIZE) for name in "xy"},
    **{name: RNG.uniform(0.2, 0.9, (SIZE, SIZE)) for name in "wm"},
    "a": RNG.uniform(0.2, 0.9, (SIZE, SIZE, SIZE)),
    "f": lambda x: np.array([x.sum(), x.prod()]),
    "z": 0.7, "lambda_": 0.3, "sigma": np.tanh, "sigma_prime": np.cos, "n": SIZE,
}  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        r"w_{ij}x_j",
        r"2\sigma'(w_{ij}x_j)\,y_i - \frac{1}{n}\sum_k y_k \quad \text{(no sum on $i$)}",
        r"\frac{x_i}{y_j} + m_{ji}",
        r"\delta_{ij}x_j + \delta_{ij} \quad \text{(no sum on $j$)}",
        r"\max(0, x_i)\,\exp(z) - \log y_i \quad \text{(no sum on $i$)}",
        r"x_i\,[x_i > y_i] \quad \text{(no sum on $i$)}",
        r"(m^{-1})_{ij}\,\det m",
        r"a_{1jk}x_k + a_{j2k}y_k",
        r"f_k(w_{ij}y_j)",
        r"f_k(a_{ijl}x_l) \quad \text{(no sum on $i$)}",
        r"\lambda x_i",
        r"3",
    ],
)
def test_the_text_computes_what_the_plan_does(text: str) -> None:
    compiled = Context(GIVEN).compile(text)
    names: dict[str, Any] = {}
    exec(compiled.source("f_1"), names)
    taken = inspect.signature(names["f_1"]).parameters
    assert set(compiled.arguments) <= set(taken)
    expected = compiled(**{name: VALUES[name] for name in (*compiled.arguments, *compiled.sizes)})
    found = names["f_1"](**{name: VALUES[name] for name in taken})
    assert np.shape(found) == expected.shape and np.allclose(found, expected)


def test_a_size_that_no_array_tells_is_refused() -> None:
    with pytest.raises(IdxcalcError, match="the size of an index is not known"):
        Context("x_i, w_{ij}").compile(r"\delta_{ij}").source()
