"""The code cells of a chapter: what they assert, and running them as a notebook would.

The cells of one chapter run in order, in one fresh process whose working folder is the chapter's, so that
nothing of the caller leaks in. Line numbers are those of the file.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from idxcalc.chapters.statement import Faults, Statement, meant
from idxcalc.chapters.text import Place, Text
from idxcalc.verify.result import Result

SECONDS = 600  # a chapter whose cells take longer is stopped and fails


@dataclass(frozen=True)
class Cell:
    """A code cell: its source, its tags, the line of its fence."""

    text: Text
    tags: tuple[str, ...]
    opened: int

    def asserts(self) -> bool:
        """Whether it holds an ``assert`` or a call such as ``np.testing.assert_allclose(...)``.

        >>> Cell(Text.of("assert 1 == 1"), (), 1).asserts(), Cell(Text.of("1 == 1"), (), 1).asserts()
        (True, False)
        """
        try:
            tree = ast.parse(plain(str(self.text)))
        except (SyntaxError, ValueError):
            return True  # running it says where the syntax is wrong
        return any(isinstance(node, ast.Assert) or _testing(node) for node in ast.walk(tree))

    def runs(self) -> bool:
        """Whether a notebook would run it and stop at an error of it."""
        return not {"skip-execution", "raises-exception"} & set(self.tags)


def _testing(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    name = getattr(called, "attr", getattr(called, "id", ""))  # np.testing.assert_..., or imported by name
    return str(name).startswith("assert_")


def plain(source: str) -> str:
    """Python without a notebook's ``%magic`` and ``!shell`` lines, all other lines where they were."""
    return re.sub(r"(?m)^[%!].*$", "pass", source)


@dataclass(frozen=True)
class Ran:
    """How a chapter's cells ran: ``failed`` is None, or the result that says where they stopped."""

    failed: Result | None = None
    line: int = 0  # of the fence of the cell that failed

    def reached(self, cell: Cell) -> bool:
        """Whether ``cell`` ran to its end."""
        return self.failed is None or cell.opened < self.line


def run(cells: tuple[Cell, ...], path: Path, faults: Faults) -> Ran:
    """Run the cells of the chapter at ``path`` in a fresh process; ``faults`` words the result."""
    if not cells:
        return Ran()
    job = [
        (plain(str(cell.text)), cell.text.place(0).line if cell.text.lines else cell.opened, cell.opened,
         "raises-exception" in cell.tags)
        for cell in cells
        if "skip-execution" not in cell.tags
    ]  # fmt: skip
    first = cells[0].opened
    # The package that runs here is the one that the cells import, installed or not.
    start = "import sys; p, f = sys.argv[1:]; p in sys.path or sys.path.insert(1, p); "
    start += "from idxcalc.chapters.runner import main; main(f)"
    command = [sys.executable, "-c", start, str(Path(__file__).parents[2]), faults.file]
    try:
        done = subprocess.run(
            command, input=json.dumps(job), capture_output=True, cwd=path.parent, timeout=SECONDS,
            env={**os.environ, "MPLBACKEND": "Agg"}, encoding="utf-8", errors="replace",
        )  # fmt: skip
        said = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return _failed(faults, first, Place(first, 1), f"the cells did not end in {SECONDS} s")
    except ValueError:  # no report: a cell ended the process
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        message = f"the cells' process ended with code {done.returncode}: {last}"
        return _failed(faults, first, Place(first, 1), message)
    if not said:
        return Ran()
    text = faults.source.lines[min(said["line"], len(faults.source.lines)) - 1].text
    place = Place(said["line"], said["column"] or len(text) - len(text.lstrip()) + 1)
    return _failed(faults, said["opened"], place, said["error"], said["asserted"])


def _failed(faults: Faults, opened: int, place: Place, message: str, asserted: bool = False) -> Ran:
    result = faults.result(place, message, "cells")
    return Ran(replace(result, verdict="refuted" if asserted else "malformed"), opened)


def tagged(cells: tuple[Cell, ...], tag: str) -> Cell | None:
    """The first cell with that tag."""
    return next((cell for cell in cells if tag in cell.tags), None)


def claimed(claim: Statement, cells: tuple[Cell, ...]) -> Result:
    """Whether the cell that a claim names is there and asserts something; not whether it ran."""
    tag = claim.options.get("cell", "").strip()
    place = claim.places.get("cell", Place(claim.opened, 1))
    cell = tagged(cells, tag)
    tags = sorted({each for cell in cells for each in cell.tags})
    lead = f"the cell {tag} (line {cell.opened})" if cell else ""
    if not tag:
        message = "a claim needs a code cell that shows it; name its tag with `:cell: tag`"
    elif cell is None:
        known = f"; the tags here are {', '.join(tags)}" if tags else "; no code cell here has a tag"
        message = f"no code cell has the tag {tag}{meant(tag, tags) or known}"
    elif not cell.runs():
        message = f"{lead} is tagged to be skipped or to fail, so it shows nothing"
    elif not cell.asserts():
        message = f"{lead} asserts nothing; add an `assert` that fails when the claim is false"
    else:
        return Result("claimed")
    return Result("malformed", error=message, line=place.line, column=place.column)
