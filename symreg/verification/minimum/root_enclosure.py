"""Roots of `h(u) = v`, enclosed: by Newton's step, and the certified slope of h around it.

On a run of boxes h rises by a slope of at least m > 0, so a point u with |h(u) - v| <= r is within r/m of the root,
and no point of the run costs less than the cost of u less r**2/(2*m).
"""

from __future__ import annotations

from math import inf, nan

from flint import arb, ctx

from symreg.verification.minimum.box_tables import Run
from symreg.verification.minimum.boxes import COARSE_BITS
from symreg.verification.minimum.candidates import Candidate
from symreg.verification.minimum.cost import BITS, Cost
from symreg.verification.minimum.piecewise import PiecewisePhi
from symreg.verification.minimum.poles import NEAREST, bits_at, distance_of_root, place
from symreg.verification.minimum.smooth_piece import SmoothPiece, float_between

_RADIUS_BITS = 90  # a root is enclosed to 2**-90 of itself
_NEWTON, _PATIENCE = 100, 8
_EXTRA, _POLISHING = (1, 2, 5, 16), 8  # precisions, as multiples, and Newton's steps at each
_BEYOND = 2.0**-48  # relative; by no more than that a piece's formula is followed past a breakpoint


def root_in(whole: PiecewisePhi, cost: Cost, run: Run, v: arb) -> Candidate | None:
    """Return the root of h = v in a run of boxes on which h rises, None if there is none."""
    piece, low, high = run.first.piece, run.first.low, run.last.high
    for pole in (low, high):
        if pole in piece.poles:
            beside = _root_beside_pole(cost, piece, pole, run.slope, v)
            if beside is not None:
                return beside
    with ctx.workprec(COARSE_BITS):
        at = _point_near_root(cost, piece, low, high, v, run.near)
        if at is None:
            return None
        off, _ = cost.residual(piece, at, v)
        most = cost.at(piece, at, v)
        slack = off * off / (2 * arb(run.slope))
    root = Candidate(at, piece, run.slope, least=(most - slack).lower(), most=most)
    for point in whole.at_ends.get(piece, ()):
        # The piece's formula was followed past the breakpoint, by less than the distance of two floats.
        if abs(at - point.place) <= abs(at) * _BEYOND:
            with ctx.workprec(BITS):
                if not refine(cost, root, v, BITS):
                    return root
                is_before = root.at < point.place
                if root.at != point.place and is_before != (point.place >= piece.middle):
                    return None
    return root


def refine(cost: Cost, root: Candidate, v: arb, bits: int) -> bool:
    """Enclose a root to half the working precision at least, in place; return False if it cannot be."""
    assert root.piece is not None
    wanted = arb((1, -(min(_RADIUS_BITS, bits // 2) if bits == BITS else bits // 2)))
    for factor in _EXTRA:
        if factor * bits < _bits_of(root) and factor < _EXTRA[-1]:
            continue
        with ctx.workprec(factor * bits):
            at = root.at.mid()
            for _ in range(_POLISHING):
                off, rise = cost.residual(root.piece, at, v)
                if not (off.is_finite() and rise.is_finite()):
                    break
                radius = off.abs_upper() / arb(root.slope)  # h rises by at least that slope, up to the root
                if radius <= abs(at).min(arb(root.room)) * wanted:
                    root.at = at + arb(0, 1) * radius
                    return True
                at = (at - off / rise).mid()
    return False


def _bits_of(root: Candidate) -> int:
    """Return the digits without which a root that is nearer to a pole than any float cannot be told from it."""
    return BITS if root.room == inf else bits_at(float(root.at), root.room)


def _root_beside_pole(cost: Cost, piece: SmoothPiece, pole: float, least_slope: float, v: arb) -> Candidate | None:
    """Return the root between a pole and the last float before it, None if there is none."""
    side = piece.poles[pole]
    room = distance_of_root(piece.taylor, pole, side, v, cost.step)
    if room is None:
        return None
    at = place(pole, side, room or NEAREST)
    with ctx.workprec(bits_at(pole, room or NEAREST)):
        most = cost.at(piece, at, v)
        if not room:
            nearest = (at.union(arb(pole)) - v).abs_lower()
            least = cost.step * piece.value(at) + nearest * nearest / 2
            return Candidate(at.union(arb(pole)), None, least=least, most=most)
        off, _ = cost.residual(piece, at, v)
        slack = off * off / (2 * arb(least_slope))
    return Candidate(at, piece, least_slope, least=(most - slack).lower(), most=most, room=room)


def _point_near_root(cost: Cost, piece: SmoothPiece, low: float, high: float, v: arb, near: float) -> arb | None:
    """Return a point near the root, by Newton's method in a bracket; None if h does not reach v between the ends."""
    a, b = low, high
    signs = [0, 0]  # of h - v at the ends, once they are known
    at = min(max(near, a), b)
    if at in (a, b):
        at = float_between(a, b)
    for count in range(_NEWTON):
        off, rise = cost.certain_residual(piece, arb(at), v)
        if off > 0:
            b = at
        elif off < 0:
            a = at
        elif off.is_finite():
            return arb(at)
        step = off / rise
        new = at - float(step.mid()) if step.is_finite() else nan
        if abs(new - at) <= abs(new) * 2.0**-40 and low <= new <= high:
            return arb(new)
        if not a < new < b or count % _PATIENCE == _PATIENCE - 1:
            # Towards an end of the run: is the root before it?
            if b == high and not signs[1] and (new >= b or off < 0):
                signs[1] = cost.sign_at(piece, high, v)
                if signs[1] <= 0:
                    return arb(high) if signs[1] == 0 else None
            if a == low and not signs[0] and (new <= a or off > 0):
                signs[0] = cost.sign_at(piece, low, v)
                if signs[0] >= 0:
                    return arb(low) if signs[0] == 0 else None
            new = float_between(a, b)
            if new in (a, b):
                return arb(b if a == 0 else a)
        at = new
    return arb(at)
