"""Tokens to a syntax tree, by the grammar of `grammar.lark`, and the parser's surprise to a sentence.

The parser is LALR: it stops at the first token that cannot stand where it stands, and that is what the
sentence is about.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from re import findall, fullmatch
from typing import Any

import lark

from idxcalc.errors import IdxcalcError, Span
from idxcalc.notation.tokens import BRACKETS
from idxcalc.notation.tree import (
    Atom, Bracket, Chain, Choice, Fraction_, Item, Name, Number, Power, Product, Side, Sign,
    Subscript, SumOf, Test, Tests, Tok, Word, Written,
)  # fmt: skip

OPERATORS = ("PLUS", "MINUS", "MULT", "SLASH", "CIRC", "SUP")
_SIGNS = {"MULT": "*", "SLASH": "/", "CIRC": "o"}
_SILENT = {
    *BRACKETS.values(), "LBRACE", "LBAR", "BEGIN", "CASEROW", "AMP", "COMMA", "IF", "AND", "ELSE",
    "OTHERWISE", "SUP", "FRAC", "SUM", "SQRT", "IGNORED",
}  # fmt: skip
"""Tokens that only mark what stands around them."""
_ARGUMENT = "`{before}` needs an argument"
_LABEL = "a power or a label? a label is written `w^{(t)}`, an exponent has no bracket"
_GOES_ON = "does this row go on? then `&` stands before its sign; a statement of its own has it before the ="
_GROUPS = r"brackets around indices stand behind a comma or on \delta: the symmetric part is written out"
_EMPTY = {"SUP": "exponent", "FRAC": "numerator", "SQRT": "root", "RSQ": "root"}
"""What is empty where ``{}`` stands behind a token; the denominator behind any other."""

# What was found, what stood before it (() for whatever), and what to say; the place starts with what stood
# before if the sentence is about that.
_SURPRISES: tuple[tuple[Sequence[str], Sequence[str], str], ...] = (
    (("REMARK",), (), r"a remark is text that names letters: \text{(no sum on $i$, $j$)}"),
    (("EXPONENT",), (), "a power of ten, or a product with e? write 10^{-3}, or a space before e"),
    (("AMP",), (), "`&` aligns; a second column is a statement of its own"),
    (("IF",), ("QUESTION",), "a side to fill in has no condition"),
    (("FRAC", "SQRT", "FUNCTION"), ("SUP",), r"< braces around such an exponent: x^{\frac12}"),
    (("REL",), ("",), "an empty side"),
    (("REL",), ("REL",), "< an empty side; one = is enough"),
    (("ROW", ""), ("REL",), "< an empty side"),
    (("",), ("SUM", "FRAC", "SQRT", "SUP"), f"< {_ARGUMENT}"),
    (("",), (), "a term is missing"),
    (("REL",), OPERATORS, "a term is missing"),
    ((*BRACKETS.values(), "ROW", "COMMA"), (*OPERATORS, "COMMA"), "a term is missing"),
    (OPERATORS, (), "an operator where a term was expected"),
    ((), ("SUM",), r"< \sum needs the letter it sums over: write \sum_i"),
    ((), ("FRAC", "SQRT", "SUP"), f"< {_ARGUMENT}"),
    (("SUB",), (), "a subscript with nothing to stand on"),
    (("REL",), (), "a relation inside brackets or a condition"),
    (("CMP",), (), "an inequality is no statement; expected = or \\neq"),
    (("AND", "ELSE", "OTHERWISE", "IF"), (), "`{found}` has no condition it belongs to"),
    (("CASEROW", "END"), (), r"a case without its condition: write \text{if} or \text{otherwise}"),
    (("QUESTION",), (), "`?` stands alone, for a whole side"),
    (("DOT",), (), "the character . means nothing in a formula"),
    ((), (), "`{text}` was not expected here"),
)


def chains(tokens: Sequence[Tok], source: str) -> list[Chain]:
    """One chain per row that starts with a left side; raises `IdxcalcError`."""
    try:
        found: list[Chain] = _lark().parse(tokens)
    except lark.UnexpectedInput as error:
        surprising = error.token.value if isinstance(error, lark.UnexpectedToken) else None
        at = next((n for n, token in enumerate(tokens) if token is surprising), len(tokens))
        raise _surprise(tokens, at, source) from None
    except IdxcalcError as error:
        error.source = source
        raise
    return found


def _surprise(tokens: Sequence[Tok], at: int, source: str) -> IdxcalcError:
    """What to say of the token ``at``, which cannot stand where it stands."""
    end = len(source.rstrip())
    token = tokens[at] if at < len(tokens) else Tok("", "", Span(end, end))
    before = tokens[at - 1] if at else Tok("", "", token.span)
    if (before.kind, token.kind) == ("LBRACE", "RBRACE"):
        bound = [t.kind for t in tokens[max(0, at - 3) : at - 1]] == ["BOUND", "SUP"]
        what = "upper bound" if bound else _EMPTY.get(tokens[at - 2].kind, "denominator")
        return IdxcalcError(f"an empty {what}", source, before.span | token.span)
    fits = (s for at, left, s in _SURPRISES if not at or token.kind in at if not left or before.kind in left)
    says = next(fits)
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


def _placed(method: Callable[..., Any], rule: object, parts: list[Any], where: object) -> Any:
    """A rule's method gets the place of all its parts, and those that are not silent."""
    found = [part.value if isinstance(part, lark.Token) else part for part in parts]
    span = found[0].span | found[-1].span if found else Span(0, 1)
    return method(span, *(p for p in found if not isinstance(p, Tok) or p.kind not in _SILENT))


