"""How a penalty enters the step of a rule: through its gradient or through `prox`, each term exactly once.

Takes a rule; hands on whether the penalty's gradient moves the weight. A rule that leaves the penalty out, or takes it
twice, is refused: no step is emitted that is of another objective than the one that was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from itertools import product
from typing import Any

from symreg.calculus.evaluation.high_precision import evaluate
from symreg.errors import Intractable, SpecError
from symreg.expressions.arithmetic import ZERO, W
from symreg.expressions.tree import Call, Name, Tree, substitute, transform, walk
from symreg.model.spec import Parameter, Rule

_G, _LOSS, _PENALTY = Name("g"), Name("g_loss"), Name("g_penalty")
_TIMES = (1, 2, 3, 20, 1000)
"""At which steps a gradient moves the weight, if it does: what is kept in a state comes later."""
_SIZES = (0, 1, -2, 1000)
_STARTS = (0.75, -0.75)
"""Weights of either sign: a condition on the weight may hide the gradient on one side."""
_MOST_CHOICES = 8
"""Conditions that a `prox` depends on; each doubles the paths."""


@lru_cache(maxsize=256)
def takes_gradient(rule: Rule) -> bool:
    """Does the penalty's gradient move the weight? If not, it enters through `prox` alone.

    Raises:
        SpecError: The penalty does not enter every step exactly once; says how it would.
    """
    by_g, by_penalty = (_moves(rule, name) for name in (_G, _PENALTY))
    if by_g and by_penalty:
        raise SpecError(
            f"{rule.name}: the penalty enters the step twice, in g and in g_penalty; g is g_loss + g_penalty: "
            "write g_loss beside g_penalty, or g alone"
        )
    if rule.uses_prox:
        _refuse_paths(rule)
    elif not (by_g or by_penalty):
        raise SpecError(
            f"{rule.name}: the penalty does not enter the step: nothing that moves w depends on its gradient; "
            "write g for g_loss, add g_penalty, or take prox(v, s)"
        )
    return by_g or by_penalty


def _moves(rule: Rule, gradient: Name) -> bool:
    """Does the penalty's gradient move the weight where it stands under this name, the loss's gradient being 0?"""
    if not any(node == gradient for step in rule.steps for node in walk(step.expression)):
        return False
    found = [[p for size in _SIZES if (p := _path(rule, gradient, start, size)) is not None] for start in _STARTS]
    telling = [paths for paths in found if len(paths) > 1]
    return not telling or any(path != paths[0] for paths in telling for path in paths)


def _path(rule: Rule, gradient: Name, start: float, size: int) -> list[Any] | None:
    """Return the weight after each of a few steps, with an operator that takes nothing; None where it has no value."""
    zero = evaluate(ZERO, {})
    values: dict[Tree, Any] = {Name(p.name): zero + _of_parameter(p) for p in rule.parameters}
    values |= {Name(state.name): zero + state.initial for state in rule.states}
    values |= {W: zero + start, _LOSS: zero, _G: zero, _PENALTY: zero, gradient: zero + size}
    made = []
    for t in _TIMES:
        values[Name("t")] = zero + t
        for step in rule.steps:
            values[Name(step.target)] = evaluate(transform(step.expression, _without_prox), values)
        made.append(values[W])
    return made if all(weight == weight for weight in made) else None


def _of_parameter(parameter: Parameter) -> float:
    """Return the default, or another value where that is 0 and would take the gradient away."""
    return parameter.default or next((x for x in (0.5, -0.5) if x in parameter.domain), 0.0)


def _without_prox(node: Tree) -> Tree:
    return node.arguments[0] if isinstance(node, Call) and node.function == "prox" else node


def _refuse_paths(rule: Rule) -> None:
    """Check that every path through the rule's conditions takes the operator once, or leaves the weight as it is."""
    for made in _paths(_versions(rule)):
        calls = {node for tree in made.values() for node in walk(tree) if _is_prox(node)}
        if len(calls) > 1:
            raise SpecError(
                f"{rule.name}: the operator is taken twice in one step, and so the penalty enters twice; "
                "take it once, or in different branches of where"
            )
        if not calls and not _keeps_weight(made):
            raise SpecError(
                f"{rule.name}: there are steps in which the operator is not taken, and so the penalty does not enter; "
                "take it in every branch of where, or leave w as it is"
            )


def _versions(rule: Rule) -> dict[Tree, Tree]:
    """Return the assignments in order, each to a name of its own: `w'2` is the weight after the second one."""
    made: dict[Tree, Tree] = {}
    current: dict[Tree, Tree] = {}
    for count, step in enumerate(rule.steps, start=1):
        version = Name(f"{step.target}'{count}")
        made[version] = substitute(step.expression, current)
        current[Name(step.target)] = version
    return {**made, _AFTER: current.get(W, W)}


_AFTER = Name("w'")


def _keeps_weight(made: Mapping[Tree, Tree]) -> bool:
    at: Tree = _AFTER
    while at in made:
        at = made[at]
    return at == W


def _paths(assignments: Mapping[Tree, Tree]) -> Iterator[Mapping[Tree, Tree]]:
    """Yield the assignments for each way in which the conditions beside a `prox` may fall."""
    conditions = list(
        dict.fromkeys(
            node.arguments[0]
            for tree in assignments.values()
            for node in walk(tree)
            if isinstance(node, Call) and node.function == "where" and any(map(_is_prox, walk(node)))
        )
    )
    if len(conditions) > _MOST_CHOICES:
        raise Intractable(f"a step takes the operator under more than {_MOST_CHOICES} conditions")
    for truths in product((True, False), repeat=len(conditions)):
        settle = partial(_settled, holds=dict(zip(conditions, truths, strict=True)))
        yield {name: transform(tree, settle) for name, tree in assignments.items()}


def _settled(node: Tree, holds: Mapping[Tree, bool]) -> Tree:
    match node:
        case Call("where", (condition, then, otherwise)) if condition in holds:
            return then if holds[condition] else otherwise
        case _:
            return node


def _is_prox(node: Tree) -> bool:
    return isinstance(node, Call) and node.function == "prox"
