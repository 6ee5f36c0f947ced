"""A kept verdict answers for the same question alone: a change of text, package or version asks anew."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from fake_context import FakeContext

from idxcalc.chapters import Chapter, chapter, store
from idxcalc.chapters.store import environment, of_one_edition

PAGE = """# {check}`u = v`

```{given}
:from: other
x_i
```

```{define} length
L = x
```

```{derive} chain
:wrt: x
a = \\use{L} = wrong
```
"""


class Counting(FakeContext):
    """Notes what is verified."""

    asked: list[str] = []

    def fork(self) -> Counting:
        other = Counting()
        other.known = set(self.known)
        return other

    def check_all(self, text, wrt="", only=None):
        self.asked.append(f"{text} {wrt}".strip())
        return super().check_all(text, wrt, only)


@pytest.fixture
def verified(tmp_path, monkeypatch):
    """Write a chapter, have it checked anew by a process of its own, as it were; what was verified."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(store, "PACKAGE", tmp_path / "package")
    monkeypatch.setattr(store, "_STARTED", 2e10)
    (tmp_path / "package").mkdir()
    Path("package/rules.py").write_text("x = 1")
    Path("other.md").write_text("```{given}\nz\n```\n")

    def run(text: str = PAGE) -> list[str]:
        environment.cache_clear()
        of_one_edition.cache_clear()
        Counting.asked.clear()
        Path("page.md").write_text(text)
        kept = Chapter("page.md", context=Counting, store=Path("kept"))
        plain = Chapter("page.md", context=FakeContext)
        assert [str(each) for each in kept.all()] == [str(each) for each in plain.all()]
        assert kept.all() == plain.all()
        return sorted(Counting.asked)

    run.files = lambda: list(Path("kept").iterdir())
    yield run
    environment.cache_clear()
    of_one_edition.cache_clear()


CHAIN, CHECK = "a = \\use{L} = wrong x", "u = v"


def test_what_did_not_change_is_not_verified_again(verified):
    assert verified() == [CHAIN, CHECK]
    assert len(verified.files()) == 2
    assert verified() == []
    assert verified("More words.\n\n" + PAGE.replace("} chain", "} renamed")) == []


@pytest.mark.parametrize(
    ("old", "new", "asked"),
    [
        ("= wrong", "= wronger", ["a = \\use{L} = wronger x"]),
        (":wrt: x", ":wrt: y", ["a = \\use{L} = wrong y"]),
        ("L = x", "L = y", [CHAIN]),
        ("x_i\n", "x_i constant\n", [CHAIN]),
        ("# {check}`u", "# {check}`b", ["b = v"]),
    ],
)
def test_a_changed_text_is_verified_with_all_that_rests_on_it(verified, old, new, asked):
    verified()
    assert PAGE.count(old) == 1
    assert verified(PAGE.replace(old, new)) == asked
    assert verified() == []


def test_a_change_of_the_chapter_it_takes_from(verified):
    verified()
    Path("other.md").write_text("```{given}\nz constant\n```\n")
    assert verified() == [CHAIN]


def test_a_change_of_the_package_or_of_a_version_asks_for_everything(verified, monkeypatch):
    verified()
    Path("package/rules.py").write_text("x = 2")
    assert verified() == [CHAIN, CHECK] and verified() == []
    Path("package/more.txt").write_text("")
    assert verified() == [CHAIN, CHECK] and verified() == []
    assert len(verified.files()) == 2  # what nothing can answer any more is written over

    class Newer:
        name, version = "SymPy", "99"

    monkeypatch.setattr(store, "distributions", lambda: [Newer])
    assert verified() == [CHAIN, CHECK] and verified() == []
    monkeypatch.setenv("JAX_ENABLE_X64", "0")
    assert verified() == [CHAIN, CHECK]
    monkeypatch.setattr(store.sys, "version", "3.99")
    assert verified() == [CHAIN, CHECK]


def test_nothing_is_kept_when_the_package_changed_under_the_running_process(verified, monkeypatch):
    monkeypatch.setattr(store, "_STARTED", 0)
    assert verified() == [CHAIN, CHECK] and verified() == [CHAIN, CHECK]


DAMAGE = {
    "empty": lambda text: "",
    "cut": lambda text: text[:-30],
    "no JSON": lambda text: "\0",
    "too deep": lambda text: "[" * 100_000,
    "another kind": lambda text: "[1]",
    "no results": lambda text: "{}",
    "another verdict": lambda text: text.replace('"refuted"', '"proved"').replace('"proved"', '"tested"'),
    "another number": lambda text: text.replace("e-16", "e-12"),
    "more fields": lambda text: text.replace('"trivial"', '"trivially": 1, "trivial"'),
    "more results": lambda text: json.dumps((d := json.loads(text)) | {"results": 2 * d["results"]}),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_no_answer(verified, damage):
    verified()
    for path in verified.files():
        path.write_text(DAMAGE[damage](path.read_text()))
    assert verified() == [CHAIN, CHECK] and verified() == []


def test_files_of_other_questions_and_other_things_are_no_answers(verified):
    verified()
    one, two = verified.files()
    kept = one.read_bytes()
    shutil.copy(two, one)
    two.write_bytes(kept)
    assert verified() == [CHAIN, CHECK]
    one.unlink()
    one.mkdir()
    (one / "file").touch()
    assert len(verified()) == len(verified()) == 1  # where nothing can be written, nothing is kept
    shutil.rmtree("kept")
    Path("kept").touch()
    assert verified() == [CHAIN, CHECK]


REAL = r"""
```{given}
x_i, A_{ij}, \sigma(z), z
```

```{derive} gradient
:wrt: x_k
(A_{ij}x_ix_j)_{,k} &= (A_{kj} + A_{jk})x_j \\
                    &= 2A_{kj}x_j
```

```{derive} filled
\frac{\partial}{\partial z}\sigma(z^2) = ?
```

```{derive} scalar
:expect: refuted
z^2 = 2z
```

```{derive} malformed
:expect: malformed
x_i = A_{ij}
```

```{steps} way
:wrt: x_k
A_{ij}x_ix_j
```
"""


def test_a_kept_result_says_what_the_first_one_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (page := Path("page.md")).write_text(REAL)
    first, second = (chapter(page, store=tmp_path / "kept").all() for _ in range(2))
    assert len(list(Path("kept").iterdir())) == 5 and len(first) > 8
    for before, after in zip(first, second, strict=True):
        assert str(after) == str(before) and after._repr_markdown_() == before._repr_markdown_()
        assert after.snippet == str(before.snippet)
        plain = [
            {name: value for name, value in vars(each).items() if name not in ("snippet", "counterexample")}
            for each in (before, after)
        ]
        assert plain[0] == plain[1]


def test_a_sum_of_ones_has_its_program(tmp_path, monkeypatch):
    """The build writes the program of every relation out, and a store keeps it."""
    monkeypatch.chdir(tmp_path)
    given = "```{given}\nx_i \\quad (i = 1, \\dots, n)\n```\n\n"
    Path("page.md").write_text(given + "{check}`x_j\\sum_{i=2}^n 1 = (n-1)x_j`\n")
    (result,) = chapter("page.md", store=Path("kept")).all()
    assert result.verdict == "proved" and "(n + -1)" in str(result.snippet)
