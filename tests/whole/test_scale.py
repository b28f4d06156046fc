"""Rows in parts: sums over any of them add up, in memory that does not grow, on workers that may be killed.

What runs are the files of docs/scale.md, with fewer samples or steps, and with functions that were loaded once.
"""

from __future__ import annotations

import importlib.util
import os
import pickle
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import blocks_of
from scipy import sparse

from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.targets.loading.functions import Functions
from symreg.targets.loading.load import load
from symreg.updates.assemble import updates

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler called cc")
needs_dask = pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="there is no Dask")

# Any split of the rows

OBJECTIVES: dict[str, tuple[bool, float, Callable[[Any], tuple[Any, Any]]]] = {
    "mean(logistic) + l1": (True, 1.0, lambda w: (0.1 * np.abs(w).sum(), 0.1 * np.sign(w))),
    "C*sum(huber_loss)/3 + l2": (False, 1 / 3, lambda w: (0.1 * (w * w).sum(), 0.2 * w)),
    "2*mean(squared_error)": (True, 2.0, lambda w: (0.0, 0 * w)),
    "sum(squared_hinge)": (False, 1.0, lambda w: (0.0, 0 * w)),
}
"""Whether it is a mean, its coefficient, and the penalty with its slope."""
LAYOUTS = {"rows": np.ascontiguousarray, "columns": np.asfortranarray, "csr": sparse.csr_array}
ROWS = 40


@cache
def loaded(text: str, target: str) -> Functions:
    objective = resolve(text)
    needed = [update for update in updates(objective, []) if update.kind in ("value", "gradient", "partial")]
    return load(objective, tuple(needed), target)


@needs_compiler
@pytest.mark.one_in(4)
@pytest.mark.parametrize(
    ("text", "target"), [(text, "numpy") for text in OBJECTIVES] + [(text, "c") for text in list(OBJECTIVES)[:2]]
)
@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    cuts=st.lists(st.integers(0, ROWS), max_size=8).map(sorted),
    layouts=st.lists(st.sampled_from(sorted(LAYOUTS)), min_size=9, max_size=9),
    is_weighted=st.booleans(),
    dtype=st.sampled_from([np.float64, np.float32]),
)
def test_parts_of_the_rows_add_up_to_the_objective(
    text: str, target: str, cuts: list[int], layouts: list[str], is_weighted: bool, dtype: Any
) -> None:
    f = loaded(text, target)
    rng = np.random.default_rng(0)
    X, w = rng.standard_normal((ROWS, 5)).astype(dtype), rng.standard_normal(5).astype(dtype)
    y = np.where(rng.random(ROWS) < 0.5, -1, 1).astype(dtype)
    s = np.floor(3 * rng.random(ROWS)).astype(dtype) if is_weighted else None
    parts = [
        f.partial(w, LAYOUTS[layout](X[k:end]), y[k:end], sample_weight=None if s is None else s[k:end])
        for k, end, layout in zip([0, *cuts], [*cuts, ROWS], layouts, strict=False)
    ]
    loss, gradient, weight = (np.sum(several, axis=0, dtype=np.float64) for several in zip(*parts, strict=True))
    assert weight == (ROWS if s is None else s.sum())

    # Each of ROWS terms is rounded a few times, and no term is larger than the sum of the losses here.
    allowed = 8 * ROWS * np.finfo(dtype).eps * loss
    whole = f.partial(w, X, y, sample_weight=s)
    assert loss == pytest.approx(whole[0], abs=allowed)
    np.testing.assert_allclose(gradient, whole[1], rtol=0, atol=allowed)

    is_mean, coefficient, penalty = OBJECTIVES[text]
    value, slope = penalty(w.astype(np.float64))
    factor = coefficient / weight if is_mean else coefficient
    assert f.value(w, X, y, sample_weight=s) == pytest.approx(factor * loss + value, abs=factor * allowed + 1e-6)
    np.testing.assert_allclose(
        f.gradient(w, X, y, sample_weight=s), factor * gradient + slope, rtol=1e-6, atol=factor * allowed
    )


# The page's files


@cache
def pickled() -> bytes:
    """Return the functions of the page's `fit.py`, which the page's own run judges, as they go to another process."""
    fista = resolve_rule("fista")
    objectives = [resolve("mean(logistic) + l1"), resolve("l1")]
    return pickle.dumps([load(objective, updates(objective, [fista]), "c") for objective in objectives])


