"""The proximal point of what a step has computed so far: of each weight, of groups, of differences, of the norm."""

from __future__ import annotations

from fractions import Fraction

from symreg.errors import Intractable
from symreg.expressions.tree import Call, Constant, Item, Name, Number, Subscript, Tree, substitute
from symreg.kernel.boundaries import map
from symreg.kernel.functions.groups import shrunk
from symreg.kernel.ir import Let, Stage, Statement, Store
from symreg.kernel.per_weight import is_number, own_elements, unless_zero, with_names, with_strengths
from symreg.kernel.proximal.scope import Statements
from symreg.kernel.routines.minimiser import minimiser
from symreg.kernel.routines.points import place_of, variation_stage, with_norm
from symreg.kernel.sums import Placing
from symreg.proximal.operator import STEP, Operator
from symreg.updates.update import Update


def proximal_point(
    update: Update,
    argument: Tree,
    size: Tree,
    scalars: list[Stage] | None,
    body: list[Statement],
    placing: Placing,
) -> Tree:
    """Return the proximal point of an argument in a step's loop: of several weights together, or of each.

    Args:
        update: Whose operator it is.
        argument: Of one weight.
        size: The step.
        scalars: Receives what is the same for all elements; None where each has a step of its own.
        body: Of the loop.
        placing: Of the function.

    Raises:
        Intractable: Weights are taken together, and each has a step of its own, or what the loop has computed so far is
            needed behind it.
    """
    if update.norm_operator is not None:
        return _in_groups(update, argument, size, scalars, body, placing)
    if update.variation is not None:
        return _of_variation(update, argument, size, scalars, body, placing)
    if update.is_radial:
        return _scaled(update, argument, size, scalars, body, placing)
    return _of_each(update, argument, size, scalars, body, placing)


def _of_each(
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
    operator, per_weight = update.operator, update.terms.per_weight
    if operator is None:
        return argument
    shared = scalars if not per_weight else None
    v = Let(name=placing.namer.fresh("v"), value=placing.with_nan(argument))
    step = Let(name=placing.namer.fresh("step"), value=size)
    point: Tree = Name(v.name)
    number = with_strengths(point, per_weight)
    settles = is_number(point, update)
    magnitude = Call("abs", (point,)) if operator.is_even else point
    x = Let(name=placing.namer.fresh("x"), value=Call("where", (settles, magnitude, Number(Fraction(0)))))
    each: Statements = [v, x] if shared is not None else [v, x, step]
    once: Statements = [step] if shared is not None else each
    own = own_elements(per_weight, placing.namer)
    place = place_of(placing, Name(x.name), Name(step.name), once, each, per_weight=per_weight)
    u = minimiser(operator, place)
    if shared is not None:
        shared.extend(once)
    elif isinstance(operator, Operator) and operator.needs is not None:
        has_minimum = substitute(operator.needs, {STEP: Name(step.name)})
        u = Call("where", (has_minimum, u, Constant("nan")))
    body.extend((*own.lets, *with_names(each, own.names)))
    signed = Call("copysign", (u, point)) if operator.is_even else u
    return substitute(Call("where", (settles, unless_zero(update, signed, point), number)), own.names)


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


def _of_variation(
    update: Update,
    argument: Tree,
    size: Tree,
    scalars: list[Stage] | None,
    body: list[Statement],
    placing: Placing,
) -> Tree:
    """Return the proximal point of all arguments, which are kept in a buffer, by their total variation."""
    if scalars is None or any(isinstance(statement, Let) for statement in body):
        raise Intractable("a rule may not name values of single weights before it takes the operator of all of them")
    assert update.variation is not None
    buffer = placing.buffer()
    step = Let(name=placing.namer.fresh("step"), value=size)
    placing.stages.extend((*scalars, step, map([*body, Store(array=buffer, value=argument)], is_double=True)))
    scalars.clear()
    body.clear()
    placing.stages.append(variation_stage(update.variation, buffer, buffer, Name(step.name), placing))
    return _of_each(update, Item(buffer, (Subscript("j"),)), Name(step.name), scalars, body, placing)


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
    value = _of_each(update, argument, Name(step.name), scalars, body, placing)
    placing.stages.extend((*scalars, map([*body, Store(array=buffer, value=placing.with_nan(value))], is_double=True)))
    scalars.clear()
    body.clear()
    shrunk(update.norm_operator, buffer, buffer, Name(step.name), placing)
    return Item(buffer, (Subscript("j"),))
