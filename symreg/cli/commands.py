"""The commands: one function each, from options to text on standard output and an exit code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from symreg.cli import console
from symreg.errors import SymregError

FAILED = 1
TARGETS = ("numpy", "c")

_Command = TypeVar("_Command", bound=Callable[..., Any])


class _Group(click.Group):
    """Commands in the order in which they are written, and a guess at a mistyped one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            from symreg.model.names import did_you_mean, mentioned

            near = did_you_mean(args[0][:40], self.commands)
            raise click.UsageError(f"{mentioned(args[0], 'no such command')}{near}", ctx)
        return super().resolve_command(ctx, args)


def _version(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        from symreg.version import __version__

        console.put(f"symreg {__version__}\n")
        ctx.exit()


_debug = click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")


@click.group(cls=_Group, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
@_debug
@click.pass_context
def symreg(ctx: click.Context) -> None:
    """Derive, emit and verify the update of a regularised objective.

    OBJECTIVE is a penalty's name (l2), a spec file (my.toml), an expression ("lam*log(1 + w**2/eps)"), a sum of these
    ("l1 + 0.5*l2"), or - for standard input.
    """
    if ctx.invoked_subcommand is None:
        console.put(ctx.get_help() + "\n")


def _common(command: _Command) -> _Command:
    """Add what every command that works on an objective takes."""
    for option in (
        _debug,
        click.option(
            "--timeout",
            type=click.FloatRange(min=0, min_open=True, max=1e6),
            metavar="SECONDS",
            help="Limit on symbolic work for one objective.  [default: 10]",
        ),
        click.option(
            "--param",
            "parameters",
            multiple=True,
            metavar="'NAME: DOMAIN = VALUE'",
            help="Declare a parameter of an inline expression, 'c: (0, inf) = 2', or an array, 'c[n]: nonnegative'.",
        ),
    ):
        command = option(command)
    return command


def _domain(command: _Command) -> _Command:
    return click.option(
        "--domain", metavar="INTERVAL", help="Where each weight lies, as in '(0, inf)'.  [default: the penalty's own]"
    )(command)


def _rules(command: _Command) -> _Command:
    return click.option(
        "--rule",
        "rules",
        multiple=True,
        default=("gradient_descent",),
        metavar="RULE",
        help="Update rule: a name or a file.toml; may be repeated.  [default: gradient_descent]",
    )(command)


def _target(default: str) -> Callable[[_Command], _Command]:
    return click.option(
        "--target", type=click.Choice([*TARGETS, "all"]), default=default, show_default=True, help="Language emitted."
    )


_objective = click.argument("objective")


@symreg.command("list")
@click.argument("kind", required=False, type=click.Choice(["penalties", "rules", "targets", "functions"]))
@_debug
def list_(kind: str | None) -> None:
    """List what there is: penalties, rules, targets and functions, or one of them."""
    from symreg.cli.listing import listing

    console.put(listing(kind))


@symreg.command()
@click.argument("name")
@_debug
def show(name: str) -> None:
    """Print the spec file of a penalty or a rule."""
    from symreg.catalogue import source_text

    console.put(source_text(name))


@symreg.command()
@_objective
@click.option("--rule", help="Update rule: a name or a file.toml.  [default: gradient_descent]")
@click.option("--prox", "is_prox", is_flag=True, help="Derive the proximal operator instead, without a rule.")
@click.option(
    "--format", "form", type=click.Choice(["text", "latex", "markdown", "json"]), default="text", show_default=True
)
@click.option("-o", "output", default="-", metavar="FILE", help="Where to write it.  [default: standard output]")
@_domain
@_common
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
            objective=_read(objective),
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
@_objective
@click.option("--json", "as_json", is_flag=True, help="Print the verdicts as data.")
@_domain
@_common
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
            objective=_read(objective),
            as_json=as_json,
            parameters=parameters,
            domain=domain,
        )
    _tell_notes(written.notes)
    console.put(written.text)


@symreg.command()
@click.argument("objectives", nargs=-1, required=True, metavar="OBJECTIVE...")
@_rules
@_target("numpy")
@click.option("--name", metavar="STEM", help="Stem of the files, in place of the objective's name.")
@click.option("-o", "output", default="build", show_default=True, metavar="DIR", help="Output folder; - prints.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if the files there are not what would be written.")
@click.option("--diff", "shows_diff", is_flag=True, help="Write nothing; show what would change, exit 1 if anything.")
@click.option("--force", is_flag=True, help="Overwrite files that symreg did not write, or that were edited since.")
@click.option("--unjudged", is_flag=True, help="Write code that the judge has not looked at; its header says so.")
@_domain
@_common
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
        _refuse_together(**{"-o -": True, "--check": check, "--diff": shows_diff, "--force": force})
    _refuse_together(**{"--check": check, "--diff": shows_diff, "--force": force})
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
                objective=_read(objective),
                rules=rules,
                targets=TARGETS if target == "all" else (target,),
                name=name,
                parameters=parameters,
                is_judged=not unjudged,
                domain=domain,
            )
            if made.stem.lower() in stems:
                both = (stems[made.stem.lower()], position)
                raise click.UsageError(
                    f"{' and '.join(_mentioned(objectives, k) for k in sorted(both))} would both be written to "
                    f"{made.stem}; generate them apart, with --name"
                )
            stems[made.stem.lower()] = position
            _tell_notes(made.notes)
            files |= made.files
    if output == "-":
        console.put(_joined(files))
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
@_objective
@_rules
@_target("all")
@click.option("--points", type=click.IntRange(1, 10**7), default=2000, show_default=True, help="Points per check.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as data.")
@click.option("--against", metavar="FILE.py:FUNCTION", help="Judge this function in place of what symreg emits.")
@click.option("--as", "kind", type=click.Choice(["value", "gradient", "prox", "step"]), help="What --against computes.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Fix a parameter that is else sampled.")
@click.option(
    "--rtol", type=click.FloatRange(min=0, max=1), help="Relative error allowed besides.  [default: 1e-9 for --against]"
)
@_domain
@_common
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
            objective=_read(objective),
            rules=rules,
            targets=TARGETS if target == "all" else (target,),
            points=points,
            as_json=as_json,
            against=against,
            kind=kind or "gradient",
            settings=_settings(settings),
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
@_common
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
        _refuse_alone(**{"--set": bool(settings), "--domain": domain is not None, "--param": bool(parameters)})
    with console.Bar() as bar, worker.Worker() as child:
        report = child.call(
            "write_audit",
            timeout=timeout,
            watch=bar,
            place=place,
            arguments=arguments,
            objective=None if objective is None else _read(objective),
            domain=domain,
            settings=_settings(settings),
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
@_debug
def catalogue(output: str, check: bool, force: bool, timeout: float | None) -> int:
    """Emit the whole catalogue: NumPy, C and the derivations in LaTeX."""
    from symreg.application import emitted_files
    from symreg.cli.sweep import catalogue_sources

    _refuse_together(**{"--check": check, "--force": force})
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
@_debug
def doctor() -> int:
    """Say which versions, compiler, flags, cache folder and optional packages symreg works with."""
    from symreg.application.doctor import examine

    text, is_well = examine()
    console.put(text)
    return 0 if is_well else 3


def _mentioned(objectives: tuple[str, ...], position: int) -> str:
    """Return an objective in quotes; of a long one which it is."""
    from symreg.model.names import LONGEST_MENTION

    text = objectives[position]
    return f"'{text}'" if len(text) <= LONGEST_MENTION else f"objective {position + 1}"


def _read(objective: str) -> str:
    return console.read_all() if objective == "-" else objective


def _refuse_together(**given: bool) -> None:
    """Refuse more than one of the options that exclude each other."""
    both = [option for option, is_given in given.items() if is_given]
    if len(both) > 1:
        raise click.UsageError(f"{both[0]} and {both[1]} exclude each other", click.get_current_context())


def _refuse_alone(**given: bool) -> None:
    """Refuse what is said of an objective where there is none."""
    said = [option for option, is_given in given.items() if is_given]
    if said:
        raise click.UsageError(f"{said[0]} goes with --objective", click.get_current_context())


def _settings(rows: tuple[str, ...]) -> dict[str, float]:
    """Return the numbers of `NAME=VALUE` rows by name."""
    from symreg.model.interval import parse_number
    from symreg.model.names import mentioned

    made: dict[str, float] = {}
    for row in rows:
        name, _, value = (piece.strip() for piece in row.partition("="))
        try:
            number = parse_number(value)
        except SymregError:
            name = ""
        if not name:
            raise click.UsageError(f"{mentioned(row, '--set')}: write a name and a number, as in lam=0.3")
        if name in made:
            raise click.UsageError(f"{mentioned(row, '--set')}: {name} is set twice")
        made[name] = number
    return made


def _joined(files: dict[str, str]) -> str:
    """Return one file as it is; several each under a line with its path."""
    if len(files) == 1:
        return next(iter(files.values()))
    return "\n".join(f"==> {path} <==\n{text}" for path, text in files.items())


def _tell_notes(notes: tuple[str, ...]) -> None:
    for note in notes:
        console.tell(f"note: {note}")


def _tell_differences(folder: str, found: tuple[tuple[str, str], ...]) -> int:
    console.put("".join(f"{what} {folder}/{path}\n" for what, path in found))
    return FAILED if found else 0
