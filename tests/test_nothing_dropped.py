"""Nothing that stands in a formula is dropped: one more prime, power, index or number is refused or changes
what the formula says. So is anything less, but for spacing, brackets and what is understood.

A dropped prime is the worst of defects: both judges then agree on a formula that nobody wrote.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from mutants import CHAPTERS, chapter, hints

from idxcalc import Context
from idxcalc.errors import IdxcalcError
from idxcalc.notation import relations
from idxcalc.notation.lexer import lex

MORE = ("'", "^2", "_k", "_{,k}", "^{-1}", " 2 ")
UNDERSTOOD = {(r"} dx", "^2")}  # "higher powers of dx" are those of dx^2 and above


def meaning(context: Context, text: str, wrt: str) -> list[object] | None:
    """The relations of a statement as they are read; nothing where it is refused."""
    scope, found = context.scope, []
    try:
        for chain, number in hints.pairs(text):
            claim = relations.read(scope, text, chain, number, relations.targets(scope, wrt), advise=False)
            found.append((claim.relation, claim.known))
    except (IdxcalcError, IndexError):
        return None
    return found


def dropped(context: Context, text: str, wrt: str) -> Iterator[str]:
    """The texts with one thing more that mean the same as ``text``."""
    known = meaning(context, text, wrt)
    for at in sorted({token.span.stop for token in lex(text)}) if known else ():
        for more in MORE:
            changed = text[:at] + more + text[at:]
            understood = any(text[:at].endswith(where) and more == what for where, what in UNDERSTOOD)
            if not understood and meaning(context, changed, wrt) == known:
                yield changed


def found(every: int) -> list[str]:
    """What is dropped in statements of the book, each text once."""
    texts: set[str] = set()
    lost: list[str] = []
    for path in sorted(CHAPTERS.glob("*.md")):
        read = chapter(path)
        for number, each in enumerate(read.statements):
            asked = each.kind in ("derive", "check") and not each.expect and number % every == 0
            if asked and each.body not in texts:
                texts.add(each.body)
                lost += dropped(read.context(each), each.body, each.options.get("wrt", ""))
    return lost


def test_nothing_is_dropped_in_a_sample_of_the_book():
    assert not found(every=12)


@pytest.mark.slow
def test_nothing_is_dropped_in_the_book():
    assert not found(every=1)


GIVEN = r"""
X_{ij} invertible
x_i, A_{ij}
z, w
\sigma(z)
g(x_i)
f(x_i)
"""


@pytest.mark.parametrize(
    "text",
    [
        r"\tanh(z) = \tanh(z)", r"\max(0, z) = z[z > 0]", r"\sigma(z) = w", r"\det(X) = z", r"q(z) = z^2",
        r"s(z) = w", r"\delta_{ij} = A_{ij}", r"\sum_i x_i = z", r"\sum_{i=1}^3 x_i = z", r"\sqrt[3]{z} = w",
        r"\lvert z \rvert = w", r"\frac{\partial f}{\partial x_i} = x_i", r"\frac{d}{dz} z = 1",
        r"\partial_i f = x_i", r"dz = w", r"d(z) = w", r"(X^{-1})_{ij} = A_{ij}", r"X^{-1}_{ij} = A_{ij}",
        r"(f \circ g)_{,i} = x_i", r"e^{z} = w", r"e z = w", r"\pi = w", r"x_in = z", r"\frac{z}{w} = z",
        r"z + dz = z + O(dz^2)", r"\begin{cases} 1 & \text{if } z > 0 \\ 0 & \text{else} \end{cases} = w",
        r"\delta_{(ij)(kl)} = A_{ij}A_{kl}", r"[z > 0] = w", r"\sin z = w", r"\log w = z",
    ],
)  # fmt: skip
def test_nothing_is_dropped(text):
    context = Context(GIVEN + "y_i \\quad (i = 1, \\dots, n)")
    for defined in (r"s(z) = \frac{1}{1 + e^{-z}}", "q(u) = u^2"):
        context.define(defined)
    assert not list(dropped(context, text, "x_i" if r"\partial_" in text or "circ" in text else ""))


@pytest.mark.parametrize(
    ("text", "column"),
    [
        (r"\sigma(z)' = \sigma(z)", r"(z)'"), (r"\det(X)' = \det X", "(X)'"), (r"\sin(z)'^2 = 1", "(z)'^2"),
        (r"\sin(2z)' = \cos(2z)", "(2z)'"), (r"\delta_{ij}' = A_{ij}", r"\delta_{ij}'"), ("n' = n", "n'"),
    ],
)  # fmt: skip
def test_a_prime_behind_a_bracket_is_refused(text, column):
    result = Context(GIVEN + "y_i \\quad (i = 1, \\dots, n)").check(text)
    assert (result.verdict, result.error) == ("malformed", "a prime belongs to a function's name")
    assert result.span and text[result.span.start : result.span.stop] == column


def test_a_prime_behind_a_known_function_of_one_name_is_its_derivative():
    context = Context(GIVEN)
    for text in (r"\max(0,z)' = [z > 0]", r"\tanh(z)' = 1 - \tanh^2(z)", r"\sin(z)'' = -\sin(z)"):
        assert context.check(text).verdict == "proved", text
    assert context.check(r"\tanh(z)' = \tanh(z)").verdict == "refuted"


def test_a_plain_name_at_a_number_is_applied_to_nothing_else():
    context = Context(GIVEN)
    context.define("s(z) = z^2")
    for text in ("s(w) = w^2", "s(z + w) = 1", "s(2) = 4", "s(z^2) = z^4"):
        said = "s is defined at z alone; with a new letter, s(u) = ..., it is a function"
        assert context.check(text).error == said, text
    assert context.check("s(1 - s) = s - s^2").verdict == "proved"
