"""The chapter that ``idxcalc new`` writes, `template.txt`: small, complete, and true as it stands."""

from __future__ import annotations

import re
from pathlib import Path


def template(name: str) -> str:
    """The text of a new chapter called ``name``.

    >>> template("gated-layer").splitlines()[5]
    '# Gated layer'
    """
    text = Path(__file__).with_suffix(".txt").read_text("utf-8")
    return text.replace("@TITLE@", re.sub("[-_]", " ", name).capitalize()).replace("@NAME@", name)
