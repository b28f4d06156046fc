"""What a worker process does: each task takes an objective, as text or resolved, and hands back data that pickles.

Every task imports what it needs when it runs; this module is also imported where nothing heavy may be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from symreg.application.requests import distinct_rules, read_objective
from symreg.application.worker import Phase, Progress, Tell
from symreg.targets.emit import TARGETS

if TYPE_CHECKING:
    from symreg.claims.verdict import Analysis
    from symreg.derivation.model import Chain, ProxChain
    from symreg.model.objective import Objective
    from symreg.model.spec import Rule
    from symreg.updates.update import Update
    from symreg.verification.checks.convexity import Convexity


CATALOGUE_RULES = ("gradient_descent", "momentum", "adam", "adamw", "lion")
"""The rules whose steps `generated/` holds."""
CATALOGUE_PROX_RULES = ("proximal_gradient",)
"""Those that it holds of penalties whose kinks give the operator something to take."""


class Written(NamedTuple):
    """Text that a task made, and what its reader must know besides, one line each."""

    text: str
    notes: tuple[str, ...]


class Judgement(NamedTuple):
    """A report as text, and whether everything in it passed."""

    text: str
    notes: tuple[str, ...]
    passed: bool


class Sources(NamedTuple):
    """Emitted files by their path below the output folder."""

    stem: str
    notes: tuple[str, ...]
    files: dict[str, str]


def derive_chain(tell: Tell, *, objective: Objective, rule: Rule) -> Chain:
    """Return the derivation of one objective."""
    from symreg.application.confront import confront_derivation
    from symreg.derivation.gradient import derive

    tell(Phase(objective.name, is_symbolic=True))
    chain = derive(objective, rule)
    confront_derivation(chain)
    return chain


def derive_prox_chain(tell: Tell, *, objective: Objective) -> ProxChain:
    """Return the derivation of one objective's proximal operator."""
    from symreg.derivation.proximal.cases import derive_prox

    tell(Phase(objective.name, is_symbolic=True))
    return derive_prox(objective)


def decide_properties(tell: Tell, *, objective: Objective) -> Analysis:
    """Return the verdicts on one objective."""
    from symreg.application.confront import confront_verdicts
    from symreg.claims.decide import properties

    tell(Phase(objective.name, is_symbolic=True))
    analysis = properties(objective)
    confront_verdicts(analysis)
    return analysis


def prove_convexity(tell: Tell, *, objective: Objective) -> tuple[Convexity, ...]:
    """Return what is proved of an objective's convexity, for all parameters or some, as the judge takes it."""
    from symreg.claims.decide import proofs_of_convexity
    from symreg.verification.checks.convexity import Convexity

    tell(Phase(objective.name, is_symbolic=True))
    return tuple(Convexity(rho=rho, holds_iff=condition) for rho, condition in proofs_of_convexity(objective.terms))


def derive_updates(tell: Tell, *, objective: Objective, rules: Sequence[Rule]) -> tuple[Update, ...]:
    """Return the functions to emit: value, gradient, and a step per rule."""
    from symreg.updates.assemble import updates

    tell(Phase(objective.name, is_symbolic=True))
    return updates(objective, tuple(rules))


def derive_judged_updates(
    tell: Tell, *, objective: Objective, rules: Sequence[Rule], target: str
) -> tuple[tuple[Update, ...], tuple[str, ...]]:
    """Return the functions to emit, whose code on a target the judge has looked at, and notes on that."""
    made = derive_updates(tell, objective=objective, rules=rules)
    return made, _judged(tell, objective, made, rules, (target,))


def emit_sources(
    tell: Tell, *, objective: Objective, rules: Sequence[Rule], targets: Iterable[str], is_judged: bool = True
) -> Sources:
    """Return emitted source by path, unless the judge finds it wrong."""
    from symreg.targets.emit import emit

    made, wanted = derive_updates(tell, objective=objective, rules=rules), tuple(targets)
    files = {path: text for name in wanted for path, text in emit(objective, made, name, is_judged=is_judged).items()}
    if is_judged:
        notes = _judged(tell, objective, made, rules, wanted)
    else:
        from symreg.application.confront import confront_updates

        confront_updates(made)
        notes = ()
    return Sources(stem=objective.name, notes=notes, files=files)


