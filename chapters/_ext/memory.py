"""What the book's own extensions keep of each page, and whether what a page is made of has changed.

Kept values lie in the environment, by page; they go when the page is read again, and come together from
the processes that read the book side by side.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from sphinx.application import Sphinx


def kept(env: Any, name: str) -> dict[str, Any]:
    """The values called ``name``, by page."""
    if not hasattr(env, name):
        setattr(env, name, {})
    found: dict[str, Any] = getattr(env, name)
    return found


def keep(app: Sphinx, *names: str) -> None:
    """Have the values of these names forgotten and merged with their pages."""

    def forget(app: Sphinx, env: Any, docname: str) -> None:
        for name in names:
            kept(env, name).pop(docname, None)

    def merge(app: Sphinx, env: Any, docnames: Set[str], other: Any) -> None:
        for name in names:
            kept(env, name).update({doc: each for doc, each in kept(other, name).items() if doc in docnames})

    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)


def changed(env: Any, name: str, facts: object) -> bool:
    """Whether ``facts``, by their text, are not those of the last build, which are kept as ``name``."""
    known = repr(facts)
    if getattr(env, name, None) == known:
        return False
    setattr(env, name, known)
    return True
