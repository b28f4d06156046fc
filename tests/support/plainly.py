"""The value, slope and proximal point of an objective's text, computed plainly: Python's parser, mpmath, and a grid.

Shares nothing with symreg, not even the parser. Slow, and sure only of what stands out: that is what a sweep needs.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mpmath
import numpy as np
import true_functions
from numpy.typing import NDArray

DIGITS = 720
LARGEST_SHIFT = 9
"""Of a subscript."""

Environment = Mapping[str, Any]


class NoValue(ArithmeticError):
    """The formula has no real value there."""


def value(text: str, w: Sequence[float], given: Environment, lows: float = -math.inf, highs: float = math.inf) -> Any:
    """Return R(w) for an expression as written, an elementwise one summed over the weights; infinity is left as it is.

    Args:
        text: The expression, in symreg's notation, which is Python's.
        w: The weights, exact numbers.
        given: Parameters and arrays by name.
        lows, highs: The open ends of the weights' domain.

    Raises:
        NoValue: The formula has no real value there, or a weight lies outside its domain.
    """
    if any(not lows <= x <= highs for x in w):
        raise NoValue
    tree = ast.parse(text, mode="eval").body
    with mpmath.workdps(DIGITS):
        weights = [mpmath.mpf(x) for x in w]
        known = {**{k: _exact(x) for k, x in given.items()}, "n": mpmath.mpf(len(w)), "pi": mpmath.pi}
        whole, each = _parted(tree)
        try:
            total = mpmath.mpf(0)
            for sign, addend in whole:
                total += sign * _value(addend, {**known, "w": weights})
            for sign, addend in each:
                total += sign * sum((_value(addend, {**known, "w": x}) for x in weights), mpmath.mpf(0))
        except (ZeroDivisionError, ValueError, TypeError, OverflowError):
            raise NoValue from None
        if isinstance(total, mpmath.mpc) or mpmath.isnan(total):
            raise NoValue
        return total


def slopes(text: str, w: Sequence[float], j: int, given: Environment, ends: tuple[float, float]) -> tuple[Any, Any]:
    """Return dR/dw_j from the left and from the right, by differences."""
    with mpmath.workdps(DIGITS):
        at = value(text, w, given, *ends)
        step = mpmath.mpf(10) ** -200 * (abs(mpmath.mpf(w[j])) or 1)

        def moved(by: Any) -> Any:
            return value(text, [*w[:j], mpmath.mpf(w[j]) + by, *w[j + 1 :]], given, *ends)

        made = []
        for sign in (-1, 1):
            once, twice = moved(sign * step), moved(2 * sign * step)
            made.append(sign * (4 * once - twice - 3 * at) / (2 * step))
        return made[0], made[1]


def cost_of(
    text: str, v: float, step: float, given: Environment, ends: tuple[float, float]
) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """Return the cost `step*phi(u) + (u - v)**2/2` of an elementwise expression, infinite where it has none."""
    tree = ast.parse(text, mode="eval").body

    def cost(u: NDArray[Any]) -> NDArray[Any]:
        known = {**given, "pi": math.pi, "w": u.astype(np.longdouble)}
        with np.errstate(all="ignore"):
            phi = np.broadcast_to(np.asarray(_on_arrays(tree, known), dtype=np.longdouble), u.shape)
            made = step * phi + (u.astype(np.longdouble) - v) ** 2 / 2
        outside = (u < ends[0]) | (u > ends[1]) | np.isnan(made)
        return np.where(outside, np.inf, made)

    return cost


def least_cost(
    cost: Callable[[NDArray[Any]], NDArray[Any]], v: float, ends: tuple[float, float]
) -> tuple[float, float]:
    """Return the least cost on a grid that is made finer around its best points, and where it is."""
    reach = 4 * abs(v) + 12
    low, high = max(ends[0], -reach), min(ends[1], reach)
    tiny = np.geomspace(1e-12, 1, 400)
    grid = np.unique(np.concatenate([np.linspace(low, high, 20_001), low + tiny, high - tiny, tiny, -tiny, [0.0, v]]))
    grid = grid[(grid >= ends[0]) & (grid <= ends[1])]
    costs = cost(grid)
    best = min((float(c), float(u)) for c, u in zip(costs, grid, strict=True))
    for k in np.argsort(costs)[:6]:
        a, b = grid[max(k - 1, 0)], grid[min(k + 1, len(grid) - 1)]
        for _ in range(6):
            fine = np.linspace(a, b, 41)
            own = cost(fine)
            m = int(np.argmin(own))
            best = min(best, (float(own[m]), float(fine[m])))
            a, b = fine[max(m - 1, 0)], fine[min(m + 1, 40)]
    return best


def is_elementwise(text: str) -> bool:
    """Does an expression speak of one weight alone?"""
    return not any(isinstance(node, ast.Call) and _name(node) in ("sum", "norm") for node in ast.walk(ast.parse(text)))


def _parted(tree: ast.expr) -> tuple[list[tuple[int, ast.expr]], list[tuple[int, ast.expr]]]:
    """Return the addends of the whole vector and those of each weight, with signs; constants are of the former."""
    addends = _addends(tree, 1)
    has_sum = [any(isinstance(n, ast.Call) and _name(n) in ("sum", "norm") for n in ast.walk(a)) for _, a in addends]
    has_w = [any(isinstance(n, ast.Name) and n.id == "w" for n in ast.walk(a)) for _, a in addends]
    if not any(has_sum):
        return [], [(1, tree)]
    whole = [row for row, is_sum, is_w in zip(addends, has_sum, has_w, strict=True) if is_sum or not is_w]
    each = [row for row, is_sum, is_w in zip(addends, has_sum, has_w, strict=True) if not is_sum and is_w]
    return whole, each


def _addends(tree: ast.expr, sign: int) -> list[tuple[int, ast.expr]]:
    match tree:
        case ast.BinOp(left, ast.Add(), right):
            return [*_addends(left, sign), *_addends(right, sign)]
        case ast.BinOp(left, ast.Sub(), right):
            return [*_addends(left, sign), *_addends(right, -sign)]
        case ast.UnaryOp(ast.USub(), operand):
            return _addends(operand, -sign)
    return [(sign, tree)]


_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARED: dict[type, Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
}


def _exact(given: Any) -> Any:
    if isinstance(given, list | tuple | np.ndarray):
        return [_exact(x) for x in given]
    return mpmath.mpf(float(given))


def _name(call: ast.Call) -> str:
    assert isinstance(call.func, ast.Name)
    return call.func.id


def _real(x: Any) -> Any:
    if isinstance(x, mpmath.mpc):
        raise NoValue
    return x


def _power(base: Any, exponent: Any) -> Any:
    if base < 0 and exponent != int(exponent):
        raise NoValue
    if base == 0 and exponent < 0:
        raise NoValue
    return base ** (int(exponent) if exponent == int(exponent) else exponent)


def _function(name: str) -> Callable[[Any], Any]:
    """Return a function of one argument that has no value below its domain, and -inf at an end outside of it."""
    row = true_functions.FUNCTIONS[name]

    def value(x: Any) -> Any:
        if x < row.least:
            raise NoValue
        return -mpmath.inf if row.is_open and x == row.least else row.value(x)

    return value


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: _function(name) for name in true_functions.FUNCTIONS},
    "atanh": lambda x: _real(mpmath.atanh(x)),
    "min": min,
    "max": max,
    "logaddexp": lambda a, b: mpmath.log1p(mpmath.exp(-abs(a - b))) + max(a, b),
}


def _value(tree: ast.expr, known: Environment) -> Any:
    """Return what a tree is worth in mpmath; of `where` only the branch that holds is looked at."""
    match tree:
        case ast.Constant(number):
            return mpmath.mpf(str(number))
        case ast.Name(name):
            return known[name]
        case ast.UnaryOp(ast.USub(), operand):
            return -_value(operand, known)
        case ast.BinOp(left, ast.Pow(), right):
            return _power(_value(left, known), _value(right, known))
        case ast.BinOp(left, op, right):
            return _BINARY[type(op)](_value(left, known), _value(right, known))
        case ast.Compare(left, [op], [right]):
            return _COMPARED[type(op)](_value(left, known), _value(right, known))
        case ast.BoolOp(op, operands):
            found = [_value(o, known) for o in operands]
            return all(found) if isinstance(op, ast.And) else any(found)
        case ast.Subscript(ast.Name(array), at):
            places = at.elts if isinstance(at, ast.Tuple) else [at]
            found = known[array]
            for place in places:
                k = int(_value(place, known))
                if not 0 <= k < len(found):
                    raise IndexError
                found = found[k]
            return found
        case ast.Call(ast.Name("where"), [condition, then, otherwise]):
            return _value(then if _value(condition, known) else otherwise, known)
        case ast.Call(ast.Name("norm"), [ast.Name(array)]):
            return mpmath.sqrt(sum((x**2 for x in known[array]), mpmath.mpf(0)))
        case ast.Call(ast.Name("sum"), [body, ast.Name(index)]):
            total = mpmath.mpf(0)
            for k in range(len(known["w"]) + LARGEST_SHIFT):
                try:
                    total += _value(body, {**known, index: k})
                except IndexError:
                    continue
            return total
        case ast.Call():
            return _FUNCTIONS[_name(tree)](*(_value(a, known) for a in tree.args))
    raise NotImplementedError(ast.dump(tree))


_ARRAY_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: row.array for name, row in true_functions.FUNCTIONS.items()},
    "where": np.where,
    "logaddexp": np.logaddexp,
    "atanh": np.arctanh,
    "min": lambda *xs: np.minimum(xs[0], xs[1]) if len(xs) == 2 else np.minimum(xs[0], np.minimum(*xs[1:])),
    "max": lambda *xs: np.maximum(xs[0], xs[1]) if len(xs) == 2 else np.maximum(xs[0], np.maximum(*xs[1:])),
}


def _on_arrays(tree: ast.expr, known: Environment) -> Any:
    """Return what a tree is worth in NumPy's long doubles, NaN where it has no value."""
    match tree:
        case ast.Constant(number):
            return np.longdouble(str(number))
        case ast.Name(name):
            return known[name]
        case ast.UnaryOp(ast.USub(), operand):
            return -_on_arrays(operand, known)
        case ast.BinOp(left, ast.Pow(), right):
            base, exponent = _on_arrays(left, known), _on_arrays(right, known)
            return np.power(base, int(exponent) if exponent == int(exponent) else exponent)
        case ast.BinOp(left, op, right):
            return _BINARY[type(op)](_on_arrays(left, known), _on_arrays(right, known))
        case ast.Compare(left, [op], [right]):
            return _COMPARED[type(op)](_on_arrays(left, known), _on_arrays(right, known))
        case ast.BoolOp(op, operands):
            found = [_on_arrays(o, known) for o in operands]
            return np.logical_and.reduce(found) if isinstance(op, ast.And) else np.logical_or.reduce(found)
        case ast.Call():
            return _ARRAY_FUNCTIONS[_name(tree)](*(_on_arrays(a, known) for a in tree.args))
    raise NotImplementedError(ast.dump(tree))
