"""What is emitted for the catalogue, made once in a process, and the commands that look at it."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from symreg import catalogue
from symreg.application.tasks.sources import CATALOGUE_PROX_RULES, CATALOGUE_RULES
from symreg.calculus.analysis import analyse
from symreg.model.spec import Parameter
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.proximal.split import fits
from symreg.targets.emit import emit
from symreg.targets.options import BOTH
from symreg.targets.signature import STEP
from symreg.updates.assemble import updates
from symreg.updates.update import Update

PENALTIES, RULES = catalogue.penalties(), catalogue.rules()
SAMPLED_RULES = (*CATALOGUE_RULES, *CATALOGUE_PROX_RULES)
"""With which each penalty is emitted in every run; with all others in the sweep, and `ALL_WITH` in every run."""
ALL_WITH = ("mcp", "second_difference", "tikhonov")
IN_EVERY_RUN = tuple(name for name in PENALTIES if name in ALL_WITH or PENALTIES.index(name) % 5 == 0)
"""What every run emits; the sweep emits all."""
SUMS = ("mcp + scad", "welsch + cauchy")
"""Whose operators are found in ways of their own."""
INDEXED = (
    "exclusive_lasso",
    "first_difference",
    "l2_norm",
    "second_difference",
    "tikhonov",
    "total_variation",
    "variance",
)
WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wdouble-promotion", "-Werror")
DIALECTS = {"c99": ("-std=c99",), "c11": ("-std=c11",), "c++17": ("-x", "c++", "-std=c++17")}
needs_gcc = pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc on PATH")


@cache
def made(penalty: str, rules: tuple[str, ...] = RULES) -> tuple[Update, ...]:
    objective, chosen = resolve(penalty), [resolve_rule(rule) for rule in rules]
    known = analyse(objective.terms)
    return updates(objective, tuple(rule for rule in chosen if not rule.uses_prox or fits(known, rule)), known)


@cache
def emitted(penalty: str, rules: tuple[str, ...] = RULES) -> dict[str, str]:
    objective, functions = resolve(penalty), made(penalty, rules)
    return {path: text for target in ("numpy", "c") for path, text in emit(objective, functions, target, BOTH).items()}


def written(folder: Path, penalties: tuple[str, ...], rules: tuple[str, ...] = RULES) -> Path:
    """Write all files of penalties into one folder."""
    folder.mkdir(exist_ok=True)
    for penalty in penalties:
        for path, text in emitted(penalty, rules).items():
            (folder / Path(path).name).write_text(text, encoding="utf-8")
    return folder


def run(*command: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def assert_clean(*command: str, cwd: Path) -> None:
    done = run(*command, cwd=cwd)
    assert done.returncode == 0, (done.stdout + done.stderr)[:3000]


def parameters_of(penalty: str, function: str, rules: tuple[str, ...] = CATALOGUE_RULES) -> dict[str, Parameter]:
    """Return the parameters of a C function by name."""
    (update,) = [u for u in made(penalty, rules) if function.startswith(f"{penalty}_{u.name}_f")]
    own = (STEP,) if update.kind == "prox" else update.rule.parameters if update.rule else ()
    return {p.name: p for p in (*update.terms.parameters, *own)}


def default(parameter: Parameter) -> float:
    """Return a parameter's default; 0.7 for the step of a proximal operator, which has none."""
    return 0.7 if parameter is STEP else parameter.default
