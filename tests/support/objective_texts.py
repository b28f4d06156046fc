"""Objectives as people write them: of the literature, of practice, of index notation, and of a small grammar.

Nothing here was chosen because symreg can do it. A row is text, or text with a domain of the weights or declared
parameters.
"""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Written:
    """An objective as somebody types it: the text, the domain of each weight, and `--param` rows."""

    text: str
    domain: str | None = None
    params: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = [self.text, *([f"on {self.domain}"] if self.domain else []), *self.params]
        return "; ".join(said)


def _rows(text: str) -> tuple[Written, ...]:
    return tuple(Written(line.strip()) for line in text.strip().splitlines())


LITERATURE = (
    *_rows("""
    lam*abs(w)
    lam*w**2
    lam*w**2/2
    lam1*abs(w) + lam2*w**2
    lam*where(abs(w) <= delta, w**2/2, delta*(abs(w) - delta/2))
    lam*abs(w)**(1/2)
    lam*abs(w)**(2/3)
    lam*abs(w)**(3/2)
    lam*abs(w)**(4/3)
    lam*abs(w)**3
    lam*w**4
    lam*log(1 + abs(w)/eps)
    lam*log(1 + w**2/eps)
    lam*log(1 + (w/c)**2)
    lam*(1 - exp(-(w/c)**2))
    lam*(1 - exp(-abs(w)/c))
    lam*abs(w)/(c + abs(w))
    lam*w**2/(c**2 + w**2)
    lam*w**2/(1 + w**2)
    lam*(1 + a)*abs(w)/(a + abs(w))
    lam*atan(abs(w)/c)
    lam*2/pi*atan(abs(w)/c)
    lam*sqrt(w**2 + eps**2)
    lam*(sqrt(w**2 + eps**2) - eps)
    lam*c**2*(sqrt(1 + (w/c)**2) - 1)
    lam*log(cosh(w))
    lam*log(cosh(w/c))*c
    lam*min(abs(w), c)
    lam*min(w**2, c**2)
    lam*min(w**2/2, c)
    where(abs(w) <= gamma*lam, lam*abs(w) - w**2/(2*gamma), gamma*lam**2/2)
    lam*where(abs(w) <= c, c**2/6*(1 - (1 - (w/c)**2)**3), c**2/6)
    lam*tanh(abs(w)/c)
    lam*tanh(w)**2
    lam*(c*abs(w) - log(1 + c*abs(w)))
    lam*c**2*(abs(w)/c - log(1 + abs(w)/c))
    lam*max(abs(w) - eps, 0)
    lam*max(abs(w) - eps, 0)**2
    lam*max(0, 1 - w)
    lam*max(0, 1 - w)**2
    lam*max(0, -w)
    lam*max(0, -w)**2
    lam*where(w >= 0, tau*w, (tau - 1)*w)
    lam*where(w >= 0, a*w**2, b*w**2)
    softplus(w)
    lam*softplus(-w)
    lam*(softplus(w) + softplus(-w))
    softplus(w - 1) + softplus(-w - 1)
    lam*(exp(a*w) - a*w - 1)
    lam*(b*w + exp(-b*w) - 1)
    lam*w*tanh(w)
    lam*w**2*(w - 1)**2
    lam*(w**2 - 1)**2
    lam*(w**2 - c**2)**2
    lam*sin(pi*w)**2
    lam*sin(w)**2
    lam*(1 - cos(w))
    lam*min(abs(w), abs(w - 1))
    lam*min(w**2, (w - 1)**2)
    lam*min(abs(w - 1), abs(w + 1))
    lam*min((w - 1)**2, (w + 1)**2)
    lam*abs(abs(w) - 1)
    lam*(abs(w) - 1)**2
    lam*abs(w**2 - 1)
    lam*(w - w0)**2
    lam*abs(w - w0)
    lam*log(1 + (w - a)**2)
    lam*sqrt(abs(w))*exp(-abs(w))
    lam*abs(w)*exp(-abs(w))
    lam*abs(w)/(1 + w**2)
    lam*abs(w)/sqrt(1 + w**2)
    lam*w**2/sqrt(1 + w**2)
    lam*abs(w)**(3/2)/(1 + abs(w))
    lam*log(1 + abs(w)**(3/2))
    lam*log(1 + sqrt(abs(w)))
    lam*log(1 + w**4)
    lam*log(1 + abs(w) + w**2)
    1 - exp(-abs(w)**(3/2))
    1 - exp(-w**4)
    lam*(1 - 1/(1 + w**2))
    lam*(1 - 1/(1 + abs(w))**2)
    lam*(1 - 1/sqrt(1 + w**2))
    lam*w**4/(1 + w**4)
    lam*w**2/(1 + abs(w))
    lam*w**2/(1 + abs(w))**2
    w**2*exp(-w**2)
    w**10/(1 + w**10)
    w**8/(1 + w**4)**2
    lam*cosh(w)
    lam*(cosh(w) - 1)
    lam*sinh(w)**2
    lam*(exp(abs(w)) - 1)
    lam*(exp(w**2) - 1)
    lam*expm1(abs(w))
    alpha*abs(w) + (1 - alpha)*w**2
    l1*abs(w) - log(1 + k*exp(-d*abs(w)))
    -log((1 - p)*a*exp(-a*abs(w)) + p*b*exp(-b*abs(w)))
    -log(exp(-w**2) + exp(-(w - 2)**2))
    D*(1 - exp(-a*(w - r0)))**2
    4*e*((s/w)**12 - (s/w)**6)
    lam*abs(w)**p
    lam*(abs(w) + eps)**p
    lam*(w**2 + eps)**(p/2)
    lam*log(w**2 + eps)
    lam*log(abs(w) + eps)
    """),
    Written("alpha*abs(w) + (1 - alpha)*w**2", params=("alpha: (0, 1) = 0.5",)),
    Written("lam*abs(w)**p", params=("p: (1, 2) = 1.5",)),
    Written("lam*abs(w)**p", params=("p: (0, 1) = 0.5",)),
    Written("abs(w)**b", params=("b: [2, inf) = 3",)),
    Written("min(abs(w), 1)**b", params=("b: [2, inf) = 3",)),
    Written("max(abs(w) - 1, 0)**b", params=("b: [2, inf) = 2",)),
    Written("where(w >= 0, tau*w, (tau - 1)*w)", params=("tau: (0, 1) = 0.3",)),
    Written("-lam*log(w)", domain="(0, inf)"),
    Written("-log(w) - log(1 - w)", domain="(0, 1)"),
    Written("-log(1 - w**2)", domain="(-1, 1)"),
    Written("-log(w + 1)", domain="(-1, inf)"),
    Written("lam*w*log(w)", domain="(0, inf)"),
    Written("w*log(w) - w", domain="(0, inf)"),
    Written("w*log(w) + (1 - w)*log(1 - w)", domain="(0, 1)"),
    Written("lam/w", domain="(0, inf)"),
    Written("lam*(w - log(w) - 1)", domain="(0, inf)"),
    Written("lam*sqrt(w)", domain="[0, inf)"),
    Written("lam*w", domain="[0, inf)"),
    Written("lam*abs(w)", domain="[-1, 1]"),
    Written("lam*w**2", domain="[1, 3]"),
    Written("-lam*sqrt(1 - w**2)", domain="[-1, 1]"),
    Written("lam*log(w)**2", domain="(0, inf)"),
    Written("-log(b - w) - log(w - a)", domain="(0, 1)", params=("b: [1, inf) = 1", "a: (-inf, 0] = 0")),
    Written("lam*atanh(w)**2", domain="(-1, 1)"),
)

