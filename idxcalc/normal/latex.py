"""A short text for a part of a normal form, to name it in an assumption."""

from __future__ import annotations

from idxcalc.expr import (
    Add, Call, Component, Constant, Delta, Det, Elementary, Inverse, Lambda, Mul, Num, Part, Pow, Ref, Size,
    Slot, Sum,
)  # fmt: skip


def latex(node: Part) -> str:
    """LaTeX for people; where it would get long, an ellipsis."""
    text = _write(node)
    return text if len(text) <= 80 else r"\dots"


def _sub(slots: tuple[Slot, ...]) -> str:
    names = [str(s) if isinstance(s, int) else s.name.replace("#", "k_").replace("$", "k_") for s in slots]
    return f"_{{{''.join(names)}}}" if names else ""


def _write(node: Part) -> str:
    match node:
        case Num(value):
            return str(value)
        case Constant(name):
            return rf"\{name}" if name == "pi" else name
        case Size(dim):
            return dim.last.lstrip("?")
        case Component(variable, slots):
            return f"{'d' * variable.differential}{variable.name}{_sub(slots)}"
        case Ref(definition, slots):
            return definition.name + _sub(slots)
        case Delta(left, right):
            return r"\delta" + _sub((left, right))
        case Add(terms):
            return " + ".join(map(_write, terms)).replace("+ -", "- ")
        case Mul((Num(value), *rest)) if value == -1 and rest:
            return "-" + _write(Mul(tuple(rest)))
        case Mul(factors):
            return r"\,".join(f"({_write(f)})" if isinstance(f, Add) else _write(f) for f in factors)
        case Pow(base, exponent):
            plain = isinstance(base, Component) and not base.slots
            return (_write(base) if plain else f"({_write(base)})") + f"^{{{_write(exponent)}}}"
        case Sum(index, body, _):
            return rf"\sum{_sub((index,))} {_write(body)}"
        case Lambda(_, body):
            return _write(body)
        case Elementary(name, args):
            return rf"\{name}({', '.join(map(_write, args))})"
        case Call(function, out, derivs, args):
            tail = "," + "".join(_sub(slots)[2:-1] or "'" for _, slots in derivs) if derivs else ""
            head = f"{function.name}_{{{_sub(out)[2:-1]}{tail}}}" if out or derivs else function.name
            return f"{head}({', '.join(map(_write, args))})"
        case Inverse(matrix, row, column):
            return f"({_write(matrix)})^{{-1}}{_sub((row, column))}"
        case Det(matrix):
            return rf"\det({_write(matrix)})"
        case _:
            return r"\dots"
