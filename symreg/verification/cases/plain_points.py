"""Points that a person would try first: listed, not drawn, and of few digits.

Everyday weights of both signs, each kink and what lies beside it, the ends of a domain, and a few weights far out, with
the parameters at and around their defaults. Takes terms and a format, hands on groups and cases of the operator.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import isfinite

import numpy as np

from symreg.model.interval import Interval
from symreg.model.ordering import in_order
from symreg.model.spec import Array, Parameter
from symreg.model.terms import Terms
from symreg.verification.cases.prox_cases import ProxCase, case_at, grouped_case, of_size, radial_case, varying_case
from symreg.verification.cases.prox_differences import differences_in
from symreg.verification.cases.prox_minima import minima_of, radius_of
from symreg.verification.cases.prox_points import around, thresholds_of
from symreg.verification.cases.sampling.arrays import is_element
from symreg.verification.cases.sampling.groups import Group, human_group, of_sizes
from symreg.verification.cases.sampling.parameters import two_digits
from symreg.verification.cases.sampling.partitions import in_length, partition_of
from symreg.verification.cases.sampling.sizes import Sizes
from symreg.verification.cases.sampling.stream import Stream
from symreg.verification.minimum.minimiser import NoMinimum
from symreg.verification.minimum.operators import counted
from symreg.verification.oracle.formats import Format, Vector
from symreg.verification.oracle.kinks import kinks

_SIZES = (1.0, 0.5, 2.0, 0.1, 3.0, 10.0, 1e-3, 100.0, 0.3, 800.0, 1.5, 1e-6, 7.5, 1e6, 0.02, 30.0, 0.7, 1e4)
_FEWER = 9  # of the sizes, away from the defaults
_FAR = (1 / 8, 1 / 3, 2 / 3, 1.0)  # of the promised range of exponents
_BESIDE = (2.0**-20, 2.0**-10, 2.0**-4)  # of a kink, how far from it
_INSIDE = (0.01, 0.25, 0.5, 0.75, 0.99)  # of a bounded domain
_MOST_KINKS = 8
_FACTORS = ((2.0, 0.5), (0.5, 2.0), (2.0**-7, 3.0))  # of the defaults, taken in turn
_STEPS = (1.0, 0.3, 7.0)  # of an operator, at the defaults; in no round proportion to them
_VECTORS = (
    (0.5,),
    (-0.5, 0.2),
    (8.0, 1.0),
    (1.0, 1.0),
    (0.0, 0.0),
    (0.5, -2.0, 0.0, 1.5, 1.5, -0.1, 3.0),
    (1e-3, 2e-3, -1e-3, 5e-3, 0.0, 1e-3, -4e-3),
    (800.0, -300.0),
    (1e6, -2e6, 1.0, 1e-6, 3e5, -1e6, 10.0),
)


def _parameter_sets(declared: Sequence[Parameter], fixed: Mapping[str, float]) -> Iterator[dict[str, float]]:
    """Yield the defaults, and values around them that do not all move the same way."""
    defaults = in_order(declared, {p.name: float(fixed.get(p.name, p.default)) for p in declared}, fixed)
    yield defaults
    for factors in _FACTORS if any(p.name not in fixed for p in declared) else ():
        changed = dict(defaults)
        for place, p in enumerate(declared):
            factor = factors[place % len(factors)]
            value = p.default * factor if p.default else factor
            if p.name not in fixed and value in p.domain:
                changed[p.name] = value
        yield in_order(declared, changed, fixed)


def plain_sample(
    terms: Terms, shape: Format, fixed: Mapping[str, float], limit: int | None, sizes: Sizes | None = None
) -> Iterator[Group]:
    """Yield groups of points for the terms, the human-sized one first.

    Args:
        limit: As of `well_conditioned_up_to`.
        sizes: Of the weights; all that accuracy is promised for unless given.
    """
    yield from of_sizes(_plain_sample(terms, shape, fixed, limit), terms, sizes)


def _plain_sample(terms: Terms, shape: Format, fixed: Mapping[str, float], limit: int | None) -> Iterator[Group]:
    yield human_group(terms, shape.name, fixed)
    for number, parameters in enumerate(_parameter_sets(terms.parameters, fixed)):
        if terms.couple_weights:
            yield _vectors(terms, shape, parameters, number)
        else:
            yield _weights(terms, shape, parameters, limit, is_first=number == 0)


def _weights(terms: Terms, shape: Format, parameters: dict[str, float], limit: int | None, is_first: bool) -> Group:
    """Return everyday weights, what lies at and beside the kinks and the domain's ends, and a few weights far out."""
    near_kinks = kinks(terms.terms, parameters)[:_MOST_KINKS]
    chosen = [0.0, -0.0]
    for kink in near_kinks:
        chosen += [*around(kink.below, shape.name), *around(kink.above, shape.name)]
        chosen += [kink.below * (1 + sign * off) for off in _BESIDE for sign in (-1, 1)]
    chosen += [sign * size for size in _sizes(shape, limit, is_first) for sign in (-1, 1)]
    domains = terms.intervals(parameters)
    chosen += _beside_ends(domains)
    kind = np.dtype(shape.name).type
    least = float(np.finfo(shape.name).smallest_normal)
    made = {(w, np.signbit(w)): w for w in map(float, map(kind, chosen)) if w == 0 or abs(w) >= least}
    inside = [w for w in made.values() if isfinite(w) and all(w in domain for domain in domains)]
    fixed_kinks = frozenset(k.below for k in near_kinks if k.is_float and k.is_fixed)
    vector = np.array(inside, dtype=shape.name)
    return Group(parameters=parameters, vectors=(vector,), fixed_kinks=fixed_kinks, is_plain=True)