PRACTICE = _rows("""
    lam*sqrt(1 + w**2) - lam
    mu + lam*abs(w)
    1 + w**2
    lam*(1 + w**2)**(1/4)
    lam*((1 + w**2)**(1/2) - 1)
    sqrt(max(w, 0))
    sqrt(max(w, 0) + 1)
    log1p(sqrt(max(w, 0)))
    max(w, 0)**(3/2)
    max(w, 0)**2
    max(w, 0)**0.3
    sqrt(abs(w))
    sqrt(sqrt(abs(w)))
    log(1 + exp(w))
    log(2 + exp(w))
    log(exp(w) + exp(-w))
    log(exp(w) + exp(2*w))
    log(exp(w) + exp(-2*w) + 3)
    log(1 + exp(w) + exp(2*w))
    log(a*exp(w) + b*exp(-2*w) + c)
    logaddexp(w, -w)
    logaddexp(w, -2*w)
    logaddexp(3*w, -50*w)
    logaddexp(w, 0)
    logaddexp(w, c)
    logaddexp(logaddexp(w, -w), 0)
    logaddexp(w**2, 1)
    (exp(w) - exp(-w))/(exp(w) + exp(-w))*w
    exp(w)/(1 + exp(w))
    exp(w)/(1 + exp(w))**2
    (exp(w) - 1)**2/(exp(w) + 1)**2
    w*exp(w)/(1 + exp(w))
    w*sigmoid(w)
    w*sigmoid(1.702*w)
    w*tanh(softplus(w))
    0.5*w*(1 + tanh(sqrt(2/pi)*(w + 0.044715*w**3)))
    sigmoid(w)
    sigmoid(w)*(1 - sigmoid(w))
    -log(sigmoid(w))
    -log(sigmoid(w)) - log(1 - sigmoid(w))
    log(1/sigmoid(w)) + sigmoid(w)
    -log(sigmoid(w) + 1e-3)
    softplus(beta*(w - b))/beta + softplus(beta*(-w - b))/beta
    softplus(beta*w)/beta
    softplus(w)**2
    softplus(abs(w))
    softplus(softplus(w))
    softplus(-abs(w))
    log(1 + softplus(w))
    max(sigmoid(softplus(w)), 0)
    max(softplus(w), 1)
    max(exp(w) - 2, 0)
    max(exp(w) - w**2, 0)
    max(abs(w) - 1, 0)
    max(min(w, 1), -1)**2
    min(max(abs(w), 1), 2)
    min(w**2, abs(w))
    max(w**2, abs(w))
    max(w**2 - 1, 0)
    max(w, -2*w)
    max(w, -2*w, 3*w - 4)
    abs(max(w, 0) - 1)
    abs(w - 1) + abs(w + 1)
    abs(w - 1) + abs(w - 2) + abs(w - 3)
    abs(w)*abs(w - 1)
    abs(w)*w**2
    abs(w)**1.01
    abs(w)**1.3
    abs(w)**1.99
    abs(w)**2.5
    abs(w**3)
    abs(sin(w))
    abs(exp(w) - 1)
    abs(log(1 + w**2) - 1)
    sign(w)*w
    w*sign(w) + w**2
    where(w > 0, w, 0)
    where(w > 0, w, 0.01*w)
    where(w > 0, w**2, -w)
    where(w > 0, w, exp(w) - 1)
    where(w > 0, w, alpha*(exp(w) - 1))
    where(abs(w) < 1, w**2/2, abs(w) - 1/2)
    where(abs(w) < 1, 1 - w**2, 0)
    where(abs(w) < c, w**2, 2*c*abs(w) - c**2)
    where(w < -1, -w - 1/2, where(w > 1, w - 1/2, w**2/2))
    where(w > 1, 1, 0)
    sqrt(w**2)
    sqrt(1 + abs(w))
    sqrt(1 + w**8)
    sqrt(w**2 + w**4)
    sqrt(w)
    log(w)
    lam*log(w)
    1/w
    1/(1 + w)
    tan(w)
    w
    lam*w
    w**3
    w**2 + w
    (w - 1)**3
    0*w
    lam*(abs(w) - abs(w))
    exp(w)
    exp(-w)
    exp(-w**2)
    exp(-abs(w))
    exp(w) + exp(-w)
    exp(-1/(1 + w**2))
    exp(sin(w))
    cos(w) + w**2
    sin(w) + w
    sin(w)*w
    w**2 + sin(w)**2
    tanh(1e3*(w - 1))**2 + w**2
    atan(w)**2
    atan(w**2)
    w*atan(w)
    w*atan(w) - log(1 + w**2)/2
    log(1 + log(1 + w**2))
    log1p(w**2)
    log1p(abs(w))
    log1p(expm1(abs(w)))
    expm1(w**2)
    log(cosh(w)) + 0.1*abs(w)
    (w**2 + 1)/(w**4 + 1)
    (w**2 - 1)/(w**2 + 1)
    (w**4 - 2*w**2)/(1 + w**4)
    1/(1 + exp(-w))**3
    1/(1 + w**2)**3
    w**2/(1e-8 + w**2)
    abs(w)/(1e-8 + abs(w))
    1e8*w**2
    1e-8*abs(w)
    sqrt(1e-12 + w**2)
    1e6*log(1 + w**2/1e6)
    l1 + l2
    l1 + 0.5*l2
    l1(lam=a) + l2(lam=b)
    mcp + l2(lam=mu)
    scad + l1(lam=mu)
    huber + l1(lam=mu)
    cauchy + l1(lam=mu)
    welsch + l2(lam=mu)
    log_sum + l2(lam=mu)
    quartic + l1(lam=mu)
    lam*w**2 - 2*lam*c*abs(w)
    lam*w**2/2 - mu*abs(w)
    lam*w**4 - mu*w**2
    log(cosh(w)) - 0.1*w**2
    lam*exp(-abs(w)) + mu*abs(w)
    """)

