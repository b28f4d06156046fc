"""Derivations of losses: each step holds, the results are the derivatives, and the page says what bounds them."""

from __future__ import annotations

from functools import cache

import mpmath
import pytest
from mpmath import mpf
from tree_values import Values, value

import symreg
from symreg.derivation.loss import derive_loss
from symreg.derivation.loss_model import CURVATURE, LOSS, SLOPE, LossDerivation
from symreg.errors import NotDifferentiable
from symreg.expressions.arithmetic import without_extrema
from symreg.expressions.tree import Call, Name, Tree, substitute, transform
from symreg.presentation import Derivation

Z = Name("z")


@cache
def derived(name: str) -> LossDerivation:
    return derive_loss(symreg.loss(name))


def computed(tree: Tree, z: mpf, others: dict[str, mpf]) -> mpf:
    """Return a tree's value."""
    return value(without_extrema(tree), Values(mpmath, {"z": z, **others}))


def slope(tree: Tree, z: mpf, others: dict[str, mpf]) -> mpf:
    distance = mpf(10) ** -30
    return (computed(tree, z + distance, others) - computed(tree, z - distance, others)) / (2 * distance)


@pytest.mark.one_in(6)
@pytest.mark.parametrize("name", symreg.losses())
def test_every_step_of_a_derivation_holds(name: str) -> None:
    chain, compared = derived(name), 0
    formulas: dict[Tree, Tree] = {LOSS: chain.loss.expression, SLOPE: chain.gradient}
    with mpmath.workdps(90):
        others = {p.name: mpf(p.default) for p in chain.loss.parameters}
        for label in chain.loss.labels.values or (1, 3):
            others["y"] = mpf(int(label))
            for z in (mpf("0.3125"), mpf("-2.7"), mpf("11.3")):
                for step in chain.steps:
                    if step.condition is not None or step.rule == "loss":
                        continue
                    before, after = (
                        substitute(side, {SLOPE: Call("d", (LOSS,)), CURVATURE: Call("d", (SLOPE,))})
                        for side in (step.before, step.after)
                    )
                    left, right = (valued(substitute(side, formulas), z, others) for side in (before, after))
                    assert abs(left - right) <= mpf(10) ** -20 * (1 + abs(right)), step
                    compared += 1
    assert compared >= 3


def valued(tree: Tree, z: mpf, others: dict[str, mpf]) -> mpf:
    """Return the value of a tree in which `d(x)` stands for the derivative of x by z."""
    known = dict(others)
    count = 0

    def change(node: Tree) -> Tree:
        nonlocal count
        match node:
            case Call("d", (operand,)):
                count += 1
                known[f"d{count}"] = slope(operand, z, known)
                return Name(f"d{count}")
            case _:
                return node

    return computed(transform(tree, change), z, known)


def test_a_derivation_is_written_in_every_format() -> None:
    whole = Derivation(derived("logistic"))
    text = whole.text()
    assert "l'(z, y) = -y/(1 + exp(y*z))" in text and "l''(z, y) = exp(y*z)/(1 + exp(y*z))^2" in text
    for line in (
        "- l(z, y) is convex in z",
        "- l(z, y) never rises as y*z grows",
        "- |l'(z, y)| <= 1 for all z and y",
        "- |l''(z, y)| <= 1/4 for all z and y",
    ):
        assert line in text
    assert max(map(len, text.splitlines())) <= 80 and text.isascii()
    assert r"\frac{\partial}{\partial z}" in whole.latex() and r"\ell'(z, y)" in whole.markdown()
    assert r"\label{eq:logistic-gradient}" in whole.fragment()
    assert '"hessian": "exp(y*z)/(1 + exp(y*z))**2"' in whole.to_json()
    assert repr(whole).startswith("<derivation of logistic: l'(z, y) = ")


def test_kinks_and_jumps_are_told_where_they_are() -> None:
    assert "y*z = 1   the derivative is -y below and 0 above" in Derivation(derived("hinge")).text()
    with pytest.raises(NotDifferentiable, match="leap: the value jumps at z - y = 1"):
        derive_loss(symreg.loss("leap", "where(z - y <= 1, (z - y)**2, 3)"))


def test_pieces_meet_where_they_do_for_each_label() -> None:
    """Of a choice on the label itself, what holds for the labels between is not said of that one."""
    expression = "where(y == 0, max(0, 1 + z), z**2)"
    few = " ".join(symreg.derive(symreg.loss("few", expression, label="{0, 1}"), timeout=60).text().split())
    assert "l'(z, y) = 0 for y = 0 and z = -1" in few
    assert "y = 0 and z = -1 the derivative is 0 below and 1 above" in few
    many = symreg.derive(symreg.loss("many", expression, label="nonnegative"), timeout=60).text()
    assert "from either side" not in many and "l''(z, y)" not in many
