"""What prox and the steps compute alike stands once in a file: thresholds, roots, minimisers."""

import re

import pytest

from symreg.kernel import Invoke, Map, lower
from symreg.kernel.ir import routines_in
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.targets.emit import emit
from symreg.updates.assemble import updates

RULES = ("proximal_gradient", "proximal_momentum")


@pytest.mark.one_in(4)
@pytest.mark.parametrize(
    ("text", "stems"),
    [
        ("lam*abs(w)", []),  # a threshold alone is no routine
        ("mcp", ["thresholds"]),
        ("lam*(abs(w) + a*log(cosh(w)))", ["minimisers"]),
        ("atan", ["solve_for_turning_point", "solve_for_u", "thresholds", "minimisers"]),
    ],
)
def test_prox_and_every_step_invoke_the_same_routines(text: str, stems: list[str]) -> None:
    made = updates(resolve(text), tuple(map(resolve_rule, RULES)))
    kernels = [lower(update) for update in made if update.kind in ("prox", "step")]
    routines = [list(dict.fromkeys(routines_in(kernel.stages))) for kernel in kernels]
    assert len(kernels) == 3
    assert [routine.stem for routine in routines[0]] == stems
    assert all(found == routines[0] for found in routines)


def test_a_loop_takes_from_the_record_what_does_not_change_in_it() -> None:
    (prox,) = (update for update in updates(resolve("mcp"), ()) if update.kind == "prox")
    invoke, *_, loop = lower(prox).stages
    assert isinstance(invoke, Invoke)
    assert isinstance(loop, Map)
    assert invoke.routine.arguments == ("step", "lam", "gamma")
    assert len(invoke.names) == len(invoke.routine.results) > 2


def test_a_file_holds_each_routine_once() -> None:
    objective = resolve("atan")
    made = updates(objective, tuple(map(resolve_rule, RULES)))
    (source,) = (text for path, text in emit(objective, made, "c").items() if path.endswith(".c"))
    (module,) = emit(objective, made, "numpy").values()
    assert len(re.findall(r"^static struct thresholds_found thresholds\(", source, re.MULTILINE)) == 1
    assert len(re.findall(r"= thresholds\(", source)) == 3 * len(re.findall(r"int atan_prox_f", source))
    assert module.count("def _thresholds(") == 1
    assert module.count("= _thresholds(") == 3
