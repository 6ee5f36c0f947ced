"""Tokens to a syntax tree: what stands where, before any name has a meaning.

The grammar is `grammar.lark` (LALR); this module gives it the tokens of `lexer`, makes the
tree of small frozen records, and turns the parser's surprise into a sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from idxcalc.errors import IdxcalcError, Span
from idxcalc.notation.lexer import COMPARISONS, GREEK, Subscript, Tok, fail, lex


@dataclass(frozen=True, slots=True)
class Name:
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Number:
    value: Fraction
    span: Span


@dataclass(frozen=True, slots=True)
class Word:
    """A command that takes what follows: a known function, ``\\partial``, ``\\det``, ``\\dots``."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Written:
    """``\\sum_{i=1}^n``: the letters with their spans, the lower bound, the upper."""

    letters: tuple[tuple[str, Span], ...]
    lower: int | None
    upper: SumOf | None
    span: Span


@dataclass(frozen=True, slots=True)
class Bracket:
    """Round, square or curly brackets around one or more sums; ``ignored`` for "ignored higher powers of"."""

    kind: str
    items: tuple[SumOf, ...]
    span: Span
    ignored: bool = False


@dataclass(frozen=True, slots=True)
class Test:
    op: str
    left: SumOf
    right: SumOf
    span: Span


