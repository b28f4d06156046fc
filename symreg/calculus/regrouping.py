"""Products, quotients and powers in another order, so that no intermediate result overflows or vanishes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

from symreg.calculus.algebra import ONE, call, negative, numeric, over, power, times
from symreg.calculus.factored import Factor, base_of, flat_factors, multiplied, parts_of, quotient_of, scalar_of
from symreg.calculus.monomials import Addend, terms, total_of
from symreg.language.tree import Binary, Call, Negate, Tree, names, number


def regrouped(node: Tree) -> Iterator[Tree]:
    """Yield a product with its scalars first, its quotients first, its powers in pairs or in halves."""
    if not (isinstance(node, Binary) and node.operator in "*/"):
        return
    scalar, top, bottom = parts_of(node)
    if not top and not bottom:
        return
    yield _in_order(scalar, top, bottom)
    for k, (a, m) in enumerate(top):
        for j, (b, n) in enumerate(bottom):
            count = min(m, n)
            others_above = [*top[:k], *([(a, m - count)] if m > count else []), *top[k + 1 :]]
            others_below = [*bottom[:j], *([(b, n - count)] if n > count else []), *bottom[j + 1 :]]
            yield _in_order(scalar, [*others_above, (Binary("/", a, b), count)], others_below)
    for j, (b, n) in enumerate(bottom):
        if n > 1:
            # x/b**2 as x/b/b, and with what stands over it inside: x*(s/b)**2.
            made = _in_order(scalar, top, bottom[:j] + bottom[j + 1 :])
            for _ in range(n):
                made = Binary("/", made, b)
            yield made
            if (found := _scalar_root(scalar, n)) is not None:
                rest, root = found
                yield _in_order(rest, [*top, (over(root, b), n)], bottom[:j] + bottom[j + 1 :])
            yield _in_order(scalar, [*top, (over(ONE, b), n)], bottom[:j] + bottom[j + 1 :])
    for k, (a, m) in enumerate(top):
        if m > 1:
            halves = [(a, m // 2), (a, m - m // 2)] if m > 2 else [(a, 1), (a, 1)]
            yield _in_order(scalar, [*halves, *top[:k], *top[k + 1 :]], bottom)
    for k, (a, m) in enumerate(top):
        if (half := _half(a)) is not None and m == 1 and (len(top) > 1 or bottom):
            # exp(x)*q as exp(x/2)*q*exp(x/2): the one may overflow where the other does not.
            yield Binary("*", _in_order(scalar, [(half, 1), *top[:k], *top[k + 1 :]], bottom), half)
    if bottom and top:
        quotient = _in_order(ONE, top, bottom)
        yield quotient if scalar == ONE else Binary("*", scalar, quotient)


def cleared(node: Tree) -> Iterator[Tree]:
    """Yield 1 + x/s as (s + x)/s, where s is a scalar, and the root of it as sqrt(s + x)/sqrt(s)."""
    match node:
        case Call("sqrt", (inside,)):
            for top, below in _over_one_scalar(inside):
                yield over(call("sqrt", top), _root_of(below))
        case Binary("+" | "-", _, _):
            for top, below in _over_one_scalar(node):
                yield Binary("/", top, below)


def _in_order(scalar: Tree, top: list[Factor], bottom: list[Factor]) -> Tree:
    """Return scalar * top / bottom, multiplied from left to right; a scalar that only divides does so in the end."""
    sign, scalar = (-1, scalar.operand) if isinstance(scalar, Negate) else (1, scalar)
    divisor: Tree | None = None
    match scalar:
        case Binary("/", over_it, below) if numeric(over_it) in (1, -1) and top and not bottom:
            sign, scalar, divisor = sign * int(numeric(over_it) or 1), ONE, below
    made: Tree | None = None if scalar == ONE else scalar
    for base, count in top:
        factor = power(base, number(count))
        made = factor if made is None else Binary("*", made, factor)
    denominators = [power(base, number(count)) for base, count in bottom]
    whole = made or ONE
    if denominators or divisor is not None:
        whole = Binary("/", whole, reduce(multiplied, denominators) if divisor is None else divisor)
    return negative(whole) if sign < 0 else whole


def _half(tree: Tree) -> Tree | None:
    """Return the root of an exponential."""
    return (
        call("exp", over(tree.arguments[0], number(2))) if isinstance(tree, Call) and tree.function == "exp" else None
    )


def _scalar_root(scalar: Tree, degree: int) -> tuple[Tree, Tree] | None:
    """Return a scalar as another scalar and the root of what is left, if a power of that degree is a factor of it."""
    parts = flat_factors(scalar)
    for place, (factor, above) in enumerate(parts):
        base, count = base_of(factor)
        if above and count == degree and degree > 1:
            return scalar_of(parts[:place] + parts[place + 1 :]), base
    return None


def _over_one_scalar(tree: Tree) -> Iterator[tuple[Tree, Tree]]:
    """Yield a sum as a numerator over the scalar that one of its addends is divided by."""
    addends = terms(tree)
    if len(addends) < 2:
        return
    for sign, addend in addends:
        if not (isinstance(addend, Binary) and "w" in names(addend)):
            continue
        below = [(f, True) for f, above in flat_factors(addend) if not above and "w" not in names(f)]
        if not below:
            continue
        scalar = scalar_of(below)
        cleared_addends: list[Addend] = []
        for other_sign, other in addends:
            if (other_sign, other) == (sign, addend):
                top = [(f, above) for f, above in flat_factors(other) if above or "w" in names(f)]
                cleared_addends.append((other_sign, quotient_of(top)))
            else:
                cleared_addends.append((other_sign, scalar if other == ONE else times(scalar, other)))
        yield total_of(cleared_addends), scalar
        return


def _root_of(tree: Tree) -> Tree:
    base, count = base_of(tree)
    return power(base, number(count // 2)) if count % 2 == 0 and count else call("sqrt", tree)
