"""Expressions back to LaTeX that reads back as the same expression in the same scope.

Each part becomes a `Piece`: its text, the letters that the reader would count in the product around it,
and the letters that must be *fixed* for the text to mean this ("no sum", or a written sum). A bound letter
is left to the convention exactly if it stands twice in the factors of its product, in no power and no
denominator, and need not be fixed; else its sum is written. So what is printed never relies on luck.

What is read back may differ from the original in the names of bound letters; in the order of factors, of
terms and of sums next to each other; in sums and products inside products, which become one; in numbers
of a product, which are multiplied; in quotients of a product, which become one; ``dx_i`` is read as the
differential of ``x_i``; an argument whose letters come in another order gets deltas; a size that nobody
named becomes ``\\delta_{ii}``. What the notation has no form for (a component above 9) is printed only to
be looked at.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TypeAlias, assert_never

from idxcalc.expr import (
    MINUS_ONE, Add, All, Call, Cases, Compare, Component, Condition, Constant, Delta, Deriv, Det, Diff,
    Elementary, Expr, Inverse, Iverson, Lambda, Match, Mul, Num, Pow, Ref, Relation, Size, Slot, Sum,
    Variable, children, free, fresh, names, substitute,
)  # fmt: skip
from idxcalc.functions import KNOWN
from idxcalc.notation.letters import flat, separate, taken, tidy
from idxcalc.notation.parts import Target, dims_of
from idxcalc.notation.pieces import (
    ATOM, FACTOR, OPEN, SUM, Piece, alike, applied, bracket, groups, letters, once, power, product, run, sub,
    tall, times, together,
)  # fmt: skip

Defaults: TypeAlias = Mapping[str, tuple[Lambda, ...]]
_OPS = {"<": "<", ">": ">", "<=": r"\le", ">=": r"\ge", "=": "=", "!=": r"\neq", True: "=", False: r"\neq"}


def write(
    node: Expr | Relation | Condition, wrt: Sequence[Target] = (), defaults: Defaults | None = None
) -> str:
    """LaTeX that reads back as ``node``; derivatives by the variables ``wrt`` are written with a comma.

    ``defaults`` are the arguments that functions were declared with: they are left out. `no_sum_letters`
    says which letters of an expression "(no sum)" must name; a `Relation` names them itself.

    >>> from idxcalc.expr import Dim, Index
    >>> i = Index("i", Dim("?1"))
    >>> x, y = Variable("x", (i.dim,)), Variable("y", (i.dim,))
    >>> print(write(Sum(i, Mul((Component(x, (i,)), Component(y, (i,)))))))
    x_i y_i
    >>> print(write(Sum(i, Pow(Component(x, (i,)), Num(Fraction(2))))))
    \\sum_i x_i^2
    """
    writer = _Writer(tuple(wrt), defaults or {})
    return writer.relation(node) if isinstance(node, Relation) else writer.top(node).signed


def no_sum_letters(expr: Expr) -> tuple[str, ...]:
    """The free letters of ``expr`` that "(no sum)" must name for `write` to read back."""
    return tuple(sorted(_Writer().top(expr).demands))


@dataclass(slots=True)
class _Writer:
    wrt: tuple[Target, ...] = ()
    defaults: Defaults = field(default_factory=dict)
    used: set[str] = field(default_factory=set)  # every letter of what is written

    def top(self, node: Expr | Condition, used: set[str] | None = None) -> Piece:
        """The text of a node, its bound letters apart from those used; from now on they are used."""
        used = taken(node) if used is None else used
        made = separate(node, used)
        self.used |= used | names(made)
        return self.piece(made)

    def piece(self, node: Expr | Condition) -> Piece:
        """The text of a whole term or sum: letters that its one factor repeats must be fixed."""
        return self.factor(node).closed()

    def factor(self, node: Expr | Condition) -> Piece:
        """The text of a node whose bound letters are apart, as a factor."""
        match node:
            case Num(value):
                n, below = abs(value.numerator), value.denominator
                text = str(n) if below == 1 else rf"\frac{{{n}}}{{{below}}}"
                return Piece(text, level=ATOM if below == 1 else FACTOR, negative=value < 0)
            case Constant(name):
                return Piece(r"\pi" if name == "pi" else name)
            case Size(dim):
                # what stands behind a d would be its differential
                return Piece(dim.last, level=OPEN if dim.last == "d" else ATOM, size=True)
            case Component(symbol, slots) | Ref(symbol, slots):
                d = "d" if isinstance(symbol, Variable) and symbol.differential else ""
                level = FACTOR if d or "^" in symbol.name else ATOM
                return Piece(f"{d}{symbol.name}{sub(run(slots))}", letters(slots), level=level)
            case Delta(left, right):
                return Piece(rf"\delta{sub(run((left, right)))}", letters((left, right)))
            case Match(left, right, equal):
                return Piece(f"{run((left,))} {_OPS[equal]} {run((right,))}", once(letters((left, right))))
            case Mul() | Sum():
                return self.product(node)
            case Pow(base, exponent):
                return self.power(base, exponent)
            case Call():
                return self.call(node)
            case Inverse() | Det():
                return self.matrix(node)
            case Deriv():
                return self.derivative(node)
        parts = [self.piece(part) for part in (flat(node, Add) if isinstance(node, Add) else children(node))]  # type: ignore[arg-type]
        first = parts[0] if parts else Piece("0")
        texts = [part.signed for part in parts]
        match node:
            case Diff(body, _):
                twice = isinstance(body, Diff)
                inner = first if twice else bracket(first, FACTOR)
                return replace(inner.inside((r"d\," if twice else "d") + inner.text, FACTOR), bare=inner.bare)
            case Add():
                rest = "".join(f" {'-' if p.negative else '+'} {p.text}" for p in parts[1:])
                return alike(parts, together(parts, first.signed + rest, SUM))
            case Elementary(name):
                return self.elementary(name, together(parts, ", ".join(texts)))
            case Iverson():
                return first.inside(f"[{first.text}]")
            case Compare(op):
                return alike(parts, together(parts, f"{texts[0]} {_OPS[op]} {texts[1]}"))
            case All():
                return together(parts, r" \text{ and } ".join(texts) or "0 = 0")
            case Cases():
                tests, values = parts[:-1:2], [*parts[1::2], parts[-1]]
                rows = [rf"{v.signed} & \text{{if }} {t.text}" for v, t in zip(values, tests, strict=False)]
                text = r" \\ ".join((*rows, rf"{texts[-1]} & \text{{otherwise}}"))
                text = rf"\begin{{cases}} {text} \end{{cases}}"
                return alike(values, together((*values, *tests), text, FACTOR))
            case _:
                assert_never(node)

    def product(self, node: Mul | Sum) -> Piece:
        """Nested sums around a product of factors."""
        bound: list[Sum] = []
        body: Expr = node
        while isinstance(body, Sum):
            bound.append(body)
            body = body.body
        factors = flat(body, Mul)
        number = math.prod((f.value for f in factors if isinstance(f, Num)), start=Fraction(1))
        below = [f.base for f in factors if isinstance(f, Pow) and f.exponent is MINUS_ONE]
        above = [f for f in factors if not isinstance(f, Num) and getattr(f, "exponent", 0) is not MINUS_ONE]
        return product(bound, number, [self.factor(f) for f in above], [self.piece(f) for f in below])

    def power(self, base: Expr, exponent: Expr) -> Piece:
        root = exponent.value if isinstance(exponent, Num) else Fraction(0)
        if root == -1 or (root.numerator == 1 and root != 1):
            inner = self.piece(base)
            degree = "" if root.denominator == 2 else f"[{root.denominator}]"
            above = r"\frac{1}" if root == -1 else rf"\sqrt{degree}"
            return replace(inner.inside(f"{above}{{{inner.signed}}}", FACTOR), finished=True)
        low, high = bracket(self.piece(base), FACTOR), self.piece(exponent)
        return replace(together((low, high), low.text + power(high.signed), FACTOR), finished=True)

    # functions

    def elementary(self, name: str, inner: Piece) -> Piece:
        if name == "abs":
            return inner.inside(rf"\lvert {inner.text} \rvert", FACTOR)
        plain = re.sub(r"\\frac{\d}{\d}", "", inner.text)
        if name == "exp" and len(plain) < 16 and "^" not in plain and not tall(plain):
            return inner.inside(f"e^{{{inner.text}}}", FACTOR)
        return inner.inside(applied(KNOWN[name].latex[0], inner.text))

    def argument(self, node: Lambda) -> Piece:
        """A tensor as an argument: its free letters, in order of appearance, are its slots.

        Where they come in another order, or where one would have to be fixed, deltas put them in front.
        """
        made, outside = self.piece(node.body), frozenset(i.name for i in free(node))
        wanted = tuple(i.name for i in node.indices)
        found = tuple(n for n in once(made.places) if n not in outside)
        if wanted and (found != wanted or made.demands & set(wanted)):
            copies = {i: fresh(i, self.used) for i in node.indices}
            body: Expr = Mul((*(Delta(i, k) for i, k in copies.items()), substitute(node.body, copies)))
            for copy in copies.values():
                body = Sum(copy, body)
            made = self.piece(body)
        demands = made.demands | outside if wanted else made.demands
        return Piece(made.signed, tuple(n for n in made.places if n not in wanted), demands)

    def call(self, node: Call) -> Piece:
        function, by = node.function, node.derivs
        args = [self.argument(a) for a in node.args]
        out, primes, prefix = run(node.out), "", ""
        if by and len(args) > 1:  # by a component of argument n, from 1
            prefix = "".join(rf"\partial_{{{','.join(filter(None, (str(n + 1), run(s))))}}} " for n, s in by)
        elif by and (node.lifted or function.params != ((),)):
            out += groups(slots for _, slots in by)
        else:
            primes = "'" * len(by)
        head = prefix + function.name + sub(out) + primes
        own = (*letters(node.out), *(n for _, slots in by for n in letters(slots)))
        if self.omitted(node, args):
            return Piece(head, own, level=FACTOR if "^" in head or prefix else ATOM, bare=True)
        inner = together(args, ", ".join(a.text for a in args))
        level = FACTOR if prefix else ATOM
        return Piece(applied(head, inner.text), (*own, *inner.places), inner.demands, level)

    def omitted(self, node: Call, args: list[Piece]) -> bool:
        """Whether the arguments are those that the function has when it is written without."""
        only = node.args[0].body if len(node.args) == 1 else None
        if isinstance(only, Component) and re.search(r"\\mathbf\{|\^\{\(\\circ\)\}$", only.variable.name):
            return True  # the reader's own placeholder
        default = None if node.lifted else self.defaults.get(node.function.name)

        def texts(arguments: tuple[Lambda, ...]) -> list[str]:
            return [self.argument(separate(a, taken(a), rename=True)).text for a in arguments]

        return default is not None and texts(default) == texts(node.args)

    def matrix(self, node: Inverse | Det) -> Piece:
        body, row, column = node.matrix.body, *node.matrix.indices
        inner = self.argument(node.matrix)
        turned = self.argument(Lambda((column, row), body))
        slots = (node.row, node.column) if isinstance(node, Inverse) else ()
        if len(turned.text) < len(inner.text):  # the inverse of the transpose is the transpose of the inverse
            inner, slots, row, column = turned, slots[::-1], column, row
        text, atom = inner.text, False
        if isinstance(body, Component | Ref) and body.slots == (row, column) and inner.text[0] != "d":
            symbol = body.variable if isinstance(body, Component) else body.definition
            text, atom = symbol.name, "^" not in symbol.name
        if isinstance(node, Det):
            return inner.inside(applied(r"\det", text))
        text = f"({text if atom else f'({text})'}^{{-1}}){sub(run(slots))}"
        return replace(inner, text=text, places=(*letters(slots), *inner.places))

    # derivatives and relations

    def derivative(self, node: Deriv) -> Piece:
        body: Expr = node
        by: list[tuple[Target, tuple[Slot, ...]]] = []
        while isinstance(body, Deriv):
            by.insert(0, (body.target, body.slots))
            body = body.body
        inner = self.piece(body)
        places = (*once(inner.places), *(n for _, slots in by for n in letters(slots)))
        if all(self.by_comma(target) for target, _ in by):
            commas = groups(slots for _, slots in by)
            if isinstance(body, Ref) or (isinstance(body, Component) and not body.variable.differential):
                name = body.definition.name if isinstance(body, Ref) else body.variable.name
                return Piece(name + sub(run(body.slots) + commas), places, inner.demands)
            return Piece(bracket(inner).text + sub(commas), places, inner.demands, finished=inner.finished)
        below = " ".join(rf"\partial {target.name}{sub(run(slots))}" for target, slots in reversed(by))
        named = isinstance(body, Component | Ref | Call)
        inside, behind = (f" {inner.text}", "") if named else ("", bracket(inner).text)
        text = rf"\frac{{\partial{times(len(by))}{inside}}}{{{below}}}{behind}"
        return Piece(text, places, inner.demands, FACTOR, finished=inner.finished)

    def by_comma(self, target: Target) -> bool:
        """Whether a comma can only mean this variable."""
        rank = len(dims_of(target))
        return rank > 0 and [t.name for t in self.wrt if len(dims_of(t)) == rank] == [target.name]

    def relation(self, node: Relation) -> str:
        tests = () if node.condition is None else (node.condition,)
        used = taken(node.left, node.right, *tests)
        left, right = self.top(node.left, used), self.top(node.right, used)
        demands = left.demands | right.demands
        text = f"{left.signed} {_OPS[node.op]} {right.signed}"
        if node.order is not None:
            text += f" + O(d{node.order[0].name}{times(node.order[1])})"
        for test in tests:
            made = self.top(test, used)
            parts = test.conditions if isinstance(test, All) else (test,)
            fixed = {n for c in parts if isinstance(c, Match) for n in letters((c.left, c.right))}
            demands = (demands | made.demands) - fixed
            text += rf" \quad \text{{{'for' if fixed else 'if'} }} {made.text}"
        if demands:
            text += rf" \quad \text{{(no sum on {', '.join(f'${n}$' for n in sorted(demands))})}}"
        return text


__all__ = ["no_sum_letters", "tidy", "write"]
