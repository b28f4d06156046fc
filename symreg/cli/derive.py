"""`symreg derive`: a derivation in one of four formats, or as a part of a paper."""

from __future__ import annotations

import os

import click

from symreg.application.choices import FRAGMENT_WIDTH
from symreg.cli import console
from symreg.cli.child import run_task
from symreg.cli.options import (
    common_options,
    domain_option,
    format_option,
    objective_argument,
    objective_text,
    output_options,
    rule_options,
)
from symreg.cli.outcomes import tell_notes


@click.command()
@objective_argument
@rule_options
@click.option("--prox", "has_prox", is_flag=True, help="Derive the proximal operator as well.")
@format_option
@click.option("--fragment", is_flag=True, help="LaTeX for a paper to \\input: amsmath alone, labels, no preamble.")
@click.option("--width", metavar="LENGTH", help=f"Of a fragment's lines: 252pt, 8.8cm.  [default: {FRAGMENT_WIDTH}]")
@click.option("--bib", metavar="FILE", help="Add the sources to a BibTeX file of symreg's; a fragment cites them.")
@click.option("--name", metavar="STEM", help="Name in titles and labels, in place of the objective's.")
@output_options
@domain_option
@common_options
def derive(
    objective: str,
    rules: tuple[str, ...],
    has_prox: bool,
    form: str | None,
    fragment: bool,
    width: str | None,
    bib: str | None,
    name: str | None,
    output: str,
    force: bool,
    domain: str | None,
    parameters: tuple[str, ...],
    timeout: float | None,
) -> None:
    """Derive the gradient and the updates of OBJECTIVE, step by step, and its proximal operator if asked to."""
    if fragment and form not in (None, "latex"):
        raise click.UsageError(f"--fragment is LaTeX; leave out --format {form}, or --fragment")
    if width is not None and not fragment:
        raise click.UsageError("--width goes with --fragment")
    if bib in ("", "-"):
        raise click.UsageError("--bib takes the name of a file")
    if bib is not None and os.path.realpath(bib) == os.path.realpath(output):
        raise click.UsageError("-o and --bib name the same file")
    from symreg.application.one_piece import own_text, write_files

    derivation = run_task(
        "write_derivation",
        timeout=timeout,
        objective=objective_text(objective),
        rules=rules,
        form="fragment" if fragment else form or "text",
        has_prox=has_prox,
        width=width or FRAGMENT_WIDTH,
        bibliography=None if bib is None else own_text(bib),
        name=name,
        parameters=parameters,
        domain=domain,
    )
    tell_notes(derivation.notes)
    written = {} if output == "-" else {output: derivation.text}
    if bib is not None:
        written[bib] = derivation.bibliography
    write_files(written, force=force)
    if output == "-":
        console.put(derivation.text)
