"""The numerical judge: both sides straight from the notation, every derivative by JAX."""

from idxcalc.autodiff.judge import Example, Judgement, judge
from idxcalc.autodiff.snippet import snippet

__all__ = ["Example", "Judgement", "judge", "snippet"]
