"""What may not grow out of hand: products with many dummies, gradients of many layers."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from itertools import combinations, permutations
from math import prod

import pytest

from idxcalc import Context
from idxcalc.expr import Component, Dim, Expr, Index, Mul, Sum, Variable
from idxcalc.normal import equal
from idxcalc.normal.labelling import Edge, labelling

N = Dim("n")
D = tuple(Index(f"d{k}", N) for k in range(16))


def tensor(name: str, rank: int, *traits: str) -> Variable:
    return Variable(name, (N,) * rank, frozenset(traits))


A, X = tensor("A", 2), tensor("x", 1)
S, W = tensor("S", 2, "symmetric"), tensor("W", 2, "antisymmetric")
RANK4, RANK5 = tensor("R", 4, "symmetric"), tensor("Q", 5, "symmetric")
CORNERS = {frozenset(pair): D[k] for k, pair in enumerate(combinations(range(6), 2))}

FAMILIES = {
    "chain": [*(Component(A, D[k : k + 2]) for k in range(15)), *(Component(X, (d,)) for d in D[::15])],
    "trace": [Component(A, (D[k], D[(k + 1) % 16])) for k in range(16)],
    "symmetric trace": [Component(S, (D[k], D[(k + 1) % 16])) for k in range(16)],
    "antisymmetric trace": [Component(W, (D[k], D[(k + 1) % 16])) for k in range(16)],
    "powers of a norm": [Component(X, (d,)) for d in D for _ in range(2)],
    "forms": [Component(S, D[k : k + 2]) for k in range(0, 16, 2)] + [Component(X, (d,)) for d in D],
    "ring": [Component(RANK4, tuple(D[(2 * k + s) % 16] for s in range(4))) for k in range(8)],
    "clique": [Component(S, pair) for pair in combinations(D, 2)],
    "two sides": [Component(S, (a, b)) for a in D[:8] for b in D[8:]],
    "clique of tensors": [
        Component(RANK5, tuple(CORNERS[frozenset((a, b))] for b in range(6) if b != a)) for a in range(6)
    ],
    "cube": [Component(S, (D[k], D[k | 1 << b])) for k in range(16) for b in range(4) if not k >> b & 1],
}  # fmt: skip


def contraction(factors: list[Component], rng: random.Random) -> Expr:
    """The product summed over all dummies, under a random renaming and in a random order."""
    letters = rng.sample(D, len(D))
    moved = [Component(f.variable, tuple(letters[D.index(s)] for s in f.slots)) for f in factors]
    node: Expr = Mul(tuple(rng.sample(moved, len(moved))))
    for index in sorted({s for f in moved for s in f.slots}, key=lambda i: i.name):
        node = Sum(index, node)
    return node


@pytest.mark.parametrize("name", FAMILIES)
def test_sixteen_dummies(name: str) -> None:
    """Renamed and shuffled it is the same; without one factor it is not. Quick on any machine."""
    rng, factors, times = random.Random(name), FAMILIES[name], []
    for _ in range(3):
        one, other = contraction(factors, rng), contraction(factors, rng)
        start = time.process_time()
        assert equal(one, other)
        times.append(time.process_time() - start)
    assert not equal(one, contraction(factors[1:], rng))
    assert min(times) < 0.2


def squares(*steps: tuple[int, int]) -> list[Component]:
    """A graph on a 4 by 4 torus: from each field those steps."""
    fields = [(a, b) for a in range(4) for b in range(4)]
    edges = {frozenset({(a, b), ((a + da) % 4, (b + db) % 4)}) for a, b in fields for da, db in steps}
    return [Component(S, tuple(D[4 * a + b] for a, b in edge)) for edge in edges]


def test_strongly_regular_graphs_of_one_kind_differ() -> None:
    """The rook's graph and Shrikhande's: 16 dummies, of which any two look as any other two do."""
    rook = squares((0, 1), (0, 2), (1, 0), (2, 0))
    shrikhande = squares((0, 1), (1, 0), (1, 1))
    rng = random.Random(0)
    for graph in (rook, shrikhande):
        assert equal(contraction(graph, rng), contraction(graph, rng))
    assert not equal(contraction(rook, rng), contraction(shrikhande, rng))


@pytest.mark.parametrize("seed", range(300))
def test_labelling_agrees_with_all_orders(seed: int) -> None:
    """Small contractions and copies, edited or not: equal certificates when some order makes them so."""
    rng = random.Random(seed)
    size = rng.randrange(2, 6)
    symmetries = {"A": ((((0, 1), 1),)), "S": 1, "N": -1}

    def drawn() -> Edge:
        name = rng.choice("AASSN")
        return Edge(name, (rng.randrange(size), rng.randrange(size)), symmetries[name])

    edges = [drawn() for _ in range(rng.randrange(2, 8))]
    turn = rng.sample(range(size), size)
    moved = [Edge(e.head, tuple(turn[v] for v in e.ends), e.group) for e in edges]
    other = [*moved[1:], drawn()] if rng.random() < 0.5 else moved
    rng.shuffle(other)
    one, two = ([certified(graph, order) for order in permutations(range(size))] for graph in (edges, other))
    for graph, all_orders in ((edges, one), (other, two)):
        place, sign = labelling(["n"] * size, graph)
        zero = any((text, -s) in all_orders for text, s in all_orders) or not all_orders[0][1]
        assert (sign == 0) == zero
        assert zero or certified(graph, place) in all_orders
    if (one[0][1] and two[0][1]) and labelling(["n"] * size, edges)[1] and labelling(["n"] * size, other)[1]:
        found = (certified(g, labelling(["n"] * size, g)[0])[0] for g in (edges, other))
        assert (next(found) == next(found)) == (min(one)[0] == min(two)[0])


def certified(edges: list[Edge], place: Sequence[int]) -> tuple[tuple[object, ...], int]:
    """What a contraction looks like with its dummies at those places, and its sign."""
    readings = [(edge.head, *edge.read([place[v] for v in edge.ends])) for edge in edges]
    return tuple(sorted(r[:2] for r in readings)), prod(r[2] for r in readings)


def gradient(layers: int) -> tuple[int, float]:
    """The printed length of the gradient by the first layer's weights, and how long it took to find."""
    context, below = Context("x_i, y_i"), "x_j"
    for n in range(1, layers + 1):
        context.given(rf"w^{{[{n}]}}_{{ij}}")
        context.define(rf"a^{{[{n}]}}_i = \tanh(w^{{[{n}]}}_{{ij}} {below})")
        below = rf"a^{{[{n}]}}_j"
    context.define(rf"L = (a^{{[{layers}]}}_i - y_i)(a^{{[{layers}]}}_i - y_i)")
    start = time.process_time()
    text = context.derive("L", wrt="w^{[1]}_{gh}").latex()
    return len(text), time.process_time() - start


@pytest.mark.slow
def test_the_gradient_of_many_layers_grows_like_their_number() -> None:
    gradient(4)  # the rules of the first definitions are found once
    (few, fast), (many, slow) = gradient(16), gradient(64)
    assert many < 6 * few
    assert slow < 12 * fast
