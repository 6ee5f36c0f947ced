"""Commands and programs that our pages print, run as a reader would, with what they print below."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
Run = Callable[..., str]


def fenced(page: str, kind: str) -> list[str]:
    """The fenced blocks of a kind in one of our pages, by its path from the root."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"(?ms)^```{re.escape(kind)}\n(.*?)^```$", text)


def consoles(page: str) -> list[tuple[str, str]]:
    """Each ``$ command`` of a page, and what the page says that it prints."""
    found = []
    for block in fenced(page, "console"):
        for part in re.split(r"(?m)^\$ ", block)[1:]:
            command, _, printed = re.sub(r"\\\n\s*", "", part).partition("\n")
            found.append((command, printed))
    return found


def words(command: str) -> list[str]:
    """The arguments of an ``idxcalc`` command, as a shell would split them."""
    program, *arguments = shlex.split(command)
    assert program == "idxcalc"
    return arguments
