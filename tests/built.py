"""The book, built once for all tests: the pages that `make strict` left are brought up to date and used."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STRICT = ROOT / "_build" / "strict"


def book(builder: str, target: Path = STRICT) -> Path:
    """The folder with the book as ``builder`` writes it; what was read and verified is shared by all."""
    STRICT.mkdir(parents=True, exist_ok=True)
    sphinx = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-c", ROOT, "-b", builder]
    with (STRICT / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run side by side
        done = subprocess.run(
            [*sphinx, "-d", STRICT / ".doctrees", ROOT / "chapters", target],
            capture_output=True, text=True, cwd=ROOT,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return target
