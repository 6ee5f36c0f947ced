"""The Makefile as a newcomer meets it: what an old Python is told, what a second run costs, what counts."""

from __future__ import annotations

import importlib.util
import os
import re
import resource
import shutil
import stat
import subprocess
import sys
import time
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MAKE = shutil.which("make") or ""

pytestmark = pytest.mark.skipif(not MAKE, reason="make is not installed")


def make(folder: Path, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    # A make that runs these tests must not hand its own settings to the one under test.
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "PYTHON", "PYTEST"))
    }
    return subprocess.run([MAKE, *args], cwd=folder, env=clean | env, capture_output=True, text=True)


# ------------------------------------------------------------------------------- before there is a .venv


@pytest.fixture
def machine(tmp_path):
    """A folder with the Makefile, and a function that puts interpreters on an otherwise empty path."""
    shutil.copy2(ROOT / "Makefile", tmp_path)
    shutil.copy2(ROOT / "pyproject.toml", tmp_path)
    path = tmp_path / "path with a space"
    path.mkdir()

    def install(name: str, script: str) -> None:
        (path / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (path / name).chmod(0o755)

    def setup(interpreters: dict[str, str], *args: str) -> str:
        for name, pretended in interpreters.items():
            numbers = ", ".join(pretended.split("."))
            before = f'import sys; sys.version_info = ({numbers}, "final", 0); exec(sys.argv[1])'
            install(name, f"exec '{sys.executable}' -c '{before}' \"$2\"" if pretended else "exit 127")
        done = make(tmp_path, *args, PATH=str(path))
        assert done.returncode != 0 and done.stdout == ""
        assert not (tmp_path / ".venv").exists()
        return done.stderr.splitlines()[0]

    setup.install = install
    return setup


def test_an_old_python_is_named(machine):
    assert machine({"python3": "3.9.2"}) == (
        "idxcalc needs Python 3.11 or newer; python3 is 3.9.2. Try: make PYTHON=python3.12"
    )


def test_a_newer_python_that_is_there_is_offered(machine):
    found = {"python3": "3.10.13", "python3.11": "3.11.9", "python3.13": "3.13.0"}
    assert machine(found, "test") == (
        "idxcalc needs Python 3.11 or newer; python3 is 3.10.13. Try: make PYTHON=python3.13"
    )


def test_an_interpreter_that_does_not_start_is_not_offered(machine):
    assert machine({"python3": "3.9.2", "python3.14": "", "python3.11": "3.11.2"}).endswith(
        "make PYTHON=python3.11"
    )


def test_a_missing_python_is_named(machine):
    assert machine({}, "PYTHON=python3.12", "check") == (
        "idxcalc needs Python 3.11 or newer; python3.12 is not there. Try: make PYTHON=python3.12"
    )


def test_a_python_without_ensurepip_names_the_package(machine):
    machine.install("python3", f'case "$2" in *ensurepip*) exit 1;; esac; exec \'{sys.executable}\' "$@"')
    assert machine({}) == (
        "python3 cannot make a virtual environment: it has no ensurepip. "
        "On Debian and Ubuntu: apt install python3-venv"
    )


# ---------------------------------------------------------------------------------------- with a .venv


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A copy of the tree under a path with a space; its .venv is this one's, its package the copy's."""
    folder = tmp_path_factory.mktemp("a clone") / "idxcalc"
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    if listing.returncode:
        pytest.skip("not a git checkout")
    for name in filter(None, listing.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").mkdir()
    for entry in Path(sys.prefix).iterdir():
        if entry.name != ".ready":
            (folder / ".venv" / entry.name).symlink_to(entry)
    (folder / ".venv" / ".ready").touch()
    if (ROOT / "_build" / "katex").exists():
        shutil.copytree(ROOT / "_build" / "katex", folder / "_build" / "katex", symlinks=True)
    return folder


def timed(folder: Path, *args: str) -> tuple[float, str]:
    """The processor's seconds, so that what else the machine does is not counted, and what was printed."""
    start = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = make(folder, *args, PYTHONPATH=str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime - start.ru_utime - start.ru_stime, done.stdout


EXTRA_CHAPTER = """\
---
file_format: mystnb
kernelspec: {name: python3}
orphan: true
---
# An extra chapter

```{given}
x_i
```

```{derive} square
:wrt: x_j
(x_i x_i)_{,j} = 2x_j
```

```{code-cell} python3
from idxcalc import normal
print("the judge's edition is", getattr(normal, "EDITION", "first"))
```
"""

EDIT = """

EDITION = "second"
_first = equal


def equal(left, right, evidence=None, *rest, **more):
    if evidence is not None:
        evidence.assume("the second edition is right")
    return _first(left, right, evidence, *rest, **more)
"""


@pytest.mark.slow
def test_a_second_make_is_quick_and_an_edit_of_the_package_verifies_all_again(clone):
    (clone / "chapters" / "extra.md").write_text(EXTRA_CHAPTER, encoding="utf-8")
    page = clone / "_build" / "html" / "extra.html"
    last = "Read it: _build/html/index.html"

    _, said = timed(clone)
    assert said.splitlines()[-1] == last and (clone / last.split()[-1]).is_file()
    assert len(said.splitlines()) <= 3
    first = page.read_text(encoding="utf-8")
    assert "1 proved" in first and "edition is first" in first

    again = [timed(clone) for _ in range(2)]
    assert min(seconds for seconds, _ in again) <= 5
    assert again[0][1].splitlines()[-1] == last

    with (clone / "idxcalc" / "normal" / "__init__.py").open("a", encoding="utf-8") as source:
        source.write(EDIT)
    timed(clone)
    second = page.read_text(encoding="utf-8")
    assert "the second edition is right" in second and "edition is second" in second


MANY_CONF = """
extensions = ["myst_parser", "idxcalc.sphinx_ext"]
exclude_patterns = ["out"]
"""
MANY_PAGE = """# Chapter {0}

```{{given}}
x_i, A_{{ij}}
```

```{{define}} loss-{0}
L = A_{{ij}}x_ix_j + {0}x_ix_i
```

```{{derive}} gradient-{0}
:wrt: x_k
L_{{,k}} = (A_{{kj}} + A_{{jk}})x_j + 2 \\cdot {0}x_k
```
"""


@pytest.mark.slow
def test_one_edit_among_a_hundred_chapters_costs_little(tmp_path):
    """Processor time is measured, which no other test lengthens; verdicts are counted by their files."""
    (tmp_path / "conf.py").write_text(MANY_CONF)
    pages = [f"part-{number}" for number in range(1, 101)]
    (tmp_path / "index.md").write_text("\n".join(["# Book", "", "```{toctree}", *pages, "```", ""]))
    for number, page in enumerate(pages, 1):
        (tmp_path / f"{page}.md").write_text(MANY_PAGE.format(number))

    def build() -> tuple[float, set[Path]]:
        before = os.times()
        start = time.time()
        command = [sys.executable, "-m", "sphinx", "-q", "-j", "2", ".", "out"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        after = os.times()
        spent = after.children_user + after.children_system - before.children_user - before.children_system
        kept = [*(tmp_path / "out" / ".doctrees" / "verdicts").iterdir()]
        return spent, {path for path in kept if path.stat().st_mtime >= start}

    assert len(build()[1]) == 100
    spent, new = build()
    assert spent <= 5 and not new
    edited = tmp_path / "part-50.md"
    edited.write_text(edited.read_text() + "\nMore words.\n")
    spent, new = build()
    assert spent <= 10 and not new
    edited.write_text(MANY_PAGE.format(1000))
    spent, new = build()
    assert spent <= 10 and len(new) == 1


def test_make_clean_leaves_the_environment(clone):
    timed(clone, "clean")
    assert not (clone / "_build").exists() and (clone / ".venv" / ".ready").exists()


def test_help_lists_the_targets():
    said = make(ROOT, "help").stdout
    assert re.findall(r"^make (\w+) ", said, re.MULTILINE) == [
        "html",
        "pdf",
        "test",
        "check",
        "slow",
        "soundness",
        "mutants",
        "fuzz",
        "bench",
        "live",
        "clean",
        "help",
    ]


# --------------------------------------------------------------------------------------- what it stands on


def pins() -> dict[str, str]:
    return dict(line.split("==") for line in PROJECT["dependency-groups"]["dev"])


def test_every_development_package_is_pinned_and_every_range_is_one():
    assert len(pins()) == len(PROJECT["dependency-groups"]["dev"])
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in pins())
    ranges = [
        *PROJECT["project"]["dependencies"],
        *sum(PROJECT["project"]["optional-dependencies"].values(), []),
    ]
    for line in ranges:
        wanted = Requirement(line)
        pin = pins()[wanted.name.lower().replace("_", "-")]
        assert pin in wanted.specifier and "==" not in line, line


def test_the_environment_is_the_pinned_one():
    differing = {name: (pin, version(name)) for name, pin in pins().items() if version(name) != pin}
    assert not differing


def test_ci_runs_what_the_readme_tells():
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & stat.S_IXUSR
    assert subprocess.run(["bash", "-n", script]).returncode == 0
    assert re.search(r"^make test", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)


def lines():
    spec = importlib.util.spec_from_file_location("lines", ROOT / ".ci" / "lines.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("suffix", "source", "count"),
    [
        (".py", '"""Doc.\n\nmore\n"""\n\n# a comment\nx = 1  # why\n', 1),
        (".py", 'def f():\n    """Doc."""\n    return """a\nb"""\n', 3),
        (".py", "x = (\n    # a comment\n\n    1,\n)\n", 3),
        (".py", "", 0),
        (".lark", "// a comment\nstart: a\n\n  // more\na: B\n", 2),
        (".css", "/* one\n two */\na { b: c }\n", 1),
        (".js", "// no\nlet x = 'http://y';\n", 1),
    ],
)
def test_lines_of_code(suffix, source, count):
    assert lines().code_lines(source, suffix) == count


def test_every_room_is_counted():
    count = lines().rooms(ROOT / "idxcalc")
    inside = [path for path in (ROOT / "idxcalc").iterdir() if path.is_dir() or path.suffix == ".py"]
    assert set(count) == {path.name.removesuffix(".py") for path in inside} - {"__pycache__"}
    assert count.total() > 0
