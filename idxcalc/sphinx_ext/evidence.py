"""The mark of a statement, and the evidence behind it, in standard docutils nodes.

The mark is one icon and one or two words, computed from the results alone. Each icon has a shape of its own:
a reader who sees no colour, or hears the page, loses nothing. Behind it stands a piece per relation.

What a proof rested on (rules, assumptions), what the samples were (sizes, number, largest error), and a
program with which a reader who trusts neither can repeat them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from docutils import nodes

from idxcalc.chapters import Found
from idxcalc.sphinx_ext.directives import plain
from idxcalc.sphinx_ext.domain import Entry
from idxcalc.sphinx_ext.layout import typeset
from idxcalc.verify.result import ICONS

_RANK = ("malformed", "refuted", "claimed", "tested", "proved", "defined")
LATEX = {
    "proved": r"\checkmark",
    "tested": r"\approx",
    "refuted": r"\times",
    "malformed": r"\boldsymbol{!}",
    "claimed": r"\triangleright",
    "defined": r":=",
}


@dataclass(frozen=True)
class Mark:
    """``verdict`` is the weakest one, which gives the icon; ``words`` say all of them."""

    verdict: str
    words: str

    def shown(self, *classes: str) -> list[nodes.Node]:
        """Icon and words for a screen; with the class ``idx-heard`` the words are there for who hears it."""
        icon = nodes.inline("", ICONS[self.verdict], classes=["idx-icon"])
        return [icon, nodes.Text(" "), nodes.inline("", self.words, classes=["idx-word", *classes])]


def mark(entry: Entry, ran: bool | None = True) -> Mark | None:
    """The mark of a statement, whose cell ``ran`` if it is a claim; declarations in order have none."""
    results = [result for result in entry.results if not result] or list(entry.results)
    good = all(results)
    if not results or entry.kind in ("given", "define") and good:
        return None
    if entry.kind == "claim" and good:
        words = "shown by a computation" if ran else "not shown: its cell did not run through"
        return Mark("claimed" if ran else "malformed", words)
    counts = Counter(result.verdict for result in results)
    ordered = sorted(counts, key=_RANK.index, reverse=True)
    several = len(results) > 1 or (entry.kind == "derive" and good)
    said = ", ".join(f"{counts[each]} " * several + each for each in ordered)
    expected = any(each.expect for each in entry.results) and all(each.ok for each in entry.results)
    return Mark(ordered[-1], "wrong on purpose: " * expected + said)


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


def _table(rows: dict[str, str]) -> list[nodes.Node]:
    fields = (
        nodes.field(
            "", nodes.field_name("", key), nodes.field_body("", nodes.paragraph("", "", *typeset(value)))
        )
        for key, value in rows.items()
    )
    return [nodes.field_list("", *fields)] if rows else []


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


def facts(result: Found, cell: str = "") -> dict[str, str]:
    """What is known about one relation besides its verdict, by name; formulas stand between dollars."""
    error = f"{result.max_error or 0:.1e}, relative to the largest term"
    remarks = [*result.notes, *["trivial: it says nothing, and covers nothing"] * result.trivial]
    found = {
        "cell": cell,
        "? stands for": f"${result.answer}$" if result.answer else "",
        "assuming": _joined(result.assumptions),
        "by": _joined(result.rules, ", ") if result.verdict == "proved" else "",
        "samples": _samples(result) if result.trials else "",
        "largest error": error if result.trials and result.max_error is not None else "",
        "remarks": _joined(remarks),
        "covers": ", ".join(result.covers),
    }
    return {name: said for name, said in found.items() if said}


def _joined(parts: Sequence[str], between: str = "; ") -> str:
    """The parts as one text; in one without dollars, the words that begin with a backslash are formulas."""
    return between.join(
        x if "$" in x else re.sub(r"(?<!\S)\\\S+", lambda word: f"${word[0]}$", x) for x in parts
    )


def _samples(result: Found) -> str:
    """``24, at sizes i = 2, j = 3; i = 3, j = 2``: sizes are those of the indices' ranges."""
    each = (", ".join(f"{name} = {size}" for name, size in sorted(one.items())) for one in result.sizes)
    told = list(dict.fromkeys(filter(None, each)))
    more = f" and {len(told) - _SIZES_SHOWN} more" if len(told) > _SIZES_SHOWN else ""
    return f"{result.trials}" + (f", at sizes ${'; '.join(told[:_SIZES_SHOWN])}${more}" if told else "")
