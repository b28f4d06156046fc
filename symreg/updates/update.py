"""Updates: for each function that is emitted, its expressions in the form that is accurate in floating point."""

from __future__ import annotations

from dataclasses import dataclass

from symreg.claims.verdict import Verdict
from symreg.expressions.tree import Call, Constant, Name, Negate, Tree
from symreg.model.loss import DataTerm
from symreg.model.spec import Assignment, Parameter, Rule
from symreg.model.terms import Terms
from symreg.proximal.operator import AnyOperator
from symreg.updates.kinds import LOSS_KINDS, Kind

_REACH = Constant("reach")
WITHIN_REACH = Call("max", (Call("min", (Name("w"), _REACH)), Negate(_REACH)))
"""The weight, or the end of the range for which accuracy is promised (1e150, in single precision 1e18) if beyond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One function to emit: of a penalty, of a loss, or of a whole objective.

    Args:
        kind: What it computes.
        name: Its name: `value`, `gradient`, `prox`, `adam_step`.
        terms: The objective's terms.
        rule: Of a step; told apart from the terms.
        elementwise: Of a value phi(w), otherwise phi'(w), of the bare `w`; None if there is no such term. Kinks, domain
            ends (value `inf`, gradient `nan`) are in it, as `where`.
        indexed: Of a value a scalar, otherwise dR/dw_j over `w[j]` with `j` free; index notation; None if no such term.
            A `where` whose condition subscripts out of range is false there: `Call("in_range", (Item(...),))` says so.
        of_norm: Of a value phi(norm), otherwise phi'(norm), of the terms over groups, over the bare `w` for the norm of
            a group; None if there are none.
        assignments: Of a step: over `w`, `g` (the loss's gradient), `g_penalty` (elementwise + indexed, of the weights
            before the step), states, parameters, `t` and names that live for one step.
        smooth: Of a step whose gradient is that of some terms alone, as the operator takes the others: their names, as
            in `l2 + huber`.
        operator: Of a prox.
        norm_operator: Of a prox: what becomes of the norm of each group, after `operator` if there is one.
        variation: Of a prox: the lam of lam*sum |w[i+1] - w[i]|; the operator of that comes before `operator`.
        is_radial: Is it the operator of the norm of all numbers, which are scaled alike?
        is_least_at_zero: If so, is the penalty nowhere less than at 0, so that 0 stays where it is?
        cases: Of a prox, what it is by cases of v: left side, sign and right side of each line; empty where it has no
            table of cases that a docstring would hold.
        notes: Sentences for the docstring: conventions at kinks, ranges of accuracy.
        claims: The verdicts on the penalty that some of the notes tell.
        data: The loss over the samples that the function takes X and y for, and of a function of the loss alone what
            that is part of; None where the loss is opaque, and a step is handed its gradient.
        loss_value: l(z, y) over the names `z` and `y`, `inf` where the prediction is outside its domain.
        loss_gradient: dl/dz, `nan` there.
        loss_hessian: d2l/dz2, `nan` there.
        loss_bound: A number over the parameters that |d2l/dz2| never exceeds.
        curvature: Of a product with the Hessian phi''(w) of the bare `w`; None without an elementwise term.
    """

    kind: Kind
    name: str
    terms: Terms
    rule: Rule | None = None
    elementwise: Tree | None = None
    indexed: Tree | None = None
    of_norm: Tree | None = None
    assignments: tuple[Assignment, ...] = ()
    smooth: str = ""
    operator: AnyOperator | None = None
    norm_operator: AnyOperator | None = None
    variation: Tree | None = None
    is_radial: bool = False
    is_least_at_zero: bool = True
    cases: tuple[tuple[str, str, str], ...] = ()
    notes: tuple[str, ...] = ()
    claims: tuple[Verdict, ...] = ()
    data: DataTerm | None = None
    loss_value: Tree | None = None
    loss_gradient: Tree | None = None
    loss_hessian: Tree | None = None
    loss_bound: Tree | None = None
    curvature: Tree | None = None

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Each parameter that the function takes, but those of a rule: of the loss, then of the penalty.

        Partial sums are without the coefficient of the loss.
        """
        if self.data is None or self.kind == "prox":
            return self.terms.parameters
        is_whole = self.kind not in (*LOSS_KINDS, "partial")
        of_data = self.data.parameters if is_whole else self.data.loss.parameters
        return tuple({p.name: p for p in (*of_data, *self.terms.parameters)}.values())

    @property
    def passes_samples(self) -> bool:
        """Does it take a matrix X, and go over its rows?"""
        return self.data is not None and self.kind not in (*LOSS_KINDS, "prox")

    @property
    def has_one_dimension(self) -> bool:
        """Do weights lie in a row, as indices or groups of them count?"""
        return self.indexed is not None or self.terms.groups is not None or bool(self.terms.per_weight)
