"""Chapters are read as MyST reads them; each fault has its place, and the rest is still read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fake_context import FakeContext

from idxcalc.chapters import Chapter, chapter, record, summary
from idxcalc.chapters.statement import OPTIONS, states_relation
from idxcalc.errors import IdxcalcError

HEAD = "---\nfile_format: mystnb\n---\n"


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def make(text: str, name: str = "page.md") -> Chapter:
        Path(name).write_text(text, encoding="utf-8")
        return Chapter(name, context=FakeContext)

    return make


def texts(found: Chapter, cells: bool = False) -> list[str]:
    """What a reader is told: the results that are not as the author says."""
    return [str(each) for each in found.all(cells) if not each.ok]


def only(found: Chapter, cells: bool = False) -> str:
    (text,) = texts(found, cells)
    return text


# Reading


def test_all_kinds_with_their_places(write):
    found = write(
        """# Title {check}`a = b`

```{given}
x_i, y_i
```

```{define} layer
:covers: A1, A2 A3
y = x
```

~~~{derive} gradient
---
wrt: w_{ij}
covers: "A4"
---

a &= b \\\\
  &= c

~~~

:::{derive}
u = v
:::
"""
    )
    assert [(each.kind, each.label, each.name, each.line, each.column) for each in found.statements] == [
        ("check", "", "line-1", 1, 17),
        ("given", "", "line-3", 4, 1),
        ("define", "layer", "layer", 9, 1),
        ("derive", "gradient", "gradient", 18, 1),
        ("derive", "", "line-23", 24, 1),
    ]
    gradient = found.statements[3]
    assert gradient.options == {"wrt": "w_{ij}", "covers": "A4"}
    assert gradient.body == "a &= b \\\\\n  &= c"
    assert gradient.place(gradient.body.index("c")) == (19, 6)
    assert found.statements[2].covers == ("A1", "A2", "A3")
    assert texts(found) == []


def test_places_in_quotes_lists_and_tables(write):
    found = write(
        """> - text
>   ```{derive} deep
>   a = b
>     = wrong
>   ```

1. item

   ````{exercise}
   ```{derive} deeper
   :wrt: x

   c = wrong
   ```
   ````

| rule | says |
| ---- | ---- |
| one  | {check}`u = wrong` |
| two  | {check}`a = a`, {check}`a = wrong` |
"""
    )
    assert [text.split(" ")[0] for text in texts(found)] == [
        "page.md:4:9:", "page.md:13:8:", "page.md:19:22:", "page.md:20:38:",
    ]  # fmt: skip


def test_columns_behind_escaped_bars(write):
    found = write(
        "| one | two |\n| --- | --- |\n| \\| {check}`\\|a\\| = wrong` | {check}`\\|b\\| = wrong` |\n"
    )
    assert [each.body for each in found.statements] == ["|a| = wrong", "|b| = wrong"]
    assert [text.split(" ")[0] for text in texts(found)] == ["page.md:3:22:", "page.md:3:47:"]


def test_the_text_of_a_claim_is_read_as_any_other(write):
    found = write(HEAD + cell("assert 1") + CLAIM.replace("Words", "Words {check}`a = wrong`"))
    assert texts(found)[0].startswith("page.md:12:19: refuted")
    assert record(found.results(found.statements[0])[0])["latex"].startswith("Words {check}`a = wrong`")


@pytest.mark.parametrize("title", [":::{note} ", ":::{admonition} Title ", "- :::{tip} The `a` of "])
def test_a_role_in_the_title_of_a_directive_is_a_statement(write, title):
    found = write(f"{title}{{check}}`a = wrong`\n  text {{check}}`b = wrong`\n  :::\n")
    assert [each.body for each in found.statements] == ["a = wrong", "b = wrong"]
    assert texts(found)[0].startswith(f"page.md:1:{len(title + '{check}`a = ') + 1}: refuted")


def test_a_role_may_go_over_lines_and_code_spans_are_not_roles(write):
    found = write("Text ``{check}`a = wrong` `` and {check}`a\n= wrong` end.\n")
    assert [each.body for each in found.statements] == ["a\n= wrong"]
    assert only(found).startswith("page.md:2:3: refuted")


def test_examples_comments_and_indented_code_are_no_statements(write):
    found = write(
        """````markdown
