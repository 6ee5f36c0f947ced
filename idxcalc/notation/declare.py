"""Declarations: names get their meaning from lines such as ``x_k, y_i constant``.

A letter ties sizes within one name, one composition, or where a range is given on its line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from idxcalc.errors import IdxcalcError, Span
from idxcalc.expr import Call, Component, Dim, Function, Index, Lambda, Variable
from idxcalc.notation.define import define, is_bracket
from idxcalc.notation.scope import Scope, Symbol
from idxcalc.notation.sizes import SizesDiffer
from idxcalc.notation.syntax import parse
from idxcalc.notation.tree import Bracket, Item, Name, SumOf

TRAITS = ("symmetric", "antisymmetric", "invertible", "positive", "negative", "integer", "constant")
_RANGE = re.compile(r"(?:\\quad\s*)?\(\s*([^()=]+?)\s*=\s*(\d+)\s*,\s*\\[lc]?dots\s*,\s*([A-Za-z]|\d+)\s*\)")
_TRAIT = re.compile(r"(?<=\S)\s+((?:[A-Za-z]{2,}(?![A-Za-z])\s*,?\s*)+)$")


@dataclass(frozen=True, slots=True)
class Declared:
    """One item of a declaration line with its place in the source."""

    text: str
    offset: int


def declare(scope: Scope, source: str, where: str = "") -> tuple[str, ...]:
    """Add the declarations of ``source``, line by line; the names added."""
    added: list[str] = []
    offset = 0
    for line in source.split("\n"):
        text = line.split(" --")[0] if " --" in line else line
        text = "" if text.lstrip().startswith("--") else text
        if text.strip():
            number = source.count("\n", 0, offset) + 1
            added += _line(scope, source, text, offset, where or str(number))
        offset += len(line) + 1
    return tuple(added)


def _line(scope: Scope, source: str, text: str, offset: int, where: str) -> list[str]:
    ranges: dict[str, Dim] = {}
    for match in _RANGE.finditer(text):
        letters = [letter.strip() for letter in match[1].split(",")]
        for letter in letters:
            ranges[letter] = scope.sizes.fresh(match[3], int(match[2]))
        if int(match[2]) > 1:
            raise IdxcalcError(
                "a range starts at 0 or 1", source, Span(offset + match.start(), offset + match.end())
            )
        if not match[3].isdigit():
            scope.size_names.setdefault(match[3], scope.sizes.fresh(match[3]))
    text = _RANGE.sub(lambda m: " " * len(m[0]), text)
    names: list[str] = []
    covered: list[str] = []  # the names back to the previous attribute
    attributes = False
    for part in _split(text):
        body, traits = _traits(source, part, offset)
        if not body.strip():
            raise IdxcalcError("an empty name", source, Span(offset + part.offset, offset + part.offset + 1))
        words = body.split()
        if covered and attributes and all(word in TRAITS for word in words):
            traits = [*words, *traits]  # "symmetric, invertible": two attributes of the same names
        else:
            covered = [] if attributes else covered
            new = _one(scope, source, body, offset + part.offset, ranges, where)
            names += new
            covered += new[:1]
        attributes = bool(traits)
        span = Span(offset + part.offset, offset + part.offset + len(part.text))
        for name in covered if traits else ():
            _give(scope, source, name, traits, span)
    return names


def _split(text: str) -> list[Declared]:
    """The items between commas outside brackets."""
    parts, depth, begin = [], 0, 0
    for at, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if char == "," and depth == 0:
            parts.append(Declared(text[begin:at], begin))
            begin = at + 1
    parts.append(Declared(text[begin:], begin))
    return parts if parts[-1].text.strip() else parts[:-1]


def _traits(source: str, part: Declared, offset: int) -> tuple[str, list[str]]:
    match = _TRAIT.search(part.text.rstrip())
    words = re.findall(r"[A-Za-z]+", match[1]) if match and match.start() else []
    words = [w for w in words if w != "and"]
    if match is None or not words or not part.text[: match.start()].strip():
        return part.text, []
    for word in words:
        if word not in TRAITS:
            at = offset + part.offset + part.text.index(word, match.start())
            raise IdxcalcError(
                f"{word!r} is no property; known are {', '.join(TRAITS)}", source, Span(at, at + len(word))
            )
    return part.text[: match.start()], words


def _give(scope: Scope, source: str, name: str, traits: list[str], span: Span) -> None:
    symbol = scope.symbols[name]
    assert isinstance(symbol, Variable | Function)
    dims = symbol.dims if isinstance(symbol, Variable) else symbol.out
    if {"symmetric", "antisymmetric"} & set(traits) and len(dims) < 2:
        raise IdxcalcError(f"{name} has too few indices to be {traits[0]}", source, span)
    if "invertible" in traits and len(dims) != 2:
        raise IdxcalcError(f"only a matrix is invertible; {name} has {len(dims)} indices", source, span)
    if {"symmetric", "antisymmetric", "invertible"} & set(traits):
        for dim in dims[1:]:
            _tie(scope, source, name, dims[0], dim, span)
    scope.symbols[name] = replace(symbol, traits=symbol.traits | frozenset(traits))


def _tie(scope: Scope, source: str, name: str, left: Dim, right: Dim, span: Span) -> None:
    try:
        scope.sizes.tie(left, right)
    except SizesDiffer as differ:
        raise IdxcalcError(
            f"the size of {name}: {differ.left} here, {differ.right} there", source, span
        ) from None


def _one(scope: Scope, source: str, text: str, offset: int, ranges: dict[str, Dim], where: str) -> list[str]:
    """One declared name: a tensor, a function, a composition. The outermost name comes first."""
    try:
        chains = parse(text)
    except IdxcalcError as error:
        span = error.span or Span(0, 1)
        raise IdxcalcError(error.message, source, Span(span.start + offset, span.stop + offset)) from None
    body = chains[0].sides[0].body
    if len(chains) != 1 or len(chains[0].sides) != 1 or not isinstance(body, SumOf):
        raise IdxcalcError(
            "a declaration names tensors and functions; `=` belongs into a definition",
            source,
            Span(offset, offset + 1),
        )
    letters: dict[str, Dim] = {}
    reading = _Pattern(scope, source, offset, ranges, letters, where)
    names: list[str] = []
    reading.symbol(body, names, top=True)
    return names


@dataclass(slots=True)
class _Pattern:
    """Reads ``w_{ij}``, ``\\sigma(z)``, ``f_j(g_k(x_i))`` as declarations."""

    scope: Scope
    source: str
    offset: int
    ranges: dict[str, Dim]
    letters: dict[str, Dim]
    where: str

    def fail(self, message: str, span: Span) -> IdxcalcError:
        return IdxcalcError(message, self.source, Span(span.start + self.offset, span.stop + self.offset))

    def symbol(self, body: SumOf, names: list[str], top: bool = False) -> Lambda:
        """Declare what ``body`` names; returns the tensor over its indices, for use as an argument."""
        items = body.terms[0][1].items
        head = items[0]
        bracket = items[1] if len(items) == 2 else None
        if (
            len(body.terms) != 1
            or body.terms[0][0] < 0
            or len(items) > 2
            or not isinstance(head, Item)
            or not isinstance(head.atom, Name)
        ):
            raise self.fail("expected a name such as x_i, w_{ij}, \\sigma(z) or f_j(x_i)", body.span)
        if head.power is not None or (bracket is not None and not is_bracket(bracket)):
            raise self.fail("expected a name such as x_i, w_{ij}, \\sigma(z) or f_j(x_i)", body.span)
        name = head.atom.text + "'" * head.primes
        if name == r"\delta":
            raise self.fail(r"\delta is Kronecker's delta", head.span)
        dims, indices = self.slots(head)
        if bracket is None:
            return self.variable(name, dims, indices, names, head.span, top)
        assert isinstance(bracket, Item) and isinstance(bracket.atom, Bracket)
        if not bracket.atom.items:
            raise self.fail("an empty argument", bracket.span)
        known = self.scope.symbols.get(name)
        names.append(name)
        args = tuple(self.symbol(part, names) for part in bracket.atom.items)
        params = tuple(tuple(i.dim for i in a.indices) for a in args)
        function = Function(name, dims, params)
        if known is not None:
            if (
                top
                or not isinstance(known, Function)
                or [len(p) for p in known.params] != [len(p) for p in params]
            ):
                self.again(name, head.span)
            function = known  # type: ignore[assignment]
            for one, two in zip(
                (*function.out, *sum(function.params, ())), (*dims, *sum(params, ())), strict=True
            ):
                _tie(self.scope, self.source, name, one, two, head.span)
        else:
            self.add(name, function)
            self.scope.defaults[name] = args
        return Lambda(indices, Call(function, indices, (), args))

    def slots(self, head: Item) -> tuple[tuple[Dim, ...], tuple[Index, ...]]:
        if head.sub is None:
            return (), ()
        if head.sub.after is not None:
            raise self.fail("a declaration has no derivative", head.sub.span)
        tokens = [t for g in head.sub.before for t in g.indices]
        dims = []
        for token in tokens:
            if isinstance(token.value, int):
                raise self.fail("a declaration names indices, not components", token.span)
            known = self.letters.get(token.value) or self.ranges.get(token.value)
            dims.append(known or self.scope.sizes.fresh())
            self.letters[token.value] = dims[-1]
        letters = [f"{t.value}" for t in tokens]
        # the same letter twice ties two slots (w_{ii} is square); placeholders must differ
        unique = [x if letters.index(x) == n else f"{x}_{{{n}}}" for n, x in enumerate(letters)]
        return tuple(dims), tuple(Index(x, d) for x, d in zip(unique, dims, strict=True))

    def variable(
        self,
        name: str,
        dims: tuple[Dim, ...],
        indices: tuple[Index, ...],
        names: list[str],
        span: Span,
        top: bool,
    ) -> Lambda:
        known = self.scope.symbols.get(name)
        if known is not None and (top and name not in self.scope.soft):
            self.again(name, span)
        if isinstance(known, Variable) and len(known.dims) == len(dims):
            for one, two in zip(known.dims, dims, strict=True):
                _tie(
                    self.scope,
                    self.source,
                    name,
                    one,
                    two,
                    Span(span.start + self.offset, span.stop + self.offset),
                )
            variable = known
            if top:
                self.scope.soft.discard(name)
                self.scope.lines[name] = self.where
        elif known is not None and not top and not dims:
            # the argument of a function of one real is only a placeholder: any number, of no name
            variable = Variable(rf"{name}^{{(\circ)}}")
        elif known is not None and not (top and name in self.scope.soft):
            raise self.fail(f"{name} was declared otherwise in line {self.scope.lines.get(name, '?')}", span)
        else:
            variable = Variable(name, dims)
            self.add(name, variable)
            if not top:
                self.scope.soft.add(name)
            else:
                self.scope.soft.discard(name)
        if top:
            names.append(name)
        return Lambda(indices, Component(variable, indices))

    def add(self, name: str, symbol: Symbol) -> None:
        self.scope.symbols[name] = symbol
        self.scope.lines[name] = self.where

    def again(self, name: str, span: Span) -> None:
        raise self.fail(f"{name} is declared already, in line {self.scope.lines.get(name, '?')}", span)


__all__ = ["declare", "define"]
