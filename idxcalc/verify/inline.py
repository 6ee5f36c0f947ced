"""The indices of a formula inside a sentence.

A sentence names things that are no statements: a letter, a list, a shape. So only what reads as an index
expression of its context is judged, and only by its indices; everything else passes. Nothing is verified.
"""

from __future__ import annotations

import re

from idxcalc.errors import IdxcalcError, Span
from idxcalc.notation import relations
from idxcalc.verify.context import Context
from idxcalc.verify.hints import pairs
from idxcalc.verify.result import Result

INDICES = re.compile(
    r"^the terms have free indices|^left side \{|stands \w+ times in one product|repeats across a fraction"
    r"|^a power and a repeated index|\bhas \d+ ind(ex|ices), not [1-9]|^only . is the subscript|^the size of "
)
"""The refusals of `notation` that are about indices."""


def check_inline(context: Context, text: str) -> Result | None:
    r"""What is wrong with the indices of ``text``, or None.

    >>> check_inline(Context("x_i, y_i"), "x_i + y_j").error
    'the terms have free indices {i} and {j}'
    >>> check_inline(Context("x_i, y_i"), r"i = 1, \dots, n") is None
    True
    """
    try:
        found = pairs(text)
        for chain, number in found:
            relations.read(context.scope, text, chain, number, None)
        if not found:
            relations.expression(context.scope, text, None)
    except IdxcalcError as error:
        if not INDICES.search(error.message):
            return None
        span = error.span or Span(0, len(text))
        return Result("malformed", error=error.message, source=text, span=span)
    return None