```{derive} example
a = wrong
```
````

% {check}`a = wrong`

    {check}`a = wrong`

```{code-block} markdown
{check}`a = wrong`
```

<!--
```{derive} hidden
a = wrong
```
-->
"""
    )
    assert found.statements == [] and texts(found) == []


def test_line_ends_byte_order_mark_and_odd_separators(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "page.md"
    path.write_bytes(
        "\ufeff# T\r\n\r\nform\ffeed \u2028 here\r\n\r\n```{derive}\r\na = wrong\r\n```\r\n".encode()
    )
    found = Chapter(path, FakeContext)
    assert only(found).startswith("page.md:6:5: refuted\n")


def test_relations_are_counted_without_checking_and_checked_one_by_one(write):
    found = write("```{derive} chain\na = b = wrong\n```\n")
    (chain,) = found.statements
    assert found.count(chain) == 2
    assert found.results(chain)[0].verdict == "proved"
    assert str(found.results(chain)[1]) == (
        "page.md:2:9: refuted  chain, relation 2\n    a = b = wrong\n            ^^^^^\n    left 1, right 2"
    )
    assert found["chain"].results == found.results(chain)


def test_a_statement_sees_only_what_stands_above_it(write):
    found = write(
        """```{derive} early
a = \\use{L}
```

```{define}
L = 1
```

```{derive} late
a = \\use{L}
```

```{given}
:fresh:
z
```

```{derive} anew
a = \\use{L}
```
"""
    )
    assert [text.split("\n")[0] for text in texts(found)] == [
        "page.md:2:1: malformed  early, relation 1",
        "page.md:19:1: malformed  anew, relation 1",
    ]


def test_what_comes_too_late_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "page.md"
    path.write_text("```{derive}\nL = L\n```\n\n```{given}\nx_i\n```\n\n```{define}\nL = x_ix_i\n```\n")
    assert only(chapter(path)).endswith("    `L` is not declared; that comes in line 9, and must stand above")


def test_what_was_refused_above_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "page.md"
    path.write_text(
        "```{given}\nx_i\n```\n\n```{define}\nL = x_ix_i\nM = x_jy_j\n```\n\n```{derive}\nL = 2\n```\n"
    )
    first, second = chapter(path).all()
    assert first.error == "`y` is not declared"
    assert second.error == "`L` is not declared; line 6, where it stands, was refused"


def test_a_chapter_takes_over_another(write):
    write("```{given}\nw\n```\n```{define}\nL = w\n```\n", "other.md")
    found = write("```{given}\n:from: other\nz\n```\n\n{check}`a = \\use{L}` {check}`a = \\use{z}`\n")
    assert texts(found) == []


def test_a_chapter_by_two_ways_is_taken_over_once(write):
    write("```{given}\nw\n```\n", "first.md")
    for name in ("one", "two"):
        write(f"```{{given}}\n:from: first\n{name}\n```\n", f"{name}.md")
    found = write(
        "```{given}\n:from: one\n```\n```{given}\n:from: two\n```\n\n{check}`\\use{w} = \\use{two}`\n"
    )
    assert texts(found) == []


def test_names_that_clash_are_named_where_they_are_taken_over(write):
    write("```{given}\nu\nw\n```\n", "other.md")
    found = write("```{given}\nw\n```\n```{given}\n:from: other\n```\n\n{check}`a = \\use{u}`\n")
    assert only(found) == (
        "page.md:5:8: malformed\n    `:from: other` fails at other.md:3: w is declared already"
    )


def test_a_definition_that_is_wrong_on_purpose_leaves_nothing_behind(write):
    found = write("```{define}\n:expect: malformed\nL = 1\n```\n\n{check}`a = \\use{L}`\n")
    assert [text.split("\n")[-1] for text in texts(found)] == [
        "    `:expect:` is not met: expected malformed", "    L is not declared",
    ]  # fmt: skip


def test_a_label_gives_a_statement_to_compute_with(write):
    found = write("```{derive} gradient\na = wrong\n```\n")
    assert found["gradient"].latex() == "a = wrong"
    with pytest.raises(IdxcalcError, match="page.md:2:5: refuted  gradient"):
        found["gradient"].compile()
    with pytest.raises(IdxcalcError, match="page.md has no statement gradent; did you mean gradient"):
        found["gradent"]
    with pytest.raises(IdxcalcError, match="nowhere.md:1:1: malformed\n    no such file"):
        chapter("nowhere.md")["gradient"]


INLINE = """```{given}
x_i, y_i
w_{ij}
\\sigma(z)
```

