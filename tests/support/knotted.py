"""Penalties that turn and have kinks, derived once in a process, and their slopes as difference quotients."""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import cache
from typing import Any

import mpmath
from derivation_points import inside
from explicit import draw
from tree_values import Values, value

from symreg.derivation.gradient import derive
from symreg.derivation.model import GradientDerivation
from symreg.language.intervals import parse_interval
from symreg.model.interval import Interval
from symreg.model.objective import Objective
from symreg.model.spec import Parameter
from symreg.model.terms import Terms
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule


def objective(text: str, **domains: str) -> Objective:
    """Return an objective whose parameters have the domains given; the others are as the text has them."""
    return resolve(
        text, parameters=[Parameter(name=p, domain=parse_interval(d), default=1.0) for p, d in domains.items()]
    )


CURVED: dict[str, dict[str, str]] = {
    "l1 + 2*mcp": {},
    "huber + l1": {},
    "huber + mcp + scad": {},
    "capped_l1 + 0.1*l2": {},
    "lam*max(abs(w) - c, 0)": {},
    "lam*max(abs(w) - c, 0)**2": {"c": "[0, inf)"},
    "lam*(w - c)**2": {"c": "real"},
    "lam*(w - c)**4 + 1": {"c": "(-inf, 0)"},
    "lam*(w - c)**2/2": {"c": "(-1, 2)"},
    "abs(w - 10)**3": {},
    "abs(w - 10)*(w - 10)": {},
    "abs(w - 10)**3 + abs(w)": {},
    "where(w < c, (w - c)**2, 2*(w - c)**2)": {"c": "real"},
    "where(w == c, 0, (w - c)**2 - c*w + c**2)": {},
    "lam*where(w > c, (w - c)**2, where(w < -c, (w + c)**2, 0))": {},
    "lam*(w**2 - a**2)**2": {},
    "lam*w*log(w**2)/2": {},
    "exp(w) - 2*w": {},
    "lam*abs(w)/(c + abs(w)) - mu*w**2": {},
    "lam*log(cosh(w - 1))": {},
    "lam*w**3": {},
    "sign(w)*w**2": {},
    "lam*abs(w)*w - mu*w": {},
    "lam*w**2*(w - 1)": {},
    "lam*(exp(-w) + w)": {},
    "sqrt(1 + (w - c)**2)": {},
    "a*w**2/(1 + w)": {},
}


@cache
def derived(text: str) -> GradientDerivation:
    """Return the derivation of a text whose parameters have the domains that the tables give them."""
    return derive(objective(text, **KNOTTED.get(text, {})), resolve_rule("gradient_descent"))


def within(domain: Interval, r: random.Random) -> Any:
    """Return a number inside a domain, of moderate size: no exponential of it vanishes to the digits in force."""
    return inside(domain, draw(r, -0.5, 0.7), r)


def phi(terms: Terms, w: Any, parameters: Mapping[str, Any]) -> Any:
    given = Values(mpmath, {**parameters, "w": w})
    return sum(
        mpmath.mpf(t.coefficient.numerator) / t.coefficient.denominator * value(t.tree, given) for t in terms.terms
    )


KNOTTED: dict[str, dict[str, str]] = {
    **CURVED,
    "huber + 0.5*huber(delta=d)": {},
    "l1 + nonnegativity": {},
    "l1 + l_half": {},
    "l1 + 0.25*lp + berhu": {},
    "capped_l1 + l1(lam=mu)": {},
    "lam*min(abs(w + c), abs(w), abs(w - c))": {},
    "abs(abs(w) - c)": {},
    "abs(abs(abs(w) - 3*a) - a)": {},
    "min(abs(w), abs(w - c), 1)": {},
    "max(w, 0) - a*min(w, 0)": {},
    "lam*max(a*w, (a - 1)*w)": {"a": "[0, 1]"},
    "abs(w**2 - c)": {"c": "real"},
    "abs(w) - 2*max(w - c, 0) + abs(w + c)/3": {},
    "where(w > a, abs(w - a), where(w < -b, 2*abs(w + b), 0))": {},
    "where(0 < w and w <= c, w, where(w > c, c + (w - c)**2, 0))": {},
    "where(w < a or w > b, abs(w - a)*abs(w - b), 0)": {"a": "(-inf, 0)", "b": "positive"},
    "abs(w)*(1 + a*sign(w))": {"a": "(-1, 1)"},
    "abs(exp(w) - c)": {},
    "max(log(1 + abs(w)/c) - 1, 0)": {},
    "abs(w)**p": {"p": "(0, 3)"},
    "lam*abs(w)**p": {},
    "c*abs(w)": {"c": "real"},
    "sqrt(abs(w - c)) + abs(w)": {},
    "where(w > 0, a*w, b*w)": {"a": "real", "b": "real"},
    "where(w > c, 2*w, w + c) + w": {"c": "real"},
    "abs(w) + where(w <= c, w**2, c**2)": {"c": "real"},
    "abs(tanh(w) - c)": {"c": "(-1, 1)"},
    "max(abs(w) - c, abs(w)/2)": {"c": "[0, inf)"},
}
