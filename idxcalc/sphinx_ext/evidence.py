"""The evidence behind a mark, a piece per relation, in standard docutils nodes.

What a proof rested on (rules, assumptions), what the samples were (sizes, number, largest error), and a
program with which a reader who trusts neither can repeat them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from docutils import nodes

from idxcalc.verify.result import Result

_MEANS = {
    "proved": "for all sizes and all values; autodiff agrees",
    "tested": "no proof was found; autodiff agrees at every sample",
    "refuted": "a counterexample exists",
    "malformed": "the notation itself is wrong",
    "claimed": "an assertion in a cell of this chapter shows it",
    "defined": "a name is bound",
}
_SIZES_SHOWN = 4


def evidence(names: Sequence[str], results: Sequence[Result], cell: str = "") -> nodes.Element:
    """A list with an item per relation; ``names`` are what the page calls them, ``cell`` a claim's cell."""
    found = nodes.bullet_list(bullet="-", classes=["simple", "idx-relations"])
    for name, result in zip(names, results, strict=True):
        found += nodes.list_item("", *_item(name, result, cell))
    return found


def _item(name: str, result: Result, cell: str) -> Iterator[nodes.Node]:
    head = nodes.paragraph("", classes=["idx-relation"])
    if name:
        head += [nodes.inline("", name, classes=["idx-name"]), nodes.Text(" ")]
    head += [nodes.strong("", result.verdict), nodes.Text(f": {_MEANS[result.verdict]}")]
    yield head
    table = nodes.field_list()
    for key, value in _facts(result, cell):
        body = nodes.field_body("", nodes.paragraph("", "", *value))
        table += nodes.field("", nodes.field_name("", key), body)
    if table.children:
        yield table
    if code := str(result.snippet).rstrip("\n"):
        # Without colours, which would make a chapter's page three times as large.
        program = nodes.literal_block(code, code, language="none", classes=["idx-snippet"])
        yield from folded(
            '<details class="idx-program"><summary>', [nodes.Text("Repeat it in JAX")], [program]
        )


def folded(opening: str, summary: Sequence[nodes.Node], inside: Sequence[nodes.Node]) -> Iterator[nodes.Node]:
    """What opens in HTML without any script; ``opening`` are the tags before the summary."""
    yield nodes.raw("", opening, format="html")
    yield from summary
    yield nodes.raw("", "</summary>", format="html")
    yield from inside
    yield nodes.raw("", "</details>", format="html")


def _facts(result: Result, cell: str) -> Iterator[tuple[str, list[nodes.Node]]]:
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
    remarks = [*result.notes, *(["trivial: it says nothing, and covers nothing"] if result.trivial else [])]
    if remarks:
        yield "remarks", _joined(remarks)
    if result.covers:
        yield "covers", [nodes.Text(", ".join(result.covers))]


def _samples(result: Result) -> str:
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
