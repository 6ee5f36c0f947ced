"""The processes in which chapters' cells run: each fresh, and yet with the slow imports done.

The standard library's fork server imports what the cells will import and computes nothing, so that it has no
threads to lose (those of NumPy survive a fork); each chapter's process is a fork of it. At most one a
processor runs at a time. `EARLY` is what the server imports first.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import traceback
import types
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.connection import Connection
from tempfile import NamedTemporaryFile
from threading import Lock
from typing import Any

SECONDS = 600  # a chapter whose cells take longer is stopped and fails
EARLY = ("idxcalc.chapters.warm",)
WARM = ("numpy", "jax", "matplotlib.pyplot")
_POOL, _STARTING = ThreadPoolExecutor(os.cpu_count()), Lock()


def start(job: dict[str, Any]) -> Future[dict[str, Any]]:
    """Run a job in the background: an empty answer when all cells ran, or where they stopped. What the first
    one imports is warm for all."""
    code = " ".join(source for source, *_ in job["cells"])
    warm = [name for name in WARM if re.search(rf"\b{name.partition('.')[0]}\b", code)]
    get_context("forkserver").set_forkserver_preload([*EARLY, *warm])
    return _POOL.submit(_alone, job)


def _alone(job: dict[str, Any]) -> dict[str, Any]:
    """A job in a process of its own; where that ends without an answer, say how."""
    forks = get_context("forkserver")
    receiver, sender = forks.Pipe(duplex=False)
    with NamedTemporaryFile("r", encoding="utf-8", errors="replace") as printed:
        process = forks.Process(target=_ran, args=(job, sender, printed.name))
        with _STARTING:  # the process would import the caller's program, too, if it saw one
            main, sys.modules["__main__"] = sys.modules["__main__"], types.ModuleType("__main__")
            try:
                process.start()
            finally:
                sys.modules["__main__"] = main
        sender.close()
        try:
            answer: dict[str, Any] = receiver.recv()
            return answer
        except EOFError:
            process.join()
        last = (printed.read().strip().splitlines() or ["no output"])[-1]
    error = f"the cells' process ended with code {process.exitcode}: {last}"
    late = process.exitcode == -signal.SIGALRM
    return {"error": f"the cells did not end in {SECONDS} s" if late else error}


def _ran(job: dict[str, Any], sender: Connection, printed: str) -> None:
    """The cells share one fresh ``__main__``, as in a notebook; what they print is no part of the answer."""
    for standard, file in enumerate((os.devnull, printed, printed)):
        os.dup2(os.open(file, os.O_RDWR), standard)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.alarm(SECONDS)
    os.chdir(job["folder"])
    os.environ.clear()
    os.environ.update(job["environment"])
    sys.modules["__main__"] = module = types.ModuleType("__main__")
    module.__dict__.update(display=print, __file__=job["file"])
    answer: dict[str, Any] = {}
    for source, line, opened, may_fail in job["cells"]:
        try:
            # The author's own code, as any notebook runs it; the empty lines give it the file's numbers.
            exec(compile("\n" * (line - 1) + source, job["file"], "exec"), module.__dict__)
        except BaseException as error:  # SystemExit in a cell is a failure too
            if not may_fail:
                answer = {**_said(error, job["file"], line), "opened": opened}
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
    return {"error": said, "line": line, "column": column, "asserted": isinstance(error, AssertionError)}
