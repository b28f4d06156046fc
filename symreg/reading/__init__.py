"""Reading: a `Chain` of steps, or the verdicts of an `Analysis`, as text, LaTeX, Markdown or JSON."""

from __future__ import annotations

from symreg.reading.derivation import Derivation
from symreg.reading.properties import Properties

__all__ = ["Derivation", "Properties"]
