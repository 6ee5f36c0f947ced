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
_ATTRIBUTE = "(?:constant|symmetric|antisymmetric|invertible|positive|negative|integer)"
_ATTRIBUTES = re.compile(rf"(?<![\\\w])({_ATTRIBUTE}\b(?:[ ,]+{_ATTRIBUTE}\b)*)")


def _pieces(tex: str) -> Iterator[tuple[re.Match[str], int]]:
    """The marks of the TeX that matter, each with its depth in braces and environments."""
    depth = 0
    for piece in _PIECE.finditer(tex):
        depth -= piece.group() in ("}", r"\end")
        yield piece, depth
        depth += piece.group() in ("{", r"\begin")


def _marks(tex: str, mark: str) -> list[int]:
    """Where a mark stands outside of braces and environments."""
    return [piece.start() for piece, depth in _pieces(tex) if depth == 0 and piece.group() == mark]


def rows(tex: str, lines: bool = False) -> tuple[str, ...]:
    r"""The rows of a display; with ``lines``, each line is one where the author breaks none.

    >>> rows(r"a &= b \\ &= c"), rows("a = b\nL = c", lines=True)
    (('a &= b', '&= c'), ('a = b', 'L = c'))
    """
    breaks = [piece.span() for piece, depth in _pieces(tex) if depth == 0 and piece[0].startswith("\\\\")]
    if lines and not breaks and not _marks(tex, "&"):
        breaks = [line.span() for line in re.finditer("\n", tex)]
    starts, stops = [0, *(stop for _, stop in breaks)], [*(start for start, _ in breaks), len(tex)]
    found = (tex[start:stop].strip() for start, stop in zip(starts, stops, strict=True))
    return tuple(row for row in found if row)


def aligned(lines: Sequence[str]) -> tuple[str, ...]:
    r"""Several rows, aligned at their first ``=`` unless the author aligned any.

    >>> aligned(["a = b", "L_{[i = j]} = c"])
    ('a &= b', 'L_{[i = j]} &= c')
    """
    if len(lines) < 2 or _marks("\n".join(lines), "&"):
        return tuple(lines)
    starts = [_marks(line, "=")[:1] for line in lines]
    return tuple(
        f"{line[: at[0]]}&{line[at[0] :]}" if at else line for line, at in zip(lines, starts, strict=True)
    )


def unaligned(row: str) -> str:
    """A row without its marks of alignment."""
    return re.sub(r"(?<!\\)&", "", row)


def display(lines: Sequence[str], tags: Sequence[str] = ()) -> str:
    r"""One display of all rows; a tag is printed at the end of its row.

    >>> print(display(["a = b"], ["(1)"]))
    \begin{equation*}
    a = b \tag*{(1)}
    \end{equation*}
    """
    lines = aligned(lines)
    tagged = [f"{row} \\tag*{{{tag}}}" for row, tag in zip(lines, tags, strict=True)] if tags else lines
    name = "align*" if len(lines) > 1 or _marks("\n".join(lines), "&") else "equation*"
    return "\n".join([rf"\begin{{{name}}}", " \\\\[0.3em]\n".join(tagged), rf"\end{{{name}}}"])


def declarations(text: str) -> tuple[tuple[tuple[str, str], ...], ...]:
    r"""A given block for the eye: per line, pairs (``math`` or ``text``, what to show).

    >>> declarations(r"x_k, y_i constant" + "\n" + r"\sigma(z)  -- any smooth function")
    ((('math', 'x_k, y_i'), ('text', 'constant')), (('math', '\\sigma(z)'), ('text', 'any smooth function')))
    """
    found = []
    for line in text.splitlines():
        formula, _, remark = line.partition("--")
        pieces = [("math", each) for each in _ATTRIBUTES.split(formula)]
        pieces[1::2] = [("text", re.sub("[ ,]+", ", ", each)) for _, each in pieces[1::2]]
        shown = [(kind, each.strip(", ")) for kind, each in [*pieces, ("text", remark)]]
        if parts := tuple((kind, each) for kind, each in shown if each):
            found.append(parts)
    return tuple(found)
