"""The evidence behind a mark, a piece per relation, in standard docutils nodes.

What a proof rested on (rules, assumptions), what the samples were (sizes, number, largest error), and a
program with which a reader who trusts neither can repeat them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from docutils import nodes

from idxcalc.chapters import Found
from idxcalc.sphinx_ext.directives import plain
from idxcalc.sphinx_ext.domain import Entry

_MEANS = {
    "proved": "for all sizes and all values; autodiff agrees",
    "tested": "no proof was found; autodiff agrees at every sample",
    "refuted": "a counterexample exists",
    "malformed": "the notation itself is wrong",
    "claimed": "an assertion in a cell of this chapter shows it",
    "defined": "a name is bound",
}
_SIZES_SHOWN = 4


def evidence(entry: Entry, names: Sequence[str]) -> Iterator[nodes.Node]:
    """An item per relation, ``names`` being what the page calls them, and the formula in three languages."""
    found = nodes.bullet_list(bullet="-", classes=["simple"])
    for name, result in zip(names, entry.results, strict=True):
        head = nodes.paragraph("", classes=["idx-relation"])
        if name:
            head += [nodes.inline("", name, classes=["idx-name"]), nodes.Text(" ")]
        head += [nodes.strong("", result.verdict), nodes.Text(f": {_MEANS[result.verdict]}")]
        found += nodes.list_item("", head, *_table(facts(result, entry.cell)))
    yield found
    programs = [str(result.snippet).rstrip("\n") for result in entry.results if result.snippet]
    texts = {"LaTeX": [entry.tex] if programs else [], "NumPy": [entry.code], "JAX": programs}
    tabs = [
        node
        for name, parts in texts.items()
        if any(parts)
        for node in folded(name, [plain(each, "idx-code") for each in parts], f' name="code-{entry.ident}"')
    ]
    if tabs:
        yield nodes.container("", *tabs, classes=["idx-tabs"])


def _table(rows: Iterator[tuple[str, list[nodes.Node]]]) -> Iterator[nodes.field_list]:
    fields = [
        nodes.field("", nodes.field_name("", key), nodes.field_body("", nodes.paragraph("", "", *value)))
        for key, value in rows
    ]
    if fields:
        yield nodes.field_list("", *fields)


def folded(
    summary: str | Sequence[nodes.Node], inside: Sequence[nodes.Node], details: str = "", mark: str = ""
) -> list[nodes.Node]:
    """What opens in HTML without any script; ``details`` and ``mark`` are attributes of the two tags."""
    shown = [nodes.Text(summary)] if isinstance(summary, str) else summary
    opening, middle, closing = f"<details{details}><summary{mark}>", "</summary>", "</details>"
    return [html(opening), *shown, html(middle), *inside, html(closing)]


def html(text: str) -> nodes.raw:
    """A piece of HTML, which other formats leave out."""
    return nodes.raw("", text, format="html")


def facts(result: Found, cell: str = "") -> Iterator[tuple[str, list[nodes.Node]]]:
    """What is known about one relation besides its verdict, by name."""
    if cell:
        yield "cell", [nodes.literal("", cell)]
    if result.answer:
        yield "? stands for", [nodes.math(result.answer, result.answer)]
    if result.assumptions:
        yield "assuming", _joined(result.assumptions)
    if result.verdict == "proved" and result.rules:
        yield "by", _joined(result.rules, ", ")
    if result.trials:
        yield "samples", list(typeset(_samples(result)))
    if result.max_error is not None and result.trials:
        yield "largest error", [nodes.Text(f"{result.max_error:.1e}, relative to the largest term")]
    if remarks := [*result.notes, *["trivial: it says nothing, and covers nothing"] * result.trivial]:
        yield "remarks", _joined(remarks)
    if result.covers:
        yield "covers", [nodes.Text(", ".join(result.covers))]


def _samples(result: Found) -> str:
    """``24, at sizes i = 2, j = 3; i = 3, j = 2``: sizes are those of the indices' ranges."""
    each = (", ".join(f"{name} = {size}" for name, size in sorted(one.items())) for one in result.sizes)
    told = list(dict.fromkeys(filter(None, each)))
    more = f" and {len(told) - _SIZES_SHOWN} more" if len(told) > _SIZES_SHOWN else ""
    return f"{result.trials}" + (f", at sizes ${'; '.join(told[:_SIZES_SHOWN])}${more}" if told else "")


def _joined(parts: Sequence[str], between: str = "; ") -> list[nodes.Node]:
    return [node for part in parts for node in (nodes.Text(between), *typeset(part))][1:]


def typeset(text: str) -> Iterator[nodes.Node]:
    r"""Text with its formulas typeset: what stands between dollars, or else the words that begin with ``\``.

    >>> [type(node).__name__ for node in typeset(r"\Sigma invertible")]
    ['math', 'Text']
    >>> [node.astext() for node in typeset("$X$ invertible")]
    ['X', ' invertible']
    """
    if "$" not in text:
        text = re.sub(r"(?<!\S)\\\S+", lambda word: f"${word[0]}$", text)
    for n, piece in enumerate(text.split("$")):
        if piece:
            yield nodes.math(piece, piece) if n % 2 else nodes.Text(piece)
