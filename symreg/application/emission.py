"""Before emitted code is handed over: the judge looks at it, once.

Takes an objective, its updates and the targets; raises `WrongCode` unless all is right. A verdict is kept in the cache
folder under the hash of the sources, the formula and the judge, so that the same command costs it once.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from symreg.application import verify
from symreg.application.confront import confront_updates
from symreg.errors import ToolMissing, WrongCode
from symreg.model.objective import Objective
from symreg.model.spec import Rule
from symreg.targets.emit import emit
from symreg.targets.loading.c_compiler import cache_folder, digest, find_compiler
from symreg.targets.options import BOTH, Options
from symreg.updates.update import Update

if TYPE_CHECKING:
    from symreg.verification import Check, Report

TWIN = "there is no C compiler here: the C file was judged through its NumPy twin"

_JUDGE = ("verification", "expressions", "model")
"""The rooms that decide a verdict; the sources that it is on are hashed themselves."""


class _Verdict(NamedTuple):
    """What was found: the block that says what is wrong, "" if nothing is, and notes on what could not be judged."""

    wrong: str
    notes: tuple[str, ...]


def judge_emitted(
    objective: Objective,
    updates: tuple[Update, ...],
    rules: Sequence[Rule],
    targets: Iterable[str],
    options: Options = BOTH,
    *,
    is_used: bool = True,
) -> tuple[str, ...]:
    """Have the judge look at what is emitted, in each of its precisions; return what its owner must know, a line each.

    Args:
        objective: What the updates are of.
        updates: The functions emitted.
        rules: Those whose steps are among them.
        targets: `numpy`, `c` or both.
        options: Which of the functions are emitted, and in which precisions.
        is_used: Is it loaded afterwards? C that is only looked at is built in less time.

    Raises:
        WrongCode: A function is wrong, or could not be judged at everyday values at all; holds the judge's report.
    """
    wanted = tuple(targets)
    judged = tuple(name for name in wanted if name != "c" or _can_compile()) or ("numpy",)
    notes = (TWIN,) if "c" in wanted and "c" not in judged else ()
    sources = {name: emit(objective, updates, name, replace(options, is_judged=True)) for name in judged}
    compiler = find_compiler().identity if "c" in judged else ""
    texts = [f"{path}\n{text}" for files in sources.values() for path, text in sorted(files.items())]
    steps = [(rule.steps, rule.states, rule.parameters) for rule in rules]
    key = digest(_judge(), compiler, repr(is_used), repr(objective.terms), repr(objective.data), repr(steps), *texts)
    verdict = _kept(key)
    if verdict is None:
        confront_updates(updates)  # what their docstrings claim
        report = verify.quick_look(objective, updates, rules, judged, options, is_fast=is_used)
        verdict = _verdict(report, {rule.name for rule in rules if rule.uses_prox})
        _keep(key, verdict)
    if verdict.wrong:
        raise WrongCode(objective.name, verdict.wrong)
    return (*notes, *verdict.notes)


def _verdict(report: Report, proximal: set[str]) -> _Verdict:
    """Return what comes of a report. An operator of which the judge could tell nothing is handed over with a note.

    Args:
        proximal: The rules that take an operator.
    """
    undetermined = [
        check
        for check in report.checks
        if check.verdict == "undetermined" and (check.kind == "prox" or check.rule in proximal)
    ]
    failed = [check for check in report.checks if check.verdict != "pass" and check not in undetermined]
    names = dict.fromkeys(check.name for check in undetermined)
    notes = tuple(f"{name} was not judged: its exact values are not certain at everyday points" for name in names)
    return _Verdict(_block(report, failed) if failed else "", notes)


def _block(report: Report, failed: Sequence[Check]) -> str:
    """Return the checks that failed, as `verify` prints them, and what may help."""
    return f"{replace(report, checks=tuple(failed)).table()}\n\n{_advice(failed)}"


def _advice(failed: Sequence[Check]) -> str:
    """Return what the author of a formula can do about checks that failed."""
    if all(check.verdict == "undetermined" for check in failed):
        return (
            "The judge could not tell what is right at everyday values. Write the formula in another way, or limit\n"
            "the weights to where it has a value with --domain, as in --domain '(0, inf)'."
        )
    spelling = (
        "Write the formula in another way (log(exp(a) + exp(b)) as logaddexp(a, b), log(1 + exp(a)) as softplus(a),\n"
        "exp(a) - 1 as expm1(a), log(1 + a) as log1p(a)), or limit the weights to what you need with --domain, as in\n"
        "--domain '[-100, 100]'; --unjudged writes the code as it is."
    )
    if all(check.kind == "prox" for check in failed):
        return f"The gradient is right; the proximal operator that was derived is not.\n{spelling}"
    return spelling


def _can_compile() -> bool:
    try:
        find_compiler()
    except ToolMissing:
        return False
    return True


@cache
def _judge() -> str:
    """Return the hash of what decides a verdict besides its subject: the judge's own files, and what they stand on."""
    package = Path(__file__).parents[1]
    files = sorted(path for room in _JUDGE for path in (package / room).rglob("*.py"))
    versions = [f"{name} {metadata.version(name)}" for name in ("numpy", "python-flint")]
    return digest(*versions, *(path.read_text(encoding="utf-8") for path in files))


def _kept(key: str) -> _Verdict | None:
    """Return the verdict that was kept under a key, if there is one that can be read."""
    try:
        kept = json.loads(_place(key).read_text(encoding="utf-8"))
        return _Verdict(str(kept["wrong"]), tuple(map(str, kept["notes"])))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(key: str, verdict: _Verdict) -> None:
    """Keep a verdict; where nothing can be kept, the next command judges again."""
    place = _place(key)
    temporary = place.with_suffix(f".{secrets.token_hex(4)}")
    with contextlib.suppress(OSError):
        place.parent.mkdir(mode=0o700, exist_ok=True)
        temporary.write_text(json.dumps(verdict._asdict()), encoding="utf-8")
        os.replace(temporary, place)


def _place(key: str) -> Path:
    return cache_folder() / "verdicts" / f"{key}.json"
