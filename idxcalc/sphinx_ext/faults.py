"""What fails the build: gathered per document while reading, said once when all are read.

A statement that is not as its chapter says, a formula that cannot be typeset, a cell that raised. All
are reported, also those of documents that did not change since the last build, and then the build ends
with a status other than 0.

Invariant: the text of a statement's fault is ``str(result)``, as in the shell and in pytest.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.nodes import traverse_parent

from idxcalc.chapters.store import environment
from idxcalc.chapters.text import load
from idxcalc.errors import IdxcalcError
from idxcalc.sphinx_ext.domain import domain
from idxcalc.sphinx_ext.katex import TexError, html
from idxcalc.sphinx_ext.reading import reading, shown_path
from idxcalc.verify.result import Result

logger = logging.getLogger(__name__)


def fingerprint(app: Sphinx, config: Config) -> None:
    """Make the environment depend on the package: an edit of it has everything read and checked anew."""
    config.idxcalc_fingerprint = environment()


def unreadable(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """What is no text would stop Sphinx at once; it is a fault, and the rest of the book is still read."""
    for docname in {*domain(env).faults} - env.found_docs:
        del domain(env).faults[docname]
    for docname in [*docnames]:
        try:
            load(Path(env.doc2path(docname)))
        except IdxcalcError as error:
            docnames.remove(docname)
            env.project.docnames.discard(docname)
            said = Result("malformed", error=error.message, file=shown_path(env, docname), line=1, column=1)
            domain(env).faults[docname] = [str(said)]


def collect(app: Sphinx, doctree: nodes.document) -> None:
    """Gather the faults of the document just read; only Markdown can hold statements."""
    env = app.env
    found: list[str] = []
    if Path(env.doc2path(env.docname)).suffix == ".md":
        read = reading(env)
        for path in read.used():
            env.note_dependency(str(path))
        # Where a cell failed in the build, the chapter runs its cells itself, to name the line.
        results = read.chapter.all(cells=cells_ran(env, env.docname) is False)
        found += [str(result) for result in results if not result.ok]
        found += [
            f"{each.file}:{each.line}:{each.column}: this {each.kind} is not shown by the page; a statement "
            "stands in the text itself"
            for each in read.waiting
        ]
        found += read.strange
    if env.config.idxcalc_katex:
        found += _broken_tex(env, doctree)
    domain(env).faults[env.docname] = found


def _broken_tex(env: BuildEnvironment, doctree: nodes.document) -> Iterator[str]:
    """The formulas that KaTeX refuses, in prose and in statements."""
    for node in doctree.findall():
        if isinstance(node, nodes.math | nodes.math_block):
            try:
                html(node, env.config)
            except TexError as error:
                line = next((around.line for around in traverse_parent(node) if around.line), 1)
                yield f"{shown_path(env, env.docname)}:{line}:1: TeX that cannot be typeset: {error}"


def report(app: Sphinx, env: BuildEnvironment) -> None:
    """Log every fault of the book and make the build end with status 1."""
    for docname in sorted(domain(env).faults):
        for text in domain(env).faults.get(docname, ()):
            # The text starts a line, so that an editor finds file, line and column.
            logger.error("not as it should be:\n%s", text)
            app.statuscode = 1


def cells_ran(env: BuildEnvironment, docname: str) -> bool | None:
    """Whether the document's cells all ran; None where nothing ran them. MyST-NB keeps the outcome."""
    run = getattr(env, "nb_metadata", {}).get(docname, {}).get("exec_data")
    return bool(run["succeeded"]) if run else None
