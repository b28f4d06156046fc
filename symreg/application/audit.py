"""Before the audit: an object is found by its name, or taken as it is, and the formula gets its numbers.

Takes an object or a text that names one, and an objective; hands on the auditor's report. A name is looked up and its
arguments are literals: no text of a user's is ever run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from symreg.application.requests import finite
from symreg.errors import SpecError
from symreg.model.objective import Objective

if TYPE_CHECKING:
    from symreg.verification.audit import Report


def inspect_object(
    subject: object,
    objective: Objective | None = None,
    *,
    label: str = "",
    parameters: Mapping[str, float] | None = None,
    sizes: Sequence[float] = (),
    steps: Sequence[float] | None = None,
    points: int | None = None,
    rtol: float | None = None,
    timeout: float | None = None,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Return the report on an object; see `symreg.audit`.

    Raises:
        SpecError: There is nothing to audit, or something that is asked for makes no sense.
    """
    from symreg.verification.audit import audit, operator_of
    from symreg.verification.audit.audit import POINTS, RTOL
    from symreg.verification.audit.sample_points import sizes_of

    if objective is None and parameters:
        raise SpecError(f"{next(iter(parameters))} is a parameter of no objective; name one")
    if points is not None and (isinstance(points, bool) or not isinstance(points, int) or not 1 <= points <= 10**6):
        raise SpecError(f"points = {points!r:.40}: write an integer from 1 to 1000000")
    if rtol is not None and (isinstance(rtol, bool) or not isinstance(rtol, int | float) or not 0 <= rtol <= 1):
        raise SpecError(f"rtol = {rtol!r:.40}: write a number from 0 to 1")
    given = {name: finite(name, number) for name, number in (parameters or {}).items()}
    return audit(
        operator_of(subject, label),
        None if objective is None else objective.terms,
        objective="" if objective is None else objective.text,
        parameters=given,
        steps=None if steps is None else [finite("step", step) for step in steps],
        sizes=sizes_of(subject, (*given.values(), *sizes)),
        points=POINTS if points is None else points,
        rtol=RTOL if rtol is None else float(rtol),
        timeout=timeout,
        progress=progress,
    )
