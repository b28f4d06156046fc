"""A parameter that a number stands for is no argument of what is emitted, and its number is in the formulas."""

from __future__ import annotations

import inspect
import re

import numpy as np
import pytest

from symreg.errors import SpecError
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.targets.emit import emit
from symreg.targets.loading.load import load
from symreg.updates.assemble import updates

FIXED = "huber(delta=1.5) + l1(lam=0.25)"


def test_it_is_in_no_prototype_and_in_no_docstring() -> None:
    objective = resolve(FIXED)
    header = emit(objective, updates(objective, (resolve_rule("adam"),)), "c")[f"c/{objective.name}.h"]
    names = re.findall(r"\b(\w+)[,)]", "".join(re.findall(r"^\w+ \w+_f64\(([^;]*;)", header, re.M | re.S)))
    assert "lam" in names and "delta" not in names
    assert "delta" not in re.sub(r"Regenerate:.*|\(delta=1\.5\)|delta = 1\.5", "", header)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("target", ["numpy", "c"])
def test_the_functions_are_those_of_the_number(target: str) -> None:
    objective, open_objective = resolve(FIXED), resolve("huber + l1(lam=mu)")
    fixed = load(objective, updates(objective), target)
    free = load(open_objective, updates(open_objective), target)
    w = np.array([-3.0, -1.5, -0.1, 0.0, 0.4, 2.0])
    given = {"lam": 0.7}
    for name, more in (("value", {}), ("gradient", {}), ("prox", {"step": 0.3})):
        function = getattr(fixed, name)
        assert "delta" not in inspect.signature(function).parameters
        right = getattr(free, name)(w, **more, **given, delta=1.5, mu=0.25)
        np.testing.assert_allclose(function(w, **more, **given), right, rtol=1e-14)


def test_a_number_outside_the_domain_is_refused() -> None:
    with pytest.raises(SpecError, match="l1: lam = -1 is outside its domain positive"):
        resolve("l1(lam=-1)")
