"""Functions that other languages and papers have: which of the language's each is, or what to write for it."""

from __future__ import annotations

from typing import NamedTuple

from symreg.expressions.functions import FUNCTIONS
from symreg.language.notation.words import words
from symreg.model.names import nearest


class Meaning(NamedTuple):
    """A function in terms of the language's.

    Args:
        arguments: The names of its arguments in the formula; the last may be left out where the formula for fewer is
            another row.
        formula: Text of the language.
    """

    arguments: tuple[str, ...]
    formula: str


NAMES = {other: row.name for row in FUNCTIONS.values() for other in row.elsewhere} | {
    "absolute": "abs",
    "amax": "max",
    "fmax": "max",
    "amin": "min",
    "fmin": "min",
    "sgn": "sign",
    "signum": "sign",
    "expit": "sigmoid",
    "logistic": "sigmoid",
    "logaddexp": "logaddexp",
}
"""Functions of the language under other names."""

MEANINGS: dict[str, tuple[Meaning, ...]] = {
    "square": (Meaning(("x",), "x**2"),),
    "pow": (Meaning(("a", "b"), "a**b"),),
    "power": (Meaning(("a", "b"), "a**b"),),
    "float_power": (Meaning(("a", "b"), "a**b"),),
    "reciprocal": (Meaning(("x",), "1/x"),),
    "rsqrt": (Meaning(("x",), "1/sqrt(x)"),),
    "relu": (Meaning(("x",), "max(x, 0)"),),
    "ReLU": (Meaning(("x",), "max(x, 0)"),),
    "cbrt": (Meaning(("x",), "sign(x)*abs(x)**(1/3)"),),
    "hypot": (Meaning(("a", "b"), "sqrt(a**2 + b**2)"),),
    "log10": (Meaning(("x",), "log(x)/log(10)"),),
    "log2": (Meaning(("x",), "log(x)/log(2)"),),
    "lg": (Meaning(("x",), "log(x)/log(10)"),),
    "exp2": (Meaning(("x",), "exp(x*log(2))"),),
    "clip": (Meaning(("x", "a", "b"), "min(max(x, a), b)"),),
    "clamp": (Meaning(("x", "a", "b"), "min(max(x, a), b)"),),
    "sech": (Meaning(("x",), "1/cosh(x)"),),
    "coth": (Meaning(("x",), "1/tanh(x)"),),
    "sec": (Meaning(("x",), "1/cos(x)"),),
    "cot": (Meaning(("x",), "1/tan(x)"),),
    "arctanh": (Meaning(("x",), "log((1 + x)/(1 - x))/2"),),
    "atanh": (Meaning(("x",), "log((1 + x)/(1 - x))/2"),),
    "arccosh": (Meaning(("x",), "log(x + sqrt(x**2 - 1))"),),
    "acosh": (Meaning(("x",), "log(x + sqrt(x**2 - 1))"),),
    "xlogx": (Meaning(("x",), "x*log(x)"),),
    "xlogy": (Meaning(("a", "b"), "a*log(b)"),),
    "logcosh": (Meaning(("x",), "log(cosh(x))"),),
    "log_cosh": (Meaning(("x",), "log(cosh(x))"),),
    "logistic_loss": (Meaning(("x",), "softplus(-x)"),),
    "heaviside": (Meaning(("x", "a"), "where(x > 0, 1, where(x < 0, 0, a))"),),
    "indicator": (Meaning(("c",), "where(c, 1, 0)"),),
    "softsign": (Meaning(("x",), "x/(1 + abs(x))"),),
}
"""Functions that the language has a formula for."""

WHOLE = {
    "dot": "sum(w[i]**2, i)",
    "inner": "sum(w[i]**2, i)",
    "vdot": "sum(w[i]**2, i)",
    "mean": "sum(w[i]**2, i)/n",
    "average": "sum(w[i]**2, i)/n",
    "norm1": "sum(abs(w[i]), i)",
    "norm2": "norm(w)",
    "normsq": "sum(w[i]**2, i)",
    "sum_squares": "sum(w[i]**2, i)",
    "l2_loss": "sum(w[i]**2, i)/2",
    "reduce_sum": "sum(abs(w[i]), i)",
    "nansum": "sum(abs(w[i]), i)",
    "reduce_mean": "sum(abs(w[i]), i)/n",
    "nanmean": "sum(abs(w[i]), i)/n",
}
"""Functions of the whole vector, each with a formula of its kind in index notation."""

KNOWN = frozenset(FUNCTIONS) | NAMES.keys() | MEANINGS.keys() | WHOLE.keys()
"""Names that are functions wherever they stand."""

_WITHOUT_FORMULA = frozenset(
    words(
        "erf erfc erfinv gamma lgamma gammaln floor ceil round trunc mod fmod remainder acos asin arccos arcsin atan2 "
        "arctan2 prod cumsum sort median std var quantile argmax argmin det trace nuclear rank softmax logsumexp gelu "
        "selu elu silu huber besselj sinc step"
    )
)
"""Functions with a meaning of their own that the language has not: never taken for one with a similar name."""

_IN_MESSAGES = [name for name in FUNCTIONS if name not in ("expm1", "log1p", "logaddexp")]


def advice(name: str) -> str:
    """Return what to write in place of a function that is not in the language, beginning with `; `.

    A similar name is proposed only where one letter makes the difference and the name is nobody else's.
    """
    if name in NAMES:
        row = FUNCTIONS[NAMES[name]]
        arguments = {1: "x", 2: "a, b", 3: "condition, a, b"}[row.least]
        return f"; write {row.name}({arguments})"
    if name in MEANINGS:
        meaning = MEANINGS[name][0]
        return f"; write {meaning.formula} for {name}({', '.join(meaning.arguments)})"
    if name in WHOLE:
        return f"; a sum over the weights is written in index notation, as in {WHOLE[name]}"
    near = nearest(name, FUNCTIONS)
    if near is not None and name not in _WITHOUT_FORMULA and _is_slip(name.lower(), near):
        return f"; did you mean '{near}'?"
    return f"; there are {', '.join(_IN_MESSAGES)}"


def _is_slip(name: str, meant: str) -> bool:
    """Does one letter too many, too few, wrong or in its neighbour's place make the difference?"""
    if name == meant or any(c.isdigit() for c in name + meant):
        return name == meant
    start = next((k for k, (a, b) in enumerate(zip(name, meant, strict=False)) if a != b), min(len(name), len(meant)))
    left, right = name[start:], meant[start:]
    return (
        left[1:] == right[1:]
        or left[1:] == right
        or left == right[1:]
        or (len(left) > 1 and left[:2] == right[1::-1] and left[2:] == right[2:])
    )
