"""What may not grow out of hand: products with many dummies, gradients of many layers."""

from __future__ import annotations

import random
import time
from itertools import combinations

import pytest

from idxcalc import Context
from idxcalc.expr import Component, Dim, Expr, Index, Mul, Sum, Variable
from idxcalc.normal import equal

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
