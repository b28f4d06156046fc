"""What a worker does for a command: an objective given as text in, text to print and notes to tell out.

Each task takes what to tell its caller with first. All import what they need when they run: this module is also
imported where nothing heavy may be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from symreg.application.choices import AUDIT_POINTS, FRAGMENT_WIDTH, AuditKind
from symreg.application.objective_tasks import (
    EmittedFiles,
    decide_properties,
    derive_chains,
    derive_updates,
    emit_sources,
    prove_convexity,
)
from symreg.application.requests import VerifyRequest, audit_request, distinct_rules, read_objective, verify_request
from symreg.application.worker import Phase, Progress, Tell
from symreg.objectives.structures import with_sizes
from symreg.targets.emit import TARGETS
from symreg.targets.options import UNLESS_ASKED, Kind, Options

if TYPE_CHECKING:
    from symreg.application.verify import Watch
    from symreg.derivation.model import ProximalDerivation
    from symreg.model.objective import Objective
    from symreg.verification import Convexity, Report

CATALOGUE_RULES = ("gradient_descent", "momentum", "adam", "adamw", "lion")
"""The rules whose steps `generated/` holds."""
CATALOGUE_PROX_RULES = ("proximal_gradient",)
"""Those that it holds of penalties whose kinks give the operator something to take."""


class PrintedText(NamedTuple):
    """Text for standard output, and what its reader must know besides, one line each."""

    text: str
    notes: tuple[str, ...]


class PrintedDerivation(NamedTuple):
    """A derivation as text, notes on it, and what a file of its sources is to hold; "" if none was asked for."""

    text: str
    notes: tuple[str, ...]
    bibliography: str


class PrintedReport(NamedTuple):
    """A report on functions as text, notes, and whether everything in it passed."""

    text: str
    notes: tuple[str, ...]
    passed: bool


def write_derivation(
    tell: Tell,
    *,
    objective: str,
    rules: Sequence[str],
    form: str,
    has_prox: bool = False,
    width: str = FRAGMENT_WIDTH,
    bibliography: str | None = None,
    name: str | None = None,
    parameters: Sequence[str] = (),
    domain: str | None = None,
) -> PrintedDerivation:
    """Return a derivation of a gradient with some rules, and of the proximal operator if that is asked for.

    Args:
        tell: Called with each phase.
        objective: Text.
        rules: Names or paths.
        form: `text`, `latex`, `fragment`, `markdown` or `json`.
        has_prox: Is the operator derived as well?
        width: Of a line of a fragment.
        bibliography: What a file of sources holds already, to which those of the derivation are added; None for no
            such file.
        name: In titles and labels, in place of the objective's.
        parameters: Declarations of parameters.
        domain: Where each weight lies.
    """
    from symreg.presentation import Derivation
    from symreg.presentation.bibliography import merged
    from symreg.presentation.fragment import line_width

    line_width(width)
    resolved = read_objective(objective, parameters=parameters, name=name, domain=domain)
    chains, operator = derive_chains(tell, objective=resolved, rules=distinct_rules(rules), has_prox=has_prox)
    derivation = Derivation(chains[0], chains[1:], operator)
    forms: dict[str, Callable[[], str]] = {
        "text": derivation.text,
        "latex": derivation.latex,
        "fragment": lambda: derivation.fragment(width, cites=bibliography is not None),
        "markdown": derivation.markdown,
        "json": derivation.to_json,
    }
    sources = "" if bibliography is None else merged(bibliography, derivation.bibtex())
    return PrintedDerivation(text=forms[form](), notes=notes_on(resolved), bibliography=sources)


def write_properties(
    tell: Tell,
    *,
    objective: str,
    form: str,
    name: str | None = None,
    parameters: Sequence[str] = (),
    domain: str | None = None,
) -> PrintedText:
    """Return the verdicts on an objective as `text`, `latex`, `markdown` or `json`."""
    from symreg.presentation import Properties

    resolved = read_objective(objective, parameters=parameters, name=name, domain=domain)
    properties = Properties(decide_properties(tell, objective=resolved))
    forms: dict[str, Callable[[], str]] = {
        "text": properties.text,
        "latex": properties.latex,
        "markdown": properties.markdown,
        "json": properties.to_json,
    }
    return PrintedText(text=forms[form](), notes=notes_on(resolved))


def write_overview(
    tell: Tell, *, subject: str, parameters: Sequence[str] = (), domain: str | None = None
) -> PrintedText:
    """Return an objective, or an update rule, on one screen.

    Args:
        tell: Called with the phase.
        subject: What an objective may be; or a rule's name, path or text.
        parameters: Declarations of parameters.
        domain: Where each weight lies.
    """
    from symreg.objectives.rules import is_rule, resolve_rule

    if is_rule(subject):
        from symreg.presentation.overview import rule_overview

        rule = resolve_rule(subject)
        return PrintedText(text=rule_overview(rule), notes=())

    resolved = read_objective(subject, parameters=parameters, domain=domain)
    tell(Phase(resolved.name, is_symbolic=True))

    from symreg.application.confront import confront_derivation, confront_verdicts
    from symreg.calculus.analysis import analyse
    from symreg.claims.decide import properties
    from symreg.derivation.gradient import derive
    from symreg.derivation.proximal.derive import derive_prox
    from symreg.errors import Intractable, NotDifferentiable
    from symreg.presentation.overview import overview

    analysis = analyse(resolved.terms)
    gradient = derive(resolved, resolve_rule("gradient_descent"), analysis)
    operator: ProximalDerivation | str
    try:
        operator = derive_prox(resolved, analysis)
    except (Intractable, NotDifferentiable) as reason:
        operator = f"none is derived: {reason}"
    verdicts = properties(resolved, analysis)
    confront_derivation(gradient)
    confront_verdicts(verdicts)
    text = overview(gradient, operator, verdicts, resolved.docs)
    return PrintedText(text=text, notes=notes_on(resolved))


def write_sources(
    tell: Tell,
    *,
    objective: str,
    rules: Sequence[str],
    targets: Sequence[str],
    name: str | None = None,
    parameters: Sequence[str] = (),
    options: Options = UNLESS_ASKED,
    domain: str | None = None,
) -> EmittedFiles:
    """Return the emitted files of an objective."""
    resolved = read_objective(objective, parameters=parameters, name=name, domain=domain)
    emitted = emit_sources(tell, objective=resolved, rules=distinct_rules(rules), targets=targets, options=options)
    return emitted._replace(notes=(*notes_on(resolved), *emitted.notes))


def write_catalogue_entry(tell: Tell, *, name: str) -> dict[str, str]:
    """Return what `generated/` holds of one penalty of the catalogue: every target, and the derivations in LaTeX."""
    from symreg.calculus.analysis import analyse
    from symreg.errors import Intractable
    from symreg.objectives.rules import resolve_rule
    from symreg.proximal.split import fits

    analysis = analyse(read_objective(name).terms)
    rules = [rule for rule in (*CATALOGUE_RULES, *CATALOGUE_PROX_RULES) if fits(analysis, resolve_rule(rule))]
    emitted = write_sources(tell, objective=name, rules=rules, targets=tuple(TARGETS))
    try:
        derivation = write_derivation(tell, objective=name, rules=CATALOGUE_RULES[:1], form="latex", has_prox=True)
    except Intractable:  # no operator
        derivation = write_derivation(tell, objective=name, rules=CATALOGUE_RULES[:1], form="latex")
    return {**emitted.files, f"latex/{name}.tex": derivation.text}


def write_report(
    tell: Tell,
    *,
    objective: str,
    rules: Sequence[str],
    targets: Sequence[str],
    points: int,
    as_json: bool = False,
    against: str | None = None,
    kind: Kind | None = None,
    settings: Mapping[str, float] | None = None,
    rtol: float | None = None,
    dtype: str | None = None,
    size_range: Sequence[float] | None = None,
    is_far_asked: bool = False,
    call: str | None = None,
    arrays: str | None = None,
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
        report = _report_on_emitted(tell, request, targets, progress)
    else:
        report = _report_on_function(tell, request, against, progress)
    text = report.to_json() if as_json else str(report)
    told = [note for rule in request.rules for note in notes_on_names(rule)]
    notes = (*notes_on(request.objective), *told)
    return PrintedReport(text=f"{text.rstrip()}\n", notes=notes, passed=report.passed)


def _report_on_emitted(tell: Tell, request: VerifyRequest, targets: Sequence[str], progress: Watch) -> Report:
    from symreg.application.verify import judge

    updates = derive_updates(tell, objective=request.objective, rules=request.rules)
    tell(Phase("compile and load", is_symbolic=False))
    return judge(request, updates, targets, progress=progress)


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
    settings: Mapping[str, float] | None = None,
    steps: Sequence[float] = (),
    points: int = AUDIT_POINTS,
    rtol: float | None = None,
    parameters: Sequence[str] = (),
    is_limited: bool = False,
) -> Report:
    """Return the auditor's report on the object or function that `place` names, by an objective or by itself.

    Args:
        tell: Called with each phase.
        place: `FILE.py:NAME` or `package.module:NAME`, with its own arguments in parentheses, if it has some.
        arguments: `NAME=VALUE` rows; a number is also the objective's parameter of that name, if it has one.
        kind: What a function computes; None to go by its name.
        objective: Text, or None.
        domain: Where each weight lies.
        settings: Numbers of the objective's parameters.
        steps: Of the proximal operator; none for the auditor's own choice.
        points: Points per check, about.
        rtol: Relative error that is allowed besides rounding.
        parameters: Declarations of the objective's parameters.
        is_limited: Is all of it to end within the time limit? Without one, it takes as long as it takes.
    """
    from symreg.application.audit import audit_object, operator_at
    from symreg.application.python_objects import literals, place_and_arguments

    tell(Phase(f"audit {place}", is_symbolic=is_limited))
    place, own_arguments = place_and_arguments(place)
    arguments = (*own_arguments, *arguments)
    values = literals(arguments)
    numbers = {k: float(v) for k, v in values.items() if isinstance(v, int | float) and not isinstance(v, bool)}
    resolved = None if objective is None else read_objective(objective, parameters=parameters, domain=domain)
    known = [] if resolved is None else [p.name for p in resolved.terms.parameters]
    request = audit_request(
        resolved,
        parameters={k: v for k, v in numbers.items() if k in known} | dict(settings or {}),
        steps=steps or None,
        points=points,
        rtol=rtol,
    )
    label = f"{place}({', '.join(' '.join(row.split()) for row in arguments)})" if arguments else place
    return audit_object(
        operator_at(place, values, kind, label),
        request,
        sizes=tuple(numbers.values()),
        progress=lambda check: tell(Phase(f"audit {check}", is_symbolic=is_limited)),
    )


def notes_on(objective: Objective) -> tuple[str, ...]:
    """Return what was assumed of an objective, and where its formulas have no value."""
    from symreg.calculus.domains.notes import undefined_notes

    return (*objective.assumptions, *objective.notes, *undefined_notes(objective.terms))
