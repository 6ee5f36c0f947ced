"""The author's own function against a formula: ``ctx.check_code``.

The function gets drawn values by keyword, named as in `python_name`; what it returns is compared with what
the formula says, on fresh sizes each time. What is wrong with it is said in words (`diagnose`), and what
it raises is shown, not passed on.
"""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from idxcalc.calculus import differentiate
from idxcalc.errors import IdxcalcError
from idxcalc.expr import Add, Call, Elementary, Expr, Index, Pow, Size, Sum, free, walk
from idxcalc.notation.scope import Scope
from idxcalc.notation.write import tidy, write
from idxcalc.plan.backends import backend, numpy
from idxcalc.verify.diagnose import TOLERANCE, close, explanations, largest
from idxcalc.verify.result import Result
from idxcalc.verify.samples import World, double, library

TRIALS = 3
REDRAWS = 20
LIBRARIES = ("numpy", "jax", "torch")


class Fault(Exception):
    """What is wrong with the author's function, in words."""


class Uncallable(Fault):
    """Why it cannot even be called."""


def check_code(formula: Any, scope: Scope, text: str, function: Callable[..., Any], seed: int = 0) -> Result:
    """Run ``function`` on drawn values and compare it with a formula (`Derivation`) as read in ``scope``.

    Raises `IdxcalcError` where the formula itself cannot be computed.
    """
    rng, name = numpy().random.default_rng(seed), getattr(function, "__name__", "")
    result = Result("tested", latex=text, source=text, label=name if name.isidentifier() else "")
    worst, seen, faults = 0.0, [], []
    for trial in range(TRIALS):
        world, expected = _drawn(formula, scope, trial, rng)
        seen.append({i.name: world.last(i.dim) for i in formula.free})
        try:
            found, tolerance = _answer(function, world, text)
        except Uncallable as fault:
            return replace(result, verdict="malformed", error=str(fault))
        except Fault as fault:
            return _refused(result, str(fault), trial, seen)
        if close(found, expected, tolerance):
            scale = float(abs(expected).max(initial=0.0)) or 1.0
            worst = max(worst, float(abs(found - expected).max(initial=0.0)) / scale)
        else:
            faults.append((trial, world, found, expected, tolerance))
    if faults:
        return _refused(result, _explained(faults, formula.expr, formula.free), faults[0][0], seen)
    return replace(result, max_error=worst, trials=TRIALS, sizes=tuple(seen))


def _refused(result: Result, error: str, trial: int, seen: list[dict[str, int]]) -> Result:
    """The refusal, with the sizes at which it came about."""
    at = ", ".join(f"{name} = {size}" for name, size in seen[trial].items())
    error = f"{error}\nat sizes {at}" if at else error
    return replace(result, verdict="refuted", error=error, trials=trial + 1, sizes=(seen[trial],))


def _drawn(formula: Any, scope: Scope, trial: int, rng: Any) -> tuple[World, Any]:
    """Values at which the formula has one too."""
    for _ in range(REDRAWS):
        # As it was read it has all the names that the function may take; as worked out, perhaps a dx.
        world = World((formula.origin, formula.expr), scope, trial, rng)
        expected = world.value(formula.expr, formula.free)
        if numpy().all(numpy().isfinite(expected)):
            return world, expected
    raise IdxcalcError("no sample in the domain")


def _explained(faults: list[Any], expr: Expr, order: tuple[Index, ...]) -> str:
    """The first explanation that all failing trials share; else the component that differs most."""
    letters, shared = tuple(i.name for i in order), None
    for _, world, found, expected, tolerance in faults:
        if shared is None or shared:
            here = explanations(found, expected, letters, dict(_factors(world, expr, order)), tolerance)
            shared = [text for text in dict.fromkeys(here) if shared is None or text in shared]
    if shared:
        return shared[0]
    _, _, found, expected, tolerance = faults[0]
    if found.shape != expected.shape:
        over = f" over ({','.join(letters)})" if letters else ""
        return f"the result has shape {found.shape}; the formula has {expected.shape}{over}"
    return largest(found, expected, letters, tuple(i.dim.start for i in order), tolerance)


def _factors(world: World, expr: Expr, order: tuple[Index, ...]) -> Iterator[tuple[str, Any]]:
    """What a function may have forgotten to multiply by: variables, definitions, and parts of the formula."""
    np, shape = numpy(), world.shape([i.dim for i in order])
    parts = [p for p in walk(expr) if isinstance(p, Call | Elementary | Pow | Add | Sum | Size)]
    for part in dict.fromkeys([*world.placed(order), *parts]):
        over = tuple(i for i in order if i in free(part))
        if free(part) <= set(order):
            value = world.value(differentiate(part), over)
            if np.all(np.isfinite(value)) and np.any(value != 1):
                axes = [n if i in over else 1 for i, n in zip(order, shape, strict=True)]
                yield write(tidy(part)), value.reshape(axes)


