"""What the build knows about each statement: one table per document, kept by a Sphinx domain.

A document's statements are numbered from 1 as they stand; where the page has a number of its own, that
stands before: (3.2). The rows of a display are told apart by letters: (3.2a), (3.2b).

Invariant: everything read from a document is stored under its name, so that a document that changes
takes all of it away (`clear_doc`) and parallel readers can be joined (`merge_domaindata`).
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from itertools import islice, product
from string import ascii_lowercase
from typing import Any, cast

from sphinx.application import Sphinx
from sphinx.domains import Domain
from sphinx.environment import BuildEnvironment

from idxcalc.chapters import Found

Place = tuple[str, int]
"""A document and a line of its file."""


@dataclass(frozen=True)
class Entry:
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
        for docname in docnames:
            for entry in self.entries.get(docname, ()):
                if entry.label == place or line in entry.lines:
                    return docname, entry
        return None

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
    """Give the labels in the standard domain, which ``{ref}`` reads, their final numbers."""
    labels = env.domains.standard_domain.labels
    for docname, entries in domain(env).entries.items():
        for entry in entries:
            if entry.label and labels.get(entry.label, ("",))[0] == docname:
                labels[entry.label] = (docname, entry.ident, title(env, docname, entry))
    return []
