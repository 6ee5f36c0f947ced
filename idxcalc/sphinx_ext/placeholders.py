"""The two placeholders that stand in a document until its format is known.

Invariant: neither reaches a writer; `render` replaces both by standard docutils nodes, so no builder
needs to know them.
"""

from __future__ import annotations

from docutils import nodes


class statement_node(nodes.General, nodes.Element):
    """A statement, entry ``serial`` of ``docname``; its children are what it shows."""


class check_node(nodes.Inline, nodes.TextElement):
    """A relation inside a sentence: places as above; its child is the formula."""
