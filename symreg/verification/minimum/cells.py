"""An elementwise penalty for one set of parameters, cut into cells over which phi, phi' and phi'' are enclosed.

Takes terms and parameters, hands on a `Curve`: its pieces between the kinks, its knots with both one-sided slopes, and
cells of floats that are halved on demand and remembered, so that every step size and every point share them. On a piece
no switch changes its side: those found at one point inside hold for the whole of it, ends included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import inf, nextafter

from flint import arb, arb_series, ctx

from symreg.model.terms import Term, Terms
from symreg.verification.minimum.growth import Power, growth
from symreg.verification.minimum.logarithms import joined
from symreg.verification.minimum.poles import last_float, least_curvature
from symreg.verification.oracle import series
from symreg.verification.oracle.ball import Record, Undecided, following, sign
from symreg.verification.oracle.kinks import every_kink, from_ordinal, ordinal
from symreg.verification.oracle.scaled import Scaled
from symreg.verification.oracle.series import Value
from symreg.verification.oracle.slopes import Exact, Function, elementwise
from symreg.verification.oracle.slopes import slope as one_sided

# Sizes between which cells are made, as a search needs them; the band from the middle one is always looked at.
_BELOW = (0.0, *(2.0**k for k in range(-900, -50, 50)))
SIZES = (*_BELOW, 2.0**-50, 2.0**18, *(2.0**k for k in range(40, 1001, 24)))
MIDDLE = len(_BELOW)
WHOLE = -1  # the number of the band from zero to the middle one, where one cell does
LARGEST = SIZES[-1]
LEAST = 2.0**-1022  # what is nearer to zero counts as one place, far below any tolerance
_COARSE_BITS, _KNOT_BITS = 64, 320
_PIECE_BITS = (_KNOT_BITS, 4 * _KNOT_BITS, 16 * _KNOT_BITS)  # until every switch is decided, far out as well
_TOWARD_POLE = 16.0  # of how many parts of a cell at a pole the last one is cut further
_WIDEST = 4.0  # greatest ratio of a cell's ends,
_WIDEST_MONOTONE = 2.0**12  # and where phi' is seen to be monotone all the same
_SLOPE_FLOOR = 2.0**-1000
_BISECTIONS = 220


@dataclass(slots=True)
class Cell:
    """An interval of a piece.

    Args:
        least: A lower bound of phi over it.
        slope: Encloses phi', as two floats.
        curvature: Encloses phi'', as two floats.
    """

    piece: Piece
    low: float
    high: float
    least: arb
    slope: tuple[float, float]
    curvature: tuple[float, float]
    halves: tuple[Cell, ...] | None = None

    @property
    def is_monotone(self) -> bool:
        """Does phi' surely not fall, or not rise, on all of it?"""
        low, high = self.curvature
        return low >= 0 or high <= 0

    @property
    def is_splittable(self) -> bool:
        """Is there a float between its ends, and is it no cell from zero to the least size?"""
        return ordinal(self.high) - ordinal(self.low) > 1 and max(-self.low, self.high) > LEAST


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Where phi follows one formula: between the floats at or next to two knots.

    Args:
        taken: The sides of all switches, in the order in which they are asked for.
        poles: Ends of the domain, other than zero, where phi' is infinite, with the side that they are on.
        slopes: What is known of phi' at floats.
    """

    phi: Function
    low: float
    high: float
    taken: tuple[int | None, ...]
    poles: dict[float, int] = field(default_factory=dict)
    slopes: dict[float, tuple[float, float]] = field(default_factory=dict)
    bends: dict[float, arb] = field(default_factory=dict)

    @property
    def middle(self) -> float:
        """The float halfway between its ends, by count."""
        return _middle(self.low, self.high)

    def at(self, weight: Value) -> Value:
        """Return the piece's own formula, followed beyond its ends if need be, of a ball or a series."""
        return self.phi(weight, following(self.taken) if self.taken else sign)

    def taylor(self, weight: arb) -> tuple[arb, arb, arb]:
        """Return phi, phi' and phi'' over a ball; not finite where they are not enclosed."""
        try:
            found = self.at(arb_series([weight, arb(1)], 3))
        except Undecided:
            return arb.nan(), arb.nan(), arb.nan()
        if isinstance(found, Scaled):
            found = found.plain()
        return series.constant(found), series.slope(found), 2 * series.derivative(found, 2)

    def large(self, weight: arb) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """Return floats that phi' and phi'' over a ball lie between, where exponentials are too large for balls."""
        try:
            found = self.at(arb_series([weight, arb(1)], 3))
        except Undecided:
            return None
        if not isinstance(found, Scaled):
            return None
        slope, bend = (found.derivative(order) for order in (1, 2))
        return (outward(slope[0])[0], outward(slope[1])[1]), (outward(bend[0])[0], outward(bend[1])[1])

    def slope_at(self, weight: float) -> tuple[float, float]:
        """Return phi' at a float, as two floats that it lies between."""
        if weight not in self.slopes:
            self.slopes[weight] = outward(self.taylor(arb(weight))[1])
        return self.slopes[weight]

    def pole_of(self, low: float, high: float) -> float | None:
        """Return the pole that an interval ends at."""
        return low if low in self.poles else high if high in self.poles else None

    def bend_beside(self, pole: float) -> arb:
        """Return a lower bound of phi'' between a pole and the last float before it."""
        if pole not in self.bends:
            self.bends[pole] = least_curvature(self.taylor, pole, self.poles[pole])
        return self.bends[pole]

    def value(self, weight: arb) -> arb:
        """Return phi over a ball."""
        try:
            found = series.constant(self.at(weight))
            return found if found.is_finite() else series.constant(self.at(arb_series([weight], 1)))
        except Undecided:
            return arb.nan()