def _sizes(shape: Format, limit: int | None, is_first: bool) -> list[float]:
    """Return sizes of weights that the terms determine something at, everyday ones first."""
    top = shape.greatest_exponent if limit is None else min(limit, shape.greatest_exponent)
    if not is_first:
        return [size for size in _SIZES[:_FEWER] if size < 2.0**top]
    far = [2.0 ** (part * end) / 1.5 for part in _FAR for end in (shape.least_exponent + 1, top)]
    return [size for size in (*_SIZES, *far) if size < 2.0**top]


def _beside_ends(domains: Sequence[Interval]) -> Iterator[float]:
    """Yield weights about the ends of a domain, and between them."""
    lows = [float(domain.low) for domain in domains if domain.low is not None]
    highs = [float(domain.high) for domain in domains if domain.high is not None]
    for end, side in [(low, 1) for low in lows] + [(high, -1) for high in highs]:
        yield from (end, *(end + side * size for size in _SIZES if end))
    if lows and highs:
        yield from (max(lows) + (min(highs) - max(lows)) * part for part in _INSIDE)


def _vectors(terms: Terms, shape: Format, parameters: dict[str, float], number: int) -> Group:
    """Return vectors of 1, 2 and 7 weights: everyday ones, and at the defaults some far out."""
    rows = [*_VECTORS] if number == 0 else [*_VECTORS[number % 2 : 7]]
    if number == 0:
        far = (2.0 ** (end / 2) / 1.5 for end in (shape.least_exponent, shape.greatest_exponent))
        rows += [tuple(size * w for w in _VECTORS[1]) for size in far]
    domains = terms.intervals(parameters)
    inside = [[_moved_inside(domains, w) for w in in_length(terms, row)] for row in rows]
    longest = max(map(len, inside))
    arrays = {}
    for array in terms.arrays:
        stream = Stream("quick", array.name, number)
        extent = (longest,) * len(array.shape)
        column = [_plain_element(array, stream, shape, bool(number)) for _ in range(longest ** len(extent))]
        arrays[array.name] = np.array(column, dtype=shape.name).reshape(extent)
    vectors = tuple(np.array([w for w in row if w is not None], dtype=shape.name) for row in inside)
    partition = partition_of(terms, number)
    return Group(parameters=parameters, vectors=vectors, arrays=arrays, partition=partition, is_plain=True)


