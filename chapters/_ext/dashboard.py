"""The page of counts: what was checked in each chapter, what was not and why; on paper, the evidence as well.

Invariant: all of it is counted from the statements and displays of the book when the page is written.
"""

from __future__ import annotations

import json
import platform
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from docutils import nodes
from memory import changed, keep, kept
from proofreading import link
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from idxcalc.sphinx_ext.domain import domain, title
from idxcalc.sphinx_ext.layout import typeset
from idxcalc.sphinx_ext.render import RenderStatements, facts

CHECKED = ("derive", "steps", "check")
REASON = "unchecked: "
DISPLAYS = "dashboard_displays"  # of each page: how many displays, and the unchecked ones with reasons


class counted(nodes.General, nodes.Element):
    """Stands for what is counted; ``what`` says which."""


def _directive(name: str) -> type[SphinxDirective]:
    def run(self: SphinxDirective) -> list[nodes.Node]:
        self.env.note_dependency("figures.json")
        return [counted(what=name)]

    return type(name, (SphinxDirective,), {"run": run})


# What each document holds


def displays(doctree: nodes.document) -> tuple[int, tuple[tuple[str, str], ...]]:
    """The displays of a document, and those marked as unchecked: formula and reason."""
    found = [
        each for each in doctree.findall(nodes.math_block)
        if not any("proof-item" in around.get("classes", ()) for around in _around(each))
    ]  # fmt: skip
    unchecked = []
    for each in found:
        after = each.next_node(descend=False, siblings=True)
        if isinstance(after, nodes.paragraph) and "idx-unchecked" in after["classes"]:
            unchecked.append((each.astext(), after.astext().removeprefix(REASON)))
    return len(found), tuple(unchecked)


def _around(node: nodes.Node) -> Iterator[nodes.Element]:
    while node.parent is not None:
        node = node.parent
        yield node


def collect(app: Sphinx, doctree: nodes.document) -> None:
    kept(app.env, DISPLAYS)[app.env.docname] = displays(doctree)


def ordered(env: Any) -> list[str]:
    """The documents in the order of the table of contents."""
    waiting, found = [env.config.root_doc], []
    while waiting:
        found.append(doc := waiting.pop(0))
        waiting = [*env.toctree_includes.get(doc, ()), *waiting]
    return found


def tally(env: Any, docname: str) -> Counter[str]:
    """The relations of a document by verdict, and its claims; the article's formulas are not its own."""
    count: Counter[str] = Counter()
    for entry in domain(env).entries.get(docname, ()):
        if isinstance(entry.number, str):
            continue
        for result in entry.results:
            if entry.kind in CHECKED:
                count["wrong" if result.expect and not result else result.verdict] += 1
            elif entry.kind == "claim":
                count["claims"] += 1
    return count


def error(env: Any, docname: str) -> float:
    """The largest error of a document's relations that hold, relative to the largest term."""
    results = (result for entry in domain(env).entries.get(docname, ()) for result in entry.results)
    return max((result.max_error or 0.0 for result in results if result and result.trials), default=0.0)


def mutants(env: Any) -> dict[str, dict[str, Any]]:
    """The figures that long runs left beside the chapters: mutants, random statements, any text. Runs with
    different seeds count together."""
    path = Path(env.srcdir) / "figures.json"
    figures = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return {what: _together(list(runs.values())) for what, runs in figures.items()}


def _together(runs: list[dict[str, Any]]) -> dict[str, Any]:
    total = Counter[str]()
    for run in runs:
        total.update({key: value for key, value in run.items() if key != "date"})
    dates = sorted({run["date"] for run in runs})
    return {"date": " to ".join([*dates[:1], *dates[1:][-1:]]), **total}


def versions() -> dict[str, str]:
    """The versions of what a verdict and a page depend on."""
    return {"Python": platform.python_version()} | {name: version(name) for name in VERSIONS}


def data(env: Any) -> dict[str, Any]:
    """All of the page as plain data."""
    pages = {}
    for doc in ordered(env):
        number, unchecked = kept(env, DISPLAYS).get(doc, (0, ()))
        if count := tally(env, doc):
            pages[doc] = {
                "title": env.titles[doc].astext(), **{name: count[name] for name in COLUMNS},
                "largest error": error(env, doc), "displays": number,
                "unchecked": [{"latex": tex, "reason": reason} for tex, reason in unchecked],
            }  # fmt: skip
    return {"pages": pages, **mutants(env), "versions": versions()}


def write(app: Sphinx, failed: Exception | None) -> None:
    """Write the data beside the pages."""
    if not failed and app.builder.format == "html":
        text = json.dumps(data(app.env), indent=1, ensure_ascii=False) + "\n"
        (Path(app.outdir) / "_static" / DATA).write_text(text, "utf-8")


# What is shown

DATA = "checked.json"
VERSIONS = ("idxcalc", "jax", "numpy", "sympy", "sphinx", "myst-nb")
COLUMNS = ("proved", "tested", "wrong", "claims")
HEADS = ("", "proved", "tested", "refused", "claims", "largest error")


