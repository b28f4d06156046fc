"""The language's functions: name, number of arguments, and what each is (one row a function)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language.

    Args:
        name: As it is written.
        least: Fewest arguments.
        most: Most arguments, or None for any number.
        doc: What it is, with its real domain where that is not the whole line.
    """

    name: str
    least: int
    most: int | None
    doc: str


_ROWS = (
    Function("abs", 1, 1, "absolute value |x|"),
    Function("sqrt", 1, 1, "square root, x >= 0"),
    Function("exp", 1, 1, "e**x"),
    Function("expm1", 1, 1, "e**x - 1"),
    Function("log", 1, 1, "natural logarithm, x > 0"),
    Function("log1p", 1, 1, "log(1 + x), x > -1"),
    Function("sin", 1, 1, "sine, x in radians"),
    Function("cos", 1, 1, "cosine, x in radians"),
    Function("tan", 1, 1, "tangent, x in radians"),
    Function("sinh", 1, 1, "hyperbolic sine"),
    Function("cosh", 1, 1, "hyperbolic cosine"),
    Function("tanh", 1, 1, "hyperbolic tangent"),
    Function("atan", 1, 1, "arc tangent, in radians"),
    Function("sign", 1, 1, "-1, 0 or 1; sign(0) = 0"),
    Function("min", 2, None, "the least of two or more"),
    Function("max", 2, None, "the greatest of two or more"),
    Function("where", 3, 3, "where(condition, a, b): a where the condition holds, else b"),
    Function("sum", 2, 2, "sum(body, i): over every i >= 0 for which all subscripts of the body are in range"),
    Function("norm", 1, 1, "norm(w): the Euclidean norm of the whole vector"),
    Function("sigmoid", 1, 1, "1/(1 + exp(-x))"),
    Function("softplus", 1, 1, "log(1 + exp(x))"),
    Function("logaddexp", 2, 2, "log(exp(x) + exp(y))"),
)

FUNCTIONS = {row.name: row for row in _ROWS}
RULE_FUNCTIONS = {
    "prox": Function("prox", 2, 2, "prox(v, s), in rules only: the u that minimises s*R(u) + (u - v)**2/2, s > 0")
}
"""Functions that stand in the assignments of a rule and nowhere else."""
CONSTANTS = {"pi": "3.14159..., the circle's circumference over its diameter"}
