"""Names: what stands for a tensor, a defined name, a size, a constant, Kronecker's delta; or for nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable

from idxcalc.errors import IdxcalcError, Span
from idxcalc.expr import Constant, Definition, Delta, Elementary, Expr, Function, Mul, Size, Variable
from idxcalc.functions import BY_LATEX
from idxcalc.notation import calls, conditions, derivatives, matrices, reader as reading
from idxcalc.notation.lexer import lex, subscripts
from idxcalc.notation.parts import Factor, Place, Row, Target, component, dims_of
from idxcalc.notation.pieces import sub
from idxcalc.notation.tokens import LETTER
from idxcalc.notation.tree import Chain, Item, Sign, Subscript
from idxcalc.notation.ways import NAMES, TRANSPOSED, way


def named(reader: reading.Reader, item: Item, row: Row) -> Factor:
    """What a name starts, by what was declared."""
    text, scope = item.name, reader.scope
    if text == "d" and (text not in scope.symbols or item.sub is None):
        two = "d is a size here, and the differential: name the size otherwise"
        reader.refuse(text in scope.size_names and isinstance(row.peek(), Item), two, item.span)
        if text not in scope.size_names or item.sub is not None:
            return derivatives.total(reader, item, row)
    primes = 0 if item.primed in scope.symbols else item.primes
    match scope.symbols.get(item.primed, scope.symbols.get(text)):
        case Variable() | Definition() as symbol:
            return tensor(reader, symbol, primes, item, row)
        case Function() as function:
            return calls.call(reader, function, primes, item, row)
    known: Expr
    if item.sub is not None if text == r"\delta" else text in (*scope.size_names, "e", r"\pi"):
        reader.unprimed(item)
    if text == r"\delta" and item.sub is not None:
        reader.refuse(item.power and not item.sub.tokens[1:], r"indices stand below: \delta_{ij}", item.span)
        matrices.unclear(reader, item, text, 2)
        return reader.powered(delta(reader, item, item.sub), item)
    if text in scope.size_names and item.sub is None:
        reader.sizes_used.setdefault(text, item.span)
        known = Size(scope.size_names[text])
    elif text in ("e", r"\pi") and item.sub is None:
        known = Constant(text.removeprefix("\\"))
        if text == "e" and item.power is not None:
            term = reader.sum(item.power.exponent)
            return reader.once(Elementary("exp", (term.expr,)), [term], item.span)
    else:
        raise undeclared(reader, item, row.peek(-2))
    return reader.powered(Factor(known, (), item.span), item)


def tensor(reader: reading.Reader, symbol: Target, primes: int, item: Item, row: Row) -> Factor:
    """A component of a variable or of a defined name; with a comma, a derivative of it. ``s'`` of a plain
    name that was defined at a number, ``s(z) = ...``, is its derivative by z."""
    number = reader.scope.symbols.get(reader.scope.arguments.get(symbol.name, ""))
    message = f"{symbol.name} is no function; {symbol.name}{chr(39) * primes} is not declared"
    reader.refuse(primes and (not isinstance(number, Target) or dims_of(number)), message, item.span)
    behind = written_argument(reader, symbol, item, row)
    if matrices.is_inverse(item):
        return derivatives.commas(reader, matrices.inverse(reader, symbol, item), item)
    if matrices.powered_first(item):
        label_or_power(reader, item)
        matrices.unclear(reader, item, symbol.name, len(dims_of(symbol)))
    if (error := unbraced(reader, item, row.peek())) is not None:
        raise error
    slots, places = reader.slots(item.before, dims_of(symbol), symbol.name, item.span)
    factor = Factor(component(symbol, slots), places, item.span)
    if isinstance(number, Target):
        factor = derivatives.by([(number, (), ())] * primes, factor, item.span)
    factor = derivatives.commas(reader, factor, item)
    label_or_power(reader, item)
    factor = reader.powered(factor, item)
    return factor if behind is None else derivatives.behind_call(reader, factor, behind)


def label_or_power(reader: reading.Reader, item: Item) -> None:
    """``w^{t+1}_{ij}``: an undeclared letter in an exponent is more likely a label without brackets."""
    if item.power is None:
        return
    exponent, known = item.power.exponent, {*reader.scope.symbols, *reader.scope.size_names, "e", r"\pi", "d"}
    for part in (i for _, product in exponent.terms for i in product.items):
        if isinstance(part, Item) and part.name and part.sub is None and part.name not in known:
            text = reader.source[exponent.span.start : exponent.span.stop]
            if part.name == "T":
                raise reader.fail(TRANSPOSED, item.power.span)
            label = f"`{item.name}^{{({text})}}`"
            raise reader.fail(f"a power or a label? a label is written {label}", item.power.span)


def written_argument(reader: reading.Reader, symbol: Target, item: Item, row: Row) -> Item | None:
    """``\\text{loss}(\\hat y_i)``: the bracket with the argument that a plain name was defined with."""
    expected = reader.scope.arguments.get(symbol.name)
    argument = reader.scope.symbols.get(expected or "")
    following = row.bracket() if expected is not None else None
    if following is None:
        return None
    parts = [i for part in following.atom.items for _, p in part.terms for i in p.items]  # type: ignore[union-attr]
    names = {part.name for part in parts if isinstance(part, Item)}
    only = following.atom.items[0].only  # type: ignore[union-attr]
    lone = following.atom.items[0].lone  # type: ignore[union-attr]
    if expected not in names and (symbol.name in names or ((item.after or item.power) and not lone)):
        row.at -= 1  # a factor, s(1 - s)
        return None
    reader.unprimed(following)
    same = only is not None and only.name == expected and only.after is None
    rank = len(dims_of(argument)) if isinstance(argument, Target) else 0
    wrong = only is None or not same or only.power or only.primes or len(only.before) not in (0, rank)
    advice = f"with a new letter, {symbol.name}(u) = ..., it is a function"
    reader.refuse(wrong, f"{symbol.name} is defined at {expected} alone; {advice}", following.span)
    return following


def delta(reader: reading.Reader, item: Item, sub: Subscript) -> Factor:
    """``\\delta_{ij}``, or a product of deltas for two groups."""
    shape = [(g.bracketed, len(g.indices)) for g in sub.before]
    alike = sub.after is None and len(shape) == 2 and shape[0] == shape[1]
    reader.refuse(not alike, "delta takes two indices, or two groups of one length", sub.span)
    deltas: list[Expr] = []
    places: list[tuple[str, Place]] = []
    for pair in zip(*(group.indices for group in sub.before), strict=True):
        dim = reader.scope.sizes.fresh()
        (one, found), (two, more) = (reader.slot(t.value, dim, r"\delta", t.span) for t in pair)
        deltas.append(Delta(one, two))
        places += found + more
    expr = deltas[0] if len(deltas) == 1 else Mul(tuple(deltas))
    return Factor(expr, tuple(places), item.atom.span | sub.span)


def remarked(reader: reading.Reader, chain: Chain) -> None:
    """Refuse "(no sum)" on what is no index of the chain, ``x_i``, and "(no sum)" or a condition on letters
    that all stand elsewhere."""
    tests = [test for side in chain.sides for test in side.tests]
    if not chain.no_sum and not tests:
        return
    stand = {n for n, found in reader.letters_used.items() for p in found if _stands(chain, p.span)}
    for value in (token.value for token in lex(reader.source) if _stands(chain, token.span)):
        stand |= {str(i.value) for i in value.tokens} if isinstance(value, Subscript) else {str(value)}
    for test in tests:
        letters = {conditions.letter(side) for side in (test.left, test.right)} & reader.fixed.keys()
        what = f"a condition on {', '.join(sorted(letters))}: it is no index of the formula"
        reader.refuse(letters and stand.isdisjoint(letters), what, test.span)
    at = reader.source.lower().find("no sum", chain.span.start)
    for letter in chain.no_sum:
        idle = letter not in stand and ("_" in letter or stand.isdisjoint(chain.no_sum))
        reader.refuse(idle, f"(no sum on ${letter}$): it is no index of the formula", Span(at, at + 6))


def _stands(chain: Chain, span: Span) -> bool:
    """Whether a place lies in a chain, and in no condition of it."""
    around = (chain.span, *(test.span for side in chain.sides for test in side.tests))
    return sum(each.start <= span.start < each.stop for each in around) == 1


def finish(reader: reading.Reader, span: Span, letters: Iterable[str] = ()) -> None:
    """What is checked once all indices of a formula are known; ``letters`` are further ones. A label has
    other letters, for ``y^{(i)}`` is one name, whatever i is."""
    reader.check_components()
    used = {*letters, *reader.letters_used}
    for token in lex(reader.source):
        within = token.kind == "LABEL" and span.start <= token.span.start < span.stop
        for word in re.findall(r"[\w\\']+", str(token.value)) if within else ():
            index = (found := re.findall(LETTER, word)) and used.issuperset(found)
            other = f"write it below, as in `x{sub(word)}`, or give the label another letter"
            reader.refuse(index, f"the {word} of a label is no index; {other}", token.span)


# names that mean nothing


def undeclared(reader: reading.Reader, item: Item, before: Item | Sign | None) -> IdxcalcError:
    """What to say of a name that nobody declared; ``before`` is what stands before it."""
    if isinstance(before, Item) and (error := unbraced(reader, before, item)) is not None:
        return error
    text = item.name
    index = text in reader.letters_used or text in reader.fixed or stands_as_index(reader, text)
    if index and item.sub is None:
        return reader.fail(f"{text} is an index and a number", item.span)
    word = re.match(r"[a-z]*", reader.source[item.span.start :])
    if word and f"\\{word[0]}" in BY_LATEX:
        start = item.span.start
        return reader.fail(rf"{word[0]} is written \{word[0]}", Span(start, start + word.end()))
    size = "; it has no index, and no derivative is by it"
    reader.refuse(text in reader.scope.size_names, f"{text} is a size{size}", item.span)
    near = reader.scope.nearest(text)
    label = "; a bracket behind ^ makes a label, an exponent has none" * ("^" in text)
    advice = f"; did you mean `{near}`?" if near else label or way(NAMES, text)
    return reader.fail(f"`{text}` is not declared{advice}", item.atom.span)


def unbraced(reader: reading.Reader, item: Item, behind: Item | Sign | None) -> IdxcalcError | None:
    """``w_ij`` reads as w_i times j; say so when j is no name."""
    sub = item.sub
    if sub is None or reader.source[sub.span.stop - 1] == "}" or not sub.before or not item.name:
        return None
    if not isinstance(behind, Item) or not behind.name or behind.span.start != item.span.stop:
        return None
    if behind.sub or behind.name in {"d", *reader.scope.symbols} or (behind.name == "e" and behind.power):
        return None
    group = sub.before[0].indices[0].value
    right = f"`{item.name}_{{{group}{behind.name}}}`"
    return reader.fail(f"only {group} is the subscript; write {right}", behind.span)


def stands_as_index(reader: reading.Reader, text: str) -> bool:
    """Whether the letter stands in a subscript somewhere in the formula."""
    return any(token.value == text for sub in subscripts(reader.source) for token in sub.tokens)


def is_letter(reader: reading.Reader, name: str) -> bool:
    """Whether a bare name in a condition is an index: no number, and a name or a size only if subscripts use
    it."""
    symbol = reader.scope.symbols.get(name)
    number = isinstance(symbol, Function) or (symbol is not None and not dims_of(symbol))
    known = symbol is not None or name in reader.scope.size_names
    return not number and (not known or stands_as_index(reader, name))
