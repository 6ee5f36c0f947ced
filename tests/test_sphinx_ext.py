"""The face inside Sphinx: what it shows, what fails the build, and that every builder gets the same.

Most tests put an engine of their own under the chapter, whose verdicts stand in the formulas, so that
they are about the pages alone; the last ones use the real one.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("sphinx")

from idxcalc.chapters.store import environment, of_one_edition
from idxcalc.errors import IdxcalcError, Span
from idxcalc.notation.anatomy import Anatomy
from idxcalc.sphinx_ext import katex
from idxcalc.verify.context import Derivation
from idxcalc.verify.result import Result

ROOT = Path(__file__).resolve().parent.parent
KATEX = ROOT / "_build" / "katex"
CONF = """\
extensions = ["myst_parser", "idxcalc.sphinx_ext"]
myst_enable_extensions = ["dollarmath", "amsmath"]
"""
WITH_KATEX = f"idxcalc_katex = {str(KATEX)!r}\n"

has_katex = pytest.mark.skipif(
    katex.folder(KATEX) is None or katex.node_binary() is None,
    reason="KaTeX or Node is missing; `make` installs both",
)

PROGRAM = "import jax\nprint('largest relative error: 0.0e+00')\n"


class Engine:
    """Reads its verdicts in the formulas: WRONG is refuted, GUESS tested, BROKEN malformed."""

    def fork(self) -> Engine:
        return self

    def given(self, text: str, *where: str) -> None: ...

    def define(self, text: str, *where: str) -> tuple[Result, ...]:
        return (Result("defined", latex=text, source=text, span=Span(0, len(text))),)

    def count(self, text: str) -> int:
        return text.count("=")

    def anatomy(self, text: str, wrt: str = "") -> Anatomy:
        return Anatomy()

    def expression(self, text: str, wrt: str = "") -> Derivation:
        raise IdxcalcError("nothing to compute")

    def check_all(self, text: str, wrt: str = "", only: int | None = None) -> tuple[Result, ...]:
        if "BROKEN" in text:
            at = text.index("BROKEN")
            return (Result("malformed", source=text, span=Span(at, at + 6), error="what is <BROKEN>?"),)
        sides = re.split("=", text)
        found = []
        for n, side in enumerate(sides[1:], 1):
            at = text.index(side)
            words = "refuted" if "WRONG" in side else "tested" if "GUESS" in side else "proved"
            found.append(
                Result(
                    words,  # type: ignore[arg-type]
                    latex=text, source=text, span=Span(at, at + len(side)), relation=n, trials=24,
                    max_error=2.5e-16, rules=("product", "chain"), sizes=({"i": 2, "j": 3}, {"i": 4, "j": 2}),
                    assumptions=("X invertible", r"away from z \neq 0"), snippet=PROGRAM,
                    hint="try <b>another</b>" if words == "refuted" else None,
                )
            )  # fmt: skip
        return tuple(each for each in found if only in (None, each.relation))


@dataclass
class Built:
    """A build's exit code, what it said on stderr and stdout, and its output folder."""

    code: int
    err: str
    out: str
    folder: Path

    def page(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")


Build = Callable[..., Built]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the place of the package's source, so that no edit of the real one disturbs a test."""
    folder = tmp_path / "package"
    folder.mkdir()
    monkeypatch.setattr("idxcalc.chapters.store.PACKAGE", folder)
    return folder


@pytest.fixture
def build(
    tmp_path: Path, package: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Build:
    """Write chapters and build them in this process, with the engine above."""
    from sphinx.cmd.build import build_main

    monkeypatch.setattr("idxcalc.chapters.verdicts.Context", Engine)
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "book"
    source.mkdir()

    def run(*args: str, builder: str = "html", conf: str = "", **chapters: str) -> Built:
        files = {"conf.py": CONF + conf, **{f"{name}.md": text for name, text in chapters.items()}}
        for name, text in files.items():
            if not (source / name).exists() or (source / name).read_text() != text:
                (source / name).write_text(text)
        capsys.readouterr()
        environment.cache_clear()  # a build is a process of its own
        of_one_edition.cache_clear()
        target = tmp_path / "out" / builder
        code = build_main(["-b", builder, "--no-color", *args, "book", str(target)])
        said = capsys.readouterr()
        return Built(code, said.err, said.out, target)

    return run


def statement(formula: str, head: str = "label", *options: str, kind: str = "derive") -> str:
    return "\n".join([f"```{{{kind}}} {head}", *options, formula, "```", ""])


TWO = statement("a &= b \\\\\n  &= c", "two-rows", ":covers: A36")
PAGE = f"# Title\n\nSee {{ref}}`two-rows` and {{ref}}`two-rows`.\n\n{TWO}\nIn text {{check}}`a = GUESS`.\n"


def test_a_statement_shows_one_mark_that_opens_without_a_script(build: Build) -> None:
    built = build("-W", index=PAGE, conf=WITH_KATEX)
    assert built.code == 0 and not built.err, built.err
    page = built.page("index.html")
    assert '<details class="idx-evidence"><summary class="idx-mark idx-proved"' in page
    assert '<span class="idx-word">2 proved</span>' in page
    text = re.sub(r"<[^>]*>", " ", page)
    for said in (
        "(1a)",
        "(1b)",
        "product, chain",
        "X invertible",
        "away from",
        "2.5e-16",
        "24, at sizes",
        "A36",
    ):
        assert said in text
    assert page.count("idx-code") == 5, "LaTeX and a program for each relation"
    assert 'href="#two-rows"' in page and 'id="two-rows"' in page
    assert page.count('href="#two-rows"><span class="std std-ref">(1)</span>') == 2
    assert '<script src="https' not in page or "mathjax" in page


def test_an_inline_relation_leads_to_its_evidence(build: Build) -> None:
    page = build(index=PAGE).page("index.html")
    (ident,) = re.findall(r'<a class="idx-mark idx-inline idx-tested" id="([^"]+)"', page)
    assert f'href="#evidence-{ident}"' in page and f'id="evidence-{ident}"' in page
    assert '<span class="idx-word idx-heard">tested</span>' in page


def test_what_the_chapter_does_not_expect_fails_the_build_in_the_words_of_the_result(build: Build) -> None:
    from idxcalc.chapters import chapter

    text = f"# T\n\n{statement('a = b = WRONG', 'slip')}\n{statement('x = BROKEN', 'fault')}\n{TWO}"
    built = build(index=text)
    assert built.code == 1
    bad = [str(r) for r in chapter("book/index.md").all() if not r]
    assert bad[0].startswith("book/index.md:4:8: refuted  slip, relation 2\n    a = b = WRONG\n")
    assert len(bad) == 2 and all(f"\n{said}\n" in built.err for said in bad), built.err
    page = html.unescape(re.sub(r"<[^>]*>", "", built.page("index.html")))
    assert all(said in page for said in bad), "the refusal stands on the page too, whole"
    assert "2 proved" in page, "the statement after them is shown all the same"
    again = build(index=text)
    assert again.code == 1 and "0 added, 0 changed" in again.out, "it fails until it is mended"
    assert all(said in again.err for said in bad)
    assert build(index=f"# T\n\n{TWO}").code == 0


def test_wrong_on_purpose(build: Build) -> None:
    text = "# T\n\n" + statement("a = WRONG", "slip", ":expect: refuted another")
    built = build(index=text)
    assert built.code == 0 and not built.err, built.err
    page = built.page("index.html")
    assert "wrong on purpose: refuted" in page
    assert "refuted  slip, relation 1" in re.sub(r"<[^>]*>", "", page)
    assert "<b>another" not in page and "&lt;b&gt;another" in page
    text = text.replace("another", "nonsense")
    assert "`:expect:` is not met" in build(index=text).err


@has_katex
def test_tex_that_no_one_can_typeset_is_shown_as_text(build: Build) -> None:
    text = "# T\n\n" + statement("x_{ij + BROKEN = 0", "open", ":expect: malformed")
    built = build(index=text, conf=WITH_KATEX)
    assert built.code == 0 and not built.err, built.err
    assert "x_{ij + BROKEN = 0" in html.unescape(built.page("index.html"))
    assert build(index=text, builder="latex").code == 0


@pytest.mark.parametrize(
    ("builder", "file", "said"),
    [
        ("html", "index.html", "2 proved"),
        ("singlehtml", "index.html", "2 proved"),
        ("latex", "projectnamenotset.tex", r"\(\checkmark\)~2 proved"),
        ("text", "index.txt", "✓ 2 proved"),
        ("xml", "index.xml", "2 proved"),
        ("man", "projectnamenotset.1", "2 proved"),
    ],
)
def test_every_builder(build: Build, builder: str, file: str, said: str) -> None:
    built = build("-W", index=f"{PAGE}\n```{{toctree}}\nmore\n```\n", more="# More\n\nSee {ref}`two-rows`.\n",
                  builder=builder)  # fmt: skip
    assert built.code == 0 and not built.err, built.err
    page = built.page(file)
    assert said in page
    assert "idx_" not in page and "statement_node" not in page
    if builder == "latex":
        assert r"a &= b \tag*{(1a)} \\[0.3em]" in page
        assert page.count(r"\hyperref[\detokenize{index:two-rows}]") == 3


# Another test may have imported JAX into this process, and JAX warns of any fork; these readers use none.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")
def test_parallel_reading_gives_the_same_pages(build: Build, tmp_path: Path) -> None:
    pages = {f"p{n}": f"# P{n}\n\n{statement('a = b', f'label-{n}')}\n" for n in range(8)}
    pages["p3"] += "\n" + statement("a = WRONG", "slip")
    tree = "# T\n\n```{toctree}\n:numbered:\n" + "\n".join(pages) + "\n```\n\n{ref}`label-5`\n"
    serial = build(index=tree, **pages)
    found = {name: serial.page(f"{name}.html") for name in [*pages, "index"]}
    parallel = build("-j", "2", "-E", "-a", index=tree, **pages)
    assert serial.code == parallel.code == 1
    assert serial.err == parallel.err and "slip" in serial.err
    assert found == {name: parallel.page(f"{name}.html") for name in found}
    assert '<span class="std std-ref">(6.1)</span>' in found["index"]


def test_a_change_of_the_package_has_everything_read_again(build: Build, package: Path) -> None:
    assert "1 added" in build(index=PAGE).out
    assert "0 added, 0 changed, 0 removed" in build(index=PAGE).out
    (package / "rules.py").write_text("# a new rule")
    assert "[config changed ('idxcalc_fingerprint')] 1 added" in build(index=PAGE).out


def test_another_version_of_what_judges_does_so_too(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    build(index=PAGE)
    monkeypatch.setattr("idxcalc.chapters.store.distributions", list)
    assert "[config changed ('idxcalc_fingerprint')] 1 added" in build(index=PAGE).out


def test_what_is_no_text_is_a_fault_and_the_rest_is_built(build: Build, tmp_path: Path) -> None:
    (tmp_path / "book" / "latin.md").write_bytes(b"one\ncaf\xe9\n")
    for _ in range(2):
        built = build(index=PAGE)
        assert built.code == 1 and "2 proved" in built.page("index.html")
        assert "book/latin.md:1:1: malformed\n    not a text in UTF-8: byte 0xe9 in line 2\n" in built.err
    (tmp_path / "book" / "latin.md").unlink()
    assert build(index=PAGE).code == 0


def test_a_chapter_is_read_again_when_one_that_it_takes_from_changes(build: Build) -> None:
    first = "---\norphan: true\n---\n# T\n\n" + statement("x_i", "", kind="given")
    second = "# T\n\n" + statement("y_i", "", ":from: first", kind="given") + TWO
    assert build(index=second, first=first).code == 0
    assert "0 added, 2 changed" in build(index=second, first=first + "\nMore.\n").out


def test_a_statement_in_another_language_fails_the_build(build: Build) -> None:
    built = build(index="# T\n\n```{eval-rst}\nIn text :check:`a = b`.\n\n.. derive:: two\n\n   a = b\n```\n")
    assert built.code == 1
    for kind in ("check", "derive"):
        assert re.search(
            rf"\nbook/index.md:\d+:1: this {kind} is not in the file itself, so nothing", built.err
        )


def test_a_relation_in_the_text_of_a_claim_is_checked(build: Build) -> None:
    claim = statement("It is so, since {check}`a = b`.", "so", ":cell: c", kind="claim")
    cell = "```{code-cell} python\n:tags: [c]\nassert 1\n```\n"
    text = f"---\nfile_format: mystnb\n---\n# T\n\n{claim}\n{cell}"
    assert "idx-inline idx-proved" in build(index=text).page("index.html")
    assert "book/index.md:8:28: refuted" in build(index=text.replace("a = b", "a = WRONG")).err


def test_what_is_not_checked_says_so(build: Build) -> None:
    text = "# T\n\n```{math}\n:unchecked: a picture of the shape\na = b\n```\n"
    built = build(index=text)
    assert built.code == 0 and "unchecked: a picture of the shape" in built.page("index.html")
    assert build(index="# T\n\n```{math}\na = b\n```\n").code == 1


@has_katex
def test_katex_typesets_while_building(build: Build) -> None:
    conf = WITH_KATEX + r"idxcalc_macros = {r'\R': r'\mathbb{R}', r'\n': r'\lvert #1\rvert'}"
    text = "# T\n\nHere $\\R$, $\\n{x}$.\n\n```{math}\n\\begin{align}\na &\\\\ b &\n\\end{align}\n```\n\n"
    built = build(index=text + TWO, conf=conf)
    assert built.code == 0 and not built.err, built.err
    page = built.page("index.html")
    assert "<math " in page and 'class="katex-html"' in page and "mathjax@" not in page
    assert "eqn-num" not in page.split("two-rows")[0], "KaTeX numbers no row"
    css = built.page("_static/katex/katex.min.css")
    tex = build(index=text, conf=conf, builder="latex").page("projectnamenotset.tex")
    assert r"\providecommand{\n}[1]{\lvert #1\rvert}" in tex
    fonts = set(re.findall(r"url\(([^)]*)\)", css))
    assert fonts and all((built.folder / "_static" / "katex" / font).is_file() for font in fonts)


@has_katex
def test_invalid_tex_fails_the_build_at_its_line(build: Build) -> None:
    text = "# T\n\nHere $\\frac{x$.\n\n```{math}\n\\nonsense\n```\n\n" + statement(r"a = \undefined b", "odd")
    for _ in range(2):  # an unchanged page is as wrong as it was
        built = build(index=text, conf=WITH_KATEX)
        assert built.code == 1
        assert "\nbook/index.md:3:1: TeX that cannot be typeset: " in built.err
        unknown = r"\nbook/index.md:{}:1: TeX that cannot be typeset: Undefined control sequence: .{}"
        assert re.search(unknown.format("[56]", "nonsense"), built.err)
        assert re.search(unknown.format("(9|10)", "undefined"), built.err)


def test_without_katex_sphinx_does_it_as_ever(build: Build) -> None:
    built = build("-W", index="# T\n\n" + TWO, conf="idxcalc_katex = 'nowhere'\n")
    page = built.page("index.html")
    assert built.code == 0 and "mathjax" in page and r"a &amp;= b \tag*{(1a)}" in page


def test_an_unknown_label_is_a_warning(build: Build) -> None:
    assert build("-W", "-n", index="# T\n\n{ref}`nobody`\n").code == 1


# With the engine itself

REAL = r"""# T

```{given}
x_k, y_i, w_{ij}
\sigma(z)
```

```{define} loss
L = (\sigma(w_{ij}x_j) - y_i)(\sigma(w_{ij}x_j) - y_i)
```

```{derive} gradient
:wrt: w_{gh}
L_{,(gh)} &= 2(\sigma_i(w_{jk}x_k) - y_i)\sigma_{i,m}(w_{jk}x_k)x_n\delta_{(mn)(gh)} \\
          &= 2(\sigma(w_{gk}x_k) - y_g)\sigma'(w_{gk}x_k)x_h \quad \text{(no sum on $g$)}
```

And {check}`\delta_{ij}x_j = x_i`, but:

```{derive} slip
:wrt: w_{gh}
:expect: refuted
L_{,(gh)} = 2(\sigma(w_{hj}x_j) - y_h)\sigma'(w_{hj}x_j)x_g \quad \text{(no sum on $h$)}
```
"""


AIDS = r"""# T

```{given}
x_k, w_{ij}, y_i
```

```{define} loss
L = (w_{ij}x_j - y_i)(w_{ij}x_j - y_i)
```

```{derive} gradient
:wrt: w_{gh}
L_{,(gh)} = 2(w_{gj}x_j - y_g)\,x_h
```

```{steps} way
:wrt: x_k
x_ix_i
```

```{derive} asked
:wrt: x_k
(x_ix_i)_{,k} = ?
```
"""


@pytest.fixture
def page_of(build: Build, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], str]:
    """A page of the chapter above, under the real engine."""
    from idxcalc import Context

    monkeypatch.setattr("idxcalc.chapters.verdicts.Context", Context)

    def page(builder: str, file: str) -> str:
        built = build("-W", index=AIDS, builder=builder, conf=WITH_KATEX)
        assert built.code == 0, built.err
        return built.page(file)

    return page


@pytest.mark.parametrize(
    ("builder", "file", "lines"),
    [
        ("html", "index.html", ['<dt class="field-odd">sum<', "✓ (3a)", "✓ (3d)", "4 proved"]),
        ("text", "index.txt", ["\nsum:\n   = ", "✓ (3a)", "collect:\n   = 2x_k ✓ (3d)", "4 proved"]),
        ("latex", "projectnamenotset.tex", [r"\sphinxlineitem{sum}", r"= 2x_k\) \(\checkmark\) (3d)"]),
    ],
)
def test_steps_stand_line_by_line_with_rule_and_mark(
    page_of: Callable[[str, str], str], builder: str, file: str, lines: list[str]
) -> None:
    page = page_of(builder, file)
    assert not [line for line in lines if line not in page], page[-3000:]


@pytest.mark.parametrize(
    ("builder", "file"),
    [("html", "index.html"), ("text", "index.txt"), ("latex", "projectnamenotset.tex")],
)
def test_what_was_asked_for_is_answered_below(
    page_of: Callable[[str, str], str], builder: str, file: str
) -> None:
    _, asked, answered = page_of(builder, file).partition("? = 2x_k")
    assert asked and "proved" in answered


@has_katex
def test_a_page_marks_its_indices_and_shows_the_sums_and_what_a_statement_rests_on(
    page_of: Callable[[str, str], str],
) -> None:
    page = page_of("html", "index.html").split('id="gradient"')[1].split('id="way"')[0]
    formula, rest = page.split('<div class="idx-foot', 1)
    groups = re.findall(
        r'<span class="enclosing[^"]*" data-i="(\d)"><span class="mord [^>]*>(\w)</span>', formula
    )
    assert sorted(set(groups)) == [("0", "g"), ("1", "h"), ("2", "j")]
    assert "<summary>show the sums</summary>" in rest and "∑" in rest
    assert 'rests on <a class="reference internal" href="#loss">(1)</a>' in rest
    code = html.unescape(re.sub(r"<[^>]*>", "", rest))
    assert re.search(r"def gradient\(\w, \w, \w\):\n    t1 = np.einsum", code), code


def programs(page: str) -> list[tuple[str, str]]:
    """Each program on a page, with the error that its evidence tells."""
    found = []
    for statement in re.split(r'<details class="idx-evidence">|<div class="idx-inline-evidence', page)[1:]:
        errors = re.findall(r"(\d\.\de[+-]\d\d), relative", statement)
        codes = re.findall(r'<div class="idx-code [^>]*>(.*?)</pre>', statement, re.S)
        plain = (html.unescape(re.sub(r"<[^>]*>", "", code)) for code in codes)
        found += zip((code for code in plain if "jax" in code), errors, strict=True)
    return found


def run_apart(programs: list[str]) -> list[float]:
    """Run programs, each with names of its own, in a Python that cannot import idxcalc; what each prints."""
    apart = (
        "import sys, json; sys.modules['idxcalc'] = None\nfor each in json.load(sys.stdin): exec(each, {})"
    )
    done = subprocess.run(
        [sys.executable, "-c", apart], input=json.dumps(programs), capture_output=True, text=True, check=True
    )
    return [float(line.removeprefix("largest relative error: ")) for line in done.stdout.splitlines()]


def sphinx(python: str | Path, folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    command = [str(python), "-m", "sphinx", "-q", "-b", "html", *args, "book", "out"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_programs_on_a_page_run_without_the_package_and_print_the_error_it_shows(tmp_path: Path) -> None:
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "conf.py").write_text(CONF)
    (tmp_path / "book" / "index.md").write_text(REAL)
    done = sphinx(sys.executable, tmp_path, "-W")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "2 proved" in page and "wrong on purpose: refuted" in page
    found = programs(page)
    assert len(found) == 4
    for program, _ in found:
        assert set(re.findall(r"^\s*(?:import|from)\s+(\w+)", program, re.M)) == {"jax"}
    # The program compiles what the judge ran step by step, so the last digit may round otherwise.
    printed = run_apart([program for program, _ in found])
    assert printed == [pytest.approx(float(error), rel=0.05, abs=1e-14) for _, error in found]
    assert sorted(printed)[2] < 1e-12 and max(printed) > 0.1, "three hold, and one is wrong on purpose"


CELLS = """---
file_format: mystnb
kernelspec:
  name: python3
---
# T

```{claim} sum
:cell: sum
One and one are two.
```

```{code-cell} python
:tags: [sum]
assert 1 + 1 == 2
```
"""


def test_a_claim_is_shown_when_its_cell_ran(tmp_path: Path) -> None:
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "conf.py").write_text('extensions = ["myst_nb", "idxcalc.sphinx_ext"]\n')
    chapter = tmp_path / "book" / "index.md"
    chapter.write_text(CELLS)
    done = sphinx(sys.executable, tmp_path)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert '<span class="idx-word">shown by a computation</span>' in page
    chapter.write_text(CELLS.replace("== 2", "== 3"))
    done = sphinx(sys.executable, tmp_path)
    assert done.returncode == 1
    assert "\nbook/index.md:15:1: refuted  cells\n" in done.stderr
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert '<span class="idx-word">not shown: its cell did not run through</span>' in page


def test_a_foreign_project_needs_three_lines(tmp_path: Path) -> None:
    """The wheel, in an environment of its own, under the default theme."""
    shutil.copytree(
        ROOT, tmp_path / "source", ignore=shutil.ignore_patterns(".*", "_build", "dist", "__pycache__")
    )
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", "dist", "./source"]
    subprocess.run(build, cwd=tmp_path, check=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "env"], cwd=tmp_path, check=True)
    python = tmp_path / "env" / "bin" / "python"
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    pins = tmp_path / "pins.txt"  # the versions at hand, so that pip's cache has them
    freeze = subprocess.run(
        [*pip, "freeze", "--exclude-editable"], capture_output=True, text=True, check=True
    )
    pins.write_text("".join(f"{line}\n" for line in freeze.stdout.splitlines() if "==" in line))
    install = [*pip, "--python", str(python), "install", "-c", str(pins), str(wheel), "sphinx", "myst-parser"]
    subprocess.run(install, cwd=tmp_path, check=True)
    (tmp_path / "book").mkdir()
    lines = [
        'project = "Foreign"',
        'extensions = ["myst_parser", "idxcalc.sphinx_ext"]',
        'root_doc = "index"',
    ]
    (tmp_path / "book" / "conf.py").write_text("\n".join(lines))
    (tmp_path / "book" / "index.md").write_text(REAL)
    done = sphinx(python, tmp_path)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert "2 proved" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    (tmp_path / "book" / "index.md").write_text(REAL.replace("- y_g)", "- y_h)"))
    done = sphinx(python, tmp_path)
    assert done.returncode == 1
    assert re.search(r"^book/index.md:15:\d+: \w+  gradient, relation 2$", done.stderr, re.M), done.stderr
