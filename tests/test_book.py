"""What is of this book alone: the proof-reading, the counts, the notebooks, the book on paper."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from built import ROOT, book

CHAPTERS = ROOT / "chapters"
PAGES = sorted(CHAPTERS.glob("*.md"))
INVENTORY = tomllib.loads((CHAPTERS / "article.toml").read_text("utf-8"))
sys.path.insert(0, str(CHAPTERS / "_ext"))

pytest.importorskip("myst_nb")

import notebooks  # noqa: E402
import proofreading  # noqa: E402
import recall  # noqa: E402

from idxcalc.chapters import chapter  # noqa: E402
from idxcalc.sphinx_ext import layout  # noqa: E402

# ------------------------------------------------------------------------------------- the proof-reading


@cache
def found() -> dict[str, Any]:
    return {each.item["id"]: each for each in proofreading.findings(CHAPTERS / "article.toml")}


def test_every_formula_is_given_to_the_checker_as_printed() -> None:
    printed = {item["id"]: item["latex"] for item in INVENTORY["item"] if "latex" in item}
    assert len(printed) >= 40
    for name, latex in printed.items():
        assert found()[name].results, name
        assert {each.source.removesuffix(" = ?") for each in found()[name].results} == {latex}, name


def test_no_verdict_is_typed() -> None:
    allowed = {"id", "kind", "latex", "says", "reading", "given", "define", "wrt", "means", "note"}
    assert set().union(*INVENTORY["item"]) <= allowed
    words = (CHAPTERS / "_ext" / "proofreading.py").read_text("utf-8")
    assert not [item["id"] for item in INVENTORY["item"] if item["id"] in words]


def test_the_bias_of_a30_is_found_and_mended() -> None:
    finding = found()["A30"]
    assert [each.verdict for each in finding.results] == ["proved", "malformed"]
    wrong = finding.results[1]
    assert "free indices {j} and {k}" in wrong.error
    assert wrong.hint.startswith("true with j for k:") and wrong.hint.endswith(r"\sigma_i(w_{jk}x_k + b_j)")


def test_the_repeated_step_of_a35_is_found() -> None:
    assert [each.trivial for each in found()["A35"].results] == [False, False, True]
    assert found()["A35"].outcome == proofreading.OUTCOMES[1]


def test_all_else_holds() -> None:
    others = [each for name, each in found().items() if name not in ("A30", "A35") and each.results]
    assert {each.outcome for each in others} == set(proofreading.OUTCOMES[2:4])


@pytest.mark.parametrize(
    ("name", "slip"),
    [("A36", ("x_n", "x_m")), ("A32", ("- 2y_j", "- y_j")), ("A19", ("g_{k, i}", "g_{i, k}"))],
)
def test_another_slip_would_be_found_as_well(name: str, slip: tuple[str, str]) -> None:
    (item,) = (each for each in INVENTORY["item"] if each["id"] == name)
    item = item | {"latex": item["latex"].replace(*slip)}
    finding = proofreading.check(item, INVENTORY["reading"].get(item.get("reading", ""), item))
    assert finding.outcome == proofreading.OUTCOMES[0]


# -------------------------------------------------------------------------------------------- the counts


def test_at_most_two_displays_in_a_hundred_are_unchecked() -> None:
    statements = [each for path in PAGES for each in chapter(path).statements]
    unchecked = [each for each in statements if each.kind == "math" and "unchecked" in each.options]
    displays = [each for each in statements if each.kind in ("derive", "define", "math")]
    assert all(each.options["unchecked"].strip() for each in unchecked)
    assert 100 * len(unchecked) <= 2 * len(displays)


_WORDS = re.compile(r"\\text\{[^}]*\$[^}]*\}|\\[a-zA-Z]+|\\.|[a-zA-Z]'*|\S")
_FIXED = re.compile(
    r"\\(frac|partial|sum|delta|sqrt|sin|cos|tanh|ln|log|exp|det|max|lvert|rvert|begin|end|text|pm|neq|leq)|[deO]"
    r"|[^a-zA-Z\\]"
)
_SILENT = re.compile(r"\\(left|right|bigl|bigr|Bigl|Bigr|quad|cdot|[,;\\])|&|.*\$.*")


def renamed(latex: str) -> tuple[str, ...]:
    """A formula with its letters numbered as they come, without spacing and remarks."""
    numbers: dict[str, str] = {}
    words = (word for word in _WORDS.findall(latex) if not _SILENT.fullmatch(word))
    return tuple(
        word if _FIXED.fullmatch(word) else f"letter {numbers.setdefault(word, str(len(numbers)))}"
        for word in words
    )


def test_a_formula_under_other_letters_is_the_same() -> None:
    assert renamed(r"x_{i,j} = \delta_{ij}") == renamed(r"y_{k,\,m} = \delta_{km}")
    assert renamed(r"m_{ij}x_j \quad \text{(no sum on $j$)}") != renamed(r"m_{ij}x_i")


@pytest.mark.slow
def test_there_are_many_relations_nearly_all_proved_and_none_trivial() -> None:
    relations = [
        result
        for path in PAGES
        for source in [chapter(path)]
        for each in source.statements
        if each.kind in ("derive", "check") and not each.expect
        for result in source.results(each)
    ]
    assert not [each for each in relations if each.trivial]
    assert len({renamed(each.latex or each.source) for each in relations}) >= 300
    assert 100 * sum(each.verdict == "proved" for each in relations) >= 95 * len(relations)


def numbered() -> list[str]:
    trees = re.findall(r"```\{toctree\}(.*?)```", (CHAPTERS / "index.md").read_text("utf-8"), re.S)
    return [name for tree in trees if ":numbered:" in tree for name in re.findall(r"^[a-z-]+$", tree, re.M)]


@pytest.mark.parametrize("name", numbered())
def test_a_chapter_is_there_to_learn_from(name: str) -> None:
    text, found = (CHAPTERS / f"{name}.md").read_text("utf-8"), chapter(CHAPTERS / f"{name}.md")
    assert len(re.search(r"\nAfter this chapter you can\n\n((?:- .*\n)+)\n", text)[1].splitlines()) == 3
    assert "## In short\n" in text and "](http" in text and found.cells
    assert any(each.kind == "steps" for each in found.statements)
    assert any((each.expect or [""])[0] == "refuted" for each in found.statements)
    assert 3 <= len(found.exercises) <= 8
    asked = [any("= ?" in each.body for each in one.statements) for one in found.exercises]
    assert 2 * sum(asked) >= len(asked)
    for one in found.exercises:
        assert any(each.kind == "derive" and not each.expect for each in one.statements), one.name


def test_what_is_recalled_stands_in_a_chapter_and_is_not_wrong_on_purpose() -> None:
    page = (CHAPTERS / "cheat-sheet.md").read_text("utf-8")
    lines = [line for line in page.splitlines() if line[:1] != ":" and recall._LINE.fullmatch(line)]
    labelled = {each.label: each for path in PAGES for each in chapter(path).statements if each.label}
    for line in lines:
        label, row, _ = recall._LINE.fullmatch(line).groups()
        statement = labelled[label]
        rows = layout.rows(statement.body, statement.kind == "define")
        assert not statement.expect and recall.short(rows, int(row or len(rows))), label
    assert len(lines) >= 50 and page.count("{recall}") == 6


CONF = f"""
import sys
import tempfile
sys.path.insert(0, {str(CHAPTERS / "_ext")!r})
extensions = ["myst_nb", "idxcalc.sphinx_ext", "proofreading", "dashboard", "numbering", "notebooks"]
myst_enable_extensions = ["dollarmath", "amsmath"]
"""
INDEX = """\
# First

