"""The proof-reading page: each formula of `article.toml`, as printed, given to the checker in the build.

The inventory says in which context a formula stands, and what a person noticed. Verdict, refusal and
correction are the checker's, and so is the heading under which a formula appears; nothing here knows an
identifier.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from docutils import nodes
from memory import changed
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from idxcalc import Context
from idxcalc.chapters import found as as_found
from idxcalc.chapters.store import light
from idxcalc.errors import IdxcalcError
from idxcalc.notation import relations
from idxcalc.sphinx_ext.directives import formula, note, statement_node
from idxcalc.sphinx_ext.domain import Entry, domain, title
from idxcalc.sphinx_ext.layout import declarations, typeset
from idxcalc.sphinx_ext.render import fields
from idxcalc.verify import hints

OUTCOMES = (
    "Does not hold as printed",
    "Holds, with a step that says nothing",
    "Holds, once read as stated",
    "Holds as printed",
    "In words",
)


@dataclass(frozen=True)
class Finding:
    """An item of the inventory, its context, and what the checker said of it: a result per relation."""

    item: dict[str, Any]
    given: tuple[str, ...] = ()
    define: tuple[str, ...] = ()
    wrt: str = ""
    results: tuple[Any, ...] = ()

    @property
    def outcome(self) -> str:
        if not self.results:
            return OUTCOMES[4]
        if not all(self.results):
            return OUTCOMES[0]
        if any(result.trivial for result in self.results):
            return OUTCOMES[1]
        return OUTCOMES[2 if "means" in self.item else 3]


def findings(inventory: Path) -> Iterator[Finding]:
    """Every item, checked."""
    table = tomllib.loads(inventory.read_text("utf-8"))
    for item in table["item"]:
        yield check(item, table["reading"].get(item.get("reading", ""), item))


def check(item: dict[str, Any], reading: dict[str, Any]) -> Finding:
    """One item in its context; a lone expression is checked as what the checker makes of it."""
    given, define, wrt = reading.get("given", ()), reading.get("define", ()), reading.get("wrt", "")
    if "latex" not in item:
        return Finding(item)
    context = Context("\n".join(given))
    for each in define:
        context.define(each)
    text = item["latex"] if len(sides(item["latex"])) > 1 else f"{item['latex']} = ?"
    results = tuple(corrected(context, text, wrt, each) for each in context.check(text, wrt).chain)
    return Finding(item, tuple(given), tuple(define), wrt, results)


def corrected(context: Context, text: str, wrt: str, result: Any) -> Any:
    """A malformed relation with the one edit that makes it true, if there is one, as refuted ones have it."""
    if result.verdict != "malformed" or result.hint:
        return result
    try:
        chain, number = hints.pairs(text)[result.relation - 1]
        targets = relations.targets(context.scope, wrt)
    except (IdxcalcError, IndexError):
        return result
    hint = hints.Search(context.scope, text, chain, number, targets).hint(hints.MOST)
    return replace(result, hint=hint.text) if hint else result


def sides(tex: str) -> list[str]:
    r"""The sides of a chain.

    >>> sides(r"a = \sum_{i=1}^n b_i = c")
    ['a', '\\sum_{i=1}^n b_i', 'c']
    """
    found, depth = [""], 0
    for char in tex:
        depth += (char == "{") - (char == "}")
        if char == "=" and not depth:
            found.append("")
        else:
            found[-1] += char
    return [each.strip() for each in found]


def rows(tex: str) -> tuple[str, ...]:
    """A chain as a display: a row to each of its relations."""
    first, *others = sides(tex)
    if len(others) < 2:
        return (tex,)
    return (f"{first} &= {others[0]}", *(f"&= {each}" for each in others[1:]))


class covering(nodes.General, nodes.Element):
    """Stands for the statements of the book that cover an item."""


class ProofReading(SphinxDirective):
    """``{proof-reading} article.toml``: sections by outcome, each with its items."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        path = Path(self.env.doc2path(self.env.docname)).parent / self.arguments[0]
        self.env.note_dependency(str(path))
        found = sorted(findings(path), key=lambda each: OUTCOMES.index(each.outcome))
        groups = [(outcome, list(group)) for outcome, group in groupby(found, lambda each: each.outcome)]
        count = nodes.bullet_list(bullet="-", classes=["proof-count"])
        for outcome, group in groups:
            names = [[_link(each.item["id"])] for each in group]
            line = nodes.paragraph("", "", nodes.strong("", f"{outcome}: {len(group)}"), nodes.Text(" ("))
            line += [*_joined(names, ", "), nodes.Text(")")]
            count += nodes.list_item("", line)
        parts: list[nodes.Node] = [count]
        for outcome, group in groups:
            section = nodes.section(
                "", nodes.title("", outcome), ids=[nodes.make_id(outcome)], names=[outcome]
            )
            for each in group:
                section += self.card(each)
            # on paper the next heading stays with its first formula
            section += nodes.raw("", "\n\\needspace{12\\baselineskip}\n", format="latex")
            parts.append(section)
        return parts

    def card(self, found: Finding) -> nodes.Element:
        item = found.item
        head = nodes.paragraph("", "", nodes.strong("", item["id"]), nodes.Text(f"  {item['kind']}"))
        card = nodes.container("", head, classes=["proof-item"])
        if not found.results:
            card.insert(0, nodes.target("", "", ids=[nodes.make_id(item["id"])]))
        if found.results:
            card += self.statement(found)
        else:
            card += nodes.paragraph("", "", *typeset(item.get("says") or item["latex"]))
        card += fields(self.facts(found), "proof-facts")
        for each in card.findall():
            self.set_source_info(each)
        return card

    def statement(self, found: Finding) -> statement_node:
        name = found.item["id"]
        results = (as_found(light(each), "relation", label="", ok=True) for each in found.results)
        entry = Entry(
            kind="derive", ident=nodes.make_id(name), label=name, number=name, rows=rows(found.item["latex"]),
            results=tuple(results),
        )  # fmt: skip
        return statement_node("", formula(entry, self.env.docname), **note(self.env, entry))

    def facts(self, found: Finding) -> Iterator[tuple[str, list[nodes.Node]]]:
        if found.given:
            yield (
                "given",
                _joined([list(typeset(line)) for given in found.given for line in declarations(given)]),
            )
        if found.define:
            yield "with", _joined([[nodes.math(each, each)] for each in found.define])
        if found.wrt and found.results:
            yield "by", [nodes.math(found.wrt, found.wrt)]
        if "means" in found.item:
            yield "read", list(typeset(found.item["means"]))
        for result in found.results:
            if result.trivial:
                yield (
                    "remark",
                    [nodes.Text(f"relation {result.relation} says nothing: its sides are the same text")],
                )
            if result.answer:
                yield "is", [nodes.math(result.answer, result.answer)]
            if result.hint and (edit := re.match(r"true with (.*?):  (.*)", result.hint)):
                yield "correct", [nodes.math(edit[2], edit[2]), nodes.Text(f" (with {edit[1]})")]
        if "note" in found.item:
            yield "note", list(typeset(found.item["note"]))
        yield "in the book", [covering(identifier=found.item["id"])]


