"""Turning points of F: where 1 + s*phi'' is 0 on a piece with monotone curvature, in closed form if there is one."""

from __future__ import annotations

from dataclasses import replace

from symreg.calculus.evaluation.high_precision import evaluate, samples
from symreg.calculus.signs.roots import roots
from symreg.calculus.symbolic.simplify import simplify
from symreg.errors import NotDifferentiable
from symreg.expressions.arithmetic import ONE, W, plus, times
from symreg.expressions.tree import Tree
from symreg.model.spec import Parameter
from symreg.proximal.ends import value_at
from symreg.proximal.operator import STEP, MonotonePiece
from symreg.proximal.solving.points import OWN_PARAMETERS


def with_turning_point(piece: MonotonePiece, parameters: tuple[Parameter, ...]) -> MonotonePiece:
    """Return a piece with its least curvature and, where it can be told, the place at which F turns."""
    end = piece.low if piece.trend > 0 else piece.high
    least = value_at(piece.curvature, end, piece.trend, parameters)
    if piece.trend == 0:
        return replace(piece, least_curvature=least)
    try:
        candidates = roots(plus(ONE, times(STEP, piece.curvature)))
    except NotDifferentiable:
        candidates = ()
    turning = next((root for root in candidates if _is_turning_point(root, piece, parameters)), None)
    known = (*parameters, *OWN_PARAMETERS)
    return replace(piece, least_curvature=least, turning_point=None if turning is None else simplify(turning, known))


def _is_turning_point(root: Tree, piece: MonotonePiece, parameters: tuple[Parameter, ...]) -> bool:
    """Does a root of F' lie in the piece at all samples at which F turns there?"""
    compared = 0
    rise = plus(ONE, times(STEP, piece.curvature))
    end = piece.low if piece.trend > 0 else piece.high
    for values in samples((*parameters, *OWN_PARAMETERS)):
        if end is not None and evaluate(rise, {**values, W: evaluate(end, values)}) > 0:
            continue
        u = evaluate(root, values)
        low, high = (None if x is None else evaluate(x, values) for x in (piece.low, piece.high))
        if not (u == u and (low is None or u >= low) and (high is None or u <= high)):
            return False
        compared += 1
    return compared > 0
