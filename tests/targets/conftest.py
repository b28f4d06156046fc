"""What the tests of the targets emit and compile once."""

from __future__ import annotations

import ctypes
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from emitted import ALL_WITH, IN_EVERY_RUN, PENALTIES, RULES, SAMPLED_RULES, SUMS, assert_clean, written

from symreg.application.tasks.sources import CATALOGUE_RULES


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some penalties and sums with the committed rules, and a few penalties with every rule, in one folder."""
    folder = tmp_path_factory.mktemp("emitted") / "all"
    written(folder, tuple(name for name in (*IN_EVERY_RUN, *SUMS) if name not in ALL_WITH), SAMPLED_RULES)
    return written(folder, ALL_WITH, RULES)


@pytest.fixture(scope="session")
def everything_with_every_rule(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every penalty and some sums with every rule, in one folder."""
    return written(tmp_path_factory.mktemp("emitted") / "whole", (*PENALTIES, *SUMS), RULES)


@pytest.fixture(scope="session")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], ctypes.CDLL]:
    """Return what compiles a penalty with the committed rules, once."""
    folder = tmp_path_factory.mktemp("library") / "c"

    @cache
    def library_of(penalty: str) -> ctypes.CDLL:
        written(folder, (penalty,), CATALOGUE_RULES)
        flags = ("-std=c99", "-fPIC", "-shared")
        assert_clean("gcc", *flags, f"{penalty}.c", "-o", f"{penalty}.so", "-lm", cwd=folder)
        return ctypes.CDLL(str(folder / f"{penalty}.so"))

    return library_of


@pytest.fixture
def library(penalty: str, libraries: Callable[[str], ctypes.CDLL]) -> ctypes.CDLL:
    """A penalty with the committed rules, compiled."""
    if not shutil.which("gcc"):
        pytest.skip("no gcc on PATH")
    return libraries(penalty)
