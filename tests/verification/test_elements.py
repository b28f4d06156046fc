"""The check that each weight has its own element of a parameter, on functions written by hand, right and wrong."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from symreg.objectives.resolve import resolve
from symreg.verification.behaviour.per_weight import checks_of_elements
from symreg.verification.cases.calling import Subject

Change = Callable[[Any], Any]


def soft(v: Any, threshold: Any) -> Any:
    return np.sign(v) * np.maximum(np.abs(v) - threshold, 0)


def ridge(change: Change) -> dict[str, Callable[..., Any]]:
    return {
        "value": lambda w, *, lam: float(np.sum(change(lam) * w**2)),
        "gradient": lambda w, *, lam: 2 * change(lam) * w,
        "prox": lambda v, *, step, lam: v / (1 + 2 * step * change(lam)),
    }


def sparse_groups(change: Change) -> dict[str, Callable[..., Any]]:
    def of_groups(w: Any, groups: Any, c: Any) -> tuple[Any, Any]:
        sizes = np.diff(groups)
        norms = np.array([np.linalg.norm(w[a:b]) for a, b in pairwise(groups)])
        return (np.sqrt(sizes) if c is None else c), np.repeat(norms, sizes)

    def value(w: Any, *, lam: Any, mu: float, groups: Any, c: Any = None) -> float:
        weights, norms = of_groups(w, groups, c)
        firsts = groups[:-1][np.diff(groups) > 0]
        return float(np.sum(change(lam) * np.abs(w)) + mu * np.sum(weights[np.diff(groups) > 0] * norms[firsts]))

    def gradient(w: Any, *, lam: Any, mu: float, groups: Any, c: Any = None) -> Any:
        weights, norms = of_groups(w, groups, c)
        return change(lam) * np.sign(w) + mu * np.repeat(weights, np.diff(groups)) * w / norms

    def prox(v: Any, *, step: float, lam: Any, mu: float, groups: Any, c: Any = None) -> Any:
        u = soft(v, step * change(lam))
        weights, norms = of_groups(u, groups, c)
        threshold = step * mu * np.repeat(weights, np.diff(groups))
        return u * np.where(norms > threshold, 1 - threshold / np.where(norms > 0, norms, 1), 0)

    return {"value": value, "gradient": gradient, "prox": prox}


def smooth(change: Change) -> dict[str, Callable[..., Any]]:
    return {
        "value": lambda w, *, lam, mu: float(np.sum(change(lam) * w**2) + mu * np.sum(np.diff(w) ** 2)),
        "gradient": lambda w, *, lam, mu: (
            2 * change(lam) * w + 2 * mu * (np.diff(w, prepend=w[:1]) - np.diff(w, append=w[-1:]))
        ),
    }


OBJECTIVES = {
    "l2(lam=lam[n])": ridge,
    "l1(lam=lam[n]) + group(l1(lam=mu))": sparse_groups,
    "l2(lam=lam[n]) + difference(l2(lam=mu))": smooth,
}
WRONG: dict[str, Change] = {
    "the other way round": lambda lam: lam[::-1],
    "one for all": lambda lam: lam[:1],
    "their mean": lambda lam: np.mean(lam),
    "of the weight before": lambda lam: np.roll(lam, 1),
    "the last one missed": lambda lam: np.append(lam[:-1], 0 * lam[-1:]),
}


def verdict(text: str, functions: dict[str, Callable[..., Any]]) -> str:
    subject = Subject(label="own", dtype="float64", functions=functions, by_position=("w", "v"))
    (check,) = checks_of_elements(resolve(text).terms, [subject])
    return check.verdict


@pytest.mark.parametrize("text", OBJECTIVES)
def test_functions_of_the_own_element_pass(text: str) -> None:
    assert verdict(text, OBJECTIVES[text](lambda lam: lam)) == "pass"


@pytest.mark.parametrize("mistake", WRONG)
@pytest.mark.parametrize("text", OBJECTIVES)
def test_another_element_is_noticed_in_each_function(text: str, mistake: str) -> None:
    functions = OBJECTIVES[text](WRONG[mistake])
    for name in functions:
        assert verdict(text, {name: functions[name]}) == "wrong", name
