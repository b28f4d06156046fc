"""What follows from proved convexity is asked of somebody's own functions, and what breaks it is seen."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from proximal_operators import RIGHT

import symreg
from symreg.application.requests import verify_request
from symreg.application.tasks.objectives import prove_convexity
from symreg.application.verify import judge_function
from symreg.expressions.tree import Compare, Logic, Name, number
from symreg.language.parse import parse
from symreg.objectives.resolve import resolve
from symreg.verification import Check, Convexity
from symreg.verification.cases.prox_cases import prox_cases
from symreg.verification.checks import nonexpansive, subgradient
from symreg.verification.checks.convexity import least_rho

POINTS = 200
INEQUALITIES = ("subgradient", "prox_monotone", "prox_lipschitz")
PROVED = {  # rho at the parameters lam = 2, gamma = 4, mu = 0.0625, eps = 0.5
    "l1": 0.0, "l2_norm": 0.0, "first_difference": 0.0, "mcp": 0.25, "mcp + l2(lam=mu)": 0.125, "log_sum": 8.0,
    "mcp + l2_norm(lam=mu)": 0.25,
}  # fmt: skip


def proofs_of(objective: str) -> tuple[Convexity, ...]:
    return prove_convexity(lambda notice: None, objective=resolve(objective))


def checks_of(objective: str, function: Callable[..., Any], kind: Any, **options: Any) -> dict[str, Check]:
    proofs = options.pop("proofs", None)
    request = verify_request(resolve(objective), (), kind=kind, **{"points": POINTS, **options})
    report = judge_function(request, function, proofs=proofs_of(objective) if proofs is None else proofs)
    return {check.kind: check for check in report.checks}


# What is proved reaches the judge as data


@pytest.mark.parametrize(("objective", "rho"), PROVED.items())
def test_the_least_rho_that_is_proved_is_used(objective: str, rho: float) -> None:
    found = least_rho(proofs_of(objective), {"lam": 2.0, "gamma": 4.0, "mu": 0.0625, "eps": 0.5})
    assert found is not None and rho <= found <= rho * (1 + 1e-15)


def test_a_condition_is_decided_at_the_parameters() -> None:
    proofs = proofs_of("mcp + l2(lam=mu)")
    assert [least_rho(proofs, {"lam": 1.0, "gamma": 2.0, "mu": mu}) == 0 for mu in (0.2, 0.25, 0.3)] == [
        False,
        True,
        True,
    ]
    both = Logic("and", (Compare(">", Name("a"), number(1)), Compare(">=", Name("b"), number(2))))
    only = (Convexity(rho=number(0), holds_iff=both),)
    assert [least_rho(only, {"a": a, "b": b}) is None for a, b in ((2, 2), (1, 2), (2, 1))] == [False, True, True]


@pytest.mark.parametrize("objective", ["capped_l1", "l_half", "lam*log(1 + norm(w)/eps)", "tikhonov"])
def test_nothing_is_asked_where_nothing_is_proved(objective: str) -> None:
    assert proofs_of(objective) == ()
    assert least_rho((), {}) is None


# What is right has all of it


@pytest.mark.one_in(6)
@pytest.mark.parametrize("objective", ["l1", "mcp", "l2_norm", "entropy", "mcp + l2(lam=mu)", "cauchy"])
def test_right_functions_pass(objective: str) -> None:
    emitted = symreg.load(objective, (), "c", "float64", judge=False, timeout=60)
    inequalities: list[Check] = []
    for kind in ("value", "gradient", "prox"):
        checks = checks_of(objective, getattr(emitted, kind), kind)
        assert all(check.verdict == "pass" for check in checks.values()), checks
        inequalities += [check for name, check in checks.items() if name in INEQUALITIES]
    assert [check.kind for check in inequalities] == [INEQUALITIES[0], *INEQUALITIES]
    assert all(check.compared >= 25 and check.undetermined == 0 for check in inequalities)


def test_pairs_are_close_and_far_apart() -> None:
    terms, proofs = resolve("l1").terms, proofs_of("l1")
    weights = subgradient.pair_cases(terms, "float64", POINTS, {}, None, 50, proofs)
    points = nonexpansive.pair_cases("float64", prox_cases(terms, "float64", POINTS, {}), proofs)
    for cases in (weights, points):
        pairs = [(case.points[a], case.points[b]) for case in cases for a, b in case.pairs]
        assert 0.5 * POINTS <= len(pairs) <= 3 * POINTS
        with np.errstate(over="ignore"):
            apart = [np.max(np.abs(u - v)) / np.max(np.abs(v)) for v, u in pairs if np.any(v)]
        assert min(apart) < 1e-5 and sum(off > 2 for off in apart) > len(pairs) / 20


# What is broken only where no other check looks


class Unseen:
    """A function that is right for every number that it is called with before `breaks` is set, and broken elsewhere."""

    def __init__(self, right: Callable[..., Any], broken: Callable[[Any], Any]) -> None:
        self.right, self.broken, self.breaks = right, broken, False
        self.seen: set[float] = set()

    def __call__(self, w: Any, **given: Any) -> Any:
        found = self.right(w, **given)
        if not self.breaks:
            self.seen.update(w.tolist())
        is_seen = all(x in self.seen for x in w.tolist())
        return found if is_seen else self.broken(found)


def broken_at_pairs(
    objective: str, right: Callable[..., Any], broken: Callable[[Any], Any], kind: str
) -> dict[str, str]:
    """Return the verdicts on a function that is right at all points that it is asked for without proofs."""
    function = Unseen(right, broken)
    (alone,) = checks_of(objective, function, kind, proofs=()).values()
    assert alone.verdict == "pass"
    function.breaks = True
    return {name: check.verdict for name, check in checks_of(objective, function, kind).items()}


@pytest.mark.parametrize("factor", [1.001, 0.999, -1.0, 0.0])
def test_a_gradient_that_is_no_subgradient_is_seen_between_the_points(factor: float) -> None:
    verdicts = broken_at_pairs("l2", lambda w, *, lam: 2 * lam * w, lambda g: factor * g, "gradient")
    assert verdicts.pop("subgradient") in ("wrong", "inaccurate")
    assert verdicts == {"gradient": "pass"}


def test_a_gradient_of_something_weakly_convex_is_seen_too() -> None:
    def right(w: Any, *, lam: float, gamma: float) -> Any:
        return np.sign(w) * np.maximum(lam - np.abs(w) / gamma, 0)

    verdicts = broken_at_pairs("mcp", right, lambda g: 1.01 * g, "gradient")
    assert verdicts == {"gradient": "pass", "subgradient": "wrong"}


@pytest.mark.parametrize("factor", [1.01, 0.99])
def test_a_value_that_is_not_convex_is_seen_between_the_points(factor: float) -> None:
    verdicts = broken_at_pairs("l2", lambda w, *, lam: lam * np.sum(w**2), lambda r: factor * r, "value")
    assert verdicts.pop("subgradient") in ("wrong", "inaccurate")
    assert verdicts == {"value": "pass"}


@pytest.mark.one_in(6)
@pytest.mark.parametrize(("objective", "factor", "expected"), [
    ("l1", 1.01, {"prox_lipschitz"}), ("l1", -1.0, {"prox_monotone", "prox_lipschitz"}),
    ("mcp", 1.01, {"prox_lipschitz"}), ("l2_norm", 1.01, {"prox_lipschitz"}),
    ("l2_norm", -1.0, {"prox_monotone", "prox_lipschitz"}),
])  # fmt: skip
def test_an_operator_that_grows_too_fast_or_falls_is_seen(objective: str, factor: float, expected: set[str]) -> None:
    verdicts = broken_at_pairs(objective, RIGHT[objective], lambda p: factor * p, "prox")
    assert verdicts.pop("prox") == "pass"
    assert {name for name, verdict in verdicts.items() if verdict == "wrong"} >= expected


# A proof that is none is refuted by functions that are right


@pytest.mark.sweep
@pytest.mark.one_in(2)
@pytest.mark.parametrize("rho", ["0", "0.999/gamma"])
def test_a_constant_that_is_too_small_is_seen(rho: str) -> None:
    false = (Convexity(rho=parse(rho, known=("gamma",))),)
    emitted = symreg.load("mcp", (), "numpy", "float64", judge=False, timeout=60)
    found = [checks_of("mcp", getattr(emitted, kind), kind, proofs=false) for kind in ("gradient", "prox")]
    wrong = {name for checks in found for name, check in checks.items() if check.verdict == "wrong"}
    assert wrong == {"subgradient", "prox_lipschitz"}


# In the report


@pytest.mark.sweep
def test_from_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def gradient(w, *, lam):\n    return 1.5 * lam * w\n")
    base = [sys.executable, "-m", "symreg", "verify", "l2", "--points", "60"]
    done = subprocess.run([*base, "--target", "numpy", "--json"], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    kinds = [check["kind"] for check in json.loads(done.stdout)["checks"] if check["dtype"] == "float32"]
    assert kinds == ["value", "gradient", "prox", "step"]
    wrong = subprocess.run(
        [*base, "--against", "mine.py:gradient", "--as", "gradient"], capture_output=True, text=True, cwd=tmp_path
    )
    assert wrong.returncode == 1
    at = wrong.stdout.index("subgradient")
    assert "lies below phi(w) + g(w)*(u - w) =" in " ".join(wrong.stdout[at:].split())
    assert "2 checks failed" in wrong.stdout


def test_in_the_python_interface() -> None:
    report = symreg.verify("l1", against=lambda v, *, step, lam: v / 2, as_="prox", points=40)
    assert [check.name for check in report.checks] == ["prox", "prox_monotone", "prox_lipschitz"]
