"""Sums that vanish faster than their addends, by their Taylor series near that point: cosh(x) - 1 - x**2/2 and its kin.

A sum of functions of one x, with no names besides, has a series of rational coefficients; if the first of them are 0
the addends cancel near x = 0, and the series is used there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from flint import ctx, fmpq, fmpq_series

from symreg.accuracy.rewrites.power_series import POWER_SERIES, Series
from symreg.accuracy.rewrites.series import REST, horner
from symreg.calculus.symbolic.patterns import is_nonnegative
from symreg.expressions.arithmetic import ONE, W, call, minus, numeric, over, plus, power, rational, times
from symreg.expressions.decompose import addend_count, addends, difference, monomial, sum_of
from symreg.expressions.tree import Binary, Call, Compare, Logic, Negate, Tree, children, names, number, rebuild, walk

BOUNDS = (Fraction(1, 4), Fraction(1, 2), Fraction(3, 4), Fraction(1), Fraction(2), Fraction(4))
"""The series is used for |x| up to one of these; the shortest one that does is for the caller to find out."""
LONGEST = 32  # of a series; a longer one is dearer than the functions in whose place it stands
_ORDER = 64


def vanishing(tree: Tree) -> Iterator[Tree]:
    """Yield every tree in which one sum that vanishes has its series near that point."""
    if isinstance(tree, Compare | Logic) or (isinstance(tree, Call) and tree.function == "where"):
        return
    if isinstance(tree, Binary) and tree.operator in "+-" and "w" in names(tree):
        yield from _near_zero(tree)
    below = children(tree)
    for place, child in enumerate(below):
        for made in vanishing(child):
            yield rebuild(tree, (*below[:place], made, *below[place + 1 :]))


def _near_zero(tree: Tree) -> Iterator[Tree]:
    """Yield a sum with its series near the zeros of what its functions are of: in x, in x/(2 + x), or over cosh(x)."""
    for x in _arguments(tree):
        size = x if is_nonnegative(x) else call("abs", x)
        for below in _denominators(tree, x):
            found = _coefficients(tree, x, below)
            for bound in BOUNDS if any(found) and not found[0] else ():
                near = _polynomial(found, x, bound)
                if near is None and bound < 1 and below == ONE:
                    reach = bound / (2 + bound if size == x else 2 - bound)
                    near = _polynomial(_by_quotient(found), over(x, plus(number(2), x)), reach)
                if near is not None:
                    yield call("where", Compare("<=", size, number(bound)), over(near, below), tree)


def _denominators(tree: Tree, x: Tree) -> tuple[Tree, ...]:
    """Return what a sum times it may have a shorter series than the sum has: those of sinh and cosh end soon."""
    functions = {node.function for node in walk(tree) if isinstance(node, Call)}
    if functions & {"tanh", "cosh"}:
        cosh = call("cosh", x)
        return ONE, cosh, power(cosh, number(2))
    return (ONE, call("cosh", over(x, number(2)))) if "sigmoid" in functions else (ONE,)


def _arguments(tree: Tree) -> list[Tree]:
    """Return what functions and roots are of, less the constant that stands beside it, without its number."""
    found: dict[Tree, None] = {}
    for node in walk(tree):
        match node:
            case Call(function, (argument,)) if function in POWER_SERIES:
                inside = argument if function != "log" or addend_count(argument) > 1 else minus(argument, ONE)
            case Binary("**", base, exponent) if (e := rational(exponent)) is not None and e.denominator > 1:
                inside = base
            case _:
                continue
        if "w" in names(inside):
            found.update(dict.fromkeys((_bare(inside), _without_number(inside))))
    return list(found)


def _bare(tree: Tree) -> Tree:
    """Return a product without its number and its sign."""
    ((_, product), *others) = addends(tree, opened=True)
    if others:
        return tree
    match product:
        case Binary("*", left, right) if numeric(left) is not None:
            return right
        case Binary("/", left, right) if numeric(right) is not None:
            return _bare(left)
    return product


def _without_number(tree: Tree) -> Tree:
    """Return x of 1 + x or 1 - x."""
    return _bare(sum_of([(sign, a) for sign, a in addends(tree, opened=True) if numeric(a) is None]))


def _coefficients(tree: Tree, x: Tree, below: Tree) -> list[Fraction]:
    """Return the Taylor coefficients in x of a sum times a function, none if it holds anything besides."""
    before, ctx.cap = ctx.cap, _ORDER
    try:
        total, others = fmpq_series([0]), []
        for sign, addend in addends(tree, opened=True):
            one = _series(addend, x)
            if one is None:
                others.append((sign, addend))
            else:
                total = total + one * sign
        slope = _slope_beside(others, x)
        if slope is None:
            return []
        total = total + fmpq_series(slope)
        scale: Series = _series(below, x)
        return _fractions(total * scale)
    except (ValueError, ZeroDivisionError):
        return []  # FLINT has no series of it there: a logarithm of 0, a root of what is no square
    finally:
        ctx.cap = before


def _slope_beside(others: list[tuple[int, Tree]], x: Tree) -> list[int] | None:
    """Return what addends that hold other names are of x, as w - b is of x = w - b; None if they are nothing of it."""
    if not others:
        return [0]
    for sign in (1, -1):
        rest = numeric(difference(sum_of(others), sum_of([(sign * s, a) for s, a in addends(x, opened=True)])))
        if rest is not None and rest.denominator == 1:
            return [int(rest), sign]
    return None


def _series(tree: Tree, x: Tree) -> Series | None:
    """Return a tree's Taylor series in x, None if it holds anything besides.

    Raises:
        ValueError, ZeroDivisionError: There is none.
    """
    value = rational(tree)
    if value is not None:
        return fmpq_series([fmpq(value.numerator, value.denominator)])
    if (found := _multiple(tree, x)) is not None:
        return found
    match tree:
        case Negate(operand):
            return _joined(lambda a: -a, operand, x=x)
        case Binary("+", left, right):
            return _joined(lambda a, b: a + b, left, right, x=x)
        case Binary("-", left, right):
            return _joined(lambda a, b: a - b, left, right, x=x)
        case Binary("*", left, right):
            return _joined(lambda a, b: a * b, left, right, x=x)
        case Binary("/", left, right):
            return _joined(lambda a, b: a * b.inv(), left, right, x=x)
        case Binary("**", base, exponent) if (e := rational(exponent)) is not None:
            return _joined(lambda a: (a.log() * fmpq(e.numerator, e.denominator)).exp(), base, x=x)
        case Call(function, (argument,)) if function in POWER_SERIES:
            return _joined(POWER_SERIES[function], argument, x=x)
    return None


def _joined(function: Callable[..., Series], *operands: Tree, x: Tree) -> Series | None:
    made = [_series(operand, x) for operand in operands]
    return None if any(one is None for one in made) else function(*made)


def _multiple(tree: Tree, x: Tree) -> Series | None:
    """Return the series of a multiple of a power of x, or of w where x is w + 1 or the like."""
    (a, powers), (b, of_x) = monomial(tree), monomial(x)
    if powers and of_x and b and [key for key, _ in powers] == [key for key, _ in of_x]:
        ratios = {count / other for (_, count), (_, other) in zip(powers, of_x, strict=True)}
        degree = ratios.pop()
        if not ratios and degree.denominator == 1 and 0 < degree < _ORDER:
            scale = a / b ** int(degree)
            return fmpq_series([0] * int(degree) + [fmpq(scale.numerator, scale.denominator)])
    if tree == W:
        shift = numeric(difference(W, x))
        if shift is not None:
            return fmpq_series([fmpq(shift.numerator, shift.denominator), 1])
    return None


def _by_quotient(coefficients: list[Fraction]) -> list[Fraction]:
    """Return the coefficients in y = x/(2 + x), whose series of log1p(x) is short: x is 2*y/(1 - y)."""
    before, ctx.cap = ctx.cap, _ORDER
    try:
        x = fmpq_series([0] + [2] * (_ORDER - 1))
        return _fractions(_of(coefficients)(x))
    finally:
        ctx.cap = before


def _polynomial(coefficients: list[Fraction], x: Tree, bound: Fraction) -> Tree | None:
    """Return the terms of a series that count for |x| up to a bound; None if they are too many.

    Of an even or an odd series it is a polynomial in x**2.
    """
    first = next(k for k, c in enumerate(coefficients) if c)
    step = 1 if any(coefficients[first + 1 :: 2]) else 2
    kept = coefficients[first::step]
    sizes = [abs(c) * bound ** (step * k) for k, c in enumerate(kept)]
    missing = sum(sizes)
    for count, size in enumerate(sizes[:LONGEST], start=1):
        missing -= size
        if missing < REST * sizes[0]:
            return times(power(x, number(first)), horner(kept[:count], power(x, number(step))))
    return None


def _of(coefficients: list[Fraction]) -> Series:
    return fmpq_series([fmpq(c.numerator, c.denominator) for c in coefficients])


def _fractions(series: Series) -> list[Fraction]:
    return [Fraction(int(c.p), int(c.q)) for c in series.coeffs()]
