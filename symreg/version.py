"""The version of symreg and its distribution's name, alone, so that nothing imports the package's face for them."""

from __future__ import annotations

__version__ = "0.1.0"

DISTRIBUTION = "symreg-compiler"
"""What pip calls it: `symreg` on PyPI is another project."""
