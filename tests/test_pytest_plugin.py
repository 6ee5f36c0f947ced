"""A chapter's relations, definitions, claims and cells as tests, in a project that is not ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_context import PLUGIN, FakeContext

from idxcalc.chapters import Chapter, verdicts
from idxcalc.errors import JudgesDisagree

pytest_plugins = ["pytester"]

CHAPTER = """---
file_format: mystnb
---
# Neuron, $x_i$

```{given}
x_i, y_i
```

```{define} layer
y = x
```

```{derive} loss-gradient
a = b = wrong
  = c
```

```{derive} slip
:expect: malformed free
a = bad
```

In a sentence {check}`u = v`.

```{code-cell}
:tags: [train]
assert 1 == 1
```

```{claim} same-weights
:cell: train
Both take the same steps.
```
"""

ITEMS = [
    "line-6",
    "layer",
    "loss-gradient::1",
    "loss-gradient::2",
    "loss-gradient::3",
    "slip::1",
    "line-24::1",
    "same-weights",
    "inline",
    "cells",
]
SUMMARY = "4 relations: 3 proved, 1 refuted; 1 wrong one refused as expected; 1 chapter's cells ran"


@pytest.fixture
def run(pytester, monkeypatch):
    """Run pytest in a foreign project whose chapters are judged by the fake context."""
    monkeypatch.setattr(verdicts, "Context", FakeContext)
    write(pytester, CHAPTER)
    return lambda *arguments: pytester.runpytest_inprocess(*PLUGIN, *arguments)


def write(pytester, text: str, name: str = "chapters/neuron.md") -> None:
    path = pytester.path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


def identifiers(result) -> list[str]:
    return [line for line in result.outlines if line.startswith("chapters/")]


def test_items(run, pytester):
    assert identifiers(run("--collect-only", "-q")) == [f"chapters/neuron.md::{each}" for each in ITEMS]


def test_a_failure_is_the_text_of_the_result_and_the_summary_comes_last(run, pytester):
    result = run("-q")
    result.assert_outcomes(passed=9, failed=1)
    found = Chapter(pytester.path / "chapters/neuron.md", FakeContext)
    (wrong,) = [each for each in found.all() if not each.ok]
    assert str(wrong).startswith("chapters/neuron.md:15:9: refuted  loss-gradient, relation 2\n")
    start = result.outlines.index(str(wrong).split("\n")[0])
    end = next(n for n, line in enumerate(result.outlines) if n > start and line.startswith("==="))
    assert "\n".join(result.outlines[start:end]) == str(wrong)
    assert result.outlines[-1] == SUMMARY
    assert result.ret == 1


def test_one_statement_and_one_relation(run):
    run("chapters/neuron.md", "-k", "loss").assert_outcomes(passed=2, failed=1, deselected=7)
    run("chapters/neuron.md::loss-gradient::2").assert_outcomes(failed=1)
    run("chapters/neuron.md::same-weights").assert_outcomes(passed=1)


def test_cells_run_once_and_only_where_something_waits_for_them(run, pytester):
    count = "open('ran.txt', 'a').write('x')"
    write(pytester, CHAPTER.replace("assert 1 == 1", f"assert {count}"))
    ran = pytester.path / "chapters" / "ran.txt"
    run("-k", "loss or slip")
    assert not ran.exists()
    run()
    assert ran.read_text() == "x"


def test_last_failed_runs_one_relation(run):
    run()
    result = run("--lf", "-v")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*neuron.md::loss-gradient::2 FAILED*"])


@pytest.mark.slow
def test_workers_give_the_same_items_verdicts_and_summary(pytester, monkeypatch):
    pytest.importorskip("xdist")
    here = Path(__file__).parent
    monkeypatch.setenv("PYTHONPATH", f"{here.parent}:{here}")
    pytester.makeconftest(
        "from fake_context import FakeContext\n"
        "from idxcalc.chapters import verdicts\n"
        "verdicts.Context = FakeContext\n"
    )
    write(pytester, CHAPTER)

    def verdicts(result) -> set[tuple[str, ...]]:
        words = (line.replace("[", " ").split() for line in result.outlines)
        return {
            (next(w for w in line if "::" in w), next(w for w in line if w in ("PASSED", "FAILED")))
            for line in words
            if {"PASSED", "FAILED"} & set(line) and any("::" in w for w in line)
        }

    alone, shared = (pytester.runpytest_subprocess(*PLUGIN, "-v", *more) for more in ((), ("-n", "2")))
    assert len(verdicts(alone)) == len(ITEMS)
    assert verdicts(shared) == verdicts(alone)
    assert alone.outlines[-1] == shared.outlines[-1] == SUMMARY


def test_faults_of_a_chapter_fail_one_by_one(run, pytester):
    write(pytester, "```{derive} one\n:wtr: x\na = b\n```\n\n{chekc}`a = b`\n")
    result = run("-q")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["*unknown option :wtr:; did you mean :wrt:?", "*did you mean {check}?"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_other_markdown_is_left_alone_unless_it_is_named(run, pytester):
    write(pytester, "# Words\n\n```{code-cell}\n1 / 0\n```\n", "chapters/words.md")
    write(pytester, "# Words {check}`a = wrong`\n", "README.md")
    (pytester.path / "latin.md").write_bytes(b"caf\xe9\n")
    assert len(identifiers(run("--collect-only", "-q"))) == len(ITEMS)
    run("README.md").assert_outcomes(failed=1)
    named = run("latin.md")
    named.assert_outcomes(failed=1)
    named.stdout.fnmatch_lines(["latin.md:1:1: malformed", "    not a text in UTF-8: byte 0xe9 in line 1"])


def test_which_files_are_chapters_can_be_said(run, pytester):
    pytester.makeini("[pytest]\nidxcalc_chapters = *.md !neuron.md")
    write(pytester, CHAPTER, "chapters/other.md")
    assert identifiers(run("--collect-only", "-q")) == [f"chapters/other.md::{each}" for each in ITEMS]


def test_judges_that_disagree_stop_everything(run, monkeypatch):
    def torn(*_: object, **__: object) -> None:
        raise JudgesDisagree("the reproducer")

    monkeypatch.setattr(FakeContext, "check_all", torn)
    result = run("-q")
    result.stdout.fnmatch_lines(["the reproducer", "*the two judges disagree*"])
    result.assert_outcomes(passed=2, failed=1)
