"""The commands that symreg prints work as they are printed: a shell that reads them does what they were printed for."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

import symreg
from symreg.application.requests import read_objective
from symreg.derivation.gradient import derive
from symreg.derivation.proximal.derive import derive_prox
from symreg.expressions.text import to_text
from symreg.model.objective import Objective
from symreg.model.spec import Rule
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.presentation.outline.command import command_line, command_text
from symreg.presentation.outline.outline import outline
from symreg.presentation.text import text
from symreg.targets.command import command_of
from symreg.targets.options import UNLESS_ASKED

PENALTY = '[penalty]\nname = "mine"\nexpr = "lam*abs(w) + mu*w**2"\n[params.lam]\n[params.mu]\ndefault = 0.25\n'
RULE = '[rule]\nname = "plain"\nsteps = ["w = w - rate*g"]\n[params.rate]\ndefault = 0.01\n'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with spec files, one of them in a folder whose name a shell would take apart."""
    (tmp_path / "my specs").mkdir()
    for place in (tmp_path, tmp_path / "my specs"):
        (place / "mine.toml").write_text(PENALTY)
        (place / "plain.toml").write_text(RULE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Typed(NamedTuple):
    """What a command says."""

    verb: str
    objective: Objective
    rules: tuple[Rule, ...]
    words: list[str]


def typed(command: str) -> Typed:
    """Return what a command would do, read as a shell and symreg would."""
    program, verb, subject, *words = shlex.split(command)
    assert program == "symreg"
    pairs = [(word, words[k + 1]) for k, word in enumerate(words[:-1]) if word.startswith("--")]

    def given(option: str) -> list[str]:
        return [value for name, value in pairs if name == option]

    objective = read_objective(
        subject,
        parameters=given("--param"),
        name=next(iter(given("--name")), None),
        domain=next(iter(given("--domain")), None),
    )
    return Typed(verb, objective, tuple(map(resolve_rule, given("--rule"))), words)


OBJECTIVES: dict[str, Callable[[], Objective]] = {
    "a name": lambda: resolve("l1"),
    "an alias": lambda: resolve("lasso"),
    "a fixed parameter": lambda: resolve("l1(lam=1/3) + 2*ridge(lam=mu)"),
    "an expression": lambda: resolve("lam*log(1 + w**2/eps)"),
    "declared": lambda: read_objective("c*w**2", parameters=["c: (0, 3] = 2"], domain="[0, inf)"),
    "an array": lambda: read_objective("sum(c[i]*abs(w[i]), i)", parameters=["c[n]: nonnegative = 1"]),
    "a file": lambda: resolve("mine.toml"),
    "a path": lambda: resolve(Path("my specs/mine.toml")),
    "a path as text": lambda: resolve("my specs/mine.toml"),
    "a file with arguments": lambda: resolve("mine.toml(lam=0.5)"),
    "named": lambda: resolve("l2", name="mine_0"),
    "a penalty": lambda: resolve(symreg.penalty("l2")),
    "a penalty of a file": lambda: resolve(symreg.penalty("my specs/mine.toml")),
    "made in Python": lambda: resolve(symreg.penalty("pen", "lam*abs(w)**p", p="(1, 2] = 1.5", domain="[0, inf)")),
    "made in Python with an array": lambda: resolve(
        symreg.penalty("pen", "sum(c[i]*w[i]**2, i)", arrays={"c": (("n",), "nonnegative = 1")})
    ),
    "a sum": lambda: resolve(symreg.penalty("l1") + 0.5 * symreg.penalty("pen", "mu*w**4", mu="positive = 3")),
}


def formulas(objective: Objective) -> list[tuple[str, str]]:
    """Return the terms' formulas and domains, whatever the terms are called."""
    return [(to_text(term.tree), str(term.domain)) for term in objective.terms.terms]


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_command_means_the_objective_that_it_was_printed_for(name: str) -> None:
    objective = OBJECTIVES[name]()
    command = typed(command_text(objective, resolve_rule("my specs/plain.toml")))
    assert command.verb == "verify"
    assert command.objective.terms.parameters == objective.terms.parameters
    assert command.objective.terms.arrays == objective.terms.arrays
    assert formulas(command.objective) == formulas(objective) or name == "a sum"  # with its coefficient in the text
    assert command.rules == (resolve_rule("plain.toml"),)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_header_s_command_means_it_too_beside_the_files(name: str, folder: Path) -> None:
    objective, rule = OBJECTIVES[name](), resolve_rule("my specs/plain.toml")
    header = command_of(objective, (rule,), "c", UNLESS_ASKED)
    assert "my specs" not in header
    command = typed(header)
    assert command.objective.name == objective.name
    assert command.objective.terms.parameters == objective.terms.parameters
    assert command.rules == (rule,)
    assert command.words[-2:] == ["--target", "c"]


def test_the_sum_of_what_was_made_in_python_has_the_same_value() -> None:
    objective = OBJECTIVES["a sum"]()
    assert objective.text == "l1 + 0.5*(mu*w**4)"
    command = typed(command_line("generate", objective))
    assert [to_text(term.tree) for term in command.objective.terms.terms] == ["lam*abs(w)", "0.5*(mu*w**4)"]


def shell_words(lines: str) -> list[str]:
    """Return the words that a shell hands to a command of these lines."""
    script = f"symreg() {{ printf '%s\\0' \"$@\"; }}\n{lines}\n"
    done = subprocess.run(["sh", "-euc", script], capture_output=True, text=True, check=True, timeout=20)
    return [" ".join(word.split()) for word in done.stdout.split("\0")[:-1]]


LONG = "lam*where(abs(w) <= delta, w**2/2, delta*abs(w) - delta**2/2) + mu*log(1 + (w/c)**2)"


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    ("objective", "parameters"),
    [("l1", ()), (LONG, ()), (LONG, ("c: (0, 10) = 2", "mu: nonnegative = 0.5")), ("c*w**2", ("c: (0, 10) = 2",))],
)
def test_a_command_below_a_derivation_is_one_for_a_shell(objective: str, parameters: tuple[str, ...]) -> None:
    resolved = read_objective(objective, parameters=parameters)
    rule = resolve_rule("gradient_descent")
    for printed, command in (
        (text(outline(derive(resolved, rule))), command_text(resolved, rule)),
        (text(outline(derive_prox(resolve("l1")))), "symreg verify l1"),
    ):
        lines = re.split(r"Check it against [a-z ]+:\n? *", printed)[1]
        assert shell_words(lines) == shlex.split(command)[1:]
        assert all(len(line) <= 80 for line in lines.splitlines())


def test_what_a_note_proposes_declares_the_parameter() -> None:
    (note,) = resolve("lam*log(1 + w**2/eps)").assumptions
    assert note == "lam and eps are taken as positive; declare one otherwise with --param 'lam: real = 1'"
    (declaration,) = re.findall(r"--param '([^']+)'", note)
    declared = read_objective("lam*log(1 + w**2/eps)", parameters=[declaration])
    assert str(declared.terms.parameters[0].domain) == "real"
    (left,) = declared.assumptions
    assert left.startswith("eps is taken as positive; declare it otherwise")
