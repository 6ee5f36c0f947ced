"""A chapter: its statements in order, and the verdict on each.

Nothing is verified before it is asked for, and what was verified is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from idxcalc.chapters.cells import claimed, ended, run, tagged
from idxcalc.chapters.contexts import Ground, grounds, structure
from idxcalc.chapters.read import Reading
from idxcalc.chapters.record import Found, found
from idxcalc.chapters.statement import CHECKED, DECLARING, Exercise, Statement, meant
from idxcalc.chapters.store import answer
from idxcalc.chapters.text import Place
from idxcalc.errors import IdxcalcError
from idxcalc.verify.context import Context
from idxcalc.verify.inline import check_inline
from idxcalc.verify.question import Question, question
from idxcalc.verify.result import Result

_KINDS = {"given": "declaration", "define": "definition", "claim": "claim", "inline": "inline"}


def chapter(path: str | Path, store: Path | None = None) -> Chapter:
    """Read the chapter at ``path``.

    A file that is missing or no text gives a chapter with that one problem, ``readable`` being False.
    With the folder ``store``, verdicts are kept there, and what is kept is not verified again.
    """
    return Chapter(path, store=store)


class Chapter(Reading):
    """What one file holds, as it was read, and the verdicts on it; ``problems`` is what is wrong as text."""

    def __init__(
        self, path: str | Path, context: Callable[[], Any] | None = None,
        family: dict[Path, Chapter] | None = None, store: Path | None = None,
    ) -> None:  # fmt: skip
        super().__init__(path)
        self._new, self._store = context or Context, store
        self._family = {} if family is None else family  # the chapters read so far, by file
        self._family[self.file.resolve()] = self
        self._found: dict[str, tuple[Found, ...]] = {}
        structure(self)
        self.problems = tuple(self.faults)

    def other(self, name: str) -> Chapter | None:
        """The chapter ``name`` beside this one, or None."""
        path = self.file.with_name(name.removesuffix(".md") + ".md")
        if path.resolve() not in self._family and path.is_file():
            Chapter(path, self._new, self._family)  # which enters itself
        return self._family.get(path.resolve())

    # Verdicts

    @cached_property
    def grounds(self) -> dict[str, Ground]:
        """What the parts stand on, made when first asked for."""
        return grounds(self, self._new)

    def context(self, statement: Statement) -> Any:
        """The context that a statement stands in, its own names included, for a definition."""
        return self.grounds[statement.name].context

    def questions(self, exercise: Exercise) -> list[Question]:
        """What an exercise asks: each left side that its solution derives, once; they are checked for it."""
        derived = [each for each in exercise.statements if each.kind == "derive" and not each.expect]
        found = [question(self.context(each), each.body, each.option("wrt")) for each in derived]
        return list({each.left: each for each in reversed(found)}.values())[::-1]

    def count(self, statement: Statement) -> int:
        """The number of relations of a statement, without checking them."""
        context, body = self.context(statement), statement.body
        with suppress(IdxcalcError):
            if statement.kind == "steps":
                return len(context.derive(body, statement.option("wrt")).lines)
            if statement.kind in CHECKED:
                return max(1, int(context.count(body)))
        return 1

    def results(self, statement: Statement) -> tuple[Found, ...]:
        """One result per relation or definition; for a claim, what its cell asserts; for a formula in a
        sentence, what is wrong with it, as far as the context understands it."""
        if statement.name not in self._found:
            judged = enumerate(self._judge(statement), 1)
            filled = tuple(self._fill(statement, each, number) for number, each in judged)
            self._found[statement.name] = expected(statement, filled) if statement.expect else filled
        return self._found[statement.name]

    def _judge(self, statement: Statement) -> tuple[Result, ...]:
        ground, body, wrt = self.grounds[statement.name], statement.body, statement.option("wrt")
        match statement.kind:
            case "given" | "define":
                return ground.results
            case "claim":
                return (claimed(statement, self.cells),)
            case "inline":
                wrong = check_inline(ground.context, body)
                return (wrong,) if wrong is not None else ()
            case "math" | "code-cell":
                return ()
            case kind:
                name = "check_steps" if kind == "steps" else "check_all"
                check = partial(getattr(ground.context, name), body, wrt=wrt)
                return answer(self._store, [name, body, wrt, [text[:3] for text in ground.texts]], check)

    def _later(self, statement: Statement, result: Result) -> str:
        """What to do where a statement uses what comes further down, or was refused further up."""
        (name,) = re.findall(r"^`(.+)` is not declared", result.error or "") or ("",)
        for each in (each for each in self.statements if name and each.kind in DECLARING):
            if each.opened > statement.opened and name in self.context(each).scope.symbols:
                return f"; that comes in line {each.opened}, and must stand above"
            above = each.opened < statement.opened and not all(self.grounds[each.name].results)
            if above and (at := re.search(rf"(?<![\\a-zA-Z]){re.escape(name)}(?![a-zA-Z])", each.body)):
                return f"; line {each.place(at.start()).line}, where it stands, was refused"
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
    def running(self) -> Future[dict[str, Any]] | None:
        """The code cells, if there are any, running in the background from when it is first asked for."""
        return run(self.cells, self.file.parent) if self.cells else None

    @cached_property
    def ran(self) -> tuple[Found, float]:
        """How the code cells ran, and the line of the fence in which they stopped, if they did."""
        assert self.running is not None
        return ended(self.running.result(), self.cells)

    def shown(self, statement: Statement) -> tuple[Found, ...]:
        """The results of a statement; of a claim, with its cell run."""
        results = self.results(statement)
        shows = statement.kind == "claim" and all(results)
        cell = tagged(self.cells, statement.option("cell")) if shows else None
        if cell is None or cell.opened < self.ran[1]:
            return results
        failed = self.ran[0]
        message = f"its cell did not run to its end: {failed.file}:{failed.line}: {failed.error}"
        return tuple(replace(each, verdict=failed.verdict, error=message, ok=False) for each in results)

    # All of it

    def all(self, cells: bool = False) -> tuple[Found, ...]:
        """Every result, in the order of the file; with ``cells``, the code cells are run too."""
        run = cells and self.running
        results = [*self.problems]
        for each in self.parts:
            results += self.shown(each) if cells else self.results(each)
        results += self.ran[:1] if run else ()
        return tuple(sorted(results, key=lambda result: result.line))

    def __getitem__(self, label: str) -> Checked:
        """The statement with this label, to compute with; IdxcalcError when there is none."""
        if not self.readable:
            raise IdxcalcError(str(self.problems[0]))
        known = (each for each in reversed(self.statements) if each.label and each.kind != "math")
        labelled = {each.label: each for each in known}
        if label in labelled:
            return Checked(self, labelled[label])
        raise IdxcalcError(f"{self.path} has no statement {label}{meant(label, labelled)}")


def expected(statement: Statement, results: Sequence[Found]) -> tuple[Found, ...]:
    """The results of a statement that is shown because it is wrong: as they should be, if one of them is
    wrong in the words of ``:expect:`` and all others hold or are so too."""
    verdict, words = statement.expect or ("", "")
    # Its words are all that a result says but its formula and place.
    said = [str(replace(each, latex="", span=None, file="", label="")) for each in results]
    met = [each.verdict == verdict and words in text for each, text in zip(results, said, strict=True)]
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
