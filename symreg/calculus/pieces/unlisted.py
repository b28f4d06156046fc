"""Gradients at switches whose roots cannot be listed: what is chosen at a kink is an expression in the weight itself.

There the derivatives on either side are the gradient with the switch taken as positive, and as negative; which of them
is the left one does not matter to what is chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from symreg.calculus.evaluation.high_precision import evaluate, samples
from symreg.calculus.pieces.choices import nearest_to_zero
from symreg.calculus.pieces.guards import flipped, takes
from symreg.calculus.signs.roots import listed
from symreg.calculus.symbolic.simplify import simplify
from symreg.expressions.arithmetic import ZERO, W, has_w, minus, plus, where
from symreg.expressions.text import to_text
from symreg.expressions.tree import Call, Compare, Logic, Tree, children, number, rebuild, substitute, walk
from symreg.model.spec import Parameter


def guarded_at_unlisted(gradient: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Return a gradient that is the chosen one wherever a switch without listed roots is 0."""
    unguarded: list[Tree] = []
    for switch in listed(gradient, parameters)[1]:
        changed = _chosen_by_itself(gradient, switch, parameters)
        if changed is None:
            unguarded.append(switch)
        else:
            gradient = changed
    guarded = gradient
    for switch in unguarded:
        guarded = where(_is_zero(gradient, switch), _chosen_at(gradient, switch, parameters), guarded)
    return guarded


def notes_on_unlisted(gradient: Tree, parameters: tuple[Parameter, ...]) -> Iterator[str]:
    """Yield a sentence for each switch whose roots are not listed."""
    for switch in listed(gradient, parameters)[1]:
        yield (
            f"Where {to_text(switch)} = 0 the penalty may have a kink; the gradient there is 0 if that lies between "
            "the derivatives on either side, else the one nearer to 0."
        )


def _chosen_by_itself(gradient: Tree, switch: Tree, parameters: tuple[Parameter, ...]) -> Tree | None:
    """Return a gradient that needs no guard where a switch is 0: as it is, or with its pieces' ends given away."""
    chosen = _chosen_at(gradient, switch, parameters)

    def is_of_switch(comparison: Compare) -> bool:
        return has_w(switch) and minus(comparison.left, comparison.right) == switch

    for candidate in (gradient, flipped(gradient, is_of_switch)):
        if _is_chosen(_taken(candidate, switch, 0), chosen, switch, parameters):
            return candidate
    return None


def _is_zero(gradient: Tree, switch: Tree) -> Tree:
    """Return the condition that a switch is 0, its sides as the gradient compares them."""
    for node in walk(gradient):
        if isinstance(node, Compare) and minus(node.left, node.right) == switch:
            return Compare("==", node.left, node.right)
    return Compare("==", switch, ZERO)


def _chosen_at(gradient: Tree, switch: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    return _chosen(_taken(gradient, switch, -1), _taken(gradient, switch, 1), parameters)


def _chosen(left: Tree, right: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Return 0 if it lies between the two, else the one of smaller magnitude."""
    left, right = simplify(left, parameters), simplify(right, parameters)
    if ZERO in (left, right) or simplify(plus(left, right), parameters) == ZERO:
        return ZERO
    return nearest_to_zero(left, right)


def _is_chosen(at_zero: Tree, chosen: Tree, switch: Tree, parameters: tuple[Parameter, ...]) -> bool:
    """Has a gradient the chosen value by itself where the switch is 0, and no quotient by it?"""
    there, chosen = (substitute(tree, {switch: ZERO}) for tree in (at_zero, chosen))
    one = evaluate(number(1), {})
    rows = ({**row, W: one * weight} for row in samples(parameters) for weight in _WEIGHTS)
    return takes(there, chosen, rows)


_WEIGHTS = (0.7, -0.4, 2.3)


def _taken(tree: Tree, switch: Tree, sign: int) -> Tree:
    """Return a tree with its choices made as they are where a switch has a sign."""
    match tree:
        case Call("where", (condition, then, otherwise)):
            truth = _truth(condition, switch, sign)
            if isinstance(truth, bool):
                return _taken(then if truth else otherwise, switch, sign)
            return where(truth, _taken(then, switch, sign), _taken(otherwise, switch, sign))
        case Call("sign", (argument,)) if argument == switch:
            return number(sign)
        case _:
            below = tuple(_taken(child, switch, sign) for child in children(tree))
            return rebuild(tree, below) if below else tree


def _truth(condition: Tree, switch: Tree, sign: int) -> Tree | bool:
    """Return whether a condition holds where a switch has a sign, or what it asks besides."""
    match condition:
        case Compare(operator, left, right) if minus(left, right) == switch:
            return _HOLDS[operator](sign)
        case Logic("not", (operand,)):
            inner = _truth(operand, switch, sign)
            return not inner if isinstance(inner, bool) else Logic("not", (inner,))
        case Logic(operator, operands):
            truths = [_truth(operand, switch, sign) for operand in operands]
            decisive = operator == "or"
            if decisive in [truth for truth in truths if isinstance(truth, bool)]:
                return decisive
            rest = tuple(truth for truth in truths if not isinstance(truth, bool))
            return not decisive if not rest else rest[0] if len(rest) == 1 else Logic(operator, rest)
        case _:
            return condition


_HOLDS: dict[str, Callable[[int], bool]] = {
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
    "==": lambda sign: sign == 0,
}
