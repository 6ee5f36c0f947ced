"""Declarations: names get their meaning from lines such as ``x_k, y_i constant``.

A letter ties sizes within one name, one composition, or where a range is given on its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from idxcalc.errors import IdxcalcError, Span
from idxcalc.expr import Call, Component, Dim, Function, Index, Lambda, Variable
from idxcalc.notation.define import Head, define, head
from idxcalc.notation.scope import Scope
from idxcalc.notation.sizes import SizesDiffer
from idxcalc.notation.syntax import parse
from idxcalc.notation.tree import SumOf

TRAITS = ("symmetric", "antisymmetric", "invertible", "positive", "negative", "integer", "constant")
_SQUARE = {"symmetric", "antisymmetric", "invertible"}
_RANGE = r"([^()=;]+?)\s*=\s*(\d+)\s*,\s*\\[lc]?dots\s*,\s*([A-Za-z]|\d+)"
_RANGES = re.compile(rf"(?:\\quad\s*)?\(\s*{_RANGE}(?:\s*[,;]\s*{_RANGE})*\s*\)")
_TRAIT = re.compile(r"(?<=\S)\s+((?:[A-Za-z]{2,}(?![A-Za-z])\s*,?\s*)+)$")


def declare(scope: Scope, source: str, where: str = "") -> tuple[str, ...]:
    """Add the declarations of ``source``, line by line; the names added."""
    added: list[str] = []
    offset = 0
    for number, line in enumerate(source.split("\n"), 1):
        text = "" if line.lstrip().startswith("--") else line.split(" --")[0]
        try:
            if text.strip():
                added += _Line(scope, text, where or str(number)).declare()
        except IdxcalcError as error:
            span = error.span or Span(0, 1)
            shifted = Span(span.start + offset, span.stop + offset)
            raise IdxcalcError(error.message, source, shifted) from None
        offset += len(line) + 1
    return tuple(added)


@dataclass(slots=True)
class _Line:
    """Reads one line; ``letters`` are those of the present item with their sizes."""

    scope: Scope
    text: str
    where: str
    ranges: dict[str, Dim] = field(default_factory=dict)
    letters: dict[str, Dim] = field(default_factory=dict)

    def fail(self, message: str, start: int, stop: int) -> IdxcalcError:
        return IdxcalcError(message, self.text, Span(start, stop))

    def declare(self) -> list[str]:
        for bracket in _RANGES.finditer(self.text):
            self.range(bracket)
        self.text = _RANGES.sub(lambda found: " " * len(found[0]), self.text)
        names: list[str] = []
        covered: list[str] = []  # the names back to the previous attribute
        attributes = False
        for start, stop in self.items():
            body, traits = self.traits(start, stop)
            words = body.split()
            if not words:
                raise self.fail("an empty name", start, start + 1)
            if covered and attributes and all(word in TRAITS for word in words):
                traits = [*words, *traits]  # "symmetric, invertible": two attributes of the same names
            else:
                new = self.one(" " * start + body)
                names += new
                covered = [*([] if attributes else covered), new[0]]
            attributes = bool(traits)
            for name in covered if traits else ():
                self.give(name, traits, Span(start, stop))
        return names

    def range(self, bracket: re.Match[str]) -> None:
        """``(i, j = 1, \\dots, n; k = 0, \\dots, m)``."""
        for found in re.finditer(_RANGE, bracket[0].partition("(")[2]):
            first, last = int(found[2]), found[3]
            if first > 1:
                raise self.fail("a range starts at 0 or 1", *bracket.span())
            for letter in filter(None, map(str.strip, found[1].split(","))):
                self.ranges[letter] = self.scope.sizes.fresh(last, first)
            if not last.isdigit():
                self.scope.size_names.setdefault(last, self.scope.sizes.fresh(last))

    def items(self) -> Iterator[tuple[int, int]]:
        """What stands between commas outside brackets."""
        depth = begin = 0
        for at, char in enumerate(self.text):
            depth += (char in "([{") - (char in ")]}")
            if char == "," and depth == 0:
                yield begin, at
                begin = at + 1
        if self.text[begin:].strip():
            yield begin, len(self.text)

    def traits(self, start: int, stop: int) -> tuple[str, list[str]]:
        """An item without its attributes, and these."""
        text = self.text[start:stop]
        found = _TRAIT.search(text.rstrip())
        words = [w for w in re.findall(r"[A-Za-z]+", found[1]) if w != "and"] if found else []
        if found is None or not words or not text[: found.start()].strip():
            return text, []
        for word in words:
            if word not in TRAITS:
                at = start + text.index(word, found.start())
                raise self.fail(f"{word!r} is no property; known are {', '.join(TRAITS)}", at, at + len(word))
        return text[: found.start()], words

    def give(self, name: str, traits: list[str], span: Span) -> None:
        symbol = self.scope.symbols[name]
        assert isinstance(symbol, Variable | Function)
        dims = symbol.dims if isinstance(symbol, Variable) else symbol.out
        if {"symmetric", "antisymmetric"} & set(traits) and len(dims) < 2:
            raise IdxcalcError(f"{name} has too few indices to be {traits[0]}", self.text, span)
        if "invertible" in traits and len(dims) != 2:
            message = f"only a matrix is invertible; {name} has {len(dims)} indices"
            raise IdxcalcError(message, self.text, span)
        if _SQUARE & set(traits):
            self.tie(name, dims[:1] * (len(dims) - 1), dims[1:], span)
        self.scope.symbols[name] = replace(symbol, traits=symbol.traits | frozenset(traits))

    def tie(self, name: str, left: tuple[Dim, ...], right: tuple[Dim, ...], span: Span) -> None:
        for one, two in zip(left, right, strict=True):
            try:
                self.scope.sizes.tie(one, two)
            except SizesDiffer as differ:
                message = f"the size of {name}: {differ.left} here, {differ.right} there"
                raise IdxcalcError(message, self.text, span) from None

    # names

    def one(self, text: str) -> list[str]:
        """One declared name: a tensor, a function, a composition. The outermost name comes first."""
        chains = parse(text)
        body = chains[0].sides[0].body
        if len(chains) != 1 or len(chains[0].sides) != 1 or not isinstance(body, SumOf):
            what = "a declaration names tensors and functions; `=` belongs into a definition"
            start = len(text) - len(text.lstrip())
            raise self.fail(what, start, start + 1)
        self.letters = {}
        names: list[str] = []
        self.symbol(body, names, top=True)
        return names

    def symbol(self, body: SumOf, names: list[str], top: bool = False) -> Lambda:
        """Declare what ``body`` names; returns the tensor over its indices, for use as an argument."""
        new = head(body)
        wrong = "" if new else "expected a name such as x_i, w_{ij}, \\sigma(z) or f_j(x_i)"
        if new is not None and new.name == r"\delta":
            wrong = r"\delta is Kronecker's delta"
        if wrong or new is None:
            raise IdxcalcError(wrong, self.text, new.item.span if new else body.span)
        indices = self.slots(new)
        dims = tuple(self.letters[str(t.value)] for t in new.tokens)
        if new.args is None:
            names += [new.name] if top else []
            return Lambda(indices, Component(self.variable(new, dims, top), indices))
        if not new.args:
            raise IdxcalcError("an empty argument", self.text, new.bracket)
        names.append(new.name)
        known = self.scope.symbols.get(new.name)
        args = tuple(self.symbol(part, names) for part in new.args)
        made = Function(new.name, dims, tuple(tuple(i.dim for i in a.indices) for a in args))
        if known is None:
            self.scope.add(new.name, made, self.where)
            self.scope.defaults[new.name] = args
        elif top or not isinstance(known, Function) or [*map(len, known.params)] != [*map(len, made.params)]:
            raise IdxcalcError(self.scope.taken(new.name), self.text, new.item.span)
        else:
            before, after = ((*f.out, *sum(f.params, ())) for f in (known, made))
            self.tie(new.name, before, after, new.item.span)
            made = known
        return Lambda(indices, Call(made, indices, (), args))

    def slots(self, new: Head) -> tuple[Index, ...]:
        """The index letters with their sizes; the same letter twice ties two slots (w_{ii} is square)."""
        if new.item.after is not None:
            raise IdxcalcError("a declaration has no derivative", self.text, new.item.sub.span)  # type: ignore[union-attr]
        found: list[Index] = []
        for n, token in enumerate(new.tokens):
            if isinstance(token.value, int):
                raise IdxcalcError("a declaration names indices, not components", self.text, token.span)
            if token.value not in self.letters:
                self.letters[token.value] = self.ranges.get(token.value) or self.scope.sizes.fresh()
            again = token.value in [t.value for t in new.tokens[:n]]  # placeholders must differ
            name = f"{token.value}_{{{n}}}" if again else token.value
            found.append(Index(name, self.letters[token.value]))
        return tuple(found)

    def variable(self, new: Head, dims: tuple[Dim, ...], top: bool) -> Variable:
        name, span, scope = new.name, new.item.span, self.scope
        known, soft = scope.symbols.get(name), name in scope.soft
        if known is not None and top and not soft:
            raise IdxcalcError(scope.taken(name), self.text, span)
        if isinstance(known, Variable) and len(known.dims) == len(dims):
            self.tie(name, known.dims, dims, span)
            if top:
                scope.add(name, known, self.where)
            return known
        if known is not None and not top and not dims:
            # the argument of a function of one real is only a placeholder: any number, of no name
            return Variable(rf"{name}^{{(\circ)}}")
        if known is not None and not top:
            message = f"{name} was declared otherwise in line {scope.lines.get(name, '?')}"
            raise IdxcalcError(message, self.text, span)
        made = Variable(name, dims)
        scope.add(name, made, self.where, soft=not top)
        return made


__all__ = ["declare", "define"]
