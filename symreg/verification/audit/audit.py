"""Audit an object: every check that what it offers, and what is known of it, allows.

Takes an `Operator` and, if the formula is known, its terms with numbers for their parameters; hands on a `Report`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from symreg.errors import OutOfTime, SpecError
from symreg.model.names import did_you_mean
from symreg.model.ordering import require_order
from symreg.model.terms import Terms
from symreg.verification.audit import consistency, formula, proximal, sample_points, whole_arrays
from symreg.verification.audit.disagreements import check_of
from symreg.verification.audit.each_weight import EachWeight, Given, rows_of, tallies_of
from symreg.verification.audit.group_distance import check_distance
from symreg.verification.audit.grouped import check_prox_by_value, grouped
from symreg.verification.audit.object import Operator
from symreg.verification.audit.one_weight import value_table
from symreg.verification.comparison.tally import Tally
from symreg.verification.report.check import Check
from symreg.verification.report.numbers import exact
from symreg.verification.report.report import Report

RTOL = 1e-9  # somebody else's object may be right to fewer digits
POINTS = 700

Progress = Callable[[str], None]


def audit(
    operator: Operator,
    terms: Terms | None = None,
    *,
    objective: str = "",
    parameters: Mapping[str, float] | None = None,
    steps: Sequence[float] | None = None,
    sizes: Sequence[float] = (1.0,),
    points: int = POINTS,
    rtol: float = RTOL,
    timeout: float | None = None,
    progress: Progress | None = None,
) -> Report:
    """Return the report on an object.

    Args:
        operator: What it offers.
        terms: The formula that it should be of; None to judge it by itself.
        objective: The formula's text, for the report.
        parameters: A number for each of the formula's parameters.
        steps: Steps of the prox that are looked at, `sample_points.STEPS` unless given; 1 for a prox that takes none.
        sizes: Numbers that the object's formula may change at.
        points: Points per check, about.
        rtol: Relative error that is allowed besides rounding.
        timeout: Seconds that all of it may take; no limit unless given.
        progress: Called with each check's name before it is made.

    Raises:
        SpecError: The objective is no elementwise one, lacks a number, or the object acts on whole arrays.
        OutOfTime: It took longer than that.
    """
    tick = clock(operator.label, timeout)
    tell = progress or (lambda _: None)
    steps = steps_of(operator, steps)
    per_step = max(1, points // len(steps))
    notes = list(operator.notes)
    tell("elementwise")
    contradictions = whole_arrays.require_elementwise(operator, sizes, tick)
    structure = consistency.check_elementwise(operator, steps, contradictions, tick)
    given: dict[str, float] = {}
    if terms is None:
        _require_something_to_compare(operator)
        tallies = _by_itself(operator, sizes, steps, per_step, points, tick, tell)
    else:
        if terms.indexed:
            raise SpecError(
                "the objective is one of whole vectors; only elementwise objects are judged, those of groups "
                "whose sizes are given, and single functions of whole vectors by symreg verify --against"
            )
        given, defaults = numbers_of(terms, parameters or {})
        notes += defaults
        known = formula.Formula(terms=terms, parameters=given, sizes=[*sizes, *(abs(x) for x in given.values() if x)])
        tallies, left_out = _by_formula(operator, known, steps, per_step, points, rtol, tick, tell)
        notes += left_out
    checks = [check_of(tally) for tally in (*tallies, structure) if any(tally.counts.values())]
    return Report(label=operator.label, objective=objective, parameters=given, checks=tuple(checks), notes=tuple(notes))


def audit_weights(
    operator: Operator,
    terms: Terms,
    given: Given,
    *,
    objective: str = "",
    steps: Sequence[float] | None = None,
    sizes: Sequence[float] = (1.0,),
    points: int = POINTS,
    rtol: float = RTOL,
    timeout: float | None = None,
    progress: Progress | None = None,
) -> Report:
    """Return the report on an object whose weights have parameters of their own.

    Args:
        operator: What it offers.
        terms: The formula that it should be of.
        given: Of the formula's parameters, numbers or an element for each weight.
        objective: The formula's text, for the report.
        steps: Steps of the prox that are looked at.
        sizes: Numbers that the object's formula may change at.
        points: Points per check, about, those of all weights together.
        rtol: Relative error that is allowed besides rounding.
        timeout: Seconds that all of it may take; no limit unless given.
        progress: Called with each check's name before it is made.

    Raises:
        SpecError: The objective is no elementwise one, or lacks a number.
        OutOfTime: It took longer than that.
    """
    tick, chosen = clock(operator.label, timeout), steps_of(operator, steps)
    if terms.couple_weights:
        raise SpecError(f"{objective} couples weights that have elements of their own, which no audit judges")
    rows = [numbers_of(terms, row) for row in rows_of(terms, given)]
    formulas = [
        formula.Formula(terms=terms, parameters=row, sizes=[*sizes, *(abs(x) for x in row.values() if x)])
        for row, _ in rows
    ]
    subject, share = EachWeight(operator=operator, formulas=tuple(formulas)), max(12, points // len(rows))
    per_step, notes = max(1, share // len(chosen)), [*operator.notes, *rows[0][1]]

    def judge(weight: Operator, known: formula.Formula) -> list[Tally]:
        tallies, left_out = _by_formula(
            weight, known, chosen, per_step, share, rtol, tick, progress or (lambda _: None)
        )
        notes.extend(note for note in left_out if note not in notes)
        return tallies

    tallies = (*tallies_of(subject, judge), subject.check_sum(rtol, tick))
    checks = [check_of(tally) for tally in tallies if any(tally.counts.values())]
    columns = {name: [row[name] for row, _ in rows] for name in terms.per_weight}
    return Report(
        label=operator.label,
        objective=objective,
        parameters={**rows[0][0], **columns},
        checks=tuple(checks),
        notes=tuple(notes),
    )


def audit_groups(
    operator: Operator,
    sizes: Sequence[int],
    judge: Callable[[str, Callable[..., object]], Check] | None,
    terms: Terms | None = None,
    *,
    objective: str = "",
    parameters: Mapping[str, float] | None = None,
    steps: Sequence[float] | None = None,
    points: int = POINTS,
    rtol: float = RTOL,
    notes: Sequence[str] = (),
    timeout: float | None = None,
    progress: Progress | None = None,
) -> Report:
    """Return the report on an object that acts on groups of weights, or on a vector as a whole.

    Args:
        operator: What it offers.
        sizes: Of the groups; () for vectors of any length.
        judge: Compares a function of flat vectors with the formula, given what it computes; None to judge the object by
            itself: its prox is searched for points at which its own objective is lower.
        terms: The formula.
        objective: The formula's text, for the report.
        parameters: A number for each of the formula's parameters.
        steps: Steps of the prox that are looked at where there is no formula.
        points: Points per check, about.
        rtol: Relative error that is allowed besides rounding.
        notes: On the formula.
        timeout: Seconds that all of it may take; no limit unless given.
        progress: Called with each check's name before it is made.

    Raises:
        SpecError: It answers to no vector of so many weights, or has nothing to compare.
        OutOfTime: It took longer than that.
    """
    tick = clock(operator.label, timeout)
    subject = grouped(operator, sizes)
    said = subject.arrangement.words
    is_left_out = operator.distance is not None and (terms is None or terms.groups is None)
    left_out = ["its distance to the subdifferential is not judged"] if is_left_out else []
    checks: list[Check] = []
    if judge is None:
        if operator.value is None or operator.prox is None:
            raise SpecError(
                f"{operator.label} has no value and prox to compare; give the objective that it should be of"
            )
        chosen = steps_of(operator, steps)
        checks.append(check_of(check_prox_by_value(subject, chosen, max(1, points // (len(chosen) * 10)), tick)))
    else:
        for name, function in subject.offered.items():
            (progress or (lambda _: None))(name)
            tick()
            checks.append(judge(name, function))
        if operator.distance is not None and terms is not None and terms.groups is not None:
            checks.append(check_of(check_distance(subject, terms, parameters or {}, points, rtol, tick)))
    return Report(
        label=operator.label,
        objective=objective,
        parameters=dict(parameters or {}),
        checks=tuple(checks),
        notes=(*operator.notes, *([said] if said else []), *left_out, *notes),
    )


def _by_formula(
    operator: Operator,
    known: formula.Formula,
    steps: Sequence[float],
    per_step: int,
    points: int,
    rtol: float,
    tick: Callable[[], None],
    tell: Progress,
) -> tuple[list[Tally], tuple[str, ...]]:
    """Return what comes of comparing an object with the formula that it should be of, and notes on what is left out."""
    tallies: list[Tally] = []
    notes: tuple[str, ...] = ()
    if operator.value is not None:
        tell("value")
        tallies.append(formula.check_value(operator, known, points, rtol, tick))
    if operator.gradient is not None:
        tell("gradient")
        tallies.append(formula.check_gradient(operator, known, points, rtol, tick))
    if operator.prox is not None:
        tell("prox")
        tally, notes = proximal.check_prox(operator, known, steps, per_step, rtol, tick)
        tallies.append(tally)
    if operator.distance is not None:
        tell("subdifferential")
        tallies.append(formula.check_subdifferential(operator, known, points, rtol, tick))
    return tallies, notes


def _by_itself(
    operator: Operator,
    sizes: Sequence[float],
    steps: Sequence[float],
    per_step: int,
    points: int,
    tick: Callable[[], None],
    tell: Progress,
) -> list[Tally]:
    """Return what comes of comparing an object with its own value."""
    tallies: list[Tally] = []
    value = operator.value
    own = None if value is None else value_table(lambda w: value([w]), sizes)
    if value is not None and (broken := consistency.check_value(operator)).failures:
        tallies.append(broken)
    if operator.prox is not None:
        if own is not None:
            tell("prox")
            tallies.append(consistency.check_prox(operator, own, sizes, steps, per_step, tick))
        elif (broken := consistency.check_answers(operator, sizes, steps, per_step)).failures:
            tallies.append(broken)
        tell("monotone")
        tallies.append(consistency.check_monotone(operator, sizes, steps, per_step, tick))
        if own is not None and own.seems_convex():
            tallies.append(consistency.check_nonexpansive(operator, own, sizes, steps, per_step, tick))
    if own is not None:
        weights = sample_points.weights(sizes, points, (), lambda w: abs(w) <= 1e6)
        if operator.gradient is not None:
            tell("gradient")
            tallies.append(consistency.check_gradient(operator, own, weights, tick))
        if operator.distance is not None:
            tell("subdifferential")
            tallies.append(consistency.check_subdifferential(operator, own, weights[: max(1, points // 8)], tick))
    return tallies


def _require_something_to_compare(operator: Operator) -> None:
    """Refuse a value or a gradient alone where there is no formula to compare it with.

    Raises:
        SpecError: Says what is missing.
    """
    if operator.prox is None and len(operator.probes()) == 1:
        what = next(iter(operator.probes()))
        raise SpecError(f"{operator.label} is a {what} alone; give the objective that it should be of")


def steps_of(operator: Operator, steps: Sequence[float] | None) -> tuple[float, ...]:
    if operator.prox is not None and not operator.takes_step:
        if steps is not None and any(step != 1 for step in steps):
            raise SpecError(f"{operator.label}: its prox takes no step; it is judged with step = 1")
        return (1.0,)
    chosen = tuple(sample_points.STEPS if steps is None else dict.fromkeys(map(float, steps)))
    for step in chosen:
        if not 1e-12 <= step <= 1e12:
            raise SpecError(f"step = {step!r:.40}: write a number from 1e-12 to 1e12")
    if not chosen:
        raise SpecError("there is no step to judge the prox at")
    return chosen


def numbers_of(terms: Terms, given: Mapping[str, float]) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return a number for each parameter, and notes on those that were not given.

    The default that a spec or a declaration gives is taken; one that was chosen for want of it is not.

    Raises:
        SpecError: One is missing, unknown or outside its domain.
    """
    known = {p.name: p for p in terms.parameters}
    for name, number in given.items():
        if name not in known:
            raise SpecError(f"the objective has no parameter '{name[:40]}'{did_you_mean(name[:40], known)}")
        if number not in known[name].allowed:
            raise SpecError(f"{name} = {number:g} is outside its domain {known[name].allowed}")
    defaults = {p.name: p.default for p in terms.parameters if not (p.is_chosen or p.is_assumed)}
    missing = [name for name in known if name not in given and name not in defaults]
    if missing:
        raise SpecError(f"the objective's {missing[0]} has no number here; set it, as in {missing[0]} = 0.3")
    numbers = {name: float(given[name] if name in given else defaults[name]) for name in known}
    require_order(terms.parameters, numbers)
    notes = tuple(
        f"{name} = {exact(numbers[name])} is the objective's default, for want of another number"
        for name in known
        if name not in given
    )
    return numbers, notes


def clock(label: str, timeout: float | None) -> Callable[[], None]:
    """Return what is called at every point: it raises once the time is up."""
    end = None if timeout is None else time.monotonic() + timeout

    def tick() -> None:
        if end is not None and time.monotonic() > end:
            raise OutOfTime(f"audit {label}: not done within {timeout:g} s, the limit (timeout)")

    return tick
