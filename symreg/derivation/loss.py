"""Derive a loss by its prediction: l', l'' with the rules that lead to them, and what bounds them."""

from __future__ import annotations

from fractions import Fraction

from symreg.calculus.analysis import Analysis, analyse
from symreg.calculus.border import border
from symreg.calculus.differentiation.differentiate import differentiate
from symreg.calculus.differentiation.smooth import derivative_beside_kinks, without_squared_signs
from symreg.calculus.differentiation.step import Step
from symreg.calculus.loss_profile import LossProfile, Y, Z
from symreg.calculus.pieces.knot import Knot
from symreg.calculus.symbolic.simplify import simplify
from symreg.claims.composed.losses import CLAIMS, loss_properties
from symreg.claims.decide import Claims
from symreg.derivation.loss_model import CURVATURE, LOSS, SLOPE, LossDerivation
from symreg.errors import Intractable
from symreg.expressions.arithmetic import WJ, call, size, times, total
from symreg.expressions.decompose import factors, product
from symreg.expressions.tree import Call, Compare, Logic, Tree, children, number, substitute, transform, walk
from symreg.model.loss import Loss


@border("the loss's derivative")
def derive_loss(loss: Loss, claims: Claims = CLAIMS) -> LossDerivation:
    """Return the derivation of a loss's two derivatives by the prediction.

    Args:
        loss: The loss.
        claims: What is to be decided of it besides.

    Raises:
        NotDifferentiable: It jumps, or has a switch whose roots cannot be listed.
        Intractable: An expression that the calculus does not handle.
    """
    verdicts = loss_properties(loss, claims)
    profile = verdicts.loss
    assert profile is not None
    with profile.told():
        analysis = analyse(profile.terms)
        gradient = _by_prediction(profile, _shortest_slope(analysis))
    steps = [Step(rule="loss", before=LOSS, after=loss.expression, why=_where(loss))]
    steps += _differentiated(loss.expression, gradient, SLOPE, analysis, "")
    places = _places(profile, analysis)
    steps += [_at_kink(label, knot, profile) for label, knot in places if knot.is_kink]
    smooth = _by_prediction(profile, _shortest([_simplified(analysis), _term_by_term(analysis)]))
    try:
        if not profile.has_labels_apart and _asks_for_one_label(loss.expression):
            raise Intractable("whether the derivative jumps is another question for each label")
        hessian: Tree | None = profile.at_sample(_second(analysis))
        assert hessian is not None
        why = "y^2 = 1 for both labels" if profile.of == "margin" else ""
        steps += _differentiated(smooth, hessian, CURVATURE, analysis, why)
    except Intractable:
        hessian = None
    return LossDerivation(
        profile=profile,
        steps=tuple(dict.fromkeys(steps)),
        gradient=gradient,
        hessian=hessian,
        places=places,
        verdicts=verdicts,
        notes=verdicts.notes,
    )


def _shortest_slope(analysis: Analysis) -> Tree:
    """Return phi', with what is taken at kinks."""
    has_kinks = any(knot.is_kink for knot in analysis.knots)
    return analysis.gradient if has_kinks else _shortest([analysis.gradient, _term_by_term(analysis)])


def _simplified(analysis: Analysis) -> Tree:
    return total([addend.simplified for addend in analysis.addends])


def _term_by_term(analysis: Analysis) -> Tree:
    return total([addend.term_by_term for addend in analysis.addends])


def _shortest(trees: list[Tree]) -> Tree:
    """Return the tree with the fewest functions, of several the shortest."""
    return min(trees, key=lambda tree: (sum(isinstance(node, Call) for node in walk(tree)), size(tree)))


def _by_prediction(profile: LossProfile, slope: Tree) -> Tree:
    """Return l' of phi', its factors in one product, of a choice in each branch."""
    if isinstance(slope, Call) and slope.function == "where":
        condition, *branches = slope.arguments
        return call("where", profile.at_sample(condition), *(_by_prediction(profile, branch) for branch in branches))
    return product([*factors(profile.slope_factor), *factors(profile.at_sample(slope))])


def _where(loss: Loss) -> str:
    """Return where the formula holds, in words."""
    places = [loss.labels.condition("y")]
    if not loss.prediction.is_all:
        places.append(f"{loss.prediction.condition('z')}, beyond that it is +inf")
    return f"as it was written, for {' and '.join(places)}"


def _differentiated(tree: Tree, result: Tree, left: Tree, analysis: Analysis, why: str) -> list[Step]:
    """Return the rules of differentiation by z, and what is made of their results."""
    derivative = differentiate(substitute(tree, {Z: WJ}), analysis.parameters)
    steps = [
        Step(
            rule=step.rule,
            before=substitute(step.before, {WJ: Z}),
            after=substitute(step.after, {WJ: Z}),
            why=step.why.replace("w_j", "z"),
            condition=None if step.condition is None else substitute(step.condition, {WJ: Z}),
        )
        for step in derivative.steps
    ]
    raw = substitute(derivative.tree, {WJ: Z})
    if steps and steps[-1].after != raw and raw != result:
        steps.append(Step(rule="put together", before=left, after=raw))
    return [*steps, Step(rule="result", before=left, after=result, why=why)]


def _places(profile: LossProfile, analysis: Analysis) -> tuple[tuple[Fraction | None, Knot], ...]:
    """Return the knots of phi: of every label by itself where there are few, else of all.

    Where a label of an interval is asked for by `y == 0`, say, the knots of that one label are not those of others.
    """
    if not profile.has_labels_apart:
        return () if _asks_for_one_label(profile.loss.expression) else tuple((None, knot) for knot in analysis.knots)
    rows = zip(profile.loss.labels.values, profile.by_label, strict=True)
    return tuple((value, knot) for value, (_, terms) in rows for knot in analyse(terms).knots)


def _asks_for_one_label(tree: Tree) -> bool:
    return any(isinstance(node, Compare) and node.operator == "==" and Y in children(node) for node in walk(tree))


def _at_kink(label: Fraction | None, knot: Knot, profile: LossProfile) -> Step:
    """Return what is taken for the slope at a kink."""
    here = Compare("==", profile.argument, knot.position)
    return Step(
        rule="one-sided derivatives",
        before=SLOPE,
        after=times(profile.slope_factor, knot.chosen),
        why="the derivative of smaller magnitude of the two, or 0 between them",
        condition=here if label is None else Logic("and", (Compare("==", Y, number(label)), here)),
    )


def _second(analysis: Analysis) -> Tree:
    """Return phi'' over the bare `w`, simplified."""
    slope = _shortest([_simplified(analysis), _term_by_term(analysis)])
    derivative = simplify(derivative_beside_kinks(slope, analysis.parameters), analysis.parameters)
    return simplify(transform(derivative, without_squared_signs), analysis.parameters)
