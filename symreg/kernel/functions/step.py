"""A step of a rule: its assignments, in order."""

from __future__ import annotations

from fractions import Fraction

from symreg.expressions.tree import (
    Binary,
    Call,
    Item,
    Name,
    Number,
    Subscript,
    Tree,
    names,
    substitute,
    walk,
)
from symreg.kernel.boundaries import has_greatest, map, outlives_w, stored
from symreg.kernel.functions.groups import pulled
from symreg.kernel.functions.samples import data_gradient
from symreg.kernel.functions.step_operators import proximal_point
from symreg.kernel.ir import Let, Stage, Statement, Store
from symreg.kernel.penalty import LOSS_GRADIENT, WEIGHT, Lowered, penalty, placing_of
from symreg.kernel.sums import Placing
from symreg.updates.update import Update


def step_stages(update: Update) -> Lowered:
    """Lower a rule's assignments, in order.

    An element stands for what its array holds at that moment; a scalar has a new name each time that it is assigned.
    """
    rule = update.rule
    assert rule is not None
    placing = placing_of(update)
    scalars: list[Stage] = []
    body: list[Statement] = []
    loss_gradient: Tree = LOSS_GRADIENT
    if update.data is not None:
        placing.buffers.append("g")
        loss_gradient = data_gradient(update, placing, "g")
    current: dict[str, Tree] = {"w": WEIGHT, "g": loss_gradient}
    current |= {state.name: Item(state.name, (Subscript("j"),)) for state in rule.states if state.is_array}
    varying = {*current, "g_penalty"}
    named: set[str] = set()  # values of single weights
    if rule.uses_t:
        scalars.append(Let(name="t_new", value=Binary("+", Name("t"), Number(Fraction(1)))))
        current["t"] = Name("t_new")
    if any("g_penalty" in names(assignment.expression) for assignment in update.assignments):
        body, current["g_penalty"] = _gradient_of_step(update, placing)
        if outlives_w(update):
            kept_gradient = Let(name=placing.namer.fresh("x"), value=current["g_penalty"])
            body.append(kept_gradient)
            named.add(kept_gradient.name)
            current["g_penalty"] = Name(kept_gradient.name)
    for assignment in update.assignments:
        target = assignment.target
        now: dict[Tree, Tree] = {Name(name): tree for name, tree in current.items()}
        for node in dict.fromkeys(walk(assignment.expression)):
            if isinstance(node, Call) and node.function == "prox":
                argument, size = (substitute(operand, now) for operand in node.arguments)
                once = None if names(node.arguments[1]) & varying else scalars
                now[node] = proximal_point(update, argument, size, once, body, placing)
        value = placing.with_nan(substitute(assignment.expression, now), values=named)
        if isinstance(current.get(target), Item):
            body.append(Store(array=target, value=value))
            continue
        is_state = any(state.name == target for state in rule.states)
        let = Let(name=placing.namer.fresh(f"{target}_new" if is_state else target), value=value)
        if names(assignment.expression) & varying:
            body.append(let)
            named.add(let.name)
            varying.add(target)
        else:
            scalars.append(let)
            varying.discard(target)
        current[target] = Name(let.name)
    is_double = rule.uses_prox or has_greatest([*placing.stages, *body])
    placing.stages.extend((*scalars, map(body, is_double=is_double)))
    kept = [state.name for state in rule.states if not state.is_array and state.name in current]
    kept += ["t"] if rule.uses_t else []
    return Lowered(placing=placing, results=tuple(current[name] for name in kept), kept=tuple(kept))


def _gradient_of_step(update: Update, placing: Placing) -> tuple[list[Statement], Tree]:
    """Return the statements before the penalty's gradient for a weight, and that; what needs all weights is stored."""
    assert update.rule is not None
    if update.of_norm is None:
        is_apart = update.rule.uses_prox and update.indexed is not None
        return stored(*penalty(update, placing), placing, is_apart=is_apart)
    is_alone = update.elementwise is None and update.indexed is None
    if is_alone:
        kept = Item(placing.buffer(), (Subscript("j"),))
    else:
        _, gradient = stored(*penalty(update, placing), placing, is_apart=True)
        assert isinstance(gradient, Item)
        kept = gradient
    pulled(update.of_norm, kept.array, placing, is_added=not is_alone)
    return [], kept
