"""Odd and even functions by their form at positive weights, where abs(w) is w and sign(w) is 1.

There sign(w) - w*abs(w)/(1 + w**2) is 1/(1 + w**2): what cancels is seen to cancel.
"""

from __future__ import annotations

from collections.abc import Iterator

from symreg.accuracy.candidates import global_forms
from symreg.calculus.signs.parity import Parity, parity
from symreg.calculus.symbolic.simplify import LARGEST, simplify
from symreg.expressions.arithmetic import W, call, power, size, times
from symreg.expressions.decompose import addends, base_and_exponent, factors, product, sum_of
from symreg.expressions.tree import Binary, Call, Name, Tree, names, number, substitute, transform, walk
from symreg.model.interval import WORDS
from symreg.model.spec import Parameter

SIZE = Name("w_above_0")
"""The size of the weight, a positive number."""


def mirrored(tree: Tree, parameters: tuple[Parameter, ...]) -> Iterator[Tree]:
    """Yield a tree that holds abs(w) or sign(w), and has a parity, by its forms at positive weights."""
    found = parity(tree)
    if found == "neither shown" or size(tree) > LARGEST or not any(map(_is_size_or_sign, walk(tree))):
        return
    above = Parameter(name=SIZE.name, domain=WORDS["positive"], default=1.0)
    half = simplify(substitute(tree, {W: SIZE}), (*parameters, above))
    if SIZE.name in names(half):
        for form in dict.fromkeys((half, *global_forms(half, (*parameters, above)))):
            yield _on_both_sides(form, found)


def _is_size_or_sign(node: Tree) -> bool:
    return isinstance(node, Call) and node.function in ("abs", "sign") and "w" in names(node)


def _on_both_sides(half: Tree, found: Parity) -> Tree:
    """Return the even or odd function that a form at positive weights continues."""
    if found == "even":
        return _by_size(half)
    summands = addends(half, opened=True)
    if len(summands) > 1:
        return sum_of([(sign, _on_both_sides(addend, found)) for sign, addend in summands])
    ((sign, only),) = summands
    parts = factors(only, through_powers=True)
    for place, (factor, above) in enumerate(parts):
        base, count = base_and_exponent(factor)
        if base == SIZE and count % 2:
            rest = [(_by_size(other), is_above) for other, is_above in parts[:place] + parts[place + 1 :]]
            return sum_of([(sign, product([(power(W, number(count)), above), *rest]))])
    return sum_of([(sign, times(call("sign", W), _by_size(only)))])


def _by_size(half: Tree) -> Tree:
    """Return a form at positive weights as an even function of the weight."""

    def even(node: Tree) -> Tree:
        match node:
            case Binary("**", base, exponent) if base == SIZE and base_and_exponent(node)[1] % 2 == 0:
                return power(W, exponent)
        return node

    return substitute(transform(half, even), {SIZE: call("abs", W)})
