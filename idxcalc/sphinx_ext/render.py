"""What a statement looks like: the mark, the evidence behind it, and the box, once it is known what is built.

The mark is one icon and one or two words, computed from the results alone. Each icon has a shape of its own:
a reader who sees no colour, or hears the page, loses nothing. Behind it stands a piece per relation: what a
proof rested on (rules, assumptions), what the samples were (sizes, number, largest error), and a program with
which a reader who trusts neither can repeat them. HTML gets the mark as a disclosure that opens without any
script; paper and plain text get it beside the formula. Numbers and references are the same in all of them.

Invariant: all are standard docutils nodes; after the transform no node of ours is left in a document.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Any, NamedTuple

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode

from idxcalc.chapters import Found
from idxcalc.sphinx_ext.directives import formula, inline, plain, statement_node
from idxcalc.sphinx_ext.domain import Entry, domain, numbers, title
from idxcalc.sphinx_ext.faults import cells_ran
from idxcalc.sphinx_ext.layout import typeset
from idxcalc.verify.result import ICONS

_CAPTIONS = {"given": "Given", "define": "Definition", "claim": "Claim"}
_EVIDENCE = ' class="idx-evidence"'
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
Nodes = Sequence[nodes.Node]


class Mark(NamedTuple):
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
    tabs = nodes.container(classes=["idx-tabs"])
    for name, parts in {"LaTeX": latex, "NumPy": filter(None, [entry.code]), "JAX": programs}.items():
        if texts := [plain(each, "idx-code") for each in parts]:
            tabs += folded(f' name="code-{entry.ident}"', [nodes.Text(name)], texts)
    if tabs.children:
        yield tabs


def fields(rows: Iterable[tuple[str, Iterable[nodes.Node]]], *classes: str) -> list[nodes.Node]:
    """A list of what is named and what is said of it, if there is any."""
    bodies = ((name, nodes.field_body("", nodes.paragraph("", "", *body))) for name, body in rows)
    items = [nodes.field("", nodes.field_name("", name), body) for name, body in bodies]
    return [nodes.field_list("", *items, classes=list(classes))] if items else []


def folded(details: str, summary: Nodes, inside: Nodes, mark: str = "") -> list[nodes.Node]:
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
    named = r"(?<!\S)(\\\S+(?: (?:\\\w+|\w)(?= ))*)"
    return between.join(x if "$" in x else re.sub(named, r"$\1$", x) for x in parts)


def _samples(result: Found) -> str:
    """``24, at sizes i = 2, j = 3; i = 3, j = 2``: sizes are those of the indices' ranges."""
    each = (", ".join(f"{name} = {size}" for name, size in sorted(one.items())) for one in result.sizes)
    told = list(dict.fromkeys(filter(None, each)))
    more = f" and {len(told) - _SIZES_SHOWN} more" if len(told) > _SIZES_SHOWN else ""
    return f"{result.trials}" + (f", at sizes ${'; '.join(told[:_SIZES_SHOWN])}${more}" if told else "")


# In its place


