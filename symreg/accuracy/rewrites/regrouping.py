"""Products, quotients and powers in another order, so that no intermediate result overflows or vanishes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

from symreg.expressions.arithmetic import ONE, call, minus, negative, numeric, over, plus, power, rational, times
from symreg.expressions.decompose import (
    Addend,
    Power,
    addends,
    base_and_exponent,
    factors,
    multiplied,
    product,
    scalar_and_powers,
    scalar_of,
    sum_of,
)
from symreg.expressions.tree import Binary, Call, Compare, Negate, Tree, names, number

TWO = number(2)


def regrouped(node: Tree) -> Iterator[Tree]:
    """Yield a product with its scalars first, its quotients first, its powers in pairs or in halves."""
    if not (isinstance(node, Binary) and node.operator in "*/"):
        return
    scalar, top, bottom = scalar_and_powers(node)
    if not top and not bottom:
        return
    yield _in_order(scalar, top, bottom)
    yield from _paired(scalar, top, bottom)
    for j, (base, count) in enumerate(bottom):
        if count > 1:
            yield from _divided(scalar, top, (base, count), _without(bottom, j))
    for k, (base, count) in enumerate(top):
        others = _without(top, k)
        if count > 1:
            halves = [(base, count // 2), (base, count - count // 2)]
            yield _in_order(scalar, [*halves, *others], bottom)
        else:
            yield from _spread(scalar, base, others, bottom)
    yield from quotient_first(node)


def quotient_first(node: Tree) -> Iterator[Tree]:
    """Yield a product of a scalar and a quotient with what varies divided before the scalar is multiplied."""
    if not (isinstance(node, Binary) and node.operator in "*/"):
        return
    scalar, top, bottom = scalar_and_powers(node)
    if bottom and top:
        quotient = _in_order(ONE, top, bottom)
        yield quotient if scalar == ONE else multiplied(scalar, quotient)


def by_roots(node: Tree) -> Iterator[Tree]:
    """Yield a product with x**(3/2) as sqrt(x)**3, in its other orders: a**3/x**(3/2) is then (a/sqrt(x))**3."""
    if not (isinstance(node, Binary) and node.operator in "*/"):
        return
    parts = factors(node, through_powers=True)
    changed = [(_power_of_root(factor), above) for factor, above in parts]
    if changed != parts:
        made = product(changed)
        yield made
        yield from regrouped(made)


def _power_of_root(tree: Tree) -> Tree:
    match tree:
        case Binary("**", base, exponent):
            value = rational(exponent)
            if value is not None and value.denominator == 2 and value > 1:
                return power(call("sqrt", base), number(value.numerator))
    return tree


def _paired(scalar: Tree, top: list[Power], bottom: list[Power]) -> Iterator[Tree]:
    """Yield a**k*x/b**k as x*(a/b)**k."""
    for k, (a, m) in enumerate(top):
        for j, (b, n) in enumerate(bottom):
            count = min(m, n)
            above = [*top[:k], *([(a, m - count)] if m > count else []), *top[k + 1 :]]
            below = [*bottom[:j], *([(b, n - count)] if n > count else []), *bottom[j + 1 :]]
            yield _in_order(scalar, [*above, (Binary("/", a, b), count)], below)


def _divided(scalar: Tree, top: list[Power], power_below: Power, others: list[Power]) -> Iterator[Tree]:
    """Yield x/b**2 as x/b/b, as x*(1/b)**2, and with a power of a scalar inside."""
    base, count = power_below
    yield reduce(lambda made, _: Binary("/", made, base), range(count), _in_order(scalar, top, others))
    if (split := _scalar_root(scalar, count)) is not None:
        rest, root = split
        yield _in_order(rest, [*top, (over(root, base), count)], others)
    yield _in_order(scalar, [*top, (over(ONE, base), count)], others)


def _spread(scalar: Tree, factor: Tree, others: list[Power], bottom: list[Power]) -> Iterator[Tree]:
    """Yield exp(x)*q as exp(x/2)*q*exp(x/2): the one may overflow where the other does not; likewise its kin."""
    if not isinstance(factor, Call) or factor.function not in ("exp", "expm1", "sinh", "cosh"):
        return
    half = over(factor.arguments[0], TWO)
    exponential, sine, scaled = call("exp", half), call("sinh", half), _in_order(scalar, others, bottom)
    match factor:
        case Call("exp", _):
            yield multiplied(_in_order(scalar, [(exponential, 1), *others], bottom), exponential)
        case Call("sinh", _):
            doubled = times(TWO, sine)
            yield multiplied(_in_order(scalar, [(doubled, 1), *others], bottom), call("cosh", half))
        case Call("cosh", _):
            yield plus(scaled, multiplied(times(TWO, multiplied(scaled, sine)), sine))
        case Call("expm1", (x,)):
            far = minus(multiplied(multiplied(scaled, exponential), exponential), scaled)
            yield call("where", Compare("<=", x, ONE), multiplied(scaled, factor), far)


def _without(parts: list[Power], place: int) -> list[Power]:
    return parts[:place] + parts[place + 1 :]


def cleared(node: Tree) -> Iterator[Tree]:
    """Yield 1 + x/s as (s + x)/s, where s is a scalar, and the root of it as sqrt(s + x)/sqrt(s)."""
    match node:
        case Call("sqrt", (inside,)):
            for top, below in _over_one_scalar(inside):
                yield over(call("sqrt", top), _root_of(below))
        case Binary("+" | "-", _, _):
            for top, below in _over_one_scalar(node):
                yield Binary("/", top, below)


def _in_order(scalar: Tree, top: list[Power], bottom: list[Power]) -> Tree:
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


def _scalar_root(scalar: Tree, degree: int) -> tuple[Tree, Tree] | None:
    """Return a scalar as another scalar and the root of what is left, if a power of that degree is a factor of it."""
    parts = factors(scalar, through_powers=True)
    for place, (factor, above) in enumerate(parts):
        base, count = base_and_exponent(factor)
        if above and count == degree and degree > 1:
            return scalar_of(parts[:place] + parts[place + 1 :]), base
    return None


def _over_one_scalar(tree: Tree) -> Iterator[tuple[Tree, Tree]]:
    """Yield a sum as a numerator over the scalar that one of its addends is divided by."""
    summands = addends(tree, opened=True)
    if len(summands) < 2:
        return
    for sign, addend in summands:
        if not (isinstance(addend, Binary) and "w" in names(addend)):
            continue
        below = [(f, True) for f, above in factors(addend, through_powers=True) if not above and "w" not in names(f)]
        if not below:
            continue
        scalar = scalar_of(below)
        cleared_addends: list[Addend] = []
        for other_sign, other in summands:
            if (other_sign, other) == (sign, addend):
                top = [(f, above) for f, above in factors(other, through_powers=True) if above or "w" in names(f)]
                cleared_addends.append((other_sign, product(top)))
            else:
                cleared_addends.append((other_sign, scalar if other == ONE else times(scalar, other)))
        yield sum_of(cleared_addends), scalar
        return


def _root_of(tree: Tree) -> Tree:
    base, count = base_and_exponent(tree)
    return power(base, number(count // 2)) if count % 2 == 0 and count else call("sqrt", tree)
