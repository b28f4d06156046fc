"""How a gradient's derivation begins: the objective, what the rule makes of the penalty, and the rules for sums."""

from __future__ import annotations

from symreg.calculus.analysis import Analysis
from symreg.calculus.differentiation.differentiate import elementwise_over_j
from symreg.calculus.differentiation.step import Step
from symreg.derivation.groups import over_all_groups
from symreg.derivation.letters import OF_DATA, free_letter, letters_of
from symreg.derivation.loss_model import DataDerivation
from symreg.expressions.arithmetic import GJ, call, minus, over, plus, power, times, total
from symreg.expressions.tree import Item, Name, Subscript, Sum, Tree, number, substitute
from symreg.model.objective import Objective
from symreg.model.spec import Rule
from symreg.proximal.entering import takes_gradient

_O, _L, _R, _S = Name("O"), Name("L"), Name("R"), Name("S")


def opening(
    objective: Objective,
    whole: Analysis,
    smooth: Analysis,
    prox: Analysis,
    rule: Rule,
    of: str,
    taken: str,
    data: DataDerivation | None = None,
) -> list[Step]:
    """Return the steps down to the derivative of one summand, with those of the loss.

    Args:
        objective: L + R; L alone where it has no terms.
        whole: Of R, under the names that its parameters have in the rule's step.
        smooth: Of the part of which the rule takes the gradient.
        prox: Of the part of which it takes the proximal operator.
        rule: The rule.
        of: What the first part is called; "" for nothing.
        taken: What the second part is called; "" for nothing.
        data: L written out; None where it is opaque.
    """
    index = weight_index(objective)
    split = (plus(_L, _R), "the loss and the penalty") if whole.terms.terms else (_L, "the loss alone")
    steps = [Step(rule="objective", before=_O, after=split[0], why=split[1])]
    steps += () if data is None else data.opening
    if whole.terms.terms:
        steps.append(Step(rule="penalty", before=_R, after=_written(whole, index), why="as it was written"))
    if taken and of:
        steps.append(Step(rule="split", before=Name(of), after=_written(smooth, index), why=_INTO_G))
        steps.append(Step(rule="split", before=Name(taken), after=_written(prox, index), why=_INTO_PROX))
    if taken:
        steps.append(_operator(prox, taken, rule, objective))
    rules = _sum_rules(smooth, plus(_L, _S) if taken else _O, of, index, is_opaque=data is None) if of else []
    return [*steps, *rules[:1], *(() if data is None else data.steps), *rules[1:]]


_INTO_G = "the terms that are differentiable everywhere; their gradient is in the step"
_INTO_PROX = "the others; the step takes their proximal operator"


def _written(analysis: Analysis, index: str) -> Tree:
    """Return R over all weights."""
    return total(
        [*_over_all_weights(analysis, index), *(term.value for term in analysis.indexed), *over_all_groups(analysis)]
    )


def _over_all_weights(analysis: Analysis, index: str) -> list[Tree]:
    """Return the sum of phi over all weights, if any term is elementwise."""
    if not analysis.addends:
        return []
    phi = total([addend.value for addend in analysis.addends])
    return [Sum(substitute(phi, {Name("w"): Item("w", (Subscript(index),))}), index)]


def weight_index(objective: Objective) -> str:
    """Return the index of a sum over all weights: nothing in the derivation is called so."""
    return free_letter("iklmpqrsabcdefhouxyz", {*objective.names, *letters_of(objective)})


def _sum_rules(smooth: Analysis, whole: Tree, of: str, index: str, *, is_opaque: bool) -> list[Step]:
    """Return the steps down to the derivative of what is summed: of `whole`, of which the loss is the other part."""
    of_loss, why = (GJ, "g_j = dL/dw_j") if is_opaque else (call("d", _L), "each part by itself")
    steps = [Step(rule="sum rule", before=call("d", whole), after=plus(of_loss, call("d", Name(of))), why=why)]
    for summed in _over_all_weights(smooth, index):
        summands = [elementwise_over_j(addend.value) for addend in smooth.addends]
        local = elementwise_over_j(total([addend.value for addend in smooth.addends]))
        why = f"only {index} = j holds w_j"
        steps.append(Step(rule="index sum", before=call("d", summed), after=call("d", local), why=why))
        if len(summands) > 1:
            formal = total([call("d", summand) for summand in summands])
            steps.append(Step(rule="sum rule", before=call("d", local), after=formal))
    return steps


_OF_VECTORS = "; it takes the whole vector, and prox(w_j, s) is entry j of what it gives"


_AFTER_ANOTHER = (
    "; it is the operator of the groups at the point that the one of the single weights gives (Yu 2013, Theorem 4), as "
    "this is convex and positively homogeneous"
)


def _operator(prox: Analysis, taken: str, rule: Rule, objective: Objective) -> Step:
    """Return what the operator is: of one weight, or of all together where the penalty is a function of their norm."""
    known = {p.name for p in (*prox.parameters, *rule.parameters)} | {state.name for state in rule.states}
    known |= {step.target for step in rule.steps}
    known |= set() if objective.data is None else set(OF_DATA)
    u, v, s = (Name(next(x for x in letters if x not in known)) for letters in ("uzqabc", "vxyabc", "shrabc"))
    is_both = bool(prox.terms.grouped and prox.addends)
    if prox.terms.grouped:
        own, others = [], [_written(prox, weight_index(objective))]
    else:
        own, others = ([part.value for part in parts] for parts in (prox.addends, prox.indexed))
    value = substitute(total(own or others), {Name("w"): u})
    distance = minus(u, v) if own else call("norm", minus(u, v))
    whole = plus(times(s, value), over(power(distance, number(2)), number(2)))
    what = "which is not differentiable everywhere" if takes_gradient(rule) else "all of it"
    return Step(
        rule="proximal operator",
        before=call("prox", v, s),
        after=call("argmin", u, whole),
        why=f"of {taken}, {what}" + ("" if own else _OF_VECTORS) + (_AFTER_ANOTHER if is_both else ""),
    )
