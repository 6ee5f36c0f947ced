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


def _split(tex: str, mark: str, most: int = -1) -> list[str]:
    """The TeX cut at a mark, at most so often, where it stands outside of braces and environments."""
    depth, start, parts = 0, 0, list[str]()
    for piece in _PIECE.finditer(tex):
        depth -= piece[0] in ("}", r"\end")
        if depth == 0 and piece[0].startswith(mark) and len(parts) != most:
            parts.append(tex[start : piece.start()])
            start = piece.end()
        depth += piece[0] in ("{", r"\begin")
    return [*parts, tex[start:]]


def rows(tex: str, lines: bool = False) -> tuple[str, ...]:
    r"""The rows of a display; with ``lines``, each line is one where the author breaks none.

    >>> rows(r"a &= b \\ &= c"), rows("a = b\nL = c", lines=True)
    (('a &= b', '&= c'), ('a = b', 'L = c'))
    """
    found = _split(tex, "\\\\")
    if lines and len(found) == len(_split(tex, "&")) == 1:
        found = tex.split("\n")
    return tuple(filter(None, map(str.strip, found)))


def aligned(lines: Sequence[str]) -> tuple[str, ...]:
    r"""Several rows, aligned at their first ``=`` unless the author aligned any.

    >>> aligned(["a = b", "L_{[i = j]} = c"])
    ('a &= b', 'L_{[i = j]} &= c')
    """
    if len(lines) < 2 or len(_split("\n".join(lines), "&")) > 1:
        return tuple(lines)
    return tuple("&=".join(_split(line, "=", 1)) for line in lines)


def display(lines: Sequence[str], tags: Sequence[str] = ()) -> str:
    r"""One display of all rows; a tag is printed at the end of its row.

    >>> print(display(["a = b"], ["(1)"]))
    \begin{equation*}
    a = b \tag*{(1)}
    \end{equation*}
    """
    lines = aligned(lines)
    tagged = [f"{row} \\tag*{{{tag}}}" for row, tag in zip(lines, tags, strict=True)] if tags else lines
    name = "align*" if len(lines) > 1 or len(_split("\n".join(lines), "&")) > 1 else "equation*"
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
    for n, piece in enumerate(_split(text, "$")):
        if piece:
            yield nodes.math(piece, piece) if n % 2 else nodes.Text(piece)
