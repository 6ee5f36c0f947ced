"""LaTeX text to tokens.

The lexer knows what TeX does with braces and single characters (`x_12` has the subscript 1), drops what
only spaces or sizes a formula, and joins what belongs to one name (`\\hat y`, `\\text{loss}`, `w^{(t)}`).
A subscript becomes one token: its indices are no formula. Every token keeps its span, so that a later
message can point at it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from idxcalc.errors import Span
from idxcalc.functions import BY_LATEX
from idxcalc.notation.subscripts import bound, indices, plain
from idxcalc.notation.tokens import (
    ACCENTS, BRACKETS, COMPARISONS, ENVIRONMENTS, KEYWORDS, KINDS, LETTER, MAX_DEPTH, MAX_LENGTH, WORDS,
)  # fmt: skip
from idxcalc.notation.tree import Subscript, Tok, Written, fail
from idxcalc.notation.ways import SIGNS, way

_INNER = r"(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*"  # what stands in braces
_SCAN = re.compile(
    r"(?P<LABEL>\^\s*\{\s*(?P<brace>\{\s*)?(?:\\left\s*)?(?:\([\w+\-,' \\]*\)|\[[\w+\-,' \\]*\])\s*"
    rf"(?(brace)\}}\s*)\}})|(?P<SUB>_\s*(?:\{{(?P<indices>{_INNER})(?P<shut>\}})?|(?P<index>\\[A-Za-z]+|[A-Za-z0-9]))?)"
    r"|(?P<space>\s+|%[^\n]*|~|\\(?:left|right)\.|(?:(?<=\\begin\{aligned\})|(?<=\\begin\{gathered\}))\[[tbc]\])"
    r"|(?P<COMMA>\.(?=\s*(?:\\\\|\\end\b|\Z)))"  # a sentence may end with a formula
    r"|(?P<ROW>\\\\(?:\[\s*-?[0-9.]+\s*[a-z]{2}\s*\])?)|(?P<EXPONENT>[0-9][eE][+-]?[0-9])|(?P<DIGIT>[0-9])"
    r"|(?P<DOT>(?<=[0-9])\.(?=[0-9]))|(?P<REMARK>no\s+sum\b[^)]*)|(?P<NAME>[A-Za-z])|(?P<PRIME>\^\s*\{\s*\\prime\s*\})"
    rf"|(?P<accent>(?P<mark>\\(?:{ACCENTS})(?![A-Za-z]))"
    r"(?:\s*(?:\{\s*(?P<inside>\\?[A-Za-z]+)\s*\}|(?P<under>\\[A-Za-z]+|[A-Za-z])))?)"
    rf"|(?P<words>\\(?:{WORDS})(?![A-Za-z])(?:\s*\{{(?P<text>(?:\$(?:[^${{}}]|\{{[^{{}}]*\}})*\$|[^}}])*)"
    r"(?P<end>\})?|\s+(?P<bare>[A-Za-z]))?)"
    r"|(?P<environment>\\(?:begin|end)(?![A-Za-z])(?:\{(?P<sort>[a-z*]+)\})?)"
    r"|(?P<symbol>\\(?:(?:left|right|[bB]igg?[lr]?)\||[A-Za-z]+|[^A-Za-z])|.)",
    re.DOTALL,
)
_DIRECTIONS = "\u202a-\u202e\u2066-\u2069\u200e\u200f"
_FORBIDDEN = re.compile(rf"([{_DIRECTIONS}])|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_NO_SUM = re.compile(r"[\s,;]*\(?\s*[nN]o sum\b(?: on\b| over\b)?(.*?)\)?[\s,;.]*$", re.DOTALL)
_SENTENCE = re.compile(r"\$(?P<math>[^$]*)\$|[A-Za-z][A-Za-z\-]*|\s+|.", re.DOTALL)
_OPEN = "`{}` opened here is never closed"
_APART = r"two formulas, or a product? write \\ between formulas; factors stand without \quad"
_ENDS = {"NAME", "DIGIT", "SUB", "LABEL", "PRIME", *BRACKETS.values()}  # what a term may end and begin with
_BEGINS = {"NAME", "DIGIT", "FRAC", "SQRT", "SUM", "FUNCTION", "DET", "PARTIAL", *BRACKETS}
_CLAUSES = ("IF", "AND", "ELSE", "OTHERWISE", "NOSUM", "ROW", "END")  # a comma before them only marks them
# What stands behind a `&`; a sign only behind the first of a row.
_ALIGNED = ("PLUS", "MINUS", "AMP", "IF", "NOSUM", "MULT")


@lru_cache(64)
def lex(source: str) -> tuple[Tok, ...]:
    """The tokens of a formula; raises `IdxcalcError` for what no formula can hold."""
    if len(source) > MAX_LENGTH:
        raise fail(f"the formula is longer than {MAX_LENGTH} characters", source, MAX_LENGTH)
    if bad := _FORBIDDEN.search(source):
        what = "a mark that changes the direction of writing" if bad[1] else "a control character"
        raise fail(what, source, bad.start())
    return tuple(_nested(list(_rows(list(_tokens(source, 0, len(source))))), source))


def subscripts(source: str) -> list[Subscript]:
    """All subscripts of a formula."""
    return [token.value for token in lex(source) if isinstance(token.value, Subscript)]


def _tokens(source: str, begin: int, end: int) -> Iterator[Tok]:
    """The tokens between two places, brackets not yet matched."""
    before = ""
    for found in _SCAN.finditer(source, begin, end):
        kind, text, span = found.lastgroup or "", found[0], Span(*found.span())
        value: object = text
        match kind:
            case "space":
                continue
            case "words":
                yield from _words(found)
                continue
            case "LABEL":
                value = re.sub(r"\\(?:left|right)(?![a-z])|[\s{}^]", "", text)
            case "SUB":
                kind, value = ("BOUND" if before == "SUM" else kind), _subscript(found, before == "SUM")
            case "accent":  # `\hat y` and `\hat{y}` are one name; `\widehat` is the same accent drawn wider
                under = found["inside"] or found["under"]
                if under is None:
                    raise fail(f"{text} needs one letter", source, span.start, span.stop)
                kind, value = "NAME", f"{found['mark'].replace('wide', '')} {under}"
            case "environment":
                if found["sort"] not in ENVIRONMENTS:
                    raise fail(f"an unknown environment, {text}", source, span.start, span.stop)
                value = text.partition("{")[0]
                kind = str(value)[1:].upper() if found["sort"] == "cases" else ""
            case "symbol":
                kind, value = _symbol(text, source, span), COMPARISONS.get(text, text)
        before = kind or before
        if kind:
            yield Tok(kind, value, span)


def _symbol(text: str, source: str, span: Span) -> str:
    """The kind of a command or a character."""
    if text not in KINDS and text not in BY_LATEX:
        shown = text if text.isprintable() else f"U+{ord(text[-1]):04X}"
        command = f"an unknown command, {shown}"
        what = command if text[1:] else f"the character {shown} means nothing in a formula"
        raise fail(what + way(SIGNS, text), source, span.start, span.stop)
    return KINDS.get(text, "FUNCTION")


def _subscript(found: re.Match[str], below: bool) -> Subscript | Written:
    """The indices behind a ``_``, or the letters below a sum."""
    source, (start, stop), group = found.string, found.span(), "index" if found["index"] else "indices"
    begin, end = found.span(group)
    if begin < 0:
        other = f"{source[stop : stop + 1]} in a subscript; expected index letters"
        raise fail(other if source[stop:][:1].isalpha() else "an empty subscript", source, start, stop + 1)
    if group == "indices" and not found["shut"] and source.count("{", begin) >= source.count("}", begin):
        raise fail(_OPEN.format("{"), source, begin - 1)
    return (bound if below else indices)(source, begin, end, Span(start, stop))


def _words(found: re.Match[str]) -> Iterator[Tok]:
    """``\\text{...}``: keywords, the remark on sums, or a name."""
    source, (start, stop), (begin, end) = found.string, found.span(), found.span("text")
    inner = (found["text"] or found["bare"] or "").strip()
    if not found["end"] and not found["bare"]:
        what = f"{found[0]} needs braces" if begin < 0 else _OPEN.format("{")
        raise fail(what, source, start if begin < 0 else begin - 1, stop if begin < 0 else begin)
    if r"\input" in inner or "{" in re.sub(r"\$[^$]*\$", "", inner):
        raise fail("text may hold words and $formulas$ only", source, begin, end)
    if no_sum := _NO_SUM.match(inner):
        letters = re.split(r"\s*(?:,\s*and\b|,|\band\b)\s*", no_sum[1].replace("$", " ").strip())
        kind = "NOSUM" if all(re.fullmatch(LETTER, each) for each in letters) else "REMARK"
        yield Tok(kind, tuple(map(plain, letters)), Span(start, stop))
    elif inner.startswith("ignored higher powers of"):
        yield Tok("IGNORED", inner, Span(start, stop))
    elif inner in ("d", "e"):  # set upright, as many do
        yield Tok("NAME", inner, Span(start, stop))
    elif (command := rf"\{inner}") in (*BY_LATEX, r"\det"):
        yield Tok(_symbol(command, source, Span(start, stop)), command, Span(start, stop))
    elif re.fullmatch(r"[A-Za-z][A-Za-z0-9\-]*", inner) and inner not in KEYWORDS:
        yield Tok("NAME", rf"\text{{{inner}}}", Span(start, stop))
    else:
        for each in _SENTENCE.finditer(source, begin, end):
            if each["math"] is not None:
                yield from _tokens(source, *each.span("math"))
            elif each[0] in KEYWORDS:
                yield Tok(KEYWORDS[each[0]], each[0], Span(*each.span()))
            elif each[0].strip():
                words = each[0] if each[0][0].isalpha() else inner
                raise fail(f"the words {words!r} mean nothing here", source, *each.span())


def _rows(tokens: list[Tok]) -> Iterator[Tok]:
    """The tokens without what only aligns or punctuates. Rows within cases are theirs; any other knows how it
    begins, ``&`` in the column of what goes on, ``,`` as a statement of its own."""
    kinds, cases, columns = ("ROW", *(token.kind for token in tokens), "ROW"), 0, 0
    for at, token in enumerate(tokens):
        before, kind, behind = kinds[at : at + 3]
        cases += (kind == "BEGIN") - (kind == "END")
        columns = columns * (kind != "ROW") + (kind == "AMP")
        clause = behind if behind != "AMP" else kinds[at + 3]
        remark = (kind, behind) == ("LPAR", "NOSUM") or (before, kind) == ("NOSUM", "RPAR")
        if remark or (kind == "COMMA" and clause in _CLAUSES):
            continue
        if cases or kind not in ("ROW", "AMP"):
            yield replace(token, kind="CASEROW") if kind == "ROW" else token
        elif kind == "ROW":
            aligned = next((k for k in kinds[at + 2 :] if k in ("AMP", "ROW", "BEGIN")), "") == "AMP"
            goes_on = "&" if behind == "AMP" != kinds[1] else ""
            yield replace(token, value="," if before == "COMMA" or (aligned and behind != "AMP") else goes_on)
        elif not {before, behind} & {"ROW", "REL"} and behind not in _ALIGNED[2 * (columns > 1) :]:
            yield token  # where none aligns: nothing takes it


def _nested(tokens: list[Tok], source: str) -> Iterator[Tok]:
    """The tokens, once it is known what encloses them: a ``|`` opens or closes, in one way only; each bracket
    is closed by one of its own kind."""
    stack: list[Tok] = []
    unclear: set[int] = set()  # the brackets in which a `|` closed that could have opened
    kinds = ("", *(token.kind for token in tokens), "")
    for at, token in enumerate(tokens):
        gap = "" if stack else source[tokens[at - 1].span.stop : token.span.start]
        if "quad" in gap and "REL" in kinds[:at] and not re.search(r"\\\\|[&%]", gap):
            factors = kinds[at] in (*_ENDS, "BAR") and token.kind in (*_BEGINS, "BAR")
            if factors and kinds[at + 2] not in ("REMARK", "IGNORED"):
                raise fail(_APART, source, token.span.start, token.span.stop)
        level = next((t.span.start for t in reversed(stack) if KINDS.get(str(t.value)) != "BAR"), -1)
        if token.kind == "BAR":
            closes = bool(stack) and stack[-1].value == token.value
            if not closes and level in unclear and kinds[at] in _ENDS:
                which = r"which `|` closes which? write \lvert ... \rvert"
                raise fail(which, source, token.span.start, token.span.stop)
            unclear |= {level} if closes and kinds[at + 2] in _BEGINS else set()
            token = replace(token, kind="RBAR" if closes else "LBAR")
        elif token.kind in ("REL", "CMP", "COMMA", "CASEROW", *_CLAUSES):  # what no pair of bars encloses
            unclear.discard(level)
        if token.kind in BRACKETS:
            stack.append(token)
            if len(stack) > MAX_DEPTH:
                raise fail(f"brackets nested more than {MAX_DEPTH} deep", source, token.span.start)
        elif token.kind in BRACKETS.values():
            if not stack or (token.kind == "END" and all(t.kind != "BEGIN" for t in stack)):
                raise fail(f"`{token.value}` closes nothing", source, token.span.start, token.span.stop)
            if BRACKETS[stack[-1].kind] != token.kind:
                break
            stack.pop()
        yield token
    if stack:
        last = stack[-1]
        raise fail(_OPEN.format(last.value), source, last.span.start, last.span.stop)
