"""Steps that call `prox`, and `gradient` where it takes several lines, in place of the same statements once more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from symreg.expressions.tree import Call, Item, Subscript, Tree, names, transform
from symreg.kernel import Map, lower
from symreg.kernel.ir import names_in
from symreg.model.spec import Assignment
from symreg.targets.description import Function
from symreg.targets.numpy.plain.simplified import simplified
from symreg.updates.update import Update

POINT = "point"
"""What a tree calls the function `prox` of the module, of a number and a step; kernels know `prox` itself."""
SLOPE = Item("g_penalty", (Subscript("j"),))
"""The gradient of the penalty as the module's own function returns it."""

_FEW = 2
"""Statements of a gradient that a step rather has itself."""


def calling(function: Function, others: Iterable[Function]) -> Function:
    """Return a function with its kernel simplified; that of a step calls what others of the module compute."""
    update = function.update
    if update.kind == "step":
        own = {argument.name for argument in function.signature.arguments} | {*names_in(function.kernel.stages)}
        for other in others:
            if other.update.terms != update.terms or other.name in own:
                continue
            if other.name == "gradient" and not _is_short(other):
                update = _with_gradient(update, other.update)
            if other.name == "prox":
                update = _with_prox(update, other.update)
    return replace(function, kernel=simplified(lower(update)))


def _is_short(gradient: Function) -> bool:
    stages = simplified(gradient.kernel).stages
    return sum(len(stage.edge or stage.body) if isinstance(stage, Map) else 1 for stage in stages) <= _FEW


def _with_gradient(update: Update, gradient: Update) -> Update:
    is_asked = any("g_penalty" in names(assignment.expression) for assignment in update.assignments)
    if not is_asked or (update.elementwise, update.indexed) != (gradient.elementwise, gradient.indexed):
        return update
    return replace(update, elementwise=None, indexed=SLOPE)


def _with_prox(update: Update, prox: Update) -> Update:
    calls = update.rule.prox_calls if update.rule is not None else ()
    is_same = (update.operator, update.is_radial) == (prox.operator, prox.is_radial)
    if not is_same or any(call.is_step_per_weight for call in calls):
        return update
    return replace(update, assignments=tuple(map(_pointed, update.assignments)), operator=None, is_radial=False)


def _pointed(assignment: Assignment) -> Assignment:
    return replace(assignment, expression=transform(assignment.expression, _point))


def _point(node: Tree) -> Tree:
    return Call(POINT, node.arguments) if isinstance(node, Call) and node.function == "prox" else node
