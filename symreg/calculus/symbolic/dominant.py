"""Sums of exponentials, their quotients and logarithms, with the greatest exponential taken out of each sum first.

What is left of a sum has exponents that are not positive, so nothing overflows but what is infinite itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache

from symreg.calculus.symbolic.exponential_logarithms import logarithms
from symreg.calculus.symbolic.exponential_quotients import quotients, terms_apart
from symreg.calculus.symbolic.exponential_sums import (
    CONSTANT,
    NOTHING,
    Polynomial,
    Product,
    TooLong,
    atom,
    factored,
    has_exponential,
    read,
    tree_of,
)
from symreg.expressions.arithmetic import ONE, call, plus, times
from symreg.expressions.decompose import addends, sum_of
from symreg.expressions.tree import Binary, Call, Compare, Logic, Tree, children, rebuild

SHORTEST = 2  # a factor of no more terms is multiplied out


def dominant(node: Tree) -> Iterator[Tree]:
    """Yield a quotient, a sum or a logarithm with the greatest exponential of each sum taken out."""
    yield from _forms(node)


@lru_cache(maxsize=1024)
def _forms(node: Tree) -> tuple[Tree, ...]:
    made: list[Tree] = []
    with suppress(TooLong):
        match node:
            case Call("log" | "log1p" as function, (inside,)) if has_exponential(inside):
                made.extend(logarithms(read(plus(ONE, inside) if function == "log1p" else inside)))
            case Call("sqrt", (inside,)) if has_exponential(inside):
                made.extend(quotients(read(node)))
            case Binary() if has_exponential(node):
                made.extend(quotients(read(node)))
    return tuple(made)


def with_exponents_joined(node: Tree) -> tuple[Tree, Tree] | None:
    """Return a logarithm, a root, a product or a quotient with its exponentials joined, whatever stands in them.

    It comes with the exponential that it grows as, ONE if with none; None stands for what is none of the kind.
    """
    with suppress(TooLong):
        match node:
            case Call("log" | "log1p" as function, (inside,)):
                made = next(logarithms(read(plus(ONE, inside) if function == "log1p" else inside)), None)
                return None if made is None else (made, ONE)
            case Binary() | Call("sqrt", _):
                product = read(node)
                sums = tuple(row for row in product.factors if len(row[0]) > 1)
                plain = _without_sums(product, NOTHING if sums else product.exponent)
                if not sums:
                    return plain, call("exp", factored(product.exponent)) if product.exponent.terms else ONE
                quotient = next(terms_apart(Product(CONSTANT, product.exponent, sums)), None)
                return None if quotient is None else (times(plain, quotient), ONE)
    return None


def _without_sums(product: Product, exponent: Polynomial) -> Tree:
    """Return the part of a product that is no sum of several exponentials, as one quotient."""
    coefficient = product.coefficient
    if exponent.terms:
        coefficient = coefficient * atom(call("exp", factored(exponent)))
    plain = [(factor[0][1], count) for factor, count in product.factors if len(factor) == 1]
    for summands, count in plain:
        is_short = len(plain) == 1 and count == 1 and len(summands.terms) <= SHORTEST
        coefficient = coefficient * (summands if is_short else atom(tree_of(summands), count))
    return tree_of(coefficient)


def freed(tree: Tree, choice: int = 0) -> Tree:
    """Return a tree with its outermost sums of exponentials in such a form: in the first, the second, or the last."""
    if isinstance(tree, Compare | Logic) or not children(tree):
        return tree
    forms = _forms(tree)
    if forms:
        return forms[min(choice, len(forms) - 1)]
    summands = addends(tree, opened=True)
    if len(summands) > 1:
        return sum_of((sign, freed(addend, choice)) for sign, addend in summands)
    return rebuild(tree, tuple(freed(child, choice) for child in children(tree)))
