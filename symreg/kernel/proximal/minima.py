"""The best of several minima: the costs of all that a v has are compared."""

from __future__ import annotations

from dataclasses import dataclass

from symreg.expressions.tree import Binary, Call, Compare, Constant, Logic, Tree, number
from symreg.kernel.proximal.scope import Scope, Statements


@dataclass(frozen=True, slots=True)
class Minimum:
    """A local minimum of the cost, for the v of an interval.

    Args:
        u: Where it is.
        value: phi there.
        low: The least v that has it; None: each has.
        high: The greatest.
    """

    u: Tree
    value: Tree
    low: Tree | None
    high: Tree | None


def best_of(minima: list[Minimum], x: Tree, scope: Scope, each: Statements) -> Tree:
    """Return the best of those minima that x has; of equally good ones the first.

    The cost is compared without v**2/2: s*phi(u) + u*(u/2 - v).
    """
    best: Tree | None = None
    least: Tree | None = None
    for minimum in minima:
        distance = Binary("*", minimum.u, Binary("-", Binary("/", minimum.u, number(2)), x))
        cost: Tree = Binary("+", Binary("*", scope.step, minimum.value), distance)
        limits = [Compare(">=", x, minimum.low)] if minimum.low is not None else []
        limits += [Compare("<=", x, minimum.high)] if minimum.high is not None else []
        if limits:
            is_there = limits[0] if len(limits) == 1 else Logic("and", tuple(limits))
            cost = Call("where", (is_there, cost, Constant("inf")))
        cost = scope.let("cost", cost, each)
        if best is None or least is None:
            best, least = minimum.u, cost
            continue
        is_better = Compare("<", cost, least)
        best = scope.let("best", Call("where", (is_better, minimum.u, best)), each)
        least = scope.let("least", Call("where", (is_better, cost, least)), each)
    assert best is not None
    return best
