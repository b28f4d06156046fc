"""The ends of pieces: values and limits of phi and phi' there, and whether a minimiser may rest at them."""

from __future__ import annotations

from symreg.calculus.pieces.knot import Knot
from symreg.calculus.pieces.pieces import Piece, Pieces
from symreg.calculus.signs.limits import limit_at
from symreg.calculus.signs.symbolic_limit import limit
from symreg.calculus.signs.table import simplified
from symreg.errors import Intractable
from symreg.expressions.arithmetic import INFINITY, NAN, ZERO, W, negative
from symreg.expressions.text import to_text
from symreg.expressions.tree import Constant, Tree, substitute, walk
from symreg.model.spec import Parameter
from symreg.proximal.operator import Case, Kink, threshold_at

INFINITE = (INFINITY, negative(INFINITY))


class NoMinimum(Intractable):
    """There is no operator, in whatever order the knots are."""


def value_at(tree: Tree, position: Tree | None, side: int, parameters: tuple[Parameter, ...]) -> Tree | None:
    """Return a tree's value at an end, as its limit where it has none there; None if that is infinite or not known.

    Args:
        tree: Over the bare `w`.
        position: The end; None, at which there is no value, for an infinite one.
        side: From which the limit is taken: 1 from above, -1 from below.
        parameters: With their domains.
    """
    if position is None:
        return None
    value = simplified(substitute(tree, {W: position}), parameters)
    if any(isinstance(node, Constant) and node.name in ("nan", "inf") for node in walk(value)):
        value = limit(tree, position, side, parameters)
    return None if value == NAN or value in INFINITE else value


def resting(kink: Kink) -> Case:
    """Return the case of the v for which the minimiser stays at a kink."""
    low, high = (None if slope is None else threshold_at(kink.position, slope) for slope in (kink.left, kink.right))
    return Case(place=kink, low=low, high=high, formula=kink.position)


def at_kink(knot: Knot, beside: Piece, position: Tree, parameters: tuple[Parameter, ...]) -> Case:
    """Return the case of a convex kink.

    Args:
        knot: The kink.
        beside: The piece on one side of it.
        position: Of the kink, an end of the piece.
        parameters: With their domains.

    Raises:
        NoMinimum: The penalty is infinite there.
    """
    value = _finite_value(beside.value, position, 1 if position == beside.low else -1, parameters)
    return resting(Kink(position=position, left=_finite(knot.left), right=_finite(knot.right), value=value))


def at_start(whole: Pieces, part: Pieces, parameters: tuple[Parameter, ...]) -> Case | None:
    """Return the case before the first piece: of a kink at 0 of an even phi, or of the lower end of the domain.

    Args:
        whole: phi.
        part: The pieces that are looked at: of an even phi those above 0.
        parameters: With their domains.

    Raises:
        Intractable: Whether there is a kink, or how steep phi is at the end, depends on the parameters.
        NoMinimum: The penalty falls without bound towards the end.
    """
    first = part.pieces[0]
    if whole.is_even:
        if len(whole.pieces) % 2:
            return None
        knot = whole.knots[len(whole.knots) // 2]
        if knot.kind == "undecided":
            raise Intractable(f"whether phi' jumps up or down at w = 0 depends on the parameters: {sides_of(knot)}")
        return at_kink(knot, first, ZERO, parameters) if knot.kind == "convex kink" else None
    if first.low is None or not (whole.domain.low_closed or _has_limit(first, first.low, 1, parameters)):
        return None
    right = _slope_at_end(first.slope, first.low, 1, parameters)
    if right == INFINITE[1]:
        return None
    value = _finite_value(first.value, first.low, 1, parameters)
    return resting(Kink(position=first.low, left=None, right=_finite(right), value=value))


def at_end(part: Pieces, parameters: tuple[Parameter, ...]) -> Case | None:
    """Return the case behind the last piece, of the upper end of the domain; None where nothing rests there.

    Raises:
        Intractable: How steep phi is at the end was not decided.
        NoMinimum: The penalty falls without bound towards the end.
    """
    last = part.pieces[-1]
    if last.high is None or part.domain.upper is None:
        return None
    if not (part.domain.high_closed or _has_limit(last, last.high, -1, parameters)):
        return None
    left = _slope_at_end(last.slope, last.high, -1, parameters)
    if left == INFINITE[0]:
        return None
    value = _finite_value(last.value, last.high, -1, parameters)
    return resting(Kink(position=last.high, left=_finite(left), right=None, value=value))


def sides_of(knot: Knot) -> str:
    """Return the slopes on both sides of a kink, for a message."""
    return f"{to_text(knot.left)} from the left, {to_text(knot.right)} from the right"


def _has_limit(piece: Piece, end: Tree, side: int, parameters: tuple[Parameter, ...]) -> bool:
    """Does phi run to a number at an open end? Then the least cost may be the limit there, and the end stands for it.

    Raises:
        NoMinimum: It falls without bound.
    """
    value = limit_at(piece.value, end, side, parameters)
    if value == INFINITE[1]:
        raise NoMinimum(f"the cost has no minimum: the penalty falls without bound toward w = {to_text(end)}")
    return value not in (*INFINITE, NAN)


def _slope_at_end(slope: Tree, position: Tree, side: int, parameters: tuple[Parameter, ...]) -> Tree:
    """Return phi' at an end of the domain; where it is infinite and points inward, nothing rests there."""
    value = value_at(slope, position, side, parameters)
    if value is None:
        value = limit_at(slope, position, side, parameters)
    if value == NAN:
        raise Intractable(f"how steep the penalty is at the end w = {to_text(position)} of its domain was not decided")
    return value


def _finite_value(tree: Tree, position: Tree, side: int, parameters: tuple[Parameter, ...]) -> Tree:
    value = value_at(tree, position, side, parameters)
    if value is None:
        value = limit_at(tree, position, side, parameters)
    if value in (*INFINITE, NAN):
        raise NoMinimum(f"the cost has no minimum: the penalty is infinite at w = {to_text(position)}")
    return value


def _finite(slope: Tree) -> Tree | None:
    return None if slope in INFINITE else slope
