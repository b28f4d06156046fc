"""A check: one thing that a function or an object offers, compared at many points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from symreg.display import one_line
from symreg.verification.report.numbers import reading_length

INACCURATE = 1e-3
"""Greatest relative error of what is called inaccurate; a greater one is wrong."""

CONSTANT_FACTOR = "wherever it is wrong"
"""How a note begins that is about all failures, not about the point that is shown."""

Verdict = Literal["pass", "agrees", "inaccurate", "wrong", "undetermined"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was compared with what is right.

    Args:
        kind: Of a function `value`, `gradient`, `kinks` (the stated choice at them), `prox` or `step`, and what follows
            from proved convexity: `subgradient`, `prox_monotone`, `prox_lipschitz`. Of an object `value`, `gradient`,
            `prox`, `subdifferential`, `elementwise`, `monotone` or `nonexpansive`.
        rule: Of a step, else "".
        target: Label of what was judged.
        dtype: `float64` or `float32`.
        points: Outputs, or pairs of points, looked at: compared + vacuous + undetermined.
        compared: Outputs compared.
        undetermined: Outputs whose exact value, or its tolerance, is not known.
        vacuous: Outputs so sensitive to the inputs' rounding that nothing can be asked of them.
        failures: Times that it was found wrong.
        worst_ulp: The error at `at` in units in the last place of the exact value; None where none was measured, as of
            an inequality.
        worst_ratio: It as a multiple of what is allowed there (of a check that passes, at most that).
        worst_relative: It relative to the exact value; of an object the greatest error at any point, relative to the
            size of what is right or of the input.
        at: Where the error is the greatest multiple of what is allowed, or a failure shows most plainly: weights,
            parameters and the like by name.
        expected: What is right there, rounded; of an inequality the bound. None where no number is.
        got: What came out there.
        verdict: Of a function that is right `pass`, of an object `agrees`; `inaccurate` is wrong by at most a
            thousandth everywhere; `undetermined` says that nothing could be judged at values that people use.
        notes: Sentences on the failure, or what was raised, each without its full stop.
        region: Which weights it looked at, if not those that decide: `beyond 1e6`.
        is_counted: Does the report fail if the check does?
    """

    kind: str
    rule: str = ""
    target: str
    dtype: str
    points: int
    compared: int
    undetermined: int
    vacuous: int = 0
    failures: int = 0
    worst_ulp: float | None = None
    worst_ratio: float | None = None
    worst_relative: float | None = None
    at: Mapping[str, Any] = field(default_factory=dict)
    expected: float | None = None
    got: float | None = None
    verdict: Verdict
    notes: tuple[str, ...] = ()
    region: str = ""
    is_counted: bool = True

    def __repr__(self) -> str:
        subject = f"check of {self.name} in {self.target}, {self.dtype}"
        return one_line(subject, (self.verdict, f"{self.points:,} points", *self.notes))

    @property
    def name(self) -> str:
        """What is checked, as the emitted function is called."""
        return f"{self.rule}_step" if self.kind == "step" else self.kind

    @property
    def is_right(self) -> bool:
        """Was it judged, and nothing found wrong?"""
        return self.verdict in ("pass", "agrees")

    @property
    def unjudged(self) -> int:
        """How many points could not be decided."""
        return self.vacuous + self.undetermined

    @property
    def note(self) -> str:
        """The sentences on the failure as one text, "" if there is nothing to say."""
        return ". ".join(self.notes)

    @property
    def right(self) -> float | None:
        """What is right at the point shown: `expected` as the report on an object calls it."""
        return self.expected

    @property
    def worst(self) -> float | None:
        """The greatest error: `worst_relative` as the report on an object calls it."""
        return self.worst_relative


def plainer(check: Check, other: Check | None) -> Check:
    """Return a check that failed with the point of another one, if that failed as well and tells no less.

    Args:
        check: The check to show.
        other: The same check at points that read well; None if it was not made.
    """
    if other is None or check.is_right or other.is_right or other.got is None or other.expected is None:
        return check
    if check.note and not other.note and not check.note.startswith(CONSTANT_FACTOR):
        return check  # a note of this point
    if reading_length(other.at) >= reading_length(check.at):
        return check
    of_the_point = {name: getattr(other, name) for name in _OF_A_POINT}
    return replace(check, **of_the_point, notes=other.notes or check.notes)


_OF_A_POINT = ("worst_ulp", "worst_ratio", "worst_relative", "at", "expected", "got")
