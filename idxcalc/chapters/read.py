"""MyST text to statements, exercises, code cells and inline formulas, each with its place; no Sphinx.

The tokenizer is MyST's own (markdown-it with the same plugins), so that a fence shown as an example inside a
longer fence, a comment or an indented block is no statement here either. A directive whose body is MyST text
(an admonition, a card, a claim) is read in the same way, at any depth.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins import (
    amsmath, colon_fence, deflist, dollarmath, footnote, front_matter, myst_blocks, myst_role,
)  # fmt: skip

from idxcalc.chapters.record import Found, fault
from idxcalc.chapters.statement import (
    LITERAL, OPTIONS, ROLES, Exercise, Statement, meant, read_options, states_relation,
)  # fmt: skip
from idxcalc.chapters.text import Text, load, located, named
from idxcalc.errors import IdxcalcError

_OURS = (*OPTIONS, "code-cell")
_OPENER = re.compile(rf"(?m)^[ \t]*(`{{3,}}|:{{3,}}|~{{3,}})\s*\{{(?:{'|'.join(_OURS)})\}}")
_OPEN = rf"\{{[\w-]+\}}`+|\{{(?:{'|'.join(ROLES)})\}} +`"  # a role that is not closed, or apart
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


class Reading:
    """What the file at ``path`` holds, in its order: ``parts``, which are the ``statements`` (directives and
    roles), code ``cells`` and ``inline`` formulas; ``exercises``; ``faults``, which are results with a place.
    One that is missing or no text has that one fault, and is not ``readable``.
    """

    def __init__(self, path: str | Path) -> None:
        self.file, self.path = Path(path), named(Path(path))
        self.faults: list[Found] = []
        self.parts: list[Statement] = []
        self.exercises: list[Exercise] = []
        self.readable, self.front, self._source = True, Text(""), Text("")
        self._question: Text | None = None  # the file from the last question on that has no solution yet
        self._labels: dict[str, int] = {}
        self._names = Counter[str]()
        try:
            self._source = load(self.file)
        except IdxcalcError as error:
            self.readable = False
            self.fault(self._source, error.message)
        self._read(self._source)
        self.cells = [each for each in self.parts if each.kind == "code-cell"]
        self.inline = [each for each in self.parts if each.kind == "inline"]
        self.statements = [each for each in self.parts if each.kind in (*OPTIONS, *ROLES)]

    def fault(self, where: Text, message: str, label: str = "") -> None:
        """Note what is wrong with a part of the file; ``message`` says what was found and what to do."""
        self.faults.append(fault(self.path, where, message, label))

    def _read(self, text: Text, inside: str = "") -> None:
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
                    self._fence(token, lines[first:stop], inside or ("list or quote" if depth else ""))
                case "math_block" | "math_block_label" | "amsmath" if states_relation(token.content):
                    self.fault(lines[first][:1], _UNCHECKED)
                case "inline":
                    inner = located(token.content, lines[first:], cursor.get(first, 0))
                    cursor[first] = inner.at[-1] - lines[first].at[0]
                    if re.match(r"\*\*\d+\.\*\*", inner):
                        self._question = self._source[inner.at[0] :]
                    for each in _pieces(token, inner):
                        self._piece(*each)

    # Directives

    def _fence(self, token: Token, lines: Sequence[Text], inside: str) -> None:
        """One fence; ``lines`` are all of it, the closing one included."""
        opener = lines[0][lines[0].find(token.markup) :].stripped()
        content = located(token.content.removesuffix("\n"), lines[1:]) if token.content else opener[:0]
        lead = re.match(r"\{([^\s{}]+)\}(\s+|$)?", token.info.strip())
        if lead is None or lead[2] is None:
            if lead and lead[1] in OPTIONS:
                self.fault(opener, f"a space is missing after {{{lead[1]}}}")
            elif token.type == "colon_fence":
                self._read(content, inside or "block")
            return
        name, argument = lead[1], opener[opener.find("}") + 1 :].stripped()
        content, rest = self._closed(lines, content, name, opener[: len(token.markup)], inside)
        tell = partial(self.fault, label=str(argument)) if name in OPTIONS else lambda *_: None
        options, body = read_options(content, tell)
        before = len(self.parts)
        if name in _OURS:
            self._directive(name, argument, options, body.stripped() or opener[:0], opener, inside)
        elif name not in LITERAL:
            near = meant(name, OPTIONS, "{{{}}}")
            if near and (len(name) > 4 or name.lower() in OPTIONS):
                self.fault(opener, f"an unknown directive {{{name}}}{near}")
            for each in (argument, body):
                self._read(each, f"{{{name}}}")
            if argument == "Solution":
                held = [each for each in self.parts[before:] if each.kind in OPTIONS]
                self._solution(body, tuple(held), opener)
        self._read(rest, inside)

    def _closed(
        self, lines: Sequence[Text], content: Text, name: str, marks: Text, inside: str
    ) -> tuple[Text, Text]:
        """The content up to where the directive should have been closed, and what it swallowed beyond."""
        last = lines[-1].strip(" \t>")
        other = _OPENER.search(content) if name in _OURS else None
        if not other and len(lines) > 1 and len(last) >= len(marks) and not last.strip(marks[0]):
            return content, content[:0]
        when = "never closed"
        if other:
            when = f"not closed before another directive in line {content.place(other.start(1)).line}"
        said = f"this {{{name}}} is {when}; end it with {marks}"
        if inside and not other:
            said += f" (the {inside} around it must close later, with more characters)"
        self.fault(marks, said)
        if name not in _OURS:
            return content, content[:0]
        # What it was meant to hold ends, as a guess, at the first empty line below its text.
        end = re.match(r"(\s*(:.*)?\n)*(.*\S.*(\n|$))*", content[: other.start() if other else None])
        stop = end.end() if end else 0
        left = lines[1 + content.count("\n", 0, stop) :]
        return content[:stop], located("\n".join(left), left) if left else content[:0]

    def _solution(self, body: Text, statements: tuple[Statement, ...], opener: Text) -> None:
        """An admonition called Solution answers the question before it, which begins with a bold number."""
        asked, self._question = self._question, None
        if asked is None:
            said = "this solution answers no question; begin that with its number in bold, `**1.**`"
            return self.fault(opener[:1], said)
        name = statements[0].name if statements else f"line-{asked.place().line}"
        question = asked[: opener.at[0] - asked.at[0]].stripped()
        self.exercises.append(Exercise(name, question, body, statements))

    def _directive(
        self, kind: str, argument: Text, options: dict[Any, Text], body: Text, opener: Text, inside: str
    ) -> None:
        """A directive of the language, with all that is wrong with it."""
        label = {"code-cell": "", "math": str(options.get("label", ""))}.get(kind, str(argument))
        if kind == "math" and argument:
            body = Text(f"{argument}\n{body}", body.source, (*argument.at, *body.at))
        if kind == "code-cell" and inside:
            said = f"a {{code-cell}} inside a {inside} is never run; move it out, to the top level"
            return self.fault(opener[:1], said, "cells")
        for where, message in _complaints(kind, label, options, body, opener):
            self.fault(where, message, "" if kind == "math" else label)
        self._add(kind, label, options, body, opener)
        if kind == "claim":
            self._read(body, f"{{{kind}}}")

    def _add(self, kind: str, label: str, options: dict[Any, Text], body: Text, opener: Text) -> None:
        """A part, by a name that no other one has."""
        line = opener.place().line
        label = label if kind == "math" else re.sub(r"[^\w.-]+", "-", label).strip("-")
        if label and self._labels.setdefault(label, line) != line:
            said = f"the label {label} is taken by line {self._labels[label]}; choose another"
            self.fault(opener[:1], said, label)
        name = label or f"{'line' if kind in (*OPTIONS, *ROLES) else kind}-{line}"
        self._names[name] += 1
        if self._names[name] > 1:
            name = f"{name}+{self._names[name]}"  # no label has a plus
        self.parts.append(Statement(kind, label, options, body, self.path, line, name))

    # Roles and inline formulas

    def _piece(self, name: str, mark: Text, inner: Text) -> None:
        """A role or a formula inside a sentence, by the name of the role or the dollars."""
        role, near = mark[: mark.find("}") + 1], meant(name, ROLES, "{{{}}}")
        if name == "open":
            blank = f"no blank stands between {mark[:-1].strip()} and its formula"
            self.fault(mark, blank if " " in mark else f"{mark} is never closed by a backtick")
        elif name == "$$" and states_relation(inner):
            self.fault(mark[:1], _UNCHECKED)
        elif name in ("$", "math"):
            self._add("inline", "", {}, inner, mark)
        elif name in ROLES:
            if not inner.strip():
                self.fault(role, f"an empty {role}")
            self._add(name, "", {}, inner, mark)
        elif near:
            self.fault(role, f"an unknown role {role}{near}")


def _complaints(
    kind: str, label: str, options: dict[Any, Text], body: Text, opener: Text
) -> Iterator[tuple[Text, str]]:
    """What is wrong with a directive: the part of it, and what to do. Cells are none of our language."""
    for name, value in options.items() if kind in OPTIONS else ():
        if name not in OPTIONS[kind]:
            owners = [f"; it belongs to {{{one}}}" for one, keys in OPTIONS.items() if name in keys]
            takes = f"; {{{kind}}} takes " + " ".join(f":{each}:" for each in OPTIONS[kind])
            yield name, f"unknown option :{name}:{[*owners, meant(name, OPTIONS[kind], ':{}:') or takes][0]}"
        elif name == "expect" and not re.match(r"(refuted|malformed)\b", value):
            yield value or name, f"`:expect: {value}`: write refuted or malformed, then words of the message"
        elif name in ("wrt", "from", "covers") and not value.strip():
            yield name, f"`:{name}:` is empty; write what it names or leave it out"
        elif name == "unchecked" and not value:
            yield name[:1], "`:unchecked:` needs a reason"
    for late in body.parts(r"(?m)^[ \t]*:[\w-]+:") if kind not in ("claim", "code-cell") else ():
        yield late.stripped(), f"the option {late.strip()} stands after the body has begun; move it up"
    if kind == "math" and "unchecked" not in options and states_relation(body):
        yield body[:1], _UNCHECKED
    bare = kind in ("math", "code-cell") or kind == "given" and {"from", "fresh"} & {*options}
    if not body and not bare:
        yield opener[:1], f"an empty {{{kind}}}; write its text below the options"
    if kind != "math" and not re.fullmatch(r"[\w.-]*", label):
        yield opener[:1], f"the label `{label}` is not one word of letters, digits, - _ and ."


def _pieces(token: Token, text: Text) -> Iterator[tuple[str, Text, Text]]:
    """All roles and formulas of an inline ``token``, whose source is ``text``: the role's name, or ``$`` or
    ``$$`` for a formula, or ``open`` for a role without end; the opening mark; what is inside.

    The tokenizer gives an inline token no column; but its tokens come in the order of the text, so each is
    found by searching on from where the last one ended. Code spans are passed over by the same search.
    """
    start = 0
    for child in token.children or []:
        lead = rf"\{{{re.escape(child.meta['name'])}\}}`+" if child.type == "myst_role" else ""
        if lead and (role := re.compile(lead).search(text, start)):
            start = role.end() + len(child.content)
            yield child.meta["name"], text.group(role), text[role.end() : start]
        elif child.content and (begin := text.find(child.content, start)) >= 0:
            start = begin + len(child.content)
            if mark := _DOLLARS.get(child.type):
                yield mark, text[begin - len(mark) : begin], text[begin:start]
            elif child.type == "text":
                yield from (("open", left, left) for left in text[begin : start + 1].parts(_OPEN))
