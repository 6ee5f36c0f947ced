r"""Index notation, checked: is this formula true for all sizes and values?

examples:
  idxcalc check chapters/neuron.md
  idxcalc check --given 'x_i, y_i' 'd(x_i y_i) = x_i\,dy_i + y_i\,dx_i'
  idxcalc derive --given 'x_i' --wrt 'x_k' 'x_i x_i'

Exit status: 0, all is as the author says; 1, it is not; 2, a file that cannot be read, or wrong usage.
"""

# The help of a command is the docstring of its function. Nothing here words a verdict.
from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from inspect import cleandoc
from pathlib import Path
from typing import Any

from idxcalc.chapters import Found, chapter, found, record, summary
from idxcalc.chapters.store import FOLDER, PACKAGE
from idxcalc.errors import IdxcalcError, JudgesDisagree
from idxcalc.verify.context import Context
from idxcalc.verify.explain import explain
from idxcalc.verify.question import Question
from idxcalc.verify.result import Result

# The commands; each gives an exit status


def run_check(asked: argparse.Namespace) -> int:
    r"""Check chapters, or one relation given on the command line.

    examples:
      idxcalc check chapters/*.md
      idxcalc check --json --no-cells chapters/neuron.md
      idxcalc check --given 'x_k, w_{ij}, \sigma(z)' --define '\hat y_i = \sigma_i(w_{jk}x_k)' --wrt 'w_{gh}' '\hat y_{i,(mn)} = \sigma_{i,m}(w_{jk}x_k)x_n'
    """  # noqa: E501
    if any(map(_is_file, asked.what)) and not (asked.given or asked.define or asked.wrt):
        return _check_files(asked)
    if len(asked.what) > 1:
        return _complain("one relation at a time; put it in quotes: '" + " ".join(asked.what) + "'")
    context, results = _context(asked)
    checked = context.check_all(asked.what[0].strip(), wrt=asked.wrt)
    results += [found(each, "relation", error=_option(each.error)) for each in checked]
    _tell(asked, results, [each for each in results if each.verdict != "defined" or asked.verbose])
    return 0 if all(results) else 1


def _is_file(what: str) -> bool:
    """What ends in .md, or is there, is a file; a formula has a sign of one."""
    return what.endswith(".md") or not re.search(r"[=\\?{}]", what) or os.path.exists(what)


def _check_files(asked: argparse.Namespace) -> int:
    chapters = [chapter(path, store=FOLDER if asked.cached else None) for path in dict.fromkeys(asked.what)]
    results: list[Found] = []
    _ = [each.running for each in chapters if not asked.no_cells]  # side by side
    for each in chapters:
        some = each.all(cells=not asked.no_cells)
        results += some
        if not asked.json:
            _print(*(one for one in some if asked.verbose or not one.ok))
            if not some and not each.statements:
                print(f"{each.path}: holds no statement")
    told = [each for each in results if not asked.json or each.kind != "cells" or not each.ok]
    _tell(asked, told, [summary([record(each) for each in told])])
    return 2 if not all(each.readable for each in chapters) else int(not all(each.ok for each in results))


def run_derive(asked: argparse.Namespace) -> int:
    r"""Find a derivative.

    examples:
      idxcalc derive --given 'x_i, y_i' --wrt 'x_k' '(x_i - y_i)(x_i - y_i)'
      idxcalc derive --steps --given 'x_i, A_{ij}' --wrt 'x_k' 'A_{ij}x_i x_j'
      idxcalc derive --given 'x_i, m_{ij}' --define 'L = m_{ij}x_i x_j' --wrt 'm_{kl}' 'L_{,(gh)}'
    """
    result = _context(asked)[0].derive(asked.what.strip(), wrt=asked.wrt)
    steps = [f"{rule}:\n    {latex}" for rule, latex in result.steps if asked.steps]
    whole = json.dumps({"latex": result.latex(), "steps": result.steps}, indent=1)
    _print(*[whole] if asked.json else [*steps, result.latex()])
    return 0


def run_explain(asked: argparse.Namespace) -> int:
    r"""Show a formula at each stage of its way.

    examples:
      idxcalc explain --given 'x_i, y_i' 'd(x_i y_i)'
      idxcalc explain --given 'x_i, A_{ij}' --wrt 'x_k' '(A_{ij}x_i x_j)_{,k}'
      idxcalc explain --given 'x_i, y_i' 'd(x_i y_i) = x_i\,dy_i + y_i\,dx_i'
    """
    for name, text in explain(_context(asked)[0], asked.what.strip(), asked.wrt):
        _print(name, *(f"    {line}" for line in text.splitlines()))
    return 0


