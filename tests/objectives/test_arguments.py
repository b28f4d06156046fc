"""What stands in the brackets behind a penalty: new names, and numbers that fix a parameter when code is emitted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import symreg
from symreg.errors import SymregError
from symreg.expressions.text import to_text
from symreg.objectives.resolve import resolve
from symreg.targets.loading.load import load
from symreg.updates.assemble import updates

FIXED = {
    "l1(lam=0.3)": (["0.3*abs(w)"], []),
    "l1( lam = 1/3 )": (["1/3*abs(w)"], []),
    "2*l1(lam=3e-1)": (["0.3*abs(w)"], []),
    "l1(lam=0.3) + l2": (["0.3*abs(w)", "lam*w**2"], ["lam"]),
    "l1(lam=0.3) + l2(lam=mu)": (["0.3*abs(w)", "mu*w**2"], ["mu"]),
    "l1 + l1(lam=2)": (["lam*abs(w)", "2*abs(w)"], ["lam"]),
    "elastic_net(lam2=2)": (["lam1*abs(w) + 2*w**2"], ["lam1"]),
    "elastic_net(lam1=1, lam2=lam1)": (["1*abs(w) + lam1*w**2"], ["lam1"]),
    "l1(lam=0.5) + mu*w**4": (["0.5*abs(w)", "mu*w**4"], ["mu"]),
    "tikhonov(A=B, lam=2)": (["2*sum(sum(B[i, j]*w[i]*w[j], j), i)"], []),
}


@pytest.mark.parametrize("text", FIXED)
def test_a_number_stands_in_place_of_its_parameter(text: str) -> None:
    trees, parameters = FIXED[text]
    objective = resolve(text)
    assert [to_text(term.tree) for term in objective.terms.terms] == trees
    assert [p.name for p in objective.terms.parameters] == parameters
    assert objective.text == " ".join(text.split())


def test_the_title_tells_what_is_fixed() -> None:
    assert resolve("l1(lam=1/3)").title == "L1 norm (lasso) with lam = 1/3"
    assert resolve("scad(a=3.7, lam=0.5)").title.endswith("with a = 3.7, lam = 0.5")


REFUSED = {
    "l1(lam=-1)": "l1: lam = -1 is outside its domain positive",
    "l1(lam=0.0)": "l1: lam = 0.0 is outside its domain positive",
    "scad(a=2)": "scad: a = 2 is outside its domain (2, inf)",
    "l1(lam=1e-200/1e200)": "l1: lam = 1e-200/1e200 is beyond double precision",
    "l1(lam=1/0)": "l1(lam=...): there is '1/0'; write a number such as 0.3 or 1/3, or a new name",
    "l1(lam=2*mu)": "l1(lam=...): there is '2*mu'; write a number such as 0.3 or 1/3, or a new name",
    "l1(lam=1, lam=2)": "l1: 'lam' stands there twice",
    "l1(lam=1, lam=mu)": "l1: 'lam' stands there twice",
    "l1(lma=1)": "l1 has no parameter 'lma'; did you mean 'lam'?",
    "tikhonov(A=2)": "tikhonov: 'A' is an array; write another name for it, as in A=B",
    "elastic_net(lam1=lam2)": "elastic_net: two parameters would have the name 'lam2'",
    "l1(0.3)": "'l1' is a penalty of all weights: write it alone, or a parameter by its name, as in l1(lam=0.1)",
    "l1(w)": "'l1' is a penalty of all weights: write it alone, or a parameter by its name, as in l1(lam=0.1)",
}


@pytest.mark.parametrize(("text", "message"), REFUSED.items())
def test_what_fixes_nothing_is_refused(text: str, message: str) -> None:
    with pytest.raises(SymregError) as caught:
        resolve(text)
    assert message in str(caught.value)


BOX = """
[penalty]
name = "box"
expr = "lam*w**2"
domain = "[lo, hi]"
[params.lam]
[params.lo]
domain = "real"
[params.hi]
domain = "(-inf, 10)"
"""


def test_the_ends_of_a_domain_are_fixed_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "box.toml"
    path.write_text(BOX)
    objective = resolve(f"{path}(lo=-1, hi=1/2)")
    assert str(objective.terms.terms[0].domain) == "[-1, 0.5]"
    assert [p.name for p in objective.terms.parameters] == ["lam"]
    (hi,) = [p for p in resolve(f"2*{path}(lo=3)").terms.parameters if p.name == "hi"]
    assert str(hi.domain) == "(3, 10)"
    assert not hi.above
    for arguments, message in {
        "lo=1, hi=1": "hi = 1 has to exceed lo = 1",
        "lo=11": "domain [11, hi] is empty for any 'hi' in (-inf, 10)",
    }.items():
        with pytest.raises(SymregError) as caught:
            resolve(f"{path}({arguments})")
        assert message in str(caught.value)


@pytest.mark.parametrize("target", ["numpy", "c"])
def test_emitted_functions_take_what_is_left(target: str) -> None:
    objective = resolve("l1(lam=0.25) + l2(lam=mu)")
    emitted = load(objective, updates(objective), target)
    w = np.array([2.0, -1.0])
    assert emitted.value(w, mu=0.5) == 0.75 + 2.5
    assert emitted.gradient(w, mu=0.5).tolist() == [2.25, -1.25]
    assert emitted.prox(w, step=1.0, mu=0.5).tolist() == [0.875, -0.375]
    with pytest.raises(TypeError, match="lam"):
        emitted.value(w, mu=0.5, lam=0.25)


@pytest.mark.sweep
def test_the_emitted_files_say_what_is_fixed() -> None:
    files = symreg.generate("l1(lam=0.3)", rules="adam", target="all", judge=False, timeout=100)
    for path in ("numpy/l1.py", "c/l1.h"):
        assert "L1 norm (lasso) with lam = 0.3" in files[path]
        assert "symreg generate 'l1(lam=0.3)' --rule adam" in " ".join(files[path].split())
    assert "lam" not in files["c/l1.c"].partition("#include")[2]
    assert symreg.verify("l1(lam=0.3)", target="numpy", points=40, timeout=100).passed
