"""Hand somebody's object or function to the auditor, with the formula that it should be of or without one.

Takes an object, or the place of one, and a request that was checked; hands on the auditor's report.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from symreg.application.choices import AuditKind
from symreg.application.python_objects import is_made_by_a_call, made_by, named_in
from symreg.application.requests import AuditRequest
from symreg.errors import SpecError
from symreg.model.names import did_you_mean, printable
from symreg.objectives.structures import group_sizes, with_sizes

if TYPE_CHECKING:
    from symreg.model.objective import Objective
    from symreg.verification.audit import Operator, Report, Role


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
        subject: The object, or what was read of it.
        request: What to compare.
        label: What the report calls it; its type's name unless given.
        sizes: Numbers that it was made with: weights of about these sizes are looked at as well.
        timeout: Seconds that it may take; None for no limit.
        progress: Told which check is next.

    Raises:
        SpecError: There is nothing to audit, it acts on whole arrays, or a parameter lacks its number.
        OutOfTime: It took longer than `timeout` seconds.
    """
    from symreg.verification.audit import Operator, audit, audit_weights, operator_of
    from symreg.verification.audit.sample_points import sizes_of

    objective = request.objective
    operator = subject if isinstance(subject, Operator) else operator_of(subject, label, count=request.weights)
    if objective is not None and objective.terms.per_weight:
        given = [x for p in request.parameters.values() for x in (p if isinstance(p, tuple) else (p,))]
        return audit_weights(
            operator,
            objective.terms,
            request.parameters,
            objective=objective.text,
            steps=request.steps,
            sizes=sizes_of(operator.held, (*given, *sizes)),
            points=request.points,
            rtol=request.rtol,
            timeout=timeout,
            progress=progress,
        )
    return audit(
        operator,
        None if objective is None else objective.terms,
        objective="" if objective is None else objective.text,
        parameters=request.numbers,
        steps=request.steps,
        sizes=sizes_of(operator.held, (*request.numbers.values(), *sizes)),
        points=request.points,
        rtol=request.rtol,
        timeout=timeout,
        progress=progress,
    )


def acts_on_vectors(objective: Objective | None, groups: str | None) -> bool:
    """Is an object judged by functions of vectors: by an objective over groups or differences, or in given groups?"""
    return groups is not None or (objective is not None and any(term.lift for term in objective.terms.terms))


