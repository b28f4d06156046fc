"""What a loss over samples adds to the derivation of a penalty: its gradient in the update, and what follows."""

from __future__ import annotations

from dataclasses import replace

from symreg.calculus.analysis import Analysis
from symreg.calculus.differentiation.step import Step
from symreg.derivation.descent import bound_on_step, curvature_of_penalty
from symreg.derivation.letters import OF_DATA, free_letter
from symreg.derivation.loss_model import DataDerivation
from symreg.derivation.model import GradientDerivation
from symreg.derivation.stationary import normal_equations
from symreg.expressions.arithmetic import GJ, call
from symreg.expressions.tree import Call, Item, Name, Subscript, Tree, substitute

_FORMAL = call("d", Name("L"))


def with_data(
    chain: GradientDerivation,
    data: DataDerivation,
    whole: Analysis,
    smooth: Analysis,
    steps: tuple[Step, ...],
    assigned: list[Step],
) -> GradientDerivation:
    """Return the derivation of a whole objective.

    Args:
        chain: That of the penalty, with dL/dw_j as `g[j]` in its update, and without its steps.
        data: That of the loss.
        whole: Of R.
        smooth: Of the part of R of which the rule takes the gradient.
        steps: Those before the rule's.
        assigned: The rule's, over `g[j]`.
    """
    penalty = None if data.lipschitz is None else curvature_of_penalty(smooth, chain.smooth)
    return replace(
        chain,
        steps=(*steps, *(() if penalty is None else penalty.steps), *_put_in(assigned, data), *_operator(chain, data)),
        update=tuple((target, substitute(tree, {GJ: data.slope})) for target, tree in chain.update),
        data=data,
        descent=None if penalty is None else bound_on_step(chain.rule, data, penalty, is_proximal=bool(chain.proximal)),
        stationary=normal_equations(data, whole),
        notes=(*chain.notes, *data.notes),
    )


def _put_in(assigned: list[Step], data: DataDerivation) -> list[Step]:
    """Return the rule's steps with the gradient of the loss in place."""
    steps = []
    for step in assigned:
        before, after = step.before, substitute(step.after, {GJ: data.slope})
        if step.rule == "collect w_j" or step.rule == "no operator":
            before = substitute(before, {GJ: data.slope})
        else:
            before = substitute(before, {GJ: _FORMAL})
        why = step.why
        if before != after and why.startswith("the rule"):
            why = "the rule, with dL/dw_j put in" if why == "the rule" else why.replace("with ", "with dL/dw_j and ")
        steps.append(replace(step, before=before, after=after, why=why))
    return steps


def _operator(chain: GradientDerivation, data: DataDerivation) -> list[Step]:
    """Return the assignment that takes a proximal operator with its closed form put in, where there is one for all."""
    operator = chain.operator
    if operator is None or operator.is_radial or len(operator.cases) != 1 or operator.cases[0].condition is not None:
        return []
    rule = chain.rule
    known = {*chain.objective.names, *OF_DATA, *(p.name for p in rule.parameters), *(s.name for s in rule.states)}
    known |= {step.target for step in rule.steps}
    point = Item(free_letter("vuqcabhe", known), (Subscript("j"),))
    letters, form = operator.letters, operator.cases[0].whole
    steps: list[Step] = []
    for target, expression in chain.update:
        match expression:
            case Call("prox", (argument, size)) if argument != point:
                put: dict[Tree, Tree] = {Name(letters.point): point, Name(letters.step): size}
                inner = substitute(argument, {GJ: data.slope})
                steps.append(Step(rule="forward step", before=point, after=inner, why=_FORWARD))
                steps.append(
                    Step(
                        rule="operator put in",
                        before=call("prox", point, size),
                        after=substitute(form, put),
                        why="its closed form, at the point that the forward step leads to",
                        target=target,
                    )
                )
    return steps


_FORWARD = "a gradient step on what is differentiable"
