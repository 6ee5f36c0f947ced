"""The shell: what it prints, its exit status, and that it says what pytest and ``print`` say."""

from __future__ import annotations

import io
import json
import re
import shlex
import subprocess
import sys
from glob import glob
from pathlib import Path

import pytest
from fake_context import PLUGIN

from idxcalc.chapters import chapter
from idxcalc.cli import main, parser
from idxcalc.errors import JudgesDisagree
from idxcalc.verify.context import Context
from idxcalc.verify.question import question

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parent.parent
GIVEN = ["--given", "x_i, y_i, A_{ij}"]
CHAPTER = r"""
```{given}
x_i, y_i, A_{ij}
```

```{define} length
:covers: B1
L = x_ix_i
```

```{derive} gradient
:wrt: x_k
:covers: B2
L_{,k} &= 2x_i\,\delta_{ik} \\
       &= 2x_k
```

```{derive} slip
:wrt: x_k
:expect: refuted
L_{,k} = x_k
```
"""
WRONG = CHAPTER.replace(r"&= 2x_k", r"&= 3x_k")


def examples() -> dict[str, list[str]]:
    """The examples that each help ends with."""
    whole = parser()
    (commands,) = (action for action in whole._actions if hasattr(action, "choices") and action.choices)
    helps = {"": whole} | dict(commands.choices)
    return {name: one.epilog.splitlines() for name, one in helps.items()}


EXAMPLES = examples()


@pytest.fixture(scope="module", autouse=True)
def jax_stays() -> None:
    """`pytester` forgets the modules that its test has imported; JAX dies when it is imported twice."""
    pytest.importorskip("jax.numpy")


@pytest.fixture
def page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(text: str, name: str = "page.md") -> str:
        Path(name).write_text(text, encoding="utf-8")
        return name

    return write


@pytest.fixture
def shell(capsys):
    """Run a command here; its exit status, what it printed, what it complained of."""

    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            status = main(arguments)
        except SystemExit as end:  # argparse
            status = int(end.code or 0)
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return status, said.out, said.err

    return run


# check, on files


def test_a_chapter_that_holds(page, shell):
    summary = "2 relations: 2 proved; 1 wrong one refused as expected\n"
    assert shell("check", page(CHAPTER)) == (0, summary, "")
    status, out, _ = shell("check", "-v", "page.md")
    assert status == 0
    assert [line.split("  ")[0] for line in out.splitlines() if line.startswith("page.md")] == [
        "page.md:8:1: defined",
        "page.md:14:11: proved",
        "page.md:15:11: proved",
        "page.md:21:10: refuted",
    ]


def test_one_text_for_one_failure(page, shell, pytester, monkeypatch):
    monkeypatch.chdir(pytester.path)
    found = chapter(page(WRONG))
    (wrong,) = [each for each in found.all() if not each.ok]
    assert re.match(
        r"page.md:15:1[14]: refuted  gradient, relation 2\n", str(wrong)
    )  # what the hint would edit
    assert shell("check", "page.md") == (
        1, f"{wrong}\n2 relations: 1 proved, 1 refuted; 1 wrong one refused as expected\n", "",
    )  # fmt: skip
    tests = pytester.runpytest_inprocess("page.md", *PLUGIN)
    start = tests.outlines.index(str(wrong).split("\n")[0])
    assert "\n".join(tests.outlines[start : start + len(str(wrong).split("\n"))]) == str(wrong)


def test_json(page, shell):
    status, out, _ = shell("check", "--json", page(CHAPTER))
    records = json.loads(out)
    assert status == 0
    assert [(each["kind"], each["verdict"], each["ok"], each["line"]) for each in records] == [
        ("definition", "defined", True, 8),
        ("relation", "proved", True, 14),
        ("relation", "proved", True, 15),
        ("relation", "refuted", True, 21),
    ]
    wanted = {"verdict", "max_error", "trials", "counterexample", "hint", "error", "trivial", "file", "line"}
    assert all(
        wanted | {"label", "relation", "covers", "latex", "expect", "ok"} <= set(each) for each in records
    )
    assert records[1]["covers"] == ["B2"] and records[2]["relation"] == 2
    assert records[3]["expect"] == "refuted" and records[3]["counterexample"]["left"] != 0


def test_files_that_cannot_be_read_leave_the_others_checked(page, shell):
    Path(page("", "latin.md")).write_bytes(b"caf\xe9")
    status, out, _ = shell("check", "none.md", "latin.md", page(CHAPTER))
    assert status == 2
    assert out == (
        "none.md:1:1: malformed\n    no such file\n"
        "latin.md:1:1: malformed\n    not a text in UTF-8: byte 0xe9 in line 1\n"
        "2 relations: 2 proved; 1 wrong one refused as expected; 2 other faults\n"
    )