def audit_in_groups(
    operator: Operator,
    request: AuditRequest,
    groups: str | None,
    *,
    timeout: float | None = None,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Return the report on an object that acts on vectors, in groups of weights or by their differences.

    Args:
        operator: What was read of it.
        request: What to compare.
        groups: Sizes of the groups, and their weights in the objective: `3,3,2` or `3:1,3:1,2:0.5`; of an objective
            over differences how many weights there are, None for any number.
        timeout: Seconds that it may take; None for no limit.
        progress: Told which check is next.

    Raises:
        SpecError: There is nothing to audit, or a parameter lacks its number.
        OutOfTime: It took longer than `timeout` seconds.
    """
    from symreg.verification import against
    from symreg.verification.audit import Check, audit_groups
    from symreg.verification.audit.audit import numbers_of

    objective = request.objective
    if objective is not None and objective.terms.groups is not None and groups is None:
        raise SpecError(f"{objective.name} is over groups of weights: give their sizes, as in groups 3,3,2")
    if objective is not None and groups is not None:
        objective = with_sizes(objective, groups)
    numbers, notes = ({}, ()) if objective is None else numbers_of(objective.terms, request.numbers)

    def judge(name: str, function: Callable[..., Any]) -> Check:
        assert objective is not None
        arguments = "v, step" if name == "prox" else "w"
        report = against(
            objective.terms,
            None,
            function,
            "prox" if name == "prox" else "gradient" if name == "gradient" else "value",
            rtol=request.rtol,
            points=request.points,
            params=numbers,
            arguments=arguments,
            arrays="numpy",
        )
        check = report.checks[0]
        of_point = {key: x for key, x in check.at.items() if key in ("w", "v", "step", "j")}  # all else is the object's
        return replace(check, at=of_point, verdict="agrees" if check.is_right else check.verdict)

    return audit_groups(
        operator,
        () if groups is None else group_sizes(groups),
        None if objective is None else judge,
        None if objective is None else objective.terms,
        objective="" if objective is None else objective.text,
        parameters=numbers,
        steps=request.steps,
        points=request.points,
        rtol=request.rtol,
        notes=notes,
        timeout=timeout,
        progress=progress,
    )


def operator_at(
    place: str,
    arguments: Mapping[str, object],
    kind: AuditKind | None,
    label: str,
    sizes: Sequence[int] = (),
    count: int = 1,
) -> Operator:
    """Return what the auditor is handed of the object or function that a place names.

    Args:
        place: `FILE.py:NAME` or `package.module:NAME`.
        arguments: That an object is made with, or a function is called with, by name.
        kind: What a function computes; `object` for one that makes an object, None to go by its name.
        label: What the report calls it.
        sizes: Of the groups of weights that it acts on, if it does.
        count: Of the weights that it takes at a time; 1 for any number of them.

    Raises:
        SpecError, UnknownName: There is none, it raises, or nothing tells what it computes.
    """
    name, named = named_in(place)
    is_object = kind == "object" or inspect.isclass(named) or not _is_function(named)
    if kind in (None, "object") and is_object:
        return _operator_of_object(name, named, arguments, label, sizes, count)
    if inspect.isclass(named) or not callable(named):
        what = "class" if inspect.isclass(named) else "number or the like"
        raise SpecError(f"{name[:40]} is a {what}, no function to take as a {kind}; leave out --as")
    kind = kind or _kind_of(name, named, arguments)
    if kind == "object":
        return _operator_of_object(name, named, arguments, label, sizes, count)
    return function_operator(named, kind, arguments, label, name=name, count=count)


def operator_for(
    subject: object,
    kind: AuditKind | None = None,
    arguments: Mapping[str, object] | None = None,
    sizes: Sequence[int] = (),
    count: int = 1,
) -> Operator:
    """Return what the auditor is handed of an object, or of a function.

    Args:
        subject: It.
        kind: What a function computes; None to go by its name.
        arguments: That a function is called with besides its point and a step, by name.
        sizes: Of the groups of weights that it acts on, if it does.
        count: Of the weights that it takes at a time; 1 for any number of them.

    Raises:
        SpecError: It is a text, or an object that is given arguments, or nothing tells what a function computes.
    """
    from symreg.verification.audit import operator_of

    if kind == "object" or not (callable(subject) and _is_function(subject)) or inspect.isclass(subject):
        if arguments or kind not in (None, "object"):
            raise SpecError(f"a {type(subject).__name__} is no function; leave out as_ and arguments")
        return operator_of(subject, sizes=sizes, count=count)
    name = getattr(subject, "__name__", type(subject).__name__)
    kind = kind or _kind_of(name, subject, {})
    if kind == "object":
        raise SpecError(f"{name[:40]} makes an object; hand over the object itself")
    return function_operator(subject, kind, arguments or {}, "", name=name, count=count)


def function_operator(
    function: Callable[..., Any], kind: Role, arguments: Mapping[str, object], label: str, *, name: str, count: int = 1
) -> Operator:
    """Return what the auditor is handed of a function.

    Raises:
        SpecError: It does not take one of the arguments, or needs another one.
    """
    from symreg.verification.audit import operator_of_function

    _check_arguments(name, function, arguments)
    return operator_of_function(function, kind, arguments, label, count)


def _operator_of_object(
    name: str, named: Any, arguments: Mapping[str, object], label: str, sizes: Sequence[int], count: int
) -> Operator:
    from symreg.verification.audit import operator_of

    return operator_of(_object(name, named, arguments), label, sizes, count)


def _object(name: str, named: Any, arguments: Mapping[str, object]) -> object:
    if is_made_by_a_call(named):
        return made_by(named, name, arguments)
    if arguments:
        raise SpecError(f"{name[:40]} is an object already; --with {next(iter(arguments))[:40]} is for one to be made")
    return named


def _is_function(named: Any) -> bool:
    """Is it something to be called, that offers nothing by a name of its own?"""
    from symreg.verification.audit.conventions import NAMES, member

    own = [member(named, role) for role in NAMES]
    return callable(named) and all(found is None or found[0] == "__call__" for found in own)


def _kind_of(name: str, function: Callable[..., Any], arguments: Mapping[str, object]) -> AuditKind:
    """Return what a function computes, by its name, or that it makes an object, by its arguments.

    Raises:
        SpecError: Neither tells.
    """
    from symreg.verification.audit.conventions import parameters_of, role_named, shown

    role = role_named(name)
    if role in ("value", "gradient", "prox"):
        return role
    needed = [p for p in parameters_of(function) or () if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    if all(p.name in arguments for p in needed) and inspect.isroutine(function):
        return "object"
    raise SpecError(
        f"{printable(shown(name, function), 80)}: its name does not say what it computes; say --as value, gradient or "
        "prox (as_= in Python), or --as object if it makes one"
    )


def _check_arguments(name: str, function: Callable[..., Any], arguments: Mapping[str, object]) -> None:
    """Refuse arguments that a function does not take.

    Raises:
        SpecError: Names the first.
    """
    from symreg.verification.audit.conventions import parameters_of, shown

    own = parameters_of(function)
    if own is None or any(p.kind is p.VAR_KEYWORD for p in own):
        return
    known = [p.name for p in own[1:] if p.kind not in (p.POSITIONAL_ONLY, p.VAR_POSITIONAL)]
    for argument in arguments:
        if argument not in known:
            near = did_you_mean(argument[:40], known)
            raise SpecError(
                f"{printable(shown(name, function), 80)} takes no '{argument[:40]}' besides its point{near}"
            )
