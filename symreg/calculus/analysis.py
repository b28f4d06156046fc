"""What all claims about one elementwise phi are read from: its pieces, and the extremes of its derivatives on each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from symreg.calculus.border import border
from symreg.calculus.evaluation.high_precision import evaluate, samples
from symreg.calculus.evaluation.spans import middle
from symreg.calculus.pieces.pieces import Piece, Pieces, half, pieces
from symreg.calculus.signs.conditions import is_at_least_zero
from symreg.calculus.signs.extremes import Extreme, beyond, extremes
from symreg.calculus.signs.limits import limit_at
from symreg.calculus.signs.sign import sign_for_all
from symreg.calculus.signs.sign_of import Sign
from symreg.calculus.signs.table import Run, sign_table, tidied
from symreg.calculus.symbolic.simplify import tidy
from symreg.errors import Intractable
from symreg.expressions.arithmetic import INFINITY, NAN, ZERO, W, has_w, minus, negative, numeric, over, times, total
from symreg.expressions.text import to_text
from symreg.expressions.tree import Tree, number
from symreg.model.domain import between
from symreg.model.spec import Parameter
from symreg.model.terms import Terms

Side = Literal[-1, 1]
_SIGNS: dict[Sign, int] = {"negative": -1, "zero": 0, "positive": 1}


@dataclass(frozen=True, kw_only=True)
class Study:
    """An elementwise phi, taken apart once; claims read what they need, which is worked out when it is first asked for.

    Args:
        terms: What phi is the sum of.
        parameters: With the domains for which claims are to hold.
        whole: The pieces on which phi has a value.
        value: phi as it was written, over the bare `w`.
    """

    terms: Terms
    parameters: tuple[Parameter, ...]
    whole: Pieces
    value: Tree

    @property
    def ends(self) -> tuple[Tree | None, Tree | None]:
        """Between which weights phi has a value; None where it is infinite."""
        return self.whole.pieces[0].low, self.whole.pieces[-1].high

    @cached_property
    def active(self) -> Pieces:
        """The pieces that decide: of an even phi those on w >= 0."""
        return half(self.whole) if self.whole.is_even else self.whole

    @cached_property
    def sides(self) -> tuple[tuple[Side, tuple[Piece, ...]], ...]:
        """The pieces on each side of 0, those of an even phi on the right one only."""
        if self.whole.is_even:
            return ((1, self.active.pieces),)
        return ((-1, self._on_side(-1)), (1, self._on_side(1)))

    def _on_side(self, side: Side) -> tuple[Piece, ...]:
        kept: list[Piece] = []
        for piece in self.whole.pieces:
            near, far = (piece.low, piece.high) if side > 0 else (piece.high, piece.low)
            if far is not None and self._sign(far) * side <= 0:
                continue
            if near is None or self._sign(near) * side < 0:
                piece = replace(piece, low=ZERO) if side > 0 else replace(piece, high=ZERO)
            kept.append(piece)
        return tuple(kept)

    def _sign(self, knot: Tree) -> int:
        sign = sign_for_all(knot, self.parameters)
        if sign not in _SIGNS:
            raise Intractable(f"on which side of 0 the knot w = {to_text(knot)} lies depends on the parameters")
        return _SIGNS[sign]

    @cached_property
    def curvature(self) -> tuple[tuple[Extreme, Extreme] | None, ...]:
        """The infimum and supremum of phi'' on each active piece."""
        return tuple(extremes(p.curvature, p.low, p.high, self.parameters, p.third) for p in self.active.pieces)

    @cached_property
    def least_curvature(self) -> Extreme | None:
        """The infimum of phi'' over all pieces."""
        return self._best(-1)

    @cached_property
    def greatest_curvature(self) -> Extreme | None:
        """The supremum of phi'' over all pieces."""
        return self._best(1)

    def _best(self, side: Side) -> Extreme | None:
        made: Extreme | None = None
        for pair in self.curvature:
            if pair is None:
                return None
            found = pair[0] if side < 0 else pair[1]
            made = found if made is None else beyond(side, made, found, self.parameters)
        return made

    @cached_property
    def slope_signs(self) -> tuple[tuple[Side, Piece, tuple[Run, ...] | None], ...]:
        """The sign table of phi' on each piece of each side."""
        return tuple(
            (side, piece, sign_table(piece.slope, piece.low, piece.high, self.parameters))
            for side, found in self.sides
            for piece in found
        )

    @cached_property
    def ratios(self) -> tuple[tuple[Piece, tuple[Extreme, Extreme] | None], ...]:
        """The infimum and supremum of phi'(w)/w on each piece of each side: what a gradient step multiplies lr by."""
        return tuple((piece, self._of_ratio(side, piece)) for side, found in self.sides for piece in found)

    def _of_ratio(self, side: Side, piece: Piece) -> tuple[Extreme, Extreme] | None:
        """Return the extremes of phi'(w)/w, whose derivative has the sign of h = w*phi'' - phi', with h' = w*phi'''."""
        low, high, known = piece.low, piece.high, self.parameters
        ratio = tidy(over(piece.slope, W), known)
        if not has_w(ratio):
            return extremes(ratio, low, high, known)
        rise = extremes(minus(times(W, piece.curvature), piece.slope), low, high, known, times(W, piece.third))
        if rise is not None:
            for bound, direction in ((rise[1], -1), (negated(rise[0], known), 1)):
                if bound.value != INFINITY and is_at_least_zero(negative(bound.value), known) is True:
                    return extremes(ratio, low, high, known, direction=direction)
        return extremes(ratio, low, high, known) or self._by_mean_value(side, piece, ratio)

    def _by_mean_value(self, side: Side, piece: Piece, ratio: Tree) -> tuple[Extreme, Extreme] | None:
        """Return the extremes where phi'(0) = 0 and phi'' is greatest at 0: then phi'(w)/w is at most phi''(0)."""
        start, most = (piece.low if side > 0 else piece.high), self.greatest_curvature
        if start != ZERO or most is None or limit_at(piece.slope, ZERO, side, self.parameters) != ZERO:
            return None
        here = limit_at(ratio, ZERO, side, self.parameters)
        if here == NAN or sign_for_all(minus(here, most.value), self.parameters) != "zero":
            return None
        below = Extreme(value=negative(INFINITY), at=None, attained="as a limit", method=most.method)
        return below, Extreme(value=here, at=ZERO, attained="as a limit", method=most.method)

    def at_zero(self) -> tuple[Tree, Tree] | None:
        """Return the slopes of phi from the left and from the right at 0, or None if 0 is not in the domain.

        At an end of the domain that belongs to it the slope from without is infinite, as phi is there.
        """
        domain, ends = self.whole.domain, self.ends
        for end, is_closed, side in zip(ends, (domain.low_closed, domain.high_closed), (1, -1), strict=True):
            if end == ZERO and is_closed:
                piece = self.whole.pieces[0 if side > 0 else -1]
                here = limit_at(piece.slope, ZERO, side, self.parameters)
                return (negative(INFINITY), here) if side > 0 else (here, INFINITY)
        low, high = (None if end is None else sign_for_all(end, self.parameters) for end in ends)
        if low in ("positive", "zero") or high in ("negative", "zero"):
            return None
        if low not in (None, "negative") or high not in (None, "positive"):
            where = ", ".join("none" if end is None else to_text(end) for end in ends)
            raise Intractable(f"whether 0 lies between the ends of the domain, {where}, depends on the parameters")
        for knot in self.whole.knots:
            if knot.position == ZERO:
                return knot.left, knot.right
        inner = self.sides[-1][1][0]
        here = limit_at(inner.slope, ZERO, 1, self.parameters)
        return here, here


