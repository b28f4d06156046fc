"""What is right of a proximal point: the exact global minimum, and all that rounding of the inputs allows there.

A number u is right for v if it is within 4(1 + kappa) ulp of the minimum, kappa = |v|/(|u| F'(u)), after the parameters
and s were moved by 4u of themselves, or if it is the minimum, in that sense, of a problem one of whose inputs moved by
4u: so a threshold may lie a few roundings further on, and a breakpoint where its rounded parameters put it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf, isnan

import numpy as np
from flint import arb, ctx

from symreg.model.terms import Terms
from symreg.verification.cases.prox_cases import ProxCase
from symreg.verification.cases.prox_minima import minima_of, minimum
from symreg.verification.comparison.sensitivity import ULPS_OF_INPUT, nudged
from symreg.verification.comparison.tolerance import WORKING_BITS, Finding, Measured, measured
from symreg.verification.minimum.minimiser import Minimiser
from symreg.verification.oracle.ball import ball, exactly
from symreg.verification.oracle.derivatives import Exact, slope
from symreg.verification.oracle.formats import Format
from symreg.verification.oracle.slopes import elementwise

_NEAR = 1e-3  # relative; two minima further apart are on either side of a jump
_PLAUSIBLE = 2.0**-18  # relative; a greater residual is not rounding, in either format


@dataclass(frozen=True, kw_only=True)
class ProxPoint:
    """One element of a case and all that rounding allows there, which serves every subject once it is worked out.

    Args:
        problem: The elementwise terms, or phi of the radius.
        j: Which element of the case.
    """

    problem: Terms
    case: ProxCase
    j: int
    shape: Format

    @cached_property
    def v(self) -> Exact | arb:
        """The element, or the radius of the whole vector."""
        return self.case.target(self.j)

    @cached_property
    def scale(self) -> arb:
        """What a minimum of the problem is multiplied by: for an element of a vector its share of the radius."""
        own, right = self.case.minima[self.j], self.case.exact[self.j]
        with ctx.workprec(WORKING_BITS):
            if not self.case.is_radial or own is None or right is None or own.value.is_zero():
                return arb(1)
            return right / own.value

    @cached_property
    def shares(self) -> tuple[arb | None, ...]:
        """How far the minimum moves with each rounding."""
        own = self.case.minima[self.j]
        assert own is not None
        parameters: dict[str, Exact] = dict(self.case.group.parameters)
        step, groups = self.case.step_at(self.j), self.case.of_groups
        room = () if groups is None else (groups.rooms[self.j],)
        shares = shares_of_minimum(self.problem, own, parameters, self.v, step, self.scale, self.shape)
        return (*room, *shares)

    @cached_property
    def neighbours(self) -> tuple[Minimiser | None, ...]:
        """The minima of the problems that rounding may have made of this one."""
        step = self.case.step_at(self.j)
        return tuple(neighbours(self.problem, dict(self.case.group.parameters), self.v, step, self.shape))


def find_prox(point: ProxPoint, got: float, rtol: float) -> Measured:
    """Compare one element with its exact minimum and with those of the problems that rounding may have made of it."""
    case, shape = point.case, point.shape
    own, right = case.minima[point.j], case.exact[point.j]
    if right is not None and case.rooms:
        return measured(got, right, right, shape, (case.rooms[point.j],), rtol)
    if own is None or right is None:
        return Measured(Finding.UNDETERMINED, inf)
    if isnan(got):
        return Measured(Finding.WRONG, inf)
    comparison = measured(got, right, right, shape, point.shares, rtol)
    if comparison.finding is not Finding.WRONG:
        return comparison
    with ctx.workprec(WORKING_BITS):
        mirrored = [tie * point.scale for tie in own.ties if abs(tie).overlaps(abs(own.value))]
    for tie in mirrored:
        beside = measured(got, tie, tie, shape, point.shares, rtol)
        if beside.finding is Finding.RIGHT:
            return beside  # of two equally good ones that differ in sign, either is
    if not (case.is_radial or _may_be_near(point.problem, dict(case.group.parameters), got, point.v, case.step)):
        return comparison
    for other in point.neighbours:
        if other is None:
            comparison = Measured(Finding.UNDETERMINED, inf)
            continue
        with ctx.workprec(WORKING_BITS):
            moved = other.value * point.scale
        # On the other side of a knot h may rise less, and the minimum move more.
        room = [*point.shares, share_of_point(other, point.v, point.scale, shape)]
        beside = measured(got, moved, moved, shape, room, rtol)
        if beside.finding in (Finding.RIGHT, Finding.VACUOUS):
            with ctx.workprec(WORKING_BITS):
                has_jumped = abs(moved - right) > _NEAR * abs(right).max(abs(moved))
            # At a jump either side is right.
            return replace(beside, finding=Finding.VACUOUS if has_jumped else Finding.RIGHT)
    return comparison


def shares_of_minimum(
    problem: Terms, own: Minimiser, parameters: Mapping[str, Exact], v: Exact | arb, step: float, scale: arb,
    shape: Format,
) -> Iterator[arb | None]:  # fmt: skip
    """Yield how far the minimum moves with the roundings of v, of s*phi'(u), and of each parameter in it."""
    yield share_of_point(own, v, scale, shape)
    phi = None if own.at_knot else elementwise(problem.terms, parameters)
    if phi is None:
        return
    rise = _rise(own)
    exact = exactly(own.value.mid())
    before = slope(phi, exact, floor=shape.floor)
    for name, value in parameters.items():
        for other in nudged(value, shape):
            moved = elementwise(problem.terms, {**parameters, name: other})
            after = None if moved is None else slope(moved, exact, floor=shape.floor)
            if before is None or after is None or not (after.value.is_finite() and before.value.is_finite()):
                continue
            with ctx.workprec(WORKING_BITS):
                yield (step * abs(after.value - before.value) / rise * abs(scale)).upper()


