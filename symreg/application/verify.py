"""Before the judge: emitted functions are loaded, or somebody's own is found in its file; fixed parameters are checked.

Takes an objective and what is to be judged, hands on the judge's report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

from symreg.application.python_objects import contained
from symreg.application.requests import DTYPES, RTOL, allowed, checked_parameters
from symreg.errors import SpecError, UnknownName
from symreg.model.names import mentioned
from symreg.model.objective import Objective
from symreg.model.spec import Rule

if TYPE_CHECKING:
    from symreg.updates.update import Update
    from symreg.verification import Convexity, Report, Subject

Kind = Literal["value", "gradient", "prox", "step"]
Watch = Callable[[int, int, str], None]


def judge(
    objective: Objective,
    updates: tuple[Update, ...],
    rules: Sequence[Rule],
    targets: Iterable[str],
    *,
    points: int,
    parameters: Mapping[str, float] | None = None,
    rtol: float | None = None,
    progress: Watch | None = None,
) -> Report:
    """Return the report on the emitted functions of an objective, for each target and in both precisions.

    Raises:
        ToolMissing: The C target is among them and there is no compiler.
        SpecError, UnknownName: A fixed parameter does not exist or lies outside its domain.
    """
    from symreg.verification import verify

    fixed = checked_parameters(objective, rules, parameters, has_step=True)
    return verify(
        objective.terms,
        rules,
        _subjects(objective, updates, targets),
        points=points,
        params=fixed,
        rtol=allowed(rtol, 0.0),
        progress=progress,
    )


def look(
    objective: Objective,
    updates: tuple[Update, ...],
    rules: Sequence[Rule],
    targets: Iterable[str],
) -> Report:
    """Return the report of a quick look at the emitted functions of an objective, everyday values first.

    Raises:
        ToolMissing: The C target is among them and there is no compiler.
    """
    from symreg.verification import quick_look

    return quick_look(objective.terms, rules, _subjects(objective, updates, targets))


def judge_function(
    objective: Objective,
    rules: Sequence[Rule],
    function: Callable[..., Any],
    *,
    kind: Kind,
    label: str = "",
    points: int,
    parameters: Mapping[str, float] | None = None,
    rtol: float | None = None,
    proofs: Sequence[Convexity] = (),
    progress: Watch | None = None,
) -> Report:
    """Return the report on a function that claims to be the objective's value, gradient, prox or a rule's step.

    Args:
        proofs: What is proved of the objective's convexity; what follows from it is checked as well.
    """
    from symreg.verification import against

    if kind not in get_args(Kind):
        raise UnknownName(f"a function is judged as 'value', 'gradient', 'prox' or 'step', not as {kind!r:.40}")
    if not callable(function):
        raise SpecError(f"{mentioned(str(function), 'against:')} is not a function to judge")
    if kind == "step" and len(rules) != 1:
        raise SpecError(f"a step is judged by one rule; {len(rules)} were given")
    return against(
        objective.terms,
        rules[0] if kind == "step" else None,
        contained(function),
        kind,
        rtol=allowed(rtol, RTOL),
        points=points,
        params=checked_parameters(objective, rules if kind == "step" else (), parameters, has_step=kind == "prox"),
        label=label or str(getattr(function, "__name__", "function")),
        proofs=proofs,
        progress=progress,
    )


def _subjects(objective: Objective, updates: tuple[Update, ...], targets: Iterable[str]) -> list[Subject]:
    """Return the emitted functions as the judge calls them, for each target and in both precisions."""
    from symreg.targets.loading.load import load
    from symreg.targets.signature import BY_POSITION
    from symreg.verification import Subject

    return [
        Subject(
            label=target,
            dtype=dtype,
            functions=vars(load(objective, updates, target, dtype)),
            by_position=BY_POSITION,
        )
        for target in targets
        for dtype in DTYPES
    ]
