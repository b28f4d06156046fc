"""Turn what was found at single points into a check: counts, the worst error, and the plainest failure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite, isnan
from typing import Any

from symreg.verification.audit.report import INACCURATE, Check, Verdict, short

_PLAIN = 0.01  # an error that shows in the digits that a person would print


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One point at which an object is wrong.

    Args:
        at: The point, by name.
        got: What came out, None if nothing did.
        right: What is right, None where no number is.
        error: Relative to the size of what is right, or of the input.
        notes: Sentences on what is wrong.
    """

    at: Mapping[str, Any]
    got: float | None
    right: float | None
    error: float
    notes: tuple[str, ...] = ()

    @property
    def rank(self) -> tuple[bool, bool, bool, int, float]:
        """How instructive it is as a counterexample; the least is the most."""
        is_number = self.got is not None and isfinite(self.got)
        digits = sum(len(short(x)) for x in self.at.values())
        return self.error <= INACCURATE, not is_number, self.error < _PLAIN, digits, -self.error


@dataclass(slots=True)
class Tally:
    """The counts of one check while it runs."""

    kind: str
    points: int = 0
    undetermined: int = 0
    worst: float = 0.0
    failures: list[Failure] = field(default_factory=list)
    steps: dict[float, bool] = field(default_factory=dict)  # is it right wherever it was compared?

    def agree(self, error: float = 0.0, step: float | None = None) -> None:
        """Record a point at which it is right, and by how much it is off all the same."""
        self.points += 1
        if not self.failures:
            self.worst = max(self.worst, error)
        if step is not None:
            self.steps.setdefault(step, True)

    def skip(self) -> None:
        """Record a point at which nothing could be said."""
        self.points += 1
        self.undetermined += 1

    def fail(self, failure: Failure, step: float | None = None) -> None:
        """Record a point at which it is wrong."""
        self.points += 1
        self.worst = max(self.worst, failure.error) if self.failures else failure.error
        self.failures.append(failure)
        if step is not None:
            self.steps[step] = False

    def check(self) -> Check:
        """Return what came out."""
        shown = min(self.failures, key=lambda failure: failure.rank, default=None)
        return Check(
            kind=self.kind,
            points=self.points,
            undetermined=self.undetermined,
            failures=len(self.failures),
            worst=self.worst,
            at=shown.at if shown else {},
            got=shown.got if shown else None,
            right=shown.right if shown else None,
            verdict=self._verdict(),
            notes=(*shown.notes, *self._by_step(), *self._constant()) if shown else (),
        )

    def _verdict(self) -> Verdict:
        if self.failures:
            return "inaccurate" if all(f.error <= INACCURATE for f in self.failures) else "wrong"
        return "agrees" if self.points > self.undetermined else "undetermined"

    def _by_step(self) -> tuple[str, ...]:
        """Say at which steps it is wrong, if it is right at others: many a formula holds for small steps."""
        good = [step for step, is_right in self.steps.items() if is_right]
        bad = [step for step, is_right in self.steps.items() if not is_right]
        if not good or not bad:
            return ()
        return (f"failures at step = {', '.join(map(short, bad))}; none at step = {', '.join(map(short, good))}",)

    def _constant(self) -> tuple[str, ...]:
        """Name a factor or an addend by which every wrong number is off: another convention, more often than not."""
        pairs = [(f.got, f.right) for f in self.failures if f.got is not None and f.right is not None]
        finite = [(got, right) for got, right in pairs if isfinite(got) and isfinite(right)]
        if self.kind not in ("value", "gradient") or len(finite) < 3 or len(finite) < len(self.failures):
            return ()
        ratios = [got / right for got, right in finite if right]
        if len(ratios) == len(finite) and _is_constant(ratios) and abs(ratios[0] - 1) > INACCURATE:
            return (f"wherever it is wrong it is {ratios[0]:.4g} times what is right",)
        differences = [got - right for got, right in finite]
        if _is_constant(differences):
            return (f"wherever it is wrong it is {differences[0]:+.6g} off",)
        return ()


def relative(got: float, right: float, size: float = 0.0) -> float:
    """Return |got - right| in parts of the greater of |right| and the size; infinite if either is no finite number."""
    if isnan(got) or isnan(right) or not (isfinite(got) and isfinite(right)):
        return 0.0 if got == right else float("inf")
    largest = max(abs(right), abs(size))
    off = abs(got - right)
    return off / largest if largest else (0.0 if off == 0 else float("inf"))


def _is_constant(numbers: list[float]) -> bool:
    return all(abs(x - numbers[0]) <= 1e-6 * abs(numbers[0]) for x in numbers)
