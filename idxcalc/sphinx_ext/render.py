"""The placeholders become standard nodes, once it is known what is being built.

HTML gets the mark as a disclosure that opens without any script; paper and plain text get the mark
beside the formula. Numbers and references are the same in all of them.

Invariant: after this transform no node of ours is left in a document.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from idxcalc.sphinx_ext.directives import formula, inline, math, plain, statement_node
from idxcalc.sphinx_ext.domain import Entry, domain, numbers, title
from idxcalc.sphinx_ext.evidence import LATEX, Mark, evidence, fields, folded, html, mark
from idxcalc.sphinx_ext.faults import cells_ran
from idxcalc.sphinx_ext.layout import display, unaligned
from idxcalc.verify.result import ICONS

_CAPTIONS = {"given": "Given", "define": "Definition", "claim": "Claim"}
_EVIDENCE = ' class="idx-evidence"'


class RenderStatements(SphinxPostTransform):
    """Replaces the placeholders; inline relations have their evidence at the end of the page."""

    default_priority = 5  # before references are resolved and languages of code are chosen

    def run(self, **kwargs: Any) -> None:
        app = getattr(self.env, "_app", None) or self.env.app  # Sphinx 9 took the public name away
        self.builder, self.format = app.builder, app.builder.format
        gathered = []
        for node in list(self.document.findall(statement_node)):
            docname = node["docname"]  # a document may hold others: paper is one
            entry = domain(self.env).entries[docname][node["serial"]]
            if entry.kind == "check":
                gathered.append(entry)
                node.replace_self(self.checked(entry, node.children))
            else:
                node.replace_self(self.statement(entry, node.children, docname))
        if gathered and self.format == "html":
            sections = [child for child in self.document.children if isinstance(child, nodes.section)]
            head = nodes.Text("Evidence of the inline relations")
            shown = folded([head], list(map(self.collected, gathered)), _EVIDENCE)
            (sections[-1] if sections else self.document).extend(shown)

    def statement(self, entry: Entry, shown: Sequence[nodes.Node], docname: str) -> nodes.Element:
        """A box: the formula with its numbers, the mark and what opens under it."""
        found, said = mark(entry, cells_ran(self.env, docname)), title(self.env, docname, entry)
        classes = ["idx-statement", f"idx-{entry.kind}", f"idx-{found.verdict if found else 'defined'}"]
        box = nodes.container("", nodes.target("", "", ids=[entry.ident]), classes=classes)
        name, where = escape(entry.label or "#"), f'href="#{entry.ident}" title="Link to this statement"'
        link = [html(f'<a class="idx-permalink" {where}>{name}</a>')] if entry.number else []
        if entry.kind in _CAPTIONS:
            after = nodes.Text(f" {said}" if entry.kind == "claim" else "")
            caption = [nodes.strong("", _CAPTIONS[entry.kind]), after]
            box += [*link, nodes.paragraph("", "", *caption, classes=["idx-caption"])]
        if entry.kind in ("given", "claim"):
            box += shown
        elif entry.kind == "steps" and all(entry.results):
            box += self.steps(entry, docname)
        elif entry.typeset and self.format != "text":
            box += formula(entry, docname, numbers(self.env, docname, entry))
        else:
            box += plain("\n".join(map(unaligned, entry.rows)) + f"    {said}")
        foot = [*self.foot(entry, found, docname), *(link if entry.kind not in _CAPTIONS else [])]
        box += nodes.container("", *foot, classes=["idx-foot"]) if self.format == "html" else foot
        box += _refusals(entry)
        return box

    def steps(self, entry: Entry, docname: str) -> list[nodes.Node]:
        """A derivation: what is derived, then a line for each step, the rule beside it."""
        lines = []
        for name, result in zip(self.names(entry, docname), entry.results, strict=True):
            ((rule, line),) = result.steps
            tex = f"= {line}" if self.format == "text" else rf"\displaystyle {{}}= {line}"
            paper, icon = nodes.math("", LATEX[result.verdict]), nodes.Text(ICONS[result.verdict])
            shown = paper if self.format == "latex" else icon
            lines.append((rule, [nodes.math(tex, tex), nodes.Text(" "), shown, nodes.Text(f" {name}")]))
        target = entry.results[0].source
        return [nodes.paragraph("", "", nodes.math(target, target)), *fields(lines, "idx-lines")]

    def names(self, entry: Entry, docname: str) -> list[str]:
        """What the page calls each relation: its row's number, or its place in the chain."""
        if len(entry.results) == 1:
            return [""]
        if len(entry.results) == len(entry.rows):
            return numbers(self.env, docname, entry)
        return [f"relation {n}" for n in range(1, len(entry.results) + 1)]

    def foot(self, entry: Entry, found: Mark | None, docname: str) -> list[nodes.Node]:
        """The line below the formula: what opens to the evidence, and to the sums written out."""
        if found and self.format == "latex":
            words = rf"\({LATEX[found.verdict]}\)~{found.words}"
            latex = rf"{{\par\nopagebreak\vskip-\parskip\noindent\hfill\small {words}\par}}"
            return [nodes.raw("", f"\n{latex}\n", format="latex")]
        parts: list[nodes.Node] = []
        classes = f"idx-mark idx-{found.verdict}" if found else ""
        if found and self.format == "html" and any(each or each.trials for each in entry.results):
            told = [*evidence(entry, self.names(entry, docname)), *self.rests(entry)]
            parts = folded(found.shown(), told, _EVIDENCE, f' class="{classes}" title="How this is known"')
        elif found:
            parts = [nodes.paragraph("", "", *found.shown(), classes=classes.split())]
        if entry.sums and self.format == "html":
            shown = math(display(entry.sums), docname)
            parts += folded([nodes.Text("show the sums")], [shown], ' class="idx-sums"')
        return parts

    def rests(self, entry: Entry) -> list[nodes.Node]:
        """Links to what a statement rests on."""
        links: list[nodes.Node] = []
        for doc, other in domain(self.env).rests(entry):
            if other.number:
                uri = self.builder.get_relative_uri(self.env.docname, doc) + f"#{other.ident}"
                said = title(self.env, doc, other)
                links += [nodes.Text(" "), nodes.reference("", said, internal=True, refuri=uri)]
        return [nodes.paragraph("", "rests on", *links)] if links else []

    def checked(self, entry: Entry, shown: Sequence[nodes.Node]) -> Sequence[nodes.Node]:
        """A relation in a sentence, its mark leading to the evidence at the end of the page."""
        if (found := mark(entry)) is None:
            return shown
        if self.format == "latex":
            return [*shown, nodes.raw("", rf"\textsuperscript{{\({LATEX[found.verdict]}\)}}", format="latex")]
        if self.format != "html":
            return [*shown, nodes.Text(f" [{found.words}]")]
        classes, where = f"idx-mark idx-inline idx-{found.verdict}", f'href="#evidence-{entry.ident}"'
        link = html(f'<a class="{classes}" id="{entry.ident}" {where} title="{escape(found.words)}">')
        return [
            *shown,
            link,
            *found.shown(*["idx-heard"] * all(each.ok for each in entry.results)),
            html("</a>"),
        ]

    def collected(self, entry: Entry) -> nodes.container:
        """The evidence of a relation inside a sentence, for the end of the page."""
        back = html(f' <a href="#{entry.ident}" title="Back">↩</a>')
        parts = [nodes.paragraph("", "", inline(entry), back), *_refusals(entry)]
        parts += [*evidence(entry, [""] * len(entry.results)), *self.rests(entry)]
        return nodes.container("", *parts, ids=[f"evidence-{entry.ident}"], classes=["idx-inline-evidence"])


def _refusals(entry: Entry) -> list[nodes.Node]:
    """The refusals, whole and in sight: of what is wrong on purpose, and of what should not be."""
    return [plain(str(result), "idx-refusal") for result in entry.results if not (result and result.ok)]
