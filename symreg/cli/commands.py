"""The commands: one function each, from options to text on standard output and an exit code."""

from __future__ import annotations

import click

from symreg.cli import console
from symreg.cli.group import debug, symreg
from symreg.cli.options import (
    FAILED,
    chosen_targets,
    common_options,
    domain_option,
    joined_files,
    mentioned_objective,
    objective_argument,
    objective_text,
    parsed_settings,
    refuse_alone,
    refuse_together,
    rule_options,
    target_option,
)

__all__ = ["symreg"]  # with its commands, which are defined here


@symreg.command("list")
@click.argument("kind", required=False, type=click.Choice(["penalties", "rules", "targets", "functions"]))
@debug
def list_(kind: str | None) -> None:
    """List what there is: penalties, rules, targets and functions, or one of them."""
    from symreg.cli.listing import listing

    console.put(listing(kind))


@symreg.command()
@click.argument("name")
@debug
def show(name: str) -> None:
    """Print the spec file of a penalty or a rule."""
    from symreg.catalogue import source_text

    console.put(source_text(name))


@symreg.command()
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
    from symreg.application import worker

    if is_prox and rule is not None:
        raise click.UsageError("--prox derives the operator alone; leave out --rule, or --prox")
    with console.Bar() as bar, worker.Worker() as child:
        written = child.call(
            "write_derivation",
            timeout=timeout,
            watch=bar,
            objective=objective_text(objective),
            rule="gradient_descent" if rule is None else rule,
            form=form,
            is_prox=is_prox,
            parameters=parameters,
            domain=domain,
        )
    _tell_notes(written.notes)
    if output == "-":
        console.put(written.text)
    else:
        from symreg.application.emitted_files import write_file

        write_file(output, written.text)


@symreg.command()
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
    from symreg.application import worker

    with console.Bar() as bar, worker.Worker() as child:
        written = child.call(
            "write_properties",
            timeout=timeout,
            watch=bar,
            objective=objective_text(objective),
            as_json=as_json,
            parameters=parameters,
            domain=domain,
        )
    _tell_notes(written.notes)
    console.put(written.text)


@symreg.command()
@click.argument("objectives", nargs=-1, required=True, metavar="OBJECTIVE...")
@rule_options
@target_option("numpy")
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
    from symreg.application import emitted_files, worker

    if name is not None and len(objectives) > 1:
        raise click.UsageError("--name goes with one objective", click.get_current_context())
    if output == "-":
        refuse_together(**{"-o -": True, "--check": check, "--diff": shows_diff, "--force": force})
    refuse_together(**{"--check": check, "--diff": shows_diff, "--force": force})
    if output != "-":
        emitted_files.check_folder(output, is_to_be_written=not (check or shows_diff))
    files: dict[str, str] = {}
    stems: dict[str, int] = {}
    with console.Bar() as bar, worker.Worker() as child:
        for position, objective in enumerate(objectives):
            made = child.call(
                "write_sources",
                timeout=timeout,
                watch=bar,
                objective=objective_text(objective),
                rules=rules,
                targets=chosen_targets(target),
                name=name,
                parameters=parameters,
                is_judged=not unjudged,
                domain=domain,
            )
            if made.stem.lower() in stems:
                both = sorted((stems[made.stem.lower()], position))
                raise click.UsageError(
                    f"{' and '.join(mentioned_objective(objectives, k) for k in both)} would both be written to "
                    f"{made.stem}; generate them apart, with --name"
                )
            stems[made.stem.lower()] = position
            _tell_notes(made.notes)
            files |= made.files
    if output == "-":
        console.put(joined_files(files))
        return 0
    if shows_diff:
        changes = emitted_files.diff(output, files)
        console.put(changes)
        return FAILED if changes else 0
    if check:
        return _tell_differences(output, emitted_files.compare(output, files))
    console.put("".join(f"{path}\n" for path in emitted_files.write(output, files, force=force)))
    return 0


