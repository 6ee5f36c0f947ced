"""LaTeX text to tokens.

The lexer knows what TeX does with braces and single characters (`x_12` has the subscript 1,
`\\frac12` is a half), drops what only spaces or sizes a formula, and joins what belongs to one
name (`\\hat y`, `\\text{loss}`, `w^{(t)}`). A subscript becomes one token: its indices are no formula.
Every token keeps its span, so that a later message can point at it.
"""

from __future__ import annotations

import re
from fractions import Fraction

from idxcalc.errors import Span
from idxcalc.functions import BY_LATEX
from idxcalc.notation.subscripts import closing, indices
from idxcalc.notation.tokens import (
    ACCENTS, CHARACTERS, COMMANDS, FONTS, GREEK, KEYWORDS, MAX_DEPTH, MAX_LENGTH, OPEN, SPACES, WORDS,
    IndexToken, Subscript, Tok, fail,
)  # fmt: skip

_SCAN = re.compile(
    r"(?P<space>\s+|%[^\n]*)|(?P<row>\\\\(\[[^\]\n]*\])?)|(?P<command>\\([A-Za-z]+|[^A-Za-z]))"
    r"|(?P<number>\d+(\.\d+)?)|(?P<letter>[A-Za-z])|(?P<other>.)",
    re.DOTALL,
)
_LABEL = re.compile(r"[\^]\{\s*(\([\w+\-,' \\]*\)|\[[\w+\-,' \\]*\])\s*\}")
_NO_SUM = re.compile(r"\(?\s*no sum (?:on|over)\b(.*?)\)?\s*$", re.DOTALL)
_WORD = re.compile(
    r"\$(?P<math>[^$]*)\$|(?P<word>[A-Za-z][A-Za-z\-]*)|(?P<space>[\s,.;:]+)|(?P<other>.)", re.DOTALL
)


def lex(source: str) -> list[Tok]:
    """The tokens of a formula; raises `IdxcalcError` for what no formula can hold."""
    if len(source) > MAX_LENGTH:
        raise fail(f"the formula is longer than {MAX_LENGTH} characters", source, MAX_LENGTH)
    for at, char in enumerate(source):
        if char in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f":
            raise fail("a mark that changes the direction of writing", source, at)
        if (ord(char) < 32 and char not in "\t\n\r") or 0xD800 <= ord(char) <= 0xDFFF or ord(char) == 127:
            raise fail("a control character", source, at)
    tokens = _Lexer(source, 0, len(source)).run()
    _check_brackets(tokens, source)
    return tokens


