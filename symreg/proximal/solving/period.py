"""The period of a penalty that is one sine or cosine: half of it tells the whole operator."""

from __future__ import annotations

from symreg.calculus.pieces.pieces import Pieces
from symreg.calculus.symbolic.simplify import simplify
from symreg.expressions.arithmetic import ONE, ZERO, W, has_w, over, times
from symreg.expressions.tree import Call, Constant, Tree, number, substitute, walk


def period_of(part: Pieces) -> Tree | None:
    """Return the period of an even phi that is smooth: of one sine or cosine of a multiple of w.

    Args:
        part: The pieces of phi above 0.
    """
    if not part.is_even or len(part.pieces) > 1 or part.pieces[0].high is not None or part.pieces[0].low != ZERO:
        return None
    (piece,) = part.pieces
    arguments = {wave.arguments[0] for wave in _waves(piece.slope)}
    if len(arguments) != 1:
        return None
    (argument,) = arguments
    without: dict[Tree, Tree] = {Call(name, (argument,)): ONE for name in ("sin", "cos")}
    rate = simplify(over(argument, W), ())
    if has_w(substitute(piece.slope, without)) or has_w(rate) or not _is_bounded(piece.value):
        return None
    return simplify(over(times(number(2), Constant("pi")), rate), ())


def _waves(tree: Tree) -> set[Call]:
    return {node for node in walk(tree) if isinstance(node, Call) and node.function in ("sin", "cos")}


def _is_bounded(value: Tree) -> bool:
    """Does w stand only in sines and cosines? Else phi drifts although its slope repeats itself."""
    without: dict[Tree, Tree] = dict.fromkeys(_waves(value), ONE)
    return not has_w(substitute(value, without))
