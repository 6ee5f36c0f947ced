"""Medians, in processor time, of work that is made anew for each run."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

Question = tuple[Callable[[int], Any], Callable[[Any], Any]]

RUNS = 7


def median(make: Callable[[int], Any], run: Callable[[Any], Any], runs: int = RUNS) -> float:
    """The time of ``run(make(n))`` in milliseconds, ``make`` left out; n is never the same twice, so that
    names differ from run to run and no cache answers."""
    return statistics.median(side_by_side([(make, run)], runs)[0])


def side_by_side(questions: Sequence[Question], runs: int = RUNS) -> list[list[float]]:
    """The times of each, in milliseconds. They take turns, so that a machine that gets slower or faster
    meanwhile does so for all of them; in its turn each answers twice, the first time to get warm."""
    times: list[list[float]] = [[] for _ in questions]
    for n in range(1, runs + 1):
        for (make, run), own in zip(questions, times, strict=True):
            run(make(-n))
            made = make(n)
            gc.collect()
            gc.disable()  # as `timeit` does: who pays for a collection is chance
            start = time.process_time()
            run(made)
            own.append(1e3 * (time.process_time() - start))
            gc.enable()
    return times


def wall(run: Callable[[], Any], runs: int = RUNS) -> float:
    """The time of a call in milliseconds by the clock, after a first one: for what runs on several cores."""
    run()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times)


def shown(milliseconds: float | None) -> str:
    return "-" if milliseconds is None else f"{milliseconds:.3g}"


def table(title: str, heads: list[str], rows: list[list[str]]) -> None:
    """Prints a table for people and for Markdown."""
    print(f"\n{title}\n")
    widths = [max(len(row[n]) for row in [heads, *rows]) for n in range(len(heads))]
    for row in [heads, ["-" * width for width in widths], *rows]:
        print(
            "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |",
            flush=True,
        )
