"""Judge that each weight has its own element of a parameter: many of them together against each by itself.

In a penalty that couples weights they are compared with the formula instead (`coupled_elements.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from symreg.model.interval import inside
from symreg.model.ordering import are_in_order
from symreg.model.spec import Parameter
from symreg.model.terms import Terms
from symreg.verification.behaviour import coupled_elements
from symreg.verification.cases.calling import CallFailed, Subject, called
from symreg.verification.cases.sampling.parameters import sampled_parameters
from symreg.verification.cases.sampling.stream import Stream
from symreg.verification.comparison.failure import Failure
from symreg.verification.comparison.tally import Tally
from symreg.verification.oracle.formats import FORMATS, Vector
from symreg.verification.report.check import Check

KIND = "elements"
_WEIGHTS, _ROUNDS, _STEP = 11, 4, 0.5
_ROOM = 10  # 2**10 roundings: a sum in another order differs at most so


def checks_of_elements(
    terms: Terms, subjects: Sequence[Subject], params: Mapping[str, float] | None = None
) -> list[Check]:
    """Return a check for each subject of a penalty that has an element of a parameter for each weight; else nothing.

    What one weight gives by itself is judged by the checks of value, gradient and operator.
    """
    return [_check(terms, subject, dict(params or {})) for subject in subjects] if terms.per_weight else []


def _check(terms: Terms, subject: Subject, fixed: dict[str, float]) -> Check:
    tally = Tally(KIND, subject.label, subject.dtype)
    strengths = [p for p in terms.parameters if p.shape]
    has_zero = len(terms.terms) == len(strengths) == 1 and strengths[0].has_zero
    for number in range(_ROUNDS):
        stream = Stream("elements", number)
        drawn = [sampled_parameters(terms.parameters, stream, number + k, fixed) for k in range(_WEIGHTS)]
        shared = {p.name: drawn[0][p.name] for p in terms.parameters if not p.shape}
        rows = [{**row, **shared} for row in drawn]
        rows = [row for row in rows if are_in_order(terms.parameters, _rounded(row, subject))]
        chosen = [(_weight(terms, _rounded(row, subject), stream), row) for row in rows]
        in_domain = [(w, row) for w, row in chosen if w is not None]
        anywhere = [(_size(stream), row) for row in rows]
        for name in ("value", "gradient", "prox"):
            pairs = anywhere if name == "prox" else in_domain
            if not pairs:
                tally.skip()
            elif name in subject.functions:
                w = np.array([w for w, _ in pairs], dtype=subject.dtype)
                arrays = {p.name: _elements(p, [row for _, row in pairs], number, subject) for p in strengths}
                if terms.couple_weights:
                    place = coupled_elements.placed(terms, w, arrays, shared, subject.dtype, number)
                    coupled_elements.compare(tally, subject, name, place, _STEP)
                    continue
                step = {"step": _STEP} if name == "prox" else {}
                _compare(tally, subject, name, w, arrays, shared | step, has_zero=has_zero)
    return tally.check()


def _rounded(row: Mapping[str, float], subject: Subject) -> dict[str, float]:
    """Return the numbers of a row as the arrays of a subject hold them."""
    return {name: float(np.dtype(subject.dtype).type(value)) for name, value in row.items()}


def _weight(terms: Terms, row: Mapping[str, float], stream: Stream) -> float | None:
    """Return a weight in the domains that its own elements give it, None where none is found."""
    domains = terms.intervals(row)
    tried = [*(_size(stream) for _ in range(4)), *map(inside, domains)]
    return next((w for w in map(_single, tried) if all(w in domain for domain in domains)), None)


def _single(x: float) -> float:
    """Return a number that arrays of both precisions hold."""
    return float(np.float32(x))


def _size(stream: Stream) -> float:
    return _single(stream.sign() * stream.log_uniform(-4, 3))


def _elements(parameter: Parameter, rows: Sequence[Mapping[str, float]], number: int, subject: Subject) -> Vector:
    """Return an element for each weight, some of them 0 where that may be."""
    elements = [row[parameter.name] for row in rows]
    if parameter.has_zero:
        elements = [0.0 if (k + number) % 3 == 0 else x for k, x in enumerate(elements)]
    return np.array(elements, dtype=subject.dtype)


def _compare(
    tally: Tally,
    subject: Subject,
    name: str,
    w: Vector,
    arrays: Mapping[str, Vector],
    shared: Mapping[str, Any],
    *,
    has_zero: bool,
) -> None:
    """Compare what comes of all weights with what comes of each by itself; a strength of 0 leaves its weight alone."""
    function = subject.functions[name]
    at: dict[str, Any] = {"w": w.tolist(), **{key: array.tolist() for key, array in arrays.items()}, **shared}
    try:
        whole = np.asarray(called(function, (w.copy(),), {**arrays, **shared}))
        single = [
            called(function, (w[k : k + 1].copy(),), {**{key: a[k : k + 1] for key, a in arrays.items()}, **shared})
            for k in range(len(w))
        ]
    except CallFailed as failed:
        tally.fail(Failure(at=at, note=f"{name}: {failed}", rank=2.0))
        return
    parts = np.concatenate([np.atleast_1d(np.asarray(part)) for part in single])
    right = np.asarray(parts.sum() if name == "value" else parts)
    room = 2.0 ** (FORMATS[subject.dtype].unit + _ROOM)
    if whole.shape != right.shape or not np.allclose(whole, right, room, room * np.abs(parts).max(), equal_nan=True):
        tally.fail(Failure(at=at, note=f"{name} of all weights is not that of each with its own elements", rank=1.0))
        return
    left_alone = {"gradient": 0 * w, "prox": w}.get(name)
    if has_zero and left_alone is not None:
        (strengths,) = arrays.values()
        if not np.array_equal(whole[strengths == 0], left_alone[strengths == 0]):
            tally.fail(Failure(at=at, note=f"{name} does not leave a weight alone whose strength is 0", rank=1.0))
            return
    tally.agree()
