"""A context that knows no mathematics: what a chapter does with verdicts is tested apart from them."""

from __future__ import annotations

from importlib.metadata import entry_points

from idxcalc.errors import IdxcalcError, Span
from idxcalc.notation.scope import Scope
from idxcalc.verify.result import Result

# How a pytest inside a test gets the plugin: by itself where idxcalc is installed, else by name.
PLUGIN = (
    ()
    if any(each.name == "idxcalc" for each in entry_points(group="pytest11"))
    else ("-p", "idxcalc.pytest_plugin")
)


class FakeContext:
    """A side with the word ``wrong`` is refuted, one with ``bad`` malformed at that word, others are proved;
    ``\\use{a}`` needs a declaration or definition of ``a`` before it."""

    def __init__(self) -> None:
        self.known: set[str] = set()
        self.scope = Scope()  # of formulas in sentences, which are read and not judged

    def fork(self) -> FakeContext:
        other = FakeContext()
        other.known = set(self.known)
        return other

    def _refuse(self, text: str) -> None:
        if "bad" in text:
            raise IdxcalcError("bad is no name", text, Span(text.index("bad"), text.index("bad") + 3))

    def given(self, text: str, where: str = "") -> None:
        self._refuse(text)
        for name in text.replace(",", " ").split():
            if name in self.known:
                raise IdxcalcError(f"{name} is declared already", text, Span(0, 1))
            self.known.add(name)

    def define(self, text: str, wrt: str = "", where: str = "") -> tuple[Result, ...]:
        self._refuse(text)
        self.known |= {line.split("=")[0].strip() for line in text.split("\n")}
        return tuple(Result("defined", latex=line) for line in text.split("\n"))

    def count(self, text: str) -> int:
        return text.count("=")

    def check_all(self, text: str, wrt: str = "", only: int | None = None) -> tuple[Result, ...]:
        found, start = [], text.find("=") + 1
        for number, side in enumerate(text.split("=")[1:], 1):
            result = Result("proved", latex=side.strip(), relation=number, trials=20, max_error=1e-16)
            for word, verdict in (("wrong", "refuted"), ("bad", "malformed")):
                if word in side:
                    span = Span(start + side.index(word), start + side.index(word) + len(word))
                    said = {"refuted": "left 1, right 2", "malformed": "free indices {i} and {k}"}[verdict]
                    result = Result(verdict, error=said, source=text, span=span, relation=number)
            if "\\use{" in side:
                name = side.split("\\use{")[1].split("}")[0]
                if name not in self.known:
                    result = Result(
                        "malformed", error=f"{name} is not declared", source=text, relation=number
                    )
            start += len(side) + 1
            if only in (None, number):
                found.append(result)
        return tuple(found)