@dataclass(frozen=True, slots=True, eq=False)
class Knot:
    """A place where the formula changes, zero, or an end of the domain.

    Args:
        place: The knot, exact if it is a float.
        left: phi' from the left, -inf at a lower end that belongs to the domain.
        right: phi' from the right.
        value: phi there.
        is_corner: Do the slopes differ?
        is_jump: Does phi itself jump there, so that the knot is lower than its surroundings?
    """

    place: arb
    left: arb
    right: arb
    value: arb
    is_corner: bool
    is_jump: bool = False


@dataclass(slots=True)
class Curve:
    """phi for one set of parameters.

    Args:
        low: The lower end of the domain, -inf if there is none.
        high: The upper end.
        knots: In order; ends of the domain only where they belong to it.
        between: The knots at a piece's ends, other than zero.
        is_whole: Is everything about it known that a search relies on?
    """

    terms: Sequence[Term]
    parameters: Mapping[str, Exact]
    low: float
    high: float
    pieces: tuple[Piece, ...]
    knots: tuple[Knot, ...]
    is_whole: bool
    between: dict[Piece, list[Knot]] = field(default_factory=dict)
    bands: dict[tuple[int, int], tuple[Cell, ...]] = field(default_factory=dict)
    lowest: arb | None = None
    tame: dict[int, bool] = field(default_factory=dict)

    def is_tame(self, side: int) -> bool:
        """Are phi' and phi'' enclosed all the way from zero to the middle band, so that one cell does for all that?"""
        if side not in self.tame:
            low, high = sorted((0.0, side * SIZES[MIDDLE]))
            inside = [piece for piece in self.pieces if max(low, piece.low) < min(high, piece.high)]
            self.tame[side] = len(inside) == 1 and inside[0].low <= low and high <= inside[0].high
            if self.tame[side]:
                cell = _cell(inside[0], low, high)
                self.tame[side] = cell.is_monotone
                self.bands[WHOLE, side] = (cell,)
        return self.tame[side]

    def band(self, number: int, side: int) -> tuple[Cell, ...]:
        """Return the cells of one side between two neighbouring sizes, in order."""
        key = number, side
        if key not in self.bands:
            low, high = sorted((side * SIZES[number], side * SIZES[number + 1]))
            made: list[Cell] = []
            for piece in self.pieces:
                start, end = max(low, piece.low), min(high, piece.high)
                if start < end:
                    made += _cells(piece, start, end)
            self.bands[key] = tuple(made)
        return self.bands[key]

    def least(self) -> arb:
        """Return a lower bound of phi over its domain, -inf if none is known."""
        if self.lowest is None:
            inner, outer = SIZES[MIDDLE], SIZES[MIDDLE + 1]
            found = [cell.least for side in (-1, 1) for cell in self.band(MIDDLE, side)]
            found += [knot.value for knot in self.knots]
            with ctx.workprec(_COARSE_BITS):
                for side in (-1, 1):
                    for piece in self.pieces:
                        low, high = sorted((0.0, side * inner))
                        if max(low, piece.low) < min(high, piece.high):
                            found.append(piece.value(hull(max(low, piece.low), min(high, piece.high))))
                    if side * (self.high if side > 0 else self.low) == inf:
                        lower = growth(self.terms, self.parameters, side, outer).lower
                        found.append(arb(0) if lower.factor >= 0 else arb.nan())
                self.lowest = arb.pos_inf()
                for one in found:
                    self.lowest = self.lowest.min(one.lower()) if one.is_finite() else arb.neg_inf()
        return self.lowest

    def halves(self, cell: Cell) -> tuple[Cell, ...]:
        """Return the two halves of a cell, by the count of floats in it, each cut further where it is too wide."""
        if cell.halves is None:
            middle = _middle(cell.low, cell.high)
            cell.halves = (*_cells(cell.piece, cell.low, middle), *_cells(cell.piece, middle, cell.high))
        return cell.halves

    def least_near_zero(self, side: int) -> arb:
        """Return a lower bound of phi between zero and the least size on one side, -inf if none is known."""
        lower = self.near_zero(side, LARGEST)
        if lower.factor >= 0:
            return arb(0)
        return lower.factor if lower.exponent <= 0 else arb.neg_inf()

    def near_zero(self, side: int, threshold: float) -> Power:
        """Return a lower bound of phi by a power of 1/|w|, for |w| up to 1/threshold."""
        return growth(self.terms, self.parameters, side, threshold, toward_zero=True).lower


