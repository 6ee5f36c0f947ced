r"""The face of the package inside Sphinx: what a reader sees is what was checked.

The directives ``given``, ``define``, ``derive``, ``steps``, ``claim`` and the role ``check`` typeset the
author's own TeX. Beside each formula stands one mark, and under the mark its evidence.

Invariant: no verdict is made here. `idxcalc.chapters` reads the same file and judges it; this room looks
its results up, shows them, and fails the build for those that are not as the chapter says.
"""

from __future__ import annotations

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from idxcalc.chapters import OPTIONS
from idxcalc.chapters.store import environment
from idxcalc.sphinx_ext import domain, faults, katex
from idxcalc.sphinx_ext.directives import CheckedMath, CheckRole, StatementDirective, statement_node
from idxcalc.sphinx_ext.render import RenderStatements


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the parts; all work happens in them."""
    app.add_node(statement_node)
    app.add_domain(domain.StatementDomain)
    for name in OPTIONS:
        app.add_directive(name, CheckedMath if name == "math" else StatementDirective, override=True)
    app.add_role("check", CheckRole(), override=True)
    app.add_post_transform(RenderStatements)

    # By its fingerprint, an edit of the package has everything read and checked anew.
    for setting, default in {"katex": "_build/katex", "macros": {}, "fingerprint": environment()}.items():
        app.add_config_value(f"idxcalc_{setting}", default, "env", types=frozenset({type(default)}))
    app.add_html_math_renderer("idxcalc", inline_renderers=katex.RENDERER, block_renderers=katex.RENDERER)

    app.connect("config-inited", katex.configure)
    app.connect("builder-inited", katex.static_files)
    app.connect("env-before-read-docs", faults.unreadable)
    app.connect("doctree-read", faults.collect)
    app.connect("env-get-updated", domain.number_labels, priority=900)  # after pages have their numbers
    app.connect("env-updated", faults.report)
    return {"version": "1", "env_version": 3, "parallel_read_safe": True, "parallel_write_safe": True}
