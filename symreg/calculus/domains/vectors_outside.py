"""Does a requirement on several weights together fail for some vector? A few simple ones are tried."""

from __future__ import annotations

from itertools import product
from typing import Any

from symreg.calculus.domains.requirements import Requirement
from symreg.calculus.evaluation.high_precision import evaluate, interval_at, samples
from symreg.expressions.arithmetic import ONE, call, power, total
from symreg.expressions.tree import Call, Item, Name, Sum, Tree, children, free_indices, number, rebuild
from symreg.model.terms import Term

_VECTORS = ((1, 2, 3), (-1, -2, -3), (3, -1, -2), (-2, 4, -1), (0, 0, 0))


def fails_for_a_vector(requirement: Requirement, term: Term) -> bool:
    """Does a requirement on several weights fail for a vector of a few simple ones, for some values of its indices?"""
    bound = sorted(frozenset().union(*(free_indices(tree) for tree in requirement.trees)))
    length = len(_VECTORS[0])
    for places in product(range(length), repeat=len(bound)):
        at = dict(zip(bound, places, strict=True))
        try:
            argument, *guards = (_written_out(tree, at, length) for tree in requirement.trees)
        except IndexError:
            continue
        plain = Requirement(argument=argument, relation=requirement.relation, guards=tuple(guards))
        for row, vector in product(samples(term.parameters), _VECTORS):
            domain = interval_at(term.domain, row)
            if all(x in domain for x in vector) and plain.fails({**row, **_elements(vector)}):
                return True
    return False


def _elements(vector: tuple[int, ...]) -> dict[Tree, Any]:
    made: dict[Tree, Any] = {Name(f"w_{k}_"): evaluate(number(x), {}) for k, x in enumerate(vector)}
    return {Name("n"): evaluate(number(len(vector)), {}), **made}


def _written_out(tree: Tree, at: dict[str, int], length: int) -> Tree:
    """Return a tree with sums written out over so many weights, and 1 for each element of another array.

    Raises:
        IndexError: A subscript is out of range.
    """
    match tree:
        case Item(array, subscripts):
            places = [at[s.index] + s.shift for s in subscripts]
            if not all(0 <= place < length for place in places):
                raise IndexError
            return Name(f"w_{places[0]}_") if array == "w" else ONE
        case Call("norm", _):
            return call("sqrt", total([power(Name(f"w_{k}_"), number(2)) for k in range(length)]))
        case Sum(body, index):
            parts = []
            for place in range(length + _FARTHEST):
                try:
                    parts.append(_written_out(body, {**at, index: place}, length))
                except IndexError:
                    continue
            return total(parts)
        case _:
            below = children(tree)
            return rebuild(tree, tuple(_written_out(child, at, length) for child in below)) if below else tree


_FARTHEST = 8
"""Of a shift: `w[i-8]` has an element for an i beyond the length."""
