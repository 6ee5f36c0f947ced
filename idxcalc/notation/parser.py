"""Tokens to a syntax tree, by the grammar of `grammar.lark`, and the parser's surprise to a sentence.

The parser is LALR: it stops at the first token that cannot stand where it stands, and that is what the
sentence is about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from re import findall
from typing import Any

import lark

from idxcalc.errors import IdxcalcError, Span
from idxcalc.notation.tokens import CLOSING, COMPARISONS, Bound, Subscript, Tok
from idxcalc.notation.tree import (
    Argument, Atom, Bars, Bracket, Branch, Chain, Choice, Fraction_, Item, Name, Number, Power, Product,
    Root, Side, Sign, SumOf, Test, Tests, Word, Written,
)  # fmt: skip

OPERATORS = ("PLUS", "MINUS", "MULT", "SLASH", "CIRC", "SUP")
_SIGNS = {"MULT": "*", "SLASH": "/", "CIRC": "o"}
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
    (("DOT",), (), "the character . means nothing in a formula"),
    ((), (), "`{text}` was not expected here"),
)


def chains(tokens: Sequence[Tok], source: str) -> list[Chain]:
    """One chain per row that starts with a left side; raises `IdxcalcError`."""
    given = [part for token in tokens for part in _digits(token)]
    try:
        found: list[Chain] = _lark().parse(given)
    except lark.UnexpectedInput as error:
        surprising = error.token.value if isinstance(error, lark.UnexpectedToken) else None
        at = next((n for n, token in enumerate(given) if token is surprising), len(given))
        raise _surprise(given, at, source) from None
    except IdxcalcError as error:
        error.source = source
        raise
    return found


def _digits(token: Tok) -> Iterator[Tok]:
    """TeX takes one character as an argument without braces, so a number is its digits."""
    if token.kind != "NUMBER":
        yield token
        return
    for at, digit in enumerate(str(token.value), token.span.start):
        yield Tok("DOT" if digit == "." else "DIGIT", digit, Span(at, at + 1))


def _surprise(tokens: Sequence[Tok], at: int, source: str) -> IdxcalcError:
    """What to say of the token ``at``, which cannot stand where it stands."""
    end = len(source.rstrip())
    token = tokens[at] if at < len(tokens) else Tok("", "", Span(end, end))
    before = tokens[at - 1] if at else Tok("", "", token.span)
    says = next(
        says
        for found, behind, says in _SURPRISES
        if (not found or token.kind in found) and (not behind or before.kind in behind)
    )
    span = before.span | token.span if says.startswith("< ") and token.kind else token.span
    if says.startswith("< ") and (not token.kind or "side" in says):
        span = before.span
    text = source[token.span.start : token.span.stop]
    said = says.removeprefix("< ").replace("{before}", str(before.value)).replace("{text}", text)
    return IdxcalcError(said.replace("{found}", str(token.value)), source, span)


@cache
def _lark() -> Any:
    class Lexer(lark.lexer.Lexer):  # the tokens come ready made
        def __init__(self, conf: object) -> None: ...

        def lex(self, data: Any) -> Any:  # type: ignore[override]
            for token in data:
                yield lark.Token(token.kind, token)

    grammar = (Path(__file__).parent / "grammar.lark").read_text(encoding="utf-8")
    kinds = sorted(set(findall(r"\b[A-Z]{2,}\b", grammar)))
    return lark.Lark(
        f"{grammar}\n%declare {' '.join(kinds)}",
        parser="lalr", lexer=Lexer, transformer=_Records(), maybe_placeholders=False,
    )  # fmt: skip


def _unpacked(method: Callable[..., Any], rule: object, parts: list[Any], where: object) -> Any:
    return method(*(part.value if isinstance(part, lark.Token) else part for part in parts))


def _some(kind: type, parts: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(part for part in parts if isinstance(part, kind))


def _fail(message: str, span: Span) -> IdxcalcError:
    return IdxcalcError(message, "", span)


@lark.v_args(wrapper=_unpacked)
class _Records(lark.Transformer[Any, Any]):
    """A method a rule: what the rule makes of the tokens and records that it consists of."""

    # statements

    def start(self, *rows: Tok | tuple[Any, ...]) -> list[Chain]:
        found: list[Chain] = []
        for row in _some(tuple, rows):
            sides, signs = _some(Side, row), _some(Tok, row)
            if len(sides) > len(signs):
                found.append(Chain(sides[:1], (), (), (), sides[0].span))
            elif not found:
                raise _fail("an empty side", signs[0].span if signs else Span(0, 1))
            new = sides[len(sides) - len(signs) :]
            last, ops = found[-1], tuple(_comparison(sign) for sign in signs)
            found[-1] = Chain(
                (*last.sides, *new), (*last.ops, *ops), (*last.op_spans, *(sign.span for sign in signs)),
                (), last.span | new[-1].span if new else last.span,
            )  # fmt: skip
        return found

    def row(self, *parts: Side | Tok) -> tuple[Side | Tok, ...]:
        return parts

    def question(self, mark: Tok) -> Side:
        return Side(None, (), mark.span)

    def value(self, body: SumOf, *rest: Any) -> Side:
        branches: list[Branch] = [(body, ())]
        span = body.span
        for part in (each for each in rest if not isinstance(each, Tok)):
            of, tests = branches[-1]
            if len(branches) > 1 and not tests:
                raise _fail("only the last case may be `otherwise`", span)
            if isinstance(part, Test):
                branches[-1] = (of, (*tests, part))
            else:
                branches.append(part)
            span |= branches[-1][1][-1].span if branches[-1][1] else branches[-1][0].span
        if len(branches) == 1:
            return Side(body, branches[0][1], span)
        return Side(Choice(tuple(branches), span), (), span)

    def branch(self, *parts: SumOf | Tok | Test) -> Branch:
        return _some(SumOf, parts)[0], _some(Test, parts)

    case = otherwise = branch

    def test(self, left: SumOf, op: Tok, right: SumOf) -> Test:
        return Test(_comparison(op), left, right, left.span | right.span)

    def tests(self, *parts: Test | Tok) -> tuple[Test, ...]:
        return _some(Test, parts)

    # sums and products

    def sum(self, *parts: Tok | Product) -> SumOf:
        signs = (1, *(-1 if isinstance(p, Tok) and p.kind == "MINUS" else 1 for p in parts))
        terms = tuple((sign, p) for sign, p in zip(signs, parts, strict=False) if isinstance(p, Product))
        return SumOf(terms, parts[0].span | parts[-1].span)

    def product(self, *parts: Tok | Item) -> Product:
        items = tuple(Sign(_SIGNS[p.kind], p.span) if isinstance(p, Tok) else p for p in parts)
        return Product(items, items[0].span | items[-1].span)

    def item(self, atom: Atom, *scripts: Tok | Power) -> Item:
        sub, power, primes, labelled = None, None, 0, False
        for script in scripts:
            wrong = ""
            if isinstance(script, Tok) and script.kind == "PRIME":
                primes += 1
            elif isinstance(script, Tok) and isinstance(script.value, Subscript):
                wrong = "a second subscript; write all indices in one, x_{ij}" if sub else ""
                sub = script.value
            elif power is not None or labelled:
                wrong = "a second superscript"
            elif isinstance(script, Power):
                power = script
            elif isinstance(atom, Name):
                atom = Name(f"{atom.text}^{{{script.value}}}", atom.span | script.span)
                labelled = True
            else:
                wrong = "a label belongs to a name"
            if wrong:
                raise _fail(wrong, script.sign if isinstance(script, Power) else script.span)
        return Item(atom, sub, primes, power, (atom.span | scripts[-1].span) if scripts else atom.span)

    def power(self, sign: Tok, argument: Argument) -> Power:
        return Power(_body(argument, "an empty exponent"), sign.span | argument.span, sign.span)

    def argument(self, first: Tok, *rest: Any) -> Argument:
        if rest:
            return Argument(rest[0] if len(rest) > 1 else None, first.span | rest[-1].span)
        atom = self.name(first) if first.kind == "NAME" else Number(Fraction(str(first.value)), first.span)
        item = Item(atom, None, 0, None, first.span)
        return Argument(SumOf(((1, Product((item,), first.span)),), first.span), first.span)

    # atoms

    def name(self, token: Tok) -> Name:
        return Name(str(token.value), token.span)

    def word(self, token: Tok) -> Word:
        return Word(str(token.value), token.span)

    def number(self, *digits: Tok) -> Number:
        text = "".join(str(digit.value) for digit in digits)
        return Number(Fraction(text), digits[0].span | digits[-1].span)

    def written(self, word: Tok, below: Tok, *above: Any) -> Written:
        assert isinstance(below.value, Bound)
        upper = _body(above[1], "an empty upper bound") if above else None
        span = word.span | (above or (below,))[-1].span
        return Written(below.value.letters, below.value.lower, upper, span)

    def bracket(self, opened: Tok, *parts: Any) -> Bracket | Tests:
        span = opened.span | parts[-1].span
        if isinstance(parts[0], tuple):
            return Tests(parts[0], span)
        ignored = isinstance(parts[0], Tok) and parts[0].kind == "IGNORED"
        return Bracket(str(opened.value)[-1], _some(SumOf, parts), span, ignored)

    def bars(self, opened: Tok, body: SumOf, closed: Tok) -> Bars:
        return Bars(body, opened.span | closed.span)

    def fraction(self, word: Tok, above: Argument, below: Argument) -> Fraction_:
        top = _body(above, "an empty numerator")
        return Fraction_(top, _body(below, "an empty denominator"), word.span | below.span)

    def root(self, word: Tok, *parts: Any) -> Root:
        degree = next(iter(_some(SumOf, parts)), None)
        return Root(_body(parts[-1], "an empty root"), degree, word.span | parts[-1].span)

    def cases(self, opened: Tok, *parts: Any) -> Choice:
        branches, span = _some(tuple, parts), opened.span | parts[-1].span
        if any(not tests for _, tests in branches[:-1]):
            raise _fail("only the last case may be `otherwise`", span)
        return Choice(branches, span)


def _body(argument: Argument, empty: str) -> SumOf:
    if argument.body is None:
        raise _fail(empty, argument.span)
    return argument.body


def _comparison(token: Tok) -> str:
    return COMPARISONS.get(str(token.value), str(token.value))
