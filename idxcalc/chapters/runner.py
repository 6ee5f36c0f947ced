"""The process in which a chapter's cells run: fresh, and yet with the slow imports done.

A server imports what the cells will import and computes nothing, so that it has no threads to lose (those of
NumPy survive a fork); then it forks for each chapter. Jobs come as lines of JSON on standard input. When one
has ended, its answer stands in the file that it names, and its number on standard output: an empty object
when all cells ran, or where they stopped. At most one job a processor runs at a time.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import tempfile
import traceback
import types
import warnings
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

SECONDS = 600  # a chapter whose cells take longer is stopped and fails
WARM = ("numpy", "jax", "matplotlib.pyplot")


def serve() -> None:
    """Fork for each job, until there are no more."""
    warnings.filterwarnings("ignore", r"os\.fork\(\) was called", RuntimeWarning)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    free = os.cpu_count() or 1
    for line in sys.stdin:
        job = json.loads(line)
        for name in WARM:
            if any(re.search(rf"\b{name.partition('.')[0]}\b", source) for source, *_ in job["cells"]):
                with suppress(Exception):  # the cell will say it
                    import_module(name)
        if free:
            free -= 1
        else:
            os.wait()
        if not os.fork():
            _supervise(job)
    with suppress(ChildProcessError):
        while True:
            os.wait()


def _supervise(job: dict[str, Any]) -> None:
    """Run a job in a process of its own; where that ends without a report, say how."""
    answer = Path(job["answer"])
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as printed:
        if not (process := os.fork()):
            _run(job, printed.fileno(), answer)
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        printed.seek(0)
        last = (printed.read().strip().splitlines() or ["no output"])[-1]
    if not answer.exists():
        error = f"the cells' process ended with code {code}: {last}"
        if code == -signal.SIGALRM:
            error = f"the cells did not end in {SECONDS} s"
        answer.write_text(json.dumps({"error": error}), "utf-8")
    os.write(1, b"%d\n" % job["number"])
    os._exit(0)


def _run(job: dict[str, Any], printed: int, answer: Path) -> None:
    """The cells share one fresh ``__main__``, as in a notebook; what they print is no part of the answer."""
    for standard in (1, 2):
        os.dup2(printed, standard)
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.alarm(SECONDS)
    os.chdir(job["folder"])
    os.environ.clear()
    os.environ.update(job["environment"])
    file, said = job["file"], {}
    module = types.ModuleType("__main__")
    module.__dict__.update(display=print, __file__=file)
    sys.modules["__main__"] = module
    for source, line, opened, may_fail in job["cells"]:
        try:
            # The author's own code, as any notebook runs it; the empty lines give it the file's numbers.
            exec(compile("\n" * (line - 1) + source, file, "exec"), module.__dict__)
        except BaseException as error:  # SystemExit in a cell is a failure too
            if not may_fail:
                said = {**_said(error, file, line), "opened": opened}
                break
    answer.write_text(json.dumps(said), "utf-8")
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
    return {"error": said, "line": line, "column": column, "asserted": isinstance(error, AssertionError)}