@dataclass(frozen=True, slots=True)
class Tests:
    """Iverson's bracket."""

    tests: tuple[Test, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Bars:
    body: SumOf
    span: Span


@dataclass(frozen=True, slots=True)
class Fraction_:
    numerator: SumOf
    denominator: SumOf
    span: Span


@dataclass(frozen=True, slots=True)
class Root:
    body: SumOf
    degree: SumOf | None
    span: Span


@dataclass(frozen=True, slots=True)
class Choice:
    """By cases: (value, tests) pairs; the tests of the last are empty for "else"."""

    branches: tuple[tuple[SumOf, tuple[Test, ...]], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Power:
    exponent: SumOf
    span: Span


@dataclass(frozen=True, slots=True)
class Item:
    """An atom with its scripts; labels have become part of the name, primes are counted."""

    atom: Atom
    sub: Subscript | None
    primes: int
    power: Power | None
    span: Span


@dataclass(frozen=True, slots=True)
class Sign:
    """A mark between the items of a product: ``*``, ``/`` or ``o`` (composition)."""

    kind: str
    span: Span


@dataclass(frozen=True, slots=True)
class Product:
    items: tuple[Item | Sign, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class SumOf:
    """Signed products: the sign is 1 or -1; ``operator`` is the span of a written sign."""

    terms: tuple[tuple[int, Product], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Side:
    """A side of a relation: a formula, possibly with a condition or by cases; None is a ``?``."""

    body: SumOf | Choice | None
    tests: tuple[Test, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Chain:
    """``a = b = c``: the sides, the signs between them (``=`` or ``!=``), the letters of "(no sum)"."""

    sides: tuple[Side, ...]
    ops: tuple[str, ...]
    op_spans: tuple[Span, ...]
    no_sum: tuple[str, ...]
    span: Span


Atom: TypeAlias = (
    Name | Number | Word | Written | Bracket | Tests | Bars | Fraction_ | Root | Choice
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Script:
    kind: str
    value: Any
    span: Span


@cache
def _lark() -> Any:
    import lark

    class Lexer(lark.lexer.Lexer):  # the tokens come ready made
        def __init__(self, conf: object) -> None: ...

        def lex(self, data: Any) -> Any:
            for token in data:
                yield lark.Token(token.kind, token, token.span.start, end_pos=token.span.stop)

    text = (Path(__file__).parent / "grammar.lark").read_text(encoding="utf-8")
    terminals = sorted(set(re.findall(r"\b[A-Z]{2,}\b", re.sub(r"//[^\n]*", "", text))))
    text += "\n%declare " + " ".join(terminals)
    return lark.Lark(text, parser="lalr", lexer=Lexer, maybe_placeholders=False, propagate_positions=False)


def parse(source: str) -> list[Chain]:
    """The chains of a formula, one per row that starts with a left side.

    ``\\pm`` and ``\\mp`` give every chain twice, with the upper and with the lower signs.
    """
    tokens = lex(source)
    if not tokens:
        raise IdxcalcError("an empty formula", source, Span(0, 1))
    no_sum = tuple(dict.fromkeys(name for t in tokens if t.kind == "NOSUM" for name in t.value))  # type: ignore[attr-defined]
    for number, token in enumerate(tokens):
        rest = [t.kind for t in tokens[number + 1 :]]
        if token.kind == "NOSUM" and rest and rest[0] not in ("ROW", "NOSUM", "IF", "COMMA", "RPAR"):
            raise fail("(no sum) stands at the end of a statement", source, token.span.start, token.span.stop)
    tokens = [t for t in tokens if t.kind != "NOSUM"]
    while tokens and tokens[-1].kind in ("ROW", "COMMA"):
        tokens.pop()
    if not any(t.kind in ("PM", "MP") for t in tokens):
        return _chains(tokens, source, no_sum)
    variants = []
    for upper in (True, False):
        signs = {"PM": "PLUS" if upper else "MINUS", "MP": "MINUS" if upper else "PLUS"}
        variants += _chains([replace(t, kind=signs.get(t.kind, t.kind)) for t in tokens], source, no_sum)
    return variants


def _chains(tokens: list[Tok], source: str, no_sum: tuple[str, ...]) -> list[Chain]:
    _check_sides(tokens, source)
    tree = _parse(tokens, source)
    builder = _Builder(source)
    chains: list[Chain] = []
    for row in (child for child in tree.children if not _is(child, "ROW")):
        first, steps = builder.row(row)
        if first is not None:
            chains.append(Chain((first,), (), (), no_sum, first.span))
        elif not chains:
            raise fail("an empty side", source, 0)
        last = chains[-1]
        for op, span, side in steps:
            last = Chain((*last.sides, side), (*last.ops, op), (*last.op_spans, span), no_sum, last.span | side.span)
        chains[-1] = last
    return chains


def _check_sides(tokens: list[Tok], source: str) -> None:
    """An ``=`` with nothing before or behind it, outside conditions and brackets."""
    depth = 0
    for number, token in enumerate(tokens):
        depth += (token.kind in ("LPAR", "LSQ", "LBRACE", "LBAR")) - (token.kind in ("RPAR", "RSQ", "RBRACE", "RBAR"))
        if token.kind != "REL" or depth:
            continue
        before = tokens[number - 1].kind if number else ""
        behind = tokens[number + 1].kind if number + 1 < len(tokens) else ""
        if before in ("", "REL") or behind in ("", "REL", "ROW"):
            raise fail("an empty side", source, token.span.start, token.span.stop)


_OPERATORS = ("PLUS", "MINUS", "MULT", "SLASH", "CIRC", "SUP")


def _parse(tokens: list[Tok], source: str) -> Any:
    import lark

    try:
        return _lark().parse(tokens)
    except lark.UnexpectedInput as error:
        raise _explained(error, tokens, source) from None


def _explained(error: Any, tokens: list[Tok], source: str) -> IdxcalcError:
    token = error.token.value if isinstance(getattr(error.token, "value", None), Tok) else None
    if token is None:
        last = tokens[-1].span.stop
        if tokens[-1].kind in ("SUM", "FRAC", "SQRT", "SUP"):
            return fail(f"`{tokens[-1].value}` needs an argument", source, tokens[-1].span.start, last)
        return IdxcalcError("a term is missing", source, Span(len(source.rstrip()), len(source.rstrip())))
    at = tokens.index(token)
    before = tokens[at - 1].kind if at else ""
    start, stop = token.span.start, token.span.stop
    if token.kind == "REL" and before in _OPERATORS or token.kind in ("RPAR", "RSQ", "RBRACE", "ROW", "COMMA", "RBAR") and (
        before in (*_OPERATORS, "COMMA")
    ):
        return fail("a term is missing", source, start, stop)
    if token.kind in _OPERATORS:
        return fail("an operator where a term was expected", source, start, stop)
    if before == "SUM":
        return fail(r"\sum needs the letter it sums over: write \sum_i", source, tokens[at - 1].span.start, stop)
    if before in ("FRAC", "SQRT", "SUP"):
        return fail(f"`{tokens[at - 1].value}` needs an argument", source, tokens[at - 1].span.start, stop)
    if token.kind == "SUB":
        return fail("a subscript with nothing to stand on", source, start, stop)
    if token.kind == "REL":
        return fail("a relation inside brackets or a condition", source, start, stop)
    if token.kind == "CMP":
        return fail("an inequality is no statement; expected = or \\neq", source, start, stop)
    if token.kind in ("AND", "ELSE", "OTHERWISE", "IF"):
        return fail(f"`{token.value}` has no condition it belongs to", source, start, stop)
    if token.kind == "QUESTION":
        return fail("`?` stands alone, for a whole side", source, start, stop)
    return fail(f"`{source[start:stop]}` was not expected here", source, start, stop)


def _is(node: Any, kind: str) -> bool:
    return getattr(node, "type", None) == kind


def _data(node: Any) -> str:
    return getattr(node, "data", "")


def _extent(argument: Any) -> Span:
    """Where an argument stands, its braces included."""
    tokens = [child.value.span for child in argument.children if hasattr(child, "type")]
    return tokens[0] | tokens[-1]


class _Builder:
    """The parser's tree to the records above."""

    def __init__(self, source: str) -> None:
        self.source = source

    def row(self, tree: Any) -> tuple[Side | None, list[tuple[str, Span, Side]]]:
        first: Side | None = None
        steps = []
        for child in tree.children:
            if _data(child) == "step":
                token: Tok = child.children[0].value
                steps.append((COMPARISONS[str(token.value)], token.span, self.side(child.children[1])))
            else:
                first = self.side(child)
        return first, steps

    def side(self, tree: Any) -> Side:
        if _data(tree) == "question":
            return Side(None, (), tree.children[0].value.span)
        body = self.sum(tree.children[0])
        if len(tree.children) == 1:
            return Side(body, (), body.span)
        return self.tail(body, tree.children[1])

    def tail(self, body: SumOf, tree: Any) -> Side:
        branches: list[tuple[SumOf, tuple[Test, ...]]] = [(body, ())]
        span = body.span
        for child in tree.children:
            if _data(child) == "test":
                test = self.test(child)
                branches[-1] = (branches[-1][0], (*branches[-1][1], test))
                span |= test.span
            elif _data(child) == "branch":
                test = self.test(next(c for c in child.children if _data(c) == "test"))
                branches.append((self.sum(child.children[0]), (test,)))
                span |= test.span
            elif _data(child) == "otherwise":
                value = self.sum(next(c for c in child.children if _data(c) == "sum"))
                branches.append((value, ()))
                span |= value.span
        if len(branches) == 1:
            return Side(body, branches[0][1], span)
        return Side(Choice(tuple(branches), span), (), span)

    def test(self, tree: Any) -> Test:
        left, right = self.sum(tree.children[0]), self.sum(tree.children[2])
        return Test(COMPARISONS[str(tree.children[1].value.value)], left, right, left.span | right.span)

    def sum(self, tree: Any) -> SumOf:
        sign, terms = 1, []
        start = None
        for child in tree.children:
            if _is(child, "PLUS") or _is(child, "MINUS"):
                sign = -1 if child.type == "MINUS" else 1
                start = start or child.value.span
            else:
                terms.append((sign, self.product(child)))
        span = terms[0][1].span | terms[-1][1].span
        return SumOf(tuple(terms), span if start is None else start | span)

    def product(self, tree: Any) -> Product:
        items: list[Item | Sign] = []
        for child in tree.children:
            if _data(child) == "item":
                items.append(self.item(child))
            else:
                kind = {"MULT": "*", "SLASH": "/", "CIRC": "o"}[child.type]
                items.append(Sign(kind, child.value.span))
        return Product(tuple(items), items[0].span | items[-1].span)

    def item(self, tree: Any) -> Item:
        atom = self.atom(tree.children[0])
        sub: Subscript | None = None
        power: Power | None = None
        primes, labelled, span = 0, False, atom.span
        for script in tree.children[1:]:
            token: Tok = script.children[0].value
            span |= token.span
            if token.kind == "SUB":
                if sub is not None:
                    raise fail("a second subscript; write all indices in one, x_{ij}", self.source, token.span.start, token.span.stop)
                sub = token.value  # type: ignore[assignment]
            elif token.kind == "PRIME":
                if sub is not None and isinstance(atom, Name) and not primes and not sub.braced:
                    pass  # f_i' is the derivative of f_i
                primes += 1
            elif power is not None or (labelled and token.kind in ("SUP", "LABEL")):
                raise fail("a second superscript", self.source, token.span.start, token.span.stop)
            elif token.kind == "LABEL" and isinstance(atom, Name):
                atom = Name(f"{atom.text}^{{{token.value}}}", atom.span | token.span)
                labelled = True
            elif token.kind == "LABEL":
                raise fail("a label belongs to a name", self.source, token.span.start, token.span.stop)
            else:
                exponent = self.argument(script.children[1], token.span, "an empty exponent")
                power = Power(exponent, token.span | _extent(script.children[1]))
                span |= power.span
        return Item(atom, sub, primes, power, span)

    def argument(self, tree: Any, near: Span, empty: str) -> SumOf:
        for child in tree.children:
            if _data(child) == "sum":
                return self.sum(child)
            if _is(child, "NAME") or _is(child, "NUMBER"):
                token: Tok = child.value
                atom = Name(str(token.value), token.span) if token.kind == "NAME" else Number(token.value, token.span)  # type: ignore[arg-type]
                item = Item(atom, None, 0, None, token.span)
                return SumOf(((1, Product((item,), token.span)),), token.span)
        raise fail(empty, self.source, tree.children[0].value.span.start, tree.children[-1].value.span.stop)

    def atom(self, tree: Any) -> Atom:
        kids = tree.children
        token: Tok = kids[0].value if hasattr(kids[0], "type") else None  # type: ignore[assignment]
        span = token.span
        tokens = [k.value.span for k in kids if hasattr(k, "type")]
        whole = span | tokens[-1]
        match tree.data:
            case "name":
                return Name(str(token.value), span)
            case "number":
                return Number(token.value, span)  # type: ignore[arg-type]
            case "function" | "partial" | "dots":
                return Word(str(token.value), span)
            case "written":
                return self.written(kids, span | kids[1].value.span)
            case "bracket" | "square" | "braces":
                tests = [k for k in kids if _data(k) == "tests"]
                if tests:
                    return Tests(tuple(self.test(t) for t in tests[0].children if _data(t) == "test"), whole)
                sums = [s for k in kids for s in ([k] if _data(k) == "sum" else getattr(k, "children", ()))]
                parts = tuple(self.sum(s) for s in sums if _data(s) == "sum")
                return Bracket(str(token.value)[-1], parts, whole, any(_is(k, "IGNORED") for k in kids))
            case "bars":
                return Bars(self.sum(kids[1]), whole)
            case "fraction":
                top = self.argument(kids[1], span, "an empty numerator")
                bottom = self.argument(kids[2], span, "an empty denominator")
                return Fraction_(top, bottom, span | _extent(kids[2]))
            case "root":
                degree = next((self.sum(k) for k in kids if _data(k) == "sum"), None)
                body = self.argument(kids[-1], span, "an empty root")
                return Root(body, degree, span | _extent(kids[-1]))
            case "cases":
                return self.cases(kids, whole)
        raise AssertionError(tree.data)

    def cases(self, kids: Any, span: Span) -> Choice:
        branches = []
        for case in (k for k in kids if _data(k) == "case"):
            tests = tuple(self.test(t) for t in case.children if _data(t) == "test")
            branches.append((self.sum(case.children[0]), tests))
        if any(not tests for _, tests in branches[:-1]):
            raise fail("only the last case may be `otherwise`", self.source, span.start, span.stop)
        return Choice(tuple(branches), span)

    def written(self, kids: Any, span: Span) -> Written:
        begin, end = kids[1].value.value
        text = self.source[begin:end]
        letter = r"(?:\\[A-Za-z]+|[A-Za-z])(?:_(?:\w|\{\w+\}))?'*"
        match = re.fullmatch(rf"\s*((?:{letter}[\s,]*)+)(?:=\s*(\d+)\s*)?", text)
        letters = list(re.finditer(letter, match[1])) if match else []
        bad = [m[0] for m in letters if m[0].startswith("\\") and m[0].rstrip("'").split("_")[0] not in GREEK]
        if match is None or bad or (match[2] and len(letters) > 1):
            raise fail("a written sum names its letters and perhaps a first value: \\sum_{i=1}^n", self.source, begin, end)
        offset = begin + match.start(1)
        places = tuple((m[0], Span(offset + m.start(), offset + m.end())) for m in letters)
        upper = self.argument(kids[3], span, "an empty upper bound") if len(kids) > 3 else None
        return Written(places, int(match[2]) if match[2] else None, upper, span if upper is None else span | _extent(kids[3]))
