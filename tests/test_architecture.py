"""The picture of the house in CONTRIBUTING.md, held: which room imports which, and what is imported late."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "idxcalc"

CORE = "errors evidence expr functions"
# A room, and the rooms above it that it may import.
ROOMS = {
    "errors": "",
    "evidence": "",
    "expr": "errors",
    "functions": "errors expr",
    "notation": "errors expr functions",
    "calculus": CORE,
    "normal": f"{CORE} calculus",
    "plan": "errors expr functions",
    "autodiff": "errors expr functions plan",
    "verify": f"{CORE} notation calculus normal plan autodiff",
    "chapters": "errors verify",
    "sphinx_ext": "errors verify chapters",
    "pytest_plugin": "errors verify chapters",
    "cli": "errors verify chapters",
    "__init__": "errors verify chapters",
    "__main__": "cli",
}
FACES = ("sphinx_ext", "pytest_plugin", "cli")

# What takes long to import is imported inside functions of these files, and nowhere else.
LATE = {
    "jax": ("plan/backends.py",),
    "numpy": ("plan/backends.py",),
    "sympy": ("normal/trigonometry.py",),
}
HEAVY = ("jax", "jaxlib", "numpy", "scipy", "sympy")
STARTS_WITHIN = 0.150  # seconds


@dataclass(frozen=True)
class Import:
    """One imported module: by which file, on which line, inside a function or not, for types only or not."""

    file: Path
    line: int
    module: str
    inside: bool
    for_types: bool

    @property
    def package(self) -> str:
        return self.module.split(".")[0]

    @property
    def target(self) -> str:
        """The room of ours that is imported."""
        parts = self.module.split(".")
        return parts[1] if len(parts) > 1 else "__init__"

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line}: imports {self.module}"


def room(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def place(file: Path) -> str:
    return file.relative_to(PACKAGE).as_posix()


def name_of(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def modules(node: ast.AST, file: Path) -> Iterator[str]:
    """The modules that a statement imports, by their full names."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        name = node.module or ""
        if node.level:
            here = ("idxcalc", *file.relative_to(PACKAGE).parts)[: -node.level]
            name = ".".join((*here, *filter(None, [name])))
        if name.split(".")[0] == "idxcalc":
            folder = ROOT.joinpath(*name.split("."))
            for alias in node.names:
                is_module = any((folder / f"{alias.name}{end}").exists() for end in ("", ".py"))
                yield f"{name}.{alias.name}" if is_module else name
        else:
            yield name
    elif isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in ("import_module", "__import__") and node.args and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)


def imports_of(file: Path) -> Iterator[Import]:
    def visit(node: ast.AST, inside: bool, for_types: bool) -> Iterator[Import]:
        for name in modules(node, file):
            yield Import(file, node.lineno, name, inside, for_types)
        inside |= isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for_types |= isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for child in ast.iter_child_nodes(node):
            yield from visit(child, inside, for_types)

    return visit(tree(file), False, False)


def imports() -> list[Import]:
    return [one for file in files() for one in imports_of(file) if one.package != "__future__"]


def foreign() -> list[Import]:
    """Imports from other people's packages."""
    return [one for one in imports() if one.package not in {*sys.stdlib_module_names, "idxcalc"}]


def expressions(name: str) -> Iterator[ast.AST]:
    """All the syntax of a room."""
    for file in files():
        if room(file) == name:
            yield from ast.walk(tree(file))


def assert_none(faults: list[Import] | list[str]) -> None:
    assert not faults, "\n" + "\n".join(map(str, faults))


def test_every_room_is_in_the_picture():
    assert {room(file) for file in files()} <= set(ROOMS)


def test_the_picture_has_one_direction():
    above: set[str] = set()
    for name, may_import in ROOMS.items():
        assert set(may_import.split()) <= above, name
        above.add(name)
    for face in FACES:
        assert not set(FACES) & set(ROOMS[face].split())


def test_rooms_import_only_what_stands_above_them():
    ours = (one for one in imports() if one.package == "idxcalc")
    assert_none(
        [one for one in ours if one.target not in {room(one.file), *ROOMS.get(room(one.file), "").split()}]
    )


def reach(name: str) -> set[str]:
    """The rooms that a room imports, directly or through others, as the code stands."""
    seen: set[str] = set()
    todo = {name}
    while todo:
        seen |= todo
        todo = {one.target for one in imports() if one.package == "idxcalc" and room(one.file) in todo} - seen
    return seen