def _judged(
    tell: Tell, objective: Objective, updates: tuple[Update, ...], rules: Sequence[Rule], targets: tuple[str, ...]
) -> tuple[str, ...]:
    from symreg.application.emission import judge_emitted

    tell(Phase(f"judge {objective.name}", is_symbolic=False))
    return judge_emitted(objective, updates, rules, targets)


def write_derivation(
    tell: Tell,
    *,
    objective: str,
    rule: str,
    form: str,
    is_prox: bool = False,
    parameters: Sequence[str] = (),
    domain: str | None = None,
) -> Written:
    """Return a derivation, of a gradient and a rule or of the proximal operator, as `text`, `latex`, ..."""
    from symreg.objectives.rules import resolve_rule

    resolved = read_objective(objective, parameters=parameters, domain=domain)
    chain: Chain | ProxChain
    if is_prox:
        chain = derive_prox_chain(tell, objective=resolved)
    else:
        chain = derive_chain(tell, objective=resolved, rule=resolve_rule(rule))

    from symreg.presentation import Derivation

    derivation = Derivation(chain)
    forms: dict[str, Callable[[], str]] = {
        "text": derivation.text,
        "latex": derivation.latex,
        "markdown": derivation.markdown,
        "json": derivation.to_json,
    }
    return Written(text=forms[form](), notes=notes_on(resolved))


def write_properties(
    tell: Tell, *, objective: str, as_json: bool, parameters: Sequence[str] = (), domain: str | None = None
) -> Written:
    """Return the verdicts on an objective given as text, as a table or as data."""
    resolved = read_objective(objective, parameters=parameters, domain=domain)
    analysis = decide_properties(tell, objective=resolved)

    from symreg.presentation import Properties

    made = Properties(analysis)
    return Written(text=made.to_json() if as_json else made.text(), notes=notes_on(resolved))


def write_sources(
    tell: Tell,
    *,
    objective: str,
    rules: Sequence[str],
    targets: Sequence[str],
    name: str | None = None,
    parameters: Sequence[str] = (),
    is_judged: bool = True,
    domain: str | None = None,
) -> Sources:
    """Return the emitted files of an objective given as text."""
    resolved = read_objective(objective, parameters=parameters, name=name, domain=domain)
    made = emit_sources(tell, objective=resolved, rules=distinct_rules(rules), targets=targets, is_judged=is_judged)
    return made._replace(notes=(*notes_on(resolved), *made.notes))


def write_entry(tell: Tell, *, name: str) -> dict[str, str]:
    """Return what `generated/` holds of one penalty of the catalogue: every target, and the derivations in LaTeX."""
    from symreg.errors import Intractable
    from symreg.objectives.rules import resolve_rule
    from symreg.proximal.split import fits

    terms = read_objective(name).terms
    rules = [rule for rule in (*CATALOGUE_RULES, *CATALOGUE_PROX_RULES) if fits(terms, resolve_rule(rule))]
    sources = write_sources(tell, objective=name, rules=rules, targets=tuple(TARGETS))
    derivation = write_derivation(tell, objective=name, rule="gradient_descent", form="latex")
    files = {**sources.files, f"latex/{name}.tex": derivation.text}
    with suppress(Intractable):  # no operator
        operator = write_derivation(tell, objective=name, rule="gradient_descent", form="latex", is_prox=True)
        files[f"latex/{name}_prox.tex"] = operator.text
    return files


