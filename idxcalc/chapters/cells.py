"""The code cells of a chapter: what they assert, and running them as a notebook would.

The cells of one chapter run in order, in one fresh process whose working folder is the chapter's, so that
nothing of the caller leaks in; and yet with the slow imports done. The standard library's fork server imports
what the cells will import and computes nothing, so that it has no threads to lose (those of NumPy survive a
fork); each chapter's process is a fork of it. At most one a processor runs at a time. Line numbers are those
of the file.
"""

from __future__ import annotations

import ast
import os
import re
import signal
import sys
import traceback
import types
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from math import inf
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Lock
from typing import Any

from idxcalc.chapters.record import Found, fault
from idxcalc.chapters.statement import Statement, meant
from idxcalc.chapters.text import Place, Text
from idxcalc.verify.result import Result

SECONDS = 600  # a chapter whose cells take longer is stopped and fails
EARLY = ("idxcalc.chapters.warm",)
WARM = ("numpy", "jax", "matplotlib.pyplot")
_POOL, _STARTING = ThreadPoolExecutor(os.cpu_count()), Lock()
_PATH = [*sys.path]  # before the caller, or its tests, put more there


def asserts(source: str) -> bool:
    """Whether code holds an ``assert`` or a call such as ``np.testing.assert_allclose(...)``.

    >>> asserts("assert 1 == 1"), asserts("1 == 1")
    (True, False)
    """
    try:
        tree = ast.parse(plain(source))
    except (SyntaxError, ValueError):
        return True  # running it says where the syntax is wrong
    stated = (node for node in ast.walk(tree) if isinstance(node, ast.Assert | ast.Call))
    said = (ast.unparse(getattr(node, "func", node)) for node in stated)
    return any(re.match(r"(?s)assert |(.*\.)?assert_\w*$", text) for text in said)


def plain(source: str) -> str:
    """Python without a notebook's ``%magic`` and ``!shell`` lines, all other lines where they were."""
    return re.sub(r"(?m)^[%!].*$", "pass", source)


def tagged(cells: Sequence[Statement], tag: str) -> Statement | None:
    """The first cell with that tag."""
    return next((cell for cell in cells if tag in cell.tags), None)


def claimed(claim: Statement, cells: Sequence[Statement]) -> Result:
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
    elif not asserts(cell.body):
        message = f"{lead} asserts nothing; add an `assert` that fails when the claim is false"
    else:
        return Result("claimed", source=claim.body)
    line, column = claim.options["cell"].place() if "cell" in claim.options else Place(claim.opened, 1)
    return Result("malformed", error=message, source=claim.body, line=line, column=column)


# Running


def run(cells: Sequence[Statement], folder: Path) -> Future[dict[str, Any]]:
    """Have the cells of a chapter in that folder run in the background: an empty answer when all ran, or
    where they stopped. What the first chapter's cells import is warm for all."""
    run = [each for each in cells if "skip-execution" not in each.tags]
    sources = [(plain(c.body), c.line, c.opened, "raises-exception" in c.tags) for c in run]
    code = " ".join(source for source, *_ in sources)
    warm = [name for name in WARM if re.search(rf"\b{name.partition('.')[0]}\b", code)]
    get_context("forkserver").set_forkserver_preload([*EARLY, *warm])
    environment = {**os.environ, "MPLBACKEND": "Agg"}
    return _POOL.submit(_alone, sources, cells[0].file, folder.resolve(), ["", *_PATH[1:]], environment)


def ended(said: Mapping[str, Any], cells: Sequence[Statement]) -> tuple[Found, float]:
    """How the cells ran, by their run's answer, and the line of the fence where they stopped, if they did."""
    file, opened = cells[0].file, said.get("opened", cells[0].opened)
    if not said:
        return Found("claimed", file=file, line=opened, column=1, label="cells", kind="cells"), inf
    lines = Text(cells[0].text.source).parts()
    line = lines[min(said.get("line", opened), len(lines)) - 1]
    column = said.get("column", 1) or len(line) - len(line.lstrip()) + 1
    failed = fault(file, line[column - 1 : column], said["error"], "cells")
    return replace(failed, kind="cells", verdict=said.get("verdict", failed.verdict)), opened


def _alone(*job: Any) -> dict[str, Any]:
    """A job in a process of its own; where that ends without an answer, say how."""
    forks = get_context("forkserver")
    receiver, sender = forks.Pipe(duplex=False)
    with NamedTemporaryFile("r", encoding="utf-8", errors="replace") as printed:
        process = forks.Process(target=_ran, args=(sender, printed.name, *job))
        with _STARTING:  # the process would import the caller's program, too, if it saw one
            main, sys.modules["__main__"] = sys.modules["__main__"], types.ModuleType("__main__")
            try:
                process.start()
            finally:
                sys.modules["__main__"] = main
        sender.close()
        try:
            return dict(receiver.recv())
        except EOFError:
            process.join()
        last = (printed.read().strip().splitlines() or ["no output"])[-1]
    error = f"the cells' process ended with code {process.exitcode}: {last}"
    late = process.exitcode == -signal.SIGALRM
    return {"error": f"the cells did not end in {SECONDS} s" if late else error}


def _ran(
    sender: Connection, printed: str,
    cells: Sequence[Sequence[Any]], file: str, folder: Path, path: list[str], environment: dict[str, str],
) -> None:  # fmt: skip
    """The cells share one fresh ``__main__``, as in a notebook; what they print is no part of the answer."""
    for standard, name in enumerate((os.devnull, printed, printed)):
        os.dup2(os.open(name, os.O_RDWR), standard)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.alarm(SECONDS)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:] = path
    sys.modules["__main__"] = module = types.ModuleType("__main__")
    module.__dict__.update(display=print, __file__=file)
    answer: dict[str, Any] = {}
    for source, line, opened, may_fail in cells:
        try:
            # The author's own code, as any notebook runs it; the empty lines give it the file's numbers.
            exec(compile("\n" * (line - 1) + source, file, "exec"), module.__dict__)
        except BaseException as error:  # SystemExit in a cell is a failure too
            if not may_fail:
                answer = {**_said(error, file, line), "opened": opened}
                break
    sender.send(answer)
    os._exit(0)  # threads that a cell left behind do not hold the run up


def _said(error: BaseException, file: str, line: int) -> dict[str, Any]:
    column = 1
    if isinstance(error, SyntaxError) and error.filename == file:
        line, column = error.lineno or line, error.offset or 1
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename == file:  # the last of them is the innermost
            line, column = frame.lineno or line, 0  # where its text begins; Pythons differ in the rest
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    said = f"{type(error).__name__}: {text}" if text else type(error).__name__
    verdict = "refuted" if isinstance(error, AssertionError) else "malformed"
    return {"error": said, "line": line, "column": column, "verdict": verdict}
