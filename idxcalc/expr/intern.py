"""Hash-consing: equal nodes are the same object, so equality and hashing cost nothing.

The table holds weak references; a node lives as long as somebody uses it.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakValueDictionary

_table: WeakValueDictionary[tuple[Any, ...], Any] = WeakValueDictionary()


class Interned(type):
    """The metaclass of every symbol and node: calling the class returns the one equal object."""

    def __call__(cls, *args: Any, **keywords: Any) -> Any:
        made = super().__call__(*args, **keywords)
        # The types stand in the key because 1 == True == Fraction(1).
        values = tuple(getattr(made, name) for name in cls.__match_args__)  # type: ignore[attr-defined]
        return _table.setdefault((cls, *map(type, values), *values), made)
