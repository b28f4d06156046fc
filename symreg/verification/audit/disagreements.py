"""What is said of an object that is wrong: the point that shows it most plainly, and what all wrong points share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import inf, isfinite
from typing import Any, TypeVar

from symreg.verification.audit.object import Operator
from symreg.verification.cases.calling import CallFailed
from symreg.verification.comparison.failure import Failure, are_constant, constant_factor
from symreg.verification.comparison.tally import Tally
from symreg.verification.report.check import INACCURATE, Check
from symreg.verification.report.numbers import exact

_PLAIN = 0.01  # an error that shows in the digits that a person would print
Answer = TypeVar("Answer")
_SCALED = ("value", "gradient")  # checks of numbers that another convention multiplies by a constant, or adds one to


def tally_of(operator: Operator, kind: str) -> Tally:
    """Return an empty tally of one thing that an object offers; objects are called with double precision."""
    return Tally(kind, operator.label, "float64", order=plainness)


def answer_of(
    tally: Tally, at: Mapping[str, Any], expected: float | None, call: Callable[[], Answer], step: float | None = None
) -> Answer | None:
    """Return what an object's function answers; None if it failed, which is a point at which it is wrong.

    Args:
        tally: Of the check.
        at: The point, by name.
        expected: What is right there; None where no number is known.
        call: Asks the function.
        step: Of a prox.
    """
    try:
        return call()
    except CallFailed as failed:
        tally.disagree(Failure(at=at, expected=expected, error=inf, note=str(failed)), step)
        return None


def plainness(failure: Failure) -> tuple[bool, bool, bool, int, float]:
    """Return how hard a failure is to see through; the least makes the most instructive counterexample."""
    is_number = failure.got is not None and isfinite(failure.got)
    digits = sum(len(exact(x)) for x in failure.at.values())
    error = failure.relative
    return error <= INACCURATE, not is_number, error < _PLAIN, digits, -error


def check_of(tally: Tally) -> Check:
    """Return what came out of a tally, with what all wrong points share."""
    check = tally.check()
    if check.is_right:
        return replace(check, verdict="agrees")
    if not tally.failures:
        return replace(check, worst_relative=0.0, notes=())
    own = min(tally.failures, key=plainness).note
    notes = (own, _by_step(tally), _by_a_constant(tally) if tally.kind in _SCALED else "")
    return replace(check, notes=tuple(note for note in notes if note))


def _by_step(tally: Tally) -> str:
    """Say at which steps it is wrong, if it is right at others: many a formula holds for small steps."""
    good = [step for step, is_right in tally.steps.items() if is_right]
    bad = [step for step, is_right in tally.steps.items() if not is_right]
    if not good or not bad:
        return ""
    return f"failures at step = {', '.join(map(exact, bad))}; none at step = {', '.join(map(exact, good))}"


def _by_a_constant(tally: Tally) -> str:
    """Name a factor, or else an addend, by which every wrong number is off."""
    if factor := constant_factor(tally.failures):
        return factor
    pairs = [(f.got, f.expected) for f in tally.failures if f.got is not None and f.expected is not None]
    differences = [got - right for got, right in pairs if isfinite(got) and isfinite(right)]
    if len(differences) < 3 or len(differences) < len(tally.failures) or not are_constant(differences):
        return ""
    return f"wherever it is wrong it is {differences[0]:+.6g} off"
