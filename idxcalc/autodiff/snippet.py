"""A relation's program as Python source that imports only JAX.

The source is the program that the judge ran, over the same samples, with the source of the few helpers that
it calls; it prints the largest error, as the judge records it.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping

from idxcalc.autodiff import samples
from idxcalc.autodiff.backend import tools
from idxcalc.autodiff.judge import Case, judged
from idxcalc.autodiff.program import Apply, Assign, Extent, Name, Program, Term
from idxcalc.expr import Relation, python_name

SIGNS = ("+", "-", "*", "**", "&", "<", "<=", ">", ">=", "==", "!=")
HEAD = '''"""Both sides of one relation at random values, every derivative taken by JAX. Needs only jax."""

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)
'''
MAIN = '    """Left sides, right sides, the terms they add up, where it is claimed, distances from kinks."""'
TAIL = """

def tested(normal, mode, sizes):
    rows = spread(jnp, normal, mode)
    return compare(jnp, *jax.vmap(lambda row: sides(drawer(row), *sizes))(rows))


# seed, values drawn for a sample, their kind{heads}
batches = [
{batches}
]
# XLA's simplifier would make n*log(x) of log(x**n), which is finite elsewhere.
options = {{"xla_disable_hlo_passes": "algsimp"}}
run = jax.jit(tested, static_argnums=(1, 2), compiler_options=options)
error, trials, lone = 0.0, 0, 0
for seed, columns, mode, *sizes in batches:
    normal = jax.random.normal(jax.random.key(seed), ({rows}, columns))
    errors, counts, alone = run(normal, mode, tuple(sizes))
    error = max(error, float(jnp.max(errors)))
    trials, lone = trials + int(jnp.sum(counts)), lone + int(jnp.sum(alone))
print(f"largest relative error: {{summary(error, trials, lone):.1e}}")
"""


def snippet(relation: Relation, seed: int = 0) -> str:
    """Python source that evaluates the samples of ``judge(relation, seed)``, importing only jax.

    It prints ``largest relative error: 1.2e-16``, the judge's ``max_error``.
    """
    case, batches = judged(relation, seed)
    root, names = case.root, size_names(case)
    numbers = {last: str(size.number) for last, size in case.ranges.items() if size.number is not None}
    params = (Name("draw"), *(Name(name) for last, name in names.items() if last not in numbers))
    main = Program(Name("sides"), params, root.program.lines, root.program.result)
    head, *lines = Writer({**names, **numbers}).function(main)
    body = "\n".join([head, MAIN, *lines])
    opened = [last for last in names if last not in numbers]
    rows = [(b.seed, case.columns(b.sizes), b.mode, *(b.sizes[last] for last in opened)) for b in batches]
    tail = TAIL.format(
        rows=samples.BATCH,
        batches="\n".join(f"    {row},".replace("'", '"') for row in rows),
        heads="".join(f", {names[last]}" for last in opened),
    )
    return HEAD + sources(body) + "\n\n" + body + "\n" + tail


def size_names(case: Case) -> dict[str, str]:
    """A Python name for every size."""
    found: dict[str, str] = {}
    for last, size in case.ranges.items():
        letter = next(iter(size.letters), "")
        hint = f"size_{python_name(letter)}" if last.startswith("?") else python_name(last)
        found[last] = case.root.unique(hint)
    return found


def sources(body: str) -> str:
    """The source of the helpers, without the annotations."""
    helpers = tools().helpers
    texts = []
    for name, module in [(n, helpers) for n in HELPERS if f"{n}(" in body] + [(n, samples) for n in ALWAYS]:
        tree = ast.parse(inspect.getsource(getattr(module, name)))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                node.returns = None
                for argument in (*node.args.args, node.args.vararg):
                    if argument is not None:
                        argument.annotation = None
        texts.append(ast.unparse(Plain().visit(tree)))
    return "".join(f"\n\n{text}\n" for text in texts)


ALWAYS = ("spread", "drawer", "leaves", "compare", "summary")
HELPERS = ("symmetrised", "antisymmetrised", "invertible", "diagonal", "put", "hadamard")


class Plain(ast.NodeTransformer):
    """Assignments without their annotation."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        assert node.value is not None
        return ast.copy_location(ast.Assign([node.target], node.value, lineno=node.lineno), node)


class Writer:
    """Source of programs, with these names (or numbers) for the sizes."""

    def __init__(self, sizes: Mapping[str, str]) -> None:
        self.sizes = sizes

    def function(self, program: Program) -> list[str]:
        lines = [f"def {program.name}({', '.join(program.params)}):"]
        for line in program.lines:
            inner = self.function(line) if isinstance(line, Program) else [self.assign(line)]
            lines += [f"    {text}" for text in inner]
        return [*lines, f"    return {self.bare(program.result)}"]

    def assign(self, line: Assign) -> str:
        return f"{self.bare(line.target)} = {self.bare(line.value)}"

    def bare(self, term: Term) -> str:
        """The text of a term that stands alone."""
        text = self.text(term)
        return text[1:-1] if isinstance(term, Apply) and term.function in SIGNS else text

    def text(self, term: Term) -> str:
        match term:
            case Name():
                return str(term)
            case Extent(dim, last):
                name = self.sizes[dim.last]
                added = 0 if last else 1 - dim.start
                return str(int(name) + added) if name.isdigit() else f"{name} + {added}" if added else name
            case list():
                return f"[{', '.join(map(self.bare, term))}]"
            case tuple():
                return f"({', '.join(map(self.bare, term))}{',' * (len(term) == 1)})"
            case Apply(function, args):
                return self.applied(function, args)
            case _:
                return repr(term)

    def applied(self, function: str, args: tuple[Term, ...]) -> str:
        if function in SIGNS:
            return f"({f' {function} '.join(map(self.text, args))})"
        if not args:
            return function
        first, *rest = args
        match function:
            case "call":
                return f"{self.text(first)}({', '.join(map(self.bare, rest))})"
            case "pick":
                return f"{self.text(first)}[{':, ' * int(rest[0])}{rest[1]}]"  # type: ignore[arg-type]
            case "after":
                return f"{self.text(first)}[{':, ' * int(rest[0])}{rest[1]}:]"  # type: ignore[arg-type]
            case "part":
                return f"{self.text(first)}[{rest[0]}]"
            case "spaced":
                new, rank = rest
                places = ("None" if axis in new else ":" for axis in range(rank))  # type: ignore
                return f"{self.text(first)}[{', '.join(places)}]"
            case "jax.jacfwd":
                number, aux = rest
                options = [str(number)] * bool(number) + ["has_aux=True"] * bool(aux)
                return f"jax.jacfwd({', '.join([self.text(first), *options])})"
            case "jax.jvp":
                at, along, aux = rest
                given = ", ".join(map(self.text, (first, at, along)))
                return f"jax.jvp({given}, has_aux=True)[1:]" if aux else f"jax.jvp({given})[1]"
            case "jax.vmap" if not rest or set(rest[0]) == {0}:  # type: ignore[arg-type]
                return f"jax.vmap({self.text(first)})"
        return f"{function}({', '.join(map(self.bare, args))})"
