"""Any text at all through the reader and `Context.check`: ``make fuzz N=100000``.

Formulas made of the notation's own words, good formulas that were damaged, random text, random bytes, and
bombs: deep nests, huge exponents, thousands of indices. For each of them: a result or the package's own
error, within `SECONDS` of computing, and memory that stays under `MEMORY`. What fails is shrunk by Hypothesis
and printed; the exit code is then 1.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import resource
import sys
import time
from collections import Counter

from figures import record
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from reading import read

from idxcalc import Context
from idxcalc.errors import IdxcalcError
from idxcalc.notation.declare import declare, define

SECONDS = 1.0
USUAL = 0.3  # s: what `pace` takes on the quiet machine of the figures, where `SECONDS` hold
MEMORY = 2**31
"""Address space that a process of a long run may take beyond what it had when it began; what goes beyond
fails as a `MemoryError`. In the tests, which share their process, the memory really used is held to half."""
KEPT = 10_000  # figures of a run of so many are kept for the book

GIVEN = (
    "x_i, y_i, b_i, w_{ij}, m_{ij}, t, a\nX_{ij} invertible\n\\sigma(z)\nf(x_i)\nF_j(x_i)\ng(m_{ij})\n"
    "r_i (i = 1, \\dots, n)"
)
DEFINED = r"p_i = \frac{x_i}{t} \\ L = b_iy_i \\ s(q) = q^2 + 1"
WORDS = r"""
x_i y_i b_j w_{ij} m_{ii} m_{ij} t a X \sigma \sigma' \sigma_i f F F_j g L p_i s n r_i d dx_i \partial
\partial_i \frac{ \frac12 \sqrt{ { } ( ) [ ] ^2 ^{-1} ^{ _{,i} _{,(ij)} _{ij} _{i,j} _i _{ ' + - = \neq < > ,
/ \cdot \circ \sum_i \sum_{i=1}^n \sum \log \sin \det \max( \lvert \rvert | \text{if} \text{for} \text{and}
\text{else} \quad \text{otherwise} \begin{cases} \end{cases} \\ & 0 1 2 10 i j \delta_{ij} \hat \left( \right)
\pm O(dx^2) ? e^ \pi \text{loss} w^{(t)} ~ \, & % \input \begin{matrix}"""
TOKENS = [*WORDS.split(), r"\text{(no sum on $i$)}", r"\text{ignored higher powers of }"]
FORMULAS = [
    r"L_{,(gh)} &= 2(p_i - y_i)\,\sigma_{i,m}(w_{jk}x_k)\,x_n\delta_{(mn)(gh)} \quad \text{(no sum on $g$)}",
    r"\frac{\partial L}{\partial b_i} = y_i \\ d(f \pm t) = df \pm dt",
    r"\sigma_{i,m} = 0 \quad \text{for } i \neq m",
    r"(X^{-1})_{ij}x_j = \det X \, \sum_{i=1}^n r_i",
    r"\begin{cases} t & \text{if } t > 0 \\ 0 & \text{otherwise} \end{cases} = \max(0, t)",
    r"d(t^2) = (t + dt)^2 - t^2 + O(dt^2) = 2t\,dt",
    r"(f \circ F)_{,i} + s(t)(1 - s(t)) = e^{-x_iy_i}\lvert t\rvert",
    r"1 \text{ if } i = j \text{ and } 0 \text{ if } i \neq j = [i = j]",
    "x_i + x_i = 2x_i",
    r"w_{ij}x_j = w_{ik}x_k",
]
PYTHON = [
    "__class__",
    "__import__('os')",
    "lambda: 0",
    "eval",
    "None",
    "self.scope",
    "{0.__class__}",
    "%s",
    "\\x00",
]
MARKS = ["‮", "⁦", "​", "﻿", "\ud800", "\x00", "́", "𝑥", "٣", "ǅ"]
SUB = "_{" + "ijklmnop" * 400 + "}"
BOMBS = [
    "(" * 5000,
    "x_i" * 2000,
    r"\frac" * 1000,
    "{" * 3000 + "}" * 3000,
    f"w{SUB} = 0",
    "t^" * 300 + "t = 0",
    "t^{10^{10^{10}}} = 0",
    "t^{99999999999999999999} = 1",
    f"t^{{{'9' * 3000}}} = 1",
    "9" * 3900 + " = 1",
    "0." + "1" * 3000 + " = t",
    "(t + a)^{99} = 0",
    "(t + a)^{999999} = 0",
    "(" * 35 + "t" + ")^2" * 35 + " = 0",
    "((((t+a)^9)^9)^9)^9 = a",
    "(x_i + y_i)" * 12 + " = 0",
    r"\sum_i " * 200 + "x_i = 0",
    r"\sqrt{" * 60 + "t" + "}" * 60 + " = t",
    "f'" + "'" * 2000 + " = 0",
    "f_{," + "i" * 500 + "} = 0",
    "d" * 1000 + "t = 0",
    " = ".join(["t"] * 500),
    r"t = t \\ " * 300,
    r"\pm t " * 300 + "= 0",
    "e^{" * 38 + "t" + "}" * 38 + " = t",
    r"\det " * 500 + "X = 1",
    "\\" * 2000,
    r"\input{/etc/passwd} = \write18{ls}",
    r"\newcommand{\x}{\x\x}\x = 0",
    r"\text{" + "a" * 3000 + "} = 0",
    " \n" * 1500 + "t = t",
    "t" + "_{i}" * 300 + " = 0",
    "X^{-1}" * 100 + " = 0",
    r"[z > 0]" * 100 + " = 0",
    r"(w_{ij}w_{jk}w_{kl}w_{lm})^9 = 0",
    "x_{99999999999999999999} = 0",
    "(1 + x_i) ^ {x_i ^ {x_i}} = 0",
]
WRT = ["", "x_i", "w_{gh}", "b_i, y_i", "(((", "q"]

soups = st.lists(st.sampled_from(TOKENS), max_size=16).flatmap(
    lambda parts: st.sampled_from(["", " "]).map(lambda glue: glue.join(parts))
)


TERMS = r"""
x_i & 2y_i & -b_i & w_{ij}y_j & m_{ij}x_j & t b_i & \sigma(t)x_i & \sigma(x_i) & \sigma_i(w_{jk}x_k) & p_i
& x_iy_jy_j & \frac{x_i}{t} & e^{x_i} & \frac{1}{n}y_i\sum_j r_j & (x_i + y_i)t^2 & f_{,i} & L_{,i}
& (x_jx_jx_i) & m_{ij}m_{jk}b_k & (X^{-1})_{ij}y_j & \delta_{ij}x_j & x_i^2 & \max(0, x_i) & f_{,ij}y_j
& \frac{\partial f}{\partial x_i} & \partial_i(x_jx_j) & F_jm_{ij}
"""
terms = st.sampled_from([term.strip() for term in TERMS.split("&")])
sums = st.lists(terms, min_size=1, max_size=3).map(" + ".join)
statements = st.tuples(sums, sums).map(" = ".join)


@st.composite
def damaged(draw) -> str:
    """A good formula with some of it dropped, doubled, swapped or replaced."""
    text = draw(st.sampled_from(FORMULAS) | statements)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, max(0, len(text) - 1)))
        stop = min(len(text), start + draw(st.integers(0, 8)))
        new = draw(st.sampled_from(["", text[start:stop] * 2, *TOKENS, *PYTHON, *MARKS]))
        text = text[:start] + new + text[stop:]
    return text


raw = st.binary(max_size=60).map(lambda b: b.decode("latin-1"))
texts = st.one_of(
    soups, st.tuples(soups, soups).map(" = ".join), statements, damaged(), st.text(max_size=60), raw
)


def context() -> Context:
    made = Context(GIVEN)
    made.define(DEFINED)
    return made


def survives(where: Context, text: str, wrt: str) -> str:
    """What becomes of a text: read, declared, defined, checked. Raises `AssertionError` where it fails."""
    begun, became = time.process_time(), "malformed"
    for attempt in (
        lambda: read(where.scope, text, wrt),
        lambda: declare(where.scope.fork(), text),
        lambda: define(where.scope.fork(), text),
    ):
        try:
            attempt()
        except IdxcalcError as error:
            assert error.message and "\n" not in error.message and str(error)
            if error.span is not None and error.source:
                assert 0 <= error.span.start <= error.span.stop and error.span.start <= len(error.source)
    result = where.check(text, wrt)
    assert str(result)
    became = result.verdict
    if time.process_time() - begun >= SECONDS:  # or was something else slow: a neighbour, garbage?
        gc.collect()
        took, slower = seconds(where, text, wrt), pace(where) / USUAL
        assert took < SECONDS * max(1, slower), f"{took:.1f} s, on a machine {slower:.1f} times slower"
    return became


def seconds(where: Context, text: str, wrt: str = "") -> float:
    """What the check of a text takes that was not seen before."""
    begun = time.process_time()
    where.fork().check(text, wrt, seed=time.time_ns() % 2**31)
    return time.process_time() - begun


def pace(where: Context) -> float:
    """What a known text takes here and now, with the search for a hint that does not exist."""
    return seconds(where, r"x_iy_jy_j + m_{ij}x_j + \sigma(t)x_i = x_i + y_i")


def limited(more: int = MEMORY) -> None:
    """From now on memory is bounded."""
    with open("/proc/self/statm", encoding="ascii") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + more, resource.RLIM_INFINITY))


def run(job: tuple[int, int], limit: bool = True) -> Counter[str]:
    """So many inputs from one seed, and what became of them."""
    count, seed = job
    where, seen = context(), Counter()
    where.check("t = t")  # JAX and the grammar are loaded
    if limit:
        limited()
    quiet = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.large_base_example]

    @seeded(seed)
    @settings(
        max_examples=count, deadline=None, database=None, suppress_health_check=quiet,
        phases=[Phase.generate, Phase.shrink], print_blob=False,
    )  # fmt: skip
    @given(texts, st.sampled_from(WRT))
    def fuzz(text: str, wrt: str) -> None:
        seen[survives(where, text, wrt)] += 1

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        fuzz()
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before  # in KiB
        assert used * 1024 < MEMORY / 2, f"{used / 1024:.0f} MiB"
    except Exception as error:  # what Hypothesis found, shrunk
        for each in getattr(error, "exceptions", [error]):  # several, or the one
            print("".join([*getattr(each, "__notes__", []), f"\n{type(each).__name__}: {each}"]), flush=True)
        seen["failed"] += 1
    return seen


def main() -> int:
    parser = argparse.ArgumentParser(description="any text through the reader and check")
    parser.add_argument("count", type=int, nargs="?", default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    asked = parser.parse_args()
    begun, seen, block = time.perf_counter(), Counter(), 500
    jobs = [(min(block, asked.count - n), asked.seed + n) for n in range(0, asked.count, block)]
    with multiprocessing.get_context("spawn").Pool(asked.processes, maxtasksperchild=20) as pool:
        for done in pool.imap_unordered(run, jobs):
            seen += done
    print(f"{asked.count} inputs, seed {asked.seed}, {time.perf_counter() - begun:.0f} s")
    for became, n in seen.most_common():
        print(f"  {became:<12} {n}")
    if asked.count >= KEPT:
        record(
            "fuzz",
            asked.seed,
            {"inputs": sum(seen.values()) - seen["failed"], **seen, "failed": seen["failed"]},
        )
    return int(seen["failed"] > 0)


if __name__ == "__main__":
    sys.exit(main())
