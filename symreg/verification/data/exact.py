"""O(w, X, y) and its derivatives at one point, as balls over everything that rounding may make of them.

The prediction of a sample is exact but for what n products and sums round; a sum of m numbers may be off by m roundings
of their sizes. What is outside such a ball is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import numpy as np
from flint import arb, ctx, fmpq

from symreg.expressions.tree import Binary, Tree, number
from symreg.model.loss import DataTerm
from symreg.model.terms import Terms
from symreg.verification.cases.per_weight import in_index_notation
from symreg.verification.data.jets import Jet, Jets, jets, widened
from symreg.verification.data.samples import Sample
from symreg.verification.oracle.ball import ball
from symreg.verification.oracle.evaluate import evaluate
from symreg.verification.oracle.formats import FORMATS, Dtype, Vector
from symreg.verification.oracle.slopes import slopes, values

BITS = 256
Sums = tuple[arb, list[arb], arb]
"""Of losses, of their gradients, and of the samples' weights."""

_ROUNDINGS = 16
"""Of one loss, one derivative, one factor: more than any form of them takes."""


@dataclass(frozen=True)
class Exact:
    """What is right of an objective at one sample; None stands for what is not certain.

    Args:
        data: The loss over the samples, as it was written.
        terms: The penalty.
        sample: The data, and the point.
        dtype: The format in which the functions under test compute.
    """

    data: DataTerm
    terms: Terms
    sample: Sample
    dtype: Dtype

    @cached_property
    def value(self) -> arb | None:
        """O(w)."""
        with ctx.workprec(BITS):
            loss, penalty = self._total(0, np.ones((len(self.sample.X), 1))), self._penalty_value
            return None if loss is None or penalty is None else loss[0] * self._scale + penalty

    @cached_property
    def loss_gradient(self) -> list[arb] | None:
        """dL/dw, a number for each weight."""
        with ctx.workprec(BITS):
            totals = self._total(1, self.sample.X)
            return None if totals is None else [self._rounded(total * self._scale) for total in totals]

    @cached_property
    def gradient(self) -> list[arb | None] | None:
        """dO/dw."""
        if self.loss_gradient is None:
            return None
        with ctx.workprec(BITS):
            return [None if p is None else g + p for g, p in zip(self.loss_gradient, self.penalty_slopes, strict=True)]

    @cached_property
    def hessian_vector(self) -> list[arb | None] | None:
        """The Hessian of O times v; None for each weight where the penalty is in index notation."""
        with ctx.workprec(BITS):
            along = _products(self.sample.X, self.sample.v, FORMATS[self.dtype].unit)
            totals = self._total(2, self.sample.X, along)
            if totals is None:
                return None
            found: list[arb | None] = []
            for total, jet, v in zip(totals, self._penalty_jets, self.sample.v.tolist(), strict=True):
                own = self._rounded(total * self._scale)
                found.append(None if jet is None else own + self._rounded(jet.curvature * arb(v)))
            return found

    @cached_property
    def partial(self) -> Sums | None:
        """The sums of the weighted losses and of their gradients over the samples, and of the samples' weights."""
        with ctx.workprec(BITS):
            loss, gradient = self._total(0, np.ones((len(self.sample.X), 1))), self._total(1, self.sample.X)
            if loss is None or gradient is None:
                return None
            weight = sum(self._sizes, arb(0))
            return loss[0], gradient, self._rounded(weight, len(self._sizes))

    @cached_property
    def penalty_slopes(self) -> list[arb | None]:
        """dR/dw, at a kink all that lies between the one-sided derivatives."""
        if not self.terms.couple_weights:
            return [None if jet is None else self._rounded(jet.slope) for jet in self._penalty_jets]
        slope_at = slopes(
            in_index_notation(self.terms), self.sample.parameters, self._arrays, floor=FORMATS[self.dtype].floor
        )
        weights = self.sample.w.tolist()
        found = [slope_at(weights, j) for j in range(len(weights))]
        with ctx.workprec(BITS):
            return [None if s is None else self._rounded(s.low.union(s.high), 64) for s in found]

    @property
    def divisor(self) -> arb:
        """What a mean divides by: the sum of the samples' weights."""
        return self._rounded(sum(self._sizes, arb(0)), len(self._sizes)) if self.data.reduction == "mean" else arb(1)

    @cached_property
    def _sizes(self) -> list[arb]:
        """The weights of the samples."""
        given = self.sample.sample_weight
        return [arb(float(s)) for s in (np.ones(len(self.sample.X)) if given is None else given)]

    @cached_property
    def _scale(self) -> arb:
        """What the sum of the weighted losses is multiplied by."""
        coefficient = arb(fmpq(self.data.coefficient.numerator, self.data.coefficient.denominator))
        factor = evaluate(self.data.factor, self.sample.parameters, length=1, precision=BITS)
        return widened(coefficient * factor / self.divisor, FORMATS[self.dtype].unit)

    @cached_property
    def _jets(self) -> list[Jet | None]:
        """The loss and its derivatives at each sample."""
        loss, unit = self.data.loss, FORMATS[self.dtype].unit
        own = {p.name: self.sample.parameters[p.name] for p in loss.parameters}
        of_loss = jets(loss.expression, "z", [loss.prediction.at(own)], own, unit)
        with ctx.workprec(BITS):
            predictions = _products(self.sample.X, self.sample.w, unit)
            return [of_loss(z, {"y": y}) for z, y in zip(predictions, self.sample.y.tolist(), strict=True)]

    def _total(self, order: int, columns: Vector, along: Sequence[arb] | None = None) -> list[arb] | None:
        """Return the sums over the samples of weight times derivative times each column; None where one is unknown.

        A sample of weight 0 has no say, whatever its loss is.
        """
        products: list[arb] = []
        for k, (size, jet) in enumerate(zip(self._sizes, self._jets, strict=True)):
            if size.is_zero():
                products.append(arb(0))
                continue
            if jet is None or not self._is_in_reach(jet.at(order)):
                return None
            products.append(jet.at(order) * size * (1 if along is None else along[k]))
        rows = columns.tolist()
        totals = []
        for j in range(columns.shape[1]):
            summands = [product * arb(row[j]) for product, row in zip(products, rows, strict=True)]
            room = sum((abs(x) for x in summands), arb(0)) * arb((len(rows) + _ROUNDINGS, FORMATS[self.dtype].unit))
            totals.append(sum(summands, arb(0)) + arb(0, 1) * room.abs_upper())
        return totals

    def _is_in_reach(self, x: arb) -> bool:
        """Is a number no larger than those of the format, so that sums over it make sense there?"""
        return bool(x.is_finite() and abs(x) < FORMATS[self.dtype].greatest / 2**40)

    @cached_property
    def _penalty_jets(self) -> list[Jet | None]:
        """phi and its derivatives at each weight."""
        if self.terms.couple_weights:
            return [None for _ in self.sample.w]
        if not self.terms.terms:
            return [Jet(arb(0), arb(0), arb(0)) for _ in self.sample.w]
        unit = FORMATS[self.dtype].unit
        parts: list[Tree] = [Binary("*", number(term.coefficient), term.tree) for term in self.terms.terms]
        phi = reduce(lambda left, right: Binary("+", left, right), parts)
        found: list[Jet | None] = []
        of_weight: Jets | None = None
        for j, w in enumerate(self.sample.w.tolist()):
            if of_weight is None or self.sample.elements:
                known = self.sample.parameters_of(j)
                own = {p.name: known[p.name] for p in self.terms.parameters}
                of_weight = jets(phi, "w", self.terms.intervals(own), own, unit)
            with ctx.workprec(BITS):
                found.append(of_weight(widened(arb(w), unit), {}) or of_weight(arb(w), {}))
        return found

    @property
    def _arrays(self) -> dict[str, Any]:
        """The penalty's arrays, and the elements that weights have of parameters."""
        return self.sample.arrays | {name: elements.tolist() for name, elements in self.sample.elements.items()}

    @cached_property
    def _penalty_value(self) -> arb | None:
        if not self.terms.couple_weights:
            found = [None if jet is None else jet.value for jet in self._penalty_jets]
            known = [x for x in found if x is not None]
            return None if len(known) < len(found) else self._summed(known)
        total = values(
            in_index_notation(self.terms), self.sample.parameters, self._arrays, floor=FORMATS[self.dtype].floor
        )
        exact = total(self.sample.w.tolist())
        return None if exact is None else self._rounded(exact, 64)

    def _summed(self, summands: Iterable[arb]) -> arb:
        """Return a sum with room for its roundings."""
        listed = list(summands)
        room = sum((abs(x) for x in listed), arb(0)) * arb((len(listed) + _ROUNDINGS, FORMATS[self.dtype].unit))
        return sum(listed, arb(0)) + arb(0, 1) * room.abs_upper()

    def _rounded(self, x: arb, roundings: int = _ROUNDINGS) -> arb:
        """Return a number with room for so many roundings."""
        return x + arb(0, 1) * (abs(x) * arb((roundings, FORMATS[self.dtype].unit))).abs_upper()


def _products(X: Vector, w: Vector, unit: int) -> list[arb]:
    """Return x_k'w for each row, with room for the roundings of its products and sums."""
    products = []
    numbers = [ball(x) for x in w.tolist()]
    for row in X.tolist():
        summands = [arb(x) * y for x, y in zip(row, numbers, strict=True)]
        room = sum((abs(x) for x in summands), arb(0)) * arb((len(row) + 4, unit))
        products.append(sum(summands, arb(0)) + arb(0, 1) * room.abs_upper())
    return products