Let $x_i$ and {math}`w_{ij}`, $w$, $i = 1, \\dots, n$, $(2, 3)$, $z > 0$, $\\eta$ be; long $x_i
= y_j$, $y_i = w_{ij}x_j$, $x_{ij}$, {math}`y_k = w_{ij}x_j`.
"""


def test_formulas_in_sentences(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "page.md"
    path.write_text(INLINE)
    found = chapter(path)
    assert [(each.line, each.column) for each in found.inline[:2]] == [(7, 6), (7, 22)]
    assert found.inline[7].body == "x_i\n= y_j"
    assert texts(found) == [
        "page.md:8:3: malformed\n    = y_j\n      ^^^\n    left side {i}, right side {j}",
        "page.md:8:29: malformed\n    x_{ij}\n    ^^^^^^\n    x has 1 index, not 2",
        "page.md:8:51: malformed\n    y_k = w_{ij}x_j\n"
        "          ^^^^^^^^^\n    left side {k}, right side {i}",
    ]


# Faults of the structure: the text, with its place


FAULTS = {
    "unknown option": (
        "```{derive} one\n:wtr: x\na = b\n```\n",
        "page.md:2:2: malformed  one\n    :wtr: x\n     ^^^\n    unknown option :wtr:; did you mean :wrt:?",
    ),
    "option of another directive": (
        "```{define} one\n:cell: x\na = b\n```\n",
        "page.md:2:2: malformed  one\n    :cell: x\n     ^^^^\n"
        "    unknown option :cell:; it belongs to {claim}",
    ),
    "option unlike any": (
        "```{derive} one\n:colour: x\na = b\n```\n",
        "page.md:2:2: malformed  one\n    :colour: x\n     ^^^^^^\n"
        "    unknown option :colour:; {derive} takes :wrt: :covers: :expect:",
    ),
    "option without colon": (
        "```{derive} one\n:wrt x\na = b\n```\n",
        "page.md:2:1: malformed  one\n    :wrt x\n    ^^^^^^\n"
        "    not an option; one is written `:wrt: w_{ij}`",
    ),
    "option twice": (
        "```{derive} one\n:wrt: x\n:wrt: y\na = b\n```\n",
        "page.md:3:1: malformed  one\n    :wrt: y\n    ^^^^^^^\n"
        "    the option :wrt: stands here twice; keep one",
    ),
    "option too late": (
        "```{derive} one\na = b\n:wrt: y\n```\n",
        "page.md:3:1: malformed  one\n    :wrt: y\n    ^^^^^\n"
        "    the option :wrt: stands after the body has begun; move it up",
    ),
    "empty option": (
        "```{derive} one\n:wrt:\na = b\n```\n",
        "page.md:2:2: malformed  one\n    :wrt:\n     ^^^\n"
        "    `:wrt:` is empty; write what it names or leave it out",
    ),
    "a verdict that no one can expect": (
        "```{derive} one\n:expect: proved\na = b\n```\n",
        "page.md:2:10: malformed  one\n    :expect: proved\n             ^^^^^^\n"
        "    `:expect: proved`: write refuted or malformed, then words of the message",
    ),
    "unclosed": (
        "text\n\n```{derive} one\na = b\n\nmore text\n",
        "page.md:3:1: malformed\n    ```{derive} one\n    ^^^\n"
        "    this {derive} is never closed; end it with ```",
    ),
    "unclosed before another": (
        "```{derive} one\na = b\n\n```{derive} two\na = b\n```\n",
        "page.md:1:1: malformed\n    ```{derive} one\n    ^^^\n"
        "    this {derive} is not closed before another directive in line 4; end it with ```",
    ),
    "closed by the wrong fence": (
        "```{note}\n```{derive} one\na = b\n```\n```\n",
        "page.md:2:1: malformed\n    ```{derive} one\n    ^^^\n"
        "    this {derive} is never closed; end it with ``` "
        "(the {note} around it must close later, with more characters)",
    ),
    "label twice": (
        "```{derive} one\na = b\n```\n\n```{derive} one\nc = d\n```\n",
        "page.md:5:1: malformed  one\n    ```{derive} one\n    ^\n"
        "    the label one is taken by line 1; choose another",
    ),
    "label of two words": (
        "```{derive} one two\na = b\n```\n",
        "page.md:1:1: malformed  one two\n    ```{derive} one two\n    ^\n"
        "    the label `one two` is not one word of letters, digits, - _ and .",
    ),
    "empty body": (
        "```{derive} one\n```\n",
        "page.md:1:1: malformed  one\n    ```{derive} one\n    ^\n"
        "    an empty {derive}; write its text below the options",
    ),
    "misspelt directive": (
        "```{derrive} one\na = wrong\n```\n",
        "page.md:1:1: malformed\n    ```{derrive} one\n    ^^^^^^^^^^^^^^^^\n"
        "    an unknown directive {derrive}; did you mean {derive}?",
    ),
    "no space": (
        "```{derive}one\na = wrong\n```\n",
        "page.md:1:1: malformed\n    ```{derive}one\n    ^^^^^^^^^^^^^^\n"
        "    a space is missing after {derive}",
    ),
    "misspelt role": (
        "Text {chekc}`a = b`.\n",
        "page.md:1:6: malformed\n    Text {chekc}`a = b`.\n         ^^^^^^^\n"
        "    an unknown role {chekc}; did you mean {check}?",
    ),
    "role without end": (
        "Text {check}`a = b and so on.\n",
        "page.md:1:6: malformed\n    Text {check}`a = b and so on.\n         ^^^^^^^^\n"
        "    {check}` is never closed by a backtick",
    ),
    "blank behind a role": (
        "Text {check} `a = b` and {check}.\n",
        "page.md:1:6: malformed\n    Text {check} `a = b` and {check}.\n         ^^^^^^^^^\n"
        "    no blank stands between {check} and its formula",
    ),
    "unchecked formula": (
        "```{math}\n:label: eq\na = b\n```\n",
        "page.md:3:1: malformed\n    a = b\n    ^\n    this formula states a relation that nothing checks; "
        "make it a {derive}, or a {math} block that says why not, `:unchecked: reason`",
    ),
    "unchecked formula in dollars": (
        "Text\n\n$$\na = b\n$$\n",
        "page.md:3:1: malformed\n    $$\n    ^\n    this formula states a relation that nothing checks; "
        "make it a {derive}, or a {math} block that says why not, `:unchecked: reason`",
    ),
    "unchecked without a reason": (
        "```{math}\n:unchecked:\na = b\n```\n",
        "page.md:2:2: malformed\n    :unchecked:\n     ^\n    `:unchecked:` needs a reason",
    ),
    "chapter that is not there": (
        "```{given}\n:from: neuron\n```\n",
        "page.md:2:8: malformed\n    :from: neuron\n           ^^^^^^\n"
        "    `:from: neuron`: there is no chapter neuron.md beside this one",
    ),
    "chapter that takes over itself": (
        "```{given}\n:from: page\n```\n",
        "page.md:2:8: malformed\n    :from: page\n           ^^^^\n"
        "    `:from: page` goes in a circle: page -> page",
    ),
    "cells that would never run": (
        "# T\n\n```{code-cell}\n1\n```\n",
        "page.md:1:1: malformed  cells\n    # T\n    ^\n"
        "    the chapter has code cells (the first in line 3) that "
        "would never run; the file must begin with --- / file_format: mystnb / ---",
    ),
    "cells under another front matter": (
        "---\ntitle: T\n---\n```{code-cell}\n1\n```\n",
        "page.md:1:1: malformed  cells\n    ---\n    ^\n"
        "    the chapter has code cells (the first in line 4) that "
        "would never run; its front matter lacks `file_format: mystnb`",
    ),
    "execution turned off": (
        "---\nfile_format: mystnb\nmystnb:\n  execution_mode: 'off'\n---\n```{code-cell}\n1\n```\n",
        "page.md:4:1: malformed  cells\n      execution_mode: 'off'\n    ^\n"
        "    `execution_mode: off` leaves the code cells unrun",
    ),
    "a nested cell": (
        HEAD + "```{code-cell}\n1\n```\n\n- ```{code-cell}\n  1\n  ```\n",
        "page.md:8:3: malformed  cells\n    - ```{code-cell}\n      ^\n"
        "    a {code-cell} inside a list or quote is never run; move it out, to the top level",
    ),
    "a declaration": (
        "```{given}\nx_i\nbad_i\n```\n",
        "page.md:3:1: malformed\n    bad_i\n    ^^^\n    bad is no name",
    ),
    "a definition": (
        "```{define} one\nL = bad\n```\n",
        "page.md:2:5: malformed  one\n    L = bad\n        ^^^\n    bad is no name",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_fault(write, case):
    source, said = FAULTS[case]
    found = write(source)
    assert only(found) == said


def test_what_an_unclosed_directive_swallowed_is_still_read(write):
    found = write(
        "```{derive} one\na = b\n\n{check}`u = wrong`\n\n```{derive} two\na = wrong\n```\n\n{check}`c = d`\n"
    )
    assert [text.split("\n")[0] for text in texts(found)] == [
        "page.md:1:1: malformed",
        "page.md:4:13: refuted",
        "page.md:7:5: refuted  two, relation 1",
    ]


def test_two_chapters_in_a_circle(write):
    write("```{given}\n:from: page\nu\n```\n", "other.md")
    found = write("```{given}\n:from: other\nz\n```\n\n{check}`a = \\use{z}`\n")
    assert only(found).endswith("`:from: other` goes in a circle: page -> other -> page")


def test_a_fault_in_the_other_chapter_is_named_where_it_is_taken_over(write):
    write("```{given}\nbad\n```\n", "other.md")
    found = write("```{given}\n:from: other\nz\n```\n")
    assert only(found) == "page.md:2:8: malformed\n    `:from: other` fails at other.md:2: bad is no name"


def test_covers_must_be_in_an_inventory_where_there_is_one(write):
    text = "```{derive} one\n:covers: A29, A99\na = b\n```\n"
    assert texts(write(text)) == []
    Path("article.toml").write_text('[[item]]\nid = "A29"\n[[item]]\nid = "A98"\n')
    assert only(write(text)) == (
        "page.md:2:15: malformed  one\n    :covers: A29, A99\n                  ^^^\n"
        "    `:covers:` names A99, which no inventory lists; did you mean A98?"
    )
    Path("article.toml").write_text("[[item]\n")
    assert texts(write(text))[0].startswith("article.toml:1:7: malformed\n    this inventory is not TOML: ")


def test_files_that_are_no_text(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("latin.md").write_bytes(b"one\ncaf\xe9\n")
    Path("nul.md").write_bytes(b"one\n\0\n")
    Path("folder.md").mkdir()
    said = [str(chapter(name).problems[0]) for name in ("latin.md", "nul.md", "folder.md", "none.md")]
    assert said == [
        "latin.md:1:1: malformed\n    not a text in UTF-8: byte 0xe9 in line 2",
        "nul.md:1:1: malformed\n    not a text: a NUL byte in line 2",
        "folder.md:1:1: malformed\n    cannot be read: is a directory",
        "none.md:1:1: malformed\n    no such file",
    ]


# Expectations


def test_what_is_expected_to_be_wrong(write):
    found = write(
        """```{derive} slip
:expect: malformed free indices
a = bad
```

