"""Proximal points in loops: of each number by itself, or of the norm of all numbers."""

from __future__ import annotations

from fractions import Fraction

from symreg.expressions.tree import Binary, Call, Compare, Item, Name, Number, Subscript, Sum, Tree, substitute
from symreg.kernel.ir import Let, Map, Store, Variation
from symreg.kernel.penalty import Lowered
from symreg.kernel.per_weight import is_number, own_elements, unless_zero, with_names, with_strengths
from symreg.kernel.proximal.scope import Statements
from symreg.kernel.routines.minimiser import minimiser
from symreg.kernel.routines.place import Place
from symreg.kernel.sums import Placing
from symreg.proximal.operator import AnyOperator
from symreg.updates.update import Update


def of_each(update: Update, operator: AnyOperator, placing: Placing, source: str = "v") -> Lowered:
    per_weight = update.terms.per_weight
    v = Item(source, (Subscript("j"),))
    magnitude = Call("abs", (v,)) if operator.is_even else v
    x = Name(placing.namer.fresh("x"))
    each: Statements = []
    once: Statements = each if per_weight else []
    own = own_elements(per_weight, placing.namer)
    step: Tree = Name("step")
    if per_weight:
        step = Name(placing.namer.fresh("step"))
        each.append(Let(name=step.name, value=Name("step")))
    u = minimiser(operator, place_of(placing, x, step, once, each, per_weight=per_weight))
    result = Call("copysign", (u, v)) if operator.is_even else u
    if each:
        # A trial that is NaN would never settle.
        number = with_strengths(v, per_weight)
        settles = is_number(v, update)
        each.insert(0, Let(name=x.name, value=Call("where", (settles, magnitude, Number(Fraction(0))))))
        result = Call("where", (settles, unless_zero(update, result, v), number))
    else:
        result = placing.with_nan(unless_zero(update, substitute(result, {x: magnitude}), v))
    stored = Store(array="out", value=substitute(result, own.names))
    body = (*own.lets, *with_names(each, own.names), stored)
    placing.stages.extend((*(() if per_weight else once), Map(index="j", body=body, is_double=True)))
    return Lowered(placing=placing, may_alias=True)


def variation_stage(strength: Tree, source: str, target: str, step: Tree, placing: Placing) -> Variation:
    """Return the stage that finds the proximal point of a total variation."""
    chains = placing.namer.fresh("chains")
    return Variation(source=source, target=target, strength=Binary("*", step, strength), chains=chains)


def of_norm(update: Update, placing: Placing) -> Lowered:
    value = with_norm(update, "v", Name("step"), placing)
    placing.stages.append(Map(index="j", body=(Store(array="out", value=value),), is_double=True))
    return Lowered(placing=placing, may_alias=True)


def with_norm(update: Update, array: str, step: Tree, placing: Placing) -> Tree:
    """Return the element j of the proximal point of an array, of a function of the norm."""
    assert update.operator is not None
    element = Item(array, (Subscript("j"),))
    if update.is_least_at_zero:
        return Binary("*", _scale_of_norm(update.operator, array, step, placing), element)
    return _along(update.operator, array, step, placing)


def _scale_of_norm(operator: AnyOperator, array: str, step: Tree, placing: Placing) -> Tree:
    """Return by what all numbers are multiplied: the proximal point of their norm, over the norm."""
    root = Call("sqrt", (placing.placed(_square(Item(array, (Subscript("i"),)))),))
    largest = Number(Fraction(10) ** 300)  # and no infinity, where the squares overflow
    norm = Let(name=placing.namer.fresh("norm"), value=Call("where", (Compare(">", root, largest), largest, root)))
    placing.stages.append(norm)
    x = Name(norm.name)
    once: Statements = []
    u = minimiser(operator, place_of(placing, x, step, once, once, is_scalar=True))
    scale = Let(
        name=placing.namer.fresh("scale"), value=Call("where", (Compare("==", x, _ZERO), _ZERO, Binary("/", u, x)))
    )
    placing.stages.extend((*once, scale))
    return Name(scale.name)


def _along(operator: AnyOperator, array: str, step: Tree, placing: Placing) -> Tree:
    """Return the element j of the point in the array's direction whose norm is the proximal point of the array's norm.

    However short the array is, the point may be far out: its squares are summed again where they underflow, or
    overflow. Where all is 0 every direction is right, and the one in which all numbers are alike is taken.
    """

    def let(stem: str, value: Tree) -> Name:
        statement = Let(name=placing.namer.fresh(stem), value=value)
        placing.stages.append(statement)
        return Name(statement.name)

    rough = placing.placed(_square(Item(array, (Subscript("i"),))))
    is_small, is_large = Compare("<", rough, Number(1 / _EXTREME)), Compare(">", rough, Number(_EXTREME))
    unit = let("unit", Call("where", (is_small, Number(1 / _UNIT), Call("where", (is_large, Number(_UNIT), _ONE)))))
    squares = placing.placed(_square(Binary("/", Item(array, (Subscript("i"),)), unit)))
    size = let("size", Call("sqrt", (squares,)))
    norm = let("norm", Binary("*", size, unit))
    once: Statements = []
    u = minimiser(operator, place_of(placing, norm, step, once, once, is_scalar=True))
    placing.stages.extend(once)
    point = let("radius", u)
    direction = Binary("/", Binary("/", Item(array, (Subscript("j"),)), unit), size)
    alike = Binary("/", point, Call("sqrt", (Name("n"),)))
    return Call("where", (Compare("==", size, _ZERO), alike, Binary("*", point, direction)))


_ZERO, _ONE = Number(Fraction(0)), Number(Fraction(1))
_EXTREME, _UNIT = Fraction(10) ** 280, Fraction(10) ** 210
"""Of a sum of squares, beyond which numbers are squared in another unit, and that unit; the inverses for small ones."""


def _square(element: Tree) -> Tree:
    """Return the sum of the squares of all elements i."""
    return Sum(Binary("**", element, Number(Fraction(2))), "i")


def place_of(
    placing: Placing,
    x: Name,
    step: Tree,
    once: Statements,
    each: Statements,
    *,
    is_scalar: bool = False,
    per_weight: tuple[str, ...] = (),
) -> Place:
    """Return where a minimiser is needed, in the function under construction."""
    return Place(
        x=x,
        step=step,
        once=once,
        each=each,
        is_scalar=is_scalar,
        namer=placing.namer,
        parameters=placing.parameters,
        per_weight=per_weight,
    )
