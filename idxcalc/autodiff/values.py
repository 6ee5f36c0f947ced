"""From expressions to the lines of a program.

Every expression becomes an array whose axes are its free indices, by one rule per node: a product
broadcasts, a `Sum` adds along an axis, a `Deriv` is `jax.jacfwd` of the program of its body as a function
of one array, of which the slots are then picked; a `Diff` is `jax.jvp`. No derivative rule stands here and
none is looked up; the table of known functions is asked only for the names that JAX gives them.

A program also collects the *terms* it added up and the *margins* to kinks. Errors are relative to the
largest term, so that cancellation neither looks like an error nor hides one; under a derivative the terms
are differentiated along. Samples too near to a kink are left out.
"""

from __future__ import annotations

from typing import assert_never

from idxcalc.autodiff.program import Apply, Extent, Name, Tensor, Term, align, apply, take, union
from idxcalc.autodiff.scope import Scope, Symbol, Written, real, within
from idxcalc.autodiff.survey import depends, integral
from idxcalc.expr import (
    Add, All, Call, Cases, Compare, Component, Condition, Constant, Definition, Delta, Deriv, Det, Diff,
    Elementary, Expr, Function, Index, Inverse, Iverson, Lambda, Match, Mul, Num, Pow, Ref, Size, Slot, Sum,
    Variable, python_name,
)  # fmt: skip
from idxcalc.functions import KNOWN

PERIODIC = ("sin", "cos", "tan")


