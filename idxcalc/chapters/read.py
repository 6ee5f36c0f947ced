"""MyST text to statements, exercises, code cells and inline formulas, each with its place; no Sphinx.

The tokenizer is MyST's own (markdown-it with the same plugins), so that a fence shown as an example inside a
longer fence, a comment or an indented block is no statement here either. A directive whose body is MyST text
(an admonition, a card, a claim) is read in the same way, at any depth.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins import (
    amsmath,
    colon_fence,
    deflist,
    dollarmath,
    footnote,
    front_matter,
    myst_blocks,
    myst_role,
)

from idxcalc.chapters.cells import Cell
from idxcalc.chapters.record import Found, fault
from idxcalc.chapters.statement import (
    LITERAL, OPTIONS, ROLES, Exercise, Option, Statement, meant, read_options, states_relation,
)  # fmt: skip
from idxcalc.chapters.text import Text, located

_OURS = (*OPTIONS, "code-cell")
_OPENER = re.compile(rf"(?m)^[ \t]*(`{{3,}}|:{{3,}}|~{{3,}})\s*\{{(?:{'|'.join(_OURS)})\}}")
_QUESTION = re.compile(r"\*\*\d+\.\*\*")
_UNCHECKED = (
    "this formula states a relation that nothing checks; make it a {derive}, "
    "or a {math} block that says why not, `:unchecked: reason`"
)
_DOLLARS = {"math_inline": "$", "math_inline_double": "$$"}

# MyST's tokenizer, with the extensions that a chapter may use.
_MARKDOWN = (
    MarkdownIt("commonmark").enable("table")
    .use(front_matter.front_matter_plugin).use(myst_blocks.myst_block_plugin).use(myst_role.myst_role_plugin)
    .use(footnote.footnote_plugin, inline=False, move_to_end=False, always_match_refs=True)
    .use(dollarmath.dollarmath_plugin, double_inline=True).use(colon_fence.colon_fence_plugin)
    .use(amsmath.amsmath_plugin).use(deflist.deflist_plugin)
)  # fmt: skip


@dataclass
class Reading:
    """What one chapter holds, in the order of the file; its faults are results with a place."""

    file: str
    source: Text
    faults: list[Found] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    inline: list[tuple[Text, int]] = field(default_factory=list)  # with the number of statements before it
    front: Text = field(default_factory=lambda: Text(""))
    exercises: list[Exercise] = field(default_factory=list)
    question: Text | None = None  # the file from the last question on that has no solution yet
    labels: dict[str, int] = field(default_factory=dict)
    names: Counter[str] = field(default_factory=Counter)

    def fault(self, where: Text, message: str, label: str = "") -> None:
        """Note what is wrong with a part of the file; ``message`` says what was found and what to do."""
        self.faults.append(fault(self.file, where, message, label))

    def read(self, text: Text, inside: str = "") -> None:
        """Read MyST text; ``inside`` names the directive that holds it, "" at the top."""
        lines, depth = text.parts(), 0
        cursor: dict[int, int] = {}  # where in a table's row the next cell starts
        for token in _MARKDOWN.parse(str(text)):
            depth += token.nesting
            first, stop = token.map or (0, 0)
            match token.type:
                case "front_matter" if not inside:
                    self.front = located(token.content, lines[first + 1 :])
                case "fence" | "colon_fence":
                    self.fence(token, lines[first:stop], inside or ("list or quote" if depth else ""))
                case "math_block" | "math_block_label" | "amsmath" if states_relation(token.content):
                    self.fault(lines[first][:1], _UNCHECKED)
                case "inline":
                    inner = located(token.content, lines[first:], cursor.get(first, 0))
                    cursor[first] = inner.at[-1] - lines[first].at[0]
                    if _QUESTION.match(inner):
                        self.question = self.source[inner.at[0] :]
                    for each in _pieces(token, inner):
                        self.piece(*each)

    # Directives

    def fence(self, token: Token, lines: Sequence[Text], inside: str) -> None:
        """One fence; ``lines`` are all of it, the closing one included."""
        opener = lines[0][lines[0].find(token.markup) :].stripped()
        content = located(token.content.removesuffix("\n"), lines[1:]) if token.content else opener[:0]
        lead = re.match(r"\{([^\s{}]+)\}(\s+|$)?", token.info.strip())
        if lead is None or lead[2] is None:
            if lead and lead[1] in OPTIONS:
                self.fault(opener, f"a space is missing after {{{lead[1]}}}")
            elif token.type == "colon_fence":
                self.read(content, inside or "block")
            return
        name, argument = lead[1], opener[opener.find("}") + 1 :].stripped()
        content, rest = self.closed(lines, content, name, opener[: len(token.markup)], inside)
        tell = partial(self.fault, label=str(argument)) if name in OPTIONS else lambda *_: None
        options, body = read_options(content, tell)
        if name == "code-cell":
            self.cell(options, body, opener, inside)
        elif name in OPTIONS:
            if name == "math" and argument:
                body, argument = Text(f"{argument}\n{body}", body.source, (*argument.at, *body.at)), body[:0]
            self.directive(name, str(argument), options, body.stripped() or opener[:0], opener)
        elif name not in LITERAL:
            near = meant(name, OPTIONS, "{{{}}}")
            if near and (len(name) > 4 or name.lower() in OPTIONS):
                self.fault(opener, f"an unknown directive {{{name}}}{near}")
            before = len(self.statements)
            self.read(body, f"{{{name}}}")
            if argument == "Solution":
                self.solution(body, tuple(self.statements[before:]), opener)
        self.read(rest, inside)

    def closed(
        self, lines: Sequence[Text], content: Text, name: str, marks: Text, inside: str
    ) -> tuple[Text, Text]:
        """The content up to where the directive should have been closed, and what it swallowed beyond."""
        last = lines[-1].strip(" \t>")
        other = _OPENER.search(content) if name in _OURS else None
        if not other and len(lines) > 1 and len(last) >= len(marks) and not last.strip(marks[0]):
            return content, content[:0]
        when = "is never closed"
        if other:
            when = f"is not closed before another directive in line {content.place(other.start(1)).line}"
        around = f" (the {inside} around it must close later, with more characters)"
        self.fault(
            marks, f"this {{{name}}} {when}; end it with {marks}" + around * bool(inside and not other)
        )
        if name not in _OURS:
            return content, content[:0]
        # What it was meant to hold ends, as a guess, at the first empty line below its text.
        end = re.match(r"(\s*(:.*)?\n)*(.*\S.*(\n|$))*", content[: other.start() if other else None])
        stop = end.end() if end else 0
        left = lines[1 + content.count("\n", 0, stop) :]
        return content[:stop], located("\n".join(left), left) if left else content[:0]

    def solution(self, body: Text, statements: tuple[Statement, ...], opener: Text) -> None:
        """An admonition called Solution answers the question before it, which begins with a bold number."""
        if self.question is None:
            said = "this solution answers no question; begin that with its number in bold, `**1.**`"
            return self.fault(opener[:1], said)
        name = statements[0].name if statements else f"line-{self.question.place().line}"
        question = self.question[: opener.at[0] - self.question.at[0]].stripped()
        self.exercises.append(Exercise(name, question, body, statements))
        self.question = None

    def cell(self, options: dict[str, Option], body: Text, opener: Text, inside: str) -> None:
        """A code cell; only one at the top level is ever run."""
        if inside:
            said = f"a {{code-cell}} inside a {inside} is never run; move it out, to the top level"
            return self.fault(opener[:1], said, "cells")
        tags = re.findall(r"\w[\w.:-]*", options["tags"].value) if "tags" in options else ()
        self.cells.append(Cell(body or opener[:0], tuple(tags), opener.place().line))

    def directive(self, kind: str, label: str, options: dict[str, Option], body: Text, opener: Text) -> None:
        """A directive of the language, with all that is wrong with it."""
        if kind == "math" and "label" in options:
            label = str(options["label"].value)
        for where, message in _complaints(kind, options, body):
            self.fault(where, message, label if kind != "math" else "")
        if not body and kind != "math" and not (kind == "given" and {"from", "fresh"} & set(options)):
            self.fault(opener[:1], f"an empty {{{kind}}}; write its text below the options", label)
        self.add(kind, label, {name: each.value for name, each in options.items()}, body, opener)
        if kind == "claim":
            self.read(body, f"{{{kind}}}")

    def add(self, kind: str, label: str, options: dict[str, Text], body: Text, opener: Text) -> None:
        """A statement, by a name that no other one has."""
        line = opener.place().line
        if kind != "math" and not re.fullmatch(r"[\w.-]*", label):
            said = f"the label `{label}` is not one word of letters, digits, - _ and ."
            self.fault(opener[:1], said, label)
            label = re.sub(r"[^\w.-]+", "-", label).strip("-")
        if label and self.labels.setdefault(label, line) != line:
            said = f"the label {label} is taken by line {self.labels[label]}; choose another"
            self.fault(opener[:1], said, label)
        name = label or f"line-{line}"
        self.names[name] += 1
        if self.names[name] > 1:
            name = f"{name}+{self.names[name]}"  # no label has a plus
        self.statements.append(Statement(kind, label, options, body, self.file, line, name))

    # Roles and inline formulas

    def piece(self, name: str, mark: Text, inner: Text) -> None:
        """A role or a formula inside a sentence, by the name of the role or the dollars."""
        role, near = mark[: mark.find("}") + 1], meant(name, ROLES, "{{{}}}")
        if name == "open":
            self.fault(mark, f"{mark} is never closed by a backtick")
        elif name == "$$" and states_relation(inner):
            self.fault(mark[:1], _UNCHECKED)
        elif name in ("$", "math"):
            self.inline.append((inner, len(self.statements)))
        elif name in ROLES:
            if not inner.strip():
                self.fault(role, f"an empty {role}")
            self.add(name, "", {}, inner, mark)
        elif near:
            self.fault(role, f"an unknown role {role}{near}")


def _complaints(kind: str, options: dict[str, Option], body: Text) -> Iterator[tuple[Text, str]]:
    """What is wrong with a directive: the part of it, and what to do."""
    for name, (key, value) in options.items():
        if name not in OPTIONS[kind]:
            owners = [f"; it belongs to {{{one}}}" for one, keys in OPTIONS.items() if name in keys]
            takes = f"; {{{kind}}} takes " + " ".join(f":{each}:" for each in OPTIONS[kind])
            yield key, f"unknown option :{name}:{[*owners, meant(name, OPTIONS[kind], ':{}:') or takes][0]}"
        elif name == "expect" and not re.match(r"(refuted|malformed)\b", value):
            yield value or key, f"`:expect: {value}`: write refuted or malformed, then words of the message"
        elif name in ("wrt", "from", "covers") and not value.strip():
            yield key, f"`:{name}:` is empty; write what it names or leave it out"
        elif name == "unchecked" and not value:
            yield key[:1], "`:unchecked:` needs a reason"
    for late in body.parts(r"(?m)^[ \t]*:[\w-]+:") if kind != "claim" else ():
        yield late.stripped(), f"the option {late.strip()} stands after the body has begun; move it up"
    if kind == "math" and "unchecked" not in options and states_relation(body):
        yield body[:1], _UNCHECKED


def _pieces(token: Token, text: Text) -> Iterator[tuple[str, Text, Text]]:
    """All roles and formulas of an inline ``token``, whose source is ``text``: the role's name, or ``$`` or
    ``$$`` for a formula, or ``open`` for a role without end; the opening mark; what is inside.

    The tokenizer gives an inline token no column; but its tokens come in the order of the text, so each is
    found by searching on from where the last one ended. Code spans are passed over by the same search.
    """
    start = 0
    for child in token.children or []:
        if child.type == "myst_role":
            lead = re.compile(rf"\{{{re.escape(child.meta['name'])}\}}`+").search(text, start)
            if lead is not None:
                start = lead.end() + len(child.content)
                yield child.meta["name"], text.group(lead), text[lead.end() : start]
        elif child.content and (begin := text.find(child.content, start)) >= 0:
            start = begin + len(child.content)
            if mark := _DOLLARS.get(child.type):
                yield mark, text[begin - len(mark) : begin], text[begin:start]
            elif child.type == "text":
                yield from (("open", left, left) for left in text[begin:start].parts(r"\{[\w-]+\}`+"))
