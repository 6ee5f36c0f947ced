"""Tokens to a syntax tree, by recursive descent, and the parser's surprise to a sentence.

    row    = [side] {("=" | "\\neq") side}
    side   = "?" | sum ["if" test {"and" (test | sum "if" test)} [[","] ("else" sum | sum "otherwise")]]
    sum    = ["+" | "-"] product {("+" | "-") product}
    product = item {["*" | "/" | "\\circ"] item}
    item   = atom {subscript | label | prime | "^" argument}

Scripts and brackets are generic: whether ``s(1-s)`` is a call or a product is decided afterwards, from the
declarations. No step looks further than one token, so the token that surprises is the first that cannot
stand where it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from idxcalc.errors import IdxcalcError, Span
from idxcalc.notation.tokens import CLOSING, COMPARISONS, OPENING, Bound, Subscript, Tok, fail
from idxcalc.notation.tree import (
    Atom, Bars, Bracket, Chain, Choice, Fraction_, Item, Name, Number, Power, Product, Root, Side, Sign,
    SumOf, Test, Tests, Word, Written,
)  # fmt: skip

OPERATORS = ("PLUS", "MINUS", "MULT", "SLASH", "CIRC", "SUP")
_SIGNS = {"MULT": "*", "SLASH": "/", "CIRC": "o"}
_WORDS = ("FUNCTION", "DET", "PARTIAL", "DOTS")
_ATOMS = {"NAME", "NUMBER", "SUM", "FRAC", "SQRT", "BEGIN", *_WORDS, *OPENING}
_ARGUMENT = "`{before}` needs an argument"

# What was found, what stood before it (() for whatever), and what to say; the place starts with what stood
# before if the sentence is about that.
_SURPRISES: tuple[tuple[Sequence[str], Sequence[str], str], ...] = (
    (("REL",), ("",), "an empty side"),
    (("REL", "ROW", ""), ("REL",), "< an empty side"),
    (("",), ("SUM", "FRAC", "SQRT", "SUP"), f"< {_ARGUMENT}"),
    (("",), (), "a term is missing"),
    (("REL",), OPERATORS, "a term is missing"),
    ((*CLOSING, "ROW", "COMMA"), (*OPERATORS, "COMMA"), "a term is missing"),
    (OPERATORS, (), "an operator where a term was expected"),
    ((), ("SUM",), r"< \sum needs the letter it sums over: write \sum_i"),
    ((), ("FRAC", "SQRT", "SUP"), f"< {_ARGUMENT}"),
    (("SUB",), (), "a subscript with nothing to stand on"),
    (("REL",), (), "a relation inside brackets or a condition"),
    (("CMP",), (), "an inequality is no statement; expected = or \\neq"),
    (("AND", "ELSE", "OTHERWISE", "IF"), (), "`{found}` has no condition it belongs to"),
    (("QUESTION",), (), "`?` stands alone, for a whole side"),
    ((), (), "`{text}` was not expected here"),
)


class Parser:
    """Reads ``tokens``, of which the one at ``at`` comes next."""

    def __init__(self, tokens: Sequence[Tok], source: str) -> None:
        end = len(source.rstrip())
        self.tokens = [*tokens, Tok("", "", Span(end, end))]
        self.source, self.at = source, 0

    @property
    def kind(self) -> str:
        return self.tokens[self.at].kind

    def take(self, *kinds: str) -> Tok | None:
        """The next token, if it is of one of these kinds."""
        token = self.tokens[self.at]
        self.at += token.kind in kinds
        return token if token.kind in kinds else None

    def expect(self, *kinds: str) -> Tok:
        found = self.take(*kinds)
        if found is None:
            raise self.surprise()
        return found

    def surprise(self) -> IdxcalcError:
        """What to say of the next token, which cannot stand here."""
        token = self.tokens[self.at]
        before = self.tokens[self.at - 1] if self.at else Tok("", "", token.span)
        says = next(
            says
            for found, behind, says in _SURPRISES
            if (not found or token.kind in found) and (not behind or before.kind in behind)
        )
        span = before.span | token.span if says.startswith("< ") and token.kind else token.span
        if says.startswith("< ") and (not token.kind or "side" in says):
            span = before.span
        text = self.source[token.span.start : token.span.stop]
        said = says.removeprefix("< ").replace("{before}", str(before.value)).replace("{text}", text)
        return IdxcalcError(said.replace("{found}", str(token.value)), self.source, span)

    # statements

    def chains(self) -> list[Chain]:
        """One chain per row that starts with a left side."""
        found: list[Chain] = []
        while True:
            if self.kind not in ("REL", "ROW", ""):
                side = self.side()
                found.append(Chain((side,), (), (), (), side.span))
            elif not found:
                raise self.surprise() if self.kind == "REL" else fail("an empty side", self.source, 0)
            while sign := self.take("REL"):
                side, last = self.side(), found[-1]
                found[-1] = Chain(
                    (*last.sides, side), (*last.ops, _comparison(sign)), (*last.op_spans, sign.span),
                    (), last.span | side.span,
                )  # fmt: skip
            if not self.kind:
                return found
            self.expect("ROW")

    def side(self) -> Side:
        if mark := self.take("QUESTION"):
            return Side(None, (), mark.span)
        body = self.sum()
        if not self.take("IF"):
            return Side(body, (), body.span)
        test = self.test()
        branches: list[tuple[SumOf, tuple[Test, ...]]] = [(body, (test,))]
        span = body.span | test.span
        while self.kind in ("AND", "COMMA", "ELSE"):
            if not branches[-1][1]:
                raise IdxcalcError("only the last case may be `otherwise`", self.source, span)
            comma = self.take("AND", "COMMA")
            otherwise = self.take("ELSE")
            value = self.sum()
            if otherwise or self.take("OTHERWISE"):
                branches.append((value, ()))
                span |= value.span
                continue
            if comma and comma.kind == "COMMA":
                raise self.surprise()
            if self.take("IF"):
                test = self.test()
                branches.append((value, (test,)))
            else:
                test, (of, tests) = self.test(value), branches[-1]
                branches[-1] = (of, (*tests, test))
            span |= test.span
        if len(branches) == 1:
            return Side(body, branches[0][1], span)
        return Side(Choice(tuple(branches), span), (), span)

    def test(self, left: SumOf | None = None) -> Test:
        left = left or self.sum()
        op = self.expect("REL", "CMP")
        right = self.sum()
        return Test(_comparison(op), left, right, left.span | right.span)

    def tests(self, first: Test, *between: str) -> tuple[Test, ...]:
        found = [first]
        while self.take(*between):
            found.append(self.test())
        return tuple(found)

    # sums and products

    def sum(self) -> SumOf:
        sign = first = self.take("PLUS", "MINUS")
        terms = []
        while True:
            terms.append((-1 if sign and sign.kind == "MINUS" else 1, self.product()))
            sign = self.take("PLUS", "MINUS")
            if not sign:
                span = terms[0][1].span | terms[-1][1].span
                return SumOf(tuple(terms), first.span | span if first else span)

    def product(self) -> Product:
        items: list[Item | Sign] = [self.item()]
        while sign := self.take(*_SIGNS) or self.kind in _ATOMS:
            if isinstance(sign, Tok):
                items.append(Sign(_SIGNS[sign.kind], sign.span))
            items.append(self.item())
        return Product(tuple(items), items[0].span | items[-1].span)

    def item(self) -> Item:
        """An atom with its scripts; a label becomes part of the name."""
        atom = self.atom()
        made = Item(atom, None, 0, None, atom.span)
        labelled = False
        while token := self.take("SUB", "PRIME", "LABEL", "SUP"):
            span, wrong = made.span | token.span, ""
            if token.kind == "PRIME":
                made = replace(made, primes=made.primes + 1, span=span)
            elif token.kind == "SUB" and isinstance(token.value, Subscript):
                wrong = "a second subscript; write all indices in one, x_{ij}" if made.sub else ""
                made = replace(made, sub=token.value, span=span)
            elif made.power is not None or labelled:
                wrong = "a second superscript"
            elif token.kind == "SUP":
                exponent, extent = self.argument("an empty exponent")
                power = Power(exponent, token.span | extent)
                made = replace(made, power=power, span=span | extent)
            elif isinstance(made.atom, Name):
                name = Name(f"{made.atom.text}^{{{token.value}}}", made.atom.span | token.span)
                made, labelled = replace(made, atom=name, span=span), True
            else:
                wrong = "a label belongs to a name"
            if wrong:
                raise IdxcalcError(wrong, self.source, token.span)
        return made

    def argument(self, empty: str) -> tuple[SumOf, Span]:
        """What stands in braces, or one character; and where it stands, its braces included."""
        token = self.expect("LBRACE", "NAME", "NUMBER")
        if token.kind == "LBRACE":
            if close := self.take("RBRACE"):
                raise IdxcalcError(empty, self.source, token.span | close.span)
            body = self.sum()
            return body, token.span | self.expect("RBRACE").span
        if token.kind == "NUMBER":  # TeX takes one character as an argument without braces
            token, text = replace(token, span=Span(token.span.start, token.span.start + 1)), str(token.value)
            if text[1:]:
                rest = Span(token.span.stop, token.span.start + len(text))
                self.at -= 1
                self.tokens[self.at] = Tok("NUMBER", text[1:], rest)
                if text[1] == ".":
                    raise fail("the character . means nothing in a formula", self.source, rest.start)
            token = replace(token, value=text[0])
        item = Item(_plain(token), None, 0, None, token.span)
        return SumOf(((1, Product((item,), token.span)),), token.span), token.span

    # atoms

    def atom(self) -> Atom:
        token = self.expect(*_ATOMS)
        match token.kind:
            case "NAME" | "NUMBER":
                return _plain(token)
            case "SUM":
                return self.written(token)
            case "LPAR" | "LSQ" | "LBRACE":
                return self.bracket(token)
            case "LBAR":
                return Bars(self.sum(), token.span | self.expect("RBAR").span)
            case "FRAC":
                top, _ = self.argument("an empty numerator")
                bottom, extent = self.argument("an empty denominator")
                return Fraction_(top, bottom, token.span | extent)
            case "SQRT":
                degree = self.sum() if self.take("LSQ") else None
                if degree is not None:
                    self.expect("RSQ")
                body, extent = self.argument("an empty root")
                return Root(body, degree, token.span | extent)
            case "BEGIN":
                return self.cases(token)
            case _:
                return Word(str(token.value), token.span)

    def written(self, token: Tok) -> Written:
        below = self.expect("BOUND")
        assert isinstance(below.value, Bound)
        span, upper = token.span | below.span, None
        if self.take("SUP"):
            upper, extent = self.argument("an empty upper bound")
            span |= extent
        return Written(below.value.letters, below.value.lower, upper, span)

    def bracket(self, opened: Tok) -> Bracket | Tests:
        close = CLOSING[OPENING.index(opened.kind)]
        ignored = opened.kind == "LPAR" and self.take("IGNORED")
        parts: list[SumOf] = []
        if self.kind != close or ignored:
            parts.append(self.sum())
        if opened.kind == "LSQ" and parts and self.kind in ("REL", "CMP"):
            tests = self.tests(self.test(parts[0]), "AND", "COMMA")
            return Tests(tests, opened.span | self.expect(close).span)
        while parts and not ignored and opened.kind != "LBRACE" and self.take("COMMA"):
            parts.append(self.sum())
        span = opened.span | self.expect(close).span
        return Bracket(str(opened.value)[-1], tuple(parts), span, bool(ignored))

    def cases(self, opened: Tok) -> Choice:
        branches: list[tuple[SumOf, tuple[Test, ...]]] = []
        while not branches or (self.take("CASEROW") and self.kind != "END"):
            value = self.sum()
            self.take("AMP")
            if self.take("OTHERWISE", "ELSE"):
                branches.append((value, ()))
            else:
                self.take("IF")
                branches.append((value, self.tests(self.test(), "AND")))
        span = opened.span | self.expect("END").span
        if any(not tests for _, tests in branches[:-1]):
            raise IdxcalcError("only the last case may be `otherwise`", self.source, span)
        return Choice(tuple(branches), span)


def _plain(token: Tok) -> Name | Number:
    text = str(token.value)
    return Name(text, token.span) if token.kind == "NAME" else Number(Fraction(text), token.span)


def _comparison(token: Tok) -> str:
    return COMPARISONS.get(str(token.value), str(token.value))