```{derive} chain
:expect: refuted
a = b = wrong
```

```{derive} right
:expect: refuted
a = b
```

```{derive} otherwise
:expect: malformed left side
a = bad
```
"""
    )
    assert texts(found) == [
        "page.md:13:1: proved  right, relation 1\n    b\n    `:expect:` is not met: expected refuted\n"
        "    20 samples, largest error 1.0e-16",
        "page.md:18:5: malformed  otherwise, relation 1\n    a = bad\n        ^^^\n"
        "    free indices {i} and {k}\n"
        '    `:expect:` is not met: expected malformed, with the words "left side"',
    ]
    records = [record(each) for each in found.all()]
    assert json.loads(json.dumps(records)) == records
    assert summary(records) == (
        "3 relations: 2 proved, 1 malformed; 2 wrong ones refused as expected; 1 expected to be wrong"
    )


@pytest.mark.parametrize(
    ("formula", "relation"),
    [
        (r"a = b", True),
        (r"a &= b \\ &= c", True),
        (r"a \neq b", True),
        (r"x_i \quad (i = 1, \dots, n)", False),
        (r"\sum_{i=1}^n x_i", False),
        (r"s = \sum_{i=1}^n x_i", True),
        (r"\text{size = 2}", False),
        (r"\boxed{a = b}", True),
        (r"f(x)", False),
        (r"\negthinspace x", False),
    ],
)
def test_what_states_a_relation(formula, relation):
    assert states_relation(formula) is relation


# Cells and claims


CLAIM = "```{claim} same\n:cell: train\nWords with a = b.\n```\n"


def cell(source: str, tags: str = "train") -> str:
    return f"```{{code-cell}}\n:tags: [{tags}]\n\n{source}\n```\n\n"


def test_cells_run_in_order_in_the_folder_of_the_chapter(write, tmp_path):
    (tmp_path / "data.txt").write_text("7")
    (tmp_path / "helper.py").write_text("seven = 7")
    found = write(
        HEAD
        + cell("%matplotlib inline\nimport os\nx = int(open('data.txt').read())\nprint(x)")
        + cell("import helper\nassert x == helper.seven and __name__ == '__main__'\ndisplay(x)", "second")
        + CLAIM.replace("train", "second")
    )
    assert texts(found, cells=True) == []
    assert found.shown(found.statements[0])[0].verdict == "claimed"


def test_cells_see_nothing_of_the_program_that_runs_them(tmp_path):
    """A program without a guard is not run again in their process; nor is its path theirs."""
    (tmp_path / "page.md").write_text(HEAD + cell("import own"))
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "own.py").touch()
    program = """
