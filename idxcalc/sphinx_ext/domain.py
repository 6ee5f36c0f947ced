"""What the build knows about each statement: read from the chapter behind the document, kept by document.

The chapter is opened once for each document that is read, and asked statement by statement. The statements of
a document are numbered from 1 as they stand; where the page has a number of its own, that stands before:
(3.2). The rows of a display are told apart by letters: (3.2a), (3.2b).

Invariant: every face of the package reads the same file through `idxcalc.chapters`; what the document's
parser hands to a directive only serves to find the statement there. And everything read from a document is
stored under its name, so that a document that changes takes all of it away (`clear_doc`) and parallel
readers can be joined (`merge_domaindata`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import suppress
from itertools import islice, product
from pathlib import Path
from string import ascii_lowercase
from typing import Any, NamedTuple, cast

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.domains import Domain
from sphinx.environment import BuildEnvironment

from idxcalc.chapters import Chapter, Found, Statement
from idxcalc.chapters.store import FOLDER
from idxcalc.chapters.verdicts import Checked
from idxcalc.errors import IdxcalcError, Span
from idxcalc.sphinx_ext.katex import typesets
from idxcalc.sphinx_ext.layout import display, rows

Place = tuple[str, int]
"""A document and a line of its file."""


class Entry(NamedTuple):
    """One statement of a document, with its results.

    ``rows`` are the author's TeX, a row of the display each; ``screen`` the same with each index marked for
    pages that light up, ``sums`` with the sums written out. ``typeset`` is false where the TeX itself is
    broken, so that only its text can be shown. ``number`` is 0 for what is not numbered. ``lines`` are those
    of the file that it takes, ``rests`` the places or labels of what it rests on. ``code`` is the last side
    in NumPy.
    """

    kind: str
    ident: str
    label: str
    number: int | str
    rows: tuple[str, ...]
    results: tuple[Found, ...]
    typeset: bool = True
    screen: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()
    cell: str = ""
    code: str = ""
    lines: range = range(0)
    rests: tuple[Place | str, ...] = ()


class StatementDomain(Domain):
    """Keeps entries and faults by document; the labels stand in the standard domain, for ``{ref}``."""

    name = "idx"
    label = "Checked statements"
    initial_data = {"entries": {}, "faults": {}}
    data_version = 2

    def setup(self) -> None:
        """``entries`` are the statements of each document, ``faults`` the texts of what is wrong."""
        super().setup()
        self.entries: dict[str, list[Entry]] = self.data["entries"]
        self.faults: dict[str, list[str]] = self.data["faults"]

    def clear_doc(self, docname: str) -> None:
        self.entries.pop(docname, None)
        self.faults.pop(docname, None)

    def merge_domaindata(self, docnames: Set[str], otherdata: dict[str, Any]) -> None:
        for key in self.initial_data:
            self.data[key].update({doc: found for doc, found in otherdata[key].items() if doc in docnames})

    def find(self, place: Place | str) -> tuple[str, Entry] | None:
        """The document and entry of a label or a place."""
        docnames, line = (sorted(self.entries), None) if isinstance(place, str) else ([place[0]], place[1])
        known = ((docname, each) for docname in docnames for each in self.entries.get(docname, ()))
        return next((pair for pair in known if pair[1].label == place or line in pair[1].lines), None)

    def rests(self, entry: Entry) -> Iterator[tuple[str, Entry]]:
        """What a statement rests on: the definitions of its names, the statements that its cell takes."""
        found = (place for each in entry.rests if (place := self.find(each)) and place[1] is not entry)
        yield from {(doc, other.ident): (doc, other) for doc, other in found}.values()


def domain(env: BuildEnvironment) -> StatementDomain:
    """The domain of this build."""
    return cast(StatementDomain, env.get_domain("idx"))


def number(env: BuildEnvironment, docname: str, entry: Entry) -> str:
    """The number of a statement, without brackets: ``3.2``."""
    chapter = env.toc_secnumbers.get(docname, {}).get("", ())
    return ".".join(map(str, (*chapter, entry.number)))


def numbers(env: BuildEnvironment, docname: str, entry: Entry) -> list[str]:
    """What stands beside the rows of a statement: ``(3.2)``, or ``(3.2a)``, ``(3.2b)``, ..., ``(3.2aa)``."""
    letters = ("".join(each) for n in (1, 2) for each in product(ascii_lowercase, repeat=n))
    count, said = len(entry.rows), number(env, docname, entry)
    return [f"({said}{letter if count > 1 else ''})" for letter in islice(letters, count)]


def title(env: BuildEnvironment, docname: str, entry: Entry) -> str:
    """What a reference to a statement says."""
    return f"({number(env, docname, entry)})" if entry.number else entry.label or entry.kind


def number_labels(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Enter the labels, with their numbers, into the standard domain, which ``{ref}`` reads."""
    standard = env.domains.standard_domain
    for docname, entries in domain(env).entries.items():
        for entry in entries:
            if entry.label and standard.labels.get(entry.label, (docname,))[0] == docname:
                standard.anonlabels[entry.label] = docname, entry.ident
                standard.labels[entry.label] = docname, entry.ident, title(env, docname, entry)
    return []


