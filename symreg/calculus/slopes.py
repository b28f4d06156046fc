"""The derivative of a piece of a penalty in the form in which floating point computes it well."""

from __future__ import annotations

from fractions import Fraction

from symreg.calculus.algebra import numeric
from symreg.calculus.pieces import Piece
from symreg.calculus.stabilise import stabilise
from symreg.calculus.switches import sign_for_all
from symreg.language.interval import Interval
from symreg.language.spec import Parameter
from symreg.language.tree import Tree


def stable_slope(piece: Piece, parameters: tuple[Parameter, ...]) -> Tree:
    """Return phi' of a piece in a form that stays accurate on it; of a parabola as it is."""
    if numeric(piece.third) == 0:
        return piece.slope
    is_right = piece.low is not None and sign_for_all(piece.low, parameters) in ("zero", "positive", "nonnegative")
    domain = Interval(low=Fraction(0)) if is_right else Interval()
    return stabilise(piece.slope, parameters=parameters, domain=domain).tree
