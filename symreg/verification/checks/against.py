"""Judge somebody's own function: called as the emitted one of its kind would be, on copies, several weights at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from symreg.errors import SpecError
from symreg.model.spec import Rule
from symreg.model.terms import Terms
from symreg.verification.cases.calling import Subject
from symreg.verification.cases.prox_cases import is_judged
from symreg.verification.checks.convexity import Convexity
from symreg.verification.checks.judge import Progress, verify
from symreg.verification.comparison.report import Report

Kind = Literal["value", "gradient", "prox", "step"]
_WEIGHTS_PER_CALL = 5


def against(
    terms: Terms,
    rule: Rule | None,
    function: Callable[..., Any],
    as_: Kind = "value",
    *,
    rtol: float = 1e-9,
    points: int = 2000,
    params: Mapping[str, float] | None = None,
    label: str = "function",
    proofs: Sequence[Convexity] = (),
    progress: Progress | None = None,
) -> Report:
    """Compare somebody's function with the exact value, gradient, proximal operator or step.

    Args:
        rule: Of a step; not used otherwise.
        function: `f(w, **p)`; of a prox `f(v, step=s, **p)`; of a step `f(w, g, [state], **p)`, which returns the new
            weights or changes `w` in place.
        as_: What the function claims to be.
        rtol: Relative error that is allowed besides the tolerance.
        proofs: What is known of the terms' convexity.

    Raises:
        SpecError: If a step is to be judged and no rule is given, or a prox that there is no reference for.
    """
    if as_ == "prox" and not is_judged(terms):
        raise SpecError(
            "the prox of a penalty in index notation is judged only where it is a function of norm(w) alone"
        )
    if as_ != "step":
        subject = Subject(label=label, dtype="float64", functions={as_: function}, is_emitted=False)
        return verify(
            terms, (), (subject,), points=points, params=params, rtol=rtol, progress=progress,
            per_group=_WEIGHTS_PER_CALL, proofs=proofs,
        )  # fmt: skip
    if rule is None:
        raise SpecError("a step is judged against a rule's; name one, such as gradient_descent")

    def step(w: Any, g: Any, *state: Any, **given: Any) -> None:
        result = function(w, g, *state, **given)
        if result is None:
            return
        found = np.asarray(result)
        if found.shape != w.shape:
            raise ValueError(f"the step returned shape {found.shape} where {w.shape} is right")
        if found.dtype.kind not in "fiub":
            raise ValueError(f"the step returned {found.dtype} where numbers are right")
        w[...] = found

    def fresh_state(w: Any) -> dict[str, Any]:
        made: dict[str, Any] = {s.name: np.full(w.shape, s.initial) if s.is_array else s.initial for s in rule.states}
        return made | ({"t": 0.0} if rule.uses_t else {})

    subject = Subject(
        label=label, dtype="float64", functions={f"{rule.name}_step": step, f"{rule.name}_state": fresh_state},
        is_emitted=False,
    )  # fmt: skip
    return verify(
        terms, (rule,), (subject,), points=points, params=params, rtol=rtol, progress=progress,
        per_group=_WEIGHTS_PER_CALL,
    )  # fmt: skip
