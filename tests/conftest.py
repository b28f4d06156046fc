"""What every test shares: examples from hypothesis that are the same in every run, and a limit of time."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from hypothesis import settings

SWEEP_SECONDS = 3600
"""For one test that is left out unless asked for; all others have what pyproject.toml says."""

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # commands that tests start compile once, not each
settings.register_profile("same_everywhere", derandomize=True, deadline=None, database=None)
settings.load_profile("same_everywhere")


@pytest.hookimpl(tryfirst=True)  # before -m looks at the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    rows: Counter[str] = Counter()
    for item in items:
        sample = item.get_closest_marker("one_in")
        if sample:
            test = item.nodeid.partition("[")[0]
            if rows[test] % sample.args[0]:
                item.add_marker(pytest.mark.sweep)
            rows[test] += 1
        if item.get_closest_marker("sweep") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SWEEP_SECONDS))
