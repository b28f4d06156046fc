"""Judge proximal operators: each number against the exact global minimum, and against all that rounding allows there.

Takes cases of `prox_cases.py` and a subject; hands on a check. A number u is right for v if it is within
4(1 + kappa) ulp of the minimum, kappa = |v|/(|u| F'(u)), after the parameters and s were moved by 4u of themselves,
or if it is the minimum, in that sense, of a problem one of whose inputs moved by 4u: so a threshold may lie a few
roundings further on, and a knot where its rounded parameters put it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf, isnan, ldexp
from typing import Any

import numpy as np
from flint import arb, ctx

from symreg.model.terms import Terms
from symreg.verification.behaviour import proximal
from symreg.verification.cases.calling import CallFailed, Subject, call_prox
from symreg.verification.cases.gradient_cases import offsets
from symreg.verification.cases.prox_cases import ProxCase, minima_of, minimum, radius_of
from symreg.verification.cases.sampling import are_everyday, is_everyday
from symreg.verification.comparison.sensitivity import ULPS_OF_INPUT, nudged
from symreg.verification.comparison.tally import Failure, Tally
from symreg.verification.comparison.tolerance import WORKING_BITS, Finding, Measured, measured, reference
from symreg.verification.minimum.minimiser import Minimiser
from symreg.verification.minimum.operators import counted
from symreg.verification.oracle.ball import ball
from symreg.verification.oracle.formats import FORMATS, Dtype, Format
from symreg.verification.oracle.slopes import Exact, elementwise, slope
from symreg.verification.report.check import Check

_NEAR = 1e-3  # relative; two minima further apart are on either side of a jump
_PLAUSIBLE = 2.0**-18  # relative; a greater residual is not rounding, in either format
_BACKWARD = 1e-6  # relative; less than that is no descent of the operator, only its rounding


def judge_of_prox(
    terms: Terms,
    dtype: Dtype,
    cases: Sequence[ProxCase],
    rtol: float,
    greatest_exponent: int | None,
    *,
    is_brief: bool = False,
) -> Callable[[Subject], list[Check]]:
    """Return the judge of `prox`.

    Args:
        cases: With the exact minima, one call each.
        greatest_exponent: Binary exponent past which phi is too ill-conditioned to be compared.
        is_brief: Are layouts, long vectors and refusals left out?
    """
    spheres = [case for case in cases if case.is_sphere]
    every, cases = cases, [case for case in cases if not case.is_sphere]
    places = list(offsets([len(case.points) for case in cases]))
    exact = reference([cases[c].exact[j] for c, j in places])
    problem = radius_of(terms) or terms
    limit = inf if greatest_exponent is None else 2.0**greatest_exponent
    known: dict[int, Place] = {}

    def judge(subject: Subject) -> list[Check]:
        tally = Tally("prox", subject.label, dtype)
        emitted: list[np.ndarray[Any, Any]] = []
        for case in cases:
            try:
                emitted.append(call_prox(subject, case.group, case.points, case.step))
            except CallFailed as failed:
                tally.fail(Failure(at=_at(case, 0), note=str(failed), rank=_rank(case)))
                return [tally.check()]
        together = np.concatenate(emitted) if emitted else np.zeros(0, dtype)

        ordinary = [
            np.full(len(case.points), are_everyday(case.points)) if terms.indexed else is_everyday(case.points)
            for case in cases
        ]

        def find(_: str, k: int, got: float) -> Measured:
            c, j = places[k]
            here = counted(problem, len(cases[c].points))
            place = known.setdefault(k, Place(problem=here, case=cases[c], j=j, shape=FORMATS[dtype]))
            found = find_prox(place, got, rtol)
            if found.finding is Finding.WRONG and abs(float(cases[c].points[j])) >= limit:
                return replace(found, finding=Finding.VACUOUS)
            return found

        tally.add(
            {"prox": (together, exact)},
            lambda k: _at(cases[places[k][0]], places[k][1]),
            find,
            lambda k: _rank(cases[places[k][0]]),
            np.concatenate(ordinary) if ordinary else np.zeros(0, dtype=bool),
            rtol,
        )
        for case in spheres:
            _look_at_sphere(tally, subject, case, problem, rtol)
        if not terms.indexed:
            _look_at_order(tally, cases, emitted, rtol)
        if subject.is_emitted and cases:
            if not terms.indexed:
                _look_at_zeros(tally, terms, cases, emitted, FORMATS[dtype])
            proximal.of_prox(tally, subject, terms, every, is_brief=is_brief)
        return [tally.check()]

    return judge


@dataclass(frozen=True, kw_only=True)
class Place:
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
        return _target(self.case, self.j)

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
        return tuple(_shares(self.problem, own, parameters, self.v, self.case.step, self.scale, self.shape))

    @cached_property
    def neighbours(self) -> tuple[Minimiser | None, ...]:
        """The minima of the problems that rounding may have made of this one."""
        return tuple(neighbours(self.problem, dict(self.case.group.parameters), self.v, self.case.step, self.shape))


def find_prox(place: Place, got: float, rtol: float) -> Measured:
    """Compare one element with its exact minimum and with those of the problems that rounding may have made of it."""
    case, shape = place.case, place.shape
    own, right = case.minima[place.j], case.exact[place.j]
    if own is None or right is None:
        return Measured(Finding.UNDETERMINED, inf)
    if isnan(got):
        return Measured(Finding.WRONG, inf)
    found = measured(got, right, right, shape, place.shares, rtol)
    if found.finding is not Finding.WRONG:
        return found
    with ctx.workprec(WORKING_BITS):
        mirrored = [tie * place.scale for tie in own.ties if abs(tie).overlaps(abs(own.value))]
    for tie in mirrored:
        beside = measured(got, tie, tie, shape, place.shares, rtol)
        if beside.finding is Finding.RIGHT:
            return beside  # of two equally good ones that differ in sign, either is
    if not (case.is_radial or _may_be_near(place.problem, dict(case.group.parameters), got, place.v, case.step)):
        return found
    for other in place.neighbours:
        if other is None:
            found = Measured(Finding.UNDETERMINED, inf)
            continue
        with ctx.workprec(WORKING_BITS):
            there = other.value * place.scale
        # On the other side of a knot h may rise less, and the minimum move more.
        room = [*place.shares, share_of_point(other, place.v, place.scale, shape)]
        beside = measured(got, there, there, shape, room, rtol)
        if beside.finding in (Finding.RIGHT, Finding.VACUOUS):
            with ctx.workprec(WORKING_BITS):
                has_jumped = abs(there - right) > _NEAR * abs(right).max(abs(there))
            # At a jump either side is right.
            return replace(beside, finding=Finding.VACUOUS if has_jumped else Finding.RIGHT)
    return found


def _look_at_sphere(tally: Tally, subject: Subject, case: ProxCase, problem: Terms, rtol: float) -> None:
    """Require a point of the optimal radius where v = 0 does not say in which direction; any is right."""
    shape = FORMATS[tally.dtype]
    try:
        got = call_prox(subject, case.group, case.points, case.step)
    except CallFailed as failed:
        tally.fail(Failure(at=_at(case, 0), note=str(failed), rank=_rank(case)))
        return
    own = case.minima[0]
    assert own is not None
    right = abs(own.value)
    with ctx.workprec(WORKING_BITS):
        squares = arb(0)
        for x in got.tolist():
            squares += arb(x) * arb(x)
        radius = float(squares.sqrt())
    shares = _shares(problem, own, dict(case.group.parameters), 0.0, case.step, arb(1), shape)
    found = measured(radius, right, right, shape, shares, rtol)
    tally.counts[found.finding] += 1
    tally.everyday[found.finding] += 1
    if found.finding is Finding.WRONG:
        note = f"norm(prox) is {radius:.6g} where {float(right):.6g} is right, in any direction"
        at = {"v": case.points.tolist(), "step": case.step} | case.group.parameters
        rank = _rank(case) - 0.5
        tally.fail(Failure(at=at, expected=float(right), got=radius, ratio=found.ratio, note=note, rank=rank))


def _target(case: ProxCase, j: int) -> Exact | arb:
    """Return v, or the radius of the whole vector."""
    if not case.is_radial:
        return float(case.points[j])
    with ctx.workprec(WORKING_BITS):
        squares = arb(0)
        for v in case.points.tolist():
            squares += arb(v) * arb(v)
        return squares.sqrt()


def _shares(
    problem: Terms, own: Minimiser, parameters: Mapping[str, Exact], v: Exact | arb, step: float, scale: arb,
    shape: Format,
) -> Iterator[arb | None]:  # fmt: skip
    """Yield how far the minimum moves with the roundings of v, of s*phi'(u), and of each parameter in it."""
    yield share_of_point(own, v, scale, shape)
    phi = None if own.at_knot else elementwise(problem.terms, parameters)
    if phi is None:
        return
    rise = _rise(own)
    exact = _exact(own.value.mid())
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
    found = None if phi is None or not np.isfinite(got) else slope(phi, got, floor=2.0**-1000)
    known = minima_of(problem, tuple(parameters.items()))[1]
    with ctx.workprec(WORKING_BITS):
        if any(abs(point.place - got) <= _PLAUSIBLE * abs(arb(got)) for point in known.breakpoints):
            return True
        if found is None:
            return bool(np.isfinite(got))
        low, high = got + step * found.low - ball(v), got + step * found.high - ball(v)
        size = abs(arb(got)) + abs(ball(v)) + step * abs(found.value)
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


