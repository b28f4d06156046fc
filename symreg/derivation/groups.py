"""The steps of a penalty over groups: only one group holds w_j, by its norm, and phi is differentiated by a number."""

from __future__ import annotations

from symreg.calculus.analysis import Analysis
from symreg.calculus.differentiation.step import Step
from symreg.expressions.arithmetic import ONE, WJ, ZERO, W, call, over, times
from symreg.expressions.tree import Binary, Call, Compare, Item, Subscript, Tree, substitute, transform
from symreg.model.lifts import NORM, over_groups


def over_all_groups(analysis: Analysis) -> list[Tree]:
    """Return the sum of the penalty over all groups, if there is one."""
    groups = analysis.terms.groups
    return [] if groups is None else [over_groups(analysis.of_norms.value, groups.weights)]


def gradient_of_groups(analysis: Analysis) -> list[Tree]:
    """Return dR/dw_j of the penalty over groups where the norm is not 0, if there is one."""
    groups = analysis.terms.groups
    if groups is None:
        return []
    return [over(times(times(_weight(groups.weights), _slope(analysis)), WJ), NORM)]


def steps_of_groups(analysis: Analysis) -> list[Step]:
    """Return the steps from the sum over groups to its derivative by one weight."""
    groups = analysis.terms.groups
    assert groups is not None
    (whole,) = over_all_groups(analysis)
    (gradient,) = gradient_of_groups(analysis)
    phi, slope = _over_norm(analysis.of_norms.value), _slope(analysis)
    by_norm = times(_weight(groups.weights), slope)
    return [
        Step(
            rule="sum over groups",
            before=call("d", whole),
            after=times(_weight(groups.weights), call("d", phi)),
            why="only the group g of j holds w_j",
        ),
        Step(
            rule="chain rule, norm",
            before=call("d", phi),
            after=times(slope, call("d", NORM)),
            why="phi of one number, differentiated where the norm is not 0",
        ),
        Step(rule="norm", before=call("d", NORM), after=over(WJ, NORM), why="where it is not 0"),
        Step(
            rule="groups",
            before=times(by_norm, call("d", NORM)),
            after=gradient,
            why="of all weights of the group alike: it is pulled along itself",
        ),
        Step(
            rule="groups at 0",
            before=times(by_norm, call("d", NORM)),
            after=ZERO,
            why="a group at 0 stays there while nothing else moves it",
            condition=Compare("==", NORM, ZERO),
        ),
    ]


def _weight(weights: str) -> Tree:
    return Item(weights, (Subscript("g"),))


def _slope(analysis: Analysis) -> Tree:
    """Return phi' at the norm, where that is not 0."""
    return _over_norm(analysis.of_norms.gradient)


def _over_norm(tree: Tree) -> Tree:
    """Return a function of a number that is not negative at the norm of a group."""

    def change(node: Tree) -> Tree:
        match node:
            case Call("abs", (argument,)) if argument == NORM:
                return argument
            case Call("sign", (argument,)) if argument == NORM:
                return ONE
            case _:
                return node

    return _times_one(transform(substitute(tree, {W: NORM}), change))


def _times_one(tree: Tree) -> Tree:
    """Return a tree without factors that are 1."""

    def change(node: Tree) -> Tree:
        return times(node.left, node.right) if isinstance(node, Binary) and node.operator == "*" else node

    return transform(tree, change)
