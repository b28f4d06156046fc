"""What the tests of the targets emit and compile once."""

from __future__ import annotations

import ctypes
import shutil
from pathlib import Path

import pytest
from emitted import ALL_WITH, PENALTIES, RULES, SAMPLED_RULES, SUMS, assert_clean, written

from symreg.application.command_tasks import CATALOGUE_RULES


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every penalty and some sums, with the committed rules, and a few penalties with every rule, in one folder."""
    folder = tmp_path_factory.mktemp("emitted") / "all"
    written(folder, tuple(name for name in (*PENALTIES, *SUMS) if name not in ALL_WITH), SAMPLED_RULES)
    return written(folder, ALL_WITH, RULES)


@pytest.fixture(scope="session")
def everything_with_every_rule(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every penalty and some sums with every rule, in one folder."""
    return written(tmp_path_factory.mktemp("emitted") / "whole", (*PENALTIES, *SUMS), RULES)


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """Every penalty with the committed rules, as one library."""
    if not shutil.which("gcc"):
        pytest.skip("no gcc on PATH")
    folder = written(tmp_path_factory.mktemp("library") / "c", PENALTIES, CATALOGUE_RULES)
    sources = [f"{penalty}.c" for penalty in PENALTIES]
    assert_clean("gcc", "-std=c99", "-fPIC", "-shared", *sources, "-o", "all.so", "-lm", cwd=folder)
    return ctypes.CDLL(str(folder / "all.so"))
