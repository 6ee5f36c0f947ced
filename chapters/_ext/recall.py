r"""What the book has shown, once more: formulas by their statement's label, letters by their declaration.

``{recall}`` takes a line ``label: words`` for each formula, or ``label 2: words`` for its second row, and
shows the words, the formula and the statement's number with its mark. ``{symbols}`` lists all letters.

Invariant: no formula and no letter is typed a second time; what is recalled was proved, or defined, where it
stands, or the build fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from dashboard import table
from docutils import nodes
from memory import changed, keep, kept
from proofreading import link
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from idxcalc.expr import Definition, Function, Variable
from idxcalc.sphinx_ext.domain import Entry, domain, numbers, reading, title
from idxcalc.sphinx_ext.render import LATEX, mark

LETTERS, PAGES = "recall_letters", "recall_pages"  # what is kept of each page
_LINE = re.compile(r"(?P<label>\S+?)(?: (?P<row>\d+))?: +(?P<words>.+)")
_KINDS = {0: "number", 1: "vector", 2: "matrix"}
_TOLD = {"symmetric", "antisymmetric", "invertible"}
_LETTERS = "ijklmn"
_HEADS = {True: ("what", "formula", "where"), False: ("letter", "what it is", "in chapters")}


class recalled(nodes.General, nodes.Element):
    """Stands for a table; ``lines`` are those of a ``recall``, or None for the letters."""


class Recall(SphinxDirective):
    """``{recall}``, with a line for each formula."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        lines = [_LINE.fullmatch(line.strip()) for line in self.content if line.strip()]
        if not all(lines):
            raise self.error("a line of `recall` is `label: words` or `label row: words`")
        return [_placed(self, [line.groups() for line in lines if line])]


class Symbols(SphinxDirective):
    """``{symbols}``, the letters of all chapters."""

    def run(self) -> list[nodes.Node]:
        return [_placed(self, None)]


def _placed(directive: SphinxDirective, lines: Any) -> nodes.Node:
    kept(directive.env, PAGES)[directive.env.docname] = True
    return recalled(lines=lines)


# Formulas


def short(rows: Sequence[str], row: int) -> str:
    r"""The left side of a chain with one of its rows.

    >>> short(["f &= g", "&= h"], 2), short(["f = g = h"], 1), short(["a &= b", "c &= d"], 2)
    ('f = h', 'f = g = h', 'c = d')
    """
    chosen = re.sub(r"&\s*(?==)", "", rows[row - 1])
    return f"{rows[0].partition('&')[0].strip()} {chosen}" if chosen.startswith("=") else chosen


def found(env: Any, label: str) -> tuple[str, Entry]:
    """The statement of a label, which holds."""
    place = domain(env).find(label)
    if place is None:
        raise SphinxError(f"recall: no statement has the label {label}")
    if {result.verdict for result in place[1].results} not in ({"proved"}, {"defined"}, set()):
        raise SphinxError(f"recall: {label} is not proved")
    return place


# Letters


def collect(app: Sphinx, doctree: nodes.document) -> None:
    """The letters that a document's declarations and definitions bring: name, rank, what it is, where."""
    env = app.env
    brought, entries = [], domain(env).entries.get(env.docname, ())
    if entries:
        source, before = reading(env), {}
        declaring = [each for each in source.statements if each.kind in ("given", "define")]
        shown = [each for each in entries if each.kind in ("given", "define")]
        for statement, entry in zip(declaring, shown, strict=False):
            symbols = source.context(statement).scope.symbols
            for name, symbol in symbols.items():
                if before.get(name) is not symbol:
                    brought.append((name, *_said(symbol), entry.ident))
            before = dict(symbols)
    kept(env, LETTERS)[env.docname] = brought


def _said(symbol: Variable | Function | Definition) -> tuple[str, str]:
    """A letter with its indices, and what it is in words."""
    match symbol:
        case Variable():
            traits = " ".join(sorted(symbol.traits & _TOLD))
            return _indexed(symbol.name, len(symbol.dims)), f"{traits} {_kind(len(symbol.dims))}".strip()
        case Function():
            takes = " and ".join(f"a {_kind(len(each))}" for each in symbol.params).replace(
                "a array", "an array"
            )
            known, valued = "defined " * (symbol.body is not None), "vector " * (len(symbol.out) == 1)
            return _indexed(symbol.name, len(symbol.out)), f"{known}{valued}function of {takes}"
        case Definition():
            return _indexed(symbol.name, len(symbol.indices)), f"defined {_kind(len(symbol.indices))}"


