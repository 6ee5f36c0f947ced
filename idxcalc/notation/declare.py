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
_NEVER = ("antisymmetric", "symmetric", "positive", "negative"), ("positive", "negative")
_SQUARE = {"symmetric", "antisymmetric", "invertible"}
_RANGE = r"([^()=;]+?)\s*=\s*([0-9]+)\s*,\s*\\[lc]?dots\s*,\s*([A-Za-z]|[0-9]+)"
_RANGES = re.compile(rf"(?:\\quad\s*)?\(\s*{_RANGE}(?:\s*[,;]\s*{_RANGE})*\s*\)")
_TRAIT = re.compile(r"(?<=\S)\s+((?:[A-Za-z]{2,}(?![A-Za-z])\s*,?\s*)+)$")
_ONLY_TRAITS = re.compile(rf"(?:\s*(?:{'|'.join(TRAITS)}|and)\b)+\s*(?:,|$)")
_MISTAKES = {
    r"\(\s*\d\s*[<\\]\w*\s*(\S+?)\s*[<\\]\w*\s*(\w+)\s*\)": r"a range is written `({} = 1, \dots, {})`",
    r"\([^()]*\\[lc]?dots\s*,[^()]*\)": r"a range ends with one letter or a number, `(i = 1, \dots, n)`",
    r"(\S+)\s*(?:[<>]|\\[gl](?:eq?|t)(?![a-z]))": "write `{0} positive` or `{0} negative`, no inequality",
    r"\(\s*([^()=]+?)\s*=\s*(\d+)\b[^()]*?(\w+)\s*\)": r"a range is written `({} = {}, \dots, {})`",
}
"""What many write in a declaration, and the way out."""


