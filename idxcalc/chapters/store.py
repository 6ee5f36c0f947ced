"""Verdicts kept by the content they rest on, so that only what changed is verified again.

A question is a statement with the texts of its context. Its answer is one JSON file, named by the question's
digest and sealed by the digest of question, answer and `environment` together. Invariant: what another text,
another edition of the package, another version or another hand has left is no answer; nothing is unpickled.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from idxcalc.chapters.record import plain
from idxcalc.errors import Span
from idxcalc.verify.result import Counterexample, Result, Results

FOLDER = Path("_build/verdicts")
PACKAGE = Path(__file__).parents[1]
_VERSIONS = ("idxcalc", "jax", "jaxlib", "lark", "markdown-it-py", "mdit-py-plugins", "myst-nb",
             "myst-parser", "numpy", "opt-einsum", "scipy", "sympy")  # fmt: skip
_STARTED = time.time() - time.process_time()


def _sources() -> Iterator[Path]:
    return (path for path in sorted(PACKAGE.rglob("*")) if path.is_file() and path.suffix != ".pyc")


@cache
def environment() -> str:
    """A digest of the package's source, of the versions it stands on, and of the settings of JAX."""
    found = {each.name.lower().replace("_", "-"): each.version for each in distributions()}
    settings = {name: value for name, value in os.environ.items() if name.startswith(("JAX_", "XLA_"))}
    about = [sys.version, platform.machine(), [found.get(name) for name in _VERSIONS], settings]
    files = [(str(path.relative_to(PACKAGE)), sha256(path.read_bytes()).hexdigest()) for path in _sources()]
    return _digest([about, files])


@cache
def of_one_edition() -> bool:
    """Whether the source is still what this process runs; asked when a first verdict has been found, and all
    of it is loaded, so that no later edit makes a difference."""
    return all(source.stat().st_mtime < _STARTED for source in _sources())


def answer(folder: Path | None, question: object, find: Callable[[], Results]) -> Results:
    """The answer that a folder keeps, or the one that ``find`` gives, which is kept; both are plain data.
    Without a folder, nothing is kept."""
    if folder is None:
        return find()
    path = Path(folder, f"{_digest(question)}.json")
    with suppress(OSError, ValueError, TypeError, LookupError, RecursionError):  # none, or damaged
        data = json.loads(path.read_bytes())
        if data["seal"] == _digest([question, environment(), data["results"]]):
            return tuple(_result(**each) for each in data["results"])
    results = [plain(each) for each in find()]
    if of_one_edition():  # else: which edition found it?
        seal = _digest([question, environment(), results])
        text = json.dumps({"seal": seal, "question": question, "results": results}, indent=1)
        part = path.with_suffix(f".{os.getpid()}")  # all of it or nothing, whoever else writes there
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(text, "utf-8")
            part.replace(path)
    return tuple(_result(**each) for each in results)


def light(result: Result) -> Result:
    """A result as a store gives it back."""
    return _result(**plain(result))


def _digest(data: object) -> str:
    return sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def _result(span: Any, counterexample: Any, **rest: Any) -> Result:
    example = counterexample and Counterexample(**counterexample)
    return Result(span=span and Span(**span), counterexample=example, **_frozen(rest))


def _frozen(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: _frozen(value) for name, value in data.items()}
    return tuple(map(_frozen, data)) if isinstance(data, list) else data
