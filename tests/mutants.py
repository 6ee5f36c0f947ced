"""One edit of every checked relation of the book: is it caught, and does the hint find the way back?

Each relation that holds is changed by each edit of `idxcalc.verify.edits`, the list that the hints use. A
mutant is refused (malformed), refuted, or proved equal by both judges (the edit was none); one that is only
tested has survived. Of a sample of those that are caught the hint is asked for a true statement.

``make mutants`` prints the figures; the exit code is 1 if one survives or the hints find too few.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from idxcalc.chapters import chapter
from idxcalc.errors import IdxcalcError, JudgesDisagree
from idxcalc.notation import relations
from idxcalc.verify import hints
from idxcalc.verify.context import Context
from idxcalc.verify.edits import edits, remarks, used_letters

CHAPTERS = Path(__file__).parent.parent / "chapters"
SHARE = 0.9


@dataclass
class Relation:
    """One relation that holds, with the context it stands in."""

    context: Context
    text: str
    wrt: str
    number: int
    where: str

    def mutants(self) -> list[tuple[str, str]]:
        """What is changed, and the text after it."""
        pairs = [(c, n) for c in relations.chains(self.text) for n in range(len(c.ops))]
        chain, at = pairs[self.number - 1]
        sides = chain.sides[at], chain.sides[at + 1]
        names = hints.callables(self.context.scope)
        letters = used_letters(*sides)
        found = {self.text: ""}
        for each in sides:
            for edit in edits(self.text, each, letters, *names):
                found.setdefault(edit.text, edit.says)
        for edit in remarks(self.text, chain, letters):
            found.setdefault(edit.text, edit.says)
        return [(says, text) for text, says in found.items() if says]

    def check(self, text: str, seconds: float):
        """The verdict on this relation of ``text``, with at most so many seconds for a hint."""
        before = hints.SECONDS, hints.BOOKKEEPING
        hints.SECONDS, hints.BOOKKEEPING = seconds, min(seconds, before[1])
        try:
            return self.context.check_all(text, self.wrt, only=self.number)[-1]
        finally:
            hints.SECONDS, hints.BOOKKEEPING = before


@dataclass
class Figures:
    relations: int = 0
    mutants: int = 0
    seen: Counter = field(default_factory=Counter)
    asked: int = 0
    mended: int = 0
    survivors: list[str] = field(default_factory=list)
    unmended: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        each = self.mutants / max(self.relations, 1)
        return "\n".join(
            [
                f"relations {self.relations}, edits {self.mutants}, {each:.1f} a relation",
                f"  refused {self.seen['malformed']}, refuted {self.seen['refuted']}, "
                f"proved equal {self.seen['proved']}, survivors {len(self.survivors)}",
                f"  hints: {self.mended} of {self.asked} found a true statement again",
            ]
        )

    def good(self) -> bool:
        return not self.survivors and self.mended >= SHARE * self.asked


def book(paths: list[Path]) -> Iterator[Relation]:
    """Every relation of the book that is checked and holds, and says something."""
    for path in paths:
        found = chapter(path)
        for statement in found.statements:
            if statement.kind not in ("derive", "check") or statement.expect:
                continue
            context = found.context(statement)
            wrt = statement.options.get("wrt", "")
            for n, result in enumerate(context.check_all(statement.body, wrt), 1):
                if result.verdict in ("proved", "tested") and not result.trivial and result.answer is None:
                    yield Relation(context, statement.body, wrt, n, f"{path.name}: {statement.label}, {n}")


def run(found: Iterator[Relation], most: int | None, asked: int, rng: random.Random) -> Figures:
    """Check the mutants of each relation, at most ``most`` of them, and ask for ``asked`` hints."""
    figures = Figures()
    for each in found:
        mutants = each.mutants()
        figures.relations += 1
        figures.mutants += len(mutants)
        if most is not None:
            mutants = rng.sample(mutants, min(most, len(mutants)))
        caught = []
        for says, text in mutants:
            try:
                result = each.check(text, 0.0)
            except (JudgesDisagree, ValueError) as error:  # a defect of the package
                figures.survivors.append(f"{each.where}: {says}\n    {text}\n    {error}")
                continue
            except (IdxcalcError, IndexError):
                figures.seen["malformed"] += 1
                continue
            figures.seen[result.verdict] += 1
            if result.verdict == "tested":
                figures.survivors.append(f"{each.where}: {says}\n    {text}")
            elif not result:
                caught.append((says, text))
        for says, text in rng.sample(caught, min(asked, len(caught))):
            figures.asked += 1
            begun = time.perf_counter()
            if (each.check(text, 3.0).hint or "").startswith("true "):
                figures.mended += 1
            else:
                took = time.perf_counter() - begun
                figures.unmended.append(f"{each.where}: {says} ({took:.1f} s)\n    {text}")
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description="one edit of every checked relation")
    parser.add_argument("chapters", nargs="*", type=Path)
    parser.add_argument("--most", type=int, help="mutants of a relation that are checked; all, if not given")
    parser.add_argument("--hints", type=int, default=2, help="hints asked for a relation")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    begun = time.perf_counter()
    paths = asked.chapters or sorted(CHAPTERS.glob("*.md"))
    figures = run(book(paths), asked.most, asked.hints, random.Random(asked.seed))
    for title, lines in (("survived", figures.survivors), ("not mended", figures.unmended)):
        for line in lines:
            print(f"{title}: {line}")
    print(figures)
    print(f"  {time.perf_counter() - begun:.0f} s, {time.strftime('%Y-%m-%d')}")
    return int(not figures.good())


if __name__ == "__main__":
    sys.exit(main())
