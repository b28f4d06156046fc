"""The case table of an operator: phi cut where its curvature stops rising or falling, and a formula or root for each.

Takes the pieces of phi; hands on, ascending, the cases of v, and between them where F may fall.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from symreg.calculus.analysis import Analysis
from symreg.calculus.border import border
from symreg.calculus.pieces.knot import Knot
from symreg.calculus.pieces.pieces import Piece, Pieces, half
from symreg.calculus.signs.sign import sign_between
from symreg.calculus.signs.symbolic_sign import NONNEGATIVE, Sign
from symreg.calculus.signs.table import Run, sign_table
from symreg.errors import Intractable
from symreg.expressions.arithmetic import over
from symreg.expressions.text import mention, to_text
from symreg.expressions.tree import Tree, number
from symreg.model.domain import Domain
from symreg.proximal.ends import at_end, at_kink, at_start, sides_of, value_at
from symreg.proximal.operator import Case, MonotonePiece, threshold_at
from symreg.proximal.solving.closed_forms import closed_form, for_all_floats
from symreg.proximal.solving.period import period_of
from symreg.proximal.solving.slopes import stable_slope
from symreg.proximal.solving.start import iteration_on
from symreg.proximal.solving.turning_points import with_turning_point


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """Between two cases F falls, for some steps; where phi' jumps down, for all."""

    position: Tree
    is_kink: bool = False


Entry = Case | Fall
"""Of a case table as it is first read off phi, ascending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """What the table of an operator is made of.

    Args:
        whole: phi.
        entries: Of an even phi those from 0 on, of a periodic one those within half a period.
        period: Of a periodic phi.
    """

    whole: Pieces
    entries: tuple[Entry, ...]
    period: Tree | None


@border("the order of its pieces")
def entries_of(analysis: Analysis) -> Entries:
    """Return the cases of the sum of the elementwise terms, and where F may fall between them.

    Raises:
        Intractable: Knots or stationary points whose order depends on the parameters, or that were not enclosed.
        NotDifferentiable: A switch whose roots cannot be listed, or a jump in value.
    """
    whole = analysis.continuous_pieces()
    part = half(whole) if whole.is_even else whole
    period = period_of(part)
    if period is not None:
        (piece,) = part.pieces
        part = replace(part, pieces=(replace(piece, high=over(period, number(2))),))
    entries = list(_entries(whole, part, analysis))
    if period is not None and isinstance(entries[-1], Fall):
        entries.pop()  # beyond half a period the same comes again, mirrored
    return Entries(whole=whole, entries=tuple(entries), period=period)


def _entries(whole: Pieces, part: Pieces, analysis: Analysis) -> Iterator[Entry]:
    parameters = analysis.parameters
    start = at_start(whole, part, parameters)
    if start is not None:
        yield start
    knots: list[Knot | None] = [*part.knots, None]
    for piece, knot in zip(part.pieces, knots, strict=True):
        for case in _cases_on(piece, part.domain, analysis):
            place = case.place
            assert isinstance(place, MonotonePiece)
            if place.may_fall and place.trend > 0 and place.low is not None:
                yield Fall(position=place.low)
            yield case
            if place.may_fall and place.trend < 0 and place.high is not None:
                yield Fall(position=place.high)
        match knot:
            case Knot(kind="convex kink"):
                yield at_kink(knot, piece, knot.position, parameters)
            case Knot(kind="concave kink"):
                yield Fall(position=knot.position, is_kink=True)
            case Knot(kind="undecided"):
                raise Intractable(
                    f"whether phi' jumps up or down at w = {to_text(knot.position)} depends on the parameters: "
                    f"{sides_of(knot)}"
                )
    end = at_end(part, parameters)
    if end is not None:
        yield end


def _cases_on(piece: Piece, domain: Domain, analysis: Analysis) -> Iterator[Case]:
    """Yield the cases of the parts of a piece on which the curvature rises, falls or stays."""
    parameters, runs = analysis.parameters, _monotone_runs(piece, analysis)
    slope = stable_slope(piece, parameters, domain)
    for run in runs:
        signs = sign_table(piece.curvature, run.low, run.high, parameters)
        part = MonotonePiece(
            low=run.low,
            high=run.high,
            value=piece.value,
            slope=slope,
            curvature=piece.curvature,
            third=piece.third,
            trend=run.sign,
            may_fall=signs is None or any(row.sign < 0 for row in signs),
            slope_sign=_SIDE.get(sign_between(piece.slope, run.low, run.high, parameters), 0),
            low_slope=value_at(piece.slope, run.low, 1, parameters),
            high_slope=value_at(piece.slope, run.high, -1, parameters),
        )
        if part.may_fall:
            part = with_turning_point(part, parameters)
        formula = closed_form(part, piece.slope, parameters)
        low, high = _threshold(part.low, part.low_slope), _threshold(part.high, part.high_slope)
        if formula is not None:
            formula = for_all_floats(formula, part, parameters)
            yield Case(place=part, low=low, high=high, formula=formula)
        else:
            part, iteration = iteration_on(part, piece.slope, parameters)
            yield Case(place=part, low=low, high=high, formula=None, iteration=iteration)


def _monotone_runs(piece: Piece, analysis: Analysis) -> tuple[Run, ...]:
    """Return where the curvature of a piece rises, falls or stays.

    Raises:
        Intractable: That was not decided, and it is negative somewhere.
    """
    table = analysis.signs(piece.third, piece)
    if table is not None:
        return tuple(table)
    if sign_between(piece.curvature, piece.low, piece.high, analysis.parameters) in NONNEGATIVE:
        # F rises all over it, wherever its curvature rises and falls.
        return (Run(sign=0, low=piece.low, high=piece.high, method="", is_strict=False),)
    raise Intractable(f"where phi'' = {mention(piece.curvature)} rises and falls was not decided for all parameters")


_SIDE: dict[Sign, int] = {"positive": 1, "nonnegative": 1, "zero": 1, "negative": -1, "nonpositive": -1}


def _threshold(end: Tree | None, slope: Tree | None) -> Tree | None:
    return None if end is None or slope is None else threshold_at(end, slope)
