"""The judge of objectives with data: right functions pass, each mistake that the kind invites is caught."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from data_functions import MISTAKES, Plain, dense, logistic
from flint import arb, ctx

import symreg
from symreg.language.parse import parse
from symreg.model.labels import ANY, Labels
from symreg.model.loss import DataTerm, Loss
from symreg.targets.loading.load import load
from symreg.updates.assemble import updates
from symreg.verification.cases.calling import Subject
from symreg.verification.data.checks import KINDS, Evidence, evidence, judge
from symreg.verification.data.exact import Exact
from symreg.verification.data.matrices import LAYOUTS, compressed
from symreg.verification.data.samples import Wanted
from symreg.verification.oracle.evaluate import evaluate
from symreg.verification.oracle.formats import Dtype

SIGNS = Labels(values=(Fraction(-1), Fraction(1)))
BY_POSITION = ("w", "v", "X", "y", "g", "state")
RULE = symreg.rule("gradient_descent")
STEP = "gradient_descent_step"


def data_of(expression: str, labels: Labels = SIGNS, reduction: str = "mean") -> DataTerm:
    """Return a loss of one's own over the samples."""
    tree = parse(expression, known=["z", "y"])
    return DataTerm(loss=Loss(name="own", title="", expression=tree, labels=labels), reduction=reduction)  # type: ignore[arg-type]


@cache
def evidence_of(expression: str, dtype: Dtype, reduction: str = "mean", labels: Labels = SIGNS) -> Evidence:
    """Return where functions of an objective with lam*sum(w^2) are asked."""
    return evidence(data_of(expression, labels, reduction), symreg.objective("l2").terms, dtype, {})


def judged(plain: Plain, dtype: Dtype, at: Evidence, names: Sequence[str] = (*KINDS, STEP)) -> dict[str, str]:
    """Return the verdicts on some functions."""
    subject = Subject(label="own", dtype=dtype, functions=plain.functions, by_position=BY_POSITION)
    return {name: judge(at, name, RULE if name == STEP else None, subject).verdict for name in names}


LOGISTIC = "log(1 + exp(-y*z))"


@pytest.mark.one_in(3)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_right_functions_pass(dtype: Dtype, reduction: str) -> None:
    found = judged(logistic(is_mean=reduction == "mean"), dtype, evidence_of(LOGISTIC, dtype, reduction))
    assert set(found.values()) == {"pass"}, found


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_caught(mistake: str) -> None:
    found = judged(logistic(mistake), "float64", evidence_of(LOGISTIC, "float64"), MISTAKES[mistake])
    assert "pass" not in found.values(), found


def test_a_kinked_loss_is_right_on_both_sides() -> None:
    """At 1 - y*z = 0, where rounding decides, the slope of either side passes, and nothing else."""
    hinge = Plain(
        loss=lambda z, y: np.maximum(0, 1 - y * z),
        slope=lambda z, y: np.where(y * z < 1, -y, 0),
        curvature=lambda z, y: 0 * z,
        bound=1.0,
    )
    at = evidence_of("max(0, 1 - y*z)", "float64")
    assert judged(hinge, "float64", at, ["gradient"])["gradient"] == "pass"
    softer = replace(hinge, slope=lambda z, y: np.where(y * z < 1, -y, -0.01 * y))
    assert judged(softer, "float64", at, ["gradient"])["gradient"] == "wrong"


@pytest.mark.parametrize(
    "expression", [LOGISTIC, "(z - y)**2", "where(abs(z - y) <= 1, (z - y)**2/2, abs(z - y) - 1/2)"]
)
def test_what_is_right_is_what_certified_differences_say(expression: str) -> None:
    """O as it was written, moved along each weight: the central difference lies in the ball of the gradient."""
    labels = SIGNS if expression == LOGISTIC else ANY
    for exact in evidence_of(expression, "float64", "mean", labels).at[:9]:
        gradient = exact.gradient
        assert gradient is not None
        for j, ball in enumerate(gradient):
            with ctx.workprec(600):
                step = arb((1, -200))
                difference = (written(exact, j, step) - written(exact, j, -step)) / (2 * step)
                assert ball is not None and ball.overlaps(difference), (exact.sample, j)


