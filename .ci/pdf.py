"""Make the PDF from the LaTeX that Sphinx wrote, and refuse one that a reader would stumble over.

``pdf.py tools`` only says whether TeX is here. ``pdf.py FOLDER TARGET`` runs latexmk in FOLDER; boxes more
than 10 pt too wide or too high, undefined references, labels given twice and missing characters are counted
in the log, and any of them fails.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = "make latexmk texlive-xetex texlive-fonts-recommended fonts-freefont-otf poppler-utils"
PROGRAMS = ("latexmk", "xelatex", "kpsewhich")
FILES = ("FreeSerif.otf", "phvr8t.tfm", "tabulary.sty")
POINTS = 10.0


def missing() -> list[str]:
    """The programs and files of TeX that are not here."""
    lost = [name for name in PROGRAMS if shutil.which(name) is None]
    return lost or [name for name in FILES if not _found(name)]


def _found(name: str) -> bool:
    if subprocess.run(["kpsewhich", name], capture_output=True).returncode == 0:
        return True
    if shutil.which("fc-list") is None:
        return False
    return name in subprocess.run(["fc-list", ":", "file"], capture_output=True, text=True).stdout


def faults(log: str) -> dict[str, list[str]]:
    r"""What a log complains of, by kind.

    >>> found = faults("Overfull \\hbox (12.5pt too wide) in paragraph\nOverfull \\vbox (2.1pt too high)\n")
    >>> {kind: len(lines) for kind, lines in found.items()}
    {'overfull boxes': 1, 'undefined references': 0, 'labels given twice': 0, 'missing characters': 0}
    """
    boxes = re.findall(r"^Overfull \\[hv]box \(([\d.]+)pt too .*", log, re.M)
    lines = re.findall(r"^Overfull \\[hv]box .*", log, re.M)
    return {
        "overfull boxes": [line for line, size in zip(lines, boxes, strict=True) if float(size) > POINTS],
        "undefined references": re.findall(r"^.*Warning: .*(?:eference|itation) .*undefined.*", log, re.M),
        "labels given twice": re.findall(r"^.*Label .* multiply defined.*", log, re.M),
        "missing characters": re.findall(r"^Missing character.*", log, re.M),
    }


def build(folder: Path, target: Path) -> int:
    (source,) = folder.glob("*.tex")
    command = ["latexmk", "-xelatex", "-interaction=nonstopmode", "-halt-on-error", "-silent", source.name]
    wide = os.environ | {"max_print_line": "1000"}  # lines of the log are cut after 79 characters otherwise
    done = subprocess.run(command, cwd=folder, env=wide, capture_output=True, text=True)
    written = source.with_suffix(".log")
    log = written.read_text("utf-8", "replace") if written.exists() else ""
    if done.returncode:
        print(done.stdout[-2000:], *re.findall(r"^!.*(?:\n.*){3}", log, re.M), sep="\n", file=sys.stderr)
        return 1
    found = faults(log)
    for line in sum(found.values(), []):
        print(line, file=sys.stderr)
    pages = re.search(r"Output written on .*\((\d+) pages?", log)
    counts = ", ".join(f"{len(lines)} {kind}" for kind, lines in found.items())
    print(f"{pages[1] if pages else '?'} pages; {counts}")
    shutil.copyfile(source.with_suffix(".pdf"), target)
    return int(any(found.values()))


def main() -> int:
    if lost := missing():
        print(f"No PDF without TeX: {', '.join(lost)} not found. On Debian and Ubuntu:", file=sys.stderr)
        print(f"    apt install --no-install-recommends {PACKAGES}", file=sys.stderr)
        return 1
    return 0 if sys.argv[1:] == ["tools"] else build(*map(Path, sys.argv[1:3]))


if __name__ == "__main__":
    sys.exit(main())
