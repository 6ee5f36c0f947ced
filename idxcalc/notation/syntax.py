"""Tokens to a syntax tree, and the parser's surprise to a sentence.

The grammar is `grammar.lark` (LALR); this module gives it the tokens of `lexer`, and splits a
statement into chains.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from idxcalc.errors import IdxcalcError, Span
from idxcalc.notation.builder import Builder, is_token
from idxcalc.notation.lexer import lex
from idxcalc.notation.tokens import MAX_RELATIONS, Tok, fail
from idxcalc.notation.tree import Chain, Item, Name, Number, Product, Side, SumOf


@cache
def _lark() -> Any:
    import lark

    class Lexer(lark.lexer.Lexer):  # the tokens come ready made
        def __init__(self, conf: object) -> None: ...

        def lex(self, data: Any) -> Any:  # type: ignore[override]
            for token in data:
                yield lark.Token(token.kind, token, token.span.start, end_pos=token.span.stop)

    text = (Path(__file__).parent / "grammar.lark").read_text(encoding="utf-8")
    terminals = sorted(set(re.findall(r"\b[A-Z]{2,}\b", re.sub(r"//[^\n]*", "", text))))
    text += "\n%declare " + " ".join(terminals)
    return lark.Lark(text, parser="lalr", lexer=Lexer, maybe_placeholders=False, propagate_positions=False)


_OPERATORS = ("PLUS", "MINUS", "MULT", "SLASH", "CIRC", "SUP")
_GOES_ON = ("REL", "IF", "AND", "ELSE", "OTHERWISE", "COMMA")
_OPEN = ("LPAR", "LSQ", "LBRACE", "LBAR")
_CLOSE = ("RPAR", "RSQ", "RBRACE", "RBAR")


def parse(source: str, lines: bool = False) -> list[Chain]:
    """The chains of a formula, one per row that starts with a left side.

    ``\\pm`` and ``\\mp`` give every chain twice, with the upper and with the lower signs. With ``lines``
    a line that has an ``=`` of its own starts a row as well.
    """
    tokens = lex(source)
    if not tokens:
        raise IdxcalcError("an empty formula", source, Span(0, 1))
    for number, token in enumerate(tokens):
        behind = tokens[number + 1].kind if number + 1 < len(tokens) else "ROW"
        newline = number + 1 < len(tokens) and "\n" in source[token.span.stop : tokens[number + 1].span.start]
        if token.kind == "NOSUM" and not (
            behind in ("ROW", "NOSUM", "IF", "COMMA", "RPAR") or (lines and newline)
        ):
            raise fail("(no sum) stands at the end of a statement", source, token.span.start, token.span.stop)
    remarks = [t for t in tokens if t.kind == "NOSUM"]
    tokens = [t for t in tokens if t.kind != "NOSUM"]
    tokens = _lines(tokens, source) if lines else tokens
    while tokens and tokens[-1].kind in ("ROW", "COMMA"):
        tokens.pop()
    equals = [t for t in tokens if t.kind == "REL"]
    if len(equals) > MAX_RELATIONS:
        raise IdxcalcError(f"more than {MAX_RELATIONS} relations", source, equals[MAX_RELATIONS].span)
    if not any(t.kind in ("PM", "MP") for t in tokens):
        return _chains(tokens, source, remarks)
    variants = []
    for upper in (True, False):
        swap = {"PM": "PLUS" if upper else "MINUS", "MP": "MINUS" if upper else "PLUS"}
        variants += _chains([replace(t, kind=swap.get(t.kind, t.kind)) for t in tokens], source, remarks)
    return variants


def _lines(tokens: list[Tok], source: str) -> list[Tok]:
    """A row token before each line that starts with a left side."""
    rows: list[Tok] = []
    equal, depth = False, 0
    for number, token in enumerate(tokens):
        begin = source.rfind("\n", 0, token.span.start) + 1
        end = source.find("\n", token.span.start)
        first = number > 0 and tokens[number - 1].span.stop <= begin and depth == 0
        own = [t.kind for t in tokens[number:] if end < 0 or t.span.start < end]
        starts = first and equal and "REL" in own and own[0] not in (*_OPERATORS, *_GOES_ON)
        if starts and rows[-1].kind not in (*_OPERATORS, "REL", "IF", "AND", "ROW"):
            rows.append(Tok("ROW", "\n", Span(begin, begin)))
            equal = False
        depth += (token.kind in _OPEN) - (token.kind in _CLOSE)
        equal = (equal or (token.kind == "REL" and depth == 0)) and token.kind != "ROW"
        rows.append(token)
    return rows


def _chains(tokens: list[Tok], source: str, remarks: list[Tok]) -> list[Chain]:
    _check_sides(tokens, source)
    tree = _parse(tokens, source)
    builder = Builder(source)
    chains: list[Chain] = []
    for row in (child for child in tree.children if not is_token(child, "ROW")):
        first, steps = builder.row(row)
        if first is not None:
            chains.append(Chain((first,), (), (), (), first.span))
        elif not chains:
            raise fail("an empty side", source, 0)
        last = chains[-1]
        for op, span, side in steps:
            last = Chain(
                (*last.sides, side), (*last.ops, op), (*last.op_spans, span), (), last.span | side.span
            )
        chains[-1] = last
    return [replace(chain, no_sum=_no_sum(remarks, chains, n)) for n, chain in enumerate(chains)]


def _no_sum(remarks: list[Tok], chains: list[Chain], number: int) -> tuple[str, ...]:
    """The letters of the remarks that stand behind a chain and before the next one."""
    start = chains[number].span.start
    stop = chains[number + 1].span.start if number + 1 < len(chains) else None
    own = [t for t in remarks if start <= t.span.start and (stop is None or t.span.start < stop)]
    return tuple(dict.fromkeys(letter for t in own for letter in t.value))  # type: ignore[attr-defined]


def _check_sides(tokens: list[Tok], source: str) -> None:
    """An ``=`` with nothing before or behind it, outside conditions and brackets."""
    depth = 0
    for number, token in enumerate(tokens):
        depth += (token.kind in _OPEN) - (token.kind in _CLOSE)
        if token.kind != "REL" or depth:
            continue
        before = tokens[number - 1].kind if number else ""
        behind = tokens[number + 1].kind if number + 1 < len(tokens) else ""
        if before in ("", "REL") or behind in ("", "REL", "ROW"):
            raise fail("an empty side", source, token.span.start, token.span.stop)


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
    if (
        token.kind == "REL"
        and before in _OPERATORS
        or token.kind in ("RPAR", "RSQ", "RBRACE", "ROW", "COMMA", "RBAR")
        and (before in (*_OPERATORS, "COMMA"))
    ):
        return fail("a term is missing", source, start, stop)
    if token.kind in _OPERATORS:
        return fail("an operator where a term was expected", source, start, stop)
    if before == "SUM":
        return fail(
            r"\sum needs the letter it sums over: write \sum_i", source, tokens[at - 1].span.start, stop
        )
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


__all__ = ["Chain", "Item", "Name", "Number", "Product", "Side", "SumOf", "parse"]
