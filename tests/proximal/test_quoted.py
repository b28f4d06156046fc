"""The operator by cases as docstrings quote it: every line is compared with what the emitted function gives."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from derived import ELEMENTWISE, emitted_prox

from symreg.calculus.analysis import analyse
from symreg.calculus.evaluation.high_precision import evaluate, samples
from symreg.expressions.tree import Name, Tree
from symreg.language.parse import parse
from symreg.model.spec import Parameter
from symreg.objectives.resolve import resolve
from symreg.proximal.derive import with_exponents
from symreg.updates.operator_cases import operator_cases
from symreg.updates.prox import derived_operator

NOT_QUOTED = {"double_well", "sine_squared"}  # not one jump at a v that is not 0; periodic


def cases_of(text: str) -> tuple[tuple[str, str, str], ...]:
    return derived_operator(analyse(resolve(text).terms)).cases


def test_mcp_is_quoted_as_every_paper_has_it() -> None:
    assert cases_of("mcp") == (
        ("", "=", "0 if abs(v) <= lam*step,"),
        ("", " ", "sign(v)*gamma*(abs(v) - lam*step)/(gamma - step) if abs(v) <= gamma*lam,"),
        ("", " ", "v otherwise; for step < gamma"),
        ("", "=", "0 if abs(v) <= lam*sqrt(gamma)*sqrt(step),"),
        ("", " ", "v otherwise; for step >= gamma"),
    )


def test_an_equation_is_quoted_where_it_is_solved() -> None:
    assert cases_of("atan") == (
        ("", "=", "0 if abs(v) <= lam*step/gamma,"),
        ("", " ", "sign(v)*u with u + step*phi'(u) = abs(v) otherwise; for step <= 8*gamma**2*sqrt(3)/(9*lam)"),
        ("", "=", "0 if abs(v) <= min(lam*step/gamma, jump),"),
        ("", " ", "sign(v)*u, the smaller root of u + step*phi'(u) = abs(v) if abs(v) <= jump,"),
        (
            "",
            " ",
            "sign(v)*u, the larger root of u + step*phi'(u) = abs(v) otherwise; for step > 8*gamma**2*sqrt(3)/(9*lam)",
        ),
        ("jump", "=", "the abs(v) at which the minima on both sides cost the same"),
        ("phi'(u)", "=", "lam/(gamma + u**2/gamma)"),
    )


def test_nothing_is_quoted_where_it_is_not_decided_when_there_is_one_formula() -> None:
    """For steps for which F falls nowhere a jump would be quoted that is none."""
    assert operator_cases(with_exponents(analyse(resolve("mcp").terms)), None) == ()
    assert operator_cases(with_exponents(analyse(resolve("huber").terms)), None) != ()


def test_it_is_in_the_docstring() -> None:
    update = derived_operator(analyse(resolve("l1").terms))
    assert update is not None
    assert update.cases == (
        ("", "=", "0 if abs(v) <= lam*step,"),
        ("", " ", "sign(v)*(abs(v) - lam*step) otherwise"),
    )


@dataclass(frozen=True)
class Line:
    """A case: what the minimiser is, and the condition on v under which it is that."""

    minimiser: str
    condition: str

    def fits(self, u: float, values: dict[Tree, Any]) -> bool:
        """Is u the minimiser that the line tells, or a root of its equation?"""
        equation = re.fullmatch(r"(?:sign\(v\)\*)?u(?:, the \w+ root of| with) (.+) = (.+)", self.minimiser)
        if equation is None:
            exact = float(value(self.minimiser, values))
            return bool(np.isclose(u, exact, rtol=1e-9, atol=1e-12))
        if abs(u) < 1e-150:
            return True  # nearer to 0 than is promised, or rounded to it
        left, right = equation.groups()
        at = {**values, Name("u"): values[Name("v")] * 0 + (abs(u) if right == "abs(v)" else u)}
        return bool(np.isclose(float(value(left, at)), float(value(right, at)), rtol=1e-9))


def read(rows: tuple[tuple[str, str, str], ...]) -> list[tuple[str, list[Line]]]:
    """Return for each range of the step the condition on it, and its lines."""
    formulas: list[tuple[str, list[Line]]] = []
    slope = next((text for left, _, text in rows if left == "phi'(u)"), "")
    for left, sign, text in rows:
        if left:
            continue
        text, _, on_step = text.replace("phi'(u)", f"({slope})").partition("; for ")
        minimiser, _, on_v = text.removesuffix(",").removesuffix(" otherwise").partition(" if ")
        lines = formulas.pop()[1] if sign == " " else []
        formulas.append((on_step, [*lines, Line(minimiser, on_v)]))
    return formulas


def value(text: str, values: dict[Tree, Any]) -> Any:
    """Return the value of an expression, in which `step`, `v` and `u` are reserved names."""
    own = {Name(f"{name}_0"): values[Name(name)] for name in ("step", "v", "u") if Name(name) in values}
    return evaluate(parse(re.sub(r"\b(step|v|u)\b", r"\1_0", text)), {**values, **own})


def is_true(condition: str, values: dict[Tree, Any]) -> bool:
    return not condition or value(f"where({condition}, 1, 0)", values) == 1


@pytest.mark.one_in(6)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_each_line_is_what_is_emitted(name: str) -> None:
    terms = resolve(name).terms
    rows = cases_of(name)
    assert bool(rows) == (name not in NOT_QUOTED)
    prox, compared = emitted_prox(resolve(name), "numpy"), 0
    step = Parameter(name="step", domain=resolve("l1").terms.parameters[0].domain, default=1.0)
    for values in samples((*terms.parameters, step)):
        numbers = {p.name: float(values[Name(p.name)]) for p in (*terms.parameters, step)}
        lines = next((lines for on_step, lines in read(rows) if is_true(on_step, values)), [])
        for v in (-7.3, -1.1, -0.2, 0.1, 0.6, 2.4, 31.0):
            at = {**values, Name("v"): values[Name("step")] * 0 + v}
            u = float(prox(np.array([v]), **numbers)[0])
            if any("jump" in line.condition for line in lines):
                assert any(line.fits(u, at) for line in lines), (v, numbers)
            elif lines:
                line = next(line for line in lines if is_true(line.condition, at))
                assert line.fits(u, at), (line, v, u, numbers)
            compared += bool(lines)
    assert compared >= 7 or not rows
