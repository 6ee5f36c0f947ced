"""One edit of every checked relation of the book: is it caught, and does the hint find the way back?

Each relation that holds is changed by each edit of `idxcalc.verify.edits`, the table that the hints use. A
mutant is refused (malformed), refuted, or proved equal by both judges (the edit was none); one that is only
tested, or about which the judges disagree, has survived. For a sample of those that are caught the hint is
asked for a true statement.

``make mutants`` runs all of it and writes the figures, with the date, to ``chapters/figures.json``, which the
book shows. The exit code is 1 if one survives or the hints find too few.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from figures import record

from idxcalc.chapters import chapter
from idxcalc.errors import IdxcalcError, JudgesDisagree
from idxcalc.notation import relations
from idxcalc.verify import hints
from idxcalc.verify.context import Context
from idxcalc.verify.edits import Edit, edits, remarks, used_letters
from idxcalc.verify.verdict import verdict

CHAPTERS = Path(__file__).parent.parent / "chapters"
SHARE = 0.9


@dataclass
class Relation:
    """One relation that holds, with the context it stands in; ``number`` counts from 1."""

    context: Context
    text: str
    wrt: str
    number: int
    where: str

    def mutants(self) -> list[Edit]:
        """Its edits, each text once."""
        chain, at = hints.pairs(self.text)[self.number - 1]
        sides = chain.sides[at : at + 2]
        names, letters = hints.callables(self.context.scope), used_letters(*sides)
        found: dict[str, Edit] = {}
        for which in range(2):
            for edit in edits(self.text, sides, which, *names):
                found.setdefault(edit.text, edit)
        for edit in remarks(self.text, chain, letters):
            found.setdefault(edit.text, edit)
        return [edit for text, edit in found.items() if text != self.text]

    def verdict(self, text: str) -> str:
        """What becomes of this relation in another text."""
        scope = self.context.scope
        try:
            chain, at = hints.pairs(text)[self.number - 1]
            claim = relations.read(scope, text, chain, at, relations.targets(scope, self.wrt), advise=False)
            return verdict(claim.relation, example=False).verdict
        except JudgesDisagree:
            return "judges disagree"
        except (IdxcalcError, IndexError):
            return "malformed"

    def hint(self, text: str) -> str:
        """What the author of this text is told."""
        return self.context.check_all(text, self.wrt, only=self.number)[-1].hint or ""


@dataclass
class Figures:
    relations: int = 0
    edits: int = 0
    checked: int = 0
    seen: Counter = field(default_factory=Counter)
    sorts: Counter = field(default_factory=Counter)
    asked: int = 0
    mended: int = 0
    survivors: list[str] = field(default_factory=list)
    unmended: list[str] = field(default_factory=list)

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))

    def __str__(self) -> str:
        each = self.edits / max(self.relations, 1)
        return "\n".join(
            [
                f"relations {self.relations}, edits {self.edits}, {each:.1f} a relation; "
                f"checked {self.checked}",
                *(f"  {sort}: {n}" for sort, n in self.sorts.most_common()),
                f"  refused {self.seen['malformed']}, refuted {self.seen['refuted']}, "
                f"proved equal {self.seen['proved']}, survivors {len(self.survivors)}",
                f"  hints: {self.mended} of {self.asked} found a true statement again",
            ]
        )

    def good(self) -> bool:
        return not self.survivors and self.mended >= SHARE * self.asked


Place = tuple[Path, int]
"""A statement of the book: its chapter, and its number there."""


@cache
def read(path: Path):
    return chapter(path)


def places(paths: Iterable[Path]) -> list[Place]:
    """The statements whose relations are meant to hold."""
    return [
        (path, n)
        for path in paths
        for n, each in enumerate(read(path).statements)
        if each.kind in ("derive", "check") and not each.expect
    ]


def book(found: Iterable[Place]) -> Iterator[Relation]:
    """The relations of statements that are checked and hold, and say something."""
    for path, number in found:
        statement = read(path).statements[number]
        context, wrt = read(path).context(statement), statement.options.get("wrt", "")
        for n, result in enumerate(context.check_all(statement.body, wrt), 1):
            if result.verdict in ("proved", "tested") and not result.trivial and result.answer is None:
                yield Relation(context, statement.body, wrt, n, f"{path.name}: {statement.label}, {n}")


def run(found: Iterable[Relation], most: int | None, asked: int, seed: int = 0) -> Figures:
    """Check the mutants of each relation, at most ``most`` of them, and ask for ``asked`` hints."""
    figures = Figures()
    for each in found:
        rng = random.Random(f"{each.where} {seed}")
        mutants = each.mutants()
        figures.relations += 1
        figures.edits += len(mutants)
        mutants = mutants if most is None else rng.sample(mutants, min(most, len(mutants)))
        caught = []
        for edit in mutants:
            became = each.verdict(edit.text)
            figures.checked += 1
            figures.seen[became] += 1
            figures.sorts[edit.sort] += 1
            if became in ("tested", "judges disagree"):
                figures.survivors.append(f"{each.where}: {edit.says}, {became}\n    {edit.text}")
            elif became != "proved":
                caught.append(edit)
        for edit in rng.sample(caught, min(asked, len(caught))):
            figures.asked += 1
            begun = time.process_time()
            if each.hint(edit.text).startswith("true "):
                figures.mended += 1
            else:
                took = time.process_time() - begun
                figures.unmended.append(f"{each.where}: {edit.says} ({took:.1f} s)\n    {edit.text}")
    return figures


def _one(job: tuple[Place, int | None, int, int]) -> Figures:
    place, most, asked, seed = job
    return run(book([place]), most, asked, seed)


def main() -> int:
    parser = argparse.ArgumentParser(description="one edit of every checked relation")
    parser.add_argument("chapters", nargs="*", type=Path)
    parser.add_argument("--most", type=int, help="mutants of a relation that are checked; all, if not given")
    parser.add_argument("--hints", type=int, default=1, help="hints asked for a relation")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    asked = parser.parse_args()
    begun = time.perf_counter()
    jobs = [
        (place, asked.most, asked.hints, asked.seed)
        for place in places(asked.chapters or sorted(CHAPTERS.glob("*.md")))
    ]
    figures = Figures()
    with multiprocessing.get_context("spawn").Pool(asked.processes) as pool:
        for done in pool.imap_unordered(_one, jobs, chunksize=4):
            figures += done
            for title, lines in (("survived", done.survivors), ("not mended", done.unmended)):
                for line in lines:
                    print(f"{title}: {line}", flush=True)
    print(figures)
    print(f"  {time.perf_counter() - begun:.0f} s, {time.strftime('%Y-%m-%d')}")
    if not asked.chapters and asked.most is None:
        record(
            "mutants",
            asked.seed,
            {
                "relations": figures.relations,
                "edits": figures.edits,
                "refused": figures.seen["malformed"],
                "refuted": figures.seen["refuted"],
                "proved equal": figures.seen["proved"],
                "survivors": len(figures.survivors),
                "hints asked": figures.asked,
                "hints true": figures.mended,
            },
        )
    return int(not figures.good())


if __name__ == "__main__":
    sys.exit(main())
