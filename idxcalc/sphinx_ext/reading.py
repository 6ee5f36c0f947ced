"""The chapter behind the document that is being read: opened once, asked statement by statement.

Invariant: every face of the package reads the same file through `idxcalc.chapters`; what the document's
parser hands to a directive only serves to find the statement there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from os.path import relpath
from pathlib import Path
from typing import cast

from sphinx.environment import BuildEnvironment

from idxcalc.chapters import Chapter, Statement, chapter
from idxcalc.chapters.store import FOLDER


class Reading:
    """A chapter, verified, and those of its statements that the document has yet to show."""

    def __init__(self, path: Path, shown: str, store: Path) -> None:
        self.chapter: Chapter = chapter(path, shown, store)
        self.waiting = [each for each in self.chapter.statements if each.kind != "math"]
        self.strange: list[str] = []  # what the document shows and the chapter does not hold
        self.chapter.all()  # and if the judges disagree, nothing may be printed

    def take(self, kind: str, label: str, text: str, line: int) -> Statement | None:
        """The first statement not yet shown of this kind, label and text."""
        for each in self.waiting:
            if (each.kind, each.label, each.body.split()) == (kind, label, text.split()):
                self.waiting.remove(each)
                return each
        if not self.chapter.problems:  # one of which may say why
            said = f"this {kind} is not in the file itself, so nothing checks it"
            self.strange.append(f"{self.chapter.path}:{line}:1: {said}")
        return None

    def used(self) -> Iterator[Path]:
        """The files of other chapters that this one takes statements from, by ``:from:`` or in a cell."""
        names = [each.option("from") for each in self.chapter.statements]
        for cell in self.chapter.cells:
            names += re.findall(r"""chapter\(\s*["']([^"']+)["']""", cell.text)
        for name in filter(None, names):
            yield self.chapter.file.parent / f"{name.removesuffix('.md')}.md"


def reading(env: BuildEnvironment) -> Reading:
    """The reading of the current document, opened at its first statement."""
    store = env.current_document
    if "idxcalc-reading" not in store:
        path = Path(env.doc2path(env.docname))
        store["idxcalc-reading"] = Reading(path, shown_path(env, env.docname), env.doctreedir / FOLDER.name)
    return cast(Reading, store["idxcalc-reading"])


def shown_path(env: BuildEnvironment, docname: str) -> str:
    """The document's file as messages name it: below the current folder where it lies there."""
    path = Path(env.doc2path(docname))
    return relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
