"""Data sets of a few samples and weights: the matrix, labels, weights of samples, and parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import inf
from typing import Any

import numpy as np

from symreg.model.interval import Interval
from symreg.model.labels import Labels
from symreg.model.loss import DataTerm
from symreg.model.spec import Parameter
from symreg.model.terms import Terms
from symreg.verification.cases.sampling.arrays import sampled_array
from symreg.verification.cases.sampling.parameters import human_parameters, sampled_parameters
from symreg.verification.cases.sampling.partitions import lengths_of, partition_of
from symreg.verification.cases.sampling.stream import Stream
from symreg.verification.oracle.formats import Dtype, Vector

ROWS, COLUMNS = (1, 2, 7, 33), (1, 2, 5)
_FEW = ((2, 2), (7, 5), (33, 1))
"""Shapes that a quick look takes."""

_FAR = 1e4
"""Predictions are at most about that large."""

_KINDS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which data sets are wanted.

    Args:
        is_brief: A few shapes only, for a quick look.
        rounds: How often each shape is drawn otherwise.
        within: Of each sample, the sum of |x_j*w_j| is at most about that large.
        beyond: Some prediction is larger.
        is_weighted: Do some have weights of samples?
    """

    is_brief: bool = False
    rounds: int = 2
    within: float = inf
    beyond: float = 0.0
    is_weighted: bool = True


ALL = Wanted()
"""All that emitted functions are to be right at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A data set, and a point at which the objective is asked.

    Args:
        X: m x n, rows are samples.
        y: Labels, m.
        sample_weight: m, or None for ones.
        w: Weights, n.
        v: A direction, n.
        parameters: Of loss and penalty, by name; of one with an element for each weight what the elements are near.
        elements: Those elements, by name.
        arrays: Declared arrays of the penalty by name, and which weights are a group.
        number: Which sample it is; plainer ones come first.
    """

    X: Vector
    y: Vector
    sample_weight: Vector | None
    w: Vector
    v: Vector
    parameters: dict[str, float]
    elements: dict[str, Vector]
    arrays: dict[str, Any]
    number: int

    def parameters_of(self, j: int) -> dict[str, float]:
        """Return the parameters as weight j has them."""
        return self.parameters | {name: float(elements[j]) for name, elements in self.elements.items()}

    @property
    def at(self) -> dict[str, Any]:
        """The point as a report shows it."""
        weighted = {} if self.sample_weight is None else {"sample_weight": self.sample_weight.tolist()}
        arrays = {name: array.tolist() for name, array in {**self.elements, **self.arrays}.items()}
        own = {**weighted, **self.parameters, **arrays}
        return {"w": self.w.tolist(), "X": self.X.tolist(), "y": self.y.tolist(), **own}


def samples(
    data: DataTerm, terms: Terms, dtype: Dtype, fixed: Mapping[str, float], wanted: Wanted = ALL
) -> tuple[Sample, ...]:
    """Return data sets of several shapes, with and without weights of samples, the plainest first.

    Args:
        data: The loss over the samples; its labels and the domain of its predictions are kept to.
        terms: The penalty; the weights lie in its domain.
        dtype: Of all arrays.
        fixed: Parameters that are not sampled.
        wanted: Which of them.
    """
    shapes = _FEW if wanted.is_brief else tuple((m, n) for m in ROWS for n in COLUMNS) * wanted.rounds
    lengths = lengths_of(terms, (0,))[0]
    drawn = (_sample(data, terms, dtype, fixed, m, lengths or n, k, wanted) for k, (m, n) in enumerate(shapes))
    return tuple(
        sample if wanted.is_weighted else replace(sample, sample_weight=None)
        for sample in drawn
        if sample is not None and _largest(sample) >= wanted.beyond
    )


def _largest(sample: Sample) -> float:
    """Return the greatest size of a prediction."""
    return float(np.abs(sample.X.astype(np.float64) @ sample.w.astype(np.float64)).max())


def _sample(
    data: DataTerm,
    terms: Terms,
    dtype: Dtype,
    fixed: Mapping[str, float],
    m: int,
    n: int,
    number: int,
    wanted: Wanted,
) -> Sample | None:
    stream = Stream("data", data.loss.name, m, n, number)
    declared = tuple({p.name: p for p in (*data.parameters, *terms.parameters)}.values())
    parameters = _parameters(declared, stream, number, fixed)
    w = _weights(terms, parameters, n, stream, dtype, number)
    if w is None:
        return None
    domain = data.loss.prediction.at(parameters)
    rows = [_row(w, stream, dtype, domain, (number, k), wanted) for k in range(m)]
    X = np.array([row for row in rows if row is not None], dtype=dtype).reshape(-1, n)
    if not len(X):
        return None
    predictions = [
        float(sum(Fraction(float(a)) * Fraction(float(b)) for a, b in zip(row, w, strict=True))) for row in X
    ]
    y = np.array([_label(data.loss.labels, z, stream, (number, k)) for k, z in enumerate(predictions)], dtype=dtype)
    is_weighted = number % 2 == 1
    sample_weight = np.array([_of_sample(stream, k, len(X)) for k in range(len(X))], dtype=dtype)
    v = np.array([stream.sign() * stream.log_uniform(-2, 2) for _ in range(n)], dtype=dtype)
    return Sample(
        X=X,
        y=y,
        sample_weight=sample_weight if is_weighted else None,
        w=w,
        v=v,
        parameters=parameters,
        elements=_elements(terms, parameters, fixed, n, number, dtype),
        arrays=_arrays(terms, n, number, stream, dtype),
        number=number,
    )


