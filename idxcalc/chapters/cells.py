"""The code cells of a chapter: what they assert, and running them as a notebook would.

The cells of one chapter run in order, in one fresh process whose working folder is the chapter's, so that
nothing of the caller leaks in. Line numbers are those of the file.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

from idxcalc.chapters.record import Found, fault, found
from idxcalc.chapters.runner import start
from idxcalc.chapters.statement import Statement, meant
from idxcalc.chapters.text import Place, Text
from idxcalc.verify.result import Result


def asserts(source: str) -> bool:
    """Whether code holds an ``assert`` or a call such as ``np.testing.assert_allclose(...)``.

    >>> asserts("assert 1 == 1"), asserts("1 == 1")
    (True, False)
    """
    try:
        tree = ast.parse(plain(source))
    except (SyntaxError, ValueError):
        return True  # running it says where the syntax is wrong
    called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = (str(getattr(each, "attr", getattr(each, "id", ""))) for each in called)  # or imported by name
    return any(isinstance(node, ast.Assert) for node in ast.walk(tree)) or any(
        name.startswith("assert_") for name in names
    )


def plain(source: str) -> str:
    """Python without a notebook's ``%magic`` and ``!shell`` lines, all other lines where they were."""
    return re.sub(r"(?m)^[%!].*$", "pass", source)


def run(cells: Sequence[Statement], path: Path, file: str) -> Future[dict[str, Any]]:
    """Have the cells of the chapter at ``path``, which messages name ``file``, run in the background."""
    sources = [
        (plain(cell.body), cell.line, cell.opened, "raises-exception" in cell.tags)
        for cell in cells
        if "skip-execution" not in cell.tags
    ]
    folder, environment = str(path.parent.resolve()), {**os.environ, "MPLBACKEND": "Agg"}
    return start({"cells": sources, "file": file, "folder": folder, "environment": environment})


def ended(said: Mapping[str, Any], cells: Sequence[Statement]) -> tuple[Found, float]:
    """How the cells ran, by their run's answer, and the line of the fence where they stopped, if they did."""
    file, opened = cells[0].file, said.get("opened", cells[0].opened)
    if not said:
        ran = Result("claimed", file=file, line=opened, column=1, label="cells")
        return found(ran, "cells"), inf
    lines = Text(cells[0].text.source).parts()
    line = lines[min(said.get("line", opened), len(lines)) - 1]
    column = said.get("column", 1) or len(line) - len(line.lstrip()) + 1
    failed = fault(file, line[column - 1 : column], said["error"], "cells")
    verdict = "refuted" if said.get("asserted") else failed.verdict
    return replace(failed, kind="cells", verdict=verdict), opened


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
