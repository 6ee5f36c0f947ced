"""What theme and notebook leave to be said to readers who listen: levels of headings, names of what opens.

Invariant: only attributes change, no word that is seen.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

CHANGED = {
    "furo_navigation_tree": ('role="heading"', 'role="heading" aria-level="2"'),
    "body": (' aria-label="Toggle hidden content"', ""),  # its own words say more
}


def say(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    for name, (old, new) in CHANGED.items():
        if name in context:
            context[name] = context[name].replace(old, new)
    if "body" in context:  # code that scrolls can be reached with the keyboard
        context["body"] = context["body"].replace("<pre>", '<pre tabindex="0">')


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", say, priority=900)  # behind the theme
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