# Reading


class Reading(Chapter):
    """The chapter behind the current document, verified; those of its statements that the document has yet to
    show are ``waiting``, and ``strange`` is what the document shows and the chapter does not hold."""

    def __init__(self, env: BuildEnvironment) -> None:
        super().__init__(env.doc2path(env.docname), store=env.doctreedir / FOLDER.name)
        self.env, self.waiting = env, [each for each in self.statements if each.kind != "math"]
        self.strange: list[str] = []
        self.all()  # and if the judges disagree, nothing may be printed
        env.current_document["idxcalc-reading"] = self

    def take(self, kind: str, label: str, text: str, line: int) -> Entry | None:
        """The first statement not yet shown of this kind, label and text."""
        for each in self.waiting:
            if (each.kind, each.label, each.body.split()) == (kind, label, text.split()):
                self.waiting.remove(each)
                return self.entry(each)
        if not self.problems:  # one of which may say why
            said = f"this {kind} is not in the file itself, so nothing checks it"
            self.strange.append(f"{self.path}:{line}:1: {said}")
        return None

    def used(self) -> Iterator[str]:
        """The files of other chapters that this one takes statements from, by ``:from:`` or in a cell."""
        cells = "\n".join(cell.body for cell in self.cells)
        names = [each.option("from") for each in self.statements]
        names += re.findall(r"""chapter\(\s*["']([^"']+)["']""", cells)
        return (str(self.file.parent / f"{name.removesuffix('.md')}.md") for name in names if name)

    def entry(self, statement: Statement) -> Entry:
        """A statement with its results, its number in the document, and what a page may show of it."""
        table, docname = domain(self.env).entries.get(self.env.docname, []), self.env.docname
        kind, body, results, code = statement.kind, statement.body, self.results(statement), ""
        known = self.context(statement).anatomy(body, statement.option("wrt"))
        if kind in ("derive", "steps"):
            with suppress(IdxcalcError):
                name = re.sub(r"\W|^(?=\d)", "_", statement.label) or "formula"
                code = Checked(self, statement).compile().source(name)

        def split(tex: str) -> tuple[str, ...]:
            return rows(tex, kind == "define") if kind in ("define", "derive", "steps") else (tex,)

        malformed = any(result.verdict == "malformed" for result in results)
        lines = [line for result in results for _, line in result.steps]
        derived = tuple(f"{'' if n else results[0].source} &= {line}" for n, line in enumerate(lines))
        return Entry(
            kind=kind,
            ident=nodes.make_id(statement.label or f"{docname}-{kind}-{len(table) + 1}"),
            label=statement.label,
            number=0 if kind in ("given", "check") else 1 + sum(bool(each.number) for each in table),
            rows=derived or split(body),
            results=results,
            typeset=not malformed or typesets(display(split(body)), self.env.config),
            screen=split(marked(body, known.partners)) if known.partners else (),
            sums=split(known.sums) if known.sums else (),
            cell=statement.option("cell"),
            code=code,
            lines=range(statement.line, statement.line + body.count("\n") + 1),
            rests=tuple(dict.fromkeys(self.rests(statement, known.names))),
        )

    def rests(self, statement: Statement, names: Mapping[str, str]) -> Iterator[Place | str]:
        """Where its names come from, and the labels that a claim's cell asks for."""
        for where in names.values():
            line, _, path = where.partition(" of ")
            doc = self.env.path2doc(str(Path(path).absolute())) if path else self.env.docname
            if doc and line.isdigit():
                yield doc, int(line)
        for cell in self.cells:
            if statement.option("cell") in cell.tags:
                yield from re.findall(r"""\[\s*["']([\w.-]+)["']\s*\]""", cell.body)


def reading(env: BuildEnvironment) -> Reading:
    """The reading of the current document, opened at its first statement."""
    return env.current_document.get("idxcalc-reading") or Reading(env)


def marked(tex: str, partners: Sequence[Sequence[Span]]) -> str:
    r"""The TeX with each index told apart by the number of its group.

    >>> marked("x_ix_i", [[Span(2, 3), Span(5, 6)]])
    'x_{\\htmlData{i=0}{i}}x_{\\htmlData{i=0}{i}}'
    """
    places = sorted((span.start, span.stop, n) for n, group in enumerate(partners) for span in group)
    for start, stop, n in reversed(places):
        tex = rf"{tex[:start]}{{\htmlData{{i={n}}}{{{tex[start:stop]}}}}}{tex[stop:]}"
    return tex
