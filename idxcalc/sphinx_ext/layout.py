r"""Where the author's TeX breaks into rows, and how the rows are put into one display.

A display's rows end at ``\\`` outside of braces and environments; in a definition each line is a row.
What is added is layout alone: an environment, the page's numbers as ``\tag``, and an ``&`` before the
first ``=`` of each row where the author aligned none.

Invariant: apart from these the TeX stays as it was read by the checker.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_PIECE = re.compile(
    r"\\begin(?=\s*\{)|\\end(?=\s*\{)|\\\\(?:\s*\[[^]]*\])?|\\left|\\right|\\.|[{}=]|\$|&", re.S
)
_ATTRIBUTE = re.compile(
    r"(?<![\\\w])(constant|symmetric|antisymmetric|invertible|positive|negative|integer)\b,?"
)


def _pieces(tex: str) -> Iterator[tuple[re.Match[str], int]]:
    """The marks of the TeX that matter, each with its depth in braces and environments."""
    depth = 0
    for piece in _PIECE.finditer(tex):
        depth -= piece.group() in ("}", r"\end")
        yield piece, depth
        depth += piece.group() in ("{", r"\begin")


def rows(tex: str) -> tuple[str, ...]:
    r"""The rows of a display.

    >>> rows(r"a &= b \\ &= c")
    ('a &= b', '&= c')
    """
    found, start = [], 0
    for piece, depth in _pieces(tex):
        if depth == 0 and piece.group().startswith("\\\\"):
            found.append(tex[start : piece.start()].strip())
            start = piece.end()
    found.append(tex[start:].strip())
    return tuple(row for row in found if row)


def definition_rows(tex: str) -> tuple[str, ...]:
    r"""The rows of a list of definitions: a line each, unless the author breaks them by ``\\``.

    >>> definition_rows("a = b\nL = c")
    ('a = b', 'L = c')
    """
    if len(rows(tex)) > 1 or any(depth == 0 and p.group() == "&" for p, depth in _pieces(tex)):
        return rows(tex)
    return tuple(line.strip() for line in tex.splitlines() if line.strip())


def aligned(lines: Sequence[str]) -> tuple[str, ...]:
    r"""Several rows, aligned at their first ``=`` unless the author aligned any.

    >>> aligned(["a = b", "L_{[i = j]} = c"])
    ('a &= b', 'L_{[i = j]} &= c')
    """
    marks = [(p, depth) for p, depth in _pieces("\n".join(lines)) if p.group() == "&"]
    if len(lines) < 2 or any(depth == 0 for _, depth in marks):
        return tuple(lines)
    found = []
    for line in lines:
        first = next((p.start() for p, depth in _pieces(line) if depth == 0 and p.group() == "="), len(line))
        found.append(line[:first] + "&" * (first < len(line)) + line[first:])
    return tuple(found)


def display(lines: Sequence[str], tags: Sequence[str] = ()) -> str:
    r"""One display of all rows; a tag is printed at the end of its row.

    >>> print(display(["a = b"], ["1"]))
    \begin{equation*}
    a = b \tag{1}
    \end{equation*}
    """
    tagged = [f"{row} \\tag{{{tag}}}" for row, tag in zip(lines, tags, strict=True)] if tags else list(lines)
    lines = aligned(lines)
    many = len(lines) > 1 or any(depth == 0 and p.group() == "&" for p, depth in _pieces("\n".join(lines)))
    name = "align*" if many else "equation*"
    return "\n".join([rf"\begin{{{name}}}", " \\\\[0.3em]\n".join(tagged), rf"\end{{{name}}}"])


def balanced(tex: str) -> bool:
    r"""Whether TeX can read it at all: braces and ``\left``, ``\right`` pair, no second script.

    >>> balanced("x_{ij"), balanced("x_i_j"), balanced("x_i^2 y_{ij}")
    (False, False, True)
    """
    depth = pairs = 0
    for piece in _PIECE.finditer(tex):
        mark = piece.group()
        depth += (mark == "{") - (mark == "}")
        pairs += (mark == r"\left") - (mark == r"\right")
        if depth < 0 or pairs < 0:
            return False
    return depth == pairs == 0 and not _TWICE.search(tex) and all(map(_printable, tex))


def _printable(char: str) -> bool:
    return char.isprintable() or char in "\n\t"


_SCRIPT = r"(?:\{[^{}]*\}|\\[a-zA-Z]+|[^\s{}\\])"
_TWICE = re.compile(rf"_\s*{_SCRIPT}\s*_|\^\s*{_SCRIPT}\s*\^|[_^]\s*$")


def declarations(text: str) -> tuple[tuple[tuple[str, str], ...], ...]:
    r"""A given block for the eye: per line, pairs (``math`` or ``text``, what to show).

    >>> declarations(r"x_k, y_i constant" + "\n" + r"\sigma(z)  -- any smooth function")
    ((('math', 'x_k, y_i'), ('text', 'constant')), (('math', '\\sigma(z)'), ('text', 'any smooth function')))
    """
    found = []
    for line in text.splitlines():
        formula, _, remark = line.partition("--")
        parts: list[tuple[str, str]] = []
        for n, piece in enumerate(_ATTRIBUTE.split(formula)):
            shown = piece.strip().rstrip(",").strip() if n % 2 == 0 else piece
            if shown and n % 2 and parts and parts[-1][0] == "text":
                parts[-1] = ("text", f"{parts[-1][1]}, {shown}")
            elif shown:
                parts.append(("text" if n % 2 else "math", shown))
        if remark.strip():
            parts.append(("text", remark.strip()))
        if parts:
            found.append(tuple(parts))
    return tuple(found)
