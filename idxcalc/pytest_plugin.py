"""Chapters as tests: each relation is an item, each definition and claim one, a chapter's cells one more.

``pytest chapters/neuron.md -k loss`` runs that statement, ``chapters/neuron.md::loss-gradient::2`` one of its
relations. Collecting counts the relations and verifies none. A failure shows the text of the result alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from idxcalc.chapters import Found, chapter, record, summary
from idxcalc.chapters.statement import CHECKED
from idxcalc.errors import JudgesDisagree

_INI = "idxcalc_chapters"
_PROPERTY = "idxcalc"
_STATEMENTS = re.compile(rb"\{(given|define|derive|steps|claim|check)\}")
Find = Callable[[], Sequence[Found]]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which files are chapters."""
    text = "file names that are chapters where they hold statements; a name after ! is none"
    parser.addini(_INI, text, type="args", default=["*.md", "!README.md"])


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ChapterFile | None:
    """A Markdown file is a chapter if it holds a statement, or was named on the command line."""
    named = parent.session.isinitpath(file_path)
    patterns = [each for each in parent.config.getini(_INI) if fnmatch(file_path.name, each.lstrip("!"))]
    chosen = patterns and (named or not any(each.startswith("!") for each in patterns))
    with suppress(OSError):
        if chosen and (named or _STATEMENTS.search(file_path.read_bytes())):
            return ChapterFile.from_parent(parent, path=file_path)
    return None


class ChapterFile(pytest.File):
    """One chapter; its cells run once for all of its items."""

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """The statements in their order, then what concerns the whole chapter."""
        self.here = here = chapter(self.path)
        one, several = partial(Check.from_parent, self), partial(Several.from_parent, self)
        if problems := here.problems:
            lines = [each.line for each in problems]
            yield several(name="faults", lines=lines, find=lambda: problems)
        for each in here.statements:
            if each.kind in CHECKED:
                lines = [each.line] * here.count(each)
                yield several(name=each.name, lines=lines, find=partial(here.results, each))
            elif each.kind != "math":
                find, waits = partial(here.shown, each), each.kind == "claim"
                yield one(name=each.name, line=each.line, find=find, waits=waits)
        if here.inline:
            yield one(name="inline", line=1, find=lambda: sum(map(here.results, here.inline), ()))
        if here.cells:
            yield one(name="cells", line=here.cells[0].opened, find=lambda: here.ran[:1], waits=True)

    def setup(self) -> None:
        """Start the cells, if some item that will run waits for them; the others run meanwhile."""
        if any(isinstance(each, Check) and each.waits and each.parent is self for each in self.session.items):
            _ = self.here.running


class Several(pytest.Collector):
    """A statement with its relations, numbered from 1, each with its line; ``find`` gives all results."""

    def __init__(self, lines: Sequence[int], find: Find, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lines, self.find = lines, find

    def collect(self) -> Iterator[Check]:
        """One item per relation."""
        for number, line in enumerate(self.lines, 1):
            yield Check.from_parent(self, name=str(number), line=line, find=self.find, number=number)


class Check(pytest.Item):
    """One relation, definition, claim, or run of the cells; ``find`` gives the results, of which a relation's
    ``number`` picks its own, or of what cannot be read the one that there is."""

    def __init__(self, line: int, find: Find, waits: bool = False, number: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.line, self.find, self.waits, self.number = line, find, waits, number

    def runtest(self) -> None:
        """Fail with the text, and no more, of what is not as the author says."""
        try:
            found = self.find()
        except JudgesDisagree as error:
            self.session.shouldstop = "the two judges disagree"
            pytest.fail(str(error), pytrace=False)
        results = (found[self.number - 1 : self.number] or found[-1:]) if self.number else found
        self.user_properties += [(_PROPERTY, record(each)) for each in results]
        if wrong := [str(each) for each in results if not each.ok]:
            pytest.fail("\n".join(wrong), pytrace=False)

    def reportinfo(self) -> tuple[Path, int, str]:
        """The line of the statement."""
        return self.path, self.line - 1, self.nodeid.partition("::")[2]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, Any, Any]:
    """End with the line that sums the chapters up, below what pytest says; workers' reports carry it here."""
    outcome = yield
    reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    stats = reporter.stats if reporter else {}
    reports = [*stats.get("passed", ()), *stats.get("failed", ())]
    told = [pair for each in reports if getattr(each, "when", "") == "call" for pair in each.user_properties]
    if records := [each for name, each in told if name == _PROPERTY]:
        reporter.write_line(summary(records))
    return outcome
