"""The author's own function against a formula: ``ctx.check_code``.

The function gets drawn arrays by keyword, named as in `python_name`; its answer is compared with the
formula's, on fresh sizes each time, and what is wrong with it is said in words: its shape, that it is
transposed, that it lacks a factor, or which component differs and by how much.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Mapping
from typing import Any

from idxcalc import plan
from idxcalc.autodiff.backend import tools
from idxcalc.errors import IdxcalcError, Span
from idxcalc.expr import Call, Component, Dim, Expr, Function, Index, Ref, Variable, free, opened, python_name, walk
from idxcalc.plan.backends import backend
from idxcalc.verify.result import Result

TRIALS = 3
TOLERANCE = 1e-6
"""Relative; the author's function may work in single precision."""


def check_code(expr: Expr, order: tuple[Index, ...], text: str, function: Callable[..., Any], seed: int = 0) -> Result:
    """Run ``function`` on drawn inputs and compare it with the formula ``expr``, whose axes are ``order``."""
    compiled = plan.compile(expr, "jax", order)
    np = backend("numpy").xp
    rng = np.random.default_rng(seed)
    worst = 0.0
    sizes_seen: list[dict[str, int]] = []
    for trial in range(TRIALS):
        sizes = {dim: _size(dim, number, trial) for number, dim in enumerate(_dims(expr, order))}
        inputs = _inputs(expr, sizes, rng)
        with tools().x64(True):
            expected = np.asarray(compiled(**{name: inputs[name] for name in compiled.arguments}))
        with tools().x64(True):
            found = _run(function, inputs, text)
        sizes_seen.append({i.name: sizes[i.dim] for i in order})
        fault = _fault(np, found, expected, order, inputs, function)
        if fault is not None:
            shown = sizes_seen[-1:] if order else []
            return Result("refuted", latex=text, source=text, span=Span(0, len(text)), error=fault, trials=trial + 1,
                          sizes=tuple(shown))  # fmt: skip
        scale = float(np.max(np.abs(expected))) or 1.0
        worst = max(worst, float(np.max(np.abs(found - expected))) / scale)
    return Result("tested", latex=text, source=text, max_error=worst, trials=TRIALS, sizes=tuple(sizes_seen))


def _parts(expr: Expr) -> list[Any]:
    found: list[Any] = []
    for part in walk(expr):
        found.append(part)
        if isinstance(part, Ref):
            found += _parts(opened(part))
        if isinstance(part, Call) and part.function.body is not None:
            found += _parts(part.function.body)
    return found


def _symbols(expr: Expr) -> tuple[dict[str, Variable], dict[str, Function]]:
    """Variables and unknown functions by their Python names."""
    parts = _parts(expr)
    hidden = {v for p in parts if isinstance(p, Call) for v in p.function.placeholders}
    variables = {
        ("d" if v.differential else "") + python_name(v.name): v
        for p in parts if isinstance(p, Component) and (v := p.variable) not in hidden
    }  # fmt: skip
    functions = {python_name(f.name): f for p in parts if isinstance(p, Call) and (f := p.function).body is None}
    return variables, functions


def _dims(expr: Expr, order: tuple[Index, ...]) -> list[Dim]:
    variables, _ = _symbols(expr)
    found = dict.fromkeys(d for v in variables.values() for d in v.dims)
    found |= dict.fromkeys(i.dim for i in (*order, *free(expr)))
    return list(found)


