"""A step of a rule: its assignments, in order."""

from __future__ import annotations

from fractions import Fraction

from symreg.errors import Intractable
from symreg.expressions.tree import (
    Binary,
    Call,
    Compare,
    Constant,
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
from symreg.kernel.groups import pulled, shrunk
from symreg.kernel.ir import Let, Stage, Statement, Store
from symreg.kernel.penalty import LOSS_GRADIENT, WEIGHT, Lowered, penalty, placing_of
from symreg.kernel.proximal.scope import Statements
from symreg.kernel.routines.minimiser import minimiser
from symreg.kernel.routines.points import place_of, with_norm
from symreg.kernel.samples import data_gradient
from symreg.kernel.sums import Placing
from symreg.proximal.operator import STEP, Operator
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
                take = _in_groups if update.norm_operator is not None else _scaled if update.is_radial else _proximal
                now[node] = take(update, argument, size, once, body, placing)
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


def _proximal(
    update: Update,
    argument: Tree,
    size: Tree,
    scalars: list[Stage] | None,
    body: list[Statement],
    placing: Placing,
) -> Tree:
    """Return the proximal point of an argument in a loop.

    Args:
        scalars: Receives what is the same for all elements; None where each has a step of its own.
        body: Of the loop.
    """
    operator = update.operator
    if operator is None:
        return argument
    v = Let(name=placing.namer.fresh("v"), value=placing.with_nan(argument))
    step = Let(name=placing.namer.fresh("step"), value=size)
    point: Tree = Name(v.name)
    is_number = Compare("==", point, point)
    magnitude = Call("abs", (point,)) if operator.is_even else point
    x = Let(name=placing.namer.fresh("x"), value=Call("where", (is_number, magnitude, Number(Fraction(0)))))
    each: Statements = [v, x] if scalars is not None else [v, x, step]
    once: Statements = [step] if scalars is not None else each
    u = minimiser(operator, place_of(placing, Name(x.name), Name(step.name), once, each))
    if scalars is not None:
        scalars.extend(once)
    elif isinstance(operator, Operator) and operator.needs is not None:
        has_minimum = substitute(operator.needs, {STEP: Name(step.name)})
        u = Call("where", (has_minimum, u, Constant("nan")))
    body.extend(each)
    return Call("where", (is_number, Call("copysign", (u, point)) if operator.is_even else u, point))


def _scaled(
    update: Update,
    argument: Tree,
    size: Tree,
    scalars: list[Stage] | None,
    body: list[Statement],
    placing: Placing,
) -> Tree:
    """Return the proximal point of all arguments together, which are kept in a buffer until their norm is known.

    Raises:
        Intractable: What the loop has computed so far is needed behind it.
    """
    if scalars is None or any(isinstance(statement, Let) for statement in body):
        raise Intractable("a rule may not name values of single weights before it takes the operator of their norm")
    buffer = placing.buffer()
    placing.stages.extend((*scalars, map([*body, Store(array=buffer, value=placing.with_nan(argument))])))
    scalars.clear()
    body.clear()
    step = Let(name=placing.namer.fresh("step"), value=size)
    placing.stages.append(step)
    return with_norm(update, buffer, Name(step.name), placing)


def _in_groups(
    update: Update,
    argument: Tree,
    size: Tree,
    scalars: list[Stage] | None,
    body: list[Statement],
    placing: Placing,
) -> Tree:
    """Return the proximal point of all arguments, which are kept in a buffer until the norms of groups are known.

    Raises:
        Intractable: Each weight has a step of its own, or what the loop has computed so far is needed behind it.
    """
    if scalars is None or any(isinstance(statement, Let) for statement in body):
        raise Intractable("a rule may not name values of single weights before it takes the operator of groups")
    assert update.norm_operator is not None
    buffer = placing.buffer()
    step = Let(name=placing.namer.fresh("step"), value=size)
    scalars.append(step)
    value = _proximal(update, argument, Name(step.name), scalars, body, placing)
    placing.stages.extend((*scalars, map([*body, Store(array=buffer, value=placing.with_nan(value))], is_double=True)))
    scalars.clear()
    body.clear()
    shrunk(update.norm_operator, buffer, buffer, Name(step.name), placing)
    return Item(buffer, (Subscript("j"),))
