"""The directives and the role: each looks up what the chapter found and leaves a placeholder.

Invariant: nothing is parsed here that `idxcalc.chapters` has parsed; a statement is found again by its
kind, label and text, in the order of the document.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.directives.patches import MathDirective
from sphinx.util.docutils import SphinxDirective, SphinxRole

from idxcalc.chapters import OPTIONS
from idxcalc.errors import IdxcalcError
from idxcalc.sphinx_ext.domain import Entry, domain
from idxcalc.sphinx_ext.layout import declarations, display, rows
from idxcalc.sphinx_ext.placeholders import check_node, statement_node
from idxcalc.sphinx_ext.reading import Reading, reading

if TYPE_CHECKING:
    from docutils.nodes import Node, system_message
    from sphinx.environment import BuildEnvironment

    from idxcalc.chapters import Statement
    from idxcalc.verify.result import Result

NUMBERED = ("define", "derive", "claim")


class StatementDirective(SphinxDirective):
    """``given``, ``define``, ``derive`` and ``claim``; the options are read by the chapter."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[Node]:
        label = self.arguments[0].strip() if self.arguments else ""
        found = reading(self.env)
        statement = found.take(self.name, label, "\n".join(self.content), self.lineno)
        if statement is None:
            return []  # a fault, which says why
        entry = _entry(self.env, found, statement)
        if entry.ident in self.state.document.ids:  # a heading has that name
            entry = replace(entry, ident=f"{entry.ident}-{entry.kind}")
        node = statement_node("", *self.shown(entry), **_note(self.env, entry))
        for each in node.findall():
            self.set_source_info(each)
        return [node]

    def shown(self, entry: Entry) -> list[Node]:
        """What stands in the statement whatever its verdict: the formula, or a claim's text."""
        if entry.kind == "claim":
            return self.parse_content_to_nodes()
        if entry.kind == "given":
            return [_declared(entry.rows[0])] if entry.rows[0] else []
        if not entry.typeset:
            return [nodes.literal_block("", "\n".join(entry.rows), language="none")]
        return [displayed(entry, self.env.docname)]


class CheckedMath(MathDirective):
    """Sphinx's ``math`` with ``:unchecked: reason``, which is printed below the formula."""

    option_spec = {
        **(MathDirective.option_spec or {}),
        "unchecked": directives.unchanged,
    }

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
        entry = _entry(self.env, found, statement)
        shown = nodes.math if entry.typeset else nodes.literal
        node = check_node("", "", shown("", self.text), **_note(self.env, entry))
        self.set_source_info(node)
        return [node], []


def displayed(entry: Entry, docname: str, tags: Sequence[str] = ()) -> nodes.math_block:
    """The formula of a statement as one display, with a number to each row."""
    tex = display(entry.rows, tags)
    return nodes.math_block(
        tex, tex, docname=docname, number=None, label=None, nowrap=True, **{"no-wrap": True}
    )


def _declared(text: str) -> nodes.bullet_list:
    """The declarations, a line each: formula and words."""
    found = nodes.bullet_list(bullet="-", classes=["simple"])
    for line in declarations(text):
        words = [nodes.math(each, each) if kind == "math" else nodes.inline("", each) for kind, each in line]
        spaced = [node for word in words for node in (nodes.Text(" "), word)][1:]
        found += nodes.list_item("", nodes.paragraph("", "", *spaced))
    return found


def _entry(env: BuildEnvironment, found: Reading, statement: Statement) -> Entry:
    """A statement with its results and its number in the document."""
    table = domain(env).entries.get(env.docname, [])
    results, body = found.chapter.results(statement), statement.body
    split = rows(body, statement.kind == "define") if statement.kind in ("define", "derive") else (body,)
    return Entry(
        kind=statement.kind,
        ident=nodes.make_id(statement.label or f"{env.docname}-{statement.kind}-{len(table) + 1}"),
        label=statement.label,
        number=1 + sum(each.number > 0 for each in table) if statement.kind in NUMBERED else 0,
        rows=split,
        results=tuple(map(_kept, results)),
        fine=tuple(each.ok for each in results),
        options={name: str(value) for name, value in statement.options.items()},
        typeset=all(result.verdict != "malformed" for result in results) or _readable(found, statement),
    )


def _readable(found: Reading, statement: Statement) -> bool:
    """Whether a formula, wrong as it is, can be read at all; what cannot is not typeset either."""
    try:
        found.chapter.context(statement).count(statement.body)
    except IdxcalcError:
        return False
    return True


def _kept(result: Result) -> Result:
    """A result as the environment keeps it: plain data, the program written out."""
    found = result.counterexample and replace(result.counterexample, values={})
    return replace(result, snippet=str(result.snippet), chain=(), counterexample=found)


def _note(env: BuildEnvironment, entry: Entry) -> dict[str, str | int]:
    """Enter a statement into the tables; the place by which its node finds it again."""
    table = domain(env).entries.setdefault(env.docname, [])
    table.append(entry)
    if entry.label:
        standard, place = env.domains.standard_domain, (env.docname, entry.ident)
        standard.anonlabels[entry.label] = place
        standard.labels[entry.label] = (*place, f"({entry.number})")  # `number_labels` makes it final
    return {"docname": env.docname, "serial": len(table) - 1}


def _directive(name: str) -> type[SphinxDirective]:
    options = dict.fromkeys(OPTIONS[name], directives.unchanged)
    return type(f"{name.title()}Directive", (StatementDirective,), {"option_spec": options})


DIRECTIVES = {"math": CheckedMath} | {name: _directive(name) for name in OPTIONS if name != "math"}
ROLES = {"check": CheckRole()}
