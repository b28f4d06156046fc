"""The judge of a loss's three functions: what is right passes, every mistake of the kind is found."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

import symreg
from symreg.expressions.arithmetic import without_extrema
from symreg.expressions.tree import Binary, Call, Compare, Constant, Logic, Name, Negate, Number, Tree
from symreg.model.labels import Labels
from symreg.updates.loss import LossForms, loss_forms
from symreg.verification.cases.calling import Subject
from symreg.verification.data.losses import ORDERS, loss_checks
from symreg.verification.report.check import Check

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "softplus": lambda x: np.logaddexp(x, x.dtype.type(0)),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
}
_ARITHMETIC = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}
_COMPARISONS = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal}


def computed(tree: Tree, at: dict[str, Any]) -> Any:
    """Return a tree's value at arrays, in their precision."""
    match tree:
        case Number(value):
            return at["z"].dtype.type(value)
        case Constant(name):
            return at["z"].dtype.type({"reach": 1e18, "pi": np.pi, "inf": np.inf, "nan": np.nan}[name])
        case Name(name):
            return at[name]
        case Negate(operand):
            return -computed(operand, at)
        case Binary("**", base, Number(value)) if value.denominator == 1:
            return computed(base, at) ** int(value)
        case Binary("**", base, exponent):
            return computed(base, at) ** computed(exponent, at)
        case Binary(operator, left, right):
            return _ARITHMETIC[operator](computed(left, at), computed(right, at))
        case Compare(operator, left, right):
            return _COMPARISONS[operator](computed(left, at), computed(right, at))
        case Logic("or", operands):
            return np.logical_or.reduce([computed(operand, at) for operand in operands])
        case Call("where", arguments):
            return np.where(*(computed(argument, at) for argument in arguments))
        case Call(function, arguments):
            values = [computed(argument, at) for argument in arguments]
            return (_FUNCTIONS.get(function) or getattr(np, function))(*values)
    raise AssertionError(tree)


@cache
def forms_of(name: str) -> LossForms:
    return loss_forms(symreg.loss(name))


def function_of(tree: Tree, labels: Labels) -> Callable[..., Any]:
    """Return a tree as the function that is emitted for it."""

    def function(z: Any, y: Any, **parameters: float) -> Any:
        for k, label in enumerate(y.tolist()):
            if label not in labels and label == label:
                raise ValueError(f"y[{k}] = {label} is no label")
        at = {"z": z, "y": y, **{name: z.dtype.type(x) for name, x in parameters.items()}}
        with np.errstate(all="ignore"):
            return np.where(np.isnan(z) | np.isnan(y), np.nan, computed(without_extrema(tree), at)).astype(z.dtype)

    return function


def judged(name: str, dtype: Any, **changed: Callable[..., Any]) -> dict[str, Check]:
    loss, forms = symreg.loss(name), forms_of(name)
    trees = {"loss_value": forms.value, "loss_gradient": forms.gradient, "loss_hessian": forms.hessian}
    functions = {kind: function_of(tree, loss.labels) for kind, tree in trees.items() if tree is not None}
    subject = Subject(label="own", dtype=dtype, functions=functions | changed, by_position=("z", "y"))
    return {check.kind: check for check in loss_checks(loss, [subject], is_brief=True)}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.one_in(10)
@pytest.mark.parametrize("name", [name for name in symreg.losses() if name not in ("focal", "probit", "tweedie")])
def test_what_is_right_passes(name: str, dtype: str) -> None:
    checks = judged(name, dtype)
    assert checks.keys() == ORDERS.keys()
    for check in checks.values():
        assert check.verdict == "pass", (check, check.at, check.got, check.expected, check.notes)
        assert check.compared >= 40


def mutated(name: str, kind: str, change: Callable[[Any, Any, Any], Any]) -> dict[str, Callable[..., Any]]:
    """Return a function that makes a mistake of what is right."""
    forms = forms_of(name)
    tree = {"loss_value": forms.value, "loss_gradient": forms.gradient, "loss_hessian": forms.hessian}[kind]
    assert tree is not None
    right = function_of(tree, symreg.loss(name).labels)

    def wrong(z: Any, y: Any, **parameters: float) -> Any:
        return np.asarray(change(right(z, y, **parameters), z, y), dtype=z.dtype)

    return {kind: wrong}


MISTAKES: dict[str, tuple[str, str, Callable[[Any, Any, Any], Any]]] = {
    "a label's sign": ("logistic", "loss_gradient", lambda right, z, y: -right),
    "a factor 2": ("squared_error", "loss_gradient", lambda right, z, y: right / 2),
    "a tail that is cut": ("logistic", "loss_value", lambda right, z, y: np.where(y * z > 30, 0.0, right)),
    "an overflow": ("logistic", "loss_value", lambda right, z, y: np.log1p(np.exp(np.minimum(-y * z, 700.0)))),
    "the wrong side of a kink": ("hinge", "loss_gradient", lambda right, z, y: np.where(y * z < 0.999, -y, 0 * y)),
    "a threshold's side": ("huber_loss", "loss_hessian", lambda right, z, y: np.abs(right - 1)),
    "y for y squared": ("logistic", "loss_hessian", lambda right, z, y: right * y),
    "a lost NaN": ("squared_error", "loss_value", lambda right, z, y: np.nan_to_num(right)),
    "one number in a thousand": ("poisson", "loss_gradient", lambda right, z, y: right * (1 + 1e-3 * (z == 0))),
}


@pytest.mark.one_in(2)
@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_caught(mistake: str) -> None:
    name, kind, change = MISTAKES[mistake]
    with np.errstate(all="ignore"):
        check = judged(name, "float64", **mutated(name, kind, change))[kind]
    assert check.verdict in ("wrong", "inaccurate") and check.failures, check


def test_labels_that_are_none_have_to_be_refused() -> None:
    lenient = function_of(forms_of("logistic").value, Labels())
    check = judged("logistic", "float64", loss_value=lenient)["loss_value"]
    assert check.verdict == "wrong" and "a label outside its domain is not refused" in check.notes
