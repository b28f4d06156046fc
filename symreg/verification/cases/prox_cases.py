"""The calls of `prox` that a check makes: parameters, a step and points v of each, with the exact minimisers.

Takes terms and a format; hands on cases, each one call of `prox(v, step=..., **parameters)`. A function of the vector's
norm alone is judged by its radius: the minimiser for |v|, in the direction of v.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from flint import arb, ctx

from symreg.model.terms import Terms
from symreg.verification.cases.prox_differences import differences_in, judged_differences, varying_vectors
from symreg.verification.cases.prox_groups import OfGroups, grouped_vectors, judged_vector
from symreg.verification.cases.prox_minima import minima_of, norm_of, norm_problem, radius_of
from symreg.verification.cases.prox_points import points_at_jump, points_for, thresholds_of
from symreg.verification.cases.sampling.groups import Group
from symreg.verification.cases.sampling.parameters import human_parameters, sampled_parameters
from symreg.verification.cases.sampling.sizes import Sizes
from symreg.verification.cases.sampling.stream import Stream
from symreg.verification.comparison.tolerance import WORKING_BITS
from symreg.verification.minimum.minimiser import Minimiser, Minimisers, NoMinimum
from symreg.verification.minimum.operators import counted
from symreg.verification.oracle.derivatives import Exact
from symreg.verification.oracle.formats import FORMATS, Dtype, Format, Vector

STEP_EXPONENTS = (-20, 20)  # a step is from 1e-6 to 1e6
_UNBISECTED = 3  # all but every third case have the place of a jump found
_STEPS_PER_PARAMETERS = 3
_CRITICAL = 3  # every third case has a step near the one from which on the operator jumps
_CLOSEST = 10  # binary exponent of how near
_LENGTHS = (1, 2, 3, 7)
_HUMAN = (-0.5, 0.2, 3.0)
_UNDERFLOW, _UNDERFLOWING = 4096.0, 2  # times the format's floor: below it a minimum is vacuous; how many of them


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxCase:
    """One call of `prox`.

    Args:
        group: The parameters.
        step: s of `s*phi(u) + (u - v)**2/2`.
        points: v.
        minima: The exact minimum for each v, or for the radius of the whole vector; None where undetermined.
        exact: What each element should be.
        is_radial: Is the vector judged by its radius?
        of_groups: What each element is judged by where the vector is judged group by group.
        rooms: How far rounding moves each element, where it is known by other means than a minimum of its own.
    """

    group: Group
    step: float
    points: Vector
    minima: tuple[Minimiser | None, ...]
    exact: tuple[arb | None, ...]
    is_radial: bool = False
    of_groups: OfGroups | None = None
    rooms: tuple[arb, ...] = ()

    def step_at(self, j: int) -> float:
        """Return the step of the problem of one element."""
        return self.step if self.of_groups is None else self.of_groups.steps[j]

    def target(self, j: int) -> Exact | arb:
        """Return what the minimum is of: the element, the radius of the whole vector, or the norm of its group."""
        if self.of_groups is not None:
            return self.of_groups.norms[j]
        return norm_of(self.points) if self.is_radial else float(self.points[j])

    @property
    def is_sphere(self) -> bool:
        """Is every point of one radius right, as v = 0 has no direction but its minimum is not zero?"""
        minimum = self.minima[0] if self.minima else None
        return self.is_radial and not self.points.any() and minimum is not None and not minimum.value.is_zero()


def prox_cases(
    terms: Terms,
    dtype: Dtype,
    points: int,
    fixed: Mapping[str, float],
    greatest_exponent: int | None = None,
    per_call: int | None = None,
    sizes: Sizes | None = None,
) -> tuple[ProxCase, ...]:
    """Return cases of at least `points` elements in all, the human-sized one first.

    A step for which there is no minimum is left out.

    Args:
        fixed: Parameters that are not sampled, and `step`.
        greatest_exponent: Binary exponent past which phi is too ill-conditioned to be compared.
        per_call: Elements of an elementwise objective in one call; some fifty unless given.
        sizes: Of the elements; all that accuracy is promised for unless given.
    """
    radius = radius_of(terms)
    shape = FORMATS[dtype] if sizes is None else sizes.narrowed(FORMATS[dtype])
    cases: list[ProxCase] = []
    count = number = 0
    while count < points and number < points + 8:
        stream = Stream("prox", number)
        turn = number // _STEPS_PER_PARAMETERS
        parameters = _parameters(terms, turn, fixed, is_human=number == 0)
        looked_at = (
            norm_problem(terms)
            if terms.grouped
            else terms.of_phi
            if differences_in(terms)
            else terms
            if radius is None
            else counted(radius, _LENGTHS[-1])
        )
        step = fixed.get("step", 1.0 if number == 0 else _step(looked_at, parameters, stream, number))
        group = Group(parameters=parameters, vectors=(), is_human=number == 0)
        try:
            if differences_in(terms):
                new = [*_varying(terms, shape, stream, group, step, sizes)]
            elif terms.grouped:
                new = [*_grouped(terms, shape, stream, group, step, sizes)]
            elif radius is not None:
                new = [*_radial(radius, shape, stream, group, step, sizes)]
            else:
                new = [*_elementwise(terms, shape, stream, group, step, number, greatest_exponent, sizes)]
        except NoMinimum:
            new = []
        cases += new
        count += sum(len(case.points) for case in new)
        number += 1
    if per_call is not None and radius is None and not terms.couple_weights:
        return tuple(part for case in cases for part in _parts(case, per_call))
    return tuple(cases)


def _parts(case: ProxCase, length: int) -> Iterator[ProxCase]:
    """Yield the case in calls of a few elements."""
    for k in range(0, len(case.points), length):
        part = slice(k, k + length)
        yield ProxCase(
            group=case.group,
            step=case.step,
            points=case.points[part],
            minima=case.minima[part],
            exact=case.exact[part],
        )


def _step(terms: Terms, parameters: Mapping[str, float], stream: Stream, number: int) -> float:
    """Return a step of any size, or one near that at which `u + s*phi'(u)` begins to fall somewhere."""
    step = stream.log_uniform(*STEP_EXPONENTS)
    if number % _CRITICAL != 2:
        return step
    bend = _least_curvature(terms, tuple(parameters.items()))
    if not 2.0 ** -STEP_EXPONENTS[1] < -bend < 2.0 ** -STEP_EXPONENTS[0]:
        return step
    return (1.0 + stream.sign() * stream.log_uniform(-_CLOSEST, 0)) / -bend


@lru_cache(maxsize=128)
def _least_curvature(terms: Terms, parameters: tuple[tuple[str, float], ...]) -> float:
    """Return the least phi'' that is seen at a few places on each piece; 0 where it is nowhere negative."""
    least = 0.0
    with ctx.workprec(WORKING_BITS // 16):
        for piece in minima_of(terms, parameters)[1].pieces:
            tried = [piece.middle, *(sign * 2.0**k for k in range(-12, 13, 2) for sign in (-1, 1))]
            for weight in tried:
                bend = piece.taylor(arb(weight))[2] if piece.low < weight < piece.high else arb(0)
                least = min(least, float(bend)) if bend.is_finite() else least
    return least


def _parameters(terms: Terms, turn: int, fixed: Mapping[str, float], *, is_human: bool) -> dict[str, float]:
    if is_human:
        return human_parameters(terms.parameters, fixed)
    return sampled_parameters(terms.parameters, Stream("prox parameters", turn), turn, fixed)


def _elementwise(
    terms: Terms,
    shape: Format,
    stream: Stream,
    group: Group,
    step: float,
    number: int,
    limit: int | None,
    sizes: Sizes | None,
) -> Iterator[ProxCase]:
    minimiser, known = minima_of(terms, tuple(group.parameters.items()))
    if number == 0:
        chosen = list(_HUMAN)
    else:
        chosen = points_for(shape, stream, step, known, number, limit)
        if number % _UNBISECTED:
            chosen += points_at_jump(minimiser, step, of_size(chosen, sizes, shape.name), shape.name)
    if chosen := of_size(chosen, sizes, shape.name):
        yield case_at(minimiser, group, step, chosen, shape.name)


def of_size(points: list[float], sizes: Sizes | None, dtype: Dtype) -> list[float]:
    """Return the points that have some sizes."""
    if sizes is None:
        return points
    kept = sizes.hold(np.array(points, dtype=dtype))
    return [v for v, is_kept in zip(points, kept, strict=True) if is_kept]


def case_at(minimiser: Minimisers, group: Group, step: float, chosen: Sequence[float], dtype: Dtype) -> ProxCase:
    """Return the case of some points of an elementwise objective, each of them once, in a format."""
    kind = np.dtype(dtype).type
    points = np.array([v for v, _ in dict.fromkeys(_signed(float(kind(v))) for v in chosen)], dtype=dtype)
    minima = tuple(minimiser(float(v), step) for v in points)
    kept = _comparable(minima, FORMATS[dtype])
    points, minima = points[kept], tuple(minima[k] for k in kept)
    exact = tuple(None if one is None else one.value for one in minima)
    return ProxCase(group=group, step=step, points=points, minima=minima, exact=exact)


def _comparable(minima: Sequence[Minimiser | None], shape: Format) -> list[int]:
    """Return the places of minima without most of those that underflow."""
    few, kept = 0, []
    for k, one in enumerate(minima):
        if one is not None and abs(one.value) < shape.floor * _UNDERFLOW and not one.value.is_zero():
            few += 1
            if few > _UNDERFLOWING:
                continue
        kept.append(k)
    return kept


def _signed(v: float) -> tuple[float, bool]:
    """Return a number that differs from its negative even where it is zero."""
    return v, bool(np.signbit(v))


def _radial(
    radius: Terms, shape: Format, stream: Stream, group: Group, step: float, sizes: Sizes | None
) -> Iterator[ProxCase]:
    """Yield vectors of several lengths with radii at any scale and about where the operator changes its formula."""
    margin = min(8, (shape.greatest_exponent - shape.least_exponent - 1) // 2)
    for length in _LENGTHS:
        minimiser, known = minima_of(counted(radius, length), tuple(group.parameters.items()))
        edges = [x for x in thresholds_of(known, step) if 2.0**shape.least_exponent < x < 2.0**shape.greatest_exponent]
        for turn in range(3):
            direction = [stream.sign() * stream.log_uniform(-4, 4) for _ in range(length)]
            size = stream.log_uniform(shape.least_exponent + margin, shape.greatest_exponent - margin)
            if turn and edges:
                size = edges[stream.integer(0, len(edges) - 1)] * (1 + stream.sign() * stream.log_uniform(-30, 0) * 0.5)
            scale = size / float(np.linalg.norm(direction))
            points = np.array([scale * x for x in direction], dtype=shape.name)
            if sizes is None or sizes.hold_vector(points):
                yield radial_case(minimiser, group, step, points)
    if sizes is not None and sizes.side != "inside":
        return
    minimiser, _ = minima_of(counted(radius, 2), tuple(group.parameters.items()))
    yield radial_case(minimiser, group, step, np.zeros(2, shape.name))
    centre = minimiser(0.0, step)
    if sizes is None and centre is not None and not centre.value.contains(0):
        # The least of vectors has a direction all the same, and its square underflows.
        yield radial_case(minimiser, group, step, np.array([2.0 ** (2 * shape.least_exponent), 0.0], shape.name))


def _varying(
    terms: Terms, shape: Format, stream: Stream, group: Group, step: float, sizes: Sizes | None
) -> Iterator[ProxCase]:
    """Yield vectors of an operator over differences."""
    for points in varying_vectors(terms, stream, shape):
        if sizes is None or sizes.hold_vector(points):
            yield varying_case(terms, group, step, points, shape)


def varying_case(terms: Terms, group: Group, step: float, points: Vector, shape: Format) -> ProxCase:
    """Return the case of one vector of an operator over differences."""
    exact, rooms = judged_differences(terms, group, step, points, shape)
    nothing = (None,) * len(points)
    return ProxCase(group=group, step=step, points=points, minima=nothing, exact=exact, is_radial=True, rooms=rooms)


def _grouped(
    terms: Terms, shape: Format, stream: Stream, group: Group, step: float, sizes: Sizes | None
) -> Iterator[ProxCase]:
    """Yield vectors in groups."""
    for own, points in grouped_vectors(terms, shape, stream, group, step):
        if sizes is None or sizes.hold_vector(points):
            yield grouped_case(terms, own, step, points, shape)


def grouped_case(terms: Terms, group: Group, step: float, points: Vector, shape: Format) -> ProxCase:
    """Return the case of one vector in groups."""
    judged = judged_vector(terms, group, step, points, shape)
    return ProxCase(
        group=group,
        step=step,
        points=points,
        minima=judged.minima,
        exact=judged.exact,
        is_radial=True,
        of_groups=judged.of_groups,
    )


def radial_case(minimiser: Minimisers, group: Group, step: float, points: Vector) -> ProxCase:
    """Return the case of one vector; where it is zero and its minimum is not, nothing says in which direction."""
    size = norm_of(points)
    with ctx.workprec(WORKING_BITS):
        minimum = minimiser(0.0 if size.is_zero() else size, step)
        if minimum is None or (size.is_zero() and not minimum.value.is_zero()):
            exact: tuple[arb | None, ...] = (None,) * len(points)
        elif size.is_zero():
            exact = (arb(0),) * len(points)
        else:
            exact = tuple(arb(v) * (minimum.value / size) for v in points.tolist())
    return ProxCase(group=group, step=step, points=points, minima=(minimum,) * len(points), exact=exact, is_radial=True)
