"""The outline of a loss's derivation: its two derivatives by the prediction, and what bounds them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from symreg.calculus.loss_profile import LossProfile, Y, Z
from symreg.calculus.pieces.knot import Knot
from symreg.claims.verdict import Verdict
from symreg.derivation.loss_model import CURVATURE, LOSS, SLOPE, LossDerivation
from symreg.expressions.arithmetic import call, times
from symreg.expressions.tree import Compare, Logic, Tree, number
from symreg.presentation.mathematics.notation import Notation, notation_of
from symreg.presentation.outline.command import command_line
from symreg.presentation.outline.document import NOTES, Entry, Equation, Outline, Remark, Section, Sentence
from symreg.presentation.outline.prose import parameter_row, prose

_LABELS: dict[Tree, str] = {LOSS: "loss", SLOPE: "gradient", CURVATURE: "hessian"}


def loss_outline(chain: LossDerivation) -> Outline:
    """Return the outline of a loss's derivation."""
    loss = chain.loss
    sections = (
        Section(title="Where pieces meet", remarks=tuple(_of_knot(*place, chain) for place in chain.places)),
        Section(title="What bounds it", remarks=tuple(_of_bound(bound, chain.profile) for bound in chain.bounds)),
        Section(title=NOTES, remarks=tuple(Remark(sentence=prose(note)) for note in chain.notes)),
    )
    notation = loss_notation(chain)
    return Outline(
        name=loss.name,
        title=loss.title,
        rule="",
        rule_title="",
        references=(loss.reference,) if loss.reference else (),
        rule_reference="",
        parameters=tuple(map(parameter_row, loss.parameters)),
        rule_parameters=(),
        entries=loss_entries(chain),
        sections=tuple(section for section in sections if section.remarks),
        command=command_line("verify", replace(chain.objective, text=f"mean({chain.objective.text})")),
        formulas=notation,
        assignments=notation,
    )


def loss_notation(chain: LossDerivation) -> Notation:
    """Return the notation in which a loss is written: its derivatives are by z."""
    return replace(notation_of(chain.objective.terms, None)[0], variable="z")


def loss_entries(chain: LossDerivation) -> tuple[Entry, ...]:
    """Return the steps, numbered from 1."""
    return tuple(
        Entry(
            number=i,
            rule=prose(step.rule),
            equation=Equation(left=step.before, rights=(step.after,), condition=step.condition),
            why=prose(step.why),
            label=_LABELS.get(step.before, "") if step.rule in ("loss", "result") else "",
        )
        for i, step in enumerate(chain.steps, start=1)
    )


def _of_knot(label: Fraction | None, knot: Knot, chain: LossDerivation) -> Remark:
    """Return what the derivative is on either side of a knot of phi, which may be that of one label."""
    profile = chain.profile
    left, right = (times(profile.slope_factor, slope) for slope in (knot.left, knot.right))
    sides: Sentence = (left, " from either side") if left == right else (left, " below and ", right, " above")
    here = Compare("==", profile.argument, knot.position)
    subject = here if label is None else Logic("and", (Compare("==", Y, number(label)), here))
    return Remark(subject=subject, sentence=("the derivative is ", *sides))


def _of_bound(verdict: Verdict, profile: LossProfile) -> Remark:
    """Return what is proved of a loss, as a sentence on l, l' and l''."""
    if verdict.claim == "convex":
        return Remark(sentence=(LOSS, " is convex in ", Z))
    if verdict.claim == "monotone":
        never = verdict.note.removeprefix("phi ")
        return Remark(sentence=(LOSS, f" {never} as ", profile.argument, " grows"))
    assert verdict.value is not None
    bounded = Compare("<=", call("abs", _BOUNDED[verdict.claim]), verdict.value)
    return Remark(sentence=(bounded, " for all ", Z, " and ", Y))


_BOUNDED = {"bounded slope": SLOPE, "gradient Lipschitz": CURVATURE}
