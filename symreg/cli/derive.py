"""`symreg derive`: a derivation in one of four formats."""

from __future__ import annotations

import click

from symreg.cli import console
from symreg.cli.child import run_task
from symreg.cli.options import common_options, domain_option, objective_argument, objective_text
from symreg.cli.outcomes import tell_notes


@click.command()
@objective_argument
@click.option("--rule", help="Update rule: a name or a file.toml.  [default: gradient_descent]")
@click.option("--prox", "is_prox", is_flag=True, help="Derive the proximal operator instead, without a rule.")
@click.option(
    "--format", "form", type=click.Choice(["text", "latex", "markdown", "json"]), default="text", show_default=True
)
@click.option("-o", "output", default="-", metavar="FILE", help="Where to write it.  [default: standard output]")
@domain_option
@common_options
def derive(
    objective: str,
    rule: str | None,
    is_prox: bool,
    form: str,
    output: str,
    domain: str | None,
    parameters: tuple[str, ...],
    timeout: float | None,
) -> None:
    """Derive the gradient and the update of OBJECTIVE, step by step, or its proximal operator."""
    if is_prox and rule is not None:
        raise click.UsageError("--prox derives the operator alone; leave out --rule, or --prox")
    derivation = run_task(
        "write_derivation",
        timeout=timeout,
        objective=objective_text(objective),
        rule="gradient_descent" if rule is None else rule,
        form=form,
        is_prox=is_prox,
        parameters=parameters,
        domain=domain,
    )
    tell_notes(derivation.notes)
    if output == "-":
        console.put(derivation.text)
    else:
        from symreg.application.one_piece import write_file

        write_file(output, derivation.text)
