"""C functions as their headers declare them: the declarations are read here, not taken from what printed them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from emitted import INDEXED, emitted

from symreg.application.tasks.sources import CATALOGUE_RULES


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """An argument as the header declares and describes it."""

    name: str
    type: str
    is_pointer: bool
    is_const: bool
    doc: str = ""

    def size(self, n: int) -> int:
        """Return how many numbers it points to."""
        if "n x n" in self.doc:
            return n * n
        rows = re.match(r"(\d+) numbers of scratch", self.doc)
        if rows:
            return int(rows[1])
        scratch = re.match(r"(\d+) \* n numbers", self.doc)
        if scratch:
            return int(scratch[1]) * n
        return n if re.match(r"n (weights|numbers)", self.doc) else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A function as the header declares it."""

    name: str
    returns: str
    arguments: tuple[Argument, ...]

    @property
    def pointers(self) -> tuple[Argument, ...]:
        return tuple(argument for argument in self.arguments if argument.is_pointer)

    @property
    def parameters(self) -> tuple[Argument, ...]:
        return tuple(a for a in self.arguments if not a.is_pointer and a.name != "n")

    @property
    def is_value(self) -> bool:
        return self.returns == "double"


@cache
def declared(penalty: str, rules: tuple[str, ...] = CATALOGUE_RULES) -> tuple[Declared, ...]:
    """Return what a header declares, but for the functions that set a rule's state."""
    text = emitted(penalty, rules)[f"c/{penalty}.h"]
    made, docs = [], {}
    for comment, returns, name, arguments in re.findall(r"/\*((?:(?!\*/).)*)\*/\n(\w+) (\w+)\(([^)]*)\);", text, re.S):
        if "same with arrays in single" not in comment:
            rows = re.findall(r"^ \*   (\w+)  +(.*)$", comment, re.M)
            docs = dict(rows)
        found = []
        for argument in arguments.split(","):
            words = re.fullmatch(r"\s*(const )?(\w+) (\*?)(\w+)", argument)
            assert words, argument
            const, kind, star, label = words.groups()
            found.append(
                Argument(name=label, type=kind, is_pointer=bool(star), is_const=bool(const), doc=docs.get(label, ""))
            )
        if "_init_f" in name:
            continue
        made.append(Declared(name=name, returns=returns, arguments=tuple(found)))
    assert len(made) == 2 * (2 + has_prox(penalty) + len(rules))
    return tuple(made)


def has_prox(penalty: str) -> bool:
    """Is it a sum over single weights, or a function of their norm?"""
    return penalty == "l2_norm" or penalty not in INDEXED