def _may_be_near(problem: Terms, parameters: Mapping[str, Exact], got: float, v: Exact | arb, step: float) -> bool:
    """Is a number nearly stationary, or nearly a knot, so that rounded inputs may account for it?"""
    phi = elementwise(problem.terms, parameters)
    at_point = None if phi is None or not np.isfinite(got) else slope(phi, got, floor=2.0**-1000)
    known = minima_of(problem, tuple(parameters.items()))[1]
    with ctx.workprec(WORKING_BITS):
        if any(abs(knot.place - got) <= _PLAUSIBLE * abs(arb(got)) for knot in known.breakpoints):
            return True
        if at_point is None:
            return bool(np.isfinite(got))
        low, high = got + step * at_point.low - ball(v), got + step * at_point.high - ball(v)
        size = abs(arb(got)) + abs(ball(v)) + step * abs(at_point.value)
        return not (low > _PLAUSIBLE * size or high < -_PLAUSIBLE * size)


def share_of_point(one: Minimiser, v: Exact | arb, scale: arb, shape: Format) -> arb:
    """Return how far a minimum moves with 4u of v and of s*phi'(u) = v - u; one at a knot stays there."""
    if one.at_knot:
        return arb(0)
    with ctx.workprec(WORKING_BITS):
        unit = arb(ULPS_OF_INPUT) * arb((1, shape.unit))
        pull = abs(ball(v) - one.value)
        share: arb = (unit * (abs(ball(v)) + pull) / _rise(one) * abs(scale)).upper()
        return share


def _rise(one: Minimiser) -> arb:
    """Return a lower bound of h' at a minimum."""
    return one.curvature.lower() if one.curvature > 0 else arb(1)


def neighbours(
    problem: Terms, parameters: Mapping[str, Exact], v: Exact | arb, step: float, shape: Format
) -> Iterator[Minimiser | None]:
    """Yield the minima of the problems with one input moved by 4u either way."""
    if isinstance(v, arb):
        with ctx.workprec(WORKING_BITS):
            unit = arb(ULPS_OF_INPUT) * arb((1, shape.unit))
            moved: list[Exact | arb] = [] if v.is_zero() else [v * (1 + unit), v * (1 - unit)]
    else:
        moved = list(nudged(v, shape))
    for other in moved:
        yield minimum(problem, parameters, other, step)
    for other_step in nudged(step, shape):
        yield minimum(problem, parameters, v, other_step)
    for name, value in parameters.items():
        for changed in nudged(value, shape):
            yield minimum(problem, {**parameters, name: changed}, v, step)
