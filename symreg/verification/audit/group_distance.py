"""Judge an object's distances to the subdifferential, group by group, by certified slopes.

At a group of zeros the subdifferential is a ball, of radius c_g*phi'(0), and what single weights add to it: a distance
from the sum is the distance from the latter less the radius. Elsewhere it is one vector, and that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf, isfinite

import numpy as np
from numpy.typing import NDArray

from symreg.model.terms import Terms
from symreg.verification.audit.disagreements import answer_of, tally_of
from symreg.verification.audit.formula import ROUNDING, Formula, one_sided
from symreg.verification.audit.grouped import Grouped
from symreg.verification.cases.prox_minima import norm_problem
from symreg.verification.cases.sampling.stream import Stream
from symreg.verification.comparison.failure import Failure, relative
from symreg.verification.comparison.tally import Tally

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slopes:
    """The slopes of a penalty over groups, and of what it adds of single weights.

    Args:
        of_norm: phi.
        of_weight: The terms of single weights; None where there are none.
        strengths: The c_g.
    """

    of_norm: Formula
    of_weight: Formula | None
    strengths: tuple[float, ...]

    def distance(self, w: Numbers, g: Numbers, c: float) -> tuple[float, float] | None:
        """Return the distance of -g from the subdifferential at a group, and the size of both; None if undetermined."""
        norm = float(np.linalg.norm(w))
        sides = one_sided(self.of_norm, norm)
        if sides is None or sides[0] > sides[1] or (norm > 0 and sides[0] < sides[1]):
            return None
        slope = c * sides[1]
        pull = slope * w / norm if norm else np.zeros_like(w)
        left: list[float] = []
        for x, target in zip(w.tolist(), (-g - pull).tolist(), strict=True):
            ends = (0.0, 0.0) if self.of_weight is None else self._ends(x)
            if ends is None or ends[0] > ends[1]:
                return None
            left.append(max(ends[0] - target, target - ends[1], 0.0))
        rest = float(np.linalg.norm(left))
        size = max(float(np.linalg.norm(g)), slope if isfinite(slope) else 0.0)
        return (rest if norm else max(rest - slope, 0.0)), size

    def _ends(self, x: float) -> tuple[float, float] | None:
        assert self.of_weight is not None
        return one_sided(self.of_weight, x) if self.of_weight.holds(x) else (inf, inf)


def check_distance(
    subject: Grouped,
    terms: Terms,
    parameters: Mapping[str, float],
    count: int,
    rtol: float,
    tick: Callable[[], None],
) -> Tally:
    """Compare the object's distance of -g from the subdifferential at each group with the right one.

    Args:
        subject: The object.
        terms: Over groups whose sizes are given, and of single weights.
        parameters: By name.
        count: Distances that are looked at, about.
        rtol: Relative error that is allowed besides rounding.
        tick: Called at every vector.
    """
    tally, groups = tally_of(subject.operator, "subdifferential"), terms.groups
    assert groups is not None
    sizes = [1.0, *(abs(x) for x in parameters.values() if x)]
    slopes = _Slopes(
        of_norm=Formula(terms=norm_problem(terms), parameters=parameters, sizes=sizes),
        of_weight=Formula(terms=Terms(terms=terms.elementwise), parameters=parameters, sizes=sizes)
        if terms.elementwise
        else None,
        strengths=groups.strengths,
    )
    for turn in range(-(-count // len(subject.sizes))):
        tick()
        stream = Stream("distances", *subject.sizes, turn)
        w = np.concatenate([_group(stream, size, sizes) for size in subject.sizes])
        g = np.array([_few(stream.sign() * stream.log_uniform(-3, 2)) for _ in w])
        at = {"w": w.tolist(), "g": g.tolist()}
        answer = answer_of(tally, at, None, partial(subject.distance, w, g))
        if answer is None:
            continue
        for place, ((first, last), c) in enumerate(zip(subject.ends, slopes.strengths, strict=True)):
            right = slopes.distance(w[first:last], g[first:last], c)
            if right is None:
                tally.skip()
                continue
            _compare(tally, {**at, "group": place}, answer[place], *right, rtol)
    return tally


def _compare(tally: Tally, at: Mapping[str, object], got: float, right: float, size: float, rtol: float) -> None:
    is_near = got == right or (isfinite(got) and abs(got - right) <= max(rtol, ROUNDING) * max(size, right))
    if is_near:
        tally.agree(relative(got, right, size))
    else:
        tally.disagree(Failure(at=at, got=got, expected=right, error=relative(got, right, size)))


def _group(stream: Stream, size: int, scales: Sequence[float]) -> Numbers:
    """Return the weights of a group: zeros, or of a norm about one that a formula changes at, some of them 0."""
    if stream.integer(0, 3) == 0:
        return np.zeros(size)
    scale = scales[stream.integer(0, len(scales) - 1)] * stream.log_uniform(-3, 3)
    has_zeros, is_positive = stream.integer(0, 2) == 0, stream.integer(0, 1) == 0
    drawn = [_few(scale * stream.log_uniform(-2, 1) * (1.0 if is_positive else stream.sign())) for _ in range(size)]
    return np.array([0.0 if has_zeros and stream.integer(0, 1) else x for x in drawn])


def _few(x: float) -> float:
    return float(f"{x:.2g}")
