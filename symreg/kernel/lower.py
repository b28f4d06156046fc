"""Lower an update to a kernel: the sums that are needed first, then one loop that computes and writes each element."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from symreg.errors import Intractable
from symreg.expressions.arithmetic import plus, times
from symreg.expressions.tree import (
    Binary,
    Call,
    Compare,
    Constant,
    Item,
    Name,
    Number,
    Subscript,
    Sum,
    Tree,
    names,
    substitute,
    walk,
)
from symreg.kernel.boundaries import has_greatest, map, outlives_w, stored
from symreg.kernel.cse import share
from symreg.kernel.ir import Buffer, Kernel, Let, Map, Search, Stage, Statement, Store
from symreg.kernel.names import Namer
from symreg.kernel.proximal.scope import Statements
from symreg.kernel.proximal.table_search import search_of
from symreg.kernel.routines.minimiser import minimiser
from symreg.kernel.routines.place import Place
from symreg.kernel.samples import data_gradient, data_hessian, data_value, lipschitz_bound, loss_each, partial_sums
from symreg.kernel.sums import Placing
from symreg.proximal.operator import STEP, AnyOperator, Operator, TableSearch
from symreg.updates.kinds import Kind
from symreg.updates.update import Update

FRAME = frozenset(
    ("w", "g", "v", "n", "t", "step", "out", "state", "i", "j", "k", "l", "t_new", "X", "y", "samples", "sample_weight")
)
"""Names that have a use of their own in what is emitted."""

_W, _G = (Item(array, (Subscript("j"),)) for array in "wg")


@lru_cache(maxsize=256)
def lower(update: Update) -> Kernel:
    """Return the kernel of an update; kept, as every target asks for it.

    Raises:
        Intractable: A sum over an index all of whose subscripts may be out of range.
    """
    lowered: dict[Kind, Callable[[Update], _Lowered]] = {
        "loss_value": _loss,
        "loss_gradient": _loss,
        "loss_hessian": _loss,
        "value": _value,
        "gradient": _gradient,
        "hessian_vector": _hessian_vector,
        "partial": _partial,
        "lipschitz": _lipschitz,
        "prox": _prox,
        "step": _step,
    }
    made = lowered[update.kind](update)
    shared = share(made.placing.stages, made.results, made.placing.namer)
    return Kernel(
        update=update,
        stages=shared.stages,
        buffers=tuple(Buffer(name=name) for name in made.placing.buffers),
        result=shared.scalars[0] if update.kind in ("value", "lipschitz") else None,
        scalars=tuple(zip(made.kept, shared.scalars, strict=True)) if update.kind in ("step", "partial") else (),
        may_alias=made.may_alias,
        search=_search(update, made.placing.namer),
    )


def _search(update: Update, namer: Namer) -> Search | None:
    """Return the search that the operator of an update needs, if it needs one."""
    if not isinstance(update.operator, TableSearch):
        return None
    return search_of(update.operator, tuple(p.name for p in update.terms.parameters), namer.fresh("rows"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lowered:
    """Stages with their expressions as they came.

    Args:
        placing: Holds the stages and the names in use.
        results: Scalars that the function returns or keeps.
        kept: The states that they are the new values of.
        may_alias: See `Kernel`.
    """

    placing: Placing
    results: tuple[Tree, ...] = ()
    kept: tuple[str, ...] = ()
    may_alias: bool = False


def _value(update: Update) -> _Lowered:
    placing = _placing(update)
    addends: list[Tree] = [] if update.data is None else [data_value(update, placing)]
    if update.elementwise is not None:
        each = substitute(update.elementwise, {Name("w"): Item("w", (Subscript("i"),))})
        addends.append(placing.placed(Sum(each, "i")))
    if update.indexed is not None:
        addends.append(placing.placed(_without_norm(update.indexed)))
    return _Lowered(placing=placing, results=(placing.with_nan(_total(addends)),))


def _loss(update: Update) -> _Lowered:
    placing = _placing(update)
    placing.stages.append(Map(index="j", body=(loss_each(update, placing),)))
    return _Lowered(placing=placing)


def _partial(update: Update) -> _Lowered:
    placing = _placing(update)
    return _Lowered(placing=placing, results=partial_sums(update, placing), kept=("loss", "weight"))


def _lipschitz(update: Update) -> _Lowered:
    placing = _placing(update)
    return _Lowered(placing=placing, results=(lipschitz_bound(update, placing),))


def _hessian_vector(update: Update) -> _Lowered:
    placing = _placing(update)
    from_samples = data_hessian(update, placing)
    curvature = placing.with_nan(substitute(update.curvature or _ZERO, {Name("w"): _W}))
    return _of_samples(placing, from_samples, times(curvature, Item("v", (Subscript("j"),))), [])


def _of_samples(placing: Placing, from_samples: Tree, penalty: Tree, body: list[Statement]) -> _Lowered:
    """Lower the last loop over the weights: what came of the samples, and the penalty's part."""
    value = plus(from_samples, penalty)
    if value != Item("out", (Subscript("j"),)):
        is_double = has_greatest([*placing.stages, *body])
        placing.stages.append(map([*body, Store(array="out", value=value)], is_double=is_double))
    return _Lowered(placing=placing)


def _gradient(update: Update) -> _Lowered:
    placing = _placing(update)
    if update.data is not None:
        from_samples = data_gradient(update, placing, "out")
        body, gradient = _penalty(update, placing)
        return _of_samples(placing, from_samples, gradient, body)
    body, gradient = _penalty(update, placing)
    loop = map([*body, Store(array="out", value=gradient)], is_double=has_greatest([*placing.stages, *body]))
    placing.stages.append(loop)
    reads_one = all(isinstance(statement, Store) for statement in body) and not loop.edge
    return _Lowered(placing=placing, may_alias=reads_one)


