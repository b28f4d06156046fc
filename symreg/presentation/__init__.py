"""Presentation: a `Chain` of steps, or the verdicts of an `Analysis`, as text, LaTeX, Markdown or JSON."""

from __future__ import annotations

from symreg.presentation.derivation import Derivation
from symreg.presentation.properties import Properties

__all__ = ["Derivation", "Properties"]