# The author's function


def _answer(function: Callable[..., Any], world: World, text: str) -> tuple[Any, float]:
    """What the function returns for the arrays of a library that it can take, and how exact it can be."""
    try:
        # A PyTorch module says in `forward` what it takes.
        signature = inspect.signature(getattr(function, "forward", function))
    except (TypeError, ValueError):
        advice = "the parameters of your function cannot be seen; wrap it: lambda x, w: ..."
        raise Uncallable(advice) from None
    given = _arguments(signature, world)
    errors: list[Exception] = []
    for kind in (kind for kind in LIBRARIES if kind in sys.modules):
        bound = inspect.BoundArguments(signature, {n: _of(kind, v) for n, v in given.items()})
        try:
            with double():
                found = function(*bound.args, **bound.kwargs)
        except Exception as error:  # whatever it is, the author shall see it
            errors.append(error)
            continue
        return _array(found, text)
    # A library that is given the arrays of another one complains of their type.
    telling = [error for error in errors if not isinstance(error, TypeError | AttributeError)]
    raise Fault(_raised((telling or errors)[0], function, given))


def _arguments(signature: inspect.Signature, world: World) -> dict[str, Any]:
    """The values that a function asks for, by the names of its parameters."""
    known = [name for name in (*world.inputs, *world.bodies) if "_prime" not in name]
    given: dict[str, Any] = {}
    for each in signature.parameters.values():
        if each.kind is each.VAR_KEYWORD:
            given[each.name] = {n: world.inputs[n] for n in known if n in world.inputs and n not in given}
        elif each.kind is not each.VAR_POSITIONAL and each.name in (*world.inputs, *known):
            given[each.name] = world.named(each.name)
        elif each.kind is not each.VAR_POSITIONAL and each.default is each.empty:
            near = get_close_matches(each.name.lower(), [*world.inputs, *known], 1, 0.5)
            hint = f"; did you mean {near[0]}?" if near else ""
            listed = ", ".join(dict.fromkeys(known))
            raise Uncallable(f"nothing is called {each.name}{hint}; your function may take {listed}")
    return given


def _of(kind: str, value: Any) -> Any:
    """A drawn array as one of this library, the author's to keep; functions and sizes as they are."""
    if isinstance(value, dict):
        return {name: _of(kind, each) for name, each in value.items()}
    if callable(value) or isinstance(value, int):
        return value
    if kind == "torch":
        return sys.modules["torch"].tensor(value)
    with double(kind == "jax"):
        return backend(kind).array(value)


def _array(found: Any, text: str) -> tuple[Any, float]:
    """What was returned, in double precision, and the tolerance that its own precision asks for."""
    np, kind = numpy(), type(found).__name__
    if found is None:
        raise Fault("your function returns nothing; is a `return` missing?")
    if isinstance(found, tuple | dict) or callable(found):
        count = "" if callable(found) else f" of {len(found)}"
        raise Fault(f"your function returns a {kind}{count}; return the one array that {text} is")
    try:
        if library(found).__name__ == "torch":
            found = found.detach().cpu()
            found = found.double() if found.dtype.itemsize >= 8 else found.float()
        array = np.asarray(found)
        if np.iscomplexobj(array):
            raise Fault("your function returns complex numbers; the formula is real")
        exact = array.dtype.itemsize >= 8 or array.dtype.kind in "iub"
        return array.astype(float), TOLERANCE if exact else 1e-5 if array.dtype.itemsize == 4 else 1e-2
    except (TypeError, ValueError):
        raise Fault(f"your function returns no array of numbers, but a {kind}") from None


def _raised(error: Exception, function: Callable[..., Any], given: Mapping[str, Any]) -> str:
    """An exception in one line, with the author's own line that it came from and the shapes given to it."""
    message = (str(error).strip() or "(no message)").splitlines()[0]
    said = [f"your function raised {type(error).__name__}: {message[:200]}"]
    code = getattr(inspect.unwrap(function), "__code__", None)
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if code is not None and f.filename == code.co_filename]
    if own and (line := own[-1].line):
        said.append(f"in the line:  {line}")
    shaped = {n: v.shape for n, v in given.items() if getattr(v, "shape", ())}
    if shaped:
        said.append(f"the shapes were: {', '.join(f'{n} {shape}' for n, shape in shaped.items())}")
    return "\n".join(said)
