"""What the claims have to say elsewhere: a derivation's bounds on the step, and the sentences of emitted docstrings."""

from __future__ import annotations

from dataclasses import replace

from symreg.calculus.analysis import Analysis
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

_CLAIMS: tuple[Decide, ...] = (no_overshoot, contraction)
_NAMES = ("no overshoot", "contraction")
_NO_STEP = "Near 0 the penalty's slope stays away from 0, so a gradient step of any size overshoots there"


def bounds_of_step(rule: Rule, analysis: Analysis) -> tuple[StepBound, ...]:
    """Return when a gradient step on an elementwise penalty alone keeps every weight's sign, and shrinks all it moves.

    Args:
        rule: Empty unless it is `w - rate*g` without state.
        analysis: Of the penalty, under the names that it has in the rule's step.
    """
    rate = rate_of(rule)
    if rate is None:
        return ()
    bounds = []
    for name, verdict in zip(_NAMES, verdicts_on_step(analysis), strict=False):
        condition = verdict.holds_iff
        if verdict.verdict == "conditional" and isinstance(condition, Compare) and condition.left == LR:
            bounds.append(StepBound(claim=name, condition=substitute(condition, {LR: rate})))
    return tuple(bounds)


def verdicts_on_step(analysis: Analysis) -> tuple[Verdict, ...]:
    """Return up to which learning rate a step on an elementwise penalty overshoots nowhere, and contracts.

    Nothing is said of terms in index notation or over groups, nor where an exponent decides.
    """
    terms = analysis.terms
    if not terms.elementwise or terms.indexed or terms.grouped or exponent_of(terms):
        return ()
    try:
        with border("the bound on the step"):
            return tuple(shown(decide(analysis)) for decide in _CLAIMS)
    except (Intractable, NotDifferentiable):
        return ()


def step_notes(verdicts: tuple[Verdict, ...]) -> tuple[str, ...]:
    """Return these verdicts on a gradient step as sentences for a docstring; empty where there is nothing to say."""
    if not verdicts:
        return ()
    keeps, shrinks = verdicts
    if keeps.verdict == "refuted":
        return (f"{_NO_STEP}.",) if keeps.note.startswith("for no step") else ()
    sentences = []
    if keeps.holds_iff is not None:
        condition = to_text(keeps.holds_iff)
        sentences.append(f"A gradient step on the penalty alone keeps every weight's sign iff {condition}.")
    if shrinks.holds_iff is not None:
        sentences.append(f"It makes every weight that it moves smaller iff {to_text(shrinks.holds_iff)}.")
    return tuple(sentences)


def formula_of(analysis: Analysis) -> SingleFormula | None:
    """Return up to which step one formula gives the proximal operator of elementwise terms; None: not decided."""
    apart, exponents = named(analysis.terms)
    try:
        with border("up to which step one formula holds"):
            formula = None if exponent_of(analysis.terms) else single_formula(analysis.of(apart))
    except (Intractable, NotDifferentiable):
        return None
    if formula is None:
        return None
    condition = None if formula.condition is None else restored(formula.condition, exponents)
    return replace(formula, bound=restored(formula.bound, exponents), condition=condition)


def verdicts_on_operator(formula: SingleFormula | None) -> tuple[Verdict, ...]:
    """Return what one formula for the proximal operator means as a verdict; none where there is no such formula."""
    if formula is None or formula.bound == ZERO:
        return ()
    claim, value = "continuous thresholding", None if formula.condition is None else formula.bound
    status: Status = "proved" if formula.condition is None else "conditional"
    return (Verdict(claim=claim, verdict=status, holds_iff=formula.condition, symbol="step", value=value),)


def prox_notes(formula: SingleFormula | None) -> tuple[str, ...]:
    """Return up to which step one formula gives the proximal operator, as a sentence for a docstring."""
    if formula is None:
        return ()
    if formula.condition is None:
        return ("The penalty is convex: the operator is continuous for every step.",)
    if formula.bound == ZERO:
        return ("The operator jumps for every step: the penalty's curvature has no lower bound.",)
    return (f"The operator is continuous, given by one formula, iff {to_text(formula.condition)}; beyond, it jumps.",)


def rate_of(rule: Rule) -> Tree | None:
    """Return what a rule multiplies the penalty's gradient by in `w - rate*g`; None for any other rule."""
    if rule.states or len(rule.steps) != 1:
        return None
    match rule.steps[0].expression:
        case Binary("-", Name("w"), Binary("*", rate, Name("g"))) if not names(rate) & {"w", "g", "g_loss", "t"}:
            return rate
        case _:
            return None