class RenderStatements(SphinxPostTransform):
    """Replaces the placeholders; inline relations have their evidence at the end of the page."""

    default_priority = 5  # before references are resolved and languages of code are chosen

    def run(self, **kwargs: Any) -> None:
        app = getattr(self.env, "_app", None) or self.env.app  # Sphinx 9 took the public name away
        self.builder, self.format = app.builder, app.builder.format
        gathered = []
        for node in list(self.document.findall(statement_node)):
            docname = node["docname"]  # a document may hold others: paper is one
            entry = domain(self.env).entries[docname][node["serial"]]
            if entry.kind == "check":
                gathered.append(entry)
                node.replace_self(self.checked(entry, node.children))
            else:
                node.replace_self(self.statement(entry, node.children, docname))
        if gathered and self.format == "html":
            sections = [child for child in self.document.children if isinstance(child, nodes.section)]
            head = nodes.Text("Evidence of the inline relations")
            shown = folded(_EVIDENCE, [head], list(map(self.collected, gathered)))
            (sections[-1] if sections else self.document).extend(shown)

    def statement(self, entry: Entry, shown: Sequence[nodes.Node], docname: str) -> nodes.Element:
        """A box: the formula with its numbers, the mark and what opens under it."""
        found, said = mark(entry, cells_ran(self.env, docname)), title(self.env, docname, entry)
        classes = ["idx-statement", f"idx-{entry.kind}", f"idx-{found.verdict if found else 'defined'}"]
        box = nodes.container("", nodes.target("", "", ids=[entry.ident]), classes=classes)
        name, where = escape(entry.label or "#"), f'href="#{entry.ident}" title="Link to this statement"'
        link = [html(f'<a class="idx-permalink" {where}>{name}</a>')] if entry.number else []
        answers = tuple(f"? = {result.answer}" for result in entry.results if result.answer)
        if entry.kind in _CAPTIONS:
            after = nodes.Text(f" {said}" if entry.kind == "claim" else "")
            caption = [nodes.strong("", _CAPTIONS[entry.kind]), after]
            box += [*link, nodes.paragraph("", "", *caption, classes=["idx-caption"])]
        if entry.kind in ("given", "claim"):
            box += shown
        elif entry.kind == "steps" and all(entry.results):
            box += self.steps(entry, docname)
        elif entry.typeset and self.format != "text":
            box += formula(entry, docname, numbers(self.env, docname, entry))
            box += [formula(entry._replace(rows=answers, screen=()), docname)] * bool(answers)
        else:
            unaligned = re.sub(r"(?<!\\)&", "", "\n".join((*entry.rows, *answers)))
            box += plain(f"{unaligned}    {said}")
        foot = [*self.foot(entry, found, docname), *(link if entry.kind not in _CAPTIONS else [])]
        box += nodes.container("", *foot, classes=["idx-foot"]) if self.format == "html" else foot
        box += _refusals(entry)
        return box

    def steps(self, entry: Entry, docname: str) -> list[nodes.Node]:
        """A derivation: what is derived, then a line for each step, the rule beside it."""
        lines = []
        for name, result in zip(self.names(entry, docname), entry.results, strict=True):
            ((rule, line),) = result.steps
            tex = f"= {line}" if self.format == "text" else rf"\displaystyle {{}}= {line}"
            paper, icon = nodes.math("", LATEX[result.verdict]), nodes.Text(ICONS[result.verdict])
            shown = paper if self.format == "latex" else icon
            lines.append((rule, [nodes.math(tex, tex), nodes.Text(" "), shown, nodes.Text(f" {name}")]))
        target = entry.results[0].source
        return [nodes.paragraph("", "", nodes.math(target, target)), *fields(lines, "idx-lines")]

    def names(self, entry: Entry, docname: str) -> list[str]:
        """What the page calls each relation: its row's number, or its place in the chain."""
        if len(entry.results) == 1:
            return [""]
        if len(entry.results) == len(entry.rows):
            return numbers(self.env, docname, entry)
        return [f"relation {n}" for n in range(1, len(entry.results) + 1)]

    def foot(self, entry: Entry, found: Mark | None, docname: str) -> list[nodes.Node]:
        """The line below the formula: what opens to the evidence, and to the sums written out."""
        if found and self.format == "latex":
            words = rf"\({LATEX[found.verdict]}\)~{found.words}"
            latex = rf"{{\par\nopagebreak\vskip-\parskip\noindent\hfill\small {words}\par}}"
            return [nodes.raw("", f"\n{latex}\n", format="latex")]
        parts: list[nodes.Node] = []
        classes = f"idx-mark idx-{found.verdict}" if found else ""
        if found and self.format == "html" and any(each or each.trials for each in entry.results):
            told = [*evidence(entry, self.names(entry, docname)), *self.rests(entry)]
            parts = folded(_EVIDENCE, found.shown(), told, f' class="{classes}" title="How this is known"')
        elif found:
            parts = [nodes.paragraph("", "", *found.shown(), classes=classes.split())]
        if entry.sums and self.format == "html":
            shown = formula(entry._replace(rows=entry.sums, screen=()), docname)
            parts += folded(' class="idx-sums"', [nodes.Text("show the sums")], [shown])
        return parts

    def rests(self, entry: Entry) -> list[nodes.Node]:
        """Links to what a statement rests on."""
        env, links = self.env, list[nodes.Node]()
        for doc, other in domain(env).rests(entry):
            if other.number:
                said = nodes.Text(title(env, doc, other))
                links += [nodes.Text(" "), make_refnode(self.builder, env.docname, doc, other.ident, said)]
        return [nodes.paragraph("", "rests on", *links)] if links else []

    def checked(self, entry: Entry, shown: Sequence[nodes.Node]) -> Sequence[nodes.Node]:
        """A relation in a sentence, its mark leading to the evidence at the end of the page."""
        if (found := mark(entry)) is None:
            return shown
        if self.format == "latex":
            return [*shown, nodes.raw("", rf"\textsuperscript{{\({LATEX[found.verdict]}\)}}", format="latex")]
        if self.format != "html":
            return [*shown, nodes.Text(f" [{found.words}]")]
        classes, where = f"idx-mark idx-inline idx-{found.verdict}", f'href="#evidence-{entry.ident}"'
        link = html(f'<a class="{classes}" id="{entry.ident}" {where} title="{escape(found.words)}">')
        heard = ["idx-heard"] * all(each.ok for each in entry.results)
        return [*shown, link, *found.shown(*heard), html("</a>")]

    def collected(self, entry: Entry) -> nodes.container:
        """The evidence of a relation inside a sentence, for the end of the page."""
        back = html(f' <a href="#{entry.ident}" title="Back">↩</a>')
        parts = [nodes.paragraph("", "", inline(entry), back), *_refusals(entry)]
        parts += [*evidence(entry, [""] * len(entry.results)), *self.rests(entry)]
        return nodes.container("", *parts, ids=[f"evidence-{entry.ident}"], classes=["idx-inline-evidence"])


def _refusals(entry: Entry) -> list[nodes.Node]:
    """The refusals, whole and in sight: of what is wrong on purpose, and of what should not be."""
    return [plain(str(result), "idx-refusal") for result in entry.results if not (result and result.ok)]
