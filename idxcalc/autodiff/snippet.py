"""A relation's program as Python source that imports only JAX.

The source is the rules of `values` written down, for sizes that stay names, over the samples that the judge
drew, with the source of the helpers that it calls; it prints the largest error, as the judge records it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from idxcalc.autodiff import helpers, samples
from idxcalc.autodiff.judge import Case, judged
from idxcalc.autodiff.sizes import Range
from idxcalc.autodiff.symbols import WAVES
from idxcalc.autodiff.values import Parts, Shift, sides
from idxcalc.expr import Dim, Relation, python_name
from idxcalc.plan.arrays import Tensor
from idxcalc.plan.text import Text, Written

HELPERS = {n: f for room in (helpers, samples) for n, f in vars(room).items() if inspect.isfunction(f)}

SNIPPET = '''"""Both sides of one relation at random values, every derivative taken by JAX. Needs only jax."""

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)
Any = object


{helpers}


# Left sides, right sides, the terms they add up, where it is claimed, distances from kinks.
{sides}


def tested(normal, mode, sizes):
    rows = spread(jnp, normal, mode)
    return compare(jnp, *jax.vmap(lambda row: sides(drawer(row), *sizes))(rows))


def drawn(seed, blocks):
    keys = [jax.random.key(seed + {next} * block) for block in range(blocks)]
    return jnp.concatenate([jax.random.normal(key, {block}) for key in keys], 1)


# seed, blocks of values that are drawn, their kind, the sizes{heads}
batches = [
{batches}
]
# XLA's simplifier would make n*log(x) of log(x**n), which is finite elsewhere.
options = {{"xla_disable_hlo_passes": "algsimp"}}
run = jax.jit(tested, static_argnums=(1, 2), compiler_options=options)
compared = [(sizes, run(drawn(seed, blocks), mode, sizes)) for seed, blocks, mode, sizes in batches]
print(f"largest relative error: {{summary(jnp, compared)[1]:.1e}}")
'''


def snippet(relation: Relation, seed: int = 0) -> str:
    """Python source that evaluates the samples of ``judge(relation, seed)``, importing only jax.

    It prints ``largest relative error: 1.2e-16``, the judge's ``max_error``.
    """
    case = Case(relation)
    written = Writer(relation, case.ranges)
    rounds = judged(relation, seed, False).rounds
    rows = [(r.seed, case.run(r).blocks, r.mode, tuple(r.sizes[n] for n in written.names)) for r in rounds]
    return SNIPPET.format(
        helpers=sources(written.sides), sides=written.sides, block=samples.BLOCK, next=samples.NEXT,
        heads=" of " * bool(written.names) + ", ".join(written.names.values()),
        batches="\n".join(f"    {row},".replace("'", '"') for row in rows),
    )  # fmt: skip


def sources(body: str) -> str:
    """The source of the helpers that are called, and of those that they call."""
    found: dict[str, str] = {}
    todo = [body, "spread drawer compare summary"]
    while todo:
        for name in re.findall(r"\w+", todo.pop()):
            if name in HELPERS and name not in found:
                found[name] = inspect.getsource(HELPERS[name]).rstrip()
                todo.append(found[name])
    return "\n\n\n".join(found.values())


class Writer(Written):
    """Takes down what a relation computes, as the function ``sides``. ``names`` are those of the sizes."""

    batch, mode = (), ""

    def __init__(self, relation: Relation, ranges: Mapping[str, Range]) -> None:
        super().__init__("jnp", ("jax", "draw", "sides", "float", *HELPERS))
        self.ranges = ranges
        self.head: list[str] = []
        self.names: dict[str, str] = {}
        self.known: dict[Any, Tensor] = {}
        result = sides(self, relation)
        lines = (*self.head, *self.lines, f"return {result!r}")
        self.sides = self.function("sides", ("draw", *self.names.values()), *lines)

    def last(self, dim: Dim) -> Any:
        if dim.number is not None or dim.last in WAVES:
            return WAVES.get(dim.last, dim.number)
        if dim.last not in self.names:
            letter = next(iter(self.ranges[dim.last].letters), "")
            hint = f"size_{python_name(letter)}" if dim.last.startswith("?") else python_name(dim.last)
            self.names[dim.last] = self.unique(hint)
        return Text(self.names[dim.last])

    def draw(self, *lengths: Any) -> Text:
        return Text("draw")(*lengths)

    def once(self, key: Any, found: Callable[[], Tensor]) -> Tensor:
        if key not in self.known:
            # It belongs to the whole function, wherever it is met.
            outer, self.lines = self.lines, self.head
            self.known[key] = found()
            self.lines = outer
        return self.known[key]

    def matrix(self, name: str, array: Text) -> Text:
        return Text(name)(self.np, array)

    def change(self, run: Callable[[Shift], Parts]) -> Parts:
        name, s = self.unique("moved"), Text(self.unique("s"))
        outer, self.lines = self.lines, []
        found = run(lambda a, b: self.let(self.np.add(a, self.np.multiply(s, b)), "t"))
        added, near = ([t.array for t in each] for each in found[1:])
        inner, self.lines = [*self.lines, f"return {found[0].array!r}, {added!r}, {near!r}"], outer
        value, terms, gaps, moves = (Text(self.unique(hint)) for hint in ("t", "terms", "gaps", "moves"))
        self.lines += [
            f"def {name}({s}):",
            *(f"    {line}" for line in inner),
            f"(_, _, {gaps}), ({value}, {terms}, {moves}) = jax.jvp({name}, (0.0,), (1.0,))",
        ]
        apart = Text(f"[untied(jnp, *each) for each in zip({gaps}, {moves})]")
        return Tensor(value, found[0].axes), [Tensor(terms)], [Tensor(apart)] * bool(near)