```{toctree}
:numbered:

part
```

```{toctree}
:numbered:

evidence
```
"""
PART = """\
# A part

```{given}
x_i
```

```{derive} square
:wrt: x_j
(x_i x_i)_{,j} = 2x_j
```

```{derive} slip
:expect: refuted
x_i x_i = 2 x_i x_i
```

```{math}
:unchecked: a physical law
E = mc^2
```

The number {check}`\\delta_{ij}x_j = x_i` is inline.
"""
COUNTS = "# Counts\n\n```{book-numbers}\n```\n\n```{book-unchecked}\n```\n\n```{book-evidence}\n```\n"


def test_the_counts_are_those_of_the_book(tmp_path: Path) -> None:
    source = tmp_path / "book"
    source.mkdir()
    for name, text in {"conf.py": CONF, "index.md": INDEX, "part.md": PART, "evidence.md": COUNTS}.items():
        (source / name).write_text(text, "utf-8")

    def built(builder: str, *options: str) -> Path:
        target = tmp_path / "out" / builder
        command = [
            sys.executable,
            "-m",
            "sphinx",
            "-q",
            "-W",
            *options,
            "-b",
            builder,
            str(source),
            str(target),
        ]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return target

    page = (built("html", "-j", "2") / "evidence.html").read_text("utf-8")
    assert '<span class="section-number">2. </span>Counts' in page  # and not 1 again
    row = page[page.index('href="part.html"><span>A part') :]
    assert (
        row[: row.index("</tr>")].count("<p>2</p>") == 1 and row[: row.index("</tr>")].count("<p>1</p>") == 1
    )
    assert "Displayed formulas: 3. Unchecked: 1, which is 33.3 in 100." in page and "a physical law" in page
    assert (tmp_path / "out" / "html" / "notebooks" / "part.ipynb").is_file()

    (source / "part.md").write_text(PART.replace(":unchecked: a physical law\nE = mc^2", "E"), "utf-8")
    again = (built("html") / "evidence.html").read_text("utf-8")
    assert "Unchecked: 0, which is 0.0 in 100." in again

    (paper,) = built("latex").glob("*.tex")
    assert re.search(r"samples \d\d", paper.read_text("utf-8"))


# ----------------------------------------------------------------------------------------- the exercises


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", [each for each in PAGES if chapter(each).exercises], ids=lambda path: path.stem
)
def test_an_exercise_takes_its_own_answer_and_not_its_question(path: Path) -> None:
    here = chapter(path)
    for question in (each for exercise in here.exercises for each in here.questions(exercise)):
        assert question.judge(question.answer) and question.finished(question.answer), question
        assert not question.finished(question.left), question


# ----------------------------------------------------------------------------------------- the notebooks


def with_cells() -> list[Path]:
    return [path for path in PAGES if chapter(path).cells]


def test_a_notebook_is_valid_and_the_same_each_time() -> None:
    import nbformat

    for path in PAGES:
        first, second = (notebooks.notebook(path, lambda *_: None, lambda label: label) for _ in range(2))
        nbformat.validate(first)
        assert first == second
        shown = "\n".join(cell.source for cell in first.cells if cell.cell_type == "markdown")
        if path.stem not in ("index", "write"):
            assert not [mark for mark in ("```{derive}", "{check}`", "{ref}`", "```{given}") if mark in shown]


@pytest.mark.parametrize("path", with_cells(), ids=lambda path: path.stem)
def test_a_notebook_runs_from_any_folder(path: Path, tmp_path: Path) -> None:
    from nbclient import NotebookClient

    book = notebooks.notebook(path, lambda *_: None, lambda label: label)
    NotebookClient(book, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert not any(tmp_path.iterdir())  # it works in a folder of its own


WARM_CONF = f"""
import sys
import tempfile
sys.path.insert(0, {str(CHAPTERS / "_ext")!r})
extensions = ["myst_nb", "warm"]
nb_execution_mode = "force"
nb_execution_raise_on_error = True
"""
WARM_PAGE = """---
file_format: mystnb
---
# Page