def _elements(
    terms: Terms, parameters: Mapping[str, float], fixed: Mapping[str, float], n: int, number: int, dtype: Dtype
) -> dict[str, Vector]:
    """Return an element for each weight of the parameters that have one, some of them 0 where that may be.

    They are equal where the domain of the weights or of another parameter depends on them.
    """
    ends = {name for term in terms.terms for name in term.domain.names}
    ends |= {name for p in terms.parameters if p.above for name in (p.name, p.above)}
    drawn: dict[str, Vector] = {}
    for p in (p for p in terms.parameters if p.shape):
        size = parameters[p.name]
        elements = [size] * n
        if p.name not in ends and p.name not in fixed:
            elements = [0.0 if p.has_zero and (j + number) % 3 == 2 else size * 2.0 ** (-j % 4) for j in range(n)]
        rounded = np.array([x if x == 0 or x in p.domain else size for x in elements], dtype=dtype)
        drawn[p.name] = rounded
    return drawn


def _arrays(terms: Terms, n: int, number: int, stream: Stream, dtype: Dtype) -> dict[str, Any]:
    """Return the penalty's declared arrays, and a partition of the weights where it is over groups."""
    drawn: dict[str, Any] = {array.name: sampled_array(array, stream, n, dtype) for array in terms.arrays}
    partition = partition_of(terms, number)
    return drawn if partition is None else drawn | partition.arguments(n)


def _parameters(
    declared: tuple[Parameter, ...], stream: Stream, number: int, fixed: Mapping[str, float]
) -> dict[str, float]:
    """Return parameters that read well in the first data sets, and of all sizes afterwards."""
    if number < len(_FEW):
        return human_parameters(declared, fixed)
    return sampled_parameters(declared, stream, number - len(_FEW), fixed)


def _weights(
    terms: Terms, parameters: Mapping[str, float], n: int, stream: Stream, dtype: Dtype, number: int
) -> Vector | None:
    """Return n weights of the penalty's domain, zeros among them; None where the domain holds none that are tried."""
    domains = terms.intervals(parameters)
    chosen: list[float] = []
    for _ in range(n):
        for _ in range(64):
            size = 0.0 if stream.integer(0, 5) == 0 else stream.sign() * stream.log_uniform(-3, 2)
            weight = float(np.dtype(dtype).type(_read_well(size, number)))
            if all(weight in domain for domain in domains):
                chosen.append(weight)
                break
        else:
            return None
    return np.array(chosen, dtype=dtype)


def _row(
    w: Vector, stream: Stream, dtype: Dtype, domain: Interval, place: tuple[int, int], wanted: Wanted
) -> Vector | None:
    """Return one row whose prediction lies in the domain: dense, sparse, of zeros, or one with a large prediction.

    Args:
        w: The weights.
        stream: What it is drawn from.
        dtype: Of the row.
        domain: Of the prediction.
        place: The number of the data set, and of the row in it.
        wanted: What predictions are wanted.
    """
    number, k = place
    for tried in range(32):
        kind = (k + (3 if wanted.beyond else number)) % _KINDS if tried == 0 else stream.integer(0, _KINDS - 1)
        row = [stream.sign() * stream.log_uniform(-2, 2) for _ in w]
        if kind == 1:
            row = [x if stream.integer(0, 2) == 0 else 0.0 for x in row]
        if kind == 2 and stream.integer(0, 2) == 0:
            row = [0.0 for _ in row]
        reach = max(1.0, sum(abs(a * float(b)) for a, b in zip(row, w, strict=True)))
        if kind == 3:
            row = [x * stream.log_uniform(0, 10) * min(8.0, _FAR / reach) / 8 for x in row]
        reach = sum(abs(a * float(b)) for a, b in zip(row, w, strict=True))
        if reach > wanted.within:
            row = [x * wanted.within / reach for x in row]
        found = np.array([_read_well(x, number) for x in row], dtype=dtype)
        prediction = sum(Fraction(float(a)) * Fraction(float(b)) for a, b in zip(found, w, strict=True))
        # A prediction near an end of the domain would be outside once it is rounded.
        if all(prediction * side in domain for side in (Fraction(1), Fraction(1001, 1000), Fraction(999, 1000))):
            return found
    return None


def _read_well(x: float, number: int) -> float:
    """Return a number with few digits in the first data sets."""
    return float(f"{x:.2g}") if number < len(_FEW) else x


def _label(labels: Labels, prediction: float, stream: Stream, place: tuple[int, int]) -> float:
    """Return a label: of a set each in turn, of an interval its ends too, of the line one near the prediction."""
    data_set, number = place
    if labels.values:
        return float(labels.values[number % len(labels.values)])
    low, high = labels.interval.low, labels.interval.high
    if labels.are_whole:
        first = 0 if low is None else int(-(-low // 1))
        label = float(first + stream.integer(0, 1 if number % 2 else 20))
        return label if label in labels else float(first)
    if low is None and high is None:
        far = stream.sign() * stream.log_uniform(-3, 3)
        return _read_well(far if number % 2 else prediction * (1 + stream.uniform() / 8) + far / 64, data_set)
    rows = ((low, labels.interval.low_closed), (high, labels.interval.high_closed))
    ends = [end for end, is_closed in rows if end is not None and is_closed]
    if ends and number % 3 == 0:
        return float(ends[number // 3 % len(ends)])
    if low is not None and high is not None:
        return float(low) + float(high - low) * (0.05 + 0.9 * stream.uniform())
    start, side = (low, 1.0) if low is not None else (high, -1.0)
    return float(start or 0) + side * stream.log_uniform(-3, 4)


def _of_sample(stream: Stream, number: int, count: int) -> float:
    """Return the weight of a sample: 0 for some, but not for all."""
    return 0.0 if number % 3 == 1 and count > 1 else stream.log_uniform(-3, 3)
