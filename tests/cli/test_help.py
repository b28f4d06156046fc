"""Help that can be used: whole summaries, examples that work as they are printed, names that a shell completes."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path

import pytest
from click.testing import CliRunner

from symreg import catalogue
from symreg.cli.group import EXAMPLES, summary
from symreg.cli.group import symreg as command_line

ROOT = Path(__file__).parents[2]
LONG = ("catalogue",)
"""Commands whose examples work through the whole catalogue."""

SHRINK = """
import numpy as np

def prox(v, *, step, lam):
    return np.sign(v) * np.maximum(np.abs(v) - step * lam, 0)
"""

HUBER = """
import numpy as np

class Huber:
    def __init__(self, alpha):
        self.alpha = alpha

    def __call__(self, x):
        size = np.abs(x)
        return np.sum(np.where(size <= self.alpha, size**2 / 2, self.alpha * size - self.alpha**2 / 2))

    def prox(self, x, tau):
        return x - tau * self.alpha * x / np.maximum(np.abs(x), self.alpha * (1 + tau))
"""

MINE = """
[penalty]
name = "mine"
title = "A penalty of one's own"
expr = "lam*w**4"

[params.lam]
domain = "positive"
default = 0.5
"""


def environment(**more: str) -> dict[str, str]:
    scripts = sysconfig.get_path("scripts")
    path = f"{scripts}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), **more}


def completed(words: str) -> list[str]:
    """Return what bash is told when a line is completed at its end."""
    done = subprocess.run(
        ["symreg"],
        env=environment(_SYMREG_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(len(words.split(" ")) - 1)),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.splitlines()


def test_list_of_commands_has_whole_summaries() -> None:
    shown = CliRunner().invoke(command_line, ["--help"]).output
    words = " ".join(shown.split())
    for name, command in command_line.commands.items():
        assert f" {name} {summary(command)} " in words
    assert summary(command_line.commands["list"]).endswith("targets and functions, or one of them")


@pytest.mark.parametrize("name", EXAMPLES)
def test_help_has_three_examples(name: str) -> None:
    shown = CliRunner().invoke(command_line, ["--help"] if name == "symreg" else [name, "--help"]).output
    assert len(EXAMPLES[name]) == 3 and all(f"\n    {example}\n" in shown for example in EXAMPLES[name])


def test_every_command_has_examples() -> None:
    assert EXAMPLES.keys() == {"symreg", *command_line.commands}


@pytest.mark.one_in(60)
@pytest.mark.parametrize(
    "example", dict.fromkeys(example for name, rows in EXAMPLES.items() if name not in LONG for example in rows)
)
def test_example_works_as_it_is_printed(example: str, tmp_path: Path) -> None:
    for name, text in (("shrink.py", SHRINK), ("huber.py", HUBER), ("mine.toml", MINE)):
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        ["bash", "-c", example], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout or "-o" in example


def test_shell_completes_commands_names_and_options() -> None:
    assert completed("symreg an") == ["plain,analyse"]
    assert completed("symreg derive hub") == ["plain,huber"]
    assert completed("symreg verify l2 --rule ada") == [f"plain,{n}" for n in catalogue.rules() if n.startswith("ada")]
    assert completed("symreg generate l2 --targ") == ["plain,--target"]
    assert completed("symreg generate l1 mc") == ["plain,mcp"]
    assert completed("symreg show adamw") == ["plain,adamw", "plain,adamw_unscaled"]
    assert completed("symreg derive l2 --rule lio") == ["plain,lion"]
    assert completed("symreg audit huber.py:Huber --objective hub") == ["plain,huber"]
    assert completed("symreg derive my.t") == ["file,my.t"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_line_that_turns_completion_on_gives_a_script(shell: str) -> None:
    done = subprocess.run(
        ["symreg"], env=environment(_SYMREG_COMPLETE=f"{shell}_source"), capture_output=True, text=True, check=True
    )
    assert "_SYMREG_COMPLETE" in done.stdout
    assert f"_SYMREG_COMPLETE={shell}_source symreg" in (ROOT / "docs" / "command_line.md").read_text()
