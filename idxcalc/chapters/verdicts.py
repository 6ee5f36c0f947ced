"""A chapter: its statements in order, and the verdict on each.

Nothing is verified before it is asked for, and what was verified is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from idxcalc.chapters.cells import Cell, Ran, claimed, run, tagged
from idxcalc.chapters.contexts import Contexts
from idxcalc.chapters.read import Reading, load, read
from idxcalc.chapters.record import record, said
from idxcalc.chapters.statement import CHECKED, Faults, Statement, meant
from idxcalc.chapters.structure import structure
from idxcalc.chapters.text import Place, Text
from idxcalc.errors import IdxcalcError
from idxcalc.verify.context import Context
from idxcalc.verify.inline import check_inline
from idxcalc.verify.result import Result

_KINDS = {"given": "declaration", "define": "definition", "claim": "claim"}


def chapter(path: str | Path, shown: str = "") -> Chapter:
    """Read the chapter at ``path``; ``shown`` is how messages name it, where that is not ``path``.

    A file that is missing or no text gives a chapter with that one problem, ``readable`` being False.
    """
    return Chapter(path, shown)


class Chapter:
    """The statements of one file; ``problems`` are the faults of its structure."""

    def __init__(
        self,
        path: str | Path,
        shown: str = "",
        context: Callable[[], Any] | None = None,
        family: dict[Path, Chapter] | None = None,
    ) -> None:
        self.file = Path(path)
        self.path = shown or str(path)
        self.readable = True
        self._new = context or Context
        self._family = {} if family is None else family  # the chapters read so far, by file
        self._family[self.file.resolve()] = self
        self._kept: dict[str, tuple[Result, ...]] = {}
        self._single: dict[tuple[str, int], Result] = {}
        self._owner: dict[int, tuple[Result, Statement | None, str, bool]] = {}
        self._contexts: Contexts | None = None
        self._ran: Ran | None = None
        try:
            self._reading = read(load(self.file), self.path)
            self._reading.faults.found += structure(self._reading, self.file, self.other)
        except IdxcalcError as error:
            self.readable = False
            self._reading = Reading(Faults(self.path, Text.of("")))
            fault = Result("malformed", error=error.message, file=self.path, line=1, column=1)
            self._reading.faults.found.append(fault)
        for problem in self.problems:
            self._own(problem, None, "fault", False)

    # What there is

    @property
    def statements(self) -> tuple[Statement, ...]:
        """All directives and roles of the language, in the order of the file."""
        return tuple(self._reading.statements)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The code cells, in order."""
        return tuple(self._reading.cells)

    @property
    def problems(self) -> tuple[Result, ...]:
        """What is wrong with the chapter itself, whatever its formulas say."""
        return tuple(self._reading.faults.found)

    def inline(self) -> tuple[tuple[Place, str], ...]:
        """The formulas inside sentences, each with its place."""
        return tuple((text.place(0), str(text)) for text, _ in self._reading.inline)

    def other(self, name: str) -> Chapter | None:
        """The chapter ``name`` beside this one, or None."""
        path = self.file.with_name(name.removesuffix(".md") + ".md")
        if path.resolve() not in self._family:
            if not path.is_file():
                return None
            shown = str(Path(self.path).with_name(path.name))
            Chapter(path, shown, self._new, self._family)  # which enters itself
        return self._family[path.resolve()]

    # Verdicts

    @property
    def contexts(self) -> Contexts:
        """The context of each statement, made when first asked for."""
        if self._contexts is None:
            self._contexts = Contexts(self, self._new)
        return self._contexts

    def context(self, statement: Statement) -> Any:
        """The context that ``statement`` stands in (its own names included, for a definition)."""
        return self.contexts.of[statement.name]

    def count(self, statement: Statement) -> int:
        """The number of relations of a statement, without checking them."""
        if statement.kind not in CHECKED:
            return 1
        try:
            return max(1, int(self.context(statement).count(statement.body)))
        except IdxcalcError:
            return 1

    def results(self, statement: Statement) -> tuple[Result, ...]:
        """One result per relation or definition; for a claim, what its cell asserts (see :meth:`shown`)."""
        name = statement.name
        if name not in self._kept:
            self._kept[name] = self._keep(statement, self._judge(statement))
        return self._kept[name]

    def result(self, statement: Statement, number: int) -> Result:
        """The result of relation ``number``, from 1, checking no other where that can be."""
        if statement.name in self._kept or statement.expect or statement.kind not in CHECKED:
            found = self.results(statement)
            return found[min(number, len(found)) - 1]
        key = (statement.name, number)
        if key not in self._single:
            wrt = statement.options.get("wrt", "")
            found = self.context(statement).check_all(statement.body, wrt=wrt, only=number)
            chosen = next((each for each in found if each.relation == number), found[-1])
            self._single[key] = self._fill(statement, chosen, number)
            self._own(self._single[key], statement, "relation", bool(chosen))
        return self._single[key]

    def _judge(self, statement: Statement) -> tuple[Result, ...]:
        match statement.kind:
            case "given" | "define":
                return self.contexts.results[statement.name]
            case "claim":
                return (claimed(statement, self.cells),)
            case "math":
                return ()
            case _:
                context = self.context(statement)
                return tuple(context.check_all(statement.body, wrt=statement.options.get("wrt", "")))

    def _keep(self, statement: Statement, found: tuple[Result, ...]) -> tuple[Result, ...]:
        kind = _KINDS.get(statement.kind, "relation")
        filled = [self._fill(statement, each, number) for number, each in enumerate(found, 1)]
        if statement.expect is None:
            for each in filled:
                self._own(each, statement, kind, bool(each))
            return tuple(filled)
        verdict, words = statement.expect
        met = [each.verdict == verdict and words in said(each) for each in filled]
        kept = []
        for each, matches in zip(filled, met, strict=True):
            ok = matches or (bool(each) and any(met))
            if not ok:
                wanted = f"expected {verdict}" + (f', with the words "{words}"' if words else "")
                lines = filter(None, [each.error, f"`:expect:` is not met: {wanted}"])
                each = replace(each, error="\n".join(lines))
            self._own(each, statement, kind, ok)
            kept.append(each)
        return tuple(kept)

    def _fill(self, statement: Statement, result: Result, number: int) -> Result:
        place = Place(result.line, result.column) if result.line else Place(statement.line, statement.column)
        if result.span is not None and not result.line:
            base = statement.body.find(result.source) if result.source else 0
            place = statement.place(max(base, 0) + result.span.start)
        return replace(
            result, file=self.path, line=place.line, column=place.column, label=statement.label,
            relation=(result.relation or number) if statement.kind in CHECKED else 0,
            covers=() if result.trivial else statement.covers,
        )  # fmt: skip

    def _own(self, result: Result, statement: Statement | None, kind: str, ok: bool) -> None:
        self._owner[id(result)] = (result, statement, kind, ok)

    def ok(self, result: Result) -> bool:
        """Whether a result of this chapter is as the author says: good, or wrong in the expected way."""
        owner = self._owner.get(id(result))
        return owner[3] if owner else bool(result)

    # Claims and cells

    def ran(self) -> Ran:
        """How the code cells ran; the first call runs them."""
        if self._ran is None:
            self._ran = run(self.cells, self.file, self._reading.faults)
            if self._ran.failed is not None:
                self._own(self._ran.failed, None, "cells", False)
        return self._ran

    def shown(self, claim: Statement) -> Result:
        """The result of a claim with its cell run."""
        (result,) = self.results(claim)
        cell = tagged(self.cells, claim.options.get("cell", ""))
        if not result or cell is None or self.ran().reached(cell):
            return result
        failed = self.ran().failed
        assert failed is not None  # reached() says so
        where = f"{failed.file}:{failed.line}: {failed.error}"
        missed = replace(result, verdict=failed.verdict, error=f"its cell did not run to its end: {where}")
        self._own(missed, claim, "claim", False)
        return missed

    # All of it

    def check_inline(self) -> tuple[Result, ...]:
        """The faults of the formulas inside sentences, as far as the context understands them."""
        if "$" not in self._kept:
            self._kept["$"] = tuple(self._inline_faults())
        return self._kept["$"]

    def _inline_faults(self) -> list[Result]:
        found = []
        for text, before in self._reading.inline:
            fault = check_inline(self.contexts.trail[before], str(text))
            if fault is not None:
                place = text.place(fault.span.start if fault.span else 0)
                fault = replace(fault, file=self.path, line=place.line, column=place.column)
                self._own(fault, None, "inline", False)
                found.append(fault)
        return found

    def all(self, cells: bool = False) -> tuple[Result, ...]:
        """Every result, in the order of the file; with ``cells``, the code cells are run too."""
        found = list(self.problems)
        for each in self.statements:
            found += [self.shown(each)] if cells and each.kind == "claim" else self.results(each)
        found += self.check_inline()
        if cells and self.ran().failed is not None:
            found.append(self.ran().failed)  # type: ignore[arg-type]
        return tuple(sorted(found, key=lambda result: result.line))

    def record(self, result: Result) -> dict[str, Any]:
        """A result of this chapter as plain data; the keys are those of ``--json``."""
        _, statement, kind, ok = self._owner.get(id(result), (result, None, "relation", bool(result)))
        return record(result, kind, ok, statement.options.get("expect", "") if statement else "")

    def __getitem__(self, label: str) -> Checked:
        """The statement with this label, to compute with; IdxcalcError when there is none."""
        if not self.readable:
            raise IdxcalcError(str(self.problems[0]))
        for each in self.statements:
            if label and each.label == label and each.kind != "math":
                return Checked(self, each)
        labels = [each.label for each in self.statements if each.label]
        raise IdxcalcError(f"{self.path} has no statement {label}{meant(label, labels)}")


@dataclass(frozen=True)
class Checked:
    """A labelled statement of a chapter; computing with it checks it first."""

    chapter: Chapter
    statement: Statement

    @property
    def results(self) -> tuple[Result, ...]:
        """One per relation."""
        return self.chapter.results(self.statement)

    def latex(self) -> str:
        """The statement as typed."""
        return self.statement.body

    def compile(self, backend: str = "numpy") -> Any:
        """The last side as a function of its variables by name; IdxcalcError where it does not hold."""
        for result in self.results:
            if not result:
                raise IdxcalcError(str(result))
        wrt = self.statement.options.get("wrt", "")
        return self.chapter.context(self.statement).compile(self.statement.body, wrt=wrt, backend=backend)
