"""SymPy's limits, in terms of a span's distance."""

from __future__ import annotations

import sympy

from symreg.calculus.border import Unforeseen, border
from symreg.calculus.evaluation.spans import DISTANCE
from symreg.calculus.symbolic.translate import from_sympy, to_sympy
from symreg.expressions.arithmetic import NAN, W, negative, plus
from symreg.expressions.decompose import signed
from symreg.expressions.tree import Constant, Tree, substitute
from symreg.model.interval import WORDS
from symreg.model.spec import Parameter


def limit(tree: Tree, position: Tree, side: int, parameters: tuple[Parameter, ...]) -> Tree:
    """Return the limit of a tree as w goes to a position from the left (side -1) or the right (1), `nan` if unknown."""
    moved, apart = _moved(tree, position, side)
    expression, symbol = to_sympy(moved, (*parameters, apart)), to_sympy(DISTANCE, (apart,))
    try:
        with border("a limit"):
            value = sympy.limit(expression, symbol, 0, "+")
    except Unforeseen:
        return NAN  # where SymPy's algorithm for limits ends it raises anything
    if value in (sympy.oo, -sympy.oo):
        return Constant("inf") if value == sympy.oo else negative(Constant("inf"))
    if value.is_finite is False or value.has(sympy.Limit, sympy.AccumBounds, sympy.nan, sympy.oo, -sympy.oo):
        return NAN
    return from_sympy(value)


def joined_beside(tree: Tree, position: Tree, side: int, parameters: tuple[Parameter, ...]) -> Tree:
    """Return an equal tree on one side of a position, its powers joined: there `sqrt(w**2)*w**p` is w**(p + 1)."""
    moved, apart = _moved(tree, position, side)
    distance = signed(side, plus(W, negative(position)))
    joined = sympy.powsimp(to_sympy(moved, (*parameters, apart), opaque=True), combine="exp")
    joined = joined.replace(lambda e: e.is_Pow, lambda e: e.base ** sympy.expand(e.exp))
    return substitute(from_sympy(joined, moved), {DISTANCE: distance})


def _moved(tree: Tree, position: Tree, side: int) -> tuple[Tree, Parameter]:
    """Return a tree as a function of the distance from a position, and that distance."""
    moved = substitute(tree, {W: plus(position, DISTANCE if side > 0 else negative(DISTANCE))})
    return moved, Parameter(name=DISTANCE.name, domain=WORDS["positive"], default=1.0)