@symreg.command()
@objective_argument
@rule_options
@target_option("all")
@click.option("--points", type=click.IntRange(1, 10**7), default=2000, show_default=True, help="Points per check.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as data.")
@click.option("--against", metavar="FILE.py:FUNCTION", help="Judge this function in place of what symreg emits.")
@click.option("--as", "kind", type=click.Choice(["value", "gradient", "prox", "step"]), help="What --against computes.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Fix a parameter that is else sampled.")
@click.option(
    "--rtol", type=click.FloatRange(min=0, max=1), help="Relative error allowed besides.  [default: 1e-9 for --against]"
)
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
    from symreg.application import worker

    if (against is None) != (kind is None):
        raise click.UsageError("--against and --as go together", click.get_current_context())
    with console.Bar() as bar, worker.Worker() as child:
        report = child.call(
            "write_report",
            timeout=timeout,
            watch=bar,
            objective=objective_text(objective),
            rules=rules,
            targets=chosen_targets(target),
            points=points,
            as_json=as_json,
            against=against,
            kind=kind or "gradient",
            settings=parsed_settings(settings),
            rtol=rtol,
            parameters=parameters,
            domain=domain,
        )
    _tell_notes(report.notes)
    console.put(report.text)
    return 0 if report.passed else FAILED


@symreg.command()
@click.argument("place", metavar="OBJECT")
@click.option(
    "--objective", metavar="OBJECTIVE", help="The formula that it should be of.  [default: judge it by itself]"
)
@click.option("--with", "arguments", multiple=True, metavar="NAME=VALUE", help="Argument that the object is made with.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Number of a parameter of the objective.")
@click.option("--domain", metavar="INTERVAL", help="Where the objective holds, as in '(0, inf)'.")
@click.option("--step", "steps", multiple=True, type=float, metavar="NUMBER", help="Step of the prox; may be repeated.")
@click.option("--points", type=click.IntRange(1, 10**6), default=700, show_default=True, help="Points per check.")
@click.option("--rtol", type=click.FloatRange(min=0, max=1), help="Relative error allowed besides.  [default: 1e-9]")
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
    from symreg.application import worker

    if objective is None:
        refuse_alone(**{"--set": bool(settings), "--domain": domain is not None, "--param": bool(parameters)})
    with console.Bar() as bar, worker.Worker() as child:
        report = child.call(
            "write_audit",
            timeout=timeout,
            watch=bar,
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
    _tell_notes(report.notes)
    console.put(report.text)
    return 0 if report.passed else FAILED


@symreg.command()
@click.option("-o", "output", default="generated", show_default=True, metavar="DIR", help="Output folder.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 naming files that are stale, missing or extra.")
@click.option("--force", is_flag=True, help="Overwrite files that symreg did not write, or that were edited since.")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True, max=1e6), metavar="SECONDS", hidden=True)
@debug
def catalogue(output: str, check: bool, force: bool, timeout: float | None) -> int:
    """Emit the whole catalogue: NumPy, C and the derivations in LaTeX."""
    from symreg.application import emitted_files
    from symreg.cli.sweep import catalogue_sources

    refuse_together(**{"--check": check, "--force": force})
    if output == "-":
        raise click.UsageError("-o -: the catalogue is written to a folder; name one", click.get_current_context())
    emitted_files.check_folder(output, is_to_be_written=not check)
    with console.Bar() as bar:
        files = catalogue_sources(timeout, bar)
    if check:
        return _tell_differences(output, emitted_files.compare(output, files, is_whole=True))
    paths = emitted_files.write(output, files, force=force, is_whole=True)
    console.tell(f"{len(paths)} files are as the sources give them in {output}")
    return 0


@symreg.command()
@debug
def doctor() -> int:
    """Say which versions, compiler, flags, cache folder and optional packages symreg works with."""
    from symreg.application.doctor import examine

    text, is_well = examine()
    console.put(text)
    return 0 if is_well else 3


def _tell_notes(notes: tuple[str, ...]) -> None:
    for note in notes:
        console.tell(f"note: {note}")


def _tell_differences(folder: str, found: tuple[tuple[str, str], ...]) -> int:
    console.put("".join(f"{what} {folder}/{path}\n" for what, path in found))
    return FAILED if found else 0
