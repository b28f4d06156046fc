"""Hand functions to the judge: those that symreg emits, loaded, or one of a user's own.

Takes a request that was checked, and what is to be judged; hands on the judge's report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from symreg.application.choices import DTYPES
from symreg.application.requests import VerifyRequest
from symreg.errors import SpecError
from symreg.model.clashes import told_apart
from symreg.model.names import mentioned
from symreg.model.objective import Objective
from symreg.model.spec import Rule
from symreg.targets.emit import TARGETS
from symreg.targets.options import BOTH, Options

if TYPE_CHECKING:
    from symreg.updates.update import Update
    from symreg.verification import Convexity, Report, Subject

Watch = Callable[[int, int, str], None]
"""Called with how many checks are done, how many there are, and the name of the next."""


def judge(
    request: VerifyRequest,
    updates: tuple[Update, ...],
    targets: Iterable[str],
    *,
    options: Options = BOTH,
    progress: Watch | None = None,
) -> Report:
    """Return the report on the emitted functions of an objective, for each target and in both precisions.

    Args:
        request: What to compare.
        updates: The functions emitted.
        targets: Names of targets.
        options: In which style they are written.
        progress: Told which check is next.

    Raises:
        ToolMissing: The C target is among them and there is no compiler.
    """
    from symreg.verification import judge_objective, verify

    subjects = [s for s in _subjects(request.objective, updates, targets, options) if s.dtype in request.dtypes]
    if options.style == "plain":  # which leaves out what the others do with `out`, layouts and wrong arguments
        subjects = [replace(s, is_emitted=TARGETS[s.label].plain_writer is None) for s in subjects]
    if request.objective.data is not None:
        return judge_objective(
            request.objective.data,
            request.objective.terms,
            [told_apart(rule, request.objective.declarations) for rule in request.rules],
            subjects,
            points=request.points,
            params=request.parameters,
            rtol=request.rtol or 0.0,
            progress=progress,
        )
    return verify(
        request.objective.terms,
        request.rules,
        subjects,
        points=request.points,
        params=request.parameters,
        rtol=request.rtol or 0.0,
        progress=progress,
    )


def quick_look(
    objective: Objective,
    updates: tuple[Update, ...],
    rules: Sequence[Rule],
    targets: Iterable[str],
    options: Options,
    *,
    is_fast: bool = True,
) -> Report:
    """Return the report of a quick look at the emitted functions of an objective, everyday values first.

    Args:
        objective: What the updates are of.
        updates: The functions emitted.
        rules: Those whose steps are among them.
        targets: Names of targets.
        options: Which functions, and in which precision.
        is_fast: Are they to be used after the look? C is built in less time where not.

    Raises:
        ToolMissing: The C target is among them and there is no compiler.
    """
    from symreg import verification

    subjects = _subjects(objective, updates, targets, options, is_fast=is_fast)
    if objective.data is None:
        return verification.quick_look(objective.terms, rules, subjects)
    apart = [told_apart(rule, objective.declarations) for rule in rules]
    return verification.judge_objective(objective.data, objective.terms, apart, subjects, is_brief=True)


def judge_function(
    request: VerifyRequest,
    function: Callable[..., Any],
    *,
    label: str = "",
    proofs: Sequence[Convexity] | Callable[[], Sequence[Convexity]] = (),
    progress: Watch | None = None,
) -> Report:
    """Return the report on a function that claims to be the objective's value, gradient, prox or a rule's step.

    Args:
        request: What to compare, and the kind of function.
        function: Called as the emitted function of its kind would be, on copies.
        label: What the report calls it; the function's own name unless given.
        proofs: What is proved of the objective's convexity, or what proves it, once the call is known to fit.
        progress: Told which check is next.

    Raises:
        SpecError: It cannot be called, or not in that way.
        ToolMissing: It takes PyTorch's tensors, and there is no PyTorch.
    """
    from symreg.verification import Sizes, against, against_data

    assert request.kind is not None
    if not callable(function):
        raise SpecError(f"{mentioned(str(function), 'against:')} is not a function to judge")
    rule = request.rules[0] if request.kind == "step" else None
    data = request.objective.data
    if data is not None and request.kind != "prox":
        return against_data(
            data,
            request.objective.terms,
            rule,
            function,
            request.kind,
            rtol=request.rtol,
            points=request.points,
            params=request.parameters,
            dtypes=request.dtypes,
            is_far_asked=request.is_far_asked,
            arguments=request.call,
            arrays=request.arrays,
            label=label or _name_of(function),
            progress=progress,
        )
    least, greatest = request.size_range
    of_loss = set() if data is None else {p.name for p in data.parameters} - {*request.objective.terms.names}
    return against(
        request.objective.terms,
        rule,
        function,
        request.kind,
        rtol=request.rtol,
        points=request.points,
        params={name: x for name, x in request.parameters.items() if name not in of_loss},
        dtypes=request.dtypes,
        sizes=Sizes(least=least, greatest=greatest),
        is_far_asked=request.is_far_asked,
        arguments=request.call,
        arrays=request.arrays,
        label=label or _name_of(function),
        proofs=proofs,
        progress=progress,
    )


def _name_of(function: Callable[..., Any]) -> str:
    """Return what a report calls a function that came without a name: its own, or that of its class."""
    while isinstance(function, partial):
        function = function.func
    name = getattr(function, "__name__", type(function).__name__)
    return "function" if name == "<lambda>" else str(name)


def _subjects(
    objective: Objective,
    updates: tuple[Update, ...],
    targets: Iterable[str],
    options: Options,
    *,
    is_fast: bool = True,
) -> list[Subject]:
    """Return the emitted functions as the judge calls them, for each target and in each precision that it has."""
    from symreg.targets.loading.in_place import in_place
    from symreg.targets.loading.load import load
    from symreg.targets.signature import BY_POSITION
    from symreg.targets.styles import in_style
    from symreg.verification import Subject

    subjects = []
    for target in targets:
        written, _ = in_style(objective, updates, target, options)
        for dtype in options.precisions if TARGETS[target].has_dtypes else DTYPES:
            functions = dict(vars(load(objective, written, target, dtype, options, is_fast=is_fast)))
            if options.style == "plain" and TARGETS[target].plain_writer:
                functions |= {name: in_place(f) for name, f in functions.items() if name.endswith("_step")}
            subjects.append(Subject(label=target, dtype=dtype, functions=functions, by_position=BY_POSITION))
    return subjects
