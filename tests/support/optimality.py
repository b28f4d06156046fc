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

from symreg.model.terms import Terms
from symreg.objectives.resolve import resolve
from symreg.verification.data.exact import BITS, Exact
from symreg.verification.data.samples import Sample
from symreg.verification.oracle.slopes import slopes

_FLOOR = 1e-30
"""Slopes are known at least to an eighth of it."""


def distances(
    objective: str,
    w: Any,
    X: Any,
    y: Any,
    *,
    parameters: Mapping[str, float],
    groups: Any = None,
    sample_weight: Any = None,
    of_kinks: Any = None,
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
        sample_weight: m, or None for ones.
        of_kinks: What is added to dL/dw, n: the share of samples of weight 0 here at which the loss has a kink.
    """
    resolved = resolve(objective)
    assert resolved.data is not None
    values = dict(parameters)
    point = Sample(X=X, y=y, sample_weight=sample_weight, w=w, v=w, parameters=values, arrays={}, number=0)
    gradient = Exact(resolved.data, resolved.terms, point, "float64").loss_gradient
    assert gradient is not None, "the loss has a slope here"
    with ctx.workprec(BITS):
        added = np.zeros(len(w)) if of_kinks is None else of_kinks
        wanted = [-slope - arb(float(own)) for slope, own in zip(gradient, added, strict=True)]
        starts = None if groups is None else [int(start) for start in groups]
        return np.array([float(x.upper()) for x in _from_penalty(resolved.terms, w, wanted, parameters, starts)])


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
