"""What stands above the calls of an emitted NumPy loop: the formula that they compute."""

from symreg.objectives.resolve import resolve
from symreg.targets.emit import emit
from symreg.updates.assemble import updates


def test_calls_that_compute_one_value_have_its_formula_above_them() -> None:
    objective = resolve("lam*abs(w)")
    (module,) = emit(objective, updates(objective, ()), "numpy").values()
    lines = [line.strip() for line in module.splitlines()]
    first = lines.index("# out[j] = lam*sign(w[j])")
    assert [line.partition("(")[0] for line in lines[first + 1 : first + 3]] == ["np.sign", "np.multiply"]
