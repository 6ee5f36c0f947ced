r"""Index notation that is checked: what is typeset is what is verified.

>>> from idxcalc import Context
>>> ctx = Context(r"x_i, m_{ij}")
>>> ctx.check(r"(m_{ij}x_ix_j)_{,k} = (m_{kj} + m_{jk})x_j", wrt="x_k").verdict
'proved'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idxcalc.errors import IdxcalcError, JudgesDisagree

if TYPE_CHECKING:
    from idxcalc.chapters import chapter
    from idxcalc.verify.context import Context, Derivation
    from idxcalc.verify.result import Result

__version__ = "0.1.0"
__all__ = ["Context", "Derivation", "IdxcalcError", "JudgesDisagree", "Result", "chapter"]

_HOMES = {
    "Context": "idxcalc.verify.context", "Derivation": "idxcalc.verify.context",
    "Result": "idxcalc.verify.result", "chapter": "idxcalc.chapters",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """The names above, each imported when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'idxcalc' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
