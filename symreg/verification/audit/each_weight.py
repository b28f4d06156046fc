"""Judge an object whose weights have parameters of their own, as a strength each: every weight by its own formula.

Takes an `Operator`, terms, and an element for each weight; hands on tallies as for an elementwise object. Each weight
is asked by itself, beside others that stay where they are, and the value of all of them together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import isfinite

import numpy as np
from numpy.typing import ArrayLike

from symreg.errors import SpecError
from symreg.model.interval import inside
from symreg.model.terms import Terms
from symreg.verification.audit.disagreements import answer_of, tally_of
from symreg.verification.audit.formula import ROUNDING, Formula, Tick
from symreg.verification.audit.object import Operator
from symreg.verification.cases.sampling.stream import Stream
from symreg.verification.comparison.failure import Failure, relative
from symreg.verification.comparison.tally import Tally

_VECTORS = 24
Elements = Sequence[float]
Given = Mapping[str, float | Elements]


def rows_of(terms: Terms, given: Given) -> list[dict[str, float]]:
    """Return what was given of the parameters, for each weight by itself.

    Args:
        terms: With parameters of which each weight has an element.
        given: Numbers, and of these parameters as many elements as there are weights.

    Raises:
        SpecError: There are no elements, too many or too few of one, or some where one number is right.
    """
    of_each = {p.name for p in terms.parameters if p.shape}
    elements = {name: tuple(x) for name, x in given.items() if not isinstance(x, int | float)}
    numbers = {name: float(x) for name, x in given.items() if isinstance(x, int | float)}
    for name in elements:
        if name not in of_each:
            raise SpecError(f"{name[:40]} is one number in the objective; write it as {name[:40]} = 0.3, say")
    missing = sorted(of_each - elements.keys() - numbers.keys()) or ([] if elements else sorted(of_each))
    if missing:
        raise SpecError(f"the objective's {missing[0]}[n] has no elements here; set them, as in {missing[0]}=[0.3,0,2]")
    counts = {name: len(x) for name, x in elements.items()}
    if len(set(counts.values())) > 1 or 0 in counts.values():
        said = ", ".join(f"{count} of {name}" for name, count in counts.items())
        raise SpecError(f"each weight has an element of each parameter, and there are {said}")
    (count,) = set(counts.values())
    return [{**numbers, **{name: float(x[j]) for name, x in elements.items()}} for j in range(count)]


@dataclass(frozen=True, slots=True, kw_only=True)
class EachWeight:
    """An object, and the formula of each of its weights.

    Args:
        operator: What it offers.
        formulas: One for each weight.
    """

    operator: Operator
    formulas: tuple[Formula, ...]

    def weight(self, j: int) -> Operator:
        """Return what the object says of one weight, as if there were no others."""
        own, base = self.operator, self._base
        value, gradient, prox, distance, prox_at = own.value, own.gradient, own.prox, own.distance, own.prox_at

        def of_value(w: ArrayLike) -> float:
            assert value is not None
            return value(_with(base, j, w)) - self._rest(j)

        def of_prox(v: ArrayLike, step: float) -> list[float]:
            if prox_at is not None:
                return [prox_at(float(np.ravel(v)[0]), step, j)]
            assert prox is not None
            return [prox(_with(_BESIDE, j, v, len(base)), step)[j]]

        def of_distance(w: ArrayLike, g: ArrayLike) -> list[float]:
            assert distance is not None
            return [distance(_with(base, j, w), _with(_BESIDE, j, g, len(base)))[j]]

        def of_gradient(w: ArrayLike) -> list[float]:
            assert gradient is not None
            return [gradient(_with(base, j, w))[j]]

        return replace(
            own,
            value=None if value is None else of_value,
            gradient=None if gradient is None else of_gradient,
            prox=None if prox is None else of_prox,
            distance=None if distance is None else of_distance,
            prox_at=None,
        )

    def check_sum(self, rtol: float, tick: Tick) -> Tally:
        """See whether the value of many weights is the sum of theirs."""
        tally, value = tally_of(self.operator, "elementwise"), self.operator.value
        for number in range(_VECTORS if value is not None else 0):
            tick()
            stream = Stream("each weight", len(self.formulas), number)
            drawn = [float(f"{stream.sign() * stream.log_uniform(-4, 4):.3g}") for _ in self.formulas]
            rows = zip(drawn, self.formulas, self._base, strict=True)
            w = [x if f.holds(x) else -x if f.holds(-x) else b for x, f, b in rows]
            parts = [f.value(x) for x, f in zip(w, self.formulas, strict=True)]
            known = [float(x) for x in parts if x is not None and x.is_finite()]
            if value is None or len(known) < len(parts):
                tally.skip()
                continue
            total, size, at = sum(known), sum(map(abs, known)), {"w": w}
            got = answer_of(tally, at, total, partial(value, w))
            if got is not None and isfinite(got) and abs(got - total) <= (rtol + ROUNDING) * size:
                tally.agree(relative(got, total, size))
            elif got is not None:
                tally.disagree(Failure(at=at, got=got, expected=total, error=relative(got, total, size)))
        return tally

    @property
    def _base(self) -> list[float]:
        """A weight of each domain, 0 where it belongs to it."""
        return [0.0 if f.holds(0.0) else inside(f.terms.intervals(f.parameters)[0]) for f in self.formulas]

    def _rest(self, j: int) -> float:
        """Return the value of the weights beside one."""
        others = [f.value(x) for i, (f, x) in enumerate(zip(self.formulas, self._base, strict=True)) if i != j]
        return sum(float(x) for x in others if x is not None)


_BESIDE = (0.7, -1.9, 3.1, -0.2, 12.0)
"""What stands beside a weight, over and over."""


def _with(base: Sequence[float], j: int, x: ArrayLike, count: int = 0) -> list[float]:
    """Return a vector with another number at one place."""
    vector = [base[k % len(base)] for k in range(count or len(base))]
    vector[j] = float(np.ravel(x)[0])
    return vector


def joined(tallies: Sequence[Sequence[Tally]]) -> list[Tally]:
    """Return one tally of each kind for those of all weights; a point tells whose it is."""
    kinds: dict[str, Tally] = {}
    for j, of_weight in enumerate(tallies):
        for tally in of_weight:
            failures = [replace(failure, at={**failure.at, "j": j}) for failure in tally.failures]
            if tally.kind not in kinds:
                kinds[tally.kind] = replace(tally, failures=failures)
                continue
            whole = kinds[tally.kind]
            for finding, number in tally.counts.items():
                whole.counts[finding] += number
            wrong = [t.worst for t in (whole, tally) if t.worst is not None and bool(t.failures)]
            right = [t.worst for t in (whole, tally) if t.worst is not None]
            whole.worst = max(wrong or right, default=None)
            whole.failures += failures
            for step, is_right in tally.steps.items():
                whole.steps[step] = whole.steps.get(step, True) and is_right
    return list(kinds.values())


def tallies_of(subject: EachWeight, judge: Callable[[Operator, Formula], list[Tally]]) -> list[Tally]:
    """Return what comes of every weight, judged by itself."""
    return joined([judge(subject.weight(j), formula) for j, formula in enumerate(subject.formulas)])
