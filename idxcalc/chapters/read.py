"""MyST text to statements, code cells and inline formulas, each with its place; no Sphinx.

The tokenizer is MyST's own (markdown-it with the same plugins), so that a fence shown as an example inside a
longer fence, a comment or an indented block is no statement here either. A directive whose body is MyST text
(an admonition, an exercise, a card) is read in the same way, at any depth.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.front_matter import front_matter_plugin
from mdit_py_plugins.myst_blocks import myst_block_plugin
from mdit_py_plugins.myst_role import myst_role_plugin

from idxcalc.chapters.cells import Cell
from idxcalc.chapters.inline import pieces
from idxcalc.chapters.statement import (
    LITERAL,
    OPTIONS,
    ROLES,
    Faults,
    Option,
    Statement,
    meant,
    read_options,
    states_relation,
)
from idxcalc.chapters.text import Place, Text
from idxcalc.errors import IdxcalcError

_LABEL = re.compile(r"[\w.-]+")
_OURS = (*OPTIONS, "code-cell")
_UNCHECKED = (
    "this formula states a relation that nothing checks; make it a {derive}, "
    "or a {math} block that says why not, `:unchecked: reason`"
)
_OPENER = re.compile(rf"\s*(`{{3,}}|:{{3,}}|~{{3,}})\s*\{{(?:{'|'.join(_OURS)})\}}")


def tokenizer() -> MarkdownIt:
    """MyST's tokenizer, with the extensions that a chapter may use."""
    return (
        MarkdownIt("commonmark")
        .enable("table")
        .use(front_matter_plugin)
        .use(myst_block_plugin)
        .use(myst_role_plugin)
        .use(footnote_plugin, inline=False, move_to_end=False, always_match_refs=True)
        .use(dollarmath_plugin, double_inline=True)
        .use(colon_fence_plugin)
        .use(amsmath_plugin)
        .use(deflist_plugin)
    )


