"""Results as plain data, and the line that sums them up; pytest's workers and ``--json`` speak in these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from idxcalc.verify.result import Result

_WRONG = ("refuted", "malformed")


def said(result: Result) -> str:
    """All that a result says in words, its formula and place left out."""
    return str(replace(result, latex="", span=None, file="", label=""))


def record(result: Result, kind: str, ok: bool, expect: str = "") -> dict[str, Any]:
    """One result as plain data, for ``--json``."""
    found = result.counterexample
    return {
        "kind": kind,
        "verdict": result.verdict,
        "ok": ok,
        "expect": expect,
        "file": result.file,
        "line": result.line,
        "column": result.column,
        "label": result.label,
        "relation": result.relation,
        "covers": list(result.covers),
        "latex": result.latex or result.source,
        "trivial": result.trivial,
        "max_error": result.max_error,
        "trials": result.trials,
        "counterexample": None
        if found is None
        else {"sizes": found.sizes, "component": found.component, "left": found.left, "right": found.right},
        "hint": result.hint,
        "error": result.error,
        "assumptions": list(result.assumptions),
        "notes": list(result.notes),
        "answer": result.answer,
    }


def summary(records: Sequence[Mapping[str, Any]]) -> str:
    """The line that pytest and the shell end with.

    >>> proved = {"kind": "relation", "verdict": "proved", "ok": True, "expect": ""}
    >>> summary([proved, proved, {"kind": "cells", "verdict": "claimed", "ok": True, "expect": ""}])
    "2 relations: 2 proved; 1 chapter's cells ran"
    """
    wrong = [each for each in records if each["expect"] and each["ok"] and each["verdict"] in _WRONG]
    refused = len(wrong)
    relations = [each for each in records if each["kind"] == "relation" and each not in wrong]
    verdicts = [each["verdict"] for each in relations]
    counts = [(verdicts.count(name), name) for name in ("proved", "tested", "refuted", "malformed")]
    parts = [f"{len(verdicts)} relation{'' if len(verdicts) == 1 else 's'}"]
    parts[0] += ": " * bool(verdicts) + ", ".join(f"{number} {name}" for number, name in counts if number)
    if refused:
        parts.append(f"{refused} wrong one{'' if refused == 1 else 's'} refused as expected")
    others = [each for each in records if not each["ok"] and each["kind"] not in ("relation", "cells")]
    unmet = [each for each in relations if not each["ok"] and each["verdict"] in ("proved", "tested")]
    if unmet:
        parts.append(f"{len(unmet)} expected to be wrong")
    if others:
        parts.append(f"{len(others)} other fault{'' if len(others) == 1 else 's'}")
    for ok, word in ((True, "ran"), (False, "failed")):
        cells = sum(each["kind"] == "cells" and each["ok"] is ok for each in records)
        if cells:
            parts.append(f"{cells} chapter{chr(39) + 's' if cells == 1 else 's' + chr(39)} cells {word}")
    return "; ".join(parts)