def curve(terms: Sequence[Term], parameters: Mapping[str, Exact]) -> Curve:
    """Return phi for a set of parameters; elementwise terms only."""
    phi = elementwise([replace(term, tree=joined(term.tree, parameters)) for term in terms], parameters)
    if phi is None:
        raise ValueError("there is no elementwise term")
    domains = Terms(terms=tuple(terms)).intervals(parameters)
    lows = [domain.low for domain in domains if domain.low is not None]
    highs = [domain.high for domain in domains if domain.high is not None]
    low, high = (float(max(lows)) if lows else -inf), (float(min(highs)) if highs else inf)
    found = every_kink(terms, parameters)
    cuts = {(k.below, k.above) for k in found or () if low < k.below and k.above < high} | (
        {(0.0, 0.0)} if low < 0.0 < high else set()
    )
    ordered = sorted(cuts)
    # A piece reaches from the float before the knot that it begins at to the float after the one that it ends at.
    ends = [low if low != -inf else -LARGEST]
    for below, above in ordered:
        ends += [above, below]
    ends.append(high if high != inf else LARGEST)
    pieces = [_piece(phi, ends[k], ends[k + 1]) for k in range(0, len(ends), 2)]
    for piece, end, side in ((pieces[0], low, -1), (pieces[-1], high, 1)):
        if piece is not None and end not in (-inf, 0.0, inf) and not piece.taylor(arb(end))[1].is_finite():
            piece.poles[end] = side
    is_whole = found is not None and None not in pieces
    known = tuple(piece for piece in pieces if piece is not None)
    knots: list[Knot] = []
    between: dict[Piece, list[Knot]] = {}
    if is_whole:
        knots += _end(known[0], low, -1, all(low in domain for domain in domains))
        for left, right in pairwise(known):
            knots.append(_knot(phi, left, right))
            if left.high != 0.0:
                between.setdefault(left, []).append(knots[-1])
                between.setdefault(right, []).append(knots[-1])
        knots += _end(known[-1], high, 1, all(high in domain for domain in domains))
    return Curve(terms, parameters, low, high, known, tuple(knots), is_whole, between)


