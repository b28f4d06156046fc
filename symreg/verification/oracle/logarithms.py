"""Logarithms of sums of two exponentials, `log(exp(a) + exp(b))`, as `a + softplus(b - a)` with b - a multiplied out.

Takes a tree and exact parameters, hands on a tree of the same value. Of `-w**2` and `-(w - 2)**2` the difference is
`4*w - 4`; as wide balls the two tell nothing of which is greater.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from symreg.expressions.tree import Binary, Call, Name, Number, Tree, number, transform
from symreg.verification.oracle.polynomial import NotRead, Polynomial, read


def joined(tree: Tree, parameters: Mapping[str, float | Fraction]) -> Tree:
    """Return the tree with such logarithms of polynomials in w rewritten."""
    exact = {name: Fraction(value) for name, value in parameters.items()}

    def change(node: Tree) -> Tree:
        match node:
            case Call("log", (Binary("+", Call("exp", (a,)), Call("exp", (b,))),)) | Call("logaddexp", (a, b)):
                try:
                    difference = read(Binary("-", b, a), exact, lambda _: None)
                except NotRead:
                    return node
                return Binary("+", a, Call("softplus", (_written(difference),)))
        return node

    return transform(tree, change)


def _written(polynomial: Polynomial) -> Tree:
    total: Tree = number(0)
    for k, coefficient in enumerate(polynomial):
        if coefficient:
            power = Binary("**", Name("w"), Number(Fraction(k)))
            total = Binary("+", total, Binary("*", Number(coefficient), power if k else number(1)))
    return total
