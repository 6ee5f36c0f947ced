"""The process in which a chapter's cells run: fresh, and yet with the slow imports done.

A server imports what the cells will import and computes nothing, so that it has no threads to lose (those of
NumPy survive a fork); then it forks for each chapter. Jobs come as lines of JSON on standard input. When one
has ended, its answer stands in the file that it names: an empty object when all cells ran, or where they
stopped. At most one job a processor runs at a time.
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
from shutil import rmtree
from typing import Any

SECONDS = 600  # a chapter whose cells take longer is stopped and fails
WARM = ("numpy", "jax", "matplotlib.pyplot")


def serve(folder: str) -> None:
    """Fork for each job, until there are no more; then take the folder of the answers away."""
    warnings.filterwarnings("ignore", r"os\.fork\(\) was called", RuntimeWarning)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    running = 0
    for line in sys.stdin:
        job = json.loads(line)
        for name in WARM:
            if any(re.search(rf"\b{name.partition('.')[0]}\b", source) for source, *_ in job["cells"]):
                with suppress(Exception):  # the cell will say it
                    import_module(name)
        if running == (os.cpu_count() or 1):
            os.wait()
            running -= 1
        running += 1
        if not os.fork():
            _supervise(job, Path(job["answer"]))
    with suppress(ChildProcessError):
        while os.wait():
            pass
    rmtree(folder)


def _supervise(job: dict[str, Any], answer: Path) -> None:
    """Run a job in a process of its own; where that ends without an answer, say how."""
    part = answer.with_suffix(".part")
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as printed:
        if not (process := os.fork()):
            part.write_text(json.dumps(_ran(job, printed.fileno())), "utf-8")
            os._exit(0)  # threads that a cell left behind do not hold the run up
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        printed.seek(0)
        last = (printed.read().strip().splitlines() or ["no output"])[-1]
    error = f"the cells' process ended with code {code}: {last}"
    if code == -signal.SIGALRM:
        error = f"the cells did not end in {SECONDS} s"
    if not part.exists():
        part.write_text(json.dumps({"error": error}), "utf-8")
    part.rename(answer)
    os._exit(0)


def _ran(job: dict[str, Any], printed: int) -> dict[str, Any]:
    """The cells share one fresh ``__main__``, as in a notebook; what they print is no part of the answer."""
    for standard, now in enumerate((os.open(os.devnull, os.O_RDONLY), printed, printed)):
        os.dup2(now, standard)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.alarm(SECONDS)
    os.chdir(job["folder"])
    os.environ.clear()
    os.environ.update(job["environment"])
    sys.modules["__main__"] = module = types.ModuleType("__main__")
    module.__dict__.update(display=print, __file__=job["file"])
    for source, line, opened, may_fail in job["cells"]:
        try:
            # The author's own code, as any notebook runs it; the empty lines give it the file's numbers.
            exec(compile("\n" * (line - 1) + source, job["file"], "exec"), module.__dict__)
        except BaseException as error:  # SystemExit in a cell is a failure too
            if not may_fail:
                return {**_said(error, job["file"], line), "opened": opened}
    return {}


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