LOADED = re.compile(r"^f = symreg.load.*\nl1 = symreg.load.*$", re.MULTILINE)
UNPICKLED = 'f, l1 = __import__("pickle").loads(__import__("pathlib").Path("functions").read_bytes())'


def written(folder: Path, samples: int) -> Path:
    """Write the files of the page into a folder, for so many samples, in ten blocks still."""
    (folder / "functions").write_bytes(pickled())
    for block in blocks_of(PAGE):
        if named := re.search(r"\bIn `([\w.]+)`:$", block.caption):
            text = block.text.replace("200_000, 100, 20_000", f"{samples}, 100, {samples // 10}")
            text = LOADED.sub(UNPICKLED, text)
            (folder / named[1]).write_text(text, encoding="utf-8")
    return folder


def run(folder: Path, script: str) -> list[str]:
    """Return the lines that a script prints, run beside the files of the page."""
    done = subprocess.run(
        [sys.executable, "-W", "error", script],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


MEASURED = """
import re
from pathlib import Path
import numpy as np
from fit import f, fit
from one_process import curvature, sums

weights = fit(sums, curvature(), steps=2)
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])

X, y, w = np.load("X.npy"), np.load("y.npy"), np.zeros(100)
state = f.fista_state(w)
for _ in range(2):
    f.fista_step(w, X, y, state, lr=1 / f.lipschitz(X), lam=0.02)
print(np.abs(weights - state["x"]).max(), np.count_nonzero(state["x"]))
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


@needs_compiler
@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="no /proc tells the memory of a process")
def test_memory_is_that_of_a_block_and_the_answer_that_in_memory(tmp_path: Path) -> None:
    samples = 200_000
    written(tmp_path, samples)
    try:
        run(tmp_path, "samples.py")
        size = (tmp_path / "X.npy").stat().st_size
        (tmp_path / "measured.py").write_text(MEASURED, encoding="utf-8")
        peak, compared, with_all = run(tmp_path, "measured.py")
    finally:
        for path in tmp_path.glob("*.npy"):
            path.unlink()
    assert size > samples * 100 * 8
    assert 1024 * int(peak) < 0.6 * size < size < 1024 * int(with_all), "Python, NumPy and a block; and with all rows"
    difference, count = compared.split()
    assert float(difference) < 1e-14 and int(count) == 10


KILLING = """
import os
import signal
from functools import partial
from pathlib import Path

import numpy as np
import workers
from distributed import Client
from samples import N

calls = Path("calls")


def dying(partial, *arrays):
    with calls.open("a") as file:
        file.write("x")
    if calls.stat().st_size == 25:  # in the third step
        Path("killed").write_text(str(os.getpid()))
        os.kill(os.getpid(), signal.SIGKILL)
    return partial(*arrays)


def main():
    import one_process
    from fit import f, fit

    here = fit(one_process.sums, 25.0, steps=5)
    with workers.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=60
    ) as cluster, Client(cluster) as client:
        X, y = client.persist([workers.array("X.npy", N), workers.array("y.npy")])

        def sums(partial):
            return lambda w: client.compute(workers.sums(partial, w, X, y)).result(timeout=40)

        ids = set(client.run(os.getpid).values())
        there = fit(sums(partial(dying, f.partial)), 25.0, steps=5)
        killed = int(Path("killed").read_text())
        print(len(ids), killed in ids, killed in client.run(os.getpid).values(), calls.stat().st_size)
    print(np.abs(there - here).max(), np.count_nonzero(here))


if __name__ == "__main__":
    main()
"""


@needs_compiler
@needs_dask
def test_workers_of_which_one_is_killed_give_the_answer_of_one_process(tmp_path: Path) -> None:
    written(tmp_path, 2_000)
    run(tmp_path, "samples.py")
    (tmp_path / "killing.py").write_text(KILLING, encoding="utf-8")
    processes, compared = run(tmp_path, "killing.py")
    count, was_worker, is_worker, calls = processes.split()
    assert (count, was_worker, is_worker) == ("2", "True", "False")
    assert int(calls) > 50, "five steps over ten blocks, and what was lost again"
    difference, count = compared.split()
    assert float(difference) < 1e-14 and int(count) >= 10
