"""Penalties of the norms of groups of weights: a loop over the groups, which finds a norm and what follows from it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from symreg.expressions.tree import Binary, Call, Compare, Constant, Item, Name, Number, Subscript, Tree, substitute
from symreg.kernel.cse import share
from symreg.kernel.ir import Groups, Invoke, Let, Map, Reduce, Root, Stage, Store
from symreg.kernel.proximal.scope import Statements
from symreg.kernel.routines.minimiser import minimiser
from symreg.kernel.routines.place import Place
from symreg.kernel.sums import Placing
from symreg.proximal.operator import STEP, AnyOperator, Operator

_ZERO, _ONE, _TWO = (Number(Fraction(k)) for k in (0, 1, 2))
_LARGEST = Number(Fraction(10) ** 300)
OfNorm = Callable[[Name, Name, list[Stage]], Tree]
"""Returns what is computed from a norm and a group's weight, both by name; may append stages."""


def sum_over_groups(of_norm: Tree, placing: Placing) -> Tree:
    """Return the sum over the groups of c_g*phi(norm(w_g)); the loop becomes a stage.

    Args:
        of_norm: phi of the bare `w`.
        placing: The function under construction.
    """

    def term(norm: Name, weight: Name, _: list[Stage]) -> Tree:
        return placing.with_nan(_weighted(weight, substitute(of_norm, {Name("w"): norm})), values={norm.name})

    total = placing.namer.fresh("of_groups")
    placing.stages.append(_loop("w", term, placing, total=total))
    placing.sums[total] = {"w"}
    return Name(total)


def pulled(of_norm: Tree, target: str, placing: Placing, *, is_added: bool) -> None:
    """Write the gradient of the groups' penalties, c_g*phi'(norm)*w_j/norm, into an array, or add it there.

    Args:
        of_norm: phi' of the bare `w`; at the norm 0 the gradient is 0.
        target: The array.
        placing: The function under construction.
        is_added: Is something in the array already?
    """

    def factor(norm: Name, weight: Name, _: list[Stage]) -> Tree:
        slope = _weighted(weight, substitute(of_norm, {Name("w"): norm}))
        per_norm = Call("where", (Compare("==", norm, _ZERO), _ZERO, Binary("/", slope, norm)))
        return placing.with_nan(per_norm, values={norm.name})

    here = Item(target, (Subscript("j"),)) if is_added else None
    placing.stages.append(_loop("w", factor, placing, target=target, here=here))


def shrunk(operator: AnyOperator, source: str, target: str, step: Tree, placing: Placing) -> None:
    """Write the proximal points of groups into an array: each in its direction, its norm the proximal point of that.

    With phi nowhere less than at 0, the minimiser of step*c_g*phi(norm(u)) + norm(u - v)**2/2 lies on the way from 0 to
    v: of all points of one norm the one in the direction of v is nearest to it.

    Args:
        operator: Of phi.
        source: The array.
        target: What receives the points; may be the source.
        step: Of the single weights' part and of the groups'.
        placing: The function under construction.
    """

    own = STEP if step == STEP else Name(placing.namer.fresh("step"))

    def factor(norm: Name, weight: Name, stages: list[Stage]) -> Tree:
        is_number = Compare("==", norm, norm)
        bounded = Call("where", (Compare(">", norm, _LARGEST), _LARGEST, norm))  # where the squares overflow
        size = Let(name=placing.namer.fresh("size"), value=Call("where", (is_number, bounded, _ONE)))
        own_step = Let(name=placing.namer.fresh("step_g"), value=Binary("*", own, weight))
        statements: Statements = []
        place = Place(
            x=Name(size.name),
            step=Name(own_step.name),
            once=statements,
            each=statements,
            is_scalar=True,
            namer=placing.namer,
            parameters=placing.parameters,
        )
        u = minimiser(operator, place)
        stages.extend((size, own_step, *statements))
        moved: Tree = Binary("/", u, Name(size.name))
        if isinstance(operator, Operator) and operator.needs is not None:
            has_minimum = substitute(operator.needs, {STEP: Name(own_step.name)})
            moved = Call("where", (has_minimum, moved, Constant("nan")))
        for condition, value in (
            (Compare("==", weight, _ZERO), _ONE),  # nothing pulls
            (Compare("==", norm, _ZERO), _ZERO),
        ):
            moved = Call("where", (condition, value, moved))
        return Call("where", (is_number, moved, norm))

    outside = () if step == STEP else ((own.name, step),)
    placing.stages.append(_loop(source, factor, placing, target=target, outside=outside))


def _weighted(weight: Tree, tree: Tree) -> Tree:
    """Return the product with a group's weight; a weight of 0 takes the term away, infinite or not."""
    return Call("where", (Compare("==", weight, _ZERO), _ZERO, Binary("*", weight, tree)))


def _loop(
    array: str,
    of_norm: OfNorm,
    placing: Placing,
    *,
    total: str = "",
    target: str = "",
    here: Tree | None = None,
    outside: tuple[tuple[str, Tree], ...] = (),
) -> Groups:
    """Return the loop over groups in which something of their norms is summed, or multiplies their elements.

    Args:
        array: Whose norms they are.
        of_norm: What is summed, or what multiplies.
        placing: The function under construction.
        total: The name of the sum.
        target: The array that receives the products.
        here: What is added to each.
        outside: Values from before the loop that are used in it, by name.
    """
    namer = placing.namer
    names = {name: namer.fresh(name) for name in ("first", "last", "weight", "squares", "norm", "scale")}
    first, last = names["first"], names["last"]
    square = Binary("**", Item(array, (Subscript("i"),)), _TWO)
    norm, weight = Name(names["norm"]), Name(names["weight"])
    squares = Reduce(name=names["squares"], index="i", low=first, high=0, body=(), term=square, extent=last)
    stages: list[Stage] = [squares, Let(name=norm.name, value=Call("sqrt", (Name(squares.name),)))]
    result = of_norm(norm, weight, stages)
    if target:
        stages.append(Let(name=names["scale"], value=result))
        moved = Binary("*", Name(names["scale"]), Item(array, (Subscript("j"),)))
        moved = moved if here is None else Binary("+", here, moved)
        store = Store(array=target, value=moved)
        stages.append(Map(index="j", body=(store,), low=first, extent=last, is_double=True))
    shared = share(stages, () if target else (result,), namer)
    kept = tuple(stage for stage in shared.stages if isinstance(stage, Let | Reduce | Root | Invoke | Map))
    return Groups(
        index=namer.fresh("group"),
        first=first,
        last=last,
        weight=weight.name,
        outside=outside,
        stages=kept,
        total=total,
        term=None if target else shared.scalars[0],
    )
