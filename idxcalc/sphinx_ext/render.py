"""The placeholders become standard nodes, once it is known what is being built.

HTML gets the mark as a disclosure that opens without any script; paper and plain text get the mark
beside the formula. Numbers and references are the same in all of them.

Invariant: after this transform no node of ours is left in a document.
"""

from __future__ import annotations

import re
import shutil
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from idxcalc.sphinx_ext.directives import displayed
from idxcalc.sphinx_ext.domain import Entry, domain, number
from idxcalc.sphinx_ext.evidence import evidence
from idxcalc.sphinx_ext.faults import cells_ran
from idxcalc.sphinx_ext.marks import Mark, mark
from idxcalc.sphinx_ext.placeholders import check_node, statement_node

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_STATIC = Path(__file__).parent / "static"
_CAPTIONS = {"given": "Given", "define": "Definition", "claim": "Claim"}


def static_files(app: Sphinx) -> None:
    """Put the style sheet beside the pages."""
    if app.builder.format == "html":
        # Not by `html_static_path`: a changed setting would have every page written anew.
        target = Path(app.outdir) / "_static"
        target.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_STATIC / "idxcalc.css", target / "idxcalc.css")
        app.add_css_file("idxcalc.css")


class RenderStatements(SphinxPostTransform):
    """Replaces both placeholders; inline relations have their evidence at the end of the page."""

    default_priority = 5  # before references are resolved and languages of code are chosen

    def run(self, **kwargs: Any) -> None:
        html = self.format == "html"
        entries = domain(self.env).entries
        for node in list(self.document.findall(statement_node)):
            docname = node["docname"]  # a document may hold others: paper is one
            node.replace_self(self.statement(entries[docname][node["serial"]], node.children, docname, html))
        inline = []
        for check in list(self.document.findall(check_node)):
            entry = entries[check["docname"]][check["serial"]]
            check.replace_self(self.check(entry, check.children, html))
            inline.append(entry)
        if inline and html:
            self.ending().extend(_collected(inline))

    def ending(self) -> nodes.Element:
        """The section that ends the page."""
        sections = [child for child in self.document.children if isinstance(child, nodes.section)]
        return sections[-1] if sections else self.document

    @property
    def format(self) -> str:
        """What is being built: html, latex, text, ..."""
        app: Sphinx = getattr(self.env, "_app", None) or self.env.app  # Sphinx 9 took the public name away
        return app.builder.format

    # Statements

    def statement(self, entry: Entry, shown: list[nodes.Node], docname: str, html: bool) -> nodes.Element:
        """A box: the formula with its numbers, the mark and what opens under it."""
        found = mark(entry)
        if found and found.verdict == "claimed" and not cells_ran(self.env, docname):
            found = Mark("malformed", "not shown: its cell did not run through")
        verdict = found.verdict if found else "defined"
        classes = ["idx-statement", f"idx-{entry.kind}", f"idx-{verdict}"]
        box = nodes.container(classes=classes, ids=[entry.ident])
        if not html:
            box += nodes.target("", "", ids=[entry.ident])
            box["ids"] = []
        link = [_html(_permalink(entry))] if entry.number and html else []
        if entry.kind in _CAPTIONS:
            box += link
            caption = nodes.paragraph("", classes=["idx-caption"])
            caption += nodes.strong("", _CAPTIONS[entry.kind])
            if entry.kind == "claim":
                caption += nodes.Text(f" ({number(self.env, docname, entry)})")
            box += caption
        if entry.kind in ("define", "derive") and entry.typeset and self.format != "text":
            tags = tuple(number(self.env, docname, entry, row) for row in range(len(entry.rows)))
            shown = [displayed(entry, docname, tags)]
        elif entry.kind in ("define", "derive"):
            plain = (
                "\n".join(re.sub(r"(?<!\\)&", "", row) for row in entry.rows)
                + f"    ({number(self.env, docname, entry)})"
            )
            shown = [nodes.literal_block(plain, plain, language="none")]
        box += shown
        if entry.kind not in _CAPTIONS:
            box += link
        box += self.foot(entry, found, self.names(entry, docname), html)
        box += _refusals(entry)
        return box

    def names(self, entry: Entry, docname: str) -> list[str]:
        """What the page calls each relation: its row's number, or its place in the chain."""
        if len(entry.results) == 1:
            return [""]
        if len(entry.results) == len(entry.rows):
            return [f"({number(self.env, docname, entry, row)})" for row in range(len(entry.rows))]
        return [f"relation {n}" for n in range(1, len(entry.results) + 1)]

    def foot(self, entry: Entry, found: Mark | None, names: list[str], html: bool) -> list[nodes.Node]:
        """The line below the formula: mark and evidence."""
        if not html:
            return [self.printed(found)] if found else []
        if found is None:
            return []
        quiet = entry.kind in ("given", "define") or entry.kind == "claim" and found.verdict != "claimed"
        if quiet or not any(_opens(result) for result in entry.results):
            return [_html(f'<p class="idx-mark idx-{found.verdict}">{found.html()}</p>')]
        opening = (
            f'<details class="idx-evidence"><summary class="idx-mark idx-{found.verdict}" '
            f'title="How this is known">{found.html()}</summary>'
        )
        return [
            _html(opening),
            evidence(names, entry.results, entry.options.get("cell", "")),
            _html("</details>"),
        ]

    def printed(self, found: Mark) -> nodes.Element:
        """The mark on paper and in plain text."""
        if self.format != "latex":
            return nodes.paragraph("", found.text())
        latex = rf"{{\par\nopagebreak\vskip-\parskip\noindent\hfill\small {found.latex()}\par}}"
        return nodes.raw("", f"\n{latex}\n", format="latex")

    # Inline relations

    def check(self, entry: Entry, shown: list[nodes.Node], html: bool) -> list[nodes.Node]:
        """The formula and its mark, which leads to the evidence at the end of the page."""
        found = mark(entry)
        if found is None:
            return shown
        bad = not all(entry.fine)
        if html:
            link = (
                f'<a class="idx-mark idx-inline idx-{found.verdict}" id="{entry.ident}" '
                f'href="#evidence-{entry.ident}" title="{escape(found.words)}">{found.html(bad)}</a>'
            )
            return [*shown, _html(link)]
        if self.format == "latex":
            icon = found.latex().partition("~")[0]
            return [*shown, nodes.raw("", rf"\textsuperscript{{{icon}}}", format="latex")]
        return [*shown, nodes.Text(f" [{found.words}]")]


