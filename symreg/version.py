"""The version of symreg, alone, so that nothing imports the package's face for it."""

from __future__ import annotations

__version__ = "0.1.0"
