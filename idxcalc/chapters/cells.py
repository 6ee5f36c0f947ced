"""The code cells of a chapter: what they assert, and running them as a notebook would.

The cells of one chapter run in order, in one fresh process whose working folder is the chapter's, so that
nothing of the caller leaks in. Line numbers are those of the file.
"""

from __future__ import annotations

import ast
import atexit
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from functools import cache
from math import inf
from pathlib import Path
from tempfile import mkdtemp
from time import sleep

from idxcalc.chapters.record import Found, fault, found
from idxcalc.chapters.statement import Statement, meant
from idxcalc.chapters.text import Place, Text
from idxcalc.verify.result import Result, Verdict


@dataclass(frozen=True)
class Cell:
    """A code cell: its source, its tags, the line of its fence."""

    text: Text
    tags: tuple[str, ...]
    opened: int

    def asserts(self) -> bool:
        """Whether it holds an ``assert`` or a call such as ``np.testing.assert_allclose(...)``.

        >>> Cell(Text("assert 1 == 1"), (), 1).asserts(), Cell(Text("1 == 1"), (), 1).asserts()
        (True, False)
        """
        try:
            tree = ast.parse(plain(self.text))
        except (SyntaxError, ValueError):
            return True  # running it says where the syntax is wrong
        return any(isinstance(node, ast.Assert) or _testing(node) for node in ast.walk(tree))


def _testing(node: ast.AST) -> bool:
    called = node.func if isinstance(node, ast.Call) else None
    name = getattr(called, "attr", getattr(called, "id", ""))  # np.testing.assert_..., or imported by name
    return str(name).startswith("assert_")


def plain(source: str) -> str:
    """Python without a notebook's ``%magic`` and ``!shell`` lines, all other lines where they were."""
    return re.sub(r"(?m)^[%!].*$", "pass", source)


@dataclass(frozen=True)
class Ran:
    """How a chapter's cells ran: ``result`` says where they stopped, if they did, in the cell whose fence is
    in line ``stopped``."""

    result: Found
    stopped: float = inf

    def reached(self, cell: Cell) -> bool:
        """Whether ``cell`` ran to its end."""
        return cell.opened < self.stopped


class Run:
    """The cells of the chapter at ``path``, which messages name ``file``, running in the background."""

    def __init__(self, cells: tuple[Cell, ...], path: Path, file: str) -> None:
        self.cells, self.file = cells, file
        self.server, folder = _server(os.getpid())
        self.answer = Path(mkdtemp(dir=folder), "answer")
        job = {
            "cells": [
                (plain(cell.text), cell.text.place().line, cell.opened, "raises-exception" in cell.tags)
                for cell in cells
                if "skip-execution" not in cell.tags
            ],
            "file": file,
            "folder": str(path.parent.resolve()),
            "environment": {**os.environ, "MPLBACKEND": "Agg"},
            "answer": str(self.answer),
        }
        print(json.dumps(job), file=self.server.stdin, flush=True)

    def ended(self) -> Ran:
        """Wait for the end."""
        while not self.answer.exists() and self.server.poll() is None:
            sleep(0.01)
        said = json.loads(self.answer.read_bytes())
        opened = said.get("opened", self.cells[0].opened)
        result = Result("claimed", file=self.file, line=opened, column=1, label="cells")
        if not said:
            return Ran(found(result, "cells"))
        lines = Text(self.cells[0].text.source).parts()
        line = lines[min(said.get("line", opened), len(lines)) - 1]
        column = said.get("column", 1) or len(line) - len(line.lstrip()) + 1
        failed = fault(self.file, line[column - 1 : column], said["error"], "cells")
        verdict: Verdict = "refuted" if said.get("asserted") else "malformed"
        return Ran(replace(failed, kind="cells", verdict=verdict), opened)


@cache
def _server(process: int) -> tuple[subprocess.Popen[str], str]:
    """The server of a process, and a folder for its answers; one that was forked has its own."""
    folder = mkdtemp(prefix="idxcalc-")
    # The package that runs there is the one that the cells import, installed or not.
    start = "import sys; p = sys.argv[1]; p in sys.path or sys.path.insert(1, p); "
    start += "from idxcalc.chapters.runner import serve; serve(sys.argv[2])"
    server = subprocess.Popen(
        [sys.executable, "-c", start, str(Path(__file__).parents[2]), folder],
        stdin=subprocess.PIPE, cwd=folder, encoding="utf-8", env={**os.environ, "MPLBACKEND": "Agg"},
    )  # fmt: skip
    atexit.register(server.communicate)
    return server, folder


def tagged(cells: tuple[Cell, ...], tag: str) -> Cell | None:
    """The first cell with that tag."""
    return next((cell for cell in cells if tag in cell.tags), None)


def claimed(claim: Statement, cells: tuple[Cell, ...]) -> Result:
    """Whether the cell that a claim names is there and asserts something; not whether it ran."""
    tag = claim.option("cell")
    cell = tagged(cells, tag)
    tags = sorted({each for cell in cells for each in cell.tags})
    lead = f"the cell {tag} (line {cell.opened})" if cell else ""
    if not tag:
        message = "a claim needs a code cell that shows it; name its tag with `:cell: tag`"
    elif cell is None:
        known = f"; the tags here are {', '.join(tags)}" if tags else "; no code cell here has a tag"
        message = f"no code cell has the tag {tag}{meant(tag, tags) or known}"
    elif {"skip-execution", "raises-exception"} & set(cell.tags):
        message = f"{lead} is tagged to be skipped or to fail, so it shows nothing"
    elif not cell.asserts():
        message = f"{lead} asserts nothing; add an `assert` that fails when the claim is false"
    else:
        return Result("claimed", source=claim.body)
    line, column = claim.options["cell"].place() if "cell" in claim.options else Place(claim.opened, 1)
    return Result("malformed", error=message, source=claim.body, line=line, column=column)
