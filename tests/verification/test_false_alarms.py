"""Right code passes: what the judge used to fail, or never came to an end with.

Nothing depends on a weight in a vector shorter than a shift, or where the penalty is zero or linear; the diagonal of a
double sum is zero however the weights move; a sum of sums is not asked of vectors that it takes hours for.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from flint import arb

import symreg
from symreg.application.requests import verify_request
from symreg.application.verify import judge
from symreg.application.verify import quick_look as look
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.targets.options import BOTH
from symreg.updates.assemble import updates
from symreg.verification import Subject, quick_look, verify
from symreg.verification.cases.dependence import dependent_slopes, depth, longest, span
from symreg.verification.cases.sampling.groups import Group
from symreg.verification.comparison.tolerance import errors, reference

RIGHT = (
    "sum((w[i+7] - w[i])**2, i)",
    "sum(w[i+12]**2, i)",
    "sum(w[i]*w[i+1], i)",
    "0*w",
    "lam*(abs(w) - abs(w))",
    "lam*w",
    "sum(w[i+1] - w[i], i)",
    "sqrt(w)",
    "lam*sum(sum(abs(w[i] - w[j]), j), i)",
    "sum(sum(max(w[i], w[j]), j), i)",
    "sum(sum(sum(w[i]*w[j]*w[k], k), j), i)",
)
THROUGH_C = ("sum((w[i+7] - w[i])**2, i)", "0*w", "lam*sum(sum(abs(w[i] - w[j]), j), i)")


@pytest.mark.one_in(12)
@pytest.mark.parametrize("text", RIGHT)
def test_right_code_passes(text: str) -> None:
    objective, rules = resolve(text), [resolve_rule("momentum")]
    made = updates(objective, rules)
    started = time.process_time()
    targets = ("numpy", "c") if text in THROUGH_C else ("numpy",)
    report = judge(verify_request(objective, rules, points=30), made, targets)
    assert report.passed, report
    assert {"value", "gradient", "step"} <= {check.kind for check in report.checks}
    # On two quiet cores each takes less than 5 s; without a bound on the length it did not end.
    assert time.process_time() - started < 60


def test_what_depends_on_a_weight() -> None:
    one, other = Group(parameters={}, vectors=()), [0.5, -2.0, 3.0]
    rows: dict[str, tuple[set[int], int, int]] = {
        "w**2": ({1}, 0, 1),
        "3*w": (set(), 0, 1),
        "abs(w)": ({1}, 0, 1),
        "sum(w[i]*w[i+1], i)": ({0, 2}, 1, 1),
        "sum((w[i+2] - w[i-1])**2, i)": (set(), 3, 1),
        "sum(sum((w[i] - w[j])**2, j), i)": ({0, 1, 2}, 0, 2),
        "sum(w[i], i)**2": ({0, 1, 2}, 0, 1),
    }
    for text, (slopes, reach, nested) in rows.items():
        terms = symreg.objective(text).terms
        assert (dependent_slopes(terms, one, other, 1), span(terms), depth(terms)) == (slopes, reach, nested), text
    assert longest(symreg.objective("sum(sum(w[i]*w[j], j), i)").terms, 10_000) == 100


def test_an_infinite_slope_of_either_sign_is_right() -> None:
    exact = reference([arb.neg_inf(), arb.neg_inf(), arb.neg_inf(), arb.pos_inf(), arb.pos_inf(), arb.nan()])
    got = np.array([-np.inf, np.inf, -1e308, np.inf, np.nan, np.nan])
    assert errors(got, exact, "float64").tolist() == [0.0, np.inf, np.inf, 0.0, np.inf, 0.0]


def test_what_is_lost_to_the_rounding_of_v_is_no_descent() -> None:
    # With step = 7, h(0) = 7/4: for v = 1.75 the minimum is 0, which rounding v moves by 1e-16.
    objective, rules = resolve("sigmoid(w)"), [resolve_rule("proximal_gradient")]
    report = look(objective, updates(objective, rules), rules, ("numpy",), BOTH)
    assert [check.verdict for check in report.checks if check.kind == "prox"] == ["pass", "pass"], report


# The other way round: of what is wrong in the same places nothing passes.


def lost(w: Any, **_: Any) -> Any:
    return np.where(np.isnan(w), 0.0, 2 * w)


def spread(w: Any, **_: Any) -> Any:
    return 2 * w + 0.0 * np.sum(w)


@pytest.mark.parametrize("function", [lost, spread])
@pytest.mark.parametrize("looked_at", [quick_look, verify])
def test_nan_that_is_lost_or_spreads_is_a_failure(looked_at: Any, function: Any) -> None:
    def gradient(w: Any, *, out: Any = None) -> Any:
        found = function(w)
        if out is None:
            return found
        out[...] = found
        return out

    subject = Subject(label="mine", dtype="float64", functions={"gradient": gradient})
    checks = looked_at(symreg.objective("w**2").terms, (), [subject]).checks
    (check,) = [check for check in checks if check.kind == "gradient"]
    assert check.verdict == "wrong"
    assert check.note in ("NaN in w did not come out as NaN", "one weight's NaN reached another")


def test_a_stencil_that_loses_nan_is_a_failure() -> None:
    def gradient(w: Any) -> Any:
        d = np.zeros_like(w)
        d[7:] += 2 * (w[7:] - w[:-7]) if len(w) > 7 else 0.0
        d[:-7] -= 2 * (w[7:] - w[:-7]) if len(w) > 7 else 0.0
        return np.nan_to_num(d)

    subject = Subject(label="mine", dtype="float64", functions={"gradient": gradient})
    (check,) = quick_look(symreg.objective("sum((w[i+7] - w[i])**2, i)").terms, (), [subject]).checks
    assert check.verdict == "wrong" and check.note == "NaN in w did not come out as NaN"
