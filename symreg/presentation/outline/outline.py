"""The outline of a derivation: what it says, in which order and in which words, for every format to write in its way.

Takes a `GradientDerivation`; a sentence is prose with trees in it, so that each format sets the mathematics as its own.
"""

from __future__ import annotations

from symreg.derivation.model import GradientDerivation, ProximalDerivation
from symreg.presentation.outline.document import Outline
from symreg.presentation.outline.gradient import gradient_outline
from symreg.presentation.outline.proximal import proximal_outline


def outline(chain: GradientDerivation | ProximalDerivation) -> Outline:
    """Return the outline of a derivation."""
    return proximal_outline(chain) if isinstance(chain, ProximalDerivation) else gradient_outline(chain)
