"""The chapter behind the document that is being read: opened once, asked statement by statement.

Invariant: every face of the package reads the same file through `idxcalc.chapters`; what the document's
parser hands to a directive only serves to find the statement there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from os.path import relpath
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.errors import SphinxError

from idxcalc.chapters import Chapter, Found, Statement, chapter
from idxcalc.errors import JudgesDisagree

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment


@dataclass
class Reading:
    """A chapter, and which of its statements the document has shown so far."""

    path: Path
    chapter: Chapter
    taken: set[int] = field(default_factory=set)

    def take(self, kind: str, label: str, text: str) -> Statement | None:
        """The first statement not yet shown of this kind, label and text."""
        wanted = (kind, label, _words(text))
        for n, statement in enumerate(self.chapter.statements):
            if n not in self.taken and (statement.kind, statement.label, _words(statement.body)) == wanted:
                self.taken.add(n)
                return statement
        return None

    def results(self, statement: Statement) -> tuple[Found, ...]:
        """The results of a statement. Raises `Defect` when the two judges disagree."""
        try:
            return self.chapter.results(statement)
        except JudgesDisagree as error:
            raise Defect(f"{statement.file}:{statement.line}:{statement.column}: {error}") from error

    def faults(self, cells_failed: bool) -> list[Found]:
        """Every result that is not as the chapter says, in the order of the file.

        Where a cell failed in the build, the chapter runs its cells itself, to name the line.
        """
        for statement in self.chapter.statements:
            self.results(statement)
        return [result for result in self.chapter.all(cells=cells_failed) if not result.ok]

    def used(self) -> Iterator[Path]:
        """The files of other chapters that this one takes statements from, by ``:from:`` or in a cell."""
        for statement in self.chapter.statements:
            if name := statement.option("from"):
                yield self.path.with_name(name.removesuffix(".md") + ".md")
        for cell in self.chapter.cells:
            for name in re.findall(r"""chapter\(\s*["']([^"']+)["']""", str(cell.text)):
                yield self.path.parent / name


class Defect(SphinxError):
    """The package contradicts itself; nothing it says may be printed."""

    category = "Defect of idxcalc"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def reading(env: BuildEnvironment) -> Reading:
    """The reading of the current document, opened at its first statement."""
    store = env.current_document
    if "idxcalc-reading" not in store:
        path = Path(env.doc2path(env.docname))
        store["idxcalc-reading"] = Reading(path, chapter(path, shown_path(env, env.docname)))
    found = store["idxcalc-reading"]
    assert isinstance(found, Reading)
    return found


def shown_path(env: BuildEnvironment, docname: str) -> str:
    """The document's file as messages name it: below the current folder where it lies there."""
    path = Path(env.doc2path(docname))
    return relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
