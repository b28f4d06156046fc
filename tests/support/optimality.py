"""How far a point is from optimal, in balls: how far -dL/dw_j lies from what the penalty's slopes at w_j may be.

At an optimum of L + R, and at every stationary point where R is not convex, that is 0 for each weight (Karush, Kuhn and
Tucker). The gradient of the loss and the one-sided slopes of the penalty are the judge's, from the formulas as written;
a group of zeros is by the dual norm (Simon et al. 2013, J. Comput. Graph. Stat. 22(2):231-245, section 3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from flint import arb, ctx

from symreg.expressions.arithmetic import ONE
from symreg.model.loss import DataTerm
from symreg.model.terms import Terms
from symreg.objectives.resolve import resolve
from symreg.verification.data.exact import BITS, Exact
from symreg.verification.data.jets import jets
from symreg.verification.data.samples import Sample
from symreg.verification.oracle.formats import FORMATS
from symreg.verification.oracle.slopes import slopes

_FLOOR = 1e-30
"""Slopes are known at least to an eighth of it."""

_NEAR = 1e-8
"""A prediction that near to a kink of the loss may have any slope between those of its sides."""


def distances(
    objective: str,
    w: Any,
    X: Any,
    y: Any,
    *,
    parameters: Mapping[str, float],
    groups: Any = None,
    at_kinks: Mapping[int, float] | None = None,
) -> Any:
    """Return for each weight a bound on the distance of -dL/dw_j from the slopes of the penalty.

    Args:
        objective: As text.
        w: The point, n.
        X: m x n.
        y: Labels, m.
        parameters: Of loss and penalty, by name.
        groups: Where groups begin, for a penalty over groups with the roots of their sizes; of a group of zeros each
            weight has the distance of the whole group.
        at_kinks: The slope of the loss that is taken at samples beside a kink, by their rows, where the loss is summed.

    Raises:
        ValueError: The loss has no such slope there.
    """
    resolved = resolve(objective)
    assert resolved.data is not None
    values, chosen = dict(parameters), at_kinks or {}
    weighs = np.array([0.0 if k in chosen else 1.0 for k in range(len(y))])
    point = Sample(X=X, y=y, sample_weight=weighs, w=w, v=w, parameters=values, elements={}, arrays={}, number=0)
    gradient = Exact(resolved.data, resolved.terms, point, "float64").loss_gradient
    assert gradient is not None, "the loss has a slope here"
    with ctx.workprec(BITS):
        taken = _of_kinks(resolved.data, w, X, y, values, chosen)
        wanted = [-own - more for own, more in zip(gradient, taken, strict=True)]
        starts = None if groups is None else [int(start) for start in groups]
        return np.array([float(x.upper()) for x in _from_penalty(resolved.terms, w, wanted, parameters, starts)])


def _of_kinks(
    data: DataTerm, w: Any, X: Any, y: Any, parameters: dict[str, float], chosen: Mapping[int, float]
) -> list[arb]:
    """Return the share in dL/dw of samples at a kink, each with the slope that was chosen for it."""
    if not chosen:
        return [arb(0) for _ in w]
    assert data.scale == ONE, "the slopes are those of the loss of one sample"
    loss = data.loss
    own = {p.name: parameters[p.name] for p in loss.parameters}
    of_loss = jets(loss.expression, "z", [loss.prediction.at(own)], own, FORMATS["float64"].unit)
    total = [arb(0) for _ in w]
    for k, slope in chosen.items():
        row = [arb(x) for x in X[k].tolist()]
        prediction = sum((x * arb(own) for x, own in zip(row, w.tolist(), strict=True)), arb(0))
        jet = of_loss(prediction + arb(0, _NEAR), {"y": float(y[k])})
        if jet is None or not jet.slope.contains(arb(slope)):
            raise ValueError(f"sample {k}: the loss has no slope {slope:g} within {_NEAR:g} of its prediction")
        total = [before + arb(slope) * x for before, x in zip(total, row, strict=True)]
    return total


def _from_penalty(
    terms: Terms, w: Any, wanted: list[arb], parameters: Mapping[str, float], starts: Sequence[int] | None
) -> list[arb]:
    """Return how far each wanted slope is from those that the penalty has at w."""
    zeros = [(first, last) for first, last in pairwise(starts or ()) if last > first and not np.any(w[first:last])]
    in_zeros = {j for first, last in zeros for j in range(first, last)}
    whole = slopes(terms, parameters, {} if starts is None else {"groups": starts}, floor=_FLOOR)
    found = [arb(0) if j in in_zeros else _outside(whole, list(map(float, w)), j, wanted[j]) for j in range(len(w))]
    alone = slopes(Terms(terms=terms.elementwise), parameters)
    radial = slopes(Terms(terms=tuple(term.phi for term in terms.grouped)), parameters)
    for first, last in zeros:
        outside = [_outside(alone, [0.0], 0, wanted[j]) for j in range(first, last)]
        steepest = radial([0.0], 0)
        assert steepest is not None
        norm = sum((x * x for x in outside), arb(0)).sqrt()
        for j in range(first, last):
            found[j] = arb.max(norm - arb(last - first).sqrt() * steepest.high, arb(0))
    return found


def _outside(slope_at: Any, weights: list[float], j: int, wanted: arb) -> arb:
    """Return how far a number is from the interval of the penalty's slopes at a weight."""
    slope = slope_at(weights, j)
    assert slope is not None and slope.value.is_finite(), "the penalty has slopes here"
    return arb.max(arb.max(slope.low - wanted, wanted - slope.high), arb(0))
