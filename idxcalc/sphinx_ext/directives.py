"""The directives and the role: each looks up what the chapter found and leaves a placeholder.

Invariant: nothing is parsed here that `idxcalc.chapters` has parsed; a statement is found again by its
kind, label and text, in the order of the document.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from docutils import nodes
from docutils.nodes import Node, system_message
from docutils.parsers.rst import directives
from sphinx.directives.patches import MathDirective
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective, SphinxRole

from idxcalc.chapters import OPTIONS
from idxcalc.sphinx_ext.domain import Entry, domain, reading
from idxcalc.sphinx_ext.layout import declarations, display, typeset


class statement_node(nodes.General, nodes.Inline, nodes.Element):
    """A statement, or a relation in a sentence, until its format is known: entry ``serial`` of ``docname``.
    Its children are what it shows whatever its verdict. `render` replaces it."""


class StatementDirective(SphinxDirective):
    """``given``, ``define``, ``derive``, ``steps`` and ``claim``; the options are read by the chapter."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec = dict.fromkeys(chain(*OPTIONS.values()), directives.unchanged)

    def run(self) -> list[Node]:
        label, text = "".join(self.arguments).strip(), "\n".join(self.content)
        known = reading(self.env).take(self.name, label, text, self.lineno)
        if known is None:
            return []
        if known.ident in self.state.document.ids:  # a heading has that name
            known = known._replace(ident=f"{known.ident}-{known.kind}")
        return [placed(self, known, *self.shown(known))]

    def shown(self, known: Entry) -> list[Node]:
        """A claim's text, the declarations, or the formula, unless its TeX is broken."""
        if known.kind == "claim":
            return self.parse_content_to_nodes()
        if known.kind != "given":
            return [formula(known, self.env.docname)] if known.typeset else []
        lines = declarations(known.rows[0])
        items = [nodes.list_item("", nodes.paragraph("", "", *typeset(line))) for line in lines]
        return [nodes.bullet_list("", *items, bullet="-", classes=["simple"])] if items else []


class CheckedMath(MathDirective):
    """Sphinx's ``math`` with ``:unchecked: reason``, which is printed below the formula."""

    option_spec = {**(MathDirective.option_spec or {}), "unchecked": directives.unchanged}

    def run(self) -> list[Node]:
        reason = self.options.pop("unchecked", "")
        said = [nodes.paragraph("", f"unchecked: {reason}", classes=["idx-unchecked"])] if reason else []
        return [*super().run(), *said]


class CheckRole(SphinxRole):
    """A relation inside a sentence or a table's cell."""

    def run(self) -> tuple[list[Node], list[system_message]]:
        known = reading(self.env).take("check", "", self.text, self.lineno)
        return [placed(self, known, inline(known)) if known else nodes.math(self.text, self.text)], []


def placed(asking: SphinxDirective | SphinxRole, known: Entry, *shown: Node) -> statement_node:
    """The placeholder of a statement."""
    node = statement_node("", *shown, **note(asking.env, known))
    for each in node.findall():
        asking.set_source_info(each)
    return node


def formula(known: Entry, docname: str, tags: Sequence[str] = ()) -> nodes.math_block:
    """The formula of a statement as one display, with a number to each row; ``screen`` is what KaTeX is to
    see, if that is otherwise."""
    tex, screen = display(known.rows, tags), display(known.screen, tags) if known.screen else ""
    off = {"nowrap": True, "no-wrap": True, "number": None, "label": None}
    return nodes.math_block(tex, tex, docname=docname, screen=screen, **off)


def inline(known: Entry) -> nodes.Element:
    """The formula of a relation in a sentence."""
    kind = nodes.math if known.typeset else nodes.literal
    return kind("", known.rows[0], screen="".join(known.screen))


def plain(text: str, *classes: str) -> nodes.literal_block:
    """A text word for word."""
    return nodes.literal_block(text, text, language="none", classes=list(classes))


def note(env: BuildEnvironment, known: Entry) -> dict[str, str | int]:
    """Enter a statement into the tables; the place by which its node finds it again."""
    table = domain(env).entries.setdefault(env.docname, [])
    table.append(known)
    return {"docname": env.docname, "serial": len(table) - 1}
