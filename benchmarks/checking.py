"""The check of one relation, at the median over the book; and products of sixteen dummies."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from idxcalc.autodiff.judge import judge, judged
from idxcalc.chapters import chapter
from idxcalc.expr import Component, Dim, Index, Mul, Relation, Sum, Variable
from idxcalc.normal import equal
from idxcalc.verify.verdict import verdict
from timing import median, shown, table

CHAPTERS = Path(__file__).resolve().parent.parent / "chapters"


def relations(paths: list[Path]) -> list[Relation]:
    """All relations of some chapters that were judged; this also warms both judges up."""
    found = []
    for path in paths:
        for result in chapter(path).all():
            relation = getattr(result.snippet, "relation", None)
            found += [relation] if isinstance(relation, Relation) else []
    return found


def times(run: Callable[[Relation], Any], asked: list[Relation]) -> list[float]:
    found = []
    for relation in asked:
        judged.cache_clear()
        start = time.process_time()
        run(relation)
        found.append(1e3 * (time.process_time() - start))
    return found


def book(paths: list[Path]) -> None:
    asked = relations(paths)
    rows = []
    for name, run in (("both judges", verdict), ("the numerical one alone", judge)):
        times(run, asked)  # functions that a relation is the first to use are traced once per process
        found = sorted(times(run, asked))
        rows.append([name, *(shown(found[int(part * (len(found) - 1))]) for part in (0.5, 0.9, 1.0))])
    table(
        f"Check of one relation, {len(asked)} of the book, milliseconds",
        ["by", "median", "9 in 10 are below", "slowest"],
        rows,
    )


# Sixteen summed letters


def component(name: str, *letters: str, n: int, traits: frozenset[str] = frozenset()) -> Component:
    variable = Variable(f"{name}^{{({n})}}", (SIZE,) * len(letters), traits)
    return Component(variable, tuple(Index(letter, SIZE) for letter in letters))


SIZE = Dim("?1")
LETTERS = "abcdefghijklmnop"
SYMMETRIC = frozenset({"symmetric"})
FAMILIES: dict[str, Callable[[str, int], list[Component]]] = {
    "trace of a power": lambda s, n: [component("A", s[k], s[k - 1], n=n) for k in range(16)],
    "the same, symmetric": lambda s, n: [
        component("A", s[k], s[k - 1], n=n, traits=SYMMETRIC) for k in range(16)
    ],
    "(x_i x_i)^16": lambda s, n: [component("x", letter, n=n) for letter in s for _ in range(2)],
    "(x_i A_ij x_j)^8": lambda s, n: [
        each
        for k in range(0, 16, 2)
        for each in (
            component("x", s[k], n=n),
            component("A", *s[k : k + 2], n=n),
            component("x", s[k + 1], n=n),
        )
    ],
    "chain of eight pairs": lambda s, n: [
        component("T", s[k], s[k + 1], s[(k + 2) % 16], s[(k + 3) % 16], n=n) for k in range(0, 16, 2)
    ],
    "complete bipartite, 4 and 4": lambda s, n: [
        *(component("T", *s[4 * k : 4 * k + 4], n=n) for k in range(4)),
        *(component("T", *s[k::4], n=n) for k in range(4)),
    ],
}


def product(factors: list[Component], letters: str) -> Any:
    found: Any = Mul(tuple(factors))
    for letter in letters:
        found = Sum(Index(letter, SIZE), found)
    return found


def dummies() -> None:
    """Whether two such products are equal, of which one has its letters and its factors shuffled."""
    rows = []
    for name, family in FAMILIES.items():

        def make(n: int, family: Callable[[str, int], list[Component]] = family) -> tuple[Any, Any]:
            shuffled = random.Random(n).sample(LETTERS, 16)
            factors = family("".join(shuffled), n)
            random.Random(n).shuffle(factors)
            return product(family(LETTERS, n), LETTERS), product(factors, LETTERS)

        left, right = make(99)
        held = "yes" if equal(left, right) else "no"
        rows.append([name, shown(median(make, lambda pair: equal(*pair))), held])
    table("Products of sixteen dummies, milliseconds", ["family", "time", "found equal"], rows)


def main(paths: list[Path] | None = None) -> None:
    dummies()
    book(paths or sorted(CHAPTERS.glob("*.md")))


if __name__ == "__main__":
    main()
