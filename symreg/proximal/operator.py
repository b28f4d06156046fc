"""The proximal operator as data: the cases of v, with the pieces of phi and the kinks behind them, and the gaps of F.

`F(u) = u + s*phi'(u)` is the derivative of `s*phi(u) + (u - v)**2/2` by u, plus v. At a minimiser in a smooth part of
phi, `F(u) = v`, and F rises there; over a kink F jumps up, and the minimiser stays there for every v in between. Where
F falls there is no minimiser: the operator jumps over the gap.

All trees are over the bare `W`, the parameters and `STEP`.
"""

from __future__ import annotations

from dataclasses import dataclass

from symreg.expressions.arithmetic import ZERO, negative, numeric, over, plus, times
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


def threshold_at(u: Tree, slope: Tree, step: Tree = STEP) -> Tree:
    """Return F(u) = u + s*phi'(u): the v at which the minimiser arrives at u, or leaves it.

    Args:
        u: A weight.
        slope: phi' there, at a kink from one side.
        step: s.
    """
    return plus(u, times(step, slope))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kink:
    """A weight at which the minimiser stays while v runs through an interval: a convex kink, or an end of the domain.

    Args:
        position: The weight.
        left: phi' from the left; None for minus infinity, at a lower end.
        right: phi' from the right; None for infinity.
        value: phi there.
    """

    position: Tree
    left: Tree | None
    right: Tree | None
    value: Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class MonotonePiece:
    """A piece of phi on which its curvature is monotone, so that F has at most one turning point there.

    Args:
        low: Lower end, None for minus infinity.
        high: Upper end, None for infinity.
        value: phi.
        slope: phi'.
        curvature: phi''.
        third: phi'''.
        trend: 1 where the curvature rises, -1 where it falls, 0 where it is constant.
        may_fall: Is the curvature negative somewhere (for some parameters), so that F falls there for a large step?
        slope_sign: 1 where phi' >= 0 on the whole piece, so that u <= v; -1 where phi' <= 0; 0 where neither is known.
        low_slope: phi' at the lower end, None if it is infinite or there is none.
        high_slope: phi' at the upper end, likewise.
        least_curvature: The curvature at the end to which it falls, where `may_fall`; None for minus infinity.
        turning_point: The root of F', in closed form, if F turns; None where it is searched for.
    """

    low: Tree | None
    high: Tree | None
    value: Tree
    slope: Tree
    curvature: Tree
    third: Tree
    trend: int
    may_fall: bool
    slope_sign: int = 0
    low_slope: Tree | None = None
    high_slope: Tree | None = None
    least_curvature: Tree | None = None
    turning_point: Tree | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Iteration:
    """How the root of F(u) = v is iterated on a piece.

    Args:
        start: Where Newton's method starts, over `V`; moved into the piece.
        top: A number that u is not above, over `V`, if one is known.
        in_logarithm: Does it run in the logarithm of u?
        curvature: phi'' over the functions that phi' holds.
        third: phi''' likewise, times w where `in_logarithm`, for Halley's method; None: Newton's will do.
    """

    start: Tree = V
    top: Tree | None = None
    in_logarithm: bool = False
    curvature: Tree
    third: Tree | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What the minimiser is while v runs through an interval: a row of the operator's table.

    Beside a gap the interval ends at the jump instead, for the steps for which F falls there.

    Args:
        place: The kink at which the minimiser stays, or the piece of phi on which it moves.
        low: The least v, F at the lower end of the place; None for minus infinity, also where F is infinite there.
        high: The greatest v; None for infinity, likewise.
        formula: The minimiser over `V` and `STEP`; None where it is the root of F(u) = v, for want of a closed form
            that is worth it.
        iteration: How that root is found; None where there is a formula.
        when: The condition on `STEP` under which the case is there: else F falls on the whole piece; None: always.
    """

    place: Kink | MonotonePiece
    low: Tree | None
    high: Tree | None
    formula: Tree | None
    iteration: Iteration | None = None
    when: Tree | None = None

    @property
    def is_root(self) -> bool:
        """Is the minimiser a root that has to be searched for?"""
        return self.formula is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Where F falls, for some steps at least, and the operator jumps from one minimum to another.

    Args:
        index: Of the first case behind the gap; where `lost` is given, of that.
        position: The weight at which phi' jumps down, or the curvature is least; the lower end of a piece that is lost.
        is_kink: Does phi' jump down there, so that F falls for every step?
        lost: The case of a piece of constant negative curvature, which is there for short steps alone.
        jump: The v at which the minima before and behind it are equally good, in closed form, wherever F falls there;
            None where it is searched for.
    """

    index: int
    position: Tree
    is_kink: bool = False
    lost: Case | None = None
    jump: Tree | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """The proximal operator of an elementwise penalty, by cases.

    For steps for which F falls nowhere the minimiser runs through all cases in turn. For the others it jumps at the
    gaps at which F falls: from a case before to one behind, past those whose `when` does not hold.

    Args:
        cases: Ascending in v and in u; of an even penalty those with u >= 0.
        gaps: Ascending.
        is_even: Is phi even, so that prox(-v) = -prox(v)?
        domain: Of the weight.
        needs: A condition on `STEP` and the parameters without which there is no minimum; None: there always is one.
        period: If not None, phi repeats itself, and v is taken to within half a period of 0 first.
        abs_coefficient: The a of an addend a*|w| that is not in the cases: v comes nearer to 0 by s*a first, not
            beyond it.
        square_coefficient: The k of an addend k*w^2/2 that is not in them: v and s are divided by 1 + s*k then.
    """

    cases: tuple[Case, ...]
    gaps: tuple[Gap, ...]
    is_even: bool
    domain: Domain
    needs: Tree | None = None
    period: Tree | None = None
    abs_coefficient: Tree = ZERO
    square_coefficient: Tree = ZERO

    @property
    def rises_everywhere(self) -> bool:
        """Is F known to rise everywhere for every step, so that one formula holds for all v?"""
        pieces = (case.place for case in self.cases if isinstance(case.place, MonotonePiece))
        return not self.gaps and not any(piece.may_fall for piece in pieces)

    @property
    def between_gaps(self) -> tuple[tuple[Case, ...], ...]:
        """The cases before, between and behind the gaps, without those that are lost for long steps."""
        starts = [0, *(gap.index + (gap.lost is not None) for gap in self.gaps)]
        ends = [*(gap.index for gap in self.gaps), len(self.cases)]
        return tuple(self.cases[start:end] for start, end in zip(starts, ends, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class PiecewiseQuadratic:
    """The operator of a penalty made of parabolas whose knots have no order that holds for all parameters.

    They are sorted when the parameters are known. Between two of them F is linear; the best of the minima on all pieces
    is the minimiser.

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
class TermPiece:
    """A piece of one term of a sum on which the curvature of the term only rises or only falls.

    Args:
        high: Upper end, None for infinity; the lower one is that of the piece before.
        value: The term.
        slope: Its derivative.
        curvature: Its second derivative.
        rises: Does the curvature never fall?
    """

    high: Tree | None
    value: Tree
    slope: Tree
    curvature: Tree
    rises: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSearch:
    """The operator of a sum of terms of which it is not known how often F turns: its minima are searched for.

    Args:
        addends: Of each term its pieces, ascending; of an even sum those with u >= 0 may be all.
        knots: Every end of a piece once, in no order.
        is_even: As in `Operator`.
        domain: Of the weight.
    """

    addends: tuple[tuple[TermPiece, ...], ...]
    knots: tuple[Tree, ...]
    is_even: bool
    domain: Domain


AnyOperator = Operator | PiecewiseQuadratic | TableSearch
"""What is known of an operator for all parameters: its cases, its knots without their order, or its terms."""
