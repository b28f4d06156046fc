"""What an emitted function of an objective with data has to refuse, with nothing changed; NaN goes through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan, nan
from typing import Any

import numpy as np

from symreg.model.labels import Labels
from symreg.model.loss import DataTerm
from symreg.verification.cases.calling import CallFailed, Subject
from symreg.verification.comparison.failure import Failure
from symreg.verification.comparison.tally import Tally
from symreg.verification.data.calling import arguments_of, call
from symreg.verification.data.matrices import HAS_SCIPY, compressed, with_parts
from symreg.verification.data.samples import Sample


def of_refusals(
    tally: Tally,
    subject: Subject,
    data: DataTerm,
    sample: Sample,
    names: tuple[str, ...],
    per_weight: tuple[str, ...] = (),
) -> None:
    """Require that `value` refuses what is not data, naming what is wrong with it, and lets NaN through.

    Args:
        tally: Where failures go.
        subject: The functions under test.
        data: The loss over the samples.
        sample: A data set that is right.
        names: Parameters and arrays that the function takes.
        per_weight: Those of them that hold one number for each weight.
    """
    given = arguments_of(sample, "rows", names, per_weight)
    for wrong in _wrong(data, sample, given):
        try:
            call(subject, "value", wrong.given)
        except CallFailed as failed:
            cause = failed.__cause__
            if not isinstance(cause, wrong.error) or any(word not in str(cause) for word in wrong.words):
                _fail(tally, f"{wrong.what}: {failed}, where {wrong.error[0].__name__} is right, naming it")
        else:
            _fail(tally, f"{wrong.what} is not refused")
    for what, array in (("X", sample.X), ("y", sample.y)):
        if what == "y" and not data.loss.labels.are_all:
            continue
        holed = array.copy()
        holed.flat[0] = nan
        _lets_nan_through(tally, subject, {**given, what: holed}, what)


@dataclass(frozen=True, slots=True)
class _Wrong:
    what: str
    given: dict[str, Any]
    words: tuple[str, ...] = ()
    error: tuple[type[Exception], ...] = (ValueError,)


def _wrong(data: DataTerm, sample: Sample, given: dict[str, Any]) -> Iterator[_Wrong]:
    """Yield calls that are to be refused."""
    X, y, m = sample.X, sample.y, len(sample.X)
    kinds = (ValueError, TypeError)
    yield _Wrong("y with a label too few", {**given, "y": y[:-1].copy()}, ("y",))
    yield _Wrong("X of one dimension", {**given, "X": X[0].copy()}, ("X",))
    yield _Wrong("X with a column too many", {**given, "X": np.hstack([X, X[:, :1]])}, ("X",))
    yield _Wrong("X of integers", {**given, "X": np.ones(X.shape, dtype=np.int64)}, ("X",), kinds)
    strange = np.ones((2 * m, 2 * X.shape[1]), dtype=X.dtype)[::2, ::2]
    if m > 1 and X.shape[1] > 1:
        yield _Wrong("X contiguous in neither order", {**given, "X": strange}, ("X",))
    outside = _outside(data.loss.labels)
    if outside is not None:
        labels = y.copy()
        labels[-1] = outside
        yield _Wrong("a label outside its domain", {**given, "y": labels}, ("y", str(m - 1)))
    weights = np.ones(m, dtype=X.dtype)
    weights[-1] = -1
    yield _Wrong("a negative weight of a sample", {**given, "sample_weight": weights}, ("sample_weight",))
    yield _Wrong("a weight of a sample too few", {**given, "sample_weight": weights[:-1].copy()}, ("sample_weight",))
    if data.reduction == "mean":
        yield _Wrong("a mean over no samples", {**given, "X": X[:0], "y": y[:0], **_none(given)})
    if not HAS_SCIPY:
        return
    rows = compressed(np.where(X == 0, 1, X))
    for what, wrong in (
        ("a column index out of range", with_parts(rows, indices=rows.indices + X.shape[1])),
        ("row pointers that descend", with_parts(rows, indptr=rows.indptr[::-1].copy())),
        ("column indices that are no integers", with_parts(rows, indices=rows.indices.astype(np.float64))),
    ):
        yield _Wrong(f"CSR with {what}", {**given, "X": wrong}, ("X",), kinds)


def _none(given: dict[str, Any]) -> dict[str, Any]:
    return {"sample_weight": given["sample_weight"][:0]} if "sample_weight" in given else {}


def _outside(labels: Labels) -> float | None:
    """Return a number that is no label; None where every number is one."""
    return next((x for x in (0.3, -0.7, 2.5, -3.0, 7.0) if x not in labels), None)


def _lets_nan_through(tally: Tally, subject: Subject, given: dict[str, Any], what: str) -> None:
    weighted = {"sample_weight": np.ones(len(given["y"]), dtype=given["w"].dtype)} if "sample_weight" in given else {}
    try:
        value = call(subject, "value", {**given, **weighted})
    except CallFailed as failed:
        _fail(tally, f"NaN in {what}: {failed}, where NaN is right")
        return
    if not isnan(float(value)):
        _fail(tally, f"NaN in {what} gives {float(value):g}, where NaN is right")


def _fail(tally: Tally, note: str) -> None:
    tally.fail(Failure(at={}, note=note, rank=3.0))
