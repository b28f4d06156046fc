"""Decide what can be said of a penalty: every claim proved, conditional, refuted with numbers, or left undecided."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from symreg.calculus.analysis import Study, study
from symreg.calculus.border import border
from symreg.calculus.pieces.undefined import on_natural_domains, undefined_notes
from symreg.calculus.signs.sign import sign_for_all
from symreg.claims import convexity, descent, shape, thresholding
from symreg.claims.cases import cases, exponent_of, joined
from symreg.claims.vectors import is_convex_by_structure, of_sum, of_vector
from symreg.claims.verdict import Analysis, Verdict, shown
from symreg.errors import Intractable, NotDifferentiable
from symreg.expressions.arithmetic import INFINITY, ZERO, minus
from symreg.expressions.tree import Compare, Tree
from symreg.model.objective import Objective
from symreg.model.spec import Parameter
from symreg.model.terms import Terms

Claims = Mapping[str, Callable[[Study], Verdict]]

CLAIMS: dict[str, Callable[[Study], Verdict]] = {
    "even": shape.even,
    "nonnegative": shape.nonnegative,
    "continuous": shape.continuous,
    "differentiable": shape.differentiable,
    "convex": convexity.convex,
    "weakly convex": convexity.weakly_convex,
    "strongly convex": convexity.strongly_convex,
    "gradient Lipschitz": convexity.lipschitz,
    "coercive": descent.coercive,
    "shrinks toward the origin": descent.toward_origin,
    "step without overshoot": descent.no_overshoot,
    "step that contracts": descent.contraction,
    "sparse": thresholding.sparse,
    "unbiased": thresholding.unbiased,
    "continuous thresholding": thresholding.continuous_rule,
    "positively homogeneous": shape.homogeneous,
    "prox by quadratics": thresholding.by_quadratics,
}
"""Every claim by its name, in the order in which they are told."""
_CURVATURE: Claims = {claim: CLAIMS[claim] for claim in ("convex", "weakly convex")}


def properties(objective: Objective) -> Analysis:
    """Return the verdict on every claim about an objective's penalty, where its formula has a value."""
    notes = (*objective.notes, *undefined_notes(objective.terms))
    return Analysis(objective=objective, verdicts=_of_sum(on_natural_domains(objective.terms)), notes=notes)


def proofs_of_convexity(terms: Terms) -> tuple[tuple[Tree, Tree | None], ...]:
    """Return each rho for which R(w) + rho/2*|w|**2 is proved to be convex, with the condition; None: for all.

    Terms in index notation have to be convex by their structure: nothing here looks for what refutes them.
    """
    if not all(is_convex_by_structure(term) for term in terms.indexed):
        return ()
    if not terms.elementwise:
        return ((ZERO, None),)
    try:
        with border("the penalty's convexity"):
            convex, weakly = _elementwise(Terms(terms=terms.elementwise), _CURVATURE)
    except (Intractable, NotDifferentiable):
        return ()
    rows = ((convex, ZERO), (weakly, weakly.value))
    return tuple(
        (rho, verdict.holds_iff)
        for verdict, rho in rows
        if rho is not None and verdict.verdict in ("proved", "conditional")
    )


def _of_sum(terms: Terms) -> tuple[Verdict, ...]:
    """Return the verdicts on all terms together: the elementwise ones are one phi wherever their knots allow it."""
    addends: list[tuple[Verdict, ...]] = []
    if terms.elementwise:
        try:
            with border("what holds of the penalty"):
                addends.append(_elementwise(Terms(terms=terms.elementwise), CLAIMS))
        except (Intractable, NotDifferentiable) as error:
            if len(terms.elementwise) == 1:
                addends.append(tuple(Verdict(claim=claim, verdict="undecided", note=str(error)) for claim in CLAIMS))
            else:
                addends += [_of_sum(Terms(terms=(term,))) for term in terms.elementwise]
    addends += [of_vector(term, CLAIMS) for term in terms.indexed]
    if len(addends) == 1:
        return addends[0]
    return of_sum(terms, addends, CLAIMS)


def _elementwise(terms: Terms, claims: Claims) -> tuple[Verdict, ...]:
    """Return the verdicts on the elementwise terms, one phi; an exponent is looked at case by case."""
    exponent = exponent_of(terms)
    if exponent is None:
        return _verdicts(terms, claims)
    split = cases(terms, exponent)
    each = [_verdicts(case.terms, claims) for case in split]
    return tuple(joined(exponent, split, row) for row in zip(*each, strict=True))


def _verdicts(terms: Terms, claims: Claims) -> tuple[Verdict, ...]:
    made = study(terms, terms.parameters)
    return tuple(_decided(claim, decide, made) for claim, decide in claims.items())


def _decided(claim: str, decide: Callable[[Study], Verdict], made: Study) -> Verdict:
    try:
        with border(f"the claim '{claim}'"):
            return shown(decide(made))
    except (Intractable, NotDifferentiable) as error:
        return Verdict(claim=claim, verdict="undecided", note=str(error))


def proves(verdict: Verdict, value: Tree, parameters: tuple[Parameter, ...]) -> bool:
    """Does a verdict prove its claim with this constant, for all parameters in their domains?

    A larger rho or L, a smaller mu and a smaller step are proved along with the best one; a degree and a threshold are
    what they are.

    Args:
        verdict: With a constant.
        value: An expression in the parameters in the constant's place.
        parameters: With their domains.
    """
    if verdict.value is None or verdict.verdict == "refuted" or INFINITY in (verdict.value, value):
        return verdict.verdict == "proved" and verdict.value == value
    if verdict.symbol in ("lr", "step"):
        is_strict = isinstance(verdict.holds_iff, Compare) and verdict.holds_iff.operator == "<"
        allowed: tuple[str, ...] = ("positive",) if is_strict else ("positive", "zero", "nonnegative")
        return sign_for_all(minus(verdict.value, value), parameters) in allowed
    if verdict.verdict != "proved":
        return False
    gap = minus(verdict.value, value) if verdict.symbol == "mu" else minus(value, verdict.value)
    exact = verdict.symbol in ("degree", "threshold")
    return sign_for_all(gap, parameters) in (("zero",) if exact else ("positive", "zero", "nonnegative"))
