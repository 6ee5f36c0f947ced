"""From a statement of a chapter to what the build keeps of it, and shows.

Invariant: nothing is read here that the chapter has not read; what cannot be had is left out, and the
statement is shown without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from docutils import nodes
from sphinx.environment import BuildEnvironment

from idxcalc.chapters import Found, Statement
from idxcalc.chapters.verdicts import Checked
from idxcalc.errors import IdxcalcError, Span
from idxcalc.sphinx_ext.domain import Entry, Place, domain
from idxcalc.sphinx_ext.katex import typesets
from idxcalc.sphinx_ext.layout import display, rows
from idxcalc.sphinx_ext.reading import Reading

NUMBERED = ("define", "derive", "steps", "claim")
DISPLAYED = ("define", "derive", "steps")
T = TypeVar("T")


def entry(env: BuildEnvironment, found: Reading, statement: Statement) -> Entry:
    """A statement with its results, its number in the document, and what a page may show of it."""
    table = domain(env).entries.get(env.docname, [])
    kind, body, context = statement.kind, statement.body, found.chapter.context(statement)
    results = tuple(map(kept, found.chapter.results(statement)))
    known = context.anatomy(body, statement.option("wrt"))
    checked, name = Checked(found.chapter, statement), re.sub(r"\W", "_", statement.label) or "formula"
    code = _or(lambda: checked.compile().source(name), "") if kind in ("derive", "steps") else ""
    malformed = any(result.verdict == "malformed" for result in results)
    shown = display(rows(body)) if kind in DISPLAYED else body

    def split(tex: str) -> tuple[str, ...]:
        return rows(tex, kind == "define") if kind in DISPLAYED else (tex,)

    return Entry(
        kind=kind,
        ident=nodes.make_id(statement.label or f"{env.docname}-{kind}-{len(table) + 1}"),
        label=statement.label,
        number=1 + sum(bool(each.number) for each in table) if kind in NUMBERED else 0,
        rows=_steps(results) or split(body),
        results=results,
        typeset=not malformed or typesets(shown, env.config),
        screen=split(marked(body, known.partners)) if known.partners else (),
        sums=split(known.sums) if known.sums else (),
        cell=statement.option("cell"),
        code=code,
        lines=range(statement.line, statement.line + body.count("\n") + 1),
        rests=tuple(dict.fromkeys(_rests(env, found, statement, known.names))),
    )


def _or(made: Callable[[], T], otherwise: T) -> T:
    """What can be made of a formula, or else the other thing."""
    try:
        return made()
    except IdxcalcError:
        return otherwise


def kept(result: Found) -> Found:
    """A result as the environment keeps it: plain data, the program written out."""
    example = result.counterexample and replace(result.counterexample, values={})
    return replace(result, snippet=str(result.snippet), chain=(), counterexample=example)


def _steps(results: Sequence[Found]) -> tuple[str, ...]:
    """The lines of a derivation, aligned."""
    lines = [line for result in results for _, line in result.steps]
    return tuple(f"{'' if n else results[0].source} &= {line}" for n, line in enumerate(lines))


def marked(tex: str, partners: Sequence[Sequence[Span]]) -> str:
    r"""The TeX with each index told apart by the number of its group.

    >>> marked("x_ix_i", [[Span(2, 3), Span(5, 6)]])
    'x_{\\htmlData{i=0}{i}}x_{\\htmlData{i=0}{i}}'
    """
    for span, n in sorted(
        ((span, n) for n, group in enumerate(partners) for span in group), key=lambda each: -each[0].start
    ):
        letter = rf"{{\htmlData{{i={n}}}{{{tex[span.start : span.stop]}}}}}"
        tex = tex[: span.start] + letter + tex[span.stop :]
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
    for cell in found.chapter.cells:
        if statement.option("cell") in cell.tags:
            yield from re.findall(r"""\[\s*["']([\w.-]+)["']\s*\]""", cell.text)
