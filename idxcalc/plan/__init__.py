"""From a formula to a function: arrays by one rule for each node, on NumPy or JAX, or as text."""

from idxcalc.plan.run import Compiled, compile

__all__ = ["Compiled", "compile"]
