"""`symreg plot`: a picture of penalties, their derivatives and operators, and the paths of weights."""

from __future__ import annotations

import click

from symreg.cli import console
from symreg.cli.child import run_task
from symreg.cli.options import (
    common_options,
    complete_rule,
    domain_option,
    objective_text,
    objectives_argument,
    parsed_settings,
)
from symreg.cli.outcomes import tell_notes

FORMS = ("svg", "png", "pdf")


@click.command()
@objectives_argument
@click.option("-o", "output", required=True, metavar="FILE", help="Where to write it: NAME.svg, NAME.png or NAME.pdf.")
@click.option(
    "--functions",
    metavar="LIST",
    help="Panels, joined by commas: value, gradient, prox, and step, the path of a negative and of a positive weight."
    "  [default: value,gradient,prox]",
)
@click.option(
    "--rule",
    shell_complete=complete_rule,
    default="gradient_descent",
    show_default=True,
    metavar="RULE",
    help="Whose steps lead along a path.",
)
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Number of a parameter.")
@click.option("--range", "limits", metavar="LOW,HIGH", help="Of the weight.  [default: where something happens]")
@click.option("--steps", type=click.IntRange(1, 100_000), help="Of a path.  [default: till it is nearly at its end]")
@click.option("--force", is_flag=True, help="Overwrite a file that symreg did not write, or that was edited since.")
@domain_option
@common_options
def plot(
    objectives: tuple[str, ...],
    output: str,
    functions: str | None,
    rule: str,
    settings: tuple[str, ...],
    limits: str | None,
    steps: int | None,
    force: bool,
    domain: str | None,
    parameters: tuple[str, ...],
    timeout: float | None,
) -> None:
    """Draw each OBJECTIVE, its derivative and its operator, one over the other, for a page or a slide.

    At a kink the subdifferential is drawn; where an operator jumps, it has a gap.
    """
    from symreg.application.one_piece import write_file

    form = output.rpartition(".")[2].lower()
    if form not in FORMS:
        raise click.UsageError(f"-o {output}: the name of a picture ends in .svg, .png or .pdf")
    drawn = run_task(
        "draw_plot",
        timeout=timeout,
        objectives=tuple(map(objective_text, objectives)),
        form=form,
        functions=functions,
        rule=rule,
        settings=parsed_settings(settings),
        limits=None if limits is None else _limits(limits),
        steps=steps,
        parameters=parameters,
        domain=domain,
    )
    tell_notes(drawn.notes)
    write_file(output, drawn.data, force=force)
    console.put(f"{output}\n")


def _limits(text: str) -> tuple[float, float]:
    """Return the two numbers of `LOW,HIGH`."""
    from symreg.errors import SymregError
    from symreg.language.intervals import parse_number

    try:
        low, high = (parse_number(part.strip()) for part in text.split(","))
    except (SymregError, ValueError):
        low = high = 0.0
    if not -1e100 < low < high < 1e100:
        raise click.UsageError(f"--range {text[:40]}: write two numbers, the lower one first, as in -3,3")
    return low, high
