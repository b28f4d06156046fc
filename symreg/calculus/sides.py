"""The pieces of phi on either side of 0, and its slopes at 0: what claims about steps toward the origin are about."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from symreg.calculus.pieces.pieces import Piece, Pieces
from symreg.calculus.signs.limits import limit_at
from symreg.calculus.signs.sign import sign_for_all
from symreg.calculus.signs.symbolic_sign import STRICT
from symreg.errors import Intractable
from symreg.expressions.arithmetic import INFINITY, ZERO, negative
from symreg.expressions.text import to_text
from symreg.expressions.tree import Tree
from symreg.model.spec import Parameter

Side = Literal[-1, 1]
"""Of 0: -1 for negative weights."""


def pieces_on(side: Side, whole: Pieces, parameters: tuple[Parameter, ...]) -> tuple[Piece, ...]:
    """Return the pieces on one side of 0, the one across 0 cut there.

    Raises:
        Intractable: On which side of 0 a knot lies depends on the parameters.
    """
    kept: list[Piece] = []
    for piece in whole.pieces:
        near, far = (piece.low, piece.high) if side > 0 else (piece.high, piece.low)
        if far is not None and _sign(far, parameters) * side <= 0:
            continue
        if near is None or _sign(near, parameters) * side < 0:
            piece = replace(piece, low=ZERO) if side > 0 else replace(piece, high=ZERO)
        kept.append(piece)
    return tuple(kept)


def _sign(position: Tree, parameters: tuple[Parameter, ...]) -> int:
    sign = sign_for_all(position, parameters)
    if sign not in STRICT:
        raise Intractable(f"on which side of 0 the knot w = {to_text(position)} lies depends on the parameters")
    return STRICT[sign]


def slopes_at_zero(whole: Pieces, parameters: tuple[Parameter, ...]) -> tuple[Tree, Tree] | None:
    """Return the slopes of phi from the left and from the right at 0, or None if 0 is not in the domain.

    At an end of the domain that belongs to it the slope from without is infinite, as phi is there.

    Raises:
        Intractable: Whether 0 is in the domain, or which piece holds it, depends on the parameters.
    """
    domain, ends = whole.domain, (whole.pieces[0].low, whole.pieces[-1].high)
    for end, is_closed, side in zip(ends, (domain.low_closed, domain.high_closed), (1, -1), strict=True):
        if end == ZERO and is_closed:
            piece = whole.pieces[0 if side > 0 else -1]
            slope = limit_at(piece.slope, ZERO, side, parameters)
            return (negative(INFINITY), slope) if side > 0 else (slope, INFINITY)
    low, high = (None if end is None else sign_for_all(end, parameters) for end in ends)
    if low in ("positive", "zero") or high in ("negative", "zero"):
        return None
    if low not in (None, "negative") or high not in (None, "positive"):
        where = ", ".join("none" if end is None else to_text(end) for end in ends)
        raise Intractable(f"whether 0 lies between the ends of the domain, {where}, depends on the parameters")
    for knot in whole.knots:
        if knot.position == ZERO:
            return knot.left, knot.right
    slope = limit_at(pieces_on(1, whole, parameters)[0].slope, ZERO, 1, parameters)
    return slope, slope
