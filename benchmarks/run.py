"""All measurements, or those named: ``python benchmarks/run.py symbolic checking``."""

from __future__ import annotations

import importlib
import os
import platform
import sys
import time

SECTIONS = ("symbolic", "checking", "evaluating", "pages", "growth")


def main(names: list[str]) -> None:
    unknown = [name for name in names if name not in SECTIONS]
    if unknown:
        sys.exit(f"no section is called {unknown[0]}; there are {', '.join(SECTIONS)}")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    print(f"{time.strftime('%Y-%m-%d')}, {cores} cores, Python {platform.python_version()}", flush=True)
    for name in names or SECTIONS:
        importlib.import_module(name).main()


if __name__ == "__main__":
    main(sys.argv[1:])
