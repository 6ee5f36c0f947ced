"""The normal form against brute force: random contractions and expressions, renamed and shuffled."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest
from expressions import A as ANTI
from expressions import N, S, X, expressions
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import World, project

from idxcalc.calculus import differentiate
from idxcalc.errors import IdxcalcError
from idxcalc.expr import (
    Add, Component, Index, Lambda, Mul, Num, Pow, Sum, Variable, bound_here, children, free, fresh,
    names, rebuild, substitute,
)  # fmt: skip
from idxcalc.normal import equal, simplify

B = Variable("B", (N, N))
RANK3 = Variable("C", (N, N, N), frozenset({"antisymmetric"}))
TENSORS = (X, B, S, ANTI, RANK3)
FREE = (Index("p", N), Index("q", N))


class Signed(World):
    """Tensors with values of both signs, so that nothing is positive by chance."""

    def tensor(self, v):
        if v not in self.tensors:
            random_ = np.random.default_rng([self.seed, *map(ord, v.name), v.differential])
            value = random_.uniform(0.4, 1.6, self.shape(v.dims)) * random_.choice(
                [-1, 1], self.shape(v.dims)
            )
            self.tensors[v] = project(value, v.traits)
        return self.tensors[v]

    def moved(self, key, tensor):
        other = super().moved(key, tensor)
        made = Signed(self.sizes, self.seed)
        made.tensors, made.functions, made.held = other.tensors, other.functions, other.held
        return made


def contraction(rng, factors):
    """A random product of tensors in which each dummy stands twice; a list of (variable, letters)."""
    chosen = [rng.choice(TENSORS) for _ in range(factors)]
    count = sum(len(v.dims) for v in chosen)
    frees = list(FREE[: rng.choice([0, 0, 1, 2])])
    if (count - len(frees)) % 2:
        frees = frees[1:] if frees else [FREE[0]]
    dummies = [Index(f"d{n}", N) for n in range((count - len(frees)) // 2)]
    slots = [*frees, *dummies, *dummies]
    rng.shuffle(slots)
    made = []
    for v in chosen:
        made.append((v, tuple(slots.pop() for _ in v.dims)))
    return made


def build(factors, rng):
    """The contraction as an expression, its factors and its sums in random order."""
    indices = sorted({s for _, slots in factors for s in slots} - set(FREE), key=lambda i: i.name)
    rng.shuffle(indices)
    factors = list(factors)
    rng.shuffle(factors)
    node = Mul(tuple(Component(v, slots) for v, slots in factors))
    for index in indices:
        node = Sum(index, node)
    return node


def renamed(factors, rng):
    """The same contraction with other letters, (anti)symmetric slots shuffled; its sign."""
    letters = sorted({s for _, slots in factors for s in slots} - set(FREE), key=lambda i: i.name)
    other = [Index(f"e{n}", N) for n in range(len(letters))]
    rng.shuffle(other)
    mapping = dict(zip(letters, other, strict=True))
    sign, made = 1, []
    for v, slots in factors:
        order = list(range(len(slots)))
        if v.traits & {"symmetric", "antisymmetric"}:
            rng.shuffle(order)
        odd = sum(order[a] > order[b] for b in range(len(order)) for a in range(b)) % 2
        sign *= -1 if odd and "antisymmetric" in v.traits else 1
        made.append((v, tuple(mapping.get(slots[n], slots[n]) for n in order)))
    return made, sign


def mutated(factors, rng):
    """Two slots exchanged: usually another value, sometimes the same."""
    flat = [s for _, slots in factors for s in slots]
    a, b = rng.randrange(len(flat)), rng.randrange(len(flat))
    flat[a], flat[b] = flat[b], flat[a]
    return [(v, tuple(flat.pop(0) for _ in v.dims)) for v, _ in factors]


def numbers(factors, size, seed):
    """The components by einsum, with integer tensors: exact."""
    rng = np.random.default_rng(seed)
    tensors = {}
    for v in TENSORS:
        t = rng.integers(-9, 10, (size,) * len(v.dims)).astype(float)
        tensors[v] = np.rint(project(t, v.traits) * math.factorial(len(v.dims)))
    letter = {}
    for _, slots in factors:
        for s in slots:
            letter.setdefault(s, chr(97 + len(letter)))
    inputs = ",".join("".join(letter[s] for s in slots) for _, slots in factors)
    frees = "".join(letter[s] for s in FREE if s in letter)
    return np.einsum(f"{inputs}->{frees}", *(tensors[v] for v, _ in factors), optimize="greedy")


@pytest.mark.parametrize("seed", range(12))
def test_contractions_against_brute_force(seed):
    """Equal exactly when the components are, at size 5 with two draws of integers."""
    rng = random.Random(seed)
    for _ in range(40):
        one = contraction(rng, rng.randint(2, 5))
        copy, sign = renamed(one, rng)
        left, right = build(one, rng), build(copy, rng)
        assert equal(left, Mul((Num(sign), right)))
        other = mutated(copy, rng)
        for s in (1, -1):
            same = all(np.array_equal(numbers(one, 5, k), s * numbers(other, 5, k)) for k in (1, 2))
            proved = equal(left, Mul((Num(s), build(other, rng))))
            assert proved == same, (one, other, s)


def test_cubic_graphs_are_told_apart():
    """All cubic graphs on six vertices as products of a symmetric matrix: K(3,3), the prism, and no more."""
    dummies = [Index(f"d{n}", N) for n in range(6)]
    edges = list(itertools.combinations(range(6), 2))
    rng = random.Random(0)
    graphs = [
        g for g in itertools.combinations(edges, 9) if all(sum(v in e for e in g) == 3 for v in range(6))
    ]
    assert len(graphs) == 70

    def product(graph):
        node = Mul(tuple(Component(S, (dummies[a], dummies[b])) for a, b in graph))
        for index in dummies:
            node = Sum(index, node)
        return node

    classes: list[list] = []
    for graph in rng.sample(graphs, 25):
        for known in classes:
            if equal(product(graph), product(known[0])):
                known.append(graph)
                break
        else:
            classes.append([graph])
    assert len(classes) == 2


def shuffled(node, rng):
    """The same expression with terms and factors in another order and other letters for what is bound."""
    inner = [shuffled(c, rng) for c in children(node)]
    if isinstance(node, Add | Mul):
        rng.shuffle(inner)
    node = rebuild(node, tuple(inner))
    if isinstance(node, Sum | Lambda):
        used = names(node)
        new = {b: fresh(b, used) for b in bound_here(node)}
        body, bound = substitute(node.body, new), tuple(new.values())
        return Sum(bound[0], body, node.first) if isinstance(node, Sum) else Lambda(bound, body)
    return node


def components(node, world):
    order = tuple(sorted(free(node), key=lambda i: (i.name, i.dim.last)))
    return order, world.array(node, order)


SIZES = [{"n": 2, "m": 3}, {"n": 3, "m": 2}]


@settings(max_examples=150)
@given(expressions(), st.integers(0, 10**6))
def test_simplify_keeps_the_value_and_copies_are_equal(node, seed):
    rng = random.Random(seed)
    node = differentiate(node)
    copy = shuffled(node, rng)
    assert equal(node, copy)
    made = simplify(node)
    assert free(made) <= free(node)
    for sizes in SIZES:
        for kind in (World, Signed):
            world = kind(sizes, seed)
            order, want = components(node, world)
            got = world.array(made, order)
            finite = np.isfinite(want) & np.isfinite(got)
            assert np.allclose(got[finite], want[finite], rtol=1e-7, atol=1e-7)
    assert simplify(made) is simplify(simplify(made))


@settings(max_examples=100)
@given(expressions(depth=2), expressions(depth=2), st.integers(0, 10**6))
def test_what_is_proved_is_true(left, right, seed):
    """Of two random expressions only equal ones are proved equal; and never one and itself plus something."""
    left, right = differentiate(left), differentiate(right)
    world = Signed(SIZES[0], seed)
    order = tuple(sorted(free(left) | free(right), key=lambda i: i.name))
    if equal(left, right):
        assert np.allclose(world.array(left, order), world.array(right, order), rtol=1e-7, atol=1e-7)
    assert not equal(left, Add((left, Num(1))))
    one, other = world.array(left, order), world.array(Add((left, right)), order)
    if not np.allclose(one, other):
        assert not equal(left, Add((left, right)))


@settings(max_examples=60)
@given(st.lists(st.integers(-3, 3), min_size=4, max_size=4), st.integers(0, 5))
def test_polynomials_in_one_variable(coefficients, power):
    """A polynomial in z, multiplied out and as a product of the same with powers of z."""
    z = Component(Variable("z"))
    poly = Add(tuple(Mul((Num(c), Pow(z, Num(n)))) for n, c in enumerate(coefficients)))
    split = Add(tuple(Mul((Num(c), Pow(z, Num(n + power)))) for n, c in enumerate(coefficients)))
    assert equal(Mul((poly, Pow(z, Num(power)))), split)
    assert equal(poly, Add((poly, z))) is False


def test_an_error_not_a_hang():
    wide = [Add(tuple(Component(Variable(f"v{a}{b}")) for b in range(10))) for a in range(6)]
    with pytest.raises(IdxcalcError, match=r"too many terms after expansion \(limit 20000\)"):
        equal(Mul(tuple(wide)), Num(0))
