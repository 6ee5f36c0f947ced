"""The chapter that ``idxcalc new`` writes: small, complete, and true as it stands."""

from __future__ import annotations

_TEXT = r"""---
file_format: mystnb
orphan: true
---

# @TITLE@

Say here what the chapter is about. These are its variables; what is constant does not vary in a differential.

```{given}
x_i
y_i constant
```

```{define} distance
L = (x_i - y_i)(x_i - y_i)
```

Each `=` below is a relation that is checked whenever the book is built.

```{derive} distance-gradient
:wrt: x_k
L_{,k} &= 2(x_i - y_i)\,\delta_{ik} \\
       &= 2(x_k - y_k)
```

The same as a differential: {check}`dL = 2(x_i - y_i)\,dx_i`.

The code below takes its gradient from the statement above, so that no formula is typed twice.

```{code-cell}
:tags: [descent]

import numpy as np

from idxcalc import chapter

gradient = chapter("@NAME@.md")["distance-gradient"].compile("numpy")
x, y = np.array([3.0, -1.0]), np.array([1.0, 1.0])
before = np.sum((x - y) ** 2)
after = np.sum((x - 0.1 * gradient(x=x, y=y) - y) ** 2)
assert after < before
print(f"{before:.2f} -> {after:.2f}")
```

```{claim} downhill
:cell: descent
A small step against the gradient makes the distance smaller.
```
"""


def template(name: str) -> str:
    """The text of a new chapter called ``name``.

    >>> template("gated-layer").splitlines()[5]
    '# Gated layer'
    """
    return _TEXT.replace("@TITLE@", name.replace("-", " ").replace("_", " ").capitalize()).replace(
        "@NAME@", name
    )
