"""Arrays of NumPy that know how fast they move, each operation's derivative being JAX's.

A `Moving` array is ``value + s change`` to first order in a parameter s of its own; several of them nest.
What is linear, such as a sum, acts on both parts. For any other operation, products included, JAX is asked
once how its value moves when its operands do (`jax.jvp`, traced for numbers); that program is carried out on
the parts, which may be moving themselves. So no derivative rule stands here, and no relation has to be traced
by JAX, which takes 10 ms apiece. The snippets have JAX differentiate the whole; tests hold the two together.

"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from types import SimpleNamespace
from typing import Any

from idxcalc.autodiff.samples import BLOCK, spread
from idxcalc.plan.backends import jax, numpy

Array = Any
NAMES = {
    "add_any": "add", "sub": "subtract", "mul": "multiply", "div": "divide", "neg": "negative",
    "pow": "power", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "max": "maximum",
    "min": "minimum", "eq": "equal", "ne": "not_equal", "lt": "less", "le": "less_equal", "gt": "greater",
    "ge": "greater_equal",
}  # fmt: skip
ALONG_AXES = ("sum", "einsum", "broadcast_to", "transpose")
"""Operations along axes; they are linear."""


@lru_cache(maxsize=1)
def tools() -> Any:
    """The modules, and the context in which JAX computes in float64."""
    # Older versions of JAX have it elsewhere.
    home = jax() if hasattr(jax(), "enable_x64") else jax().experimental
    return SimpleNamespace(jax=jax(), np=numpy(), x64=home.enable_x64)


class Moving:
    """``value + s change`` for the parameter ``tag``; the parts broadcast to the array's shape."""

    __slots__ = ("tag", "value", "change")
    __array_ufunc__ = None

    def __init__(self, tag: int, value: Array, change: Array) -> None:
        self.tag, self.value, self.change = tag, value, change

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(tools().np.broadcast_shapes(lengths(self.value), lengths(self.change)))

    def __getitem__(self, key: Any) -> Moving:
        return self.each(lambda part: part[key] if lengths(part) else part)

    def each(self, linear: Callable[[Array], Array]) -> Moving:
        return Moving(self.tag, linear(self.value), linear(self.change))


for _name, _sign in {"add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide"}.items():
    setattr(Moving, f"__{_name}__", lambda a, b, name=_sign: getattr(module, name)(a, b))
    setattr(Moving, f"__r{_name}__", lambda a, b, name=_sign: getattr(module, name)(b, a))


def lengths(array: Array) -> tuple[int, ...]:
    """The lengths of the axes; a number has none."""
    return getattr(array, "shape", ())


class Module:
    """NumPy's functions, for arrays that may be moving."""

    def __getattr__(self, name: str) -> Callable[..., Array]:
        function = partial(lifted, getattr(tools().np, name), name)
        setattr(self, name, function)  # found at once the next time
        return function


module: Any = Module()


def lifted(function: Callable[..., Array], name: str, *args: Any) -> Array:
    """A function of NumPy, by its name, at arrays of which some move."""
    tag = 0
    for a in args:
        if type(a) is Moving and a.tag > tag:
            tag = a.tag
    if not tag:
        return function(*args)
    if name in ALONG_AXES:
        (array,) = (a for a in args if type(a) is Moving)
        full = array.each(lambda part: module.broadcast_to(part, array.shape))
        return full.each(lambda part: lifted(function, name, *(part if a is array else a for a in args)))
    moves = tuple(type(a) is Moving and a.tag == tag for a in args)
    values = [a.value if moved else a for a, moved in zip(args, moves, strict=True)]
    changes = [a.change if moved else 0.0 for a, moved in zip(args, moves, strict=True)]
    value = lifted(function, name, *values)
    if name == "where":
        return Moving(tag, value, module.where(args[0], *changes[1:]))
    if getattr(value, "dtype", "") == "bool":
        return value
    closed = pushed(name, moves)
    inputs = (*values, *(c for c, moved in zip(changes, moves, strict=True) if moved))
    return Moving(tag, value, interpret(closed.jaxpr, closed.consts, inputs))


@lru_cache(maxsize=256)
def pushed(name: str, moves: tuple[bool, ...]) -> Any:
    """JAX's program for how fast a function of numbers moves when some of its operands do."""
    jax = tools().jax
    function = getattr(jax.numpy, name)

    def change(operands: list[Any], changes: list[Any]) -> Any:
        def function_of(*moving: Any) -> Any:
            rest = iter(moving)
            return function(*(next(rest) if m else a for a, m in zip(operands, moves, strict=True)))

        return jax.jvp(function_of, [a for a, m in zip(operands, moves, strict=True) if m], changes)[1]

    with tools().x64(True), jax.disable_jit():
        return jax.make_jaxpr(change)([0.5] * len(moves), [1.0] * sum(moves))


STEPS: dict[str, Callable[..., Array]] = {
    "integer_pow": lambda x, y: module.power(x, float(y)),
    "pow": lambda x, y: 1.0 if isinstance(y, float) and y == 0.0 else module.power(x, y),  # also where x is 0
    "rsqrt": lambda x, **_: module.power(x, -0.5),
    "select_n": lambda which, no, yes: module.where(which, yes, no),
    "convert_element_type": lambda x, **_: module.multiply(x, 1.0),
}
"""What NumPy has under no name of its own, as JAX's primitives of numbers."""


def interpret(jaxpr: Any, consts: Any, inputs: Any) -> Array:
    """The value of a program of JAX for numbers, carried out on arrays."""
    env = dict(zip((*jaxpr.constvars, *jaxpr.invars), (*consts, *inputs), strict=True))
    for eqn in jaxpr.eqns:
        operands = [v.val if hasattr(v, "val") else env[v] for v in eqn.invars]
        name = eqn.primitive.name
        options = eqn.params if name in STEPS else {}
        step = STEPS.get(name) or getattr(module, NAMES.get(name, name))
        env[eqn.outvars[0]] = step(*operands, **options)
    (out,) = jaxpr.outvars
    return out.val if hasattr(out, "val") else env[out]


@lru_cache(maxsize=256)
def drawn(seed: int, mode: str) -> Array:
    """A block of values, a row per sample; always as many, for another shape costs JAX a compilation."""
    random = tools().jax.random
    with tools().x64(True):
        return spread(tools().np, tools().np.asarray(random.normal(random.key(seed), BLOCK)), mode)
