"""The mark of a statement, and the evidence behind it, in standard docutils nodes.

The mark is one icon and one or two words, computed from the results alone. Each icon has a shape of its own:
a reader who sees no colour, or hears the page, loses nothing. Behind it stands a piece per relation.

What a proof rested on (rules, assumptions), what the samples were (sizes, number, largest error), and a
program with which a reader who trusts neither can repeat them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from docutils import nodes

from idxcalc.chapters import Found
from idxcalc.sphinx_ext.directives import plain
from idxcalc.sphinx_ext.domain import Entry
from idxcalc.sphinx_ext.layout import typeset
from idxcalc.verify.result import ICONS

# The verdicts, the weakest first: the icon on paper, and what the evidence says.
_VERDICTS = {
    "malformed": (r"\boldsymbol{!}", "the notation itself is wrong"),
    "refuted": (r"\times", "a counterexample exists"),
    "claimed": (r"\triangleright", "an assertion in a cell of this chapter shows it"),
    "tested": (r"\approx", "no proof was found; autodiff agrees at every sample"),
    "proved": (r"\checkmark", "for all sizes and all values; autodiff agrees"),
    "defined": (":=", "a name is bound"),
}
LATEX = {name: icon for name, (icon, _) in _VERDICTS.items()}
_SIZES_SHOWN = 4


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
    results, good = [result for result in entry.results if not result] or entry.results, all(entry.results)
    if not results or entry.kind in ("given", "define") and good:
        return None
    if entry.kind == "claim" and good:
        words = "shown by a computation" if ran else "not shown: its cell did not run through"
        return Mark("claimed" if ran else "malformed", words)
    counts = Counter[str](result.verdict for result in results)
    several = len(results) > 1 or (entry.kind == "derive" and good)
    ordered = [each for each in _VERDICTS if each in counts]
    said = ", ".join(f"{counts[each]} " * several + each for each in reversed(ordered))
    expected = any(each.expect for each in entry.results) and all(each.ok for each in entry.results)
    return Mark(ordered[0], "wrong on purpose: " * expected + said)


def evidence(entry: Entry, names: Sequence[str]) -> Iterator[nodes.Node]:
    """An item per relation, ``names`` being what the page calls them, and the formula in three languages."""
    found = nodes.bullet_list(bullet="-", classes=["simple"])
    for name, result in zip(names, entry.results, strict=True):
        lead = [nodes.inline("", name, classes=["idx-name"]), nodes.Text(" ")] if name else []
        told = [nodes.strong("", result.verdict), nodes.Text(f": {_VERDICTS[result.verdict][1]}")]
        head = nodes.paragraph("", "", *lead, *told, classes=["idx-relation"])
        rows = ((key, typeset(value)) for key, value in facts(result, entry.cell).items())
        found += nodes.list_item("", head, *fields(rows))
    yield found
    programs = [str(result.snippet).rstrip("\n") for result in entry.results if result.snippet]
    latex = [" \\\\\n".join(entry.rows)] if programs else []
    tabs: list[nodes.Node] = []
    for name, parts in {"LaTeX": latex, "NumPy": filter(None, [entry.code]), "JAX": programs}.items():
        if texts := [plain(each, "idx-code") for each in parts]:
            tabs += folded([nodes.Text(name)], texts, f' name="code-{entry.ident}"')
    if tabs:
        yield nodes.container("", *tabs, classes=["idx-tabs"])


def fields(rows: Iterable[tuple[str, Iterable[nodes.Node]]], *classes: str) -> list[nodes.Node]:
    """A list of what is named and what is said of it, if there is any."""
    bodies = ((name, nodes.field_body("", nodes.paragraph("", "", *body))) for name, body in rows)
    items = [nodes.field("", nodes.field_name("", name), body) for name, body in bodies]
    return [nodes.field_list("", *items, classes=list(classes))] if items else []


def folded(
    summary: Sequence[nodes.Node], inside: Sequence[nodes.Node], details: str = "", mark: str = ""
) -> list[nodes.Node]:
    """What opens in HTML without any script; ``details`` and ``mark`` are attributes of the two tags."""
    opening = html(f"<details{details}><summary{mark}>")
    return [opening, *summary, html("</summary>"), *inside, html("</details>")]


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
    return between.join(x if "$" in x else re.sub(r"(?<!\S)(\\\S+)", r"$\1$", x) for x in parts)


def _samples(result: Found) -> str:
    """``24, at sizes i = 2, j = 3; i = 3, j = 2``: sizes are those of the indices' ranges."""
    each = (", ".join(f"{name} = {size}" for name, size in sorted(one.items())) for one in result.sizes)
    told = list(dict.fromkeys(filter(None, each)))
    more = f" and {len(told) - _SIZES_SHOWN} more" if len(told) > _SIZES_SHOWN else ""
    return f"{result.trials}" + (f", at sizes ${'; '.join(told[:_SIZES_SHOWN])}${more}" if told else "")