def _link(identifier: str) -> nodes.reference:
    return nodes.reference("", identifier, refid=nodes.make_id(identifier), internal=True)


def link(builder: Any, start: str, docname: str, ident: str, shown: str) -> nodes.reference:
    """A reference to a place; on paper all documents are one, so that of the place always stands in it."""
    uri = builder.get_relative_uri(start, docname) + (f"#{ident}" if ident else "")
    return nodes.reference("", "", nodes.inline("", shown), internal=True, refuri=uri)


def _joined(parts: list[list[nodes.Node]], between: str = "; ") -> list[nodes.Node]:
    return [node for n, part in enumerate(parts) for node in ([nodes.Text(between)] if n else []) + part]


def covers(env: Any) -> dict[str, list[tuple[str, str, str]]]:
    """For each identifier the statements that cover it: document, label, and what a reference to it says."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    entries_of = domain(env).entries
    for docname in sorted(entries_of, key=lambda doc: (env.toc_secnumbers.get(doc, {}).get("", (99,)), doc)):
        for entry in entries_of[docname]:
            for name in {name for result in entry.results if result for name in result.covers}:
                found.setdefault(name, []).append((docname, entry.ident, title(env, docname, entry)))
    return found


class RenderCovering(SphinxPostTransform):
    """Links to the statements of an item, now that the whole book has been read."""

    default_priority = 6

    def run(self, **kwargs: Any) -> None:
        known = covers(self.env) if self.document.next_node(covering) else {}
        for node in list(self.document.findall(covering)):
            links = [
                [link(self.app.builder, self.env.docname, doc, ident, shown)]
                for doc, ident, shown in known.get(node["identifier"], ())
            ]
            node.replace_self(_joined(links, ", ") if links else [nodes.Text("nowhere yet")])


def written_again(app: Sphinx, env: Any) -> list[str]:
    """The pages of findings, when the statements they link to are not those of the last build."""
    if not changed(env, "proofreading_covers", sorted(covers(env).items())):
        return []
    return [
        doc for doc, entries in domain(env).entries.items() if any(isinstance(e.number, str) for e in entries)
    ]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("proof-reading", ProofReading)
    app.add_node(covering)
    app.add_post_transform(RenderCovering)
    app.connect("env-updated", written_again)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
