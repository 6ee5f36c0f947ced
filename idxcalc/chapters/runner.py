"""Run a chapter's cells, given as JSON on standard input, and say on standard output where they stopped.

Nothing on standard output means that all ran. Cells share one fresh ``__main__``, as in a notebook.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
import types


def main(file: str) -> None:
    cells = json.load(sys.stdin)
    report = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the cells print is no part of the report
    module = types.ModuleType("__main__")
    module.__dict__.update(display=print, __file__=file)
    sys.modules["__main__"] = module
    for cell in cells:
        try:
            code = compile("\n" * (cell["line"] - 1) + cell["source"], file, "exec")
            exec(code, module.__dict__)  # the author's own code, as any notebook runs it
        except BaseException as error:  # SystemExit in a cell is a failure too
            if cell["may_fail"]:
                continue
            report.write(json.dumps(_said(error, file, cell)))
            report.flush()
            os._exit(0)


def _said(error: BaseException, file: str, cell: dict[str, int]) -> dict[str, object]:
    line, column = cell["line"], 1
    if isinstance(error, SyntaxError) and error.filename == file:
        line, column = error.lineno or line, error.offset or 1
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename == file:  # the last of them is the innermost
            line, column = frame.lineno or line, 0  # where its text begins; Pythons differ in the rest
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    said = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return {
        "error": said,
        "line": line,
        "column": column,
        "opened": cell["opened"],
        "asserted": isinstance(error, AssertionError),
    }


if __name__ == "__main__":
    main(sys.argv[1])
