"""Turn findings at points into a check: counts, the worst error, and for a failure the most instructive point."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isnan
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from symreg.verification.report import MOST_UNCOMPARED, Check, Verdict
from symreg.verification.sampling import Dtype
from symreg.verification.tolerance import ULPS, Finding, Reference, errors, ulp_of

_INACCURATE = 1e-3  # relative; a greater error is `wrong`
_SEVERITY = (Finding.RIGHT, Finding.VACUOUS, Finding.UNDETERMINED, Finding.WRONG)
_ALWAYS = 1e-6  # how constant a ratio got/expected has to be to be named


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One point at which a function is wrong.

    Args:
        at: The point, by name.
        expected: The exact value, rounded; None where no number is right.
        got: What was returned; None if nothing was.
        note: A sentence on what is wrong besides the number.
        rank: The lower, the more instructive.
    """

    at: Mapping[str, Any]
    expected: float | None = None
    got: float | None = None
    note: str = ""
    rank: float = 0.0

    @property
    def relative(self) -> float:
        """|got - expected| / |expected|, infinite where that is not a number."""
        if self.expected is None or self.got is None:
            return float("inf")
        off = abs(self.got - self.expected)
        return off / abs(self.expected) if self.expected and not isnan(off) else float("inf")


@dataclass(slots=True)
class Tally:
    """The counts of one check while it runs."""

    kind: str
    target: str
    dtype: Dtype
    rule: str = ""
    counts: dict[Finding, int] = field(default_factory=lambda: dict.fromkeys(Finding, 0))
    worst_ulp: float = 0.0
    worst_at: Mapping[str, Any] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)

    def add(
        self,
        outputs: Mapping[str, tuple[NDArray[Any], Reference]],
        describe: Callable[[int], Mapping[str, Any]],
        find: Callable[[str, int, float], Finding],
        rank: Callable[[int], float],
        rtol: float = 0.0,
        skip: NDArray[np.bool_] | None = None,
    ) -> None:
        """Compare outputs at many points; a point is as bad as the worst of its outputs.

        Args:
            outputs: Emitted numbers and references by the output's name.
            describe: The point's place.
            find: Compares one number with everything that is allowed.
            rank: How instructive the point would be as a counterexample; lower is more.
            skip: Points that are not this check's.
        """
        severity: NDArray[np.int8] | None = None
        for name, (emitted, exact) in outputs.items():
            off = errors(emitted, exact, self.dtype)
            own = np.zeros(len(off), dtype=np.int8)
            own[np.isnan(off)] = _SEVERITY.index(Finding.UNDETERMINED)
            if skip is not None:
                off[skip] = 0.0
                own[skip] = 0
            size = np.where(np.isfinite(exact.head), np.abs(exact.head), 0.0)
            for k in np.flatnonzero(off > np.maximum(ULPS, rtol * size / ulp_of(size, self.dtype))):
                ball = exact.balls[k]
                got = float(emitted[k])
                found = find(name, int(k), got) if ball is not None and ball.is_finite() else Finding.WRONG
                own[k] = _SEVERITY.index(found)
                if found is Finding.WRONG:
                    self._fail(name, int(k), got, ball, describe, rank, len(outputs) > 1)
            right = np.where((own == 0) & ~np.isnan(off), off, 0.0)
            if len(right) and (most := float(np.max(right))) >= self.worst_ulp:
                self.worst_ulp, self.worst_at = most, describe(int(np.argmax(right)))
            severity = own if severity is None else np.maximum(severity, own)
        if severity is None:
            return
        kept = severity if skip is None else severity[~skip]
        for place, finding in enumerate(_SEVERITY):
            self.counts[finding] += int(np.count_nonzero(kept == place))

    def fail(self, failure: Failure) -> None:
        """Record a failure that is not one of the compared points: a raised error, a NaN lost, a wrong shape."""
        self.failures.append(failure)

    def _fail(
        self,
        name: str,
        k: int,
        got: float,
        ball: arb | None,
        describe: Callable[[int], Mapping[str, Any]],
        rank: Callable[[int], float],
        is_named: bool,
    ) -> None:
        expected = float(ball) if ball is not None else None
        at = dict(describe(k)) | ({"output": name} if is_named or self.kind == "step" else {})
        note = _moved_away(at, expected, got) if name == "w" else ""
        # A weight that is pushed away from the origin tells most, then the plainest numbers.
        own_rank = rank(k) - (0.5 if note else 0.0) - (0.25 if note and got < 0 else 0.0)
        self.failures.append(Failure(at=at, expected=expected, got=got, note=note, rank=own_rank))

    def check(self) -> Check:
        """Return what came out."""
        compared = self.counts[Finding.RIGHT] + self.counts[Finding.WRONG]
        points = sum(self.counts.values())
        shown = min(self.failures, key=lambda failure: failure.rank, default=None)
        worst = self.worst_ulp
        if shown is not None:
            worst = float("inf")
            if shown.expected is not None and shown.got is not None:
                worst = abs(shown.got - shown.expected) / float(ulp_of(np.array([shown.expected]), self.dtype)[0])
        return Check(
            kind=self.kind,
            rule=self.rule,
            target=self.target,
            dtype=self.dtype,
            points=points,
            compared=compared,
            undetermined=self.counts[Finding.UNDETERMINED],
            vacuous=self.counts[Finding.VACUOUS],
            worst_ulp=worst,
            at=shown.at if shown else self.worst_at,
            expected=shown.expected if shown else None,
            got=shown.got if shown else None,
            verdict=self._verdict(points, compared),
            note=self._note(shown, points, compared),
        )

    def _verdict(self, points: int, compared: int) -> Verdict:
        if self.failures:
            return "inaccurate" if all(f.relative <= _INACCURATE for f in self.failures) else "wrong"
        return "undetermined" if not compared or points - compared > MOST_UNCOMPARED * points else "pass"

    def _note(self, shown: Failure | None, points: int, compared: int) -> str:
        if shown is not None:
            return shown.note or self._constant_factor()
        if self._verdict(points, compared) == "undetermined":
            return f"only {compared:,} of {points:,} points could be compared"
        return ""

    def _constant_factor(self) -> str:
        """Name a factor by which every wrong number is off: another convention, more often than not."""
        ratios = [f.got / f.expected for f in self.failures if f.got is not None and f.expected]
        if len(ratios) < 3 or len(ratios) < len(self.failures) or self.kind == "step":
            return ""
        if not all(abs(r - ratios[0]) <= _ALWAYS * abs(ratios[0]) for r in ratios) or abs(ratios[0] - 1) < _INACCURATE:
            return ""
        return f"wherever it is wrong it is {ratios[0]:.4g} times what is right"


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
