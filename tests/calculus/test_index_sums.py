"""Derivatives in index notation: against SymPy's of the same sum written out over w0, w1, ..., for n = 0 to 5."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import mpmath
import pytest
from explicit import draw, explicit
from tree_values import Values, value

from symreg.calculus.differentiation.differentiate import differentiate
from symreg.derivation.gradient import derive
from symreg.errors import LanguageError
from symreg.expressions.text import to_text
from symreg.expressions.tree import Sum, Tree, children
from symreg.language.intervals import parse_interval
from symreg.language.parse import parse
from symreg.model.spec import Array, Parameter, Penalty
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule

SUMS: dict[str, dict[str, int]] = {
    "sum(w[i]**2, i)": {},
    "sum((w[i+1] - w[i])**2, i)": {},
    "sum((w[i-1] - w[i])**4, i)": {},
    "sum((w[i+1] - 2*w[i] + w[i-1])**2, i)": {},
    "sum((w[i+3] - w[i])**2*w[i+1], i)": {},
    "sum(w[i-2]*w[i+2], i)": {},
    "sum(w[i+1]**2, i)": {},
    "sum(w[i-1]**3, i)": {},
    "sum(abs(w[i+1] - w[i]), i)": {},
    "sum(w[i], i)**2": {},
    "sum(w[i], i)**3": {},
    "sum(w[i]**2, i)*sum(w[i]**4, i)": {},
    "sum(w[i], i)**2/(1 + sum(w[i]**2, i))": {},
    "sum(w[i]*sum(w[k]**2, k), i)": {},
    "sum((w[i] - sum(w[k], k)/n)**4, i)": {},
    "sum(exp(w[i])*sum(w[k]*w[i], k), i)": {},
    "sum(sum((w[i] - w[k])**2, k), i)": {},
    "sum(sum(abs(w[i] - 2*w[k]), k), i)": {},
    "sum(sum(w[i+1]*w[k-1], k), i)": {},
    "sum(sum((w[i+1] - w[k])**2, k)**2, i)": {},
    "sum(sum(sum(w[i]*w[k]*w[l+1], l), k), i)": {},
    "sum(sum(sum(w[i]*w[k]*w[l+1], l), k)**2, i)": {},
    "sum(w[j]**2, j)": {},
    "sum(sum(w[j]*w[k]**2, k), j)": {},
    "sum(c[i]*w[i], i)": {"c": 1},
    "sum(c[i]*w[i+1], i)**2": {"c": 1},
    "sum(c[i+1]*w[i]**2, i)": {"c": 1},
    "sum(c[j]*w[j], j)**2": {"c": 1},
    "sum(sum(A[i, k]*w[i]*w[k], k), i)": {"A": 2},
    "sum(sum(A[i, k]*w[k], k)**2, i)": {"A": 2},
    "sum(sum(A[k, i]*w[k+1], k)**2, i)": {"A": 2},
    "sum(sum(A[i+1, k]*w[i]*w[k-1], k), i)": {"A": 2},
    "sum(sum(A[j, i]*(w[j] - w[i])**2, j), i)": {"A": 2},
    "sum((sum(A[i, k]*w[k], k) - c[i])**2, i)": {"A": 2, "c": 1},
    "norm(w)": {},
    "norm(w)**2": {},
    "norm(w)**3 + sum(w[i+1]*w[i], i)": {},
    "norm(w)*sum(w[i], i)": {},
    "sum(w[i]**2*norm(w), i)": {},
    "sqrt(1 + norm(w)**2)": {},
    "sqrt(sum(w[i]**2, i))": {},
    "sqrt(sum((w[i+1] - w[i])**2, i))": {},
    "sum(sqrt(w[i]**2 + w[i+1]**2), i)": {},
    "sum(where(w[i+1] > w[i], (w[i+1] - w[i])**2, 0), i)": {},
    "sum(where(w[i] > 0, w[i]*w[i+1]**2, w[i]**2*w[i-1]**3), i)": {},
    "sum(sum(where(w[i] > w[k], (w[i] - w[k])**2, (w[k] - w[i])*w[i]), k), i)": {},
    "sum(sum(max(w[i], w[k+1])**2, k), i)": {},
    "sum(max(w[i] - w[i+1], 0)**2, i)": {},
    "sum(min(w[i], w[i+1], w[i+2])**2, i)": {},
    "where(sum(w[i], i) > 1, sum(w[i], i)*norm(w), norm(w))": {},
    "log(1 + sum(exp(w[i]), i))": {},
    "sum(log(1 + sum(exp(w[k] - w[i]), k)), i)": {},
    "sum(w[i]**4, i)/sum(w[i]**2, i)": {},
    "sum(w[i]*w[i+1], i)**2 + sum(w[i], i)*sum(w[i+1], i)": {},
    "exp(-sum(w[i]**2, i)/n)": {},
    "lam*sum(abs(w[i])**p, i)**(1/p)": {},
    "lam*sum(tanh(w[i+1] - mu*w[i]), i) - mu*sum(w[i]*w[i+2], i)": {},
}
DIGITS = 50


@cache
def objective(text: str) -> Any:
    arrays = tuple(Array(name=a, shape=("n",) * d) for a, d in SUMS[text].items())
    names = [p for p in ("lam", "mu", "p") if p in text.replace("exp", "").replace("sp", "")]
    known = {name: Parameter(name=name, domain=parse_interval("positive"), default=1.0) for name in names}
    tree = parse(text, known=[*known, *SUMS[text]])
    return resolve(
        Penalty(
            name="drawn", title="", expression=tree, domain=parse_interval("real"),
            parameters=tuple(known.values()), arrays=arrays,
        )
    )  # fmt: skip


@pytest.mark.one_in(18)
@pytest.mark.parametrize("text", SUMS)
def test_the_gradient_is_that_of_the_sum_written_out(text: str) -> None:
    made, r = objective(text), random.Random(text)
    gradient = derive(made, resolve_rule("gradient_descent")).gradient
    compared = 0
    with mpmath.workdps(DIGITS):
        for n in range(6):
            theirs = explicit(text, n, SUMS[text]).gradient()
            for _ in range(4):
                given = numbers(n, SUMS[text], r)
                wanted = theirs(given.arrays["w"], given.scalars, given.arrays)
                assert len(wanted) == n
                for j in range(n):
                    at = Values(mpmath, given.scalars, given.arrays, {"j": j})
                    assert is_close(value(gradient, at), wanted[j]), (n, j, to_text(gradient))
                    compared += wanted[j] != 0
    assert compared >= 8


def numbers(n: int, arrays: dict[str, int], r: random.Random) -> Values:
    """Return weights of both signs, parameters and arrays."""
    weights = [draw(r) * r.choice((-1, 1)) for _ in range(n)]
    scalars = {"lam": draw(r), "mu": draw(r), "p": 1 + draw(r), "n": mpmath.mpf(n)}

    def array(dimensions: int) -> Any:
        return [array(dimensions - 1) for _ in range(n)] if dimensions else mpmath.mpf(r.gauss(0, 1))

    return Values(mpmath, scalars, {"w": weights, **{a: array(d) for a, d in arrays.items()}})


def is_close(a: Any, b: Any) -> bool:
    return bool(abs(a - b) <= mpmath.mpf(10) ** (-DIGITS // 2) * (1 + abs(a) + abs(b)))


@pytest.mark.parametrize("text", ["sum(w[i], i)**2", "sum(sum((w[i] - w[k])**2, k), i)", "norm(w)*sum(w[i], i)"])
def test_no_sum_is_nested_where_one_will_do(text: str) -> None:
    assert depth(derive(objective(text), resolve_rule("gradient_descent")).gradient) == 1


def depth(tree: Tree) -> int:
    return isinstance(tree, Sum) + max(map(depth, children(tree)), default=0)


def test_a_bound_index_called_j_is_not_the_weight_s() -> None:
    """d/dw_j of (sum over j of c_j w_j)^2 holds c_j once for the weight's j and a sum over another index."""
    derivative = differentiate(parse("sum(c[j]*w[j], j)**2", known=["c"])).tree
    assert to_text(derivative) == "2*(sum(c[k]*w[k], k)*c[j])"


@pytest.mark.parametrize(
    "text", ["norm(w)", "sqrt(sum(w[i]**2, i))", "sum(sqrt(w[i]**2 + w[i+1]**2), i)", "lam*norm(w)"]
)
@pytest.mark.parametrize("n", [1, 2, 4])
def test_a_norm_has_the_derivative_0_at_the_zero_vector(text: str, n: int) -> None:
    gradient = derive(resolve(text), resolve_rule("gradient_descent")).gradient
    zero = {"w": [mpmath.mpf(0)] * n}
    assert [value(gradient, Values(mpmath, {"lam": mpmath.mpf(1)}, zero, {"j": j})) for j in range(n)] == [0] * n


def test_an_index_that_is_bound_twice_is_refused() -> None:
    with pytest.raises(LanguageError, match="already in use"):
        resolve("sum(w[i]*sum(w[i]**2, i), i)")
