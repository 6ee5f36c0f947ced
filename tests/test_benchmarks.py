"""What `make bench` asks of idxcalc has an answer, and the right one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.fixture(autouse=True)
def path(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def test_the_derivatives():
    import symbolic

    from idxcalc.notation.write import write

    def answer(question):
        make, run = question
        return write(run(make(0)))

    assert answer(symbolic.idxcalc(*symbolic.OURS["b"])) == "2X^{(1)}_{kg} X^{(1)}_{kh}"
    lengths = [len(answer(symbolic.layers(depth))) for depth in (2, 4, 8)]
    assert lengths[2] < 2.2 * lengths[1] < 5 * lengths[0]


def test_products_of_sixteen_dummies():
    import checking

    for family in checking.FAMILIES.values():
        left = checking.product(family(checking.LETTERS, 0), checking.LETTERS)
        right = checking.product(family(checking.LETTERS[::-1], 0), checking.LETTERS)
        assert checking.equal(left, right)


def test_a_section_that_is_not_there():
    run = subprocess.run([sys.executable, "run.py", "all"], cwd=BENCHMARKS, capture_output=True, text=True)
    assert run.returncode == 1
    assert run.stderr.strip().startswith("no section is called all; there are symbolic, checking,")
