"""LaTeX text to tokens.

The lexer knows what TeX does with braces and single characters (`x_12` has the subscript 1), drops what
only spaces or sizes a formula, and joins what belongs to one name (`\\hat y`, `\\text{loss}`, `w^{(t)}`).
A subscript becomes one token: its indices are no formula. Every token keeps its span, so that a later
message can point at it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from idxcalc.errors import Span
from idxcalc.functions import BY_LATEX
from idxcalc.notation.subscripts import bound, closing, indices
from idxcalc.notation.tokens import (
    ACCENTS, CLOSING, FONTS, KEYWORDS, KINDS, LETTER, MAX_DEPTH, MAX_LENGTH, OPENING, WORDS, Subscript, Tok,
    fail,
)  # fmt: skip

_SCAN = re.compile(
    r"(?P<label>\^\{\s*(?:\([\w+\-,' \\]*\)|\[[\w+\-,' \\]*\])\s*\})|(?P<subscript>_)"
    r"|(?P<space>\s+|%[^\n]*|~|\.(?=\s*(?:\\\\|\Z))|\\(?:left|right)\.)"  # a sentence may end with a formula
    r"|(?P<row>\\\\(?:\[[^\]\n]*\])?)|(?P<number>\d+(?:\.\d+)?)|(?P<letter>[A-Za-z])"
    r"|(?P<command>\\(?:(?:left|right)\||[A-Za-z]+|[^A-Za-z]))|(?P<other>.)",
    re.DOTALL,
)
_DIRECTIONS = "\u202a-\u202e\u2066-\u2069\u200e\u200f"
_FORBIDDEN = re.compile(rf"([{_DIRECTIONS}])|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_ENVIRONMENTS = ("cases", "aligned", "align", "align*", "split", "gathered")
_NO_SUM = re.compile(r"\(?\s*no sum (?:on|over)\b(.*?)\)?\s*$", re.DOTALL)
_WORD = re.compile(
    r"\$(?P<math>[^$]*)\$|(?P<word>[A-Za-z][A-Za-z\-]*)|(?P<space>[\s,.;:]+)|(?P<other>.)", re.DOTALL
)


@lru_cache(64)
def lex(source: str) -> tuple[Tok, ...]:
    """The tokens of a formula; raises `IdxcalcError` for what no formula can hold."""
    if len(source) > MAX_LENGTH:
        raise fail(f"the formula is longer than {MAX_LENGTH} characters", source, MAX_LENGTH)
    if bad := _FORBIDDEN.search(source):
        what = "a mark that changes the direction of writing" if bad[1] else "a control character"
        raise fail(what, source, bad.start())
    tokens = _Lexer(source, 0, len(source)).run()
    _check_brackets(tokens, source)
    return tuple(tokens)


class _Lexer:
    """One pass over ``source[at:stop]``; ``start`` is where the present token begins."""

    def __init__(self, source: str, at: int, stop: int) -> None:
        self.source, self.start, self.at, self.stop = source, at, at, stop
        self.tokens: list[Tok] = []
        self.bars: list[int] = []  # bracket depth of each | that waits for its partner
        self.depth = self.cases = 0

    def run(self) -> list[Tok]:
        while self.at < self.stop:
            self.start = self.at
            found = _SCAN.match(self.source, self.at, self.stop)
            assert found is not None
            self.at = found.end()
            match found.lastgroup:
                case "space":
                    pass
                case "letter":
                    self.add("NAME", found[0])
                case "number":
                    self.add("NUMBER", found[0])
                case "row":
                    self.add("CASEROW" if self.cases else "ROW", found[0])
                case "label":
                    self.add("LABEL", "".join(found[0][2:-1].split()))
                case "subscript":
                    self.subscript()
                case _:
                    self.other(found[0])
        return self.tokens

    def add(self, kind: str, value: object) -> None:
        self.tokens.append(Tok(kind, value, Span(self.start, self.at)))

    def accept(self, pattern: str) -> re.Match[str] | None:
        """What stands here, if the pattern fits it; the lexer goes on behind it."""
        found = re.compile(pattern).match(self.source, self.at, self.stop)
        self.at = found.end() if found else self.at
        return found

    def other(self, text: str) -> None:
        """A command or a character."""
        if text == "&":
            if self.cases:
                self.add("AMP", text)
        elif text == "|":
            closes = bool(self.bars) and self.bars[-1] == self.depth
            self.bars[-1:] = [] if closes else [*self.bars[-1:], self.depth]
            self.add("RBAR" if closes else "LBAR", text)
        elif text in WORDS:
            self.words(text)
        elif text in ACCENTS or text in FONTS:
            self.accent(text)
        elif text in (r"\begin", r"\end"):
            self.environment(text)
        elif text in BY_LATEX and text not in KINDS:
            self.add("FUNCTION", text)
        elif text not in KINDS:
            shown = text if text.isprintable() else f"U+{ord(text[-1]):04X}"
            named = f"an unknown command, {shown}"
            what = named if text[1:] else f"the character {shown} means nothing in a formula"
            raise fail(what, self.source, self.start, self.at)
        elif kind := KINDS[text]:
            self.depth += (text in "([{") - (text in ")]}")
            self.add(kind, text)

    def environment(self, text: str) -> None:
        found = self.accept(r"\{([a-z*]+)\}")
        if found is None or found[1] not in _ENVIRONMENTS:
            what = f"an unknown environment, {text}{found[0] if found else ''}"
            raise fail(what, self.source, self.start, self.at)
        if found[1] == "cases":
            self.cases += 1 if text == r"\begin" else -1
            self.add("BEGIN" if text == r"\begin" else "END", text)

    def accent(self, text: str) -> None:
        """``\\hat y`` and ``\\hat{y}`` are one name; ``\\widehat`` is the same accent drawn wider."""
        found = self.accept(r"\s*(?:\{\s*(\\?[A-Za-z]+)\s*\}|(\\[A-Za-z]+|[A-Za-z]))")
        if found is None:
            raise fail(f"{text} needs one letter", self.source, self.start, self.at)
        self.add("NAME", f"{text.replace('wide', '')} {found[1] or found[2]}")

    def words(self, text: str) -> None:
        """``\\text{...}``: keywords, the remark on sums, or a name."""
        behind, opened = self.at, self.accept(r"\s*\{")
        begin, end = self.at, self.source.find("}", self.at, self.stop)
        if not opened or end < 0:
            what = "`{` opened here is never closed" if opened else f"{text} needs braces"
            raise fail(what, self.source, self.start, behind)
        inner, self.at = self.source[begin:end].strip(), end + 1
        if r"\input" in inner or "{" in inner:
            raise fail("text may hold words and $formulas$ only", self.source, begin, end)
        if no_sum := _NO_SUM.match(inner):
            letters = re.findall(LETTER, re.sub(r"\$|\band\b", " ", no_sum[1]))
            self.add("NOSUM", tuple(letters))
        elif inner.startswith("ignored higher powers of"):
            self.add("IGNORED", inner)
        elif re.fullmatch(r"[A-Za-z][A-Za-z0-9\-]*", inner) and inner not in KEYWORDS:
            self.add("NAME", rf"\text{{{inner}}}")
        else:
            self.sentence(begin, end)

    def sentence(self, begin: int, end: int) -> None:
        for found in _WORD.finditer(self.source, begin, end):
            span = Span(*found.span())
            if found["math"] is not None:
                self.tokens += _Lexer(self.source, *found.span("math")).run()
            elif found[0] in KEYWORDS:
                self.tokens.append(Tok(KEYWORDS[found[0]], found[0], span))
            elif not found["space"]:
                raise fail(f"the words {found[0]!r} mean nothing here", self.source, span.start, span.stop)

    def subscript(self) -> None:
        self.accept(r"\s*")
        braced = self.accept(r"\{")
        begin, stop = self.at, self.at
        if braced:
            stop = closing(self.source, begin - 1, self.stop)
            self.at = stop + 1
        elif found := self.accept(r"\\[A-Za-z]+|[A-Za-z0-9]"):
            stop = found.end()
        else:
            raise fail("an empty subscript", self.source, self.start, self.at + 1)
        if self.tokens and self.tokens[-1].kind == "SUM":
            self.add("BOUND", bound(self.source, begin, stop))
            return
        before, after = indices(self.source, begin, stop)
        self.add("SUB", Subscript(before, after, Span(self.start, self.at), bool(braced)))


def _check_brackets(tokens: list[Tok], source: str) -> None:
    stack: list[Tok] = []
    for token in tokens:
        if token.kind in OPENING:
            stack.append(token)
            if len(stack) > MAX_DEPTH:
                raise fail(f"brackets nested more than {MAX_DEPTH} deep", source, token.span.start)
        elif token.kind in CLOSING:
            if not stack:
                raise fail(f"`{token.value}` closes nothing", source, token.span.start, token.span.stop)
            if CLOSING[OPENING.index(stack[-1].kind)] != token.kind:
                break
            stack.pop()
    if stack:
        last = stack[-1]
        raise fail(f"`{last.value}` opened here is never closed", source, last.span.start, last.span.stop)
