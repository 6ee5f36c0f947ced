"""The way out: how this notation says what a reader knows under another sign.

Tables from what is refused to what to write; a refusal that finds its text here says so.
"""

from __future__ import annotations

NORM = r"a norm is written out, \sqrt{x_ix_i}"
TRANSPOSED = "a transpose is the same letters in the other order, `A_{ji}`"
PRODUCT = "factors stand side by side; what is summed, their letters say"
SIGNS = {
    **dict.fromkeys((r"\lVert", r"\rVert", r"\|", r"\Vert"), NORM),
    **dict.fromkeys((r"\top", r"\intercal", r"\dagger", r"\mathsf"), TRANSPOSED),
    **dict.fromkeys((r"\odot", r"\otimes", r"\star", r"\ast", r"\oplus"), PRODUCT),
    **dict.fromkeys((r"\text", r"\mathrm", r"\textrm", r"\textit"), "a word is a label, `L^{(rec)}`"),
    r"\nabla": r"a gradient is `f_{,i}`, or `\frac{\partial f}{\partial x_i}`",
    r"\prod": "there is no product over an index; the sum of the logarithms may do",
    r"\int": "there is no integral",
    r"\infty": "there is no infinity",
    r"\in": r"a range is declared, `x_i \quad (i = 1, \dots, n)`",
    r"\mathbb": r"a range is declared, `x_i \quad (i = 1, \dots, n)`",
    r"\approx": "nothing is proved about it; to an order in dx, add `+ O(dx^2)`",
    r"\equiv": "write =",
    r"\coloneqq": "write =",
    "$": "it marks a formula and is no part of it",
    ":": "write =",
}
"""Commands and characters."""
NAMES = {
    r"\delta": r"a derivative has \partial; Kronecker's delta has indices",
    r"\text{tr}": "a trace is `A_{ii}`",
    r"\text{Tr}": "a trace is `A_{ii}`",
    r"\text{diag}": r'a diagonal matrix is `d_i\delta_{ij}`, "(no sum on $i$)"',
    r"\text{vec}": "a matrix keeps its two indices",
    r"\text{softmax}": r"define it, `p_i = \frac{e^{z_i}}{\sum_j e^{z_j}}`",
    r"\text{sigmoid}": r"define it, `s(u) = \frac{1}{1 + e^{-u}}`",
    r"\text{relu}": r"write `\max(0, z)`",
    r"\text{ReLU}": r"write `\max(0, z)`",
}
"""Names that nobody declared."""


def way(known: dict[str, str], text: str) -> str:
    """What to add to a refusal of ``text``; nothing where there is no known way.

    >>> way(SIGNS, "$"), way(SIGNS, "@")
    ('; it marks a formula and is no part of it', '')
    """
    return f"; {known[text]}" if text in known else ""