def _size(dim: Dim, number: int, trial: int) -> int:
    """A last value: every size another one, so that a transposition cannot pass unseen."""
    return dim.number if dim.number is not None else 2 + (number + trial) % 5 + (number // 5)


def _inputs(expr: Expr, sizes: Mapping[Dim, int], rng: Any) -> dict[str, Any]:
    variables, functions = _symbols(expr)
    np = backend("numpy").xp
    drawn: dict[str, Any] = {}
    for name, variable in sorted(variables.items()):
        shape = tuple(sizes[d] - d.start + 1 for d in variable.dims)
        values = rng.normal(size=shape)
        if "positive" in variable.traits:
            values = np.abs(values) + 0.3
        if "negative" in variable.traits:
            values = -np.abs(values) - 0.3
        if "integer" in variable.traits:
            values = np.round(3 * values)
        if variable.traits & {"symmetric", "antisymmetric"}:
            turned = [np.transpose(values, p) for p in itertools.permutations(range(len(shape)))]
            signs = [1 if "symmetric" in variable.traits else _parity(p) for p in itertools.permutations(range(len(shape)))]
            values = sum(s * t for s, t in zip(signs, turned, strict=True)) / len(turned)
        if "invertible" in variable.traits:
            values = values + 2 * np.eye(shape[0])
        for slots, number in variable.fixed:
            values[tuple(s - d.start for s, d in zip(slots, variable.dims, strict=True))] = float(number)  # type: ignore[arg-type]
        drawn[name] = values
    jnp = backend("jax").xp
    for name, unknown in functions.items():
        if unknown.params != ((),) or unknown.out:
            raise IdxcalcError(f"{unknown.name} is unknown; define it, so that your function and the formula use the same")
        drawn[name] = lambda z: jnp.sin(1.3 * z) + 0.2 * z * z
    return drawn


def _parity(permutation: tuple[int, ...]) -> int:
    return (-1) ** sum(a > b for a, b in itertools.combinations(permutation, 2))


def _run(function: Callable[..., Any], inputs: dict[str, Any], text: str) -> Any:
    """Call the author's function with those inputs that it names."""
    np = backend("numpy").xp
    parameters = inspect.signature(function).parameters.values()
    takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters)
    named = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    unknown = sorted(p.name for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD and p.name not in inputs)
    if unknown:
        known = ", ".join(sorted(inputs))
        raise IdxcalcError(f"your function takes {unknown[0]}, which the formula does not have; it has {known}", text, Span(0, len(text)))
    given = {name: value for name, value in inputs.items() if takes_all or name in named}
    try:
        return np.asarray(function(**given), dtype=float)
    except (TypeError, AttributeError):
        torch = _loaded_torch()
        if torch is None:
            raise
        tensors = {n: torch.as_tensor(v) if isinstance(v, np.ndarray) else v for n, v in given.items()}
        return np.asarray(function(**tensors).detach(), dtype=float)


def _loaded_torch() -> Any:
    """PyTorch, if the author's own program uses it."""
    import sys

    return sys.modules.get("torch")


def _fault(np: Any, found: Any, expected: Any, order: tuple[Index, ...], inputs: dict[str, Any], function: Any) -> str | None:
    """What is wrong with the answer, in words; None if nothing is."""
    close = lambda a, b: a.shape == b.shape and np.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE * max(1.0, np.max(np.abs(b))))  # noqa: E731
    if close(found, expected):
        return None
    for axes in itertools.permutations(range(expected.ndim)):
        if list(axes) != sorted(axes) and close(found, np.transpose(expected, axes)):
            if expected.ndim == 2:
                return "the result is transposed"
            names = "".join(order[a].name for a in axes)
            return f"the axes are permuted: the result is ordered {names}, the formula {''.join(i.name for i in order)}"
    if found.shape != expected.shape:
        return f"the result has shape {found.shape}, the formula {expected.shape} over ({','.join(i.name for i in order)})"
    factor = _factor(np, found, expected)
    if factor is not None:
        return f"the result lacks a factor {factor}" if not factor.startswith("-") else f"the result has the wrong sign{'' if factor == '-1' else f' and lacks a factor {factor[1:]}'}"
    lacking = _lacking(np, found, expected, inputs, close)
    if lacking is not None:
        return f"the result lacks a factor {lacking}"
    gap = np.abs(found - expected)
    at = np.unravel_index(int(np.nanargmax(np.where(np.isfinite(gap), gap, np.inf))), gap.shape) if gap.ndim else ()
    where = ",".join(str(int(a) + i.dim.start) for a, i in zip(at, order, strict=True))
    names = ",".join(i.name for i in order)
    component = f"component ({names}) = ({where}): " if order else ""
    wrong = int(np.sum(gap > TOLERANCE * max(1.0, float(np.max(np.abs(expected))))))
    return f"{component}your function {float(found[at]):.6g}, the formula {float(expected[at]):.6g}; {wrong} of {gap.size} components differ"


def _factor(np: Any, found: Any, expected: Any) -> str | None:
    """The number that would make them equal, as a small fraction."""
    from fractions import Fraction

    if not np.any(np.abs(found) > 1e-12):
        return None
    ratio = float(np.sum(found * expected) / np.sum(found * found))
    if not np.allclose(ratio * found, expected, rtol=TOLERANCE, atol=TOLERANCE):
        return None
    near = Fraction(ratio).limit_denominator(12)
    return str(near) if abs(float(near) - ratio) < 1e-5 else f"{ratio:.6g}"


def _lacking(np: Any, found: Any, expected: Any, inputs: dict[str, Any], close: Any) -> str | None:
    """An input that, multiplied along some axis, makes them equal."""
    for name, value in inputs.items():
        if callable(value) or value.ndim != 1:
            continue
        for axis in range(expected.ndim):
            if expected.shape[axis] == value.shape[0]:
                shape = [1] * expected.ndim
                shape[axis] = -1
                if close(found * value.reshape(shape), expected):
                    return name
    return None


