"""What the judge reports to a command: on emitted code, on a user's function, on an object of another library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from symreg.application.choices import AUDIT_POINTS, AuditKind, JudgedKind
from symreg.application.requests import VerifyRequest, audit_request, distinct_rules, read_objective, verify_request
from symreg.application.tasks.objectives import derive_updates, prove_convexity
from symreg.application.tasks.printed import PrintedReport, notes_on
from symreg.application.worker import Phase, Progress, Tell
from symreg.objectives.structures import group_sizes, with_sizes
from symreg.targets.options import BOTH, Style

if TYPE_CHECKING:
    from symreg.application.verify import Watch
    from symreg.verification import Convexity, Report


def write_report(
    tell: Tell,
    *,
    objective: str,
    rules: Sequence[str],
    targets: Sequence[str],
    points: int,
    as_json: bool = False,
    against: str | None = None,
    kind: JudgedKind | None = None,
    settings: Mapping[str, float] | None = None,
    rtol: float | None = None,
    dtype: str | None = None,
    size_range: Sequence[float] | None = None,
    is_far_asked: bool = False,
    call: str | None = None,
    arrays: str | None = None,
    style: Style = "blocks",
    parameters: Sequence[str] = (),
    domain: str | None = None,
    groups: str | None = None,
) -> PrintedReport:
    """Return the judge's report on what is emitted for an objective, or on a function of the user's own.

    Args:
        tell: Called with each phase and its progress.
        objective: Text.
        rules: Names, paths or texts.
        targets: Names of targets.
        points: How many points each check compares.
        as_json: As data rather than as a table?
        against: `FILE.py:FUNCTION` or `package.module:FUNCTION` in place of what is emitted, or None.
        kind: What that function computes.
        settings: Values of parameters that are fixed.
        rtol: Relative error that is allowed besides the tolerance.
        dtype: Of the arrays, or `all`.
        size_range: The least and the greatest size of the weights that decide on that function.
        is_far_asked: Does it fail for what is wrong at other sizes as well?
        call: What it is called with, written out.
        arrays: What it takes.
        style: In which NumPy is written that is emitted.
        parameters: Declarations of parameters.
        domain: Where each weight lies.
        groups: Sizes of groups of weights, of a penalty over groups.
    """

    from symreg.model.clashes import notes_on_names

    def progress(done: int, total: int, check: str) -> None:
        tell(Phase(f"verify {check}", is_symbolic=False))
        tell(Progress(done, total))

    read = read_objective(objective, parameters=parameters, domain=domain)
    request = verify_request(
        read if groups is None else with_sizes(read, groups),
        distinct_rules(rules),
        kind=None if against is None else kind or "gradient",
        points=points,
        parameters=settings,
        rtol=rtol,
        dtype=dtype,
        size_range=size_range,
        is_far_asked=is_far_asked,
        call=call,
        arrays=arrays,
    )
    if against is None:
        report, left_out = _report_on_emitted(tell, request, targets, style, progress)
    else:
        report, left_out = _report_on_function(tell, request, against, progress), ()
    text = report.to_json() if as_json else str(report)
    told = [note for rule in request.rules for note in notes_on_names(rule)]
    notes = (*notes_on(request.objective), *told, *left_out)
    return PrintedReport(text=f"{text.rstrip()}\n", notes=notes, passed=report.passed)


def _report_on_emitted(
    tell: Tell, request: VerifyRequest, targets: Sequence[str], style: Style, progress: Watch
) -> tuple[Report, tuple[str, ...]]:
    """Return the report on what is emitted, and a note on each function that a style leaves out."""
    from symreg.application.verify import judge
    from symreg.targets.styles import in_style

    options = replace(BOTH, style=style)
    updates = derive_updates(tell, objective=request.objective, rules=request.rules)
    notes = [note for target in targets for note in in_style(request.objective, updates, target, options)[1]]
    tell(Phase("compile and load", is_symbolic=False))
    return judge(request, updates, targets, options=options, progress=progress), tuple(notes)


def _report_on_function(tell: Tell, request: VerifyRequest, place: str, progress: Watch) -> Report:
    from symreg.application.python_objects import function_in
    from symreg.application.verify import judge_function

    tell(Phase(f"load {place}", is_symbolic=False))
    function = function_in(place)

    def proofs() -> Sequence[Convexity]:
        proved = prove_convexity(tell, objective=request.objective)
        tell(Phase(f"verify {place}", is_symbolic=False))
        return proved

    tell(Phase(f"verify {place}", is_symbolic=False))
    return judge_function(request, function, label=Path(place).name, proofs=proofs, progress=progress)


def audit_place(
    tell: Tell,
    *,
    place: str,
    arguments: Sequence[str] = (),
    kind: AuditKind | None = None,
    objective: str | None = None,
    domain: str | None = None,
    settings: Mapping[str, float | Sequence[float]] | None = None,
    steps: Sequence[float] = (),
    points: int = AUDIT_POINTS,
    rtol: float | None = None,
    parameters: Sequence[str] = (),
    groups: str | None = None,
    is_limited: bool = False,
) -> Report:
    """Return the auditor's report on the object or function that `place` names, by an objective or by itself.

    Args:
        tell: Called with each phase.
        place: `FILE.py:NAME` or `package.module:NAME`, with its own arguments in parentheses, if it has some.
        arguments: `NAME=VALUE` rows; a number is also the objective's parameter of that name, if it has one, and an
            array its elements for the weights.
        kind: What a function computes; None to go by its name.
        objective: Text, or None.
        domain: Where each weight lies.
        settings: Numbers of the objective's parameters.
        steps: Of the proximal operator; none for the auditor's own choice.
        points: Points per check, about.
        rtol: Relative error that is allowed besides rounding.
        parameters: Declarations of the objective's parameters.
        groups: Sizes of the groups of weights that the object acts on, if it does.
        is_limited: Is all of it to end within the time limit? Without one, it takes as long as it takes.
    """
    from symreg.application.audit import acts_on_vectors, audit_in_groups, audit_object, operator_at
    from symreg.application.python_objects import literals, place_and_arguments

    tell(Phase(f"audit {place}", is_symbolic=is_limited))
    place, own_arguments = place_and_arguments(place)
    arguments = (*own_arguments, *arguments)
    values = literals(arguments)
    numbers = {k: float(v) for k, v in values.items() if isinstance(v, int | float) and not isinstance(v, bool)}
    resolved = None if objective is None else read_objective(objective, parameters=parameters, domain=domain)
    known = [] if resolved is None else [p.name for p in resolved.terms.parameters]
    of_each = () if resolved is None else resolved.terms.per_weight
    elements = {k: x.tolist() for k, x in values.items() if k in of_each and isinstance(x, np.ndarray)}
    request = audit_request(
        resolved,
        parameters={k: v for k, v in numbers.items() if k in known} | elements | dict(settings or {}),
        steps=steps or None,
        points=points,
        rtol=rtol,
    )
    label = f"{place}({', '.join(' '.join(row.split()) for row in arguments)})" if arguments else place

    def progress(check: str) -> None:
        tell(Phase(f"audit {check}", is_symbolic=is_limited))

    if acts_on_vectors(resolved, groups):
        operator = operator_at(place, values, kind, label, () if groups is None else group_sizes(groups))
        return audit_in_groups(operator, request, groups, progress=progress)
    return audit_object(
        operator_at(place, values, kind, label, count=request.weights),
        request,
        sizes=tuple(numbers.values()),
        progress=progress,
    )
