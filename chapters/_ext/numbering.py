"""Chapters are numbered through all parts of the book, in HTML as on paper.

Sphinx begins each numbered table of contents at 1, so that two chapters would share a number, and their
formulas too. The numbers of later parts are raised by the chapters before them.

Invariant: Sphinx compares the numbers that it made itself with its own of the last build, or it would have
those pages written anew each time; so they are put back before it counts.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx


def put_back(app: Sphinx, env: Any) -> list[str]:
    """Sphinx's own numbers."""
    env.toc_secnumbers = getattr(env, "numbering_plain", env.toc_secnumbers)
    return []


def raise_numbers(app: Sphinx, env: Any) -> list[str]:
    """The book's numbers; the documents whose numbers are not those of the last build."""
    plain, raised, before = env.toc_secnumbers, {}, 0
    for tree in env.get_doctree(env.config.root_doc).findall(addnodes.toctree):
        if tree["numbered"]:
            for docname in _below(env, tree["includefiles"]):
                raised[docname] = {
                    key: (number[0] + before, *number[1:]) for key, number in plain.get(docname, {}).items()
                }
                for shown in (*env.tocs[docname].findall(nodes.reference), env.titles[docname]):
                    if shown.get("secnumber"):
                        shown["secnumber"] = (shown["secnumber"][0] + before, *shown["secnumber"][1:])
            before += len(tree["includefiles"])
    known = getattr(env, "numbering_raised", {})
    env.numbering_plain, env.numbering_raised = plain, raised
    env.toc_secnumbers = plain | raised
    return [docname for docname in raised if docname in known and known[docname] != raised[docname]]


def _below(env: Any, docnames: list[str]) -> list[str]:
    return [each for name in docnames for each in (name, *_below(env, env.toctree_includes.get(name, [])))]


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("env-get-updated", put_back, priority=400)
    app.connect("env-get-updated", raise_numbers, priority=600)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
