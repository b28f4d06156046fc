"""The derivative of a slope, where kinks of phi have been seen to already."""

from __future__ import annotations

from symreg.calculus.differentiation.differentiate import bare, differentiate, elementwise_over_j
from symreg.expressions.arithmetic import ONE
from symreg.expressions.tree import Binary, Call, Tree, number, transform
from symreg.model.spec import Parameter


def derivative_beside_kinks(slope: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Return the derivative of a tree over the bare `w` as the rules give it, right at every weight but kinks.

    There sign(x)**2 stands for 1.
    """
    return transform(bare(differentiate(elementwise_over_j(slope), parameters).tree), without_squared_signs)


def without_squared_signs(node: Tree) -> Tree:
    """Return sign(x)**2 as 1, which it is where x is not 0."""
    match node:
        case Binary("**", Call("sign", _), exponent) if exponent == number(2):
            return ONE
        case _:
            return node
