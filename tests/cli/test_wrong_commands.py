"""Wrong command lines, as people type them: one line on standard error that says what would be right, exit code 2."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from symreg.cli import run

ROOT = Path(__file__).parents[2]
CHOICES = "is not one of"
EXCLUDES = "exclude each other"
BETWEEN = "is not in the range"
NUMBER = "write a name and a number, as in lam=0.3"
EXTRA = "got unexpected extra argument"

WRONG = {
    "lits": "no such command 'lits'; did you mean 'list'?; see symreg --help",
    "help": "no such command 'help'; see symreg --help",
    "--verson": "Did you mean '--version'",
    "--timeout 3 derive l2": "no such option '--timeout'",
    "list penalty": CHOICES,
    "list penalties rules": EXTRA,
    "list --json": "no such option '--json'; see symreg list --help",
    "show": "missing argument 'OBJECTIVE'",
    "show l1 l2": EXTRA,
    "show ''": "expression:1:1: there is no expression",
    "show adma": "no penalty is called 'adma'; did you mean the rule 'adam'?",
    "show ../l2": "'.' is not in the language",
    "show --spec 'l1 + l2'": "no penalty or rule is called 'l1 + l2'",
    "show --spec adma": "no penalty or rule is called 'adma'; did you mean 'adam'?",
    "show --spec l1 --domain '(0, inf)'": "--spec prints a file as it stands; leave out --domain",
    "show nothere.toml": "there is no file nothere.toml",
    "derive": "missing argument 'OBJECTIVE'",
    "derive --": "missing argument 'OBJECTIVE'",
    "derive l1 l2": EXTRA,
    "derive ''": "expression:1:1: there is no expression",
    "derive -": "expression:1:1: there is no expression",
    "derive -w": "an objective that begins with '-' is written after --",
    "derive l2 --rule": "requires an argument",
    "derive l2 --rule ''": "no rule is called ''",
    "derive l2 --rule l1": "no rule is called 'l1'; it is a penalty, and stands where the objective does",
    "derive adam": "no penalty is called 'adam'; it is a rule: name it with --rule adam beside a penalty",
    "generate l2 --target torch": "load numpy's functions and hand them tensors through .detach().numpy()",
    "derive l2 --rule 'w = w - g'": "no rule is called 'w = w - g'",
    "derive l2 --format TEXT": CHOICES,
    "derive l2 --json": "no such option '--json'",
    "derive l2 --set lam=3": "no such option '--set'",
    "derive l2 -o ''": "the output file has an empty name",
    "derive l2 --timeout -1": BETWEEN,
    "derive l2 --timeout nan": "write a positive number of seconds",
    "derive l2 --timeout inf": BETWEEN,
    "derive l2 --param 'lam: real'": "'lam' is declared by its penalty",
    "derive l2 --param 'mu: real'": "the objective has no parameter 'mu'",
    "derive lam*w --param 'lma: real'": "did you mean 'lam'",
    "derive lam*w --param 'lam: real' --param 'lam: positive'": "'lam' is declared twice",
    "derive lam*w --param lam": "write a name, a domain and a default",
    "derive lam*w --param 'lam = 2'": "write a name, a domain and a default",
    "derive lam*w --param :": "parameter '': write a letter",
    "derive lam*w --param lam:": "domain '' is not one",
    "derive lam*w --param 'w: positive'": "parameter 'w': the name is reserved",
    "derive lam*w --param 'lam: (0, inf) = '": "default '' is not a number",
    "derive lam*w --param 'lam: (0, inf) == 2'": "default '= 2' is not a number",
    "derive lam*w --param 'lam: positive = 1e999'": "default inf is outside its domain",
    "derive lam*w --param 'lam: positive = nan'": "default 'nan' is not a number",
    "derive lam*w --param 'lam: positive = 1_0'": "default '1_0' is not a number",
    "derive lam*w --param 'lam: positive = \N{ARABIC-INDIC DIGIT TWO}'": r"default '\u0662' is not a number",
    "generate": "missing argument 'OBJECTIVE...'",
    "generate l2 --rule nope": "no rule is called 'nope'",
    "generate l2 --name ''": "name '': write a letter",
    "generate l2 --name stdio": "a file of that name would hide another",
    "generate l2 --name a b": "--name goes with one objective",
    "generate l2 --target numpy,c": CHOICES,
    "generate l2 --check --diff": EXCLUDES,
    "generate l2 --check --force": EXCLUDES,
    "generate l2 --diff --force": EXCLUDES,
    "generate l2 -o - --check": EXCLUDES,
    "generate l2 -o - --force": EXCLUDES,
    "generate l2 -o ''": "the output folder has an empty name",
    "generate l2 -o /dev/null/x": "/dev/null/x: not a directory",
    "generate l2 -o file": "file: not a directory",
    "generate l2 -o file/x": "file/x: not a directory",
    "verify": "missing argument 'OBJECTIVE'",
    "verify l1 l2": EXTRA,
    "verify l2 --points 0": BETWEEN,
    "verify l2 --points 1e3": "is not a valid integer",
    "verify l2 --points 99999999999": BETWEEN,
    "verify l2 --rtol -1": BETWEEN,
    "verify l2 --rtol nan": "rtol = nan: write a number from 0 to 1",
    "verify l2 --set lam": NUMBER,
    "verify l2 --set lam=": NUMBER,
    "verify l2 --set =3": NUMBER,
    "verify l2 --set lam=x": NUMBER,
    "verify l2 --set lam=inf": NUMBER,
    "verify l2 --set lam=1_0": NUMBER,
    "verify l2 --set lam=1,mu=2": NUMBER,
    "verify l2 --set lam=1 --set lam=2": "lam is set twice",
    "verify l2 --set lam=-1": "lam = -1 is outside its domain positive",
    "verify l2 --set lma=1": "did you mean 'lam'",
    "verify l2 --set lr=0": "lr = 0 is outside its domain",
    "verify l2 --against x.py:f": "--against and --as go together",
    "verify l2 --as value": "--against and --as go together",
    "verify l2 --against x.py:f --as proxy": CHOICES,
    "verify l2 --against x.py --as step": "write FILE.py:FUNCTION",
    "verify l2 --against x.py: --as step": "write FILE.py:FUNCTION",
    "verify l2 --against :f --as step": "write FILE.py:FUNCTION",
    "verify l2 --against json.nothere:f --as value": "there is no module 'json.nothere'",
    "verify l2 --against json:dmups --as value": "did you mean 'dumps'?",
    "verify l2 --against math:exp --as value": "exp cannot be called as exp(w, *, lam)",
    "verify l2 --call w": "--call goes with --against",
    "verify l2 --range 1,2": "--range goes with --against",
    "verify l2 --far": "--far goes with --against",
    "verify l2 --arrays torch": "--arrays goes with --against",
    "verify l2 --against math:exp --as value --range 2,1": "the first less than the second",
    "verify l2 --against math:exp --as value --range 1": "write two sizes",
    "verify l2 --against math:exp --as value --range a,b": "write two sizes",
    "verify l2 --against /dev/zero:f --as step": "a file's ends in .py",
    "verify l2 --against ../x.py:f --as step": "there is no file ../x.py",
    "catalogue l2": EXTRA,
    "catalogue -o": "requires an argument",
    "catalogue -o ''": "the output folder has an empty name",
    "catalogue -o -": "the catalogue is written to a folder",
    "catalogue -o file": "file: not a directory",
    "catalogue -o /dev/null/x": "/dev/null/x: not a directory",
    "catalogue --check --force": EXCLUDES,
    "doctor x": EXTRA,
    "doctor --json": "no such option '--json'",
}


@pytest.mark.one_in(8)
@pytest.mark.parametrize("command", WRONG)
def test_a_wrong_command_is_told_in_one_line(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("mine")
    with open(os.devnull) as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        code = run(shlex.split(command))
    out, err = capfd.readouterr()
    first, *rest = err.splitlines()
    assert (code, out) == (2, "")
    assert first.startswith("symreg: ")
    assert WRONG[command] in first
    assert not rest or (len(rest) == 2 and rest[1].strip() == "^")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert Path("file").read_text() == "mine"


def shell(script: str, folder: Path) -> tuple[str, str]:
    """Run a line of bash in which `$S` is symreg; return what it prints and what it tells."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "S": f"{sys.executable} -P -m symreg"}
    done = subprocess.run(["bash", "-c", script], cwd=folder, env=environment, capture_output=True, check=False)
    return done.stdout.decode(), done.stderr.decode()


