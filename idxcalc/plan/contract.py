"""A product and its sums as one contraction, its deltas resolved.

A delta that meets a summed index is a renaming, ``\\sum_j \\delta_{ij} x_j = x_i``, and no array. It stays
one where both its indices are free, where one is a fixed component, and where the sum leaves
components out. A sum over what does not depend on its index meets an array of ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from idxcalc.expr import Expr, Index, Slot
from idxcalc.plan.emit import Emitter, Value


@dataclass(slots=True)
class Product:
    """A product on its way to one contraction; labels are free indices, or new ones for summed."""

    coefficient: Fraction = Fraction(1)
    operands: list[tuple[str, tuple[Index, ...]]] = field(default_factory=list)
    deltas: list[tuple[Slot, Slot]] = field(default_factory=list)
    summed: dict[Index, int | None] = field(default_factory=dict)
    choice: tuple[tuple[Expr, ...], dict[Index, Index]] | None = None  # a factor that is a sum with deltas

    def copy(self) -> Product:
        return Product(self.coefficient, self.operands[:], self.deltas[:], dict(self.summed))


def contracted(emit: Emitter, product: Product) -> Value:
    """The array of a product in which no choice is open."""
    summed, operands = product.summed, product.operands
    cut = {
        label: first - label.dim.start
        for label, first in summed.items() if first is not None and first > label.dim.start
    }  # fmt: skip
    same: dict[Index, Index] = {}

    def root(label: Index) -> Index:
        while label in same:
            label = same[label]
        return label

    for left, right in product.deltas:
        if isinstance(left, Index) and isinstance(right, Index):
            a, b = root(left), root(right)
            if a is b:
                continue
            if a.dim is b.dim and a not in cut and b not in cut and (a in summed or b in summed):
                a, b = (a, b) if a in summed else (b, a)  # a summed one takes the other's name
                same[a] = b
                continue
            left, right = a, b
        operands.append(emit.elementwise("delta", emit.position(left), emit.position(right)))
    operands = [(name, tuple(map(root, axes))) for name, axes in operands]
    present = {axis for _, axes in operands for axis in axes}
    for label in summed:
        if label not in same and label not in present:  # a sum over what does not depend on it
            operands.append((emit.range("ones", label.dim), (label,)))
    operands = [emit.cut(value, cut) for value in operands]
    out = tuple(dict.fromkeys(axis for _, axes in operands for axis in axes if axis not in summed))
    if product.coefficient == 0:
        return emit.literal(Fraction(0)), ()
    literals = [name for name, _ in operands if name in emit.plan.literals]
    if not operands or (len(operands) == len(literals) == 1 and product.coefficient == 1):
        return (literals[0], ()) if literals else (emit.literal(product.coefficient), ())
    if len(operands) == 1 and product.coefficient == 1 and operands[0][1] == out:
        return operands[0]
    return emit.einsum(product.coefficient, operands, out), out
