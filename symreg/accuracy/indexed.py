"""Accurate forms in index notation: each summand, and what is made of sums, as a function of its elements and sums.

Elements and sums stand as one number each: one of them is taken as the weight, the others as parameters, and the form
is chosen as that of an elementwise penalty is.
"""

from __future__ import annotations

from symreg.accuracy.greatest import GREATEST, greatest_taken_out
from symreg.accuracy.search import stabilise
from symreg.expressions.tree import (
    Binary,
    Call,
    Constant,
    Item,
    Name,
    Negate,
    Sum,
    Tree,
    children,
    names,
    rebuild,
    substitute,
    walk,
)
from symreg.model.interval import REAL, WORDS
from symreg.model.spec import Parameter

MOST_ATOMS = 6
"""Elements and sums of one expression; more of them are not tried at enough points to tell forms apart."""


def accurate(tree: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Return an equal tree, in index notation, whose expressions keep their digits."""
    match tree:
        case Item() | Call("in_range" | "norm" | "greatest", _):
            return tree
        case Sum(body, index):
            return Sum(accurate(body, parameters), index)
        case Call("where", (condition, then, otherwise)) if _is_frame(tree):
            return Call("where", (condition, accurate(then, parameters), accurate(otherwise, parameters)))
        case Binary("+" | "-", left, right) if _has_frame(tree):
            return rebuild(tree, (accurate(left, parameters), accurate(right, parameters)))
        case Negate(operand) if _has_frame(tree):
            return Negate(accurate(operand, parameters))
        case _ if _has_frame(tree):
            return rebuild(tree, tuple(accurate(child, parameters) for child in children(tree)))
        case _:
            return _chosen(tree, parameters)


def _chosen(tree: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Return the form of an expression without ranges, its sums in accurate form."""
    shifted = greatest_taken_out(tree, parameters)
    if shifted is not None:
        return substitute(shifted, {atom: accurate(atom, parameters) for atom in _atoms(tree)})
    atoms = dict.fromkeys(_atoms(tree))
    inner = {atom: accurate(atom, parameters) for atom in atoms}
    if not 0 < len(atoms) <= MOST_ATOMS or tree in atoms:
        return substitute(tree, inner)
    taken = {name for node in walk(tree) for name in names(node)}
    free = (f"x{k}" for k in range(len(taken) + len(atoms)) if f"x{k}" not in taken)
    stand_ins: dict[Tree, Name] = {
        atom: Name("w") if place == 0 else Name(next(free)) for place, atom in enumerate(atoms)
    }
    others = tuple(
        Parameter(name=name.name, domain=WORDS["real"], default=0.0) for name in stand_ins.values() if name != Name("w")
    )
    stable = stabilise(substitute(tree, {**stand_ins}), parameters=(*parameters, *others), domain=REAL)
    return substitute(stable.tree, {name: inner[atom] for atom, name in stand_ins.items()})


def _atoms(tree: Tree) -> list[Tree]:
    """Return the elements and sums that an expression is made of, outermost, in order."""
    if isinstance(tree, Item | Sum) or (isinstance(tree, Call) and tree.function in ("norm", GREATEST)):
        return [tree]
    return [atom for child in children(tree) for atom in _atoms(child)]


def _has_frame(tree: Tree) -> bool:
    """Is there a choice outside sums that is no part of a formula?"""
    if isinstance(tree, Item | Sum):
        return False
    return _is_frame(tree) or any(map(_has_frame, children(tree)))


def _is_frame(tree: Tree) -> bool:
    """Is it a choice by whether an element exists, or by whether the weights are in the domain?"""
    match tree:
        case Call("where", (condition, then, otherwise)):
            asks = any(isinstance(n, Call) and n.function == "in_range" for n in walk(condition))
            return asks or any(isinstance(branch, Constant) for branch in (then, otherwise))
        case _:
            return False
