"""Results as plain data, and the line that sums them up; the store, ``--json`` and pytest's workers speak in
these."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from idxcalc.chapters.text import Text
from idxcalc.errors import Span
from idxcalc.verify.result import Result

_WRONG = ("refuted", "malformed")


@dataclass(frozen=True)
class Found(Result):
    """A result with what it is about (relation, declaration, definition, claim, inline, fault, cells), and
    whether it is as the author says: good, or wrong in the way that ``expect`` tells."""

    kind: str = "relation"
    ok: bool = True
    expect: str = ""


def found(result: Result, kind: str, **more: Any) -> Found:
    """A result of that kind; unless told otherwise, good ones are as they should be."""
    return Found(**{**vars(result), "kind": kind, "ok": bool(result), **more})


def fault(file: str, where: Text, message: str, label: str = "") -> Found:
    """What is wrong with a part of a file."""
    line, column = where.place()
    source = where.source.split("\n")[line - 1]
    span = Span(column - 1, column - 1 + max(len(where), 1)) if source.strip() else None
    result = Result("malformed", error=message, source=source, span=span, file=file, line=line, column=column)
    return found(result, "fault", label=label)


def plain(result: Result) -> dict[str, Any]:
    """A result as JSON has it: the program written out; of the values drawn, the numbers that it shows."""
    data = asdict(replace(result, snippet=str(result.snippet), chain=()))
    if example := data["counterexample"]:
        example["values"] = {name: x for name, x in example["values"].items() if isinstance(x, int | float)}
    return dict(json.loads(json.dumps(data, default=float)))


def record(result: Found) -> dict[str, Any]:
    """One result for ``--json``, without the program."""
    return plain(replace(result, snippet="")) | {"latex": result.latex or result.source}


def summary(records: Sequence[Mapping[str, Any]]) -> str:
    """The line that pytest and the shell end with.

    >>> proved = {"kind": "relation", "verdict": "proved", "ok": True, "expect": ""}
    >>> summary([proved, proved, {"kind": "cells", "verdict": "claimed", "ok": True, "expect": ""}])
    "2 relations: 2 proved; 1 chapter's cells ran"
    """
    wrong = [each for each in records if each["expect"] and each["ok"] and each["verdict"] in _WRONG]
    relations = [each for each in records if each["kind"] == "relation" and each not in wrong]
    verdicts = [each["verdict"] for each in relations]
    known = (name for name in ("proved", "tested", *_WRONG) if name in verdicts)
    shown = ", ".join(f"{verdicts.count(name)} {name}" for name in known)
    unmet = [each for each in relations if not each["ok"] and each["verdict"] not in _WRONG]
    others = [each for each in records if not each["ok"] and each["kind"] not in ("relation", "cells")]
    cells = [each["ok"] for each in records if each["kind"] == "cells"]
    parts = [
        _many(len(relations), "relation") + (f": {shown}" if shown else ""),
        _many(len(wrong), "wrong one") + " refused as expected" if wrong else "",
        f"{len(unmet)} expected to be wrong" if unmet else "",
        _many(len(others), "other fault") if others else "",
        _many(cells.count(True), "chapter's", "chapters'") + " cells ran" if True in cells else "",
        _many(cells.count(False), "chapter's", "chapters'") + " cells failed" if False in cells else "",
    ]
    return "; ".join(filter(None, parts))


def _many(number: int, one: str, several: str = "") -> str:
    return f"{number} {one if number == 1 else several or one + 's'}"
