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
        head += nodes.inline("", name, classes=["idx-name"])
        head += nodes.Text(" ")
    head += nodes.strong("", result.verdict)
    head += nodes.Text(f": {_MEANS[result.verdict]}")
    yield head
    if facts := list(_facts(result, cell)):
        table = nodes.field_list()
        for key, value in facts:
            body = nodes.field_body("", nodes.paragraph("", "", *value))
            table += nodes.field("", nodes.field_name("", key), body)
        yield table
    if str(result.snippet):
        yield nodes.raw("", '<details class="idx-program"><summary>Repeat it in JAX</summary>', format="html")
        code = str(result.snippet).rstrip("\n") + "\n"
        # Without colours, which would make a chapter's page three times as large.
        yield nodes.literal_block(code, code, language="none", classes=["idx-snippet"])
        yield nodes.raw("", "</details>", format="html")


def _facts(result: Result, cell: str) -> Iterator[tuple[str, list[nodes.Node]]]:
    if cell:
        yield "cell", [nodes.literal("", cell)]
    if result.answer:
        yield "? stands for", [nodes.math(result.answer, result.answer)]
    if result.assumptions:
        yield "assuming", list(_joined(result.assumptions))
    if result.verdict == "proved" and result.rules:
        yield "by", list(_joined(result.rules, ", "))
    if result.trials:
        yield "samples", list(typeset(_samples(result)))
    if result.max_error is not None and result.trials:
        yield "largest error", [nodes.Text(f"{result.max_error:.1e}, relative to the largest term")]
    remarks = [*result.notes, *(["trivial: it says nothing, and covers nothing"] if result.trivial else [])]
    if remarks:
        yield "remarks", list(_joined(remarks))
    if result.covers:
        yield "covers", [nodes.Text(", ".join(result.covers))]


def _samples(result: Result) -> str:
    """``24, at sizes (i, j) = (2, 3), (3, 2)``: sizes are those of the indices' ranges."""
    shown = [dict(sorted(sizes.items())) for sizes in result.sizes if sizes]
    if not shown:
        return str(result.trials)
    same = all(sizes.keys() == shown[0].keys() for sizes in shown)
    told = list(dict.fromkeys(_sizes(sizes, same) for sizes in shown))
    if same:
        told[0] = f"{_tuple(list(shown[0]))} = {told[0]}"
    more = f" and {len(told) - _SIZES_SHOWN} more" if len(told) > _SIZES_SHOWN else ""
    return f"{result.trials}, at sizes ${(', ' if same else '; ').join(told[:_SIZES_SHOWN])}${more}"


def _sizes(sizes: dict[str, int], bare: bool) -> str:
    if bare:
        return _tuple([str(size) for size in sizes.values()])
    return ", ".join(f"{name} = {size}" for name, size in sizes.items())


def _tuple(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"


def _joined(parts: Sequence[str], between: str = "; ") -> Iterator[nodes.Node]:
    for n, part in enumerate(parts):
        if n:
            yield nodes.Text(between)
        yield from typeset(part)


def typeset(text: str) -> Iterator[nodes.Node]:
    r"""Text with its formulas typeset: those between dollars, and words that only TeX would understand.

    >>> [type(node).__name__ for node in typeset(r"away from z \neq 0")]
    ['Text', 'math']
    >>> [node.astext() for node in typeset("$X$ invertible")]
    ['X', ' invertible']
    """
    if "$" in text:
        for n, piece in enumerate(text.split("$")):
            if piece:
                yield nodes.math(piece, piece) if n % 2 else nodes.Text(piece)
        return
    # From the first word with a backslash or a script on, and the letters before it, all is formula.
    match = re.search(r"(?:(?<!\S)(?:[^\sa-zA-Z]\S*|[a-zA-Z])\s+)*\S*[\\_^]\S*(?:\s+(?![a-z]{2})\S+)*", text)
    if match is None:
        yield nodes.Text(text)
        return
    if match.start():
        yield nodes.Text(text[: match.start()])
    yield nodes.math(match.group(), match.group())
    if match.end() < len(text):
        yield nodes.Text(text[match.end() :])
