"""Where the iteration for a root of F(u) = v starts on a piece, so that Newton's method runs through without turning.

Where the curvature rises F is convex, and the method comes from the right; where it falls, from the left. Near an end
at 0 where the curvature is infinite it runs in the logarithm of u, in which F is convex again.
"""

from __future__ import annotations

from dataclasses import replace

from symreg.calculus.evaluation.high_precision import TINY, evaluate, samples
from symreg.calculus.signs.limits import limit_at
from symreg.calculus.signs.roots import roots
from symreg.errors import NotDifferentiable
from symreg.expressions.arithmetic import NAN, ONE, ZERO, W, call, minus, over, plus, times, where
from symreg.expressions.tree import Compare, Tree
from symreg.model.spec import Parameter
from symreg.proximal.ends import INFINITE, value_at
from symreg.proximal.operator import STEP, Iteration, MonotonePiece, V, times_step
from symreg.proximal.solving.iteration import curvature_of, number_far_out, third_of
from symreg.proximal.solving.points import OWN_PARAMETERS, exact


def iteration_on(
    piece: MonotonePiece, slope: Tree, parameters: tuple[Parameter, ...]
) -> tuple[MonotonePiece, Iteration]:
    """Return how the root of F(u) = v is iterated on a piece; and the piece, whose turning point may be searched for.

    Args:
        piece: With phi' in the form that is emitted.
        slope: phi' as the rules give it.
        parameters: With their domains.
    """
    top = _upper_bound(slope, piece, parameters)
    from_right = V if top is None else top
    in_logarithm = piece.trend < 0 and piece.low == ZERO and _grows_without_bound(piece.curvature, ZERO, parameters)
    curvature = curvature_of(piece, piece.slope, parameters)
    third = third_of(piece, curvature, parameters, by_weight=in_logarithm)
    if in_logarithm:
        iteration = Iteration(start=from_right, top=top, in_logarithm=True, curvature=curvature, third=third)
    elif piece.trend < 0:
        iteration = Iteration(start=_from_left(piece, parameters), curvature=curvature, third=third)
    else:
        iteration = Iteration(start=from_right, curvature=curvature, third=third)
    return _finite_far_out(piece, parameters), iteration


def _finite_far_out(piece: MonotonePiece, parameters: tuple[Parameter, ...]) -> MonotonePiece:
    """Return a piece of which a search for where F turns may try any weight."""
    if not piece.may_fall or piece.turning_point is not None:
        return piece
    curvature, third = (
        number_far_out(tree, piece.low, piece.high, parameters) for tree in (piece.curvature, piece.third)
    )
    return replace(piece, curvature=curvature, third=third)


def _from_left(piece: MonotonePiece, parameters: tuple[Parameter, ...]) -> Tree:
    """Return a number that the root is not below on a piece on which F is concave: where a bound of F meets v.

    F is not above its tangent at the lower end, nor, where phi' rises, above u + s*phi' as it is in the end.
    """
    if piece.low is None:
        return V
    steepest = value_at(piece.curvature, piece.low, 1, parameters)
    if piece.may_fall or piece.low_slope is None or steepest is None:
        return piece.low
    rest = minus(minus(V, piece.low), times(STEP, piece.low_slope))
    tangent = plus(piece.low, over(rest, plus(ONE, times_step(STEP, steepest))))
    last = limit_at(piece.slope, None, -1, parameters) if piece.high is None else NAN
    return tangent if last == NAN or last in INFINITE else call("max", tangent, minus(V, times(STEP, last)))


def _upper_bound(slope: Tree, piece: MonotonePiece, parameters: tuple[Parameter, ...]) -> Tree | None:
    """Return a number that the root is not above: v, or where s*phi' alone is v if that can be told and is needed."""
    is_steep = piece.high is None and _grows_without_bound(piece.curvature, None, parameters)
    is_steep |= piece.low == ZERO and _grows_without_bound(piece.curvature, ZERO, parameters)
    top: Tree | None = V if piece.slope_sign > 0 else None
    if not is_steep or piece.may_fall:
        return top
    try:
        if top is None:
            zeros = [root for root in roots(slope) if _is_zero_of(root, slope, piece, parameters)]
            top = call("max", V, zeros[0]) if zeros else None
        inverses = [root for root in roots(minus(slope, over(V, STEP))) if _is_above(root, slope, piece, parameters)]
    except NotDifferentiable:
        return top
    if top is None or not inverses:
        return top
    least = call("min", top, inverses[0])
    if not (top == V and piece.trend < 0 and piece.low == ZERO):
        return least
    # phi' is concave and not negative at 0: s*phi'(h) >= v*h/b where s*phi'(b) = v, so that F(h) >= v for this h.
    ratio = over(V, inverses[0])
    return where(Compare(">", ratio, ZERO), over(V, plus(ONE, ratio)), least)


def _is_zero_of(root: Tree, slope: Tree, piece: MonotonePiece, parameters: tuple[Parameter, ...]) -> bool:
    """Is phi' 0 there, and is that in the piece, at all samples?"""
    for values in samples(parameters):
        u = evaluate(root, values)
        low = 0 if piece.low is None else evaluate(piece.low, values)
        if not (u > low and abs(evaluate(slope, {**values, W: u})) <= TINY):
            return False
    return True


def _is_above(root: Tree, slope: Tree, piece: MonotonePiece, parameters: tuple[Parameter, ...]) -> bool:
    """Is a root of s*phi'(u) = v the one in the piece, at samples of v and s?"""
    known = (*parameters, *OWN_PARAMETERS)
    for values in samples(known):
        v = abs(values[V]) if piece.slope_sign > 0 else values[V]
        u = evaluate(root, {**values, V: v})
        low = 0 if piece.low is None else evaluate(piece.low, values)
        met = evaluate(times(STEP, slope), {**values, W: u})
        if not (u > low and abs(met - v) <= TINY * abs(v)):
            return False
    return True


def _grows_without_bound(curvature: Tree, at: Tree | None, parameters: tuple[Parameter, ...]) -> bool:
    """Does a curvature grow towards 0, or towards infinity? It only decides where an iteration starts."""
    values = samples(parameters)[0]
    weights = ("1e-20", "1e-40") if at == ZERO else ("1e3", "1e6")
    near, far = (evaluate(curvature, {**values, W: exact(weight)}) for weight in weights)
    return not abs(far) <= 2 * abs(near)
