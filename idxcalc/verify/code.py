"""The author's own function against a formula: ``ctx.check_code``.

The function gets drawn values by keyword, named as in `python_name`; what it returns is compared with what
the formula says, on fresh sizes each time. What is wrong with it is said in words (`diagnose`), and what
it raises is shown, not passed on.
"""

from __future__ import annotations

import inspect
import linecache
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
from idxcalc.plan.backends import backend
from idxcalc.verify.diagnose import TOLERANCE, close, explanations, largest
from idxcalc.verify.result import Result, Verdict
from idxcalc.verify.samples import Names, Sample, double, library

TRIALS = 3
REDRAWS = 20
LIBRARIES = ("torch", "jax", "numpy")


class Fault(Exception):
    """What is wrong with the author's function, in words; malformed when it cannot even be called."""

    def __init__(self, message: str, verdict: Verdict = "refuted") -> None:
        super().__init__(message)
        self.verdict = verdict


def check_code(
    expr: Expr,
    order: tuple[Index, ...],
    origin: Expr,
    scope: Scope,
    text: str,
    function: Callable[..., Any],
    seed: int = 0,
) -> Result:
    """Run ``function`` on drawn values and compare it with ``expr``, which has the axes ``order``.

    ``origin`` is the formula as it was read, before it was worked out: it has all the names that the
    function may take. Raises `IdxcalcError` where the formula itself cannot be computed.
    """
    names = Names(origin, expr, order, scope)
    rng = backend("numpy").xp.random.default_rng(seed)
    result = Result("tested", latex=text, source=text, label=_called(function), trials=TRIALS)
    worst, seen, faults = 0.0, [], []
    for trial in range(TRIALS):
        sample, expected = _drawn(names, expr, order, trial, rng)
        seen.append({i.name: sample.shape((i.dim,))[0] + i.dim.start - 1 for i in order})
        try:
            found, tolerance = _answer(function, sample, text)
        except Fault as fault:
            if fault.verdict == "malformed":
                return replace(result, verdict="malformed", error=str(fault), trials=0)
            return _with(result, str(fault), seen[trial:], trial)
        if not close(found, expected, tolerance):
            faults.append((trial, sample, found, expected, tolerance))
            continue
        scale = float(abs(expected).max(initial=0.0)) or 1.0
        worst = max(worst, float(abs(found - expected).max(initial=0.0)) / scale)
    if faults:
        trial = faults[0][0]
        return _with(result, _explained(faults, expr, order), seen[trial:], trial)
    return replace(result, max_error=worst, sizes=tuple(seen))


def _with(result: Result, error: str, seen: list[dict[str, int]], trial: int) -> Result:
    """The refusal, with the sizes at which it came about."""
    at = ", ".join(f"{name} = {size}" for name, size in seen[0].items())
    return replace(
        result,
        verdict="refuted",
        error=f"{error}\nat sizes {at}" if at else error,
        trials=trial + 1,
        sizes=(seen[0],),
    )


def _drawn(names: Names, expr: Expr, order: tuple[Index, ...], trial: int, rng: Any) -> tuple[Sample, Any]:
    """Values at which the formula has one too."""
    np = backend("numpy").xp
    for _ in range(REDRAWS):
        sample = Sample(names, names.sizes(trial), rng)
        expected = sample.value(expr, order)
        if np.all(np.isfinite(expected)):
            return sample, expected
    known = [v.name for v in names.variables.values() if "positive" not in v.traits and not v.differential]
    raise IdxcalcError(
        f"no sample in the domain; declare what is positive, as in `{known[0]} positive`?"
        if known
        else "no sample in the domain"
    )


def _explained(faults: list[Any], expr: Expr, order: tuple[Index, ...]) -> str:
    """The first explanation that all failing trials share; else the component that differs most."""
    letters, shared = tuple(i.name for i in order), None
    for _, sample, found, expected, tolerance in faults:
        if found.shape == expected.shape or found.ndim <= expected.ndim + 1:
            factors = dict(_factors(sample, expr, order))
            here = dict.fromkeys(explanations(found, expected, letters, factors, tolerance))
            shared = here if shared is None else {text: None for text in shared if text in here}
        if not shared:
            break
    if shared:
        return next(iter(shared))
    _, _, found, expected, tolerance = faults[0]
    if found.shape != expected.shape:
        over = f" over ({','.join(letters)})" if letters else ""
        return f"the result has shape {found.shape}; the formula has {expected.shape}{over}"
    return largest(found, expected, letters, tuple(i.dim.start for i in order), tolerance)


def _factors(sample: Sample, expr: Expr, order: tuple[Index, ...]) -> Iterator[tuple[str, Any]]:
    """What a function may have forgotten to multiply by: variables, definitions, and parts of the formula."""
    np, shape = backend("numpy").xp, sample.shape([i.dim for i in order])
    parts = [p for p in walk(expr) if isinstance(p, Call | Elementary | Pow | Add | Sum | Size)]
    for part in dict.fromkeys([*sample.names.placed(order), *parts]):
        over = tuple(i for i in order if i in free(part))
        if free(part) <= set(order):
            value = sample.value(differentiate(part), over)
            if np.all(np.isfinite(value)) and np.any(value != 1):
                axes = [n if i in over else 1 for i, n in zip(order, shape, strict=True)]
                yield write(tidy(part)), value.reshape(axes)


# The author's function


def _called(function: Callable[..., Any]) -> str:
    name = getattr(function, "__name__", "")
    return name if name.isidentifier() else ""


