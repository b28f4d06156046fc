"""A task for the worker whose verdict is false."""

from __future__ import annotations

from symreg.objectives.resolve import resolve
from symreg.verification.claims import Claimed, confront


def analyse_wrongly(tell: object) -> None:
    """Claim that a cube is convex."""
    confront(resolve("w**3").terms, [Claimed(claim="convex", verdict="proved")])


TASKS = {"analyse_wrongly": analyse_wrongly}
