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
from typing import Literal, TypeAlias

from flint import arb, ctx

from symreg.accuracy.cost import Interner
from symreg.calculus.evaluation.balls import COMPARE, FUNCTIONS
from symreg.expressions.arithmetic import numeric
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


class Machine:
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
                compare = COMPARE[operator]
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
            case Call("sigmoid" | "softplus" | "logaddexp", _):
                return self.at(_spelled(tree))
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


def _spelled(tree: Tree) -> Tree:
    """Return a function that no library has in the terms in which it is emitted."""
    assert isinstance(tree, Call)
    x = tree.arguments[0]
    one, zero = Number(Fraction(1)), Number(Fraction(0))
    y = tree.arguments[1] if tree.function == "logaddexp" else zero
    distance = x if y == zero else Binary("-", x, y)
    tail = Call("exp", (Negate(Call("abs", (distance,))),))
    if tree.function == "sigmoid":
        below = Binary("+", one, tail)
        return Call("where", (Compare(">=", x, zero), Binary("/", one, below), Binary("/", tail, below)))
    return Binary("+", Call("max", (x, y)), Call("log1p", (tail,)))


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


_FUNCTION_VALUES: dict[tuple[str, float, float], tuple[float, float]] = {}


def _function(function: str, x: float, is_single: bool) -> float:
    return _rounded_function(function, x, 0.0)[is_single]


def _pow(x: float, y: float, is_single: bool) -> float:
    return _rounded_function("pow", x, y)[is_single]


def _rounded_function(function: str, x: float, y: float) -> tuple[float, float]:
    """Return a function's value in double and in single precision, one unit off in a way that looks random."""
    key = (function, x, y)
    found = _FUNCTION_VALUES.get(key)
    if found is None:
        if len(_FUNCTION_VALUES) > 200_000:
            _FUNCTION_VALUES.clear()
        with ctx.workprec(_BITS):
            exact = _power_value(x, y) if function == "pow" else _function_value(function, x)
        direction = _INF if math.frexp(x)[0].hex()[-5:-4] in "02468ace" else -_INF
        found = _FUNCTION_VALUES[key] = (_moved(exact, direction), _moved_single(exact, direction))
    return found


def _moved(x: float, direction: float) -> float:
    return x if x != x or x in (0.0, 1.0, -1.0) or math.isinf(x) else math.nextafter(x, direction)


def _moved_single(x: float, direction: float) -> float:
    (x,) = singles([x])
    if x != x or x in (0.0, 1.0, -1.0) or math.isinf(x):
        return x
    return x + math.copysign(ulp(x, "float32"), direction)


def _function_value(function: str, x: float) -> float:
    if x != x:
        return _NAN
    match function:
        case "exp" | "cosh" | "sinh" | "expm1" if abs(x) > _HUGE:
            if x > 0:
                return _INF
            return {"exp": 0.0, "cosh": _INF, "sinh": -_INF, "expm1": -1.0}[function]
        case "tanh" if abs(x) > _HUGE:
            return math.copysign(1.0, x)
        case "log" if x == 0:
            return -_INF
        case "log1p" if x == -1:
            return -_INF
        case "log" | "log1p" if x < 0 and (function == "log" or x < -1):
            return _NAN
        case "log" | "log1p" if x == _INF:
            return _INF
        case "atan" if math.isinf(x):
            return math.copysign(math.pi / 2, x)
    if math.isinf(x):
        return _NAN
    return x if x == 0 and function not in ("exp", "cos", "cosh") else float(FUNCTIONS[function](arb(x)))


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
