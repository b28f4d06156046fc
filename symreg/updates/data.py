"""The functions of an objective with a loss over samples: those of its penalty take the data, and others join them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from symreg.calculus.analysis import Analysis
from symreg.calculus.domains.conditions import within
from symreg.claims.composed.losses import curvature_bound
from symreg.errors import Intractable, NotDifferentiable
from symreg.expressions.arithmetic import NAN, ONE, times, total
from symreg.expressions.text import to_text
from symreg.expressions.tree import Tree, number
from symreg.model.loss import DataTerm
from symreg.model.terms import Terms
from symreg.updates.kinds import Kind
from symreg.updates.loss import LossForms, loss_forms, second_derivative
from symreg.updates.update import Update


def with_data(data: DataTerm, of_penalty: tuple[Update, ...], analysis: Analysis) -> tuple[Update, ...]:
    """Return all functions of an objective L(w) + R(w), in the order in which they stand in a file.

    The product with the Hessian is there where the objective is twice differentiable, and a bound of the Lipschitz
    constant where the loss has one.

    Args:
        data: L.
        of_penalty: The functions of R, and steps whose gradient of the loss is handed in.
        analysis: Of R.

    Raises:
        NotDifferentiable: The loss jumps, or has a switch whose roots cannot be listed.
        Intractable: A loss that the calculus does not handle.
    """
    forms = loss_forms(data.loss)
    value, gradient, *others = of_penalty
    made = [*_of_loss(data, forms)]
    made.append(_over_samples(value, data, forms, forms.value_notes))
    made.append(_over_samples(gradient, data, forms, forms.gradient_notes))
    curvature = _curvature(analysis)
    if forms.is_smooth and curvature is not None:
        made.append(
            replace(
                _over_samples(Update(kind="hessian_vector", name="hessian_vector", terms=analysis.terms), data, forms),
                curvature=curvature[0],
            )
        )
    nothing = Terms(terms=())
    sums = Update(kind="partial", name="partial", terms=nothing, notes=(_how_they_add_up(data),))
    made.append(_over_samples(sums, data, forms, forms.gradient_notes))
    bound = curvature_bound(data.loss)
    if bound is not None:
        lipschitz = Update(kind="lipschitz", name="lipschitz", terms=nothing, loss_bound=bound)
        made.append(replace(_over_samples(lipschitz, data, forms), loss_bound=bound))
    for update in others:
        is_step = update.kind == "step"
        made.append(_over_samples(update, data, forms, forms.gradient_notes) if is_step else update)
    return tuple(made)


def _over_samples(update: Update, data: DataTerm, forms: LossForms, notes: tuple[str, ...] = ()) -> Update:
    """Return a function that takes the data as well, with what is to be said of the loss."""
    return replace(
        update,
        data=data,
        loss_value=forms.value,
        loss_gradient=forms.gradient,
        loss_hessian=forms.hessian,
        notes=tuple(dict.fromkeys((*notes, *update.notes))),
    )


def _how_they_add_up(data: DataTerm) -> str:
    scale = times(number(data.coefficient), data.factor)
    coefficient = "" if scale == ONE else f"{to_text(scale)}*"
    divisor = "/weight" if data.reduction == "mean" else ""
    return (
        f"The sums of parts of the samples add up: of all of them L(w) is {coefficient}loss{divisor}, "
        f"and its gradient {coefficient}out{divisor}."
    )


def _of_loss(data: DataTerm, forms: LossForms) -> Iterator[Update]:
    """Yield the functions of the loss itself."""
    rows: tuple[tuple[Kind, Tree | None, tuple[str, ...]], ...] = (
        ("loss_value", forms.value, forms.value_notes),
        ("loss_gradient", forms.gradient, forms.gradient_notes),
        ("loss_hessian", forms.hessian, forms.hessian_notes),
    )
    for kind, tree, notes in rows:
        if tree is not None:
            yield _over_samples(Update(kind=kind, name=kind, terms=Terms(terms=())), data, forms, notes)


def _curvature(analysis: Analysis) -> tuple[Tree | None] | None:
    """Return phi'' of the bare `w`, None in it where there is no penalty; None where R is not twice differentiable.

    A penalty in index notation has a Hessian that is no number for each weight, and is left out.
    """
    if analysis.terms.indexed:
        return None
    parts: list[Tree] = []
    with suppress(Intractable, NotDifferentiable):
        for alone in analysis.alone:
            second = second_derivative(alone)
            if second.tree is None or not second.is_continuous:
                return None
            parts.append(within(second.tree, alone.terms.terms[0].domain, NAN))
        return (total(parts) if parts else None,)
    return None