def negated(extreme: Extreme, parameters: tuple[Parameter, ...]) -> Extreme:
    """Return an extreme of a function as the opposite one of minus the function."""
    return replace(extreme, value=tidied(negative(extreme.value), parameters))


@border("the study of the penalty's pieces")
def study(terms: Terms, parameters: tuple[Parameter, ...]) -> Study:
    """Return the sum of the elementwise terms, taken apart.

    Raises:
        Intractable: The order of two knots, or a branch, depends on the parameters; says which.
        NotDifferentiable: A switch whose roots cannot be listed.
    """
    value = total([times(number(t.coefficient), t.tree) for t in terms.elementwise])
    whole = _where_defined(pieces(terms, parameters, jumps=True), value, parameters)
    return Study(terms=terms, parameters=parameters, whole=whole, value=value)


def _where_defined(whole: Pieces, value: Tree, parameters: tuple[Parameter, ...]) -> Pieces:
    """Return the pieces on which phi has a value: `log(1 - w)` has none from w = 1 on.

    What would turn a root's or a logarithm's argument negative is a knot: all over a piece, and for all parameters,
    there is a value or there is none.

    Raises:
        Intractable: There is none between two pieces, or it was not decided.
    """
    kept = [k for k, piece in enumerate(whole.pieces) if _has_value(value, piece, parameters)]
    if len(kept) == len(whole.pieces):
        return whole
    if not kept or kept[-1] - kept[0] >= len(kept):
        raise Intractable("phi has a value on separate intervals only; give it a domain")
    first, last = kept[0], kept[-1]
    found = whole.pieces[first : last + 1]
    lower, low_closed = _end(found[0].low, first > 0, whole.domain.low_closed, value, parameters)
    upper, high_closed = _end(found[-1].high, last + 1 < len(whole.pieces), whole.domain.high_closed, value, parameters)
    domain = between(lower, upper, low_closed=low_closed, high_closed=high_closed)
    return replace(whole, pieces=found, knots=whole.knots[first:last], domain=domain)


def _has_value(value: Tree, piece: Piece, parameters: tuple[Parameter, ...]) -> bool:
    at = middle(piece.low, piece.high)
    values = [evaluate(value, {**row, W: evaluate(at, row)}) for row in samples(parameters)]
    found = {bool(x == x) for x in values}
    if len(found) > 1:
        raise Intractable(f"whether phi has a value at w = {to_text(at)} was not decided")
    return found == {True}


def _end(
    end: Tree | None, is_cut: bool, is_closed: bool, value: Tree, parameters: tuple[Parameter, ...]
) -> tuple[Tree | None, bool]:
    """Return an end and whether phi has a finite value there; None for one of the formula that is no number."""
    if not is_cut or end is None:
        return end, is_closed
    found = numeric(end)
    if found is None:
        return None, False
    there = [evaluate(value, {**row, W: evaluate(end, row)}) for row in samples(parameters)]
    return number(found), all(abs(x) < float("inf") for x in there)
