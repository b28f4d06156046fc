"""Evaluate trees to 120 digits at sample parameters, to see what a sign or a choice is before it is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any, cast

from mpmath import MPContext

from symreg.calculus.evaluation import normal
from symreg.errors import Intractable
from symreg.expressions.formulas import function_of, is_of_exponentials
from symreg.expressions.functions import FUNCTIONS, Function
from symreg.expressions.operators import ARITHMETIC, COMPARISONS
from symreg.expressions.tree import Binary, Call, Compare, Constant, Item, Logic, Name, Negate, Number, Sum, Tree
from symreg.model.domain import Domain
from symreg.model.interval import Interval
from symreg.model.ordering import in_order
from symreg.model.spec import Parameter

_mp = MPContext()
_mp.dps = 120

TINY = _mp.mpf(10) ** -30
_GREATEST_EXPONENT = _mp.mpf(10) ** 15

Values = Mapping[Tree, Any]

_SCALES = ("1", "3.7", "0.29", "11.3", "0.083", "1.9", "0.61")


@lru_cache(maxsize=64)
def samples(parameters: tuple[Parameter, ...]) -> tuple[Values, ...]:
    """Return sets of parameter values inside the domains: the defaults, others of mixed sizes, and far apart ones.

    Of any two parameters each is far above the other in some set; one that may have either sign has both.
    """
    mixed = [
        [_SCALES[(row * (column + 1) + (column if row else 0)) % len(_SCALES)] for column in range(len(parameters))]
        for row in range(len(_SCALES))
    ]
    bits = range((len(parameters) - 1).bit_length())
    apart = [
        ["1e3" if (column >> bit & 1) == side else "1e-3" for column in range(len(parameters))]
        for bit in bits
        for side in (0, 1)
    ]
    made = []
    for row, scales in enumerate((*mixed, *apart)):
        values: dict[Tree, Any] = {Name("n"): _mp.mpf(7), Name("t"): _mp.mpf(3 + row)}
        for column, (parameter, scale) in enumerate(zip(parameters, scales, strict=True)):
            sign = -1 if (row >> column % 3) % 2 else 1
            values[Name(parameter.name)] = _into(parameter.domain, _mp.mpf(parameter.default), _mp.mpf(scale), sign)
        made.append(_ordered(parameters, values))
    return tuple(made)


def _ordered(parameters: tuple[Parameter, ...], values: dict[Tree, Any]) -> dict[Tree, Any]:
    if not any(parameter.above for parameter in parameters):
        return values
    made = in_order(parameters, {p.name: values[Name(p.name)] for p in parameters})
    return {**values, **{Name(name): value for name, value in made.items()}}


def interval_at(domain: Domain, values: Values) -> Interval:
    """Return a domain's interval at values, its ends as close as doubles come to them."""
    return domain.at({name: float(values[Name(name)]) for name in domain.names})


def evaluate(tree: Tree, values: Values) -> Any:
    """Return the tree's value as an mpmath number; `nan` where it has none.

    Args:
        tree: Its names, items, sums and norms have values.
        values: By node.
    """
    try:
        return _value(tree, values)
    except (ZeroDivisionError, ValueError, OverflowError):
        return _mp.nan


def real(digits: str) -> Any:
    """Return a number of mpmath's from its digits."""
    return _mp.mpf(digits)


def holds(condition: Tree, values: Values) -> bool:
    """Does a condition hold at these values?"""
    match condition:
        case Compare(operator, left, right):
            a, b = evaluate(left, values), evaluate(right, values)
            return bool(COMPARISONS[operator](a, b))
        case Logic("not", (operand,)):
            return not holds(operand, values)
        case Logic("and", operands):
            return all(holds(o, values) for o in operands)
        case Logic(_, operands):
            return any(holds(o, values) for o in operands)
        case _:
            raise Intractable("not a condition")


def _value(tree: Tree, values: Values) -> Any:
    match tree:
        case Number(value):
            return _number(value)
        case Constant(name):
            return {"pi": _mp.pi, "inf": _mp.inf, "nan": _mp.nan}[name] + _mp.zero
        case Name() | Item() | Sum() | Call("norm", _):
            if tree not in values:
                raise Intractable("a sum has no value at a point")
            return values[tree]
        case Negate(operand):
            return -_value(operand, values)
        case Binary(operator, left, right):
            return _real(_BINARY[operator](_value(left, values), _value(right, values)))
        case Call("where", (condition, then, otherwise)):
            return _value(then if holds(condition, values) else otherwise, values)
        case Call(function, arguments):
            return _real(_FUNCTIONS[function](*(_value(a, values) for a in arguments)))
        case _:
            raise Intractable("a condition has no value")


def _real(value: Any) -> Any:
    """Return a value that is real; mpmath gives a complex one where a function of real numbers ends."""
    if isinstance(value, _mp.mpc):
        raise ValueError
    return value


def _power(a: Any, b: Any) -> Any:
    if a == 0 and b < 0:
        raise ZeroDivisionError
    if abs(b) > _GREATEST_EXPONENT:
        raise OverflowError  # mpmath would take its time over digits that nobody needs
    return a**b


def _exponential(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a function that grows exponentially, of no argument whose digits alone would take long."""

    def value(x: Any) -> Any:
        if x > _GREATEST_EXPONENT:
            raise OverflowError
        return function(max(x, -_GREATEST_EXPONENT))

    return value


def _into(domain: Interval, default: Any, scale: Any, sign: int) -> Any:
    """Return the default scaled within the domain: its distance from an end grows and shrinks with `scale`.

    Where there is no end, it takes the sign.
    """
    low, high = domain.low, domain.high
    if low is not None and high is not None:
        start, end = _mp.mpf(low.numerator) / low.denominator, _mp.mpf(high.numerator) / high.denominator
        odds = (default - start) / (end - default) if start < default < end else _mp.one
        return start + (end - start) * odds * scale / (1 + odds * scale)
    if low is not None:
        start = _mp.mpf(low.numerator) / low.denominator
        return start + (default - start if default > start else _mp.one) * scale
    if high is not None:
        end = _mp.mpf(high.numerator) / high.denominator
        return end - (end - default if default < end else _mp.one) * scale
    return (default or _mp.one) * scale * sign


def _named(row: Function) -> Callable[..., Any]:
    """Return a function by its name in mpmath, or by what it is computed of."""
    native = row.name if row.mpmath is None else row.mpmath
    if native:
        function = getattr(_mp, native)
        is_guarded = is_of_exponentials(row) and "inf" in row.range
        return _exponential(function) if is_guarded else cast(Callable[..., Any], function)
    if row.name in normal.FUNCTIONS:
        return normal.in_mpmath(normal.FUNCTIONS[row.name], _mp.mpf)
    return function_of(row.computed, _number, lambda function, *x: _plain(function)(*x))


def _number(value: Fraction) -> Any:
    return _mp.mpf(value.numerator) / value.denominator


def _plain(function: str) -> Callable[..., Any]:
    """Return a function as mpmath or Python has it, for any argument."""
    of_python: dict[str, Callable[..., Any]] = {"abs": abs, "max": max}
    return of_python.get(function) or cast(Callable[..., Any], getattr(_mp, function))


_BINARY = {**ARITHMETIC, "**": _power}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{row.name: _named(row) for row in FUNCTIONS.values() if row.derivatives},
    "min": min,
    "max": max,
    "acos": _mp.acos,  # this one and the next two stand in derivations only
    "cbrt": lambda x: _mp.sign(x) * _mp.cbrt(abs(x)),
    "lambertw": _mp.lambertw,
}
