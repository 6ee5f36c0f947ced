"""What fails the build: gathered per document while reading, said once when all are read.

A statement that is not as its chapter says, a formula that cannot be typeset, a cell that raised. All
are reported, also those of documents that did not change since the last build, and then the build ends
with a status other than 0.

Invariant: the text of a statement's fault is ``str(result)``, as in the shell and in pytest.
"""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.nodes import traverse_parent

from idxcalc.chapters import chapter
from idxcalc.chapters.text import load, named
from idxcalc.errors import IdxcalcError
from idxcalc.sphinx_ext.domain import domain, reading
from idxcalc.sphinx_ext.katex import answer

logger = logging.getLogger(__name__)


def unreadable(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """What is no text would stop Sphinx at once; it is a fault, and the rest of the book is still read."""
    faults = domain(env).faults
    for gone in {*faults} - env.found_docs:
        del faults[gone]
    for docname in [*docnames]:
        try:
            load(Path(env.doc2path(docname)))
        except IdxcalcError:
            docnames.remove(docname)
            env.project.docnames.discard(docname)
            faults[docname] = [str(each) for each in chapter(env.doc2path(docname)).problems]


def collect(app: Sphinx, doctree: nodes.document) -> None:
    """Gather the faults of the document just read; only Markdown can hold statements. The formulas that KaTeX
    refuses stand in prose and in statements."""
    env, found = app.env, []
    if (path := Path(env.doc2path(env.docname))).suffix == ".md":
        read = reading(env)
        for used in read.used():
            env.note_dependency(used)
        # Where a cell failed in the build, the chapter runs its cells itself, to name the line.
        results = read.all(cells=cells_ran(env, env.docname) is False)
        lost = "is not shown by the page; a statement stands in the text itself"
        found = [str(result) for result in results if not result.ok] + read.strange
        found += [f"{each.file}:{each.line}:{each.column}: this {each.kind} {lost}" for each in read.waiting]
    if env.config.idxcalc_katex:
        formulas = (each for each in doctree.findall() if isinstance(each, nodes.math | nodes.math_block))
        for node in formulas:
            if error := answer(node, env.config).get("error"):
                line = next((around.line for around in traverse_parent(node) if around.line), 1)
                found.append(f"{named(path)}:{line}:1: TeX that cannot be typeset: {error}")
    domain(env).faults[env.docname] = found


def report(app: Sphinx, env: BuildEnvironment) -> None:
    """Log every fault of the book and make the build end with status 1."""
    for _, texts in sorted(domain(env).faults.items()):
        for text in texts:
            # The text starts a line, so that an editor finds file, line and column.
            logger.error("not as it should be:\n%s", text)
            app.statuscode = 1


def cells_ran(env: BuildEnvironment, docname: str) -> bool | None:
    """Whether the document's cells all ran; None where nothing ran them. MyST-NB keeps the outcome."""
    run = getattr(env, "nb_metadata", {}).get(docname, {}).get("exec_data")
    return bool(run["succeeded"]) if run else None
