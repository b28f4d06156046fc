"""Reading: a `Chain` of steps as text, LaTeX, Markdown or JSON."""

from __future__ import annotations

from symreg.reading.derivation import Derivation

__all__ = ["Derivation"]
