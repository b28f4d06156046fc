"""Judge somebody's own function: called as the emitted one of its kind would be, on copies, several weights at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal

import numpy as np

from symreg.errors import SpecError
from symreg.model.clashes import told_apart
from symreg.model.spec import Rule
from symreg.model.terms import Terms
from symreg.verification.cases.calling import Subject
from symreg.verification.cases.prox_minima import is_judged
from symreg.verification.checks.convexity import Convexity
from symreg.verification.checks.evidence import full_evidence
from symreg.verification.checks.judge import Progress, checks_of, judged_by
from symreg.verification.report.report import Report

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
        return _judged(terms, (), {as_: function}, label, rtol, points, params, proofs, progress)
    if rule is None:
        raise SpecError("a step is judged against a rule's; name one, such as gradient_descent")
    rule = told_apart(rule, terms)
    functions: dict[str, Callable[..., Any]] = {
        f"{rule.name}_step": _in_place(function),
        f"{rule.name}_state": partial(_initial_state, rule),
    }
    return _judged(terms, (rule,), functions, label, rtol, points, params, (), progress)


def _judged(
    terms: Terms,
    rules: Sequence[Rule],
    functions: Mapping[str, Callable[..., Any]],
    label: str,
    rtol: float,
    points: int,
    params: Mapping[str, float] | None,
    proofs: Sequence[Convexity],
    progress: Progress | None,
) -> Report:
    """Return the report on functions that are called with a few weights at once.

    What follows from convexity is asked of them as well: of an emitted function it follows from what is compared
    exactly, but of somebody's own, which may be inaccurate by `rtol`, it does not.
    """
    fixed = dict(params or {})
    subject = Subject(label=label, dtype="float64", functions=dict(functions), is_emitted=False)
    return judged_by(
        lambda dtype: full_evidence(terms, dtype, fixed, points, _WEIGHTS_PER_CALL, proofs),
        checks_of(terms, rules, has_proofs=bool(proofs)),
        rules,
        (subject,),
        rtol,
        progress,
    )


def _in_place(function: Callable[..., Any]) -> Callable[..., None]:
    """Return a step that changes `w` in place of one that may return the new weights."""

    def step(w: Any, g: Any, *state: Any, **given: Any) -> None:
        result = function(w, g, *state, **given)
        if result is None:
            return
        after = np.asarray(result)
        if after.shape != w.shape:
            raise ValueError(f"the step returned shape {after.shape} where {w.shape} is right")
        if after.dtype.kind not in "fiub":
            raise ValueError(f"the step returned {after.dtype} where numbers are right")
        w[...] = after

    return step


def _initial_state(rule: Rule, w: Any) -> dict[str, Any]:
    """Return the rule's states before the first step, by name."""
    states: dict[str, Any] = {s.name: np.full(w.shape, s.initial) if s.is_array else s.initial for s in rule.states}
    return states | ({"t": 0.0} if rule.uses_t else {})
