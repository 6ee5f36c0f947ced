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


def parse(source: str) -> list[Chain]:
    """The chains of a formula, one per row that starts with a left side.

    ``\\pm`` and ``\\mp`` give every chain twice, with the upper and with the lower signs.
    """
    tokens = lex(source)
    if not tokens:
        raise IdxcalcError("an empty formula", source, Span(0, 1))
    no_sum = tuple(dict.fromkeys(name for t in tokens if t.kind == "NOSUM" for name in t.value))  # type: ignore[attr-defined]
    for number, token in enumerate(tokens):
        behind = tokens[number + 1].kind if number + 1 < len(tokens) else "ROW"
        if token.kind == "NOSUM" and behind not in ("ROW", "NOSUM", "IF", "COMMA", "RPAR"):
            raise fail("(no sum) stands at the end of a statement", source, token.span.start, token.span.stop)
    tokens = [t for t in tokens if t.kind != "NOSUM"]
    while tokens and tokens[-1].kind in ("ROW", "COMMA"):
        tokens.pop()
    signs = [t for t in tokens if t.kind == "REL"]
    if len(signs) > MAX_RELATIONS:
        raise IdxcalcError(f"more than {MAX_RELATIONS} relations", source, signs[MAX_RELATIONS].span)
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
    builder = Builder(source)
    chains: list[Chain] = []
    for row in (child for child in tree.children if not is_token(child, "ROW")):
        first, steps = builder.row(row)
        if first is not None:
            chains.append(Chain((first,), (), (), no_sum, first.span))
        elif not chains:
            raise fail("an empty side", source, 0)
        last = chains[-1]
        for op, span, side in steps:
            last = Chain(
                (*last.sides, side), (*last.ops, op), (*last.op_spans, span), no_sum, last.span | side.span
            )
        chains[-1] = last
    return chains


def _check_sides(tokens: list[Tok], source: str) -> None:
    """An ``=`` with nothing before or behind it, outside conditions and brackets."""
    depth = 0
    for number, token in enumerate(tokens):
        depth += (token.kind in ("LPAR", "LSQ", "LBRACE", "LBAR")) - (
            token.kind in ("RPAR", "RSQ", "RBRACE", "RBAR")
        )
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
