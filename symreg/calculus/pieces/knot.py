"""A knot: a weight at which a piece of phi ends, how its neighbours meet there, and what a gradient uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from symreg.expressions.arithmetic import ZERO
from symreg.expressions.tree import Tree

Kind = Literal["smooth", "convex kink", "concave kink", "undecided"]
"""How phi goes on at a knot: with the same slope, a greater one, a smaller one, or which of these is not proved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knot:
    """A weight at which a piece of an elementwise penalty ends.

    Args:
        position: Where, an expression in the parameters.
        left: phi' from the left there; may be `inf`, `Negate(inf)` or, where it is not known, `nan`.
        right: phi' from the right.
        kind: `smooth` where the two are equal for all parameters, a kink where their order is strict for all;
            `undecided` where the order hangs on the parameters or is not known.
        chosen: What a gradient uses there: 0 if it lies between the two, else the one of smaller magnitude.
        jump: By how much phi itself jumps there: 0 where it is continuous.
    """

    position: Tree
    left: Tree
    right: Tree
    kind: Kind
    chosen: Tree
    jump: Tree = ZERO

    @property
    def is_kink(self) -> bool:
        """Do the slopes differ, for some parameters at least?"""
        return self.kind != "smooth"
