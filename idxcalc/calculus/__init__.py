"""Derivatives by rules: `differentiate` works all of them out, `worked` shows the way there."""

from idxcalc.calculus.depends import depends
from idxcalc.calculus.derive import differentiate
from idxcalc.calculus.rules import stepped
from idxcalc.calculus.series import series
from idxcalc.calculus.steps import worked

__all__ = ["depends", "differentiate", "series", "stepped", "worked"]
