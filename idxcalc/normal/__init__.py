"""The normal form of sums of products, and equality by it."""

from idxcalc.normal.equality import equal
from idxcalc.normal.fold import folded
from idxcalc.normal.readback import simplify

__all__ = ["equal", "folded", "simplify"]
