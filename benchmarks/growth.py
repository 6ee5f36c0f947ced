"""How the time of `make` grows: a book of synthetic chapters in a temporary folder, and one edit in it.

What is printed is the time of the build after the edit, and the chapter's own part in it: its relations
checked and its cell run in a process of their own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from timing import table

ROOT = Path(__file__).resolve().parent.parent
CHAPTER = r"""---
file_format: mystnb
kernelspec:
  name: python3
  display_name: Python 3
---
# Synthetic chapter {number}

```{{given}}
x_i, y_i, A_{{ij}}, \sigma(z)
```

```{{derive}} form-{number}
:wrt: x_k
(A_{{ij}}x_ix_j)_{{,k}} = (A_{{kj}} + A_{{jk}})x_j
```

```{{derive}} square-{number}
:wrt: x_k
({factor}x_ix_i)_{{,k}} = {double}x_k
```

```{{derive}} layer-{number}
:wrt: x_k
\sigma(A_{{ij}}x_j)_{{,k}} = \sigma'(A_{{ij}}x_j)A_{{ik}} \quad \text{{(no sum on $i$)}}
```

```{{code-cell}} python
total = sum(range({number}))
print(total)
```
"""


def text(number: int, factor: int) -> str:
    return CHAPTER.format(number=number, factor=factor, double=2 * factor)


def timed(command: list[str], cwd: Path) -> float:
    start = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return time.perf_counter() - start


def main(number: int = 100) -> None:
    with tempfile.TemporaryDirectory() as folder:
        book = Path(folder)
        chapters = book / "chapters"
        chapters.mkdir()
        (book / "_build").symlink_to(ROOT / "_build")
        (book / "conf.py").write_text(CONF.format(root=str(ROOT)))
        names = [f"chapter{n:03}" for n in range(number)]
        contents = "\n".join(names)
        (chapters / "index.md").write_text(f"# A synthetic book\n\n```{{toctree}}\n{contents}\n```\n")
        for n, name in enumerate(names):
            (chapters / f"{name}.md").write_text(text(n, 3))
        build = [
            sys.executable,
            "-m",
            "sphinx",
            "-q",
            "-j",
            "auto",
            "-c",
            ".",
            "-b",
            "html",
            "chapters",
            "out",
        ]
        whole = timed(build, book)
        again = timed(build, book)
        edited = chapters / f"{names[number // 2]}.md"
        edited.write_text(text(number // 2, 5))
        after = timed(build, book)
        check = [sys.executable, "-m", "idxcalc.cli", "check", str(edited)]
        own = timed(check, book)
    rows = [
        ["all of it, from nothing", f"{whole:.1f}"],
        ["again, nothing edited", f"{again:.1f}"],
        ["after one edit", f"{after:.1f}"],
        ["the edited chapter's own, alone", f"{own:.1f}"],
        ["beyond the chapter's own", f"{after - own:.1f}"],
    ]
    table(f"A book of {number} chapters, seconds by the clock", ["build", "time"], rows)


CONF = """
import sys

sys.path.insert(0, {root!r})
project, author, root_doc = "Synthetic", "nobody", "index"
extensions = ["myst_nb", "idxcalc.sphinx_ext"]
html_theme = "furo"
nb_execution_mode = "force"
"""

if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
