"""What every test shares: hypothesis draws the same examples in every run, and has no deadline on a busy machine."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("same_everywhere", derandomize=True, deadline=None, database=None)
settings.load_profile("same_everywhere")