def load(path: Path) -> str:
    """The text of a chapter, line ends as ``\\n``; raises IdxcalcError when it is none."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise IdxcalcError("no such file") from None
    except OSError as error:
        raise IdxcalcError(f"cannot be read: {(error.strerror or str(error)).lower()}") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise IdxcalcError(f"not a text in UTF-8: byte 0x{data[error.start]:02x} in line {line}") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise IdxcalcError(f"not a text: a NUL byte in line {line}")
    return text.replace("\r\n", "\n").replace("\r", "\n")


@dataclass
class Reading:
    """What one chapter holds, in the order of the file."""

    faults: Faults
    statements: list[Statement] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    inline: list[tuple[Text, int]] = field(default_factory=list)  # with the number of statements before it
    front: str = ""
    labels: dict[str, int] = field(default_factory=dict)
    names: Counter[str] = field(default_factory=Counter)


def read(text: str, file: str) -> Reading:
    """Read a whole chapter; what is wrong with it is in ``faults``, and the rest is read all the same."""
    source = Text.of(text)
    reading = Reading(Faults(file, source))
    _Reader(reading, tokenizer()).read(source, "")
    return reading


@dataclass
class _Reader:
    reading: Reading
    markdown: MarkdownIt

    def read(self, text: Text, inside: str) -> None:
        """Read MyST text; ``inside`` names the directive that holds it, "" at the top."""
        depth = 0
        cursor: dict[int, int] = {}  # where in a table's row the next cell starts
        for token in self.markdown.parse(str(text)):
            depth += token.nesting
            first, stop = token.map or (0, 0)
            match token.type:
                case "front_matter" if not inside:
                    self.reading.front = token.content
                case "fence" | "colon_fence":
                    self.fence(token, text.part(first, stop), inside or ("list or quote" if depth else ""))
                case "math_block" | "math_block_label" | "amsmath" if states_relation(token.content):
                    line = text.lines[first]
                    self.unchecked(Place(line.number, line.margin + 1))
                case "inline":
                    inner = text.inner(token.content.split("\n"), first, cursor.get(first, 0))
                    taken = inner.lines[0]
                    cursor[first] = taken.margin - text.lines[first].margin + len(taken.text)
                    self.inline(token, inner)
                case _:
                    pass

    def unchecked(self, place: Place) -> None:
        self.reading.faults.add(place, _UNCHECKED)

    # Directives

    def fence(self, token: Token, raw: Text, inside: str) -> None:
        """One fence; ``raw`` are all its lines as they stand, the closing one included."""
        info = token.info.strip()
        match = re.fullmatch(r"\{([^\s{}]+)\}(?:\s+(.*))?", info)
        opened = raw.lines[0]
        at = Place(opened.number, opened.margin + max(opened.text.find(token.markup), 0) + 1)
        width = len(token.markup) + len(info)
        content = raw.inner(token.content.removesuffix("\n").split("\n") if token.content else [], 1)
        if match is None:
            glued = re.match(r"\{([^\s{}]+)\}", info)
            if glued and glued[1] in OPTIONS:
                self.reading.faults.add(at, f"a space is missing after {{{glued[1]}}}", width=width)
            elif token.type == "colon_fence":
                self.read(content, inside or "block")
            return
        name, argument = match[1], match[2] or ""
        content, rest = self.closed(token, raw, content, name, at, inside)
        if name == "code-cell":
            options, body = read_options(content, None)
            self.cell(options, body, at, inside)
        elif name in OPTIONS:
            options, body = read_options(content, self.reading.faults, argument)
            if name == "math" and argument:
                body = Text((*raw.part(0, 1).inner([argument], 0).lines, *body.lines))
            self.directive(name, "" if name == "math" else argument, options, body.trimmed(), at)
        elif name not in LITERAL:
            near = meant(name, OPTIONS, "{{{}}}")
            if near and (len(name) > 4 or name.lower() in OPTIONS):
                self.reading.faults.add(at, f"an unknown directive {{{name}}}{near}", width=width)
            self.read(read_options(content, None)[1], f"{{{name}}}")
        if rest.lines:
            self.read(rest, inside)

    def closed(
        self, token: Token, raw: Text, content: Text, name: str, at: Place, inside: str
    ) -> tuple[Text, Text]:
        """The content up to where the directive should have been closed, and what it swallowed beyond."""
        last = raw.lines[-1].text.strip(" \t>")
        ended = len(raw.lines) > 1 and len(last) >= len(token.markup) and not last.strip(token.markup[0])
        end = f"end it with {token.markup}"
        opens = (number for number, line in enumerate(content.lines) if _OPENER.match(line.text))
        other = next(opens, None) if name in _OURS else None
        if other is not None:
            message = f"before another directive in line {content.lines[other].number}; {end}"
            message = f"this {{{name}}} is not closed {message}"
        elif ended:
            return content, Text(())
        else:
            message = f"this {{{name}}} is never closed; {end}"
            if inside:
                message += f" (the {inside} around it must close later, with more characters)"
        self.reading.faults.add(at, message, width=len(token.markup))
        if name not in _OURS:
            return content, Text(())
        # What it was meant to hold ends, as a guess, at the first empty line below its text.
        number, begun = 0, False
        while number < (len(content.lines) if other is None else other):
            line = content.lines[number].text.strip()
            if begun and not line:
                break
            begun |= bool(line) and not line.startswith(":")
            number += 1
        return content.part(0, number), raw.part(number + 1)

    def cell(self, options: dict[str, Option], body: Text, at: Place, inside: str) -> None:
        tags = options.get("tags")
        cell = Cell(body, tuple(re.findall(r"\w[\w.:-]*", tags.value)) if tags else (), at.line)
        if inside:
            message = f"a {{code-cell}} inside a {inside} is never run; move it out, to the top level"
            self.reading.faults.add(at, message, "cells")
        else:
            self.reading.cells.append(cell)

    def directive(self, kind: str, label: str, options: dict[str, Option], body: Text, at: Place) -> None:
        faults = self.reading.faults
        for key, option in options.items():
            if key not in OPTIONS[kind]:
                self.unknown(kind, key, option.key, label)
        if "expect" in options and not re.match(r"(refuted|malformed)\b", options["expect"].value):
            option = options["expect"]
            message = f"`:expect: {option.value}`: write refuted or malformed, then words of the message"
            faults.add(option.place, message, label, len(option.value) or 1)
        for key in ("wrt", "from", "covers"):
            if key in options and not options[key].value.strip():
                message = f"`:{key}:` is empty; write what it names or leave it out"
                faults.add(options[key].key, message, label, len(key))
        for line in body.lines:
            if kind != "claim" and (late := re.match(r"\s*:([\w-]+):", line.text)):
                place = Place(line.number, line.margin + late.start(1))
                message = f"the option :{late[1]}: stands after the body has begun; move it up"
                faults.add(place, message, label, len(late[1]) + 2)
        place = body.place(0) if body.lines else at
        if kind == "math":
            label = options["label"].value if "label" in options else ""
            reason = options.get("unchecked")
            if reason is None and states_relation(str(body)):
                self.unchecked(place)
            elif reason is not None and not reason.value:
                faults.add(reason.place, "`:unchecked:` needs a reason", label)
        elif not body.lines and not (kind == "given" and ("from" in options or "fresh" in options)):
            faults.add(at, f"an empty {{{kind}}}; write its text below the options", label)
        self.add(kind, label, options, body, at)

    def unknown(self, kind: str, key: str, place: Place, label: str) -> None:
        elsewhere = [other for other, keys in OPTIONS.items() if key in keys]
        hint = meant(key, OPTIONS[kind], ":{}:")
        if elsewhere:
            hint = f"; it belongs to {{{elsewhere[0]}}}"
        elif not hint:
            hint = f"; {{{kind}}} takes " + " ".join(f":{name}:" for name in OPTIONS[kind])
        self.reading.faults.add(place, f"unknown option :{key}:{hint}", label, len(key))

    def add(self, kind: str, label: str, options: dict[str, Option], body: Text, at: Place) -> None:
        reading = self.reading
        if label and not _LABEL.fullmatch(label) and kind != "math":
            message = f"the label `{label}` is not one word of letters, digits, - _ and ."
            reading.faults.add(at, message, label)
            label = re.sub(r"[^\w.-]+", "-", label).strip("-")
        if label in reading.labels:
            message = f"the label {label} is taken by line {reading.labels[label]}; choose another"
            reading.faults.add(at, message, label)
        elif label:
            reading.labels[label] = at.line
        name = label or f"line-{at.line}"
        reading.names[name] += 1
        if reading.names[name] > 1:
            name = f"{name}+{reading.names[name]}"  # no label has a plus
        place = body.place(0) if body.lines else at
        values = {key: option.value for key, option in options.items()}
        places = {key: option.place for key, option in options.items()}
        file = reading.faults.file
        reading.statements.append(
            Statement(kind, label, values, str(body), file, *place, at.line, name, body, places)
        )

    # Roles and inline formulas

    def inline(self, token: Token, text: Text) -> None:
        for piece in pieces(token, text):
            name, faults = piece.kind, self.reading.faults
            if name == "open":
                mark = str(piece.text)
                faults.add(piece.place, f"{mark} is never closed by a backtick", width=len(mark))
            elif name == "$$":
                if states_relation(str(piece.text)):
                    self.unchecked(piece.place)
            elif name in ("$", "math"):
                self.reading.inline.append((piece.text, len(self.reading.statements)))
            elif name in ROLES:
                if not str(piece.text).strip():
                    faults.add(piece.place, f"an empty {{{name}}}", width=len(name) + 2)
                self.add(name, "", {}, piece.text, piece.place)
            elif near := meant(name, ROLES, "{{{}}}"):
                faults.add(piece.place, f"an unknown role {{{name}}}{near}", width=len(name) + 2)
