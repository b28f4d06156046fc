"""A loss's value and its first two derivatives by the prediction, in the forms that floating point computes well."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from symreg.accuracy.search import Stable, stabilise
from symreg.calculus.analysis import Analysis, analyse
from symreg.calculus.border import border
from symreg.calculus.differentiation.smooth import derivative_beside_kinks, without_squared_signs
from symreg.calculus.domains.conditions import within
from symreg.calculus.evaluation.high_precision import evaluate, samples
from symreg.calculus.gradient import DerivedAddend
from symreg.calculus.loss_profile import LossProfile, Y, profile_of
from symreg.calculus.pieces.choices import chosen_slope, kind_of
from symreg.calculus.pieces.guards import guarded, takes
from symreg.calculus.pieces.knot import Knot
from symreg.calculus.pieces.pieces import Piece
from symreg.calculus.signs.limits import limit_at
from symreg.calculus.symbolic.simplify import simplify
from symreg.errors import Intractable, NotDifferentiable
from symreg.expressions.arithmetic import INFINITY, NAN, W, negative, times, total, where, without_extrema
from symreg.expressions.text import to_text
from symreg.expressions.tree import Compare, Tree, number, substitute, transform
from symreg.model.loss import Loss
from symreg.model.spec import Parameter
from symreg.model.terms import Terms
from symreg.updates.forms import accurate_forms
from symreg.updates.update import WITHIN_REACH
from symreg.updates.zero_label import with_zero_label


@dataclass(frozen=True, slots=True, kw_only=True)
class LossForms:
    """A loss and its derivatives as they are emitted, over `Name("z")`, `Name("y")` and the parameters.

    Args:
        value: l(z, y); `inf` where z is outside the domain of predictions.
        gradient: dl/dz; `nan` there.
        hessian: d2l/dz2, likewise; None where it is not derived.
        value_notes: Sentences for docstrings of what computes the value.
        gradient_notes: Likewise, of the gradient: what is chosen at kinks.
        hessian_notes: Likewise: what is chosen where the second derivative jumps; without one, why there is none.
        is_smooth: Is it twice differentiable at every prediction, for all labels and parameters?
    """

    value: Tree
    gradient: Tree
    hessian: Tree | None
    value_notes: tuple[str, ...]
    gradient_notes: tuple[str, ...]
    hessian_notes: tuple[str, ...]
    is_smooth: bool

    @property
    def loses_digits(self) -> bool:
        """Is one of them inaccurate at some predictions, for some labels and parameters?"""
        return any("digits are lost" in note for note in (*self.value_notes, *self.gradient_notes, *self.hessian_notes))


def loss_forms(loss: Loss) -> LossForms:
    """Return a loss and its derivatives in accurate forms.

    Raises:
        NotDifferentiable: It jumps, or has a switch whose roots cannot be listed.
        Intractable: An expression that the calculus does not handle.
    """
    profile = profile_of(loss)
    with border("the loss's derivative"), profile.told():
        try:
            forms = _forms(profile, profile.terms)
            reason = None
        except (NotDifferentiable, Intractable) as error:
            forms, reason = None, error
        is_lacking = forms is None or forms.hessian is None or forms.loses_digits
        if profile.has_labels_apart and is_lacking:
            forms = _by_label(profile)
        if forms is None:
            assert reason is not None
            raise reason
        return replace(
            forms,
            value=with_zero_label(forms.value, loss.labels),
            gradient=with_zero_label(forms.gradient, loss.labels),
            hessian=None if forms.hessian is None else with_zero_label(forms.hessian, loss.labels),
        )


def _forms(profile: LossProfile, terms: Terms) -> LossForms:
    """Return the forms of a loss from phi, for all labels or for one."""
    analysis = analyse(terms)
    forms = accurate_forms(analysis)
    assert forms.value is not None and forms.gradient is not None  # of one elementwise term
    try:
        second = second_derivative(analysis)
    except (Intractable, NotDifferentiable) as reason:
        second = Second(tree=None, notes=(f"There is no second derivative: {reason}.",), is_continuous=False)
    is_whole = terms == profile.terms
    return LossForms(
        value=_as_written(profile, forms.value) if is_whole else profile.at_sample(forms.value),
        gradient=times(profile.slope_factor, profile.at_sample(forms.gradient)),
        hessian=None if second.tree is None else profile.at_sample(second.tree),
        value_notes=tuple(map(profile.in_words, forms.value_notes)),
        gradient_notes=tuple(map(profile.in_words, forms.gradient_notes)),
        hessian_notes=tuple(map(profile.in_words, second.notes)),
        is_smooth=second.is_continuous,
    )


def _by_label(profile: LossProfile) -> LossForms:
    """Return the forms of each label by itself, as a choice on the label."""
    each = [(label, _forms(profile, terms)) for label, terms in profile.by_label]
    conditions = [Compare("==", Y, number(value)) for value in profile.loss.labels.values]

    def chosen(trees: list[Tree]) -> Tree:
        whole = trees[-1]
        for condition, tree in zip(reversed(conditions[:-1]), reversed(trees[:-1]), strict=True):
            whole = where(condition, tree, whole)
        return whole

    def told(kind: str) -> tuple[str, ...]:
        rows = ((label, note) for label, forms in each for note in getattr(forms, kind))
        return tuple(f"For {label}: {note[0].lower()}{note[1:]}" for label, note in rows)

    hessians = [forms.hessian for _, forms in each if forms.hessian is not None]
    return LossForms(
        value=chosen([forms.value for _, forms in each]),
        gradient=chosen([forms.gradient for _, forms in each]),
        hessian=chosen(hessians) if len(hessians) == len(each) else None,
        value_notes=told("value_notes"),
        gradient_notes=told("gradient_notes"),
        hessian_notes=told("hessian_notes"),
        is_smooth=all(forms.is_smooth for _, forms in each),
    )


def _as_written(profile: LossProfile, value: Tree) -> Tree:
    """Return the loss by the form of phi; where that is phi as it was given, by the loss's own text."""
    (term,) = profile.terms.terms
    return profile.loss.expression if value == without_extrema(term.tree) else profile.at_sample(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """phi'' over the bare `w`, what is said of it, and whether it is continuous and finite; None: there is none."""

    tree: Tree | None
    notes: tuple[str, ...]
    is_continuous: bool


def second_derivative(analysis: Analysis) -> Second:
    """Return phi'' of one term; where it jumps, that of one side.

    Raises:
        Intractable, NotDifferentiable: phi has no pieces, or no second derivative of them is found.
    """
    parameters = analysis.parameters
    bends = [_bend(before, after, parameters) for before, after in pairwise(analysis.continuous_pieces().pieces)]
    forms = [_second_form(addend) for addend in analysis.addends]
    (term,) = analysis.terms.terms
    tree = within(total([form.tree for form in forms]), term.domain, NAN)
    tree = guarded(tree, tuple(bend for bend in bends if not _is_of_one_side(tree, bend, parameters)), parameters)
    if any(form.strays for form in forms):
        tree = substitute(tree, {W: WITHIN_REACH})
    kinks = {knot.position for knot in analysis.knots if knot.is_kink}
    jumps = [bend for bend in bends if bend.is_kink or bend.position in kinks or _is_infinite(bend.left)]
    notes = [form.note for form in forms if form.note]
    notes += [
        f"At w = {to_text(bend.position)} the penalty has no second derivative; that of one side is taken."
        for bend in jumps
    ]
    return Second(tree=tree, notes=tuple(dict.fromkeys(notes)), is_continuous=not jumps and not kinks)


def _second_form(addend: DerivedAddend) -> Stable:
    """Return the stable form of an addend's second derivative."""
    parameters = addend.term.parameters
    plain, raw = (derivative_beside_kinks(slope, parameters) for slope in (addend.simplified, addend.gradient))
    simplified = transform(simplify(plain, parameters), without_squared_signs)
    return stabilise(
        simplify(simplified, parameters),
        parameters=parameters,
        domain=addend.term.domain,
        candidates=(plain, raw),
    )


def _is_of_one_side(tree: Tree, bend: Knot, parameters: tuple[Parameter, ...]) -> bool:
    """Has phi'' at a knot, by itself, its limit from the left or from the right?"""
    rows = [{**row, W: evaluate(bend.position, row)} for row in samples(parameters)]
    return takes(tree, bend.left, rows) or takes(tree, bend.right, rows)


def _bend(before: Piece, after: Piece, parameters: tuple[Parameter, ...]) -> Knot:
    """Return how phi' goes on at a knot of phi: its one-sided slopes are phi'' on either side."""
    position = after.low
    assert position is not None
    left = limit_at(before.curvature, position, -1, parameters)
    right = limit_at(after.curvature, position, 1, parameters)
    kind = kind_of(left, right, parameters)
    chosen = left if kind == "smooth" else chosen_slope(left, right, parameters)
    return Knot(position=position, left=left, right=right, kind=kind, chosen=chosen)


def _is_infinite(slope: Tree) -> bool:
    return slope in (INFINITY, negative(INFINITY), NAN)