def write_report(
    tell: Tell,
    *,
    objective: str,
    rules: Sequence[str],
    targets: Sequence[str],
    points: int,
    as_json: bool = False,
    against: str | None = None,
    kind: Literal["value", "gradient", "prox", "step"] = "gradient",
    settings: Mapping[str, float] | None = None,
    rtol: float | None = None,
    parameters: Sequence[str] = (),
    domain: str | None = None,
) -> Judgement:
    """Return the judge's report on what is emitted for an objective, or on the function `against` names."""
    from symreg.application.python_objects import function_in
    from symreg.application.requests import check_request
    from symreg.application.verify import judge, judge_function

    def progress(done: int, total: int, check: str) -> None:
        tell(Phase(f"verify {check}", is_symbolic=False))
        tell(Progress(done, total))

    resolved = read_objective(objective, parameters=parameters, domain=domain)
    chosen = distinct_rules(rules)
    check_request(resolved, chosen if against is None or kind == "step" else (), settings, rtol, points)
    if against is None:
        made = derive_updates(tell, objective=resolved, rules=chosen)
        tell(Phase("compile and load", is_symbolic=False))
        report = judge(
            resolved,
            made,
            chosen,
            targets,
            points=points,
            parameters=settings,
            rtol=rtol,
            progress=progress,
        )
    else:
        tell(Phase(f"load {against}", is_symbolic=False))
        function = function_in(against)
        proofs = () if kind == "step" else prove_convexity(tell, objective=resolved)
        tell(Phase(f"verify {against}", is_symbolic=False))
        report = judge_function(
            resolved,
            chosen,
            function,
            kind=kind,
            label=Path(against).name,
            points=points,
            parameters=settings,
            rtol=rtol,
            proofs=proofs,
            progress=progress,
        )
    text = report.to_json() if as_json else str(report)
    return Judgement(text=f"{text.rstrip()}\n", notes=notes_on(resolved), passed=report.passed)


def write_audit(
    tell: Tell,
    *,
    place: str,
    arguments: Sequence[str] = (),
    objective: str | None = None,
    domain: str | None = None,
    settings: Mapping[str, float] | None = None,
    steps: Sequence[float] | None = None,
    points: int | None = None,
    rtol: float | None = None,
    as_json: bool = False,
    parameters: Sequence[str] = (),
    is_limited: bool = False,
) -> Judgement:
    """Return the auditor's report on the object that `place` names, by an objective or by itself.

    Args:
        arguments: `NAME=LITERAL` rows; a number is also the objective's parameter of that name, if it has one.
        is_limited: Is all of it to end within the time limit? Without one, it takes as long as it takes.
    """
    from symreg.application.audit import inspect_object
    from symreg.application.python_objects import literals, object_in

    tell(Phase(f"audit {place}", is_symbolic=is_limited))
    given = literals(arguments)
    resolved = None if objective is None else read_objective(objective, parameters=parameters, domain=domain)
    plain = {k: float(v) for k, v in given.items() if isinstance(v, int | float) and not isinstance(v, bool)}
    known = [p.name for p in resolved.terms.parameters] if resolved is not None else []
    subject = object_in(place, given)
    report = inspect_object(
        subject,
        resolved,
        label=f"{place}({', '.join(' '.join(row.split()) for row in arguments)})" if arguments else place,
        parameters={k: v for k, v in plain.items() if k in known} | dict(settings or {}),
        sizes=tuple(plain.values()),
        steps=steps or None,
        points=points,
        rtol=rtol,
        progress=lambda check: tell(Phase(f"audit {check}", is_symbolic=is_limited)),
    )
    text = f"{report.to_json()}\n" if as_json else report.text()
    return Judgement(text=text, notes=(), passed=report.passed)  # each parameter has a number: nothing was assumed


def notes_on(objective: Objective) -> tuple[str, ...]:
    """Return what was assumed of an objective, and where its formulas have no value."""
    from symreg.calculus.pieces.undefined import undefined_notes

    return (*objective.notes, *undefined_notes(objective.terms))


TASKS: dict[str, Callable[..., Any]] = {
    task.__name__: task
    for task in (
        decide_properties,
        derive_chain,
        derive_judged_updates,
        derive_prox_chain,
        derive_updates,
        emit_sources,
        prove_convexity,
        write_derivation,
        write_properties,
        write_sources,
        write_entry,
        write_report,
        write_audit,
    )
}
