"""What the tests of the targets emit and compile once."""

from __future__ import annotations

import ctypes
import shutil
from pathlib import Path

import pytest
from emitted import PENALTIES, SUMS, assert_clean, written

from symreg.application.command_tasks import CATALOGUE_RULES


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every penalty and some sums with every rule, in one folder."""
    return written(tmp_path_factory.mktemp("emitted") / "all", (*PENALTIES, *SUMS))


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """Every penalty with the committed rules, as one library."""
    if not shutil.which("gcc"):
        pytest.skip("no gcc on PATH")
    folder = written(tmp_path_factory.mktemp("library") / "c", PENALTIES, CATALOGUE_RULES)
    sources = [f"{penalty}.c" for penalty in PENALTIES]
    assert_clean("gcc", "-std=c99", "-fPIC", "-shared", *sources, "-o", "all.so", "-lm", cwd=folder)
    return ctypes.CDLL(str(folder / "all.so"))
