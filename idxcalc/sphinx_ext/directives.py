"""The directives and the role: each looks up what the chapter found and leaves a placeholder.

Invariant: nothing is parsed here that `idxcalc.chapters` has parsed; a statement is found again by its
kind, label and text, in the order of the document.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from docutils import nodes
from docutils.nodes import Node, system_message
from docutils.parsers.rst import directives
from sphinx.directives.patches import MathDirective
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective, SphinxRole

from idxcalc.chapters import OPTIONS
from idxcalc.sphinx_ext.domain import Entry, domain
from idxcalc.sphinx_ext.layout import declarations, display, typeset
from idxcalc.sphinx_ext.reading import entry, reading


class statement_node(nodes.General, nodes.Element):
    """A statement, entry ``serial`` of ``docname``, until its format is known; its children are what it shows
    whatever its verdict. `render` replaces it."""


class check_node(nodes.Inline, nodes.TextElement):
    """A relation inside a sentence: places as above; its child is the formula."""


class StatementDirective(SphinxDirective):
    """``given``, ``define``, ``derive``, ``steps`` and ``claim``; the options are read by the chapter."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[Node]:
        label, found = "".join(self.arguments).strip(), reading(self.env)
        statement = found.take(self.name, label, "\n".join(self.content), self.lineno)
        if statement is None:
            return []  # a fault, which says why
        known = entry(self.env, found, statement)
        if known.ident in self.state.document.ids:  # a heading has that name
            known = replace(known, ident=f"{known.ident}-{known.kind}")
        node = statement_node("", *self.shown(known), **note(self.env, known))
        for each in node.findall():
            self.set_source_info(each)
        return [node]

    def shown(self, known: Entry) -> list[Node]:
        """A claim's text, the declarations, or the formula."""
        if known.kind == "claim":
            return self.parse_content_to_nodes()
        return _declared(known.rows[0]) if known.kind == "given" else [formula(known, self.env.docname)]


class CheckedMath(MathDirective):
    """Sphinx's ``math`` with ``:unchecked: reason``, which is printed below the formula."""

    option_spec = {**(MathDirective.option_spec or {}), "unchecked": directives.unchanged}

    def run(self) -> list[Node]:
        reason = self.options.pop("unchecked", "")
        shown = super().run()
        if reason:
            shown.append(nodes.paragraph("", f"unchecked: {reason}", classes=["idx-unchecked"]))
        return shown


class CheckRole(SphinxRole):
    """A relation inside a sentence or a table's cell."""

    def run(self) -> tuple[list[Node], list[system_message]]:
        found = reading(self.env)
        statement = found.take("check", "", self.text, self.lineno)
        if statement is None:
            return [nodes.math(self.text, self.text)], []
        known = entry(self.env, found, statement)
        shown = nodes.math if known.typeset else nodes.literal
        node = check_node("", "", shown("", self.text), **note(self.env, known))
        self.set_source_info(node)
        return [node], []


def formula(
    known: Entry, docname: str, tags: Sequence[str] = (), rows: Sequence[str] = ()
) -> nodes.math_block | nodes.literal_block:
    """The formula of a statement as one display, with a number to each row; broken TeX as it was typed."""
    if not known.typeset:
        return plain("\n".join(known.rows))
    tex = display(rows or known.rows, tags)
    return nodes.math_block(
        tex, tex, docname=docname, number=None, label=None, nowrap=True, **{"no-wrap": True}
    )


def plain(text: str, *classes: str) -> nodes.literal_block:
    """A text word for word."""
    return nodes.literal_block(text, text, language="none", classes=list(classes))


def _declared(text: str) -> list[nodes.Node]:
    """The declarations, a line each."""
    lines = [nodes.list_item("", nodes.paragraph("", "", *typeset(line))) for line in declarations(text)]
    return [nodes.bullet_list("", *lines, bullet="-", classes=["simple"])] if lines else []


def note(env: BuildEnvironment, known: Entry) -> dict[str, str | int]:
    """Enter a statement into the tables; the place by which its node finds it again."""
    table = domain(env).entries.setdefault(env.docname, [])
    table.append(known)
    if known.label:
        standard, place = env.domains.standard_domain, (env.docname, known.ident)
        standard.anonlabels[known.label] = place
        standard.labels[known.label] = (*place, f"({known.number})")  # `number_labels` makes it final
    return {"docname": env.docname, "serial": len(table) - 1}


def _directive(name: str) -> type[SphinxDirective]:
    options = dict.fromkeys(OPTIONS[name], directives.unchanged)
    return type(f"{name.title()}Directive", (StatementDirective,), {"option_spec": options})


DIRECTIVES = {"math": CheckedMath} | {name: _directive(name) for name in OPTIONS if name != "math"}
ROLES = {"check": CheckRole()}