VECTORS = (
    *_rows("""
    lam*norm(w)
    lam*norm(w)**2
    lam*sqrt(n)*norm(w)
    lam*norm(w)/sqrt(n)
    lam*log(1 + norm(w))
    lam*norm(w)**(3/2)
    (norm(w) - 1)**2
    abs(norm(w) - 1)
    max(norm(w) - 1, 0)
    max(norm(w) - 1, 0)**2
    max(0, 1 - norm(w))
    min(norm(w), 1)
    sqrt(1 + norm(w)**2)
    where(norm(w) > 1, norm(w), 0)
    where(norm(w) <= 1, norm(w)**2/2, norm(w) - 1/2)
    lam*sum(abs(w[i]), i)
    lam*sum(w[i]**2, i)
    lam*sum(w[i]**2, i)/n
    lam*sqrt(sum(w[i]**2, i))
    lam*sum(abs(w[i]), i)**2
    lam*sum(w[i], i)**2
    lam*(sum(w[i], i) - 1)**2
    abs(sum(w[i], i))
    lam*sum((w[i+1] - w[i])**2, i)
    lam*sum(abs(w[i+1] - w[i]), i)
    lam*sum(abs(w[i+2] - 2*w[i+1] + w[i]), i)
    lam*sum((w[i+2] - 2*w[i+1] + w[i])**2, i)
    lam*sum(sqrt((w[i+1] - w[i])**2 + eps**2), i)
    lam*sum(log(1 + (w[i+1] - w[i])**2), i)
    lam*sum(softplus(w[i+1] - w[i]), i)
    lam*sum(max(w[i] - w[i+1], 0), i)
    lam*sum(max(w[i] - w[i+1], 0)**2, i)
    lam*sum(exp(w[i] - w[i+1]), i)
    sum((w[i+1] - w[i])**3, i)
    sum((w[i+7] - w[i])**2, i)
    sum(w[i+1] - w[i], i)
    lam*sum(w[i]*w[i+1], i)
    mu*log(sum(exp(w[i]/mu), i))
    log(sum(exp(w[i]), i))
    log(1 + sum(exp(w[i]), i))
    log(sum(exp(-w[i]), i))
    log(sum(exp(w[i]**2), i))
    log(sum(cosh(w[i]), i))
    log(1 + sum(w[i]**2, i))
    log(1 + sum(abs(w[i]), i))
    sqrt(1 + sum(w[i]**2, i))
    sum(w[i]**4, i)**(1/4)
    sum(abs(w[i])**3, i)**(1/3)
    lam*sum((w[i] - sum(w[j], j)/n)**2, i)/n
    lam*sum(sum(abs(w[i] - w[j]), j), i)
    lam*sum(sum((w[i] - w[j])**2, j), i)
    lam*sum(sum(w[i]*w[j], j), i)
    sum(sum(A[i, j]*w[i]*w[j], j), i)
    sum(c[i]*abs(w[i]), i)
    sum(c[i]*w[i]**2, i)
    sum((w[i] - a[i])**2, i)
    sum(c[i]*w[i], i)
    (sum(c[i]*w[i], i) - 1)**2
    abs(sum(c[i]*w[i], i) - 1)
    log(1 + exp(sum(c[i]*w[i], i)))
    log(sum(c[i]*exp(w[i]), i))
    sum(where(w[i] > 1, 1, 0), i)
    sum(where(w[i] > 0, w[i]**2, -w[i]), i)
    sum(min(abs(w[i]), 1), i)
    sum(max(w[i], 0), i)**2
    sum(w[i]**2, i)/(1 + sum(w[i]**2, i))
    sum(abs(w[i]), i)**2/(1 + sum(w[i]**2, i))
    sum(w[i]**2*w[i+1]**2, i)
    sum(tanh(w[i])*w[i], i)
    lam*norm(w) + mu*sum(abs(w[i]), i)
    lam*norm(w) + mu*abs(w)
    l1 + lam2*norm(w)
    l2_norm + l1(lam=mu)
    l2 + first_difference
    """),
    Written("lam*sum(w[i]*log(w[i]), i)", domain="(0, inf)"),
    Written("-sum(log(w[i]), i)", domain="(0, inf)"),
    Written("sum(sqrt(w[i]), i)", domain="[0, inf)"),
)

