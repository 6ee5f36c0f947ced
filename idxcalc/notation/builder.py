"""The parser's tree to the records of `tree`."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from idxcalc.errors import Span
from idxcalc.notation.tokens import COMPARISONS, GREEK, Subscript, Tok, fail
from idxcalc.notation.tree import (
    Atom, Bars, Bracket, Choice, Fraction_, Item, Name, Number, Power, Product, Root, Side, Sign, SumOf,
    Test, Tests, Word, Written,
)  # fmt: skip


def is_token(node: Any, kind: str) -> bool:
    return getattr(node, "type", None) == kind


def _data(node: Any) -> str:
    return getattr(node, "data", "")


def _extent(argument: Any) -> Span:
    """Where an argument stands, its braces included."""
    tokens: list[Span] = [child.value.span for child in argument.children if hasattr(child, "type")]
    return tokens[0] | tokens[-1]


class Builder:
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
        ended = False
        for child in (c for c in tree.children if _data(c)):
            if ended:
                raise fail("only the last case may be `otherwise`", self.source, span.start, span.stop)
            ended = _data(child) == "otherwise"
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
            if is_token(child, "PLUS") or is_token(child, "MINUS"):
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
                    raise fail(
                        "a second subscript; write all indices in one, x_{ij}",
                        self.source,
                        token.span.start,
                        token.span.stop,
                    )
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
            if is_token(child, "NAME") or is_token(child, "NUMBER"):
                token: Tok = child.value
                atom: Atom = Name(str(token.value), token.span)
                if isinstance(token.value, Fraction):
                    atom = Number(token.value, token.span)
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
                return Bracket(str(token.value)[-1], parts, whole, any(is_token(k, "IGNORED") for k in kids))
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
            raise fail(
                "a written sum names its letters and perhaps a first value: \\sum_{i=1}^n",
                self.source,
                begin,
                end,
            )
        offset = begin + match.start(1)
        places = tuple((m[0], Span(offset + m.start(), offset + m.end())) for m in letters)
        upper = self.argument(kids[3], span, "an empty upper bound") if len(kids) > 3 else None
        return Written(
            places,
            int(match[2]) if match[2] else None,
            upper,
            span if upper is None else span | _extent(kids[3]),
        )