def run_learn(asked: argparse.Namespace) -> int:
    """Answer the exercises of a chapter, in LaTeX; what is done is remembered.

    examples:
      idxcalc learn chapters/neuron.md
      idxcalc learn chapters/classification.md
      idxcalc learn --reset chapters/neuron.md
    """
    here = chapter(asked.what)
    if not here.exercises:
        _print(*here.problems)
        return _complain(f"{here.path} holds no exercise") if here.readable else 2
    state = Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser() / "idxcalc" / "learn.json"
    key, all_done = str(here.file.resolve()), {}
    with suppress(OSError, ValueError, TypeError):  # nothing is done yet, or what was is lost
        all_done = dict(json.loads(state.read_text("utf-8")))
    done = [] if asked.reset else list(all_done.get(key, ()))
    print(f"{here.path}: {len(here.exercises)} exercises, {len(done)} done")
    print(f"Answer in LaTeX, or type {', '.join(LEARN)}.")
    with suppress(EOFError):
        for exercise in (each for each in here.exercises if each.name not in done):
            print(f"\n{exercise.question}")
            answers = [_solved(each) for each in here.questions(exercise)]
            done += [exercise.name] * all(answers)
    with suppress(OSError):
        state.parent.mkdir(parents=True, exist_ok=True)
        state.write_text(json.dumps({**all_done, key: done}), "utf-8")
    print(f"\n{len(done)} of {len(here.exercises)} done")
    return 0


LEARN = {
    "hint": "what helps, one thing more each time: the shape of the answer, the rules that lead to it",
    "?": "the answer",
    "skip": "go on without an answer, as an empty line does",
    "quit": "leave, as Ctrl-D does; what is done is remembered",
    "help": "this list",
}


def _solved(asked: Question) -> bool:
    more: Iterator[str] | None = None
    while (text := input(f"\n{asked.left} = ").strip()) not in ("", "skip"):
        if text == "quit":
            raise EOFError
        if text == "?":
            print(asked.answer)
            return False
        if text == "help":
            _print(*(f"{name:<5} {what}" for name, what in LEARN.items()))
        elif text == "hint":
            more = more or iter(asked.hints())
            print(next(more, "no more hints; ? shows the answer"))
        elif not (result := asked.judge(text)):
            print(result)
        elif asked.finished(text):
            print("right")
            return True
        else:
            print("true, but not yet worked out")
    return False


def run_new(asked: argparse.Namespace) -> int:
    """Write a chapter that builds and passes, to start from.

    examples:
      idxcalc new pendulum
      idxcalc new gated-layer
      idxcalc new attention && idxcalc check *attention.md
    """
    name = asked.what.removesuffix(".md")
    if not re.fullmatch(r"[A-Za-z][\w-]*", name):
        return _complain(f"{asked.what!r} is no name for a chapter: letters, digits, - and _, a letter first")
    text = (PACKAGE / "chapters" / "template.txt").read_text("utf-8")
    text = text.replace("@TITLE@", re.sub("[-_]", " ", name).capitalize()).replace("@NAME@", name)
    path = Path("chapters" if Path("chapters").is_dir() else "", f"{name}.md")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return _complain(f"{path} is there already; choose another name or move it away")
    except OSError as error:
        return _complain(f"{path} cannot be written: {(error.strerror or str(error)).lower()}")
    book = "To put it into the book, list it in chapters/index.md and take `orphan: true` out of its head."
    _print(f"{path} is written; next: idxcalc check {path}", *[book] * Path("chapters/index.md").is_file())
    return 0


# The command line


