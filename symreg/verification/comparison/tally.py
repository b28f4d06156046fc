"""Turn findings at points into a check: counts, the worst error, and for a failure the most instructive point."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import inf, isfinite
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from symreg.verification.comparison.report import CONSTANT_FACTOR, Check, Verdict, digits
from symreg.verification.comparison.tolerance import ULPS, Finding, Measured, Reference, errors, ulp_of
from symreg.verification.oracle.formats import Dtype

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
        ratio: The error as a multiple of what is allowed; None where there is no such measure.
        note: A sentence on what is wrong besides the number.
        rank: The lower, the more instructive.
    """

    at: Mapping[str, Any]
    expected: float | None = None
    got: float | None = None
    ratio: float | None = None
    note: str = ""
    rank: float = 0.0

    @property
    def relative(self) -> float:
        """|got - expected| / |expected|, infinite where that is not a number."""
        found = relative(self.expected, self.got)
        return inf if found is None else found


def relative(expected: float | None, got: float | None) -> float | None:
    """Return |got - expected| / |expected|; None where that is not a number."""
    if expected is None or got is None:
        return None
    if expected == got:
        return 0.0
    off = abs(got - expected) / abs(expected) if expected else inf
    return off if isfinite(off) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """The point of a check at which what is right is nearest to being wrong.

    Args:
        at: The point, by name.
        expected: The exact value, rounded.
        got: What was returned.
        ratio: The error as a multiple of what is allowed; of an inequality the lack, which is no error.
        ulps: The error in units in the last place; None of an inequality.
    """

    at: Mapping[str, Any]
    expected: float
    got: float
    ratio: float
    ulps: float | None = None


