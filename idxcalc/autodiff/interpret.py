"""Does the steps of a traced program with NumPy.

The trace holds values and derivatives as JAX's own rules made them; here each step is a sum, a product, a
sine of arrays. A step that has no row is handed back to JAX.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

Array = Any
Step = Callable[..., Any]


@lru_cache(maxsize=1)
def steps() -> dict[str, Step]:
    """One row per primitive: a function of its operands and its parameters."""
    import numpy as np

    def broadcast(x: Array, *, shape: Any, broadcast_dimensions: Any, **_: Any) -> Array:
        kept = [1] * len(shape)
        for axis, length in zip(broadcast_dimensions, np.shape(x), strict=True):
            kept[axis] = length
        return np.broadcast_to(np.reshape(x, kept), shape)

    def split(x: Array, *, sizes: Any, axis: int, **_: Any) -> list[Array]:
        return np.split(x, np.cumsum(sizes)[:-1], axis)

    def dot(a: Array, b: Array, *, dimension_numbers: Any, **_: Any) -> Array:
        (over_a, over_b), (batch_a, batch_b) = dimension_numbers
        letters = iter(range(100))
        of_a, of_b = [next(letters) for _ in a.shape], [-1] * b.ndim
        for i, j in zip((*over_a, *batch_a), (*over_b, *batch_b), strict=True):
            of_b[j] = of_a[i]
        of_b = [next(letters) if n < 0 else n for n in of_b]
        out = [of_a[i] for i in batch_a]
        out += [n for i, n in enumerate(of_a) if i not in (*over_a, *batch_a)]
        out += [n for i, n in enumerate(of_b) if i not in (*over_b, *batch_b)]
        return np.einsum(a, of_a, b, of_b, out)

    def iota(*, dtype: Any, shape: Any, dimension: int, **_: Any) -> Array:
        length = [-1 if n == dimension else 1 for n in range(len(shape))]
        return np.broadcast_to(np.arange(shape[dimension], dtype=dtype).reshape(length), shape)

    def cut(x: Array, *, start_indices: Any, limit_indices: Any, strides: Any, **_: Any) -> Array:
        strides = strides or [1] * len(start_indices)
        return x[tuple(slice(a, b, s) for a, b, s in zip(start_indices, limit_indices, strides, strict=True))]

    def select(which: Array, *cases: Array, **_: Any) -> Array:
        return np.where(which, cases[1], cases[0]) if which.dtype == bool else np.choose(which, cases)

    def forward(a: Array, b: Array, unit: bool) -> Array:
        """The solution for a lower triangular matrix; infinite where the diagonal has a 0."""
        x = np.array(b)
        for k in range(a.shape[-1]):
            x[..., k, :] -= np.einsum("...j,...jm->...m", a[..., k, :k], x[..., :k, :])
            if not unit:
                x[..., k, :] /= a[..., k, k, None]
        return x

    def triangular(a: Array, b: Array, *, left_side: bool, lower: bool, transpose_a: bool,
                   conjugate_a: bool, unit_diagonal: bool, **_: Any) -> Array:  # fmt: skip
        if transpose_a:
            a, lower = np.swapaxes(a, -1, -2), not lower
        if not left_side:
            a, b, lower = np.swapaxes(a, -1, -2), np.swapaxes(b, -1, -2), not lower
        x = forward(a, b, unit_diagonal) if lower else (
            forward(a[..., ::-1, ::-1], b[..., ::-1, :], unit_diagonal)[..., ::-1, :]
        )  # fmt: skip
        return x if left_side else np.swapaxes(x, -1, -2)

    def lu(a: Array, **_: Any) -> list[Array]:
        """Rows exchanged so that the pivots are the largest; the factors, the exchanges, the order."""
        a = np.array(a)
        rows, columns = a.shape[-2:]
        count = min(rows, columns)
        flat = a.reshape(-1, rows, columns)
        pivots = np.zeros((len(flat), count), "int32")
        order = np.tile(np.arange(rows, dtype="int32"), (len(flat), 1))
        for n, matrix in enumerate(flat):
            for k in range(count):
                pivots[n, k] = p = k + int(np.argmax(np.abs(matrix[k:, k])))
                matrix[[k, p]], order[n, [k, p]] = matrix[[p, k]], order[n, [p, k]]
                if matrix[k, k] != 0:
                    matrix[k + 1 :, k] /= matrix[k, k]
                matrix[k + 1 :, k + 1 :] -= np.outer(matrix[k + 1 :, k], matrix[k, k + 1 :])
        outer = a.shape[:-2]
        return [a, pivots.reshape(*outer, count), order.reshape(*outer, rows)]

    def cumulated(x: Array, *, axis: int, reverse: bool) -> Array:
        return np.flip(np.cumprod(np.flip(x, axis), axis), axis) if reverse else np.cumprod(x, axis)

    def plain(function: Callable[..., Any]) -> Step:
        return lambda *args, **_: function(*args)

    def over(function: Callable[..., Any]) -> Step:
        return lambda x, *, axes, **_: function(x, axis=tuple(axes))

    same = lambda x, **_: x  # noqa: E731
    rows: dict[str, Callable[..., Any]] = {
        "add": np.add, "add_any": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide,
        "neg": np.negative, "sin": np.sin, "cos": np.cos, "tan": np.tan, "tanh": np.tanh, "sinh": np.sinh,
        "cosh": np.cosh, "exp": np.exp, "log": np.log, "log1p": np.log1p, "expm1": np.expm1, "sqrt": np.sqrt,
        "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "rsqrt": lambda x: 1 / np.sqrt(x),
        "square": np.square, "pow": np.power, "abs": np.abs, "sign": np.sign, "max": np.maximum,
        "min": np.minimum, "eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal,
        "gt": np.greater, "ge": np.greater_equal, "and": np.bitwise_and, "or": np.bitwise_or,
        "not": np.invert, "is_finite": np.isfinite,
    }  # fmt: skip
    table: dict[str, Step] = {name: plain(function) for name, function in rows.items()}
    table |= {
        "reduce_sum": over(np.sum), "reduce_max": over(np.max), "reduce_min": over(np.min),
        "reduce_prod": over(np.prod), "reduce_and": over(np.all), "reduce_or": over(np.any),
        "integer_pow": lambda x, *, y: x**y,
        "convert_element_type": lambda x, *, new_dtype, **_: np.asarray(x).astype(new_dtype),
        "reshape": lambda x, *, new_sizes, **_: np.reshape(x, new_sizes),
        "transpose": lambda x, *, permutation: np.transpose(x, permutation),
        "squeeze": lambda x, *, dimensions: np.squeeze(x, tuple(dimensions)),
        "concatenate": lambda *xs, dimension: np.concatenate(xs, dimension),
        "stack": lambda *xs, axis, **_: np.stack(xs, axis),
        "round": lambda x, **_: np.round(x),
        "copy": same, "copy_p": same, "stop_gradient": same, "device_put": same,
        "broadcast_in_dim": broadcast, "split": split, "dot_general": dot, "iota": iota, "slice": cut,
        "lu": lu, "rem": plain(np.fmod), "cumprod": cumulated, "tile": lambda x, *, reps: np.tile(x, reps),
        "select_n": select, "triangular_solve": triangular,
    }  # fmt: skip
    return table


def interpret(jaxpr: Any, consts: Any, args: Any) -> list[Array]:
    """The values of a traced program."""
    import numpy as np

    table = steps()
    env: dict[Any, Array] = dict(zip(jaxpr.constvars, map(np.asarray, consts), strict=True))
    env.update(zip(jaxpr.invars, args, strict=True))
    for eqn in jaxpr.eqns:
        operands = [np.asarray(v.val) if hasattr(v, "val") else env[v] for v in eqn.invars]
        found = step(eqn, operands, table)
        env.update(zip(eqn.outvars, found, strict=True))
    return [np.asarray(v.val) if hasattr(v, "val") else env[v] for v in jaxpr.outvars]


def step(eqn: Any, operands: list[Array], table: dict[str, Step]) -> list[Array]:
    name = eqn.primitive.name
    if name in table:
        found = table[name](*operands, **eqn.params)
        return found if eqn.primitive.multiple_results else [found]
    inner = eqn.params.get("jaxpr") or eqn.params.get("call_jaxpr")
    if name in ("jit", "pjit", "closed_call", "custom_jvp_call") and inner is not None:
        return interpret(inner.jaxpr, inner.consts, operands)
    if name == "custom_linear_solve":
        lengths, solve = eqn.params["const_lengths"], eqn.params["jaxprs"].solve
        first = lengths.matvec + lengths.vecmat
        consts = operands[first : first + lengths.solve]
        return interpret(solve.jaxpr, solve.consts, [*consts, *operands[sum(lengths) :]])
    if name == "cond":
        branch = eqn.params["branches"][int(operands[0])]
        return interpret(branch.jaxpr, branch.consts, operands[1:])
    return handed_back(eqn, operands)


def handed_back(eqn: Any, operands: list[Array]) -> list[Array]:
    """JAX's own evaluation of one step."""
    import numpy as np

    found = eqn.primitive.bind(*operands, **eqn.params)
    return list(map(np.asarray, found)) if eqn.primitive.multiple_results else [np.asarray(found)]