def _answer(function: Callable[..., Any], sample: Sample, text: str) -> tuple[Any, float]:
    """What the function returns, as an array, and how exact it can be."""
    given = _arguments(function, sample)
    first: Exception | None = None
    for kind in _libraries(function):
        positional = [_of(kind, value) for name, value in given.items() if name.startswith("/")]
        keywords = {name: _of(kind, value) for name, value in given.items() if not name.startswith("/")}
        try:
            with double():
                found = function(*positional, **keywords)
        except Exception as error:  # whatever it is, the author shall see it
            first = first or error
            continue
        return _array(found, text)
    assert first is not None
    raise Fault(_raised(first, function, given))


def _arguments(function: Callable[..., Any], sample: Sample) -> dict[str, Any]:
    """The values that the function asks for, by name; a positional one has a slash before it."""
    try:
        # A PyTorch module says in `forward` what it takes.
        parameters = inspect.signature(getattr(function, "forward", function)).parameters.values()
    except (TypeError, ValueError):
        raise Fault(
            "the parameters of your function cannot be seen; wrap it: lambda x, w: ...", "malformed"
        ) from None
    known = [*sample.inputs, *sample.names.bodies]
    given: dict[str, Any] = {}
    for each in parameters:
        slash = "/" if each.kind is each.POSITIONAL_ONLY else ""
        if each.kind is each.VAR_KEYWORD:
            given |= {n: value for n, value in sample.inputs.items() if n not in given and "_prime" not in n}
        elif each.kind is not each.VAR_POSITIONAL and each.name in known:
            given[slash + each.name] = sample.named(each.name)
        elif each.kind is not each.VAR_POSITIONAL and each.default is each.empty:
            near = get_close_matches(each.name.lower(), known, 1, 0.5)
            hint = f"; did you mean {near[0]}?" if near else ""
            listed = ", ".join(dict.fromkeys(n for n in known if "_prime" not in n))
            raise Fault(f"nothing is called {each.name}{hint}; your function may take {listed}", "malformed")
    return given


def _libraries(function: Callable[..., Any]) -> list[str]:
    """Whose arrays to try: of those that the function's code mentions, or of all that are there."""
    found = set(_mentioned(function, set()))
    order = [kind for kind in LIBRARIES if kind in found]
    return order[:1] or [kind for kind in reversed(LIBRARIES) if kind in sys.modules]


def _mentioned(function: Any, seen: set[int]) -> Iterator[str]:
    """The array libraries that a function and the functions it calls refer to."""
    function = inspect.unwrap(getattr(function, "func", function))
    code, known = getattr(function, "__code__", None), getattr(function, "__globals__", {})
    if code is None or id(function) in seen:
        return
    seen.add(id(function))
    cells = inspect.getclosurevars(function).nonlocals if function.__closure__ else {}
    for name in _words(code):
        value = cells.get(name, known.get(name))
        home = (
            value.__name__
            if inspect.ismodule(value)
            else getattr(value, "__module__", "") or type(value).__module__
        )
        if home.split(".")[0].removesuffix("lib") in LIBRARIES:
            yield home.split(".")[0].removesuffix("lib")
        elif callable(value):
            yield from _mentioned(value, seen)


def _words(code: Any) -> Iterator[str]:
    yield from (*code.co_names, *code.co_freevars)
    for inner in code.co_consts:
        if inspect.iscode(inner):
            yield from _words(inner)


def _of(kind: str, value: Any) -> Any:
    """A drawn array as one of this library, the author's to keep; functions and sizes as they are."""
    if callable(value) or isinstance(value, int):
        return value
    match kind:
        case "torch":
            return sys.modules["torch"].tensor(value)
        case "jax":
            with double():
                return backend("jax").xp.asarray(value)
        case _:
            return value.copy()


def _array(found: Any, text: str) -> tuple[Any, float]:
    """What was returned, in double precision, and the tolerance that its own precision asks for."""
    np = backend("numpy").xp
    if found is None:
        raise Fault("your function returns nothing; is a `return` missing?")
    if isinstance(found, tuple | dict) or callable(found):
        count = "" if callable(found) else f" of {len(found)}"
        raise Fault(
            f"your function returns a {type(found).__name__}{count}; return the one array that {text} is"
        )
    try:
        if library(found).__name__ == "torch":
            found = (
                found.detach().cpu().double() if found.dtype.itemsize >= 8 else found.detach().cpu().float()
            )
        array = np.asarray(found)
        if np.iscomplexobj(array):
            raise Fault("your function returns complex numbers; the formula is real")
        exact = array.dtype.itemsize >= 8 or array.dtype.kind in "iub"
        return array.astype(float), TOLERANCE if exact else 1e-5 if array.dtype.itemsize == 4 else 1e-2
    except (TypeError, ValueError):
        raise Fault(f"your function returns no array of numbers, but a {type(found).__name__}") from None


def _raised(error: Exception, function: Callable[..., Any], given: Mapping[str, Any]) -> str:
    """An exception in one line, with the author's own line that it came from and the shapes given to it."""
    message = (str(error).strip() or "(no message)").splitlines()[0]
    said = f"your function raised {type(error).__name__}: {message[:200]}"
    code = getattr(inspect.unwrap(function), "__code__", None)
    own = [
        f
        for f in traceback.extract_tb(error.__traceback__)
        if code is not None and f.filename == code.co_filename
    ]
    if own and (line := (own[-1].line or linecache.getline(own[-1].filename, own[-1].lineno or 0)).strip()):
        said += f"\nin the line:  {line}"
    shapes = ", ".join(
        f"{n.lstrip('/')} {v.shape}" for n, v in given.items() if hasattr(v, "shape") and v.ndim
    )
    return f"{said}\nthe shapes were: {shapes}" if shapes else said
