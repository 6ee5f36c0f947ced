"""Random statements whose truth is known without the package: ``make soundness N=1000``.

A statement is drawn as a tree of its own, written as LaTeX, and decided here: every component is worked
out in exact arithmetic modulo a prime, at sizes 1 to 4, for random tensors and functions. Derivatives are
coefficients of nilpotent numbers, exponentials powers of a primitive root, unknown functions random
polynomials. True statements come from rewriting one side; false ones have one edit more. No rule, no
normal form and no program of the package takes part, only its reader: the text must mean what the tree means.

Printed are how many held, and what became of them; every statement that holds and is not proved; and every
disagreement. A false proof, or a true statement refuted, makes the exit code 1.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache

import numpy as np
from figures import record

P = 2147483647
ROOT = 7
KEPT = 10_000  # figures of a run of so many are kept for the book
SIZES = (1, 2, 3, 4)
GIVEN = r"""
A_{ij}, B_{ij} \quad (i, j = 1, \dots, n)
X_{ij} \quad (i, j = 1, \dots, n) invertible
S_{ij} \quad (i, j = 1, \dots, n) symmetric
N_{ij} \quad (i, j = 1, \dots, n) antisymmetric
R_{ijk}, M_{ijk} \quad (i, j, k = 1, \dots, n)
T_{ijk} \quad (i, j, k = 1, \dots, n) symmetric
x_i, y_i, u_i \quad (i = 1, \dots, n)
a, c
\sigma(z), \rho(z)
"""
RANKS = dict.fromkeys("ABXSN", 2) | dict.fromkeys("RMT", 3) | dict.fromkeys("xyu", 1) | dict.fromkeys("ac", 0)
DRAWN = ["A", "A", "B", "S", "S", "N", "X", "R", "T", "x", "x", "y", "u", "a", "c"]
SIGNS = {"S": 1, "T": 1, "N": -1}
FREE = "ijkl"
DUMMIES = "abcfghmopqrst"


@dataclass(frozen=True)
class Node:
    """``kind``: t tensor, d delta, v inverse, n number, add, mul, sum, f function, e exponential, p square,
    q quotient, D derivative. ``slots`` are letters, ``parts`` nodes."""

    kind: str
    name: str = ""
    slots: tuple[str, ...] = ()
    parts: tuple[Node, ...] = ()
    value: Fraction = Fraction(1)


def num(value) -> Node:
    return Node("n", value=Fraction(value))


def mul(*parts: Node) -> Node:
    flat = [q for p in parts for q in (p.parts if p.kind == "mul" else (p,))]
    return Node("mul", parts=tuple(flat))


def plus(*parts: Node) -> Node:
    return Node("add", parts=tuple(q for p in parts for q in (p.parts if p.kind == "add" else (p,))))


class Malformed(Exception):
    """The text has no meaning by the conventions."""


def slots_of(node: Node, fixed: frozenset[str]) -> list[str]:
    """The letters of a factor as its neighbours see them, one for each slot."""
    match node.kind:
        case "t" | "d" | "v":
            return list(node.slots)
        case "D":
            return [*free(node.parts[0], fixed), *node.slots]
        case "f" | "e":
            return sorted(free(node.parts[0], fixed))
        case _:
            return sorted(free(node, fixed))


def free(node: Node, fixed: frozenset[str]) -> frozenset[str]:
    """The free letters, fixed ones included; raises `Malformed`."""
    match node.kind:
        case "n":
            return frozenset()
        case "add":
            found = [free(p, fixed) for p in node.parts]
            shown = {f - fixed for f in found}
            if len(shown - {frozenset()}) > 1:
                raise Malformed
            return frozenset().union(*found)
        case "mul":
            counts = Counter(s for p in node.parts for s in slots_of(p, fixed))
            if any(c > 2 and s not in fixed for s, c in counts.items()):
                raise Malformed
            return frozenset(s for s, c in counts.items() if c == 1 or s in fixed)
        case "sum":
            if set(node.slots) & fixed:
                raise Malformed
            inner = free(node.parts[0], fixed | frozenset(node.slots))
            if not set(node.slots) <= inner:
                raise Malformed
            return inner - frozenset(node.slots)
        case "p" | "q":
            if any(free(p, fixed) for p in node.parts[-1:]):
                raise Malformed
            return free(node.parts[0], fixed)
        case _:
            return free(mul(node), fixed)


# ---------------------------------------------------------------------------------------------- values


class World:
    """Everything that is free: a size, tensors, functions; numbers are jets modulo `P`."""

    def __init__(self, n: int, depth: int, rng: random.Random):
        self.n, self.jets, self.used = n, 2**depth, 0
        self.tensors = {name: self.tensor(name, rank, rng) for name, rank in RANKS.items()}
        self.functions = {f: [rng.randrange(P) for _ in range(9)] for f in (r"\sigma", r"\rho")}

    def tensor(self, name, rank, rng):
        raw = np.array(
            [rng.choice((-1, 1)) * rng.randrange(1, 12) for _ in range(self.n**rank)], dtype=object
        )
        raw = raw.reshape((self.n,) * rank)
        if name in SIGNS:
            orders = list(itertools.permutations(range(rank)))
            sign = lambda o: (-1) ** sum(a > b for a, b in itertools.combinations(o, 2))  # noqa: E731
            raw = sum((1 if SIGNS[name] > 0 else sign(o)) * raw.transpose(o) for o in orders)
        full = np.zeros((*raw.shape, self.jets), dtype=np.int64)
        full[..., 0] = np.asarray(raw % P, dtype=np.int64)
        return full


def times(a, b):
    out = np.zeros(np.broadcast_shapes(a.shape, b.shape), dtype=np.int64)
    for whole in range(a.shape[-1]):
        for part in range(whole + 1):
            if part & whole == part:
                out[..., whole] = (out[..., whole] + a[..., part] * b[..., whole ^ part]) % P
    return out


def power(base, exponent):
    out, base = np.ones_like(base), base.copy()
    while exponent:
        out = out * base % P if exponent & 1 else out
        base, exponent = base * base % P, exponent >> 1
    return out


def reciprocal(a):
    if not a[..., 0].all():
        raise ZeroDivisionError
    inverse = np.zeros_like(a)
    inverse[..., 0] = power(a[..., 0], P - 2)
    for _ in range(a.shape[-1].bit_length()):
        inverse = (2 * inverse - times(inverse, times(inverse, a))) % P
    return inverse


def determinant(m):
    n, total = len(m), 0
    for order in itertools.permutations(range(n)):
        sign = (-1) ** sum(a > b for a, b in itertools.combinations(order, 2))
        term = m[0, order[0]]
        for row in range(1, n):
            term = times(term, m[row, order[row]])
        total = (total + sign * term) % P
    return total


def inverted(m):
    n, out = len(m), np.zeros_like(m)
    over = reciprocal(determinant(m))
    if n == 1:
        return over[None, None]
    for i, j in itertools.product(range(n), repeat=2):
        minor = np.delete(np.delete(m, j, 0), i, 1)
        out[i, j] = (-1) ** (i + j) * times(determinant(minor), over) % P
    return out


def lined(labels, array, order):
    """The array with its axes in ``order``, new ones of length 1."""
    array = array.transpose([*(labels.index(s) for s in order if s in labels), array.ndim - 1])
    shape, at = [], 0
    for s in order:
        shape.append(array.shape[at] if s in labels else 1)
        at += s in labels
    return array.reshape([*shape, array.shape[-1]])


def value(node: Node, w: World, fixed: frozenset[str]):
    """Letters in order, and the array over them."""
    match node.kind:
        case "n":
            jets = np.zeros(w.jets, dtype=np.int64)
            jets[0] = node.value.numerator * pow(node.value.denominator, -1, P) % P
            return [], jets
        case "add":
            found = [value(p, w, fixed) for p in node.parts]
            order = sorted({s for labels, _ in found for s in labels})
            total = 0
            for labels, array in found:
                total = (total + lined(labels, array, order)) % P
            return order, np.broadcast_to(total, (*[w.n] * len(order), w.jets)).copy()
        case "mul":
            order, total = [], None
            for part in node.parts:
                labels, array = factor(part, w, fixed)
                merged = [*order, *(s for s in labels if s not in order)]
                total = (
                    array
                    if total is None
                    else times(lined(order, total, merged), lined(labels, array, merged))
                )
                order = merged if total is not array else list(labels)
            counts = Counter(s for p in node.parts for s in slots_of(p, fixed))
            return summed(order, total, [s for s in order if counts[s] == 2 and s not in fixed])
        case "sum":
            return summed(*value(node.parts[0], w, fixed | frozenset(node.slots)), list(node.slots))
        case "p":
            labels, array = value(node.parts[0], w, fixed)
            return labels, times(array, array)
        case "q":
            labels, array = value(node.parts[0], w, fixed)
            return labels, times(array, reciprocal(value(node.parts[1], w, fixed)[1]))
        case _:
            return value(mul(node), w, fixed)


def summed(order, array, gone):
    for s in gone:
        array = array.sum(axis=order.index(s)) % P
        order = [o for o in order if o != s]
    return order, array


def factor(node: Node, w: World, fixed: frozenset[str]):
    match node.kind:
        case "t":
            return diagonal(node.slots, w.tensors[node.name])
        case "d":
            eye = np.zeros((w.n, w.n, w.jets), dtype=np.int64)
            eye[..., 0] = np.eye(w.n, dtype=np.int64)
            return diagonal(node.slots, eye)
        case "v":
            return diagonal(node.slots, inverted(w.tensors[node.name]))
        case "f":
            labels, z = value(node.parts[0], w, fixed)
            coefficients = w.functions[node.name]
            for _ in range(int(node.value)):
                coefficients = [n * c % P for n, c in enumerate(coefficients)][1:]
            total = np.zeros_like(z)
            for c in reversed(coefficients):
                total = times(total, z)
                total[..., 0] = (total[..., 0] + c) % P
            return labels, total
        case "e":
            labels, z = value(node.parts[0], w, fixed)
            small = z.copy()
            small[..., 0] = 0
            lift = np.where(z[..., 0] > P // 2, z[..., 0] - P, z[..., 0]) % (P - 1)
            known = np.array([pow(ROOT, int(v), P) for v in lift.ravel()], dtype=np.int64).reshape(lift.shape)
            series = np.zeros_like(z)
            series[..., 0] = 1
            series = (series + small + times(small, small) * pow(2, -1, P)) % P
            return labels, times(np.where(np.arange(w.jets) == 0, known[..., None], 0), series)
        case "D":
            before, w.used = w.tensors[node.name], w.used + 1
            bit, rank = 1 << (w.used - 1), RANKS[node.name]
            blocks = []
            for at in itertools.product(range(w.n), repeat=rank):
                moved = before.copy()
                moved[(*at, bit)] += 1
                w.tensors[node.name] = moved
                labels, array = value(node.parts[0], w, fixed)
                part = np.zeros_like(array)
                for s in range(w.jets):
                    if not s & bit:
                        part[..., s] = array[..., s | bit]
                blocks.append(part)
            w.tensors[node.name], w.used = before, w.used - 1
            stacked = np.array(blocks).reshape(*[w.n] * rank, *blocks[0].shape)
            stacked = stacked.transpose(*range(rank, stacked.ndim - 1), *range(rank), stacked.ndim - 1)
            return diagonal((*labels, *node.slots), stacked)
        case _:
            return value(node, w, fixed)


def diagonal(slots, array):
    labels = list(slots)
    while len(set(labels)) < len(labels):
        one = next(n for n, s in enumerate(labels) if s in labels[:n])
        other = labels.index(labels[one])
        array = np.moveaxis(np.diagonal(array, axis1=other, axis2=one), -1, other)
        labels.pop(one)
    return labels, array


# ---------------------------------------------------------------------------------------------- writing


def latex(node: Node, rng: random.Random, top: bool = True) -> str:
    sub = "_{" + "".join(node.slots) + "}" if node.slots else ""
    match node.kind:
        case "t":
            return node.name + sub
        case "d":
            return r"\delta" + sub
        case "v":
            return f"({node.name}^{{-1}}){sub}"
        case "n":
            top_, bottom = abs(node.value.numerator), node.value.denominator
            text = str(top_) if bottom == 1 else rf"\frac{{{top_}}}{{{bottom}}}"
            return text if node.value >= 0 else f"-{text}" if top else f"(-{text})"
        case "add":
            texts = [latex(p, rng) for p in node.parts]
            text = " + ".join(texts).replace("+ -", "- ")
            return text if top else f"({text})"
        case "mul":
            value, rest = Fraction(1), []
            for p in node.parts:
                if p.kind == "n":
                    value *= p.value
                else:
                    rest.append(latex(p, rng, top=False))
            sign = "-" if value < 0 else ""
            front = "" if abs(value) == 1 and rest else latex(num(abs(value)), rng)
            text = sign + " ".join([front, *rest]).strip()
            return text if top or len(node.parts) == 1 and not sign else f"({text})"
        case "sum":
            body = latex(node.parts[0], rng, top=node.parts[0].kind != "add")
            text = rf"\sum_{{{''.join(node.slots)}}} {body}"
            return text if top else f"({text})"
        case "f":
            return f"{node.name}{chr(39) * int(node.value)}({latex(node.parts[0], rng)})"
        case "e":
            return f"e^{{{latex(node.parts[0], rng)}}}"
        case "p":
            return f"({latex(node.parts[0], rng)})^2"
        case "q":
            return rf"\frac{{{latex(node.parts[0], rng)}}}{{{latex(node.parts[1], rng)}}}"
        case "D":
            group = "".join(node.slots) if len(node.slots) < 2 else f"({''.join(node.slots)})"
            return f"({latex(node.parts[0], rng)})_{{,{group}}}"
    raise AssertionError(node.kind)


# ---------------------------------------------------------------------------------------------- drawing


@dataclass
class Draw:
    """A source of random trees."""

    rng: random.Random
    calls: bool = True
    fresh: int = 0
    used: list[str] = field(default_factory=list)

    def letter(self) -> str:
        self.fresh += 1
        return f"#{self.fresh}"

    def term(self, frees: tuple[str, ...], depth: int) -> Node:
        rng = self.rng
        kinds: list[tuple[str, int]] = []
        count = rng.choice((1, 1, 2, 2, 2, 3, 3, 4)) if depth else rng.choice((1, 1, 2))
        while (
            len(kinds) < count
            or sum(r for _, r in kinds) < len(frees)
            or (sum(r for _, r in kinds) - len(frees)) % 2
        ):
            room = 9 - sum(r for _, r in kinds)
            name = rng.choice(DRAWN)
            roll = rng.random()
            if roll < 0.12:
                kinds.append(("d", 2))
            elif roll < 0.2:
                kinds.append(("v", 2))
            elif roll < 0.3 and depth:
                kinds.append(("add", rng.choice((0, 1, 1, 2))))
            elif roll < 0.4 and depth and self.calls:
                kinds.append((rng.choice("ffe"), rng.choice((0, 1))))
            elif roll < 0.44 and depth:
                kinds.append((rng.choice("pq"), 0))
            elif RANKS[name] <= max(room, 1):
                kinds.append((name, RANKS[name]))
            if len(kinds) > 7:
                kinds = []
        total = sum(r for _, r in kinds)
        letters = [*frees, *(s for _ in range((total - len(frees)) // 2) for s in [self.letter()] * 2)]
        rng.shuffle(letters)
        parts = [num(rng.choice((-3, -2, -1, -1, 2, 3, Fraction(1, 2))))] if rng.random() < 0.4 else []
        for kind, rank in kinds:
            slots, letters = tuple(letters[:rank]), letters[rank:]
            parts.append(self.factor(kind, slots, depth))
        return mul(*parts)

    def factor(self, kind: str, slots: tuple[str, ...], depth: int) -> Node:
        if kind in RANKS:
            return Node("t", kind, slots)
        if kind == "d":
            return Node("d", slots=slots) if len(set(slots)) > 1 else Node("t", "B", slots)
        if kind == "v":
            return Node("v", "X", slots)
        if len(set(slots)) < len(slots):
            return Node("t", "A", slots)
        inner = self.add(slots, depth - 1, 2)
        if kind == "f":
            return Node(
                "f",
                self.rng.choice((r"\sigma", r"\rho")),
                parts=(inner,),
                value=Fraction(self.rng.choice((0, 0, 1))),
            )
        if kind == "e":  # an argument with whole values that are not large
            x = Node("t", self.rng.choice("xyu"), slots) if slots else Node("t", self.rng.choice("ac"))
            return Node("e", parts=(mul(num(self.rng.choice((1, 1, -1, 2))), x),))
        if kind == "p":
            return Node("p", parts=(inner,))
        if kind == "q":
            return Node("q", parts=(Draw.one(self), inner))
        return inner

    def one(self) -> Node:
        return num(self.rng.choice((1, 1, 2)))

    def add(self, frees: tuple[str, ...], depth: int, most: int = 3) -> Node:
        return plus(*(self.term(frees, depth) for _ in range(self.rng.randint(1, most))))


def moved(node: Node, mapping) -> Node:
    return replace(
        node,
        slots=tuple(mapping.get(s, s) for s in node.slots),
        parts=tuple(moved(p, mapping) for p in node.parts),
    )


def letters_in(node: Node) -> set[str]:
    return set(node.slots).union(*(letters_in(p) for p in node.parts))


def names_in(node: Node) -> set[str]:
    return {node.name}.union(*(names_in(p) for p in node.parts))


def renewed(node: Node, draw: Draw) -> Node:
    """The same with new names for all letters but the free ones."""
    return moved(node, {s: draw.letter() for s in letters_in(node) if s.startswith("#")})


def pieces(node: Node, path=()):
    """All nodes with their ways from the root."""
    yield path, node
    for n, p in enumerate(node.parts):
        yield from pieces(p, (*path, n))


def put(node: Node, path, new: Node) -> Node:
    if not path:
        return new
    parts = list(node.parts)
    parts[path[0]] = put(parts[path[0]], path[1:], new)
    return replace(node, parts=tuple(parts))


def derived(node: Node, name: str, slots: tuple[str, ...], draw: Draw) -> Node:
    """The derivative, by the rules of school; powers and quotients too."""
    zero = num(0)
    match node.kind:
        case "t":
            if node.name != name:
                return zero
            return (
                mul(*(Node("d", slots=pair) for pair in zip(node.slots, slots, strict=True)))
                if slots
                else num(1)
            )
        case "v":
            if node.name != name:
                return zero
            left, right = (node.slots[0], slots[0]), (slots[1], node.slots[1])
            return mul(num(-1), Node("v", name, left), Node("v", name, right))
        case "add":
            found = [derived(p, name, slots, draw) for p in node.parts]
            return plus(*[f for f in found if f != zero] or [zero])
        case "mul":
            terms = []
            for n, p in enumerate(node.parts):
                inner = derived(p, name, slots, draw)
                if inner != zero:
                    terms.append(renewed(mul(*node.parts[:n], inner, *node.parts[n + 1 :]), draw))
            return plus(*terms or [zero])
        case "p":
            inner = derived(node.parts[0], name, slots, draw)
            return zero if inner == zero else mul(num(2), node.parts[0], inner)
        case "q":
            inner = derived(node.parts[1], name, slots, draw)
            below = Node("p", parts=(node.parts[1],))
            return zero if inner == zero else mul(num(-1), Node("q", parts=(node.parts[0], below)), inner)
        case "f" | "e":
            inner = derived(node.parts[0], name, slots, draw)
            outside = replace(node, value=node.value + 1) if node.kind == "f" else node
            return zero if inner == zero else mul(outside, inner)
    return zero


def rewritten(node: Node, draw: Draw) -> Node:
    """A side that means the same, one step further; the values decide whether it does."""
    rng = draw.rng
    places = list(pieces(node))
    path, here = rng.choice([p for p in places if p[1].kind in ("mul", "add", "t", "d")] or places)
    above = node
    for step in path[:-1]:
        above = above.parts[step]
    match rng.randrange(7), here.kind:
        case (0 | 1, "mul"):  # a bracket multiplied out
            for n, p in enumerate(here.parts):
                if p.kind == "add":
                    terms = [renewed(mul(*here.parts[:n], q, *here.parts[n + 1 :]), draw) for q in p.parts]
                    return put(node, path, plus(*terms))
        case (2, "add") if len(here.parts) > 1:  # a bracket around some of the terms
            cut = rng.randrange(1, len(here.parts))
            rest = mul(num(rng.choice((1, -1))), Node("add", parts=here.parts[cut:]))
            if rest.parts[0].value < 0:
                rest = mul(num(-1), plus(*(mul(num(-1), q) for q in here.parts[cut:])))
            return put(node, path, plus(*here.parts[:cut], rest))
        case (3 | 4, "t" | "d") if here.slots and above.kind == "mul":  # a delta put in
            n, new = rng.randrange(len(here.slots)), draw.letter()
            slots = (*here.slots[:n], new, *here.slots[n + 1 :])
            return put(node, path, mul(replace(here, slots=slots), Node("d", slots=(new, here.slots[n]))))
        case (5, "d") if above.kind == "mul":  # a matrix and its inverse
            new, (i, j) = draw.letter(), here.slots
            pair = [Node("t", "X", (i, new)), Node("v", "X", (new, j))]
            return put(
                node,
                path,
                mul(*(pair if rng.random() < 0.5 else [Node("v", "X", (i, new)), Node("t", "X", (new, j))])),
            )
        case (6, "mul"):  # twice, less once
            whole = plus(mul(num(2), here), renewed(mul(num(-1), here), draw))
            return put(node, path, whole) if not path or above.kind == "add" else node
    return node


def shuffled(node: Node, rng: random.Random) -> Node:
    """Factors and terms in another order, symmetric slots turned."""
    parts = [shuffled(p, rng) for p in node.parts]
    if node.kind in ("add", "mul"):
        rng.shuffle(parts)
    node = replace(node, parts=tuple(parts))
    if node.kind == "d" or (node.kind == "t" and node.name in SIGNS):
        order = rng.sample(range(len(node.slots)), len(node.slots))
        odd = sum(a > b for a, b in itertools.combinations(order, 2)) % 2
        turned = replace(node, slots=tuple(node.slots[n] for n in order))
        return mul(num(-1), turned) if node.name == "N" and odd else turned
    return node


def edited(node: Node, rng: random.Random) -> Node:
    """One slip of the pen."""
    places = [(path, p) for path, p in pieces(node)]
    slotted = [(path, n) for path, p in places for n in range(len(p.slots)) if p.kind != "sum"]
    path, here = rng.choice(places)
    at = dict(places)
    match rng.randrange(6):
        case 0 if len(slotted) > 1:
            (one, m), (two, n) = rng.sample(slotted, 2)
            a, b = at[one].slots[m], at[two].slots[n]
            node = slot_put(node, one, m, b)
            return slot_put(node, two, n, a)
        case 1 if slotted:
            one, m = rng.choice(slotted)
            return slot_put(node, one, m, rng.choice([at[p].slots[n] for p, n in slotted]))
        case 2:
            return put(node, path, mul(num(rng.choice((2, -1, Fraction(1, 2)))), here))
        case 3 if here.kind in ("add", "mul") and len(here.parts) > 1:
            n = rng.randrange(len(here.parts))
            return put(node, path, replace(here, parts=here.parts[:n] + here.parts[n + 1 :]))
        case 4 if here.kind == "f":
            return put(node, path, replace(here, value=here.value + 1 if here.value < 2 else Fraction(0)))
        case 5 if here.kind == "t":
            same = [k for k, r in RANKS.items() if r == RANKS[here.name] and k != here.name]
            return put(node, path, replace(here, name=rng.choice(same)))
    return node


def slot_put(node: Node, path, n: int, letter: str) -> Node:
    here = node
    for step in path:
        here = here.parts[step]
    return put(node, path, replace(here, slots=(*here.slots[:n], letter, *here.slots[n + 1 :])))


@dataclass(frozen=True)
class Statement:
    text: str
    wrt: str
    holds: bool


def statement(seed: int) -> Statement | None:
    """A random statement, or None where it has no meaning or no value."""
    rng = random.Random(seed)
    draw = Draw(rng)
    frees = tuple(FREE[: rng.choice((0, 0, 1, 1, 2, 2, 3))])
    calls = rng.random()
    draw.calls = calls < 0.6
    depth, wrt, by = rng.choice((0, 1, 1, 2)), "", ()
    roll = rng.random()
    if roll < 0.4:
        wrt = rng.choice("xxxyAXa")
        by = tuple("klij"[-RANKS[wrt] :]) if RANKS[wrt] else ()
        frees = tuple(s for s in frees if s not in by)
        inner = draw.add(frees, depth, 2)
        for _ in range(3):  # one that contains what it is differentiated by
            if wrt not in names_in(inner):
                inner = draw.add(frees, depth, 2)
        if not by:
            wrt = ""
            left = right = inner
        else:
            left, right = Node("D", wrt, by, (inner,)), derived(inner, wrt, by, draw)
    else:
        left = draw.add(frees, depth)
        right = renewed(left, draw)
    for _ in range(rng.choice((0, 1, 2, 3))):
        right = rewritten(right, draw)
    right = shuffled(renewed(right, draw), rng)
    if rng.random() < 0.5:
        right = next((e for e in (edited(right, rng) for _ in range(6)) if e != right), right)
        if rng.random() < 0.3 and not wrt:
            left = edited(left, rng)
    letters = sorted(s for s in letters_in(left) | letters_in(right) if s.startswith("#"))
    sides = []
    for side in (left, right):
        own = [s for s in letters if s in letters_in(side)]
        if len(own) > len(DUMMIES):
            return None
        pool = rng.sample(DUMMIES, len(DUMMIES))
        sides.append(moved(side, dict(zip(own, pool, strict=False))))
    if not sized(*sides):
        return None
    try:
        holds = decided(*sides, bool(wrt), rng)
    except (Malformed, ZeroDivisionError):
        return None
    text = " = ".join(latex(side, rng) for side in sides)
    return Statement(text, wrt + ("_{" + "".join(by) + "}" if by else ""), holds) if len(text) < 400 else None


def sized(*sides: Node) -> bool:
    """Whether a tensor gives every letter its size: letters in deltas alone have sizes of their own."""
    known: set[tuple[int, str]] = set()
    pairs = []
    for n, side in enumerate(sides):
        for _, p in pieces(side):
            tagged = [(0 if s in FREE else n + 1, s) for s in p.slots]
            if p.kind == "d" and len(set(p.slots)) == 1:
                return False
            if p.kind == "d":
                pairs.append(tagged)
            else:
                known.update(tagged)
    for _ in pairs:
        known.update(s for pair in pairs if known & set(pair) for s in pair)
    return all(s in known for pair in pairs for s in pair)


def decided(left: Node, right: Node, depth: int, rng: random.Random) -> bool:
    none: frozenset[str] = frozenset()
    one, other = free(left, none), free(right, none)
    if one != other and one and other:
        raise Malformed
    if one != other and not one:  # a number against a tensor is meant for every component
        raise Malformed
    for n in SIZES:
        for _ in range(2 if n < 4 else 1):
            w = World(n, int(depth), rng)
            try:
                a, x = value(left, w, none)
                b, y = value(right, w, none)
            except ZeroDivisionError:
                if n > 1:
                    raise
                break  # what is divided by always is 0 there: no value, and nothing claimed
            order = sorted({*a, *b})
            if ((lined(a, x, order) - lined(b, y, order)) % P)[..., 0].any():
                return False
    return True


# ------------------------------------------------------------------------------------------------ the run


def tried(job):
    """What becomes of one statement: (kind, statement, text, seconds). The second judge looks at one of
    ``every``, and at all that hold and are not proved."""
    seed, every = job
    made = statement(seed)
    if made is None:
        return "no meaning", made, "", 0.0
    from idxcalc.errors import IdxcalcError, JudgesDisagree
    from idxcalc.notation import relations
    from idxcalc.verify.verdict import proved, verdict

    begun, text = time.process_time(), ""
    try:
        scope = context().scope
        (chain,) = relations.chains(made.text)
        targets = relations.targets(scope, made.wrt)
        relation = relations.read(scope, made.text, chain, 0, targets, advise=False).relation
        kind = "proved" if proved(relation) else "not proved"
        if seed % every == 0 or (made.holds and kind == "not proved"):
            kind = verdict(relation, example=False).verdict
    except JudgesDisagree as error:
        kind, text = "judges disagree", str(error)
    except IdxcalcError as error:
        kind, text = "malformed", str(error)
    return kind, made, text, time.process_time() - begun


@cache
def context():
    from idxcalc import Context

    return Context(GIVEN)


BAD = {
    (False, "proved"),
    (True, "refuted"),
    (True, "judges disagree"),
    (False, "judges disagree"),
    (False, "tested"),
}


def results(count: int, seed: int, every: int, processes: int):
    """``count`` statements and what became of them; about half of the drawings are none."""
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        while count > 0:
            jobs = [(seed + n, every) for n in range(min(2 * count, 20000))]
            seed += len(jobs)
            for each in pool.imap_unordered(tried, jobs, chunksize=16):
                if each[1] is not None and count > 0:
                    count -= 1
                    yield each


def run(count: int, seed: int, every: int, processes: int, show: int) -> int:
    """Draw and check ``count`` statements."""
    begun, seen, worst, shown, faults = time.perf_counter(), Counter(), 0.0, Counter(), 0
    for kind, made, text, seconds in results(count, seed, every, processes):
        worst = max(worst, seconds)
        seen[made.holds, kind] += 1
        bad = (made.holds, kind) in BAD
        faults += bad
        if bad or (made.holds and kind != "proved") or kind == "malformed":
            shown[kind] += 1
            if bad or shown[kind] <= show:
                word = "DISAGREEMENT" if bad else kind
                print(
                    f"{word}: holds {made.holds}, {kind}; wrt {made.wrt or '-'}\n    {made.text}\n    {text}"
                )
    held = sum(n for (holds, _), n in seen.items() if holds)
    false = count - held
    print(f"{count} statements, {held} held, {false} false; seed {seed}, {time.perf_counter() - begun:.0f} s")
    for (holds, kind), n in sorted(seen.items(), key=str):
        print(f"  {'true ' if holds else 'false'} {kind:<16} {n}")
    print(f"  slowest {worst:.2f} s; false proofs {seen[False, 'proved']}, disagreements {faults}")
    if count >= KEPT:
        figures = {"statements": count, "true": held, "false": false}
        figures |= {f"true and {kind}": n for (holds, kind), n in sorted(seen.items(), key=str) if holds}
        record("soundness", seed, {**figures, "false proofs": seen[False, "proved"], "disagreements": faults})
    return int(faults > 0)


def main() -> int:
    parser = argparse.ArgumentParser(description="random statements of known truth")
    parser.add_argument("count", type=int, nargs="?", default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", type=int, default=1, help="both judges look at one of so many")
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    parser.add_argument("--show", type=int, default=20, help="statements of a kind that are printed")
    asked = parser.parse_args()
    return run(asked.count, asked.seed, asked.every, asked.processes, asked.show)


if __name__ == "__main__":
    sys.exit(main())
