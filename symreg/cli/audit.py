"""`symreg audit`: the auditor's report on somebody's object."""

from __future__ import annotations

import click

from symreg.application.choices import AUDIT_POINTS, MOST_AUDIT_POINTS
from symreg.cli.child import run_task
from symreg.cli.options import common_options, objective_text, parsed_settings, refuse_without_objective, rtol_option
from symreg.cli.outcomes import print_report


@click.command()
@click.argument("place", metavar="OBJECT")
@click.option(
    "--objective", metavar="OBJECTIVE", help="The formula that it should be of.  [default: judge it by itself]"
)
@click.option("--with", "arguments", multiple=True, metavar="NAME=VALUE", help="Argument that the object is made with.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Number of a parameter of the objective.")
@click.option("--domain", metavar="INTERVAL", help="Where the objective holds, as in '(0, inf)'.")
@click.option("--step", "steps", multiple=True, type=float, metavar="NUMBER", help="Step of the prox; may be repeated.")
@click.option(
    "--points",
    type=click.IntRange(1, MOST_AUDIT_POINTS),
    default=AUDIT_POINTS,
    show_default=True,
    help="Points per check.",
)
@rtol_option("1e-9")
@click.option("--json", "as_json", is_flag=True, help="Print the report as data.")
@common_options
def audit(
    place: str,
    objective: str | None,
    arguments: tuple[str, ...],
    settings: tuple[str, ...],
    domain: str | None,
    steps: tuple[float, ...],
    points: int,
    rtol: float | None,
    as_json: bool,
    parameters: tuple[str, ...],
    timeout: float | None,
) -> int:
    """Judge somebody's OBJECT: its value, gradient, prox and subdifferential, by a formula or by itself.

    OBJECT is FILE.py:NAME or package.module:NAME, as in pyproximal:Huber --with alpha=1.5; a value given so is also
    the objective's parameter of that name. --timeout limits all of it; there is no limit without.
    """
    if objective is None:
        refuse_without_objective(
            **{"--set": bool(settings), "--domain": domain is not None, "--param": bool(parameters)}
        )
    report = run_task(
        "write_audit",
        timeout=timeout,
        place=place,
        arguments=arguments,
        objective=None if objective is None else objective_text(objective),
        domain=domain,
        settings=parsed_settings(settings),
        steps=steps,
        points=points,
        rtol=rtol,
        as_json=as_json,
        parameters=parameters,
        is_limited=timeout is not None,
    )
    return print_report(report)