import sys
from idxcalc import chapter
here = chapter("page.md")
sys.path.insert(0, "path")
print([each.error for each in here.all(cells=True)])
"""
    (tmp_path / "program.py").write_text(program)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    done = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("[\"ModuleNotFoundError: No module named 'own'\"]\n", "")


def test_a_failing_cell_shows_its_line(write):
    found = write(HEAD + cell("def f(x):\n    assert x, 'x is zero'\n") + cell("f(1)\nf(0)", "use") + CLAIM)
    assert texts(found, cells=True) == [
        "page.md:8:5: refuted  cells\n        assert x, 'x is zero'\n        ^\n    AssertionError: x is zero"
    ]
    assert found.shown(found.statements[0])[0].verdict == "claimed"  # its own cell ran to the end


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("1 +", "page.md:7:4: malformed  cells\n    1 +\n       ^\n    SyntaxError: invalid syntax"),
        ("import sys\nsys.exit(3)", "page.md:8:1: malformed  cells\n    sys.exit(3)\n    ^\n"
        "    SystemExit: 3"),
        ("import os\nos._exit(0)", "page.md:4:1: malformed  cells\n    ```{code-cell}\n    ^\n"
         "    the cells' process ended with code 0: no output"),
        ("import os\nos._exit(3)", "page.md:4:1: malformed  cells\n    ```{code-cell}\n    ^\n"
         "    the cells' process ended with code 3: no output"),
        ("int('x')", "page.md:7:1: malformed  cells\n    int('x')\n    ^\n"
         "    ValueError: invalid literal for int() with base 10: 'x'"),
    ],
)  # fmt: skip
def test_cells_that_stop(write, source, said):
    assert only(write(HEAD + cell(source)), cells=True) == said


def test_a_claim_fails_with_its_cell(write):
    found = write(HEAD + cell("assert 1 == 2") + CLAIM)
    assert texts(found, cells=True)[1] == (
        "page.md:12:1: refuted  same\n    its cell did not run to its end: page.md:7: AssertionError"
    )


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (CLAIM, "page.md:2:8: malformed  same\n"
        "    no code cell has the tag train; no code cell here has a tag"),
        (CLAIM.replace(":cell: train\n", ""), "page.md:1:1: malformed  same\n"
         "    a claim needs a code cell that shows it; name its tag with `:cell: tag`"),
        (HEAD + cell("assert 1", "trian") + CLAIM, "page.md:11:8: malformed  same\n"
         "    no code cell has the tag train; did you mean trian?"),
        (HEAD + cell("x = 1") + CLAIM, "page.md:11:8: malformed  same\n"
         "    the cell train (line 4) asserts nothing; add an `assert` that fails when the claim is false"),
        (HEAD + cell("assert 1", "train, raises-exception") + CLAIM, "page.md:11:8: malformed  same\n"
         "    the cell train (line 4) is tagged to be skipped or to fail, so it shows nothing"),
    ],
)  # fmt: skip
def test_claims_that_nothing_shows(write, source, said):
    assert only(write(source)) == said


def test_a_cell_may_assert_by_numpy(write):
    found = write(HEAD + cell("import numpy as np\nnp.testing.assert_allclose(1, 1)") + CLAIM)
    assert texts(found) == []


def test_the_summary():
    def of(
        kind: str = "relation", verdict: str = "proved", ok: bool = True, expect: str = ""
    ) -> dict[str, object]:
        return {"kind": kind, "verdict": verdict, "ok": ok, "expect": expect}

    wrong = of(verdict="refuted", expect="refuted")
    assert summary([of()] * 37 + [of(verdict="tested")] + [wrong] * 3 + [of("cells")]) == (
        "38 relations: 37 proved, 1 tested; 3 wrong ones refused as expected; 1 chapter's cells ran"
    )
    assert summary([]) == "0 relations"
    assert summary([of(), wrong, of("cells"), of("cells")]) == (
        "1 relation: 1 proved; 1 wrong one refused as expected; 2 chapters' cells ran"
    )
    assert summary(
        [of(verdict="refuted", ok=False), of("fault", "malformed", False), of("cells", ok=False)]
    ) == ("1 relation: 1 refuted; 1 other fault; 1 chapter's cells failed")


def test_the_options_are_those_of_the_language():
    assert set(OPTIONS) == {"given", "define", "derive", "steps", "claim", "math"}


# Derivations by steps, exercises


STEPS = """```{given}
x_i, A_{ij}
```

