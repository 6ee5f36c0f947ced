"""What letters stand for: sizes, indices, variables, functions, definitions.

A *symbol* is what a name in a formula means; it is data, found once by the reader
(`notation`) and carried inside the nodes, so that no later stage looks a name up.
Symbols are compared by value, and are frozen.
"""

from __future__ import annotations

import re
from dataclasses import field
from functools import lru_cache
from keyword import iskeyword
from typing import TYPE_CHECKING

from idxcalc.expr.intern import Node

if TYPE_CHECKING:
    from idxcalc.expr.nodes import Expr


class Dim(Node):
    """The range of an index: it runs from ``start`` to ``last``, both included.

    ``last`` is the LaTeX of a declared size (``n``, ``m``), digits (``3``), or, for a
    size that nobody named, ``?`` and a label that is unique within the relation.
    A `Dim` is one size variable: two slots have equal sizes exactly when their
    resolved `Dim`s are the same object.
    """

    last: str
    start: int = 1

    @property
    def named(self) -> bool:
        """Whether a formula may write this size down."""
        return not self.last.startswith("?")

    @property
    def number(self) -> int | None:
        """The last value, if it is a number."""
        return int(self.last) if self.last.isdigit() else None


class Index(Node):
    """An index letter (LaTeX text, ``i``, ``i'``, ``i_1``, ``\\alpha``) and its range."""

    name: str
    dim: Dim


Slot = Index | int
"""What may stand in a slot: an index, or one fixed component."""


class Variable(Node):
    """A declared real tensor with one `Dim` per slot; a scalar has none.

    ``traits`` holds words of: symmetric, antisymmetric, invertible, positive, negative,
    integer, constant. ``differential`` is true for the independent tensor ``dx`` that
    belongs to the variable ``x``; it has the name, the dims and the symmetry of ``x``.
    ``fixed`` lists components that a definition set to a number: ``x_0 = 1`` gives
    ``(((0,), Fraction(1)),)``; the differential of such a component is 0.
    """

    name: str
    dims: tuple[Dim, ...] = ()
    traits: frozenset[str] = frozenset()
    differential: bool = False
    fixed: tuple[tuple[tuple[int, ...], object], ...] = ()

    def d(self) -> Variable:
        """The tensor ``dx`` of this variable."""
        kept = self.traits & {"symmetric", "antisymmetric"}
        zero = tuple((slots, 0) for slots, _ in self.fixed)
        return Variable(self.name, self.dims, kept, True, zero)


class Function(Node):
    """A function: unknown and smooth when ``body`` is None, else defined by its body.

    ``out`` has a `Dim` per index of the value, ``params`` a tuple of `Dim`s per argument:
    ``f_j(x_i)`` has ``out=(J,)`` and ``params=((I,),)``; ``\\sigma(z)`` has ``out=()`` and
    ``params=((),)``. ``body`` is written in the placeholder variables ``placeholders``
    (one per argument) with the free indices ``indices`` (one per slot of ``out``).
    ``traits`` as for a variable, about the value: ``g(x_i) positive``.
    """

    name: str
    out: tuple[Dim, ...]
    params: tuple[tuple[Dim, ...], ...]
    traits: frozenset[str] = frozenset()
    placeholders: tuple[Variable, ...] = ()
    indices: tuple[Index, ...] = ()
    body: Expr | None = None


class Definition(Node):
    """A name for an expression: ``\\hat y_i = ...`` has ``indices=(i,)`` and the right side as body.

    The free indices of ``body`` are among ``indices``.
    """

    name: str
    indices: tuple[Index, ...]
    body: Expr = field(repr=False)


_WORDS = re.compile(r"[A-Za-z0-9]+")


@lru_cache(maxsize=4096)
def python_name(latex: str) -> str:
    """The Python identifier for a LaTeX name, as used by compiled functions.

    >>> python_name(r"\\hat y"), python_name(r"\\lambda"), python_name("w^{(t)}"), python_name("x'")
    ('hat_y', 'lambda_', 'w_t', 'x_prime')
    """
    text = re.sub(r"\\(text|mathrm|mathbf|mathit)\b", "", latex).replace("'", " prime")
    name = "_".join(_WORDS.findall(text))
    return f"{name}_" if iskeyword(name) else name if name and not name[0].isdigit() else f"_{name}"
