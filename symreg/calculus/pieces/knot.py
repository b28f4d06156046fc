"""A knot: a weight at which a piece of an elementwise penalty ends."""

from __future__ import annotations

from dataclasses import dataclass

from symreg.expressions.tree import Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Knot:
    """A weight at which a piece of an elementwise penalty ends.

    Args:
        position: Where, an expression in the parameters.
        left: The derivative from the left there (may be `inf`, `Negate(inf)` or, at a domain's end, `nan`).
        right: The derivative from the right.
        is_kink: Do the two differ (for some parameter values)?
        chosen: What a gradient rule uses there: 0 if it lies between the two, else the one of smaller magnitude.
    """

    position: Tree
    left: Tree
    right: Tree
    is_kink: bool
    chosen: Tree
