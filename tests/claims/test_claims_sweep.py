"""Verdicts on random penalties against samples in mpmath, which share nothing with the proofs nor with the judge."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

import mpmath
import pytest
from claim_formulas import formula
from tree_values import Values
from tree_values import value as tree_value

from symreg.application.confront import confront_verdicts
from symreg.claims.decide import properties
from symreg.claims.verdict import Verdict, Verdicts
from symreg.errors import SymregError
from symreg.expressions.tree import Tree, names, number
from symreg.language.inline_declarations import read_declaration
from symreg.model.interval import Interval
from symreg.objectives.resolve import resolve

ALWAYS, LONG = range(1, 3), range(1, 301)
SLACK = mpmath.mpf(10) ** -25


@pytest.mark.one_in(2)
@pytest.mark.parametrize("number", ALWAYS)
def test_no_verdict_on_a_random_penalty_is_false(number: int) -> None:
    attack(number)


@pytest.mark.sweep
@pytest.mark.parametrize("number", LONG)
def test_no_verdict_on_one_of_many_is_false(number: int) -> None:
    attack(number)


def attack(number: int) -> None:
    """Ask for all verdicts; the judge of claims and samples in 50 digits have nothing against them."""
    text, declared = formula(number)
    try:
        analysis = properties(resolve(text, parameters=[read_declaration(row) for row in declared]))
    except SymregError:
        return  # refused with a reason
    confront_verdicts(analysis)
    with mpmath.workdps(50):
        found = list(contradictions(analysis, Random(number)))
    assert not found, (text, declared, found)


def contradictions(analysis: Verdicts, random: Random) -> list[tuple[str, Any]]:
    terms = analysis.objective.terms
    found: list[tuple[str, Any]] = []
    for _ in range(12):
        given = {p.name: _within(p.domain, p.default, random) for p in terms.parameters}
        n = random.choice((1, 2, 4)) if terms.indexed else 1
        entries = [mpmath.mpf(random.gauss(0, 1)) for _ in range(n)]
        value = _function(analysis, given, {a.name: entries for a in terms.arrays})
        for _ in range(5):
            u, v = ([mpmath.mpf(random.gauss(0, 1)) * 10 ** random.randint(-2, 2) for _ in range(n)] for _ in "uv")
            if random.random() < 0.3:
                v = [x * (1 + mpmath.mpf(random.random()) / 10) for x in u]
            found += [
                (verdict.claim, (given, u, v))
                for verdict in analysis.verdicts
                if verdict.claim in TRIED and _is_meant(verdict, given) and _is_false(verdict, value, given, u, v)
            ]
    return found


def _within(domain: Interval, default: float, random: Random) -> Any:
    low, high = domain.low, domain.high
    size = mpmath.mpf(10) ** random.uniform(-2, 2)
    if low is not None and high is not None:
        return float(low) + (float(high) - float(low)) * size / (1 + size)
    if low is not None:
        return float(low) + (0 if domain.low_closed and random.random() < 0.2 else size)
    return size * random.choice((1, -1))


def _function(analysis: Verdicts, given: dict[str, Any], arrays: dict[str, Any]) -> Callable[[list[Any]], Any]:
    """Return R; nan where it has no real value."""

    def value(w: list[Any]) -> Any:
        total = mpmath.mpf(0)
        for term in analysis.objective.terms.terms:
            scalars = {**given, "n": len(w)}
            rows: list[Values] = [Values(mpmath, {**scalars, "w": x}) for x in w]
            if not term.is_elementwise:
                rows = [Values(mpmath, scalars, {**arrays, "w": w})]
            factor = mpmath.mpf(term.coefficient.numerator) / term.coefficient.denominator
            try:
                total += factor * sum(tree_value(term.tree, row) for row in rows)
            except (ZeroDivisionError, ValueError, OverflowError):
                return mpmath.nan
        return total if isinstance(total, mpmath.mpf) and mpmath.isfinite(total) else mpmath.nan

    return value


def _number(tree: Tree | None, given: dict[str, Any]) -> Any:
    return None if tree is None else tree_value(tree, Values(mpmath, given))


def _is_meant(verdict: Verdict, given: dict[str, Any]) -> bool:
    if verdict.verdict == "proved":
        return True
    condition = verdict.holds_iff
    is_open = condition is None or bool(names(condition) & {"lr", "step"})
    return verdict.verdict == "conditional" and not is_open and bool(_number(condition, given))


def _is_false(verdict: Verdict, value: Callable[[list[Any]], Any], given: dict[str, Any], u: Any, v: Any) -> bool:
    constant = None
    with suppress(ZeroDivisionError):
        constant = _number(verdict.value, given)
    gap, scale = TRIED[verdict.claim](value, u, v, constant)
    return bool(gap < -SLACK * scale)


def _even(value: Any, u: Any, v: Any, _: Any) -> tuple[Any, Any]:
    here, there = value(u), value([-x for x in u])
    return -abs(here - there), abs(here) + abs(there) + SLACK


def _nonnegative(value: Any, u: Any, v: Any, _: Any) -> tuple[Any, Any]:
    return value(u), 1


def _chord(bend: Callable[[Any], Any]) -> Callable[..., tuple[Any, Any]]:
    def gap(value: Any, u: Any, v: Any, constant: Any) -> tuple[Any, Any]:
        middle = value([(x + y) / 2 for x, y in zip(u, v, strict=True)])
        ends, size = (value(u), value(v)), sum((x - y) ** 2 for x, y in zip(u, v, strict=True))
        factor = bend(0 if constant is None else constant)
        scale = abs(ends[0]) + abs(ends[1]) + abs(middle) + abs(factor) * size
        return sum(ends) / 2 - middle + factor * size / 8, scale

    return gap


def _lipschitz(value: Any, u: Any, v: Any, constant: Any) -> tuple[Any, Any]:
    bound = mpmath.inf if constant is None else constant
    gap, scale = _chord(lambda _: 0)(value, u, v, 0)
    size = sum((x - y) ** 2 for x, y in zip(u, v, strict=True))
    return bound * size / 8 - abs(gap), scale


def _toward(value: Any, u: Any, v: Any, _: Any) -> tuple[Any, Any]:
    """The slope by each weight has its sign, by a difference of nearly all digits that there are."""
    worst, scale = mpmath.mpf(0), mpmath.mpf(1)
    for j, x in enumerate(u):
        inward = [y * (1 - mpmath.mpf(10) ** -20) if k == j else y for k, y in enumerate(u)]
        worst = min(worst, value(u) - value(inward))
        scale = max(scale, abs(value(u))) if x else scale
    return worst, scale


def _homogeneous(value: Any, u: Any, v: Any, degree: Any) -> tuple[Any, Any]:
    left, right = value([3 * x for x in u]), mpmath.mpf(3) ** degree * value(u)
    return -abs(left - right), abs(left) + abs(right) + SLACK


TRIED: dict[str, Callable[..., tuple[Any, Any]]] = {
    "even": _even,
    "nonnegative": _nonnegative,
    "convex": _chord(lambda _: 0),
    "weakly convex": _chord(lambda rho: rho),
    "strongly convex": _chord(lambda mu: -mu),
    "gradient Lipschitz": _lipschitz,
    "shrinks toward the origin": _toward,
    "positively homogeneous": _homogeneous,
}


def test_samples_find_what_is_false() -> None:
    """A verdict of each kind, made false, falls to the samples."""
    wrong = {
        "sum((w[i+1] - w[i])**3, i)": ("even", "nonnegative", "convex", "strongly convex", "shrinks toward the origin"),
        "w**4": ("gradient Lipschitz",),
    }
    for text, claims in wrong.items():
        made = properties(resolve(text))
        for claim in claims:
            false = Verdict(claim=claim, verdict="proved", value=number(1) if claim == "gradient Lipschitz" else None)
            told = Verdicts(objective=made.objective, verdicts=(false,))
            with mpmath.workdps(50):
                assert contradictions(told, Random(1))
