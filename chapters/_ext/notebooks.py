r"""Each chapter as a notebook: its cells as they are, its statements as formulas with their marks.

A cell that takes a statement from the chapter needs the chapter's text. The notebook's first cell holds it,
with the text of each chapter it leans on, and writes them into a folder of their own, where the cells below
then run.

Invariant: the notebook needs nothing but itself and the installed package.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
from dashboard import tally
from docutils import nodes
from myst_nb.core.read import read_myst_markdown_notebook
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from idxcalc.sphinx_ext.domain import Entry, domain, title
from idxcalc.sphinx_ext.layout import aligned, declarations
from idxcalc.sphinx_ext.render import mark
from idxcalc.verify.result import ICONS

FOLDER = "notebooks"
_STATEMENT = re.compile(
    r"^(`{3,}|:{3,})\{(given|define|derive|steps|claim|math)\}[ ]*(\S*)[ ]*\n"
    r"((?:[ ]*:[\w-]+:[^\n]*\n)*)(.*?)\n?\1[ ]*$",
    re.M | re.S,
)
_BLOCK = re.compile(r"^(`{3,}|:{3,})\{[\w-]+\}[ ]*(.*)\n((?:[ ]*:[\w-]+:.*\n)*)((?:.*\n)*?)\1[ ]*$", re.M)
_SETUP = """\
# The chapter's own text, for the cells below: it is written into a new folder, and they run there.
# Install first: idxcalc, jax, matplotlib{more}
import os, tempfile
from pathlib import Path

