"""From a relation to the one program that draws its values and computes both of its sides."""

from __future__ import annotations

import keyword

from idxcalc.autodiff.program import Assign, Extent, Name, Program, Term, apply
from idxcalc.autodiff.scope import real, symmetry, within
from idxcalc.autodiff.values import Values
from idxcalc.errors import IdxcalcError
from idxcalc.expr import Dim, Function, Index, Relation, Variable, free, python_name

RESERVED = (
    "jax jnp draw sides float symmetrised antisymmetrised invertible diagonal put hadamard spread drawer "
    "leaves compare summary t terms margins"
)
HIGHEST_ORDER = 6
WAVES = {True: 3, False: 7}  # for functions of one real; for all others, more than the usual sizes


class Root:
    """The outermost function of the program: names, drawn values, and what both sides need of them."""

    def __init__(self, relation: Relation) -> None:
        self.used: set[str] = set(RESERVED.split()) | set(keyword.kwlist)
        self.shapes: set[tuple[Dim, ...]] = set()
        self.draws: list[tuple[Name, tuple[Term, ...]]] = []
        self.prepared: list[Assign | Program] = []
        self.functions: dict[Function, Name] = {}
        self.variables: dict[Variable, Name] = {}
        program = Program(Name("sides"), (Name("draw"),))
        self.scope = Values(self, program)
        self.order = (*relation.free, *self.extra(relation))
        self.program = program
        self.shapes.add(tuple(index.dim for index in self.order))
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
            self.shapes.add(variable.dims)
            self.draws.append((name, tuple(Extent(dim) for dim in variable.dims)))
            self.prepared += prepare(variable, name)
        return self.variables[variable]

    def function(self, function: Function) -> Name:
        """A random smooth function: for each component of its value a sum of sines of its arguments."""
        if function in self.functions:
            return self.functions[function]
        name = self.functions[function] = self.unique(python_name(function.name))
        out = tuple(Extent(dim) for dim in function.out)
        waves = WAVES[all(not group for group in function.params)]

        def drawn(what: str, *shape: Term) -> Name:
            known = self.unique(f"{name}_{what}")
            self.draws.append((known, shape))
            return known

        level, weight, angle = drawn("level", *out), drawn("weight", *out, waves), drawn("phase", *out, waves)
        made: Term = angle
        params = []
        for group in function.params:
            params.append(self.unique("u"))
            slope = drawn("slope", *out, waves, *(Extent(dim) for dim in group))
            self.shapes.add((*function.out, *group))
            product: Term = apply("*", slope, params[-1])
            added = apply("jnp.sum", product, tuple(range(-len(group), 0))) if group else product
            made = apply("+", made, added)
        value: Term = apply("+", level, apply("jnp.sum", apply("*", weight, apply("jnp.sin", made)), -1))
        for trait in sorted(function.traits & {"symmetric", "antisymmetric"}):
            value = symmetry(trait, value, len(out))
        if function.traits & {"positive", "negative"}:
            value = apply("jnp.exp", value)
        if "negative" in function.traits:
            value = apply("*", -1.0, value)
        self.prepared.append(Program(name, tuple(params), [], value))
        return name

    def pairs(self, relation: Relation) -> None:
        """States the result: left sides, right sides, their terms, where they are claimed, the distances from
        kinks, and the drawn values."""
        scope = self.scope
        if relation.order is None:
            left, right = (
                [scope.full(scope.value(s), self.order).term] for s in (relation.left, relation.right)
            )
            terms: list[Term] = [list(scope.terms)]
        else:
            left, right, terms = self.orders(relation, *relation.order)
        where: Term = None
        if relation.condition is not None:
            where = scope.full(scope.truth(relation.condition), self.order).term
        lines = [Assign(name, apply("call", Name("draw"), *shape)) for name, shape in self.draws]
        scope.program.lines[:0] = [*lines, *self.prepared]
        scope.program.result = (left, right, terms, where, list(scope.margins))

    def orders(self, relation: Relation, variable: Variable, power: int) -> tuple[list[Term], ...]:
        """Both sides' derivatives by s at 0, of the orders 0 to ``power`` - 1, at s times ``variable``."""
        if not 1 <= power <= HIGHEST_ORDER:
            raise IdxcalcError(f"equality up to order {power} cannot be tested; {HIGHEST_ORDER} is the most")
        inner = self.scope.child("scaled", ())
        factor, moved = self.unique("s"), self.unique(python_name(variable.name) + "_s")
        inner.program.params = (factor,)
        inner.program.lines.append(Assign(moved, apply("*", factor, self.variable(variable))))
        inner.inputs[variable] = moved
        both = (relation.left, relation.right)
        inner.finish(tuple(inner.full(inner.value(side), self.order).term for side in both))
        written = self.scope.close(inner)
        callee: Term = written.name
        lefts: list[Term] = []
        rights: list[Term] = []
        terms: list[Term] = []
        margins: list[Term] = []
        for order in range(power):
            result = self.scope.unpack(apply("call", callee, 0.0), written)
            lefts.append(apply("part", result, 0))
            rights.append(apply("part", result, 1))
            terms.append(self.scope.terms[-1:] if written.terms else [])
            margins = margins if order else self.scope.margins[-1:]
            callee = apply("jax.jacfwd", callee, 0, written.margins)
        self.scope.margins = margins
        return lefts, rights, terms


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
        lines.append(Assign(name, apply("put", name, at, real(value))))
    return lines
