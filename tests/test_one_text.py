"""One slip in a chapter, one text: the build, pytest, the shell and ``print`` say the same, place first.

Three slips are put into a copy of a chapter, each into a relation of its own: two indices swapped, a sign
flipped, a factor dropped. They are the edits that the package itself knows, made on the last side of a chain,
so that one relation alone feels them.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fake_context import PLUGIN

from idxcalc.chapters import Chapter, Statement, chapter
from idxcalc.expr import Function
from idxcalc.notation.relations import chains
from idxcalc.verify.context import Context
from idxcalc.verify.edits import Edit, edits
from idxcalc.verify.result import Result

pytest.importorskip("sphinx")

ROOT = Path(__file__).resolve().parent.parent
SLIPS = ("swapped", "flipped", "dropped")
CONF = """\
extensions = ["myst_nb", "idxcalc.sphinx_ext"]
myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
nb_execution_mode = "off"
"""


def suitable(path: Path) -> bool:
    """Whether a chapter derives something that is meant to hold."""
    return any(each.kind == "derive" and not each.expect for each in chapter(path).statements)


CHAPTERS = [path.stem for path in sorted((ROOT / "chapters").glob("*.md")) if suitable(path)]
QUICK = ("neuron", "vectors")


@dataclass(frozen=True)
class Slip:
    """A statement, the edit of its text, and the relation that feels it."""

    statement: Statement
    edit: Edit
    relation: int


def candidates(found: Chapter, each: Statement) -> Iterator[Edit]:
    """The edits of the last side of a statement, of the three sorts."""
    sides = chains(each.body)[-1].sides
    symbols = found.context(each).scope.symbols
    scalars = frozenset(n for n, s in symbols.items() if isinstance(s, Function) and s.params == ((),))
    for edit in edits(each.body, sides, len(sides) - 1, scalars):
        if edit.text.count("\n") == each.body.count("\n"):
            yield edit


def slips(found: Chapter) -> Iterator[Slip]:
    """One slip of each sort that makes a relation false or malformed, where the chapter has room for it."""
    free = [each for each in found.statements if each.kind == "derive" and not each.expect]
    for word in SLIPS:
        for each in free:
            number = found.count(each)
            slip = next(
                (
                    Slip(each, edit, number)
                    for edit in candidates(found, each)
                    if edit.says.endswith(word) and not holds(found, each, edit, number)
                ),
                None,
            )
            if slip is not None:
                free.remove(each)
                yield slip
                break


def holds(found: Chapter, each: Statement, edit: Edit, number: int) -> bool:
    """Whether the relation still holds after the edit."""
    wrt = each.options.get("wrt", "")
    return bool(found.context(each).check_all(edit.text, wrt=wrt, only=number)[-1])


def mutant(source: str, made: list[Slip]) -> str:
    """The chapter with all slips in it, each on the lines of its statement."""
    lines = source.split("\n")
    for slip in made:
        body = slip.statement.body.split("\n")
        first = slip.statement.line - 1
        assert lines[first : first + len(body)] == body
        lines[first : first + len(body)] = slip.edit.text.split("\n")
    return "\n".join(lines)


def shell(folder: Path, *command: str) -> str:
    """What a command prints, whichever stream it uses."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout + done.stderr


def block(said: str, text: str) -> bool:
    """Whether ``text`` stands in what was said, as lines of their own."""
    return f"\n{text}\n" in f"\n{said}\n"


@pytest.mark.parametrize(
    "name", [pytest.param(each, marks=() if each in QUICK else pytest.mark.slow) for each in CHAPTERS]
)
def test_one_text_for_one_slip(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = chapter(ROOT / "chapters" / f"{name}.md")
    made = list(slips(original))
    assert made and (len(made) == len(SLIPS) or name not in QUICK)

    folder = tmp_path / "chapters"
    folder.mkdir()
    (folder / "conf.py").write_text(CONF)
    taken = {f"{each.options['from']}.md" for each in original.statements if "from" in each.options}
    for path in [*(ROOT / "chapters").glob("*.toml"), *(ROOT / "chapters" / each for each in taken)]:
        shutil.copy(path, folder)
    text = original.file.read_text(encoding="utf-8")
    (folder / f"{name}.md").write_text(mutant(text, made), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    page = f"chapters/{name}.md"

    changed = chapter(page)
    wrong = [each for each in changed.all() if not each.ok]
    assert len(wrong) == len(made)
    for slip in made:
        (result,) = [each for each in wrong if each.label == slip.statement.label and each.label]
        assert result.relation == slip.relation
        check_place(result, slip)
    # The cells are left out: they use what is wrong now.
    run = ["cells", *(each.name for each in changed.statements if each.kind == "claim")]
    skip = [f"--deselect={page}::{each}" for each in run]
    said = {
        "shell": shell(tmp_path, "idxcalc.cli", "check", "--no-cells", page),
        "pytest": shell(tmp_path, "pytest", *PLUGIN, "-q", "-p", "no:cacheprovider", *skip, page),
        "build": shell(tmp_path, "sphinx", "-q", "-b", "html", "-D", f"root_doc={name}", "chapters", "out"),
    }
    for result in wrong:
        for face, text in said.items():
            assert block(text, str(result)), f"{face} does not say\n{result}\nbut\n{text}"
    head = re.compile(r"(?m)^(chapters/\S+?:\d+:\d+): (?:refuted|malformed)")
    places = [f"{each.file}:{each.line}:{each.column}" for each in wrong]
    for face, text in said.items():
        assert head.findall(text) == places, face


def check_place(result: Result, slip: Slip) -> None:
    """The place lies in the relation (a hint may mend its left side instead), and the caret stands there."""
    text = slip.edit.text
    left = chains(text)[-1].sides[-2].span
    first, last = (slip.statement.line + text.count("\n", 0, at) for at in (left.start, len(text)))
    assert first <= result.line <= last
    head, shown, caret = str(result).split("\n")[:3]
    assert head.startswith(f"{result.file}:{result.line}:{result.column}: ")
    source = Path(result.file).read_text(encoding="utf-8").split("\n")[result.line - 1]
    assert source[result.column - 1 :].startswith(shown[caret.index("^") :][:1])


def test_the_caret_stands_where_the_hint_edits_be_it_on_the_left() -> None:
    context = Context("x_i, m_{ij}")
    context.define("y_i = m_{ij}x_j")
    lines = str(context.check("m_{ji}x_j = y_i")).split("\n")
    assert "swapped:  m_{ij}x_j" in lines[-1]
    assert lines[2].index("^") in (lines[1].index("j"), lines[1].index("i"))