os.chdir(tempfile.mkdtemp(prefix="idxcalc-"))
"""


def notebook(
    path: Path, entry: Callable[[str, str], Entry | None], number: Callable[[str], str]
) -> nbformat.NotebookNode:
    """The notebook of the chapter at ``path``.

    ``entry(kind, label)`` is what the build knows of the next statement, ``number(label)`` what a
    reference to it says.
    """
    book = read_myst_markdown_notebook(path.read_text("utf-8"))
    for cell in book.cells:
        if cell.cell_type == "markdown":
            cell.source = prose(cell.source, entry, number)
    setup = nbformat.v4.new_code_cell(_setup(path), metadata={"jupyter": {"source_hidden": True}})
    book.cells.insert(0, setup)
    for n, cell in enumerate(book.cells):
        cell["id"] = f"cell-{n}"  # chosen at random otherwise, and no two builds alike
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    book.metadata = nbformat.from_dict({"kernelspec": kernel, "language_info": {"name": "python"}})
    book.nbformat_minor = 5
    return book


def _setup(path: Path) -> str:
    texts = {each.name: each.read_text("utf-8") for each in leans_on(path)}
    more = ", xarray" if any("import xarray" in text for text in texts.values()) else ""
    written = (
        f"Path({name!r}).write_text({_literal(text)}, encoding='utf-8')" for name, text in texts.items()
    )
    return _SETUP.format(more=more) + ";\n".join(written) + ";"


def _literal(text: str) -> str:
    plain = "'''" not in text and not text.endswith(("'", "\\"))
    return f"r'''{text}'''" if plain else repr(text)


def leans_on(path: Path) -> list[Path]:
    """A chapter, and those it takes statements from."""
    found, waiting = [], [path]
    while waiting:
        each = waiting.pop()
        if each not in found and each.is_file():
            found.append(each)
            text = each.read_text("utf-8")
            names = re.findall(r"^:from:\s*([\w-]+)", text, re.M) + re.findall(
                r"chapter\([\"']([\w-]+)\.md", text
            )
            waiting += [path.with_name(f"{name}.md") for name in names]
    return found


def prose(text: str, entry: Callable[[str, str], Entry | None], number: Callable[[str], str]) -> str:
    """The text between cells as any notebook shows it: directives and roles become formulas and words."""
    text = _STATEMENT.sub(lambda found: "\n\n".join(_shown(*found.groups()[1:], entry, number)), text)
    while (plain := _BLOCK.sub(_block, text)) != text:
        text = plain
    text = re.sub(r"\{check\}(`+)(.*?)\1", r"$\2$", text, flags=re.S)
    text = re.sub(r"\{math\}`(.*?)`", r"$\1$", text)
    text = re.sub(r"\{(?:ref|idx:ref)\}`(?:[^<`]*<)?([\w.-]+)>?`", lambda found: number(found[1]), text)
    text = re.sub(
        r"\{doc\}`(?:([^<`]+?)\s*<)?([\w.-]+)>?`", lambda f: f"[{f[1] or f[2]}]({f[2]}.ipynb)", text
    )
    text = re.sub(r"\]\(([\w-]+)\.md", r"](\1.ipynb", text)
    return re.sub(r"^\([\w.-]+\)=\n", "", text, flags=re.M)


def _block(found: re.Match[str]) -> str:
    head = f"**{found[2]}**\n\n" if found[2] else ""
    return head + found[4].strip("\n")


def _shown(
    kind: str,
    label: str,
    options: str,
    body: str,
    entry: Callable[[str, str], Entry | None],
    number: Callable[[str], str],
) -> Iterator[str]:
    known = entry(kind, label)
    if kind == "given":
        yield "**Given**"
        yield from declarations(body)
    elif kind == "claim":
        yield f"**Claim.** {body}"
    elif known and not known.typeset:
        yield f"```text\n{body}\n```"
    else:
        rows = known.rows if known else (body,)
        inner = " \\\\\n".join(aligned(rows))
        yield f"$$\n\\begin{{aligned}}\n{inner}\n\\end{{aligned}}\n$$"
    if reason := re.search(r":unchecked:\s*(.*)", options):
        yield f"*unchecked: {reason[1]}*"
    if known and (found := mark(known)):
        said = f"{ICONS[found.verdict]} {found.words}"
        yield f"*{number(label)} {said}*" if label else f"*{said}*"
        if wrong := [str(result) for result in known.results if not result]:
            yield "```text\n" + "\n".join(wrong) + "\n```"


def asking(env: Any, docname: str) -> tuple[Callable[[str, str], Entry | None], Callable[[str], str]]:
    """What a build knows: its entries in their order, and the numbers of labels."""
    waiting = list(domain(env).entries.get(docname, ()))

    def entry(kind: str, label: str) -> Entry | None:
        found = next((each for each in waiting if (each.kind, each.label) == (kind, label)), None)
        if found:
            waiting.remove(found)
        return found

    def number(label: str) -> str:
        place = domain(env).find(label)
        return title(env, *place) if place else label

    return entry, number


def has_notebook(env: Any, docname: str) -> bool:
    """Whether a page is a chapter: it has statements of its own, and is not the first one."""
    return docname != env.config.root_doc and bool(tally(env, docname))


def write(app: Sphinx, error: Exception | None) -> None:
    """Write the notebooks beside the pages, those that changed."""
    if error or app.builder.format != "html":
        return
    folder = Path(app.outdir) / FOLDER
    folder.mkdir(exist_ok=True)
    for docname in app.env.all_docs:
        if has_notebook(app.env, docname):
            book = notebook(Path(app.env.doc2path(docname)), *asking(app.env, docname))
            text = nbformat.writes(book) + "\n"
            target = folder / f"{docname}.ipynb"
            if not target.exists() or target.read_text("utf-8") != text:
                target.write_text(text, "utf-8")


class OfferNotebook(SphinxPostTransform):
    """A line below the page's title."""

    default_priority = 9
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        page = self.document.next_node(nodes.title)
        if page is not None and has_notebook(self.env, self.env.docname):
            place = "../" * self.env.docname.count("/") + f"{FOLDER}/{self.env.docname}.ipynb"
            line = f'<p class="notebook"><a href="{place}" download>This page as a notebook</a></p>'
            page.parent.insert(page.parent.index(page) + 1, nodes.raw("", line, format="html"))


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_post_transform(OfferNotebook)
    app.connect("build-finished", write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
