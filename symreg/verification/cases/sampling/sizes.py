"""Sizes of weights that a check looks at: those of a range, or those that lie beyond or below it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, floor, log2
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from symreg.verification.oracle.formats import Format, Vector

Side = Literal["inside", "beyond", "below"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Weights whose size is in a range, or is on one side of it.

    Args:
        least: The least size in the range; zero has no size, and is in every range.
        greatest: The greatest one.
        side: Are these weights in the range, or greater, or smaller?
    """

    least: float
    greatest: float
    side: Side = "inside"

    def at(self, side: Side) -> Sizes:
        """Return the weights on another side of the range."""
        return replace(self, side=side)

    def is_empty(self, shape: Format, limit: int | None) -> bool:
        """Does a format promise nothing there, or the formula determine nothing, from `2**limit` on?"""
        top = shape.greatest_exponent if limit is None else min(limit, shape.greatest_exponent)
        if self.side == "beyond":
            return log2(self.greatest) >= top
        return self.side == "below" and (self.least == 0 or log2(self.least) <= shape.least_exponent)

    def narrowed(self, shape: Format) -> Format:
        """Return the format with exponents that cover these sizes, as far as it promises accuracy."""
        least = floor(log2(self.least)) if self.least else shape.least_exponent
        greatest = ceil(log2(self.greatest))
        low, high = {
            "inside": (least, greatest),
            "beyond": (greatest - 1, shape.greatest_exponent),
            "below": (shape.least_exponent, least + 1),
        }[self.side]
        low = min(max(low, shape.least_exponent), shape.greatest_exponent - 1)
        return replace(shape, least_exponent=low, greatest_exponent=max(low + 1, min(high, shape.greatest_exponent)))

    def reach(self, shape: Format) -> int:
        """Return the binary exponent of an extreme gradient of the loss beside such weights."""
        top = ceil(log2(self.greatest)) if self.side == "inside" else shape.greatest_exponent // 2
        return max(1, min(top, shape.greatest_exponent // 2))

    def hold(self, weights: Vector) -> NDArray[np.bool_]:
        """Tell which weights have such a size; the ends of the range are in it as the weights' format rounds them."""
        sizes = np.abs(weights)
        with np.errstate(over="ignore"):
            least, greatest = sizes.dtype.type(self.least), sizes.dtype.type(self.greatest)
        above, below = sizes > greatest, (sizes < least) & (sizes > 0)
        kept: NDArray[np.bool_] = {"inside": ~above & ~below, "beyond": above, "below": below}[self.side]
        return kept

    def hold_vector(self, weights: Vector) -> bool:
        """Is the vector of such sizes? It is beyond a range with one weight that is, else below with one that is."""
        beyond, below = (bool(self.at(side).hold(weights).any()) for side in ("beyond", "below"))
        return {"inside": not beyond and not below, "beyond": beyond, "below": below and not beyond}[self.side]


EVERYDAY = Sizes(least=1e-6, greatest=1e6)
"""Sizes that a person would try."""