def _opens(result: object) -> bool:
    """Whether there is more to say of a result than its verdict and refusal."""
    return bool(getattr(result, "trials", 0) or getattr(result, "snippet", "") or result)


def _refusals(entry: Entry) -> list[nodes.Node]:
    """The refusals, whole and in sight: of what is wrong on purpose, and of what should not be."""
    texts = [
        str(result) for result, fine in zip(entry.results, entry.fine, strict=True) if not (result and fine)
    ]
    return [nodes.literal_block(text, text, language="none", classes=["idx-refusal"]) for text in texts]


def _permalink(entry: Entry) -> str:
    name = escape(entry.label or "#")
    return f'<a class="idx-permalink" href="#{entry.ident}" title="Link to this statement">{name}</a>'


def _collected(inline: list[Entry]) -> list[nodes.Node]:
    """The evidence of the relations inside sentences, one closed list at the end of the page."""
    parts: list[nodes.Node] = [
        _html(
            '<details class="idx-evidence idx-collected"><summary>Evidence of the inline relations</summary>'
        )
    ]
    for entry in inline:
        box = nodes.container(ids=[f"evidence-{entry.ident}"], classes=["idx-inline-evidence"])
        tex = entry.rows[0]
        shown: nodes.Node = nodes.math(tex, tex) if entry.typeset else nodes.literal("", tex)
        box += nodes.paragraph("", "", shown, _html(f' <a href="#{entry.ident}" title="Back">↩</a>'))
        box += _refusals(entry)
        box += evidence([""] * len(entry.results), entry.results)
        parts.append(box)
    return [*parts, _html("</details>")]


def _html(text: str) -> nodes.raw:
    return nodes.raw("", text, format="html")
