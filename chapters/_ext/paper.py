r"""The book on paper: the order of its parts.

The first page of the site holds the table of contents below its last heading. On paper its text comes before
the chapters, without a number, and the pages outside the numbered part are appendices.

Invariant: nothing here shows in HTML.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

UNNUMBERED, NUMBERED = r"\setcounter{secnumdepth}{-2}", r"\setcounter{secnumdepth}{1}"


def arrange(app: Sphinx, doctree: nodes.document) -> None:
    """Take the table of contents out of the first page's last section, and mark where its parts begin."""
    if app.env.docname != app.config.root_doc:
        return
    page = next(doctree.findall(nodes.section))
    page.insert(1, _latex(rf"{UNNUMBERED}\chapter{{In one page}}"))
    appendix = False
    for tree in list(doctree.findall(addnodes.toctree)):
        whole = tree.parent  # the box that is hidden
        if not isinstance(whole, nodes.compound):
            continue
        whole.parent.remove(whole)
        start = NUMBERED if tree["numbered"] else "" if appendix else r"\appendix"
        appendix |= not tree["numbered"]
        page += [_latex(start), whole]


def _latex(text: str) -> nodes.raw:
    return nodes.raw("", text, format="latex")


class Compress(SphinxPostTransform):
    """Declarations and the facts of a card in running lines: paper has no room for lists of two words."""

    default_priority = 8  # when statements have become standard nodes
    formats = ("latex",)

    def run(self, **kwargs: Any) -> None:
        for box in list(self.document.findall(nodes.container)):
            if "idx-given" in box["classes"]:
                for listed in list(box.findall(nodes.bullet_list)):
                    caption = listed.parent[listed.parent.index(listed) - 1]
                    for n, item in enumerate(listed.children):
                        caption += [nodes.Text("; " if n else " "), *item[0].children]
                    listed.parent.remove(listed)
            if "idx-define" in box["classes"]:
                box += _latex("\n\\par\n")  # no mark ends the paragraph of its display
            refused = any("idx-refusal" in each["classes"] for each in box.findall(nodes.literal_block))
            if refused and "idx-statement" in box["classes"]:
                box.insert(0, _latex("\n\\needspace{14\\baselineskip}\n"))  # formula, mark and refusal
            if "proof-item" in box["classes"]:
                box.insert(0, _latex("\n\\needspace{7\\baselineskip}\n"))  # heading and formula on one page
        for facts in list(self.document.findall(nodes.field_list)):
            if "proof-facts" in facts["classes"]:
                line = nodes.paragraph("", "", _latex(r"\footnotesize\raggedright "))
                for name, body in facts.children:
                    line += [nodes.emphasis("", name.astext()), nodes.Text(" "), *body[0].children]
                    line += _latex(r"\hspace{1.2em plus 0.6em}")
                facts.replace_self([_latex("{"), line, _latex(r"\par}\medskip")])


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-read", arrange)
    app.add_post_transform(Compress)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
