"""What a derivation rested on: the rules it used and the assumptions it made.

An `Evidence` is handed through `calculus` and `normal`, which add to it; the page prints it.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Evidence:
    """``rules`` are names of rules (``chain``, ``product``, ``delta``); ``assumptions`` are conditions
    under which they hold (``X invertible``, ``z \\neq 0``); both in order of first use, without repeats."""

    rules: dict[str, None] = field(default_factory=dict)
    assumptions: dict[str, None] = field(default_factory=dict)

    def rule(self, name: str) -> None:
        self.rules[name] = None

    def assume(self, text: str) -> None:
        self.assumptions[text] = None
