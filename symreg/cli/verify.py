"""`symreg verify`: the judge's report on emitted code, or on a function of the user's own."""

from __future__ import annotations

import click

from symreg.application.choices import MOST_VERIFY_POINTS, VERIFY_POINTS
from symreg.cli.child import run_task
from symreg.cli.options import (
    common_options,
    domain_option,
    objective_argument,
    objective_text,
    parsed_settings,
    rtol_option,
    rule_options,
    target_option,
    targets_named,
)
from symreg.cli.outcomes import print_report
from symreg.targets.options import KINDS


@click.command()
@objective_argument
@rule_options
@target_option("all")
@click.option(
    "--points",
    type=click.IntRange(1, MOST_VERIFY_POINTS),
    default=VERIFY_POINTS,
    show_default=True,
    help="Points per check.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as data.")
@click.option("--against", metavar="FILE.py:FUNCTION", help="Judge this function in place of what symreg emits.")
@click.option("--as", "kind", type=click.Choice(KINDS), help="What --against computes.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Fix a parameter that is else sampled.")
@rtol_option("1e-9 for --against")
@domain_option
@common_options
def verify(
    objective: str,
    rules: tuple[str, ...],
    target: str,
    points: int,
    as_json: bool,
    against: str | None,
    kind: str | None,
    settings: tuple[str, ...],
    rtol: float | None,
    domain: str | None,
    parameters: tuple[str, ...],
    timeout: float | None,
) -> int:
    """Compare what is emitted for OBJECTIVE, or a function of your own, with certified finite differences."""
    if (against is None) != (kind is None):
        raise click.UsageError("--against and --as go together", click.get_current_context())
    report = run_task(
        "write_report",
        timeout=timeout,
        objective=objective_text(objective),
        rules=rules,
        targets=targets_named(target),
        points=points,
        as_json=as_json,
        against=against,
        kind=kind,
        settings=parsed_settings(settings),
        rtol=rtol,
        parameters=parameters,
        domain=domain,
    )
    return print_report(report)
