"""Long arrays with known results: values and slopes that few distinct weights give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from flint import arb, ctx

from symreg.model.interval import Interval
from symreg.model.terms import Terms
from symreg.verification.cases.calling import Subject, Trouble, call_gradient, call_value
from symreg.verification.cases.dependence import depth, longest, span
from symreg.verification.cases.gradient_cases import StepCase
from symreg.verification.cases.sampling import Group, Stream, is_element
from symreg.verification.comparison import sensitivity
from symreg.verification.comparison.tally import Failure, Tally
from symreg.verification.comparison.tolerance import WORKING_BITS, Finding, measured
from symreg.verification.oracle.formats import FORMATS, Dtype, Format, Vector
from symreg.verification.oracle.slopes import slopes, values

# Just below, at and above the block of 131,072 weights that NumPy code works in, and several blocks.
BLOCK_EDGES = (131_071, 131_072, 131_073, 320_000)


_LONG_SUM = 5_000  # weights of which a few slopes are compared, each of them a sum over all: several blocks of terms


_MOST_SUMMANDS = 1100  # of what costs n^2 or more: a matrix argument, a sum within a sum


_DISTINCT = 13  # weights in a long vector


def tiled(column: Vector, length: int) -> Vector:
    return np.resize(column, length) if len(column) else np.zeros(length, column.dtype)


def resized(case: StepCase, length: int) -> StepCase:
    """Return the case with its columns repeated or cut to a length; its exact results no longer fit and are dropped."""
    return replace(
        case,
        weights=tiled(case.weights, length),
        gradient=tiled(case.gradient, length),
        arrays={name: tiled(column, length) for name, column in case.arrays.items()},
        slopes=(),
        exact={},
    )


def long_values(tally: Tally, subject: Subject, terms: Terms, sample: Sequence[Group]) -> None:
    group = sample[min(1, len(sample) - 1)]
    shape = FORMATS[subject.dtype]
    for length in _long_lengths(terms):
        weights, few = _long_weights(terms, subject.dtype, length, group.parameters)
        given = long_group(terms, group, length, subject.dtype)
        try:
            got = call_value(subject, given, weights)
        except Trouble as trouble:
            tally.fail(Failure(at={"n": length} | given.parameters, note=str(trouble), rank=2.0))
            return
        if terms.indexed:
            exact = values(terms, given.parameters, given.arrays, floor=shape.floor)(weights.tolist())
            shares: Any = _of_summands(terms, weights, given, shape)
        else:
            exact = _sum_of_few(terms, given.parameters, few)
            shares = sensitivity.of_repeated(terms, few, given.parameters, shape)
        # In index notation the shares of so many inputs are not worked out: lost and doubled terms show all the same.
        rtol = 2.0 ** (shape.unit + 14) if terms.indexed else 0.0
        found = None if exact is None else measured(got, exact, exact, shape, shares, rtol)
        if exact is not None and found is not None and found.finding is Finding.WRONG:
            at = {"n": length} | given.parameters
            tally.fail(Failure(at=at, expected=float(exact), got=got, ratio=found.ratio, rank=2.0))


def _of_summands(terms: Terms, weights: Vector, group: Group, shape: Format) -> tuple[arb, ...]:
    """Return the share of the summands' own rounding, a multiple of that of a few weights; none if there are arrays."""
    if terms.arrays:
        return ()
    few = weights[: 2 * _DISTINCT + span(terms)]
    share = sensitivity.of_summands(terms, few.tolist(), group.parameters, {}, None, shape)
    return (share * (len(weights) / len(few)) ** depth(terms),)


def long_slopes(tally: Tally, subject: Subject, terms: Terms, sample: Sequence[Group]) -> None:
    """Compare a few elements of the gradient of a long vector, the first and the last."""
    group = sample[min(1, len(sample) - 1)]
    shape = FORMATS[subject.dtype]
    length = min(_LONG_SUM, _long_lengths(terms)[0])
    weights, _ = _long_weights(terms, subject.dtype, length, group.parameters)
    given = long_group(terms, group, length, subject.dtype)
    try:
        got = call_gradient(subject, given, weights)
    except Trouble as trouble:
        tally.fail(Failure(at={"n": length} | given.parameters, note=str(trouble), rank=2.0))
        return
    by = slopes(terms, given.parameters, given.arrays, floor=shape.floor)
    listed = weights.tolist()
    for j in (0, length - 2, length - 1):
        one = by(listed, j)
        if one is None or not one.value.is_finite():
            continue
        rtol = 2.0 ** (shape.unit + 14)
        found = measured(float(got[j]), one.low, one.high, shape, (), rtol)
        if found.finding is Finding.WRONG:
            at = {"n": length, "j": j} | given.parameters
            expected = float(one.value)
            tally.fail(Failure(at=at, expected=expected, got=float(got[j]), ratio=found.ratio, rank=2.0))


def _long_lengths(terms: Terms) -> tuple[int, ...]:
    if depth(terms) > 1:
        return (longest(terms, _MOST_SUMMANDS),)
    return BLOCK_EDGES[2:] if terms.indexed else BLOCK_EDGES  # a sum of so many exact summands takes its time


def _long_weights(
    terms: Terms, dtype: Dtype, length: int, parameters: Mapping[str, float]
) -> tuple[Vector, Mapping[float, int]]:
    """Return a long vector of moderate weights of few distinct values, and how often it holds each."""
    stream, domains = Stream("long", dtype), terms.intervals(parameters)
    few: list[float] = []
    while len(few) < _DISTINCT:
        weight = stream.log_uniform(-3, 3) * (stream.sign() if len(few) % 3 == 0 else 1.0)
        weight = float(np.dtype(dtype).type(weight))
        if all(weight in domain for domain in domains):
            few.append(weight)
        elif all(-weight in domain for domain in domains):
            few.append(-weight)
        else:
            few.append(_inside_bounds(domains, weight, dtype))
    weights = np.resize(np.array(few, dtype=dtype), length)
    counts: dict[float, int] = {}
    for k, weight in enumerate(few):
        counts[weight] = counts.get(weight, 0) + len(range(k, length, len(few)))
    return weights, counts


def _inside_bounds(domains: Sequence[Interval], weight: float, dtype: Dtype) -> float:
    lows = [float(domain.low) for domain in domains if domain.low is not None]
    highs = [float(domain.high) for domain in domains if domain.high is not None]
    low = max(lows) if lows else min(highs) - 16.0
    high = min(highs) if highs else low + 16.0
    return float(np.dtype(dtype).type(low + (high - low) * (abs(weight) / 16.0 + 0.25)))


def long_group(terms: Terms, group: Group, length: int, dtype: Dtype) -> Group:
    """Return the group with arrays of another size, their elements positive as far as their domains have such."""
    stream = Stream("long arrays", dtype)
    arrays = {}
    for array in terms.arrays:
        extent = (length,) * len(array.shape)
        sizes = [stream.log_uniform(-2, 2) for _ in range(int(np.prod(extent)))]
        flat = [x if is_element(x, array, dtype) else array.default for x in sizes]
        arrays[array.name] = np.array(flat, dtype=dtype).reshape(extent)
    return replace(group, arrays=arrays)


def _sum_of_few(terms: Terms, parameters: Mapping[str, float], few: Mapping[float, int]) -> arb | None:
    one_value = values(terms, parameters)
    with ctx.workprec(WORKING_BITS):
        total = arb(0)
        for weight, count in few.items():
            part = one_value([weight])
            if part is None:
                return None
            total = total + count * part
        return total
