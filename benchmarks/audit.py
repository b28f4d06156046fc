"""Audit every elementwise operator of the peers and write docs/audit.md: verdicts, counterexamples, reproductions.

    python benchmarks/audit.py [--only NAME]... [-o FILE]

The extras `bench` and `peers` hold them. The file holds no time and no path: with the same versions it comes out the
same.
"""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import click
import more_operators
import operators
import vector_operators
from operators import Entry

from symreg.application.audit import operator_at
from symreg.application.python_objects import literals
from symreg.application.tasks.reports import audit_place
from symreg.cli.options import parsed_settings
from symreg.verification.audit import Check, Report
from symreg.verification.report.numbers import distinguished, exact

ENTRIES = (*operators.ENTRIES, *more_operators.ENTRIES)
PACKAGES = (*operators.PACKAGES, *more_operators.PACKAGES)
REMARKS = operators.REMARKS | more_operators.REMARKS
REPRODUCED = operators.REPRODUCED | more_operators.REPRODUCED
NOT_TRIED = (
    "CIL is on no package index, but built with conda. Its names are understood: `__call__`, `gradient`, "
    "`proximal(x, tau)`."
)

KINDS = ("value", "gradient", "prox", "subdifferential", "monotone", "nonexpansive", "elementwise")

HEAD = """\
# Audit of published operators

What `symreg audit` finds in every elementwise operator of {packages}. Each is compared with the formula
that its documentation gives, in its own scaling: the value with balls, the gradient and the distance to the
subdifferential with certified one-sided slopes, the prox with the global minimiser of
`step*phi(u)+(u-v)**2/2`, enclosed; where *searched* stands, at some points it is not, and the prox has to be
stationary there and no objective found lower. An operator whose formula has a jump (the l0 norm) is judged by itself:
its prox by the least value that its own objective is found to take. Steps are {steps}, whatever an operator's range is.

"Right" allows a relative error of 1e-9, an input that is off by as much, and what rounding explains. *inaccurate* is
off by at most a thousandth; *wrong* is off by more, or no number.{reproduced}

`python benchmarks/audit.py` writes this file, with the extras `bench` and `peers`. A line that begins with `symreg
audit` says all that was found in one operator; the line of Python below it calls the library alone.

"""


OF_VECTORS = (
    "Judged with `--groups`: the value with balls, the prox by the enclosed minimiser for each group's norm, of a sum "
    "by the composition of both operators, of differences by an exact one in fractions; the distance to the "
    "subdifferential, group by group, by certified slopes. Where a parameter has an element for each weight, as "
    "`weights[n]`, each weight is judged as an elementwise operator is. What is judged by itself is searched for "
    "points at which its own objective is lower."
)
VECTOR_KINDS = ("value", "gradient", "prox", "subdifferential")

NOT_RUN = "<!-- not run: needs the libraries, from the extra bench -->"
"""Where the tests leave off carrying out what the page says."""


def audited(entry: Entry, groups: str | None = None) -> Report:
    """Return the report on one operator, as `symreg audit` makes it, under its name without the module's."""
    report = audit_place(
        lambda _: None,
        place=entry.place,
        arguments=entry.arguments,
        objective=entry.objective or None,
        parameters=entry.declared,
        settings=parsed_settings(entry.settings, has_elements=True),
        domain=entry.domain or None,
        groups=groups,
    )
    return replace(report, label=entry.shown)


def command(entry: Entry) -> str:
    """Return the command line that audits an operator."""
    words = ["symreg", "audit", entry.place]
    words += [word for row in entry.arguments for word in ("--with", row)]
    if entry.objective:
        words += ["--objective", entry.objective]
        words += [word for row in entry.declared for word in ("--param", row)]
        words += [word for row in entry.settings for word in ("--set", row)]
        words += ["--domain", entry.domain] if entry.domain else []
    return shlex.join(words)


