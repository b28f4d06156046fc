"""Outside its domain a penalty is +inf and its gradient NaN, in index notation too; a NaN in a weight stays NaN."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from symreg.language.specs.toml import read_penalty
from symreg.objectives.resolve import resolve
from symreg.targets.loading.load import load
from symreg.updates.assemble import updates

SUMS: dict[str, tuple[str, list[float]]] = {
    # an index sum, its domain, and weights beyond
    "lam*sum(w[i]*log(w[i]), i)": ("(0, inf)", [-1.0, 0.0, -1e-300]),
    "-lam*sum(log(w[i]), i)": ("(0, inf)", [-1.0, 0.0]),
    "lam*sum(sqrt(w[i]), i)": ("[0, inf)", [-1.0, -1e-30]),
    "lam*sum(w[i]**(3/2), i)**2": ("[0, inf)", [-2.0]),
    "-lam*sum(log(1 - w[i]) + log(w[i]), i)": ("(0, 1)", [-0.5, 0.0, 1.0, 2.0]),
    "lam*log(sum(sqrt(w[i]), i))": ("(0, inf)", [-3.0]),
    "lam*sum(log(w[i])*log(w[i+1]), i)": ("(0, inf)", [-1.0, 0.0]),
    "lam*sum(c[i]*w[i]*log(w[i]), i)": ("(0, inf)", [-1.0]),
    "lam*sum(sum(A[i,j]*sqrt(w[i]*w[j]), j), i)": ("[0, inf)", [-1.0]),
    "lam*norm(w)*sum(log(w[i]), i)": ("(0, inf)", [-1.0]),
}
WITHIN = [0.25, 0.5, 0.75]


def made(text: str, domain: str, target: str, dtype: str) -> Any:
    arrays = "\n".join(
        f"[arrays.{name}]\nshape = {shape}"
        for name, shape in {"c": '["n"]', "A": '["n", "n"]'}.items()
        if f"{name}[" in text
    )
    spec = f'[penalty]\nname = "own"\nexpr = "{text}"\ndomain = "{domain}"\n{arrays}\n[params.lam]\n'
    objective = resolve(read_penalty(spec, "own.toml"))
    return load(objective, updates(objective), target, dtype)


@pytest.mark.one_in(12)
@pytest.mark.parametrize("target", ["numpy", "c"])
@pytest.mark.parametrize("text", SUMS)
def test_beyond_its_domain_an_index_sum_is_infinite(text: str, target: str) -> None:
    domain, beyond = SUMS[text]
    for dtype in ("float64", "float32"):
        own = made(text, domain, target, dtype)
        given = {name: np.ones((3,) * dim, dtype) for name, dim in (("c", 1), ("A", 2)) if f"{name}[" in text}
        assert math.isfinite(own.value(np.array(WITHIN, dtype), **given))
        for weight in (dtype == "float32" and [x for x in beyond if abs(x) > 1e-40 or not x]) or beyond:
            for place in range(3):
                w = np.array(WITHIN, dtype)
                w[place] = weight
                assert own.value(w, **given) == math.inf
                assert np.all(np.isnan(own.gradient(w, **given)))
                w[(place + 1) % 3] = math.nan
                assert math.isnan(own.value(w, **given)), "a weight that is NaN is told"
