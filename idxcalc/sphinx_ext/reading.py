"""The chapter behind the document that is being read: opened once, asked statement by statement; and what the
build keeps of each statement, to show it.

Invariant: every face of the package reads the same file through `idxcalc.chapters`; what the document's
parser hands to a directive only serves to find the statement there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

from docutils import nodes
from sphinx.environment import BuildEnvironment

from idxcalc.chapters import Chapter, Statement
from idxcalc.chapters.store import FOLDER, Store
from idxcalc.chapters.verdicts import Checked
from idxcalc.errors import IdxcalcError, Span
from idxcalc.sphinx_ext.domain import Entry, Place, domain
from idxcalc.sphinx_ext.katex import typesets
from idxcalc.sphinx_ext.layout import display, rows
from idxcalc.verify.result import Result

NUMBERED = ("define", "derive", "steps", "claim")
DISPLAYED = ("define", "derive", "steps")


class Reading(Chapter):
    """A chapter, verified; those of its statements that its document has yet to show are ``waiting``, and
    ``strange`` is what the document shows and the chapter does not hold."""

    def __init__(self, env: BuildEnvironment) -> None:
        super().__init__(env.doc2path(env.docname), store=Store(env.doctreedir / FOLDER.name))
        self.waiting = [each for each in self.statements if each.kind != "math"]
        self.strange: list[str] = []
        self.all()  # and if the judges disagree, nothing may be printed

    def take(self, kind: str, label: str, text: str, line: int) -> Statement | None:
        """The first statement not yet shown of this kind, label and text."""
        for each in self.waiting:
            if (each.kind, each.label, each.body.split()) == (kind, label, text.split()):
                self.waiting.remove(each)
                return each
        if not self.problems:  # one of which may say why
            said = f"this {kind} is not in the file itself, so nothing checks it"
            self.strange.append(f"{self.path}:{line}:1: {said}")
        return None

    def used(self) -> Iterator[str]:
        """The files of other chapters that this one takes statements from, by ``:from:`` or in a cell."""
        names = [each.option("from") for each in self.statements]
        for cell in self.cells:
            names += re.findall(r"""chapter\(\s*["']([^"']+)["']""", cell.body)
        return (str(self.file.parent / f"{name.removesuffix('.md')}.md") for name in names if name)


def reading(env: BuildEnvironment) -> Reading:
    """The reading of the current document, opened at its first statement."""
    store = env.current_document
    if "idxcalc-reading" not in store:
        store["idxcalc-reading"] = Reading(env)
    return cast(Reading, store["idxcalc-reading"])


def entry(env: BuildEnvironment, found: Reading, statement: Statement) -> Entry:
    """A statement with its results, its number in the document, and what a page may show of it."""
    table = domain(env).entries.get(env.docname, [])
    kind, body, results, code = statement.kind, statement.body, found.results(statement), ""
    known = found.context(statement).anatomy(body, statement.option("wrt"))
    if kind in ("derive", "steps"):
        with suppress(IdxcalcError):
            name = re.sub(r"\W", "_", statement.label) or "formula"
            code = Checked(found, statement).compile().source(name)

    def split(tex: str) -> tuple[str, ...]:
        return rows(tex, kind == "define") if kind in DISPLAYED else (tex,)

    malformed = any(result.verdict == "malformed" for result in results)
    return Entry(
        kind=kind,
        ident=nodes.make_id(statement.label or f"{env.docname}-{kind}-{len(table) + 1}"),
        label=statement.label,
        number=1 + sum(bool(each.number) for each in table) if kind in NUMBERED else 0,
        rows=_steps(results) or split(body),
        results=results,
        typeset=not malformed or typesets(display(split(body)), env.config),
        screen=split(marked(body, known.partners)) if known.partners else (),
        sums=split(known.sums) if known.sums else (),
        cell=statement.option("cell"),
        code=code,
        lines=range(statement.line, statement.line + body.count("\n") + 1),
        rests=tuple(dict.fromkeys(_rests(env, found, statement, known.names))),
    )


def _steps(results: Sequence[Result]) -> tuple[str, ...]:
    """The lines of a derivation, aligned."""
    lines = [line for result in results for _, line in result.steps]
    return tuple(f"{'' if n else results[0].source} &= {line}" for n, line in enumerate(lines))


def marked(tex: str, partners: Sequence[Sequence[Span]]) -> str:
    r"""The TeX with each index told apart by the number of its group.

    >>> marked("x_ix_i", [[Span(2, 3), Span(5, 6)]])
    'x_{\\htmlData{i=0}{i}}x_{\\htmlData{i=0}{i}}'
    """
    places = sorted((span.start, span.stop, n) for n, group in enumerate(partners) for span in group)
    for start, stop, n in reversed(places):
        tex = rf"{tex[:start]}{{\htmlData{{i={n}}}{{{tex[start:stop]}}}}}{tex[stop:]}"
    return tex


def _rests(
    env: BuildEnvironment, found: Reading, statement: Statement, names: Mapping[str, str]
) -> Iterator[Place | str]:
    """Where its names come from, and the labels that a claim's cell asks for."""
    for where in names.values():
        line, _, path = where.partition(" of ")
        doc = env.path2doc(str(Path(path).absolute())) if path else env.docname
        if doc and line.isdigit():
            yield doc, int(line)
    for cell in found.cells:
        if statement.option("cell") in cell.tags:
            yield from re.findall(r"""\[\s*["']([\w.-]+)["']\s*\]""", cell.body)
