"""The language's functions as mpmath, SymPy and NumPy know them, a row each: what symreg's two tables are held against.

Nothing of symreg is imported here. Evaluators that the tests have of their own take functions from this table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
import sympy


@dataclass(frozen=True, kw_only=True)
class TrueFunction:
    """A function of real numbers.

    Args:
        value: Of mpmath's reals.
        symbol: Of SymPy's expressions.
        array: Of NumPy's arrays.
        least: The lower end of its domain.
        is_open: Is it undefined there?
        reach: The largest argument, either way, at which a value is worked out without too many digits.
    """

    value: Callable[..., Any]
    symbol: Callable[..., Any]
    array: Callable[..., Any]
    least: float = -np.inf
    is_open: bool = False
    reach: float = np.inf

    def has_value(self, x: Any) -> bool:
        """Does it have a value, that can be worked out?"""
        return bool((x > self.least if self.is_open else x >= self.least) and abs(x) <= self.reach)


_FAR = 1e7


def _softplus(x: Any) -> Any:
    return max(x, 0) + mpmath.log1p(mpmath.exp(-abs(x)))


FUNCTIONS = {
    "abs": TrueFunction(value=abs, symbol=sympy.Abs, array=np.abs),
    "sqrt": TrueFunction(value=mpmath.sqrt, symbol=sympy.sqrt, array=np.sqrt, least=0),
    "exp": TrueFunction(value=mpmath.exp, symbol=sympy.exp, array=np.exp, reach=_FAR),
    "expm1": TrueFunction(value=mpmath.expm1, symbol=lambda x: sympy.exp(x) - 1, array=np.expm1, reach=_FAR),
    "log": TrueFunction(value=mpmath.log, symbol=sympy.log, array=np.log, least=0, is_open=True),
    "log1p": TrueFunction(
        value=mpmath.log1p, symbol=lambda x: sympy.log(1 + x), array=np.log1p, least=-1, is_open=True
    ),
    "sin": TrueFunction(value=mpmath.sin, symbol=sympy.sin, array=np.sin, reach=_FAR),
    "cos": TrueFunction(value=mpmath.cos, symbol=sympy.cos, array=np.cos, reach=_FAR),
    "tan": TrueFunction(value=mpmath.tan, symbol=sympy.tan, array=np.tan, reach=_FAR),
    "sinh": TrueFunction(value=mpmath.sinh, symbol=sympy.sinh, array=np.sinh, reach=_FAR),
    "cosh": TrueFunction(value=mpmath.cosh, symbol=sympy.cosh, array=np.cosh, reach=_FAR),
    "tanh": TrueFunction(value=mpmath.tanh, symbol=sympy.tanh, array=np.tanh, reach=_FAR),
    "atan": TrueFunction(value=mpmath.atan, symbol=sympy.atan, array=np.arctan),
    "asinh": TrueFunction(value=mpmath.asinh, symbol=sympy.asinh, array=np.arcsinh),
    "sign": TrueFunction(value=mpmath.sign, symbol=sympy.sign, array=np.sign),
    "sigmoid": TrueFunction(
        value=lambda x: 1 / (1 + mpmath.exp(-x)),
        symbol=lambda x: 1 / (1 + sympy.exp(-x)),
        array=lambda x: 1 / (1 + np.exp(-x)),
        reach=_FAR,
    ),
    "softplus": TrueFunction(
        value=_softplus,
        symbol=lambda x: sympy.log(1 + sympy.exp(x)),
        array=lambda x: np.logaddexp(x, np.zeros_like(x)),
        reach=_FAR,
    ),
}
"""Of one argument; those of several (`min`, `max`, `where`, `logaddexp`) are a matter of the evaluators."""
