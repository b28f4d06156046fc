"""`symreg plot` as a user meets it: a file, or one line that says why there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def symreg(folder: Path, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "symreg", "plot", *arguments],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def test_file_is_written_and_never_over_another(tmp_path: Path) -> None:
    command = ("l2", "--functions", "step", "--set", "lr=0.5", "--timeout", "60", "-o", "path.svg")
    assert symreg(tmp_path, *command) == (0, "path.svg\n", "")
    assert (tmp_path / "path.svg").read_bytes().startswith(b"<?xml")
    (tmp_path / "path.svg").write_text("mine")
    code, out, err = symreg(tmp_path, *command)
    assert (code, out) == (2, "") and "--force" in err and len(err.splitlines()) == 1
    assert (tmp_path / "path.svg").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ("l1 -o l1.txt", "the name of a picture ends in .svg, .png or .pdf"),
        ("l1 -o -", "the name of a picture ends in .svg, .png or .pdf"),
        ("l1", "missing option '-o'"),
        ("l1 -o a.svg --range 3", "--range 3: write two numbers, the lower one first, as in -3,3"),
        ("l1 -o a.svg --range 3,-3", "the lower one first"),
        ("l1 -o a.svg --range 1,nan", "the lower one first"),
        ("l1 -o a.svg --set lam", "write a name and a number"),
        ("l1 -o a.svg --steps 0", "--steps"),
    ],
)
def test_wrong_command_is_one_line(arguments: str, reason: str, tmp_path: Path) -> None:
    code, out, err = symreg(tmp_path, *arguments.split())
    assert (code, out) == (2, "") and reason in err and len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
