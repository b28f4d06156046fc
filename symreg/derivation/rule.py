"""Put the penalty's derivative into a rule's assignments, and simplify what the weight becomes."""

from __future__ import annotations

from symreg.calculus.differentiation.step import Step
from symreg.calculus.symbolic.simplify import collected
from symreg.expressions.arithmetic import GJ, WJ, call, plus
from symreg.expressions.text import to_text
from symreg.expressions.tree import Call, Item, Name, Subscript, Tree, substitute, transform, walk
from symreg.model.spec import Rule
from symreg.model.terms import Terms

Update = tuple[tuple[str, Tree], ...]
"""A rule's assignments with the gradient in place: target and expression."""


def update_steps(
    rule: Rule, terms: Terms, slope: Tree, gradient: Tree, *, is_indexed: bool, is_taken: bool
) -> tuple[list[Step], Update]:
    """Return the steps from the rule as it stands to the simplified update, and the update.

    Args:
        rule: Its assignments run in order.
        terms: R, under the names that its parameters have in the step.
        slope: The derivative as a formal expression, `d(R)`; 0 where the rule takes none.
        gradient: The same worked out, over `w[j]`.
        is_indexed: Is a part of it in index notation?
        is_taken: Does the rule take a proximal operator of anything?
    """
    steps: list[Step] = []
    update: list[tuple[str, Tree]] = []
    for assignment in rule.steps:
        formal = _over_j(assignment.expression, rule, slope)
        plugged = _over_j(assignment.expression, rule, gradient)
        target = assignment.target
        why = "the rule" if plugged == formal else f"the rule, with {derivative_name(slope)} put in"
        steps.append(Step(rule=rule.name.replace("_", " "), before=formal, after=plugged, why=why, target=target))
        if not is_taken and (bare := transform(plugged, _without_prox)) != plugged:
            why = f"{_SMOOTH if terms.terms else 'there is no penalty'}, and so {_NOTHING_TAKEN}"
            steps.append(Step(rule="no operator", before=plugged, after=bare, why=why, target=target))
            plugged = bare
        simplified = _collected(plugged, terms, rule) if target == "w" else plugged
        if simplified != plugged:
            is_decay = not rule.states and not is_indexed
            why = "what multiplies w_j is the weight decay" if is_decay else ""
            steps.append(Step(rule="collect w_j", before=plugged, after=simplified, why=why, target=target))
        update.append((target, simplified))
    return steps, tuple(update)


_SMOOTH = "R is differentiable everywhere"
_NOTHING_TAKEN = "there is nothing for the operator to take: prox(v, s) = v"


def derivative_name(slope: Tree) -> str:
    """Return a formal derivative `d(S)` in words: `dS/dw_j`."""
    return f"d{to_text(slope.arguments[0]) if isinstance(slope, Call) else ''}/dw_j"


def _over_j(expression: Tree, rule: Rule, penalty: Tree) -> Tree:
    """Return a rule's expression for one weight, with the penalty's derivative put in."""
    at_j: dict[Tree, Tree] = {
        Name("w"): WJ,
        Name("g_loss"): GJ,
        Name("g_penalty"): penalty,
        Name("g"): plus(GJ, penalty),
    }
    for state in rule.states:
        if state.is_array:
            at_j[Name(state.name)] = Item(state.name, (Subscript("j"),))
    return substitute(expression, at_j)


def _without_prox(node: Tree) -> Tree:
    """Return what an operator that takes nothing gives: its argument."""
    return node.arguments[0] if isinstance(node, Call) and node.function == "prox" else node


def _collected(tree: Tree, terms: Terms, rule: Rule) -> Tree:
    """Return the weight's factors collected: in the update, or in what an operator is taken of."""
    parameters = terms.parameters + rule.parameters
    if not any(isinstance(node, Call) and node.function == "prox" for node in walk(tree)):
        return collected(tree, WJ, parameters)

    def change(node: Tree) -> Tree:
        match node:
            case Call("prox", (argument, size)):
                return call("prox", collected(argument, WJ, parameters), size)
            case _:
                return node

    return transform(tree, change)
