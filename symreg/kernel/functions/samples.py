"""Lower what an objective asks of its data: one pass over the samples, and what the rest of a function makes of it."""

from __future__ import annotations

from symreg.expressions.arithmetic import ONE, call, times
from symreg.expressions.tree import (
    Binary,
    Call,
    Compare,
    Item,
    Name,
    Subscript,
    Tree,
    number,
    substitute,
    transform,
    walk,
)
from symreg.kernel.ir import Let, Product, Rows, Store
from symreg.kernel.sums import Placing
from symreg.model.loss import DataTerm
from symreg.updates.update import Update

_LABEL = Item("y", (Subscript("k"),))


def loss_each(update: Update, placing: Placing) -> Store:
    """Return what is stored of a function of the loss itself, each prediction with its label."""
    tree = {
        "loss_value": update.loss_value,
        "loss_gradient": update.loss_gradient,
        "loss_hessian": update.loss_hessian,
    }[update.kind]
    assert tree is not None
    each = (Subscript("j"),)
    z, y = Item("z", each), Item("y", each)
    result = placing.with_nan(substitute(tree, {Name("z"): z, Name("y"): y}))
    for left_out in (item for item in (z, y) if item not in walk(result)):
        result = call("where", Compare("==", left_out, left_out), result, left_out)  # NaN comes out all the same
    return Store(array="out", value=result)


def data_value(update: Update, placing: Placing) -> Tree:
    """Return L(w), of a total that a pass over the samples makes."""
    assert update.data is not None and update.loss_value is not None
    z = Name(placing.namer.fresh("z"))
    total = Name(placing.namer.fresh("total"))
    term = _of_sample(update.loss_value, z, placing)
    rows = Rows(
        products=(Product(name=z.name, array="w"),), name=total.name, term=term, weight=_weight(update, placing)
    )
    placing.stages.append(rows)
    return _scaled(update.data, total, rows.weight)


def data_gradient(update: Update, placing: Placing, array: str) -> Tree:
    """Return dL/dw[j], of an array that a pass over the samples fills."""
    assert update.data is not None and update.loss_gradient is not None
    z = Name(placing.namer.fresh("z"))
    rows = Rows(
        products=(Product(name=z.name, array="w"),),
        array=array,
        residual=_of_sample(update.loss_gradient, z, placing),
        weight=_weight(update, placing),
    )
    placing.stages.append(rows)
    return _scaled_element(update.data, array, rows.weight, placing)


def data_hessian(update: Update, placing: Placing) -> Tree:
    """Return element j of the product of the Hessian of L with `v`, of the result's array that a pass fills."""
    assert update.data is not None and update.loss_hessian is not None
    z, along = Name(placing.namer.fresh("z")), Name(placing.namer.fresh("u"))
    rows = Rows(
        products=(Product(name=z.name, array="w"), Product(name=along.name, array="v")),
        array="out",
        residual=Binary("*", _of_sample(update.loss_hessian, z, placing), along),
        weight=_weight(update, placing),
    )
    placing.stages.append(rows)
    return _scaled_element(update.data, "out", rows.weight, placing)


def partial_sums(update: Update, placing: Placing) -> tuple[Tree, Tree]:
    """Return the total of the losses and that of the weights, beside the sum of the gradients in the result's array."""
    assert update.loss_value is not None and update.loss_gradient is not None
    z = Name(placing.namer.fresh("z"))
    rows = Rows(
        products=(Product(name=z.name, array="w"),),
        name=placing.namer.fresh("total"),
        term=_of_sample(update.loss_value, z, placing),
        array="out",
        residual=_of_sample(update.loss_gradient, z, placing),
        weight=placing.namer.fresh("weight"),
    )
    placing.stages.append(rows)
    return Name(rows.name), Name(rows.weight)


def lipschitz_bound(update: Update, placing: Placing) -> Tree:
    """Return a bound of the Lipschitz constant of dL/dw.

    The Hessian is X'DX with D within the bound of l'': its largest eigenvalue is at most the bound times the sum of the
    squares of X, the trace of X'X.
    """
    assert update.data is not None and update.loss_bound is not None
    square, total = Name(placing.namer.fresh("square")), Name(placing.namer.fresh("total"))
    rows = Rows(
        products=(Product(name=square.name, array="X"),), name=total.name, term=square, weight=_weight(update, placing)
    )
    placing.stages.append(rows)
    return _scaled(update.data, times(update.loss_bound, total), rows.weight)


def _weight(update: Update, placing: Placing) -> str:
    """Return the name of the sum of the weights; "" where nothing is divided by it."""
    assert update.data is not None
    return placing.namer.fresh("weight") if update.data.reduction == "mean" else ""


def _of_sample(tree: Tree, z: Name, placing: Placing) -> Tree:
    """Return what is asked of the loss, of one sample."""
    once = transform(tree, _divided_once)
    return placing.with_nan(substitute(once, {Name("z"): z, Name("y"): _LABEL}), values={z.name})


def _divided_once(node: Tree) -> Tree:
    """Return a choice between two quotients by one number as one quotient, which is the same number."""
    match node:
        case Call("where", (condition, Binary("/", then, divisor), Binary("/", otherwise, other))) if divisor == other:
            return Binary("/", Call("where", (condition, then, otherwise)), divisor)
        case _:
            return node


def _scaled(data: DataTerm, total: Tree, weight: str) -> Tree:
    """Return a total with the coefficient of the loss, over the sum of the weights if it is a mean."""
    scaled = times(_coefficient(data), total)
    return Binary("/", scaled, Name(weight)) if weight else scaled


def _scaled_element(data: DataTerm, array: str, weight: str, placing: Placing) -> Tree:
    """Return an element of an array likewise; its factor is one number for all of them."""
    element = Item(array, (Subscript("j"),))
    coefficient = _coefficient(data)
    if coefficient == ONE or not weight:
        return _scaled(data, element, weight)
    scale = Let(name=placing.namer.fresh("scale"), value=Binary("/", coefficient, Name(weight)))
    placing.stages.append(scale)
    return Binary("*", Name(scale.name), element)


def _coefficient(data: DataTerm) -> Tree:
    return times(number(data.coefficient), data.factor)
