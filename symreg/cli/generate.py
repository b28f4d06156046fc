"""`symreg generate`: emitted source, written below a folder, printed, or compared with what is there."""

from __future__ import annotations

import click

from symreg.cli import console
from symreg.cli.options import (
    common_options,
    domain_option,
    objective_text,
    objectives_argument,
    refuse_together,
    rule_options,
    target_option,
    targets_named,
)
from symreg.cli.outcomes import FAILED, print_differences, tell_notes
from symreg.errors import SpecError
from symreg.targets.options import DTYPES, STYLES, UNLESS_ASKED, DtypeChoice, Options
from symreg.updates.kinds import KINDS


@click.command()
@objectives_argument
@rule_options
@target_option("numpy")
@click.option(
    "--dtype",
    type=click.Choice(DTYPES),
    default=UNLESS_ASKED.dtype,
    show_default=True,
    help="Precision of C; NumPy takes both.",
)
@click.option(
    "--functions",
    default=",".join(KINDS),
    show_default=True,
    metavar="LIST",
    help="What is emitted: some of these, joined by commas.",
)
@click.option(
    "--style",
    type=click.Choice(STYLES),
    default=UNLESS_ASKED.style,
    show_default=True,
    help="Of NumPy: in place and in blocks, or pure functions to read.",
)
@click.option(
    "--per-weight", "per_weight", multiple=True, metavar="PARAMETER", help="Give it an element for each weight."
)
@click.option("--name", metavar="STEM", help="Stem of the files, in place of the objective's name.")
@click.option("-o", "output", default="build", show_default=True, metavar="DIR", help="Output folder; - prints.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if the files there are not what would be written.")
@click.option("--diff", "shows_diff", is_flag=True, help="Write nothing; show what would change, exit 1 if anything.")
@click.option("--force", is_flag=True, help="Overwrite files that symreg did not write, or that were edited since.")
@click.option("--unjudged", is_flag=True, help="Write code that the judge has not looked at; its header says so.")
@domain_option
@common_options
def generate(
    objectives: tuple[str, ...],
    rules: tuple[str, ...],
    target: str,
    dtype: DtypeChoice,
    functions: str,
    style: str,
    per_weight: tuple[str, ...],
    name: str | None,
    output: str,
    check: bool,
    shows_diff: bool,
    force: bool,
    unjudged: bool,
    domain: str | None,
    parameters: tuple[str, ...],
    timeout: float | None,
) -> int:
    """Emit value, gradient and update steps of each OBJECTIVE as source; print the paths written.

    The judge looks at every function first; if one is wrong, nothing is written and the exit code is 1.
    """
    from symreg.application.emitted_files import check_folder
    from symreg.application.requests import named_functions
    from symreg.targets.styles import named_style

    targets = targets_named(target)
    try:
        chosen = named_style(style, targets)
    except SpecError as error:
        raise click.UsageError(str(error), click.get_current_context()) from None
    options = Options(dtype=dtype, kinds=named_functions(functions), is_judged=not unjudged, style=chosen)
    if name is not None and len(objectives) > 1:
        raise click.UsageError("--name goes with one objective", click.get_current_context())
    if output == "-":
        refuse_together(**{"-o -": True, "--check": check, "--diff": shows_diff, "--force": force})
    refuse_together(**{"--check": check, "--diff": shows_diff, "--force": force})
    if output != "-":
        check_folder(output, is_to_be_written=not (check or shows_diff))
    from symreg.objectives.per_weight import text_of_each

    files = _emitted(
        tuple(text_of_each(objective_text(objective), per_weight) for objective in objectives),
        timeout=timeout,
        rules=rules,
        targets=targets,
        name=name,
        parameters=parameters,
        options=options,
        domain=domain,
    )
    return _delivered(files, output, check=check, shows_diff=shows_diff, force=force)


def _emitted(objectives: tuple[str, ...], *, timeout: float | None, **arguments: object) -> dict[str, str]:
    """Return the files of all objectives by path; notes are told as they come."""
    from symreg.application.worker import Worker

    files: dict[str, str] = {}
    positions: dict[str, int] = {}  # of the objective that a stem was made from; file systems may ignore case
    with console.Bar() as bar, Worker() as child:
        for position, objective in enumerate(objectives):
            emitted = child.call("write_sources", timeout=timeout, watch=bar, objective=objective, **arguments)
            stem = emitted.stem.lower()
            if stem in positions:
                first, second = (_mentioned(objectives, k) for k in sorted((positions[stem], position)))
                raise click.UsageError(
                    f"{first} and {second} would both be written to {emitted.stem}; generate them apart, with --name"
                )
            positions[stem] = position
            tell_notes(emitted.notes)
            files |= emitted.files
    return files


def _delivered(files: dict[str, str], output: str, *, check: bool, shows_diff: bool, force: bool) -> int:
    """Print, compare or write the files, and return the exit code."""
    from symreg.application import emitted_files

    if output == "-":
        console.put(_joined(files))
        return 0
    if shows_diff:
        changes = emitted_files.diff(output, files)
        console.put(changes)
        return FAILED if changes else 0
    if check:
        return print_differences(output, emitted_files.compare(output, files))
    console.put("".join(f"{path}\n" for path in emitted_files.write(output, files, force=force)))
    return 0


def _joined(files: dict[str, str]) -> str:
    """Return one file as it is; several each under a line with its path."""
    if len(files) == 1:
        return next(iter(files.values()))
    return "\n".join(f"==> {path} <==\n{text}" for path, text in files.items())


def _mentioned(objectives: tuple[str, ...], position: int) -> str:
    """Return an objective in quotes; of a long one which it is."""
    from symreg.model.names import LONGEST_MENTION

    text = objectives[position]
    return f"'{text}'" if len(text) <= LONGEST_MENTION else f"objective {position + 1}"
