"""Turn findings at points into a check: counts, the worst error, and for a failure the most instructive point.

Functions are compared in bulk, with `Tally.add`; objects point by point, with `agree`, `disagree` and `skip`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import inf, isfinite, isnan
from operator import attrgetter
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from symreg.verification.comparison.failure import Failure, Right, constant_factor, relative
from symreg.verification.comparison.tolerance import ULPS, Finding, Measured, Reference, errors, ulp_of
from symreg.verification.oracle.formats import Dtype
from symreg.verification.report.check import INACCURATE, Check, Verdict
from symreg.verification.report.numbers import reading_length

_SEVERITY = (Finding.RIGHT, Finding.VACUOUS, Finding.UNDETERMINED, Finding.WRONG)


@dataclass(frozen=True, slots=True)
class Points:
    """Points of a function that are compared in bulk; each is given by its number.

    Args:
        describe: Names a point's place.
        find: Compares one number of an output at a point with everything that is allowed there.
        rank: How instructive a point would be as a counterexample; lower is more.
        is_everyday: Which points a person would try.
        skip: Points that are not this check's.
    """

    describe: Callable[[int], Mapping[str, Any]]
    find: Callable[[str, int, float], Measured]
    rank: Callable[[int], float]
    is_everyday: NDArray[np.bool_]
    skip: NDArray[np.bool_] | None = None


@dataclass(slots=True)
class Tally:
    """The counts of one check while it runs.

    Args:
        enough: Failures after which no more points are decided; the plainest are decided first.
        order: What of the most instructive failure is least.
        counts: Of all points.
        everyday: Of those that a person would try; nothing where these are not told from others.
        nearest: The right point that is nearest to being wrong.
        worst: Of an object, the greatest relative error: of all points, or of those at which it is wrong.
        steps: Of an object's prox: is it right wherever it was compared with that step?
    """

    kind: str
    target: str
    dtype: Dtype
    rule: str = ""
    enough: float = inf
    order: Callable[[Failure], Any] = attrgetter("rank")
    counts: dict[Finding, int] = field(default_factory=lambda: dict.fromkeys(Finding, 0))
    everyday: dict[Finding, int] = field(default_factory=lambda: dict.fromkeys(Finding, 0))
    nearest: Right | None = None
    failures: list[Failure] = field(default_factory=list)
    worst: float | None = None
    steps: dict[float, bool] = field(default_factory=dict)

    def add(self, outputs: Mapping[str, tuple[NDArray[Any], Reference]], points: Points, rtol: float = 0.0) -> None:
        """Compare outputs at many points; a point is as bad as the worst of its outputs.

        Args:
            outputs: Emitted numbers and references by the output's name.
            points: What is known of the points.
            rtol: Relative error that is allowed besides the tolerance.
        """
        severity: NDArray[np.int8] | None = None
        for name in outputs:
            own = self._compare(name, outputs, points, rtol)
            severity = own if severity is None else np.maximum(severity, own)
        if severity is None:
            return
        kept = np.ones(len(severity), dtype=bool) if points.skip is None else ~points.skip
        for place, finding in enumerate(_SEVERITY):
            self.counts[finding] += int(np.count_nonzero(kept & (severity == place)))
            self.everyday[finding] += int(np.count_nonzero(kept & points.is_everyday & (severity == place)))

    def _compare(
        self, name: str, outputs: Mapping[str, tuple[NDArray[Any], Reference]], points: Points, rtol: float
    ) -> NDArray[np.int8]:
        """Return how bad one output is at each point, by place in `_SEVERITY`: in bulk, then one by one what is off."""
        emitted, exact = outputs[name]
        off = errors(emitted, exact, self.dtype)
        severity = np.zeros(len(off), dtype=np.int8)
        severity[np.isnan(off)] = _SEVERITY.index(Finding.UNDETERMINED)
        if points.skip is not None:
            off[points.skip] = 0.0
            severity[points.skip] = 0
        size = np.where(np.isfinite(exact.head), np.abs(exact.head), 0.0)
        allowed = np.maximum(ULPS, rtol * size / ulp_of(size, self.dtype))
        ratio = off / allowed
        places = np.flatnonzero(off > allowed).tolist()
        if self.enough < inf:
            places.sort(key=lambda k: points.rank(k) + reading_length(points.describe(k)) / 1000)
        for k in places:
            if len(self.failures) >= self.enough:
                severity[k] = _SEVERITY.index(Finding.UNDETERMINED)
                continue
            ball, got = exact.balls[k], float(emitted[k])
            measured = Measured(Finding.WRONG, inf)
            if ball is not None and ball.is_finite():
                measured = points.find(name, k, got)
            severity[k], ratio[k] = _SEVERITY.index(measured.finding), measured.ratio
            if measured.finding is Finding.WRONG:
                self._fail(name, k, got, ball, measured.ratio, points, is_named=len(outputs) > 1)
        is_right = (severity == 0) & ~np.isnan(off) & (True if points.skip is None else ~points.skip)
        if is_right.any():
            k = int(np.argmax(np.where(is_right, ratio, -1.0)))
            at = points.describe(k) if self.kind != "step" else {**points.describe(k), "output": name}
            expected, got = float(exact.head[k]), float(emitted[k])
            self.note(Right(at=at, expected=expected, got=got, ratio=float(ratio[k]), ulps=float(off[k])))
        return severity

    def agree(self, error: float = 0.0, step: float | None = None) -> None:
        """Count a point at which an object is right, and by how much it is off all the same."""
        self.counts[Finding.RIGHT] += 1
        if not self.failures:
            self.worst = max(self.worst or 0.0, error)
        if step is not None:
            self.steps.setdefault(step, True)

    def disagree(self, failure: Failure, step: float | None = None) -> None:
        """Count a point at which an object is wrong."""
        self.counts[Finding.WRONG] += 1
        self.worst = max(self.worst or 0.0, failure.relative) if self.failures else failure.relative
        self.failures.append(failure)
        if step is not None:
            self.steps[step] = False

    def skip(self) -> None:
        """Count a point of which nothing can be said."""
        self.counts[Finding.UNDETERMINED] += 1

    def note(self, right: Right) -> None:
        """Keep the point that is nearest to being wrong."""
        if self.nearest is None or right.ratio > self.nearest.ratio:
            self.nearest = right

    def fail(self, failure: Failure) -> None:
        """Record a failure that is not one of the compared points: a raised error, a NaN lost, a wrong shape."""
        self.failures.append(failure)

    def explain(self, note: str) -> None:
        """Add what is known of the formula to the failures that have no note of their own."""
        self.failures = [failure if failure.note else replace(failure, note=note) for failure in self.failures]

    def _fail(
        self,
        name: str,
        k: int,
        got: float,
        ball: arb | None,
        ratio: float,
        points: Points,
        *,
        is_named: bool,
    ) -> None:
        expected = float(ball) if ball is not None else None
        at = dict(points.describe(k)) | ({"output": name} if is_named or self.kind == "step" else {})
        note = _moved_away(at, expected, got) if name == "w" else ""
        # A weight that is pushed away from the origin tells most, then the plainest numbers.
        own_rank = points.rank(k) - (0.5 if note else 0.0) - (0.25 if note and got < 0 else 0.0)
        own_rank += reading_length(at) / 1000
        self.failures.append(Failure(at=at, expected=expected, got=got, ratio=ratio, note=note, rank=own_rank))

    def check(self) -> Check:
        """Return what came out."""
        shown: Failure | Right | None = min(self.failures, key=self.order, default=None)
        shown = shown or self.nearest
        verdict = self._verdict()
        ulps, ratio, off = self._errors(shown)
        return Check(
            kind=self.kind,
            rule=self.rule,
            target=self.target,
            dtype=self.dtype,
            points=sum(self.counts.values()),
            compared=self.counts[Finding.RIGHT] + self.counts[Finding.WRONG],
            undetermined=self.counts[Finding.UNDETERMINED],
            vacuous=self.counts[Finding.VACUOUS],
            failures=len(self.failures),
            worst_ulp=ulps,
            worst_ratio=ratio,
            worst_relative=off,
            at=shown.at if shown else {},
            expected=shown.expected if shown else None,
            got=shown.got if shown else None,
            verdict=verdict,
            notes=self._notes(shown, verdict),
        )

    def _errors(self, shown: Failure | Right | None) -> tuple[float | None, float | None, float | None]:
        """Return the error that is shown: ulps, a multiple of what is allowed, relative; None if not measured."""
        if self.worst is not None or shown is None or (isinstance(shown, Right) and shown.ulps is None):
            return None, None, self.worst
        if shown.got is not None and isnan(shown.got) and not (shown.expected is not None and isnan(shown.expected)):
            return None, None, None  # there is no number to measure
        ulps = shown.ulps if isinstance(shown, Right) else None
        if isinstance(shown, Failure) and shown.ratio is not None and shown.expected is not None:
            got = inf if shown.got is None else shown.got
            ulps = abs(got - shown.expected) / float(ulp_of(np.array([shown.expected]), self.dtype)[0])
        off = inf if shown.ratio is None else relative(shown.got, shown.expected)
        return ulps, shown.ratio, off if isfinite(off) else None

    def _verdict(self) -> Verdict:
        if self.failures:
            return "inaccurate" if all(f.relative <= INACCURATE for f in self.failures) else "wrong"
        # Far out a formula may determine nothing; at values that people use something has to be.
        asked = self.everyday if any(self.everyday.values()) else self.counts
        return "pass" if asked[Finding.RIGHT] else "undetermined"

    def _notes(self, shown: Failure | Right | None, verdict: Verdict) -> tuple[str, ...]:
        """Return what there is to say of the point that is shown, or else of all failures."""
        if isinstance(shown, Failure):
            note = shown.note or ("" if self.kind == "step" else constant_factor(self.failures))
            return (note,) if note else ()
        if verdict == "undetermined":
            return (f"nothing could be judged{' at everyday values' if any(self.everyday.values()) else ''}",)
        return ()


def _moved_away(at: Mapping[str, Any], expected: float | None, got: float) -> str:
    """Say so if a weight without a loss gradient moved away from the origin although it should not."""
    weights, j = at.get("w"), at.get("j", 0)
    weight = weights[j] if isinstance(weights, list) else weights
    gradients = at.get("g")
    gradient = gradients[j] if isinstance(gradients, list) else gradients
    if expected is None or not weight or gradient != 0.0:
        return ""
    if abs(got) > abs(weight) >= abs(expected) and got * weight > 0:
        return f"the {'negative' if weight < 0 else 'positive'} weight moved away from the origin"
    return ""
