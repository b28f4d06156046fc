"""The command line as a user meets it: exit codes, one line for each error, data on standard output alone."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from symreg import catalogue

ROOT = Path(__file__).parents[2]
COMMANDS = ("list", "show", "derive", "generate", "verify", "audit", "catalogue", "doctor")

MISTAKE = """
import numpy as np
print("loaded")

def update(w, g, *, lr, lam):
    return w - lr * (g + lam * np.linalg.norm(w))

def right(w, g, *, lr, lam):
    return w - lr * (g + 2 * lam * w)

def leaves(w, *, lam):
    raise SystemExit(0)

number = 3
"""

MY_PENALTY = """
[penalty]
name = "mine"
title = "A penalty of one's own"
expr = "lam*w**4"

[params.lam]
domain = "positive"
default = 0.5
"""

MY_RULE = """
[rule]
name = "halving"
title = "Gradient descent with half the step"
steps = ["w = w - lr*g/2"]

[params.lr]
domain = "positive"
default = 0.1
"""


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


Symreg = Callable[..., Outcome]


@pytest.fixture
def symreg(tmp_path: Path) -> Symreg:
    """Return a function that runs one command line in an empty folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def run(*arguments: str, text: str = "", **more: str) -> Outcome:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "symreg", *arguments],
            cwd=tmp_path,
            env={**environment, **more},
            input=text.encode(),
            capture_output=True,
            check=False,
        )
        return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture
def mistake(tmp_path: Path) -> Path:
    path = tmp_path / "mistake.py"
    path.write_text(MISTAKE)
    return path


def one_line(err: str) -> str:
    """Return an error's first line; what follows it can only be the text and a caret."""
    first, *rest = err.splitlines()
    assert first.startswith("symreg: ")
    assert "Traceback" not in err
    assert not rest or (len(rest) == 2 and rest[1].strip() == "^")
    return first