class RenderCounted(SphinxPostTransform):
    """Puts counts, lists and evidence in their places."""

    default_priority = 6

    def run(self, **kwargs: Any) -> None:
        for node in list(self.document.findall(counted)):
            if made := getattr(self, node["what"], None):  # else another extension's
                node.replace_self(list(made()))

    def link(self, docname: str, ident: str = "", shown: str = "") -> nodes.reference:
        return link(
            self.app.builder, self.env.docname, docname, ident, shown or self.env.titles[docname].astext()
        )

    def numbers(self) -> Iterator[nodes.Node]:
        """A row per page that has statements, and their sum."""
        rows, total, largest = [], Counter[str](), 0.0
        for doc in ordered(self.env):
            if count := tally(self.env, doc):
                total, largest = total + count, max(largest, error(self.env, doc))
                shown = [*(str(count[name]) for name in COLUMNS), f"{error(self.env, doc):.0e}"]
                rows.append([[self.link(doc)], *([nodes.Text(each)] for each in shown)])
        sums = [*(str(total[name]) for name in COLUMNS), f"{largest:.0e}"]
        last = [[nodes.strong("", each)] for each in ("together", *sums)]
        yield table(HEADS, [*rows, last], "dashboard")
        if self.app.builder.format == "html":
            where = f'<p><a href="_static/{DATA}" download>The same as JSON</a></p>'
            yield nodes.raw("", where, format="html")

    def mutation(self) -> Iterator[nodes.Node]:
        """What became of the book's relations with one edit each, of random statements and of any text; the
        figures that were kept last."""
        for name, run in mutants(self.env).items():
            figures = "; ".join(f"{key}: {value}" for key, value in run.items() if key != "date")
            yield nodes.paragraph("", f"{name.capitalize()}, {run.get('date', 'no date')}. {figures}.")

    def versions(self) -> Iterator[nodes.Node]:
        """What verified and built the book."""
        found = ", ".join(f"{name} {number}" for name, number in versions().items())
        yield nodes.paragraph("", f"{found}.")

    def unchecked(self) -> Iterator[nodes.Node]:
        """How many displays there are, how many are unchecked, and why."""
        shown = kept(self.env, DISPLAYS)
        total = sum(number for number, _ in shown.values())
        found = [(doc, *each) for doc in ordered(self.env) for each in shown.get(doc, (0, ()))[1]]
        share = f"{100 * len(found) / total:.1f} in 100" if total else "none"
        yield nodes.paragraph("", f"Displayed formulas: {total}. Unchecked: {len(found)}, which is {share}.")
        listed = nodes.bullet_list(bullet="-")
        for doc, tex, reason in found:
            words = [self.link(doc), nodes.Text(": "), nodes.math(tex, tex), nodes.Text(f" ({reason})")]
            listed += nodes.list_item("", nodes.paragraph("", "", *words))
        if found:
            yield listed

    def evidence(self) -> Iterator[nodes.Node]:
        """On paper, where no mark opens: each relation with what its verdict rests on."""
        if self.app.builder.format != "latex":
            return
        yield nodes.raw(
            "",
            r"\section{The evidence}\begingroup\footnotesize\setlength{\parskip}{2pt}\raggedright",
            format="latex",
        )
        for doc in ordered(self.env):
            lines = [
                line for entry in domain(self.env).entries.get(doc, ()) for line in self.lines(doc, entry)
            ]
            if lines:
                yield nodes.raw("", r"\par\medskip", format="latex")
                yield nodes.paragraph("", "", nodes.strong("", self.env.titles[doc].astext()))
                yield from lines
        yield nodes.raw("", r"\par\endgroup", format="latex")

    def lines(self, doc: str, entry: Any) -> Iterator[nodes.paragraph]:
        if entry.kind in ("given", "define"):
            return
        for name, result in zip(RenderStatements.names(self, entry, doc), entry.results, strict=True):
            if not name.startswith("("):  # a relation of a chain in one row, or the only one
                name = f"{title(self.env, doc, entry)} {name}".strip()
            line = nodes.paragraph()
            if entry.kind == "check":
                line += nodes.math(entry.rows[0], entry.rows[0])
            elif name:
                line += self.link(doc, entry.ident, name)
            line += [nodes.Text(" "), nodes.strong("", result.verdict)]
            for key, value in facts(result, entry.cell).items() if result else ():
                line += [nodes.Text(f"; {key} "), *typeset(value)]
            yield line


def table(
    heads: Sequence[str],
    rows: Sequence[Sequence[list[nodes.Node]]],
    *classes: str,
    widths: Sequence[int] = (),
) -> nodes.table:
    """A table of cells that are lists of nodes, with a head or without."""
    widths = widths or [40, *[15] * (len(heads) - 1)]
    group = nodes.tgroup(cols=len(widths))
    group += [nodes.colspec(colwidth=width) for width in widths]
    if heads:
        group += nodes.thead("", _row([[nodes.Text(head)] for head in heads]))
    group += nodes.tbody("", *map(_row, rows))
    return nodes.table("", group, classes=list(classes))


def _row(cells: Sequence[list[nodes.Node]]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *cell)) for cell in cells))


def written_again(app: Sphinx, env: Any) -> list[str]:
    """The page of counts, when they are not those of the last build."""
    again = changed(env, "dashboard_known", data(env)) and "evidence" in env.all_docs
    return ["evidence"] if again else []


def setup(app: Sphinx) -> dict[str, Any]:
    for name in ("numbers", "unchecked", "mutation", "versions", "evidence"):
        app.add_directive(f"book-{name}", _directive(name))
    app.add_node(counted)
    app.add_post_transform(RenderCounted)
    app.connect("doctree-read", collect)
    keep(app, DISPLAYS)
    app.connect("env-updated", written_again)
    app.connect("build-finished", write)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
