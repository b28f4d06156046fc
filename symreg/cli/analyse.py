"""`symreg analyse`: the verdicts on a penalty in one of four formats."""

from __future__ import annotations

import click

from symreg.cli import console
from symreg.cli.child import run_task
from symreg.cli.options import (
    common_options,
    domain_option,
    format_option,
    objective_argument,
    objective_text,
    output_options,
)
from symreg.cli.outcomes import tell_notes


@click.command()
@objective_argument
@format_option
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--name", metavar="STEM", help="Name in titles, in place of the objective's.")
@output_options
@domain_option
@common_options
def analyse(
    objective: str,
    form: str | None,
    as_json: bool,
    name: str | None,
    output: str,
    force: bool,
    domain: str | None,
    parameters: tuple[str, ...],
    timeout: float | None,
) -> None:
    """Decide what can be said of OBJECTIVE: convex, Lipschitz, sparse, toward the origin, up to which step, ...

    Each claim is proved for all parameter values, conditional on some, refuted with numbers to check, or undecided.
    """
    if as_json and form not in (None, "json"):
        raise click.UsageError(f"--json and --format {form} exclude each other")
    properties = run_task(
        "write_properties",
        timeout=timeout,
        objective=objective_text(objective),
        form="json" if as_json else form or "text",
        name=name,
        parameters=parameters,
        domain=domain,
    )
    tell_notes(properties.notes)
    if output == "-":
        console.put(properties.text)
    else:
        from symreg.application.one_piece import write_file

        write_file(output, properties.text, force=force)
