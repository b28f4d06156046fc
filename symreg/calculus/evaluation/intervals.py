"""Enclose a tree's values over a range of the weight, end by end: signs survive where a ball's middle would drown them.

`exp` of (1e29, 2e29) is positive here; as a ball, its radius is its middle.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from flint import arb, fmpq

from symreg.calculus.evaluation.balls import FUNCTIONS
from symreg.errors import Intractable
from symreg.expressions.arithmetic import rational
from symreg.expressions.functions import FUNCTIONS as LANGUAGE
from symreg.expressions.functions import Function
from symreg.expressions.text import mention
from symreg.expressions.tree import Binary, Call, Constant, Name, Negate, Number, Tree

Range: TypeAlias = tuple[arb, arb]
"""Bounds from below and from above; both `nan` where the tree has no value somewhere on the range."""
Enclosure: TypeAlias = Callable[[Range], Range]


def ranged(tree: Tree) -> Enclosure:
    """Return a tree over the bare `w` alone, free of switches, as a function of a range of the weight."""
    match tree:
        case Number(value):
            fraction = fmpq(value.numerator, value.denominator)
            return lambda at: (arb(fraction), arb(fraction))
        case Constant("pi"):
            return lambda at: (arb.pi(), arb.pi())
        case Name("w"):
            return lambda at: at
        case Negate(operand):
            inner = ranged(operand)
            return lambda at: _negated(inner(at))
        case Binary("**", base, exponent):
            return _power(ranged(base), exponent)
        case Binary(operator, left, right):
            a, b, apply = ranged(left), ranged(right), _ARITHMETIC[operator]
            return lambda at: apply(a(at), b(at))
        case Call("exp", (argument,)):
            inner = ranged(argument)
            return lambda at: _exponential(inner(at))
        case Call(function, arguments) if function in _CONTINUOUS:
            return _of_function(LANGUAGE[function], [ranged(argument) for argument in arguments])
        case _:
            raise Intractable(f"{mention(tree)} is not enclosed")


def sign_on(function: Enclosure, at: Range) -> int:
    """Return the sign that a function has all over a range, 0 where that does not show."""
    low, high = function(at)
    return 1 if low > 0 else -1 if high < 0 else 0


_CONTINUOUS = frozenset(row.name for row in LANGUAGE.values() if row.derivatives and not (row.kink or row.poles))
_NOTHING: Range = (arb.nan(), arb.nan())


def _of_function(row: Function, inner: list[Enclosure]) -> Enclosure:
    """Return a function of ranges: where it rises by its ends, else as Arb encloses it."""
    function = FUNCTIONS[row.name]
    if row.monotone == "rising":
        return lambda at: _rising(function, *(argument(at) for argument in inner))
    (only,) = inner
    if row.monotone == "falling":
        return lambda at: _rising(function, only(at))[::-1]
    if row.monotone == "rising from 0" and row.parity == "even":
        return lambda at: _rising(function, _size(only(at)))
    return lambda at: _ball(function, only(at))


def _rising(function: Callable[..., arb], *at: Range) -> Range:
    return function(*(low for low, _ in at)), function(*(high for _, high in at))


def _exponential(at: Range) -> Range:
    """Return the range of exp; beyond +-1e36, where a ball would not know its sign, a bound that holds."""
    low, high = at
    bottom = arb(0) if low < -_LARGE else low.min(_LARGE).exp()
    return bottom, arb.pos_inf() if high > _LARGE else high.max(-_LARGE).exp()


_LARGE = arb(2) ** 120


def _negated(at: Range) -> Range:
    return -at[1], -at[0]


def _added(a: Range, b: Range) -> Range:
    return a[0] + b[0], a[1] + b[1]


def _product(a: Range, b: Range) -> Range:
    if a[0] >= 0 and b[0] >= 0:
        return a[0] * b[0], a[1] * b[1]
    if a[1] <= 0:
        return _negated(_product(_negated(a), b))
    if b[1] <= 0:
        return _negated(_product(a, _negated(b)))
    corners = [x * y for x in a for y in b]
    return _least(corners), _negative(_least([-x for x in corners]))


def _quotient(a: Range, b: Range) -> Range:
    if b[0] > 0:
        return _product(a, (1 / b[1], 1 / b[0]))
    return _negated(_quotient(a, _negated(b))) if b[1] < 0 else _NOTHING


def _least(values: list[arb]) -> arb:
    made = values[0]
    for value in values[1:]:
        made = made.min(value)
    return made


def _negative(value: arb) -> arb:
    return -value


_ARITHMETIC: dict[str, Callable[[Range, Range], Range]] = {
    "+": _added,
    "-": lambda a, b: _added(a, _negated(b)),
    "*": _product,
    "/": _quotient,
}


def _size(at: Range) -> Range:
    """Return the range of |x|."""
    if at[0] >= 0:
        return at
    return _negated(at) if at[1] <= 0 else (arb(0), at[1].max(-at[0]))


def _power(base: Enclosure, exponent: Tree) -> Enclosure:
    value = rational(exponent)
    if value is None:
        raise Intractable("a power with an exponent that is no number is not enclosed")
    if value < 0:
        positive = _power(base, Number(-value))
        return lambda at: _quotient((arb(1), arb(1)), positive(at))
    if value.denominator > 1:
        exact = arb(fmpq(value.numerator, value.denominator))
        return lambda at: _rising(lambda x: x**exact, base(at))
    whole = int(value)
    if whole % 2:
        return lambda at: _rising(lambda x: x**whole, base(at))
    return lambda at: _rising(lambda x: x**whole, _size(base(at)))


def _ball(function: Callable[[arb], arb], at: Range) -> Range:
    made = function(at[0].union(at[1]))
    return made.lower(), made.upper()
