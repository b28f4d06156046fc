"""The forms in which losses are emitted: equal to the loss and its derivatives, and accurate in both precisions.

What is right comes from the formula as it is written, with 60 digits and difference quotients; a form is computed in
arithmetic that rounds to 53 and 24 bits. It may be off by a few units, and by what a rounding of each input makes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import mpmath
import pytest
from mpmath import mpf
from tree_values import Values, value

import symreg
from symreg.errors import NotDifferentiable
from symreg.expressions.arithmetic import without_extrema
from symreg.expressions.text import to_text
from symreg.expressions.tree import Constant, Tree, names, number, substitute
from symreg.model.loss import Loss
from symreg.objectives.resolve import resolve
from symreg.updates.loss import LossForms, loss_forms

SIZES = ("0", "1e-8", "0.3", "1.25", "-2.5", "17", "-40", "1e4", "-1e4")
LABELS = ("0", "1", "-3.75", "12", "1e3")
REACH: dict[Tree, Tree] = {Constant("reach"): number(10**150)}
ORDERS = {"value": 0, "gradient": 1, "hessian": 2}


@cache
def forms_of(name: str) -> LossForms:
    return loss_forms(symreg.loss(name))


def labels_of(loss: Loss) -> Iterator[Any]:
    yield from (mpf(y.numerator) / y.denominator for y in loss.labels.values)
    if not loss.labels.values:
        yield from (mpf(y) for y in LABELS if float(y) in loss.labels)


def computed(tree: Tree, bits: int, z: Any, y: Any, parameters: dict[str, Any]) -> Any:
    with mpmath.workprec(bits):
        return +value(substitute(without_extrema(tree), REACH), Values(mpmath, {"z": z, "y": y, **parameters}))


def derivative(loss: Loss, order: int, z: Any, y: Any, parameters: dict[str, Any]) -> Any:
    """Return the derivative by z from difference quotients of the formula, in 200 digits."""
    tree, distance = without_extrema(loss.expression), (abs(z) + 1) * mpf(10) ** -50
    weights: dict[int, list[tuple[int, int]]] = {0: [(0, 1)], 1: [(-1, -1), (1, 1)], 2: [(-1, 1), (0, -2), (1, 1)]}
    total = sum(
        c * value(tree, Values(mpmath, {"z": z + k * distance, "y": y, **parameters})) for k, c in weights[order]
    )
    return total / {0: mpf(1), 1: 2 * distance, 2: distance**2}[order]


def is_at_knot(loss: Loss, z: Any, y: Any, parameters: dict[str, Any]) -> bool:
    """Does the slope or the curvature change at once there?"""
    near = (abs(z) + 1) * mpf(10) ** -40
    for order in (1, 2):
        before, after = (derivative(loss, order, z + side * near, y, parameters) for side in (-1, 1))
        if abs(before - after) > mpf(10) ** -15 * (1 + abs(before)):
            return True
    return False


@pytest.mark.parametrize("bits", [53, 24])
@pytest.mark.one_in(14)
@pytest.mark.parametrize("name", symreg.losses())
def test_a_form_is_the_derivative_of_the_loss_as_it_is_written(name: str, bits: int) -> None:
    loss, forms = symreg.loss(name), forms_of(name)
    compared = 0
    with mpmath.workdps(200):
        parameters = {p.name: mpf(p.default) for p in loss.parameters}
        for y in labels_of(loss):
            for z in (mpf(mpmath.nstr(mpf(size), 7)) for size in SIZES):
                with mpmath.workprec(bits):
                    z, y = +z, +y
                if is_at_knot(loss, z, y, parameters):
                    continue
                for kind, order in ORDERS.items():
                    tree = getattr(forms, kind)

                    def exact(z: Any, y: Any, order: int = order) -> Any:
                        return derivative(loss, order, z, y, parameters)

                    right, found = exact(z, y), computed(tree, bits, z, y, parameters)
                    assert abs(found - right) <= allowed(exact, right, z, y, bits), (kind, float(z), float(y))
                    compared += 1
    assert compared >= 40


def allowed(exact: Callable[[Any, Any], Any], right: Any, z: Any, y: Any, bits: int) -> Any:
    """Return what the value may be off: 16 units, and what it moves when each input moves by 16 of its own."""
    unit = mpf(2) ** (4 - bits)
    moved = abs(exact(z * (1 + unit), y) - right) + abs(exact(z, y * (1 + unit)) - right)
    return unit * abs(right) + moved + mpf(10) ** -38


def test_a_form_of_what_is_unchanged_is_the_text_itself() -> None:
    for name in ("hinge", "quantile", "squared_epsilon_insensitive", "asymmetric_squared_error", "squared_error"):
        assert forms_of(name).value == symreg.loss(name).expression


def test_what_holds_at_kinks_is_said_in_words_of_losses() -> None:
    hinge, huber = forms_of("hinge"), forms_of("huber_loss")
    assert hinge.gradient_notes == ("At y*z = 1 the loss has a kink; the gradient there is 0.",)
    assert huber.gradient_notes == () and not huber.is_smooth
    assert huber.hessian_notes[0] == "At z - y = -delta the loss has no second derivative; that of one side is taken."
    assert forms_of("squared_error").is_smooth and forms_of("logistic").is_smooth
    assert names(forms_of("logistic").gradient) == {"z", "y"}


def test_outside_the_domain_of_predictions_is_infinity() -> None:
    forms = loss_forms(symreg.loss("p", "z - y*log(z)", label="nonnegative", prediction="(0, inf)"))
    with mpmath.workdps(30):
        for z, right in {-1: (mpmath.inf, None), 2: (2 - 3 * mpmath.log(2), mpf(1) - mpf(3) / 2)}.items():
            found = [computed(tree, 90, mpf(z), mpf(3), {}) for tree in (forms.value, forms.gradient)]
            assert found[0] == right[0] or abs(found[0] - right[0]) < 1e-25
            assert mpmath.isnan(found[1]) if right[1] is None else abs(found[1] - right[1]) < 1e-25


def test_a_loss_that_jumps_is_refused_at_the_place() -> None:
    for text, message in {
        "where(z - y <= 1, (z - y)**2, 3)": "leap: the value jumps at z - y = 1:",
        "sign(z - y)": "leap: the value jumps at z - y = 0:",
    }.items():
        with pytest.raises(NotDifferentiable, match=message):
            loss_forms(symreg.loss("leap", text))
    with pytest.raises(
        NotDifferentiable, match=r"never: sqrt\(-1 - \(z - y\)\*\*2\) has no finite value at any residual"
    ):
        loss_forms(symreg.loss("never", "sqrt(-1 - (z - y)**2)"))


def test_a_loss_of_ones_own_in_neither_form() -> None:
    mixed = loss_forms(symreg.loss("mixed", "(z**2 - y)**2 + c*abs(z)", c="positive"))
    assert mixed.hessian is not None and names(mixed.gradient) == {"z", "y", "c"}
    assert mixed.gradient_notes == ("At z = 0 the loss has a kink; the gradient there is 0.",)


def test_labels_whose_formulas_differ_are_told_apart() -> None:
    loss = symreg.loss("weighted", "where(y > 0, 3*log(1 + exp(-z)), log(1 + exp(z)))", label="{0, 1}")
    forms = loss_forms(loss)
    assert forms.hessian is not None and not forms.loses_digits
    with mpmath.workdps(200):
        for y in (mpf(0), mpf(1)):
            for z in map(mpf, ("-30", "-1.25", "0.5", "1e4")):
                for kind, order in ORDERS.items():
                    right, found = derivative(loss, order, z, y, {}), computed(getattr(forms, kind), 53, z, y, {})
                    assert abs(found - right) <= mpf(2) ** -47 * (1 + abs(z)) * abs(right) + mpf(10) ** -38, (
                        kind,
                        z,
                        y,
                    )


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("exp(z) + y*exp(-z)", "where(y == 0, 0*z, y*exp(-z))"),
        ("exp(z) + 2*y/exp(z)", "where(y == 0, 0*z, "),
        ("exp(z) - y*z", None),
        ("log(1 + exp(z)) - y*z", None),
    ],
)
def test_a_label_of_0_leaves_out_what_overflows(expression: str, expected: str | None) -> None:
    """0 times infinity would be NaN."""
    data = resolve(f"mean({expression})").data
    assert data is not None
    written = to_text(loss_forms(data.loss).value)
    assert "where(y == 0" not in written if expected is None else expected in written
