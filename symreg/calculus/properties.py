"""Decide what can be said of a penalty: every claim proved, conditional, refuted with numbers, or left undecided."""

from __future__ import annotations

from collections.abc import Callable

from symreg.calculus.claims import convexity, descent, shape, thresholding
from symreg.calculus.claims.study import Study, study
from symreg.calculus.verdict import Analysis, Verdict
from symreg.errors import Intractable, NotDifferentiable
from symreg.objective import Objective

CLAIMS: dict[str, Callable[[Study], Verdict]] = {
    "even": shape.even,
    "nonnegative": shape.nonnegative,
    "continuous": shape.continuous,
    "differentiable": shape.differentiable,
    "convex": convexity.convex,
    "weakly convex": convexity.weakly_convex,
    "strongly convex": convexity.strongly_convex,
    "gradient Lipschitz": convexity.lipschitz,
    "coercive": descent.coercive,
    "shrinks toward the origin": descent.toward_origin,
    "step without overshoot": descent.no_overshoot,
    "step that contracts": descent.contraction,
    "sparse": thresholding.sparse,
    "unbiased": thresholding.unbiased,
    "continuous thresholding": thresholding.continuous_rule,
    "positively homogeneous": shape.homogeneous,
    "prox in closed form": thresholding.closed_form,
}
"""Every claim by its name, in the order in which they are told."""


def properties(objective: Objective) -> Analysis:
    """Return the verdict on every claim about an objective's penalty."""
    made = study(objective.terms, objective.terms.parameters)
    verdicts = []
    for claim, decide in CLAIMS.items():
        try:
            verdicts.append(decide(made))
        except (Intractable, NotDifferentiable) as error:
            verdicts.append(Verdict(claim=claim, verdict="undecided", note=str(error)))
    return Analysis(objective=objective, verdicts=tuple(verdicts), notes=objective.notes)
