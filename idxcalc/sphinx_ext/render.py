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
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.transforms.post_transforms import SphinxPostTransform

from idxcalc.sphinx_ext.directives import check_node, formula, plain, statement_node
from idxcalc.sphinx_ext.domain import Entry, domain, numbers, title
from idxcalc.sphinx_ext.evidence import LATEX, Mark, evidence, folded, html, mark
from idxcalc.sphinx_ext.faults import cells_ran
from idxcalc.sphinx_ext.layout import unaligned
from idxcalc.verify.result import ICONS

_CAPTIONS = {"given": "Given", "define": "Definition", "claim": "Claim"}


class RenderStatements(SphinxPostTransform):
    """Replaces both placeholders; inline relations have their evidence at the end of the page."""

    default_priority = 5  # before references are resolved and languages of code are chosen

    def run(self, **kwargs: Any) -> None:
        entries = domain(self.env).entries
        for node in list(self.document.findall(statement_node)):
            docname = node["docname"]  # a document may hold others: paper is one
            node.replace_self(self.statement(entries[docname][node["serial"]], node.children, docname))
        inline = []
        for check in list(self.document.findall(check_node)):
            inline.append(entries[check["docname"]][check["serial"]])
            check.replace_self(self.checked(inline[-1], check.children))
        if inline and self.format == "html":
            sections = [child for child in self.document.children if isinstance(child, nodes.section)]
            shown = folded("Evidence of the inline relations", list(map(self.collected, inline)), _EVIDENCE)
            (sections[-1] if sections else self.document).extend(shown)

    @property
    def builder(self) -> Builder:
        """What builds; Sphinx 9 took the public name of the application away."""
        app: Sphinx = getattr(self.env, "_app", None) or self.env.app
        return app.builder

    @property
    def format(self) -> str:
        """What is being built: html, latex, text, ..."""
        return self.builder.format

    def statement(self, entry: Entry, shown: Sequence[nodes.Node], docname: str) -> nodes.Element:
        """A box: the formula with its numbers, the mark and what opens under it."""
        found = mark(entry, cells_ran(self.env, docname))
        classes = ["idx-statement", f"idx-{entry.kind}", f"idx-{found.verdict if found else 'defined'}"]
        box = nodes.container("", nodes.target("", "", ids=[entry.ident]), classes=classes)
        name, where = escape(entry.label or "#"), f'href="#{entry.ident}" title="Link to this statement"'
        link = html(f'<a class="idx-permalink" {where}>{name}</a>' if entry.number else "")
        said = title(self.env, docname, entry)
        if entry.kind in _CAPTIONS:
            after = f" {said}" if entry.kind == "claim" else ""
            caption = [nodes.strong("", _CAPTIONS[entry.kind]), nodes.Text(after)]
            box += [link, nodes.paragraph("", "", *caption, classes=["idx-caption"])]
        if entry.kind in ("given", "claim"):
            box += shown
        elif entry.kind == "steps" and all(entry.results):
            box += self.steps(entry, docname)
        elif entry.typeset and self.format != "text":
            box += formula(entry, docname, numbers(self.env, docname, entry), self.rows(entry))
        else:
            box += plain("\n".join(map(unaligned, entry.rows)) + f"    {said}")
        foot = [*self.foot(entry, found, docname), *[link] * (entry.kind not in _CAPTIONS)]
        box += nodes.container("", *foot, classes=["idx-foot"]) if self.format == "html" else foot
        box += _refusals(entry)
        return box

    def rows(self, entry: Entry) -> Sequence[str]:
        """The rows of a formula, its indices marked where a page can light them up."""
        return entry.screen if self.format == "html" and self.config.idxcalc_katex else ()

    def steps(self, entry: Entry, docname: str) -> list[nodes.Node]:
        """A derivation: what is derived, then a line for each step, the rule beside it."""
        lines = nodes.field_list(classes=["idx-lines"])
        for name, result in zip(self.names(entry, docname), entry.results, strict=True):
            ((rule, line),) = result.steps
            tex = f"= {line}" if self.format == "text" else rf"\displaystyle {{}}= {line}"
            paper = nodes.math("", LATEX[result.verdict]) if self.format == "latex" else None
            body = nodes.paragraph("", "", nodes.math(tex, tex), nodes.Text(" "))
            body += [paper or nodes.Text(ICONS[result.verdict]), nodes.Text(f" {name}")]
            lines += nodes.field("", nodes.field_name("", rule), nodes.field_body("", body))
        target = entry.results[0].source
        return [nodes.paragraph("", "", nodes.math(target, target)), lines]

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
            parts += folded("show the sums", [formula(entry, docname, (), entry.sums)], ' class="idx-sums"')
        return parts

    def rests(self, entry: Entry) -> list[nodes.Node]:
        """Links to what a statement rests on."""
        links = []
        for doc, other in domain(self.env).rests(entry):
            if other.number:
                uri = self.builder.get_relative_uri(self.env.docname, doc) + f"#{other.ident}"
                said = title(self.env, doc, other)
                links += [nodes.Text(" "), nodes.reference("", said, internal=True, refuri=uri)]
        return [nodes.paragraph("", "rests on", *links)] if links else []

    def checked(self, entry: Entry, shown: Sequence[nodes.Node]) -> list[nodes.Node]:
        """A relation in a sentence, its mark leading to the evidence at the end of the page."""
        found = mark(entry)
        rows = self.rows(entry) if entry.typeset else ()
        shown = [nodes.math(rows[0], rows[0])] if rows else list(shown)
        if found is None:
            return shown
        if self.format == "latex":
            return [*shown, nodes.raw("", rf"\textsuperscript{{\({LATEX[found.verdict]}\)}}", format="latex")]
        if self.format != "html":
            return [*shown, nodes.Text(f" [{found.words}]")]
        link = (
            f'<a class="idx-mark idx-inline idx-{found.verdict}" id="{entry.ident}" '
            f'href="#evidence-{entry.ident}" title="{escape(found.words)}">'
        )
        words = found.shown(*["idx-heard"] * all(each.ok for each in entry.results))
        return [*shown, html(link), *words, html("</a>")]

    def collected(self, entry: Entry) -> nodes.container:
        """The evidence of a relation inside a sentence, for the end of the page."""
        tex = entry.rows[0]
        shown: nodes.Node = nodes.math(tex, tex) if entry.typeset else nodes.literal("", tex)
        head = nodes.paragraph("", "", shown, html(f' <a href="#{entry.ident}" title="Back">↩</a>'))
        parts = [head, *_refusals(entry), *evidence(entry, [""] * len(entry.results)), *self.rests(entry)]
        return nodes.container("", *parts, ids=[f"evidence-{entry.ident}"], classes=["idx-inline-evidence"])


_EVIDENCE = ' class="idx-evidence"'


def _refusals(entry: Entry) -> list[nodes.Node]:
    """The refusals, whole and in sight: of what is wrong on purpose, and of what should not be."""
    return [plain(str(result), "idx-refusal") for result in entry.results if not (result and result.ok)]