```{steps} quadratic
:wrt: x_k
:covers: A1
A_{ij}x_ix_j
```

```{steps} unclear
A_{ij}x_ix_j
```
"""


def test_each_step_is_a_relation_checked_from_the_one_before(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (path := tmp_path / "page.md").write_text(STEPS)
    found = chapter(path)
    quadratic, unclear = found.statements[1:]
    results = found.results(quadratic)
    assert {(each.kind, each.verdict, each.line, each.covers) for each in results} == {
        ("relation", "proved", 8, ("A1",))
    }
    assert found.count(quadratic) == len(results) == results[-1].relation
    rules, lines = zip(*(each.steps[0] for each in results), strict=True)
    assert rules[-1] == "collect"
    assert all(each.source == "(A_{ij}x_ix_j)_{,k}" for each in results)
    befores = [results[0].source, *lines]
    assert [each.latex for each in results] == [
        f"{before} = {line}" for before, line in zip(befores, lines, strict=False)
    ]
    assert found["quadratic"].compile()(x=np.ones(2), A=np.eye(2)).tolist() == [2, 2]
    assert texts(found) == [
        "page.md:12:1: malformed  unclear, relation 1\n    A_{ij}x_ix_j\n    ^^^^^^^^^^^^\n"
        "    derive by one variable: name it with `wrt`"
    ]


EXERCISES = """# Exercises

**1.** What is $a$? See:

```{math}
u
```

````{admonition} Solution
:class: dropdown

```{derive} one
a = ?
```

```{derive}
:expect: refuted
a = wrong
```
````

Between.

**2.** Why?

```{admonition} Solution
By itself.
```
"""


def test_exercises_with_their_solutions(write):
    found = write(EXERCISES)
    assert texts(found) == []
    first, second = found.exercises
    assert (first.name, [each.name for each in first.statements]) == ("one", ["one", "line-16"])
    assert first.question.startswith("**1.** What") and first.question.endswith("u\n```")
    assert first.question.place() == (3, 1)
    assert (second.name, second.question, second.solution) == ("line-24", "**2.** Why?", "By itself.")
    assert only(write(EXERCISES.replace("**2.** ", ""))) == (
        "page.md:26:1: malformed\n    ```{admonition} Solution\n    ^\n"
        "    this solution answers no question; begin that with its number in bold, `**1.**`"
    )
