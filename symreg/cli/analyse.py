"""`symreg analyse`: the verdicts on a penalty."""

from __future__ import annotations

import click

from symreg.cli import console
from symreg.cli.child import run_task
from symreg.cli.options import common_options, domain_option, objective_argument, objective_text
from symreg.cli.outcomes import tell_notes


@click.command()
@objective_argument
@click.option("--json", "as_json", is_flag=True, help="Print the verdicts as data.")
@domain_option
@common_options
def analyse(
    objective: str, as_json: bool, domain: str | None, parameters: tuple[str, ...], timeout: float | None
) -> None:
    """Decide what can be said of OBJECTIVE: convex, Lipschitz, sparse, toward the origin, up to which step, ...

    Each claim is proved for all parameter values, conditional on some, refuted with numbers to check, or undecided.
    """
    properties = run_task(
        "write_properties",
        timeout=timeout,
        objective=objective_text(objective),
        as_json=as_json,
        parameters=parameters,
        domain=domain,
    )
    tell_notes(properties.notes)
    console.put(properties.text)