def _plain_element(array: Array, stream: Stream, shape: Format, has_signs: bool) -> float:
    """Return a number of two digits, its mirror image, or the default: whichever the array may hold first."""
    drawn = two_digits(stream.log_uniform(-2, 2) * (stream.sign() if has_signs else 1.0))
    return next((x for x in (drawn, -drawn) if is_element(x, array, shape.name)), array.default)


def _moved_inside(domains: Sequence[Interval], weight: float) -> float | None:
    """Return the weight, its mirror image, or one inside the domain; None where none is found."""
    candidates = (weight, -weight, 0.5, *_beside_ends(domains))
    return next((w for w in candidates if all(w in domain for domain in domains)), None)


# The proximal operator


def plain_prox_cases(
    terms: Terms,
    shape: Format,
    fixed: Mapping[str, float],
    sample: Sequence[Group],
    limit: int | None,
    sizes: Sizes | None = None,
) -> Iterator[ProxCase]:
    """Yield cases for a few steps at the defaults, and for one step at the parameters around them.

    Args:
        sample: Groups with the parameters.
        limit: As of `well_conditioned_up_to`.
        sizes: Of the points; all that accuracy is promised for unless given.
    """
    radius = radius_of(terms)
    for number, group in enumerate(sample):
        steps = _STEPS if number == 0 else _STEPS[number % len(_STEPS) :][:1]
        for place, step in enumerate([fixed["step"]] if "step" in fixed else steps):
            whole = Group(parameters=group.parameters, vectors=(), is_human=number == place == 0)
            values = tuple(group.parameters.items())
            try:
                if differences_in(terms):
                    for row in _radial_points(shape):
                        points = np.array(in_length(terms, row.tolist()), dtype=shape.name)
                        if sizes is None or sizes.hold_vector(points):
                            yield varying_case(terms, whole, step, points, shape)
                    continue
                if terms.grouped:
                    whole = replace(whole, partition=partition_of(terms, number + place))
                    for row in _radial_points(shape):
                        points = np.array(in_length(terms, row.tolist()), dtype=shape.name)
                        if sizes is None or sizes.hold_vector(points):
                            yield grouped_case(terms, whole, step, points, shape)
                    continue
                if radius is not None:
                    for points in _radial_points(shape):
                        if sizes is not None and not sizes.hold_vector(points):
                            continue
                        yield radial_case(minima_of(counted(radius, len(points)), values)[0], whole, step, points)
                    continue
                minimiser, known = minima_of(terms, values)
                chosen = [0.0, -0.0]
                edges = [x for x in dict.fromkeys(thresholds_of(known, step)) if isfinite(x)][:_MOST_KINKS]
                for edge in edges:
                    chosen += [*around(edge, shape.name), *(edge * (1 + s * _BESIDE[0]) for s in (-1, 1))]
                chosen += [sign * size for size in _sizes(shape, limit, place == number == 0) for sign in (-1, 1)]
                if chosen := of_size(chosen, sizes, shape.name):
                    yield case_at(minimiser, whole, step, chosen, shape.name)
            except NoMinimum:
                continue


def _radial_points(shape: Format) -> Iterator[Vector]:
    yield np.zeros(2, shape.name)
    for row in ((0.5,), (-0.5, 0.2), (3.0, 4.0), (0.01, 0.02), (1.0, -2.0, 0.5, 0.0, 0.1, 3.0, -1.0), (1e6, 1e3)):
        yield np.array(row, dtype=shape.name)
    for end in (shape.least_exponent, shape.greatest_exponent):
        yield np.array([2.0 ** (end / 2), -(2.0 ** (end / 2))], dtype=shape.name)