class Values(Scope):
    """One rule for each node."""

    def value(self, node: Expr) -> Tensor:
        """The array of an expression; the same expression is computed once in a scope."""
        if node not in self.done:
            self.done[node] = self.compute(node)
        return self.done[node]

    def compute(self, node: Expr) -> Tensor:
        match node:
            case Num(number):
                return Tensor(real(number))
            case Constant(name):
                return Tensor(apply("jnp.asarray", apply(f"jnp.{name}")))
            case Size(dim):
                return Tensor(apply("jnp.asarray", apply("float", Extent(dim, last=True))))
            case Component(variable, slots):
                return take(self.lookup(variable), slots, variable.dims)
            case Delta(left, right):
                return self.match(left, right, True, "float")
            case Ref(definition, slots):
                return self.reslot(self.defined(definition), definition.indices, slots)
            case Add(terms):
                tensors = [self.value(t) for t in terms]
                self.track(*tensors)
                return self.join("+", tensors)
            case Mul(factors):
                return self.join("*", [self.value(f) for f in factors])
            case Pow(base, exponent):
                below, power = self.value(base), self.value(exponent)
                if not below.constant and isinstance(exponent, Num) and whole(exponent):
                    return self.let(Tensor(apply("**", below.term, int(exponent.value)), below.axes))
                return self.join("jnp.power", [below, power])
            case Sum():
                return self.total(node)
            case Elementary(name, args):
                tensors = [self.value(a) for a in args]
                if KNOWN[name].kink:
                    gap = tensors[0] if len(args) == 1 else self.difference(tensors[0], tensors[1])
                    self.margins.append(gap.term)
                if name in PERIODIC:  # sin(pi) is 0 up to the rounding of pi
                    bounded = apply("jnp.minimum", apply("jnp.abs", tensors[0].term), 1.0)
                    self.track(Tensor(bounded, tensors[0].axes))
                return self.join(f"jnp.{KNOWN[name].jax}", tensors)
            case Call():
                return self.call(node)
            case Inverse(matrix, row, column):
                full, outer = self.argument(matrix)
                found = self.let(Tensor(apply("jnp.linalg.inv", full.term), full.axes))
                return self.reslot(found, (*outer, *matrix.indices), (*outer, row, column))
            case Det(matrix):
                full, outer = self.argument(matrix)
                self.track(Tensor(apply("hadamard", full.term), outer))
                return self.let(Tensor(apply("jnp.linalg.det", full.term), outer))
            case Iverson(condition):
                return self.choose(self.truth(condition), Tensor(1.0), Tensor(0.0))
            case Cases(branches, otherwise):
                found = self.value(otherwise)
                for condition, branch in reversed(branches):
                    found = self.choose(self.truth(condition), self.value(branch), found)
                return found
            case Deriv(body, target, slots):
                return self.jacobian(body, target, slots)
            case Diff(body, variables):
                return self.differential(body, variables)
            case _:
                assert_never(node)

    def choose(self, truth: Tensor, yes: Tensor, no: Tensor) -> Tensor:
        return self.join("jnp.where", [truth, yes, no])

    def defined(self, definition: Definition) -> Tensor:
        """A definition over its own indices: as it is held, or worked out."""
        if definition in self.inputs:
            return Tensor(self.inputs[definition], definition.indices)
        if definition not in self.opened:
            saved = self.done, self.local
            if self.local:  # placeholders of a function's body mean nothing inside a definition
                self.done, self.local = {}, {}
            value = self.value(definition.body)
            self.done, self.local = saved
            named = value if value.constant else self.let(value, python_name(definition.name))
            self.opened[definition] = named
        return self.opened[definition]

    def match(self, left: Slot, right: Slot, equal: bool, kind: str) -> Tensor:
        """Whether two slots have the same value, as truth or as a number."""
        if isinstance(left, int) and isinstance(right, int) or left is right:
            same = (left == right) == equal
            return Tensor(float(same) if kind == "float" else apply("jnp.asarray", same))
        if isinstance(left, Index) and isinstance(right, Index) and left.dim is right.dim and kind == "float":
            return Tensor(apply("jnp.eye", Extent(left.dim)), (left, right))
        values = [
            Tensor(float(s)) if isinstance(s, int)
            else Tensor(apply("+", apply("jnp.arange", Extent(s.dim)), s.dim.start), (s,))
            for s in (left, right)
        ]  # fmt: skip
        axes = union(*values)
        term = apply("==" if equal else "!=", *(align(v, axes) for v in values))
        return Tensor(apply("jnp.where", term, 1.0, 0.0) if kind == "float" else term, axes)

    def truth(self, condition: Condition) -> Tensor:
        match condition:
            case Match(left, right, equal):
                return self.match(left, right, equal, "bool")
            case Compare(op, left, right):
                a, b = self.value(left), self.value(right)
                if op not in ("=", "!=") and not (integral(left) and integral(right)):
                    self.margins.append(self.difference(a, b).term)
                axes = union(a, b)
                return Tensor(apply("==" if op == "=" else op, align(a, axes), align(b, axes)), axes)
            case All(conditions):
                truths = [self.truth(c) for c in conditions]
                axes = union(*truths)
                return Tensor(Apply("&", tuple(align(t, axes) for t in truths)), axes)
            case _:
                assert_never(condition)

    def total(self, node: Sum) -> Tensor:
        """Sums over sums: one index after the other, each over the product of the factors that carry it."""
        bound: dict[Index, int | None] = {}
        body: Expr = node
        while isinstance(body, Sum) and body.index not in bound:
            bound[body.index] = body.first
            body = body.body
        tensors = [self.value(f) for f in (body.factors if isinstance(body, Mul) else (body,))]
        while bound:
            sizes = {i: len(union(*(t for t in tensors if i in t.axes))) for i in bound}
            index = min(sizes, key=lambda i: sizes[i])
            first = bound.pop(index)
            skip = 0 if first is None else first - index.dim.start
            carriers = [t for t in tensors if index in t.axes]
            tensors = [t for t in tensors if index not in t.axes]
            if not carriers:
                count: Term = apply("float", Extent(index.dim))
                tensors.append(Tensor(apply("-", count, float(skip)) if skip else count))
                continue
            product = self.join("*", carriers)
            axis = product.axes.index(index)
            if skip:
                product = self.let(Tensor(apply("after", product.term, axis, skip), product.axes))
            self.track(product)
            rest = product.axes[:axis] + product.axes[axis + 1 :]
            tensors.append(self.let(Tensor(apply("jnp.sum", product.term, axis), rest)))
        return self.join("*", tensors)

    def argument(self, argument: Lambda) -> tuple[Tensor, tuple[Index, ...]]:
        """The tensor of an argument: its outer free indices first, then its own; all axes in full."""
        value = self.value(argument.body)
        outer = tuple(a for a in value.axes if a not in argument.indices)
        return self.full(value, (*outer, *argument.indices)), outer

    def call(self, node: Call) -> Tensor:
        """A function at its arguments, once for every value of their outer indices."""
        function = node.function
        arguments = [self.argument(a) for a in node.args]
        outer = tuple(dict.fromkeys(i for _, own in arguments for i in own))
        wanted = tuple(
            self.full(t, (*(o for o in outer if o in own), *a.indices)).term
            for (t, own), a in zip(arguments, node.args, strict=True)
        )
        out = function.out if not node.lifted else tuple(i.dim for i in node.args[0].indices)
        body = None
        if function.body is None:
            callee: Term = self.root.function(function)
        else:
            body = self.written(function)
            callee = body.name
        if node.lifted:
            for _ in node.out:
                callee = apply("jax.vmap", callee)
        aux = body is not None and body.margins
        dims = list(out)
        for number, _ in node.derivs:
            callee = apply("jax.jacfwd", callee, number, aux)
            dims += function.params[number] if not node.lifted else out
        for index in reversed(outer):
            over = tuple(0 if index in own else None for _, own in arguments)
            callee = apply("jax.vmap", callee, over)
        found = self.unpack(Apply("call", (callee, *wanted)), body)
        slots = (*outer, *node.out, *(s for _, group in node.derivs for s in group))
        shape = (*(o.dim for o in outer), *dims)
        self.root.shapes.add((*shape, *self.load))
        return take(found, slots, shape)

    def written(self, function: Function) -> Written:
        """A function with a body as a local function of the program."""
        if function not in self.bodies:
            assert function.body is not None
            inner = self.child(python_name(function.name), tuple(d for p in function.params for d in p))
            inner.local = {}
            for placeholder in function.placeholders:
                inner.local[placeholder] = self.root.unique(python_name(placeholder.name))
            inner.program.params = tuple(inner.local.values())
            inner.finish(inner.full(inner.value(function.body), function.indices).term)
            self.bodies[function] = self.close(inner)
        return self.bodies[function]

    def jacobian(self, body: Expr, target: Symbol, slots: tuple[Slot, ...]) -> Tensor:
        """The Jacobian by the whole array of ``target``, of which ``slots`` are picked."""
        if not depends(body, target):
            return Tensor(0.0)
        if isinstance(target, Variable):
            at, dims = self.lookup(target), target.dims
        else:
            dims = tuple(i.dim for i in target.indices)
            held = self.full(self.defined(target), target.indices)
            at = held.term if isinstance(held.term, Name) else self.let(held).term  # type: ignore[assignment]
        inner = self.child("by_" + at, dims)
        if isinstance(target, Variable) and target in self.local:
            inner.local[target] = at
        else:
            inner.inputs[target] = at
        inner.program.params = (at,)
        if isinstance(target, Variable):
            inner.program.lines += within(target, at)
        value = inner.value(body)
        inner.finish(value.term)
        written = self.close(inner)
        found = self.unpack(apply("call", apply("jax.jacfwd", written.name, 0, written.margins), at), written)
        self.root.shapes.add((*(a.dim for a in value.axes), *dims, *self.load))
        return take(found, (*value.axes, *slots), (*(a.dim for a in value.axes), *dims))

    def differential(self, body: Expr, variables: tuple[Variable, ...]) -> Tensor:
        """The directional derivative along the tensors ``dx``."""
        moving = tuple(v for v in dict.fromkeys(variables) if depends(body, v))
        if not moving:
            return Tensor(0.0)
        at = tuple(self.lookup(v) for v in moving)
        along = tuple(self.lookup(v.d()) for v in moving)
        inner = self.child("along_d" + at[0], ())
        inner.program.params = at
        inner.inputs.update({v: n for v, n in zip(moving, at, strict=True) if v not in self.local})
        value = inner.value(body)
        inner.finish(value.term)
        written = self.close(inner)
        pushed = apply("jax.jvp", written.name, at, along, written.margins)
        return Tensor(self.unpack(pushed, written), value.axes)


def whole(number: Num) -> bool:
    """Whether a power is one of repeated multiplication."""
    return number.value.denominator == 1 and abs(number.value) < 1000
