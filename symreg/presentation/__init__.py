"""Presentation: a `GradientDerivation` of steps, or `Verdicts` on a penalty, as text, LaTeX, Markdown or JSON."""

from __future__ import annotations

from symreg.presentation.derivation import Derivation
from symreg.presentation.properties import Properties

__all__ = ["Derivation", "Properties"]
