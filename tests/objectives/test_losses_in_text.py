"""A loss over the samples in an objective's text, and coefficients before losses and penalties."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from symreg.errors import SymregError
from symreg.expressions.text import to_text
from symreg.model.interval import REAL, WORDS
from symreg.model.objective import Objective
from symreg.model.spec import Parameter
from symreg.objectives.resolve import resolve

OWN = """
[loss]
name = "savage"
expr = "1/(1 + exp(c*y*z))**2"
label = "{-1, 1}"

[params.c]
domain = "positive"
default = 1.0
"""

READ = {
    "logistic": "mean(log(1 + exp(-y*z)))",
    "mean(logistic) + l1": "mean(log(1 + exp(-y*z))) + lam*abs(w)",
    "l1 + sum(squared_error)": "sum((z - y)**2) + lam*abs(w)",
    "C*sum(hinge) + l2": "C*sum(max(0, 1 - y*z)) + lam*w**2",
    "sum(hinge)*3/C/2 + l2": "1.5*1/C*sum(max(0, 1 - y*z)) + lam*w**2",
    "mean(log(1 + exp(-y*z))) + lam*abs(w)": "mean(log(1 + exp(-y*z))) + lam*abs(w)",
    "sum(max(0, a*abs(z - y)))": "sum(max(0, a*abs(z - y)))",
    "mean(huber_loss(delta=d)) + l1(lam=0.5)/2": "mean(where(abs(z - y) <= d, (z - y)**2/2, d*abs(z - y) - d**2/2))"
    " + 0.5*(0.5*abs(w))",
    "mu*l2": "mu*(lam*w**2)",
    "(1/2)*mean(squared_error) + (l1)": "0.5*mean((z - y)**2) + lam*abs(w)",
    "(mean(hinge))*(1e-3)": "0.001*mean(max(0, 1 - y*z))",
    "(2*C)*sum(hinge)/(4/D)": "0.5*(C*D)*sum(max(0, 1 - y*z))",
    "sum(w[i]**2, i)/2 + mean(logistic)": "mean(log(1 + exp(-y*z))) + sum(w[i]**2, i)/2",
}

REFUSED = {
    "mean(logistic) + sum(hinge)": "expression:1:18: a second loss",
    "mean(logistc)": "no loss is called 'logistc'; did you mean 'logistic'?",
    "mean(l1)": "no loss is called 'l1'; it is a penalty, an addend beside the loss",
    "l1 - mean(logistic)": "expression:1:6: a loss's coefficient is positive",
    "mean(logistic)/0": "coefficient '0' is not a number",
    "lam*l2": "lam*l2: 'lam' is a parameter of l2 already; write a new name, as in mu*l2, or l2(lam=mu)",
    "delta*mean(huber_loss)": "'delta' is a parameter of huber_loss already",
    "mean(squared_error(lam=2))": "squared_error has no parameter 'lam'",
    "mean(z**2) + l1": "expr does not hold the label 'y'",
    "mean(y)": "expr does not hold the prediction 'z'",
    "mean(logistic) + 3": "expression:1:18: a constant beside a penalty changes nothing",
    "samples*mean(logistic)": "'samples' is an argument beside a loss",
    "mean(logistic) + sample_weight*abs(w)": "'sample_weight' is an argument beside a loss",
    "box(logistic + l1, 0, 1)": "logistic + l1: a loss stands outside the brackets",
    "nonnegative(mean(logistic))": "a loss stands outside the brackets",
    "l2 + group(0.5*hinge)": "a loss stands outside the brackets",
    "sum(logistic)/m": "m is the number of samples beside a loss",
    "mean((z - y)**2/m)": "m is the number of samples beside a loss",
    "mean(logistic) + group(m*l1)": "m is the number of samples beside a loss",
    "groups*logistic + group(l1)": "'groups' says which weights are a group",
    "quantile(tau=tau[n])": "quantile: no loss takes 'tau[n]'",
    "mean(2*logistic)": "expression:1:8: 'logistic' is a loss: in mean(...) or sum(...) it stands alone",
    "mean(hinge + (z - y)**2)": "expression:1:6: 'hinge' is a loss: in mean(...) or sum(...) it stands alone",
    "logistc + l2": "did you mean the loss 'logistic'?",
    "-mean(logistic)": "expression:1:1: a loss's coefficient is positive",
    "sqrt(logistic)": "expression:1:6: 'logistic' is a loss; its coefficient is a number or a new name",
    "mean(log(1 + exp(-y*z))": "expression:1:5: this '(' is never closed",
}


def written(objective: Objective) -> str:
    """Return the objective as it shows itself."""
    parts = [] if objective.data is None else [str(objective.data)]
    return " + ".join([*parts, *([to_text(objective.formula)] if objective.terms.terms else [])])


@pytest.mark.parametrize(("text", "expected"), READ.items())
def test_a_loss_is_read_with_its_coefficient(text: str, expected: str) -> None:
    assert written(resolve(text)) == expected


@pytest.mark.parametrize(("text", "message"), REFUSED.items())
def test_what_is_no_objective_with_a_loss_is_refused_with_the_place(text: str, message: str) -> None:
    with pytest.raises(SymregError) as caught:
        resolve(text)
    assert message in str(caught.value)


def test_a_bare_name_is_the_mean_and_says_so() -> None:
    objective = resolve("logistic + l1")
    assert objective.data is not None and objective.data.reduction == "mean"
    assert objective.name == "logistic_l1"
    assert objective.notes == ("logistic is the mean over the samples here; write sum(logistic) for the sum",)
    assert resolve("mean(logistic) + l1").notes == ()


def test_numbers_are_one_exact_coefficient_and_new_names_positive_parameters() -> None:
    objective = resolve("0.1*C*sum(hinge)/3 + l2")
    data = objective.data
    assert data is not None
    assert data.coefficient == Fraction(1, 30)
    assert [(p.name, str(p.domain)) for p in data.factor_parameters] == [("C", "positive")]
    assert objective.notes == ("C is a coefficient, a new parameter > 0",)
    assert [p.name for p in objective.parameters] == ["C", "lam"]


def test_one_name_is_one_parameter_of_the_loss_and_the_penalty() -> None:
    objective = resolve("mean(huber_loss(delta=lam)) + l1")
    assert [p.name for p in objective.parameters] == ["lam"]


def test_a_coefficient_that_may_be_negative_is_refused() -> None:
    with pytest.raises(SymregError, match="'C' is a coefficient, and so positive"):
        resolve("C*sum(hinge)", parameters=[Parameter(name="C", domain=REAL, default=1.0)])


@pytest.mark.parametrize("text", ["{}", "mean({})", "sum({}(c=2))/2 + l1", "l1 + {}"])
def test_a_loss_of_one_s_own_is_a_file(text: str, tmp_path: Path) -> None:
    file = tmp_path / "savage.toml"
    file.write_text(OWN)
    objective = resolve(text.format(file))
    assert objective.data is not None and objective.data.loss.name == "savage"
    assert objective.name == ("savage_l1" if "l1" in text else "savage")


NOTES = {
    "mean(focal) + mcp": "gamma is one number for the loss and the penalty, which both have a parameter of that name; "
    "rename one, as in focal(gamma=mu)",
    "lam*mean(logistic) + l1": "lam is a coefficient and a parameter of another addend: one number for both",
    "mean(logistic) + group(mu*l1)": "mu is a coefficient, a new parameter > 0",
    "logistic*abs(w)": "logistic is a parameter here, beside an expression of the weights, not the loss of that name",
}


@pytest.mark.parametrize(("text", "note"), NOTES.items())
def test_what_a_name_stands_for_is_told_where_it_may_surprise(text: str, note: str) -> None:
    assert note in resolve(text).notes


def test_weights_of_groups_are_called_otherwise_than_a_parameter_of_the_loss() -> None:
    assert "sum(group_c[g]*" in written(resolve("mean(abs(z - y)/c) + group(l1)"))


def test_a_declared_coefficient_in_brackets_is_that_of_the_penalty() -> None:
    mu = Parameter(name="mu", domain=WORDS["positive"], default=3.0)
    assert mu in resolve("group(mu*l1)", parameters=[mu]).parameters
