"""What an objective asks of its data becomes one pass over the samples, and loops over the weights behind it."""

from __future__ import annotations

from fractions import Fraction

import pytest

from symreg.expressions.text import to_text
from symreg.expressions.tree import Tree
from symreg.kernel import Kernel, Map, Rows, lower
from symreg.language.parse import parse
from symreg.model.loss import DataTerm, Loss
from symreg.model.terms import Terms
from symreg.targets.signature import signature_of
from symreg.updates.kinds import Kind
from symreg.updates.update import Update


def _tree(text: str) -> Tree:
    return parse(text, known=["z", "y", "lam"])


def _kernel(kind: Kind, data: DataTerm, penalty: str = "") -> Kernel:
    return lower(
        Update(
            kind=kind,
            name=kind,
            terms=Terms(terms=()),
            elementwise=_tree(penalty) if penalty else None,
            data=data,
            loss_value=_tree("(z - y)**2"),
            loss_gradient=_tree("2*(z - y)"),
            loss_hessian=_tree("2"),
            loss_bound=_tree("2"),
        )
    )


SQUARED = Loss(name="squared", title="", expression=_tree("(z - y)**2"))
MEAN = DataTerm(loss=SQUARED, reduction="mean")
SUM = DataTerm(loss=SQUARED, reduction="sum")


def test_a_sum_without_a_penalty_is_the_pass_alone() -> None:
    (rows,) = _kernel("gradient", SUM).stages
    assert isinstance(rows, Rows)
    assert (rows.array, rows.weight, [p.array for p in rows.products]) == ("out", "", ["w"])


def test_a_mean_is_divided_by_the_sum_of_the_weights() -> None:
    rows, loop = _kernel("gradient", MEAN, penalty="lam*w").stages
    assert isinstance(rows, Rows) and isinstance(loop, Map)
    (store,) = loop.body
    assert to_text(store.value) == f"out[j]/{rows.weight} + lam*w[j]"  # type: ignore[union-attr]


def test_a_coefficient_is_one_number_for_all_weights() -> None:
    kernel = _kernel("gradient", DataTerm(loss=SQUARED, reduction="mean", coefficient=Fraction(3)))
    assert to_text(kernel.stages[1].value) == f"3/{kernel.stages[0].weight}"  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", ["value", "gradient", "hessian_vector", "partial", "lipschitz"])
def test_each_function_passes_over_the_samples_once(kind: Kind) -> None:
    kernel = _kernel(kind, MEAN)
    assert sum(isinstance(stage, Rows) for stage in kernel.stages) == 1


def test_a_partial_sum_has_no_divisor_and_returns_what_it_would_be() -> None:
    kernel = _kernel("partial", MEAN)
    (rows,) = kernel.stages
    assert isinstance(rows, Rows)
    assert [(name, to_text(tree)) for name, tree in kernel.scalars] == [("loss", rows.name), ("weight", rows.weight)]
    assert [a.name for a in signature_of(kernel).arguments][-3:] == ["out", "loss", "weight"]
