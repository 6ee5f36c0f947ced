"""Derivatives by letters: the same questions to idxcalc and to its peers, the symbolic part alone.

What is given is the expression, built before the clock starts; what is timed is the way to the simplified
derivative. A peer that is not installed, or that cannot answer, is said to be so.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from statistics import median
from typing import Any

from timing import Question, shown, side_by_side, table

TASKS = {
    "a": "gradient of ||Xw - y||^2",
    "b": "its Hessian",
    "c": "softmax cross-entropy of a linear layer, by W",
    "d": "tanh layer and squared error, by W",
    "e": "logistic regression, Hessian",
}
DEPTHS = (2, 4, 8, 16, 32, 64)
RUNS = 15
PATIENCE = 3e2
"""A peer is not asked for the next depth when one takes so many milliseconds."""


# idxcalc


def idxcalc(given: str, defined: list[str], target: str, wrt: str) -> Question:
    from idxcalc.notation import relations
    from idxcalc.verify.context import Context
    from idxcalc.verify.verdict import worked_out

    def make(n: int) -> Any:
        def named(text: str) -> str:
            return text.replace("@", str(n + 1))

        context = Context(named(given))
        for each in defined:
            context.define(named(each))
        return relations.expression(
            context.scope, named(target), relations.targets(context.scope, named(wrt))
        )[0]

    return make, worked_out


LINEAR = r"X^{(@)}_{ki}, w^{(@)}_i, y^{(@)}_k"
SQUARES = r"((X^{(@)}_{ki}w^{(@)}_i - y^{(@)}_k)(X^{(@)}_{kj}w^{(@)}_j - y^{(@)}_k))"
OURS = {
    "a": (LINEAR, [], SQUARES + "_{,g}", "w^{(@)}_g"),
    "b": (LINEAR, [], SQUARES + "_{,gh}", "w^{(@)}_g"),
    "c": (
        r"W^{(@)}_{ki}, x_i, y_k",
        [r"z_k = W^{(@)}_{ki}x_i"],
        r"\left(-\sum_k y_k \log\frac{e^{z_k}}{\sum_l e^{z_l}}\right)_{,(gh)}",
        "W^{(@)}_{gh}",
    ),
    "d": (
        r"w^{(@)}_{ki}, v_{lk}, x_i, t_l",
        [r"h_k = \tanh(w^{(@)}_{ki}x_i)", r"y_l = v_{lk}h_k"],
        "((y_l - t_l)(y_l - t_l))_{,(gh)}",
        "w^{(@)}_{gh}",
    ),
    "e": (
        LINEAR,
        [r"s(z) = \frac{1}{1+e^{-z}}", r"p_k = s(X^{(@)}_{ki}w^{(@)}_i)"],
        r"\left(-\sum_k (y^{(@)}_k \log p_k + (1 - y^{(@)}_k)\log(1 - p_k))\right)_{,gh}",
        "w^{(@)}_g",
    ),
}


def layers(depth: int) -> Question:
    given = ["x_i", "t_i", *(f"w^{{(@{n:02})}}_{{ij}}" for n in range(depth))]
    defined = [
        rf"h^{{({n + 1})}}_i = \tanh(w^{{(@{n:02})}}_{{ij}}{f'h^{{({n})}}_j' if n else 'x_j'})"
        for n in range(depth)
    ]
    last = f"h^{{({depth})}}_i - t_i"
    return idxcalc(", ".join(given), defined, f"(({last})({last}))_{{,(gh)}}", "w^{(@00)}_{gh}")


# The peers


def _asked(derived: Callable[[Any], Any], squares: Any, *others: Callable[[int], Any]) -> dict[str, Question]:
    """The tasks a to e for a peer: a and b are the first and the second derivative of the squares."""
    posed = [lambda n: squares(n, 1), lambda n: squares(n, 2), *others]
    return {task: (pose, derived) for task, pose in zip("abcde", posed, strict=True)}


# tensorgrad


def tensorgrad_questions(full: bool) -> dict[str, Question]:
    import sympy
    from tensorgrad import Variable
    from tensorgrad import functions as F

    i, k, l, m = sympy.symbols("i k l m")  # noqa: E741

    def derived(pair: tuple[Any, list[Any]]) -> Any:
        found, by = pair
        for variable in by:
            found = found.grad(variable)
        return found.full_simplify() if full else found.simplify()

    def linear(n: int) -> tuple[Any, Any, Any]:
        return Variable(f"X{n}", k, i), Variable(f"w{n}", i), Variable(f"y{n}", k)

    def squares(n: int, order: int) -> Any:
        X, w, y = linear(n)
        return F.frobenius2(X @ w - y), [w] * order

    def entropy(n: int) -> Any:
        W, x, y = Variable(f"W{n}", k, i), Variable("x", i), Variable("y", k)
        return F.cross_entropy(W @ x, y, dim="k"), [W]

    def hidden(n: int) -> Any:
        W, V, x, t = Variable(f"W{n}", k, i), Variable("V", l, k), Variable("x", i), Variable("t", l)
        return F.frobenius2(V @ F.tanh(W @ x) - t), [W]

    def logistic(n: int) -> Any:
        X, w, y = linear(n)
        p = F.sigmoid(X @ w)
        one = F.Ones(k)
        return F.sum(y * F.log(p) + (one - y) * F.log(one - p)) * -1, [w, w]

    def deep(depth: int) -> Callable[[int], Any]:
        def make(n: int) -> Any:
            names = [sympy.Symbol(f"d{layer}") for layer in range(depth + 1)]
            weights = [Variable(f"W{n}_{layer}", names[layer + 1], names[layer]) for layer in range(depth)]
            h = Variable("x", names[0])
            for each in weights:
                h = F.tanh(each @ h)
            return F.frobenius2(h - Variable("t", names[depth])), [weights[0]]

        return make

    return _asked(derived, squares, entropy, hidden, logistic) | {
        f"depth {depth}": (deep(depth), derived) for depth in DEPTHS
    }


# SymPy


def sympy_questions() -> dict[str, Question]:
    import sympy

    k, i, l = sympy.symbols("k i l", integer=True, positive=True)  # noqa: E741
    z = sympy.Symbol("z")

    def derived(pair: tuple[Any, list[Any]]) -> Any:
        found, by = pair
        for variable in by:
            found = found.diff(variable)
        return found.doit()

    def linear(n: int) -> tuple[Any, Any, Any]:
        matrix = sympy.MatrixSymbol
        return matrix(f"X{n}", k, i), matrix(f"w{n}", i, 1), matrix(f"y{n}", k, 1)

    def squares(n: int, order: int) -> Any:
        X, w, y = linear(n)
        return (X * w - y).T * (X * w - y), [w] * order

    def hidden(n: int) -> Any:
        W, V = sympy.MatrixSymbol(f"W{n}", k, i), sympy.MatrixSymbol("V", l, k)
        x, t = sympy.MatrixSymbol("x", i, 1), sympy.MatrixSymbol("t", l, 1)
        error = V * (W * x).applyfunc(sympy.Lambda(z, sympy.tanh(z))) - t
        return error.T * error, [W]

    def entropy(n: int) -> Any:
        W, x, y = (
            sympy.MatrixSymbol(name, *shape) for name, *shape in ((f"W{n}", k, i), ("x", i, 1), ("y", k, 1))
        )
        scores = W * x
        one = sympy.OneMatrix(k, 1)
        total = (one.T * scores.applyfunc(sympy.exp))[0, 0]
        return -(y.T * scores)[0, 0] + (one.T * y)[0, 0] * sympy.log(total), [W]

    def logistic(n: int) -> Any:
        X, w, y = linear(n)
        one = sympy.OneMatrix(k, 1)
        p = (X * w).applyfunc(sympy.Lambda(z, 1 / (1 + sympy.exp(-z))))
        logs, others = p.applyfunc(sympy.log), (one - p).applyfunc(sympy.log)
        return -(y.T * logs + (one - y).T * others), [w, w]

    return _asked(derived, squares, entropy, hidden, logistic)


def peers() -> dict[str, dict[str, Question]]:
    """The peers that are installed; of the others it is said that they are absent."""
    wanted = {
        "tensorgrad": ("tensorgrad", lambda: tensorgrad_questions(False)),
        "tensorgrad, full": ("tensorgrad", lambda: tensorgrad_questions(True)),
        "SymPy": ("sympy", sympy_questions),
    }
    found = {}
    for name, (module, questions) in wanted.items():
        try:
            importlib.import_module(module)
        except ImportError:
            print(f"{name} is absent; `pip install --group bench` brings the peers")
        else:
            found[name] = questions()
    return found


def trouble(question: Question | None) -> str | None:
    """Why a question is not timed: nobody poses it, or the answer is none."""
    if question is None:
        return "-"
    make, run = question
    try:
        wrong = str(run(make(0))) == "0"  # none of these derivatives is
    except Exception as error:  # whatever a peer raises, it has no answer
        return f"no answer ({type(error).__name__})"
    return "0, which is wrong" if wrong else None


def main() -> None:
    others = peers()
    heads = ["task", "idxcalc", *others, "fastest peer / idxcalc"]
    rows = []
    for key, said in TASKS.items():
        posed = {"idxcalc": idxcalc(*OURS[key]), **{name: of.get(key) for name, of in others.items()}}
        cells = {name: trouble(question) for name, question in posed.items()}
        timed = [name for name, cell in cells.items() if cell is None]
        ours, *theirs = side_by_side([posed[name] for name in timed], RUNS)
        cells |= {name: shown(median(own)) for name, own in zip(timed, (ours, *theirs), strict=True)}
        ratios = [median(p / o for p, o in zip(each, ours, strict=True)) for each in theirs]
        rows.append([f"{key}. {said}", *map(str, cells.values()), f"{min(ratios):.1f}" if ratios else "-"])
    table("Derivatives, milliseconds", heads, rows)
    networks = [layers(depth) for depth in DEPTHS]
    rows, patient = [], set(others)
    for depth, question, ours in zip(DEPTHS, networks, side_by_side(networks), strict=True):
        cells = {}
        for name, questions in others.items():
            deep = questions.get(f"depth {depth}") if name in patient else None
            cells[name] = "-" if name in patient else "not asked"
            if deep is not None:
                time = median(side_by_side([deep], 3)[0])
                cells[name] = shown(time)
            if deep is None or time > PATIENCE:
                patient.discard(name)
        row = [shown(median(ours)), shown(median(ours) / depth), str(len(written(question)))]
        rows.append([str(depth), *row, *cells.values()])
    heads = ["layers", "idxcalc", "a layer", "characters printed", *others]
    table("First layer's gradient of a tanh network, milliseconds", heads, rows)


def written(question: Question) -> str:
    from idxcalc.notation.write import write

    make, run = question
    return write(run(make(0)))


if __name__ == "__main__":
    main()
