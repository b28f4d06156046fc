"""What the claims have to say elsewhere: a derivation's bounds on the step, and the sentences of emitted docstrings."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from symreg.calculus.analysis import study
from symreg.calculus.border import border
from symreg.calculus.symbolic.exponents import named, restored
from symreg.claims.cases import exponent_of
from symreg.claims.descent import LR, contraction, no_overshoot
from symreg.claims.thresholding import SingleFormula, single_formula
from symreg.claims.vectors import Decide
from symreg.claims.verdict import Status, StepBound, Verdict, shown
from symreg.errors import Intractable, NotDifferentiable
from symreg.expressions.arithmetic import ZERO
from symreg.expressions.text import to_text
from symreg.expressions.tree import Binary, Compare, Name, Tree, names, substitute
from symreg.model.spec import Rule
from symreg.model.terms import Terms

_CLAIMS: tuple[tuple[str, Decide], ...] = (("no overshoot", no_overshoot), ("contraction", contraction))
_REMEMBERED = 8
"""Penalties of which an answer is kept, as those who judge it ask again."""
_NO_STEP = "Near 0 the penalty's slope stays away from 0, so a gradient step of any size overshoots there"


def bounds_of_step(rule: Rule, terms: Terms) -> tuple[StepBound, ...]:
    """Return when a gradient step on an elementwise penalty alone keeps every weight's sign, and shrinks all it moves.

    Args:
        rule: Empty unless it is `w - rate*g` without state.
        terms: Elementwise, told apart from the rule.
    """
    rate = rate_of(rule)
    if rate is None:
        return ()
    made = []
    for claim, verdict in _decided(terms):
        condition = verdict.holds_iff
        if verdict.verdict == "conditional" and isinstance(condition, Compare) and condition.left == LR:
            made.append(StepBound(claim=claim, condition=substitute(condition, {LR: rate})))
    return tuple(made)


def told_of_steps(terms: Terms) -> tuple[Verdict, ...]:
    """Return the verdicts that the sentences on a gradient step tell."""
    return tuple(verdict for _, verdict in _decided(terms))


def told_of_operator(terms: Terms) -> tuple[Verdict, ...]:
    """Return the verdict that the sentence on the proximal operator tells."""
    found = formula_of(terms)
    if found is None or found.bound == ZERO:
        return ()
    claim, value = "continuous thresholding", None if found.condition is None else found.bound
    status: Status = "proved" if found.condition is None else "conditional"
    return (Verdict(claim=claim, verdict=status, holds_iff=found.condition, symbol="step", value=value),)


def step_notes(terms: Terms) -> tuple[str, ...]:
    """Return the bound on a gradient step as sentences for a docstring; empty where there is none to tell."""
    verdicts = dict(_decided(terms))
    if not verdicts:
        return ()
    keeps, shrinks = verdicts["no overshoot"], verdicts["contraction"]
    if keeps.verdict == "refuted":
        return (f"{_NO_STEP}.",) if keeps.note.startswith("for no step") else ()
    made = []
    if keeps.holds_iff is not None:
        made.append(f"A gradient step on the penalty alone keeps every weight's sign iff {to_text(keeps.holds_iff)}.")
    if shrinks.holds_iff is not None:
        made.append(f"It makes every weight that it moves smaller iff {to_text(shrinks.holds_iff)}.")
    return tuple(made)


@lru_cache(maxsize=_REMEMBERED)
def formula_of(terms: Terms) -> SingleFormula | None:
    """Return up to which step one formula gives the proximal operator of elementwise terms; None: not decided."""
    apart, exponents = named(terms)
    try:
        with border("up to which step one formula holds"):
            found = None if exponent_of(terms) else single_formula(study(apart, apart.parameters))
    except (Intractable, NotDifferentiable):
        return None
    if found is None:
        return None
    condition = None if found.condition is None else restored(found.condition, exponents)
    return replace(found, bound=restored(found.bound, exponents), condition=condition)


def prox_notes(terms: Terms) -> tuple[str, ...]:
    """Return up to which step one formula gives the proximal operator, as a sentence for a docstring."""
    found = formula_of(terms)
    if found is None:
        return ()
    if found.condition is None:
        return ("The penalty is convex: the operator is continuous for every step.",)
    if found.bound == ZERO:
        return ("The operator jumps for every step: the penalty's curvature has no lower bound.",)
    return (f"The operator is continuous, given by one formula, iff {to_text(found.condition)}; beyond, it jumps.",)


def rate_of(rule: Rule) -> Tree | None:
    """Return what a rule multiplies the penalty's gradient by in `w - rate*g`; None for any other rule."""
    if rule.states or len(rule.steps) != 1:
        return None
    match rule.steps[0].expression:
        case Binary("-", Name("w"), Binary("*", rate, Name("g"))) if not names(rate) & {"w", "g", "g_loss", "t"}:
            return rate
        case _:
            return None


@lru_cache(maxsize=_REMEMBERED)
def _decided(terms: Terms) -> tuple[tuple[str, Verdict], ...]:
    if not terms.elementwise or terms.indexed or exponent_of(terms):
        return ()
    try:
        with border("the bound on the step"):
            made = study(terms, terms.parameters)
            return tuple((claim, shown(decide(made))) for claim, decide in _CLAIMS)
    except (Intractable, NotDifferentiable):
        return ()
