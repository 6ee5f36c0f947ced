"""The page that draws what rests on what: a band for each chapter, each statement a node and a link.

A statement rests on the definitions whose names it uses, and a claim on the statements that its cell takes.
It is *proved*, or *proved with all it rests on proved*: the second is asked of everything below it, too.

Invariant: nothing is typed; nodes, lines and states are those of the build. The table below the drawing says
the same in words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Any

from dashboard import counted, ordered, table
from docutils import nodes
from memory import changed
from proofreading import link
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from idxcalc.sphinx_ext.domain import Entry, domain, number

PAGE = "graph"
WIDTH, STEP, ROW, BAND, LEFT = 760, 46, 38, 26, 14
STATES = {
    "whole": "proved, with all it rests on",
    "proved": "proved",
    "defined": "definition",
    "claimed": "shown by a computation",
    "other": "wrong on purpose, or not proved",
}


@dataclass
class Node:
    """A statement: its document, its number, its state, the nodes it rests on, and where it is drawn."""

    doc: str
    entry: Entry
    name: str
    state: str = ""
    rests: list[Node] = field(default_factory=list)
    x: int = 0
    y: int = 0


def collected(env: Any) -> list[Node]:
    """The numbered statements of the book, in its order."""
    table = domain(env)
    found = {
        (doc, entry.ident): Node(doc, entry, number(env, doc, entry))
        for doc in ordered(env)
        for entry in table.entries.get(doc, ())
        if entry.number and isinstance(entry.number, int)
    }
    for node in found.values():
        for doc, other in table.rests(node.entry):
            if (doc, other.ident) in found:
                node.rests.append(found[doc, other.ident])
    for node in found.values():
        node.state = state(node)
    return list(found.values())


def state(node: Node) -> str:
    """The state of a node: its own verdict, and those of all below it."""
    verdicts = {result.verdict for result in node.entry.results}
    if not all(node.entry.results):
        return "other"
    if verdicts <= {"defined"}:
        return "defined"
    if verdicts == {"claimed"}:
        return "claimed"
    if verdicts != {"proved"}:
        return "other"
    return "whole" if all(sound(each, (node,)) for each in node.rests) else "proved"


def sound(node: Node, above: tuple[Node, ...]) -> bool:
    """Whether nothing below a node is in doubt; what is defined cannot be."""
    own = all(result.verdict in ("proved", "defined") for result in node.entry.results)
    return own and all(sound(each, (*above, node)) for each in node.rests if each not in above)


def shape(node: Node) -> str:
    """A shape of its own for each state: who sees no colour loses nothing."""
    x, y = node.x, node.y
    match node.state:
        case "defined":
            return f'<rect x="{x - 6}" y="{y - 6}" width="12" height="12"/>'
        case "claimed":
            return f'<path d="M{x - 6} {y + 6}L{x} {y - 7}L{x + 6} {y + 6}Z"/>'
        case "other":
            return f'<path d="M{x - 6} {y - 6}L{x + 6} {y + 6}M{x + 6} {y - 6}L{x - 6} {y + 6}"/>'
        case _:
            return f'<circle cx="{x}" cy="{y}" r="7"/>'


def curve(node: Node, other: Node) -> str:
    """A line between two nodes, bent so that it does not run through those between."""
    x, y = (node.x + other.x) // 2 + 14, (node.y + other.y) // 2 - 20 * (node.y == other.y)
    return f'<path d="M{node.x} {node.y}Q{x} {y} {other.x} {other.y}"/>'


class Graph(SphinxPostTransform):
    """Puts the drawing and its table in their place."""

    default_priority = 6

    def run(self, **kwargs: Any) -> None:
        for node in list(self.document.findall(counted)):
            if node["what"] == "graph":
                node.replace_self(list(self.drawn(collected(self.env))))

    def drawn(self, found: list[Node]) -> Iterator[nodes.Node]:
        counts = {each: sum(node.state == each for node in found) for each in STATES}
        said = "; ".join(f"{STATES[each]}: {count}" for each, count in counts.items() if count)
        yield nodes.paragraph("", f"{len(found)} statements. {said[:1].upper()}{said[1:]}.")
        if self.app.builder.format != "html":
            return
        yield nodes.raw("", f'<div class="graph">{self.svg(found)}</div>', format="html")
        yield nodes.raw("", "<details><summary>The same as a table</summary>", format="html")
        yield table(("statement", "", "state", "rests on"), list(map(self.row, found)), "graph-table")
        yield nodes.raw("", "</details>", format="html")

    def row(self, node: Node) -> list[list[nodes.Node]]:
        links = [part for each in node.rests for part in (nodes.Text(" "), self.link(each))][1:]
        return [[self.link(node)], [nodes.Text(node.entry.label)], [nodes.Text(STATES[node.state])], links]

    def link(self, node: Node) -> nodes.reference:
        return link(self.app.builder, self.env.docname, node.doc, node.entry.ident, f"({node.name})")

    def uri(self, doc: str, ident: str = "") -> str:
        return self.app.builder.get_relative_uri(self.env.docname, doc) + (f"#{ident}" if ident else "")

    def svg(self, found: list[Node]) -> str:
        y, titles, last = 0, [], ""
        for node in found:
            if node.doc != last:
                y, x, last = y + BAND + ROW, LEFT, node.doc
                name = escape(self.env.titles[node.doc].astext())
                titles.append(
                    f'<a href="{self.uri(node.doc)}"><text x="0" y="{y - ROW + 12}">{name}</text></a>'
                )
            elif x + 2 * STEP > WIDTH:
                y, x = y + ROW, LEFT
            else:
                x += STEP
            node.x, node.y = x, y
        lines = [curve(node, each) for node in found for each in node.rests]
        drawn = [
            f'<a href="{self.uri(node.doc, node.entry.ident)}" class="{node.state}">'
            f"<title>{escape(f'({node.name}) {node.entry.label}: {STATES[node.state]}')}</title>"
            f'{shape(node)}<text x="{node.x}" y="{node.y + 18}">{node.name}</text></a>'
            for node in found
        ]
        size = f'viewBox="0 0 {WIDTH} {y + BAND}" width="{WIDTH}"'
        return (
            f'<svg {size} role="group" aria-label="What rests on what">'
            f'<g class="lines">{"".join(lines)}</g><g class="chapters">{"".join(titles)}</g>'
            f'<g class="nodes">{"".join(drawn)}</g></svg>'
        )


def written_again(app: Sphinx, env: Any) -> list[str]:
    """The page, when what it draws is not what it drew last."""
    facts = [
        (node.doc, node.name, node.entry.ident, node.state, [each.name for each in node.rests])
        for node in collected(env)
    ]
    return [PAGE] if changed(env, "graph_known", facts) and PAGE in env.all_docs else []


def setup(app: Sphinx) -> dict[str, Any]:
    def run(self: SphinxDirective) -> list[nodes.Node]:
        return [counted(what="graph")]

    app.add_directive("book-graph", type("graph", (SphinxDirective,), {"run": run}))
    app.add_post_transform(Graph)
    app.connect("env-updated", written_again)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
