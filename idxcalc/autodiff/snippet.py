"""A program as Python source."""
from idxcalc.expr import Relation
def snippet(relation: Relation, seed: int = 0) -> str:
    raise NotImplementedError
