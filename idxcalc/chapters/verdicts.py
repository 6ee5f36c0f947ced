"""A chapter: its statements in order, and the verdict on each.

Nothing is verified before it is asked for, and what was verified is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from idxcalc.chapters.cells import Ran, Run, claimed, tagged
from idxcalc.chapters.contexts import DECLARING, Contexts, Ground
from idxcalc.chapters.read import Reading
from idxcalc.chapters.record import Found, found, said
from idxcalc.chapters.statement import CHECKED, Exercise, Statement, meant
from idxcalc.chapters.store import Store
from idxcalc.chapters.structure import structure
from idxcalc.chapters.text import Place, Text, load
from idxcalc.errors import IdxcalcError
from idxcalc.verify.context import Context
from idxcalc.verify.inline import check_inline
from idxcalc.verify.question import Question, question
from idxcalc.verify.result import Result

_KINDS = {"given": "declaration", "define": "definition", "claim": "claim"}


def chapter(path: str | Path, shown: str = "", store: Path | None = None) -> Chapter:
    """Read the chapter at ``path``; ``shown`` is how messages name it, where that is not ``path``.

    A file that is missing or no text gives a chapter with that one problem, ``readable`` being False.
    With the folder ``store``, verdicts are kept there, and what is kept is not verified again.
    """
    return Chapter(path, shown, store=Store(store))


class Chapter:
    """What one file holds, in order: ``statements`` (directives and roles), code ``cells``, ``exercises``,
    ``inline`` formulas, each with the number of statements before it; ``problems``, what is wrong as text.
    """

    def __init__(
        self,
        path: str | Path,
        shown: str = "",
        context: Callable[[], Any] | None = None,
        family: dict[Path, Chapter] | None = None,
        store: Store | None = None,
    ) -> None:
        self.file = Path(path)
        self.path = shown or str(path)
        self._new = context or Context
        self._family = {} if family is None else family  # the chapters read so far, by file
        self._family[self.file.resolve()] = self
        self._store = store or Store()
        self._found: dict[tuple[str, int | None], tuple[Found, ...]] = {}
        self.readable, reading = True, Reading(self.path, Text(""))
        try:
            reading = Reading(self.path, load(self.file))
            reading.read(reading.source)
        except IdxcalcError as error:
            self.readable = False
            reading.fault(reading.source, error.message)
        self.statements, self.inline = tuple(reading.statements), tuple(reading.inline)
        self.cells, self.exercises = tuple(reading.cells), tuple(reading.exercises)
        self.problems = (*reading.faults, *structure(reading, self))

    def questions(self, exercise: Exercise) -> list[Question]:
        """What an exercise asks: each left side that its solution derives, once; they are checked for it."""
        derived = [each for each in exercise.statements if each.kind == "derive" and not each.expect]
        found = [question(self.context(each), each.body, each.option("wrt")) for each in derived]
        return list({each.left: each for each in reversed(found)}.values())[::-1]

    def other(self, name: str) -> Chapter | None:
        """The chapter ``name`` beside this one, or None."""
        path = self.file.with_name(name.removesuffix(".md") + ".md")
        if path.resolve() not in self._family and path.is_file():
            shown = str(Path(self.path).with_name(path.name))
            Chapter(path, shown, self._new, self._family)  # which enters itself
        return self._family.get(path.resolve())

    # Verdicts

    @cached_property
    def contexts(self) -> Contexts:
        """What the statements stand on, made when first asked for."""
        return Contexts(self, self._new)

    def ground(self, statement: Statement) -> Ground:
        """What ``statement`` stands on (its own names included, for a definition)."""
        return self.contexts.grounds[self.statements.index(statement) + 1]

    def context(self, statement: Statement) -> Any:
        """The context that ``statement`` stands in."""
        return self.ground(statement).context

    def count(self, statement: Statement) -> int:
        """The number of relations of a statement, without checking them."""
        context, body = self.context(statement), statement.body
        with suppress(IdxcalcError):
            if statement.kind == "steps":
                return len(context.derive(body, statement.option("wrt")).lines)
            if statement.kind in CHECKED:
                return max(1, int(context.count(body)))
        return 1

    def results(self, statement: Statement, only: int | None = None) -> tuple[Found, ...]:
        """One result per relation or definition, or just that of relation ``only`` (from 1), checked alone
        where it can be; for a claim, what its cell asserts."""
        if only and (statement.expect or statement.kind not in CHECKED):
            return self.results(statement)[only - 1 : only] or self.results(statement)[-1:]
        key = statement.name, only
        if key not in self._found:
            judged = enumerate(self._judge(statement, only), only or 1)
            filled = [self._fill(statement, each, number) for number, each in judged]
            self._found[key] = expected(statement, filled) if statement.expect else tuple(filled)
        return self._found[key]

    def _judge(self, statement: Statement, only: int | None) -> tuple[Result, ...]:
        match statement.kind:
            case "given" | "define":
                return self.contexts.results[statement.name]
            case "claim":
                return (claimed(statement, self.cells),)
            case "math":
                return ()
            case _:
                ground, wrt = self.ground(statement), statement.option("wrt")
                name = "check_steps" if statement.kind == "steps" else "check_all"
                check = partial(getattr(ground.context, name), statement.body, wrt=wrt, only=only)
                return self._store.answer([name, statement.body, wrt, only, ground.texts], check)

    def _later(self, statement: Statement, result: Result) -> str:
        """What to do where a statement uses what is declared or defined further down."""
        name = re.match(r"`(.+)` is not declared", result.error or "")
        below = self.statements[self.statements.index(statement) + 1 :] if name else ()
        for each in (each for each in below if each.kind in DECLARING):
            if name and name[1] in self.context(each).scope.symbols:
                return f"; that comes in line {each.opened}, and must stand above"
        return ""

    def _fill(self, statement: Statement, result: Result, number: int) -> Found:
        place = Place(result.line, result.column) if result.line else statement.place(0)
        if result.span is not None and not result.line:
            place = statement.place(max(statement.body.find(result.source), 0) + result.span.start)
        return found(
            result, _KINDS.get(statement.kind, "relation"), expect=statement.option("expect"), file=self.path,
            line=place.line, column=place.column, label=statement.label,
            relation=(result.relation or number) if statement.kind in CHECKED else 0,
            covers=() if result.trivial else statement.covers,
            error=result.error and result.error + self._later(statement, result),
        )  # fmt: skip

    # Claims and cells

    @cached_property
    def running(self) -> Run:
        """The code cells at their run, in the background; it starts when it is first asked for."""
        return Run(self.cells, self.file, self.path)

    def begin(self) -> bool:
        """Let the code cells run, if there are any."""
        return bool(self.cells and self.running)

    @cached_property
    def ran(self) -> Ran:
        """How the code cells ran."""
        return self.running.ended()

    def shown(self, claim: Statement) -> Found:
        """The result of a claim with its cell run."""
        (result,) = self.results(claim)
        cell = tagged(self.cells, claim.option("cell"))
        if not result or cell is None or self.ran.reached(cell):
            return result
        failed = self.ran.result
        message = f"its cell did not run to its end: {failed.file}:{failed.line}: {failed.error}"
        return replace(result, verdict=failed.verdict, error=message, ok=False)

    # All of it

    def check_inline(self) -> tuple[Found, ...]:
        """The faults of the formulas inside sentences, as far as the context understands them."""
        return tuple(
            found(fault, "inline", file=self.path, line=place.line, column=place.column)
            for text, before in self.inline
            if (fault := check_inline(self.contexts.grounds[before].context, str(text))) is not None
            for place in [text.place(fault.span.start if fault.span else 0)]
        )

    def all(self, cells: bool = False) -> tuple[Found, ...]:
        """Every result, in the order of the file; with ``cells``, the code cells are run too."""
        if cells:
            self.begin()
        results = [*self.problems, *self.check_inline()]
        for each in self.statements:
            results += [self.shown(each)] if cells and each.kind == "claim" else self.results(each)
        if cells and self.cells:
            results.append(self.ran.result)
        return tuple(sorted(results, key=lambda result: result.line))

    def __getitem__(self, label: str) -> Checked:
        """The statement with this label, to compute with; IdxcalcError when there is none."""
        if not self.readable:
            raise IdxcalcError(str(self.problems[0]))
        for each in self.statements:
            if label and each.label == label and each.kind != "math":
                return Checked(self, each)
        labels = [each.label for each in self.statements if each.label]
        raise IdxcalcError(f"{self.path} has no statement {label}{meant(label, labels)}")


def expected(statement: Statement, results: list[Found]) -> tuple[Found, ...]:
    """The results of a statement that is shown because it is wrong: as they should be, if one of them is
    wrong in the words of ``:expect:`` and all others hold or are so too."""
    verdict, words = statement.expect or ("", "")
    met = [each.verdict == verdict and words in said(each) for each in results]
    wanted = f"`:expect:` is not met: expected {verdict}" + (f', with the words "{words}"' if words else "")
    return tuple(
        replace(each, ok=True)
        if matches or (each and any(met))
        else replace(each, ok=False, error="\n".join(filter(None, [each.error, wanted])))
        for each, matches in zip(results, met, strict=True)
    )


@dataclass(frozen=True)
class Checked:
    """A labelled statement of a chapter; computing with it checks it first."""

    chapter: Chapter
    statement: Statement

    @property
    def results(self) -> tuple[Found, ...]:
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
        context, target = self.chapter.context(self.statement), self.statement.body
        work_out = context.derive if self.statement.kind == "steps" else context.expression
        return work_out(target, self.statement.option("wrt")).compile(backend)
