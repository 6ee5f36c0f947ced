"""README and CONTRIBUTING, and the Python example of the notation: what they print is what happens."""

from __future__ import annotations

import ast
import contextlib
import io
import re
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from printed import ROOT, consoles, fenced, words
from test_architecture import ROOMS

from idxcalc import Context, chapter, functions
from idxcalc.autodiff import sizes
from idxcalc.cli import main
from idxcalc.normal import terms
from idxcalc.notation import tokens

PAGES = ("README.md", "CONTRIBUTING.md")


def run(program: str, **names: Any) -> tuple[str, dict[str, Any]]:
    """What a program prints, and its names afterwards."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(program, "example", "exec"), names)
    return out.getvalue(), names


def same(printed: str) -> str:
    """What is printed, but for the last digits of an error."""
    return re.sub(r"largest error \S+", "largest error", printed)


@pytest.mark.parametrize("command, printed", [each for page in PAGES for each in consoles(page)])
def test_a_command_prints_what_the_page_shows(command, printed, capsys):
    main(words(command))
    assert same(capsys.readouterr().out) == same(printed)


@pytest.mark.parametrize(
    "page", [*PAGES, *(str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("chapters/*.md")))]
)
def test_links_of_a_page_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)\s#]+)[^)\s]*\)", re.sub(r"(?ms)^```.*?^```|`[^`\n]*`", "", text)):
        if "//" not in link and "." in link:
            assert ((ROOT / page).parent / link).is_file(), link


# ----------------------------------------------------------------------------------------------- README


def test_the_example_of_the_readme_prints_what_stands_below_it():
    (program,), (printed,) = fenced("README.md", "python"), fenced("README.md", "text")
    out, names = run(program)
    assert out == printed
    w, x, y = np.ones((2, 3)), np.arange(3.0), np.ones(2)
    assert names["loss_by_w"](w=w, x=x, y=y, sigma=jnp.tanh).shape == (2, 3)


def test_the_readme_names_targets_of_the_makefile():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (commands,) = fenced("README.md", "sh")
    assert commands.split("\n")[:2] == ["make", "make test"]
    for block in fenced("README.md", "sh") + fenced("CONTRIBUTING.md", "sh"):
        for target in re.findall(r"(?m)^make (\w+)", block):
            assert re.search(rf"(?m)^{target}:.*##", makefile), target


def test_the_picture_is_small_and_described():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    ((alt, path),) = re.findall(r"!\[([^]]*)\]\(([^)]+)\)", text)
    assert len(alt) > 40 and (ROOT / path).stat().st_size < 60_000


# ------------------------------------------------------------------------- the contract, in Python

CONTRACT = r"""
from idxcalc import Context, chapter
ctx = Context(r"x_k, y_i, w_{ij}, \sigma(z)")
ctx.define(r"\hat y_i = \sigma_i(w_{jk} x_k)")
ctx.define(r"L = (\hat y_j - y_j)(\hat y_j - y_j)")
r = ctx.check(r"L_{,(gh)} = 2(\hat y_i - y_i)\sigma_{i,m}(w_{jk}x_k)x_n\delta_{(mn)(gh)}", wrt="w_{gh}")
r.verdict         # "proved"
g = ctx.derive("L", wrt="w_{gh}")     # the derivative, found by the package
g.latex(); g.steps                    # typeset again; each step with the rule it used
f = g.compile("jax")                  # f(w=..., x=..., y=..., sigma=jnp.tanh)
ctx.check_code(r"L_{,(gh)}", my_backward, wrt="w_{gh}")   # the user's own NumPy or JAX function
chapter("chapters/neuron.md")["loss-gradient"]            # a checked statement, to compute with
"""


def my_backward(w, x, y, sigma, sigma_prime):
    z = w @ x
    return np.outer(2 * (sigma(z) - y) * sigma_prime(z), x)


def test_the_python_example_of_the_notation_runs_as_printed(monkeypatch):
    monkeypatch.chdir(ROOT)
    *lines, code, statement = ast.parse(CONTRACT).body
    _, names = run(ast.unparse(ast.Module(lines, [])))
    assert names["r"].verdict == "proved"
    assert [rule for rule, _ in names["g"].steps][0] == "definition" and "chain" in dict(names["g"].steps)
    w, x, y = np.ones((2, 3)), np.arange(3.0), np.ones(2)
    found = names["f"](w=w, x=x, y=y, sigma=jnp.tanh)
    expected = my_backward(w, x, y, np.tanh, lambda z: 1 - np.tanh(z) ** 2)
    assert np.allclose(found, expected, atol=1e-6)
    tested = eval(ast.unparse(code), {**names, "my_backward": my_backward})
    assert tested.verdict == "tested"
    checked = eval(ast.unparse(statement), names)
    gradient = checked.compile("jax")
    inputs = {"w": np.ones((2, 4)), "x": np.array([1.0, 2, 3, 4]), "y": np.ones(2), "sigma": jnp.tanh}
    assert gradient(**inputs).shape == (2, 4)


def test_what_is_derived_reads_back_and_is_proved():
    ctx = Context(r"x_k, y_i, w_{ij}, \sigma(z)")
    ctx.define(r"\hat y_i = \sigma_i(w_{jk} x_k)")
    ctx.define(r"L = (\hat y_j - y_j)(\hat y_j - y_j)")
    assert (
        ctx.check(rf"L_{{,(gh)}} = {ctx.derive('L', wrt='w_{gh}').latex()}", wrt="w_{gh}").verdict == "proved"
    )


# ----------------------------------------------------------------------------------------- CONTRIBUTING


def test_the_code_map_is_the_one_that_the_imports_are_held_to():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"(?m)^\| `(\w+)` \| .* \| ([\w, ]+) \|$", text))
    shown = {room: "" if allowed == "nothing" else allowed.replace(",", "") for room, allowed in rows.items()}
    assert shown == {room: allowed for room, allowed in ROOMS.items() if room != "__init__"}


def test_the_recipe_for_a_function_works(monkeypatch):
    (row,) = fenced("CONTRIBUTING.md", "python")
    made = eval(row, vars(functions))
    monkeypatch.setitem(functions.KNOWN, made.name, made)
    monkeypatch.setitem(functions.BY_LATEX, made.latex[0], made)
    ctx = Context("z, x_i")
    assert (
        ctx.check(r"\frac{\partial}{\partial z}\arsinh(z^2) = \frac{2z}{\sqrt{1 + z^4}}").verdict == "proved"
    )
    assert np.allclose(ctx.compile(r"\arsinh x_i")(x=np.ones(2)), np.arcsinh(1.0))
    assert ctx.derive(r"z\,\arsinh z", wrt="z").latex().startswith(r"\arsinh")


def test_files_that_the_pages_name_are_there():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for path in re.findall(r"`((?:[\w.]+/)+[\w.]*)`", text):
        assert (ROOT / path).exists() or (ROOT / "idxcalc" / path).exists(), path


# ------------------------------------------------------------------------------------ the notation page

PAGE = "chapters/notation.md"


def test_the_limits_of_the_page_are_those_of_the_package():
    text = (ROOT / PAGE).read_text(encoding="utf-8").partition("## Limits")[2]
    assert list(map(int, re.findall(r"(?m)\| (\d+) \|$", text))) == [
        tokens.MAX_LENGTH, tokens.MAX_DEPTH, tokens.MAX_RELATIONS, tokens.MAX_INDICES, tokens.MAX_ORDER,
        terms.LIMIT, terms.BITS, sizes.HARD_LIMIT,
    ]  # fmt: skip


def test_the_known_functions_of_the_page_are_those_of_the_table():
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    listed = text.partition("The known functions are")[2].partition("Anything else")[0]
    written = {latex for row in functions.KNOWN.values() for latex in row.latex} - {r"\lvert"}
    assert set(re.findall(r"\$(\\\w+)\$", listed)) == written


def test_every_row_of_a_table_of_forms_has_an_example_that_is_proved():
    page = chapter(ROOT / PAGE)
    checks = [each for each in page.statements if each.kind in ("check", "derive")]
    assert len(checks) > 55
    wrong = [str(result) for each in checks for result in page.results(each) if result.verdict != "proved"]
    assert wrong == [] and page.all() and not page.problems
