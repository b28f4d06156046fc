"""Derivatives of a piece of a penalty: in the form that floating point computes well, or as the rules give them."""

from __future__ import annotations

from fractions import Fraction

from symreg.accuracy.search import stabilise
from symreg.calculus.differentiation.differentiate import bare, differentiate, elementwise_over_j
from symreg.calculus.pieces.pieces import Piece
from symreg.calculus.signs.sign import sign_for_all
from symreg.expressions.arithmetic import numeric
from symreg.expressions.tree import Tree
from symreg.model.domain import Domain
from symreg.model.interval import REAL, Interval
from symreg.model.spec import Parameter


def stable_slope(piece: Piece, parameters: tuple[Parameter, ...], whole: Domain = REAL) -> Tree:
    """Return phi' of a piece in a form that stays accurate on it; of a parabola as it is.

    Args:
        whole: The domain of the penalty; it counts where its ends are parameters.
    """
    if numeric(piece.third) == 0:
        return piece.slope
    is_right = piece.low is not None and sign_for_all(piece.low, parameters) in ("zero", "positive", "nonnegative")
    domain = whole if whole.names else Interval(low=Fraction(0)) if is_right else REAL
    return stabilise(piece.slope, parameters=parameters, domain=domain).tree


def derivative(tree: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Return the derivative of a tree over the bare `w` as the rules give it."""
    return bare(differentiate(elementwise_over_j(tree), parameters).tree)
