"""Judge a loss and its two derivatives by the prediction, number by number: each against balls at z, y and parameters.

Predictions are of all sizes up to 1e4 and lie on both sides of every kink, labels all over their domain. A number may
be off by 4 ulp, and by what the exact one moves when an input moves by 4 units in its last place; at a kink anything
between the derivatives of both sides is right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from math import isnan, log10, nan
from typing import Any

import numpy as np
from flint import arb, ctx

from symreg.expressions.tree import Name, substitute
from symreg.model.labels import Labels
from symreg.model.loss import Loss
from symreg.model.spec import Parameter
from symreg.model.terms import Term
from symreg.verification.cases.calling import CallFailed, Subject, vector_of
from symreg.verification.cases.sampling.parameters import sampled_parameters
from symreg.verification.cases.sampling.stream import Stream
from symreg.verification.comparison.failure import Failure, Right
from symreg.verification.comparison.tally import Tally
from symreg.verification.comparison.tolerance import Finding, Measured, measured, ulp_at
from symreg.verification.data.jets import Jet, jets
from symreg.verification.oracle.formats import FORMATS, Dtype, Vector
from symreg.verification.oracle.kinks import Kink, kinks
from symreg.verification.report.check import Check

ORDERS = {"loss_value": 0, "loss_gradient": 1, "loss_hessian": 2}
"""The functions of a loss alone, and which derivative each is."""
_LARGEST = 1e4
_BITS = 400
_EXACT = -2000  # a rounding of 2**this is none
_ULPS_OF_INPUT = 4
_GROUPS, _GROUPS_AT_A_LOOK = 6, 2
_SIZES = (0.0, 1e-30, 1e-8, 1e-3, 0.3, 1.0, 1.5, 4.0, 20.0, 37.0, 90.0, 750.0, _LARGEST)


@dataclass(frozen=True)
class _Group:
    """Predictions and labels at one set of parameters, in one format."""

    loss: Loss
    parameters: Mapping[str, float]
    z: Vector
    y: Vector

    @cached_property
    def exact(self) -> list[Jet | None]:
        """What is right at each prediction; None where nothing is certain, or outside the domain."""
        return [self._jet(float(z), float(y), self.parameters) for z, y in zip(self.z, self.y, strict=True)]

    def moved(self, k: int, order: int, unit: int) -> Iterator[arb | None]:
        """Yield how far the exact number moves when an input moves by a few units in its last place."""
        z, y, here = Fraction(float(self.z[k])), Fraction(float(self.y[k])), self.exact[k]
        for name in ("z", "y", *self.parameters):
            distances: list[arb] = []
            for side in (1, -1):
                factor = 1 + side * _ULPS_OF_INPUT * Fraction(2) ** unit
                own = {p: Fraction(x) * (factor if p == name else 1) for p, x in self.parameters.items()}
                there = self._jet(z * (factor if name == "z" else 1), y * (factor if name == "y" else 1), own)
                if there is not None and here is not None:
                    ends = [abs(there.at(order) - end).upper() for end in _ends(here, order)]
                    distances += [end for end in ends if end.is_finite()]
            yield max(distances, key=float) if distances else None

    def _jet(self, z: float | Fraction, y: float | Fraction, parameters: Mapping[str, Any]) -> Jet | None:
        with ctx.workprec(_BITS):
            domain = self.loss.prediction.at(parameters)
            at = jets(self.loss.expression, "z", [domain], parameters, _EXACT)
            exact = Fraction(z)
            return at(arb(exact.numerator) / exact.denominator, {"y": Fraction(y)})


def loss_checks(
    loss: Loss,
    subjects: Sequence[Subject],
    *,
    params: Mapping[str, float] | None = None,
    rtol: float = 0.0,
    is_brief: bool = False,
    sizes: tuple[float, float] = (0.0, _LARGEST),
) -> tuple[Check, ...]:
    """Compare the functions of a loss that subjects offer with what is right.

    Args:
        loss: As it was written.
        subjects: Functions `loss_value(z, y, *, p, out=None)`, `loss_gradient`, `loss_hessian`, where p are parameters.
        params: Parameters that are fixed instead of sampled.
        rtol: Relative error that is allowed besides the tolerance.
        is_brief: A quick look, at few sets of parameters.
        sizes: The least and the greatest of the predictions.
    """
    groups = {
        dtype: _groups(loss, dtype, params or {}, _GROUPS_AT_A_LOOK if is_brief else _GROUPS, sizes)
        for dtype in dict.fromkeys(subject.dtype for subject in subjects)
    }
    return tuple(
        _judge(subject, name, groups[subject.dtype], rtol)
        for name in ORDERS
        for subject in subjects
        if name in subject.functions
    )


def _judge(subject: Subject, name: str, groups: Sequence[_Group], rtol: float) -> Check:
    tally, order, shape = Tally(name, subject.label, subject.dtype), ORDERS[name], FORMATS[subject.dtype]
    for group in groups:
        try:
            found = _called(subject, name, group)
        except CallFailed as failed:
            tally.fail(Failure(at=dict(group.parameters), note=str(failed)))
            break
        for k, (got, jet) in enumerate(zip(found.tolist(), group.exact, strict=True)):
            at = {"z": float(group.z[k]), "y": float(group.y[k]), **group.parameters}
            if jet is None or not jet.at(order).is_finite():
                tally.skip()
                continue
            low, high = _ends(jet, order)
            is_exact = bool(low <= got <= high)
            result = (
                Measured(Finding.RIGHT, 0.0)
                if is_exact
                else measured(got, low, high, shape, group.moved(k, order, shape.unit), rtol)
            )
            tally.counts[result.finding] += 1
            if result.finding is Finding.WRONG:
                tally.fail(Failure(at=at, expected=float(low), got=got, ratio=result.ratio, rank=_rank(at["z"])))
            elif result.finding is Finding.RIGHT:
                ulps = abs(got - float(low)) / ulp_at(abs(float(low)), shape)
                tally.note(Right(at=at, expected=float(low), got=got, ratio=result.ratio, ulps=ulps))
    if subject.is_emitted and groups:
        _of_behaviour(tally, subject, name, groups[0])
    return tally.check()


def _rank(z: float) -> float:
    """Return how instructive a prediction is: the nearer to 1 in size, the more."""
    return abs(log10(abs(z))) if z else 1.0


def _ends(jet: Jet, order: int) -> tuple[arb, arb]:
    """Return the least and the greatest that is right."""
    ball = jet.at(order)
    return arb(ball.lower()), arb(ball.upper())


def _called(subject: Subject, name: str, group: _Group) -> Vector:
    """Return what a function gives at a group's predictions; both arrays are as they were.

    Raises:
        CallFailed: It raised, changed an argument, or gave back something else than an array of their type.
    """
    z, y = group.z.copy(), group.y.copy()
    result = subject.call(name, {"z": z, "y": y, **group.parameters})
    found = vector_of(result, z.shape, name)
    if not subject.is_emitted:
        return found
    if not (np.array_equal(z, group.z, equal_nan=True) and np.array_equal(y, group.y, equal_nan=True)):
        raise CallFailed("it changed z or y, which it was only to read")
    if found.dtype != z.dtype:
        raise CallFailed(f"{name} is {found.dtype} where {z.dtype} is right")
    return found


def _of_behaviour(tally: Tally, subject: Subject, name: str, group: _Group) -> None:
    """Require NaN for NaN, a refusal of labels that are none, and the same numbers in another shape."""
    z = group.z.copy()
    z[0] = nan
    try:
        if not isnan(float(_called(subject, name, _Group(group.loss, group.parameters, z, group.y))[0])):
            tally.fail(Failure(at={"z": nan}, note="NaN comes out as a number"))
    except CallFailed as failed:
        tally.fail(Failure(at={"z": nan}, note=str(failed)))
    wrong = _no_label(group.loss.labels)
    if wrong is None:
        return
    y = group.y.copy()
    y[len(y) // 2] = wrong
    try:
        _called(subject, name, _Group(group.loss, group.parameters, group.z, y))
        tally.fail(Failure(at={"y": wrong}, note="a label outside its domain is not refused"))
    except CallFailed as failed:
        cause = failed.__cause__
        if not isinstance(cause, ValueError) or str(len(y) // 2) not in str(cause):
            tally.fail(Failure(at={"y": wrong}, note=f"{failed}, where ValueError is right, naming the index"))


def _no_label(labels: Labels) -> float | None:
    """Return a number that is no label, if there is one."""
    return next((x for x in (0.25, -7.0, 1e6) if x not in labels), None)


def _groups(
    loss: Loss, dtype: Dtype, fixed: Mapping[str, float], count: int, sizes: tuple[float, float]
) -> tuple[_Group, ...]:
    made: list[_Group] = []
    for number in range(count if loss.parameters else 1):
        stream = Stream("loss", loss.name, number)
        parameters = sampled_parameters(loss.parameters, stream, number, fixed)
        pairs = _pairs(loss, parameters, stream, dtype)
        rows = [(z, y) for z, y in pairs if sizes[0] <= abs(z) <= sizes[1]]
        if not rows:
            continue
        z, y = (np.array(column, dtype=dtype) for column in zip(*rows, strict=True))
        made.append(_Group(loss, parameters, z, y))
    return tuple(made)


def _pairs(loss: Loss, parameters: Mapping[str, float], stream: Stream, dtype: Dtype) -> Iterator[tuple[float, float]]:
    """Yield predictions with labels: all sizes, both signs, near the label, and on both sides of kinks."""
    domain, to = loss.prediction.at(parameters), np.dtype(dtype).type
    for y in _labels(loss.labels, stream, dtype):
        sizes = [*_SIZES, *(stream.log_uniform(-20, 13) for _ in range(4))]
        places = [sign * size for size in sizes for sign in (1.0, -1.0)]
        places += [y, *(y + stream.sign() * stream.log_uniform(-20, 10) for _ in range(4))]
        for kink in _kinks(loss, y, tuple(parameters.items()))[:8]:
            nearest = to(kink.below)
            places += [
                float(nearest),
                float(np.nextafter(nearest, to(-np.inf))),
                float(np.nextafter(nearest, to(np.inf))),
            ]
            places += [kink.below - stream.log_uniform(-8, 2), kink.above + stream.log_uniform(-8, 2)]
        for z in places:
            rounded = float(to(z))
            if rounded in domain and abs(rounded) <= _LARGEST:
                yield rounded, y


def _labels(labels: Labels, stream: Stream, dtype: Dtype) -> list[float]:
    """Return labels all over their domain, as the format holds them."""
    if labels.values:
        return [float(value) for value in labels.values]
    tried = [
        0.0,
        1.0,
        0.5,
        -1.0,
        3.0,
        -2.75,
        17.0,
        1e3,
        -1e3,
        *(stream.sign() * stream.log_uniform(-9, 9) for _ in "ab"),
    ]
    ends = [float(end) for end in (labels.interval.low, labels.interval.high) if end is not None]
    if len(ends) == 2:
        tried += [ends[0] + stream.uniform() * (ends[1] - ends[0]) for _ in range(3)]
    tried += ends
    rounded = [float(np.dtype(dtype).type(round(y) if labels.are_whole else y)) for y in tried]
    return [y for y in dict.fromkeys(rounded) if y in labels]


@lru_cache(maxsize=256)  # both formats have most labels in common
def _kinks(loss: Loss, y: float, parameters: tuple[tuple[str, float], ...]) -> tuple[Kink, ...]:
    return kinks([_term(loss, y)], {**dict(parameters), "y": y})


def _term(loss: Loss, y: float) -> Term:
    """Return the loss at a label as a term over `w`, whose switches are looked for."""
    label = Parameter(name="y", domain=loss.labels.interval, default=y)
    return Term(
        name=loss.name,
        coefficient=Fraction(1),
        tree=substitute(loss.expression, {Name("z"): Name("w")}),
        domain=loss.prediction,
        parameters=(label, *loss.parameters),
    )
