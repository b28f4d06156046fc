"""`symreg audit`: the auditor's reports on somebody's objects and functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from symreg.application.choices import AUDIT_KINDS, AUDIT_POINTS, MOST_AUDIT_POINTS
from symreg.cli import console
from symreg.cli.child import run_task
from symreg.cli.options import (
    common_options,
    complete_penalty,
    objective_text,
    parsed_settings,
    refuse_without_objective,
    rtol_option,
)
from symreg.cli.outcomes import FAILED
from symreg.errors import SymregError

if TYPE_CHECKING:
    from symreg.verification import Report


@click.command()
@click.argument("places", metavar="OBJECT...", nargs=-1, required=True)
@click.option(
    "--objective",
    metavar="OBJECTIVE",
    shell_complete=complete_penalty,
    help="The formula that it should be of.  [default: judge it by itself]",
)
@click.option(
    "--with",
    "arguments",
    multiple=True,
    metavar="NAME=VALUE",
    help="Argument that an object is made with, or a function called with, as in sigma=0.3, niter=10 (an integer), "
    "dims='(4, 4)', weights='[1, 2]' (an array), positive=True, engine=numpy (text).",
)
@click.option("--as", "kind", type=click.Choice(AUDIT_KINDS), help="What a function computes.  [default: by its name]")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Number of a parameter of the objective, or an element for each weight, as in 'c=[0.3, 0, 2]'.",
)
@click.option("--domain", metavar="INTERVAL", help="Where the objective holds, as in '(0, inf)'.")
@click.option("--step", "steps", multiple=True, type=float, metavar="NUMBER", help="Step of the prox; may be repeated.")
@click.option(
    "--points",
    type=click.IntRange(1, MOST_AUDIT_POINTS),
    default=AUDIT_POINTS,
    show_default=True,
    help="Points per check.",
)
@click.option(
    "--groups",
    metavar="SIZES",
    help="Of the groups of weights that an object acts on, as in 3,3,2, or with their weights in the objective: "
    "3:1,3:1,2:0.5.",
)
@rtol_option("1e-9")
@click.option("--json", "as_json", is_flag=True, help="Print the report as data.")
@click.option("--junit", metavar="FILE", help="Write the checks as JUnit XML, too.")
@click.option("--force", is_flag=True, help="Overwrite a JUnit file that symreg did not write, or that was edited.")
@common_options
def audit(
    places: tuple[str, ...],
    objective: str | None,
    arguments: tuple[str, ...],
    kind: str | None,
    settings: tuple[str, ...],
    domain: str | None,
    steps: tuple[float, ...],
    points: int,
    groups: str | None,
    rtol: float | None,
    as_json: bool,
    junit: str | None,
    force: bool,
    parameters: tuple[str, ...],
    timeout: float | None,
) -> int:
    """Judge somebody's OBJECTs: value, gradient, prox and subdifferential, by a formula or by themselves.

    OBJECT is FILE.py:NAME or package.module:NAME of an object, a class or a function, as in
    "pyproximal:Huber(alpha=1.5)" or pyproximal:Huber --with alpha=1.5; a value given so is also the objective's
    parameter of that name. Parameters of the objective that get no number keep their spec's. --timeout limits each
    object; there is no limit without.
    """
    if objective is None:
        refuse_without_objective(
            **{"--set": bool(settings), "--domain": domain is not None, "--param": bool(parameters)}
        )
    if force and junit is None:
        raise click.UsageError("--force goes with --junit", click.get_current_context())
    if len(set(places)) < len(places):
        raise click.UsageError("an object is named twice", click.get_current_context())
    request = {
        "arguments": arguments,
        "kind": kind,
        "objective": None if objective is None else objective_text(objective),
        "domain": domain,
        "settings": parsed_settings(settings, has_elements=True),
        "steps": steps,
        "points": points,
        "groups": groups,
        "rtol": rtol,
        "parameters": parameters,
    }
    outcomes = {place: _outcome(place, timeout, request) for place in places}
    error = _of_all(outcomes)
    if error is None:
        console.put(_as_data(outcomes) if as_json else _as_text(outcomes))
    if junit is not None:
        _write_junit(junit, outcomes, force=force)
    if error is not None:
        raise error
    return max(_exit_code(outcome) for outcome in outcomes.values())


def _outcome(place: str, timeout: float | None, request: Mapping[str, object]) -> Report | SymregError:
    try:
        report: Report = run_task(
            "audit_place", timeout=timeout, place=place, is_limited=timeout is not None, **request
        )
    except SymregError as error:
        return error
    return report


def _of_all(outcomes: Mapping[str, Report | SymregError]) -> SymregError | None:
    """Return the error that is told of every object, so that it is told once."""
    errors = [outcome for outcome in outcomes.values() if isinstance(outcome, SymregError)]
    return errors[0] if len(errors) == len(outcomes) and len(set(map(str, errors))) == 1 else None


def _exit_code(outcome: Report | SymregError) -> int:
    if isinstance(outcome, SymregError):
        return outcome.exit_code
    return 0 if outcome.passed else FAILED


def _as_text(outcomes: Mapping[str, Report | SymregError]) -> str:
    """Return each report, and a line for each object below them if there are several."""
    from symreg.verification.report.listing import overview

    texts = [report.text() for report in outcomes.values() if not isinstance(report, SymregError)]
    if len(outcomes) == 1:
        return texts[0]
    lines = {place: _summary(outcome) for place, outcome in outcomes.items()}
    return "\n".join([*texts, overview(lines)])


def _as_data(outcomes: Mapping[str, Report | SymregError]) -> str:
    """Return a report as JSON, or those of several objects in a list, with an error in place of one that is none."""
    import json

    from symreg.verification.report.report import SCHEMA_VERSION

    if len(outcomes) == 1:
        (only,) = outcomes.values()
        assert not isinstance(only, SymregError)
        return f"{only.to_json()}\n"
    objects = [
        {"object": place, "passed": False, "error": str(outcome)}
        if isinstance(outcome, SymregError)
        else json.loads(outcome.to_json())
        for place, outcome in outcomes.items()
    ]
    passed = all(one["passed"] for one in objects)
    return json.dumps({"schema_version": SCHEMA_VERSION, "passed": passed, "objects": objects}, indent=2) + "\n"


def _summary(outcome: Report | SymregError) -> str:
    return f"refused: {outcome}" if isinstance(outcome, SymregError) else outcome.summary()


def _write_junit(path: str, outcomes: Mapping[str, Report | SymregError], *, force: bool) -> None:
    from symreg.application.one_piece import write_file
    from symreg.verification.report.junit import document

    labelled = {
        getattr(outcome, "label", place): str(outcome) if isinstance(outcome, SymregError) else outcome
        for place, outcome in outcomes.items()
    }
    write_file(path, document(labelled), force=force)
