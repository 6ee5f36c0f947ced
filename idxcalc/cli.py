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
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from idxcalc.chapters import chapter, record, summary
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


def parser() -> argparse.ArgumentParser:
    """The whole command line; each help ends with three examples."""

    def add(name: str, about: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name, help=about, description=about[0].upper() + about[1:] + ".", epilog=_epilog(name),
            formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False,
        )  # fmt: skip

    whole = argparse.ArgumentParser(
        "idxcalc", description="Index notation, checked: is this formula true for all sizes and values?",
        epilog=_epilog(""), formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False,
    )  # fmt: skip
    commands = whole.add_subparsers(dest="command", metavar="COMMAND")

    check = add("check", "check chapters, or one relation given on the command line")
    check.add_argument(
        "what", nargs="+", metavar="FILE|RELATION", help="chapters (.md), or one relation in LaTeX"
    )
    _statements(check)
    check.add_argument("--json", action="store_true", help="print one list with a record per result")
    check.add_argument("--no-cells", action="store_true", help="do not run the chapters' code cells")
    check.add_argument(
        "-v", "--verbose", action="store_true", help="print every result, not only the wrong ones"
    )
    check.set_defaults(run=run_check)

    derive = add("derive", "find a derivative")
    derive.add_argument(
        "what", metavar="TARGET", help="an expression, differentiated by --wrt; or one with commas"
    )
    _statements(derive)
    derive.add_argument("--json", action="store_true", help="print a record with the formula and its steps")
    derive.add_argument("--steps", action="store_true", help="print each step with the rule it used")
    derive.set_defaults(run=run_derive)

    explain = add("explain", "show a formula at each stage of its way")
    explain.add_argument("what", metavar="FORMULA", help="a relation or an expression in LaTeX")
    _statements(explain)
    explain.set_defaults(run=run_explain)

    new = add("new", "write a chapter that builds and passes, to start from")
    new.add_argument(
        "name", metavar="NAME", help="its file is chapters/NAME.md, or NAME.md without that folder"
    )
    new.set_defaults(run=run_new)
    return whole


def _statements(command: argparse.ArgumentParser) -> None:
    several: Any = {"action": "append", "default": [], "metavar": "LATEX"}
    command.add_argument("--given", help="declares variables and functions (may be repeated)", **several)
    command.add_argument("--define", help="defines a name (may be repeated)", **several)
    command.add_argument("--wrt", default="", metavar="LATEX", help="what derivatives are taken by")


def _epilog(name: str) -> str:
    return "examples:\n" + "\n".join(f"  {line}" for line in EXAMPLES[name])


# check


def run_check(asked: argparse.Namespace) -> int:
    """Files, or one relation: what ends in .md, or is there, is a file; a formula has a sign of one."""
    if asked.given or asked.define or asked.wrt or not any(map(_is_file, asked.what)):
        if len(asked.what) > 1:
            return _usage("one relation at a time; put it in quotes: '" + " ".join(asked.what) + "'")
        return _check_relation(asked)
    return _check_files(asked)


def _is_file(what: str) -> bool:
    return what.endswith(".md") or not re.search(r"[=\\?{}]", what) or os.path.exists(what)


def _check_files(asked: argparse.Namespace) -> int:
    records: list[dict[str, Any]] = []
    readable = True
    for path in dict.fromkeys(asked.what):
        found = chapter(path)
        readable &= found.readable
        results = found.all(cells=not asked.no_cells)
        records += [found.record(each) for each in results]
        if found.cells and not asked.no_cells and found.ran().failed is None:
            records.append({**record(Result("claimed", file=found.path), "cells", True)})
        if not asked.json:
            _print(str(each) for each in results if asked.verbose or not found.ok(each))
            if found.readable and not results and not found.statements:
                print(f"{path}: holds no statement")
    if asked.json:
        print(json.dumps([each for each in records if each["kind"] != "cells" or not each["ok"]], indent=1))
    else:
        print(summary(records))
    return 2 if not readable else 0 if all(each["ok"] for each in records) else 1


def _check_relation(asked: argparse.Namespace) -> int:
    context, kept = _context(asked)
    results = list(kept)
    if context is not None:
        results += context.check_all(asked.what[0].strip(), wrt=asked.wrt)
    if asked.json:
        kinds = {"defined": "definition"}
        print(
            json.dumps(
                [record(each, kinds.get(each.verdict, "relation"), bool(each)) for each in results], indent=1
            )
        )
    else:
        _print(str(each) for each in results if each.verdict != "defined" or asked.verbose)
    return 0 if all(results) else 1


def _context(asked: argparse.Namespace) -> tuple[Any, list[Result]]:
    """The context of the options and the results of the definitions; no context where an option is wrong."""
    context = Context()
    results: list[Result] = []
    for option, texts in (("given", asked.given), ("define", asked.define)):
        for text in texts:
            try:
                results += getattr(context, option)(text) or ()
            except IdxcalcError as error:
                fault = Result("malformed", error=error.message, source=error.source, span=error.span)
                return None, [replace(fault, label=f"--{option}")]
    return context, results


# derive and explain


def run_derive(asked: argparse.Namespace) -> int:
    """Print the derivative; with --steps, each step and its rule above it."""
    context, results = _context(asked)
    if context is None:
        return _refuse(results)
    try:
        found = context.derive(asked.what.strip(), wrt=asked.wrt)
    except IdxcalcError as error:
        return _refuse([Result("malformed", error=error.message, source=error.source, span=error.span)])
    if asked.json:
        print(
            json.dumps(
                {"latex": found.latex(), "steps": [list(map(str, each)) for each in found.steps]}, indent=1
            )
        )
        return 0
    for rule, latex in found.steps if asked.steps else ():
        print(f"{rule}:\n    {latex}")
    print(found.latex())
    return 0


def run_explain(asked: argparse.Namespace) -> int:
    """Print the formula at each stage."""
    context, results = _context(asked)
    if context is None:
        return _refuse(results)
    try:
        stages = explain(context, asked.what.strip(), asked.wrt)
    except IdxcalcError as error:
        return _refuse([Result("malformed", error=error.message, source=error.source, span=error.span)])
    for name, text in stages:
        print(name)
        for line in text.splitlines():
            print(f"    {line}")
    return 0


# new


def run_new(asked: argparse.Namespace) -> int:
    """Write the chapter, unless it is there."""
    name = asked.name.removesuffix(".md")
    if not re.fullmatch(r"[A-Za-z][\w-]*", name):
        return _usage(f"{asked.name!r} is no name for a chapter: letters, digits, - and _, a letter first")
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


# the edges


def _print(texts: Iterable[str]) -> None:
    for text in texts:
        print(text)


def _refuse(results: list[Result]) -> int:
    _print(map(str, results))
    return 1


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
        status = int(asked.run(asked))
        sys.stdout.flush()  # here, where a closed pipe is still ours to handle
        return status
    except JudgesDisagree as error:
        print(
            f"idxcalc: its two judges disagree, a defect of idxcalc; please report it:\n{error}",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
