"""What an expression mentions, through definitions and bodies."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from idxcalc.expr.nodes import Call, Component, Deriv, Expr, Ref
from idxcalc.expr.symbols import Definition, Function, Index, Variable
from idxcalc.expr.walk import Part, children, transform

Symbol = Variable | Definition


def parts(*nodes: Part) -> tuple[Part, ...]:
    """All that stands in the nodes and in the definitions and bodies used there; each once, inner first."""
    found: dict[Part, None] = {}
    stack = list(reversed(nodes))
    while stack:
        top = stack[-1]
        used = own(top.function) if isinstance(top, Call) else getattr(top, "definition", None)  # of a Ref
        body = [] if used is None or used.body is None else [used.body]
        inner = [part for part in (*children(top), *body) if part not in found]
        if inner:
            stack.extend(reversed(inner))
        else:
            found[stack.pop()] = None
    return tuple(found)


@lru_cache(maxsize=4096)
def symbols(node: Part) -> frozenset[Symbol | Function]:
    """Variables, definitions and functions that stand in ``node``, through definitions and bodies."""
    found = (part for part in parts(node) if isinstance(part, Component | Ref | Call))
    return frozenset(getattr(part, part.__match_args__[0]) for part in found)  # the symbol stands first


def hidden(name: str) -> bool:
    """Whether a name was made here."""
    return name.startswith("?")


@lru_cache(maxsize=1024)
def own(function: Function) -> Function:
    """A function with placeholders of its own: what has their names elsewhere is not meant."""
    if function.body is None:
        given = tuple(Variable(f"?u{n}", dims) for n, dims in enumerate(function.params))
        out = tuple(Index(f"?o{n}", dim) for n, dim in enumerate(function.out))
        return replace(function, placeholders=given, indices=out)
    names = {p: replace(p, name=f"?{function.name} {p.name}") for p in function.placeholders}

    def put(part: Expr) -> Expr:
        match part:
            case Component(variable, at) if variable in names:
                return Component(names[variable], at)
            case Deriv(body, target, at) if target in names:
                return Deriv(body, names[target], at)
            case _:
                return part

    return replace(function, placeholders=tuple(names.values()), body=transform(function.body, put))