def test_a_file_without_statements(page, shell):
    assert shell("check", page("# Words\n")) == (0, "page.md: holds no statement\n0 relations\n", "")


def test_verdicts_are_kept_only_where_asked(page, shell, monkeypatch):
    first = shell("check", page(CHAPTER))
    assert first[0] == 0 and not Path("_build").exists()
    assert shell("check", "--cached", "page.md") == first
    monkeypatch.setattr(Context, "check_all", lambda *_, **__: 1 / 0)
    assert shell("check", "--cached", "page.md") == first


def test_cells_are_run_unless_told_otherwise(page, shell):
    page("---\nfile_format: mystnb\n---\n\n```{code-cell}\nassert 1 == 2\n```\n")
    assert shell("check", "page.md") == (
        1,
        "page.md:6:1: refuted  cells\n    assert 1 == 2\n    ^\n    AssertionError\n"
        "0 relations; 1 chapter's cells failed\n",
        "",
    )
    assert shell("check", "--no-cells", "page.md")[0] == 0


# check, on one relation


def test_a_relation(shell):
    status, out, _ = shell("check", *GIVEN, "--wrt", "x_k", r"(x_iy_i)_{,k} = y_k")
    assert status == 0
    assert out.startswith("proved\n    (x_iy_i)_{,k} = y_k\n")
    status, out, _ = shell("check", *GIVEN, "--define", "L = x_ix_i", "--wrt", "x_k", r"L_{,k} = x_k")
    assert status == 1
    assert out.startswith("refuted\n")


def test_how_far_sides_differ_that_should_is_no_error(shell):
    status, out, _ = shell("check", "--json", "--given", "A_{ij}", r"A_{ij} \neq A_{ji}")
    (record,) = json.loads(out)
    assert status == 0 and record["trials"] > 0 and record["max_error"] is None


def test_json_of_a_relation(shell):
    status, out, _ = shell("check", "--json", *GIVEN, "--define", "L = x_ix_i", "L = x_jx_j")
    assert status == 0
    assert [(each["kind"], each["verdict"]) for each in json.loads(out)] == [
        ("definition", "defined"),
        ("relation", "proved"),
    ]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([*GIVEN, "x_i = y_k"], 1, "malformed\n    x_i = y_k\n          ^^^\n    left side {i}"),
        ([*GIVEN, "-x_i=-x_i+0"], 0, "proved"),
        ([*GIVEN, "- x_i = y_k"], 1, "malformed"),
        ([*GIVEN, ""], 1, "malformed"),
        ([*GIVEN, "\udcff = \udcff"], 1, "malformed"),
        ([*GIVEN, "x_i = \0"], 1, "malformed"),
        ([*GIVEN, "(" * 100_000], 1, "malformed"),
        (["x = x"], 1, "malformed"),
        (["--given", "x_ij", "x = x"], 1, "malformed  --given\n    x_ij\n"),
        (["--given", "x_i", "--define", "L = y", "x_i = x_i"], 1, "malformed  --define\n    L = y\n"),
    ],
)  # fmt: skip
def test_what_the_shell_makes_of_a_relation(shell, arguments, status, said):
    found, out, err = shell("check", *arguments)
    assert (found, err) == (status, "")
    assert out.startswith(said)


def test_two_relations_are_wrong_usage(shell):
    status, out, err = shell("check", *GIVEN, "x_i", "=", "y_i")
    assert (status, out) == (2, "")
    assert err == "idxcalc: one relation at a time; put it in quotes: 'x_i = y_i'\n"


def test_judges_that_disagree(shell, monkeypatch):
    def torn(*_: object, **__: object) -> None:
        raise JudgesDisagree("the reproducer")

    monkeypatch.setattr(Context, "check_all", torn)
    status, _, err = shell("check", *GIVEN, "x_i = x_i")
    assert status == 1
    assert err == "idxcalc: its two judges disagree, a defect of idxcalc; please report it:\nthe reproducer\n"


# derive, explain, new


def test_derive(shell):
    assert shell("derive", *GIVEN, "--wrt", "x_k", "x_ix_i") == (0, "2x_k\n", "")
    status, out, _ = shell("derive", "--steps", *GIVEN, "--wrt", "x_k", "x_ix_i")
    assert status == 0 and out.splitlines()[-1] == "2x_k" and "product:" in out
    status, out, _ = shell("derive", "--json", *GIVEN, "--wrt", "x_k", "x_ix_i")
    assert json.loads(out)["latex"] == "2x_k"
    status, out, _ = shell("derive", *GIVEN, "x_i +")
    assert status == 1 and out.startswith("malformed\n    x_i +\n")
    assert shell("derive", "--given", "x_ij", "x_i")[0] == 1


