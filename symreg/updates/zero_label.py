"""Products with a label that may be 0: 0 where it is, even where another factor overflows."""

from __future__ import annotations

from symreg.calculus.loss_profile import Y, Z
from symreg.expressions.arithmetic import ZERO, where
from symreg.expressions.tree import Binary, Call, Compare, Negate, Tree, transform
from symreg.model.labels import Labels

_OVERFLOW = ("exp", "expm1", "cosh", "sinh")


def with_zero_label(tree: Tree, labels: Labels) -> Tree:
    """Return a form with `where(y == 0, 0*z, y*exp(z))` for `y*exp(z)`: 0 times infinity would be NaN.

    NaN as a prediction still comes out, and so does NaN as a label, which is not 0.
    """
    return transform(tree, _chosen) if 0 in labels else tree


def _chosen(node: Tree) -> Tree:
    if isinstance(node, Binary) and node.operator in ("*", "/") and _is_multiple(node) and _may_overflow(node):
        return where(Compare("==", Y, ZERO), Binary("*", ZERO, Z), node)
    return node


def _is_multiple(node: Tree) -> bool:
    """Is a product y times something?"""
    match node:
        case Binary("*", left, right):
            return _is_multiple(left) or _is_multiple(right)
        case Binary("/", inner, _) | Negate(inner):
            return _is_multiple(inner)
    return node == Y


def _may_overflow(node: Tree) -> bool:
    """May a factor be infinite where z is not?"""
    match node:
        case Call(name, _):
            return name in _OVERFLOW
        case Binary("/", above, below):
            return _may_overflow(above) or _may_vanish(below)
        case Binary("**", base, _):
            return _may_overflow(base)
        case Binary("+" | "-" | "*", left, right):
            return _may_overflow(left) or _may_overflow(right)
        case Negate(inner):
            return _may_overflow(inner)
    return False


def _may_vanish(node: Tree) -> bool:
    match node:
        case Call("exp", _):
            return True
        case Binary("*", left, right):
            return _may_vanish(left) or _may_vanish(right)
        case Negate(inner) | Binary("**", inner, _):
            return _may_vanish(inner)
    return False
