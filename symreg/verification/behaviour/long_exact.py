"""Long vectors against exact results: values, and a few slopes, that few distinct weights give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

import numpy as np
from flint import arb, ctx

from symreg.expressions.tree import Sum, walk
from symreg.model.interval import Interval
from symreg.model.terms import Terms
from symreg.verification.behaviour.harness import Harness
from symreg.verification.behaviour.lengths import BLOCK_EDGES, LONG, long_group, moderate_weights
from symreg.verification.cases.calling import call_gradient, call_value
from symreg.verification.cases.dependence import depth, longest, span
from symreg.verification.cases.sampling.groups import Group
from symreg.verification.cases.sampling.stream import Stream
from symreg.verification.comparison import sensitivity
from symreg.verification.comparison.tolerance import WORKING_BITS, Finding, measured
from symreg.verification.oracle.formats import FORMATS, Dtype, Format, Vector
from symreg.verification.oracle.slopes import slopes, values

_LONG_SUM = 5_000  # weights of which a few slopes are compared, each of them a sum over all: several blocks of terms
_MOST_SUMMANDS = 1100  # of what costs n^2 or more: a matrix argument, a sum within a sum
_DISTINCT = 13  # weights in a long vector
_ALLOWED = 14  # 2**14 u: the shares of so many inputs are not worked out; lost and doubled terms show all the same


def check_long_values(harness: Harness, terms: Terms, sample: Sequence[Group]) -> None:
    """Compare the value of long vectors with the exact one."""
    subject, group = harness.subject, sample[min(1, len(sample) - 1)]
    shape = FORMATS[subject.dtype]
    for length in _lengths(terms):
        weights, few = _few_weights(terms, subject.dtype, length, group.parameters)
        given = long_group(terms, group, length, subject.dtype)
        harness = harness.elsewhere({"n": length} | given.parameters)
        got = harness.result_of(partial(call_value, subject, given, weights))
        if got is None:
            return
        shares: Iterable[arb | None]
        if terms.couple_weights:
            exact = values(terms, given.parameters, given.arrays_for(length), floor=shape.floor)(weights.tolist())
            shares = _shares_of_summands(terms, weights, given, shape)
        else:
            exact = _sum_of_few(terms, given.parameters, few)
            shares = sensitivity.of_repeated(terms, few, given.parameters, shape)
        _compare(
            harness, got, exact, exact, exact, shares, 2.0 ** (shape.unit + _ALLOWED) if terms.couple_weights else 0.0
        )


def check_long_slopes(harness: Harness, terms: Terms, sample: Sequence[Group]) -> None:
    """Compare a few elements of the gradient of a long vector, the first and the last."""
    subject, group = harness.subject, sample[min(1, len(sample) - 1)]
    shape = FORMATS[subject.dtype]
    length = min(_LONG_SUM, _lengths(terms)[0])
    weights, _ = _few_weights(terms, subject.dtype, length, group.parameters)
    given = long_group(terms, group, length, subject.dtype)
    place = {"n": length} | given.parameters
    got = harness.elsewhere(place).result_of(lambda: call_gradient(subject, given, weights))
    if got is None:
        return
    exact_slopes = slopes(terms, given.parameters, given.arrays_for(length), floor=shape.floor)
    listed = weights.tolist()
    for j in (0, length - 2, length - 1):
        slope = exact_slopes(listed, j)
        if slope is not None and slope.value.is_finite():
            at_j = harness.elsewhere({"n": length, "j": j} | given.parameters)
            _compare(at_j, float(got[j]), slope.value, slope.low, slope.high, (), 2.0 ** (shape.unit + _ALLOWED))


def check_long_sum(harness: Harness, terms: Terms, group: Group) -> None:
    """Compare a sum over many weights with the exact one: no more than the summands' own rounding is lost in it."""
    sums = [node for term in terms.indexed for node in walk(term.tree) if isinstance(node, Sum)]
    if any(isinstance(node, Sum) for outer in sums for node in walk(outer.body)):
        return
    weights = moderate_weights(terms, group, LONG[0])
    shape = FORMATS[harness.subject.dtype]
    exact = values(terms, group.parameters, floor=shape.floor)(weights.tolist())
    if exact is None or not exact.is_finite():
        return
    inputs = sensitivity.Inputs(
        terms=terms, weights=weights.tolist(), parameters=group.parameters, arrays={}, shape=shape
    )
    share = sensitivity.of_summands(inputs, None)
    harness = harness.elsewhere({"n": len(weights)} | group.parameters)
    got = harness.result_of(lambda: call_value(harness.subject, group, weights))
    if got is not None:
        _compare(harness, got, exact, exact, exact, (share,), 0.0)


def _compare(
    harness: Harness,
    got: float,
    exact: arb | None,
    low: arb | None,
    high: arb | None,
    shares: Iterable[arb | None],
    rtol: float,
) -> None:
    """Record a failure if a number is further from what is right than its shares allow."""
    if exact is None or low is None or high is None:
        return
    comparison = measured(got, low, high, FORMATS[harness.subject.dtype], shares, rtol)
    if comparison.finding is Finding.WRONG:
        harness.fail(expected=float(exact), got=got, ratio=comparison.ratio)


def _shares_of_summands(terms: Terms, weights: Vector, group: Group, shape: Format) -> tuple[arb, ...]:
    """Return the share of the summands' own rounding, a multiple of that of a few weights; none if there are arrays."""
    if terms.arrays or terms.grouped:
        return ()
    few = weights[: 2 * _DISTINCT + span(terms)]
    inputs = sensitivity.Inputs(terms=terms, weights=few.tolist(), parameters=group.parameters, arrays={}, shape=shape)
    share = sensitivity.of_summands(inputs, None)
    return (share * (len(weights) / len(few)) ** depth(terms),)


def _lengths(terms: Terms) -> tuple[int, ...]:
    if depth(terms) > 1:
        return (longest(terms, _MOST_SUMMANDS),)
    return BLOCK_EDGES[2:] if terms.couple_weights else BLOCK_EDGES  # a sum of so many exact summands takes its time


def _few_weights(
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
    """Return a weight between the ends of all domains, the further up the greater its size."""
    lows = [float(domain.low) for domain in domains if domain.low is not None]
    highs = [float(domain.high) for domain in domains if domain.high is not None]
    low = max(lows) if lows else min(highs) - 16.0
    high = min(highs) if highs else low + 16.0
    return float(np.dtype(dtype).type(low + (high - low) * (abs(weight) / 16.0 + 0.25)))


def _sum_of_few(terms: Terms, parameters: Mapping[str, float], few: Mapping[float, int]) -> arb | None:
    """Return R(w) of weights that take few values, each of them so often; None where it is undetermined."""
    value = values(terms, parameters)
    with ctx.workprec(WORKING_BITS):
        total = arb(0)
        for weight, count in few.items():
            part = value([weight])
            if part is None:
                return None
            total = total + count * part
        return total
