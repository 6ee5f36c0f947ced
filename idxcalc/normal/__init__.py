"""The normal form of sums of products, and equality by it."""

from idxcalc.normal.equality import equal
from idxcalc.normal.readback import neat, simplify, term_count

__all__ = ["equal", "neat", "simplify", "term_count"]
