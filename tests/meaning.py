"""The numbers a formula means: unequal sizes unless something ties them, random tensors and functions."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from oracle import World
from reading import expression

from idxcalc.expr import (
    Call,
    Component,
    Definition,
    Deriv,
    Diff,
    Index,
    Ref,
    Size,
    Variable,
    bound_here,
    own_slots,
    walk,
)
from idxcalc.expr import python_name as python


def symbols(node, found=None):
    """Every variable, function and size in a node, through definitions and bodies."""
    found = {} if found is None else found
    for part in walk(node):
        indices = [*bound_here(part), *(s for s in own_slots(part) if isinstance(s, Index))]
        found.update(dict.fromkeys(i.dim for i in indices))
        match part:
            case Component(variable, _):
                found[variable] = None
            case Size(dim):
                found[dim] = None
            case Call(function, _, _, _):
                found[function] = None
                if function.body is not None:
                    symbols(function.body, found)
            case Ref(definition, _):
                symbols(definition.body, found)
            case Deriv(_, Variable() as target, _):
                found[target] = None
            case Deriv(_, Definition() as target, _):
                symbols(target.body, found)
            case Diff(_, variables):
                found.update(dict.fromkeys(v.d() for v in variables))
    for variable in [v for v in found if isinstance(v, Variable)]:
        found.update(dict.fromkeys(variable.dims))
    return found


def world(*nodes, seed=0):
    """Values for all that stands in the expressions, unequal sizes for unequal size variables."""
    found = {}
    for node in nodes:
        symbols(node, found)
    lasts = sorted({d.last for d in found if hasattr(d, "last") and d.number is None})
    return World({last: size for size, last in enumerate(lasts, 2)}, seed), found


def code(made, function, order=0):
    """An unknown function of one argument as NumPy code; of one real, its derivative of the given order."""
    (weights,), phase = made.weights(function)

    def f(argument):
        if function.params == ((),):
            return weights**order * np.sin(phase + weights * argument + order * np.pi / 2)
        return np.sin(phase + np.tensordot(weights, argument, np.ndim(argument)))

    return f


def values(text, where, wrt="", seed=0):
    """The array of a formula over its free indices in order, and what it was computed from, by name."""
    expr, free = expression(where, text, wrt)
    made, found = world(expr, seed=seed)
    given = SimpleNamespace(world=made)
    for symbol in found:
        if isinstance(symbol, Variable):
            name = python(("d" if symbol.differential else "") + symbol.name)
            setattr(given, name, made.tensor(symbol))
        elif hasattr(symbol, "params") and symbol.body is None:
            for order, end in enumerate(("", "_prime", "_second")):
                setattr(given, python(symbol.name) + end, code(made, symbol, order))
    return made.array(expr, free), given


def assert_means(text, where, by_numpy, wrt=""):
    """The formula is the array that ``by_numpy`` computes from the same tensors and functions."""
    found, given = values(text, where, wrt)
    wanted = np.asarray(by_numpy(given))
    assert found.shape == wanted.shape, (found.shape, wanted.shape)
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-8)
