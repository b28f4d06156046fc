"""Evidence: the points of one format at which functions are judged, with what is known of them.

References are made when a check first needs them, and serve every subject; the gradient's serve every rule as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from math import inf
from typing import TypeAlias

from symreg.model.terms import Terms
from symreg.verification.cases.calling import Subject
from symreg.verification.cases.plain_points import plain_prox_cases, plain_sample
from symreg.verification.cases.prox_cases import ProxCase, prox_cases
from symreg.verification.cases.sampling.groups import PER_GROUP, Group
from symreg.verification.cases.sampling.sizes import Sizes
from symreg.verification.cases.slope_cases import SlopeCase, sampled, slope_cases, well_conditioned_up_to
from symreg.verification.checks.convexity import Convexity
from symreg.verification.comparison.tolerance import Finding, Measured
from symreg.verification.oracle.formats import FORMATS, Dtype
from symreg.verification.report.check import Check

Judge: TypeAlias = Callable[[Subject], list[Check]]


@dataclass(slots=True, kw_only=True)
class Evidence:
    """Points of one format with what is known of them.

    Args:
        terms: The penalty as it was written.
        dtype: The format.
        sample: Groups of weights, the human-sized one first.
        prox: Makes the cases of the proximal operator.
        fixed: Parameters that are not sampled, and the `step` of a prox.
        points: Outputs looked at per check, roughly.
        limit: The binary exponent past which neighbouring weights have unrelated values: nothing is wrong there.
        per_group: Weights of an elementwise objective in one call.
        proofs: What is known of the terms' convexity.
        plain: Makes evidence at points that read well, to show a failure at.
        sizes: Of the weights; None for all that accuracy is promised for.
        is_brief: Are long vectors, layouts and refusals left out?
        enough: Failures after which no more points are decided.
        slopes: The gradient's references, once they are made.
        judges: The judges that were made, by the check's name.
    """

    terms: Terms
    dtype: Dtype
    sample: tuple[Group, ...]
    prox: Callable[[], Sequence[ProxCase]]
    fixed: Mapping[str, float]
    points: int
    limit: int | None
    per_group: int = PER_GROUP
    proofs: Sequence[Convexity] = ()
    plain: Callable[[], Evidence] | None = None
    sizes: Sizes | None = None
    is_brief: bool = False
    enough: float = inf
    slopes: tuple[SlopeCase, ...] = ()
    judges: dict[str, Judge] = field(default_factory=dict)

    @property
    def greatest(self) -> float:
        """The size of weights up to which the terms determine something."""
        return inf if self.limit is None else 2.0**self.limit

    def slope_cases(self) -> tuple[SlopeCase, ...]:
        """Return the gradient's references, made once."""
        if not self.slopes:
            self.slopes = slope_cases(self.terms, self.sample, self.dtype)
        return self.slopes

    def within_reason(self, measured: Measured, weight: float) -> Measured:
        """Return what was measured at a weight, a vacuous finding where the formula determines nothing."""
        if measured.finding is Finding.WRONG and abs(weight) >= self.greatest:
            return replace(measured, finding=Finding.VACUOUS)
        return measured


def full_evidence(
    terms: Terms,
    dtype: Dtype,
    fixed: Mapping[str, float],
    points: int,
    per_group: int = PER_GROUP,
    proofs: Sequence[Convexity] = (),
    sizes: Sizes | None = None,
) -> Evidence:
    """Return evidence at many points of every size.

    Args:
        terms: The penalty as it was written.
        dtype: The format.
        fixed: Parameters that are not sampled, and the `step` of a prox.
        points: Outputs looked at per check, roughly.
        per_group: Weights of an elementwise objective in one call.
        proofs: What is known of the terms' convexity; what follows from it is checked as well.
        sizes: Of the weights; all that accuracy is promised for unless given.
    """
    limit = well_conditioned_up_to(terms, dtype)
    return Evidence(
        terms=terms,
        dtype=dtype,
        fixed=fixed,
        sample=sampled(terms, dtype, points, fixed, per_group, limit, sizes),
        prox=lambda: prox_cases(terms, dtype, points, fixed, limit, min(per_group, PER_GROUP), sizes),
        points=points,
        limit=limit,
        per_group=per_group,
        proofs=proofs,
        sizes=sizes,
        plain=cache(lambda: replace(plain_evidence(terms, dtype, fixed, per_group, sizes), enough=1)),
    )


def plain_evidence(
    terms: Terms,
    dtype: Dtype,
    fixed: Mapping[str, float],
    per_group: int = PER_GROUP,
    sizes: Sizes | None = None,
) -> Evidence:
    """Return evidence at few points that read well, which asks for accuracy and little more."""
    shape, limit = FORMATS[dtype], well_conditioned_up_to(terms, dtype)
    whole = tuple(plain_sample(terms, shape, fixed, limit, sizes))
    sample = whole if terms.couple_weights or per_group >= PER_GROUP else tuple(map(_one_by_one, whole))
    return Evidence(
        terms=terms,
        dtype=dtype,
        fixed=fixed,
        sample=sample,
        prox=lambda: tuple(plain_prox_cases(terms, shape, fixed, [g for g in whole if not g.is_human], limit, sizes)),
        points=sum(len(vector) for group in whole for vector in group.vectors),
        limit=limit,
        per_group=per_group,
        sizes=sizes,
        is_brief=True,
    )


def _one_by_one(group: Group) -> Group:
    """Return the group with each weight in a call of its own; of the human-sized one all in one."""
    if group.is_human:
        return group
    parts = (vector[k : k + 1] for vector in group.vectors for k in range(len(vector)))
    return replace(group, vectors=tuple(parts))
