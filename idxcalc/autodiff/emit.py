"""From a relation to the one program that draws its values and computes both of its sides."""

from __future__ import annotations

import keyword

from idxcalc.autodiff.program import Apply, Assign, Extent, Name, Program, Term, apply
from idxcalc.autodiff.scope import Scope, real, within
from idxcalc.errors import IdxcalcError
from idxcalc.expr import Dim, Function, Index, Relation, Variable, free, python_name

RESERVED = (
    "jax jnp draw sides sizes float abs symmetrised antisymmetrised invertible smooth diagonal pick after "
    "hadamard largest nearest drawer spread error t terms margins np z"
)
HIGHEST_ORDER = 6


class Root:
    """The outermost function of the program: names, drawn values, and what both sides need of them."""

    def __init__(self, relation: Relation) -> None:
        self.used: set[str] = set(RESERVED.split()) | set(keyword.kwlist)
        self.shapes: set[tuple[Dim, ...]] = set()
        self.draws = Program(Name("draws"))
        self.prepared: list[Assign | Program] = []
        self.functions: dict[Function, Name] = {}
        self.variables: dict[Variable, Name] = {}
        program = Program(Name("sides"), (Name("draw"),))
        self.scope = Scope(self, program, None)
        self.order = (*relation.free, *self.extra(relation))
        self.program = program
        self.pairs(relation)

    @staticmethod
    def extra(relation: Relation) -> tuple[Index, ...]:
        parts = [p for p in (relation.left, relation.right, relation.condition) if p is not None]
        met = frozenset().union(*map(free, parts)) - set(relation.free)
        return tuple(sorted(met, key=lambda i: (i.name, i.dim.last)))

    def unique(self, hint: str) -> Name:
        """A name that nothing else has; ``t`` always gets a number."""
        name, number = hint if hint != "t" else "t1", 1
        while name in self.used:
            number += 1
            name = f"{hint}{number}" if hint[-1].isalpha() else f"{hint}_{number}"
        self.used.add(name)
        return Name(name)

    def variable(self, variable: Variable) -> Name:
        """The drawn array of a variable."""
        if variable not in self.variables:
            name = self.unique(("d" if variable.differential else "") + python_name(variable.name))
            self.variables[variable] = name
            shape = tuple(Extent(dim) for dim in variable.dims)
            self.draws.lines.append(Assign(name, apply("call", Name("draw"), *shape)))
            self.prepared += prepare(variable, name)
        return self.variables[variable]

    def function(self, function: Function) -> Name:
        """A drawn smooth function."""
        if function not in self.functions:
            name = self.unique(python_name(function.name))
            self.functions[function] = name
            out = tuple(Extent(dim) for dim in function.out)
            shapes = tuple(tuple(Extent(dim) for dim in group) for group in function.params)
            kind = " ".join(sorted(function.traits & {"positive", "negative", "symmetric", "antisymmetric"}))
            self.draws.lines.append(Assign(name, apply("smooth", Name("draw"), repr(kind), out, *shapes)))
        return self.functions[function]

    def pairs(self, relation: Relation) -> None:
        """Left and right side, the largest term, where it is claimed, how near a kink is; and the values."""
        scope = self.scope
        both: list[tuple[Term, Term, Term]] = []
        if relation.order is None:
            left = scope.full(scope.value(relation.left), self.order).term
            right = scope.full(scope.value(relation.right), self.order).term
            both.append((left, right, apply("largest", (left, right), list(scope.terms))))
        else:
            both += self.orders(relation, *relation.order)
        where: Term = None
        if relation.condition is not None:
            where = scope.full(scope.truth(relation.condition), self.order).term
        lefts, rights, scales = (list(column) for column in zip(*both, strict=True))
        nearest: Term = apply("nearest", list(scope.margins)) if scope.margins else None
        values = list(self.variables.values())
        scope.program.result = (lefts, rights, scales, where, nearest, values)
        scope.program.lines[:0] = [*self.draws.lines, *self.prepared]

    def orders(self, relation: Relation, variable: Variable, power: int) -> list[tuple[Term, Term, Term]]:
        """Both sides' derivatives of the orders 0 to ``power`` - 1 by t at 0, when ``variable`` is t times itself."""
        if not 1 <= power <= HIGHEST_ORDER:
            raise IdxcalcError(f"equality up to order {power} cannot be tested; {HIGHEST_ORDER} is the highest")
        inner = self.scope.child("scaled", ())
        t, moved = self.unique("t"), self.unique(python_name(variable.name) + "_t")
        inner.program.params = (t,)
        inner.program.lines.append(Assign(moved, apply("*", t, self.variable(variable))))
        inner.inputs[variable] = moved
        sides = tuple(inner.full(inner.value(side), self.order).term for side in (relation.left, relation.right))
        inner.finish(sides)
        written = self.scope.close(inner)
        callee: Term = written.name
        found = []
        for order in range(power):
            result = self.scope.unpack(apply("call", callee, 0.0), written)
            terms = self.scope.terms[-1:] if written.terms else []
            found.append((apply("part", result, 0), apply("part", result, 1), apply("largest", result, list(terms))))
            if order == 0:
                margins, self.scope.margins = self.scope.margins, []
            callee = apply("jax.jacfwd", callee, 0, written.margins)
        self.scope.margins = margins
        return found


def prepare(variable: Variable, name: Name) -> list[Assign | Program]:
    """The lines that give a drawn array the traits of its variable."""
    lines = within(variable, name)
    whole = "integer" in variable.traits
    if whole:
        lines.append(Assign(name, apply("jnp.round", apply("*", 2.0, name))))
    for trait, sign in (("positive", 1.0), ("negative", -1.0)):
        if trait in variable.traits:
            size = apply("+", apply("jnp.abs", name), 1.0 if whole else 0.25)
            lines.append(Assign(name, size if sign > 0 else apply("*", sign, size)))
    if "invertible" in variable.traits:
        lines.append(Assign(name, apply("invertible", name)))
    for slots, value in variable.fixed:
        at = tuple(s - d.start for s, d in zip(slots, variable.dims, strict=True))
        lines.append(Assign(name, Apply("put", (name, at, real(value)))))
    return lines