def call(entry: Entry, check: Check) -> str:
    """Return a line of Python that shows what the library itself says at a check's point."""
    module, _, name = entry.place.partition(":")
    arguments = ", ".join(row.replace("[", "np.array([").replace("]", "])") for row in entry.arguments)
    module, made = ("odl", f"odl.functionals.{entry.made}") if entry.made else (module, f"{module}.{name}({arguments})")
    at = dict(check.at)
    if check.kind == "value":
        array = f"torch.tensor([{at['w']!r}]).double()" if entry.library == "proxtorch" else f"np.array([{at['w']!r}])"
        shown = ".item()" if entry.library == "proxtorch" else ""
        called = f"{made}{_VALUES.get(entry.library, '')}({array}){shown}"
    elif check.kind == "gradient":
        called = f"{made}.grad(np.array([{at['w']!r}]))"
    elif check.kind == "subdifferential":
        called = f"{made}.subdiff_distance(np.array([{at['w']!r}]), np.array([{at['g']!r}]), np.arange(1))"
    elif "w" in at:
        called = f"{made}(np.array({list(at['w'])!r}))"
    else:
        points = at["v"] if isinstance(at["v"], list) else [at["v"]]
        called = _prox_call(entry, made, points, at["step"])
    arrays = "torch" if entry.library == "proxtorch" else "numpy as np"
    return f'python -c "import {arrays}, {module}; print({called})"'


_VALUES = {"skglm": ".value", "dask_glm": ".f"}


def _prox_call(entry: Entry, made: str, points: Sequence[float], step: float) -> str:
    array = f"torch.tensor({points!r}).double()" if entry.library == "proxtorch" else f"np.array({points!r})"
    if entry.library == "skglm":
        return ", ".join(f"{made}.prox_1d({v!r}, {step!r}, 0)" for v in points)
    if entry.library == "odl":
        return f"{made}.proximal({step!r})({array})"
    if entry.library == "dask_glm":
        return f"{made}.proximal_operator({array}, {step!r})"
    return f"{made}.prox({array})" if _takes_no_step(entry) else f"{made}.prox({array}, {step!r})"


def finding(check: Check) -> str:
    """Return what is wrong, in a sentence or two."""
    at = ", ".join(f"{name} = {exact(x)}" for name, x in check.at.items())
    said = f"*{check.verdict}* at {at}"
    if check.got is not None and check.right is not None:
        right, got = distinguished(check.right, check.got)
        said += f": got {got}, right is {right}"
    notes = [note for note in check.notes if not note.startswith(("step*phi", "its own step"))]
    return (
        ". ".join(
            [
                said,
                *(
                    note[:1].upper() + note[1:] if note[1:2] != " " and not note.startswith("step*") else note
                    for note in notes
                ),
            ]
        )
        + "."
    )


def document(
    entries: Sequence[Entry],
    reports: Sequence[Report],
    vectors: Sequence[tuple[Entry, str]],
    of_each: Sequence[Report],
) -> str:
    """Return the whole file.

    Args:
        entries: Elementwise operators.
        reports: On each of them.
        vectors: Operators of vectors, with the sizes of groups.
        of_each: Reports on these.
    """
    from symreg.verification.audit.sample_points import STEPS

    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    are_reproduced = all(version(name) == REPRODUCED[name] for name in PACKAGES)
    head = HEAD.format(
        packages=packages,
        steps=", ".join(map(exact, STEPS)),
        reproduced=" Every point below was also found by hand: by brute force, on a grid and with SciPy, in code that "
        "shares nothing with symreg, or by calling the library."
        if are_reproduced
        else "",
    )
    parts = ["\n\n".join(_wrapped(paragraph) for paragraph in head.split("\n\n"))]
    parts += ["## Disagreements\n", f"{NOT_RUN}\n", *_disagreements(entries, reports)]
    parts += of_vectors(vectors, of_each)
    parts += ["## Verdicts\n", _table(entries, reports)]
    left_out = (*operators.LEFT_OUT, *more_operators.LEFT_OUT)
    parts += ["## Left out\n", "\n".join(_wrapped(f"- {text}", "  ") for text in left_out) + "\n"]
    parts += ["## Not tried\n", f"{_wrapped(NOT_TRIED)}\n"]
    return "\n".join(parts).replace("\n\n\n", "\n\n")


