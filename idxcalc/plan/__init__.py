"""From a formula to a function: an explicit plan of array operations, run by NumPy or JAX."""

from idxcalc.plan.build import plan
from idxcalc.plan.lines import Plan
from idxcalc.plan.run import Compiled, compile

__all__ = ["Compiled", "Plan", "compile", "plan"]
