"""A product and its sums as one contraction, its deltas resolved.

A delta that meets a summed index is a renaming, ``\\sum_j \\delta_{ij} x_j = x_i``, and no array. It stays
one where both its indices are free, where one is a fixed component, and where the sum leaves
components out. A sum over what does not depend on its index meets an array of ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction

from idxcalc.expr import Index, Slot
from idxcalc.plan.lines import Plan, Value


@dataclass(frozen=True, slots=True)
class Product:
    """A product on its way to one contraction. ``summed`` has how many first components are left out."""

    coefficient: Fraction = Fraction(1)
    operands: tuple[Value, ...] = ()
    deltas: tuple[frozenset[Slot], ...] = ()
    summed: dict[Index, int] = field(default_factory=dict)

    def __mul__(self, other: Product) -> Product:
        return Product(
            self.coefficient * other.coefficient, self.operands + other.operands,
            self.deltas + other.deltas, self.summed | other.summed,
        )  # fmt: skip

    def renamed(self, old: Index, new: Index) -> Product:
        operands = ((name, tuple(new if a is old else a for a in axes)) for name, axes in self.operands)
        deltas = (frozenset(new if slot is old else slot for slot in delta) for delta in self.deltas)
        return replace(self, operands=tuple(operands), deltas=tuple(d for d in deltas if len(d) > 1))

    def over(self, index: Index, cut: int, label: Index) -> Product:
        """The sum over ``index``, which gets a label of its own; ``cut`` first components are left out."""
        for delta in self.deltas if not cut else ():
            (other,) = delta - {index} if index in delta else (None,)
            if isinstance(other, Index) and other.dim is index.dim:
                return self.renamed(index, other)  # and so without this delta
        return replace(self.renamed(index, label), summed=self.summed | {label: cut})

    def contracted(self, plan: Plan) -> Value:
        """The array of the product."""
        operands = [
            *self.operands,
            *(plan.elementwise("delta", *map(plan.position, sorted(d, key=str))) for d in self.deltas),
        ]
        present = {axis for _, axes in operands for axis in axes}
        operands += (
            (plan.range("ones", index.dim), (index,)) for index in self.summed if index not in present
        )
        for n, (name, axes) in enumerate(operands):
            operands[n] = plan.at(name, [slice(self.summed.get(axis) or None, None) for axis in axes]), axes
        out = tuple(dict.fromkeys(axis for _, axes in operands for axis in axes if axis not in self.summed))
        if self.coefficient == 0 or not operands:
            return plan.literal(self.coefficient)
        if len(operands) == 1 and self.coefficient == 1 and operands[0][1] == out:
            return operands[0]
        return plan.einsum(operands, out, self.coefficient), out
