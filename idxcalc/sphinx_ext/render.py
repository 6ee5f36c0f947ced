"""The placeholders become standard nodes, once it is known what is being built.

HTML gets the mark as a disclosure that opens without any script; paper and plain text get the mark
beside the formula. Numbers and references are the same in all of them.

Invariant: after this transform no node of ours is left in a document.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from idxcalc.sphinx_ext.directives import displayed
from idxcalc.sphinx_ext.domain import Entry, domain, number
from idxcalc.sphinx_ext.evidence import evidence, folded
from idxcalc.sphinx_ext.faults import cells_ran
from idxcalc.sphinx_ext.marks import Mark, mark
from idxcalc.sphinx_ext.placeholders import check_node, statement_node

if TYPE_CHECKING:
    from sphinx.application import Sphinx

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
            check.replace_self([*check.children, *self.checked(inline[-1])])
        if inline and self.format == "html":
            sections = [child for child in self.document.children if isinstance(child, nodes.section)]
            (sections[-1] if sections else self.document).extend(_collected(inline))

    @property
    def format(self) -> str:
        """What is being built: html, latex, text, ..."""
        app: Sphinx = getattr(self.env, "_app", None) or self.env.app  # Sphinx 9 took the public name away
        return app.builder.format

    # Statements

    def statement(self, entry: Entry, shown: Sequence[nodes.Node], docname: str) -> nodes.Element:
        """A box: the formula with its numbers, the mark and what opens under it."""
        found = mark(entry)
        if found and found.verdict == "claimed" and not cells_ran(self.env, docname):
            found = Mark("malformed", "not shown: its cell did not run through")
        classes = ["idx-statement", f"idx-{entry.kind}", f"idx-{found.verdict if found else 'defined'}"]
        box, link = nodes.container(classes=classes), []
        if self.format == "html":
            box["ids"], link = [entry.ident], [_html(_permalink(entry))] * bool(entry.number)
        else:
            box += nodes.target("", "", ids=[entry.ident])
        said = number(self.env, docname, entry)
        if entry.kind in _CAPTIONS:
            box += link
            caption = nodes.strong("", _CAPTIONS[entry.kind])
            after = nodes.Text(f" ({said})" if entry.kind == "claim" else "")
            box += nodes.paragraph("", "", caption, after, classes=["idx-caption"])
        if entry.kind in ("define", "derive"):
            if entry.typeset and self.format != "text":
                tags = [number(self.env, docname, entry, row) for row in range(len(entry.rows))]
                shown = [displayed(entry, docname, tags)]
            else:
                plain = "\n".join(re.sub(r"(?<!\\)&", "", row) for row in entry.rows) + f"    ({said})"
                shown = [nodes.literal_block(plain, plain, language="none")]
        box += shown
        box += link if entry.kind not in _CAPTIONS else []
        box += self.foot(entry, found, docname) if found else []
        box += _refusals(entry)
        return box

    def names(self, entry: Entry, docname: str) -> list[str]:
        """What the page calls each relation: its row's number, or its place in the chain."""
        if len(entry.results) == 1:
            return [""]
        if len(entry.results) == len(entry.rows):
            return [f"({number(self.env, docname, entry, row)})" for row in range(len(entry.rows))]
        return [f"relation {n}" for n in range(1, len(entry.results) + 1)]

    def foot(self, entry: Entry, found: Mark, docname: str) -> list[nodes.Node]:
        """The line below the formula: mark and evidence."""
        classes = f"idx-mark idx-{found.verdict}"
        if self.format == "latex":
            latex = rf"{{\par\nopagebreak\vskip-\parskip\noindent\hfill\small {found.latex()}\par}}"
            return [nodes.raw("", f"\n{latex}\n", format="latex")]
        quiet = entry.kind in ("given", "define") or entry.kind == "claim" and found.verdict != "claimed"
        if self.format != "html" or quiet or not any(each or each.trials for each in entry.results):
            return [nodes.paragraph("", "", *found.shown(), classes=classes.split())]
        opening = f'<details class="idx-evidence"><summary class="{classes}" title="How this is known">'
        told = evidence(self.names(entry, docname), entry.results, entry.options.get("cell", ""))
        return list(folded(opening, found.shown(), [told]))

    # Inline relations

    def checked(self, entry: Entry) -> list[nodes.Node]:
        """The mark of a relation in a sentence, which leads to the evidence at the end of the page."""
        found = mark(entry)
        if found is None:
            return []
        if self.format == "latex":
            icon = found.latex().partition("~")[0]
            return [nodes.raw("", rf"\textsuperscript{{{icon}}}", format="latex")]
        if self.format != "html":
            return [nodes.Text(f" [{found.words}]")]
        link = (
            f'<a class="idx-mark idx-inline idx-{found.verdict}" id="{entry.ident}" '
            f'href="#evidence-{entry.ident}" title="{escape(found.words)}">'
        )
        return [_html(link), *found.shown(*["idx-heard"] * all(entry.fine)), _html("</a>")]


def _refusals(entry: Entry) -> list[nodes.Node]:
    """The refusals, whole and in sight: of what is wrong on purpose, and of what should not be."""
    pairs = zip(entry.results, entry.fine, strict=True)
    texts = [str(result) for result, fine in pairs if not (result and fine)]
    return [nodes.literal_block(text, text, language="none", classes=["idx-refusal"]) for text in texts]


def _permalink(entry: Entry) -> str:
    name = escape(entry.label or "#")
    return f'<a class="idx-permalink" href="#{entry.ident}" title="Link to this statement">{name}</a>'


def _collected(inline: list[Entry]) -> list[nodes.Node]:
    """The evidence of the relations inside sentences, one closed list at the end of the page."""
    boxes: list[nodes.Node] = []
    for entry in inline:
        tex = entry.rows[0]
        shown: nodes.Node = nodes.math(tex, tex) if entry.typeset else nodes.literal("", tex)
        head = nodes.paragraph("", "", shown, _html(f' <a href="#{entry.ident}" title="Back">↩</a>'))
        parts = [head, *_refusals(entry), evidence([""] * len(entry.results), entry.results)]
        boxes.append(
            nodes.container("", *parts, ids=[f"evidence-{entry.ident}"], classes=["idx-inline-evidence"])
        )
    opening = '<details class="idx-evidence idx-collected"><summary>'
    return list(folded(opening, [nodes.Text("Evidence of the inline relations")], boxes))


def _html(text: str) -> nodes.raw:
    return nodes.raw("", text, format="html")
