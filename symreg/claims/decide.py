"""Decide what can be said of a penalty: every claim proved, conditional, refuted with numbers, or left undecided."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from symreg.calculus.analysis import Analysis, analyse
from symreg.calculus.border import border
from symreg.calculus.domains.natural_domain import on_natural_domains
from symreg.calculus.domains.notes import undefined_notes
from symreg.calculus.signs.sign import sign_for_all
from symreg.calculus.signs.symbolic_sign import NONNEGATIVE
from symreg.claims import convexity, descent, shape, thresholding
from symreg.claims.cases import cases, exponent_of, joined
from symreg.claims.composed.lifted import of_differences, of_groups
from symreg.claims.vectors import is_convex_by_structure, of_sum, of_vector
from symreg.claims.verdict import Verdict, Verdicts, shown
from symreg.errors import Intractable, NotDifferentiable
from symreg.expressions.arithmetic import INFINITY, ZERO, minus
from symreg.expressions.tree import Compare, Tree
from symreg.model.objective import Objective
from symreg.model.spec import Parameter
from symreg.model.terms import Terms

Claims = Mapping[str, Callable[[Analysis], Verdict]]

CLAIMS: dict[str, Callable[[Analysis], Verdict]] = {
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


def properties(objective: Objective, analysis: Analysis | None = None) -> Verdicts:
    """Return the verdict on every claim about an objective's penalty, where its formula has a value.

    Args:
        objective: Its loss is left out.
        analysis: Of its terms, if somebody has one already.
    """
    analysis = analysis or analyse(objective.terms)
    of_groups_alone = () if objective.terms.groups is None else (_NOTE_ON_GROUPS,)
    of_elements = _notes_on_elements(objective.terms)
    notes = (*objective.notes, *undefined_notes(objective.terms, analysis.gaps), *of_groups_alone, *of_elements)
    verdicts = _of_sum(analysis.of(on_natural_domains(objective.terms, analysis.gaps)))
    return Verdicts(objective=objective, verdicts=verdicts, notes=notes)


def _notes_on_elements(terms: Terms) -> tuple[str, ...]:
    """Return what is said of a penalty of which each weight has elements of its own."""
    notes = []
    for p in (p for p in terms.parameters if p.shape):
        zero = f", and of weights whose {p.name} is positive" if p.has_zero else ""
        notes.append(
            f"{p.name} is one number for each weight, and what holds {p.name} is said of one weight{zero}; of all "
            "weights the greatest bound above holds, and the least below"
        )
    return tuple(notes)


_NOTE_ON_GROUPS = (
    "what is said of groups is said where their weights are positive; phi is the penalty of one group's norm, whose "
    "weight is 1"
)


def proofs_of_convexity(analysis: Analysis) -> tuple[tuple[Tree, Tree | None], ...]:
    """Return each rho for which R(w) + rho/2*|w|**2 is proved to be convex, with the condition; None: for all.

    Nothing is said of terms over groups. Terms in index notation have to be convex by their structure: nothing here
    looks for what refutes them.
    """
    terms = analysis.terms
    if terms.grouped or not all(is_convex_by_structure(term) for term in terms.indexed):
        return ()
    if not terms.elementwise:
        return ((ZERO, None),)
    try:
        with border("the penalty's convexity"):
            convex, weakly = elementwise_verdicts(analysis.of(Terms(terms=terms.elementwise)), _CURVATURE)
    except (Intractable, NotDifferentiable):
        return ()
    rows = ((convex, ZERO), (weakly, weakly.value))
    return tuple(
        (rho, verdict.holds_iff)
        for verdict, rho in rows
        if rho is not None and verdict.verdict in ("proved", "conditional")
    )


def _of_sum(analysis: Analysis) -> tuple[Verdict, ...]:
    """Return the verdicts on all terms together: the elementwise ones are one phi wherever their knots allow it."""
    terms = analysis.terms
    addends: list[tuple[Verdict, ...]] = []
    if terms.elementwise:
        try:
            with border("what holds of the penalty"):
                addends.append(elementwise_verdicts(analysis.of(Terms(terms=terms.elementwise)), CLAIMS))
        except (Intractable, NotDifferentiable) as error:
            if len(terms.elementwise) == 1:
                addends.append(tuple(Verdict(claim=claim, verdict="undecided", said=(str(error),)) for claim in CLAIMS))
            else:
                addends += [_of_sum(alone) for alone in analysis.alone if alone.terms.elementwise]
    if terms.groups is not None:
        addends.append(of_groups(_of_sum(analysis.of_norms), terms.groups.weights))
    addends += [_of_vector(alone) for alone in analysis.alone if alone.terms.indexed]
    if len(addends) == 1:
        return addends[0]
    return of_sum(analysis, addends, CLAIMS)


def _of_vector(alone: Analysis) -> tuple[Verdict, ...]:
    """Return the verdicts on one term in index notation; over differences, what follows from its phi as well."""
    verdicts = of_vector(alone, CLAIMS)
    (term,) = alone.terms.terms
    if term.lift is None:
        return verdicts
    of_phi = {verdict.claim: verdict for verdict in _of_sum(alone.of(Terms(terms=(term.phi,))))}
    followed = (of_differences(v.claim, of_phi) if v.verdict == "undecided" else None for v in verdicts)
    return tuple(new or old for new, old in zip(followed, verdicts, strict=True))


def elementwise_verdicts(analysis: Analysis, claims: Claims) -> tuple[Verdict, ...]:
    """Return the verdicts on the elementwise terms, one phi; an exponent is looked at case by case.

    Raises:
        Intractable, NotDifferentiable: It has no pieces, of which all claims are.
    """
    exponent = exponent_of(analysis.terms)
    if exponent is None:
        return _verdicts(analysis, claims)
    split = cases(analysis.terms, exponent)
    each = [_verdicts(analysis.of(case.terms), claims) for case in split]
    return tuple(joined(exponent, split, row) for row in zip(*each, strict=True))


def _verdicts(analysis: Analysis, claims: Claims) -> tuple[Verdict, ...]:
    """Return the verdict on each claim about one phi.

    Raises:
        Intractable, NotDifferentiable: It has no pieces, of which all claims are.
    """
    analysis.require_pieces()
    return tuple(_decided(claim, decide, analysis) for claim, decide in claims.items())


def _decided(claim: str, decide: Callable[[Analysis], Verdict], analysis: Analysis) -> Verdict:
    try:
        with border(f"the claim '{claim}'"):
            return shown(decide(analysis))
    except (Intractable, NotDifferentiable) as error:
        return Verdict(claim=claim, verdict="undecided", said=(str(error),))


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
        allowed: tuple[str, ...] = ("positive",) if is_strict else NONNEGATIVE
        return sign_for_all(minus(verdict.value, value), parameters) in allowed
    if verdict.verdict != "proved":
        return False
    gap = minus(verdict.value, value) if verdict.symbol == "mu" else minus(value, verdict.value)
    exact = verdict.symbol in ("degree", "threshold")
    return sign_for_all(gap, parameters) in (("zero",) if exact else NONNEGATIVE)