def test_the_two_judges_share_no_rule_and_no_rewriting():
    assert not reach("autodiff") & {"calculus", "normal", "notation", "verify", "__init__"}
    assert "autodiff" not in reach("calculus") | reach("normal")


def test_the_numerical_judge_never_looks_at_a_derivative_rule():
    from idxcalc.functions import KNOWN, KnownFunction

    assert callable(KNOWN["exp"].derivative) and "derivative" in KnownFunction.__slots__
    looked_up = (node for node in expressions("autodiff") if isinstance(node, ast.Attribute))
    assert not [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in looked_up
        if node.attr == "derivative" and ast.unparse(node.value) != "self"
    ]


def test_only_the_numerical_judge_differentiates_with_jax():
    # As a name, or in the text of the program that it writes.
    transforms = re.compile(r"\b(grad|jacfwd|jacrev|jvp|vjp|hessian|linearize)\b")
    sources = {file: file.read_text(encoding="utf-8") for file in files()}
    assert any(transforms.search(text) for file, text in sources.items() if room(file) == "autodiff")
    symbolic = ("calculus", "normal")
    assert_none([one for one in foreign() if one.package == "jax" and room(one.file) in symbolic])


@pytest.mark.parametrize("package", LATE)
def test_what_is_slow_to_import_is_imported_late_and_at_one_place(package):
    found = [one for one in foreign() if one.package == package and not one.for_types]
    assert_none([one for one in found if place(one.file) not in LATE[package]])
    assert_none([one for one in found if not one.inside])


def test_nothing_else_is_imported_inside_a_function():
    late = (one for one in imports() if one.inside and room(one.file) != "__init__")
    assert_none([one for one in late if one.package not in LATE])


@cache
def distributions(name: str) -> set[str]:
    """The distributions that bring an importable package."""
    return {each.lower().replace("_", "-") for each in packages_distributions().get(name, ())}


def test_what_is_imported_is_declared_and_what_is_declared_is_imported():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[^\w-]", line)[0].replace("_", "-") for line in requirements}

    core = names(project["dependencies"])
    also = {
        "sphinx_ext": names(project["optional-dependencies"]["book"]) | {"docutils"},
        "pytest_plugin": {"pytest"},
    }
    brought = {one.package: distributions(one.package) for one in foreign()}
    assert_none(
        [one for one in foreign() if not brought[one.package] & (core | also.get(room(one.file), set()))]
    )
    assert core <= set().union(*brought.values())


def test_no_text_of_a_user_is_evaluated():
    """Formulas are parsed, never run; only the runner of a chapter's code cells runs code."""
    forbidden = {"eval", "exec", "sympify", "parse_expr", "parse_latex"}
    formulas = [file for file in files() if file != PACKAGE / "chapters" / "cells.py"]
    calls = ((file, node) for file in formulas for node in ast.walk(tree(file)) if isinstance(node, ast.Call))
    assert_none(
        [
            f"{file.relative_to(ROOT)}:{node.lineno}: calls {ast.unparse(node.func)}"
            for file, node in calls
            if ast.unparse(node.func).split(".")[-1] in forbidden
        ]
    )


def test_every_module_says_what_it_is():
    silent = [file for file in files() if tree(file).body and not ast.get_docstring(tree(file))]
    assert_none([str(file.relative_to(ROOT)) for file in silent])


def run(program: str) -> str:
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], env=env, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_is_quick_and_light():
    program = (
        "import sys, time; start = time.process_time(); import idxcalc; print(time.process_time() - start); "
        f"print(*(name for name in {HEAVY} if name in sys.modules))"
    )
    seconds, heavy = zip(*(run(program).split("\n")[:2] for _ in range(5)), strict=True)
    assert set(heavy) == {""}
    assert min(map(float, seconds)) < STARTS_WITHIN


def test_reading_deriving_proving_and_planning_load_neither_numpy_nor_jax():
    names = [name_of(file) for file in files() if room(file) not in FACES]
    program = (
        f"import importlib, sys; [importlib.import_module(name) for name in {names}]; "
        f"print(*(name for name in {HEAVY} if name in sys.modules))"
    )
    assert run(program).strip() == ""


def test_top_level_holds_only_what_any_such_project_has():
    allowed = {
        "CITATION.cff", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "benchmarks", "chapters",
        "conf.py", "idxcalc", "pyproject.toml", "tests", ".ci", ".gitattributes", ".gitignore",
    }  # fmt: skip
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listing.returncode:
        pytest.skip("not a git checkout")
    assert {line.split("/")[0] for line in listing.stdout.splitlines()} <= allowed