@pytest.mark.one_in(8)
@pytest.mark.parametrize(
    ("script", "out", "err"),
    [
        ("$S list penalties >&-; echo $? >&2", "", "symreg: standard output: closed\n2\n"),
        ("$S derive - <&-; echo $?", "2\n", "symreg: standard input is closed\n"),
        ("$S derive nope 2>&-; echo $?", "2\n", ""),
        ("$S derive nope <&- >&- 2>&-; exec echo $?", "2\n", ""),
        (r"printf 'lam*\377' | $S derive -; echo $?", "2\n", "symreg: standard input: not UTF-8 text\n"),
        ("$S derive - < /dev/zero; echo $?", "2\n", "symreg: standard input: more than 300000 bytes\n"),
        ("cd gone; rmdir ../gone; $S generate l2; echo $?", "2\n", "symreg: build: no such file or directory\n"),
        ("$S derive l2 --format latex | head -c 10; echo; echo ${PIPESTATUS[0]}", "% The deri\n0\n", ""),
        (
            r"LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 $S derive $'\xce\xbb*w'; echo $?",
            "2\n",
            "symreg: expression:1:1: character '\\udcce' is not ASCII text\n    ??*w\n    ^\n",
        ),
    ],
)  # fmt: skip
def test_whatever_surrounds_it_is_told_too(script: str, out: str, err: str, tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    assert shell(script, tmp_path) == (out, err)


INTRACTABLE = "(" * 12 + "1 + w" + "**64)" * 12
"""Within every limit of the language, and of degree 64**12."""


def test_what_takes_too_long_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    """The process group is gone when the command ends: nothing holds the standard error that it inherited."""
    out, err = shell(f"$S derive '{INTRACTABLE}' --timeout 2; echo $?", tmp_path)
    assert out == "3\n"
    assert err.endswith(": not done within 2 s, the limit (timeout)\n")
    assert err.count("\n") == 1
