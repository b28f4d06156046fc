"""A value that jumps is refused wherever its switch stands, and one whose pieces meet is not."""

from __future__ import annotations

import pytest

from symreg.calculus.pieces.jumps import refuse_jumps
from symreg.derivation.gradient import derive
from symreg.errors import NotDifferentiable
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.updates.assemble import updates

JUMPS = {
    "where(norm(w) > 1, norm(w), 0)": "norm(w) = 1: 1, 0, 0 before, at and after it",
    "where(norm(w) > lam, 1, norm(w))": "norm(w) = lam",
    "where(norm(w) > n, norm(w), 0)": "norm(w) = n",
    "where(norm(w) > 1 and norm(w) < 2, 1, 0)": "norm(w) = 1",
    "where(norm(w) == 0, 1, norm(w))": "norm(w) = 0",
    "where(not norm(w) < 1, 2*norm(w), norm(w)**2)": "norm(w) = 1",
    "sign(norm(w) - 2)": "norm(w) - 2 = 0",
    "sum(where(w[i] > 1, 1, 0), i)": "w[i] = 1: 0, 0, 1 before, at and after it",
    "sum(where(w[i] == 0, 0, 1), i)": "w[i] = 0",
    "sum(where(abs(w[i]) > lam, abs(w[i]), 0), i)**2": "abs(w[i]) = lam",
    "sum(where(w[i+1] - w[i] > 1, 1, 0), i)": "w[i+1] - w[i] = 1",
    "sum(sign(w[i] - w[i+1]), i)": "w[i] - w[i+1] = 0",
    "sum(where(abs(w[i+1] - w[i]) <= d, (w[i+1] - w[i])**2/2, d*abs(w[i+1] - w[i])), i)": "abs(w[i+1] - w[i]) = d",
    "sum(where(w[i+2] - 2*w[i+1] + w[i] > 0, 1, 2), i)": "w[i+2] - 2*w[i+1] + w[i] = 0",
    "sum(where(w[i] > w[i+7], 1, 0), i)": "w[i] = w[i+7]",
    "sum(where(w[i]*w[i+1] > 0, w[i], 0), i)": "w[i]*w[i+1] = 0",
    "sum(c[i]*where(w[i] > c[i], w[i], 0), i)": "w[i] = c[i]",
    "sum(sum(where(w[i] > w[j], 1, 0), j), i)": "w[i] = w[j]",
    "where(sum(w[i], i) > 0, 1, 0)": "sum(w[i], i) = 0",
    "where(sum(w[i]**2, i) > 4, norm(w), 0)": "sum(w[i]**2, i) = 4",
}
MEETING = (
    "where(norm(w) > lam, norm(w) - lam, 0)",
    "where(norm(w) == 0, 0, norm(w))",
    "where(sum(w[i]**2, i) > 1, norm(w), sum(w[i]**2, i))",
    "sqrt(where(norm(w) > 1, norm(w) - 1, 0))",
    "where(norm(w) >= 0, norm(w)**2, 0)",
    "sum(where(abs(w[i+1] - w[i]) <= d, (w[i+1] - w[i])**2/2, d*abs(w[i+1] - w[i]) - d**2/2), i)",
    "sum(sign(w[i] - w[i+1])*(w[i] - w[i+1]), i)",
    "sum(where(w[i]*w[i+1] > 0, w[i]*w[i+1], 0), i)",
    "sum(c[i]*where(w[i] > c[i], w[i] - c[i], 0), i)",
    "sum(where(w[i] > n, w[i] - n, 0), i)",
    "sum(sum(where(w[i] > w[j], w[i] - w[j], 0), j), i)",
    "where(sum(w[i], i) > 0, sum(w[i], i), 0)",
    "max(norm(w) - 1, 0) + min(norm(w), 2)",
    "where(norm(w) <= 1, norm(w)**2, 0) + where(norm(w) > 1, 2*norm(w) - 1, 0)",
)


@pytest.mark.parametrize("text", JUMPS)
def test_a_jump_in_a_norm_or_a_sum_is_refused_by_its_place(text: str) -> None:
    objective = resolve(text)
    for ask in (lambda: updates(objective), lambda: derive(objective, resolve_rule("gradient_descent"))):
        with pytest.raises(NotDifferentiable, match="the value jumps where") as told:
            ask()
        assert JUMPS[text] in str(told.value)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("text", MEETING)
def test_pieces_that_meet_are_no_jump(text: str) -> None:
    objective = resolve(text)
    refuse_jumps(objective.terms.indexed, objective.terms.parameters)


def test_a_switch_that_nothing_tried_turns_over_is_not_decided() -> None:
    with pytest.raises(NotDifferentiable, match=r"whether the value jumps where norm\(w\) = 1e30 was not decided"):
        updates(resolve("where(norm(w) > 1e30, 1, 0)"))
