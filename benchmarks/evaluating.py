"""The closed form, compiled, against `jax.hessian` and `jax.grad` of the function, both under `jax.jit`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from idxcalc import Context
from timing import shown, table, wall

Arrays = dict[str, Any]
LOGISTIC = r"\sum_k \log(1 + e^{X_{ki}w_i})"


def closed(
    given: str, text: str, wrt: str, defined: tuple[str, ...] = (), **sizes: int
) -> Callable[[Arrays], Any]:
    context = Context(given)
    for each in defined:
        context.define(each)
    run = context.derive(text, wrt=wrt).compile("jax")
    return jax.jit(lambda arrays: run(**{name: arrays[name] for name in run.arguments}, **sizes))


def cases() -> list[tuple[str, Callable[[Arrays], Any], Callable[[Arrays], Any], Arrays]]:
    """What it is, the closed form, JAX's derivative, the arrays."""
    key = iter(jax.random.split(jax.random.key(0), 99))

    def drawn(*shape: int) -> Any:
        return jax.random.normal(next(key), shape)

    def by(name: str, f: Callable[[Arrays], Any], derivative: Any) -> Callable[[Arrays], Any]:
        return jax.jit(lambda arrays: derivative(lambda moved: f(arrays | {name: moved}))(arrays[name]))

    found = []
    for n in (100, 1000):
        arrays = {"A": drawn(n, n), "x": drawn(n)}
        form = closed("A_{ij}, x_i", "(x_iA_{ij}x_j)_{,gh}", "x_g")
        theirs = by("x", lambda a: a["x"] @ a["A"] @ a["x"], jax.hessian)
        found.append((f"x'Ax, Hessian, n = {n}", form, theirs, arrays))
    for n in (20, 200):
        arrays = {"X": drawn(500, n), "w": 0.1 * drawn(n)}
        form = closed("X_{ki}, w_i", rf"\left({LOGISTIC}\right)_{{,gh}}", "w_g")
        theirs = by("w", lambda a: jnp.sum(jnp.log1p(jnp.exp(a["X"] @ a["w"]))), jax.hessian)
        found.append((f"logistic regression, Hessian, n = {n}", form, theirs, arrays))
    layer = (r"h_k = \tanh(w_{ki}x_i)",)
    arrays = {"w": drawn(50, 20), "v": drawn(50), "x": drawn(20)}
    form = closed("w_{ki}, v_k, x_i", "(v_kh_k)_{,gh}", "x_g", layer)
    theirs = by("x", lambda a: a["v"] @ jnp.tanh(a["w"] @ a["x"]), jax.hessian)
    found.append(("one hidden layer, Hessian by x", form, theirs, arrays))
    form = closed("w_{ki}, v_k, x_i", "(v_kh_k)_{,(gh)}", "w_{gh}", layer)
    theirs = by("w", lambda a: a["v"] @ jnp.tanh(a["w"] @ a["x"]), jax.grad)
    found.append(("one hidden layer, gradient by w", form, theirs, arrays))
    for n in (20, 50):
        arrays = {"T": drawn(n, n), "U": drawn(n, 5), "V": drawn(n, 5)}
        text = "((T_{ij} - U_{ik}V_{jk})(T_{ij} - U_{il}V_{jl}))_{,(ab)(cd)}"
        form = closed(r"T_{ij}, U_{ik}, V_{jk} \quad (i = 1, \dots, n)", text, "U_{ab}", n=n)
        theirs = by("U", lambda a: jnp.sum((a["T"] - a["U"] @ a["V"].T) ** 2), jax.hessian)
        found.append((f"|T - UV'|^2, Hessian by U, dense, n = {n}", form, theirs, arrays))
    return found


def main() -> None:
    rows = []
    with jax.enable_x64(True):
        for name, ours, theirs, arrays in cases():
            one, other = ours(arrays), theirs(arrays)
            error = float(jnp.max(jnp.abs(one - other)) / jnp.max(jnp.abs(other)))
            fast = wall(lambda run=ours, arrays=arrays: run(arrays).block_until_ready())
            slow = wall(lambda run=theirs, arrays=arrays: run(arrays).block_until_ready())
            rows.append([name, shown(fast), shown(slow), f"{slow / fast:.1f}", f"{error:.0e}"])
    heads = ["function", "closed form", "jax", "jax / closed form", "largest difference"]
    table("Evaluation of second derivatives, milliseconds", heads, rows)


if __name__ == "__main__":
    main()