def of_vectors(entries: Sequence[tuple[Entry, str]], reports: Sequence[Report]) -> Iterator[str]:
    """Yield the section on operators of vectors."""
    yield f"## Operators of vectors\n\n{NOT_RUN}\n"
    yield f"{_wrapped(OF_VECTORS)}\n"
    rows = [f"| library | operator | formula | groups | {' | '.join(VECTOR_KINDS)} |", f"|{' --- |' * 8}"]
    wrong: list[str] = []
    last = ""
    for (entry, groups), report in zip(entries, reports, strict=True):
        verdicts = {check.kind: str(check.verdict) for check in report.checks}
        formula = f"`{entry.objective}`" if entry.objective else "by itself"
        cells = [_cell(verdicts.get(kind, "")) for kind in VECTOR_KINDS]
        rows.append(f"| {entry.library} | `{report.label}` | {formula} | {groups} | {' | '.join(cells)} |")
        bad = [check for check in report.checks if check.verdict != "agrees"]
        if bad:
            if entry.place != last:
                last = entry.place
                wrong += [f"### {entry.place.replace(':', '.')}\n"]
                wrong += [f"{_wrapped(vector_operators.REMARKS[entry.place])}\n"]
            wrong += [f"`{report.label}`\n"]
            wrong += ["\n".join(_wrapped(f"- {check.kind}: {finding(check)}", "  ") for check in bad) + "\n"]
            given = f" --groups {groups}" if groups else ""
            wrong += [f"```sh\n{command(entry)}{given}\n```\n"]
    yield "\n".join(rows) + "\n"
    yield from wrong


def _disagreements(entries: Sequence[Entry], reports: Sequence[Report]) -> Iterator[str]:
    last = ""
    for entry, report in zip(entries, reports, strict=True):
        bad = [check for check in report.checks if check.verdict != "agrees"]
        if not bad:
            continue
        own = f"odl.functionals.{entry.made.partition('(')[0]}" if entry.made else entry.place.replace(":", ".")
        title = f"### {own}\n"
        if title != last:
            yield title
            last = title
            if entry.place in REMARKS:
                yield f"{_wrapped(REMARKS[entry.place])}\n"
        yield f"`{report.label}`\n"
        yield "\n".join(_wrapped(f"- {check.kind}: {finding(check)}", "  ") for check in bad) + "\n"
        lines = dict.fromkeys([command(entry), *(call(entry, check) for check in bad if check.at)])
        yield "```sh\n" + "\n".join(lines) + "\n```\n"


def _table(entries: Sequence[Entry], reports: Sequence[Report]) -> str:
    heads = ("library", "operator", "formula", *KINDS)
    rows = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    for entry, report in zip(entries, reports, strict=True):
        verdicts: dict[str, str] = {check.kind: check.verdict for check in report.checks}
        if any("not enclosed" in note for note in report.notes):
            verdicts["prox"] += ", searched"
        formula = (
            f"`{entry.objective}`{f' on {entry.domain}' if entry.domain else ''}" if entry.objective else "by itself"
        )
        cells = (
            entry.library,
            f"`{report.label}`",
            formula,
            *(_cell(verdicts.get(k, "")) for k in KINDS),
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _cell(verdict: str) -> str:
    return verdict if verdict == "" or verdict.startswith("agrees") else f"**{verdict}**"


def _takes_no_step(entry: Entry) -> bool:
    return not operator_at(entry.place, literals(entry.arguments), None, "").takes_step


def _wrapped(text: str, indent: str = "") -> str:
    return "\n".join(textwrap.wrap(text, 118, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False))


@click.command()
@click.option("--only", multiple=True, metavar="NAME", help="Operators to audit: a part of MODULE:NAME.")
@click.option("-o", "output", default=str(Path(__file__).parent.parent / "docs" / "audit.md"), metavar="FILE")
def main(only: tuple[str, ...], output: str) -> None:
    """Audit the peers' operators and write the table."""
    chosen = [entry for entry in ENTRIES if not only or any(part in entry.place for part in only)]
    reports = []
    for entry in chosen:
        reports.append(audited(entry))
        click.echo(f"{entry.place} {' '.join(entry.arguments)}: {reports[-1].summary()}", err=True)
    vectors = [row for row in vector_operators.ENTRIES if not only or any(part in row[0].place for part in only)]
    of_each = []
    for entry, groups in vectors:
        of_each.append(audited(entry, groups or None))
        click.echo(f"{entry.place} {' '.join(entry.arguments)}: {of_each[-1].summary()}", err=True)
    text = document(chosen, reports, vectors, of_each)
    if output == "-":
        click.echo(text, nl=False)
    else:
        Path(output).parent.mkdir(exist_ok=True)
        Path(output).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
