"""Nothing is handed over unjudged: wrong code is held back with the judge's report, and a verdict is asked for once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import symreg
from symreg.application import emission, verify
from symreg.application.emission import TWIN, judge_emitted
from symreg.errors import WrongCode
from symreg.expressions.tree import Binary, number
from symreg.model.objective import Objective
from symreg.model.spec import Rule
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.targets.description import UNJUDGED
from symreg.targets.loading import c_compiler
from symreg.updates.assemble import updates
from symreg.updates.update import Update

ROOT = Path(__file__).parents[2]

# Read by every Python that is started: the gradient of all that is derived is off by a thousandth.
SABOTAGE = """
from dataclasses import replace
from fractions import Fraction
from symreg.expressions.tree import Binary, Number
from symreg.updates import assemble as room

right = room.updates

def wrong(objective, rules):
    factor = Number(Fraction(1001, 1000))
    return tuple(
        replace(u, elementwise=Binary("*", factor, u.elementwise)) if u.kind == "gradient" else u
        for u in right(objective, rules)
    )

room.updates = wrong
"""


class Wrong:
    """An objective's updates with a gradient that is off by a thousandth, and what they are judged with."""

    def __init__(self, text: str, rule: str | None = "gradient_descent") -> None:
        self.objective: Objective = resolve(text)
        self.rules: Sequence[Rule] = () if rule is None else (resolve_rule(rule),)
        self.right: tuple[Update, ...] = updates(self.objective, tuple(self.rules))
        self.wrong = tuple(_spoilt(update) if update.kind == "gradient" else update for update in self.right)


def _spoilt(update: Update) -> Update:
    assert update.elementwise is not None
    return replace(update, elementwise=Binary("*", number(1.001), update.elementwise))


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emission, "cache_folder", lambda: tmp_path)


@pytest.fixture(scope="module")
def cauchy() -> Wrong:
    return Wrong("lam*log(1 + w**2)")


def _run(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT))),
        "SYMREG_CACHE": str(folder / "kept"),
    }
    return subprocess.run(
        [sys.executable, "-P", "-m", "symreg", *arguments],
        cwd=folder,
        env={**environment, **more},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.one_in(2)
@pytest.mark.parametrize("target", ["numpy", "c"])
def test_a_wrong_gradient_is_held_back_with_the_point_that_shows_it(cauchy: Wrong, target: str) -> None:
    judge_emitted(cauchy.objective, cauchy.right, cauchy.rules, (target,))
    with pytest.raises(WrongCode) as caught:
        judge_emitted(cauchy.objective, cauchy.wrong, cauchy.rules, (target,))
    assert caught.value.exit_code == 1
    for part in ("gradient", target, "float64", "float32", "wrong", "at w = ", "got gradient", "right is "):
        assert part in caught.value.report
    assert "value " not in caught.value.report  # what is right is not shown


def test_the_command_writes_nothing_that_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(SABOTAGE)
    done = _run(tmp_path, "generate", "l2", "--target", "all", "-o", "out")
    assert done.returncode == 1 and done.stdout == ""
    assert "got gradient" in done.stderr and "right is " in done.stderr and "--domain" in done.stderr
    assert not (tmp_path / "out").exists()

    done = _run(tmp_path, "generate", "l2", "-o", "out", "--unjudged")
    assert done.returncode == 0
    text = (tmp_path / "out" / "numpy" / "l2.py").read_text()
    assert UNJUDGED in text and "--unjudged\n" in text


def test_without_a_compiler_the_twin_is_judged_and_a_note_says_so(tmp_path: Path) -> None:
    nowhere = {"PATH": str(tmp_path / "nowhere"), "CC": ""}
    (tmp_path / "ziglang.py").write_text("raise ImportError")
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u; f = u.find_spec; "
        "u.find_spec = lambda name, *rest: None if name == 'ziglang' else f(name, *rest)"
    )
    done = _run(tmp_path, "generate", "l1", "--target", "c", "-o", "out", **nowhere)
    assert done.returncode == 0 and f"note: {TWIN}" in done.stderr
    assert (tmp_path / "out" / "c" / "l1.c").is_file()


def test_a_verdict_is_kept_until_source_formula_or_judge_change(cauchy: Wrong, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Update, ...]] = []
    look = verify.quick_look

    def counted(objective: Objective, made: tuple[Update, ...], *rest: object, **named: object) -> object:
        asked.append(made)
        return look(objective, made, *rest, **named)  # type: ignore[arg-type]  # handed on as they come

    monkeypatch.setattr(verify, "quick_look", counted)
    given = cauchy.objective, cauchy.right, cauchy.rules, ("numpy",)
    for _ in range(2):
        judge_emitted(*given)
    assert len(asked) == 1
    for _ in range(2):
        with pytest.raises(WrongCode):
            judge_emitted(cauchy.objective, cauchy.wrong, cauchy.rules, ("numpy",))
    assert len(asked) == 2
    monkeypatch.setattr(emission, "_judge", lambda: "another judge")
    judge_emitted(*given)
    assert len(asked) == 3


@pytest.mark.parametrize(("is_used", "effort"), [(False, "-O1"), (True, "-O3")])
def test_c_is_built_once_and_quickly_where_it_is_only_looked_at(
    cauchy: Wrong, is_used: bool, effort: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[tuple[str, ...]] = []
    run = c_compiler._run

    def noted(command: tuple[str, ...], *, cwd: Path | None, text: str = "") -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return run(command, cwd=cwd, text=text)

    c_compiler.find_compiler()
    monkeypatch.setattr(c_compiler, "_run", noted)
    monkeypatch.setattr(c_compiler, "cache_folder", lambda: tmp_path)
    judge_emitted(cauchy.objective, cauchy.right, cauchy.rules, ("numpy", "c"), is_used=is_used)
    assert [[part for part in command if part.startswith("-O")][-1] for command in commands] == [effort]


@pytest.mark.sweep
def test_python_is_handed_judged_code_unless_it_asks_for_other() -> None:
    assert UNJUDGED not in symreg.generate("l1")["numpy/l1.py"]
    assert UNJUDGED in symreg.generate("l1", judge=False)["numpy/l1.py"]
    assert UNJUDGED in symreg.generate("l1", target="c", judge=False)["c/l1.h"]
    assert symreg.load("l1", target="numpy", judge=False).value is not None
