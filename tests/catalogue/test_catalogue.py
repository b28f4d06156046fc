"""The catalogue against the literature: every penalty is the integral of the derivative that its reference gives.

The second formulas here are written from the references in another shape than the spec files: an elementwise penalty
as a derivative with a starting value, a penalty on the vector as a norm, a matrix product or a sum over pairs, a rule
as the lines of its paper's algorithm. Both sides are computed to 50 digits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Any

import mpmath
import pytest
from mpmath import mpf
from tree_values import DIGITS, Values, defaults, run, value

from symreg import catalogue
from symreg.expressions.text import to_text
from symreg.expressions.tree import is_elementwise
from symreg.language.parse import parse
from symreg.model.spec import Penalty, Rule

AGREE = mpf(10) ** -30
"""Relative; quadrature and sums leave some 40 digits of the 50."""


@pytest.fixture(autouse=True)
def _fifty_digits() -> Iterator[None]:
    with mpmath.workdps(DIGITS):
        yield


@dataclass(frozen=True)
class Slope:
    """phi by its derivative: phi(w) = start_value + the integral of slope from start to w.

    Args:
        slope: The derivative at s, given the parameters.
        knots: Where the derivative changes its formula, as distances from 0.
        start: Where the integral begins.
        start_value: phi there.
    """

    slope: Callable[..., Any]
    knots: Callable[..., Sequence[Any]] = lambda **p: ()
    start: int = 0
    start_value: Callable[..., Any] = lambda **p: 0

    def value(self, w: Any, parameters: dict[str, Any]) -> Any:
        """Return phi(w)."""
        breaks = sorted({0, *self.knots(**parameters), *(-k for k in self.knots(**parameters))})
        low, high = min(self.start, w), max(self.start, w)
        path = [low, *(b for b in breaks if low < b < high), high]
        # A slope that is infinite at 0 halves the digits that quadrature gives.
        with mpmath.workdps(2 * DIGITS):
            area = mpmath.quad(lambda s: self.slope(s, **parameters), path) if low < high else mpf(0)
        return self.start_value(**parameters) + (area if w >= self.start else -area)


def _sign(s: Any) -> Any:
    return (s > 0) - (s < 0)


ELEMENTWISE = {
    "l2": Slope(lambda s, lam: 2 * lam * s),
    "l1": Slope(lambda s, lam: lam * _sign(s)),
    "elastic_net": Slope(lambda s, lam1, lam2: lam1 * _sign(s) + 2 * lam2 * s),
    # Huber (1964): psi is s, limited to [-k, k].
    "huber": Slope(lambda s, lam, delta: lam * max(-delta, min(s, delta)), lambda lam, delta: (delta,)),
    "pseudo_huber": Slope(lambda s, lam, delta: lam * delta * s / mpmath.hypot(s, delta)),
    "charbonnier": Slope(lambda s, lam, eps: lam * s / mpmath.hypot(s, eps), start_value=lambda lam, eps: lam * eps),
    "log_cosh": Slope(lambda s, lam, c: lam / c * mpmath.tanh(s / c)),
    # Zhang (1997), Table 1: the influence functions, with the scale of rho that each file states.
    "fair": Slope(lambda s, lam, c: lam * s / (1 + abs(s) / c)),
    "cauchy": Slope(lambda s, lam, c: lam * 2 / c**2 * s / (1 + (s / c) ** 2)),
    "geman_mcclure": Slope(lambda s, lam, c: lam * 2 / c**2 * s / (1 + (s / c) ** 2) ** 2),
    "welsch": Slope(lambda s, lam, c: lam * 2 / c**2 * s * mpmath.exp(-((s / c) ** 2))),
    "tukey": Slope(
        lambda s, lam, c: lam * 6 / c**2 * s * (1 - (s / c) ** 2) ** 2 if abs(s) <= c else 0, lambda lam, c: (c,)
    ),
    "berhu": Slope(lambda s, lam, M: lam * _sign(s) * max(1, abs(s) / M), lambda lam, M: (M,)),
    # Zhang (2010), eq. (2.1): the integral of (1 - s/(gamma*lam))_+ times lam.
    "mcp": Slope(lambda s, lam, gamma: _sign(s) * max(lam - abs(s) / gamma, 0), lambda lam, gamma: (gamma * lam,)),
    # Fan & Li (2001), eq. (2.7).
    "scad": Slope(
        lambda s, lam, a: _sign(s) * (lam if abs(s) <= lam else max(a * lam - abs(s), 0) / (a - 1)),
        lambda lam, a: (lam, a * lam),
    ),
    "log_sum": Slope(lambda s, lam, eps: lam * _sign(s) / (abs(s) + eps)),
    "l_half": Slope(lambda s, lam: lam * _sign(s) / (2 * mpmath.sqrt(abs(s)))),
    "lp": Slope(lambda s, lam, p: lam * p * _sign(s) * abs(s) ** (p - 1)),
    "capped_l1": Slope(lambda s, lam, theta: lam * _sign(s) if abs(s) < theta else 0, lambda lam, theta: (theta,)),
    "etp": Slope(lambda s, lam, gamma: -lam * gamma * _sign(s) * mpmath.exp(-gamma * abs(s)) / mpmath.expm1(-gamma)),
    # Candes, Wakin & Boyd (2008): atan leads to reweighting by 1/(s^2 + eps^2).
    "atan": Slope(lambda s, lam, gamma: lam * gamma * _sign(s) / (s**2 + gamma**2)),
    "quartic": Slope(lambda s, lam: 4 * lam * s**3),
    "log_barrier": Slope(lambda s, lam: -lam / s, start=1),
    "entropy": Slope(lambda s, lam: lam * (1 + mpmath.log(s)), start=1),
    "nonnegativity": Slope(lambda s, lam: 2 * lam * s if s < 0 else 0),
    "double_well": Slope(lambda s, lam: 4 * lam * s * (s - 1) * (s + 1), start=1),
    "sine_squared": Slope(lambda s, lam, q: lam * mpmath.pi / q * mpmath.sin(2 * mpmath.pi * s / q)),
}


def _differences(n: int) -> Any:
    """Return the (n - 1) x n matrix of first differences; those of order 2 are a product of two (Eilers, 2003)."""
    return mpmath.matrix([[(j == i + 1) - (j == i) for j in range(n)] for i in range(n - 1)])


def _smoothness(order: int, w: list[Any], lam: Any) -> Any:
    if len(w) <= order:
        return mpf(0)
    differences = mpmath.matrix(w)
    for _ in range(order):
        differences = _differences(differences.rows) * differences
    return lam * (differences.T * differences)[0]


def _crossings(w: list[Any], lam: Any) -> Any:
    """The coarea formula: how often w passes between two levels, times their distance."""
    levels = sorted(set(w))
    pairs = list(pairwise(w))
    bands = pairwise(levels)
    return lam * sum(((high - low) * sum((x <= low) != (y <= low) for x, y in pairs) for low, high in bands), mpf(0))


def _pairs(w: list[Any], lam: Any) -> Any:
    return lam * sum((x - y) ** 2 for i, x in enumerate(w) for y in w[:i]) / len(w)


def _quadratic_form(w: list[Any], lam: Any, A: list[list[Any]]) -> Any:
    symmetric = (mpmath.matrix(A) + mpmath.matrix(A).T) / 2
    return lam * (mpmath.matrix(w).T * symmetric * mpmath.matrix(w))[0]


ON_VECTORS: dict[str, Callable[..., Any]] = {
    "l2_norm": lambda w, lam: lam * mpmath.norm(mpmath.matrix(w)),
    "first_difference": partial(_smoothness, 1),
    "second_difference": partial(_smoothness, 2),
    "total_variation": _crossings,
    "variance": _pairs,
    "exclusive_lasso": lambda w, lam: lam * sum(abs(x * y) for x in w for y in w),
    "tikhonov": _quadratic_form,
}

POINTS = ("-40", "-2.7", "-1", "-0.31", "-1e-6", "0", "1e-6", "0.31", "1", "2.7", "40")
VECTORS = (
    ["-1.5"],
    ["0.5", "-2"],
    ["0", "0", "0"],
    ["1", "-2", "3", "0", "0.25"],
    ["1e-3", "7", "-7", "2", "2", "-0.1"],
)
SCALES = (Fraction(13, 10), Fraction(1), Fraction(2, 5))
"""Of the defaults; no parameter that is 1 hides in the first."""
SCALES_OF_INTEGRALS = (SCALES[0], *(pytest.param(scale, marks=pytest.mark.sweep) for scale in SCALES[1:]))


def _exact(values: dict[str, Fraction]) -> dict[str, Any]:
    return {name: mpf(x.numerator) / x.denominator for name, x in values.items()}


def _close(a: Any, b: Any) -> bool:
    return abs(a - b) <= AGREE * (abs(a) + abs(b) + mpf(10) ** -10)


@pytest.mark.parametrize("name", catalogue.penalties())
def test_every_penalty_has_a_second_formula(name: str) -> None:
    assert name in (ELEMENTWISE if is_elementwise(catalogue.penalty(name).expression) else ON_VECTORS)


@pytest.mark.one_in(60)
@pytest.mark.parametrize("scale", SCALES_OF_INTEGRALS, ids=str)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise_penalty_is_the_integral_of_its_derivative(name: str, scale: Fraction) -> None:
    penalty, second = catalogue.penalty(name), ELEMENTWISE[name]
    parameters = _exact(defaults(penalty.parameters, scale))
    knots = second.knots(**parameters)
    tiny = mpf(10) ** -20
    points = [mpf(x) for x in POINTS] + [s * k + d for k in knots for s in (-1, 1) for d in (-tiny, 0, tiny)]
    inside = [w for w in points if penalty.domain.low is None or w > float(penalty.domain.low)]
    for w in inside:
        written = value(penalty.expression, Values(mpmath, {**parameters, "w": w}))
        assert _close(written, second.value(w, parameters)), (name, w, written, second.value(w, parameters))
    assert len(inside) >= 5


@pytest.mark.parametrize("scale", SCALES, ids=str)
@pytest.mark.parametrize("name", ON_VECTORS)
def test_penalty_on_the_vector(name: str, scale: Fraction) -> None:
    penalty = catalogue.penalty(name)
    parameters = _exact(defaults(penalty.parameters, scale))
    for texts in VECTORS:
        w = [mpf(x) for x in texts]
        n = len(w)
        matrices = {a.name: [[mpf(3 * i - j * j) / 7 for j in range(n)] for i in range(n)] for a in penalty.arrays}
        given = Values(mpmath, {**parameters, "n": mpf(n)}, {"w": w, **matrices})
        written = value(penalty.expression, given)
        assert _close(written, ON_VECTORS[name](w, **parameters, **matrices)), (name, texts)


@pytest.mark.parametrize("name", catalogue.penalties())
def test_penalty_file(name: str) -> None:
    penalty = catalogue.penalty(name)
    _check_file(penalty)
    assert penalty.parameters[0].name.startswith("lam"), "strengths come first"
    assert parse(to_text(penalty.expression)) == penalty.expression


@pytest.mark.parametrize("name", catalogue.rules())
def test_rule_file(name: str) -> None:
    rule = catalogue.rule(name)
    _check_file(rule)
    assert rule.parameters[0].name == "lr"
    if "torch.optim" in rule.reference:
        assert "torch" in rule.doc or "PyTorch" in rule.doc or rule.name == "gradient_descent"


def _check_file(spec: Penalty | Rule) -> None:
    assert f"{spec.name}.toml" == spec.source
    assert spec.title and spec.doc.endswith(".")
    assert re.search(r"\((19|20)\d\d\)", spec.reference), "a reference has its year"
    for parameter in spec.parameters:
        assert parameter.default in parameter.domain
        assert parameter.latex and parameter.doc
    assert len({p.latex for p in spec.parameters}) == len(spec.parameters)


# Rules that PyTorch lacks, as the lines of their papers; the others are compared with torch.optim in test_torch.py,
# those that take a proximal operator with their papers in test_prox_rules.py.

Algorithm = Callable[..., Iterator[Any]]


def _sgdw(x: Any, loss: list[Any], decay: Any, lr: Any, momentum: Any) -> Iterator[Any]:
    """Loshchilov & Hutter (2019), Algorithm 1, its m over lr and its lambda times lr."""
    m = mpf(0)
    for gradient in loss:
        m = momentum * m + lr * gradient(x)
        x = x - m - lr * decay(x)
        yield x


def _adamw_unscaled(x: Any, loss: list[Any], decay: Any, lr: Any, beta1: Any, beta2: Any, eps: Any) -> Iterator[Any]:
    """Loshchilov & Hutter (2019), Algorithm 2 with eta_t = 1."""
    m = v = mpf(0)
    for t, gradient in enumerate(loss, start=1):
        g = gradient(x)
        m += (1 - beta1) * (g - m)
        v += (1 - beta2) * (g * g - v)
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        x = x - (lr * m_hat / (v_hat**0.5 + eps) + decay(x))
        yield x


def _adabelief(x: Any, loss: list[Any], decay: Any, lr: Any, beta1: Any, beta2: Any, eps: Any) -> Iterator[Any]:
    """Zhuang et al. (2020), Algorithm 2."""
    m = s = mpf(0)
    for t, gradient in enumerate(loss, start=1):
        g = gradient(x) + decay(x)
        m = beta1 * m + (1 - beta1) * g
        s = beta2 * s + (1 - beta2) * (g - m) ** 2 + eps
        m_hat, s_hat = m / (1 - beta1**t), s / (1 - beta2**t)
        x = x - lr * m_hat / (s_hat**0.5 + eps)
        yield x


def _yogi(x: Any, loss: list[Any], decay: Any, lr: Any, beta1: Any, beta2: Any, eps: Any) -> Iterator[Any]:
    """Zaheer et al. (2018), Algorithm 2, from v = 1e-6."""
    m, v = mpf(0), mpf(1e-6)
    for gradient in loss:
        g = gradient(x) + decay(x)
        m = beta1 * m + (1 - beta1) * g
        if v > g * g:
            v = v - (1 - beta2) * g * g
        elif v < g * g:
            v = v + (1 - beta2) * g * g
        x = x - lr * m / (v**0.5 + eps)
        yield x


def _lion(x: Any, loss: list[Any], decay: Any, lr: Any, beta1: Any, beta2: Any) -> Iterator[Any]:
    """Chen et al. (2023), Algorithm 2."""
    m = mpf(0)
    for gradient in loss:
        g = gradient(x)
        update = mpmath.sign(g * (1 - beta1) + beta1 * m)
        m = g * (1 - beta2) + beta2 * m
        x = x - (update + decay(x)) * lr
        yield x


def _signum(x: Any, loss: list[Any], decay: Any, lr: Any, beta: Any) -> Iterator[Any]:
    """Bernstein et al. (2018), Algorithm 2."""
    m = mpf(0)
    for gradient in loss:
        m = beta * m + (1 - beta) * (gradient(x) + decay(x))
        x = x - lr * mpmath.sign(m)
        yield x


ALGORITHMS: dict[str, Algorithm] = {
    "sgdw": _sgdw,
    "adamw_unscaled": _adamw_unscaled,
    "adabelief": _adabelief,
    "yogi": _yogi,
    "lion": _lion,
    "signum": _signum,
}


@pytest.mark.parametrize("name", [name for name in catalogue.rules() if not catalogue.rule(name).uses_prox])
def test_every_rule_is_compared_with_torch_or_its_paper(name: str) -> None:
    assert (name in ALGORITHMS) != ("torch.optim" in catalogue.rule(name).reference)


@pytest.mark.parametrize("scale", SCALES, ids=str)
@pytest.mark.parametrize("name", ALGORITHMS)
def test_rule_follows_its_paper(name: str, scale: Fraction) -> None:
    rule = catalogue.rule(name)
    parameters = _exact(defaults(rule.parameters, scale))
    steps = 20
    loss = [lambda w, t=t: (w - mpf(1) / 3) * (1 + t % 3) / 2 + mpf((7 * t) % 5 - 2) / 4 for t in range(steps)]
    for start in (mpf("-0.8"), mpf("0.4"), mpf(2)):
        ours = run(rule, start, loss, lambda w: w / 10 + w**3 / 50, parameters, mpmath)
        papers = list(ALGORITHMS[name](start, loss, lambda w: w / 10 + w**3 / 50, **parameters))
        assert len(ours) == len(papers) == steps
        assert all(_close(a, b) for a, b in zip(ours, papers, strict=True))
