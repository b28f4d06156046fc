"""Hand somebody's object to the auditor, with the formula that it should be of or without one.

Takes an object and a request that was checked; hands on the auditor's report.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from symreg.application.requests import AuditRequest

if TYPE_CHECKING:
    from symreg.verification.audit import Report


def audit_object(
    subject: object,
    request: AuditRequest,
    *,
    label: str = "",
    sizes: Sequence[float] = (),
    timeout: float | None = None,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Return the report on an object; see `symreg.audit`.

    Args:
        subject: The object.
        request: What to compare.
        label: What the report calls it; its type's name unless given.
        sizes: Numbers that it was made with: weights of about these sizes are looked at as well.
        timeout: Seconds that it may take; None for no limit.
        progress: Told which check is next.

    Raises:
        SpecError: There is nothing to audit, or a parameter lacks its number.
        OutOfTime: It took longer than `timeout` seconds.
    """
    from symreg.verification.audit import audit, operator_of
    from symreg.verification.audit.sample_points import sizes_of

    objective = request.objective
    return audit(
        operator_of(subject, label),
        None if objective is None else objective.terms,
        objective="" if objective is None else objective.text,
        parameters=request.parameters,
        steps=request.steps,
        sizes=sizes_of(subject, (*request.parameters.values(), *sizes)),
        points=request.points,
        rtol=request.rtol,
        timeout=timeout,
        progress=progress,
    )
