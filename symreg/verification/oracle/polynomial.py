"""Switches read as exact polynomials in w, where balls do not see that leading terms cancel.

Takes a tree and exact parameters, hands on the sign that it has on a whole interval. `(w - 1)**2 - (w + 2)**2` over
[1, 1e300] is one: both squares are huge balls, but their difference is `-6*w - 3`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import reduce
from itertools import zip_longest
from typing import TypeAlias

from flint import arb

from symreg.expressions.tree import Binary, Call, Name, Negate, Number, Tree
from symreg.verification.oracle.ball import ball

Polynomial: TypeAlias = tuple[Fraction, ...]  # coefficients, of 1 first; the last one is not zero
Signs: TypeAlias = Callable[[Polynomial], "int | None"]
_MOST_DEGREE = 16


class NotRead(Exception):
    """The tree is no polynomial, or which one is not known on the whole interval."""


def sign_on(tree: Tree, parameters: Mapping[str, Fraction], low: float, high: float) -> int | None:
    """Return the sign of a tree on all of an interval that does not hold zero inside; None if that is not known."""
    try:
        return sign_of(read(tree, parameters, lambda one: sign_of(one, low, high)), low, high)
    except NotRead:
        return None


def read(tree: Tree, parameters: Mapping[str, Fraction], sign: Signs) -> Polynomial:
    """Return a tree as a polynomial; `sign` tells which side of a switch within it holds.

    Raises:
        NotRead: If it is none.
    """
    match tree:
        case Number(value):
            return _trimmed((value,))
        case Name("w"):
            return Fraction(0), Fraction(1)
        case Name(name) if name in parameters:
            return _trimmed((parameters[name],))
        case Negate(inner):
            return _times(read(inner, parameters, sign), (Fraction(-1),))
        case Binary("+", left, right):
            return _plus(read(left, parameters, sign), read(right, parameters, sign))
        case Binary("-", left, right):
            return _minus(read(left, parameters, sign), read(right, parameters, sign))
        case Binary("*", left, right):
            return _times(read(left, parameters, sign), read(right, parameters, sign))
        case Binary("/", left, right):
            divisor = read(right, parameters, sign)
            if len(divisor) == 1:
                return _times(read(left, parameters, sign), (1 / divisor[0],))
        case Binary("**", base, Number(exponent)) if exponent.denominator == 1 and 0 <= exponent <= _MOST_DEGREE:
            factor = read(base, parameters, sign)
            if len(factor) * exponent <= _MOST_DEGREE:
                return reduce(_times, [factor] * int(exponent), (Fraction(1),))
        case Call("abs", (inner,)):
            size = read(inner, parameters, sign)
            return size if _decided(sign(size)) >= 0 else _times(size, (Fraction(-1),))
        case Call("min" | "max" as name, arguments):
            sense = 1 if name == "max" else -1
            best, *others = [read(one, parameters, sign) for one in arguments]
            for other in others:
                best = other if _decided(sign(_minus(other, best))) * sense > 0 else best
            return best
    raise NotRead


def sign_of(polynomial: Polynomial, low: float, high: float) -> int | None:
    """Return the sign of a polynomial on all of an interval on one side of zero; None if that is not known.

    Each term is monotone there: the positive ones are least at one end, the negative ones at the other.
    """
    if not polynomial:
        return 0
    side = -1 if high <= 0 < -low else 1
    near, far = (arb(x) for x in sorted((abs(low), abs(high))))
    least, most = arb(0), arb(0)
    for k, exact in enumerate(polynomial):
        if exact:
            factor = ball(exact * side**k)
            ends = (near, far) if exact * side**k > 0 else (far, near)
            least, most = least + factor * ends[0] ** k, most + factor * ends[1] ** k
    return 1 if least > 0 else -1 if most < 0 else None


def _decided(side: int | None) -> int:
    if side is None:
        raise NotRead
    return side


def _trimmed(coefficients: tuple[Fraction, ...]) -> Polynomial:
    length = len(coefficients)
    while length and not coefficients[length - 1]:
        length -= 1
    return coefficients[:length]


def _plus(f: Polynomial, g: Polynomial) -> Polynomial:
    return _trimmed(tuple(a + b for a, b in zip_longest(f, g, fillvalue=Fraction(0))))


def _minus(f: Polynomial, g: Polynomial) -> Polynomial:
    return _trimmed(tuple(a - b for a, b in zip_longest(f, g, fillvalue=Fraction(0))))


def _times(f: Polynomial, g: Polynomial) -> Polynomial:
    product = [Fraction(0)] * (len(f) + len(g) - 1 if f and g else 0)
    for j, a in enumerate(f):
        for k, b in enumerate(g):
            product[j + k] += a * b
    return tuple(product)
