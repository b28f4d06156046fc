"""Groups of weights that share one set of parameters, so that a function is called once for many of them.

They are the same on every machine and in every run: zeros of both signs, kinks and their neighbours, ends of domains
and of the promised range, and weights of any size.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ldexp
from typing import Any

import numpy as np

from symreg.model.interval import Interval
from symreg.model.terms import Terms
from symreg.verification.cases.sampling.arrays import plain_array, sampled_array
from symreg.verification.cases.sampling.parameters import human_parameters, sampled_parameters
from symreg.verification.cases.sampling.partitions import Partition, in_length, lengths_of, partition_of
from symreg.verification.cases.sampling.sizes import Sizes
from symreg.verification.cases.sampling.stream import Stream
from symreg.verification.cases.sampling.weights import around_root, at_ends, default_weight, is_inside, moved_into
from symreg.verification.oracle.formats import FORMATS, Dtype, Format, Vector
from symreg.verification.oracle.kinks import kinks

PER_GROUP = 50
_LENGTHS = (7, 2, 5, 1, 3, 4)  # of the vectors of a group in index notation; n = 0 is looked at apart
_HUMAN_WEIGHTS = (-0.5, 0.2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Points that share parameters.

    Args:
        parameters: By name.
        arrays: Declared arrays by name, for the longest of the vectors; shorter ones take the leading part.
        partition: Of the weights, of a penalty over groups of them.
        vectors: Weights, each vector for one call; an elementwise objective's is one vector of many weights.
        fixed_kinks: Weights that are exactly a kink whose place no rounding can move.
        is_human: Are all of its numbers ones that a person would try?
        is_plain: Have they few digits, so that what is drawn besides is to have few as well?
    """

    parameters: dict[str, float]
    vectors: tuple[Vector, ...]
    arrays: dict[str, Vector] = field(default_factory=dict)
    partition: Partition | None = None
    fixed_kinks: frozenset[float] = frozenset()
    is_human: bool = False
    is_plain: bool = False

    @property
    def longest(self) -> int:
        """The length of the longest of the vectors."""
        return max((len(vector) for vector in self.vectors), default=0)

    def arrays_for(self, length: int) -> dict[str, Any]:
        """Return the declared arrays for a vector of that length, and which of its weights are a group."""
        own = {} if self.partition is None else self.partition.arguments(length)
        return own | {name: np.ascontiguousarray(a[(slice(length),) * a.ndim]) for name, a in self.arrays.items()}


