"""What a derivation rested on: the rules it used and the assumptions it made.

An `Evidence` is handed through `calculus` and `normal`, which add to it; the page prints it.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Evidence:
    """``rules`` are names of rules (``chain``, ``product``); ``assumptions`` are what they need.

    A condition is a text, or a text with ``%s`` and the expression to be written there. Both stand in the
    order of first use, without repeats.
    """

    rules: dict[str, None] = field(default_factory=dict)
    assumptions: dict[tuple[str, object], None] = field(default_factory=dict)

    def rule(self, name: str) -> None:
        self.rules[name] = None

    def assume(self, text: str, about: object = None) -> None:
        self.assumptions[text, about] = None
