r"""Penalties in LaTeX as papers print them, written from memory: each against a function. Copied: `papers.toml`.

Those that are not read are in the table with the words that say why.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import pytest
from tree_values import Values, value

from symreg.errors import LanguageError
from symreg.expressions.tree import is_elementwise
from symreg.objectives.resolve import resolve

PARAMETERS = {
    "lam": 0.7, "lam1": 0.3, "lam2": 0.45, "lam3": 0.2, "alpha": 0.35, "gamma": 2.3, "a": 3.7, "b": 0.5, "delta": 0.8,
    "eps": 0.6, "c": 1.4, "theta": 0.9, "p": 0.6, "q": 1.5, "sigma": 1.1, "mu": 0.55, "tau": 0.4, "beta": 1.3,
    "eta": 0.25, "kappa": 1.7, "M": 0.75, "T": 0.65, "k": 1.2, "nu": 2.5, "rho": 0.33, "s": 1.15, "lam_1": 0.3,
}  # fmt: skip
WEIGHTS = (-2.9, -1.3, -0.72, -0.31, 0.17, 0.5, 0.84, 1.9, 3.3)
NAMES = type("Names", (), PARAMETERS)
Function = Callable[[Sequence[float]], float]


def each(function: Callable[[float], float]) -> Function:
    """Return the sum of a function over all weights."""
    return lambda w: sum(map(function, w))


class Paper(NamedTuple):
    """A formula as it is printed, and the function that it is, or words of the message that refuses it."""

    latex: str
    meant: Function | str


P = NAMES
log, exp, sqrt = math.log, math.exp, math.sqrt


def sign(x: float) -> float:
    return math.copysign(1.0, x)


def scad(x: float, lam: float, a: float) -> float:
    t = abs(x)
    if t <= lam:
        return lam * t
    return (2 * a * lam * t - t * t - lam * lam) / (2 * (a - 1)) if t <= a * lam else lam * lam * (a + 1) / 2


def mcp(x: float, lam: float, gamma: float) -> float:
    t = abs(x)
    return lam * t - t * t / (2 * gamma) if t <= gamma * lam else gamma * lam * lam / 2


def huber(x: float, delta: float) -> float:
    return x * x / 2 if abs(x) <= delta else delta * (abs(x) - delta / 2)


def tukey(x: float, c: float) -> float:
    return c * c / 6 * (1 - (1 - (x / c) ** 2) ** 3) if abs(x) <= c else c * c / 6


def norm(w: Sequence[float]) -> float:
    return sqrt(sum(x * x for x in w))


def differences(w: Sequence[float]) -> list[float]:
    return [after - before for before, after in pairwise(w)]


PAPERS: dict[str, Paper] = {
    "lasso": Paper(r"\lambda \|\beta\|_1", each(lambda x: P.lam * abs(x))),
    "lasso, summed": Paper(r"\lambda \sum_{j=1}^{p} |\beta_j|", each(lambda x: P.lam * abs(x))),
    "lasso, lvert": Paper(r"\lambda\sum_{j}\lvert\beta_j\rvert", each(lambda x: P.lam * abs(x))),
    "lasso, display": Paper(
        r"\[ P_\lambda(\beta) = \lambda \sum_{j=1}^p |\beta_j|. \]", each(lambda x: P.lam * abs(x))
    ),
    "lasso, left right": Paper(r"\lambda \left\| \mathbf{w} \right\|_1", each(lambda x: P.lam * abs(x))),
    "ridge": Paper(r"\frac{\lambda}{2} \|\mathbf{w}\|_2^2", each(lambda x: P.lam / 2 * x * x)),
    "ridge, theta": Paper(r"\lambda \lVert \theta \rVert_2^2", each(lambda x: P.lam * x * x)),
    "ridge, no order": Paper(r"\frac{\lambda}{2}\,\|w\|^2", each(lambda x: P.lam / 2 * x * x)),
    "ridge, transposed": Paper(r"\tfrac{\lambda}{2}\,\mathbf{w}^\top\mathbf{w}", each(lambda x: P.lam / 2 * x * x)),
    "ridge, T": Paper(r"\frac{1}{2}\lambda w^T w", each(lambda x: P.lam / 2 * x * x)),
    "ridge, inner": Paper(r"\lambda \langle w, w \rangle", each(lambda x: P.lam * x * x)),
    "weight decay": Paper(r"\frac{\alpha}{2}\sum_i w_i^2", each(lambda x: P.alpha / 2 * x * x)),
    "weight decay, layers": Paper(r"\frac{\lambda}{2}\sum_{l}\|W_l\|_F^2", "groups of weights"),
    "frobenius": Paper(r"\frac{\lambda}{2} \|W\|_F^2", each(lambda x: P.lam / 2 * x * x)),
    "matrix entries": Paper(r"\lambda \sum_{i,j} |W_{ij}|", each(lambda x: P.lam * abs(x))),
    "matrix entries, two sums": Paper(r"\lambda \sum_i \sum_j \theta_{ij}^2", each(lambda x: P.lam * x * x)),
    "elastic net": Paper(
        r"\lambda_1 \|\beta\|_1 + \lambda_2 \|\beta\|_2^2", each(lambda x: P.lam1 * abs(x) + P.lam2 * x * x)
    ),
    "elastic net, glmnet": Paper(
        r"\lambda \left[ \frac{1}{2}(1-\alpha)\|\beta\|_2^2 + \alpha \|\beta\|_1 \right]",
        each(lambda x: P.lam * ((1 - P.alpha) * x * x / 2 + P.alpha * abs(x))),
    ),
    "elastic net, P_alpha": Paper(
        r"P_\alpha(\beta) = \sum_{j=1}^p \left[ \tfrac{1}{2}(1-\alpha)\beta_j^2 + \alpha|\beta_j| \right]",
        each(lambda x: (1 - P.alpha) * x * x / 2 + P.alpha * abs(x)),
    ),
    "elastic net, sklearn": Paper(
        r"\alpha \rho \|w\|_1 + \frac{\alpha(1-\rho)}{2} \|w\|_2 ^ 2",
        each(lambda x: P.alpha * P.rho * abs(x) + P.alpha * (1 - P.rho) / 2 * x * x),
    ),
    "bridge": Paper(r"\lambda \sum_{j=1}^{d} |\beta_j|^q", each(lambda x: P.lam * abs(x) ** P.q)),
    "lp": Paper(r"\lambda\|x\|_p^p, \quad 0 < p < 1", "what stands behind the formula"),
    "lp, plain": Paper(r"\lambda\|x\|_p^p", each(lambda x: P.lam * abs(x) ** P.p)),
    "l half": Paper(r"\lambda \|x\|_{1/2}^{1/2}", each(lambda x: P.lam * abs(x) ** 0.5)),
    "l two thirds": Paper(r"\lambda \sum_{i=1}^{N} |x_i|^{2/3}", each(lambda x: P.lam * abs(x) ** (2 / 3))),
    "l0": Paper(r"\lambda \|\beta\|_0", "no gradient"),
    "l0, indicator": Paper(r"\lambda\sum_j \mathbf{1}\{\beta_j \neq 0\}", each(lambda x: P.lam * (x != 0))),
    "l infinity": Paper(r"\lambda \|w\|_\infty", "greatest magnitude"),
    "max": Paper(r"\lambda \max_j |\beta_j|", "greatest over all weights"),
    "squared l1": Paper(r"\frac{\lambda}{2}\|w\|_1^2", lambda w: P.lam / 2 * sum(map(abs, w)) ** 2),
    "exclusive": Paper(r"\lambda\left(\sum_{i}|w_i|\right)^2", lambda w: P.lam * sum(map(abs, w)) ** 2),
    "l1 minus l2": Paper(r"\|x\|_1 - \|x\|_2", lambda w: sum(map(abs, w)) - norm(w)),
    "l1 minus alpha l2": Paper(r"\|x\|_1 - \alpha\|x\|_2", lambda w: sum(map(abs, w)) - P.alpha * norm(w)),
    "l1 over l2": Paper(r"\frac{\|x\|_1}{\|x\|_2}", lambda w: sum(map(abs, w)) / norm(w)),
    "l2 norm": Paper(r"\lambda \|w\|_2", lambda w: P.lam * norm(w)),
    "square root of a sum": Paper(r"\lambda\sqrt{\sum_{i=1}^n w_i^2}", lambda w: P.lam * norm(w)),
    "smoothed l2 norm": Paper(
        r"\lambda \sqrt{\|w\|_2^2 + \epsilon^2}", lambda w: P.lam * sqrt(norm(w) ** 2 + P.eps**2)
    ),
    "group lasso": Paper(r"\lambda \sum_{g=1}^{G} \sqrt{p_g}\, \|\beta_g\|_2", "groups of weights"),
    "group lasso, in": Paper(r"\lambda \sum_{g \in \mathcal{G}} \|w_g\|_2", "a sum runs over every index"),
    "sparse group lasso": Paper(
        r"(1-\alpha)\lambda \sum_{g} \sqrt{p_g}\|\beta^{(g)}\|_2 + \alpha\lambda\|\beta\|_1",
        "a label or an exponent",
    ),
    "l21": Paper(r"\lambda \|W\|_{2,1}", "groups of weights"),
    "nuclear": Paper(r"\lambda \|W\|_*", "the norm '*' is not in the language"),
    "fused lasso": Paper(
        r"\lambda_1 \sum_{j=1}^{p} |\beta_j| + \lambda_2 \sum_{j=2}^{p} |\beta_j - \beta_{j-1}|",
        lambda w: sum(P.lam1 * abs(x) for x in w) + P.lam2 * sum(map(abs, differences(w))),
    ),
    "total variation": Paper(
        r"\lambda \sum_{i=1}^{n-1} |x_{i+1} - x_i|", lambda w: P.lam * sum(map(abs, differences(w)))
    ),
    "total variation, D": Paper(r"\lambda \|Dx\|_1", "it is not clear which"),
    "smoothness": Paper(
        r"\frac{\lambda}{2}\sum_{i}(w_{i+1}-w_i)^2", lambda w: P.lam / 2 * sum(d * d for d in differences(w))
    ),
    "trend filtering": Paper(
        r"\lambda \sum_{t=2}^{n-1} |x_{t-1} - 2x_t + x_{t+1}|",
        lambda w: P.lam * sum(map(abs, differences(differences(w)))),
    ),
    "smoothed total variation": Paper(
        r"\sum_i \sqrt{(x_{i+1}-x_i)^2 + \varepsilon^2}", lambda w: sum(sqrt(d * d + P.eps**2) for d in differences(w))
    ),
    "clustered lasso": Paper(r"\lambda \sum_{i<j} |\beta_i - \beta_j|", "a sum runs over every index"),
    "tikhonov": Paper(r"\|\Gamma x\|_2^2", "Gamma"),
    "quadratic form": Paper(
        r"\frac{\lambda}{2} w^\top A w",
        lambda w: P.lam / 2 * sum(x * y / (1 + i + 2 * j) for i, x in enumerate(w) for j, y in enumerate(w)),
    ),
    "prior mean": Paper(r"\frac{\lambda}{2}\|w - w_0\|_2^2", "by its number"),
    "loss and penalty": Paper(r"\frac{1}{2n}\|y - X\beta\|_2^2 + \lambda\|\beta\|_1", "a norm of X times the weights"),
    "argmin": Paper(r"\hat\beta = \arg\min_\beta \lambda\|\beta\|_1", "'\\hat' is not read"),
    "SCAD": Paper(
        r"""p_\lambda(\theta) = \begin{cases}
            \lambda|\theta| & \text{if } |\theta| \le \lambda, \\
            \frac{2a\lambda|\theta| - \theta^2 - \lambda^2}{2(a-1)} & \text{if } \lambda < |\theta| \le a\lambda, \\
            \frac{(a+1)\lambda^2}{2} & \text{if } |\theta| > a\lambda.
        \end{cases}""",
        each(lambda x: scad(x, P.lam, P.a)),
    ),
    "SCAD, otherwise": Paper(
        r"\begin{cases} \lambda |x|, & |x| \leq \lambda \\ \dfrac{-x^2 + 2 a \lambda |x| - \lambda^2}{2(a-1)}, & "
        r"\lambda < |x| \leq a\lambda \\ \dfrac{(a+1)\lambda^2}{2}, & \text{otherwise} \end{cases}",
        each(lambda x: scad(x, P.lam, P.a)),
    ),
    "SCAD, derivative": Paper(
        r"p'_\lambda(\theta) = \lambda\left\{ I(\theta \le \lambda) + \frac{(a\lambda-\theta)_+}{(a-1)\lambda} "
        r"I(\theta > \lambda) \right\}",
        "a derivative is not read",
    ),
    "MCP": Paper(
        r"\begin{cases} \lambda|t| - \frac{t^2}{2\gamma}, & \text{if } |t| \leq \gamma\lambda, \\ "
        r"\frac{1}{2}\gamma\lambda^2, & \text{if } |t| > \gamma\lambda, \end{cases}",
        each(lambda x: mcp(x, P.lam, P.gamma)),
    ),
    "MCP, integral": Paper(
        r"\lambda \int_0^{|t|} \left(1 - \frac{x}{\gamma\lambda}\right)_+ dx", "'\\int' is not read"
    ),
    "MCP, array": Paper(
        r"\rho(x;\lambda,\gamma) = \left\{ \begin{array}{ll} \lambda|x| - x^2/(2\gamma), & |x| < \gamma\lambda \\ "
        r"\gamma\lambda^2/2, & |x| \geq \gamma\lambda \end{array} \right.",
        each(lambda x: mcp(x, P.lam, P.gamma)),
    ),
    "huber": Paper(
        r"L_\delta(a) = \begin{cases} \frac{1}{2}a^2 & \text{for } |a| \le \delta, \\ "
        r"\delta \cdot \left(|a| - \frac{1}{2}\delta\right), & \text{otherwise.} \end{cases}",
        each(lambda x: huber(x, P.delta)),
    ),
    "huber, half": Paper(
        r"\begin{cases} \tfrac12 x^2 & |x| \le \delta \\ \delta(|x| - \tfrac12 \delta) & |x| > \delta \end{cases}",
        each(lambda x: huber(x, P.delta)),
    ),
    "huber, wrong order": Paper(
        r"\begin{cases} \delta|x| - \delta^2/2 & \text{if } |x| > \delta \\ x^2/2 & \text{if } |x| \leq \delta "
        r"\end{cases}",
        each(lambda x: huber(x, P.delta)),
    ),
    "huber, open": Paper(
        r"\begin{cases} x^2/2 & \text{if } |x| \le \delta \\ |x| & \text{if } |x| > 2\delta \end{cases}",
        "leave open what holds elsewhere",
    ),
    "pseudo-huber": Paper(r"\delta^2 \left( \sqrt{1 + (x/\delta)^2} - 1 \right)", "it is not clear which of delta, x"),
    "pseudo-huber, named": Paper(
        r"L_\delta(a) = \delta^2\left(\sqrt{1+\left(\frac{a}{\delta}\right)^2} - 1\right)",
        each(lambda x: P.delta**2 * (sqrt(1 + (x / P.delta) ** 2) - 1)),
    ),
    "charbonnier": Paper(r"\rho(x) = \sqrt{x^2 + \epsilon^2}", each(lambda x: sqrt(x * x + P.eps**2))),
    "generalized charbonnier": Paper(
        r"\rho(x) = \left(x^2 + \epsilon^2\right)^{\alpha}", each(lambda x: (x * x + P.eps**2) ** P.alpha)
    ),
    "general robust": Paper(
        r"\rho(x,\alpha,c) = \frac{|\alpha-2|}{\alpha}"
        r"\left(\left(\frac{(x/c)^2}{|\alpha-2|}+1\right)^{\alpha/2}-1\right)",
        each(lambda x: abs(P.alpha - 2) / P.alpha * (((x / P.c) ** 2 / abs(P.alpha - 2) + 1) ** (P.alpha / 2) - 1)),
    ),
    "cauchy": Paper(
        r"\rho(x) = \frac{c^2}{2}\log\left(1 + \left(\frac{x}{c}\right)^2\right)",
        each(lambda x: P.c**2 / 2 * log(1 + (x / P.c) ** 2)),
    ),
    "cauchy, ln": Paper(r"\lambda \sum_i \ln(1 + w_i^2/\gamma^2)", each(lambda x: P.lam * log(1 + x * x / P.gamma**2))),
    "geman-mcclure": Paper(r"\sum_i \frac{x_i^2}{\sigma^2 + x_i^2}", each(lambda x: x * x / (P.sigma**2 + x * x))),
    "geman-mcclure, halves": Paper(r"\rho(r) = \frac{r^2/2}{1+r^2}", each(lambda x: x * x / 2 / (1 + x * x))),
    "geman-reynolds": Paper(
        r"\lambda \sum_i \frac{|\theta_i|}{|\theta_i| + \gamma}", each(lambda x: P.lam * abs(x) / (abs(x) + P.gamma))
    ),
    "welsch": Paper(
        r"\rho(x) = \frac{c^2}{2}\left[1 - \exp\left(-\left(x/c\right)^2\right)\right]",
        each(lambda x: P.c**2 / 2 * (1 - exp(-((x / P.c) ** 2)))),
    ),
    "welsch, e": Paper(
        r"\sum_{i=1}^{m} \left(1 - e^{-\frac{x_i^2}{2\sigma^2}}\right)",
        each(lambda x: 1 - exp(-x * x / (2 * P.sigma**2))),
    ),
    "tukey": Paper(
        r"\rho(x) = \begin{cases} \frac{c^2}{6}\left\{1 - \left[1 - (x/c)^2\right]^3\right\} & \text{if } |x| \le c "
        r"\\ c^2/6 & \text{if } |x| > c \end{cases}",
        each(lambda x: tukey(x, P.c)),
    ),
    "log-sum": Paper(r"\lambda \sum_{i=1}^{n} \log(|x_i| + \epsilon)", each(lambda x: P.lam * log(abs(x) + P.eps))),
    "log-sum, quotient": Paper(
        r"\lambda\sum_{i}\log\left(1+\frac{|x_i|}{\varepsilon}\right)", each(lambda x: P.lam * log(1 + abs(x) / P.eps))
    ),
    "log, normalised": Paper(
        r"\frac{\lambda}{\log(\gamma+1)} \log(\gamma|\theta| + 1)",
        each(lambda x: P.lam / log(P.gamma + 1) * log(P.gamma * abs(x) + 1)),
    ),
    "log without brackets": Paper(r"\lambda \sum_i \log |w_i|^2", "write the brackets"),
    "laplace": Paper(r"\lambda\left(1 - e^{-|w|/\gamma}\right)", each(lambda x: P.lam * (1 - exp(-abs(x) / P.gamma)))),
    "ETP": Paper(
        r"\frac{\lambda}{1-\exp(-\gamma)}\left(1-\exp(-\gamma|\theta|)\right)",
        each(lambda x: P.lam / (1 - exp(-P.gamma)) * (1 - exp(-P.gamma * abs(x)))),
    ),
    "atan": Paper(
        r"\lambda \frac{2}{\pi} \arctan\left(\frac{|x|}{\gamma}\right)",
        each(lambda x: P.lam * 2 / math.pi * math.atan(abs(x) / P.gamma)),
    ),
    "atan, inverse": Paper(r"\lambda\tan^{-1}(|x|/\gamma)", "an inverse by its name"),
    "transformed l1": Paper(r"\rho_a(t) = \frac{(a+1)|t|}{a+|t|}", each(lambda x: (P.a + 1) * abs(x) / (P.a + abs(x)))),
    "capped l1": Paper(r"\lambda \sum_i \min(|w_i|, \theta)", each(lambda x: P.lam * min(abs(x), P.theta))),
    "capped l1, braces": Paper(
        r"\lambda\sum_{j=1}^d \min\left\{|w_j|,\,\theta\right\}", each(lambda x: P.lam * min(abs(x), P.theta))
    ),
    "hinge": Paper(r"\sum_i \max(0, 1 - w_i)", each(lambda x: max(0.0, 1 - x))),
    "positive part": Paper(r"\lambda \sum_{i} (|w_i| - \tau)_+^2", each(lambda x: P.lam * max(abs(x) - P.tau, 0) ** 2)),
    "epsilon-insensitive": Paper(r"|x|_\epsilon = \max\{0, |x| - \epsilon\}", "'='"),
    "berhu": Paper(
        r"B(u) = \begin{cases} |u| & |u| \le M \\ \frac{u^2 + M^2}{2M} & |u| > M \end{cases}",
        each(lambda x: abs(x) if abs(x) <= P.M else (x * x + P.M**2) / (2 * P.M)),
    ),
    "log-cosh": Paper(r"\sum_{i=1}^n \log\left(\cosh(w_i)\right)", each(lambda x: log(math.cosh(x)))),
    "log-cosh, chained": Paper(r"\frac{1}{a}\log\cosh(a x)", "it is not clear which of a, x"),
    "fair": Paper(
        r"\rho(x) = c^2\left[\frac{|x|}{c} - \log\left(1+\frac{|x|}{c}\right)\right]",
        each(lambda x: P.c**2 * (abs(x) / P.c - log(1 + abs(x) / P.c))),
    ),
    "entropy": Paper(r"\lambda \sum_i w_i \log w_i", lambda w: P.lam * sum(x * log(x) for x in w)),
    "negative entropy, minus": Paper(r"-\sum_{i} w_i \ln w_i", lambda w: -sum(x * log(x) for x in w)),
    "barrier": Paper(r"-\mu \sum_{i=1}^n \log x_i", lambda w: -P.mu * sum(map(log, w))),
    "double well": Paper(r"\lambda\sum_i (w_i^2 - 1)^2", each(lambda x: P.lam * (x * x - 1) ** 2)),
    "binary": Paper(r"\lambda \sum_i w_i^2 (1 - w_i)^2", each(lambda x: P.lam * x * x * (1 - x) ** 2)),
    "sine": Paper(r"\lambda \sum_i \sin^2(\pi w_i)", each(lambda x: P.lam * math.sin(math.pi * x) ** 2)),
    "hoyer": Paper(
        r"\frac{\left(\sum_i |w_i|\right)^2}{\sum_i w_i^2}", lambda w: sum(map(abs, w)) ** 2 / sum(x * x for x in w)
    ),
    "variance": Paper(r"\frac{1}{n}\sum_{i=1}^n (w_i - \mu)^2", lambda w: sum((x - P.mu) ** 2 for x in w) / len(w)),
    "adaptive lasso": Paper(r"\lambda\sum_{j} \hat{w}_j |\beta_j|", "'\\hat' is not read"),
    "adaptive lasso, letters": Paper(r"\lambda\sum_{j} w_j |\beta_j|", "it is not clear which of beta, lam, w"),
    "elastic, aligned": Paper(
        r"\begin{aligned} R(w) &= \lambda_1\|w\|_1 \\ &\quad + \frac{\lambda_2}{2}\|w\|_2^2 \end{aligned}",
        each(lambda x: P.lam1 * abs(x) + P.lam2 / 2 * x * x),
    ),
    "equation": Paper(
        r"\begin{equation}\label{eq:reg} \Omega(\mathbf{w}) = \frac{\lambda}{2}\|\mathbf{w}\|_2^2 \end{equation}",
        each(lambda x: P.lam / 2 * x * x),
    ),
    "student t": Paper(
        r"\frac{\nu+1}{2}\sum_i\log\left(1+\frac{x_i^2}{\nu}\right)",
        each(lambda x: (P.nu + 1) / 2 * log(1 + x * x / P.nu)),
    ),
    "sigmoid": Paper(r"\sum_i \frac{1}{1+e^{-w_i}}", each(lambda x: 1 / (1 + exp(-x)))),
    "softplus": Paper(r"\sum_i \log(1+e^{x_i})", each(lambda x: log(1 + exp(x)))),
    "operatorname": Paper(r"\lambda \sum_i w_i \operatorname{sgn}(w_i)", each(lambda x: P.lam * abs(x))),
    "slash": Paper(r"\lambda/2 \|w\|_2^2", "write the brackets"),
}


def of_objective(text: str, weights: Sequence[float]) -> float:
    """Return the value of what a text is read as, at some weights."""
    total = 0.0
    for term in resolve(text).terms.terms:
        scalars = {**PARAMETERS, "n": len(weights)}
        if is_elementwise(term.tree):
            total += sum(value(term.tree, Values(math, {**scalars, "w": x})) for x in weights)
        else:
            matrix = [[1 / (1 + i + 2 * j) for j in range(len(weights))] for i in range(len(weights))]
            total += value(term.tree, Values(math, scalars, {"w": list(weights), "A": matrix}))
    return total


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", [n for n, paper in PAPERS.items() if not isinstance(paper.meant, str)])
def test_a_penalty_of_a_paper_is_read_right(name: str) -> None:
    latex, meant = PAPERS[name]
    assert not isinstance(meant, str)
    is_of_positive = "log x_i" in latex or "log w_i" in latex or "ln w_i" in latex
    weights = [abs(x) for x in WEIGHTS] if is_of_positive else WEIGHTS
    assert math.isclose(of_objective(latex, weights), meant(weights), rel_tol=1e-12)
    for weight in weights:  # one by one as well, for nothing to cancel
        if "x_{" not in latex and "beta_{" not in latex and "w_{i+1}" not in latex:
            assert math.isclose(of_objective(latex, [weight]), meant([weight]), rel_tol=1e-12, abs_tol=1e-15)
    assert resolve(latex).notes[0].startswith("read as: ")


@pytest.mark.parametrize("name", [n for n, paper in PAPERS.items() if isinstance(paper.meant, str)])
def test_what_is_not_read_is_refused_with_the_reason(name: str) -> None:
    latex, words = PAPERS[name]
    with pytest.raises(LanguageError) as caught:
        resolve(latex)
    assert isinstance(words, str) and words in caught.value.message
    assert caught.value.text == latex