def groups(
    terms: Terms,
    dtype: Dtype,
    points: int,
    fixed: Mapping[str, float] | None = None,
    *,
    greatest_exponent: int | None = None,
    per_group: int = PER_GROUP,
    name: str = "weights",
    sizes: Sizes | None = None,
) -> tuple[Group, ...]:
    """Return groups of at least `points` weights in all.

    Args:
        fixed: Parameters that are not sampled.
        greatest_exponent: Binary exponent past which the penalty is too ill-conditioned to be compared; weights are
            seldom taken from there.
        per_group: Weights that share their parameters, in an elementwise objective.
        name: Of the random numbers; another one gives other weights.
        sizes: Of the weights; all that accuracy is promised for unless given.
    """
    fixed = fixed or {}
    shape = FORMATS[dtype] if sizes is None else sizes.narrowed(FORMATS[dtype])
    sample: list[Group] = []
    count = 0
    for number in range(points + 2):
        stream = Stream(name, dtype, number)
        parameters = sampled_parameters(terms.parameters, stream, number, fixed)
        if terms.couple_weights:
            group = _indexed(terms, shape, stream, number, parameters)
        else:
            whole = max(per_group, PER_GROUP)
            group = _elementwise(terms, shape, stream, number, parameters, greatest_exponent, whole)
            group = _part_of(group, stream, whole // per_group)
        kept = [*of_sizes((group,), terms, sizes)]
        sample += kept
        count += sum(len(vector) for one in kept for vector in one.vectors)
        if count >= points:
            break
    return tuple(sample)


def of_sizes(sample: Iterable[Group], terms: Terms, sizes: Sizes | None) -> Iterator[Group]:
    """Yield the groups with those of their weights, or vectors in index notation, that have some sizes."""
    for group in sample:
        if sizes is None:
            yield group
            continue
        if terms.couple_weights:
            kept = tuple(v for v in group.vectors if sizes.hold_vector(v))
        else:
            kept = tuple(part for v in group.vectors if len(part := v[sizes.hold(v)]))
        if kept:
            yield replace(group, vectors=kept)


def _part_of(group: Group, stream: Stream, share: int) -> Group:
    """Return one in so many of a group's weights, so that of a few as well some are at kinks and some beside them."""
    if share == 1:
        return group
    start = stream.integer(0, share - 1)
    return replace(group, vectors=tuple(part for v in group.vectors if len(part := v[start::share])))


def human_group(terms: Terms, dtype: Dtype, fixed: Mapping[str, float] | None = None) -> Group:
    """Return a few points that read well: weights of -0.5 and 0.2, a strength of 1."""
    fixed = fixed or {}
    parameters = human_parameters(terms.parameters, fixed)
    domains = terms.intervals(parameters)
    weights = [w if is_inside(domains, w) else abs(w) for w in _HUMAN_WEIGHTS]
    inside = [w for w in weights if is_inside(domains, w)] or [default_weight(domains)]
    vector = np.array(in_length(terms, inside), dtype=dtype)
    arrays = {a.name: plain_array(a, len(vector), dtype) for a in terms.arrays}
    partition = partition_of(terms, 0)
    return Group(parameters=parameters, vectors=(vector,), arrays=arrays, partition=partition, is_human=True)


def _elementwise(
    terms: Terms,
    shape: Format,
    stream: Stream,
    number: int,
    parameters: dict[str, float],
    greatest_exponent: int | None,
    count: int,
) -> Group:
    found, domains = kinks(terms.terms, parameters), terms.intervals(parameters)
    weights = [0.0, -0.0] if number % 2 == 0 else []
    near = [w for kink in found for w in around_root(kink.below, kink.above, shape.name)]
    if len(near) > count // 6:  # next to a kink, many a formula is ill-conditioned
        start = stream.integer(0, len(near) - 1)
        near = (near[start:] + near[:start])[: count // 6]
    weights += near
    if any(term.domain.names for term in terms.terms):
        weights += [w for domain in domains for w in at_ends(domain, shape.name)]
    scales = [abs(x) for x in parameters.values() if x] + [max(abs(k.above), abs(k.below)) for k in found]
    scales = [s for s in scales if 2.0**-40 < s < 2.0**40] or [1.0]
    corners = [kink.below for kink in found if abs(kink.below) >= float(np.finfo(shape.name).smallest_normal)]
    least, greatest = shape.least_exponent, shape.greatest_exponent
    usable = greatest if greatest_exponent is None else max(least + 1, min(greatest, greatest_exponent))
    if number % 2:
        # The ends of the range that accuracy is promised in.
        end = ldexp(1.0, least) if number % 4 == 1 else ldexp(2.0 - 2.0**-20, usable - 1)
        weights += [w for w in (moved_into(domains, end if number % 8 < 4 else -end),) if w is not None]
    tries = 0
    while len(weights) < count and tries < 40 * count:
        tries += 1
        kind = tries % 5
        if tries % 10 == 5 and corners:
            # At any distance from a kink: a switch may be in the wrong place by any part of it.
            corner = corners[stream.integer(0, len(corners) - 1)]
            weights.append(corner * (1.0 + stream.sign() * stream.log_uniform(2 * shape.unit // 3, -1)))
            continue
        if kind in (0, 1):
            # One in sixteen is taken from where the formula is ill-conditioned, if there is such a range.
            top = greatest if tries % 16 == 0 else usable
            size = stream.log_uniform(least, top)
        elif kind == 2:
            size = stream.log_uniform(-8, max(-7, min(8, usable)))
        else:
            size = scales[stream.integer(0, len(scales) - 1)] * stream.log_uniform(-4, 4)
        weight = moved_into(domains, stream.sign() * size)
        if weight is not None:
            weights.append(weight)
    vector = np.array([w for w in weights if is_inside(domains, float(np.dtype(shape.name).type(w)))], dtype=shape.name)
    fixed_kinks = frozenset(k.below for k in found if k.is_float and k.is_fixed)
    return Group(parameters=parameters, vectors=(vector,), fixed_kinks=fixed_kinks)


def _indexed(terms: Terms, shape: Format, stream: Stream, number: int, parameters: dict[str, float]) -> Group:
    domains, lengths = terms.intervals(parameters), lengths_of(terms, _LENGTHS)
    vectors = tuple(
        _vector(domains, shape, stream, length, number * len(lengths) + place) for place, length in enumerate(lengths)
    )
    arrays = {a.name: sampled_array(a, stream, max(_LENGTHS), shape.name) for a in terms.arrays}
    partition = partition_of(terms, number)
    return Group(parameters=parameters, vectors=vectors, arrays=arrays, partition=partition)


def _vector(domains: Sequence[Interval], shape: Format, stream: Stream, length: int, number: int) -> Vector:
    """Return a vector: of one scale, of few distinct values and zeros, of all scales, or zero."""
    kind = number % 8
    margin = min(8, (shape.greatest_exponent - shape.least_exponent - 1) // 2)
    ends = shape.least_exponent + margin, shape.greatest_exponent - margin
    scale = stream.log_uniform(*ends) if kind in (1, 4) else 1.0
    repeated = stream.log_uniform(-4, 4)
    weights: list[float] = []
    for _ in range(length):
        if kind == 3:
            weight = (0.0, -0.0, repeated, repeated, -repeated)[stream.integer(0, 4)]
        elif kind == 6:
            weight = stream.sign() * stream.log_uniform(shape.least_exponent, shape.greatest_exponent)
        elif number % 32 == 7:
            weight = 0.0
        else:
            weight = stream.sign() * stream.log_uniform(-6, 6) * scale
        if not is_inside(domains, weight):
            weight = moved_into(domains, weight) or default_weight(domains)
        weights.append(weight)
    return np.array(weights, dtype=shape.name)
