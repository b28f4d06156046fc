"""Every rule that PyTorch has, against torch.optim, or against recorded trajectories where it is missing."""

from __future__ import annotations

import importlib.util
import json
import math
from functools import partial

import pytest
from record_trajectories import CASES, KEPT, RECORDED, START, STEPS, Case, loss_gradient, torch_trajectory
from tree_values import run

from symreg import catalogue

RTOL = 1e-12

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")


def test_every_rule_that_torch_has_is_here() -> None:
    named = {name for name in catalogue.rules() if "torch.optim" in catalogue.rule(name).reference}
    assert named == {case.rule for case in CASES} - {"adamw_unscaled"}
    for name in named:
        rule = catalogue.rule(name)
        of_it = [case for case in CASES if case.rule == name]
        assert {case.lam > 0 for case in of_it} == {True, False}
        assert len({tuple(case.parameters.values()) for case in of_it}) >= 2
        defaults = {p.name: p.default for p in rule.parameters}
        assert any(dict(case.parameters) == defaults for case in of_it), "the defaults are among the settings"
        assert all(list(case.parameters) == list(defaults) for case in of_it)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule_follows_recorded_trajectory(case: Case) -> None:
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    assert recorded["steps"] == list(KEPT)
    ours = rule_trajectory(case)
    check([ours[t - 1] for t in KEPT], recorded["weights"][str(case)])


@needs_torch
@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule_follows_torch(case: Case) -> None:
    check(rule_trajectory(case), torch_trajectory(case))


@needs_torch
@pytest.mark.parametrize("rule", [name for name in catalogue.rules() if any(case.rule == name for case in CASES)])
def test_defaults_are_those_of_torch(rule: str) -> None:
    import torch

    case = next(case for case in CASES if case.rule == rule)
    theirs = getattr(torch.optim, case.optimiser)([torch.zeros(1)]).defaults
    theirs["beta1"], theirs["beta2"] = theirs.get("betas", (None, None))
    for parameter in catalogue.rule(rule).parameters:
        if parameter.name == "momentum" or (parameter.name, case.optimiser) == ("lr", "SGD"):
            continue  # PyTorch has no momentum unless asked, and no lr for SGD until it stopped being required
        assert parameter.default == theirs[parameter.name], parameter.name


def rule_trajectory(case: Case) -> list[list[float]]:
    """Return the weights after each step of the rule, by its trees in plain floats."""
    rule = catalogue.rule(case.rule)
    columns = [
        run(
            rule,
            start,
            [partial(loss_gradient, element, t) for t in range(STEPS)],
            lambda w: 2 * case.lam * w,
            case.parameters,
            math,
        )
        for element, start in enumerate(START)
    ]
    return [list(row) for row in zip(*columns, strict=True)]


def check(ours: list[list[float]], theirs: list[list[float]]) -> None:
    """Compare relative to the distance covered so far or the weight, whichever is more."""
    assert len(ours) == len(theirs) > 0
    for step, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        for element, (x, y) in enumerate(zip(a, b, strict=True)):
            scale = max(abs(y), abs(y - START[element]))
            assert abs(x - y) <= RTOL * scale, (step, element, x, y, abs(x - y) / scale)