def _kind(rank: int) -> str:
    return _KINDS.get(rank, f"array with {rank} indices")


def _indexed(name: str, rank: int) -> str:
    return name + (f"_{{{_LETTERS[:rank]}}}" if rank else "")


def letters(env: Any) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Each letter with its indices, what it is, and the places that say so, the first in each document."""
    together: dict[tuple[str, str], dict[str, str]] = {}
    for docname in sorted(kept(env, LETTERS), key=lambda doc: _place(env, doc)):
        if _place(env, docname)[0]:
            for _, shown, words, ident in kept(env, LETTERS)[docname]:
                together.setdefault((shown, words), {}).setdefault(docname, ident)
    return sorted(
        ((*key, list(places.items())) for key, places in together.items()), key=lambda each: _sorted(each[0])
    )


def _place(env: Any, docname: str) -> tuple[bool, Any]:
    chapter = env.toc_secnumbers.get(docname, {}).get("", ())
    return bool(chapter), chapter or docname


def _sorted(shown: str) -> tuple[bool, str, str]:
    """Latin letters first, by the letter itself; then Greek ones and words."""
    bare = re.sub(r"\\(?:hat|tilde|bar|dot|text|mathrm)\b|[{}\s]", "", shown)
    return bare.startswith("\\"), bare.lstrip("\\").lower(), shown


# Tables


class RenderRecalled(SphinxPostTransform):
    """Puts the tables in their places."""

    default_priority = 6

    def run(self, **kwargs: Any) -> None:
        for node in list(self.document.findall(recalled)):
            formulas = node["lines"] is not None
            rows = self.formulas(node["lines"]) if formulas else self.letters()
            dense = formulas and self.app.builder.format == "latex"  # all of it on two pages
            classes = "recalled", "colwidths-given", "longtable"
            shown = table(() if dense else _HEADS[formulas], list(rows), *classes, widths=(30, 55, 15))
            node.replace_self(
                [_paper(r"{\footnotesize\renewcommand{\arraystretch}{1.05}"), shown, _paper("}")]
            )

    def formulas(self, lines: Sequence[tuple[str, str | None, str]]) -> Iterator[list[list[nodes.Node]]]:
        for label, row, words in lines:
            docname, entry = found(self.env, label)
            tex = short(entry.rows, int(row or len(entry.rows)))
            icon = mark(entry)
            heard = icon.shown("idx-heard") if icon else []
            if self.app.builder.format == "latex":
                heard = [nodes.raw("", rf"\({LATEX[icon.verdict]}\)", format="latex")] if icon else []
            said = numbers(self.env, docname, entry)[int(row) - 1] if row else title(self.env, docname, entry)
            place = link(self.app.builder, self.env.docname, docname, entry.ident, said)
            yield [[nodes.Text(words)], [nodes.math(tex, tex)], [place, nodes.Text(" "), *heard]]

    def letters(self) -> Iterator[list[list[nodes.Node]]]:
        for shown, words, places in letters(self.env):
            where: list[nodes.Node] = []
            for docname, ident in places:
                said = str(_place(self.env, docname)[1][0])
                where += [
                    nodes.Text(", "), link(self.app.builder, self.env.docname, docname, ident, said)
                ]  # fmt: skip
            yield [[nodes.math(shown, shown)], [nodes.Text(words)], where[1:]]


def _paper(text: str) -> nodes.raw:
    return nodes.raw("", text, format="latex")


# Changes


def written_again(app: Sphinx, env: Any) -> list[str]:
    """The pages with such tables, when a statement or a letter is not as in the last build."""
    labelled = [
        (each.label, each.rows, title(env, doc, each))
        for doc, table in sorted(domain(env).entries.items())
        for each in table
        if each.label
    ]
    return list(kept(env, PAGES)) if changed(env, "recall_known", (letters(env), labelled)) else []


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("recall", Recall)
    app.add_directive("symbols", Symbols)
    app.add_node(recalled)
    app.add_post_transform(RenderRecalled)
    app.connect("doctree-read", collect)
    keep(app, LETTERS, PAGES)
    app.connect("env-updated", written_again)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