class _Lexer:
    """One pass over ``source[at:stop]``."""

    def __init__(self, source: str, at: int, stop: int) -> None:
        self.source, self.at, self.stop = source, at, stop
        self.tokens: list[Tok] = []
        self.bars: list[int] = []  # bracket depth of each | that waits for its partner
        self.depth = 0
        self.cases = 0

    def run(self) -> list[Tok]:
        while self.at < self.stop:
            self.step()
        return self.tokens

    def add(self, kind: str, value: object, start: int) -> None:
        self.tokens.append(Tok(kind, value, Span(start, self.at)))

    def step(self) -> None:
        source, start = self.source, self.at
        if source[start] == "_":
            self.at += 1
            self.subscript(start)
            return
        label = _LABEL.match(source, start, self.stop)
        if label:
            self.at = label.end()
            self.add("LABEL", "".join(label[1].split()), start)
            return
        match = _SCAN.match(source, start, self.stop)
        assert match is not None
        self.at = match.end()
        text = match[0]
        if match["space"]:
            return
        if match["row"]:
            self.add("CASEROW" if self.cases else "ROW", text, start)
        elif match["number"]:
            self.number(text, start)
        elif match["letter"]:
            self.add("NAME", text, start)
        elif match["command"]:
            self.command(text, start)
        else:
            self.character(text, start)

    def number(self, text: str, start: int) -> None:
        if self.is_argument():  # TeX takes one character as an argument without braces
            text = text[0]
            self.at = start + 1
        self.add("NUMBER", Fraction(text), start)

    def is_argument(self) -> bool:
        """Whether the next token is an argument of a power, a root or a fraction."""
        kinds = [token.kind for token in self.tokens]
        if not kinds or kinds[-1] in ("SUP", "FRAC", "SQRT"):
            return bool(kinds)
        depth, at = 0, len(kinds)
        for at in range(len(kinds) - 1, -1, -1):  # back over one whole argument
            depth += (kinds[at] in ("RBRACE", "RSQ")) - (kinds[at] in ("LBRACE", "LSQ"))
            if depth <= 0:
                break
        wanted = {"LBRACE": "FRAC", "NUMBER": "FRAC", "NAME": "FRAC", "LSQ": "SQRT"}.get(kinds[at], "")
        return at > 0 and kinds[at - 1] == wanted

    def character(self, text: str, start: int) -> None:
        if text == "&":
            if self.cases:
                self.add("AMP", text, start)
            return
        ends = self.source[self.at :].lstrip()[:2] in ("", "\\\\")
        if text == "~" or (text == "." and ends):  # a sentence may end with its formula
            return
        if text == "|":
            closing = bool(self.bars) and self.bars[-1] == self.depth
            if closing:
                self.bars.pop()
            else:
                self.bars.append(self.depth)
            self.add("RBAR" if closing else "LBAR", text, start)
            return
        if text not in CHARACTERS:
            shown = text if text.isprintable() else f"U+{ord(text):04X}"
            raise fail(f"the character {shown} means nothing in a formula", self.source, start)
        kind = CHARACTERS[text]
        self.depth += (kind in OPEN) - (kind in OPEN.values())
        self.add(kind, text, start)

    def command(self, text: str, start: int) -> None:
        if text in SPACES:
            if text in (r"\left", r"\right") and self.source[self.at : self.at + 1] == ".":
                self.at += 1
            elif text in (r"\left", r"\right") and self.source[self.at : self.at + 1] == "|":
                self.at += 1
                self.add("LBAR" if text == r"\left" else "RBAR", "|", start)
        elif text in WORDS:
            self.words(text, start)
        elif text in ACCENTS or text in FONTS:
            self.accent(text, start)
        elif text in (r"\begin", r"\end"):
            self.environment(text, start)
        elif text in (r"\log", r"\ln") or text in BY_LATEX and text not in COMMANDS:
            self.add("FUNCTION", text, start)
        elif text in COMMANDS:
            self.add(COMMANDS[text], text, start)
        elif text in GREEK:
            self.add("NAME", text, start)
        else:
            raise fail(f"an unknown command, {text}", self.source, start, self.at)

    def environment(self, text: str, start: int) -> None:
        match = re.compile(r"\{([a-z*]+)\}").match(self.source, self.at, self.stop)
        if match is None or match[1] not in ("cases", "aligned", "align", "align*", "split", "gathered"):
            what = match[0] if match else ""
            raise fail(f"an unknown environment, {text}{what}", self.source, start, self.at + len(what))
        self.at = match.end()
        if match[1] == "cases":
            self.cases += 1 if text == r"\begin" else -1
            self.add("BEGIN" if text == r"\begin" else "END", text, start)

    def accent(self, text: str, start: int) -> None:
        """``\\hat y`` and ``\\hat{y}`` are one name; ``\\widehat`` is the same accent drawn wider."""
        match = re.compile(r"\s*(\{\s*(\\?[A-Za-z]+)\s*\}|(\\[A-Za-z]+|[A-Za-z]))").match(
            self.source, self.at, self.stop
        )
        if match is None:
            raise fail(f"{text} needs one letter", self.source, start, self.at)
        self.at = match.end()
        self.add("NAME", f"{text.replace('wide', '')} {match[2] or match[3]}", start)

    def words(self, text: str, start: int) -> None:
        """``\\text{...}``: keywords, the remark on sums, or a name."""
        match = re.compile(r"\s*\{").match(self.source, self.at, self.stop)
        end = self.source.find("}", self.at, self.stop)
        if match is None or end < 0:
            raise fail(
                "`{` opened here is never closed" if match else f"{text} needs braces",
                self.source,
                start,
                self.at,
            )
        inner, begin = self.source[match.end() : end], match.end()
        self.at = end + 1
        if r"\input" in inner or "{" in inner:
            raise fail("text may hold words and $formulas$ only", self.source, begin, end)
        no_sum = _NO_SUM.match(inner.strip())
        if no_sum:
            letters = re.findall(r"(?:\\[A-Za-z]+|[A-Za-z])(?:_\w)?'*", no_sum[1].replace("$", " "))
            self.add("NOSUM", tuple(letters), start)
        elif inner.strip().startswith("ignored higher powers of"):
            self.add("IGNORED", inner, start)
        elif re.fullmatch(r"[A-Za-z][A-Za-z0-9\-]*", inner.strip()) and inner.strip() not in KEYWORDS:
            self.add("NAME", rf"\text{{{inner.strip()}}}", start)
        else:
            self.sentence(begin, end)

    def sentence(self, begin: int, end: int) -> None:
        after = self.at
        for match in _WORD.finditer(self.source, begin, end):
            if match["math"] is not None:
                self.tokens += _Lexer(self.source, match.start("math"), match.end("math")).run()
            elif match["word"] in KEYWORDS:
                self.tokens.append(
                    Tok(KEYWORDS[match["word"]], match["word"], Span(match.start(), match.end()))
                )
            elif not match["space"]:
                raise fail(
                    f"the words {match[0]!r} mean nothing here", self.source, match.start(), match.end()
                )
        self.at = after

    def subscript(self, start: int) -> None:
        source = self.source
        blank = re.compile(r"\s*").match(source, self.at)
        assert blank is not None
        self.at = blank.end()
        if source[self.at : self.at + 1] == "{":
            end = closing(source, self.at, self.stop)
            inner = (self.at + 1, end)
            self.at = end + 1
        else:
            match = re.compile(r"\\[A-Za-z]+|[A-Za-z0-9]").match(source, self.at, self.stop)
            if match is None:
                raise fail("an empty subscript", source, start, self.at + 1)
            inner = (self.at, match.end())
            self.at = match.end()
        if self.tokens and self.tokens[-1].kind == "SUM":
            self.add("BOUND", inner, start)  # read by the parser: letters and a lower bound
            return
        before, after = indices(source, *inner)
        braced = source[inner[0] - 1] == "{"
        self.add("SUB", Subscript(before, after, Span(start, self.at), braced), start)


def _check_brackets(tokens: list[Tok], source: str) -> None:
    stack: list[Tok] = []
    for token in tokens:
        if token.kind in OPEN:
            stack.append(token)
            if len(stack) > MAX_DEPTH:
                raise fail(f"brackets nested more than {MAX_DEPTH} deep", source, token.span.start)
        elif token.kind in OPEN.values():
            if not stack or OPEN[stack[-1].kind] != token.kind:
                if stack:
                    raise fail(
                        f"`{stack[-1].value}` opened here is never closed", source, stack[-1].span.start
                    )
                raise fail(f"`{token.value}` closes nothing", source, token.span.start, token.span.stop)
            stack.pop()
    if stack:
        raise fail(
            f"`{stack[-1].value}` opened here is never closed",
            source,
            stack[-1].span.start,
            stack[-1].span.stop,
        )


__all__ = ["IndexToken", "lex"]