def _exact(at: arb) -> Exact:
    from fractions import Fraction

    mantissa, exponent = at.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def _look_at_order(
    tally: Tally, cases: Sequence[ProxCase], emitted: Sequence[np.ndarray[Any, Any]], rtol: float
) -> None:
    """Require that a greater v never has a smaller proximal point, by more than rounding."""
    for case, got in zip(cases, emitted, strict=True):
        order = np.argsort(case.points, kind="stable")
        values, points = got[order].astype(np.float64), case.points[order]
        with np.errstate(invalid="ignore", over="ignore"):
            falls = values[1:] < values[:-1] - max(_BACKWARD, 4 * rtol) * (np.abs(values[1:]) + np.abs(values[:-1]))
            falls &= points[1:] > points[:-1]  # of zeros of both signs neither is the greater one
            falls &= np.abs(values[1:] - values[:-1]) > FORMATS[tally.dtype].floor
        minima = [case.minima[j] for j in order]
        for k in np.flatnonzero(falls):
            both = [_room(minima[j], float(points[j]), values[j], FORMATS[tally.dtype]) for j in (k, k + 1)]
            if values[k] - values[k + 1] <= sum(both):
                continue
            at = {"v": float(points[k + 1]), "step": case.step} | case.group.parameters
            note = f"it decreases: for v = {float(points[k]):.17g} it is {values[k]:.17g}"
            tally.fail(Failure(at=at, got=float(values[k + 1]), note=note, rank=_rank(case) + 1.0))
            break


