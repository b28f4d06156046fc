"""The language's functions as mpmath, SymPy, NumPy and SciPy know them, a row each: the truth for symreg's two tables.

Nothing of symreg is imported here. Evaluators that the tests have of their own take functions from this table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
import sympy
from scipy import special


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
        is_quick: Is a value worked out quickly in a thousand digits, so that random formulas may hold it?
    """

    value: Callable[..., Any]
    symbol: Callable[..., Any]
    array: Callable[..., Any]
    least: float = -np.inf
    is_open: bool = False
    reach: float = np.inf
    is_quick: bool = True

    def has_value(self, x: Any) -> bool:
        """Does it have a value, that can be worked out?"""
        return bool((x > self.least if self.is_open else x >= self.least) and abs(x) <= self.reach)


_FAR = 1e7


def _softplus(x: Any) -> Any:
    return max(x, 0) + mpmath.log1p(mpmath.exp(-abs(x)))


def _of_normal(value: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    """Return a function of x and m = phi(x)/Phi(x), with digits to spare for what cancels far out."""

    def with_digits(x: Any) -> Any:
        with mpmath.workdps(mpmath.mp.dps + 30):
            density = mpmath.exp(-(x**2) / 2) / mpmath.sqrt(2 * mpmath.pi)
            found = value(x, 2 * density / mpmath.erfc(-x / mpmath.sqrt(2)))
        return +found

    return with_digits


def _log_ndtr(x: Any) -> Any:
    tail = mpmath.erfc(abs(x) / mpmath.sqrt(2)) / 2
    return mpmath.log1p(-tail) if x > 0 else mpmath.log(tail)


def _mills_of_arrays(x: Any) -> Any:
    return np.sqrt(2 / np.pi) / special.erfcx(-x / np.sqrt(2))


def _mills_of_symbols(x: Any) -> Any:
    return sympy.sqrt(2 / sympy.pi) * sympy.exp(-(x**2) / 2) / sympy.erfc(-x / sympy.sqrt(2))


def _normal(name: str, value: Callable[[Any, Any], Any]) -> dict[str, TrueFunction]:
    """Return the row of a function of x and m, which is arithmetic of both."""
    return {
        name: TrueFunction(
            value=_of_normal(value),
            symbol=lambda x: value(x, _mills_of_symbols(x)),
            array=lambda x: value(x, _mills_of_arrays(x)),
            reach=1e3,
            is_quick=False,
        )
    }


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
    "log_ndtr": TrueFunction(
        value=_log_ndtr,
        symbol=lambda x: sympy.log(sympy.erfc(-x / sympy.sqrt(2)) / 2),
        array=special.log_ndtr,
        reach=1e3,
        is_quick=False,
    ),
    **_normal("inverse_mills", lambda x, m: m),
    **_normal("inverse_mills_slope", lambda x, m: m * (x + m)),
    **_normal("inverse_mills_curvature", lambda x, m: m * ((x + m) * (x + 2 * m) - 1)),
}
"""Of one argument; those of several (`min`, `max`, `where`, `logaddexp`) are a matter of the evaluators."""
