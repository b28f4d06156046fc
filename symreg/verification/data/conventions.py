"""What a wrong function of an objective with data may be right of: another mean, other labels, another parameter.

The mean and the halves stand before the sum over the samples: no argument of the function can undo them, so that
another objective is taken to be right. All else is undone in what the function is given, as of functions of weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Literal

import numpy as np

from symreg.model.labels import Labels
from symreg.model.loss import DataTerm
from symreg.model.spec import Rule
from symreg.model.terms import Terms
from symreg.verification.checks.conventions import Convention, Given, usual_conventions
from symreg.verification.foreign.call import SAMPLE_WEIGHT

_SCALES = (Fraction(1), Fraction(1, 2), Fraction(2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Another objective, or another meaning of what a function is given, of which it may be right.

    Args:
        said: What stands for what, as a report says it.
        data: The loss over the samples.
        terms: The penalty.
        conventions: What the function is given otherwise.
        is_by_weight: Is the loss divided by the number of weights besides?
    """

    said: str
    data: DataTerm
    terms: Terms
    conventions: tuple[Convention, ...] = ()
    is_by_weight: bool = False

    def data_of(self, n: int) -> DataTerm:
        """Return the loss over the samples where there are so many weights."""
        return replace(self.data, coefficient=self.data.coefficient / n) if self.is_by_weight else self.data


def readings(data: DataTerm, terms: Terms, names: Sequence[str], rule: Rule | None) -> Iterator[Reading]:
    """Yield what a function may be right of, the likely ones first: of one change, then of two.

    Args:
        data: The loss over the samples.
        terms: The penalty.
        names: What the function is given by name.
        rule: Of a step.
    """
    own = [name for name in names if name in _numbers(data, terms)]
    of_arrays = list(_of_arrays(data))
    of_parameters = list(usual_conventions([*own, *_of_rule(names, rule)], rule, ("n", "m")))
    others = list(_other_objectives(data, terms))
    yield from others
    if SAMPLE_WEIGHT in names and data.reduction == "mean":
        convention = Convention(SAMPLE_WEIGHT, "", _of_mean_one)
        yield Reading(said="m for the sum of sample_weight", data=data, terms=terms, conventions=(convention,))
    for convention in (*of_arrays, *of_parameters):
        yield Reading(said=str(convention), data=data, terms=terms, conventions=(convention,))
    likely = [c for c in of_parameters if c.name in own and c.meaning in (f"{c.name}/2", f"2*{c.name}")]
    for other in others:
        for convention in (*of_arrays, *likely):
            yield replace(other, said=f"{other.said} and {convention}", conventions=(convention,))


def of_loss(data: DataTerm, terms: Terms, names: Sequence[str]) -> Iterator[Reading]:
    """Yield what a function of one prediction and one label may be right of."""
    own = [p.name for p in data.loss.parameters if p.name in names]
    for convention in (*_labels_read(data.loss.labels), *usual_conventions(own, None, ())):
        yield Reading(said=str(convention), data=data, terms=terms, conventions=(convention,))


def _other_objectives(data: DataTerm, terms: Terms) -> Iterator[Reading]:
    """Yield the sum or the mean of the losses, each once, halved and doubled; and each part without the other."""
    right = data.reduction
    rows: tuple[tuple[Literal["mean", "sum"], str], ...] = (("mean", "1/m"), ("sum", "1"))
    factors = {("mean", _SCALES[1]): "1/(2*m)", ("mean", _SCALES[2]): "2/m", ("sum", _SCALES[1]): "1/2"}
    factors[("sum", _SCALES[2])] = "2"
    before = dict(rows)[right]
    for reduction, plain in sorted(rows, key=lambda row: row[0] == right):
        for scale in _SCALES:
            if reduction == right and scale == 1:
                continue
            after = factors.get((reduction, scale), plain)
            is_plain = scale == 1
            yield Reading(
                said=f"the {reduction} for the {right}"
                if is_plain
                else f"{after} for {before} before the sum of losses",
                data=replace(data, reduction=reduction, coefficient=data.coefficient * scale),
                terms=terms,
            )
    for reduction, _ in rows:
        said = f"{'1/(m*n)' if reduction == 'mean' else '1/n'} for {before} before the sum of losses"
        other = replace(data, reduction=reduction)
        yield Reading(said=said, data=other, terms=terms, is_by_weight=True)
    if terms.terms:
        yield Reading(said="the loss alone, the penalty left out", data=data, terms=Terms(terms=()))


def _of_arrays(data: DataTerm) -> Iterator[Convention]:
    yield from _labels_read(data.loss.labels)
    yield Convention("X", "X'", lambda given: given["X"].T)


def _of_mean_one(given: Given) -> Any:
    """Return weights of samples that add up to their number: a division by that is one by their sum."""
    if SAMPLE_WEIGHT not in given:
        return np.ones_like(given["y"])
    return given[SAMPLE_WEIGHT] * (given["m"] / given[SAMPLE_WEIGHT].sum())


def _labels_read(labels: Labels) -> Iterator[Convention]:
    """Yield other meanings of a label: the other sign, and 0 and 1 for the two that there are."""
    yield Convention("y", "-y", lambda given: -given["y"])
    if set(labels.values) == {-1, 1}:
        yield Convention("y", "2*y - 1", lambda given: (given["y"] + 1) / 2)
        yield Convention("y", "1 - 2*y", lambda given: (1 - given["y"]) / 2)
    if set(labels.values) == {0, 1} or (labels.interval.low == 0 and labels.interval.high == 1):
        yield Convention("y", "(y + 1)/2", lambda given: 2 * given["y"] - 1)
        yield Convention("y", "1 - y", lambda given: 1 - given["y"])


def _numbers(data: DataTerm, terms: Terms) -> frozenset[str]:
    return frozenset(p.name for p in (*data.parameters, *terms.parameters))


def _of_rule(names: Sequence[str], rule: Rule | None) -> list[str]:
    return [] if rule is None else [p.name for p in rule.parameters if p.name in names]