_SEVERAL: dict[str, Any] = {"action": "append", "default": [], "metavar": "LATEX"}
_FLAG: dict[str, Any] = {"action": "store_true"}
OPTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "--given": ("declares variables and functions (may be repeated)", _SEVERAL),
    "--define": ("defines a name (may be repeated)", _SEVERAL),
    "--wrt": ("what derivatives are taken by", {"default": "", "metavar": "LATEX"}),
    "--json": ("print a list with a record per result; of derive, one record", _FLAG),
    "--cached": (f"verify only what changed; verdicts are kept in {FOLDER}", _FLAG),
    "--no-cells": ("do not run the chapters' code cells", _FLAG),
    "-v --verbose": ("print every result, not only the wrong ones", _FLAG),
    "--steps": ("print each step with the rule it used", _FLAG),
    "--reset": ("forget what is done", _FLAG),
}
GIVEN = "given define wrt"
# What each command is about, and the options that it takes.
COMMANDS: dict[Callable[[argparse.Namespace], int], tuple[str, str, str]] = {
    run_check: ("FILE|RELATION", "chapters (.md), or one relation in LaTeX",
                f"{GIVEN} json cached no-cells v"),
    run_derive: ("TARGET", "an expression, differentiated by --wrt; or one with commas",
                 f"{GIVEN} json steps"),
    run_explain: ("FORMULA", "a relation or an expression in LaTeX", GIVEN),
    run_learn: ("FILE", "a chapter (.md)", "reset"),
    run_new: ("NAME", "its file is chapters/NAME.md, or NAME.md without that folder", ""),
}  # fmt: skip


def parser() -> argparse.ArgumentParser:
    """The whole command line; each help ends with three examples."""

    def told(text: str | None) -> dict[str, Any]:
        about, _, examples = cleandoc(text or "").partition("\n\n")
        shape = argparse.RawDescriptionHelpFormatter
        return {"description": about, "epilog": examples, "formatter_class": shape, "allow_abbrev": False}

    whole = argparse.ArgumentParser("idxcalc", **told((__doc__ or "").partition("\n\nExit")[0]))
    commands = whole.add_subparsers(dest="command", metavar="COMMAND")
    for run, (what, about, takes) in COMMANDS.items():
        said = told(run.__doc__)
        short = said["description"][0].lower() + said["description"][1:-1]
        one = commands.add_parser(run.__name__[4:], help=short, **said)
        one.set_defaults(run=run, json=False)
        one.add_argument("what", metavar=what, help=about, nargs="+" if run is run_check else None)
        for option, (help_, shape) in OPTIONS.items():
            if option.split()[0].lstrip("-") in takes.split():
                one.add_argument(*option.split(), help=help_, **shape)
    return whole


def _context(asked: argparse.Namespace) -> tuple[Context, list[Found]]:
    """The context of the options, and the results of the definitions; an error notes its option."""
    context, results = Context(), []
    for option, text in [("given", t) for t in asked.given] + [("define", t) for t in asked.define]:
        try:
            results += [found(each, "definition") for each in getattr(context, option)(text) or ()]
        except IdxcalcError as error:
            error.add_note(f"--{option}")
            raise
    return context, results


def _option(message: str | None) -> str | None:
    """What a message asks for, by its name on the shell."""
    return message and message.replace("with `wrt`", "with `--wrt`")


def _print(*lines: object) -> None:
    print(*lines, sep="\n", end="\n" * bool(lines))


def _tell(asked: argparse.Namespace, results: Sequence[Found], shown: Sequence[object]) -> None:
    """All results with ``--json``, else what is shown of them."""
    _print(json.dumps([record(each) for each in results], indent=1)) if asked.json else _print(*shown)


def _complain(message: str, status: int = 2) -> int:
    print(f"idxcalc: {message}", file=sys.stderr)
    return status


def _shield(word: str) -> str:
    """A formula may begin with a minus sign; a blank before it tells argparse that it is no option."""
    return f" {word}" if re.match(r"-[\d.]|-[A-Za-z]*[_^({\\ ]|-[A-Za-z]+\s*=", word) else word


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; what it returns is the exit status."""
    if hasattr(sys.stdout, "reconfigure"):  # a lone surrogate is shown, as stderr does, never a traceback
        sys.stdout.reconfigure(errors="backslashreplace")
    whole = parser()
    asked = whole.parse_args([_shield(word) for word in (sys.argv[1:] if arguments is None else arguments)])
    if asked.command is None:
        whole.print_help()
        return 2
    try:
        status: int = asked.run(asked)
        sys.stdout.flush()  # here, where a closed pipe is still ours to handle
        return status
    except IdxcalcError as error:
        label = "".join(getattr(error, "__notes__", ()))
        said = _option(error.message)
        result = Result("malformed", error=said, source=error.source, span=error.span, label=label)
        _tell(asked, [found(result, "relation")], [result])
        return 1
    except JudgesDisagree as error:
        said = "its two judges disagree, a defect of idxcalc; please report it:"
        return _complain(f"{said}\n{error}", 1)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
