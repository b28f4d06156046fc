"""What stands above an emitted C loop of several statements: the formulas that it computes."""

from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.targets.emit import emit
from symreg.updates.assemble import updates


def test_a_loop_of_several_statements_has_its_formulas_above_it() -> None:
    objective = resolve("lam*w**2")
    files = emit(objective, updates(objective, (resolve_rule("momentum"),)), "c")
    (source,) = (text for path, text in files.items() if path.endswith(".c"))
    lines = [line.strip() for line in source.splitlines()]
    place = lines.index("/* m[j] = momentum*m[j] + (g[j] + 2*lam*w[j]); w[j] = w[j] - lr*m[j] */")
    assert lines[place + 1 : place + 3] == ["SIMD", "for (size_t j = 0; j < n; ++j) {"]
