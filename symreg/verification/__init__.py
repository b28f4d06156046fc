"""The judge: compares functions, whoever made them, with certified values of the formula as it was written.

What each name needs is imported when it is first used: its rooms `claims` and `oracle` do without the rest of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from symreg.verification.cases.calling import Subject
    from symreg.verification.cases.sampling.sizes import Sizes
    from symreg.verification.checks.against import against
    from symreg.verification.checks.convexity import Convexity
    from symreg.verification.checks.judge import verify
    from symreg.verification.checks.quick_look import quick_look
    from symreg.verification.data.against import against_data
    from symreg.verification.data.judge import judge_objective
    from symreg.verification.report.check import Check
    from symreg.verification.report.report import Report

__all__ = [
    "Check",
    "Convexity",
    "Report",
    "Sizes",
    "Subject",
    "against",
    "against_data",
    "judge_objective",
    "quick_look",
    "verify",
]

_PLACES = {
    "Check": "report.check",
    "Convexity": "checks.convexity",
    "Report": "report.report",
    "Sizes": "cases.sampling.sizes",
    "Subject": "cases.calling",
    "against": "checks.against",
    "against_data": "data.against",
    "judge_objective": "data.judge",
    "quick_look": "checks.quick_look",
    "verify": "checks.judge",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
