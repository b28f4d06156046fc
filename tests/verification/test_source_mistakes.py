"""The judge is judged: emitted source with one mistake in it is caught."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from judged_mutants import POINTS, derived, failures, subject

from symreg.model.objective import Objective
from symreg.targets.emit import emit
from symreg.targets.loading.load import load
from symreg.targets.options import Options
from symreg.updates.assemble import updates
from symreg.updates.update import Update
from symreg.verification import verify

pytestmark = pytest.mark.usefixtures("remembered")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One mistake in emitted source: the first text there, in the function named or anywhere, becomes the second."""

    target: str
    of: tuple[str, str]
    old: str
    new: str
    dtype: str = "float64"


HUBER, STENCIL, ADAM, AMSGRAD = (
    ("huber", ""),
    ("first_difference", "gradient_descent"),
    ("huber", "adam"),
    ("huber", "amsgrad"),
)
DIFFERENCES, ABSOLUTE = ("first_difference", ""), ("exclusive_lasso", "")
EDITS = {
    "numpy: last weight of a block": Edit(
        target="numpy", of=HUBER, old="stop = min(j + _BLOCK, n)", new="stop = min(j + _BLOCK, n - 1)"
    ),
    "numpy: last block": Edit(
        target="numpy", of=HUBER, old="for j in range(0, n, _BLOCK)", new="for j in range(0, n - 1, _BLOCK)"
    ),
    "numpy: first block again": Edit(target="numpy", of=HUBER, old="wj = w[j:stop]", new="wj = w[: stop - j]"),
    "numpy: swapped branch": Edit(target="numpy", of=HUBER, old="np.less_equal(", new="np.greater("),
    "numpy: value of no weights": Edit(target="numpy", of=HUBER, old="return 0.0", new="return -1.0"),
    "numpy: terms of a block lost": Edit(
        target="numpy", of=HUBER, old="half = rows.shape[1], 512", new="half = rows.shape[1], 256"
    ),
    "numpy: Fortran's order": Edit(
        target="numpy",
        of=HUBER,
        old="array.reshape(-1) if array.flags.c_contiguous else array.flat",
        new='array.ravel("K")',
    ),
    "numpy: overlap not refused": Edit(
        target="numpy", of=DIFFERENCES, old='_refuse_overlap({"out": out}, {"w": w})', new="pass"
    ),
    "numpy: double precision for single": Edit(
        target="numpy",
        of=HUBER,
        old="out = np.empty(w.shape, w.dtype)",
        new="w = w.astype(float); out = np.empty(w.shape)",
        dtype="float32",
    ),
    "numpy: scratch in single precision": Edit(
        target="numpy", of=HUBER, old="real = w.dtype.type", new="real = np.float32"
    ),
    "numpy: old neighbours overwritten": Edit(
        target="numpy", of=STENCIL, old="if j > first else", new="if j < first else"
    ),
    "numpy: ends of a stencil not written": Edit(target="numpy", of=STENCIL, old="w[j] = w_new2", new="pass"),
    "numpy: steps not counted": Edit(
        target="numpy", of=ADAM, old='state["t"] = float(t_new)', new='state["t"] = float(t)'
    ),
    "numpy: state not written back": Edit(
        target="numpy", of=ADAM, old="m = m.reshape(-1)", new="m = m.reshape(-1).copy()"
    ),
    "numpy: NaN swallowed": Edit(target="numpy", of=AMSGRAD, old="np.maximum(", new="np.fmax("),
    "c: first weight": Edit(
        target="c", of=HUBER, old="for (size_t j = 0; j < n; ++j)", new="for (size_t j = 1; j < n; ++j)"
    ),
    "c: last term of a block": Edit(
        target="c",
        of=HUBER,
        old="n - start < TERMS ? n - start : TERMS",
        new="n - start < TERMS ? n - start : TERMS - 1",
    ),
    "c: value of no weights": Edit(target="c", of=HUBER, old="return n == 0 ? 0.0", new="return n == 0 ? 1.0"),
    "c: halves of a block": Edit(
        target="c",
        of=HUBER,
        old="term[k] += term[k + half]",
        new="term[k] += term[k + half] * (half > 256 ? 1.0 : 1.0000001)",
    ),
    "c: sum in single precision": Edit(
        target="c", of=ABSOLUTE, old="total->sum[k] = sum;", new="total->sum[k] = (float)sum;"
    ),
    "c: overlap not refused": Edit(
        target="c",
        of=DIFFERENCES,
        old="if (overlap(out, n, w, n)) return FIRST_DIFFERENCE_OVERLAP;",
        new="(void)overlap;",
    ),
    "c: old neighbours overwritten": Edit(target="c", of=STENCIL, old="start > first ? old[TERMS + k] :", new=""),
    "c: state begins elsewhere": Edit(target="c", of=ADAM, old="m[j] = v[j] = 0.0;", new="m[j] = v[j] = 1e-3;"),
    "c: steps not counted": Edit(target="c", of=ADAM, old="*t = t_new;", new=""),
    "c: state in single precision": Edit(target="c", of=ADAM, old="v[j] = ", new="v[j] = (float)"),
    "c: NaN swallowed": Edit(target="c", of=AMSGRAD, old="x > y ? x : y >= x ? y : x + y;", new="x > y ? x : y;"),
}


@pytest.mark.one_in(48)
@pytest.mark.parametrize("name", EDITS)
def test_mistakes_in_emitted_source_are_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    edit = EDITS[name]
    objective, rules, _ = derived(*edit.of)
    made = updates(objective, rules)
    right = subject("as emitted", vars(load(objective, made, edit.target, edit.dtype)), edit.dtype)
    edited: list[str] = []

    def changed(objective: Objective, updates: tuple[Update, ...], target: str, options: Options) -> dict[str, str]:
        files = emit(objective, updates, target, options)
        if target == edit.target:
            edited.extend(path for path, text in files.items() if edit.old in text)
            files = {path: text.replace(edit.old, edit.new) for path, text in files.items()}
        return files

    monkeypatch.setattr("symreg.targets.loading.load.emit", changed)
    mistaken = subject("mistaken", vars(load(objective, made, edit.target, edit.dtype)), edit.dtype)
    assert edited, f"there is no {edit.old!r} in what is emitted"
    report = verify(objective.terms, rules, (right, mistaken), points=POINTS)
    assert failures(report) == {"mistaken"}