# Help, lists, versions


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
def test_help_names_every_command(symreg: Symreg, arguments: tuple[str, ...]) -> None:
    code, out, err = symreg(*arguments)
    assert (code, err) == (0, "")
    assert all(f"\n  {command} " in out for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(symreg: Symreg, command: str) -> None:
    code, out, err = symreg(command, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"Usage: symreg {command} ")


def test_lists(symreg: Symreg) -> None:
    for kind, names in (
        ("penalties", catalogue.penalties()),
        ("rules", catalogue.rules()),
        ("targets", ("numpy", "c")),
    ):
        code, out, _ = symreg("list", kind)
        assert code == 0
        assert tuple(line.split()[0] for line in out.splitlines()) == names
    whole = symreg("list").out
    assert all(f"{kind}\n" in whole for kind in ("penalties", "rules", "targets", "functions"))


def test_show_prints_the_spec_file(symreg: Symreg) -> None:
    assert symreg("show", "--spec", "mcp") == (0, catalogue.source_text("mcp"), "")
    assert symreg("show", "adam", "--spec") == (0, catalogue.source_text("adam"), "")


def test_show_takes_objectives_and_rules(symreg: Symreg) -> None:
    code, out, err = symreg("show", "lam*abs(w)", "--timeout", "100")
    assert code == 0 and err.startswith("note: lam is taken as positive")
    assert all(f"\n{label} " in out for label in ("formula", "derivative", "operator", "claims", "next"))
    code, out, err = symreg("show", "-", text=MY_RULE)
    assert (code, err) == (0, "")
    assert "step        w_j <- " in out


def test_doctor_says_what_it_found(symreg: Symreg, tmp_path: Path) -> None:
    code, out, _ = symreg("doctor", SYMREG_CACHE=str(tmp_path / "cache"))
    assert code == 0
    found = dict(line.split("  ", 1) for line in out.splitlines())
    assert {"symreg", "python", "sympy", "numpy", "C compiler", "cache folder"} <= {name.strip() for name in found}
    assert str(tmp_path / "cache") in out
    assert "no C compiler" in symreg("doctor", PATH="/nonexistent", CC="").out or "ziglang" in out


# Commands that work


def test_derive_prints_the_derivation(symreg: Symreg) -> None:
    code, out, err = symreg("derive", "l2")
    assert (code, err) == (0, "")
    assert "power rule" in out
    assert max(map(len, out.splitlines())) <= 80


def test_derive_as_data(symreg: Symreg) -> None:
    data = json.loads(symreg("derive", "l2", "--format", "json").out)
    assert data["schema_version"] == 1
    assert {"rule", "before", "after", "why", "condition"} <= data["steps"][0].keys()


def test_derive_reads_standard_input_and_writes_a_file(symreg: Symreg, tmp_path: Path) -> None:
    code, out, err = symreg("derive", "-", "--format", "latex", "-o", "mine.tex", text="lam*w**4")
    assert (code, out) == (0, "")
    assert err.startswith("note: lam is taken as positive")
    assert "\\" in (tmp_path / "mine.tex").read_text()
    code, out, err = symreg("derive", "-", text=MY_PENALTY)
    assert (code, err) == (0, "")
    assert "mine" in out


def test_a_parameter_is_declared(symreg: Symreg) -> None:
    code, out, err = symreg("derive", "lam*c*w**2", "--param", "c: (0, inf) = 2", "--param", "lam: positive")
    assert (code, err) == (0, "")
    assert "c" in out


def test_generate_writes_compares_and_refuses(symreg: Symreg, tmp_path: Path) -> None:
    command = ("generate", "l2", "--functions", "value", "--target", "all", "--unjudged", "-o", "out")
    paths = ["out/numpy/l2.py", "out/c/l2.h", "out/c/l2.c"]
    assert symreg(*command, "--check") == (1, "".join(f"missing {path}\n" for path in sorted(paths)), "")
    code, out, err = symreg(*command)
    assert (code, out.splitlines(), err) == (0, paths, "")
    assert symreg(*command, "--check") == (0, "", "")
    module = tmp_path / "out" / "numpy" / "l2.py"
    written = module.read_text()
    module.write_text(written + "# mine\n")
    assert symreg(*command, "--check") == (1, "stale out/numpy/l2.py\n", "")
    code, out, err = symreg(*command, "--diff")
    assert (code, err) == (1, "")
    assert "-# mine" in out
    code, out, err = symreg(*command)
    assert (code, out) == (2, "")
    assert one_line(err) == ("symreg: out/numpy/l2.py was edited since symreg wrote it; keep your copy or pass --force")
    assert symreg(*command, "--force").code == 0 and module.read_text() == written


def test_generate_prints(symreg: Symreg, tmp_path: Path) -> None:
    code, out, _ = symreg("generate", "l2", "-o", "-")
    assert code == 0
    compile(out, "l2.py", "exec")
    assert "==> c/l2.h <==\n" in symreg("generate", "l2", "--target", "c", "-o", "-").out
    assert list(tmp_path.iterdir()) == []


def test_generate_takes_several_objectives_and_rules(symreg: Symreg, tmp_path: Path) -> None:
    (tmp_path / "my_rule.toml").write_text(MY_RULE)
    code, out, _ = symreg("generate", "l2", "l1 + 0.5*l2", "--rule", "my_rule.toml", "--rule", "adam")
    assert (code, out.splitlines()) == (0, ["build/numpy/l2.py", "build/numpy/l1_l2.py"])
    module = (tmp_path / "build" / "numpy" / "l2.py").read_text()
    assert "def halving_step(" in module
    assert "def adam_step(" in module


def test_verify_passes_what_is_emitted(symreg: Symreg, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(MY_PENALTY)
    code, out, err = symreg("verify", "mine.toml", "--target", "numpy", "--points", "200")
    assert (code, err) == (0, "")
    assert "pass" in out


def test_a_missing_operator_is_told_with_its_option(symreg: Symreg) -> None:
    code, _, err = symreg("derive", "variance", "--prox")
    assert code == 2 and err.startswith("symreg: --prox: a proximal operator is derived for sums over single weights")
    assert err.rstrip().endswith("without --prox the gradient is derived")


def test_verify_judges_plain_code_by_its_numbers(symreg: Symreg) -> None:
    code, out, _ = symreg("verify", "l1", "--style", "plain", "--target", "numpy", "--points", "200")
    assert code == 0 and "prox" in out and "kinks" not in out  # what code in blocks promises of kinks, this does not
    code, _, err = symreg("verify", "l1", "--style", "plain", "--target", "c")
    assert code == 2 and "target c has no styles" in err
    code, _, err = symreg("verify", "l1", "--style", "plain", "--against", "mistake.py:right", "--as", "step")
    assert code == 2 and "--style is of what is emitted" in err


def test_verify_refutes_the_mistaken_rule(symreg: Symreg, mistake: Path) -> None:
    code, out, err = symreg("verify", "l2", "--against", "mistake.py:update", "--as", "step", "--points", "200")
    assert (code, err) == (1, "loaded\n")
    assert "the negative weight moved away from the origin" in out
    code, out, _ = symreg("verify", "l2", "--against", "mistake.py:right", "--as", "step", "--points", "200", "--json")
    assert code == 0
    data = json.loads(out)
    assert data["schema_version"] == 1
    assert data["passed"] is True
    code, out, _ = symreg("verify", "l2", "--against", "mistake.py:leaves", "--as", "gradient", "--set", "lam=0.3")
    assert code == 1
    assert "it raised SystemExit: 0" in " ".join(out.split())


# Bad input

BAD = {
    "derive mpc": "symreg: no penalty is called 'mpc'; did you mean 'mcp'?",
    "derve l2": "symreg: no such command 'derve'; did you mean 'derive'?; see symreg --help",
    "derive": "symreg: missing argument 'OBJECTIVE'; see symreg derive --help",
    "derive l2 --fromat text": None,
    "derive l2 --format html": None,
    "derive l2 --rule adma": None,
    "derive l2 --rule nothere.toml": None,
    "derive l2 --timeout 0": None,
    "derive l2 --timeout soon": None,
    "derive l2 --param c:real": None,
    "derive lam*w**2 --param lam": None,
    "derive lam*w**2 --param lam:(3,2)": None,
    "derive lam*w**2 --param lam:positive=-1": None,
    "derive lam*w**2 --param lam:positive=x": None,
    "derive nothere.toml": None,
    "derive /dev/zero.toml": None,
    "derive lam*log(1+w**2/epss": None,
    "derive __import__('os').getpid()*w": None,
    "derive w.__class__": None,
    "derive 9**9**9**w": None,
    "derive l2 -o /nonexistent/l2.tex": None,
    "derive l2 -o .": None,
    "show mpc": "symreg: no penalty is called 'mpc'; did you mean 'mcp'?",
    "show ../mcp": None,
    "list lossess": None,
    "generate": None,
    "generate l2 --name ../x": None,
    "generate l2 --name import": None,
    "generate l2 l1 --name x": None,
    "generate l2 l2": None,
    "generate l2 L2": None,
    "generate l2 --target fortran": None,
    "generate l2 -o /dev/null": None,
    "generate l2 -o /proc/symreg": None,
    "generate l2 --rule adam --rule adam": None,
    "verify l2 --against mistake.py:update": "symreg: --against and --as go together; see symreg verify --help",
    "verify l2 --as step": None,
    "verify l2 --against mistake.py:updat --as step": "symreg: mistake.py has no function 'updat'; "
    "did you mean 'update'?",
    "verify l2 --against mistake.py:number --as step": None,
    "verify l2 --against mistake.py --as step": None,
    "verify l2 --against nothere.py:update --as step": "symreg: there is no file nothere.py",
    "verify l2 --against broken.py:update --as step": None,
    "verify l2 --against mistake.py:update --as proxy": None,
    "verify l2 --against mistake.py:update --as step --set gamma=1": None,
    "verify l2 --against mistake.py:update --as step --set lam": None,
    "verify l2 --against mistake.py:update --as step --set lam=-1": None,
    "verify l2 --against mistake.py:update --as step --set lam=nan": None,
    "verify l2 --points 0": None,
    "catalogue -o /dev/null/x --nothing": None,
    "catalogue extra": None,
}


@pytest.mark.one_in(8)
@pytest.mark.parametrize("command", BAD)
def test_bad_input_is_one_line(symreg: Symreg, mistake: Path, command: str) -> None:
    mistake.with_name("broken.py").write_text("import nothing_that_is_there\n")
    before = sorted(mistake.parent.rglob("*"))
    code, out, err = symreg(*command.split())
    assert (code, out) == (2, "")
    first = one_line(err.removeprefix("loaded\n"))
    assert BAD[command] in (None, first)
    assert sorted(path for path in mistake.parent.rglob("*") if "__pycache__" not in str(path)) == before


def test_control_characters_do_not_reach_the_terminal(symreg: Symreg) -> None:
    code, _, err = symreg("derive", "\x1b[2J.toml")
    assert code == 2
    assert "\x1b" not in err


def test_what_stands_in_the_folder_is_not_imported(symreg: Symreg, tmp_path: Path) -> None:
    for name in ("sympy", "numpy", "json", "symreg", "pickle"):
        (tmp_path / f"{name}.py").write_text(f"open('imported', 'a').write('{name} ')\n")
    assert symreg("derive", "l2").code == 0
    assert not (tmp_path / "imported").exists()


# Trouble on the way


def test_time_runs_out(symreg: Symreg) -> None:
    code, out, err = symreg("derive", "l2", "--timeout", "0.001")
    assert (code, out) == (3, "")
    assert one_line(err).endswith("not done within 0.001 s, the limit (timeout)")


def test_a_missing_compiler_is_told(symreg: Symreg, tmp_path: Path) -> None:
    code, out, err = symreg("verify", "l2", "--target", "c", CC="nothing-of-that-name")
    assert (code, out) == (3, "")
    assert "nothing-of-that-name" in one_line(err)


def test_a_bug_is_one_line_and_debug_shows_more(symreg: Symreg, tmp_path: Path) -> None:
    (tmp_path / "broken" / "sympy").mkdir(parents=True)
    (tmp_path / "broken" / "sympy" / "__init__.py").write_text("1/0\n")
    path = f"{tmp_path / 'broken'}{os.pathsep}{ROOT}"
    code, out, err = symreg("derive", "l2", PYTHONPATH=path)
    assert (code, out) == (70, "")
    assert "ZeroDivisionError" in one_line(err)
    code, _, err = symreg("derive", "l2", "--debug", PYTHONPATH=path)
    assert code == 70
    assert "Traceback" in err
    assert "sympy/__init__.py" in err


def test_a_reader_that_leaves_is_no_error() -> None:
    command = f"{sys.executable} -P -m symreg list | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    )
    assert done.stdout == "penalties\n0\n"
    assert done.stderr == ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_full_disk_is_told() -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "symreg", "list"],
            env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert one_line(done.stderr) == "symreg: standard output: no space left on device"


@contextmanager
def killed_on_failure(process: subprocess.Popen[str]) -> Iterator[None]:
    """Kill a process if what is done with it fails or runs out of time: Popen would wait for its end."""
    try:
        yield
    except BaseException:
        process.kill()
        raise


@pytest.mark.one_in(2)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_ends_it_all(tmp_path: Path, number: signal.Signals, code: int) -> None:
    (tmp_path / "slow.py").write_text(
        "import os, time\nprint(os.getpid(), flush=True)\ndef f(w, *, lam):\n    time.sleep(300)\n"
    )
    command = [sys.executable, "-P", "-m", "symreg", "verify", "l2", "--against", "slow.py:f", "--as", "value"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def take_signals() -> None:
        """Undo what a background job or nohup hands down: a signal that the tests ignore would be ignored here too."""
        signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [number])

    with (
        subprocess.Popen(
            command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True, preexec_fn=take_signals
        ) as parent,
        killed_on_failure(parent),
    ):
        assert parent.stderr is not None
        child = int(parent.stderr.readline())
        parent.send_signal(number)
        rest = parent.stderr.read()
    assert parent.returncode == code
    assert "Traceback" not in rest
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_output_is_utf8_under_any_locale(symreg: Symreg) -> None:
    plain = symreg("derive", "l2")
    assert symreg("derive", "l2", LC_ALL="POSIX", PYTHONUTF8="0", PYTHONIOENCODING="latin-1") == plain


# Colour and progress

SLOW = """
import time

def f(w, *, lam):
    time.sleep(0.12)
    return float(lam * (w @ w))
"""


def on_a_terminal(arguments: tuple[str, ...], cwd: Path, **more: str) -> str:
    """Return what a command line writes to a terminal that is its standard error."""
    mine, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", **more}
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "symreg", *arguments],
        cwd=cwd, env=environment, stdout=subprocess.DEVNULL, stderr=theirs,
    ):  # fmt: skip
        os.close(theirs)
        written = b""
        while True:
            try:
                chunk = os.read(mine, 4096)
            except OSError:  # how Linux says that the other end is closed
                break
            if not chunk:
                break
            written += chunk
    os.close(mine)
    return written.decode()