@pytest.mark.parametrize("command", ["check", "derive", "explain"])
def test_the_missing_variable_is_named_with_the_option_of_the_shell(command, shell):
    status, out, _ = shell(command, *GIVEN, "(x_ix_i)_{,k} = 2x_k" if command != "derive" else "x_ix_i")
    assert status == 1 and "name it with `--wrt`" in out


LESSON = r"""
```{given}
x_i, A_{ij}, z
```

**1.** What is the gradient?

````{admonition} Solution
:class: dropdown

```{derive} gradient
:wrt: x_k
(A_{ij}x_ix_j)_{,k} = ?
```

```{derive} slip
:wrt: x_k
:expect: refuted
(A_{ij}x_ix_j)_{,k} = 2A_{kj}x_j
```
````

**2.** And its square?

````{admonition} Solution
```{derive} square
\frac{\partial}{\partial z}z^2 = 2z
```

```{derive} again
\frac{\partial x_i^2}{\partial x_k} = 2x_i\,\delta_{ik} \quad \text{(no sum on $i$)}
```
````
"""


@pytest.fixture
def learn(page, shell, monkeypatch, tmp_path):
    """Answer the exercises of the lesson, a line each; what is printed after the prompts."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    page(LESSON, "lesson.md")

    def run(*answers: str, reset: bool = False) -> list[str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in answers)))
        status, out, err = shell("learn", *["--reset"] * reset, "lesson.md")
        assert (status, err) == (0, "")
        return re.sub("( = )(right|refuted|malformed)\n", r"\1\n\2\n", out).splitlines()

    return run


def test_learn_accepts_every_equal_form_and_remembers(learn):
    said = learn("(A_{ik} + A_{ki})x_i", "z + z", "2x_k\\,\\delta_{ik}")
    assert said[0] == "lesson.md: 2 exercises, 0 done" and said[-1] == "2 of 2 done"
    assert said.count("right") == 3 and "**1.** What is the gradient?" in said
    assert learn()[::3] == ["lesson.md: 2 exercises, 2 done", "2 of 2 done"]
    assert learn(reset=True)[-1] == "0 of 2 done"
    assert learn("(A_{ik} + A_{ki})x_i")[-1] == "1 of 2 done"
    assert learn("2z", "", "2x_k")[-1] == "1 of 2 done"  # all of an exercise, or it is still to be done
    Path("state/idxcalc/learn.json").write_text("[1")
    assert learn()[-1] == "0 of 2 done"


def test_learn_says_what_is_wrong_with_an_answer(learn):
    said = learn("2A_{kj}x_j", "A_{kj}", "?")
    (refuted, malformed) = (n for n, line in enumerate(said) if line in ("refuted", "malformed"))
    assert "component k = " in said[refuted + 3] and said[refuted + 4] == "    true if A is symmetric"
    assert said[malformed + 3].endswith(
        'on the right it is free; another letter there, or "(no sum on $j$)"?'
    )
    assert said[malformed + 5] == "(A_{ij}x_ix_j)_{,k} = (A_{kj} + A_{jk}) x_j"


@pytest.mark.parametrize(
    "answer", ["", "(A_{ij}x_ix_j)_{,k}", "\\frac{\\partial(A_{ij}x_ix_j)}{\\partial x_k}"]
)
def test_learn_wants_it_worked_out(learn, answer):
    said = "\n".join(learn(f"{answer} + 0" if answer else "x_j(A_{kj} + A_{jk}) = ?"))
    assert "true, but not yet worked out" in said and said.endswith("0 of 2 done")
    assert "malformed" not in said and "idxcalc derives" not in "\n".join(learn("x_k"))


def test_learn_has_commands_and_they_are_no_answers(learn):
    said = learn("help", "hint", "hint", "hint", "skip", "2z", "quit", "2x_k")
    assert said[1] == "Answer in LaTeX, or type hint, ?, skip, quit, help."
    text = "\n".join(said)
    assert re.search("(?m)hint +what helps.*\n\\? +the answer\nskip .*\nquit .*\nhelp ", text)
    shape = "one value for each k: these letters are free in the answer"
    assert [text.count(each) for each in (shape, "rules that lead there: ", "no more hints")] == [1, 1, 1]
    assert said.count("right") == 1 and not {"malformed", "refuted"} & set(said)
    assert said[-1] == "0 of 2 done"
    assert any(line.endswith(" = a number") for line in learn("skip", "hint"))


def test_learn_shows_an_answer_whole():
    asked = question(Context("x_i"), r"(x_ix_i)_{,k} = \left(2x_k\right)", "x_k")
    assert asked.answer == r"\left(2x_k\right)"


def test_learn_shows_nothing_that_nobody_wrote(learn):
    for answer in ("2A_{kj}x_j", "A_{kj}"):
        said = learn(answer)
        assert said[7] == f"    (A_{{ij}}x_ix_j)_{{,k}} = {answer}"


def test_a_chapter_without_exercises(shell, page):
    assert shell("learn", page("# Words\n")) == (2, "", "idxcalc: page.md holds no exercise\n")
    assert shell("learn", "none.md") == (2, "none.md:1:1: malformed\n    no such file\n", "")


def test_explain(shell):
    status, out, _ = shell("explain", *GIVEN, "--wrt", "x_k", "(x_ix_i)_{,k} = 2x_k = x_k + x_k")
    assert status == 0
    heads = [line for line in out.splitlines() if not line.startswith(" ")]
    stages = ["expression", "calculus (rules: ...)", "normal form", "autodiff", "verdict"]
    assert [f"{head.split(':')[0]}: ...)" if "rules" in head else head for head in heads] == [
        "tokens", "relation 1", *stages,
        "relation 2", stages[0], "calculus (nothing to differentiate)", *stages[2:],
    ]  # fmt: skip
    assert "    left   2x_k\n    right  2x_k\n" in out
    status, out, _ = shell("explain", *GIVEN, "x_i +")
    assert status == 1 and out.startswith("malformed\n")


def test_a_new_chapter_passes(page, shell):
    assert shell("new", "gated-layer") == (
        0, "gated-layer.md is written; next: idxcalc check gated-layer.md\n", "",
    )  # fmt: skip
    assert shell("check", "gated-layer.md") == (0, "3 relations: 3 proved; 1 chapter's cells ran\n", "")


def test_a_new_chapter_goes_into_the_folder_and_never_over_another(page, shell):
    Path("chapters").mkdir()
    page("", "chapters/index.md")
    assert shell("new", "first")[1] == (
        "chapters/first.md is written; next: idxcalc check chapters/first.md\n"
        "To put it into the book, list it in chapters/index.md and take `orphan: true` out of its head.\n"
    )
    assert shell("new", "first") == (
        2, "", "idxcalc: chapters/first.md is there already; choose another name or move it away\n",
    )  # fmt: skip
    for name in ("../up", "a b", "", "1st"):
        status, _, err = shell("new", name)
        assert status == 2 and "is no name for a chapter" in err


# the command line itself


def test_wrong_usage(shell):
    assert shell()[0] == 2
    for arguments in (["chek"], ["check"], ["derive"], ["check", "--jsn", "page.md"]):
        status, out, err = shell(*arguments)
        assert (status, out) == (2, "") and err.startswith("usage: idxcalc")


@pytest.mark.parametrize("command", EXAMPLES)
def test_each_help_ends_with_three_examples(command, shell):
    status, out, _ = shell(*command.split(), "--help")
    assert status == 0
    assert out.rstrip().splitlines()[-4:] == EXAMPLES[command]
    assert EXAMPLES[command][0] == "examples:"
    assert all(line.startswith(f"  idxcalc {command}") for line in EXAMPLES[command][1:])


@pytest.mark.slow
@pytest.mark.parametrize("line", [line.strip() for lines in EXAMPLES.values() for line in lines[1:]])
def test_the_examples_run(line, shell, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.chdir(tmp_path if " new " in line else ROOT)
    for part in line.split(" && "):
        _, *words = shlex.split(part)
        status, out, err = shell(*(path for word in words for path in (sorted(glob(word)) or [word])))
        assert (status, err) == (0, "") and out


def test_help_is_quick_and_a_closed_pipe_is_no_error():
    program = "import sys; from idxcalc.cli import main; main(['derive', '--help'])"
    light = f"{program[:-26]}print(*(m for m in ('jax', 'numpy', 'sympy') if m in sys.modules))"
    environment = {"PYTHONPATH": str(ROOT), "PATH": ""}
    done = subprocess.run([sys.executable, "-c", light], env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "")
    command = f"{shlex.quote(sys.executable)} -m idxcalc.cli explain --given x_i 'x_i = x_i' | true"
    piped = subprocess.run(["/bin/sh", "-c", command], env=environment, capture_output=True, text=True)
    assert piped.stderr == ""


def test_python_runs_the_package():
    asked = [sys.executable, "-m", "idxcalc", "check", "1 = 1"]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout.split()[0]) == (0, "proved")
