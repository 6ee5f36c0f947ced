"""The page "Your own layer in ten minutes", as a reader types it in."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from printed import ROOT, consoles, fenced, words

from idxcalc.chapters import chapter
from idxcalc.cli import main

PAGE = "chapters/own-layer.md"
LOSS = "L = (w_{ij}x_j - y_i)(w_{ij}x_j - y_i)"
OPTIONS = ["--given", "x_k, w_{ij}, y_i", "--define", LOSS, "--wrt", "w_{gh}"]


def same(printed: str) -> str:
    """What is printed, but for the last digits of an error."""
    return re.sub(r"largest error \S+", "largest error", printed)


@pytest.mark.parametrize("command, printed", consoles(PAGE))
def test_the_shell_prints_what_the_page_shows(command, printed, capsys):
    main(words(command))
    assert same(capsys.readouterr().out) == same(printed)


def test_the_page_shows_a_question_mark_filled_in_and_a_refusal():
    (_, filled), (_, refused) = consoles(PAGE)
    assert "? = 2" in filled and refused.startswith("refuted") and "this makes w square" in refused


def test_the_first_attempt_is_refused_in_the_words_that_the_page_discusses():
    page = chapter(ROOT / PAGE)
    attempt = next(each for each in page.statements if each.label == "gated-attempt")
    (result,) = page.results(attempt)
    assert result.ok and result.error == (
        'on the right i is summed, on the left it is free; add "(no sum on $i$)"'
    )
    by_label = {
        each.label: page.results(each) for each in page.statements if each.label.startswith("gated-by")
    }
    assert len(by_label) == 3
    assert {each.verdict for results in by_label.values() for each in results} == {"proved"}


def test_it_all_works_in_a_clean_environment(tmp_path: Path) -> None:
    """The wheel alone, in a folder without any file: the shell's calls, then the page's cells as a script."""
    shutil.copytree(
        ROOT, tmp_path / "source", ignore=shutil.ignore_patterns(".*", "_build", "dist", "__pycache__")
    )
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", "dist", "./source"]
    subprocess.run(build, cwd=tmp_path, check=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "env"], cwd=tmp_path, check=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    pins = tmp_path / "pins.txt"  # the versions at hand, so that pip's cache has them
    freeze = subprocess.run(
        [*pip, "freeze", "--exclude-editable"], capture_output=True, text=True, check=True
    )
    pins.write_text("".join(f"{line}\n" for line in freeze.stdout.splitlines() if "==" in line))
    python = tmp_path / "env" / "bin" / "python"
    subprocess.run(
        [*pip, "--python", str(python), "install", "-c", str(pins), str(wheel)], cwd=tmp_path, check=True
    )
    folder = tmp_path / "empty"
    folder.mkdir()

    def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(list(map(str, command)), cwd=folder, capture_output=True, text=True)

    idxcalc = python.with_name("idxcalc")
    for command, printed in consoles(PAGE):
        done = run(idxcalc, *words(command))
        assert same(done.stdout) == same(printed), done.stderr
        assert done.returncode == int("refuted" in printed)
    right = run(idxcalc, "check", *OPTIONS, r"L_{,(gh)} = 2(w_{gj}x_j - y_g)\,x_h")
    assert right.returncode == 0 and right.stdout.startswith("proved")
    cells = "\n".join(
        re.sub(r"(?ms)\A---\n.*?^---\n|^:tags:[^\n]*\n", "", cell) for cell in fenced(PAGE, "{code-cell}")
    )
    done = run(python, "-c", cells)
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines() if not line.startswith(" ")] == [
        "refuted", "refuted", "tested", "tested",
    ]  # fmt: skip
    assert list(folder.iterdir()) == []
