"""The shell's face: ``idxcalc check | derive | explain | new``.

It prints what the results say and words no verdict itself. Exit status: 0, all is as the author says;
1, it is not; 2, a file that cannot be read, or wrong usage.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from idxcalc.chapters import Found, chapter, found, record, summary
from idxcalc.chapters.store import FOLDER
from idxcalc.chapters.template import template
from idxcalc.errors import IdxcalcError, JudgesDisagree
from idxcalc.verify.context import Context
from idxcalc.verify.explain import explain
from idxcalc.verify.result import Result

EXAMPLES = {
    "": [
        "idxcalc check chapters/neuron.md",
        r"idxcalc check --given 'x_i, y_i' 'd(x_i y_i) = x_i\,dy_i + y_i\,dx_i'",
        r"idxcalc derive --given 'x_i' --wrt 'x_k' 'x_i x_i'",
    ],
    "check": [
        "idxcalc check chapters/*.md",
        "idxcalc check --json --no-cells chapters/neuron.md",
        r"idxcalc check --given 'x_k, w_{ij}, \sigma(z)' --define '\hat y_i = \sigma_i(w_{jk}x_k)' "
        r"--wrt 'w_{gh}' '\hat y_{i,(mn)} = \sigma_{i,m}(w_{jk}x_k)x_n'",
    ],
    "derive": [
        r"idxcalc derive --given 'x_i, y_i' --wrt 'x_k' '(x_i - y_i)(x_i - y_i)'",
        r"idxcalc derive --steps --given 'x_i, A_{ij}' --wrt 'x_k' 'A_{ij}x_i x_j'",
        r"idxcalc derive --given 'x_i, m_{ij}' --define 'L = m_{ij}x_i x_j' --wrt 'm_{kl}' 'L_{,(gh)}'",
    ],
    "explain": [
        r"idxcalc explain --given 'x_i, y_i' 'd(x_i y_i)'",
        r"idxcalc explain --given 'x_i, A_{ij}' --wrt 'x_k' '(A_{ij}x_i x_j)_{,k}'",
        r"idxcalc explain --given 'x_i, y_i' 'd(x_i y_i) = x_i\,dy_i + y_i\,dx_i'",
    ],
    "new": [
        "idxcalc new pendulum",
        "idxcalc new gated-layer",
        "idxcalc new attention && idxcalc check *attention.md",
    ],
}


# What each command does; the word for what it is about, and what that is.
COMMANDS = {
    "check": ("check chapters, or one relation given on the command line", "FILE|RELATION",
              "chapters (.md), or one relation in LaTeX"),
    "derive": ("find a derivative", "TARGET", "an expression, differentiated by --wrt; or one with commas"),
    "explain": ("show a formula at each stage of its way", "FORMULA",
                "a relation or an expression in LaTeX"),
    "new": ("write a chapter that builds and passes, to start from", "NAME",
            "its file is chapters/NAME.md, or NAME.md without that folder"),
}  # fmt: skip
FLAGS = {
    "check": {
        "--json": "print one list with a record per result",
        "--cached": f"verify only what changed; verdicts are kept in {FOLDER}",
        "--no-cells": "do not run the chapters' code cells",
        "-v --verbose": "print every result, not only the wrong ones",
    },
    "derive": {
        "--json": "print a record with the formula and its steps",
        "--steps": "print each step with the rule it used",
    },
}


def parser() -> argparse.ArgumentParser:
    """The whole command line; each help ends with three examples."""

    def style(name: str) -> dict[str, Any]:
        return {
            "epilog": "\n".join(["examples:", *(f"  {line}" for line in EXAMPLES[name])]),
            "formatter_class": argparse.RawDescriptionHelpFormatter,
            "allow_abbrev": False,
        }

    about = "Index notation, checked: is this formula true for all sizes and values?"
    whole = argparse.ArgumentParser("idxcalc", description=about, **style(""))
    commands = whole.add_subparsers(dest="command", metavar="COMMAND")
    several: Any = {"action": "append", "default": [], "metavar": "LATEX"}
    for name, (about, word, help_) in COMMANDS.items():
        one = commands.add_parser(name, help=about, description=f"{about.capitalize()}.", **style(name))
        one.add_argument("what", metavar=word, help=help_, nargs="+" if name == "check" else None)
        if name != "new":
            one.add_argument("--given", help="declares variables and functions (may be repeated)", **several)
            one.add_argument("--define", help="defines a name (may be repeated)", **several)
            one.add_argument("--wrt", default="", metavar="LATEX", help="what derivatives are taken by")
        for flag, help_ in FLAGS.get(name, {}).items():
            one.add_argument(*flag.split(), action="store_true", help=help_)
    return whole


class Refused(Exception):
    """A text that is malformed; the result that says why."""

    def __init__(self, error: IdxcalcError, label: str = "") -> None:
        self.result = Result(
            "malformed", error=error.message, source=error.source, span=error.span, label=label
        )


def _context(asked: argparse.Namespace) -> tuple[Any, list[Found]]:
    """The context of the options and the results of the definitions; raises `Refused`."""
    context, results = Context(), []
    for option, text in [("given", t) for t in asked.given] + [("define", t) for t in asked.define]:
        try:
            results += [found(each, "definition") for each in getattr(context, option)(text) or ()]
        except IdxcalcError as error:
            raise Refused(error, f"--{option}") from error
    return context, results


# The commands; each gives an exit status


def run_check(asked: argparse.Namespace) -> int:
    """Files, or one relation: what ends in .md, or is there, is a file; a formula has a sign of one."""
    if any(map(_is_file, asked.what)) and not (asked.given or asked.define or asked.wrt):
        return _check_files(asked)
    if len(asked.what) > 1:
        return _usage("one relation at a time; put it in quotes: '" + " ".join(asked.what) + "'")
    try:
        context, results = _context(asked)
        results += [
            found(each, "relation") for each in context.check_all(asked.what[0].strip(), wrt=asked.wrt)
        ]
    except Refused as refused:
        results = [found(refused.result, "relation")]
    if asked.json:
        _print_json([record(each) for each in results])
    else:
        _print(*(each for each in results if each.verdict != "defined" or asked.verbose))
    return 0 if all(results) else 1


def _is_file(what: str) -> bool:
    return what.endswith(".md") or not re.search(r"[=\\?{}]", what) or os.path.exists(what)


def _check_files(asked: argparse.Namespace) -> int:
    store = FOLDER if asked.cached else None
    chapters = [chapter(path, store=store) for path in dict.fromkeys(asked.what)]
    results: list[Found] = []
    for each in chapters:
        some = each.all(cells=not asked.no_cells)
        results += some
        if not asked.json:
            _print(*(one for one in some if asked.verbose or not one.ok))
            if not some and not each.statements:
                print(f"{each.path}: holds no statement")
    if asked.json:
        _print_json([record(each) for each in results if each.kind != "cells" or not each.ok])
    else:
        print(summary([record(each) for each in results]))
    return 2 if not all(each.readable for each in chapters) else int(not all(each.ok for each in results))


def run_derive(asked: argparse.Namespace) -> int:
    """Print the derivative; with --steps, each step and its rule above it."""
    result = _context(asked)[0].derive(asked.what.strip(), wrt=asked.wrt)
    if asked.json:
        _print_json({"latex": result.latex(), "steps": [list(map(str, each)) for each in result.steps]})
        return 0
    for rule, latex in result.steps if asked.steps else ():
        print(f"{rule}:\n    {latex}")
    print(result.latex())
    return 0


def run_explain(asked: argparse.Namespace) -> int:
    """Print the formula at each stage."""
    for name, text in explain(_context(asked)[0], asked.what.strip(), asked.wrt):
        _print(name, *(f"    {line}" for line in text.splitlines()))
    return 0


def run_new(asked: argparse.Namespace) -> int:
    """Write the chapter, unless it is there."""
    name = asked.what.removesuffix(".md")
    if not re.fullmatch(r"[A-Za-z][\w-]*", name):
        return _usage(f"{asked.what!r} is no name for a chapter: letters, digits, - and _, a letter first")
    folder = Path("chapters")
    path = folder / f"{name}.md" if folder.is_dir() else Path(f"{name}.md")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(template(name))
    except FileExistsError:
        return _usage(f"{path} is there already; choose another name or move it away")
    except OSError as error:
        return _usage(f"{path} cannot be written: {(error.strerror or str(error)).lower()}")
    print(f"{path} is written; next: idxcalc check {path}")
    if (folder / "index.md").is_file():
        print(
            "To put it into the book, list it in chapters/index.md and take `orphan: true` out of its head."
        )
    return 0


RUN = {"check": run_check, "derive": run_derive, "explain": run_explain, "new": run_new}


# The edges


def _print(*lines: object) -> None:
    for line in lines:
        print(line)


def _print_json(data: object) -> None:
    print(json.dumps(data, indent=1))


def _usage(message: str) -> int:
    print(f"idxcalc: {message}", file=sys.stderr)
    return 2


def _shield(word: str) -> str:
    """A formula may begin with a minus sign; a blank before it tells argparse that it is no option."""
    return f" {word}" if re.match(r"-[\d.]|-[A-Za-z]*[_^({\\ ]|-[A-Za-z]+\s*=", word) else word


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; what it returns is the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a lone surrogate is shown, never a traceback
    whole = parser()
    asked = whole.parse_args([_shield(word) for word in (sys.argv[1:] if arguments is None else arguments)])
    if asked.command is None:
        whole.print_help()
        return 2
    try:
        status = RUN[asked.command](asked)
        sys.stdout.flush()  # here, where a closed pipe is still ours to handle
        return status
    except (Refused, IdxcalcError) as error:
        print(error.result if isinstance(error, Refused) else Refused(error).result)
        return 1
    except JudgesDisagree as error:
        said = "its two judges disagree, a defect of idxcalc; please report it:"
        print(f"idxcalc: {said}\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
