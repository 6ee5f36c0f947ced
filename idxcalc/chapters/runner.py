"""Run a chapter's cells, given as JSON on standard input, and say on standard output where they stopped.

The report is an empty object when all ran; no report means that a cell ended the process. The cells share
one fresh ``__main__``, as in a notebook.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
import types
from typing import Any


def main(file: str) -> None:
    """Run the cells: source, its first line, the line of its fence, and whether it may fail."""
    cells = json.load(sys.stdin)
    report = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the cells print is no part of the report
    module = types.ModuleType("__main__")
    module.__dict__.update(display=print, __file__=file)
    sys.modules["__main__"] = module
    said: dict[str, Any] = {}
    for source, line, opened, may_fail in cells:
        try:
            # The author's own code, as any notebook runs it; the empty lines give it the file's numbers.
            exec(compile("\n" * (line - 1) + source, file, "exec"), module.__dict__)
        except BaseException as error:  # SystemExit in a cell is a failure too
            if not may_fail:
                said = {**_said(error, file, line), "opened": opened}
                break
    report.write(json.dumps(said))
    report.flush()
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