@dataclass(slots=True)
class Tally:
    """The counts of one check while it runs.

    Args:
        enough: Failures after which no more points are decided; the plainest are decided first.
        counts: Of all points.
        everyday: Of those that a person would try.
        nearest: The right point that is nearest to being wrong.
    """

    kind: str
    target: str
    dtype: Dtype
    rule: str = ""
    enough: float = inf
    counts: dict[Finding, int] = field(default_factory=lambda: dict.fromkeys(Finding, 0))
    everyday: dict[Finding, int] = field(default_factory=lambda: dict.fromkeys(Finding, 0))
    nearest: Right | None = None
    failures: list[Failure] = field(default_factory=list)

    def add(
        self,
        outputs: Mapping[str, tuple[NDArray[Any], Reference]],
        describe: Callable[[int], Mapping[str, Any]],
        find: Callable[[str, int, float], Measured],
        rank: Callable[[int], float],
        is_everyday: NDArray[np.bool_],
        rtol: float = 0.0,
        skip: NDArray[np.bool_] | None = None,
    ) -> None:
        """Compare outputs at many points; a point is as bad as the worst of its outputs.

        Args:
            outputs: Emitted numbers and references by the output's name.
            describe: The point's place.
            find: Compares one number with everything that is allowed.
            rank: How instructive the point would be as a counterexample; lower is more.
            is_everyday: Which points a person would try.
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
            allowed = np.maximum(ULPS, rtol * size / ulp_of(size, self.dtype))
            ratio = off / allowed
            places = np.flatnonzero(off > allowed).tolist()
            if self.enough < inf:
                places.sort(key=lambda k: rank(k) + digits(describe(k)) / 1000)
            for k in places:
                if len(self.failures) >= self.enough:
                    own[k] = _SEVERITY.index(Finding.UNDETERMINED)
                    continue
                ball = exact.balls[k]
                got = float(emitted[k])
                found = Measured(Finding.WRONG, inf)
                if ball is not None and ball.is_finite():
                    found = find(name, k, got)
                own[k], ratio[k] = _SEVERITY.index(found.finding), found.ratio
                if found.finding is Finding.WRONG:
                    self._fail(name, k, got, ball, found.ratio, describe, rank, len(outputs) > 1)
            is_right = (own == 0) & ~np.isnan(off) & (True if skip is None else ~skip)
            if is_right.any():
                k = int(np.argmax(np.where(is_right, ratio, -1.0)))
                at = describe(k) if self.kind != "step" else {**describe(k), "output": name}
                self.note(
                    Right(
                        at=at, expected=float(exact.head[k]), got=float(emitted[k]), ratio=float(ratio[k]),
                        ulps=float(off[k]),
                    )
                )  # fmt: skip
            severity = own if severity is None else np.maximum(severity, own)
        if severity is None:
            return
        kept = np.ones(len(severity), dtype=bool) if skip is None else ~skip
        for place, finding in enumerate(_SEVERITY):
            self.counts[finding] += int(np.count_nonzero(kept & (severity == place)))
            self.everyday[finding] += int(np.count_nonzero(kept & is_everyday & (severity == place)))

    def note(self, one: Right) -> None:
        """Keep the point that is nearest to being wrong."""
        if self.nearest is None or one.ratio > self.nearest.ratio:
            self.nearest = one

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
        describe: Callable[[int], Mapping[str, Any]],
        rank: Callable[[int], float],
        is_named: bool,
    ) -> None:
        expected = float(ball) if ball is not None else None
        at = dict(describe(k)) | ({"output": name} if is_named or self.kind == "step" else {})
        note = _moved_away(at, expected, got) if name == "w" else ""
        # A weight that is pushed away from the origin tells most, then the plainest numbers.
        own_rank = rank(k) - (0.5 if note else 0.0) - (0.25 if note and got < 0 else 0.0)
        own_rank += digits(at) / 1000
        self.failures.append(Failure(at=at, expected=expected, got=got, ratio=ratio, note=note, rank=own_rank))

    def check(self) -> Check:
        """Return what came out."""
        shown: Failure | Right | None = min(self.failures, key=lambda failure: failure.rank, default=None)
        shown = shown or self.nearest
        verdict = self._verdict()
        return Check(
            kind=self.kind,
            rule=self.rule,
            target=self.target,
            dtype=self.dtype,
            points=sum(self.counts.values()),
            compared=self.counts[Finding.RIGHT] + self.counts[Finding.WRONG],
            undetermined=self.counts[Finding.UNDETERMINED],
            vacuous=self.counts[Finding.VACUOUS],
            **self._worst(shown),
            at=shown.at if shown else {},
            expected=shown.expected if shown else None,
            got=shown.got if shown else None,
            verdict=verdict,
            note=self._note(shown, verdict),
        )

    def _worst(self, shown: Failure | Right | None) -> dict[str, float | None]:
        """Return the three measures of the error that is shown; None where it was not measured."""
        if shown is None or (isinstance(shown, Right) and shown.ulps is None):
            return {"worst_ulp": None, "worst_ratio": None, "worst_relative": None}
        ulps = shown.ulps if isinstance(shown, Right) else None
        if isinstance(shown, Failure) and shown.ratio is not None and shown.expected is not None:
            got = inf if shown.got is None else shown.got
            ulps = abs(got - shown.expected) / float(ulp_of(np.array([shown.expected]), self.dtype)[0])
        off = None if shown.ratio is None else relative(shown.expected, shown.got)
        return {"worst_ulp": ulps, "worst_ratio": shown.ratio, "worst_relative": off}

    def _verdict(self) -> Verdict:
        if self.failures:
            return "inaccurate" if all(f.relative <= _INACCURATE for f in self.failures) else "wrong"
        # Far out a formula may determine nothing; at values that people use something has to be.
        asked = self.everyday if any(self.everyday.values()) else self.counts
        return "pass" if asked[Finding.RIGHT] else "undetermined"

    def _note(self, shown: Failure | Right | None, verdict: Verdict) -> str:
        if isinstance(shown, Failure):
            return shown.note or self._constant_factor()
        if verdict == "undetermined":
            return "nothing could be judged" + (" at everyday values" if any(self.everyday.values()) else "")
        return ""

    def _constant_factor(self) -> str:
        """Name a factor by which every wrong number is off: another convention, more often than not."""
        ratios = [f.got / f.expected for f in self.failures if f.got is not None and f.expected]
        if len(ratios) < 3 or len(ratios) < len(self.failures) or self.kind == "step":
            return ""
        if not all(abs(r - ratios[0]) <= _ALWAYS * abs(ratios[0]) for r in ratios) or abs(ratios[0] - 1) < _INACCURATE:
            return ""
        return f"{CONSTANT_FACTOR} it is {ratios[0]:.4g} times what is right"


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
