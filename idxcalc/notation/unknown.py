"""What to say of a name that nobody declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idxcalc.errors import IdxcalcError
from idxcalc.notation.lexer import lex
from idxcalc.notation.tokens import Subscript
from idxcalc.notation.tree import Item, Name, Sign

if TYPE_CHECKING:
    from idxcalc.notation.reader import Reader


def undeclared(
    reader: Reader, text: str, item: Item, items: tuple[Item | Sign, ...], at: int
) -> IdxcalcError:
    """What to say of a name that nobody declared."""
    if at and (error := unbraced(reader, items, at - 1)) is not None:
        return error
    if item.sub is None and (
        text in reader.letters_used or text in reader.fixed or stands_as_index(reader, text)
    ):
        return reader.fail(f"{text} is an index and a number", item.span)
    near = reader.scope.nearest(text)
    advice = f"; did you mean `{near}`?" if near else ""
    return reader.fail(f"`{text}` is not declared{advice}", item.atom.span)


def unbraced(reader: Reader, items: tuple[Item | Sign, ...], at: int) -> IdxcalcError | None:
    """``w_ij`` reads as w_i times j; say so when j is no name."""
    item, behind = items[at], items[at + 1] if at + 1 < len(items) else None
    if not isinstance(item, Item) or item.sub is None or item.sub.braced or not item.sub.before:
        return None
    if (
        not isinstance(behind, Item)
        or not isinstance(behind.atom, Name)
        or behind.span.start != item.span.stop
    ):
        return None
    if (
        behind.sub is not None
        or behind.atom.text == "d"
        or behind.atom.text in reader.scope.symbols
        or not isinstance(item.atom, Name)
    ):
        return None
    group = item.sub.before[0].indices[0].value
    right = f"`{item.atom.text}_{{{group}{behind.atom.text}}}`"
    return reader.fail(f"only {group} is the subscript; write {right}", behind.span)


def stands_as_index(reader: Reader, text: str) -> bool:
    """Whether the letter stands in a subscript somewhere in the formula."""
    subs = (t.value for t in lex(reader.source) if isinstance(t.value, Subscript))
    groups = (g for sub in subs for g in (*sub.before, *(sub.after or ())))
    return any(token.value == text for group in groups for token in group.indices)


def is_letter(reader: Reader, name: str) -> bool:
    """Whether a bare name in a condition is an index: no number, or a size that subscripts use."""
    size_only = name not in reader.scope.symbols and name in reader.scope.size_names
    return not reader.scope.stands_alone(name) or (size_only and stands_as_index(reader, name))
