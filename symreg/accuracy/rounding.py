"""Compute trees at points as emitted code would, operation by operation.

The host's libm has no say: sums, products, quotients and roots are rounded as IEEE 754 has it, functions are rounded
from balls and then moved by one unit in the last place, as a real library might be off. What depends on no weight is
computed in double precision, as emitted code does.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable
from fractions import Fraction
from functools import cache, lru_cache
from typing import Literal, TypeAlias

from flint import arb, ctx

from symreg.accuracy.cost import Interner
from symreg.calculus.evaluation.balls import FUNCTIONS as BALLS
from symreg.calculus.evaluation.balls import compiled
from symreg.expressions.arithmetic import numeric
from symreg.expressions.formulas import computed, ends, is_of_exponentials
from symreg.expressions.functions import FUNCTIONS, Function
from symreg.expressions.operators import COMPARISONS
from symreg.expressions.tree import Binary, Call, Compare, Constant, Logic, Name, Negate, Number, Tree
from symreg.model.interval import WORDS
from symreg.model.spec import Parameter

Precision = Literal["float64", "float32"]
GREATEST: dict[Precision, float] = {"float64": 1.7976931348623157e308, "float32": 3.4028234663852886e38}
Column: TypeAlias = list[float]
"""One value a point."""
COUNT = Parameter(name="n", domain=WORDS["positive"], default=16.0)
"""How many weights there are, in a formula that holds it."""

_BITS = 90
_HUGE = 30_000.0
_INF, _NAN = math.inf, math.nan


class RoundedEvaluator:
    """Evaluates trees at fixed points in one precision; what it has computed once it keeps."""

    def __init__(self, values: dict[str, Column], precision: Precision, interner: Interner | None = None) -> None:
        self.values = values
        self.interner = interner or Interner()
        self.count = len(values["w"])
        self.precision: Precision = precision
        self.is_single = precision == "float32"
        self.known: dict[int, Column] = {}

    def at(self, tree: Tree) -> Column:
        """Return the tree's value at each point."""
        number = self.interner.number(tree)
        found = self.known.get(number)
        if found is None:
            found = self._computed(tree)
            if self.is_single and self.interner.varies[number]:
                found = singles(found)
            self.known[number] = found
        return found

    def varies(self, tree: Tree) -> bool:
        """Does the tree depend on the weight?"""
        return self.interner.varies[self.interner.number(tree)]

    def holds(self, condition: Tree) -> list[bool]:
        """Return whether a condition holds at each point."""
        match condition:
            case Compare(operator, left, right):
                compare = COMPARISONS[operator]
                a, b = self._operands(condition, left, right)
                return [compare(x, y) for x, y in zip(a, b, strict=True)]
            case Logic("not", (operand,)):
                return [not x for x in self.holds(operand)]
            case Logic(operator, operands):
                join = all if operator == "and" else any
                return [join(row) for row in zip(*(self.holds(o) for o in operands), strict=True)]
            case _:
                raise TypeError("not a condition")

    def _operands(self, whole: Tree, *operands: Tree) -> list[Column]:
        """Return the operands' values; a scalar is rounded where it meets a weight."""
        made = [self.at(operand) for operand in operands]
        if self.is_single and any(self.varies(o) for o in operands):
            return [x if self.varies(o) else singles(x) for x, o in zip(made, operands, strict=True)]
        return made

    def _computed(self, tree: Tree) -> Column:
        match tree:
            case Number(value):
                return [float(value)] * self.count
            case Constant(name):
                return [{"pi": math.pi, "inf": _INF, "nan": _NAN}[name]] * self.count
            case Name(name):
                return self.values[name]
            case Negate(operand):
                return [-x for x in self.at(operand)]
            case Binary("**", base, exponent):
                return self._power(base, exponent)
            case Binary(operator, left, right):
                a, b = self._operands(tree, left, right)
                return _ARITHMETIC[operator](a, b)
            case Call("where", (condition, then, otherwise)):
                a, b = self._operands(tree, then, otherwise)
                return [x if c else y for c, x, y in zip(self.holds(condition), a, b, strict=True)]
            case Call("min" | "max" as function, (first, second)):
                a, b = self._operands(tree, first, second)
                return [_extreme(function, x, y) for x, y in zip(a, b, strict=True)]
            case Call(function, arguments) if (spelled := computed(function, arguments)) is not None:
                return self.at(spelled)
            case Call("abs", (argument,)):
                return [abs(x) for x in self.at(argument)]
            case Call("sign", (argument,)):
                return [x if x != x else float((x > 0) - (x < 0)) for x in self.at(argument)]
            case Call("sqrt", (argument,)):
                return [math.sqrt(x) if x >= 0 else _NAN for x in self.at(argument)]
            case Call(function, (argument,)):
                rounding = self.is_single and self.varies(argument)
                return [_function(function, x, rounding) for x in self.at(argument)]
            case _:
                raise TypeError("a sum has no value at a point")

    def _power(self, base: Tree, exponent: Tree) -> Column:
        """Return a power as it is emitted: by products and a root where the exponent is a multiple of 1/2."""
        value = numeric(exponent)
        if value is None and isinstance(exponent, Binary) and exponent.operator == "/":
            top, below = numeric(exponent.left), numeric(exponent.right)
            value = top / below if top is not None and below else None
        if value is None or (2 * value).denominator != 1:
            a, b = self._operands(base, base, exponent)
            rounding = self.is_single and (self.varies(base) or self.varies(exponent))
            return [_pow(x, y, rounding) for x, y in zip(a, b, strict=True)]
        if value < 0:
            return self.at(Binary("/", Number(Fraction(1)), Binary("**", base, Number(-value))))
        whole = int(value)
        if value != whole:
            root = Call("sqrt", (base,))
            return self.at(Binary("*", Binary("**", base, Number(Fraction(whole))), root) if whole else root)
        if whole in (0, 1):
            return self.at(base) if whole else [1.0] * self.count
        half = Binary("**", base, Number(Fraction(whole // 2)))
        square = Binary("*", half, half)
        return self.at(Binary("*", square, base) if whole % 2 else square)


def singles(column: Column) -> Column:
    """Return the numbers rounded to single precision."""
    return array("f", column).tolist()


def _quotients(a: Column, b: Column) -> Column:
    return [x / y if y else _over_zero(x, y) for x, y in zip(a, b, strict=True)]


def _over_zero(x: float, y: float) -> float:
    return _NAN if x == 0 or x != x else math.copysign(_INF, x) * math.copysign(1.0, y)


def _extreme(function: str, x: float, y: float) -> float:
    if x != x or y != y:
        return _NAN
    return min(x, y) if function == "min" else max(x, y)


_ARITHMETIC: dict[str, Callable[[Column, Column], Column]] = {
    "+": lambda a, b: [x + y for x, y in zip(a, b, strict=True)],
    "-": lambda a, b: [x - y for x, y in zip(a, b, strict=True)],
    "*": lambda a, b: [x * y for x, y in zip(a, b, strict=True)],
    "/": _quotients,
}


def _function(function: str, x: float, is_single: bool) -> float:
    return _rounded_function(function, x, 0.0)[is_single]


def _pow(x: float, y: float, is_single: bool) -> float:
    return _rounded_function("pow", x, y)[is_single]


@lru_cache(maxsize=2**18)
def _rounded_function(function: str, x: float, y: float) -> tuple[float, float]:
    """Return a function's value in double and in single precision, one unit off in a way that looks random."""
    with ctx.workprec(_BITS):
        exact = _power_value(x, y) if function == "pow" else _function_value(function, x)
    direction = _INF if math.frexp(x)[0].hex()[-5:-4] in "02468ace" else -_INF
    return _moved(exact, direction), _moved_single(exact, direction)


def _moved(x: float, direction: float) -> float:
    return x if x != x or x in (0.0, 1.0, -1.0) or math.isinf(x) else math.nextafter(x, direction)


def _moved_single(x: float, direction: float) -> float:
    (x,) = singles([x])
    if x != x or x in (0.0, 1.0, -1.0) or math.isinf(x):
        return x
    return x + math.copysign(ulp(x, "float32"), direction)


def _function_value(function: str, x: float) -> float:
    """Return a function's value as a library gives it: at the ends of its domain and at infinity its limits."""
    row = FUNCTIONS[function]
    low, _ = _ends(row.domain)
    if x != x or x < low:
        return _NAN
    if x == 0 and row.at_zero == "0":
        return x  # with its sign
    if math.isinf(x) or x == low or (abs(x) > _HUGE and is_of_exponentials(row)):
        return _limit(row, is_upper=x > 0)
    return float(BALLS[function](arb(x)))


def _limit(row: Function, *, is_upper: bool) -> float:
    """Return a function's limit at an end of its domain, NaN where it has none."""
    low, high = _ends(row.range)
    if row.monotone in ("rising", "falling"):
        return high if is_upper == (row.monotone == "rising") else low
    return high if row.monotone else _NAN


@cache
def _ends(interval: str) -> tuple[float, float]:
    low, high = (float(compiled(end)({})) for end in ends(interval))
    return low, high


def _power_value(x: float, y: float) -> float:
    if x != x or y != y or x < 0 or math.isinf(x) or math.isinf(y) or x == 0:
        if x == 0 and y == y:
            return 0.0 if y > 0 else 1.0 if y == 0 else _INF
        if x == _INF and y == y:
            return _INF if y > 0 else 1.0 if y == 0 else 0.0
        return _NAN
    value: float = float(arb(x) ** arb(y))
    return value


def ulp(x: float, precision: Precision) -> float:
    """Return the distance from |x| to the next number of the format; at an overflow that of its largest number."""
    if precision == "float64":
        return math.ulp(min(abs(x), GREATEST["float64"]))
    exponent = math.frexp(min(abs(x), GREATEST["float32"]))[1] if x else -200
    return math.ldexp(1.0, max(exponent - 24, -149))
