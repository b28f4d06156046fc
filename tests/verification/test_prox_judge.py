"""What is emitted as `prox` is judged, over the whole catalogue; and each thing that the judge looks at can fail."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from derived import emitted_prox
from flint import arb

import symreg
from symreg import catalogue
from symreg.application.choices import DTYPES
from symreg.verification import Report, Subject, verify
from symreg.verification.cases.prox_cases import prox_cases
from symreg.verification.cases.prox_minima import is_judged, minima_of, radius_of
from symreg.verification.report.check import Check

POINTS, SWEEP_POINTS = 500, 25_000  # in each of two formats on each of two targets
JUDGED = [name for name in catalogue.penalties() if is_judged(symreg.objective(name).terms)]


def judged(name: str, points: int) -> Report:
    objective = symreg.objective(name)
    subjects = [
        Subject(label=target, dtype=dtype, functions={"prox": emitted_prox(objective, target, dtype)})
        for target in ("numpy", "c")
        for dtype in DTYPES
    ]
    return verify(objective.terms, (), subjects, points=points)


@pytest.mark.one_in(30)
@pytest.mark.parametrize("name", sorted(JUDGED, key=lambda name: name != "l2"))  # the quickest first
def test_every_emitted_operator_is_right(name: str) -> None:
    report = judged(name, POINTS)
    assert report.passed, str(report)
    assert [check.kind for check in report.checks] == ["prox"] * 4
    assert sum(check.compared for check in report.checks) >= 0.9 * 4 * POINTS


@pytest.mark.sweep
@pytest.mark.parametrize("name", JUDGED)
def test_every_emitted_operator_is_right_everywhere(name: str) -> None:
    report = judged(name, SWEEP_POINTS)
    assert report.passed, str(report)


def test_index_notation_is_judged_where_it_is_radial() -> None:
    assert set(catalogue.penalties()) - set(JUDGED) == {
        "exclusive_lasso", "first_difference", "second_difference", "tikhonov", "variance",
    }  # fmt: skip
    radius = radius_of(symreg.objective("lam*log(1 + norm(w)/eps)").terms)
    assert radius is not None and radius.terms[0].is_elementwise and 0.0 in radius.terms[0].domain
    both = radius_of(symreg.objective("lam*norm(w) + mu*norm(w)**2").terms)
    assert both is not None and len(both.terms) == 2
    assert radius_of(symreg.objective("lam*norm(w) + lam*sum(w[i], i)").terms) is None


def test_points_are_where_it_is_hard() -> None:
    terms = symreg.objective("capped_l1").terms
    cases = prox_cases(terms, "float64", 600, {})
    assert sum(len(case.points) for case in cases) >= 600
    assert all(any(v == 0 and np.signbit(v) for v in case.points) for case in cases[1:])
    steps = [case.step for case in cases]
    assert min(steps) < 1e-3 and max(steps) > 1e3
    jumps = 0
    for case in cases[1:]:
        breakpoints = minima_of(terms, tuple(case.group.parameters.items()))[1].breakpoints
        assert len(breakpoints) == 3
        order = np.argsort(case.points)
        for low, high in pairwise(order):
            a, b = case.minima[low], case.minima[high]
            assert a is not None and b is not None
            is_next = np.nextafter(case.points[low], np.inf) == case.points[high]
            jumps += bool(is_next and abs(b.value - a.value) > 1e-3 * abs(arb(float(case.points[high]))))
    assert jumps >= 4


Prox = Callable[..., Any]


def loses_nan(prox: Prox, v: Any, **given: Any) -> Any:
    return np.nan_to_num(prox(v, **given))


def spreads_nan(prox: Prox, v: Any, **given: Any) -> Any:
    found = prox(v, **given)
    return found + np.nan if np.isnan(v).any() else found


def depends_on_the_length(prox: Prox, v: Any, **given: Any) -> Any:
    found = prox(v, **given)
    if v.size == 131_073:
        found.flat[-1] += 1
    return found


def depends_on_the_layout(prox: Prox, v: Any, **given: Any) -> Any:
    return prox(v, **given) if v.flags.c_contiguous else prox(np.ascontiguousarray(v), **given) * 2


def changes_v(prox: Prox, v: Any, **given: Any) -> Any:
    found = prox(v, **given)
    v[...] = 0
    return found


def ignores_out(prox: Prox, v: Any, *, out: Any = None, **given: Any) -> Any:
    return prox(v, **given)


def allows_overlap(prox: Prox, v: Any, *, out: Any = None, **given: Any) -> Any:
    if out is None or out.shape != v.shape or out.dtype != v.dtype:
        return prox(v, out=out, **given)
    out[...] = prox(v.copy(), **given)
    return out


def takes_any_step(prox: Prox, v: Any, *, step: Any, **given: Any) -> Any:
    return prox(v, step=step if step > 0 else 1.0, **given)


def takes_any_strength(prox: Prox, v: Any, *, lam: Any, **given: Any) -> Any:
    return prox(v, lam=abs(lam), **given)


def is_not_odd(prox: Prox, v: Any, **given: Any) -> Any:
    found = prox(v, **given)
    return np.where(v < 0, np.nextafter(found, np.float64(0)), found)


def has_no_exact_zero(prox: Prox, v: Any, **given: Any) -> Any:
    found = prox(v, **given)
    return np.where(found == 0, np.copysign(np.float64(5e-324), v), found)


def decreases(prox: Prox, v: Any, **given: Any) -> Any:
    found = prox(v, **given)
    return np.where(v == np.max(v, initial=-np.inf), -found, found)


@pytest.mark.one_in(12)
@pytest.mark.parametrize("broken", [
    loses_nan, spreads_nan, depends_on_the_length, depends_on_the_layout, changes_v, ignores_out, allows_overlap,
    takes_any_step, takes_any_strength, is_not_odd, has_no_exact_zero, decreases,
])  # fmt: skip
def test_what_is_broken_is_seen(broken: Callable[..., Any]) -> None:
    prox = symreg.load("l1", (), "numpy", "float64", judge=False).prox

    def function(v: Any, **given: Any) -> Any:
        return broken(prox, v, **given)

    subject = Subject(label="numpy", dtype="float64", functions={"prox": function})
    (check,) = verify(symreg.objective("l1").terms, (), (subject,), points=120).checks
    assert check.verdict == "wrong"


def test_what_is_whole_passes() -> None:
    prox = symreg.load("l1", (), "numpy", "float64", judge=False).prox
    subject = Subject(label="numpy", dtype="float64", functions={"prox": prox})
    assert verify(symreg.objective("l1").terms, (), (subject,), points=120).passed


def test_an_operator_takes_points_outside_the_domain_of_its_terms() -> None:
    root = symreg.penalty("root", "lam*sqrt(w)", domain="[0, inf)")
    checks = symreg.verify(root, "proximal_gradient", target="numpy", points=40).checks
    assert [check.verdict for check in checks if check.kind == "step"] == ["pass", "pass"]


def test_a_point_is_shown_beside_a_right_number_only_where_it_fits() -> None:
    check = Check(
        kind="prox", rule="", target="c", dtype="float64", points=1, compared=1, undetermined=0, vacuous=0,
        worst_ulp=0.5, worst_ratio=0.125, worst_relative=1e-16, at={"v": 1.2345, "step": 1.0}, expected=None, got=None,
        verdict="pass",
    )  # fmt: skip
    report = Report(checks=(check,))
    assert " at " not in report.table(75) and "..." not in report.table(75)
    assert "v = 1.23, step = 1" in report.table(100)


@pytest.mark.sweep
def test_infinite_results_are_judged_without_a_warning() -> None:
    def infinite(v: Any, *, step: float, lam: float) -> Any:
        return np.full_like(v, np.inf)

    check = symreg.verify("l1", against=infinite, as_="prox", points=20).checks[0]
    assert check.verdict == "wrong"


@pytest.mark.parametrize("target", ["numpy", "c"])
def test_a_residual_that_underflows_is_no_infinite_slope(target: str) -> None:
    """F(u) - v is the subnormal v itself where F(u) cancels to zero; a change of zero is then right."""
    points = np.array([-5e-324, 0.0, *(sign * 10.0**k for k in range(-140, 141, 20) for sign in (-1, 1))])
    for step, lam in ((201.42926502830676, 0.010792271093585042), (741.7366373294674, 0.001634140903952002)):
        found = emitted_prox(symreg.objective("entropy"), target)(points, step=step, lam=lam)
        assert abs(found[0] - found[1]) <= 4 * np.spacing(found[1])


def to_the_sphere(v: Any, *, step: float) -> Any:
    """The operator of `(norm(w) - 1)**2`: the radius goes to (r + 2*step)/(1 + 2*step), in any direction from 0."""
    whole = np.asarray(v, np.float64)
    greatest = np.max(np.abs(whole), initial=0.0)
    direction = np.array([0.6, *([0.0] * (v.size - 2)), -0.8])[-v.size :] if greatest == 0 else whole / greatest
    direction = direction / np.linalg.norm(direction)
    radius = greatest * np.linalg.norm(whole / greatest) if greatest else 0.0
    return (direction * ((radius + 2 * step) / (1 + 2 * step))).astype(v.dtype)


def stays_at_zero(v: Any, *, step: float) -> Any:
    return to_the_sphere(v, step=step) if v.any() else np.zeros_like(v)


def loses_what_underflows(v: Any, *, step: float) -> Any:
    return to_the_sphere(v, step=step) if not v.any() or np.abs(v).max() > 1e-150 else np.zeros_like(v)


def goes_too_far_from_zero(v: Any, *, step: float) -> Any:
    return to_the_sphere(v, step=step) * (1.0 if v.any() else 1 + 1e-6)


@pytest.mark.parametrize(("prox", "verdict"), [
    (to_the_sphere, "pass"), (stays_at_zero, "wrong"), (loses_what_underflows, "wrong"),
    (goes_too_far_from_zero, "inaccurate"),
])  # fmt: skip
def test_a_radius_that_is_not_zero_at_zero_is_judged(prox: Prox, verdict: str) -> None:
    subject = Subject(label="own", dtype="float64", functions={"prox": prox}, is_emitted=False)
    (check,) = verify(symreg.objective("(norm(w) - 1)**2").terms, (), (subject,), points=60, rtol=1e-12).checks
    assert check.verdict == verdict, check
    if prox is stays_at_zero:
        assert check.at["v"] == [0.0, 0.0] and "any direction" in check.note


def well(v: Any, *, step: float, lam: float, c: float) -> Any:
    """The operator of `lam*w**2 - 2*lam*c*abs(w)`."""
    return (v + np.copysign(2 * step * lam * c, v)) / (1 + 2 * step * lam)


def other_well(v: Any, **given: float) -> Any:
    return np.where(v == 0, -1, 1) * well(v, **given)


def between_the_wells(v: Any, **given: float) -> Any:
    return np.where(v == 0, 0, well(v, **given))


@pytest.mark.one_in(3)
@pytest.mark.parametrize(("prox", "verdict"), [(well, "pass"), (other_well, "pass"), (between_the_wells, "wrong")])
def test_of_two_minima_that_differ_in_sign_either_is_right(prox: Prox, verdict: str) -> None:
    own = symreg.penalty("own", "lam*w**2 - 2*lam*c*abs(w)", lam="positive", c="positive")
    checks = symreg.verify(own, against=prox, as_="prox", points=80).checks
    (check,) = [c for c in checks if c.kind == "prox" and not c.region]
    assert check.verdict == verdict, check
