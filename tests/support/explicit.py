"""Penalties written out: from a formula's text to a SymPy expression over `w0, w1, ...`, sharing nothing with symreg.

Takes the text as a user wrote it and a number of weights; hands on the penalty as one sum over explicit symbols, so
that SymPy's derivative of it knows of no index at all.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from operator import add, mul, sub, truediv
from typing import Any

import mpmath
import sympy
import true_functions

LARGEST_SHIFT = 8
"""Of a subscript: `w[i-8]` has an element for i up to n + 7."""


@dataclass(frozen=True)
class Explicit:
    """R(w) of so many weights, and the symbols that it is written in."""

    penalty: sympy.Expr
    weights: tuple[sympy.Symbol, ...]
    arrays: Mapping[str, sympy.Array]

    def gradient(self) -> Callable[[Sequence[Any], Mapping[str, Any], Mapping[str, Any]], list[Any]]:
        """Return SymPy's gradient as a function of the weights, the parameters and the arrays."""
        slopes = [sympy.diff(self.penalty, w) for w in self.weights]
        elements = [element for array in self.arrays.values() for element in sympy.flatten(array)]
        known = {*self.weights, *elements}
        others = sorted(set().union(*(s.free_symbols for s in slopes)) - known, key=str) if slopes else []
        compiled = sympy.lambdify([*self.weights, *elements, *others], slopes, "mpmath")

        def gradient(w: Sequence[Any], parameters: Mapping[str, Any], arrays: Mapping[str, Any]) -> list[Any]:
            given = [x for name in self.arrays for x in sympy.flatten(arrays[name])]
            return list(compiled(*w, *given, *(parameters[s.name] for s in others)))

        return gradient


def explicit(text: str, n: int, arrays: Mapping[str, int] | None = None) -> Explicit:
    """Return a penalty of `n` weights.

    Args:
        text: Addends, each over the bare `w` (then it is summed over all weights) or in index notation.
        n: How many weights there are.
        arrays: The declared arrays' numbers of dimensions.
    """
    weights = sympy.symbols(f"w0:{n}", real=True)
    named = {
        name: sympy.Array(
            [
                sympy.Symbol(f"{name}_{'_'.join(map(str, at))}", real=True)
                for at in product(range(n), repeat=dimensions)
            ],
            (n,) * dimensions,
        )
        if n
        else sympy.Array([])
        for name, dimensions in (arrays or {}).items()
    }
    walker = _Walker(weights, named)
    return Explicit(walker.penalty(ast.parse(text, mode="eval").body), weights, named)


def _piecewise(condition: Any, then: Any, otherwise: Any) -> Any:
    return sympy.Piecewise((then, condition), (otherwise, True))


def _extremum(keeps: Callable[[Any, Any], Any], first: Any, *others: Any) -> Any:
    for other in others:
        first = _piecewise(keeps(first, other), first, other)
    return first


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: row.symbol for name, row in true_functions.FUNCTIONS.items()},
    "sign": lambda x: _piecewise(x > 0, sympy.Integer(1), sympy.Integer(-1)),
    "min": lambda *x: _extremum(sympy.Le, *x),
    "max": lambda *x: _extremum(sympy.Ge, *x),
    "where": _piecewise,
    "logaddexp": lambda x, y: sympy.log(sympy.exp(x) + sympy.exp(y)),
}
_OPERATIONS = {ast.Add: add, ast.Sub: sub, ast.Mult: mul, ast.Div: truediv, ast.Pow: pow}
_COMPARISONS = {ast.Lt: sympy.Lt, ast.LtE: sympy.Le, ast.Gt: sympy.Gt, ast.GtE: sympy.Ge, ast.Eq: sympy.Eq}