def _prox(update: Update) -> _Lowered:
    """Lower a proximal operator: of each number by itself, or of the norm of all."""
    operator = update.operator
    assert operator is not None
    placing = _placing(update)
    return _of_norm(update, placing) if update.is_radial else _of_each(operator, placing)


def _of_each(operator: AnyOperator, placing: Placing) -> _Lowered:
    v = Item("v", (Subscript("j"),))
    magnitude = Call("abs", (v,)) if operator.is_even else v
    x = Name(placing.namer.fresh("x"))
    once: Statements = []
    each: Statements = []
    u = minimiser(operator, _place(placing, x, Name("step"), once, each))
    result = Call("copysign", (u, v)) if operator.is_even else u
    if each:
        # A trial that is NaN would never settle.
        is_number = Compare("==", v, v)
        each.insert(0, Let(name=x.name, value=Call("where", (is_number, magnitude, Number(Fraction(0))))))
        result = Call("where", (is_number, result, v))
    else:
        result = placing.with_nan(substitute(result, {x: magnitude}))
    body = (*each, Store(array="out", value=result))
    placing.stages.extend((*once, Map(index="j", body=body, is_double=True)))
    return _Lowered(placing=placing, may_alias=True)


def _of_norm(update: Update, placing: Placing) -> _Lowered:
    value = _with_norm(update, "v", Name("step"), placing)
    placing.stages.append(Map(index="j", body=(Store(array="out", value=value),), is_double=True))
    return _Lowered(placing=placing, may_alias=True)


def _with_norm(update: Update, array: str, step: Tree, placing: Placing) -> Tree:
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
    u = minimiser(operator, _place(placing, x, step, once, once, is_scalar=True))
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
        made = Let(name=placing.namer.fresh(stem), value=value)
        placing.stages.append(made)
        return Name(made.name)

    rough = placing.placed(_square(Item(array, (Subscript("i"),))))
    is_small, is_large = Compare("<", rough, Number(1 / _EXTREME)), Compare(">", rough, Number(_EXTREME))
    unit = let("unit", Call("where", (is_small, Number(1 / _UNIT), Call("where", (is_large, Number(_UNIT), _ONE)))))
    squares = placing.placed(_square(Binary("/", Item(array, (Subscript("i"),)), unit)))
    size = let("size", Call("sqrt", (squares,)))
    norm = let("norm", Binary("*", size, unit))
    once: Statements = []
    u = minimiser(operator, _place(placing, norm, step, once, once, is_scalar=True))
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


def _step(update: Update) -> _Lowered:
    """Lower a rule's assignments, in order.

    An element stands for what its array holds at that moment; a scalar has a new name each time that it is assigned.
    """
    rule = update.rule
    assert rule is not None
    placing = _placing(update)
    scalars: list[Stage] = []
    body: list[Statement] = []
    loss_gradient: Tree = _G
    if update.data is not None:
        placing.buffers.append("g")
        loss_gradient = data_gradient(update, placing, "g")
    current: dict[str, Tree] = {"w": _W, "g": loss_gradient}
    current |= {state.name: Item(state.name, (Subscript("j"),)) for state in rule.states if state.is_array}
    varying = {*current, "g_penalty"}
    named: set[str] = set()  # values of single weights
    if rule.uses_t:
        scalars.append(Let(name="t_new", value=Binary("+", Name("t"), Number(Fraction(1)))))
        current["t"] = Name("t_new")
    if any("g_penalty" in names(assignment.expression) for assignment in update.assignments):
        is_apart = rule.uses_prox and update.indexed is not None
        body, current["g_penalty"] = stored(*_penalty(update, placing), placing, is_apart=is_apart)
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
                take = _scaled if update.is_radial else _proximal
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
    return _Lowered(placing=placing, results=tuple(current[name] for name in kept), kept=tuple(kept))


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
    u = minimiser(operator, _place(placing, Name(x.name), Name(step.name), once, each))
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
    return _with_norm(update, buffer, Name(step.name), placing)


def _penalty(update: Update, placing: Placing) -> tuple[list[Statement], Tree]:
    """Return the sums that are other ones for each j, and dR/dw[j] in terms of them; other sums become stages."""
    body: list[Statement] = []
    addends: list[Tree] = []
    if update.elementwise is not None:
        addends.append(substitute(update.elementwise, {Name("w"): _W}))
    if update.indexed is not None:
        addends.append(placing.placed(_without_norm(update.indexed), index="j", body=body))
    return body, placing.with_nan(_total(addends)) if addends else _ZERO


def _without_norm(tree: Tree) -> Tree:
    squares = Sum(Binary("**", Item("w", (Subscript("i"),)), Number(Fraction(2))), "i")
    return substitute(tree, {Call("norm", (Name("w"),)): Call("sqrt", (squares,))})


def _total(addends: list[Tree]) -> Tree:
    made = addends[0]
    for addend in addends[1:]:
        made = Binary("+", made, addend)
    return made


def _placing(update: Update) -> Placing:
    """Return the start of a function: the names that neither the update nor the frame of emitted code has are free."""
    parameters = [*update.parameters, *(update.rule.parameters if update.rule is not None else ())]
    taken = {*FRAME, *(p.name for p in parameters), *(a.name for a in update.terms.arrays)}
    taken |= {state.name for state in update.rule.states} if update.rule is not None else set()
    taken |= {"loss", "weight"} if update.kind == "partial" else set()
    return Placing(
        Namer(taken),
        nonzero=frozenset(p.name for p in parameters if 0.0 not in p.domain),
        parameters=tuple(p.name for p in update.parameters),
    )


def _place(
    placing: Placing, x: Name, step: Tree, once: Statements, each: Statements, *, is_scalar: bool = False
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
    )
