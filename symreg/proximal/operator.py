"""What a proximal operator is made of: spans of u on which the minimiser can lie, and the dips between them.

`F(u) = u + s*phi'(u)` is the derivative of `s*phi(u) + (u - v)**2/2` by u, plus v: at a minimiser in a smooth part of
phi, `F(u) = v`, and F rises there. All trees are over the bare `W`, the parameters and `STEP`.
"""

from __future__ import annotations

from dataclasses import dataclass

from symreg.expressions.arithmetic import ZERO, negative, numeric, over, times
from symreg.expressions.tree import Binary, Name, Tree
from symreg.model.domain import Domain

STEP = Name("step")
"""s, the factor of the penalty."""
V = Name("v")
"""The number whose proximal point is asked for; of an even penalty its magnitude."""


def times_step(step: Tree, tree: Tree) -> Tree:
    """Return s times an expression; of -1/x it is -s/x."""
    match tree:
        case Binary("/", top, below) if numeric(top) == -1:
            return negative(over(step, below))
        case _:
            return times(step, tree)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """A weight at which the minimiser stays while v runs through an interval: a convex kink, or an end of the domain.

    Args:
        position: Of the kink.
        left: phi' from the left; None for minus infinity, at a lower end.
        right: phi' from the right; None for infinity.
        value: phi there.
    """

    position: Tree
    left: Tree | None
    right: Tree | None
    value: Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A span on which phi is smooth and its curvature is monotone, so that F turns there at most once.

    Args:
        low: Lower end, None for minus infinity.
        high: Upper end, None for infinity.
        value: phi.
        slope: phi'.
        curvature: phi''.
        third: phi'''.
        bends: 1 where the curvature rises, -1 where it falls, 0 where it is constant.
        turns: Is the curvature negative somewhere (for some parameters), so that F falls there for a large step?
        pull: 1 where phi' >= 0 on the whole cell, so that u <= v; -1 where phi' <= 0; 0 where neither is known.
        low_force: phi' at the lower end, None if it is infinite or there is none.
        high_force: phi' at the upper end, likewise.
        least: The curvature at the end to which it falls, where `turns`; None for minus infinity.
        turn: Where F turns, in closed form, if it does; None where it is searched for.
        solution: u with F(u) = v in closed form, over `V`; None where there is none that is worth it.
        start: Where Newton's method starts, over `V`; moved into the cell.
        top: A number that u is not above, over `V`, if one is known.
        in_logarithm: Does it run in the logarithm of u?
        trial_curvature: phi'' over the functions that phi' holds; None: as it is.
        trial_third: phi''' likewise, times w where `in_logarithm`, for Halley's method; None: Newton's will do.
    """

    low: Tree | None
    high: Tree | None
    value: Tree
    slope: Tree
    curvature: Tree
    third: Tree
    bends: int
    turns: bool
    pull: int = 0
    low_force: Tree | None = None
    high_force: Tree | None = None
    least: Tree | None = None
    turn: Tree | None = None
    solution: Tree | None = None
    start: Tree = V
    top: Tree | None = None
    in_logarithm: bool = False
    trial_curvature: Tree | None = None
    trial_third: Tree | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dip:
    """What parts two segments: where F falls, for some steps at least.

    Args:
        position: Where phi' jumps down, or where the curvature is least; the lower end of `cell`.
        is_kink: Does phi' jump down there, so that F falls for every step?
        cell: A cell of constant negative curvature: all of it is lost where `1 + s*curvature <= 0`, and joined on
            where not.
        jump: The v at which the minima before and behind it are equally good, in closed form, wherever F falls there;
            None where it is searched for.
    """

    position: Tree
    is_kink: bool = False
    cell: Cell | None = None
    jump: Tree | None = None


Segment = tuple[Rest | Cell, ...]
"""Ascending and adjacent: F rises from one end to the other, apart from a turn in the first and last cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """The proximal operator of an elementwise penalty.

    Args:
        segments: Ascending; the minimiser lies in one of them. Of an even penalty those with u >= 0.
        dips: Between neighbouring segments.
        is_even: Is phi even, so that prox(-v) = -prox(v)?
        domain: Of the weight.
        needs: A condition on `STEP` and the parameters without which there is no minimum; None: there always is one.
        period: If not None, phi repeats itself, and v is taken to within half a period of 0 first.
        pull: The a of an addend a*|w| that is not in the segments: v comes nearer to 0 by s*a first, not beyond it.
        rise: The k of an addend k*w^2/2 that is not in them: v and s are divided by 1 + s*k then.
    """

    segments: tuple[Segment, ...]
    dips: tuple[Dip, ...]
    is_even: bool
    domain: Domain
    needs: Tree | None = None
    period: Tree | None = None
    pull: Tree = ZERO
    rise: Tree = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Unordered:
    """The operator of a penalty made of parabolas whose knots have no order that holds for all parameters.

    They are sorted when the parameters are known. On each span between two of them F is linear; the best of the
    spans' minima is the minimiser.

    Args:
        knots: Those of phi, and finite ends of its domain; of an even penalty 0 and those above it.
        value: phi, with its switches.
        slope: phi', likewise.
        curvature: phi'', likewise.
        is_even: As in `Operator`.
        domain: Of the weight.
    """

    knots: tuple[Tree, ...]
    value: Tree
    slope: Tree
    curvature: Tree
    is_even: bool
    domain: Domain


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Where a term is smooth and its curvature only rises or only falls, up to its upper end.

    Args:
        high: Upper end, None for infinity; the lower one is that of the span before.
        value: phi.
        slope: phi'.
        curvature: phi''.
        rises: Does it never fall?
    """

    high: Tree | None
    value: Tree
    slope: Tree
    curvature: Tree
    rises: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed:
    """The operator of a sum of terms in whose sum it is not known how often F turns.

    Args:
        addends: Of each term its spans, ascending; of an even sum those with u >= 0 may be all.
        knots: Every end of a span once, in no order.
        is_even: As in `Operator`.
        domain: Of the weight.
    """

    addends: tuple[tuple[Span, ...], ...]
    knots: tuple[Tree, ...]
    is_even: bool
    domain: Domain
