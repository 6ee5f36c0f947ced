"""The meaning of an expression by brute force, for tests: NumPy scalars, and derivatives by differences.

Shares nothing with `calculus` but the nodes: a derivative is a five-point central difference of the value.
An unknown function of any ranks is ``sin(A . arguments + c)``, whose derivatives are known.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from idxcalc.expr import (
    Add, All, Call, Cases, Compare, Component, Constant, Definition, Delta, Deriv, Det, Diff, Elementary,
    Function, Index, Inverse, Iverson, Match, Mul, Num, Pow, Ref, Size, Sum, Variable,
)  # fmt: skip

STEP = 1e-3
KNOWN = {
    "exp": math.exp, "sin": math.sin, "cos": math.cos, "tanh": math.tanh, "log": math.log,
    "max": max, "min": min, "abs": abs, "arctan": math.atan, "sinh": math.sinh, "cosh": math.cosh,
}  # fmt: skip
COMPARE = {
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
    "=": lambda a, b: a == b, "!=": lambda a, b: a != b,
}  # fmt: skip


def difference(f, step=STEP):
    """The derivative at 0 of a function of one real."""
    return (f(-2 * step) - 8 * f(-step) + 8 * f(step) - f(2 * step)) / (12 * step)


class World:
    """Values for everything that is free: sizes, tensors, functions."""

    def __init__(self, sizes: dict[str, int], seed: int = 0):
        self.sizes, self.seed, self.tensors, self.functions, self.held = sizes, seed, {}, {}, {}

    def range(self, dim):
        last = dim.number if dim.number is not None else self.sizes[dim.last]
        return range(dim.start, last + 1)

    def shape(self, dims):
        return tuple(len(self.range(d)) for d in dims)

    def offset(self, dims, slots):
        return tuple(s - d.start for s, d in zip(slots, dims, strict=True))

    def random(self, *key):
        return np.random.default_rng([self.seed, *(sum(map(ord, repr(k))) for k in key)])

    def tensor(self, v: Variable):
        if v not in self.tensors:
            value = self.random(v.name, v.differential, len(v.dims)).uniform(0.3, 1.2, self.shape(v.dims))
            if "invertible" in v.traits:
                value = value + 2 * np.eye(len(value))
            self.tensors[v] = project(value, v.traits)
            for slots, number in v.fixed:
                self.tensors[v][self.offset(v.dims, slots)] = number
        return self.tensors[v]

    def moved(self, key, tensor):
        """The same world with another tensor for a variable, or a held one for a definition."""
        other = World(self.sizes, self.seed)
        other.tensors, other.functions, other.held = dict(self.tensors), self.functions, dict(self.held)
        (other.tensors if isinstance(key, Variable) else other.held)[key] = tensor
        return other

    # values -------------------------------------------------------------------------------
    def array(self, expr, order):
        ranges = [self.range(i.dim) for i in order]
        values = [self.value(expr, dict(zip(order, at, strict=True))) for at in itertools.product(*ranges)]
        return np.array(values, dtype=float).reshape([len(r) for r in ranges])

    def value(self, e, at: dict[Index, int]) -> float:
        def slots(given):
            return tuple(at[s] if isinstance(s, Index) else s for s in given)

        match e:
            case Num(value):
                return float(value)
            case Constant(name):
                return {"pi": math.pi, "e": math.e}[name]
            case Size(dim):
                return float(self.range(dim)[-1])
            case Component(v, given):
                return self.tensor(v)[self.offset(v.dims, slots(given))]
            case Delta(a, b):
                a, b = slots((a, b))
                return float(a == b)
            case Ref(definition, given):
                if definition in self.held:
                    dims = [i.dim for i in definition.indices]
                    return self.held[definition][self.offset(dims, slots(given))]
                return self.value(definition.body, dict(zip(definition.indices, slots(given), strict=True)))
            case Add(terms):
                return sum(self.value(t, at) for t in terms)
            case Mul(factors):
                return math.prod(self.value(f, at) for f in factors)
            case Pow(base, exponent):
                return self.value(base, at) ** self.value(exponent, at)
            case Sum(index, body, first):
                values = [n for n in self.range(index.dim) if first is None or n >= first]
                return sum(self.value(body, at | {index: n}) for n in values)
            case Elementary(name, args):
                return KNOWN[name](*(self.value(a, at) for a in args))
            case Call(function, out, derivs, args):
                tensors = [self.lambda_(a, at) for a in args]
                starts = [tuple(i.dim for i in a.indices) for a in args]
                by = [(n, self.offset(starts[n], slots(given))) for n, given in derivs]
                dims = function.out or (starts[0] if out else ())
                return self.call(function, self.offset(dims, slots(out)), by, tensors, e.lifted, slots(out))
            case Inverse(matrix, row, column):
                (r, c) = matrix.indices
                position = self.offset((c.dim, r.dim), slots((row, column)))
                return np.linalg.inv(self.lambda_(matrix, at))[position]
            case Det(matrix):
                return np.linalg.det(self.lambda_(matrix, at))
            case Iverson(condition):
                return float(self.holds(condition, at))
            case Cases(branches, otherwise):
                chosen = next((v for c, v in branches if self.holds(c, at)), otherwise)
                return self.value(chosen, at)
            case Deriv(body, target, given):
                unit = self.unit(target, slots(given))
                return difference(lambda t: self.moved(target, self.base(target) + t * unit).value(body, at))
            case Diff(body, variables):

                def along(v, t):
                    return self.moved(v, self.tensor(v) + t * self.tensor(v.d())).value(body, at)

                moving = [v for v in variables if not v.differential]
                return sum(difference(lambda t, v=v: along(v, t)) for v in moving)
        raise AssertionError(e)

    def lambda_(self, argument, at):
        ranges = [self.range(i.dim) for i in argument.indices]
        values = [
            self.value(argument.body, at | dict(zip(argument.indices, n, strict=True)))
            for n in itertools.product(*ranges)
        ]
        return np.array(values, dtype=float).reshape([len(r) for r in ranges])

    def holds(self, condition, at):
        match condition:
            case Compare(op, left, right):
                return COMPARE[op](self.value(left, at), self.value(right, at))
            case Match(left, right, equal):
                a, b = (at[s] if isinstance(s, Index) else s for s in (left, right))
                return (a == b) == equal
            case All(conditions):
                return all(self.holds(c, at) for c in conditions)

    def base(self, target):
        if isinstance(target, Definition):
            return (
                self.held.get(target, None)
                if target in self.held
                else self.array(Ref(target, target.indices), target.indices)
            )
        return self.tensor(target)

    def unit(self, target, slots):
        dims = target.dims if isinstance(target, Variable) else [i.dim for i in target.indices]
        unit = np.zeros(self.shape(dims))
        unit[self.offset(dims, slots)] = 1
        return project(unit, getattr(target, "traits", frozenset()))

    # functions ----------------------------------------------------------------------------
    def call(self, function: Function, out, by, tensors, lifted, out_slots):
        if by and (lifted or function.body is not None):
            (n, where), rest = by[-1], by[:-1]
            unit = np.zeros_like(tensors[n])
            unit[where] = 1

            def moved(t):
                return [*tensors[:n], tensors[n] + t * unit, *tensors[n + 1 :]]

            return difference(lambda t: self.call(function, out, rest, moved(t), lifted, out_slots))
        if lifted:
            return self.call(function, (), [], [t[out] for t in tensors], False, ())
        if function.body is not None:
            world = self
            for placeholder, tensor in zip(function.placeholders, tensors, strict=True):
                world = world.moved(placeholder, np.asarray(tensor))
            return world.value(function.body, dict(zip(function.indices, out_slots, strict=True)))
        weights, phase = self.weights(function)
        inner = phase[out] + sum(np.sum(a[out] * t) for a, t in zip(weights, tensors, strict=True))
        scale = math.prod(weights[n][(*out, *where)] for n, where in by)
        return scale * math.sin(inner + len(by) * math.pi / 2)

    def weights(self, function):
        if function not in self.functions:
            random, out = self.random(function.name), self.shape(function.out)
            shapes = [self.shape(p) for p in function.params]
            # divided by the number of components: a steep function spoils the differences
            made = [random.uniform(0.4, 1.3, (*out, *shape)) / math.prod(shape) for shape in shapes]
            self.functions[function] = made, random.uniform(0, 1, out)
        return self.functions[function]

    def code(self, function, by=(), xp=np):
        """The unknown function, or its derivative by the arguments ``by``, as code on arrays."""
        weights, phase = self.weights(function)

        def real(*args):
            inner = phase + sum(a * t for a, t in zip(weights, args, strict=True))
            return math.prod(weights[n] for n in by) * xp.sin(inner + len(by) * math.pi / 2)

        def tensor(*args):
            inner = phase + sum(xp.tensordot(a, t, np.ndim(t)) for a, t in zip(weights, args, strict=True))
            value = xp.sin(inner + len(by) * math.pi / 2)
            for n in by:
                out, extra = self.shape(function.out), self.shape(function.params[n])
                between = (1,) * (value.ndim - len(out))
                value = value.reshape(*value.shape, *(1 for _ in extra)) * weights[n].reshape(
                    *out, *between, *extra
                )
            return value

        return tensor if function.out or any(function.params) else real


def project(value, traits):
    """The part of a tensor (or of a direction) within symmetric or antisymmetric ones."""
    if not traits & {"symmetric", "antisymmetric"}:
        return np.array(value)
    total = np.zeros_like(value)
    for order in itertools.permutations(range(value.ndim)):
        odd = sum(order[i] > order[j] for j in range(len(order)) for i in range(j)) % 2
        total = total + np.transpose(value, order) * (-1 if odd and "antisymmetric" in traits else 1)
    return total / math.factorial(value.ndim)
