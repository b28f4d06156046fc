"""Decide what can be said of a loss in its prediction, for every label: convex, monotone, of bounded slope, ..."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symreg.calculus.analysis import analyse
from symreg.calculus.border import border
from symreg.calculus.domains.natural_domain import on_natural_domains
from symreg.calculus.domains.notes import undefined_notes
from symreg.calculus.loss_profile import LossProfile, profile_of
from symreg.calculus.signs.extremes import extremes
from symreg.claims import convexity, shape
from symreg.claims.composed import slopes
from symreg.claims.decide import Claims, elementwise_verdicts
from symreg.claims.verdict import CURVATURE, Verdict, Verdicts
from symreg.errors import Intractable, NotDifferentiable
from symreg.expressions.arithmetic import INFINITY, NAN, ZERO, W, call, rational
from symreg.expressions.tree import Call, Compare, Name, Tree, names, substitute
from symreg.model.loss import Loss
from symreg.model.terms import Terms

CLAIMS: Claims = {
    "nonnegative": shape.nonnegative,
    "differentiable": shape.differentiable,
    "convex": convexity.convex,
    "weakly convex": convexity.weakly_convex,
    "strongly convex": convexity.strongly_convex,
    "monotone": slopes.monotone,
    "bounded slope": slopes.bounded_slope,
    "gradient Lipschitz": convexity.lipschitz,
}
"""Every claim about a loss by its name, in the order in which they are told; all are of phi, see `LossProfile`."""
_CURVATURE: Claims = {"gradient Lipschitz": convexity.lipschitz}


def loss_properties(loss: Loss, claims: Claims = CLAIMS) -> Verdicts:
    """Return the verdict on every claim about a loss, or on some, where its formula has a value.

    Raises:
        NotDifferentiable: It jumps.
    """
    profile = profile_of(loss)
    parts = tuple((terms, _verdicts(terms, claims)) for _, terms in profile.by_label)
    rows_of_claims = zip(*(verdicts for _, verdicts in parts), strict=True)
    joined = tuple(_of_loss(profile, _joined(profile, rows)) for rows in rows_of_claims)
    notes = (*loss.notes, *(profile.in_words(note) for note in undefined_notes(profile.terms)))
    return Verdicts(objective=profile.objective, verdicts=joined, notes=notes, loss=profile, parts=parts)


def curvature_bound(loss: Loss) -> Tree | None:
    """Return sup |l''| over all predictions and labels, an expression in the loss's parameters.

    The gradient of l in z is Lipschitz with this constant; None where it is not, or that is not proved.
    """
    return _bound(loss, _CURVATURE)


def slope_bound(loss: Loss) -> Tree | None:
    """Return sup |l'| likewise: a Lipschitz constant of the loss in z."""
    return _bound(loss, {"bounded slope": slopes.bounded_slope})


def _bound(loss: Loss, claims: Claims) -> Tree | None:
    profile = profile_of(loss)
    bounds: list[Tree] = []
    for _, terms in profile.by_label:
        (verdict,) = _verdicts(terms, claims)
        bound = None if verdict.value is None else _over_labels(verdict.value, terms)
        if verdict.verdict != "proved" or bound is None:
            return None
        bounds.append(bound)
    return _greatest(bounds)


def _verdicts(terms: Terms, claims: Claims) -> tuple[Verdict, ...]:
    analysis = analyse(terms)
    analysis = analysis.of(on_natural_domains(terms, analysis.gaps))
    try:
        with border("what holds of the loss"):
            return tuple(map(_told, _consequences(elementwise_verdicts(analysis, claims))))
    except (Intractable, NotDifferentiable) as reason:
        return tuple(Verdict(claim=claim, verdict="undecided", said=(str(reason),)) for claim in claims)


def _consequences(verdicts: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
    """Return the verdicts, with what follows from one of them where it was left undecided by itself."""
    convex = next((v for v in verdicts if v.claim == "convex" and v.verdict == "proved"), None)
    if convex is None:
        return verdicts
    weakly = Verdict(claim="weakly convex", verdict="proved", symbol="rho", value=ZERO, method=convex.method)
    return tuple(weakly if (v.claim, v.verdict) == ("weakly convex", "undecided") else v for v in verdicts)


def _told(verdict: Verdict) -> Verdict:
    """Return a verdict with its bound on l'' in words."""
    if verdict.claim != "gradient Lipschitz" or verdict.verdict != "proved" or verdict.value is None:
        return verdict
    return replace(verdict, said=(Compare("<=", call("abs", CURVATURE), verdict.value),))


def _joined(profile: LossProfile, verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict for all labels of those for each: it has to hold for every one."""
    first = verdicts[0]
    if len(verdicts) == 1:
        return first
    for (label, _), verdict in zip(profile.by_label, verdicts, strict=True):
        if verdict.verdict in ("refuted", "conditional"):
            return replace(verdict, said=(f"for {label}", *(("; ", *verdict.said) if verdict.said else ())))
    if any(verdict.verdict == "undecided" for verdict in verdicts):
        return next(verdict for verdict in verdicts if verdict.verdict == "undecided")
    values = [verdict.value for verdict in verdicts if verdict.value is not None]
    if not values:
        same = all(verdict.said == first.said for verdict in verdicts)
        return first if same else replace(first, said=("for each label",))
    return _told(replace(first, value=_least(values) if first.symbol == "mu" else _greatest(values), said=()))


def _of_loss(profile: LossProfile, verdict: Verdict) -> Verdict:
    """Return a verdict whose reason for being undecided is told of the loss."""
    if verdict.verdict != "undecided":
        return verdict
    said = tuple(profile.in_words(part) if isinstance(part, str) else part for part in verdict.said)
    return replace(verdict, said=said)


def _over_labels(value: Tree, terms: Terms) -> Tree | None:
    """Return the supremum of a constant over the labels that it depends on."""
    if "y" not in names(value):
        return value
    label = next(p for p in terms.parameters if p.name == "y")
    others = tuple(p for p in terms.parameters if p.name != "y")
    branches = value.arguments if isinstance(value, Call) and value.function == "max" else (value,)
    found: list[Tree] = []
    for branch in branches:
        pair = extremes(substitute(branch, {Name("y"): W}), label.domain.lower, label.domain.upper, others)
        if pair is None or pair[1].value in (INFINITY, NAN):
            return None
        found.append(pair[1].value)
    return _greatest(found)


def _greatest(values: Sequence[Tree]) -> Tree:
    return _extreme(values, "max")


def _least(values: Sequence[Tree]) -> Tree:
    return _extreme(values, "min")


def _extreme(values: Sequence[Tree], function: str) -> Tree:
    """Return the greatest or the least of some constants, as a choice where that depends on the parameters."""
    distinct = tuple(dict.fromkeys(values))
    numbers = [rational(value) for value in distinct]
    if len(distinct) == 1:
        return distinct[0]
    known = [value for value in numbers if value is not None]
    if len(known) == len(distinct):
        best = max(known) if function == "max" else min(known)
        return distinct[numbers.index(best)]
    return call(function, *distinct)
