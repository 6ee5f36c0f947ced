"""A relation's program as Python source that imports only JAX.

The source is what `Writer` took down, over the samples that the judge drew, with the source of the
helpers that it calls; it prints the largest error, as the judge records it.
"""

from __future__ import annotations

import ast
import inspect
import re

from idxcalc.autodiff import helpers, samples
from idxcalc.autodiff.judge import Case, judged
from idxcalc.autodiff.writer import Writer
from idxcalc.expr import Relation

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


# seed, blocks of values that are drawn, their kind{heads}
batches = [
{batches}
]
# XLA's simplifier would make n*log(x) of log(x**n), which is finite elsewhere.
options = {{"xla_disable_hlo_passes": "algsimp"}}
run = jax.jit(tested, static_argnums=(1, 2), compiler_options=options)
compared = [run(drawn(seed, blocks), mode, tuple(sizes)) for seed, blocks, mode, *sizes in batches]
print(f"largest relative error: {{summary(jnp, compared)[1]:.1e}}")
'''


def snippet(relation: Relation, seed: int = 0) -> str:
    """Python source that evaluates the samples of ``judge(relation, seed)``, importing only jax.

    It prints ``largest relative error: 1.2e-16``, the judge's ``max_error``.
    """
    case = Case(relation)
    written = Writer(relation, case.ranges)
    sides = ast.unparse(ast.parse(written.source))
    rounds = judged(relation, seed, False).rounds
    rows = [(r.seed, case.run(r).blocks, r.mode, *(r.sizes[last] for last in written.names)) for r in rounds]
    return SNIPPET.format(
        helpers=sources(sides),
        sides=sides,
        heads="".join(f", {name}" for name in written.names.values()),
        batches="\n".join(f"    {row},".replace("'", '"') for row in rows),
        block=samples.BLOCK,
        next=samples.NEXT,
    )


def sources(body: str) -> str:
    """The source of the helpers that are called, and of those that they call."""
    known = {n: f for module in (helpers, samples) for n, f in inspect.getmembers(module, inspect.isfunction)}
    found: dict[str, str] = {}
    todo = [body, "spread drawer compare summary"]
    while todo:
        for name in re.findall(r"\w+", todo.pop()):
            if name in known and name not in found:
                found[name] = inspect.getsource(known[name]).rstrip()
                todo.append(found[name])
    return "\n\n\n".join(found.values())