class _Walker:
    """Python's own parse of the text, read with sums unrolled."""

    def __init__(self, weights: Sequence[sympy.Symbol], arrays: Mapping[str, sympy.Array]) -> None:
        self.weights, self.arrays = weights, arrays

    def penalty(self, node: ast.expr) -> Any:
        match node:
            case ast.BinOp(left, ast.Add(), right):
                return self.penalty(left) + self.penalty(right)
            case ast.BinOp(left, ast.Sub(), right):
                return self.penalty(left) - self.penalty(right)
        bare = [n for n in ast.walk(node) if isinstance(n, ast.Name) and n.id == "w"]
        taken = [n.value for n in ast.walk(node) if isinstance(n, ast.Subscript)]
        taken += [n.args[0] for n in ast.walk(node) if isinstance(n, ast.Call) and n.func.id == "norm"]
        if any(name not in taken for name in bare):
            return sympy.Add(*(self.value(node, {}, w) for w in self.weights))
        return self.value(node, {}, None)

    def value(self, node: ast.expr, at: Mapping[str, int], w: sympy.Symbol | None) -> Any:
        match node:
            case ast.Constant(number):
                return sympy.Rational(str(Fraction(repr(number))))
            case ast.Name("w") if w is not None:
                return w
            case ast.Name("n"):
                return sympy.Integer(len(self.weights))
            case ast.Name("pi"):
                return sympy.pi
            case ast.Name(name):
                return sympy.Symbol(name, positive=True)
            case ast.UnaryOp(ast.USub(), operand):
                return -self.value(operand, at, w)
            case ast.UnaryOp(ast.Not(), operand):
                return sympy.Not(self.value(operand, at, w))
            case ast.BinOp(left, operator, right):
                return _OPERATIONS[type(operator)](self.value(left, at, w), self.value(right, at, w))
            case ast.Compare(left, operators, rights):
                sides = [self.value(side, at, w) for side in (left, *rights)]
                made = [_COMPARISONS[type(o)](a, b) for a, o, b in zip(sides, operators, sides[1:], strict=False)]
                return sympy.And(*made)
            case ast.BoolOp(operator, operands):
                join = sympy.And if isinstance(operator, ast.And) else sympy.Or
                return join(*(self.value(o, at, w) for o in operands))
            case ast.Subscript(ast.Name(array), inner):
                place = tuple(self.place(i, at) for i in (inner.elts if isinstance(inner, ast.Tuple) else [inner]))
                return self.weights[place[0]] if array == "w" else self.arrays[array][place]
            case ast.Call(ast.Name("norm"), _):
                return sympy.sqrt(sympy.Add(*(x**2 for x in self.weights)))
            case ast.Call(ast.Name("sum"), [body, ast.Name(index)]):
                return sympy.Add(*(self.value(body, {**at, index: i}, w) for i in self.range(body, index)))
            case ast.Call(ast.Name(function), arguments):
                return FUNCTIONS[function](*(self.value(a, at, w) for a in arguments))
        raise AssertionError(ast.dump(node))

    def place(self, node: ast.expr, at: Mapping[str, int]) -> int:
        match node:
            case ast.Name(index):
                return at[index]
            case ast.BinOp(ast.Name(index), ast.Add(), ast.Constant(shift)):
                return at[index] + shift
            case ast.BinOp(ast.Name(index), ast.Sub(), ast.Constant(shift)):
                return at[index] - shift
        raise AssertionError(ast.dump(node))

    def range(self, body: ast.expr, index: str) -> list[int]:
        """Return the values of an index for which every subscript that it stands in is in range."""
        subscripts = [
            inner
            for node in _without_rebinding(body, index)
            if isinstance(node, ast.Subscript)
            for inner in (node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice])
            if any(isinstance(n, ast.Name) and n.id == index for n in ast.walk(inner))
        ]
        n = len(self.weights)
        return [i for i in range(n + LARGEST_SHIFT) if all(0 <= self.place(s, {index: i}) < n for s in subscripts)]


def _without_rebinding(node: ast.AST, index: str) -> list[ast.AST]:
    """Return the nodes in which the index is the one asked for: not those under an inner sum over the same name."""
    match node:
        case ast.Call(ast.Name("sum"), [_, ast.Name(bound)]) if bound == index:
            return []
    return [node, *(n for child in ast.iter_child_nodes(node) for n in _without_rebinding(child, index))]


def draw(random: Any, low: float = -2, high: float = 1) -> Any:
    """Return a positive number whose logarithm is uniform: a float, with few digits, so that sums of it are exact."""
    return mpmath.mpf(round(10 ** random.uniform(low, high) * 2**30)) / 2**30
