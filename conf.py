"""How Sphinx builds the book: ``sphinx-build -c . chapters _build/html``, or ``make``."""

import logging
import sys
from pathlib import Path

from jupyter_client.manager import KernelManager

# One of furo's dependencies would set all of Python's logging to INFO; the first setting stays.
logging.basicConfig(level=logging.WARNING)
# A kernel that runs unencrypted says so, each time, at length.
if hasattr(KernelManager, "transport_encryption"):
    KernelManager.transport_encryption.default_value = "auto"

sys.path.insert(0, str(Path(__file__).parent / "chapters" / "_ext"))  # what only this book needs

project = "The Matrix Calculus of Deep Learning, Checked"
author = "the idxcalc authors"
project_copyright = "the idxcalc authors, MIT licence"

extensions = [
    "myst_nb",
    "sphinx_copybutton",
    "idxcalc.sphinx_ext",
    "proofreading",
    "dashboard",
    "graph",
    "access",
    "numbering",
    "paper",
    "notebooks",
    "warm",
    "recall",
]
root_doc = "index"
exclude_patterns = ["**/.*", "**/_build"]
numfig = True

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

# A chapter's cells run whenever the chapter is read, and it is read again after any change of the package
# (`idxcalc_fingerprint`). A cache of outputs would be keyed by the cells alone and go stale behind it.
# A cell that raises fails the build through the extension, with the rest of the book still reported.
nb_execution_mode = "force"
nb_execution_timeout = 120
nb_execution_show_tb = True
nb_merge_streams = True

html_theme = "furo"
html_title = "Matrix Calculus, Checked"
html_favicon = "chapters/_static/favicon.svg"
html_static_path = ["chapters/_static"]
html_css_files = ["book.css"]
html_js_files = [("filter.js", {"defer": "defer"}), ("search.js", {"defer": "defer"})]
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "navigation_with_keys": True,
    "light_css_variables": {"color-brand-primary": "#1f4e8c", "color-brand-content": "#1f4e8c"},
    "dark_css_variables": {"color-brand-primary": "#8ab4f0", "color-brand-content": "#8ab4f0"},
}

latex_engine = "xelatex"
latex_use_xindy = False
latex_table_style = ["booktabs"]
latex_documents = [("index", "idxcalc.tex", project, author, "manual")]
latex_elements = {
    "papersize": "a4paper",
    "extraclassoptions": "openany,oneside",
    "fncychap": "",
    "sphinxsetup": "hmargin={1in,1in}, TitleColor={RGB}{31,78,140}, InnerLinkColor={RGB}{31,78,140},"
    "OuterLinkColor={RGB}{31,78,140}, VerbatimColor={RGB}{247,248,250}, verbatimwithframe=false",
    "tableofcontents": r"\renewcommand{\contentsname}{Contents}\sphinxtableofcontents",
    # A mark stays on the page of its formula, and close below it.
    "preamble": r"""
\AtBeginDocument{
  \postdisplaypenalty=10000
  \abovedisplayskip=5pt plus 2pt \abovedisplayshortskip=3pt plus 2pt
  \belowdisplayskip=3pt plus 1pt \belowdisplayshortskip=3pt plus 1pt
}
\renewcommand{\arraystretch}{1.35}
\fvset{fontsize=\footnotesize}
""",
}
