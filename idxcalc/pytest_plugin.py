"""Chapters as tests: each relation is an item, each definition and claim one, a chapter's cells one more.

``pytest chapters/neuron.md -k loss`` runs that statement, ``chapters/neuron.md::loss-gradient::2`` one of its
relations. Collecting counts the relations and verifies none. A failure shows the text of the result alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from idxcalc.chapters import Chapter, Statement, chapter, summary
from idxcalc.chapters.statement import CHECKED
from idxcalc.errors import JudgesDisagree
from idxcalc.verify.result import Result

_INI = "idxcalc_chapters"
_PROPERTY = "idxcalc"
_STATEMENTS = re.compile(rb"\{(given|define|derive|claim|check)\}")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which files are chapters."""
    text = "file names that are chapters where they hold statements; a name after ! is none"
    parser.addini(_INI, text, type="args", default=["*.md", "!README.md"])


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ChapterFile | None:
    """A Markdown file is a chapter if it holds a statement, or was named on the command line."""
    patterns = parent.config.getini(_INI)
    named = parent.session.isinitpath(file_path)
    wanted = any(fnmatch(file_path.name, each) for each in patterns if not each.startswith("!"))
    if not wanted or (
        not named and any(fnmatch(file_path.name, each[1:]) for each in patterns if each[0] == "!")
    ):
        return None
    try:
        holds = _STATEMENTS.search(file_path.read_bytes())
    except OSError:
        holds = None
    if not holds and not named:
        return None
    return ChapterFile.from_parent(parent, path=file_path)


class ChapterFile(pytest.File):
    """One chapter; its cells run once for all of its items."""

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """The statements in their order, then what concerns the whole chapter."""
        shown = os.path.relpath(self.path, self.config.invocation_params.dir)
        found = chapter(self.path, str(self.path) if shown.startswith(os.pardir) else shown)
        if (
            not found.problems
            and not any(each.kind != "math" for each in found.statements)
            and not found.cells
        ):
            return
        if found.problems:
            faults = [Task(found, each.line, "fault", partial(iter, [each])) for each in found.problems]
            yield Several.from_parent(self, name="faults", items=faults)
        for each in found.statements:
            if each.kind in CHECKED:
                yield Several.from_parent(self, name=each.name, items=_relations(found, each))
            elif each.kind != "math":
                yield Check.from_parent(self, name=each.name, task=_whole(found, each))
        if found.inline():
            yield Check.from_parent(self, name="inline", task=Task(found, 1, "inline", found.check_inline))
        if found.cells:
            yield Check.from_parent(self, name="cells", task=_cells(found))


@dataclass(frozen=True)
class Task:
    """What an item does: ``results`` finds them; ``kind`` is what it counts as where there are none."""

    chapter: Chapter
    line: int
    kind: str
    results: Callable[[], Iterable[Result]]


def _relations(found: Chapter, each: Statement) -> list[Task]:
    def one(number: int) -> Iterator[Result]:
        yield found.result(each, number)

    return [Task(found, each.line, "relation", partial(one, n + 1)) for n in range(found.count(each))]


def _whole(found: Chapter, each: Statement) -> Task:
    if each.kind == "claim":
        return Task(found, each.line, "claim", lambda: [found.shown(each)])
    return Task(found, each.line, each.kind, lambda: found.results(each))


def _cells(found: Chapter) -> Task:
    def failed() -> Iterator[Result]:
        if (result := found.ran().failed) is not None:
            yield result

    return Task(found, found.cells[0].opened, "cells", failed)


class Several(pytest.Collector):
    """A statement with its relations, numbered from 1."""

    def __init__(self, items: list[Task], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.items = items

    def collect(self) -> Iterator[Check]:
        """One item per relation."""
        for number, task in enumerate(self.items, 1):
            yield Check.from_parent(self, name=str(number), task=task)


class Refused(Exception):
    """An item failed; the message is all there is to say."""


class Check(pytest.Item):
    """One relation, definition, claim, or run of the cells."""

    def __init__(self, task: Task, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.task = task

    def runtest(self) -> None:
        """Fail with the text of what is not as the author says."""
        try:
            results = list(self.task.results())
        except JudgesDisagree as error:
            self.session.shouldstop = "the two judges disagree"
            raise Refused(str(error)) from None
        records = [self.task.chapter.record(each) for each in results]
        if not records and self.task.kind == "cells":
            records = [{"kind": "cells", "verdict": "claimed", "ok": True, "expect": ""}]
        for each in records:
            self.user_properties.append(
                (_PROPERTY, {key: each[key] for key in ("kind", "verdict", "ok", "expect")})
            )
        if wrong := [each for each in results if not self.task.chapter.ok(each)]:
            raise Refused("\n".join(map(str, wrong)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The text itself, without a traceback."""
        return (
            str(excinfo.value) if isinstance(excinfo.value, Refused) else super().repr_failure(excinfo, style)
        )

    def reportinfo(self) -> tuple[Path, int, str]:
        """The line of the statement."""
        return self.path, self.task.line - 1, self.nodeid.partition("::")[2]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, Any, Any]:
    """End with the line that sums the chapters up, below what pytest says; workers' reports carry it here."""
    outcome = yield
    reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    reports = (
        [each for key in ("passed", "failed") for each in reporter.stats.get(key, ())] if reporter else []
    )
    records = [
        value
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, value in report.user_properties
        if name == _PROPERTY
    ]
    if records:
        reporter.write_line(summary(records))
    return outcome