def outward(x: arb) -> tuple[float, float]:
    """Return two floats that a ball lies between."""
    if not x.is_finite():
        return -inf, inf
    if x.is_zero():
        return 0.0, 0.0
    return nextafter(float(x.lower()), -inf), nextafter(float(x.upper()), inf)


def hull(low: float, high: float) -> arb:
    """Return a ball that holds everything between two floats."""
    return arb(low) if low == high else arb(low).union(arb(high))


def _piece(phi: Function, low: float, high: float) -> Piece | None:
    """Return the piece, its switches asked for at the middle one of its floats."""
    middle = _middle(low, high) if ordinal(high) - ordinal(low) > 1 else None
    found = None
    for bits in _PIECE_BITS:
        record = Record(sign)
        with ctx.workprec(bits):
            at = (arb(low) + arb(high)) / 2 if middle is None else arb(middle)
            try:
                series.constant(phi(at, record))
            except Undecided:
                continue
        found = Piece(phi, low, high, tuple(record.taken))
        if None not in record.taken:
            break
    return found


def _middle(low: float, high: float) -> float:
    return from_ordinal((ordinal(low) + ordinal(high)) // 2)


def _cell(piece: Piece, low: float, high: float) -> Cell:
    with ctx.workprec(_COARSE_BITS):
        value, first, second = piece.taylor(hull(low, high))
        alone = piece.value(hull(low, high))  # of an even power a ball knows the sign, a series does not
        if alone.is_finite():
            value = alone.intersection(value) if value.is_finite() and alone.overlaps(value) else alone
        slope, bend = piece.large(hull(low, high)) or (outward(first), outward(second))
        if bend != (-inf, inf) and (bend[0] >= 0 or bend[1] <= 0) and slope[0] != slope[1]:
            # phi' is monotone here: its ends bound it far better than a wide ball.
            ends = piece.slope_at(low), piece.slope_at(high)
            ends = ends if bend[0] >= 0 else ends[::-1]
            slope = max(slope[0], ends[0][0]), min(slope[1], ends[1][1])
        least = value.lower() if value.is_finite() else arb.neg_inf()
        if (slope[0] >= 0 or slope[1] <= 0) and not value.rad() < abs(value.mid()) / 2:
            # So is phi, and it is least at an end; a ball about something large has no sign.
            end = piece.value(arb(low if slope[0] >= 0 else high))
            least = least.max(end.lower()) if end.is_finite() else least
    return Cell(piece, low, high, least, slope, bend)


def _beside_pole(piece: Piece, low: float, high: float, pole: float) -> Cell:
    """Return the cell between a pole and the last float before it, over which phi is known where it is convex."""
    bend = piece.bend_beside(pole)
    if not bend >= 0:
        return _cell(piece, low, high)
    end = low if high == pole else high
    with ctx.workprec(_COARSE_BITS):
        value, slope = piece.value(arb(end)), piece.slope_at(end)
    rises_away = slope[0] >= 0 if pole == high else slope[1] <= 0
    least = value.lower() if rises_away and value.is_finite() else arb.neg_inf()
    return Cell(piece, low, high, least, (slope[0], inf) if pole == high else (-inf, slope[1]), (outward(bend)[0], inf))


def _cells(piece: Piece, low: float, high: float) -> list[Cell]:
    """Return cells of moderate width; next to zero, or to a pole, as small ones as it takes to enclose phi''."""
    pole = piece.pole_of(low, high)
    if pole is not None:
        side = piece.poles[pole]
        last = last_float(pole, side)
        if last in (low, high):
            return [_beside_pole(piece, low, high, pole)]
        cut = pole - (high - low) / _TOWARD_POLE * side
        cut = min(cut, last) if side > 0 else max(cut, last)
        return [*_cells(piece, low, cut), *_cells(piece, cut, high)]
    size = sorted((abs(low), abs(high)))
    if size[0] == 0 or size[1] <= _WIDEST_MONOTONE * size[0]:
        cell = _cell(piece, low, high)
        is_narrow = size[0] > 0 and size[1] <= _WIDEST * size[0]
        if is_narrow or cell.is_monotone or not cell.is_splittable:
            return [cell]
        if size[0] == 0 and cell.curvature != (-inf, inf):
            return [cell]
    middle = _middle(low, high)
    return [*_cells(piece, low, middle), *_cells(piece, middle, high)]


def _knot(phi: Function, left: Piece, right: Piece) -> Knot:
    """Return what happens between two pieces."""
    with ctx.workprec(_KNOT_BITS):
        place = arb(left.high) if left.high == right.low else _refined(phi, left, right)
        before, after = left.value(place), right.value(place)
        here = _value(phi, place) if place.is_exact() else before
        slopes = [piece.taylor(place)[1] for piece in (left, right)]
        if not all(one.is_finite() for one in slopes) and place.is_exact():
            found = one_sided(phi, left.high, floor=_SLOPE_FLOOR)
            slopes = [arb.nan()] * 2 if found is None else _ordered(phi, found.low, found.high, left.high)
        is_jump = not (before.overlaps(here) and here.overlaps(after))
        is_corner = not slopes[0].overlaps(slopes[1])
        return Knot(place, slopes[0], slopes[1], here, is_corner, is_jump)


def _value(phi: Function, weight: arb) -> arb:
    try:
        return series.constant(phi(weight, sign))
    except Undecided:
        return arb.nan()


def _ordered(phi: Function, low: arb, high: arb, place: float) -> list[arb]:
    """Return the one-sided slopes, known by size, from left to right: upward where phi rises to the right of it."""
    around = [one_sided(phi, nextafter(place, end), floor=_SLOPE_FLOOR) for end in (-inf, inf)]
    if any(one is None for one in around):
        return [arb.nan(), arb.nan()]
    before, after = (one.value for one in around if one is not None)
    return [low, high] if before < after else [high, low]


def _refined(phi: Function, left: Piece, right: Piece) -> arb:
    """Return a knot between two neighbouring floats: where the switches change to those of the other piece."""
    low, high = arb(right.low).min(arb(left.high)), arb(right.low).max(arb(left.high))
    with ctx.workprec(_KNOT_BITS * 4):
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            record = Record(sign)
            try:
                series.constant(phi(middle, record))
            except Undecided:
                break
            if None in record.taken:
                break
            if tuple(record.taken) == left.taken:
                low = middle
            elif tuple(record.taken) == right.taken:
                high = middle
            else:
                return middle if middle.is_exact() else low.union(high)
    return low.union(high)


def _end(piece: Piece, end: float, side: int, is_closed: bool) -> list[Knot]:
    """Return the end of a domain as a knot where it belongs to it."""
    if not is_closed or end in (-inf, inf):
        return []
    with ctx.workprec(_KNOT_BITS):
        value, first, _ = piece.taylor(arb(end))
        if not value.is_finite():
            value = piece.value(arb(end))
        if not first.is_finite():
            found = one_sided(piece.phi, end, floor=_SLOPE_FLOOR, sides=(-side,))
            first = arb.nan() if found is None else found.value
        slopes = (arb.neg_inf(), first) if side < 0 else (first, arb.pos_inf())
        return [Knot(arb(end), *slopes, value, True)]
