"""Roots that have nothing but an equation, as routines: one for each equation, whatever the bounds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from symreg.expressions.text import to_text
from symreg.expressions.tree import Binary, Name, Negate, Tree, number, substitute, transform
from symreg.kernel.cse import share
from symreg.kernel.ir import Invoke, Root, Routine
from symreg.kernel.routines.numbers import Part, numbers, stem, trees_of, used
from symreg.kernel.routines.place import Place

_LONGEST = 160
"""Characters of an equation, beyond which nobody reads it."""


def with_solvers(parts: Iterable[Part], place: Place, v: str = "") -> tuple[Part, ...]:
    """Return statements in which such a root is found by a routine.

    Args:
        parts: In order.
        place: Of the operator.
        v: What the number is called that the minimisers are of; "" for x.
    """
    parts = tuple(parts)
    # F turns downwards and upwards by one equation: one routine finds both places, where there are both.
    turns = [isinstance(part.residual, Negate) for part in parts if isinstance(part, Root) and not part.body]
    is_sided = True in turns and False in turns
    return tuple(_with_solver(part, place, v, is_sided) if isinstance(part, Root) else part for part in parts)


def _with_solver(root: Root, place: Place, v: str, is_sided: bool) -> Part:
    if root.body:
        return replace(root, body=with_solvers(root.body, place, root.name))
    side = number(-1 if isinstance(root.residual, Negate) else 1)
    if is_sided:
        root = replace(root, residual=_positive(root.residual), slope=_positive(root.slope))
    names = used((), root.residual, root.slope)
    scalars = place.scalars(names)
    others = tuple(name for name in names if name not in {root.name, *scalars})
    namer = place.own_names()
    start, low, high, u, sign = map(namer.fresh, ("start", "low", "high", stem(root.name), "sign"))
    own = {name: namer.fresh("v" if name == (v or place.own_x.name) else stem(name)) for name in others}
    known = trees_of({**own, root.name: u})
    equation = replace(
        root,
        name=u,
        low=Name(low),
        high=Name(high),
        start=Name(start),
        residual=substitute(root.residual, known),
        slope=substitute(root.slope, known),
    )
    texts = equations((equation,))
    if is_sided:
        residual, slope = (Binary("*", Name(sign), tree) for tree in (equation.residual, equation.slope))
        equation = replace(equation, residual=residual, slope=slope)
    signs = (sign,) if is_sided else ()
    whose = "; its slope has the given sign" if is_sided else ""
    routine = Routine(
        stem=f"solve_for_{u}",
        purpose=(f"The {u} between low and high that solves this equation{whose}.", *texts),
        arguments=(start, low, high, *signs, *own.values(), *scalars),
        body=numbers(share((equation,), (Name(u),), namer).stages),
        results=(u,),
    )
    sides = (side,) if is_sided else ()
    arguments = (root.start, root.low, root.high, *sides, *map(Name, (*others, *scalars)))
    return Invoke(routine=routine, names=(root.name,), arguments=arguments)


def _positive(tree: Tree) -> Tree:
    return tree.operand if isinstance(tree, Negate) else tree


def equations(parts: Iterable[Part]) -> tuple[str, ...]:
    """Return what roots solve, as on paper; nothing of an equation that is too long for that."""
    texts = (_equation(part.residual) for part in parts if isinstance(part, Root) and not part.body)
    return tuple(text for text in texts if len(text) <= _LONGEST)


def _equation(residual: Tree) -> str:
    match transform(residual, _squared):
        case Binary("-", left, Name() as right):
            return f"{to_text(left)} = {to_text(right)}"
        case Negate(opposite):
            return f"{to_text(opposite)} = 0"
        case tree:
            return f"{to_text(tree)} = 0"


def _squared(node: Tree) -> Tree:
    """Return a product of two equal factors as a power, as on paper."""
    match node:
        case Binary("*", left, right) if left == right:
            return Binary("**", left, number(2))
        case _:
            return node
