"""The cost that a proximal point minimises, `s*phi(u) + (u - v)**2/2`, and its derivative `h(u) - v`, in balls.

`h(u) = u + s*phi'(u)`, so that a point is stationary where h passes v.
"""

from __future__ import annotations

from dataclasses import dataclass

from flint import arb, ctx

from symreg.verification.minimum.boxes import COARSE_BITS, Box
from symreg.verification.minimum.smooth_piece import SmoothPiece, hull

BITS, MOST_BITS = 192, 3072  # of an ordinary comparison, and of the last one


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost for one s.

    Args:
        step: s, a positive ball.
    """

    step: arb

    def of(self, value: arb, u: arb, v: arb) -> arb:
        """Return the cost of u, where phi has that value."""
        cost: arb = self.step * value + (u - v) ** 2 / 2
        return cost

    def at(self, piece: SmoothPiece, u: arb, v: arb) -> arb:
        """Return the cost of u by a piece's formula."""
        return self.of(piece.value(u), u, v)

    def least_on(self, box: Box, v: arb) -> arb:
        """Return a lower bound of the cost on a box."""
        distance = (hull(box.low, box.high) - v).abs_lower()
        least: arb = (self.step * box.least + distance * distance / 2).lower()
        return least

    def residual(self, piece: SmoothPiece, u: arb, v: arb) -> tuple[arb, arb]:
        """Return h(u) - v and h'(u)."""
        _, first, second = piece.taylor(u)
        return u + self.step * first - v, 1 + self.step * second

    def certain_residual(self, piece: SmoothPiece, u: arb, v: arb) -> tuple[arb, arb]:
        """Return h(u) - v with a certain sign if more digits give one, and h'(u)."""
        for bits in (COARSE_BITS, BITS, 4 * BITS, MOST_BITS):
            with ctx.workprec(bits):
                off, rise = self.residual(piece, u, v)
            if off > 0 or off < 0 or off.is_zero():
                break
        return off, rise

    def sign_at(self, piece: SmoothPiece, end: float, v: arb) -> int:
        """Return the sign of h - v at an end of an interval; where h is not finite there, the root is taken inside."""
        off, _ = self.certain_residual(piece, arb(end), v)
        if not off.is_finite():
            return 1 if end == piece.high else -1
        return 1 if off > 0 else -1 if off < 0 else 0
