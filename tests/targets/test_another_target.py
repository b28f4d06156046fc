"""What a new language costs: one folder, `support/javascript`, and one row in the table of targets."""

from __future__ import annotations

import json
import shutil
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from symreg.application.requests import named_targets
from symreg.application.tasks.objectives import emit_sources
from symreg.cli.listing import listing
from symreg.model.objective import Objective
from symreg.objectives.resolve import resolve
from symreg.targets.emit import TARGETS, Target, emit
from symreg.targets.loading.load import load
from symreg.targets.options import Options
from symreg.updates.assemble import updates
from symreg.updates.update import Update

PENALTIES = ("l1", "l2", "huber", "mcp", "atan", "welsch", "log_cosh", "l_half", "entropy", "sine_squared")
POINTS = (-3.5, -1.0, -0.25, -1e-9, 0.0, 1e-9, 0.03, 0.1, 0.5, 1.0, 2.0, 7.5)


@pytest.fixture(autouse=True)
def javascript(monkeypatch: pytest.MonkeyPatch) -> None:
    """The row."""
    row = Target(doc="an ECMAScript module that needs Math alone", writer="javascript.file")
    monkeypatch.setitem(TARGETS, "javascript", row)


@cache
def derived(penalty: str) -> tuple[Objective, tuple[Update, ...]]:
    objective = resolve(penalty)
    return objective, tuple(update for update in updates(objective, ()) if update.name == "gradient")


def test_the_row_is_all_that_tells_the_target() -> None:
    assert named_targets("javascript") == ("javascript",)
    assert named_targets("all") == (*("numpy", "c"), "javascript")
    assert "javascript  an ECMAScript module that needs Math alone" in listing("targets")


def test_it_is_emitted_like_any_other() -> None:
    sources = emit_sources(
        lambda _: None, objective=resolve("l2"), rules=(), targets=("javascript",), options=Options(is_judged=False)
    )
    lines = sources.files["javascript/l2.mjs"].splitlines()
    assert "//     phi(w) = lam*w**2" in lines
    assert "// Regenerate: symreg generate l2 --target javascript --unjudged" in lines
    start = lines.index("export function gradient(w, { lam }) {")
    assert lines[start + 1 :] == [
        "  const n = w.length, out = new Float64Array(n);",
        "  const t1 = 2 * lam;",
        "  for (let j = 0; j < n; ++j) {",
        "    out[j] = t1 * w[j];",
        "  }",
        "  return out;",
        "}",
    ]


@pytest.mark.one_in(10)
@pytest.mark.parametrize("penalty", PENALTIES)
def test_gradients_are_those_of_numpy(penalty: str, tmp_path: Path) -> None:
    objective, gradient = derived(penalty)
    (source,) = emit(objective, gradient, "javascript").values()
    assert "export function gradient(w, {" in source and "undefined" not in source
    if not shutil.which("node"):
        pytest.skip("no node on PATH")
    (tmp_path / "penalty.mjs").write_text(source, encoding="utf-8")
    parameters = {p.name: p.default for p in objective.terms.parameters}
    call = f"Array.from(gradient(Float64Array.from({list(POINTS)}), {json.dumps(parameters)}), String)"
    main = f'import {{ gradient }} from "./penalty.mjs";\nconsole.log(JSON.stringify({call}));\n'
    (tmp_path / "main.mjs").write_text(main, encoding="utf-8")
    done = subprocess.run(["node", "main.mjs"], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60)
    found = np.array([float(text.replace("Infinity", "inf")) for text in json.loads(done.stdout)])
    expected = load(objective, gradient, "numpy").gradient(np.array(POINTS))
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-300)