def _room(one: Minimiser | None, v: float, got: float, shape: Format) -> float:
    """Return how far rounding moves an emitted minimum: where h is flat, or the minimum is near 0, more than itself."""
    if one is not None:
        return float(share_of_point(one, v, arb(1), shape))
    return ULPS_OF_INPUT * ldexp(1.0, shape.unit) * (abs(v) + abs(v - got))


def _look_at_zeros(
    tally: Tally, terms: Terms, cases: Sequence[ProxCase], emitted: Sequence[np.ndarray[Any, Any]], shape: Format
) -> None:
    """Require exact zeros where the minimum is zero, unless rounding may have moved the threshold past v."""
    for case, got in zip(cases, emitted, strict=True):
        for j in np.flatnonzero((got != 0) & ~np.isnan(got)):
            one = case.minima[j]
            if one is None or not one.value.is_zero():
                continue
            around = neighbours(terms, dict(case.group.parameters), float(case.points[j]), case.step, shape)
            if all(other is not None and other.value.is_zero() for other in around):
                tally.fail(
                    Failure(
                        at=_at(case, int(j)), expected=0.0, got=float(got[j]), note="zero itself is right", rank=1.0
                    )
                )
                return


def _at(case: ProxCase, j: int) -> dict[str, Any]:
    points = case.points.tolist()
    place: dict[str, Any] = {"v": points, "j": j} if case.is_radial else {"v": points[j]}
    return place | {"step": case.step} | case.group.parameters


def _rank(case: ProxCase) -> float:
    """Return how far a case's numbers are from ones that a person would try."""
    if case.group.is_human:
        return 0.0
    return 1.0 + sum(len(repr(x)) for x in (case.step, *case.group.parameters.values())) / 100
