"""The nodes of an index expression, a closed union.

An expression denotes a real number once its free indices have values. Binders are
explicit: after the notation is read, a repeated index is a `Sum` that binds it, and
no node asks whether an index repeats. In a product two factors may share a *free*
index: ``Mul((x_i, y_i))`` is the component-by-component product; summed it is
``Sum(i, Mul((x_i, y_i)))``.

Constructors check and never simplify; rewriting has one home, `normal`.
Derivatives (`Deriv`, `Diff`, the ``derivs`` of a `Call`) are nodes as well: `calculus`
works them out by rules, `autodiff` by JAX.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from idxcalc.expr.intern import Node
from idxcalc.expr.symbols import Definition, Dim, Function, Index, Slot, Variable


class Num(Node):
    """A rational number."""

    value: Fraction

    def __post_init__(self) -> None:
        if type(self.value) is not Fraction:
            object.__setattr__(self, "value", Fraction(self.value))


class Constant(Node):
    """A known real number: ``pi`` or ``e``."""

    name: str


class Size(Node):
    """The last value of a range, as a number: the ``n`` of ``(i = 1, \\dots, n)``.

    The number of values is ``Size(dim)`` when the range starts at 1, ``Size(dim) + 1`` at 0. Where
    the range starts plays no part in its last value, so the node keeps the range from 1.
    """

    dim: Dim

    def __post_init__(self) -> None:
        if self.dim.start != 1:
            object.__setattr__(self, "dim", Dim(self.dim.last, 1))


class Component(Node):
    """One component of a variable: ``w_{ij}``, ``w_{i0}``, a scalar ``\\eta``, ``dx_i``."""

    variable: Variable
    slots: tuple[Slot, ...] = ()

    def __post_init__(self) -> None:
        assert len(self.slots) == len(self.variable.dims), (self.variable.name, self.slots)


class Delta(Node):
    """Kronecker's delta: 1 if both slots have the same value, else 0. Grouped deltas are products."""

    left: Slot
    right: Slot


class Ref(Node):
    """A defined name: its value is the body with ``slots`` for the definition's indices."""

    definition: Definition
    slots: tuple[Slot, ...] = ()

    def __post_init__(self) -> None:
        assert len(self.slots) == len(self.definition.indices), self.definition.name


class Add(Node):
    """A sum of terms. A term without some free index of the others counts for each of its values."""

    terms: tuple[Expr, ...]


class Mul(Node):
    """A product of factors, component by component in the indices they share."""

    factors: tuple[Expr, ...]


class Pow(Node):
    """A power; a quotient a/b is ``Mul((a, Pow(b, Num(-1))))``, a root ``Pow(a, Num(1/2))``."""

    base: Expr
    exponent: Expr


class Sum(Node):
    """The sum of ``body`` over all values of ``index``, which is bound here.

    The values are ``first`` to the last of ``index.dim``; ``first`` is None for all of them.
    It is not None only where a written lower bound leaves component 0 out.
    """

    index: Index
    body: Expr
    first: int | None = None


class Elementary(Node):
    """A known function of real numbers, named as in the table `idxcalc.functions`."""

    name: str
    args: tuple[Expr, ...]


class Lambda(Node):
    """An argument: the tensor with components ``body`` over ``indices``, which are bound here.

    Not an expression by itself. A scalar argument has no indices.
    """

    indices: tuple[Index, ...]
    body: Expr


class Call(Node):
    """A function, or a derivative of it by its own arguments, at ``args``.

    ``out`` are the slots of the value. ``derivs`` has one entry per differentiation: the number
    of the argument (from 0) and the slots of the component of it.

    ``f_{j,i}(x)``: ``Call(f, (j,), ((0, (i,)),), (Lambda((k,), x_k),))``.
    ``\\sigma''(z)``: ``Call(sigma, (), ((0, ()), (0, ())), (Lambda((), z),))``.

    A *lifted* function of one real has slots although ``function.out`` is empty: ``\\sigma_i(y_j)``
    is ``Call(sigma, (i,), (), (Lambda((j,), y_j),))``, the vector function that acts on each
    component; ``\\sigma_{i,m}(y_j)`` is its Jacobian. Then the `Lambda` and each derivative have
    as many indices as ``out``. Applied to each component without lifting, ``\\sigma(w_{ij}x_j)`` is
    ``Call(sigma, (), (), (Lambda((), ...),))`` with i free.
    """

    function: Function
    out: tuple[Slot, ...]
    derivs: tuple[tuple[int, tuple[Slot, ...]], ...]
    args: tuple[Lambda, ...]

    def __post_init__(self) -> None:
        assert len(self.args) == len(self.function.params), self.function.name

    @property
    def lifted(self) -> bool:
        """Whether a function of one real stands for the vector (or matrix) function it induces."""
        return bool(self.out) and not self.function.out


class Inverse(Node):
    """A component of the inverse of a square matrix: ``(X^{-1})_{ij}``; row, then column."""

    matrix: Lambda
    row: Slot
    column: Slot


class Det(Node):
    """The determinant of a square matrix."""

    matrix: Lambda


class Compare(Node):
    """A condition on values: ``op`` is one of ``< <= > >= = !=``."""

    op: str
    left: Expr
    right: Expr


class Match(Node):
    """A condition on indices: equal, or with ``equal=False`` different."""

    left: Slot
    right: Slot
    equal: bool = True


class All(Node):
    """Several conditions at once."""

    conditions: tuple[Condition, ...]


class Iverson(Node):
    """Iverson's bracket: 1 where the condition holds, else 0."""

    condition: Condition


class Cases(Node):
    """The value of the first branch whose condition holds, else ``otherwise``."""

    branches: tuple[tuple[Condition, Expr], ...]
    otherwise: Expr


class Deriv(Node):
    """The partial derivative of ``body`` by one component of ``target``, all else held constant.

    When the target is a definition its name is held independent: definitions inside
    ``body`` are opened only down to it. By a symmetric (antisymmetric) variable the
    derivative is taken within symmetric tensors: S_{ij} by S_{kl} is
    (delta_ik delta_jl + delta_il delta_jk)/2.
    """

    body: Expr
    target: Variable | Definition
    slots: tuple[Slot, ...] = ()


class Diff(Node):
    """The total differential of ``body`` when ``variables`` vary: the sum over them of
    the derivative times ``dx``. The tensors ``dx`` themselves are constant: d dx = 0."""

    body: Expr
    variables: tuple[Variable, ...]


Expr: TypeAlias = (
    Num | Constant | Size | Component | Delta | Ref | Add | Mul | Pow | Sum | Elementary
    | Call | Inverse | Det | Iverson | Cases | Deriv | Diff
)  # fmt: skip
Condition: TypeAlias = Compare | Match | All

ZERO = Num(Fraction(0))
ONE = Num(Fraction(1))
MINUS_ONE = Num(Fraction(-1))


@dataclass(frozen=True, slots=True)
class Relation:
    """A claim: ``left`` equals ``right`` (``op`` is ``=``), or differs somewhere (``!=``).

    ``condition`` restricts where it is claimed. ``order`` is (variable, power) when equality is
    claimed only up to terms of that total order in the small differential ``variable``.
    ``free`` are the indices over whose every value it is claimed.
    """

    left: Expr
    right: Expr
    op: str = "="
    condition: Condition | None = None
    order: tuple[Variable, int] | None = None
    free: tuple[Index, ...] = ()
