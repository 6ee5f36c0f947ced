r"""Where the author's TeX breaks into rows, and how the rows are put into one display.

A display's rows end at ``\\`` outside of braces and environments; in a definition each line is a row.
What is added is layout alone: an environment, the page's numbers as ``\tag``, and an ``&`` before the
first ``=`` of each row where the author aligned none.

Invariant: apart from these the TeX stays as it was read by the checker.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from docutils import nodes

_PIECE = re.compile(r"\\(?:begin|end)(?=\s*\{)|\\\\(?:\s*\[[^]]*\])?|\\left|\\right|\\.|[{}=]|\$|&", re.S)
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
    cut = zip(lines, starts, strict=True)
    return tuple(f"{line[: at[0]]}&{line[at[0] :]}" if at else line for line, at in cut)


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


def declarations(text: str) -> Iterator[str]:
    r"""A given block for the eye, line by line, formulas between dollars.

    >>> list(declarations(r"x_k, y_i constant" + "\n" + r"\sigma(z)  -- any smooth function"))
    ['$x_k, y_i$ constant', '$\\sigma(z)$ any smooth function']
    """
    for line in text.splitlines():
        formula, _, remark = line.partition("--")
        words = [piece.strip(", ") for piece in _ATTRIBUTES.split(formula)]
        words[::2] = [word and f"${word}$" for word in words[::2]]
        words[1::2] = [re.sub("[ ,]+", ", ", word) for word in words[1::2]]
        if shown := " ".join(filter(None, [*words, remark.strip()])):
            yield shown


def typeset(text: str) -> Iterator[nodes.Node]:
    r"""Text with what stands between dollars typeset; those inside braces belong to a formula.

    >>> [node.astext() for node in typeset(r"$a_i \text{ for $i$}$ invertible")]
    ['a_i \\text{ for $i$}', ' invertible']
    """
    at = _marks(text, "$")
    for n, (start, stop) in enumerate(zip([-1, *at], [*at, len(text)], strict=True)):
        if piece := text[start + 1 : stop]:
            yield nodes.math(piece, piece) if n % 2 else nodes.Text(piece)
