"""Hash-consing: equal nodes are the same object, so equality and hashing cost nothing.

The table holds weak references; a node lives as long as somebody uses it. What has been worked out about a
node for good (its parts, its free indices, the text that orders it) is kept in the node.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, dataclass_transform
from weakref import WeakValueDictionary

_table: WeakValueDictionary[tuple[Any, ...], Any] = WeakValueDictionary()


class Interned(type):
    """The metaclass of every symbol and node: the class is a frozen dataclass with slots, and calling it
    returns the one equal object."""

    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> Any:
        made = super().__new__(cls, name, bases, body)
        # To give it slots, the class is made once more, with them.
        return made if "__slots__" in body else dataclass(frozen=True, slots=True, eq=False)(made)

    def __call__(cls, *args: Any, **keywords: Any) -> Any:
        # The types stand in the key because 1 == True == Fraction(1).
        written = (cls, *map(type, args), *args)
        # Looked up in what the table keeps, as everything rests on this call.
        held = None if keywords else _table.data.get(written)  # type: ignore[attr-defined]
        found = held and held()
        if found is None:
            made = super().__call__(*args, **keywords)
            values = tuple(getattr(made, name) for name in cls.__match_args__)  # type: ignore[attr-defined]
            meant = (cls, *map(type, values), *values)
            found = _table.setdefault(meant, made)
            if not keywords and written != meant:
                _table[written] = found
        return found


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(field,))
class Node(metaclass=Interned):
    """What symbols and nodes have in common: they can be referred to weakly, and remember what is known."""

    __slots__ = ("__weakref__", "_free", "_key", "_parts", "_shape", "_weight")
    _free: Any
    _key: Any
    _parts: Any
    _shape: Any
    _weight: Any

    def remember(self, name: str, value: Any) -> Any:
        object.__setattr__(self, name, value)
        return value