def written(exact: Exact, j: int, step: arb) -> arb:
    """Return O(w + step*e_j), sample by sample, from the loss as it was written."""
    sample = exact.sample
    w = [arb(x) + (step if k == j else 0) for k, x in enumerate(sample.w.tolist())]
    sizes = np.ones(len(sample.X)) if sample.sample_weight is None else sample.sample_weight
    total, weight = arb(0), arb(0)
    for row, y, size in zip(sample.X.tolist(), sample.y.tolist(), sizes.tolist(), strict=True):
        z = sum((arb(x) * a for x, a in zip(row, w, strict=True)), arb(0))
        total += arb(size) * evaluate(exact.data.loss.expression, {"z": z, "y": y}, precision=600)
        weight += arb(size)
    return total / weight + arb(sample.parameters["lam"]) * sum((a * a for a in w), arb(0))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_holds_the_same_matrix(layout: str) -> None:
    X = np.array([[1.0, 0.0, -2.5], [0.0, 0.0, 0.0], [0.5, 4.0, 0.0]])
    assert np.array_equal(dense(LAYOUTS[layout](X)), X)
    assert compressed(X, "int64").indptr.tolist() == [0, 2, 2, 4]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_number_that_all_weights_share_may_have_more_digits(dtype: Dtype) -> None:
    """FISTA's s is kept in double precision beside weights in single."""
    objective, fista = symreg.objective("mean(half_squared_error) + l1"), symreg.rule("fista")
    functions = vars(load(objective, updates(objective, (fista,)), "c"))
    assert isinstance(functions["fista_state"](np.ones(2, np.float32))["s"], float)
    assert objective.data is not None
    at = evidence(objective.data, objective.terms, dtype, {}, wanted=Wanted(is_brief=True))
    subject = Subject(label="own", dtype=dtype, functions=functions, by_position=BY_POSITION)
    assert judge(at, "fista_step", fista, subject).verdict == "pass"


@pytest.mark.parametrize("penalty", ["l2(lam=lam[n])", "l1(lam=lam[n]) + group(l2(lam=mu))"])
def test_functions_of_data_have_the_own_element_of_each_weight(penalty: str) -> None:
    objective, adam = symreg.objective(f"mean(squared_error) + {penalty}"), symreg.rule("adam")
    functions = vars(load(objective, updates(objective, (adam,)), "numpy"))
    wrong = {
        name: (lambda *given, lam, f=f, **named: f(*given, lam=lam[::-1].copy(), **named))
        for name, f in functions.items()
    }
    assert objective.data is not None
    at = evidence(objective.data, objective.terms, "float64", {}, wanted=Wanted(is_brief=True))
    for name, rule in (("value", None), ("gradient", None), ("adam_step", adam)):
        found = [
            judge(at, name, rule, Subject(label="own", dtype="float64", functions=f, by_position=BY_POSITION)).verdict
            for f in (functions, wrong)
        ]
        assert found == ["pass", "wrong"], name


@pytest.mark.parametrize("penalty", ["l1", pytest.param("group(mcp)", marks=pytest.mark.one_in(2)), "difference(l1)"])
def test_a_step_with_an_operator_is_right_to_a_few_roundings(penalty: str) -> None:
    """In single precision too, and where the operator takes weights together."""
    objective, rule = symreg.objective(f"mean(half_squared_error) + {penalty}"), symreg.rule("proximal_gradient")
    step = load(objective, updates(objective, (rule,)), "numpy").proximal_gradient_step
    assert objective.data is not None
    at = evidence(objective.data, objective.terms, "float32", {}, wanted=Wanted(is_brief=True))

    def verdict(function: Callable[..., None]) -> str:
        functions = {"proximal_gradient_step": function}
        subject = Subject(label="own", dtype="float32", functions=functions, by_position=BY_POSITION)
        return judge(at, "proximal_gradient_step", rule, subject).verdict

    def slightly_off(w: np.ndarray, *given: object, **named: object) -> None:
        step(w, *given, **named)
        w *= np.float32(1 + 1e-4)

    assert (verdict(step), verdict(slightly_off)) == ("pass", "inaccurate")