def _joined(chain: Chain, row: Chain) -> Chain:
    """A chain that goes on in the row below, with more terms of its last side or with a relation."""
    sides, more = chain.sides, row.sides
    if len(more) > len(row.ops):
        one, rest = sides[-1], more[0]
        if not isinstance(one.body, SumOf) or not isinstance(rest.body, SumOf) or one.tests:
            raise IdxcalcError("only a sum goes on in the row below", "", rest.span)
        span = one.span | rest.span
        longer = Side(SumOf(one.body.terms + rest.body.terms, span), rest.tests, span)
        sides, more = (*sides[:-1], longer), more[1:]
    ops, spans = chain.ops + row.ops, chain.op_spans + row.op_spans
    return Chain(sides + more, ops, spans, (), chain.span | row.span)


@lark.v_args(wrapper=_placed)
class _Records(lark.Transformer[Any, Any]):
    """A method a rule: what the rule makes of its place and of what it consists of."""

    # statements

    def start(self, span: Span, *parts: Chain | Tok) -> list[Chain]:
        found: list[Chain] = []
        rows, column = _some(Chain, parts), ""
        for mark, row in zip(("", *(token.value for token in _some(Tok, parts))), rows, strict=True):
            own = len(row.sides) > len(row.ops)  # a left side of its own
            body = row.sides[0].body if own and found else None
            # A row that starts with a sign goes on, unless both it and the one above are statements.
            if isinstance(body, SumOf) and body.terms[0][1].span.start > body.span.start:
                own = bool(found[-1].ops and row.ops)
                if own and mark != "," and not mark == "&" != column:
                    raise IdxcalcError(_GOES_ON, "", row.span)
                own = own and mark == ","
            if own:
                found.append(row)
                column = mark
            elif not found:
                raise IdxcalcError("an empty side", "", row.op_spans[0] if row.ops else row.span)
            elif row.sides:
                found[-1] = _joined(found[-1], row)
        lost = [chain.span for chain in found if not chain.ops and len(rows) > 1]
        if lost:
            raise IdxcalcError("this row has no relation; one that goes on starts with + or -", "", lost[0])
        return found

    def row(self, span: Span, *parts: Side | Tok) -> Chain:
        sides, signs = _some(Side, parts), _some(Tok, parts)
        for part, behind in pairwise(parts):
            if isinstance(part, Side) and part.tests:
                raise IdxcalcError(r"a condition stands at the end; join two by \text{and}", "", behind.span)
        return Chain(sides, tuple(s.value for s in signs), tuple(s.span for s in signs), (), span)

    def question(self, span: Span, mark: Tok) -> Side:
        return Side(None, (), span)

    def value(self, span: Span, body: SumOf, *rest: Test | Side) -> Side:
        cases = [Side(body, (), body.span)]
        for part in rest:
            if len(cases) > 1:
                self._choice(body.span | cases[-1].span, *cases, part)
            if isinstance(part, Test):
                last = cases[-1]
                cases[-1] = Side(last.body, (*last.tests, part), last.span | part.span)
            else:
                cases.append(part)
        span = body.span | cases[-1].span
        return cases[0] if len(cases) == 1 else Side(self._choice(span, *cases), (), span)

    def _choice(self, span: Span, *cases: Any) -> Choice:
        if not all(case.tests for case in cases[:-1]):
            raise IdxcalcError("only the last case may be `otherwise`", "", span)
        return Choice(cases, span)

    cases = _choice

    def branch(self, span: Span, body: SumOf, *tests: Test) -> Side:
        return Side(body, tests, body.span | tests[-1].span if tests else body.span)

    case = otherwise = branch

    def test(self, span: Span, left: SumOf, op: Tok, right: SumOf) -> Test:
        return Test(str(op.value), left, right, span)

    def tests(self, span: Span, *tests: Test) -> Tests:
        return Tests(tests, span)

    # sums and products

    def sum(self, span: Span, *parts: Tok | Product) -> SumOf:
        signs = (1, *(-1 if isinstance(p, Tok) and p.kind == "MINUS" else 1 for p in parts))
        terms = tuple((sign, p) for sign, p in zip(signs, parts, strict=False) if isinstance(p, Product))
        return SumOf(terms, span)

    def product(self, span: Span, *parts: Tok | Item) -> Product:
        return Product(tuple(Sign(_SIGNS[p.kind], p.span) if isinstance(p, Tok) else p for p in parts), span)

    def item(self, span: Span, atom: Atom, *scripts: Tok | Power) -> Item:
        sub, power, primes, labelled = None, None, 0, False
        for script in scripts:
            place, wrong = script.span, ""
            if isinstance(script, Tok) and script.kind == "PRIME":
                primes += 1
            elif isinstance(script, Tok) and isinstance(script.value, Subscript):
                wrong = "a second subscript; write all indices in one, x_{ij}" if sub else ""
                sub = script.value
                group = next((each for each in sub.before if each.bracketed), None)
                if group and not wrong and not isinstance(atom, Word) and atom != Name(r"\delta", atom.span):
                    wrong, place = _GROUPS, group.span
            elif power is not None or labelled:
                wrong, place = "a second superscript", Span(place.start, place.start + 1)
            elif isinstance(script, Power):
                power = script
            elif isinstance(atom, Name):
                atom, labelled = Name(f"{atom.text}^{{{script.value}}}", atom.span | script.span), True
            else:
                wrong = "a label belongs to a name"
            if wrong:
                raise IdxcalcError(wrong, "", place)
        return Item(atom, sub, primes, power, span)

    def power(self, span: Span, exponent: SumOf) -> Power:
        match exponent.only:
            case Item(Bracket("(" | "["), None, 0, None):
                raise IdxcalcError(_LABEL, "", span)
        return Power(exponent, span)

    def single(self, span: Span, token: Tok) -> SumOf:
        atom = self.name(span, token) if token.kind == "NAME" else self.number(span, token)
        return SumOf.of(Item(atom, None, 0, None, span))

    # atoms

    def name(self, span: Span, token: Tok) -> Name:
        return Name(str(token.value), span)

    def word(self, span: Span, token: Tok) -> Word:
        return Word(str(token.value), span)

    def number(self, span: Span, *digits: Tok) -> Number:
        """Digits side by side, or in groups of three (the first may be shorter) with a small space, ``_``."""
        gaps = [*(two.span.start - one.span.stop for one, two in pairwise(digits)), 0]
        text = "".join(f"{d.value}{'_' * ((g > 0) + (g > 3))}" for d, g in zip(digits, gaps, strict=True))
        if not fullmatch(r"(\d+|\d{1,3}(_\d{3})+)(\.(\d+|\d{3}(_\d{3})+))?", text):
            raise IdxcalcError(r"one number, or a product? write \cdot", "", span)
        return Number(Fraction(text.replace("_", "")), span)

    def written(self, span: Span, below: Tok, upper: SumOf | None = None) -> Written:
        assert isinstance(below.value, Written)
        return replace(below.value, upper=upper, span=span)

    def bracket(self, span: Span, *parts: Any) -> Bracket | Tests:
        for each in _some(Tests, parts):
            return Tests(each.tests, span)
        kind = next(({"LPAR": "("}.get(opened.kind, "[") for opened in _some(Tok, parts)), "{")
        return Bracket(kind, _some(SumOf, parts), span)

    def ignored(self, span: Span, opened: Tok, body: SumOf) -> Bracket:
        return Bracket("O", (body,), span)

    def bars(self, span: Span, body: SumOf) -> Bracket:
        return Bracket("|", (body,), span)

    def fraction(self, span: Span, above: SumOf, below: SumOf) -> Fraction_:
        return Fraction_(above, below, span)

    def root(self, span: Span, *parts: Any) -> Bracket:
        return Bracket("√", _some(SumOf, parts)[::-1], span)


def _some(kind: type, parts: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(part for part in parts if isinstance(part, kind))