```{code-cell}
import os, sys
import matplotlib.pyplot as plt
print("in", os.getcwd(), "jax" in sys.modules, len(plt.plot([1, 2])))
```
"""


@pytest.mark.slow
@pytest.mark.parametrize("warm", [True, False])
def test_kernels_start_warm_and_end_with_the_build(tmp_path: Path, warm: bool) -> None:
    source = tmp_path / "book"
    source.mkdir()
    (source / "conf.py").write_text(WARM_CONF if warm else WARM_CONF.replace(', "warm"', ""))
    for name in ("index", "other"):
        (source / f"{name}.md").write_text(WARM_PAGE)
    command = [sys.executable, "-m", "sphinx", "-q", "-j", "2", "book", "out"]
    with tempfile.TemporaryDirectory() as folder:  # the path of a socket is short
        done = subprocess.run(
            command, cwd=tmp_path, env=os.environ | {"TMPDIR": folder}, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        for name in ("index", "other"):
            page = (tmp_path / "out" / f"{name}.html").read_text("utf-8")
            assert f"in {source} {warm} 1" in page and "<img" in page
        until = time.monotonic() + 30
        while any(Path(folder).glob("idxcalc-*")):
            assert time.monotonic() < until, "the server is still there"
            time.sleep(0.1)


# -------------------------------------------------------------------------------------- the book on paper

PDF = ROOT / ".ci" / "pdf.py"


def pdf() -> Any:
    spec = importlib.util.spec_from_file_location("pdf", PDF)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_without_tex_the_packages_are_named(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, PDF, "tools"], capture_output=True, text=True, env={"PATH": str(tmp_path)}
    )
    assert done.returncode == 1
    assert "latexmk, xelatex, kpsewhich not found" in done.stderr
    assert f"apt install --no-install-recommends {pdf().PACKAGES}" in done.stderr
    named = (ROOT / ".ci" / "run").read_text("utf-8")
    assert all(name in named for name in pdf().PACKAGES.split())


def test_what_a_log_complains_of() -> None:
    log = (
        "Overfull \\hbox (9.9pt too wide) in paragraph at lines 1--2\n"
        "Overfull \\vbox (10.5pt too high) has occurred while \\output is active\n"
        "LaTeX Warning: Hyper reference `a:b' on page 3 undefined on input line 7.\n"
        "LaTeX Warning: There were undefined references.\n"
        "Missing character: There is no ✓ (U+2713) in font x!\n"
    )
    assert [len(lines) for lines in pdf().faults(log).values()] == [1, 1, 0, 1]


@pytest.mark.skipif(
    shutil.which("xelatex") is None, reason="TeX is not installed; `make pdf` says what to install"
)
def test_the_book_on_paper_is_whole(tmp_path: Path) -> None:
    target = book("latex", tmp_path / "latex")
    done = subprocess.run(
        [sys.executable, PDF, target, tmp_path / "book.pdf"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    text = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "book.pdf", "-"], capture_output=True, text=True
    ).stdout
    for part in ("Contents", "Chapter 1", "Appendix A", "proof-read", "largest error"):
        assert part in text, part
    pages = text.split("\f")
    (sheet,) = (n for n, page in enumerate(pages) if re.match(r"\s*Appendix A\s+Two pages to print", page))
    assert re.match(r"\s*Appendix B", pages[sheet + 2]), "the sheet fills two pages"
