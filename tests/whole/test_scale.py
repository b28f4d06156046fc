"""docs/scale.md, and more than it shows: a worker is killed while it computes, and the weights are the same."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pages import blocks_of

import symreg

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"

needs_dask = pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None, reason="there is no dask.distributed; the extra `dask` installs it"
)

ROWS, COLUMNS = 2_000, 20

OBJECTIVE = "mean(logistic) + l1"


def test_blocks_of_a_file_add_up_in_the_memory_of_a_block(tmp_path: Path) -> None:
    functions = symreg.load(OBJECTIVE, rules="proximal_gradient", target="numpy", judge=False)
    random = np.random.default_rng(0)
    peaks = []
    for rows in (4_000, 32_000):
        X = random.standard_normal((rows, COLUMNS))
        y, w = np.where(X[:, 0] > 0, 1.0, -1.0), random.standard_normal(COLUMNS)
        np.save(tmp_path / "X.npy", X)
        right = functions.partial(w, X, y)
        del X
        tracemalloc.start()
        total: tuple[Any, ...] = (0.0, np.zeros(COLUMNS), 0.0)
        for first in range(0, rows, 1_000):
            block = np.load(tmp_path / "X.npy", mmap_mode="r")[first : first + 1_000]
            part = functions.partial(w, block, y[first : first + 1_000])
            total = tuple(a + b for a, b in zip(total, part, strict=True))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        for found, expected in zip(total, right, strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-10)
        whole = functions.gradient(w, np.load(tmp_path / "X.npy"), y, lam=0.02)
        np.testing.assert_allclose(total[1] / total[2] + 0.02 * np.sign(w), whole, rtol=1e-12, atol=1e-14)
    assert max(peaks) < 1_000 * COLUMNS * 8, "less than a block, however long the file is"


KILLING = """
import os, signal, sys, time
import numpy as np
import logistic_l1 as f
import workers
from dask import delayed
from distributed import Client
from rows import add, in_pairs


def slow(w, X, y):
    time.sleep(0.05)
    return workers.partial(w, X, y)


if __name__ == "__main__":
    with workers.cluster() as local, Client(local) as client:
        client.upload_file("logistic_l1.py")
        client.upload_file("rows.py")
        client.upload_file("workers.py")
        X, y = client.persist(workers.arrays({rows}, {columns}, 100))
        first_pids = set(client.run(os.getpid).values())
        w, lr = np.zeros({columns}), 0.1
        for number in range(5):
            total = workers.sums(w, X, y)
            if number == 2:
                blocks = zip(X.to_delayed().ravel(), y.to_delayed().ravel(), strict=True)
                total = in_pairs([delayed(slow)(w, *block) for block in blocks], delayed(add))
            future = client.compute(total)
            if number == 2:
                time.sleep(0.2)
                assert not future.done(), "it is still computing"
                os.kill(min(first_pids), signal.SIGKILL)
            _, gradient, weight = future.result(timeout=60)
            w = f.prox(w - lr * gradient / weight, step=lr, lam=0.02)
        assert weight == {rows}
        client.wait_for_workers(2, timeout=60)
        assert min(first_pids) not in client.run(os.getpid).values(), "it was killed"
    np.save("killed.npy", w)
"""


@needs_dask
@pytest.mark.sweep
def test_a_worker_killed_while_it_computes_changes_nothing(tmp_path: Path) -> None:
    files = {name: text for name, text in files_of_the_page().items() if name in ("rows.py", "workers.py")}
    emitted = symreg.generate(OBJECTIVE, rules="proximal_gradient", target="numpy", judge=False)
    (source,) = emitted.values()
    files |= {"logistic_l1.py": source, "killing.py": KILLING.format(rows=ROWS, columns=COLUMNS)}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    random = np.random.default_rng(0)
    X = random.standard_normal((ROWS, COLUMNS))
    y = np.where(X[:, 0] + random.standard_normal(ROWS) > 0, 1.0, -1.0)
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", y)

    done = subprocess.run([sys.executable, "killing.py"], cwd=tmp_path, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr

    functions = symreg.load(OBJECTIVE, rules="proximal_gradient", target="numpy", judge=False)
    w = np.zeros(COLUMNS)
    for _ in range(5):
        functions.proximal_gradient_step(w, X, y, lr=0.1, lam=0.02)
    assert np.count_nonzero(w) > 0
    np.testing.assert_allclose(np.load(tmp_path / "killed.npy"), w, rtol=1e-12, atol=1e-14)


def files_of_the_page() -> dict[str, str]:
    """Return what the page has its reader write, by name."""
    blocks = [block for block in blocks_of(PAGE.read_text(encoding="utf-8")) if block.caption.endswith(".py`:")]
    return {block.caption.split("`")[-2]: block.text for block in blocks}