REFUSED = _rows("""
    where(norm(w) > 1, 1, 0)
    l1 + foo
    foo
    lamb*no_such_function(w)
    w[i]
    sum(w, i)
    abs(w
    3
    norm(w)*w
    """)


def grammar(count: int, seed: int = 20) -> tuple[Written, ...]:
    """Return objectives of a small grammar: compositions, products, quotients and sums of simple functions of w."""
    draw = random.Random(seed)

    def inner() -> str:
        return draw.choice(("w", "abs(w)", "w**2", "2*w - 1", "w - 1", "abs(w - 1)", "w**3", "-w", "w/2", "3*w"))

    def even(u: str) -> str:
        return draw.choice(
            (
                f"log(1 + ({u})**2)",
                f"sqrt(1 + ({u})**2)",
                f"exp(-({u})**2)",
                f"softplus({u})",
                f"sigmoid({u})",
                f"tanh({u})",
                f"abs({u})",
                f"max({u}, 0)",
                f"min(abs({u}), 1)",
                f"log(cosh({u}))",
                f"atan({u})",
                f"abs({u})**(3/2)",
                f"max({u}, 0)**2",
                f"({u})**2/(1 + ({u})**2)",
                f"logaddexp({u}, 1)",
                f"log1p(abs({u}))",
                f"where({u} > 0, ({u})**2, 0)",
                f"sin({u})",
            )
        )

    def formula() -> str:
        a, b = even(inner()), even(inner())
        return draw.choice(
            (
                a,
                f"lam*{a}",
                even(a),
                f"{a} + mu*{b}",
                f"{a}*{b}",
                f"{a}/(1 + {b}**2)",
                f"max({a}, {b})",
                f"{a} + w**2/10",
                f"abs({a} - 1/2)",
            )
        )

    made: dict[str, None] = {}
    while len(made) < count:
        made.setdefault(formula())
    return tuple(Written(text) for text in made)


EVERYTHING = (*LITERATURE, *PRACTICE, *VECTORS, *REFUSED, *grammar(80))
