"""What stands above an emitted C loop: the formulas that it computes, as on paper, in the names of the code."""

from __future__ import annotations

import re

import pytest
from emitted import PENALTIES, emitted

from symreg.application.tasks.sources import CATALOGUE_RULES
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.targets.emit import emit
from symreg.updates.assemble import updates


def source(text: str, *rules: str) -> list[str]:
    objective = resolve(text)
    files = emit(objective, updates(objective, map(resolve_rule, rules)), "c")
    (code,) = (code for path, code in files.items() if path.endswith(".c"))
    return [line.strip() for line in code.splitlines()]


def test_short_formulas_stand_in_one_line() -> None:
    lines = source("lam*w**2", "momentum")
    place = lines.index("/* m[j] = momentum*m[j] + (g[j] + 2*lam*w[j]); w[j] = w[j] - lr*m[j] */")
    assert lines[place + 1] == "SIMD for (size_t j = 0; j < n; ++j) {"


def test_each_state_and_what_is_used_twice_have_a_line() -> None:
    lines = source("lam*sqrt(w**2 + eps**2)", "adam")
    place = lines.index("/* t3 = g[j] + lam*(w[j]/sqrt(eps**2 + w[j]**2))")
    assert [line.split(" = ")[0] for line in lines[place + 1 : place + 4]] == ["* m[j]", "* v[j]", "* w[j]"]
    assert lines[place + 2] == "* v[j] = beta2*v[j] + (1 - beta2)*t3**2"


def test_a_sum_has_its_formula() -> None:
    assert "/* s = sum(lam*w[i]**2, i) */" in source("lam*w**2")


def test_a_loop_over_blocks_says_what_it_finds() -> None:
    assert "/* out[j] = copysign(minimiser(abs(v[j])), v[j]) */" in source("lam*sqrt(w**2 + eps**2)")


SAMPLE = ("mcp", "log_sum", "l2_norm")


@pytest.mark.parametrize(
    "penalty", [*SAMPLE, *(pytest.param(p, marks=pytest.mark.sweep) for p in PENALTIES if p not in SAMPLE)]
)
def test_no_loop_of_several_statements_over_weights_is_without_formula(penalty: str) -> None:
    lines = [line.strip() for line in emitted(penalty, CATALOGUE_RULES)[f"c/{penalty}.c"].splitlines()]
    seen = 0
    for place, line in enumerate(lines):
        if re.fullmatch(r"(SIMD )?for \(size_t \w+ = 0; \w+ < n; .*\) \{", line):
            above = lines[place - 3 : place]
            assert any(before.endswith("*/") for before in above), above
            seen += 1
    assert seen or penalty.endswith("difference")  # whose loops run between ends