def test_a_bar_shows_on_a_terminal_after_two_seconds(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    command = ("verify", "l2", "--against", "slow.py:f", "--as", "value", "--points", "10")
    told = on_a_terminal(command, tmp_path, NO_COLOR="1")
    assert "verify value" in told and "\x1b[3" not in told
    assert on_a_terminal(("show", "--spec", "l2"), tmp_path) == ""


def test_an_expression_may_begin_with_a_minus(symreg: Symreg) -> None:
    code, out, _ = symreg("derive", "-log(w)", "--domain", "(0, inf)")
    assert code == 0 and 'symreg verify "-log(w)" --domain "(0, inf)"' in out


@pytest.mark.sweep
def test_what_is_not_ours_is_not_overwritten(symreg: Symreg, tmp_path: Path) -> None:
    (tmp_path / "mine.tex").write_text("mine\n")
    patiently = ("--timeout", "60")
    for command in (("derive", "l2", "--format", "latex"), ("analyse", "l2", "--format", "latex")):
        code, out, err = symreg(*command, "-o", "mine.tex", *patiently)
        assert (code, out) == (2, "")
        assert "mine.tex is there and was not written by symreg; move it or pass --force" in err
        assert (tmp_path / "mine.tex").read_text() == "mine\n"
    assert symreg("analyse", "l2", "--format", "markdown", "-o", "mine.tex", "--force", *patiently).code == 0
    assert symreg("derive", "l2", "-o", "mine.tex", *patiently).code == 0, "ours now"


@pytest.mark.sweep
def test_a_fragment_and_its_sources_are_written_together(symreg: Symreg, tmp_path: Path) -> None:
    for name in ("l1", "l2"):
        assert (
            symreg("derive", name, "--fragment", "-o", f"{name}.tex", "--bib", "refs.bib", "--timeout", "60").code == 0
        )
    keys = re.findall(r"^@\w+\{([^,]*)", (tmp_path / "refs.bib").read_text(), re.MULTILINE)
    assert keys == sorted(keys) and {key[:5] for key in keys} == {"Hoerl", "Robbi", "Tibsh"}
    cited = set(re.findall(r"\\cite\{([^}]*)", (tmp_path / "l1.tex").read_text()))
    assert cited < set(keys)
    for wrong in (("--width", "10cm"), ("--format", "json", "--fragment"), ("--bib", "-"), ("-o", "a", "--bib", "./a")):
        assert symreg("derive", "l2", *wrong).code == 2
