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
from tempfile import TemporaryDirectory
from typing import Any

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
        job = [
            (plain(cell.text), cell.text.place().line, cell.opened, "raises-exception" in cell.tags)
            for cell in cells
            if "skip-execution" not in cell.tags
        ]
        folder = str(path.parent.resolve())
        environment = {**os.environ, "MPLBACKEND": "Agg"}
        self.server = _server(os.getpid())
        self.number = self.server.start(cells=job, file=file, folder=folder, environment=environment)

    def ended(self) -> Ran:
        """Wait for the end."""
        opened = self.cells[0].opened
        said = self.server.answer(self.number)
        if not said:
            return Ran(
                found(Result("claimed", file=self.file, line=opened, column=1, label="cells"), "cells")
            )
        lines = Text(self.cells[0].text.source).parts()
        line = lines[min(said.get("line", opened), len(lines)) - 1]
        column = said.get("column", 1) or len(line) - len(line.lstrip()) + 1
        failed = fault(self.file, line[column - 1 : column], said["error"], "cells")
        verdict: Verdict = "refuted" if said.get("asserted") else "malformed"
        return Ran(replace(failed, kind="cells", verdict=verdict), said.get("opened", opened))


class _Server:
    """The process that forks for each job (`runner`)."""

    def __init__(self) -> None:
        self.folder = TemporaryDirectory(prefix="idxcalc-")
        # The package that runs there is the one that the cells import, installed or not.
        start = "import sys; p = sys.argv[1]; p in sys.path or sys.path.insert(1, p); "
        start += "from idxcalc.chapters.runner import serve; serve()"
        self.process = subprocess.Popen(
            [sys.executable, "-c", start, str(Path(__file__).parents[2])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=self.folder.name, encoding="utf-8",
            env={**os.environ, "MPLBACKEND": "Agg"},
        )  # fmt: skip
        self.started = 0
        self.ended: set[int] = set()
        atexit.register(self.close)

    def start(self, **job: Any) -> int:
        """Hand a job in; its number."""
        self.started += 1
        job |= {"number": self.started, "answer": f"{self.folder.name}/{self.started}.json"}
        print(json.dumps(job), file=self.process.stdin, flush=True)
        return self.started

    def answer(self, number: int) -> dict[str, Any]:
        """What became of a job, when it has ended."""
        assert self.process.stdout is not None
        while number not in self.ended:
            self.ended.add(int(self.process.stdout.readline()))
        return dict(json.loads(Path(self.folder.name, f"{number}.json").read_text("utf-8")))

    def close(self) -> None:
        """No more jobs."""
        self.process.communicate()
        self.folder.cleanup()


@cache
def _server(process: int) -> _Server:
    """The server of a process; one that was forked from another has its own."""
    return _Server()


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
