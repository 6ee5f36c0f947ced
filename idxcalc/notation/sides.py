"""Two sides whose free letters differ, said in a sentence."""

from __future__ import annotations

from idxcalc.errors import IdxcalcError, Span
from idxcalc.notation.reader import Reader, braces


def sides_differ(
    reader: Reader, left: set[str], right: set[str], span: Span, summed: dict[str, Span]
) -> IdxcalcError:
    """The message for sides whose free letters differ; with the way out when one of them is summed."""
    for name in sorted(left - right):
        if name in summed:
            return reader.fail(free_and_summed(name, "right", "left"), summed[name])
    for name in sorted(right - left):
        if name in summed and name not in left:
            return reader.fail(free_and_summed(name, "left", "right"), summed[name])
    why = reader.remark(left ^ right, Span(0, span.stop))
    return reader.fail(f"left side {braces(left)}, right side {braces(right)}{why}", span)


def free_and_summed(name: str, here: str, there: str) -> str:
    return f'on the {here} {name} is summed, on the {there} it is free; add "(no sum on ${name}$)"'