def declare(scope: Scope, source: str, where: str = "") -> tuple[str, ...]:
    """Add the declarations of ``source``, line by line; the names added."""
    added: list[str] = []
    offset = 0
    for number, line in enumerate(source.split("\n"), 1):
        text = re.split(r"(?:^|\s)--|(?<!\\)%", line)[0]
        try:
            if text.strip():
                added += _Line(scope, text, where or str(number)).declare()
        except IdxcalcError as error:
            span = error.span or Span(0, 1)
            raise IdxcalcError(error.message, source, Span(span.start + offset, span.stop + offset)) from None
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
    used: set[str] = field(default_factory=set)

    def refuse(self, wrong: object, message: str, span: Span) -> None:
        if wrong:
            raise IdxcalcError(message, self.text, span)

    def declare(self) -> list[str]:
        self.text = _RANGES.sub(self.range, self.text)
        names: list[str] = []
        covered: list[str] = []  # the names back to the previous attribute
        for start, stop in self.items():
            body, traits = self.traits(start, stop)
            self.refuse(not body.strip(), "an empty name", Span(start, start + 1))
            new = self.one(" " * start + body)
            self.refuse(said := self.scope.derived(), said, Span(start, stop))
            names += new
            covered.append(new[0])
            for name in covered if traits else ():
                self.give(name, traits, Span(start, stop))
            covered = [] if traits else covered
        for letter in sorted(self.ranges.keys() - self.used):
            self.refuse(True, f"a range of {letter}, and no {letter} in this line", Span(0, len(self.text)))
        return names

    def range(self, bracket: re.Match[str]) -> str:
        """``(i, j = 1, \\dots, n; k = 0, \\dots, m)`` names sizes; in the line it leaves spaces."""
        for found in re.finditer(_RANGE, bracket[0].partition("(")[2]):
            first, last = int(found[2]), found[3]
            self.refuse(first > 1, "a range starts at 0 or 1", Span(*bracket.span()))
            self.refuse(last.isdigit() and int(last) < first, "an empty range", Span(*bracket.span()))
            for letter in filter(None, map(str.strip, found[1].split(","))):
                made = self.scope.sizes.fresh(last, first)
                one, two = map(self.scope.sizes.describe, (self.ranges.setdefault(letter, made), made))
                wrong = f"two ranges for {letter} in one line: write two lines"
                self.refuse(one != two, wrong, Span(*bracket.span()))
            if not last.isdigit():
                known = last == "e" or last in self.scope.symbols
                self.refuse(known, f"{last} has a meaning; a size is another letter", Span(*bracket.span()))
                self.scope.size_names.setdefault(last, self.scope.sizes.fresh(last))
        return " " * len(bracket[0])

    def items(self) -> Iterator[tuple[int, int]]:
        """What stands between commas outside brackets, but for those between attributes."""
        depth = begin = 0
        for at, char in enumerate(self.text):
            depth += (char in "([{") - (char in ")]}")
            if char == "," and depth == 0 and not _ONLY_TRAITS.match(self.text, at + 1):
                yield begin, at
                begin = at + 1
        if self.text[begin:].strip():
            yield begin, len(self.text)

    def traits(self, start: int, stop: int) -> tuple[str, list[str]]:
        """An item without its attributes, and these."""
        text = self.text[start:stop]
        found = _TRAIT.search(text.rstrip())
        words = [m for m in re.finditer(r"[A-Za-z]+", found[1]) if m[0] != "and"] if found else []
        if found is None or not words or not text[: found.start()].strip():
            return text, []
        for word in words:
            at = start + found.start(1) + word.start()
            unknown = f"{word[0]!r} is no property; known are {', '.join(TRAITS)}"
            self.refuse(word[0] not in TRAITS, unknown, Span(at, at + len(word[0])))
        return text[: found.start()], [word[0] for word in words]

    def give(self, name: str, traits: list[str], span: Span) -> None:
        symbol = self.scope.symbols[name]
        assert isinstance(symbol, Variable | Function)
        dims = symbol.dims if isinstance(symbol, Variable) else symbol.out
        few = {"symmetric", "antisymmetric"} & set(traits) and len(dims) < 2
        self.refuse(few, f"{name} has too few indices to be {traits[0]}", span)
        for trait in {"integer", "constant"} & set(traits) if isinstance(symbol, Function) else ():
            self.refuse(True, f"only a variable is {trait}", span)
        matrix = f"only a matrix is invertible; {name} has {len(dims)} indices"
        self.refuse("invertible" in traits and len(dims) != 2, matrix, span)
        for one, *others in _NEVER:
            both = ({one} & {*traits, *symbol.traits}) and {*others} & {*traits, *symbol.traits}
            self.refuse(both, f"no tensor is {one} and {''.join(sorted(both)[:1])}", span)
        if _SQUARE & set(traits):
            self.tie(name, dims[:1] * (len(dims) - 1), dims[1:], span)
        self.scope.symbols[name] = replace(symbol, traits=symbol.traits | frozenset(traits))

    def tie(self, name: str, left: tuple[Dim, ...], right: tuple[Dim, ...], span: Span) -> None:
        for one, two in zip(left, right, strict=True):
            try:
                self.scope.sizes.tie(one, two)
            except SizesDiffer as differ:
                here, there = differ.args
                self.refuse(True, f"the size of {name}: {here} here, {there} there", span)

    # names

    def one(self, text: str) -> list[str]:
        """One declared name: a tensor, a function, a composition. The outermost name comes first."""
        for pattern, message in _MISTAKES.items():
            if found := re.search(pattern, text):
                self.refuse(True, message.format(*found.groups()), Span(*found.span()))
        chain, *others = parse(text)
        body, start = chain.sides[0].body, len(text) - len(text.lstrip())
        what = "a declaration names tensors and functions; `=` belongs into a definition"
        if others or chain.ops or not isinstance(body, SumOf):
            raise IdxcalcError(what, self.text, Span(start, start + 1))
        self.letters = {}
        names: list[str] = []
        self.symbol(body, names, top=True)
        return names

    def symbol(self, body: SumOf, names: list[str], top: bool = False) -> Lambda:
        """Declare what ``body`` names; returns the tensor over its indices, for use as an argument."""
        new = head(body)
        if new is None:
            wanted = "expected a name such as x_i, w_{ij}, \\sigma(z) or f_j(x_i)"
            if (item := body.only) and item.name and item.power:
                power, sub = (self.text[p.start : p.stop] for p in (item.power.exponent.span, item.place))
                wanted = f"a label stands in brackets, `{item.name}^{{({power})}}{sub if item.sub else ''}`"
            raise IdxcalcError(wanted, self.text, body.span)
        name, span = new.name, new.item.span
        self.refuse(name == r"\delta", r"\delta is Kronecker's delta", span)
        self.refuse(kept := self.scope.kept(name, new.tokens, not top), kept, span)
        indices = self.slots(new)
        dims = tuple(i.dim for i in indices)
        if new.args is None:
            names += [name] if top else []
            return Lambda(indices, Component(self.variable(new, dims, top), indices))
        self.refuse(not new.args, "an empty argument", new.bracket)
        names.append(name)
        known = self.scope.symbols.get(name)
        args = tuple(self.symbol(part, names) for part in new.args)
        made = Function(name, dims, tuple(tuple(i.dim for i in a.indices) for a in args))
        if known is None:
            self.scope.add(name, made, self.where)
            self.scope.defaults[name] = args
        elif top or not isinstance(known, Function) or [*map(len, known.params)] != [*map(len, made.params)]:
            below = "".join(str(token.value) for token in new.tokens)
            label = f"; its {below} is an index, a label is `{name}^{{({below})}}`" if below else ""
            raise IdxcalcError(self.scope.taken(name) + label, self.text, span)
        else:
            before, after = ((*f.out, *sum(f.params, ())) for f in (known, made))
            self.tie(name, before, after, span)
            made = known
        return Lambda(indices, Call(made, indices, (), args))

    def slots(self, new: Head) -> tuple[Index, ...]:
        """The index letters with their sizes; the same letter twice ties two slots (w_{ii} is square)."""
        self.refuse(new.item.after is not None, "a declaration has no derivative", new.item.place)
        found: dict[str, Index] = {}
        for n, token in enumerate(new.tokens):
            letter = str(token.value)
            components = "a declaration names indices, not components"
            self.refuse(isinstance(token.value, int), components, token.span)
            self.used.add(letter)
            if letter not in self.letters:
                self.letters[letter] = self.ranges.get(letter) or self.scope.sizes.fresh()
            name = f"{letter}_{{{n}}}" if letter in found else letter  # placeholders must differ
            found[name] = Index(name, self.letters[letter])
        return tuple(found.values())

    def variable(self, new: Head, dims: tuple[Dim, ...], top: bool) -> Variable:
        name, span, scope = new.name, new.item.span, self.scope
        known = scope.symbols.get(name)
        self.refuse(known is not None and top and name not in scope.soft, scope.taken(name), span)
        if isinstance(known, Variable) and len(known.dims) == len(dims):
            self.tie(name, known.dims, dims, span)
            if top:
                scope.add(name, known, self.where)
            return known
        if known is not None and not top and not dims:
            # the argument of a function of one real is only a placeholder: any number, of no name
            return Variable(rf"{name}^{{(\circ)}}")
        otherwise = f"{name} was declared otherwise{scope.line(name)}"
        self.refuse(known is not None and not top, otherwise, span)
        made = Variable(name, dims)
        scope.add(name, made, self.where, soft=not top)
        return made


__all__ = ["declare", "define"]
