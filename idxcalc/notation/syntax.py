"""A statement to its chains: rows, the remark "(no sum)", ``\\pm``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby

from idxcalc.errors import IdxcalcError, Span
from idxcalc.notation.lexer import lex
from idxcalc.notation.parser import OPERATORS, chains
from idxcalc.notation.tokens import BRACKETS, MAX_RELATIONS
from idxcalc.notation.tree import Chain, Tok

_GOES_ON = (*OPERATORS, "REL", "IF", "AND", "ELSE", "OTHERWISE", "COMMA")
_UNFINISHED = (*OPERATORS, "REL", "IF", "AND", "ROW")
_BEHIND_REMARKS = ("ROW", "NOSUM", "IF", "COMMA")
_PLUS_MINUS = ({"PM": "PLUS", "MP": "MINUS"}, {"PM": "MINUS", "MP": "PLUS"})


@lru_cache(64)
def parse(source: str, lines: bool = False) -> tuple[Chain, ...]:
    """The chains of a formula, one per row that starts with a left side.

    ``\\pm`` and ``\\mp`` give every chain twice, with the upper and with the lower signs. With ``lines``
    a line that has an ``=`` of its own starts a row as well.
    """
    tokens = lex(source)
    if not tokens:
        raise IdxcalcError("an empty formula", source, Span(0, 1))
    remarks, rest = _remarks(tokens, source, lines)
    rest = _lines(rest, source) if lines else rest
    while rest and rest[-1].kind == "ROW":
        rest.pop()
    equals = [t for t in rest if t.kind == "REL"]
    if len(equals) > MAX_RELATIONS:
        raise IdxcalcError(f"more than {MAX_RELATIONS} relations", source, equals[MAX_RELATIONS].span)
    found: list[Chain] = []
    for swap in _PLUS_MINUS if any(t.kind in ("PM", "MP") for t in rest) else ({},):
        made = chains([replace(t, kind=swap[t.kind]) if t.kind in swap else t for t in rest], source)
        ends = [*(chain.span.start for chain in made[1:]), len(source) + 1]
        for chain, end in zip(made, ends, strict=True):  # remarks behind a chain and before the next
            own = [t for t in remarks if chain.span.start <= t.span.start < end]
            letters = dict.fromkeys(letter for t in own for letter in t.value)  # type: ignore[attr-defined]
            found.append(replace(chain, no_sum=tuple(letters)))
    return tuple(found)


def _remarks(tokens: Sequence[Tok], source: str, lines: bool) -> tuple[list[Tok], list[Tok]]:
    """The remarks "(no sum)", each at the end of a statement, and the other tokens."""
    for before, token, behind in zip((None, *tokens), tokens, tokens[1:], strict=False):
        newline = lines and "\n" in source[token.span.stop : behind.span.start]
        misplaced = before is None or (not newline and behind.kind not in _BEHIND_REMARKS)
        if token.kind == "NOSUM" and misplaced:
            raise IdxcalcError("(no sum) stands at the end of a statement", source, token.span)
    return [t for t in tokens if t.kind == "NOSUM"], [t for t in tokens if t.kind != "NOSUM"]


def _lines(tokens: list[Tok], source: str) -> list[Tok]:
    """A row token before each line that starts with a left side."""
    rows: list[Tok] = []
    equal, depth = False, 0
    for _, line in groupby(tokens, lambda token: source.count("\n", 0, token.span.start)):
        own = list(line)
        begins = equal and depth == 0 and own[0].kind not in _GOES_ON
        if begins and any(t.kind == "REL" for t in own) and rows[-1].kind not in _UNFINISHED:
            rows.append(Tok("ROW", "\n", Span(own[0].span.start, own[0].span.start)))
            equal = False
        for token in own:
            depth += (token.kind in BRACKETS) - (token.kind in BRACKETS.values())
            equal = (equal or (token.kind == "REL" and depth == 0)) and token.kind != "ROW"
        rows += own
    return rows


__all__ = ["Chain", "parse"]
